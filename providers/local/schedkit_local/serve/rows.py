"""
What stands in the rows of a ledger. Times are Unix seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs

from schedkit.backend import StepState


State: TypeAlias = Literal[
    "waiting", "starting", "running", "succeeded", "failed", "stopped", "lost", "missed"
]
Cause: TypeAlias = Literal["schedule", "trigger", "backfill"]
BY_HAND = "@"
"""Before the name of a pipeline: the schedule of its runs that no schedule started."""

GOING = frozenset({"starting", "running"})
OPEN = GOING | {"waiting"}
AGAIN = ("lost", "missed")
"""States of runs that a backfill runs again; any other run has had its turn."""


def document(value: Any) -> Any:
    """
    Return what a column of JSON holds.
    """
    return json.loads(value) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class Run:
    """
    One run, whether it started or not.

    Attributes:
        seq: In the order in which they were written down.
        id: What users call it, and the name of its folder.
        schedule: `@<pipeline>` for one that no schedule started.
        scheduled: Its instant; with the schedule it is the identity of the run.
        due: Its instant and its jitter.
        state: `waiting` for room; `starting` until a process is there; `stopped` by a later run
            or by the user; `lost` when its process was killed or the machine went down; `missed`
            never started.
        reason: Why it is `failed`, `stopped`, `lost` or `missed`.
        pid: Of the process that runs it.
        birth: Tells that process from a later one of the same number.
        exit_code: Of the first step that failed.
        folder: Where its files and logs are.
    """

    seq: int
    id: str
    schedule: str
    pipeline: str
    scheduled: int
    due: int
    state: State
    reason: str = ""
    cause: Cause = "schedule"
    parameters: Mapping[str, Any] = attrs.field(factory=dict, converter=document)
    started: float | None = None
    ended: float | None = None
    pid: int | None = None
    birth: str = ""
    exit_code: int | None = None
    folder: str = ""

    @property
    def is_by_hand(self) -> bool:
        """
        Whether no schedule started it.
        """
        return self.schedule.startswith(BY_HAND)


@attrs.frozen(kw_only=True)
class StepRow:
    """
    One step of a run; as `schedkit.backend.StepResult`.
    """

    run: int
    name: str
    state: StepState
    attempts: int = 0
    exit_code: int | None = None
    seconds: float = 0.0
    log: str = ""


@attrs.frozen(kw_only=True)
class ScheduleRow:
    """
    One schedule that is served, or was.

    Attributes:
        document: Inputs of its node in the plan.
        since: Instants before this one are decided.
        paused: By `schedkit pause`, whatever the program says.
        removed: Since when the program has it no more.
    """

    name: str
    pipeline: str
    document: Mapping[str, Any] = attrs.field(converter=document)
    since: int
    paused: bool = attrs.field(default=False, converter=bool)
    removed: float | None = None


@attrs.frozen(kw_only=True)
class ProgramRow:
    """
    The program that is served.

    Attributes:
        document: As `schedkit_local.serve.load` makes it.
        loaded: When.
        error: Why a newer one is not served; empty when there is none.
    """

    folder: str
    stack: str
    document: Mapping[str, Any] = attrs.field(converter=document)
    loaded: float
    error: str = ""


@attrs.frozen(kw_only=True)
class Request:
    """
    What somebody asks the server to do.

    Attributes:
        verb: `trigger`, `pause`, `resume`, `backfill`, `cancel` or `reload`.
        made: When.
        done: When it was carried out or refused; None while nobody looked at it.
        answer: `{"ok": whether it was carried out, "text": a sentence}`.
    """

    id: int
    verb: str
    arguments: Mapping[str, Any] = attrs.field(converter=document)
    made: float
    done: float | None = None
    answer: Mapping[str, Any] | None = attrs.field(default=None, converter=document)
