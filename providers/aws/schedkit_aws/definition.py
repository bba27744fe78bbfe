"""
The text of a SageMaker pipeline: one Processing step per step, version 2020-12-01.

https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.pipeline import Parameter, bytes_of, fill
from schedkit_aws import files, identity, images, instances, limits, names, timeouts


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit.backend import Target
    from schedkit.pipeline import Filling, PipelineSpec, Retry, Step
    from schedkit_aws.options import Options

VERSION = "2020-12-01"
LONGEST = 1_048_576
NOT_SCHEDULED = "none"
"""Default of the parameters that a schedule fills: a run by hand has no scheduled time."""

_GIB = 1 << 30
_CLEAR = 'rm -rf "$SCHEDKIT_OUTPUT"/* "$SCHEDKIT_OUTPUT"/.[!.]*'
_AGAIN = 'for s in {};do "$@"&&exit;sleep $s;{};done;exec "$@"'
_SERVICE_FAULTS = (
    {
        "ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"],
        "IntervalSeconds": 5,
        "BackoffRate": 2.0,
        "MaxAttempts": 5,
    },
    {
        "ExceptionType": ["SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"],
        "IntervalSeconds": 60,
        "BackoffRate": 2.0,
        "MaxAttempts": 5,
    },
)
"""Of starting a job; none of them repeats a container that failed."""


def definition(spec: PipelineSpec, target: Target, options: Options) -> dict[str, object]:
    """
    The document, with symbols in it.
    """
    return {
        "Version": VERSION,
        "Metadata": {},
        "Parameters": _parameters(spec),
        "Steps": [_step(step, spec, target, options) for step in spec.order()],
    }


def script(retry: Retry) -> str:
    """
    What runs the command again: after each failure a pause and an empty output; the last
    attempt's exit code is the job's.
    """
    pauses = (retry.pause(number) for number in range(1, retry.limit + 1))
    return _AGAIN.format(" ".join(f"{pause:g}" for pause in pauses), _CLEAR)


def most_repetitions(retry: Retry) -> int:
    """
    How many of them, with the longest pause each, a script of so many characters could say.
    """
    room = limits.word("").most - len(_AGAIN) - len(_CLEAR)
    return max(1, room // (len(f"{retry.maximum:g}") + 1))


def instance(step: Step, options: Options) -> str | None:
    """
    The instance type of a step; None where no type has what it asks for.
    """
    asked = step.resources
    if step.name in options.instance_types:
        return options.instance_types[step.name]
    if asked.cpu is None and asked.memory is None and not asked.gpu:
        return options.instance_type
    memory = None if asked.memory is None else bytes_of(asked.memory)
    found = instances.choose(asked.cpu, memory, asked.gpu)
    return found.name if found else None


def storage(step: Step, options: Options) -> int:
    """
    Bytes that a step may write to its volume.
    """
    asked = step.resources.ephemeral_storage
    return options.volume_size * _GIB if asked is None else bytes_of(asked)


def _parameters(spec: PipelineSpec) -> list[dict[str, object]]:
    """
    Every parameter has a default, else no trigger could start the pipeline.
    """
    told = dict.fromkeys((names.SCHEDULED_TIME, names.SCHEDULE), NOT_SCHEDULED)
    own = {
        names.parameter(name): limits.held(fill(value, {}), limits.parameter(name))
        for name, value in spec.parameters.items()
    }
    return [
        {"Name": name, "Type": "String", "DefaultValue": value}
        for name, value in {**told, **own}.items()
    ]


def _step(step: Step, spec: PipelineSpec, target: Target, options: Options) -> dict[str, object]:
    found: dict[str, object] = {
        "Name": step.name,
        "Type": "Processing",
        "RetryPolicies": list(_SERVICE_FAULTS),
        "Arguments": _arguments(step, spec, target, options),
    }
    return {**found, "DependsOn": list(step.needs)} if step.needs else found


def _arguments(
    step: Step, spec: PipelineSpec, target: Target, options: Options
) -> dict[str, object]:
    outputs: dict[str, object] = {"Outputs": [_output(step, spec, target, options)]}
    if options.kms_key:
        outputs["KmsKeyId"] = options.kms_key
    found: dict[str, object] = {
        "AppSpecification": _container(step, options),
        "Environment": _environment(step, spec),
        "ProcessingResources": {"ClusterConfig": _cluster(step, options)},
        "ProcessingOutputConfig": outputs,
        "RoleArn": identity.role_arn("job", options),
        "StoppingCondition": {"MaxRuntimeInSeconds": timeouts.of_step(step, spec)},
        "Tags": [
            {"Key": key, "Value": value}
            for key, value in names.tags(spec, target, options).items()
        ],
        **_network(options),
    }
    if step.needs:
        inputs = [_input(need, spec, target, options) for need in step.needs]
        found["ProcessingInputs"] = inputs
    return found


def _cluster(step: Step, options: Options) -> dict[str, object]:
    """
    The size of the volume is always told; a key for it only where there is a volume.
    """
    name = instance(step, options)
    found: dict[str, object] = {
        "InstanceCount": 1,
        "InstanceType": name,
        "VolumeSizeInGB": -(-storage(step, options) // _GIB),
    }
    if options.kms_key and not instances.has_disk(name):
        found["VolumeKmsKeyId"] = options.kms_key
    return found


def _container(step: Step, options: Options) -> dict[str, object]:
    rule = images.source(step.name, options)
    found: dict[str, object] = {"ImageUri": images.located(step.image, rule)}
    command = [_word(item, step) for item in step.command or ()]
    arguments = [_word(item, step) for item in step.args]
    if step.retry is not None and step.retry.limit:
        command, arguments = ["sh", "-c", script(step.retry), "sh"], [*command, *arguments]
    if command:
        found["ContainerEntrypoint"] = command
    if arguments:
        found["ContainerArguments"] = arguments
    return found


def _word(value: Filling, step: Step) -> object:
    if isinstance(value, Parameter):
        return _get(value.name)
    return limits.held(fill(value, {}), limits.word(step.name))


def _get(parameter: str) -> dict[str, str]:
    return {"Get": f"Parameters.{names.parameter(parameter)}"}


def _environment(step: Step, spec: PipelineSpec) -> Mapping[str, object]:
    """
    The user's variables, and what every step finds.
    """
    own = {
        name: _get(value.name)
        if isinstance(value, Parameter)
        else limits.held(fill(value, {}), limits.variable(step.name, name))
        for name, value in step.env.items()
    }
    parameters = {f"SCHEDKIT_PARAMETER_{name.upper()}": _get(name) for name in spec.parameters}
    secrets = {
        f"SCHEDKIT_SECRET_{name}": f"{secret.name}/{secret.key}"
        for name, secret in step.secrets.items()
    }
    return {
        **own,
        **parameters,
        **secrets,
        "SCHEDKIT_PIPELINE": spec.name,
        "SCHEDKIT_STEP": step.name,
        "SCHEDKIT_OUTPUT": files.OUTPUT,
        "SCHEDKIT_INPUT": files.INPUT,
        "SCHEDKIT_SCHEDULE": {"Get": f"Parameters.{names.SCHEDULE}"},
        "SCHEDKIT_SCHEDULED_TIME": {"Get": f"Parameters.{names.SCHEDULED_TIME}"},
        "SCHEDKIT_RUN_ID": {"Get": "Execution.PipelineExecutionId"},
    }


def _output(step: Step, spec: PipelineSpec, target: Target, options: Options) -> dict[str, object]:
    uri = files.place(step.name, spec, target, options)
    place = {"S3Uri": uri, "LocalPath": files.OUTPUT, "S3UploadMode": "EndOfJob"}
    return {"OutputName": "output", "S3Output": place}


def _input(need: str, spec: PipelineSpec, target: Target, options: Options) -> dict[str, object]:
    source = {
        "S3Uri": files.place(need, spec, target, options),
        "LocalPath": f"{files.INPUT}/{need}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    return {"InputName": need, "S3Input": source}


def _network(options: Options) -> dict[str, object]:
    network: dict[str, object] = {}
    if options.network_isolation:
        network["EnableNetworkIsolation"] = True
    if options.encrypt_traffic:
        network["EnableInterContainerTrafficEncryption"] = True
    if options.in_vpc:
        groups = list(options.security_groups)
        network["VpcConfig"] = {"SecurityGroupIds": groups, "Subnets": list(options.subnets)}
    return {"NetworkConfig": network} if network else {}
