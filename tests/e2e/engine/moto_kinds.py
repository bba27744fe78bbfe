"""
How the resources of the AWS provider live in moto: one entry per type, in words of boto3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Kind:
    """
    How one type of resource lives in AWS: operations of boto3, and what its inputs are called.

    Operations are called in order, each with those of the arguments that it knows; one that lacks
    an argument which it requires is left out.

    Attributes:
        service: The client.
        create: Operations.
        read: One operation.
        update: Operations.
        delete: Operations.
        answer: Where the object lies in the answer of `read`.
        id: Made of the inputs and the answers of `create` and `read`.
        by: The argument that the id is, where it is no input.
        outputs: Made of the same, and the id.
        replaces: Inputs that no operation changes.
        names: Input -> argument(s), where it is not merely capitalized; `[]` takes a list.
        within: The argument that holds all inputs but the `key`.
        key: Inputs that say which object it is, or lie beside `within`.
        spelled: Whether every argument within is a text.
        plain: Whether arguments are not capitalized.
        listed: Operation, and where names lie in its answer; None for a part of another object.
        there: Names that an empty account has.
        defaults: What the cloud says of inputs that are not given.
        deeper: The same, of what lies within inputs.
        invented: Inputs that the provider makes up where they are not given.
        elsewhere: Inputs that another resource may give as well.
        blanked: Inputs that a delete only empties.
    """

    service: str
    create: str
    read: str
    update: str
    delete: str
    answer: str = ""
    id: str = "{name}"
    by: str = ""
    outputs: Mapping[str, str] = attrs.field(factory=lambda: {"arn": "{Arn}"})
    replaces: tuple[str, ...] = ("name",)
    names: Mapping[str, str] = attrs.field(factory=dict)
    within: str = ""
    key: tuple[str, ...] = ("name",)
    spelled: bool = False
    plain: bool = False
    listed: tuple[str, str] | None = None
    there: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = attrs.field(factory=dict)
    deeper: Mapping[str, Any] = attrs.field(factory=dict)
    invented: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    blanked: tuple[str, ...] = ()


def _part_of_bucket(
    noun: str, delete: str = "", beside: tuple[str, ...] = (), **more: Any
) -> Kind:
    return Kind(
        service="s3",
        create=f"put_{noun}",
        read=f"get_{noun}",
        update=f"put_{noun}",
        delete=delete or f"delete_{noun}",
        id="{bucket}",
        outputs={},
        replaces=("bucket",),
        key=("bucket", *beside),
        **more,
    )


KINDS = {
    "aws:sagemaker/pipeline:Pipeline": Kind(
        service="sagemaker",
        create="create_pipeline",
        read="describe_pipeline",
        update="update_pipeline",
        delete="delete_pipeline",
        id="{pipelineName}",
        key=("pipelineName",),
        outputs={"arn": "{PipelineArn}"},
        replaces=("pipelineName",),
        listed=("list_pipelines", "PipelineSummaries.PipelineName"),
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Kind(
        service="scheduler",
        create="create_schedule_group",
        read="get_schedule_group",
        update="",
        delete="delete_schedule_group",
        listed=("list_schedule_groups", "ScheduleGroups.Name"),
        there=("default",),
    ),
    "aws:scheduler/schedule:Schedule": Kind(
        service="scheduler",
        create="create_schedule",
        read="get_schedule",
        update="update_schedule",
        delete="delete_schedule",
        id="{groupName}/{name}",
        key=("name", "groupName"),
        replaces=("name", "groupName"),
        listed=("list_schedules", "Schedules.Name"),
        defaults={"groupName": "default", "state": "ENABLED", "scheduleExpressionTimezone": "UTC"},
    ),
    "aws:iam/role:Role": Kind(
        service="iam",
        create="create_role",
        read="get_role",
        answer="Role",
        update="update_assume_role_policy update_role delete_role_permissions_boundary"
        " put_role_permissions_boundary",
        delete="delete_role",
        replaces=("name", "path"),
        names={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument PolicyDocument"},
        listed=("list_roles", "Roles.RoleName"),
        defaults={"path": "/", "maxSessionDuration": 3600},
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        service="iam",
        create="put_role_policy",
        read="get_role_policy",
        update="put_role_policy",
        delete="delete_role_policy",
        id="{role}:{name}",
        key=("name", "role"),
        outputs={},
        replaces=("name", "role"),
        names={"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    ),
    "aws:sqs/queue:Queue": Kind(
        service="sqs",
        create="create_queue",
        read="get_queue_attributes",
        answer="Attributes",
        update="set_queue_attributes",
        delete="delete_queue",
        id="{QueueUrl}",
        by="QueueUrl",
        outputs={"arn": "{QueueArn}", "url": "{id}"},
        replaces=("name", "fifoQueue"),
        names={
            "name": "QueueName",
            "messageRetentionSeconds": "MessageRetentionPeriod",
            "visibilityTimeoutSeconds": "VisibilityTimeout",
            "maxMessageSize": "MaximumMessageSize",
            "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
        },
        within="Attributes",
        spelled=True,
        listed=("list_queues", "QueueUrls"),
        elsewhere=("policy",),
        defaults={
            "delaySeconds": 0,
            "maxMessageSize": 1048576,
            "messageRetentionSeconds": 345600,
            "receiveWaitTimeSeconds": 0,
            "sqsManagedSseEnabled": True,
            "visibilityTimeoutSeconds": 30,
        },
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Kind(
        service="sqs",
        create="set_queue_attributes",
        read="get_queue_attributes",
        answer="Attributes",
        update="set_queue_attributes",
        delete="set_queue_attributes",
        id="{queueUrl}",
        outputs={},
        replaces=("queueUrl",),
        within="Attributes",
        key=("queueUrl",),
        spelled=True,
        blanked=("policy",),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Kind(
        service="cloudwatch",
        create="put_metric_alarm",
        read="describe_alarms",
        answer="MetricAlarms",
        update="put_metric_alarm",
        delete="delete_alarms",
        outputs={"arn": "{AlarmArn}"},
        names={
            "name": "AlarmName AlarmNames[]",
            "okActions": "OKActions",
            "metricQueries": "Metrics",
            "metric": "MetricStat",
        },
        listed=("describe_alarms", "MetricAlarms.AlarmName"),
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
    ),
    "aws:cloudwatch/eventRule:EventRule": Kind(
        service="events",
        create="put_rule",
        read="describe_rule",
        update="put_rule",
        delete="delete_rule",
        replaces=("name", "eventBusName"),
        listed=("list_rules", "Rules.Name"),
        defaults={"eventBusName": "default", "state": "ENABLED"},
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Kind(
        service="events",
        create="put_targets",
        read="list_targets_by_rule",
        answer="Targets",
        update="put_targets",
        delete="remove_targets",
        id="{rule}-{targetId}",
        outputs={"targetId": "{Id}"},
        replaces=("rule", "targetId", "eventBusName"),
        names={
            "targetId": "Id Ids[]",
            "sagemakerPipelineTarget": "SageMakerPipelineParameters",
            "pipelineParameterLists": "PipelineParameterList",
            "inputPaths": "InputPathsMap",
        },
        within="Targets[]",
        key=("rule", "eventBusName"),
        defaults={"eventBusName": "default"},
        invented=("targetId",),
    ),
    "aws:sfn/stateMachine:StateMachine": Kind(
        service="stepfunctions",
        create="create_state_machine",
        read="describe_state_machine",
        update="update_state_machine",
        delete="delete_state_machine",
        id="{stateMachineArn}",
        by="stateMachineArn",
        outputs={"arn": "{id}"},
        replaces=("name", "type"),
        plain=True,
        listed=("list_state_machines", "stateMachines.name"),
        defaults={
            "type": "STANDARD",
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
            "loggingConfiguration": {"level": "OFF"},
            "tracingConfiguration": {"enabled": False},
        },
    ),
    "aws:s3/bucket:Bucket": Kind(
        service="s3",
        create="create_bucket put_bucket_tagging",
        read="get_bucket_location",
        update="",
        delete="delete_bucket",
        id="{bucket}",
        outputs={"arn": "arn:aws:s3:::{bucket}"},
        replaces=("bucket",),
        key=("bucket",),
        listed=("list_buckets", "Buckets.Name"),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _part_of_bucket(
        "public_access_block",
        answer="PublicAccessBlockConfiguration",
        within="PublicAccessBlockConfiguration",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _part_of_bucket(
            "bucket_encryption",
            answer="ServerSideEncryptionConfiguration",
            within="ServerSideEncryptionConfiguration",
            names={"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"},
            deeper={"bucketKeyEnabled": False},
        )
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _part_of_bucket("bucket_policy"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _part_of_bucket(
        "bucket_lifecycle_configuration",
        "delete_bucket_lifecycle",
        ("transitionDefaultMinimumObjectSize",),
        within="LifecycleConfiguration",
        names={"id": "ID"},
        defaults={"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
    ),
}

TAGS = {
    "sagemaker": ("list_tags", "delete_tags add_tags"),
    "scheduler": ("list_tags_for_resource", "untag_resource tag_resource"),
    "iam": ("list_role_tags", "untag_role tag_role"),
    "sqs": ("list_queue_tags", "untag_queue tag_queue"),
    "cloudwatch": ("list_tags_for_resource", "untag_resource tag_resource"),
    "events": ("list_tags_for_resource", "untag_resource tag_resource"),
    "stepfunctions": ("list_tags_for_resource", "untag_resource tag_resource"),
    "s3": ("get_bucket_tagging", "delete_bucket_tagging put_bucket_tagging"),
}
"""
By service: how tags are read, and how all are taken off and others put on.
"""

NOT_STORED = {
    ("aws:s3/bucket:Bucket", "forceDestroy"): "no argument of AWS: how the provider deletes",
    ("aws:iam/role:Role", "forceDetachPolicies"): "no argument of AWS: how the provider deletes",
}
"""
Inputs of which moto keeps nothing: why.
"""

LOOK_UPS = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "accountId": "{account}",
        "arn": "arn:aws:iam::{account}:user/pulumi",
        "id": "{account}",
        "userId": "AIDACKCEVSQ6C2EXAMPLE",
    },
    "aws:index/getRegion:getRegion": {
        "description": "Europe (Frankfurt)",
        "endpoint": "ec2.{region}.amazonaws.com",
        "id": "{region}",
        "name": "{region}",
        "region": "{region}",
    },
    "aws:index/getPartition:getPartition": {
        "dnsSuffix": "amazonaws.com",
        "id": "aws",
        "partition": "aws",
        "reverseDnsPrefix": "com.amazonaws",
    },
}
"""
What the provider answers.
"""
