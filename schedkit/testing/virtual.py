"""
Months of schedules in milliseconds: what would run, by a clock that only the test moves.

Instants, overlap, deadlines and catch-up are as the specs say. What a platform does otherwise
stands in its findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from os import PathLike
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from schedkit import preview
from schedkit.due import Decision, Due, Miss, Rule, Start, Stop
from schedkit.exceptions import SpecError
from schedkit.inputs import hint
from schedkit.recurrence.checks import EPOCH, epoch, whole_seconds
from schedkit.recurrence.durations import seconds
from schedkit.schedule import ScheduleSpec
from schedkit.starting import Desk


if TYPE_CHECKING:
    from pathlib import Path

    from schedkit.pipeline import PipelineSpec, Value

State: TypeAlias = Literal["running", "done", "timeout", "replaced", "lost", "missed"]
_MINUTE = 60


@attrs.define(kw_only=True)
class Run:
    """
    What became of one instant of one schedule, so far.

    Attributes:
        schedule: The schedule's name.
        pipeline: The pipeline's.
        scheduled: Its instant, in UTC.
        started: None where it never was.
        ended: None while it goes on, and where it never started.
        state: `timeout` was ended by the pipeline's own, `replaced` by a later run, `lost` by the
            end of the machine.
        reason: Why it was missed.
        parameters: What it ran with, or would have.
    """

    schedule: str
    pipeline: str
    scheduled: datetime
    started: datetime | None = None
    ended: datetime | None = None
    state: State = "running"
    reason: str = ""
    parameters: Mapping[str, Value]


def virtual_time(
    start: datetime | str,
    program: Path | str | Iterable[ScheduleSpec],
    *,
    stack: str = "dev",
    lasts: Mapping[str, str | timedelta] | None = None,
    most: int | None = None,
) -> VirtualTime:
    """
    Stand at an instant, with all schedules of a program.

    Args:
        start: Aware, or RFC 3339 text. Instants before it are not looked at; what is due at it is
            in `runs` at once.
        program: The folder of a Pulumi program, which is run without an engine; or schedules.
        stack: Of the program.
        lasts: Pipeline -> how long a run takes; a minute where nothing is said.
        most: How many runs may go on at a time.

    Raises:
        ProgramError: The program fails.
        SpecError: A name in *lasts* is no pipeline, or two schedules have one name.
    """
    since = epoch(whole_seconds(start, "virtual_time, start"))
    specs = _declared(program, stack) if isinstance(program, str | PathLike) else _given(program)
    desk = Desk(map(Rule.of, specs), since, most=most)
    _check(specs)
    return VirtualTime(specs, _lasts(specs, lasts or {}), desk, since)


class VirtualTime:
    """
    A clock, and the runs that it has seen; `virtual_time` makes one.

    Attributes:
        runs: In the order in which they started or were missed; what waits is not among them.
    """

    def __init__(
        self, specs: Iterable[ScheduleSpec], lasts: Mapping[str, int], desk: Desk, now: int
    ) -> None:
        self.runs: list[Run] = []
        self._specs = {spec.name: spec for spec in specs}
        self._parameters = {name: spec.filled() for name, spec in self._specs.items()}
        self._lasts = lasts
        self._desk = desk
        self._now = now
        self._ends: list[tuple[int, Due]] = []  # of runs that go on, and of some that ended early
        self._going: dict[Due, Run] = {}
        self._live()

    @property
    def now(self) -> datetime:
        """
        The clock, in UTC.
        """
        return _instant(self._now)

    def advance(self, to: datetime | str | timedelta) -> list[Run]:
        """
        Let time pass, up to and with an instant or for a while; return the runs that started or
        were missed meanwhile.

        Raises:
            SpecError: That is in the past, or no time at all.
        """
        stop, known = self._until(to, "advance"), len(self.runs)
        while (now := self._next(stop)) is not None:
            self._now = now
            self._live()
        self._now = stop
        return self.runs[known:]

    def off(self, to: datetime | str | timedelta) -> list[Run]:
        """
        Let time pass while the machine is off: what goes on is lost, what waits goes on waiting,
        and what was due meanwhile is decided when it is on again.

        Raises:
            SpecError: As for `advance`.
        """
        stop, known = self._until(to, "off"), len(self.runs)
        for due in list(self._going):
            self._end(due, "lost")
        self._now = stop
        self._live()
        return self.runs[known:]

    def _until(self, to: datetime | str | timedelta, culprit: str) -> int:
        if isinstance(to, timedelta) or (isinstance(to, str) and not re.match(r"\d{4}-", to)):
            try:
                return epoch(self.now + timedelta(seconds=seconds(to, culprit)))
            except OverflowError:
                reason = "is after the year 9999"
                raise SpecError(f"{culprit}, {to}", reason, "give a shorter time") from None
        stop = epoch(whole_seconds(to, culprit))
        if stop < self._now:
            reason = f"is before {self.now.isoformat()}"
            raise SpecError(f"{culprit}, {to}", reason, "give a later instant")
        return stop

    def _next(self, stop: int) -> int | None:
        wakes, ends = self._desk.wakes(), (at for at, _ in self._ends[:1])
        now = min((*ends, *(() if wakes is None else (wakes,))), default=stop + 1)
        return now if now <= stop else None

    def _live(self) -> None:
        """
        All that happens in this second: ends make room, and a run may end where it starts.
        """
        more = True
        while more:
            while self._ends and self._ends[0][0] <= self._now:
                self._end(heappop(self._ends)[1])
            decisions = self._desk.at(self._now)
            for decision in decisions:
                self._do(decision)
            more = bool(decisions)

    def _do(self, decision: Decision) -> None:
        due = decision.due
        if isinstance(decision, Miss):
            run = self._run(due)
            run.state, run.reason = "missed", decision.reason
        elif isinstance(decision, Start):
            run = self._going[due] = self._run(due)
            run.started = self.now
            timeout = self._specs[due.schedule].pipeline.timeout
            heappush(self._ends, (self._now + min(self._lasts[run.pipeline], timeout), due))
        elif isinstance(decision, Stop):
            self._end(due, "replaced")

    def _end(self, due: Due, state: State | None = None) -> None:
        run = self._going.pop(due, None)
        if run is None:
            return  # it ended early
        timeout = self._specs[due.schedule].pipeline.timeout
        run.state = state or ("timeout" if self._lasts[run.pipeline] > timeout else "done")
        run.ended = self.now
        self._desk.ended(due)

    def _run(self, due: Due) -> Run:
        spec = self._specs[due.schedule]
        run = Run(
            schedule=spec.name,
            pipeline=spec.pipeline.name,
            scheduled=_instant(due.scheduled),
            parameters=self._parameters[due.schedule],
        )
        self.runs.append(run)
        return run


@lru_cache(maxsize=1_000)
def _instant(at: int) -> datetime:
    return EPOCH + timedelta(seconds=at)


def _declared(folder: Path | str, stack: str) -> tuple[ScheduleSpec, ...]:
    found = preview.run(folder, stack=stack)
    return tuple(report.spec for report in found.reports if isinstance(report.spec, ScheduleSpec))


def _given(specs: Iterable[ScheduleSpec]) -> tuple[ScheduleSpec, ...]:
    found = tuple(specs) if isinstance(specs, Iterable) else (specs,)
    for each in found:
        if not isinstance(each, ScheduleSpec):
            culprit, reason = f"virtual_time, {each!r}", "is no sk.ScheduleSpec"
            raise SpecError(culprit, reason, "give the folder of a program, or schedules")
    return found


def _check(specs: Iterable[ScheduleSpec]) -> None:
    pipelines: dict[str, PipelineSpec] = {}
    for spec in specs:
        name = spec.pipeline.name
        if pipelines.setdefault(name, spec.pipeline) != spec.pipeline:
            reason = "two that differ have this name"
            raise SpecError(f"Pipeline {name!r}", reason, "rename one")


def _lasts(specs: Iterable[ScheduleSpec], told: Mapping[str, str | timedelta]) -> dict[str, int]:
    found = {spec.pipeline.name: _MINUTE for spec in specs}
    if not isinstance(told, Mapping):
        raise SpecError(f"virtual_time, lasts={told!r}", "is no mapping", "write {'train': '90m'}")
    for name, value in told.items():
        culprit = f"virtual_time, lasts, {name!r}"
        if name not in found:
            raise SpecError(culprit, "is no pipeline here", hint(str(name), found))
        found[name] = seconds(value, culprit)
    return found
