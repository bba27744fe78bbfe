from __future__ import annotations

import json

import pytest
import templates

from schedkit.plan import Apply, Json, Lookup, Node, Plan, Ref, Text


ACCOUNT = Lookup("aws:index/getCallerIdentity:getCallerIdentity", "accountId")
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    ],
}
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": Ref("letters", "arn")}
MACHINE = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 15, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}
SSE = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
PIPELINE = Plan(
    "aws",
    "Pipeline",
    "train",
    shared=(
        Node(
            "group",
            "aws:scheduler/scheduleGroup:ScheduleGroup",
            {"name": "shop-dev", "tags": {"schedkit": "shop"}},
        ),
    ),
    nodes=(
        Node(
            "pipeline",
            "aws:sagemaker/pipeline:Pipeline",
            {
                "pipelineName": "train",
                "pipelineDisplayName": "train",
                "roleArn": Ref("role", "arn"),
                "pipelineDefinition": Json({"Version": "2020-12-01", "Steps": []}),
                "parallelismConfiguration": {"maxParallelExecutionSteps": 4},
                "tags": {"schedkit": "train"},
            },
        ),
        Node(
            "role",
            "aws:iam/role:Role",
            {"name": "train", "path": "/ml/", "assumeRolePolicy": Json(TRUST)},
        ),
        Node(
            "policy",
            "aws:iam/rolePolicy:RolePolicy",
            {
                "name": "train",
                "role": Ref("role", "name"),
                "policy": Json({"Version": "2012-10-17", "Statement": [SEND]}),
            },
        ),
        Node(
            "letters",
            "aws:sqs/queue:Queue",
            {"name": "train", "messageRetentionSeconds": 1209600, "sqsManagedSseEnabled": True},
        ),
        Node(
            "letters_alarm",
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            {
                "name": "train",
                "namespace": "AWS/SQS",
                "metricName": "ApproximateNumberOfMessagesVisible",
                "dimensions": {"QueueName": Ref("letters", "name")},
                "statistic": "Maximum",
                "period": 300,
                "evaluationPeriods": 1,
                "threshold": 0,
                "comparisonOperator": "GreaterThanThreshold",
            },
        ),
        Node("files", "aws:s3/bucket:Bucket", {"forceDestroy": False}),
        Node(
            "files_encryption",
            SSE,
            {
                "bucket": Ref("files", "bucket"),
                "rules": [
                    {
                        "applyServerSideEncryptionByDefault": {
                            "sseAlgorithm": "aws:kms",
                            "kmsMasterKeyId": Apply(str.lower, (KEY.upper(),)),
                        }
                    }
                ],
            },
        ),
        Node("files_access", ACCESS, {"bucket": Ref("files", "id"), "blockPublicAcls": True}),
        Node(
            "files_lifecycle",
            LIFECYCLE,
            {
                "bucket": Ref("files", "bucket"),
                "rules": [
                    {
                        "id": "runs",
                        "status": "Enabled",
                        "filter": {"prefix": "train/"},
                        "expiration": {"days": 30},
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
                    }
                ],
            },
        ),
        Node(
            "gate",
            "aws:sfn/stateMachine:StateMachine",
            {"name": "train", "roleArn": Ref("role", "arn"), "definition": Json(MACHINE)},
        ),
    ),
)
SCHEDULE = Plan(
    "aws",
    "Schedule",
    "nightly",
    nodes=(
        Node(
            "schedule",
            "aws:scheduler/schedule:Schedule",
            {
                "name": "nightly",
                "groupName": Ref("shared/group", "name"),
                "scheduleExpression": "cron(0 3 ? * MON-FRI *)",
                "flexibleTimeWindow": {"mode": "OFF"},
                "state": "ENABLED",
                "target": {
                    "arn": Ref("pipeline/gate", "arn"),
                    "roleArn": Ref("pipeline/role", "arn"),
                    "input": Json({"token": Text("nightly-", ACCOUNT)}),
                    "deadLetterConfig": {"arn": Ref("pipeline/letters", "arn")},
                    "retryPolicy": {"maximumRetryAttempts": 3},
                },
            },
        ),
        Node(
            "rule",
            "aws:cloudwatch/eventRule:EventRule",
            {"name": "nightly", "scheduleExpression": "rate(1 hour)", "state": "ENABLED"},
        ),
        Node(
            "target",
            "aws:cloudwatch/eventTarget:EventTarget",
            {
                "rule": Ref("rule", "name"),
                "arn": Ref("pipeline/pipeline", "arn"),
                "roleArn": Ref("pipeline/role", "arn"),
                "sagemakerPipelineTarget": {
                    "pipelineParameterLists": [{"name": "Time", "value": "$.time"}]
                },
            },
        ),
    ),
)


def whole():
    return templates.template(templates.resolved(PIPELINE, SCHEDULE))


def properties(name):
    return whole()["Resources"][name]["Properties"]


def test_nothing_is_wrong_with_a_good_template():
    """
    Every kind of node maps to a resource that cfn-lint takes, in one template.
    """
    made = whole()
    assert 10 == len(made["Resources"])
    assert [] == templates.lint(made)


def test_references_become_what_a_deployment_would_give():
    """
    ARNs, names, lookups, texts, rules and documents are plain data.
    """
    role = "arn:aws:iam::123456789012:role/ml/train"
    assert {
        "Name": "nightly",
        "GroupName": "shop-dev",
        "ScheduleExpression": "cron(0 3 ? * MON-FRI *)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "Target": {
            "Arn": "arn:aws:states:eu-central-1:123456789012:stateMachine:train",
            "RoleArn": role,
            "Input": '{"token":"nightly-123456789012"}',
            "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-central-1:123456789012:train"},
            "RetryPolicy": {"MaximumRetryAttempts": 3},
        },
    } == properties("Schedule")
    assert {
        "PipelineName": "train",
        "PipelineDisplayName": "train",
        "RoleArn": role,
        "PipelineDefinition": {"PipelineDefinitionBody": '{"Steps":[],"Version":"2020-12-01"}'},
        "ParallelismConfiguration": {"MaxParallelExecutionSteps": 4},
        "Tags": [{"Key": "schedkit", "Value": "train"}],
    } == properties("PipelinePipeline")
    assert [{"Name": "QueueName", "Value": "train"}] == properties("PipelineLettersAlarm")[
        "Dimensions"
    ]


def test_parts_are_merged_into_what_they_belong_to():
    """
    CloudFormation has no resources for the parts of a bucket and the targets of a rule.
    """
    key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": key}]
        },
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "runs",
                    "Status": "Enabled",
                    "Prefix": "train/",
                    "ExpirationInDays": 30,
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                }
            ]
        },
    } == properties("PipelineFiles")
    assert [
        {
            "Id": "target",
            "Arn": "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/train",
            "RoleArn": "arn:aws:iam::123456789012:role/ml/train",
            "SageMakerPipelineParameters": {
                "PipelineParameterList": [{"Name": "Time", "Value": "$.time"}]
            },
        }
    ] == properties("Rule")["Targets"]


def test_a_strange_token_is_loud():
    """
    What the tables do not know is no template.
    """
    strange = Plan("aws", "Pipeline", "train", nodes=(Node("x", "aws:sns/topic:Topic", {}),))
    with pytest.raises(KeyError, match="aws:sns/topic:Topic"):
        templates.template(templates.resolved(strange))


@pytest.mark.parametrize(
    ("node", "error"),
    [
        (Node("x", "aws:sqs/queue:Queue", {"name": Lookup("a:b:c", "d")}), KeyError),
        (Node("x", "aws:sqs/queue:Queue", {"name": Ref("pipeline", "nope")}), KeyError),
        (Node("x", "aws:sqs/queue:Queue", {"name": object()}), TypeError),
    ],
)
def test_what_nobody_can_know_is_loud(node, error):
    """
    A lookup, an output or a value that the tables lack raises.
    """
    plan = Plan("aws", "Pipeline", "train", nodes=(*PIPELINE.nodes, node))
    with pytest.raises(error):
        templates.resolved(plan)


MISTAKES = [
    ("Schedule", "ScheduleExpresion", "rate(1 hour)", "E3002", "/ScheduleExpresion"),
    ("Schedule", "State", "enabled", "E3030", "/State"),
    ("Schedule", "Name", "a b", "E3031", "/Name"),
    ("Schedule", "FlexibleTimeWindow", {"Mode": "ON"}, "E3030", "/FlexibleTimeWindow/Mode"),
    ("Schedule", "Target", {"Arn": "arn:aws:sqs:eu-central-1:123456789012:x"}, "E3003", "/Target"),
    ("Rule", "ScheduleExpression", "rate(1 hours)", "E3027", "/ScheduleExpression"),
    ("PipelineLetters", "MessageRetentionPeriod", 9999999, "E3034", "/MessageRetentionPeriod"),
    ("PipelineLettersAlarm", "ComparisonOperator", "Over", "E3030", "/ComparisonOperator"),
    ("PipelineRole", "RoleName", "r" * 65, "E3033", "/RoleName"),
    ("PipelineGate", "Definition", {"StartAt": "A", "States": {}}, "E3601", "/Definition/StartAt"),
]


@pytest.mark.parametrize(("name", "key", "value", "rule", "path"), MISTAKES)
def test_the_linter_finds_mistakes(name, key, value, rule, path):
    """
    Each mistake is the only thing found, with its rule and its place.
    """
    resource = json.loads(json.dumps(whole()["Resources"][name]))
    resource["Properties"][key] = value
    made = {"Resources": {name: resource}}
    assert [f"{rule} {name}/Properties{path}"] == [
        found.split(":")[0] for found in templates.lint(made)
    ]
