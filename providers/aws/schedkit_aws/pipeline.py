"""
What a pipeline becomes: a SageMaker Pipeline, and all that its schedules share.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.backend import Target
from schedkit.plan import Json, Node, Plan, Ref
from schedkit_aws import definition, files, gate, identity, names, timeouts, verdicts


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.pipeline import PipelineSpec
    from schedkit_aws.options import Options

PIPELINE = "aws:sagemaker/pipeline:Pipeline"
NATIVE = "aws-native:sagemaker:Pipeline"
GROUP = "aws:scheduler/scheduleGroup:ScheduleGroup"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
MACHINE = "aws:sfn/stateMachine:StateMachine"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
LONGEST_LETTER = 1_209_600
"""Seconds that a queue keeps a message at most: 14 days."""


def compile_pipeline(spec: PipelineSpec, target: Target, options: Options) -> Plan:
    """
    The SageMaker Pipeline with its roles, bucket, gate and dead-letter queue.
    """
    can_run = verdicts.can_run(spec, options)
    body = definition.definition(spec, target, options) if can_run else {}
    findings = tuple(verdicts.findings(spec, options, body))
    return Plan(
        "aws",
        "Pipeline",
        spec.name,
        nodes=_nodes(spec, target, options, body) if can_run else (),
        findings=findings,
        shared=shared(target, options),
    )


def shared(target: Target, options: Options) -> tuple[Node, ...]:
    """
    The schedule group of the stack.
    """
    if options.scheduler == "rules":
        return ()
    return _group(names.group(target), tuple(options.tags.items()))


@lru_cache
def _group(name: str, tags: tuple[tuple[str, str], ...]) -> tuple[Node]:
    inputs = {"name": name, "tags": dict(tags)}
    return (Node("group", GROUP, inputs, options={"delete_before_replace": True}),)


def _nodes(
    spec: PipelineSpec, target: Target, options: Options, body: dict[str, object]
) -> tuple[Node, ...]:
    gated = timeouts.is_gated(spec)
    starter = "events" if options.scheduler == "rules" else "scheduler"
    kinds = ("pipeline", "job", starter, *(["gate"] if gated else []))
    return (
        _pipeline(spec, target, options, Json(body)),
        *identity.roles(spec, target, options, kinds),
        *files.nodes(spec, target, options),
        *_letters(spec, target, options),
        *(_gate(spec, target, options) if gated else ()),
    )


def _pipeline(spec: PipelineSpec, target: Target, options: Options, body: Json) -> Node:
    name = names.pipeline(spec, target)
    tags = names.tags(spec, target, options)
    inputs: dict[str, object] = {
        "pipelineName": name,
        "pipelineDisplayName": name,
        "roleArn": identity.role_arn("pipeline", options),
    }
    if options.max_parallel_steps:
        most = {"maxParallelExecutionSteps": options.max_parallel_steps}
        inputs["parallelismConfiguration"] = most
    after = ("pipeline_policy", "job_policy")
    made = tuple(
        key for key in after if identity.given(key.removesuffix("_policy"), options) is None
    )
    fixed = {"delete_before_replace": True}
    if options.engine == "native":
        listed = [{"key": key, "value": value} for key, value in tags.items()]
        own = {"pipelineDefinition": {"pipelineDefinitionBody": body}, "tags": listed}
        return Node("pipeline", NATIVE, {**inputs, **own}, after=made, options=fixed)
    own = {"pipelineDefinition": body, "tags": tags}
    return Node("pipeline", PIPELINE, {**inputs, **own}, after=made, options=fixed)


def _letters(spec: PipelineSpec, target: Target, options: Options) -> Iterator[Node]:
    """
    A queue for what could not be delivered, and an alarm as soon as something lies in it.
    """
    name, tags = names.beside(spec, target, "dlq", "queue"), names.tags(spec, target, options)
    queue: dict[str, object] = {
        "name": name,
        "messageRetentionSeconds": LONGEST_LETTER,
        "tags": tags,
    }
    key = (
        {"kmsMasterKeyId": options.kms_key} if options.kms_key else {"sqsManagedSseEnabled": True}
    )
    yield Node("dead_letters", QUEUE, queue | key, options={"delete_before_replace": True})
    metric = {
        "namespace": "AWS/SQS",
        "metricName": "ApproximateNumberOfMessagesVisible",
        "dimensions": {"QueueName": Ref("dead_letters", "name")},
        "statistic": "Maximum",
        "period": 300,
    }
    told = f"a run of {spec.name} could not be started: its request lies in the queue {name}"
    yield _alarm("dead_letters_alarm", name, told, metric, tags, options)
    if options.scheduler == "rules":
        policy = Json(identity.document(_rules_may_write(options)))
        inputs = {"queueUrl": Ref("dead_letters", "url"), "policy": policy}
        yield Node("dead_letters_policy", QUEUE_POLICY, inputs)


def _rules_may_write(options: Options) -> identity.Statement:
    own = {
        "StringEquals": {"aws:SourceAccount": names.ACCOUNT},
        "ArnLike": {"aws:SourceArn": names.arn(options, "events", "rule/*")},
    }
    letters = Ref("dead_letters", "arn")
    found = identity.allow("Rules", ["sqs:SendMessage"], letters, own)
    return {**found, "Principal": {"Service": "events.amazonaws.com"}}


def _gate(spec: PipelineSpec, target: Target, options: Options) -> Iterator[Node]:
    """
    The state machine, and an alarm when it fails: the dead-letter queue does not see that.
    """
    name, tags = identity.gate_name(spec, target), names.tags(spec, target, options)
    body = gate.definition(names.pipeline(spec, target), spec.overlap, timeouts.watched(spec))
    inputs = {
        "name": name,
        "roleArn": identity.role_arn("gate", options),
        "definition": Json(body),
        "type": "STANDARD",
        "tags": tags,
    }
    after = ("pipeline", *(["gate_policy"] if options.gate_role is None else []))
    yield Node("gate", MACHINE, inputs, after=after, options={"delete_before_replace": True})
    told = f"a run of {spec.name} was not started or not watched: look at the state machine {name}"
    queries = [
        {"id": "bad", "expression": _ANY, "label": "not done", "returnData": True},
        *(_query(key, metric) for key, metric in _FAILURES.items()),
    ]
    yield _alarm("gate_alarm", name, told, {"metricQueries": queries}, tags, options)


_FAILURES = {
    "failed": "ExecutionsFailed",
    "late": "ExecutionsTimedOut",
    "aborted": "ExecutionsAborted",
}
_ANY = " + ".join(f"FILL({name}, 0)" for name in _FAILURES)
"""A metric of nothing is missing, not zero, and would make the whole sum missing."""


def _query(key: str, metric: str) -> dict[str, object]:
    own = {
        "namespace": "AWS/States",
        "metricName": metric,
        "dimensions": {"StateMachineArn": Ref("gate", "arn")},
        "stat": "Sum",
        "period": 300,
    }
    return {"id": key, "metric": own, "returnData": False}


def _alarm(
    key: str,
    name: str,
    told: str,
    metric: dict[str, object],
    tags: dict[str, str],
    options: Options,
) -> Node:
    inputs = {
        "name": name,
        "alarmDescription": told,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 0,
        "evaluationPeriods": 1,
        "treatMissingData": "notBreaching",
        "tags": tags,
        **metric,
    }
    if options.alarm_topics:
        inputs["alarmActions"] = list(options.alarm_topics)
    return Node(key, ALARM, inputs, options={"delete_before_replace": True})
