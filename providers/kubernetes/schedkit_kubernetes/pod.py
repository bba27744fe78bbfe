"""
The Job and the pod of a run, the same for every schedule but for its parameters and labels.

One step is one container. In a chain the steps are init containers, which run one after another,
and the last one is the main container. Pods satisfy the *restricted* Pod Security Standard.
https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from schedkit.pipeline import fill
from schedkit_kubernetes import identity


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schedkit.backend import Target
    from schedkit.pipeline import Filling, PipelineSpec, Resources, Step, Value
    from schedkit.schedule import ScheduleSpec
    from schedkit_kubernetes.options import Options

OUTPUT, INPUT = "/schedkit/output", "/schedkit/input"
RUN_ID = "metadata.labels['batch.kubernetes.io/job-name']"
_CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def can_run(spec: PipelineSpec) -> bool:
    """
    Whether one pod can run the pipeline.
    """
    return spec.is_chain and all(step.image is not None for step in spec.steps)


def job(spec: ScheduleSpec, target: Target, options: Options) -> dict[str, object]:
    """
    The Job of one run: what may not be repeated is not, not even when a node is drained.
    """
    pipeline = spec.pipeline
    retry = pipeline.steps[0].retry
    limit = retry.limit if retry is not None and len(pipeline.steps) == 1 else 0
    disrupted = [{"type": "DisruptionTarget", "status": "True"}]
    action = "Ignore" if limit else "FailJob"
    plain = {"SCHEDKIT_PIPELINE": pipeline.name, "SCHEDKIT_SCHEDULE": spec.name}
    account = identity.account_name(pipeline, target, options)
    return {
        "backoffLimit": limit,
        "activeDeadlineSeconds": pipeline.timeout,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": [{"action": action, "onPodConditions": disrupted}]},
        "template": {
            "metadata": metadata(spec, target, options),
            "spec": _pod(pipeline, spec.filled(), options, account, plain),
        },
    }


def metadata(spec: ScheduleSpec, target: Target, options: Options) -> dict[str, object]:
    """
    Labels and annotations that CronJob, Job and pod share.
    """
    steps = spec.pipeline.steps
    step = {"step": steps[0].name} if len(steps) == 1 else {}
    named = identity.labels(spec.pipeline.name, target, options, schedule=spec.name, **step)
    notes = {"annotations": dict(options.annotations)} if options.annotations else {}
    return {"labels": named, **notes}


def whole_millicores(cpu: float) -> bool:
    """
    Whether a Kubernetes quantity can say it: thousandths of a core.
    """
    return Decimal(str(cpu)) * 1000 % 1 == 0


def escaped(text: object) -> object:
    """
    The text with each `$` doubled, for Kubernetes reads `$(NAME)` and `$$`; Inputs pass untouched.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container
    """
    return text.replace("$", "$$") if isinstance(text, str) else text


def _pod(
    spec: PipelineSpec,
    parameters: Mapping[str, Value],
    options: Options,
    account: str,
    plain: Mapping[str, str],
) -> dict[str, object]:
    steps = spec.order()
    told = {f"SCHEDKIT_PARAMETER_{name.upper()}": value for name, value in parameters.items()}
    made = [_container(step, parameters, {**plain, **told}, options) for step in steps]
    pod: dict[str, object] = {
        "restartPolicy": "Never",
        "serviceAccountName": account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": _security(options),
        "containers": made[-1:],
        "volumes": [{"name": _volume(step.name), "emptyDir": {}} for step in steps],
    }
    if made[:-1]:
        pod["initContainers"] = made[:-1]
    elif steps[0].timeout is not None:
        pod["activeDeadlineSeconds"] = steps[0].timeout
    return pod | _placement(steps, options)


def _container(
    step: Step, parameters: Mapping[str, Value], told: Mapping[str, Value], options: Options
) -> dict[str, object]:
    def words(values: Sequence[Filling]) -> list[object]:
        return [escaped(fill(value, parameters)) for value in values]

    body: dict[str, object] = {"name": step.name, "image": step.image}
    if step.command:
        body["command"] = words(step.command)
    if step.args:
        body["args"] = words(step.args)
    own = {"SCHEDKIT_STEP": step.name, "SCHEDKIT_OUTPUT": OUTPUT, "SCHEDKIT_INPUT": INPUT}
    values = {**step.env, **told, **own}
    body["env"] = [
        *({"name": name, "value": words([value])[0]} for name, value in values.items()),
        {"name": "SCHEDKIT_RUN_ID", "valueFrom": {"fieldRef": {"fieldPath": RUN_ID}}},
        *(
            {"name": name, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}
            for name, secret in step.secrets.items()
        ),
    ]
    inputs = [
        {"name": _volume(need), "mountPath": f"{INPUT}/{need}", "readOnly": True}
        for need in step.needs
    ]
    body["volumeMounts"] = [{"name": _volume(step.name), "mountPath": OUTPUT}, *inputs]
    body["securityContext"] = _CONTAINER_SECURITY
    resources = _resources(step.resources, options)
    return {**body, "resources": resources} if resources else body


def _security(options: Options) -> dict[str, object]:
    user = {} if options.run_as_user is None else {"runAsUser": options.run_as_user}
    return {"runAsNonRoot": True, **user, "seccompProfile": {"type": "RuntimeDefault"}}


def _volume(step: str) -> str:
    return f"output-{step}"


def _resources(asked: Resources, options: Options) -> dict[str, object]:
    """
    A request and a limit at once; an extended resource such as a GPU has a limit only.
    """
    found: dict[str, str] = {}
    if asked.cpu is not None:
        millis = Decimal(str(asked.cpu)) * 1000
        found["cpu"] = f"{int(millis)}m" if millis % 1000 else f"{int(millis) // 1000}"
    if asked.memory is not None:
        found["memory"] = asked.memory
    if asked.ephemeral_storage is not None:
        found["ephemeral-storage"] = asked.ephemeral_storage
    devices = {options.gpu_resource: str(asked.gpu)} if asked.gpu else {}
    asks: dict[str, object] = {"requests": found} if found else {}
    return asks | ({"limits": {**found, **devices}} if found or devices else {})


def _placement(steps: Sequence[Step], options: Options) -> dict[str, object]:
    tolerations = [
        {name: value for name, value in attrs.asdict(item).items() if value}
        for item in options.tolerations
    ]
    if any(step.resources.gpu for step in steps):
        taint = {"key": options.gpu_resource, "operator": "Exists", "effect": "NoSchedule"}
        tolerations.append(taint)
    secrets = [{"name": name} for name in options.image_pull_secrets]
    found = {
        "nodeSelector": dict(options.node_selector),
        "tolerations": tolerations,
        "priorityClassName": options.priority_class_name,
        "imagePullSecrets": secrets,
    }
    return {name: value for name, value in found.items() if value}
