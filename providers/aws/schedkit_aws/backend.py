"""
The backend `aws`: SageMaker Pipelines, started by EventBridge Scheduler or by rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schedkit.backend import Backend, Target
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.eventbridge_rules import EVENTBRIDGE_RULES
from schedkit_aws import files, identity, pipeline, schedule
from schedkit_aws.options import Options


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit.pipeline import PipelineSpec
    from schedkit.plan import Plan, Timing
    from schedkit.recurrence.dialects import Dialect
    from schedkit.schedule import ScheduleSpec


class Aws(Backend):
    """
    A SageMaker Pipeline per pipeline, a schedule of EventBridge per schedule.
    """

    name = "aws"
    options = Options
    classes: ClassVar[Mapping[str, str | None]] = {
        pipeline.PIPELINE: "pulumi_aws.sagemaker:Pipeline",
        pipeline.NATIVE: "pulumi_aws_native.sagemaker:Pipeline",
        pipeline.GROUP: "pulumi_aws.scheduler:ScheduleGroup",
        pipeline.QUEUE: "pulumi_aws.sqs:Queue",
        pipeline.QUEUE_POLICY: "pulumi_aws.sqs:QueuePolicy",
        pipeline.MACHINE: "pulumi_aws.sfn:StateMachine",
        pipeline.ALARM: "pulumi_aws.cloudwatch:MetricAlarm",
        identity.ROLE: "pulumi_aws.iam:Role",
        identity.POLICY: "pulumi_aws.iam:RolePolicy",
        files.BUCKET: "pulumi_aws.s3:Bucket",
        files.ACCESS: "pulumi_aws.s3:BucketPublicAccessBlock",
        files.ENCRYPTION: "pulumi_aws.s3:BucketServerSideEncryptionConfiguration",
        files.POLICY: "pulumi_aws.s3:BucketPolicy",
        files.LIFECYCLE: "pulumi_aws.s3:BucketLifecycleConfiguration",
        schedule.SCHEDULE: "pulumi_aws.scheduler:Schedule",
        schedule.RULE: "pulumi_aws.cloudwatch:EventRule",
        schedule.TARGET: "pulumi_aws.cloudwatch:EventTarget",
    }
    dialect = EVENTBRIDGE
    timings: ClassVar[Mapping[str, Timing]] = schedule.TIMINGS
    fixed: ClassVar[Mapping[str, Mapping[tuple[str, ...], str]]] = {
        pipeline.PIPELINE: {("pipelineName",): "rename the pipeline or the stack"},
        pipeline.NATIVE: {("pipelineName",): "rename the pipeline or the stack"},
        pipeline.MACHINE: {("name",): "rename the pipeline or the stack"},
    }
    removal = "a run that executes goes on, and so does a pipeline's last run when it is deleted"
    settings: Options

    def __init__(self, options: object = None) -> None:
        super().__init__(options)
        rules = self.settings.scheduler == "rules"
        self.dialect: Dialect = EVENTBRIDGE_RULES if rules else EVENTBRIDGE  # type: ignore[misc]

    def compile_pipeline(self, spec: PipelineSpec, target: Target) -> Plan:
        """
        The SageMaker Pipeline, and all that its schedules share.
        """
        return pipeline.compile_pipeline(spec, target, self.settings)

    def compile_schedule(self, spec: ScheduleSpec, target: Target) -> Plan:
        """
        Schedules of EventBridge Scheduler, or rules.
        """
        return schedule.compile_schedule(spec, target, self.settings, self.dialect)
