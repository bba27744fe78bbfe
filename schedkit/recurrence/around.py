"""
What a dialect's real search does around the offset changes of one zone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date
from typing import TYPE_CHECKING, cast

from schedkit.recurrence import instants
from schedkit.recurrence.grid import bits


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from schedkit.recurrence.dialects import Reader
    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.zones import Change, Dst

HOUR, DAY = 3_600, 86_400
MARGIN = (
    DAY  # before a change a search may go wrong too: Go looks up the wall clock as if it were UTC
)
BEFORE = 40 * DAY  # more than a month: an earlier start walks over the same first of a month
AFTER = 2 * DAY  # a full local day after the change, whatever the zone
NEARBY = 10  # days around a change in which a window must lie to stand for others of its shape
SHORT = (NEARBY - 3) * DAY
WINDOW = (1 << 2 * NEARBY + 1) - 1
NEVER = 1 << 60
FAR = 9 * 366 * DAY  # 29 February may be eight years away
KINDS = tuple((first, leap) for leap in (False, True) for first in range(7))
EPOCH_DAY = date(1970, 1, 1).toordinal()


class Sets:
    """
    The wall clocks of one calendar: minutes of the day, days of each kind of year; and its
    instants.

    `offset` is that of its clock from UTC in seconds, where the clock never changes.
    """

    offset = 0

    def __init__(
        self,
        minutes: int,
        year_days: Callable[[int, bool], int],
        epochs: Callable[[int, int], Iterator[int]],
    ) -> None:
        self.minutes = minutes
        self.kinds = {kind: year_days(*kind) for kind in KINDS}
        self.epochs = epochs


class Own(Sets):
    """
    The wall clocks of one expression, and the instants that its search should find.

    Expressions of one *native* start one run where they coincide.
    """

    def __init__(self, reader: Reader, dst: Dst | None, native: int = 0) -> None:
        super().__init__(reader.minutes, reader.year_days, self._epochs)
        self.reader = reader
        self.native = native
        self.timezone = reader.zone.name
        self.dst = dst
        self.seconds = tuple(60 * minute for minute in bits(reader.minutes))
        self._numbers: dict[tuple[int, bool], Sequence[int]] = {}
        months = {date.fromordinal(day + 1).month for day in self.day_numbers(0, leap=False)}
        self.every_month = len(months) == 12

    def day_numbers(self, first_weekday: int, leap: bool) -> Sequence[int]:
        """
        The matching days of one kind of year, 0 is 1 January.
        """
        key = (first_weekday, leap)
        if key not in self._numbers:
            self._numbers[key] = bits(self.kinds[key])
        return self._numbers[key]

    def _epochs(self, start: int, stop: int) -> Iterator[int]:
        calendar = cast("Calendar", self)  # it has all that is read there
        return instants.epochs(calendar, start, stop)


def year_kind(day: date) -> tuple[tuple[int, bool], int]:
    """
    The kind of a day's year, and its place there from 0.
    """
    january = date(day.year, 1, 1)
    leap = date(day.year, 12, 31).toordinal() - january.toordinal() == 365
    return (january.isoweekday() % 7, leap), day.toordinal() - january.toordinal()


def differences(
    sources: Sequence[Sets], owns: Sequence[Own], changes: Sequence[Change]
) -> tuple[set[int], set[int]]:
    """
    Return the instants that the searches lose and add around *changes*.

    Windows of one shape (the same clock times, offsets and matching days all around) are compared
    once, unless they differ.
    """
    missing: set[int] = set()
    extra: set[int] = set()
    equal: set[tuple[object, ...]] = set()
    for cluster in _clusters(changes):
        shape = _shape(cluster, sources, owns)
        if shape in equal:
            continue
        lost, added, near = _window(sources, owns, cluster)
        missing |= lost
        extra |= added
        if near and not lost and not added:
            equal.add(shape)
    return missing, extra


def _clusters(changes: Iterable[Change]) -> list[list[Change]]:
    """
    Changes so near that a search from before one may still see the other.
    """
    found: list[list[Change]] = []
    for change in changes:
        if found and change.epoch - found[-1][-1].epoch <= BEFORE + AFTER:
            found[-1].append(change)
        else:
            found.append([change])
    return found


def _window(
    sources: Sequence[Sets], owns: Sequence[Own], cluster: Sequence[Change]
) -> tuple[set[int], set[int], bool]:
    """
    Compare the union of the natives' chains of runs with the source, and single searches with each
    native's sets.

    The third value tells whether all this stayed near the change.
    """
    start, stop = cluster[0].epoch - MARGIN, cluster[-1].epoch + AFTER
    wanted = {epoch for source in sources for epoch in source.epochs(start, stop)}
    fired: set[int] = set()
    lost: set[int] = set()
    added: set[int] = set()
    near = len(cluster) == 1
    for own in owns:
        if not own.reader.searches:
            fired.update(own.reader.fires(start, stop))
            continue
        begin, walls = _walls(own, start, stop)
        chain = list(own.reader.fires(begin + 1, stop))
        fired.update(chain[bisect_left(chain, start) :])
        for epoch in (chain[-1] if chain else begin, *_starts(cluster, walls)):
            expected, answer = walls[bisect_right(walls, epoch)], own.reader.next(epoch)
            answer = NEVER if answer is None else answer
            if answer < expected:
                added.add(answer)
            elif answer > expected:
                lost.add(expected)
        near = near and start - begin < SHORT and walls[-1] - stop < SHORT
    return lost | wanted - fired, added | fired - wanted, near


def _walls(own: Own, start: int, stop: int) -> tuple[int, list[int]]:
    """
    Return where a search from the last run before *start* begins, and the instants from there to
    the first one after *stop*.
    """
    for reach in (AFTER, BEFORE):
        walls = list(own.epochs(start - reach, stop))
        if walls and walls[0] < start:
            break
    walls.append(next(own.epochs(stop, stop + FAR), NEVER))
    before = bisect_left(walls, start)
    return (walls[before - 1] if before else start - BEFORE), walls


def _starts(cluster: Sequence[Change], walls: Sequence[int]) -> Iterator[int]:
    """
    Instants from which a restarted controller may search: each hour of a day around, and around
    runs.
    """
    for change in cluster:
        for hour in range(-24, 25):
            yield change.epoch + hour * HOUR - 1
        after = bisect_right(walls, change.epoch, hi=len(walls) - 1)
        for wall in walls[max(after - 3, 0) : min(after + 3, len(walls) - 1)]:
            yield wall - 1
            yield wall + 1


def _shape(
    cluster: Sequence[Change], sources: Sequence[Sets], owns: Sequence[Own]
) -> tuple[object, ...]:
    change = cluster[0]
    local = change.epoch + change.before
    day = date.fromordinal(local // DAY + EPOCH_DAY)
    kind, index = year_kind(day)
    if len(cluster) > 1 or not NEARBY <= index < 365 - NEARBY:
        return tuple(cluster)
    matching = (each.kinds[kind] >> index - NEARBY & WINDOW for each in (*sources, *owns))
    # a search leaps from month to month only where a month is without a run
    dates = () if all(own.every_month for own in owns) else (day.month, day.day)
    return (local % DAY, change.before, change.after, *matching, *dates)
