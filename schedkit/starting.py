"""
Which instants of schedules start a run, and which are missed and why: decisions alone, by a clock
that somebody else keeps.

Nothing here waits, runs or remembers beyond the process. Times are Unix seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from schedkit.due import Due, Line, Miss, Start, Stop, Wait
from schedkit.exceptions import SpecError
from schedkit.recurrence.durations import duration


if TYPE_CHECKING:
    from collections.abc import Iterable

    from schedkit.due import Decision, Rule
    from schedkit.pipeline import Overlap


class Desk:
    """
    Decides for all schedules of one place, in the order of time.

    Every instant is started or missed, once, or waits for room. Call `at` whenever the clock moved
    on or a run ended, and do what it says. A clock that was set back decides nothing anew.

    Attributes:
        running: The runs that started and have not ended, and the pipeline of each.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        since: int | Mapping[str, int],
        *,
        most: int | None = None,
        seed: str = "",
        overlaps: Mapping[str, Overlap] | None = None,
        running: Mapping[Due, str] | None = None,
        waiting: Mapping[Due, str] | None = None,
        asked: Container[Due] = (),
        decided: Mapping[str, Container[int]] | None = None,
    ) -> None:
        """
        Begin, or go on where another desk ended.

        Args:
            rules: What is scheduled.
            since: Instants before it are nobody's business; of all schedules, or of each.
            most: How many runs may go on at a time; None is any number.
            seed: Tells this place from others with schedules of the same names, for jitter.
            overlaps: Of pipelines that may be `offer`ed runs though no schedule starts them.
            running: What goes on, and the pipeline of each.
            waiting: What waits, first in first out, and the pipeline of each.
            asked: Of these, what was `offer`ed.
            decided: By schedule the instants since then of which jitter turned the order round.

        Raises:
            SpecError: Two schedules or pipelines that differ have one name, or *most* is no count.
        """
        rules = tuple(rules)
        _check(rules, most)
        self.running: dict[Due, str] = dict(running or {})
        self._most = most
        self._overlaps = {**(overlaps or {}), **{rule.pipeline: rule.overlap for rule in rules}}
        firsts = since if isinstance(since, Mapping) else {rule.name: since for rule in rules}
        past = decided or {}
        lines = (Line(each, firsts[each.name], seed, past.get(each.name, ())) for each in rules)
        self._lines = {line.rule.name: line for line in lines}
        self._busy: Counter[str] = Counter(self.running.values())  # running by pipeline
        self._stopping: set[Due] = set()
        self._waiting: dict[str, dict[Due, None]] = {}  # by pipeline, first in first out
        self._untils: list[tuple[int, Due]] = []  # the last seconds of those that wait, or waited
        self._wakes: list[tuple[int, str]] = []
        self._moved: set[str] = set()
        for name in self._lines:
            self._wake(name)
        for due, pipeline in (waiting or {}).items():
            self.offer(due, pipeline)
            if due.schedule in self._lines and due not in asked:
                self._expire(due, due.at)

    def offer(self, due: Due, pipeline: str) -> None:
        """
        Put a run that no instant asks for at the end of the queue of a pipeline; it waits for as
        long as it takes.
        """
        self._waiting.setdefault(pipeline, {})[due] = None

    def withdraw(self, due: Due, pipeline: str) -> None:
        """
        Take a run that waits out of the queue.
        """
        del self._waiting[pipeline][due]
        if not self._waiting[pipeline]:
            del self._waiting[pipeline]

    def moved(self) -> dict[str, int]:
        """
        The schedules looked at since the last call, and the instant up to which all is decided,
        started or waits.
        """
        found = {name: self._lines[name].since for name in self._moved}
        self._moved.clear()
        return {name: since for name, since in found.items() if since is not None}

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
            self._moved.add(name)
            self._wake(name)
        found += self._expired(now)
        for each in sorted(offered):
            found += self._queued(each)
        found += self._replaced()
        found += self._started()
        for each in filter(self._is_waiting, sorted(offered)):
            found.append(Wait(each))
            self._expire(each, now)
        return found

    def ended(self, due: Due) -> None:
        """
        Hear that a run is no more; `at` gives its room away.
        """
        self._stopping.discard(due)
        self._busy[self.running.pop(due)] -= 1

    def wakes(self) -> int | None:
        """
        When to call `at` again, unless a run ends before; None is never. It may find nothing.
        """
        ends = (until + 1 for until, _ in self._untils[:1])
        return min((*(at for at, _ in self._wakes[:1]), *ends), default=None)

    def ahead(self, until: int) -> tuple[list[str], int | None]:
        """
        The pipelines of what is due by *until*, the next run of each schedule alone; and the first
        second after that in which something is due.
        """
        found, later, spots = [], [], [0]
        for spot in spots:  # of a heap, whose items are not after those at 2n+1 and 2n+2
            for at, name in self._wakes[spot : spot + 1]:
                line = self._lines[name]
                due = line.next()
                if at > until or due is None or due.at > until:
                    later.append(at if at > until or due is None else due.at)
                else:
                    found.append(line.rule.pipeline)
                if at <= until:
                    spots += (2 * spot + 1, 2 * spot + 2)
        return found, min(later, default=None)

    def has_room(self, pipeline: str) -> bool:
        """
        Whether a run of a pipeline that is due now would start.
        """
        taken = self._is_full() or self._is_taken(pipeline)
        return not taken and pipeline not in self._waiting

    def _is_full(self) -> bool:
        return self._most is not None and len(self.running) >= self._most

    def _is_taken(self, pipeline: str) -> bool:
        return self._overlaps.get(pipeline) != "allow" and self._busy[pipeline] > 0

    def _wake(self, name: str) -> None:
        at = self._lines[name].wakes()
        if at is not None:
            heappush(self._wakes, (at, name))

    def _is_waiting(self, due: Due) -> bool:
        line = self._lines[due.schedule]
        return due in self._waiting.get(line.rule.pipeline, ())

    def _expire(self, due: Due, now: int) -> None:
        """
        What waits for room where no queue was asked for is missed after its starting deadline.
        """
        rule = self._lines[due.schedule].rule
        if rule.overlap in {"allow", "forbid"}:
            heappush(self._untils, (max(now, due.at + rule.starting_deadline), due))

    def _expired(self, now: int) -> list[Decision]:
        found: list[Decision] = []
        while self._untils and self._untils[0][0] < now:
            _, due = heappop(self._untils)
            if self._is_waiting(due):
                rule = self._lines[due.schedule].rule
                self.withdraw(due, rule.pipeline)
                deadline = duration(rule.starting_deadline)
                found.append(Miss(due, f"no room within its starting deadline of {deadline}"))
        return found

    def _queued(self, due: Due) -> list[Decision]:
        rule = self._lines[due.schedule].rule
        found: list[Decision] = []
        if rule.overlap == "replace":
            reason = "another run replaced it before it could start"
            found += [Miss(each, reason) for each in self._waiting.pop(rule.pipeline, ())]
        self._waiting.setdefault(rule.pipeline, {})[due] = None
        return found

    def _replaced(self) -> list[Decision]:
        """
        Stop what goes on where something waits to replace it.
        """
        names = {name for name in self._waiting if self._overlaps.get(name) == "replace"}
        going = {due for due, name in self.running.items() if name in names} if names else set()
        found = [Stop(each) for each in sorted(going - self._stopping)]
        self._stopping |= going
        return [*found]

    def _started(self) -> list[Decision]:
        """
        Start those that wait, the earliest first, as far as there is room.
        """
        found: list[Decision] = []
        heads = [(next(iter(queue)), name) for name, queue in self._waiting.items()]
        heapify(heads)
        while heads and not self._is_full():
            due, name = heappop(heads)
            if self._is_taken(name):
                continue
            self.withdraw(due, name)
            self.running[due] = name
            self._busy[name] += 1
            found.append(Start(due))
            if name in self._waiting:
                heappush(heads, (next(iter(self._waiting[name])), name))
        return found


def _check(rules: tuple[Rule, ...], most: int | None) -> None:
    if most is not None and (type(most) is not int or most < 1):
        raise SpecError(f"most={most!r}", "is no count of runs", "give 1 or more, or None")
    overlaps: dict[str, str] = {}
    for name, count in Counter(rule.name for rule in rules).items():
        if count > 1:
            raise SpecError(f"Schedule {name!r}", "two have this name", "rename one")
    for rule in rules:
        if overlaps.setdefault(rule.pipeline, rule.overlap) != rule.overlap:
            reason = "two that differ have this name"
            raise SpecError(f"Pipeline {rule.pipeline!r}", reason, "rename one")
