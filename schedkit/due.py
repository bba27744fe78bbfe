"""
What is due, and what may be decided of it: as values, and by schedule the instants that nobody has
decided yet.

Times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Container
from heapq import heappop, heappush
from itertools import filterfalse
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from schedkit.recurrence.checks import epoch
from schedkit.recurrence.durations import duration
from schedkit.recurrence.zones import LAST


if TYPE_CHECKING:
    from datetime import datetime

    from schedkit.pipeline import Overlap
    from schedkit.recurrence import When
    from schedkit.schedule import CatchUp, ScheduleSpec


@attrs.frozen(kw_only=True)
class Rule:
    """
    What is asked of the starts of one schedule; the words are those of its specs.
    """

    name: str
    pipeline: str
    overlap: Overlap
    when: When
    catch_up: CatchUp
    starting_deadline: int
    jitter: int = 0
    start: datetime | None = None
    end: datetime | None = None
    paused: bool = False

    @classmethod
    def of(cls, spec: ScheduleSpec) -> Rule:
        """
        Return the rule of a schedule.
        """
        own = {field.name: getattr(spec, field.name) for field in _OWN}
        return cls(**own | {"pipeline": spec.pipeline.name}, overlap=spec.pipeline.overlap)


_OWN = [field for field in attrs.fields(Rule) if field.name not in {"pipeline", "overlap"}]


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


@attrs.frozen
class Wait:
    """
    The run starts when there is room; said once.
    """

    due: Due


Decision: TypeAlias = Start | Stop | Miss | Wait


class Line:
    """
    The instants of one schedule that nobody has decided yet.
    """

    def __init__(self, rule: Rule, since: int, seed: str, decided: Container[int]) -> None:
        self.rule = rule
        first = since if rule.start is None else max(since, epoch(rule.start))
        stop = LAST if rule.end is None else epoch(rule.end)
        coming = iter(()) if rule.paused else rule.when.epochs(first, stop)
        self._coming = filterfalse(decided.__contains__, coming) if decided else coming
        self._head = next(self._coming, None)
        self._delayed: list[Due] = []  # a heap: jitter may turn the order round
        self._seed = seed

    def next(self) -> Due | None:
        """
        The next one that is due; None where there is none.
        """
        head = () if self._head is None else (self._due(self._head),)
        return min((*head, *self._delayed[:1]), default=None)

    @property
    def since(self) -> int | None:
        """
        The first instant that is not decided; None where there is none.
        """
        head = () if self._head is None else (self._head,)
        return min((*head, *(due.scheduled for due in self._delayed)), default=None)

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
            (late if now - due.at > self.rule.starting_deadline else on_time).append(due)
        kept = self._caught_up(late, now)
        missed = late[: len(late) - len(kept)]
        return [Miss(each, self._reason(each, now)) for each in missed], kept + on_time

    def _due(self, scheduled: int) -> Due:
        late = 0
        if self.rule.jitter:
            from hashlib import sha256  # OpenSSL is much memory for a server

            text = f"{self._seed}/{self.rule.name}/{scheduled}"
            drawn = int.from_bytes(sha256(text.encode()).digest()[:8])
            late = drawn % (self.rule.jitter + 1)
        return Due(scheduled + late, self.rule.name, scheduled)

    def _caught_up(self, late: list[Due], now: int) -> list[Due]:
        """
        Of what is too late, the end that the policy brings back.
        """
        window = self.rule.catch_up.window or 0
        counted = [each for each in late if now - each.at <= window]
        return counted[-1:] if self.rule.catch_up.policy == "latest" else counted

    def _reason(self, due: Due, now: int) -> str:
        catch_up, late = self.rule.catch_up, now - due.at
        if catch_up.window is None:
            deadline = duration(self.rule.starting_deadline)
            return f"{duration(late)} late, and its starting deadline is {deadline}"
        if late > catch_up.window:
            window = duration(catch_up.window)
            return f"{duration(late)} late, and runs are caught up with for {window}"
        return "a later run was missed too, and the latest alone is caught up with"
