"""
The contract: what an author of a backend reads, and all of it.

A backend is tables and pure functions from a spec to a `Plan`. It imports no SDK: `classes` names the SDK's classes
as text, and `schedkit.deploy` imports the ones that a plan uses. It is found through the entry point
group `schedkit.backends`. `schedkit.testing.BackendConformance` holds it to the laws.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import attrs

from schedkit.plan import Plan


if TYPE_CHECKING:
    from datetime import datetime

    from schedkit.pipeline import PipelineSpec
    from schedkit.recurrence.dialects import Dialect
    from schedkit.schedule import ScheduleSpec

Verdict: TypeAlias = Literal["exact", "emulated", "refused"]


class Feature(StrEnum):
    """
    One thing that a spec can ask for.
    """

    # what a pipeline asks for
    PIPELINE = "pipeline"
    IMAGE = "step.image"
    COMMAND = "step.command"
    ARGS = "step.args"
    ENV = "step.env"
    SECRETS = "step.secrets"
    CPU = "step.resources.cpu"
    MEMORY = "step.resources.memory"
    GPU = "step.resources.gpu"
    EPHEMERAL_STORAGE = "step.resources.ephemeral_storage"
    RETRY = "step.retry"
    BACKOFF = "step.retry.backoff"
    STEP_TIMEOUT = "step.timeout"
    CHAIN = "pipeline.chain"
    GRAPH = "pipeline.graph"
    PARAMETERS = "pipeline.parameters"
    TIMEOUT = "pipeline.timeout"
    KEEP = "pipeline.keep"
    FORBID = "pipeline.overlap.forbid"
    REPLACE = "pipeline.overlap.replace"
    QUEUE = "pipeline.overlap.queue"
    # what a schedule asks for
    SCHEDULE = "schedule"
    CRON = "schedule.cron"
    TIMEZONE = "schedule.timezone"
    DAY_UNION = "schedule.day_rule.any"
    DAY_INTERSECTION = "schedule.day_rule.all"
    LAST_DAY = "schedule.last_day"
    NTH_WEEKDAY = "schedule.nth_weekday"
    NEAREST_WEEKDAY = "schedule.nearest_weekday"
    EVERY = "schedule.every"
    ONCE = "schedule.once"
    UNION = "schedule.union"
    DST = "schedule.dst"
    SCHEDULE_PARAMETERS = "schedule.parameters"
    CATCH_UP_LATEST = "schedule.catch_up.latest"
    CATCH_UP_ALL = "schedule.catch_up.all"
    STARTING_DEADLINE = "schedule.starting_deadline"
    JITTER = "schedule.jitter"
    START = "schedule.start"
    END = "schedule.end"
    PAUSED = "schedule.paused"


@attrs.frozen
class Finding:
    """
    What a backend does with one feature.

    Attributes:
        feature: What was asked for.
        verdict: `exact`, `emulated` (the reason says how) or `refused` (the reason says why).
        reason: Part of a sentence, without a capital and a stop.
        nearest: For a refusal, the nearest thing that works.
        url: The platform's own words, where it is the platform that cannot.
        instants: The instants that differ, where time is the trouble; aware.
    """

    feature: Feature
    verdict: Verdict
    reason: str
    nearest: str = ""
    url: str = ""
    instants: tuple[datetime, ...] = ()

    @property
    def sentence(self) -> str:
        """
        The finding in one line, for people.
        """
        nearest = f"; {self.nearest}" if self.nearest else ""
        url = f" ({self.url})" if self.url else ""
        return f"{self.feature} {self.verdict}: {self.reason}{nearest}{url}"


def exact(feature: Feature, reason: str) -> Finding:
    """
    The platform does just this.
    """
    return Finding(feature, "exact", reason)


def emulated(feature: Feature, reason: str, url: str = "") -> Finding:
    """
    It is kept by other means, and the reason says by which; `schedkit:strict` refuses it.
    """
    return Finding(feature, "emulated", reason, url=url)


def refused(feature: Feature, reason: str, nearest: str, url: str = "") -> Finding:
    """
    It cannot be kept.
    """
    return Finding(feature, "refused", reason, nearest, url)


@attrs.frozen(kw_only=True)
class Target:
    """
    What `compile` may know beside the spec.

    Attributes:
        project: Pulumi's project.
        stack: Pulumi's stack.
        physical_name: The user's own name for what carries the schedule; None: from component and stack.
        starters: Names of the other schedules and triggers of the same pipeline declared before.
    """

    project: str = "project"
    stack: str = "dev"
    physical_name: str | None = None
    starters: tuple[str, ...] = ()

    def fixed_name(self, name: str) -> str:
        """
        The physical name of what carries a schedule: a fixed one fails loudly where an auto-named one fires twice.
        """
        return self.physical_name or f"{name}-{self.stack}"


class Backend:
    """
    Our translation to one platform. Subclass it, fill the tables, write the two verbs.

    `compile_*` is pure: the same spec, options and target give an equal plan on every machine, at every time, in
    every time zone. For every feature the spec asks for, the plan either carries it or holds a finding that names it;
    there is no third way.
    """

    name: ClassVar[str]
    """The word in `schedkit:backend` and of the entry point."""

    options: ClassVar[type]
    """A frozen attrs class: what `schedkit:<name>` in the stack config may hold, with defaults."""

    classes: ClassVar[Mapping[str, str | None]] = {}
    """Type token -> `"pulumi_aws.scheduler:Schedule"`; None: a document that no Pulumi resource carries."""

    dialect: ClassVar[Dialect | None] = None
    """The language of the texts that `Plan.timings` points at."""

    def __init__(self, options: object = None) -> None:
        self.settings = self.options() if options is None else options

    def compile_pipeline(self, spec: PipelineSpec, target: Target) -> Plan:
        """
        The resources that a pipeline's schedules share: identity, gate, documents.

        Never raises for what the platform lacks: that is a refused finding.
        """
        return self._refuse(Feature.PIPELINE, "Pipeline", spec.name)

    def compile_schedule(self, spec: ScheduleSpec, target: Target) -> Plan:
        """
        The resources that start the pipeline on time, as few as the platform allows.

        Nodes may refer to the pipeline's by `Ref("pipeline/<key>")`. Every native schedule text is named in `timings`,
        and `proves` says what they must fire like together; schedkit reads them back and proves it.
        Never raises for what the platform lacks: that is a refused finding.
        """
        return self._refuse(Feature.SCHEDULE, "Schedule", spec.name)

    def _refuse(self, feature: Feature, kind: str, name: str) -> Plan:
        reason = f"{self.name} makes no {kind.lower()}s"
        nearest = "choose another backend; `schedkit backends` lists them"
        return Plan(self.name, kind, name, findings=(refused(feature, reason, nearest),))
