"""
What every role may do is what it needs, and no more.
"""

from __future__ import annotations

from functools import cached_property

import iam
import pytest
import templates
from bodies import KEY, OPTIONS, PLAIN, ROLE, nodes, plans

from schedkit.pipeline import Secret
from schedkit.testing.examples import pipeline, schedule, step


POLICY = "aws:iam/rolePolicy:RolePolicy"
REGION = "eu-central-1:123456789012"
PIPELINE = f"arn:aws:sagemaker:{REGION}:pipeline/train-dev"
RUN = f"{PIPELINE}/execution/a1b2c3d4e5f6"
JOB = f"arn:aws:sagemaker:{REGION}:processing-job/pipelines-a1b2c3d4e5f6-fit-ABCdefGHij"
GATE = f"arn:aws:states:{REGION}:stateMachine:train-dev-gate"
LETTERS = f"arn:aws:sqs:{REGION}:train-dev-dlq"
IMAGES = f"arn:aws:ecr:{REGION}:repository/ghcr/acme/ml"
SECRET = f"arn:aws:secretsmanager:{REGION}:secret:hub-a1B2c3"
LOGS = f"arn:aws:logs:{REGION}:log-group:/aws/sagemaker/ProcessingJobs"
STREAM = f"{LOGS}:log-stream:pipelines-a1b2c3d4e5f6-fit-ABCdefGHij/algo-1"
FILES = "arn:aws:s3:::train-files-1a2b3c4"
FILE = "train-dev/a1b2c3d4e5f6/fit/model.bin"
TO_SAGEMAKER = {"iam:PassedToService": "sagemaker.amazonaws.com"}
NAMESPACE = {"cloudwatch:namespace": "/aws/sagemaker/ProcessingJobs"}

# The calls of each role: what, on what, and what AWS says about the request.
JOBS = [
    ("sagemaker:AddTags", JOB, {}),
    ("sagemaker:CreateProcessingJob", JOB, {}),
    ("sagemaker:DescribeProcessingJob", JOB, {}),
    ("sagemaker:StopProcessingJob", JOB, {}),
]
PIPELINE_ROLE = [*JOBS, ("iam:PassRole", f"{ROLE}train-dev-job", TO_SAGEMAKER)]
CACHE = [("ecr:BatchImportUpstreamImage", IMAGES, {}), ("ecr:CreateRepository", IMAGES, {})]
SECRETS = [("secretsmanager:GetSecretValue", SECRET, {})]
KEYS = [
    ("kms:CreateGrant", KEY, {}),
    ("kms:Decrypt", KEY, {}),
    ("kms:Encrypt", KEY, {}),
    ("kms:GenerateDataKey", KEY, {}),
]
NETWORK = [(action, "*", {}) for action in iam.VPC_CALLS]
START = ("sagemaker:StartPipelineExecution", PIPELINE, {})
START_GATE = ("states:StartExecution", GATE, {})
SEND = ("sqs:SendMessage", LETTERS, {})
LIST = ("sagemaker:ListPipelineExecutions", PIPELINE, {})
LOOK = ("sagemaker:DescribePipelineExecution", RUN, {})
STOP = ("sagemaker:StopPipelineExecution", RUN, {})


def job_role(*more, images=IMAGES, files=FILES):
    """
    What every job needs, and what some need more.
    """
    return [
        ("logs:CreateLogGroup", LOGS, {}),
        ("logs:DescribeLogStreams", LOGS, {}),
        ("logs:CreateLogStream", STREAM, {}),
        ("logs:PutLogEvents", STREAM, {}),
        ("cloudwatch:PutMetricData", "*", NAMESPACE),
        ("ecr:GetAuthorizationToken", "*", {}),
        ("ecr:BatchCheckLayerAvailability", images, {}),
        ("ecr:BatchGetImage", images, {}),
        ("ecr:GetDownloadUrlForLayer", images, {}),
        ("s3:ListBucket", files, {"s3:prefix": FILE}),
        ("s3:GetObject", f"{files}/{FILE}", {}),
        ("s3:PutObject", f"{files}/{FILE}", {}),
        *more,
    ]


class Case:
    """
    A pipeline under some options, and the calls of each of its roles.
    """

    def __init__(self, roles, of=None, options=PLAIN):
        self.roles, self.of, self.options = roles, of or pipeline(), options

    @cached_property
    def nodes(self):
        return templates.resolved(*plans(schedule(of=self.of), self.options))

    def document(self, role, kind="policy"):
        """
        The role's policy, or its trust.
        """
        (node,) = (node for node in self.nodes.values() if node.key == f"{role}_{kind}")
        return node.inputs["policy" if kind == "policy" else "assumeRolePolicy"].document


CHAIN = [step("prepare"), step(needs=["prepare"])]
OWN_IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/ml:1@sha256:" + "a" * 64
OTHERS_IMAGE = "210987654321.dkr.ecr.us-east-1.amazonaws.com/acme/ml"
COMMON = {"pipeline": PIPELINE_ROLE, "job": job_role(*CACHE)}
GATED = {**COMMON, "scheduler": [START_GATE, SEND]}
DIRECT = {**COMMON, "scheduler": [START, SEND]}
CASES = {
    "allow": Case(DIRECT),
    "forbid": Case({**GATED, "gate": [LIST, START]}, pipeline(overlap="forbid")),
    "queue": Case({**GATED, "gate": [LIST, START]}, pipeline(overlap="queue")),
    "replace": Case({**GATED, "gate": [LIST, START, STOP]}, pipeline(overlap="replace")),
    "allow, timeout": Case(
        {**GATED, "gate": [START, LOOK, STOP]},
        pipeline(*CHAIN, timeout="1h"),
    ),
    "forbid, timeout": Case(
        {**GATED, "gate": [LIST, START, LOOK, STOP]},
        pipeline(*CHAIN, timeout="1h", overlap="forbid"),
    ),
    "secrets": Case(
        {**DIRECT, "job": job_role(*CACHE, *SECRETS)},
        pipeline(step(secrets={"TOKEN": Secret("hub", "token")})),
    ),
    "own image": Case(
        {**DIRECT, "job": job_role(images=f"arn:aws:ecr:{REGION}:repository/acme/ml")},
        pipeline(step(image=OWN_IMAGE)),
        options={},
    ),
    "image of another account": Case(
        {
            **DIRECT,
            "job": job_role(images="arn:aws:ecr:us-east-1:210987654321:repository/acme/ml"),
        },
        pipeline(step(image=OTHERS_IMAGE)),
        options={},
    ),
    "bucket": Case(
        {**DIRECT, "job": job_role(*CACHE, files="arn:aws:s3:::acme-runs")},
        options=OPTIONS["bucket"],
    ),
    "isolated": Case(DIRECT, options=OPTIONS["isolated"]),
    "key": Case(
        {
            "pipeline": PIPELINE_ROLE,
            "job": job_role(*CACHE, *KEYS),
            "scheduler": [START, SEND, KEYS[1], KEYS[3]],
        },
        options=OPTIONS["key"],
    ),
    "vpc": Case({**DIRECT, "job": job_role(*CACHE, *NETWORK)}, options=OPTIONS["vpc"]),
    "native": Case(DIRECT, options=OPTIONS["native"]),
    "rules": Case({**COMMON, "events": [START]}, options=OPTIONS["rules"]),
    "rules, forbid": Case(
        {**COMMON, "events": [START_GATE], "gate": [LIST, START]},
        pipeline(overlap="forbid"),
        options=OPTIONS["rules"],
    ),
    "job role given": Case(
        {
            "pipeline": [*JOBS, ("iam:PassRole", f"{ROLE}job", TO_SAGEMAKER)],
            "scheduler": [START, SEND],
        },
        options={**PLAIN, "job_role": f"{ROLE}job"},
    ),
    "path": Case(
        {
            **DIRECT,
            "pipeline": [*JOBS, ("iam:PassRole", f"{ROLE}ml/train-dev-job", TO_SAGEMAKER)],
        },
        options=OPTIONS["boundary"],
    ),
    "all roles given": Case({}, options=OPTIONS["given"]),
}
EVERY_ROLE = pytest.mark.parametrize(
    ("case", "role"), [(name, role) for name, case in CASES.items() for role in case.roles]
)
# What no role may do in any case.
DENIED = [
    ("sagemaker:StartPipelineExecution", f"{PIPELINE}-2", {}),
    ("sagemaker:ListPipelineExecutions", f"{PIPELINE}-2", {}),
    ("sagemaker:StopPipelineExecution", f"{PIPELINE}-2/execution/a1b2c3d4e5f6", {}),
    ("sagemaker:DeletePipeline", PIPELINE, {}),
    ("sagemaker:UpdatePipeline", PIPELINE, {}),
    ("sagemaker:CreateProcessingJob", f"arn:aws:sagemaker:{REGION}:processing-job/mine", {}),
    ("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:{REGION}:training-job/mine", {}),
    ("states:StartExecution", f"{GATE}-2", {}),
    ("sqs:SendMessage", f"{LETTERS}-2", {}),
    ("sqs:ReceiveMessage", LETTERS, {}),
    ("iam:PassRole", f"{ROLE}admin", TO_SAGEMAKER),
    ("iam:PassRole", f"{ROLE}train-dev-pipeline", TO_SAGEMAKER),
    ("iam:PassRole", f"{ROLE}train-dev-job", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("sts:AssumeRole", f"{ROLE}train-dev-job", {}),
    ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/SQS"}),
    ("ecr:BatchGetImage", f"{IMAGES}-2", {}),
    ("ecr:PutImage", IMAGES, {}),
    ("logs:PutLogEvents", STREAM.replace("Processing", "Training"), {}),
    ("s3:GetObject", f"{FILES}/train-dev-2/a/model.bin", {}),
    ("s3:GetObject", f"{FILES}-2/{FILE}", {}),
    ("s3:DeleteObject", f"{FILES}/{FILE}", {}),
    ("s3:ListBucket", FILES, {}),
    ("s3:ListBucket", FILES, {"s3:prefix": ""}),
    ("s3:ListBucket", FILES, {"s3:prefix": "train-dev-2/a"}),
    ("secretsmanager:GetSecretValue", SECRET.replace(":hub", ":hub-2"), {}),
    ("secretsmanager:PutSecretValue", SECRET, {}),
    ("kms:Decrypt", KEY.replace("1234abcd", "4321abcd"), {}),
    ("kms:ScheduleKeyDeletion", KEY, {}),
]


@pytest.mark.parametrize("case", CASES)
def test_only_these_roles_are_made(case):
    """
    A role that nobody needs, or that is given, is not made.
    """
    made = [node.key for node in CASES[case].nodes.values() if node.token == POLICY]
    assert [f"{role}_policy" for role in CASES[case].roles] == made


@EVERY_ROLE
def test_a_role_may_do_what_it_needs(case, role):
    """
    Every call is allowed, and there is no other action in its policy.
    """
    policies, needs = [CASES[case].document(role)], CASES[case].roles[role]
    assert [] == [call for call in needs if not iam.allows(policies, *call)]
    assert {action for action, _, _ in needs} == iam.actions(policies)


@EVERY_ROLE
def test_a_role_may_do_no_more(case, role):
    """
    Neighbours of what it may touch are denied, and so is every call elsewhere or for others.
    """
    policies, needs = [CASES[case].document(role)], CASES[case].roles[role]
    beside = [
        (action, resource.replace(old, new), context)
        for action, resource, context in needs
        for old, new in (("123456789012", "999999999999"), ("eu-central-1", "eu-west-9"))
        if old in resource
    ]
    beside += [
        (action, resource, changed)
        for action, resource, context in needs
        for key, value in context.items()
        for changed in ({}, {key: f"x{value}"})
    ]
    assert beside or role == "gate"
    assert [] == [call for call in (*DENIED, *beside) if iam.allows(policies, *call)]


@EVERY_ROLE
def test_only_forced_calls_have_no_resource(case, role):
    """
    `*` stands where AWS takes nothing else: a token of ECR, metrics, the network of a job.
    """
    forced = {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"}
    forced |= set(iam.VPC_CALLS) if case == "vpc" else set()
    assert (forced if role == "job" else set()) == iam.everywhere([CASES[case].document(role)])


@pytest.mark.parametrize("case", CASES)
def test_policies_lint_clean(case):
    """
    parliament finds nothing but what `iam.EXPECTED` names.
    """
    for role in CASES[case].roles:
        assert [] == iam.lint(CASES[case].document(role))


@pytest.mark.parametrize("options", OPTIONS)
def test_policies_of_examples_lint_clean(options):
    """
    So do the policies of every example of the contract.
    """
    judged = {
        where: iam.lint(node.inputs["policy"].document) for where, node in nodes(options, POLICY)
    }
    assert (options == "given") == (not judged)
    assert {} == {where: found for where, found in judged.items() if found}


ACCOUNT = "123456789012"
RULE = f"arn:aws:events:{REGION}:rule/nightly-dev"
# Kind -> the service that becomes it, for whom; and sources for which it must not.
TRUSTS = {
    "pipeline": ("sagemaker", RUN, [f"{PIPELINE}-2/execution/a1b2c3d4e5f6", JOB, PIPELINE]),
    "job": ("sagemaker", JOB, [RUN, JOB.replace("processing", "training")]),
    "scheduler": (
        "scheduler",
        f"arn:aws:scheduler:{REGION}:schedule-group/shop-dev",
        [
            f"arn:aws:scheduler:{REGION}:schedule-group/shop-dev-2",
            f"arn:aws:scheduler:{REGION}:schedule-group/default",
        ],
    ),
    "events": ("events", RULE, [RULE.replace("rule/", "event-bus/")]),
    "gate": ("states", GATE, [f"{GATE}-2"]),
}


@EVERY_ROLE
def test_a_role_trusts_one_service(case, role):
    """
    For this account, for this pipeline's own things; no other service, account or source.
    """
    trust = CASES[case].document(role, "role")
    name, source, others = TRUSTS[role]
    service, own = f"{name}.amazonaws.com", {"aws:SourceAccount": ACCOUNT}
    assert iam.assumes(trust, service, {**own, "aws:SourceArn": source})
    assert {"sts:AssumeRole"} == iam.actions([trust])
    for other in {"ec2", "lambda", *(kind for kind, _, _ in TRUSTS.values())} - {name}:
        assert not iam.assumes(trust, f"{other}.amazonaws.com", {**own, "aws:SourceArn": source})
    elsewhere = [source.replace(ACCOUNT, "999999999999"), source.replace("eu-", "us-"), *others]
    for context in [
        {},
        own,
        {"aws:SourceArn": source},
        {"aws:SourceAccount": "999999999999", "aws:SourceArn": source},
        *({**own, "aws:SourceArn": other} for other in elsewhere),
    ]:
        assert not iam.assumes(trust, service, context)


def test_files_are_read_by_tls_only():
    """
    The bucket denies whatever comes without TLS, to everybody, and says nothing else.
    """
    policy = CASES["allow"].nodes["pipeline/files_policy"].inputs["policy"].document
    for call in (("s3:GetObject", f"{FILES}/{FILE}"), ("s3:ListBucket", FILES)):
        assert iam.forbids([policy], *call, {"aws:SecureTransport": "false"})
        assert not iam.forbids([policy], *call, {"aws:SecureTransport": "true"})
    assert set() == iam.actions([policy])


def test_rules_may_write_dead_letters():
    """
    Rules of this account may, as EventBridge takes no role there; nobody else may do anything.
    """
    policy = CASES["rules"].nodes["pipeline/dead_letters_policy"].inputs["policy"].document
    own = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": RULE}

    def may(action="sqs:SendMessage", queue=LETTERS, service="events", **context):
        context = {**own, **{f"aws:{key}": value for key, value in context.items()}}
        return iam.permits(policy, f"{service}.amazonaws.com", action, queue, context)

    assert may()
    assert not may(service="sns")
    assert not may("sqs:ReceiveMessage")
    assert not may(queue=f"{LETTERS}-2")
    assert not may(SourceAccount="999999999999")
    assert not may(SourceArn=RULE.replace(ACCOUNT, "999999999999"))
    assert {"sqs:SendMessage"} == iam.actions([policy])
