"""
EventBridge, acted out: puts what a plan promises into moto, reads the schedules back, and calls
what they call at their ticks.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import attrs
import boto3
import pytest
from botocore import xform_name
from models import mistakes, service
from moto.sagemaker.models import sagemaker_backends
from templates import ACCOUNT, REGION, resolved

from schedkit.backend import Target
from schedkit.plan import Json, Node, dumps
from schedkit.planning import plan_for
from schedkit.recurrence.dialects import Dialect, Native
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.eventbridge_rules import EVENTBRIDGE_RULES
from schedkit.schedule import ScheduleSpec
from schedkit_aws.backend import Aws


UNIVERSAL = re.compile(r"arn:aws:scheduler:::aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)")
RULE, RULE_TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
# Node -> the call that makes it, and where its names differ; tags, queue, alarms and bucket are
# not needed for a tick.
CALLS: dict[str, tuple[str, str, dict[str, str]]] = {
    "aws:iam/role:Role": (
        "iam",
        "CreateRole",
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        "iam",
        "PutRolePolicy",
        {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    ),
    "aws:sagemaker/pipeline:Pipeline": ("sagemaker", "CreatePipeline", {}),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("scheduler", "CreateScheduleGroup", {}),
    "aws:sfn/stateMachine:StateMachine": (
        "stepfunctions",
        "CreateStateMachine",
        {key: key for key in ("name", "definition", "roleArn", "type")},
    ),
    SCHEDULE: ("scheduler", "CreateSchedule", {}),
    RULE: ("events", "PutRule", {}),
}
NAMES = {
    "inputPaths": "InputPathsMap",
    "pipelineParameterLists": "PipelineParameterList",
    "sagemakerPipelineTarget": "SageMakerPipelineParameters",
    "targetId": "Id",
}
SECONDS = 60  # until a gate that does not end fails its test


@cache
def client(name: str) -> Any:
    """
    One for all tests: to make one reads megabytes.
    """
    secret = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(name, region_name=REGION, **secret)


@attrs.frozen
class Call:
    """
    What a tick of one native schedule asks AWS for.

    Attributes:
        at: The tick, as the platform writes it.
        service: As botocore calls it.
        operation: As the API reference calls it.
        request: Its arguments.
    """

    at: str
    service: str
    operation: str
    request: Mapping[str, Any]

    @property
    def wrong(self) -> list[str]:
        """
        What the service's own model says against the request.
        """
        shape = service(self.service).operation_model(self.operation).input_shape.name
        return mistakes(self.service, shape, dict(self.request))

    def make(self) -> dict[str, Any]:
        """
        Ask moto for it; a state machine has ended when this returns.
        """
        own = {"name": str(uuid.uuid4())} if self.operation == "StartExecution" else {}
        called = getattr(client(self.service), xform_name(self.operation))
        answer = called(**self.request, **own)
        if "executionArn" in answer:
            _wait(answer["executionArn"])
        return answer


@attrs.frozen
class Deployed:
    """
    A schedule in moto, by the nodes of its plan as they were sent.
    """

    nodes: Mapping[str, Node]

    def calls(self, start: datetime, stop: datetime, attempt: int = 1) -> list[Call]:
        """
        What all its natives ask for from *start* to *stop*, both included, in order of ticks.
        """
        found = []
        for node in self.nodes.values():
            if node.token in {SCHEDULE, RULE}:
                acted = _schedule if node.token == SCHEDULE else _rule
                found += acted(node, int(start.timestamp()), int(stop.timestamp()) + 1, attempt)
        return sorted(found, key=lambda call: call.at)

    @property
    def pipeline(self) -> str:
        """
        The name of the pipeline that it starts.
        """
        return self.nodes["pipeline/pipeline"].inputs["pipelineName"]

    @property
    def runs(self) -> list[Any]:
        """
        All runs of its pipeline, as moto keeps them: no call of the API tells their tokens.
        """
        pipelines = sagemaker_backends[ACCOUNT][REGION].pipelines
        return list(pipelines[self.pipeline].pipeline_executions.values())

    @property
    def wrong(self) -> list[str]:
        """
        What SageMaker's own model says against the runs, which a gate may have asked for.
        """
        found = []
        for run in self.runs:
            asked = {
                "PipelineName": self.pipeline,
                "ClientRequestToken": run.client_request_token,
                "PipelineExecutionDescription": run.pipeline_execution_description,
                "PipelineParameters": run.pipeline_parameters,
            }
            given = {key: value for key, value in asked.items() if value is not None}
            found += mistakes("sagemaker", "StartPipelineExecutionRequest", given)
        return found

    @property
    def declared(self) -> set[str]:
        """
        The parameters that the pipeline in moto has.
        """
        found = client("sagemaker").describe_pipeline(PipelineName=self.pipeline)
        return {each["Name"] for each in json.loads(found["PipelineDefinition"])["Parameters"]}


def deploy(backend: Aws, target: Target, *specs: ScheduleSpec) -> list[Deployed]:
    """
    Put the plans of schedules and of their pipelines into moto; what two share is put once.
    """
    every = [
        resolved(plan_for(backend, spec.pipeline, target), plan_for(backend, spec, target))
        for spec in specs
    ]
    made: list[Node] = []
    for token, (name, operation, names) in CALLS.items():
        for node in (node for nodes in every for node in nodes.values() if node.token == token):
            if node not in made:
                request = _arguments(name, operation, node, names)
                getattr(client(name), xform_name(operation))(**request)
                made.append(node)
    for node in (node for nodes in every for node in nodes.values() if node.token == RULE_TARGET):
        own = {k: v for k, v in node.inputs.items() if k != "rule"}
        client("events").put_targets(Rule=node.inputs["rule"], Targets=[_sent(own)])
    return [Deployed(nodes) for nodes in every]


def runs_by_token(runs: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """
    The parameters of every run: SageMaker would start one run of each token.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        values = {each["Name"]: each["Value"] for each in run.pipeline_parameters}
        found.setdefault(run.client_request_token, []).append(values)
    return found


def written(instant: datetime) -> str:
    """
    As EventBridge writes an instant: `2022-03-22T18:59:43Z`.
    """
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _arguments(name: str, operation: str, node: Node, names: Mapping[str, str]) -> dict[str, Any]:
    members = service(name).operation_model(operation).input_shape.members
    sent = {names.get(k) or _capital(k): _sent(v) for k, v in node.inputs.items()}
    return {k: v for k, v in sent.items() if k in members and k.lower() != "tags"}


def _capital(key: str) -> str:
    return NAMES.get(key) or key[0].upper() + key[1:]


def _sent(value: Any) -> Any:
    match value:
        case Json():
            return dumps(value.document)
        case Mapping():
            return {k if k == "time" else _capital(k): _sent(v) for k, v in value.items()}
        case list():
            return [_sent(each) for each in value]
    return value


def _schedule(node: Node, start: int, stop: int, attempt: int) -> Iterator[Call]:
    """
    What EventBridge Scheduler does by a schedule.
    """
    name, group = node.inputs["name"], node.inputs["groupName"]
    found = client("scheduler").get_schedule(Name=name, GroupName=group)
    if found["State"] != "ENABLED":
        return
    more = {key: written(found[key]) for key in ("StartDate", "EndDate") if key in found}
    native = Native(found["ScheduleExpression"], found["ScheduleExpressionTimezone"], more)
    for at in _ticks(EVENTBRIDGE, native, start, stop):
        known = {
            "schedule-arn": found["Arn"],
            "scheduled-time": at,
            "execution-id": str(uuid.uuid4()),
            "attempt-number": str(attempt),
        }
        given = _filled(r"<aws\.scheduler\.([a-z-]+)>", found["Target"]["Input"], known)
        yield _called(at, found["Target"]["Arn"], given)


def _rule(node: Node, start: int, stop: int, attempt: int) -> Iterator[Call]:
    """
    What EventBridge does by a rule, for each of its targets.
    """
    del attempt  # a rule's event does not tell
    found = client("events").describe_rule(Name=node.inputs["name"])
    targets = client("events").list_targets_by_rule(Rule=node.inputs["name"])["Targets"]
    if found["State"] != "ENABLED":
        return
    native = Native(found["ScheduleExpression"], "UTC", {})
    for at in _ticks(EVENTBRIDGE_RULES, native, start, stop):
        event = {"source": "aws.events", "time": at, "resources": [found["Arn"]], "detail": {}}
        for target in targets:
            if "InputTransformer" in target:
                how = target["InputTransformer"]
                known = {key: _path(path, event) for key, path in how["InputPathsMap"].items()}
                given = _filled(r"<(\w+)>", how["InputTemplate"], known)
                yield _called(at, target["Arn"], given)
            else:
                listed = target["SageMakerPipelineParameters"]["PipelineParameterList"]
                values = [{**each, "Value": _path(each["Value"], event)} for each in listed]
                name = target["Arn"].partition(":pipeline/")[2]
                # The model asks for a token of 32 characters; every SDK makes up a new one.
                own = {"ClientRequestToken": str(uuid.uuid4()), "PipelineParameters": values}
                request = {"PipelineName": name, **own}
                yield Call(at, "sagemaker", "StartPipelineExecution", request)


def _filled(placeholder: str, text: str, known: Mapping[str, str]) -> str:
    return re.sub(placeholder, lambda found: known[found[1]], text)


def _ticks(dialect: Dialect, native: Native, start: int, stop: int) -> Iterator[str]:
    for epoch in dialect.fires(native, start, stop):
        yield written(datetime.fromtimestamp(epoch, UTC))


def _path(text: str, event: Mapping[str, Any]) -> str:
    return event[text.removeprefix("$.")] if text.startswith("$.") else text


def _called(at: str, arn: str, given: str) -> Call:
    if universal := UNIVERSAL.fullmatch(arn):
        operation = universal[2][0].upper() + universal[2][1:]
        return Call(at, universal[1], operation, json.loads(given))
    assert arn.startswith(f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:")
    json.loads(given)
    return Call(at, "stepfunctions", "StartExecution", {"stateMachineArn": arn, "input": given})


def _wait(execution: str) -> None:
    last = time.monotonic() + SECONDS
    while time.monotonic() < last:
        found = client("stepfunctions").describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            assert found["status"] == "SUCCEEDED", found
            return
        time.sleep(0.01)
    pytest.fail(f"no end after {SECONDS} s: {execution}")
