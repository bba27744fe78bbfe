"""
A reader for platforms whose search is right: all instants whose wall clock matches.

Shares nothing with `schedkit.recurrence.sets` and `instants`, which it is compared with.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from schedkit.recurrence.dialects import Reader
from schedkit.recurrence.zones import FIRST, LAST, POINTWISE, Dst, Zone


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAY = 86_400
FRIDAY = 5
EPOCH = date(1970, 1, 1).toordinal()
FAR = 41 * 366 * DAY  # a weekday and a day of the month may meet once in 40 years
YEARS = {  # one of each kind: the weekday of 1 January, whether it is a leap year
    (date(year, 1, 1).isoweekday() % 7, year % 4 == 0): year for year in range(2000, 2028)
}

Item: TypeAlias = tuple[str, int] | tuple[str, int, int]
"""
What a day field names: `("day", 5)`, `("last", 1)` the last day and `("last", 3)` the third last,
`("nearest", 15)` the Monday to Friday nearest to a day, `("workday", 0)` the one nearest to the
last day, `("beyond", 31)` the last day of a month that lacks just the 31st, where it is a Friday;
`("weekday", 0)` Sunday, `("nth", 1, 2)` the second Monday, `("nth", 1, -2)` the last
but one, `("final", 5)` the last Friday.
"""


class Day(NamedTuple):
    """
    A day of a month of *length* days; weekday 0 = Sunday.
    """

    month: int
    number: int
    weekday: int
    length: int


@attrs.frozen
class Days:
    """
    The days that a native text names.

    Args:
        doms: Days of the month; None is every day.
        months: 1 to 12.
        dows: Weekdays; None is every day.
        rule: Where both are named, does a day need `any` or `all` of them?
    """

    doms: tuple[Item, ...] | None = None
    months: tuple[int, ...] = tuple(range(1, 13))
    dows: tuple[Item, ...] | None = None
    rule: Literal["any", "all"] = "any"

    def year(self, first_weekday: int, leap: bool) -> int:
        """
        The days of one kind of year as bits: bit 0 = 1 January, *first_weekday* 0 = Sunday.
        """
        year = YEARS[first_weekday, leap]
        months = _either(tuple(("month", month) for month in self.months), year)
        if self.doms is None or self.dows is None:
            items = self.doms if self.dows is None else self.dows
            return months if items is None else months & _either(items, year)
        doms, dows = _either(self.doms, year), _either(self.dows, year)
        return months & (doms | dows if self.rule == "any" else doms & dows)


class Wall(Reader):
    """
    Every instant whose wall clock shows one of *minutes* on one of *days*.

    Args:
        zone: Whose wall clock.
        minutes: Minutes of the day as bits.
        days: Which days.
        dst: What the platform does in gaps and repeated hours; None is read pointwise.
        begins: Unix second before which nothing runs.
        ends: Unix second from which on nothing runs.
    """

    searches = False

    def __init__(
        self,
        zone: Zone,
        minutes: int,
        days: Days,
        dst: Dst | None = None,
        begins: int | None = None,
        ends: int | None = None,
    ) -> None:
        self.zone, self.minutes, self.days = zone, minutes, days
        self.dst = dst or POINTWISE
        self.begins, self.ends = begins, ends
        self._years: dict[tuple[int, bool], int] = {}
        self._near: dict[int, frozenset[int]] = {}  # runs of days near a change
        self._clock = [60 * minute for minute in range(1_440) if minutes >> minute & 1]

    def year_days(self, first_weekday: int, leap: bool) -> int:
        """
        Return the days of one kind of year on which it fires.
        """
        key = (first_weekday, leap)
        if key not in self._years:
            self._years[key] = self.days.year(first_weekday, leap)
        return self._years[key]

    def next(self, epoch: int) -> int | None:
        """
        Return the first run after *epoch*.
        """
        start = epoch + 1 if self.begins is None else max(epoch + 1, self.begins)
        return next(self.fires(start, start + FAR), None)

    def fires(self, start: int, stop: int) -> Iterator[int]:
        """
        Yield the runs of `start <= t < stop`.
        """
        start = max(start, FIRST if self.begins is None else self.begins, FIRST)
        stop = min(stop, LAST if self.ends is None else self.ends, LAST)
        if start >= stop:
            return
        days = self._days(start - 2 * DAY, stop + 2 * DAY)
        for changing, near in groupby(days, self._changing):
            runs = self._careful if changing else self._plain
            yield from (epoch for epoch in runs(near) if start <= epoch < stop)

    def _days(self, start: int, stop: int) -> Iterator[int]:
        first, last = start // DAY + EPOCH, stop // DAY + EPOCH
        for year in range(date.fromordinal(first).year, date.fromordinal(last).year + 1):
            january = date(year, 1, 1)
            ordinal = max(first, january.toordinal())
            bits = self.year_days(january.isoweekday() % 7, isleap(year))
            bits >>= ordinal - january.toordinal()
            while bits and ordinal <= last:
                skip = (bits & -bits).bit_length() - 1
                ordinal, bits = ordinal + skip, bits >> skip + 1
                if ordinal <= last:
                    yield ordinal - EPOCH
                ordinal += 1

    def _changing(self, day: int) -> bool:
        return bool(self.zone.changes((day - 2) * DAY, (day + 3) * DAY))

    def _plain(self, days: Iterable[int]) -> Iterator[int]:
        for day in days:
            midnight = day * DAY - self.zone.offset(day * DAY)
            yield from (midnight + second for second in self._clock)

    def _careful(self, days: Iterable[int]) -> list[int]:
        """
        The runs of days near a change, together: one may be moved past another's.
        """
        for day in (days := tuple(days)):
            if day not in self._near:
                self._near[day] = frozenset(self._on(day))
        return sorted(frozenset().union(*(self._near[day] for day in days)))

    def _on(self, day: int) -> Iterator[int]:
        changes = self.zone.changes((day - 3) * DAY, (day + 4) * DAY)
        begins = [-inf, *(change.epoch for change in changes)]
        offsets = [changes[0].before, *(change.after for change in changes)]
        spans = list(zip(begins, [*begins[1:], inf], offsets, strict=True))
        for second in self._clock:
            wall = day * DAY + second
            real = [wall - off for begin, end, off in spans if begin <= wall - off < end]
            if self.dst.fold == "both" or len(real) == 1:
                yield from real
            elif real:
                yield real[0] if self.dst.fold == "first" else real[-1]
            if not real and self.dst.gap != "skip":
                gap = next(c for c in changes if c.epoch + c.before <= wall < c.epoch + c.after)
                yield gap.epoch if self.dst.gap == "next" else wall - gap.before


def _either(items: tuple[Item, ...], year: int) -> int:
    found = 0
    for item in items:
        found |= _bits(item, year)
    return found


@cache
def _bits(item: Item, year: int) -> int:
    return sum(_names(item, day) << index for index, day in enumerate(_calendar(year)))


@cache
def _calendar(year: int) -> tuple[Day, ...]:
    """
    Every day of a year, looked up one by one.
    """
    days = (date(year, 1, 1) + timedelta(days=index) for index in range(366))
    return tuple(
        Day(day.month, day.day, day.isoweekday() % 7, monthrange(year, day.month)[1])
        for day in days
        if day.year == year
    )


def _names(item: Item, day: Day) -> bool:  # noqa: PLR0911, a line for each kind
    match item:
        case ("month", month):
            return day.month == month
        case ("day", number):
            return day.number == number
        case ("last", back):
            return day.number == day.length + 1 - back
        case ("nearest", number):
            return number <= day.length and day.number == _to_workday(day, number)
        case ("beyond", number):
            return day.length == number - 1 and day.number == day.length and day.weekday == FRIDAY
        case ("workday", _):
            return day.number == _to_workday(day, day.length)
        case ("weekday", weekday):
            return day.weekday == weekday
        case ("nth", weekday, place):
            ahead = day.number if place > 0 else day.length + 1 - day.number
            return day.weekday == weekday and (ahead + 6) // 7 == abs(place)
        case ("final", weekday):
            return day.weekday == weekday and day.number + 7 > day.length
    raise AssertionError(item)


def _to_workday(day: Day, number: int) -> int:
    """
    The Monday to Friday nearest to a day of the same month, never in another month.
    """
    match (day.weekday + number - day.number) % 7:
        case 6:
            return number - 1 if number > 1 else number + 2
        case 0:
            return number + 1 if number < day.length else number - 2
    return number
