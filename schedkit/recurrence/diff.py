"""
What changes when a schedule changes: the runs that are lost, added, moved and kept.

Both schedules are walked once, run by run, and nothing is kept but counts and the first runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import itemgetter
from typing import cast

import attrs

from schedkit.exceptions import SpecError
from schedkit.recurrence.base import When
from schedkit.recurrence.checks import EPOCH, SECOND, epoch, instant, plain
from schedkit.recurrence.durations import duration
from schedkit.recurrence.moves import pairs, typical_gap
from schedkit.recurrence.zones import Zone


__all__ = ["Diff", "Move", "diff"]

SHOWN = 20  # runs of each kind that a `Diff` lists
YEAR = timedelta(days=365.2425)
_KINDS = ("moved", "lost", "added", "kept")


@attrs.frozen
class Move:
    """
    One run that moved, each instant in its own schedule's zone.
    """

    old: datetime
    new: datetime

    @property
    def shift(self) -> timedelta:
        """
        Elapsed time from the old run to the new one; negative when it is earlier.
        """
        return _elapsed(self.old, self.new)


@attrs.frozen(kw_only=True)
class Diff:
    """
    What a new schedule does differently from start to stop, compared by instants.

    A lost and an added run are one *moved* run when no run of either schedule lies between them
    and they are less than `limit` apart: half the typical gap (the median between neighbouring
    runs) of the schedule whose gap is smaller. A schedule with fewer than two runs has the whole
    window for a gap. Where a run has such a neighbour on both sides, as many runs as possible are
    moved, with the least shift in all. A run that moves over the edge of the window counts as
    lost or added.

    Attributes:
        lost: Number of runs that only the old schedule has.
        added: Number of runs that only the new schedule has.
        moved: Number of runs that both have, at different instants.
        kept: Number of runs that both have.
        limit: What a shift is always less than.
        first: The first instant that is lost, added, or one end of a move; None when all is kept.
        largest_shift: Of the moved runs, the first of the largest; negative is earlier.
        first_lost: The first 20, in the old schedule's zone.
        first_added: The first 20, in the new schedule's zone.
        first_moved: The first 20.
    """

    start: datetime
    stop: datetime
    lost: int
    added: int
    moved: int
    kept: int
    limit: timedelta
    first: datetime | None
    largest_shift: timedelta
    first_lost: tuple[datetime, ...]
    first_added: tuple[datetime, ...]
    first_moved: tuple[Move, ...]

    @property
    def same(self) -> bool:
        """
        Whether every run is kept.
        """
        return self.first is None

    @property
    def per_year(self) -> dict[str, float]:
        """
        `moved`, `lost`, `added` and `kept`, for each 365.2425 days.
        """
        years = _elapsed(self.start, self.stop) / YEAR
        return {kind: getattr(self, kind) / years for kind in _KINDS}

    @property
    def sentence(self) -> str:
        """
        The whole difference in one line.
        """
        window = f"from {self.start.isoformat()} to {self.stop.isoformat()}"
        if self.first is None:
            return f"No run differs, {self.kept} kept, {window}."
        shift = f" (largest shift {shift_text(self.largest_shift)})" if self.moved else ""
        counts = f"{self.moved} moved{shift}, {self.lost} lost, {self.added} added"
        first = f"the first difference is at {self.first.isoformat()}"
        return f"{counts}, {self.kept} kept, {window}; {first}."

    def to_dict(self) -> dict[str, object]:
        """
        The difference as plain data for JSON; durations are seconds.
        """
        own = attrs.asdict(self, recurse=False)
        document = {name: _plain(value) for name, value in own.items()}
        document["first_moved"] = [
            {"old": move.old.isoformat(), "new": move.new.isoformat(), "shift": _plain(move.shift)}
            for move in self.first_moved
        ]
        computed = {"same": self.same, "per_year": self.per_year, "sentence": self.sentence}
        return {**document, **computed}


def diff(old: When, new: When, start: datetime, stop: datetime) -> Diff:
    """
    Compare two schedules by their runs with start <= t < stop.

    Takes time in proportion to the number of runs, and no more memory for more of them.

    Args:
        start: Aware datetime, or RFC 3339 text.
        stop: As *start*, and after it.

    Raises:
        SpecError: *old* or *new* is no schedule, an instant is naive, or *stop* is not after
            *start*.
    """
    for name, when in (("old", old), ("new", new)):
        plain(when, f"diff, {name}")
        if not isinstance(when, When):
            reason = f"{when!r} is {type(when).__name__}, not a schedule"
            raise SpecError(f"diff, {name}", reason, "pass Cron, Calendar, Every, Once or Union")
    start, stop = instant(start, "diff, start"), instant(stop, "diff, stop")
    low, high = epoch(start), epoch(stop)
    if high <= low:
        reason = f"{stop.isoformat()} is not after the start, {start.isoformat()}"
        raise SpecError("diff, stop", reason, "give a later one")
    gap = min(typical_gap(when.epochs(low, high), high - low) for when in (old, new))
    tally = _Tally()
    for pair in pairs(old.epochs(low, high), new.epochs(low, high), gap):
        tally.count(*pair)
    return tally.told(old, new, start, stop, timedelta(seconds=gap) / 2)


def shift_text(shift: timedelta) -> str:
    """
    `1h later`, `30m earlier`.
    """
    return f"{duration(abs(shift) // SECOND)} {'earlier' if shift < timedelta() else 'later'}"


@attrs.define
class _Tally:
    kept: int = 0
    lost: int = 0
    added: int = 0
    moved: int = 0
    largest: int = 0
    first: tuple[int | None, int | None] = (None, None)
    losses: list[int] = attrs.Factory(list)
    additions: list[int] = attrs.Factory(list)
    moves: list[tuple[int, int]] = attrs.Factory(list)

    def count(self, old: int | None, new: int | None) -> None:
        if old == new:
            self.kept += 1
            return
        if self.first == (None, None):
            self.first = old, new
        if new is None:
            self.lost += 1
            self.losses += [cast("int", old)] * (self.lost <= SHOWN)
        elif old is None:
            self.added += 1
            self.additions += [new] * (self.added <= SHOWN)
        else:
            self.moved += 1
            self.moves += [(old, new)] * (self.moved <= SHOWN)
            self.largest = max(self.largest, new - old, key=abs)

    def told(
        self, old: When, new: When, start: datetime, stop: datetime, limit: timedelta
    ) -> Diff:
        def of(when: When, found: int) -> datetime:
            return (EPOCH + timedelta(seconds=found)).astimezone(Zone.of(when.timezone).tzinfo)

        ends = [(t, w) for t, w in zip(self.first, (old, new), strict=True) if t is not None]
        first, whose = min(ends, key=itemgetter(0), default=(0, None))
        return Diff(
            start=start,
            stop=stop,
            lost=self.lost,
            added=self.added,
            moved=self.moved,
            kept=self.kept,
            limit=limit,
            first=None if whose is None else of(whose, first),
            largest_shift=timedelta(seconds=self.largest),
            first_lost=tuple(of(old, found) for found in self.losses),
            first_added=tuple(of(new, found) for found in self.additions),
            first_moved=tuple(Move(of(old, one), of(new, other)) for one, other in self.moves),
        )


def _elapsed(start: datetime, stop: datetime) -> timedelta:
    """
    Not `stop - start`, which is a difference of wall clocks where both have one zone.
    """
    return (stop - EPOCH) - (start - EPOCH)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, datetime) else value
