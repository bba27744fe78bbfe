"""
Months of schedules in milliseconds: what would run, by a clock that only the test moves.

It is the reading that schedkit proves every platform against: instants, overlap, deadlines and
catch-up as the specs say. What a platform does beside that stands in its findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from os import PathLike
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from schedkit import preview
from schedkit.exceptions import SpecError
from schedkit.inputs import hint
from schedkit.recurrence.checks import epoch, whole_seconds
from schedkit.recurrence.durations import seconds
from schedkit.schedule import ScheduleSpec
from schedkit.starting import Decision, Desk, Due, Miss, Start, Stop


if TYPE_CHECKING:
    from pathlib import Path

    from schedkit.pipeline import Value

State: TypeAlias = Literal["running", "done", "replaced", "lost", "missed"]
_MINUTE = 60


@attrs.define(kw_only=True)
class Run:
    """
    What became of one instant of one schedule.

    Attributes:
        schedule: The schedule's name.
        pipeline: The pipeline's.
        scheduled: Its instant, in UTC.
        started: None where it never was.
        ended: None while it goes on, and where it never started.
        state: `replaced` was stopped by a later one, `lost` by the machine's end.
        reason: Why it was missed.
        parameters: What it ran with.
    """

    schedule: str
    pipeline: str
    scheduled: datetime
    started: datetime | None = None
    ended: datetime | None = None
    state: State = "running"
    reason: str = ""
    parameters: Mapping[str, Value] = attrs.field(factory=dict)


def virtual_time(
    start: datetime | str,
    program: Path | str | Iterable[ScheduleSpec],
    *,
    stack: str = "dev",
    lasts: Mapping[str, str | int | timedelta] | None = None,
    most: int | None = None,
) -> VirtualTime:
    """
    Stand at an instant, with all schedules of a program.

    Args:
        start: Aware, or RFC 3339 text; instants before it are not looked at.
        program: The folder of a Pulumi program, which is run without an engine; or schedules.
        stack: Of the program.
        lasts: Pipeline -> how long a run takes; a minute where nothing is said.
        most: How many runs may go on at a time.

    Raises:
        ProgramError: The program fails.
        SpecError: A name in *lasts* is no pipeline, or two schedules have one name.
    """
    specs = _declared(program, stack) if isinstance(program, str | PathLike) else tuple(program)
    return VirtualTime(epoch(whole_seconds(start, "virtual_time, start")), specs, lasts, most)


class VirtualTime:
    """
    A clock, and the runs that it has seen.

    Attributes:
        runs: In the order in which they were decided.
    """

    def __init__(
        self,
        start: int,
        specs: tuple[ScheduleSpec, ...],
        lasts: Mapping[str, str | int | timedelta] | None,
        most: int | None,
    ) -> None:
        self.runs: list[Run] = []
        self._specs = {spec.name: spec for spec in specs}
        if len(self._specs) < len(specs):
            raise SpecError("virtual_time", "two schedules have one name", "rename one")
        pipelines = {spec.pipeline.name for spec in specs}
        for name in lasts or ():
            if name not in pipelines:
                culprit = f"virtual_time, lasts, {name!r}"
                raise SpecError(culprit, "is no pipeline here", hint(name, pipelines))
        self._lasts = dict.fromkeys(pipelines, _MINUTE)
        self._lasts |= {name: seconds(value, "lasts") for name, value in (lasts or {}).items()}
        self._desk = Desk(specs, start, most=most)
        self._now = start
        self._ends: list[tuple[int, Due]] = []
        self._going: dict[Due, Run] = {}
        self._do(self._desk.at(start))

    @property
    def now(self) -> datetime:
        """
        The clock, in UTC.
        """
        return datetime.fromtimestamp(self._now, UTC)

    def advance(self, to: datetime | str | timedelta) -> list[Run]:
        """
        Let time pass, until an instant or for a while; return what was decided meanwhile.

        Raises:
            SpecError: That is in the past, or no time at all.
        """
        stop, known = self._until(to), len(self.runs)
        while (now := self._next(stop)) is not None:
            self._now = now
            while self._ends and self._ends[0][0] <= now:
                self._end(heappop(self._ends)[1])
            self._do(self._desk.at(now))
        self._now = stop
        return self.runs[known:]

    def off(self, to: datetime | str | timedelta) -> list[Run]:
        """
        Let time pass while the machine is off: what goes on is lost, and what was due meanwhile is
        decided when it is on again.
        """
        known = len(self.runs)
        for due, run in list(self._going.items()):
            run.state, run.ended = "lost", self.now
            del self._going[due]
            self._desk.forget(due)
        self._ends.clear()
        self._now = self._until(to)
        self._do(self._desk.at(self._now))
        return self.runs[known:]

    def _until(self, to: datetime | str | timedelta) -> int:
        if isinstance(to, timedelta) or (isinstance(to, str) and "T" not in to):
            return self._now + seconds(to, "advance")
        stop = epoch(whole_seconds(to, "advance"))
        if stop < self._now:
            raise SpecError(
                f"advance, {to}", f"is before {self.now.isoformat()}", "give a later one"
            )
        return stop

    def _next(self, stop: int) -> int | None:
        times = [at for at in (self._desk.wakes(), *(end for end, _ in self._ends[:1])) if at]
        now = min(times, default=stop + 1)
        return max(now, self._now) if now <= stop else None

    def _do(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, Start):
                self._start(decision.due)
            elif isinstance(decision, Miss):
                run = self._run(decision.due)
                run.state, run.reason = "missed", decision.reason
            elif isinstance(decision, Stop) and decision.due in self._going:
                self._ends = [each for each in self._ends if each[1] != decision.due]
                self._end(decision.due, "replaced")

    def _start(self, due: Due) -> None:
        run = self._going[due] = self._run(due)
        run.started = self.now
        heappush(self._ends, (self._now + self._lasts[run.pipeline], due))

    def _end(self, due: Due, state: State = "done") -> None:
        run = self._going.pop(due)
        run.state, run.ended = state, self.now
        self._do(self._desk.ended(due, self._now))

    def _run(self, due: Due) -> Run:
        spec = self._specs[due.schedule]
        scheduled = datetime.fromtimestamp(due.scheduled, UTC)
        run = Run(
            schedule=spec.name,
            pipeline=spec.pipeline.name,
            scheduled=scheduled,
            parameters=spec.filled(),
        )
        self.runs.append(run)
        return run


def _declared(folder: Path | str, stack: str) -> tuple[ScheduleSpec, ...]:
    found = preview.run(folder, stack=stack)
    return tuple(report.spec for report in found.reports if isinstance(report.spec, ScheduleSpec))
