"""
The stand-in for the AWS provider, in front of moto: a program of pulumi-aws alone, no schedkit.
"""

from __future__ import annotations

import json

import attrs
import moto_cloud
import pulumi
import pulumi_aws as aws
import pytest
from moto_cloud import ACCOUNT, REGION, differences
from moto_kinds import KINDS, NOT_STORED
from pulumi import automation
from stack import running

from schedkit.testing.shapes import input_class, shape_of


pytestmark = pytest.mark.engine

DEFINITION = {"Version": "2020-12-01", "Parameters": [], "Steps": []}
MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:sagemaker:startPipelineExecution"
OWN = {"team": "ml"}
RETRY = {"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 3}


def statement(**more: object) -> str:
    """
    A document of IAM with one statement.
    """
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **more}]})


TRUST = statement(Principal={"Service": "sagemaker.amazonaws.com"}, Action="sts:AssumeRole")


@attrs.define
class Everything:
    """
    One resource of every kind; a test changes what it declares between two commands.
    """

    cron: str = "cron(0 3 ? * MON *)"
    boundary: str | None = "arn:aws:iam::aws:policy/PowerUserAccess"
    path: str = "/ml/"
    retention: int = 1209600
    tags: dict[str, str] = attrs.field(factory=lambda: dict(OWN))
    steps: int = 4
    days: int = 30
    value: str = "eu"
    kind: str = "STANDARD"
    roles: tuple[str, ...] = ()

    def __call__(self) -> None:
        """
        Declare it.
        """
        who = aws.get_caller_identity().account_id
        where = aws.get_region().region
        pulumi.export("here", f"{who} {where} {aws.get_partition().partition}")
        role = aws.iam.Role(
            "role",
            name="ml-role",
            path=self.path,
            permissions_boundary=self.boundary,
            assume_role_policy=TRUST,
            tags=self.tags,
        )
        allowed = statement(Action="s3:GetObject", Resource="arn:aws:s3:::ml-files/*")
        aws.iam.RolePolicy("policy", name="ml", role=role.name, policy=allowed)
        queue = aws.sqs.Queue(
            "queue",
            name="ml-lost",
            message_retention_seconds=self.retention,
            sqs_managed_sse_enabled=True,
            tags=self.tags,
        )
        sending = statement(
            Principal={"Service": "events.amazonaws.com"}, Action="sqs:SendMessage", Resource="*"
        )
        aws.sqs.QueuePolicy("sending", queue_url=queue.url, policy=sending)
        self.watched(queue)
        pipeline = aws.sagemaker.Pipeline(
            "pipeline",
            pipeline_name="ml-train",
            pipeline_display_name="ml-train",
            pipeline_description="trains",
            role_arn=role.arn,
            pipeline_definition=json.dumps(DEFINITION),
            parallelism_configuration={"max_parallel_execution_steps": self.steps},
            tags=self.tags,
        )
        self.scheduled(role, queue, pipeline)
        self.ruled(role, queue, pipeline)
        self.stored()
        for name in self.roles:
            aws.iam.Role(name, name=name, assume_role_policy=TRUST)

    def watched(self, queue: aws.sqs.Queue) -> None:
        """
        An alarm on the queue.
        """
        aws.cloudwatch.MetricAlarm(
            "alarm",
            name="ml-lost",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue.name},
            statistic="Maximum",
            period=300,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"],
            tags=self.tags,
        )

    def scheduled(
        self, role: aws.iam.Role, queue: aws.sqs.Queue, pipeline: aws.sagemaker.Pipeline
    ) -> None:
        """
        A schedule in its group.
        """
        group = aws.scheduler.ScheduleGroup("group", name="ml", tags=self.tags)
        aws.scheduler.Schedule(
            "schedule",
            name="nightly",
            group_name=group.name,
            schedule_expression=self.cron,
            schedule_expression_timezone="Europe/Berlin",
            start_date="2090-01-01T00:00:00Z",
            end_date="2091-01-01T00:00:00Z",
            flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 5},
            state="DISABLED",
            target={
                "arn": UNIVERSAL,
                "role_arn": role.arn,
                "input": pulumi.Output.json_dumps({"PipelineName": pipeline.pipeline_name}),
                "retry_policy": RETRY,
                "dead_letter_config": {"arn": queue.arn},
            },
        )

    def ruled(
        self, role: aws.iam.Role, queue: aws.sqs.Queue, pipeline: aws.sagemaker.Pipeline
    ) -> None:
        """
        A rule with its target, and a state machine.
        """
        rule = aws.cloudwatch.EventRule(
            "rule", name="ml-rule", schedule_expression=self.cron, tags=self.tags
        )
        aws.cloudwatch.EventTarget(
            "target",
            rule=rule.name,
            arn=pipeline.arn,
            role_arn=role.arn,
            sagemaker_pipeline_target={
                "pipeline_parameter_lists": [{"name": "Where", "value": self.value}]
            },
            dead_letter_config={"arn": queue.arn},
            retry_policy=RETRY,
        )
        aws.sfn.StateMachine(
            "machine",
            name="ml-gate",
            type=self.kind,
            role_arn=role.arn,
            definition=json.dumps(MACHINE),
            tags=self.tags,
        )

    def stored(self) -> None:
        """
        A bucket with what is set on one.
        """
        bucket = aws.s3.Bucket("bucket", bucket="ml-files", force_destroy=True, tags=self.tags)
        aws.s3.BucketPublicAccessBlock(
            "access",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        default = {"sse_algorithm": "aws:kms", "kms_master_key_id": "alias/ml"}
        aws.s3.BucketServerSideEncryptionConfiguration(
            "encryption",
            bucket=bucket.bucket,
            rules=[
                {"apply_server_side_encryption_by_default": default, "bucket_key_enabled": True}
            ],
        )
        aws.s3.BucketPolicy(
            "tls",
            bucket=bucket.bucket,
            policy=statement(Principal="*", Action="s3:*", Resource="arn:aws:s3:::ml-files/*"),
        )
        aws.s3.BucketLifecycleConfiguration(
            "lifecycle",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "runs",
                    "status": "Enabled",
                    "filter": {"prefix": "runs/"},
                    "expiration": {"days": self.days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
                }
            ],
        )


ROLE = f"arn:aws:iam::{ACCOUNT}:role/ml/ml-role"
LOST = f"arn:aws:sqs:{REGION}:{ACCOUNT}:ml-lost"
NAMES = {
    ("aws:cloudwatch/eventRule:EventRule", "ml-rule"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "ml-lost"),
    ("aws:iam/role:Role", "ml-role"),
    ("aws:s3/bucket:Bucket", "ml-files"),
    ("aws:sagemaker/pipeline:Pipeline", "ml-train"),
    ("aws:scheduler/schedule:Schedule", "nightly"),
    ("aws:scheduler/scheduleGroup:ScheduleGroup", "ml"),
    ("aws:sfn/stateMachine:StateMachine", "ml-gate"),
    ("aws:sqs/queue:Queue", "ml-lost"),
}
COUNT = len(KINDS)


@pytest.fixture
def cloud():
    """
    An empty account.
    """
    with moto_cloud.cloud() as made:
        yield made


@pytest.fixture
def program():
    """
    What is deployed.
    """
    return Everything()


@pytest.fixture
def stack(binaries, cloud, program, tmp_path):
    """
    Deployed once; the calls of that are forgotten.
    """
    with running(tmp_path, cloud) as engine:
        made = engine.stack(program)
        assert {"create": COUNT + 1} == made.up()
        made.forget()
        yield made


def said_by_boto3(cloud) -> None:
    """
    Read by boto3 itself, without the tables of the stand-in, moto holds what the program says.
    """
    schedule = cloud.client("scheduler").get_schedule(Name="nightly", GroupName="ml")
    assert "cron(0 3 ? * MON *)" == schedule["ScheduleExpression"]
    assert "Europe/Berlin" == schedule["ScheduleExpressionTimezone"]
    assert {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5} == schedule["FlexibleTimeWindow"]
    assert "DISABLED" == schedule["State"]
    assert [2090, 2091] == [schedule[key].year for key in ("StartDate", "EndDate")]
    retry = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3}
    assert {
        "Arn": UNIVERSAL,
        "RoleArn": ROLE,
        "Input": '{"PipelineName": "ml-train"}',
        "RetryPolicy": retry,
        "DeadLetterConfig": {"Arn": LOST},
    } == schedule["Target"]
    pipeline = cloud.client("sagemaker").describe_pipeline(PipelineName="ml-train")
    assert DEFINITION == json.loads(pipeline["PipelineDefinition"])
    assert ROLE == pipeline["RoleArn"]
    assert {"MaxParallelExecutionSteps": 4} == pipeline["ParallelismConfiguration"]
    (target,) = cloud.client("events").list_targets_by_rule(Rule="ml-rule")["Targets"]
    assert {
        "Id": "pulumi-target",
        "Arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/ml-train",
        "RoleArn": ROLE,
        "SageMakerPipelineParameters": {
            "PipelineParameterList": [{"Name": "Where", "Value": "eu"}]
        },
        "DeadLetterConfig": {"Arn": LOST},
        "RetryPolicy": retry,
    } == target
    role = cloud.client("iam").get_role(RoleName="ml-role")["Role"]
    assert json.loads(TRUST) == role["AssumeRolePolicyDocument"]
    assert [{"Key": "team", "Value": "ml"}] == role["Tags"]


def test_from_up_to_destroy(stack, cloud) -> None:
    """
    One of each kind is in moto as asked for; a second `up` and a refresh change nothing, and
    `destroy` leaves nothing.
    """
    assert set(KINDS) == {each["type"] for each in stack.resources.values()}
    assert f"{ACCOUNT} {REGION} aws" == stack.api.outputs()["here"].value
    assert NAMES == cloud.names()
    assert [] == differences(cloud, stack.resources.values())
    said_by_boto3(cloud)
    assert {"same": COUNT + 1} == stack.up(expect_no_changes=True)
    assert {"same": COUNT + 1} == stack.refresh(expect_no_changes=True)
    assert [] == stack.changes
    assert {"delete": COUNT + 1} == stack.destroy()
    assert set() == cloud.names()
    assert [] == stack.cloud


CHANGES = {
    "cron": "cron(0 4 ? * MON *)",
    "boundary": None,
    "retention": 86400,
    "steps": 2,
    "days": 60,
    "value": "us",
}
CHANGED = ["lifecycle", "pipeline", "queue", "role", "rule", "schedule", "target"]
TAGGED = ["alarm", "bucket", "group", "machine", "pipeline", "queue", "role", "rule"]


def test_changes(stack, cloud, program) -> None:
    """
    What may change in place does, and moto forgets what is no longer asked for; of the rest the
    old one goes before the new one comes, since the name stays.
    """

    def up(names: list[str], **fields: object) -> None:
        for field, value in fields.items():
            setattr(program, field, value)
        stack.forget()
        assert {"update": len(names), "same": COUNT + 1 - len(names)} == stack.up()
        assert [("Update", name) for name in names] == sorted(stack.changes)
        assert [] == differences(cloud, stack.resources.values())

    up(CHANGED, **CHANGES)
    up(TAGGED, tags={"other": "ml"})
    program.kind = "EXPRESS"
    stack.forget()
    assert {"replace": 1, "same": COUNT} == stack.up()
    assert [("Delete", "machine"), ("Create", "machine")] == stack.changes
    assert [] == differences(cloud, stack.resources.values())
    assert NAMES == cloud.names()


def test_drift(stack, cloud) -> None:
    """
    A refresh finds what somebody changed or deleted behind the engine's back, and the next `up`
    mends it.
    """
    cloud.client("iam").update_assume_role_policy(
        RoleName="ml-role", PolicyDocument=TRUST.replace("sagemaker", "events")
    )
    cloud.client("scheduler").delete_schedule(Name="nightly", GroupName="ml")
    cloud.client("sqs").tag_queue(
        QueueUrl=stack.resources["Queue queue"]["id"], Tags={"by": "hand"}
    )
    drifted = {each[0] for each in differences(cloud, stack.resources.values())}
    assert {"ml-role", "ml/nightly", stack.resources["Queue queue"]["id"]} == drifted
    assert {"delete": 1, "update": 2, "same": COUNT - 2} == stack.refresh()
    stack.up()
    assert [("Create", "schedule"), ("Update", "queue"), ("Update", "role")] == sorted(
        stack.changes
    )
    assert [] == differences(cloud, stack.resources.values())


def test_what_aws_refuses(stack, cloud, program) -> None:
    """
    What moto refuses fails the `up`, in its words, and is not in the state.
    """
    cloud.client("iam").create_role(RoleName="taken", AssumeRolePolicyDocument=TRUST)
    program.roles = ("taken",)
    with pytest.raises(automation.CommandError, match="taken already exists"):
        stack.up()
    assert "Role taken" not in stack.resources
    assert NAMES | {("aws:iam/role:Role", "taken")} == cloud.names()


def test_not_stored() -> None:
    """
    Every entry names an input that there is.
    """
    cloud = moto_cloud.MotoCloud()
    for type_, field in NOT_STORED:
        assert field in shape_of(input_class(cloud.path(type_))).types
