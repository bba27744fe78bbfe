"""
What becomes of each thing that a pipeline asks for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.findings import Feature, Finding, emulated, exact, refused
from schedkit.inputs import is_live
from schedkit.pipeline import Retry, bytes_of
from schedkit.plan import dumps, show
from schedkit.recurrence.durations import duration
from schedkit_aws import definition, files, images, instances, limits, timeouts
from schedkit_aws.options import LARGEST_VOLUME


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from schedkit.pipeline import PipelineSpec, Step
    from schedkit_aws.options import Options

_JOB_URL = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingS3Input.html"
_ENV_URL = "https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-pipeline.html"
_DISK_URL = (
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingClusterConfig.html"
)
_RETRY_URL = "https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html"

_CARRIED: tuple[tuple[Feature, Callable[[Step], object], str], ...] = (
    (Feature.COMMAND, lambda s: s.command is not None, "ContainerEntrypoint of the job"),
    (Feature.ARGS, lambda s: s.args, "ContainerArguments of the job"),
    (Feature.ENV, lambda s: s.env, "the job's Environment"),
    (
        Feature.EPHEMERAL_STORAGE,
        lambda s: s.resources.ephemeral_storage is not None,
        "VolumeSizeInGB of the job, in whole GiB",
    ),
)
_OVERLAP = {
    "forbid": emulated(
        Feature.FORBID, "a state machine starts a run only while none is executing"
    ),
    "replace": emulated(
        Feature.REPLACE, "a state machine stops the run that executes, then starts"
    ),
    "queue": emulated(
        Feature.QUEUE,
        "a state machine looks every minute; of several runs that wait any may be next",
    ),
}
_RACE = "; two that look in one instant both start"


@lru_cache
def can_run(spec: PipelineSpec, options: Options) -> bool:
    """
    Whether there is a definition at all: each step has an image and an instance type.
    """
    return all(
        step.image is not None
        and (is_live(step.image) or not images.source("", options).fault(str(step.image)))
        and definition.instance(step, options)
        for step in spec.steps
    )


def findings(
    spec: PipelineSpec, options: Options, body: Mapping[str, object]
) -> Iterator[Finding]:
    """
    Judge a pipeline; nothing is left out. *body* is its definition, empty where it has none.
    """
    yield exact(Feature.PIPELINE, "a SageMaker Pipeline, one Processing job per step")
    for feature, asks, reason in _CARRIED:
        if any(asks(step) for step in spec.steps):
            yield exact(feature, reason)
    for step in spec.steps:
        yield from _image(step, options)
        yield from _resources(step, options)
        yield from _retry(step)
        yield from _secrets(step, options)
    yield from limits.findings(spec)
    yield from _order(spec)
    yield from _timeouts(spec)
    if spec.parameters:
        yield exact(Feature.PARAMETERS, "parameters of the pipeline, `_` written as `-`")
    yield from files.findings(spec, options)
    if spec.overlap in _OVERLAP:
        found = _OVERLAP[spec.overlap]
        yield Finding(found.feature, found.verdict, found.reason + _RACE)
    yield from _size(body)


def _image(step: Step, options: Options) -> Iterator[Finding]:
    if step.image is None:
        reason = f"step {step.name!r} names no image, and a Processing job runs nothing else"
        yield refused(Feature.IMAGE, reason, "write image='registry/name:tag'")
    elif is_live(step.image):
        yield exact(Feature.IMAGE, "ImageUri of the job, checked when the image is known")
    else:
        rule = images.source(step.name, options)
        if fault := rule.fault(str(step.image)):
            yield refused(Feature.IMAGE, fault, rule.cure(str(step.image)), images.URL)
        else:
            yield exact(Feature.IMAGE, "ImageUri of the job")


def _resources(step: Step, options: Options) -> Iterator[Finding]:
    asked = step.resources
    memory = None if asked.memory is None else bytes_of(asked.memory)
    features = {
        Feature.CPU: asked.cpu is not None,
        Feature.MEMORY: memory is not None,
        Feature.GPU: bool(asked.gpu),
    }
    wanted = [feature for feature, asks in features.items() if asks]
    name = definition.instance(step, options)
    if name is None:
        reason = f"no instance type of Processing has what step {step.name!r} asks for"
        nearest = instances.nearest(asked.cpu, memory, asked.gpu)
        yield from (refused(feature, reason, nearest, limits.URL) for feature in wanted)
        return
    has = instances.INSTANCES.get(name)
    fits = has is None or (
        (asked.cpu or 0) <= has.cpu and (memory or 0) <= has.memory and asked.gpu <= has.gpu
    )
    whole = f"step {step.name!r} has the whole of an {name} for itself"
    if options.kms_key and instances.has_disk(name):
        whole += ", whose own disk is encrypted by a key of its own, not by kmsKey"
        if not wanted:
            yield emulated(Feature.PIPELINE, whole, _DISK_URL)
    for feature in wanted:
        if not fits:
            reason = f"the instance type {name} of step {step.name!r} has less than it asks for"
            yield refused(feature, reason, "take it out of `instanceTypes` of schedkit:aws")
        else:
            yield emulated(feature, whole)
    yield from _storage(step, options, has)


def _storage(step: Step, options: Options, has: instances.Instance | None) -> Iterator[Finding]:
    """
    A volume has 16 TiB at most; a machine with disks of its own has these instead.
    """
    size, feature = definition.storage(step, options), Feature.EPHEMERAL_STORAGE
    asked = step.resources.ephemeral_storage or f"the {options.volume_size} GiB of `volumeSize`"
    if has is not None and not has.holds(size):
        reason = f"step {step.name!r} asks for {asked}, and its {has.name} has {has.disk} GB"
        nearest = f"ephemeral_storage='{has.disk}G'"
        larger = instances.choose(has.cpu, has.memory, has.gpu, size)
        if larger and size <= LARGEST_VOLUME << 30:
            nearest += f", or instanceTypes: {{{step.name}: {larger.name}}} in schedkit:aws"
        yield refused(feature, reason, nearest, _DISK_URL)
    elif size > LARGEST_VOLUME << 30:
        reason = f"step {step.name!r} asks for {asked}, and 16384 GiB fit"
        yield refused(feature, reason, "ephemeral_storage='16384Gi'", limits.URL)


def _retry(step: Step) -> Iterator[Finding]:
    """
    SageMaker repeats what it could not start, never a container that failed.
    """
    retry = step.retry
    if retry is None or not retry.limit:
        return
    if step.command is None:
        reason = (
            f"SageMaker repeats no container that failed, and step {step.name!r} has no command"
        )
        yield refused(
            Feature.RETRY, reason, "give it command=; a shell then repeats it", _RETRY_URL
        )
        return
    if len(definition.script(retry)) > limits.word("").most:
        reason = f"the shell that repeats step {step.name!r} gets 256 characters"
        nearest = f"retry=sk.Retry({definition.most_repetitions(retry)})"
        yield refused(Feature.RETRY, reason, nearest, limits.URL)
        return
    reason = "a shell of the image, `sh`, runs the command again inside one job"
    yield emulated(Feature.RETRY, reason, _RETRY_URL)
    if retry != Retry(retry.limit):
        yield emulated(Feature.BACKOFF, "the shell sleeps so long", _RETRY_URL)
    if step.timeout is not None:
        reason = f"step {step.name!r} is repeated inside one job, which has one limit for all"
        nearest = "leave its timeout or its retry out; the pipeline's timeout= ends all attempts"
        yield refused(Feature.STEP_TIMEOUT, reason, nearest, limits.URL)


def _secrets(step: Step, options: Options) -> Iterator[Finding]:
    if not step.secrets:
        return
    if options.network_isolation:
        reason = f"step {step.name!r} has no network to read a secret by"
        yield refused(Feature.SECRETS, reason, "leave networkIsolation of schedkit:aws out")
    else:
        reason = (
            "SageMaker fills no variable from a secret: SCHEDKIT_SECRET_<NAME> holds `name/key`, "
            "and the step may read that of Secrets Manager"
        )
        yield emulated(Feature.SECRETS, reason, _ENV_URL)


def _order(spec: PipelineSpec) -> Iterator[Finding]:
    if len(spec.steps) == 1:
        return
    feature = Feature.CHAIN if spec.is_chain else Feature.GRAPH
    if any(step.needs for step in spec.steps):
        reason = (
            "DependsOn; files go through S3, where a step that others need must leave at least "
            "one, since a job does not start with an empty input"
        )
        yield emulated(feature, reason, _JOB_URL)
    else:
        yield exact(feature, "steps that need nothing run at the same time")


def _timeouts(spec: PipelineSpec) -> Iterator[Finding]:
    longest = limits.LONGEST_RUN
    limited = [step for step in spec.steps if step.timeout is not None]
    for step in limited:
        if step.timeout is not None and step.timeout > longest:
            reason = f"step {step.name!r} has {duration(step.timeout)}, and a job at most 9 days"
            yield refused(Feature.STEP_TIMEOUT, reason, "timeout='216h'", limits.URL)
    if limited:
        yield exact(Feature.STEP_TIMEOUT, "MaxRuntimeInSeconds, from the start of the container")
    if spec.timeout > longest and any(step.timeout is None for step in spec.steps):
        reason = f"a Processing job runs 9 days at most, and the run has {duration(spec.timeout)}"
        yield refused(Feature.TIMEOUT, reason, "timeout='216h'", limits.URL)
    elif timeouts.watched(spec) is None:
        reason = "MaxRuntimeInSeconds of the jobs, from the start of each container"
        yield exact(Feature.TIMEOUT, reason)
    else:
        reason = (
            "a state machine stops the run; timeouts of the steps that add up to no more than "
            f"{duration(spec.timeout)} do without"
        )
        yield emulated(Feature.TIMEOUT, reason)


def _size(body: Mapping[str, object]) -> Iterator[Finding]:
    characters = len(dumps(show(body)))
    if characters > definition.LONGEST:
        reason = f"its definition has {characters} characters, and {definition.LONGEST} fit"
        yield refused(Feature.PIPELINE, reason, "make two pipelines of it", limits.START_URL)
