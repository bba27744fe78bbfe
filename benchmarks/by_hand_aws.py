"""
The resources of `overhead.py` on AWS, written by hand and with care: one Output for a document,
the account and the region asked once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import attrs
import pulumi
from pulumi_aws import cloudwatch, iam, s3, sagemaker, scheduler, sqs


CONFIG = {"schedkit:backend": "aws", "schedkit:aws": '{"registries": {"ghcr.io": "ghcr"}}'}
SHARED = "schedkit-aws"
ANSWERS: Mapping[str, dict[str, object]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
    "aws:index/getRegion:getRegion": {"region": "eu-central-1"},
}
"""What the mocked provider says of itself."""

Bodies = Mapping[str, Mapping]


@attrs.frozen
class Common:
    """
    What all pipelines share.
    """

    account: pulumi.Output[str]
    region: pulumi.Output[str]
    group: scheduler.ScheduleGroup


@attrs.frozen
class Made:
    """
    What the schedules of a pipeline need.
    """

    common: Common
    pipeline: sagemaker.Pipeline
    role: iam.Role
    policy: iam.RolePolicy
    letters: sqs.Queue


def dumps(document: object) -> str:
    """
    JSON, as schedkit writes it.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def document(write: Callable[..., object], *known: pulumi.Output[str]) -> pulumi.Output[str]:
    """
    JSON of what is known at deploy only.
    """
    return pulumi.Output.all(*known).apply(lambda found: dumps(write(*found)))


def shared(parent: pulumi.Resource | None) -> Common:
    """
    Who and where we are, and the schedule group.
    """
    found = [
        pulumi.runtime.invoke_output(token, {}).apply(lambda said, key=key: said[key])
        for token, answer in ANSWERS.items()
        for key in answer
    ]
    opts = pulumi.ResourceOptions(parent=parent, delete_before_replace=True)
    group = scheduler.ScheduleGroup("schedkit-aws-group", name="p-s", tags={}, opts=opts)
    return Common(*found, group)


def pipeline(name: str, _: Bodies, common: Common, parent: pulumi.Resource | None) -> Made:
    """
    A pipeline with all that its schedules share.
    """
    tags = {"schedkit:project": "p", "schedkit:stack": "s", "schedkit:pipeline": name}
    inside = pulumi.ResourceOptions(parent=parent)
    fixed = pulumi.ResourceOptions(parent=parent, delete_before_replace=True)
    letters = sqs.Queue(
        f"{name}-dead-letters",
        name=f"{name}-s-dlq",
        message_retention_seconds=1_209_600,
        sqs_managed_sse_enabled=True,
        tags=tags,
        opts=fixed,
    )
    cloudwatch.MetricAlarm(
        f"{name}-dead-letters-alarm",
        name=f"{name}-s-dlq",
        alarm_description=f"a run of {name} could not be started: its request lies in the queue "
        f"{name}-s-dlq",
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        evaluation_periods=1,
        treat_missing_data="notBreaching",
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": letters.name},
        statistic="Maximum",
        period=300,
        tags=tags,
        opts=fixed,
    )
    bucket = _bucket(name, tags, inside)
    roles = {kind: _role(name, kind, common, tags, fixed) for kind in TRUST}
    here = (common.region, common.account)
    policies = {
        kind: iam.RolePolicy(
            f"{name}-{kind}-policy",
            name=f"{name}-s-{kind}",
            role=roles[kind].name,
            policy=document(
                lambda *found, kind=kind: _policy(STATEMENTS[kind](name, *found)), *here, last
            ),
            opts=fixed,
        )
        for kind, last in (
            ("pipeline", roles["job"].arn),
            ("job", bucket.bucket),
            ("scheduler", letters.arn),
        )
    }
    made = sagemaker.Pipeline(
        name,
        pipeline_name=f"{name}-s",
        pipeline_display_name=f"{name}-s",
        role_arn=roles["pipeline"].arn,
        pipeline_definition=document(
            lambda *found: _definition(name, tags, *found), *here, roles["job"].arn, bucket.bucket
        ),
        tags=tags,
        opts=pulumi.ResourceOptions(
            parent=parent,
            delete_before_replace=True,
            depends_on=[policies["pipeline"], policies["job"]],
        ),
    )
    return Made(common, made, roles["scheduler"], policies["scheduler"], letters)


def schedule(
    name: str, bodies: Bodies, made: Made, parent: pulumi.Resource | None
) -> scheduler.Schedule:
    """
    The schedule of EventBridge Scheduler.
    """
    body = bodies[name]
    target = body["target"]
    return scheduler.Schedule(
        name,
        name=body["name"],
        group_name=made.common.group.name,
        description=body["description"],
        schedule_expression=body["scheduleExpression"],
        schedule_expression_timezone=body["scheduleExpressionTimezone"],
        state=body["state"],
        action_after_completion=body["actionAfterCompletion"],
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": target["arn"],
            "role_arn": made.role.arn,
            "input": dumps(target["input"].document),
            "retry_policy": {"maximum_event_age_in_seconds": 300, "maximum_retry_attempts": 185},
            "dead_letter_config": {"arn": made.letters.arn},
        },
        opts=pulumi.ResourceOptions(
            parent=parent, delete_before_replace=True, depends_on=[made.pipeline, made.policy]
        ),
    )


def _bucket(name: str, tags: dict[str, str], inside: pulumi.ResourceOptions) -> s3.Bucket:
    made = s3.Bucket(f"{name}-files", force_destroy=False, tags=tags, opts=inside)
    access = s3.BucketPublicAccessBlock(
        f"{name}-files-access",
        bucket=made.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=inside,
    )
    s3.BucketServerSideEncryptionConfiguration(
        f"{name}-files-encryption",
        bucket=made.bucket,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=inside,
    )
    s3.BucketPolicy(
        f"{name}-files-policy",
        bucket=made.bucket,
        policy=document(lambda bucket: _policy([_tls_only(bucket)]), made.bucket),
        opts=pulumi.ResourceOptions(parent=inside.parent, depends_on=[access]),
    )
    rule = {
        "id": "runs",
        "status": "Enabled",
        "filter": {"prefix": f"{name}-s/"},
        "expiration": {"days": 1},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    }
    s3.BucketLifecycleConfiguration(
        f"{name}-files-lifecycle", bucket=made.bucket, rules=[rule], opts=inside
    )
    return made


def _role(
    name: str, kind: str, common: Common, tags: dict[str, str], fixed: pulumi.ResourceOptions
) -> iam.Role:
    return iam.Role(
        f"{name}-{kind}-role",
        name=f"{name}-s-{kind}",
        path="/",
        assume_role_policy=document(
            lambda region, account: _policy([_trust(name, kind, region, account)]),
            common.region,
            common.account,
        ),
        tags=tags,
        opts=fixed,
    )


TRUST = {
    "pipeline": ("sagemaker", "ArnLike", "pipeline/{name}-s/*"),
    "job": ("sagemaker", "ArnLike", "processing-job/*"),
    "scheduler": ("scheduler", "StringEquals", "schedule-group/p-s"),
}


def _trust(name: str, kind: str, region: str, account: str) -> object:
    service, operator, source = TRUST[kind]
    own = {"aws:SourceArn": f"arn:aws:{service}:{region}:{account}:{source.format(name=name)}"}
    condition = {"StringEquals": {"aws:SourceAccount": account}}
    condition[operator] = {**condition.get(operator, {}), **own}
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }


def _policy(statements: list[object]) -> object:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, actions: str, resource: object, **condition: object) -> object:
    found = {"Sid": sid, "Effect": "Allow", "Action": actions.split(), "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def _tls_only(bucket: str) -> object:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _of_pipeline(_: str, region: str, account: str, job: str) -> list[object]:
    jobs = (
        "sagemaker:AddTags sagemaker:CreateProcessingJob sagemaker:DescribeProcessingJob "
        "sagemaker:StopProcessingJob"
    )
    passed = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    return [
        _allow("Jobs", jobs, f"arn:aws:sagemaker:{region}:{account}:processing-job/pipelines-*"),
        _allow("JobRole", "iam:PassRole", job, StringEquals=passed),
    ]


def _of_job(name: str, region: str, account: str, bucket: str) -> list[object]:
    logs = f"arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/ProcessingJobs"
    streams = "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents"
    namespace = {"cloudwatch:namespace": "/aws/sagemaker/ProcessingJobs"}
    images = [f"arn:aws:ecr:{region}:{account}:repository/ghcr/acme/ml"]
    pull = "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer"
    files = f"arn:aws:s3:::{bucket}"
    return [
        _allow("Logs", streams, [logs, f"{logs}:*"]),
        _allow("Metrics", "cloudwatch:PutMetricData", "*", StringEquals=namespace),
        _allow("Registry", "ecr:GetAuthorizationToken", "*"),
        _allow("Pull", pull, images),
        _allow("Cache", "ecr:BatchImportUpstreamImage ecr:CreateRepository", images),
        _allow("ListFiles", "s3:ListBucket", files, StringLike={"s3:prefix": [f"{name}-s/*"]}),
        _allow("Files", "s3:GetObject s3:PutObject", f"{files}/{name}-s/*"),
    ]


def _of_scheduler(name: str, region: str, account: str, letters: str) -> list[object]:
    started = f"arn:aws:sagemaker:{region}:{account}:pipeline/{name}-s"
    return [
        _allow("Start", "sagemaker:StartPipelineExecution", started),
        _allow("DeadLetters", "sqs:SendMessage", letters),
    ]


STATEMENTS = {"pipeline": _of_pipeline, "job": _of_job, "scheduler": _of_scheduler}


def _definition(
    name: str, tags: dict[str, str], region: str, account: str, job: str, bucket: str
) -> object:
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [
            {"Name": key, "Type": "String", "DefaultValue": "none"}
            for key in ("ScheduledTime", "Schedule")
        ],
        "Steps": [
            {
                "Name": "fit",
                "Type": "Processing",
                "RetryPolicies": [
                    _retry(5, "Step.SERVICE_FAULT", "Step.THROTTLING"),
                    _retry(60, "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"),
                ],
                "Arguments": _job(name, tags, region, account, job, bucket),
            }
        ],
    }


def _retry(seconds: int, *types: str) -> object:
    often = {"IntervalSeconds": seconds, "BackoffRate": 2.0, "MaxAttempts": 5}
    return {"ExceptionType": list(types), **often}


def _job(
    name: str, tags: dict[str, str], region: str, account: str, job: str, bucket: str
) -> object:
    place, run = "/opt/ml/processing", {"Get": "Execution.PipelineExecutionId"}
    where = {"On": "/", "Values": [f"s3://{bucket}/{name}-s", run, "fit"]}
    return {
        "AppSpecification": {
            "ImageUri": f"{account}.dkr.ecr.{region}.amazonaws.com/ghcr/acme/ml:1.4",
            "ContainerArguments": ["fit"],
        },
        "Environment": {
            "SCHEDKIT_PIPELINE": name,
            "SCHEDKIT_STEP": "fit",
            "SCHEDKIT_OUTPUT": f"{place}/output",
            "SCHEDKIT_INPUT": f"{place}/input",
            "SCHEDKIT_SCHEDULE": {"Get": "Parameters.Schedule"},
            "SCHEDKIT_SCHEDULED_TIME": {"Get": "Parameters.ScheduledTime"},
            "SCHEDKIT_RUN_ID": run,
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 30,
            }
        },
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "output",
                    "S3Output": {
                        "S3Uri": {"Std:Join": where},
                        "LocalPath": f"{place}/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "RoleArn": job,
        "StoppingCondition": {"MaxRuntimeInSeconds": 86_400},
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
