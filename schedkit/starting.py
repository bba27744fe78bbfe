"""
Which instants of schedules start a run, and which are missed and why: decisions alone, by a clock
that somebody else keeps.

Nothing here waits, runs or remembers beyond the process. Times are Unix seconds.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

import attrs

from schedkit.recurrence import Window
from schedkit.recurrence.durations import duration
from schedkit.recurrence.zones import LAST


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schedkit.schedule import ScheduleSpec


@attrs.frozen(order=True)
class Due:
    """
    One instant of one schedule: the identity of a run.

    Attributes:
        at: When it is due: its instant, and its jitter.
        schedule: The schedule's name.
        scheduled: Its instant.
    """

    at: int
    schedule: str
    scheduled: int


@attrs.frozen
class Start:
    """
    The run starts now.
    """

    due: Due


@attrs.frozen
class Stop:
    """
    The run that goes on is to end, for a later one replaces it.
    """

    due: Due


@attrs.frozen
class Miss:
    """
    The run never starts; the reason is part of a sentence.
    """

    due: Due
    reason: str


Decision: TypeAlias = Start | Stop | Miss


@attrs.define
class _Waiting:
    due: Due
    until: int | None  # after this second it is missed


class Desk:
    """
    Decides for all schedules of one place, in the order of time.

    Call `at` whenever the clock moved on, and `ended` whenever a run ended; do what they say.
    A clock that was set back decides nothing anew.
    """

    def __init__(
        self, specs: Iterable[ScheduleSpec], since: int, *, most: int | None = None, seed: str = ""
    ) -> None:
        """
        Begin.

        Args:
            specs: What is scheduled; names are unique.
            since: Instants before it are nobody's business.
            most: How many runs may go on at a time; None is any number.
            seed: Tells this place from others with schedules of the same names, for jitter.
        """
        self.most = most
        self.running: defaultdict[str, list[Due]] = defaultdict(list)
        self._lines = {spec.name: _Line(spec, since, seed) for spec in specs}
        self._waiting: defaultdict[str, list[_Waiting]] = defaultdict(list)
        self._wakes: list[tuple[int, str]] = []
        for name in self._lines:
            self._wake(name)

    def at(self, now: int) -> list[Decision]:
        """
        What is to be done at *now*.
        """
        found: list[Decision] = []
        offered: list[Due] = []
        while self._wakes and self._wakes[0][0] <= now:
            _, name = heappop(self._wakes)
            missed, due = self._lines[name].taken(now)
            found += missed
            offered += due
            self._wake(name)
        for each in sorted(offered):
            found += self._offer(each, now)
        for pipeline in list(self._waiting):
            found += self._expired(pipeline, now)
            found += self._next(pipeline)
        return found

    def forget(self, due: Due) -> None:
        """
        A run is no more, and nobody looked at what waits for it: `at` does.
        """
        self.running[self._pipeline(due)].remove(due)

    def ended(self, due: Due, now: int) -> list[Decision]:
        """
        What is to be done since a run ended.
        """
        self.forget(due)
        found: list[Decision] = []
        for pipeline in list(self._waiting):
            found += self._expired(pipeline, now)
            found += self._next(pipeline)
        return found

    def wakes(self) -> int | None:
        """
        When `at` has something to decide next; None is never.
        """
        ends = (each.until + 1 for queue in self._waiting.values() for each in queue if each.until)
        return min((*(at for at, _ in self._wakes[:1]), *ends), default=None)

    def _wake(self, name: str) -> None:
        at = self._lines[name].wakes()
        if at is not None:
            heappush(self._wakes, (at, name))

    def _pipeline(self, due: Due) -> str:
        return self._lines[due.schedule].spec.pipeline.name

    def _offer(self, due: Due, now: int) -> list[Decision]:
        line = self._lines[due.schedule]
        pipeline, overlap = line.spec.pipeline.name, line.spec.pipeline.overlap
        if self._is_free(pipeline, overlap) and not self._waiting[pipeline]:
            return [self._start(due)]
        found: list[Decision] = []
        if overlap == "replace":
            reason = "a later run replaced it before it could start"
            found += [Miss(each.due, reason) for each in self._waiting.pop(pipeline, ())]
            found += [Stop(each) for each in self.running[pipeline]]
        patient = overlap in {"queue", "replace"}
        until = None if patient else max(now, due.at + line.spec.starting_deadline)
        self._waiting[pipeline].append(_Waiting(due, until))
        return found + self._next(pipeline)

    def _next(self, pipeline: str) -> list[Decision]:
        """
        Start those that wait, the earliest first, as far as there is room.
        """
        found: list[Decision] = []
        queue = self._waiting[pipeline]
        while queue:
            overlap = self._lines[queue[0].due.schedule].spec.pipeline.overlap
            if not self._is_free(pipeline, overlap):
                return found
            found.append(self._start(queue.pop(0).due))
        del self._waiting[pipeline]
        return found

    def _expired(self, pipeline: str, now: int) -> list[Decision]:
        late = [each for each in self._waiting[pipeline] if each.until and each.until < now]
        kept = [each for each in self._waiting[pipeline] if each not in late]
        self._waiting[pipeline] = kept
        if not kept:
            del self._waiting[pipeline]
        return [Miss(each.due, self._busy(each.due)) for each in late]

    def _busy(self, due: Due) -> str:
        deadline = duration(self._lines[due.schedule].spec.starting_deadline)
        return f"no room until its starting deadline of {deadline}: other runs went on"

    def _is_free(self, pipeline: str, overlap: str) -> bool:
        alone = overlap == "allow" or not self.running[pipeline]
        total = sum(map(len, self.running.values()))
        return alone and (self.most is None or total < self.most)

    def _start(self, due: Due) -> Start:
        self.running[self._pipeline(due)].append(due)
        return Start(due)


class _Line:
    """
    The instants of one schedule that nobody has decided yet.
    """

    def __init__(self, spec: ScheduleSpec, since: int, seed: str) -> None:
        self.spec = spec
        when = spec.when
        if spec.start or spec.end:
            when = Window(when, start=spec.start, end=spec.end)
        self._coming: Iterator[int] = iter(()) if spec.paused else when.epochs(since, LAST)
        self._head = next(self._coming, None)
        self._delayed: list[Due] = []
        self._seed = seed

    def wakes(self) -> int | None:
        """
        The next second that may decide something; no jitter is earlier than its instant.
        """
        heads = [due.at for due in self._delayed[:1]]
        return min((*heads, *([] if self._head is None else [self._head])), default=None)

    def taken(self, now: int) -> tuple[list[Miss], list[Due]]:
        """
        What is due by *now*: what is missed, and what shall start, catching up included.
        """
        while self._head is not None and self._head <= now:
            heappush(self._delayed, self._due(self._head))
            self._head = next(self._coming, None)
        due = []
        while self._delayed and self._delayed[0].at <= now:
            due.append(heappop(self._delayed))
        on_time = [each for each in due if now - each.at <= self.spec.starting_deadline]
        missed, caught = self._caught_up(due[: len(due) - len(on_time)], now)
        return missed, caught + on_time

    def _due(self, scheduled: int) -> Due:
        late = 0
        if self.spec.jitter:
            text = f"{self._seed}/{self.spec.name}/{scheduled}"
            drawn = int.from_bytes(sha256(text.encode()).digest()[:8])
            late = drawn % (self.spec.jitter + 1)
        return Due(scheduled + late, self.spec.name, scheduled)

    def _caught_up(self, late: list[Due], now: int) -> tuple[list[Miss], list[Due]]:
        """
        What is too late, and of it what the policy brings back.
        """
        policy, window = self.spec.catch_up.policy, self.spec.catch_up.window or 0
        kept = [each for each in late if now - each.at <= window]
        if policy == "latest":
            kept = kept[-1:]
        missed = [Miss(each, self._reason(each, now)) for each in late if each not in kept]
        return missed, kept

    def _reason(self, due: Due, now: int) -> str:
        spec, late = self.spec, duration(now - due.at)
        if spec.catch_up.policy == "none":
            return f"{late} late, and its starting deadline is {duration(spec.starting_deadline)}"
        window = spec.catch_up.window or 0
        if now - due.at > window:
            return f"{late} late, and runs are caught up with for {duration(window)}"
        return "a later run was missed too, and the latest alone is caught up with"
