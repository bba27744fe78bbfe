"""
A plan's nodes as a template of CloudFormation, so that cfn-lint can judge them.

Inputs map mechanically, the first letter becomes a capital, but for the tables below. What only a
deployment knows gets a plausible value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
from cfnlint.api import lint as cfn_lint
from cfnlint.config import ManualArgs

from schedkit.plan import Apply, Json, Lookup, Node, Plan, Ref, Text, dumps


ACCOUNT, REGION = "123456789012", "eu-central-1"
HERE = f"{REGION}:{ACCOUNT}"
LOOKUPS = {
    ("aws:index/getCallerIdentity:getCallerIdentity", "accountId"): ACCOUNT,
    ("aws:index/getRegion:getRegion", "region"): REGION,
}
BUCKET = "aws:s3/bucket:Bucket"
RULE = "aws:cloudwatch/eventRule:EventRule"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:{{name}}"
PIPELINE = f"arn:aws:sagemaker:{HERE}:pipeline/{{pipelineName}}"
QUEUE = "aws:sqs/queue:Queue"
# What a resource has beside its inputs; a Ref to any other output is a KeyError.
OUTPUTS = {
    ("aws-native:sagemaker:Pipeline", "pipelineName"): "{pipelineName}",
    ("aws:iam/role:Role", "arn"): f"arn:aws:iam::{ACCOUNT}:role{{path}}{{name}}",
    ("aws:iam/role:Role", "id"): "{name}",
    ("aws:sagemaker/pipeline:Pipeline", "arn"): PIPELINE,
    ("aws:scheduler/scheduleGroup:ScheduleGroup", "arn"): (
        f"arn:aws:scheduler:{HERE}:schedule-group/{{name}}"
    ),
    ("aws:sfn/stateMachine:StateMachine", "arn"): MACHINE,
    ("aws:sfn/stateMachine:StateMachine", "id"): MACHINE,
    (BUCKET, "arn"): "arn:aws:s3:::{bucket}",
    (BUCKET, "id"): "{bucket}",
    (QUEUE, "arn"): f"arn:aws:sqs:{HERE}:{{name}}",
    (QUEUE, "id"): f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{{name}}",
    (QUEUE, "url"): f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{{name}}",
    (RULE, "arn"): f"arn:aws:events:{HERE}:rule/{{name}}",
}
TYPES: dict[str, tuple[str, dict[str, str]]] = {
    "aws-native:sagemaker:Pipeline": ("AWS::SageMaker::Pipeline", {}),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("AWS::CloudWatch::Alarm", {"name": "AlarmName"}),
    "aws:iam/role:Role": (
        "AWS::IAM::Role",
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        "AWS::IAM::RolePolicy",
        {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    ),
    "aws:s3/bucketPolicy:BucketPolicy": ("AWS::S3::BucketPolicy", {"policy": "PolicyDocument"}),
    "aws:sagemaker/pipeline:Pipeline": ("AWS::SageMaker::Pipeline", {}),
    "aws:scheduler/schedule:Schedule": ("AWS::Scheduler::Schedule", {}),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("AWS::Scheduler::ScheduleGroup", {}),
    "aws:sfn/stateMachine:StateMachine": (
        "AWS::StepFunctions::StateMachine",
        {"name": "StateMachineName", "type": "StateMachineType"},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": (
        "AWS::SQS::QueuePolicy",
        {"queueUrl": "Queues", "policy": "PolicyDocument"},
    ),
    BUCKET: ("AWS::S3::Bucket", {"bucket": "BucketName"}),
    QUEUE: (
        "AWS::SQS::Queue",
        {"name": "QueueName", "messageRetentionSeconds": "MessageRetentionPeriod"},
    ),
    RULE: ("AWS::Events::Rule", {}),
}
# Part -> its owner, what names the owner in it, and the owner's property that it fills.
PARTS = {
    "aws:cloudwatch/eventTarget:EventTarget": (RULE, "rule", "Targets"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        *(BUCKET, "bucket"),
        "LifecycleConfiguration",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        *(BUCKET, "bucket"),
        "PublicAccessBlockConfiguration",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        *(BUCKET, "bucket"),
        "BucketEncryption",
    ),
}
NAMED = {BUCKET: "bucket", RULE: "name"}
AUTO_NAMED = {"bucket": "train-files-1a2b3c4"}
RENAMED = {
    "applyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault",
    "inputPaths": "InputPathsMap",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "pipelineParameterLists": "PipelineParameterList",
    "pipelineParameters": "PipelineParameterList",
    "sagemakerPipelineParameters": "SageMakerPipelineParameters",
    "sagemakerPipelineTarget": "SageMakerPipelineParameters",
    "sseAlgorithm": "SSEAlgorithm",
    "targetId": "Id",
}
PAIRS = {"dimensions": ("Name", "Value"), "tags": ("Key", "Value")}
LISTS = {"queueUrl"}
TEXTS = {"input", "inputTemplate", "pipelineDefinition", "pipelineDefinitionBody"}
# What CloudFormation has elsewhere: in `DeletionPolicy`, or not at all.
PULUMIS = {"forceDestroy", "skipDestroy"}
# What the API takes and CloudFormation does not.
ABSENT = {("aws:scheduler/schedule:Schedule", "ActionAfterCompletion")}
EXPECTED = {
    "I3011": "what becomes of a deleted resource: Pulumi has its own options for that",
}
"""Rules whose findings stand, each with its reason."""


def resolved(pipeline: Plan, schedule: Plan | None = None) -> dict[str, Node]:
    """
    Every node by its address in the schedule's plan, with plain data and `Json` for inputs.
    """
    plans = [pipeline] if schedule is None else [pipeline, schedule]
    nodes = {f"shared/{node.key}": node for plan in plans for node in plan.shared}
    nodes |= {f"pipeline/{node.key}": node for node in pipeline.nodes}
    nodes |= {node.key: node for node in (schedule.nodes if schedule else ())}
    deployment = _Deployment(nodes)
    return {address: deployment.node(address) for address in nodes}


class _Deployment:
    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes, self.done = nodes, dict[str, Node]()

    def node(self, address: str) -> Node:
        if address not in self.done:
            node = self.nodes[address]
            room = address.removesuffix(node.key)
            inputs = {key: self.value(item, room) for key, item in node.inputs.items()}
            self.done[address] = attrs.evolve(node, inputs=inputs)
        return self.done[address]

    def value(self, value: object, room: str) -> Any:
        match value:
            case Ref(node=key, output=output):
                return self.output(self.node(key if "/" in key else room + key), output)
            case Lookup():
                return LOOKUPS[value.token, value.output]
            case Text():
                return "".join(str(self.value(part, room)) for part in value.parts)
            case Json():
                return Json(self.value(value.document, room))
            case Apply():
                return value.rule(*(self.value(item, room) for item in value.values))
            case Mapping():
                return {key: self.value(item, room) for key, item in value.items()}
            case list() | tuple():
                return [self.value(item, room) for item in value]
            case _ if isinstance(value, (str, int, float, bool, type(None))):
                return value
        raise TypeError(f"{value!r} is known at deploy only")

    def output(self, node: Node, output: str) -> Any:
        known = {"path": "/", **(AUTO_NAMED if node.token == BUCKET else {}), **node.inputs}
        text = OUTPUTS.get((node.token, output))
        return text.format(**known) if text else known[output]


def template(nodes: Mapping[str, Node]) -> dict[str, Any]:
    """
    `resolved` nodes as a template; a token that the tables lack is a KeyError.
    """
    wholes = {key: node for key, node in nodes.items() if node.token not in PARTS}
    bodies = {key: properties(node) for key, node in wholes.items()}
    for node in (node for node in nodes.values() if node.token in PARTS):
        owner, name, property_ = PARTS[node.token]
        below = bodies[_owner(wholes, owner, node.inputs[name])]
        part = _pascal({k: v for k, v in node.inputs.items() if k != name})
        below[property_] = SHAPED[property_](below.get(property_), part)
    resources = {
        "".join(word.capitalize() for word in key.replace("/", "_").split("_")): {
            "Type": TYPES[node.token][0],
            "Properties": {k: v for k, v in bodies[key].items() if (node.token, k) not in ABSENT},
        }
        for key, node in wholes.items()
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def lint(whole: Mapping[str, Any], *ignored: str) -> list[str]:
    """
    What cfn-lint finds in a template, but for `EXPECTED`: the rule, the place and what is wrong.
    """
    config = ManualArgs(include_checks=["I"], regions=[REGION])
    return sorted(
        f"{found.rule.id} {'/'.join(str(part) for part in found.path[1:])}: {found.message}"
        for found in cfn_lint(json.dumps(whole), config=config)
        if found.rule.id not in {*EXPECTED, *ignored}
    )


def _owner(wholes: Mapping[str, Node], token: str, name: object) -> str:
    """
    The address of the node of that token which a part calls by that name.
    """
    (found,) = (
        key
        for key, node in wholes.items()
        if node.token == token and name == {**AUTO_NAMED, **node.inputs}[NAMED[token]]
    )
    return found


def properties(node: Node) -> dict[str, Any]:
    """
    A `resolved` node's inputs by the names of AWS.
    """
    _, names = TYPES.get(node.token, ("", {}))  # a part has no type
    found = {
        names.get(key) or _capital(key): _pascal(value, key)
        for key, value in node.inputs.items()
        if key not in PULUMIS
    }
    if "MetricQueries" in found:
        found["Metrics"] = [_query(query) for query in found.pop("MetricQueries")]
    if isinstance(found.get("PipelineDefinition"), str):
        found["PipelineDefinition"] = {"PipelineDefinitionBody": found["PipelineDefinition"]}
    return found


def _query(query: dict[str, Any]) -> dict[str, Any]:
    """
    CloudFormation has a metric of its own in the metric of a query.
    """
    if "Metric" not in query:
        return query
    own = {k: v for k, v in query["Metric"].items() if k not in {"Stat", "Period"}}
    stat = {k: query["Metric"][k] for k in ("Stat", "Period")}
    return {
        **{k: v for k, v in query.items() if k != "Metric"},
        "MetricStat": {"Metric": own, **stat},
    }


def _capital(key: str) -> str:
    return RENAMED.get(key) or key[0].upper() + key[1:]


def _pascal(value: Any, key: str = "") -> Any:
    match value:
        case Json():
            return dumps(value.document) if key in TEXTS else value.document
        case Mapping() if key in PAIRS:
            name, held = PAIRS[key]
            return [{name: one, held: other} for one, other in value.items()]
        case Mapping():
            return {
                _capital(one) if key != "inputPaths" else one: _pascal(other, one)
                for one, other in value.items()
            }
        case list():
            return [_pascal(item) for item in value]
    return [value] if key in LISTS else value


def _lifecycle(_: object, part: dict[str, Any]) -> dict[str, Any]:
    """
    CloudFormation's rules are flat where S3's have a filter and an expiration.
    """
    rules = []
    for rule in part["Rules"]:
        flat = {k: v for k, v in rule.items() if k not in {"Filter", "Expiration"}}
        flat |= {"Prefix": rule["Filter"]["Prefix"]}
        flat |= {"ExpirationInDays": rule["Expiration"]["Days"]}
        rules.append(flat)
    return {"Rules": rules}


def _encryption(_: object, part: dict[str, Any]) -> dict[str, Any]:
    for rule in part["Rules"]:
        default = rule["ServerSideEncryptionByDefault"]
        if "KmsMasterKeyId" in default:  # S3 alone writes it so
            default["KMSMasterKeyID"] = default.pop("KmsMasterKeyId")
    return {"ServerSideEncryptionConfiguration": part["Rules"]}


SHAPED = {
    "BucketEncryption": _encryption,
    "LifecycleConfiguration": _lifecycle,
    "PublicAccessBlockConfiguration": lambda _, part: part,
    "Targets": lambda before, part: [*(before or ()), {"Id": "target", **part}],
}
