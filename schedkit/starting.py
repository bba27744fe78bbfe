"""
Which instants of schedules start a run, and which are missed and why: decisions alone, by a clock
that somebody else keeps.

Nothing here waits, runs or remembers beyond the process. Times are Unix seconds.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from schedkit.exceptions import SpecError
from schedkit.recurrence.checks import epoch
from schedkit.recurrence.durations import duration
from schedkit.recurrence.zones import LAST


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schedkit.pipeline import PipelineSpec
    from schedkit.schedule import ScheduleSpec


class Due(NamedTuple):
    """
    One instant of one schedule: the identity of a run.

    Attributes:
        at: When it is due: its instant, and its jitter. Lateness counts from here.
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
    The run that goes on is to end, for a later one replaces it; said once.
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


class Desk:
    """
    Decides for all schedules of one place, in the order of time.

    Every instant is started or missed, once, or waits for room. Call `at` whenever the clock moved
    on or a run ended, and do what it says. A clock that was set back decides nothing anew.

    Attributes:
        running: The runs that started and have not ended.
    """

    def __init__(
        self, specs: Iterable[ScheduleSpec], since: int, *, most: int | None = None, seed: str = ""
    ) -> None:
        """
        Begin.

        Args:
            specs: What is scheduled.
            since: Instants before it are nobody's business.
            most: How many runs may go on at a time; None is any number.
            seed: Tells this place from others with schedules of the same names, for jitter.

        Raises:
            SpecError: Two schedules or two pipelines have one name, or *most* is no count.
        """
        specs = tuple(specs)
        _check(specs, most)
        self.running: set[Due] = set()
        self._most = most
        self._lines = {spec.name: _Line(spec, since, seed) for spec in specs}
        self._busy: Counter[str] = Counter()  # running by pipeline
        self._stopping: set[Due] = set()
        self._waiting: dict[str, dict[Due, None]] = {}  # by pipeline, first in first out
        self._untils: list[tuple[int, Due]] = []  # the last seconds of those that wait, or waited
        self._wakes: list[tuple[int, str]] = []
        for name in self._lines:
            self._wake(name)

    @property
    def waiting(self) -> list[Due]:
        """
        What is due and neither started nor missed, the earliest first.
        """
        return sorted(due for queue in self._waiting.values() for due in queue)

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
        found += self._expired(now)
        for each in sorted(offered):
            found += self._queued(each)
        found += self._started()
        for each in filter(self._is_waiting, offered):
            spec = self._lines[each.schedule].spec
            if spec.pipeline.overlap in {"allow", "forbid"}:
                heappush(self._untils, (max(now, each.at + spec.starting_deadline), each))
        return found

    def ended(self, due: Due) -> None:
        """
        Hear that a run is no more; `at` gives its room away.
        """
        self.running.remove(due)
        self._stopping.discard(due)
        self._busy[self._pipeline(due).name] -= 1

    def wakes(self) -> int | None:
        """
        When to call `at` again, unless a run ends before; None is never. It may find nothing.
        """
        ends = (until + 1 for until, _ in self._untils[:1])
        return min((*(at for at, _ in self._wakes[:1]), *ends), default=None)

    def _wake(self, name: str) -> None:
        at = self._lines[name].wakes()
        if at is not None:
            heappush(self._wakes, (at, name))

    def _pipeline(self, due: Due) -> PipelineSpec:
        return self._lines[due.schedule].spec.pipeline

    def _is_waiting(self, due: Due) -> bool:
        return due in self._waiting.get(self._pipeline(due).name, ())

    def _expired(self, now: int) -> list[Decision]:
        found: list[Decision] = []
        while self._untils and self._untils[0][0] < now:
            _, due = heappop(self._untils)
            if self._is_waiting(due):
                self._leave(due)
                deadline = duration(self._lines[due.schedule].spec.starting_deadline)
                found.append(Miss(due, f"no room within its starting deadline of {deadline}"))
        return found

    def _queued(self, due: Due) -> list[Decision]:
        pipeline = self._pipeline(due)
        found: list[Decision] = []
        if pipeline.overlap == "replace":
            reason = "another run replaced it before it could start"
            found += [Miss(each, reason) for each in self._waiting.pop(pipeline.name, ())]
            if self._busy[pipeline.name]:
                going = {
                    each for each in self.running if self._pipeline(each).name == pipeline.name
                }
                found += [Stop(each) for each in sorted(going - self._stopping)]
                self._stopping |= going
        self._waiting.setdefault(pipeline.name, {})[due] = None
        return found

    def _started(self) -> list[Decision]:
        """
        Start those that wait, the earliest first, as far as there is room.
        """
        found: list[Decision] = []
        heads = [next(iter(queue)) for queue in self._waiting.values()]
        heapify(heads)
        while heads and (self._most is None or len(self.running) < self._most):
            due = heappop(heads)
            pipeline = self._pipeline(due)
            if pipeline.overlap != "allow" and self._busy[pipeline.name]:
                continue
            self._leave(due)
            self.running.add(due)
            self._busy[pipeline.name] += 1
            found.append(Start(due))
            if pipeline.name in self._waiting:
                heappush(heads, next(iter(self._waiting[pipeline.name])))
        return found

    def _leave(self, due: Due) -> None:
        name = self._pipeline(due).name
        del self._waiting[name][due]
        if not self._waiting[name]:
            del self._waiting[name]


class _Line:
    """
    The instants of one schedule that nobody has decided yet.
    """

    def __init__(self, spec: ScheduleSpec, since: int, seed: str) -> None:
        self.spec = spec
        first = since if spec.start is None else max(since, epoch(spec.start))
        stop = LAST if spec.end is None else epoch(spec.end)
        self._coming: Iterator[int] = iter(()) if spec.paused else spec.when.epochs(first, stop)
        self._head = next(self._coming, None)
        self._delayed: list[Due] = []  # a heap: jitter may turn the order round
        self._seed = seed

    def wakes(self) -> int | None:
        """
        The next second at which `taken` has something to do.
        """
        head = () if self._head is None else (self._head,)
        return min((*head, *(due.at for due in self._delayed[:1])), default=None)

    def taken(self, now: int) -> tuple[list[Miss], list[Due]]:
        """
        What is due by *now*: what is missed, and what shall start, catching up included.
        """
        while self._head is not None and self._head <= now:
            heappush(self._delayed, self._due(self._head))
            self._head = next(self._coming, None)
        late: list[Due] = []
        on_time: list[Due] = []
        while self._delayed and self._delayed[0].at <= now:
            due = heappop(self._delayed)
            (late if now - due.at > self.spec.starting_deadline else on_time).append(due)
        kept = self._caught_up(late, now)
        missed = late[: len(late) - len(kept)]
        return [Miss(each, self._reason(each, now)) for each in missed], kept + on_time

    def _due(self, scheduled: int) -> Due:
        late = 0
        if self.spec.jitter:
            text = f"{self._seed}/{self.spec.name}/{scheduled}"
            drawn = int.from_bytes(sha256(text.encode()).digest()[:8])
            late = drawn % (self.spec.jitter + 1)
        return Due(scheduled + late, self.spec.name, scheduled)

    def _caught_up(self, late: list[Due], now: int) -> list[Due]:
        """
        Of what is too late, the end that the policy brings back.
        """
        window = self.spec.catch_up.window or 0
        counted = [each for each in late if now - each.at <= window]
        return counted[-1:] if self.spec.catch_up.policy == "latest" else counted

    def _reason(self, due: Due, now: int) -> str:
        catch_up, late = self.spec.catch_up, now - due.at
        if catch_up.window is None:
            deadline = duration(self.spec.starting_deadline)
            return f"{duration(late)} late, and its starting deadline is {deadline}"
        if late > catch_up.window:
            window = duration(catch_up.window)
            return f"{duration(late)} late, and runs are caught up with for {window}"
        return "a later run was missed too, and the latest alone is caught up with"


def _check(specs: tuple[ScheduleSpec, ...], most: int | None) -> None:
    if most is not None and (type(most) is not int or most < 1):
        raise SpecError(f"most={most!r}", "is no count of runs", "give 1 or more, or None")
    names: set[str] = set()
    pipelines: dict[str, PipelineSpec] = {}
    for spec in specs:
        if spec.name in names:
            raise SpecError(f"Schedule {spec.name!r}", "two have this name", "rename one")
        names.add(spec.name)
        name = spec.pipeline.name
        if pipelines.setdefault(name, spec.pipeline) != spec.pipeline:
            reason = "two that differ have this name"
            raise SpecError(f"Pipeline {name!r}", reason, "rename one")
