"""
What a pipeline becomes: a ServiceAccount, and a judgement of all that its pods must carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.backend import Target
from schedkit.findings import Feature, Finding, emulated, exact, refused
from schedkit.pipeline import Retry
from schedkit.plan import Plan
from schedkit_kubernetes import identity, pod


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schedkit.pipeline import PipelineSpec, Step
    from schedkit_kubernetes.options import Options

_DOCS = "https://kubernetes.io/docs/"
_INIT_URL = f"{_DOCS}concepts/workloads/pods/init-containers/"
_JOB_URL = f"{_DOCS}concepts/workloads/controllers/job/"
_BACKOFF_URL = f"{_JOB_URL}#pod-backoff-failure-policy"
_ARGO = "use the backend `argo`"

# What every container carries as it is asked for.
_CARRIED: tuple[tuple[Feature, Callable[[Step], object], str], ...] = (
    (Feature.IMAGE, lambda s: s.image is not None, "the container's image"),
    (Feature.COMMAND, lambda s: s.command is not None, "the container's command"),
    (Feature.ARGS, lambda s: s.args, "the container's args"),
    (Feature.ENV, lambda s: s.env, "the container's env"),
    (Feature.SECRETS, lambda s: s.secrets, "secretKeyRef to a Secret in the same namespace"),
    (Feature.CPU, lambda s: s.resources.cpu is not None, "a request and a limit"),
    (Feature.MEMORY, lambda s: s.resources.memory is not None, "a request and a limit"),
    (
        Feature.GPU,
        lambda s: s.resources.gpu,
        "a limit of whole devices, and the toleration of their nodes",
    ),
    (
        Feature.EPHEMERAL_STORAGE,
        lambda s: s.resources.ephemeral_storage is not None,
        "a request and a limit",
    ),
)

# What the pipeline as a whole asks for.
_OVERLAP = {
    "forbid": exact(Feature.FORBID, "concurrencyPolicy Forbid"),
    "replace": exact(Feature.REPLACE, "concurrencyPolicy Replace"),
    "queue": refused(
        Feature.QUEUE,
        "a CronJob keeps no queue: of several skipped runs at most the latest starts",
        "overlap='forbid' with a long starting_deadline starts the latest skipped run "
        "when the running one ends",
        f"{_DOCS}concepts/workloads/controllers/cron-jobs/#concurrency-policy",
    ),
}


def compile_pipeline(spec: PipelineSpec, target: Target, options: Options) -> Plan:
    """
    The ServiceAccount, unless the options name one; the pods stand in the schedules' CronJobs.
    """
    own = options.service_account is None
    return Plan(
        "kubernetes",
        "Pipeline",
        spec.name,
        nodes=(identity.account(spec, target, options),) if own else (),
        findings=(*identity.check_account(spec, target, options), *_findings(spec, options)),
        shared=identity.shared(options),
    )


def _findings(spec: PipelineSpec, options: Options) -> Iterator[Finding]:
    account = (
        "a ServiceAccount without rights"
        if options.service_account is None
        else "a given ServiceAccount"
    )
    yield exact(Feature.PIPELINE, f"each run is one Job, under {account}")
    for feature, asks, reason in _CARRIED:
        if any(asks(step) for step in spec.steps):
            yield exact(feature, reason)
    yield from _impossible(spec)
    first, *others = spec.steps
    yield from _chained(spec) if others else _alone(first)
    yield exact(Feature.TIMEOUT, "activeDeadlineSeconds of the Job, waiting for a node included")
    if spec.parameters:
        yield exact(Feature.PARAMETERS, "filled in, and in SCHEDKIT_PARAMETER_<NAME>")
    if spec.keep is not None:
        reason = "files between steps stand in emptyDir volumes, which end with the pod"
        nearest = "leave keep out, and let the last step store what shall stay"
        yield refused(Feature.KEEP, reason, nearest, f"{_DOCS}concepts/storage/volumes/#emptydir")
    if spec.overlap in _OVERLAP:
        yield _OVERLAP[spec.overlap]


def _impossible(spec: PipelineSpec) -> Iterator[Finding]:
    """
    What no container can carry.
    """
    for step in spec.steps:
        if step.image is None:
            reason = f"step {step.name!r} names no image, and a pod runs nothing else"
            yield refused(Feature.IMAGE, reason, "write image='registry/name:tag'")
        cpu = step.resources.cpu
        if cpu is not None and not pod.whole_millicores(cpu):
            reason = f"step {step.name!r} asks for {cpu} cores, and the finest share is 0.001"
            url = f"{_DOCS}concepts/configuration/manage-resources-containers/#meaning-of-cpu"
            yield refused(Feature.CPU, reason, f"cpu={round(cpu, 3)}", url)


def _alone(step: Step) -> Iterator[Finding]:
    """
    What only a pod of one step can carry.
    """
    retry = step.retry
    if step.timeout is not None:
        reason = "activeDeadlineSeconds of the pod, from its start on a node, image pull included"
        yield exact(Feature.STEP_TIMEOUT, reason)
    if retry is None or not retry.limit:
        return
    reason = "backoffLimit of the Job; a pod lost with its node is made again and not counted"
    yield exact(Feature.RETRY, reason)
    default = Retry(retry.limit)
    if retry == default:
        return
    # From the seventh on, every pause of a Job is the longest.
    pauses = range(1, min(retry.limit, 7) + 1)
    if all(retry.pause(n) == default.pause(n) for n in pauses):
        yield exact(Feature.BACKOFF, "just the pauses that a Job makes")
        return
    reason = "a Job pauses 10 s, then doubles, at most 6 min, and takes no other order"
    yield refused(
        Feature.BACKOFF, reason, f"write retry=sk.Retry(limit={retry.limit})", _BACKOFF_URL
    )


def _chained(spec: PipelineSpec) -> Iterator[Finding]:
    """
    Several steps: init containers when they form a line, else nothing.
    """
    if not spec.is_chain:
        reason = "a Job runs one pod, whose init containers run in a line: no fan-out, no fan-in"
        yield refused(
            Feature.GRAPH,
            reason,
            f"{_ARGO}, or let each step need just the one before it",
            _JOB_URL,
        )
        return
    reason = (
        "init containers, the last step as main container: one node for all steps, which holds "
        "the largest resources of any step throughout; a failed step ends the run"
    )
    yield emulated(Feature.CHAIN, reason, _INIT_URL)
    for step in spec.steps:
        if step.retry is not None and step.retry.limit:
            reason = f"step {step.name!r} is a container of a pod, and a Job repeats whole pods"
            nearest = f"{_ARGO}, or leave retry out"
            yield refused(Feature.RETRY, reason, nearest, _BACKOFF_URL)
        if step.timeout is not None:
            reason = f"step {step.name!r} is a container of a pod, and only a pod has a deadline"
            nearest = f"{_ARGO}, or set the pipeline's timeout="
            yield refused(Feature.STEP_TIMEOUT, reason, nearest, _INIT_URL)
