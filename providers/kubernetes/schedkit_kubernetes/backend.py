"""
The backend `kubernetes`: plain CronJobs, for clusters from version 1.33 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from schedkit.backend import Backend, Target
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit_kubernetes import identity, pipeline, schedule
from schedkit_kubernetes.options import Options


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit.pipeline import PipelineSpec
    from schedkit.plan import Plan, Timing
    from schedkit.schedule import ScheduleSpec


class Kubernetes(Backend):
    """
    A CronJob per schedule, a ServiceAccount per pipeline, a pod per run.
    """

    name = "kubernetes"
    options = Options
    classes: ClassVar[Mapping[str, str | None]] = {
        schedule.CRON_JOB: "pulumi_kubernetes.batch.v1:CronJob",
        identity.ACCOUNT: "pulumi_kubernetes.core.v1:ServiceAccount",
        identity.NAMESPACE: "pulumi_kubernetes.core.v1:Namespace",
    }
    dialect = ROBFIG
    timings: ClassVar[Mapping[str, Timing]] = {schedule.CRON_JOB: schedule.TIMING}
    fixed: ClassVar[Mapping[str, Mapping[tuple[str, ...], str]]] = {
        identity.ACCOUNT: {
            ("metadata", "name"): "name an existing one: serviceAccount in schedkit:kubernetes",
            ("metadata", "namespace"): "name it for all: namespace in schedkit:kubernetes",
        }
    }
    removal = "a Job that still runs is deleted together with its CronJob"

    def compile_pipeline(self, spec: PipelineSpec, target: Target) -> Plan:
        """
        A ServiceAccount; the pods stand in the CronJobs.
        """
        return pipeline.compile_pipeline(spec, target, cast("Options", self.settings))

    def compile_schedule(self, spec: ScheduleSpec, target: Target) -> Plan:
        """
        CronJobs, each with the whole pod.
        """
        return schedule.compile_schedule(spec, target, cast("Options", self.settings), ROBFIG)
