"""
What a spec can ask for, and what a backend says to each of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs


if TYPE_CHECKING:
    from datetime import datetime

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

    def to_dict(self) -> dict[str, object]:
        """
        The finding as plain data for JSON.
        """
        instants = [instant.isoformat() for instant in self.instants]
        return {**attrs.asdict(self, recurse=False), "instants": instants}


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
