"""
Pipelines that AWS cannot keep.
"""

from __future__ import annotations

import pytest
from refusals import backend, check

import schedkit as sk
from schedkit.backend import Target
from schedkit.findings import Feature, refused
from schedkit.planning import plan_for, verdict
from schedkit.testing.engine import registered
from schedkit.testing.examples import pipeline, schedule, step


CACHE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html"
JOB = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html"
START = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html"
RETRY = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html"
A_FILE = "put it into a file of the image, or into S3"
ANOTHER = "write another text, such as 'none'"
IN_S3 = "put them into a file in S3"
IN_IMAGE = "put them into a file of the image"
NO_MACHINE = "no instance type of Processing has what step 'fit' asks for"

# Options, pipeline, what is refused.
PIPELINES = [
    (
        {},
        lambda: pipeline(step(image=None)),
        [
            refused(
                Feature.IMAGE,
                "step 'fit' names no image, and a Processing job runs nothing else",
                "write image='registry/name:tag'",
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(image="docker.io/acme/ml:1")),
        [
            refused(
                Feature.IMAGE,
                (
                    "step 'fit' has the image 'docker.io/acme/ml:1', and SageMaker pulls from ECR"
                    " alone"
                ),
                (
                    "let ECR have it, as by a pull through cache, and say under which prefix: "
                    "registries: {docker.io: docker} in schedkit:aws"
                ),
                CACHE,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(image="python:3.13")),
        [
            refused(
                Feature.IMAGE,
                "step 'fit' has the image 'python:3.13', and SageMaker pulls from ECR alone",
                (
                    "let ECR have it, as by a pull through cache, and say under which prefix: "
                    "registries: {docker.io: docker} in schedkit:aws"
                ),
                CACHE,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(image=f"ghcr.io/acme/{'m' * 200}")),
        [
            refused(
                Feature.IMAGE,
                "step 'fit' has an image whose URI has more than 255 characters",
                "give its repository a shorter name",
                CACHE,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(image="ghcr.io.evil/acme/ml:1")),
        [
            refused(
                Feature.IMAGE,
                (
                    "step 'fit' has the image 'ghcr.io.evil/acme/ml:1', and SageMaker pulls from "
                    "ECR alone"
                ),
                (
                    "let ECR have it, as by a pull through cache, and say under which prefix: "
                    "registries: {ghcr.io.evil: ghcr} in schedkit:aws"
                ),
                CACHE,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(
            step(image=f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{'m' * 255}")
        ),
        [
            refused(
                Feature.IMAGE,
                "step 'fit' has an image whose URI has more than 255 characters",
                "give its repository a shorter name",
                CACHE,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(args=["x" * 257])),
        [
            refused(
                Feature.ARGS,
                "an argument of step 'fit' has 257 characters, and 0 to 256 fit",
                A_FILE,
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(command=["x" * 257])),
        [
            refused(
                Feature.COMMAND,
                "an argument of step 'fit' has 257 characters, and 0 to 256 fit",
                A_FILE,
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(args=["x"] * 99)),
        [refused(Feature.ARGS, "step 'fit' has 102 arguments, and 100 fit", IN_IMAGE, JOB)],
    ),
    (
        {},
        lambda: pipeline(step(command=["x"] * 101)),
        [refused(Feature.COMMAND, "step 'fit' has 101 arguments, and 100 fit", IN_IMAGE, JOB)],
    ),
    (
        {},
        lambda: pipeline(step(env={"DATA": "x" * 257})),
        [
            refused(
                Feature.ENV,
                "variable DATA of step 'fit' has 257 characters, and 0 to 256 fit",
                A_FILE,
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(env={"D" * 257: "x"})),
        [
            refused(
                Feature.ENV,
                "the name of variable DDDDDDDDDDDDDDDDDDDD... has 257 characters",
                "at most 256 fit",
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(env={f"V{n}": "x" for n in range(101)})),
        [
            refused(
                Feature.ENV,
                "step 'fit' has 101 variables beside 7 of schedkit's, and 100 fit",
                IN_S3,
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(
            step(
                env={f"V{n}": "x" for n in range(93)}, secrets={"TOKEN": sk.Secret("hub", "token")}
            )
        ),
        [
            refused(
                Feature.ENV,
                "step 'fit' has 93 variables beside 8 of schedkit's, and 100 fit",
                IN_S3,
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(
            step("all", needs=[f"s{n}" for n in range(11)]), *(step(f"s{n}") for n in range(11))
        ),
        [
            refused(
                Feature.GRAPH,
                "step 'all' needs 11 steps, and 10 inputs fit",
                "let a step between them gather the files",
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(parameters={"data": ""}),
        [
            refused(
                Feature.PARAMETERS,
                "parameter 'data' has 0 characters, and 1 to 256 fit",
                ANOTHER,
                START,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(parameters={"data": "x" * 257}),
        [
            refused(
                Feature.PARAMETERS,
                "parameter 'data' has 257 characters, and 1 to 256 fit",
                A_FILE,
                START,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(parameters={"data": "<aws.scheduler.scheduled-time>"}),
        [
            refused(
                Feature.PARAMETERS,
                "parameter 'data' holds <aws.scheduler., which EventBridge Scheduler replaces",
                ANOTHER,
                START,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(parameters={f"p{n}": 1 for n in range(199)}),
        [
            refused(
                Feature.ENV,
                "step 'fit' has 0 variables beside 206 of schedkit's, and 100 fit",
                IN_S3,
                JOB,
            ),
            refused(
                Feature.PARAMETERS,
                "there are 199, and 198 fit beside schedkit's own",
                IN_S3,
                START,
            ),
        ],
    ),
    (
        {},
        lambda: pipeline(step(timeout="217h"), timeout="218h"),
        [
            refused(
                Feature.STEP_TIMEOUT,
                "step 'fit' has 217h, and a job at most 9 days",
                "timeout='216h'",
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(timeout="216h1s"),
        [
            refused(
                Feature.TIMEOUT,
                "a Processing job runs 9 days at most, and the run has 216h1s",
                "timeout='216h'",
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(resources=sk.Resources(ephemeral_storage="17Ti"))),
        [
            refused(
                Feature.EPHEMERAL_STORAGE,
                "step 'fit' asks for 17Ti, and 16384 GiB fit",
                "ephemeral_storage='16384Gi'",
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(resources=sk.Resources(gpu=99))),
        [refused(Feature.GPU, NO_MACHINE, "at most 8 GPUs: gpu=8", JOB)],
    ),
    (
        {},
        lambda: pipeline(step(resources=sk.Resources(cpu=500, memory="900Gi"))),
        [
            refused(Feature.CPU, NO_MACHINE, "at most 384 cores: cpu=384", JOB),
            refused(Feature.MEMORY, NO_MACHINE, "at most 384 cores: cpu=384", JOB),
        ],
    ),
    (
        {},
        lambda: pipeline(step(resources=sk.Resources(gpu=1, cpu=500))),
        [
            refused(Feature.CPU, NO_MACHINE, "with 1 GPU at most 192 cores: cpu=192", JOB),
            refused(Feature.GPU, NO_MACHINE, "with 1 GPU at most 192 cores: cpu=192", JOB),
        ],
    ),
    (
        {"instance_types": {"fit": "ml.t3.medium"}},
        lambda: pipeline(step(resources=sk.Resources(cpu=4))),
        [
            refused(
                Feature.CPU,
                "the instance type ml.t3.medium of step 'fit' has less than it asks for",
                "take it out of `instanceTypes` of schedkit:aws",
            )
        ],
    ),
    (
        {"instance_types": {"fit": "ml.m5.xlarge"}},
        lambda: pipeline(step(resources=sk.Resources(gpu=1))),
        [
            refused(
                Feature.GPU,
                "the instance type ml.m5.xlarge of step 'fit' has less than it asks for",
                "take it out of `instanceTypes` of schedkit:aws",
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(command=None, retry=sk.Retry(2))),
        [
            refused(
                Feature.RETRY,
                "SageMaker repeats no container that failed, and step 'fit' has no command",
                "give it command=; a shell then repeats it",
                "https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html",
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(retry=sk.Retry(100))),
        [
            refused(
                Feature.RETRY,
                "the shell that repeats step 'fit' gets 256 characters",
                "retry=sk.Retry(37)",
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(retry=sk.Retry(2), timeout="1h")),
        [
            refused(
                Feature.STEP_TIMEOUT,
                "step 'fit' is repeated inside one job, which has one limit for all",
                "leave its timeout or its retry out; the pipeline's timeout= ends all attempts",
                JOB,
            )
        ],
    ),
    (
        {},
        lambda: pipeline(step(secrets={"TOKEN": sk.Secret("h" * 253, "token")})),
        [
            refused(
                Feature.SECRETS,
                (
                    "variable SCHEDKIT_SECRET_TOKEN of step 'fit' has 259 characters, and 0 to "
                    "256 fit"
                ),
                A_FILE,
                JOB,
            )
        ],
    ),
    (
        {"network_isolation": True},
        lambda: pipeline(step(secrets={"TOKEN": sk.Secret("hub", "token")})),
        [
            refused(
                Feature.SECRETS,
                "step 'fit' has no network to read a secret by",
                "leave networkIsolation of schedkit:aws out",
            )
        ],
    ),
    (
        {"bucket": "acme-runs"},
        lambda: pipeline(keep=sk.Keep(days=3)),
        [
            refused(
                Feature.KEEP,
                "the bucket acme-runs is not schedkit's, and has one lifecycle for all",
                "give that bucket a lifecycle rule, or leave `bucket` of schedkit:aws out",
                (
                    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html"
                ),
            )
        ],
    ),
    (
        {},
        lambda: pipeline(*(step(f"s{n}", args=["x" * 256] * 96) for n in range(45))),
        [
            refused(
                Feature.PIPELINE,
                "its definition has 1182619 characters, and 1048576 fit",
                "make two pipelines of it",
                START,
            )
        ],
    ),
]


@pytest.mark.parametrize(("options", "make", "expected"), PIPELINES)
def test_pipelines(options, make, expected):
    """
    What is too long, too much or lacking on AWS is refused, with what would work and who says so.
    """
    check(plan_for(backend(**options), make(), Target()), expected)


def test_nearest_retry_is_kept():
    """
    As many repetitions as the refusal names are kept.
    """
    spec = pipeline(step(retry=sk.Retry(37)))
    assert verdict(plan_for(backend(), spec, Target()), strict=False) is None


def test_longest_are_kept():
    """
    What is as long as it may be is kept.
    """
    spec = pipeline(
        step(
            command=["x" * 256] * 50,
            args=["x" * 256] * 50,
            env={f"V{n}": "x" * 256 for n in range(92)},
        ),
        parameters={"data": "x" * 256},
        timeout="216h",
    )
    assert verdict(plan_for(backend(), spec, Target()), strict=False) is None
    kept = schedule(of=spec, starting_deadline="24h", jitter="24h", parameters={"data": "y" * 256})
    plan = plan_for(backend(), kept, Target(physical_name="n" * 64))
    assert verdict(plan, strict=False) is None


def test_refused_register_nothing():
    """
    Of refused pipelines and schedules no resource is registered, nor of a schedule whose pipeline
    is refused.
    """
    made = [make() for _, make, _ in PIPELINES[:20]]

    def program():
        for number, spec in enumerate(made):
            own = sk.Pipeline(
                f"p{number}",
                steps=spec.steps,
                parameters=spec.parameters,
                timeout=spec.timeout,
                backend=backend(),
            )
            sk.Schedule(f"s{number}", own, sk.Cron("0 9 * * *"))

    _, seen = registered(program)
    assert 40 == len(seen.reports)
    assert [] == [each.name for each in seen.resources if each.custom]
