"""
Days as the lists of a Data Factory trigger name them, and the guard that ends runs on the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias, cast

import attrs

from schedkit.exceptions import NeverFiresError
from schedkit.recurrence.around import KINDS
from schedkit.recurrence.days import ANY, NearestWeekday, NthWeekday
from schedkit.recurrence.dialects.wall import YEARS
from schedkit.recurrence.grid import bits
from schedkit.recurrence.sets import Calendar


if TYPE_CHECKING:
    from collections.abc import Sequence

Year: TypeAlias = tuple[int, ...]  # the days of each of the 14 kinds of year, as bits
Date: TypeAlias = tuple[int, int, int]  # what a guard can ask: month, day, weekday (0 = Sunday)
LENGTHS = range(28, 32)
EVERY_MONTH = tuple(range(1, 13))


@attrs.frozen
class Base:
    """
    What the lists of one trigger name: `days`, or `weekdays`; neither is every day.
    """

    days: tuple[int, ...] = ()
    weekdays: tuple[int | NthWeekday, ...] = ()

    @property
    def year(self) -> Year:
        """
        The days that it names.
        """
        return year(
            Calendar(minutes=0, hours=0, days=self.days or ANY, weekdays=self.weekdays or ANY)
        )

    @property
    def names_twice(self) -> bool:
        """
        Whether two entries may be the same day: 28 and -1 are in February.
        """
        if any(_same_day(self.days, back) for back in self.days):
            return True
        nths = [value for value in self.weekdays if isinstance(value, NthWeekday)]
        return any(_same_weekday(one, two) for one, two in combinations(nths, 2))


@attrs.frozen
class Box:
    """
    Dates of those months, days and weekdays; an empty field restricts nothing.
    """

    months: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()


@attrs.frozen
class Guard:
    """
    The dates in one of *boxes*, or when *negated* in none; no box at all is every date.
    """

    boxes: tuple[Box, ...] = ()
    negated: bool = False


@attrs.frozen
class Trigger:
    """
    The days of one trigger.
    """

    base: Base
    guard: Guard = attrs.field(factory=Guard)


@lru_cache(maxsize=4_096)
def year(calendar: Calendar) -> Year:
    """
    The days of a calendar.
    """
    return tuple(calendar.year_days(*kind) for kind in KINDS)


def specs(calendar: Calendar) -> Iterator[Calendar]:
    """
    Yield days alone, at midnight in UTC, whose union is the calendar's; `day_rule` is never `any`.
    """
    plain = attrs.evolve(calendar, minutes=0, hours=0, timezone="UTC", dst=None)
    if plain.day_rule == "any":
        with suppress(NeverFiresError):  # 30 February or Mondays
            yield attrs.evolve(plain, weekdays=ANY, day_rule=None)
        plain = attrs.evolve(plain, days=ANY, day_rule=None)
    yield plain


@lru_cache(maxsize=1_024)
def plans(wanted: tuple[Calendar, ...]) -> tuple[tuple[Trigger, ...], ...]:
    """
    Return ways to say the union of *wanted* with triggers that share no day, the best first.
    """
    ways = (_fitted(way) for way in _ways(wanted))
    return tuple(way for way in ways if way)


def _ways(wanted: Sequence[Calendar]) -> Iterator[list[tuple[Base, Year]]]:
    dated = [spec for spec in wanted if spec.days is not ANY]
    weekly = [spec for spec in wanted if spec.days is ANY and spec.weekdays is not ANY]
    if len(dated) + len(weekly) == len(wanted):
        by_day, by_week = (_by_day(dated), _all(dated)), (_by_weekday(weekly), _all(weekly))
        if dated and weekly:
            yield [by_day, by_week]
            yield [by_week, by_day]
        else:
            yield [by_day if dated else by_week]
        if not weekly and all(spec.weekdays is not ANY for spec in dated):
            yield [(_by_weekday(dated), _all(dated))]
    yield [(Base(), _all(wanted))]


def _fitted(way: Iterable[tuple[Base, Year]]) -> tuple[Trigger, ...]:
    found: list[Trigger] = []
    done: Year = (0,) * len(KINDS)
    for base, days in way:
        left = tuple(day & ~before for day, before in zip(days, done, strict=True))
        if not any(left):
            continue
        guard = _guard(base.year, left)
        if guard is None:
            return ()
        found.append(Trigger(base, guard))
        done = tuple(day | before for day, before in zip(left, done, strict=True))
    return tuple(found)


def _all(calendars: Iterable[Calendar]) -> Year:
    found = [0] * len(KINDS)
    for calendar in calendars:
        found = [old | new for old, new in zip(found, year(calendar), strict=True)]
    return tuple(found)


def _by_day(calendars: Iterable[Calendar]) -> Base:
    found: set[int] = set()
    for calendar in calendars:
        for day in cast("tuple[int | NearestWeekday, ...]", calendar.days):
            found |= _near(day.day) if isinstance(day, NearestWeekday) else {day}
    if -1 in found:
        found.discard(31)  # it is always the last day
    return Base(days=tuple(sorted(found)))


def _near(day: int) -> set[int]:
    """
    The days on which the Monday to Friday nearest to *day* may be.
    """
    found = {day - 1, day, day + 1} | ({3} if day == 1 else set())
    return {each for each in found | ({day - 2} if day >= LENGTHS[0] else set()) if 0 < each < 32}


def _by_weekday(calendars: Iterable[Calendar]) -> Base:
    found: set[int | NthWeekday] = set()
    for calendar in calendars:
        found |= set(cast("tuple[int | NthWeekday, ...]", calendar.weekdays))
    plain = {value for value in found if isinstance(value, int)}
    nths = {value for value in found if isinstance(value, NthWeekday)}
    rest = {value for value in nths if value.weekday not in plain}
    fifths = {nth for nth in rest if abs(nth.n) == 5 and _end(nth) in rest}
    return Base(weekdays=(*sorted(plain), *sorted(rest - fifths)))


def _end(nth: NthWeekday) -> NthWeekday:
    """
    What a fifth weekday always is too: the last one, or the first.
    """
    return NthWeekday(nth.weekday, -1 if nth.n > 0 else 1)


def _same_day(days: Iterable[int], back: int) -> bool:
    return back < 0 and any(length + 1 + back in days for length in LENGTHS)


def _same_weekday(one: NthWeekday, two: NthWeekday) -> bool:
    low, high = sorted((one.n, two.n))
    return one.weekday == two.weekday and low < 0 < high and high - low in {5, 6}


def _guard(base: Year, wanted: Year) -> Guard | None:
    """
    Return what keeps just the days *wanted*, or None where month, day and weekday do not tell.
    """
    yes, no = set[Date](), set[Date]()
    for dates, named, asked in zip(_dates(), base, wanted, strict=True):
        yes |= {dates[place] for place in bits(asked)}
        no |= {dates[place] for place in bits(named & ~asked)}
    if yes & no:
        return None
    return _single(yes, no) if no else Guard()


def _single(yes: set[Date], no: set[Date]) -> Guard:
    for size in (1, 2, 3):
        found: list[Guard] = []
        for fields in combinations(range(3), size):
            found += [Guard((box,)) for box in _box(yes, no, fields)]
            found += [Guard((box,), negated=True) for box in _box(no, yes, fields)]
        if found:
            return min(found, key=_values)
    return Guard(tuple(_boxes(yes)))


def _values(guard: Guard) -> int:
    return sum(len(field) for box in guard.boxes for field in attrs.astuple(box))


def _box(inside: set[Date], outside: set[Date], fields: Sequence[int]) -> Iterator[Box]:
    values = {field: {each[field] for each in inside} for field in fields}
    if not any(all(each[field] in values[field] for field in fields) for each in outside):
        yield Box(*(tuple(sorted(values.get(field, ()))) for field in range(3)))


def _boxes(dates: set[Date]) -> Iterator[Box]:
    """
    Yield boxes that hold just *dates*: days with the same weekdays together, months with the same
    of these.
    """
    weekdays: dict[tuple[int, int], set[int]] = {}
    for month, day, weekday in dates:
        weekdays.setdefault((month, day), set()).add(weekday)
    days: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for (month, day), found in sorted(weekdays.items()):
        days.setdefault((month, tuple(sorted(found))), []).append(day)
    months: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for (month, found_weekdays), numbers in days.items():
        months.setdefault((tuple(numbers), found_weekdays), []).append(month)
    for (numbers_, found_), months_ in months.items():
        free = () if tuple(months_) == EVERY_MONTH else tuple(months_)
        yield Box(free, numbers_, () if len(found_) == 7 else found_)


@cache
def _dates() -> tuple[tuple[Date, ...], ...]:
    found = []
    for kind in KINDS:
        first = date(YEARS[kind], 1, 1)
        days = (first + timedelta(days=index) for index in range(365 + kind[1]))
        found.append(tuple((day.month, day.day, day.isoweekday() % 7) for day in days))
    return tuple(found)
