"""
What is wrong with a definition of a SageMaker pipeline, as plain data.

The published JSON schema cannot be shipped (it names no licence) and is stale: it refuses lists of
exceptions and accepts a job without an image. So the part of the language that schedkit writes has
a schema here, and `CreateProcessingJob`'s own model judges the arguments of a step.
https://github.com/aws-sagemaker-mlops/sagemaker-model-building-pipeline-definition-JSON-schema
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

import models
from jsonschema import Draft202012Validator


MOST_CHARACTERS = 1_048_576
NAME = {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,64}$"}
JSON_TYPES = {"String": "string", "Integer": "integer", "Float": "number", "Boolean": "boolean"}
EXCEPTIONS = [
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
]
EXECUTION = {
    "CurrentDateTime",
    "PipelineArn",
    "PipelineExecutionArn",
    "PipelineExecutionId",
    "PipelineName",
    "StartDateTime",
}
# Kind of a member of the request -> the type of a parameter that may stand there; text in a join
# takes any.
TAKES = {"string": "String", "integer": "Integer", "boolean": "Boolean", "join": None}
OUTPUT = re.compile(r"ProcessingOutputConfig\.Outputs\['(.+)'\]\.S3Output\.S3Uri")
IMAGE = re.compile(
    r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+[:@][\w.:-]+"
)
PROCESSING = "/opt/ml/processing/"


def _object(required: list[str], **properties: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _list(items: object, least: int = 0, most: int | None = None) -> dict[str, Any]:
    sizes = {"minItems": least} | ({} if most is None else {"maxItems": most})
    return {"type": "array", "items": items, **sizes}


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}


def _whole(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most}


# Every parameter has a default, or what starts a run must know all of them.
PARAMETER = _object(
    ["Name", "Type", "DefaultValue"],
    Name=NAME,
    Type={"enum": [*JSON_TYPES]},
    DefaultValue={"maxLength": 4096},
    Description=_text(4096),
) | {
    "allOf": [
        {
            "if": {"properties": {"Type": {"const": name}}},
            "then": {"properties": {"DefaultValue": {"type": kind}}},
        }
        for name, kind in JSON_TYPES.items()
    ]
}
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
RETRY = _object(
    ["ExceptionType"],
    ExceptionType=_list({"enum": EXCEPTIONS}, 1),
    IntervalSeconds=_whole(43_200),
    BackoffRate={"type": "number", "minimum": 1},
    MaxAttempts=_whole(20),
    ExpireAfterMin=_whole(14_400),
) | {"oneOf": [{"required": ["MaxAttempts"]}, {"required": ["ExpireAfterMin"]}]}
STEP = _object(
    ["Name", "Type", "Arguments"],
    Name=NAME,
    Type={"const": "Processing"},
    DisplayName=NAME,
    Description=_text(3072),
    DependsOn=_list(NAME, 1) | {"uniqueItems": True},
    RetryPolicies=_list(RETRY, 1),
    Arguments={"type": "object"},
)
SCHEMA = Draft202012Validator(
    _object(
        ["Version", "Steps"],
        Version={"const": "2020-12-01"},
        Metadata={"type": "object"},
        Parameters=_list(PARAMETER, 0, 200),
        Steps=_list(STEP, 1),
    )
)


def mistakes(definition: dict[str, Any]) -> list[str]:
    """
    All that SageMaker would refuse, at once or in a run, each with its path.

    What the schema finds stands alone: the rest reads a definition of that shape.
    """
    shape = sorted(SCHEMA.iter_errors(definition), key=lambda error: error.json_path)
    if shape:
        return [f"{error.json_path}: {error.message}" for error in shape]
    return list(_Definition(definition).judged())


class _Definition:
    def __init__(self, definition: dict[str, Any]) -> None:
        self.definition = definition
        self.steps = definition["Steps"]
        self.parameters = {p["Name"]: p["Type"] for p in definition.get("Parameters", ())}
        self.outputs = {step["Name"]: _outputs(step["Arguments"]) for step in self.steps}
        self.before = {step["Name"]: {*step.get("DependsOn", ())} for step in self.steps}
        self.step = ""

    def judged(self) -> Iterator[str]:
        size = len(json.dumps(self.definition, separators=(",", ":")))
        if size > MOST_CHARACTERS:
            yield f"$: {size} characters, at most {MOST_CHARACTERS} fit"
        names = [parameter["Name"] for parameter in self.definition.get("Parameters", ())]
        yield from _twice("$.Parameters", names)
        yield from _twice("$.Steps", [step["Name"] for step in self.steps])
        for step in self.steps:
            yield from self._judged_step(step)
        try:
            TopologicalSorter(self.before).prepare()
        except CycleError as error:
            yield f"$.Steps: a cycle, {' -> '.join(error.args[1])}"

    def _judged_step(self, step: dict[str, Any]) -> Iterator[str]:
        self.step = step["Name"]
        for name in sorted(self.before[self.step] - self.outputs.keys()):
            yield f"{self.step}: depends on {name!r}, which is no step"
        # The pipeline names the job.
        request = {"ProcessingJobName": "given", **step["Arguments"]}
        if "ProcessingJobName" in step["Arguments"]:
            yield f"{self.step}: names its job"
        model = ("sagemaker", "CreateProcessingJobRequest")
        for found in models.mistakes(*model, request, self._late) or _job(step["Arguments"]):
            yield f"{self.step}: {found}"

    def _late(self, kind: str, value: dict[str, Any], path: str) -> Iterator[str]:
        """
        What is wrong with a function in place of a value of that kind.
        """
        if [*value] == ["Get"] and isinstance(value["Get"], str) and kind in TAKES:
            yield from self._get(kind, value["Get"], path)
        elif [*value] == ["Std:Join"] and kind in {"string", "join"}:
            yield from self._join(value["Std:Join"], path)
        else:
            yield f"{path} is {value!r}, no function for a {kind}"

    def _join(self, join: Any, path: str) -> Iterator[str]:
        if not (
            isinstance(join, dict)
            and join.keys() == {"On", "Values"}
            and isinstance(join["On"], str)
            and isinstance(join["Values"], list)
        ):
            yield f"{path} joins {join!r}, not On a text the Values of a list"
            return
        for value in join["Values"]:
            if models.is_late(value):
                yield from self._late("join", value, path)
            elif not isinstance(value, str):
                yield f"{path} joins {value!r}, which is no text"

    def _get(self, kind: str, source: str, path: str) -> Iterator[str]:
        root, _, name = source.partition(".")
        if root == "Parameters" and name in self.parameters:
            if TAKES[kind] not in {None, self.parameters[name]}:
                yield f"{path} gets {source}, a {self.parameters[name]}, where a {kind} stands"
        elif root == "Steps" and kind in {"string", "join"}:
            yield from self._get_output(source, name, path)
        elif root != "Execution" or name not in EXECUTION or kind not in {"string", "join"}:
            yield f"{path} gets {source}, which is not there for a {kind}"

    def _get_output(self, source: str, name: str, path: str) -> Iterator[str]:
        step, _, rest = name.partition(".")
        output = OUTPUT.fullmatch(rest)
        if not output or output[1] not in self.outputs.get(step, ()):
            yield f"{path} gets {source}, which no step has"
        else:
            self.before[self.step].add(step)


def _outputs(arguments: dict[str, Any]) -> list[Any]:
    config = arguments.get("ProcessingOutputConfig")
    outputs = config.get("Outputs") if isinstance(config, dict) else None
    return [o.get("OutputName") for o in outputs or () if isinstance(o, dict)]


def _twice(place: str, names: list[Any]) -> Iterator[str]:
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"{place}: {names.count(name)} are called {name!r}"


def _job(arguments: dict[str, Any]) -> Iterator[str]:
    """
    What SageMaker says of a job in words only; the arguments have the model's shape.

    https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
    """
    image = arguments.get("AppSpecification", {}).get("ImageUri")
    if isinstance(image, str) and not IMAGE.fullmatch(image):
        yield f"the image {image!r} is none of ECR"
    inputs = [
        (i.get("InputName"), i.get("S3Input")) for i in arguments.get("ProcessingInputs", ())
    ]
    config = arguments.get("ProcessingOutputConfig", {})
    outputs = [(o.get("OutputName"), o.get("S3Output")) for o in config.get("Outputs", ())]
    yield from _twice("ProcessingInputs", [name for name, _ in inputs])
    yield from _twice("Outputs", [name for name, _ in outputs])
    paths = [place.get("LocalPath") for _, place in (*inputs, *outputs) if place]
    yield from _twice("LocalPath", paths)
    for path in paths:
        if not str(path).startswith(PROCESSING):
            yield f"LocalPath {path!r} is not below {PROCESSING}"
