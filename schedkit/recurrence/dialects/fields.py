"""
From sets to the five fields that Unix crons share: for every dialect that writes them.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby, product
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.cover import boxes
from schedkit.recurrence.days import LENGTHS
from schedkit.recurrence.durations import duration
from schedkit.recurrence.grid import bits
from schedkit.recurrence.least import classes, fewer
from schedkit.recurrence.when import Union


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schedkit.recurrence.when import Every, When

    Products = list[tuple[Sequence[int], Sequence[int]]]

DAY = 86_400
_MONTH, _WEEK = range(1, 32), range(7)
HOURS = range(24)
MINUTES = range(60)
MINUTES_OF_DAY = range(1_440)
RANGE = 3  # so many in a row are written a-b


@attrs.frozen(order=True)
class Days:
    """
    The days on which a text fires: of *months*, those in *days* OR those on *weekdays*.

    Both empty is every day.
    """

    days: tuple[int, ...] = ()
    months: tuple[int, ...] = tuple(range(1, 13))
    weekdays: tuple[int, ...] = ()

    def __str__(self) -> str:
        days = listed(self.days, _MONTH) if self.days else "*"
        weekdays = listed(self.weekdays, _WEEK) if self.weekdays else "*"
        return f"{days} {listed(self.months, range(1, 13))} {weekdays}"

    def either(self, other: Days) -> Days | None:
        """
        The days of one or the other, when one text can say it.
        """
        mine, theirs = (self.days, self.weekdays), (other.days, other.weekdays)
        if mine == theirs:
            return attrs.evolve(self, months=_joined(self.months, other.months))
        if self.months != other.months:
            return None
        if not any(mine) or not any(theirs):
            return Days(months=self.months)
        days, weekdays = _joined(self.days, other.days), _joined(self.weekdays, other.weekdays)
        # A full field would be written `*`, which adds no day to the other one's.
        if len(days) == len(_MONTH) or len(weekdays) == len(_WEEK):
            return Days(months=self.months)
        return Days(days, self.months, weekdays)

    def apart(self, other: Days) -> bool:
        """
        Whether no day is one of both.
        """
        pairs = ((self.days, other.days), (self.weekdays, other.weekdays))
        if not {*self.months} & {*other.months}:
            return True
        if (self.days and self.weekdays) or (other.days and other.weekdays):
            return False
        return any(mine and theirs and not {*mine} & {*theirs} for mine, theirs in pairs)


def parts(when: When) -> tuple[When, ...]:
    """
    Return the members of a union; of anything else, itself.
    """
    return when.members if isinstance(when, Union) else (when,)


def texts(rules: Iterable[tuple[int, Days]], *, disjoint: bool = True) -> tuple[str, ...]:
    """
    Return the fewest texts that together mean *rules*: minutes of the day (bits) on days.

    Args:
        rules: What shall run.
        disjoint: Whether two texts that run at one instant would start two runs; then they do not,
            where one text can say the days of both.
    """
    rules = list(rules)
    found = boxes(rules, Days.either, disjoint=disjoint, apart=Days.apart)
    found = fewer(found, rules, _words, _cells, disjoint=disjoint)
    return tuple(
        f"{listed(minutes, MINUTES, star=True)} {listed(hours, HOURS, star=True)} {days}"
        for minutes, hours, days in found
    )


def _words(rules: Sequence[Days]) -> Iterator[Days]:
    """
    Yield what else can be said with the values of some days.
    """
    every = any(not rule.days and not rule.weekdays for rule in rules)
    days = classes([*(rule.days for rule in rules), _MONTH if every else ()])
    weekdays = classes([*(rule.weekdays for rule in rules), _WEEK if every else ()])
    for months in classes(rule.months for rule in rules):
        for some, other in product([(), *days], [(), *weekdays]):
            if len(some) < len(_MONTH) and len(other) < len(_WEEK):
                yield Days(some, months, other)


def _cells(days: Days) -> int:
    """
    The days as bits: month, day of the month, weekday.
    """
    table = _table()
    months = sum(table["months"][month] for month in days.months)
    if not days.days and not days.weekdays:
        return months
    found = 0
    for field in ("days", "weekdays"):
        for value in getattr(days, field):
            found |= table[field][value]
    return months & found


@cache
def _table() -> dict[str, list[int]]:
    """
    For each value of a field, the (month, day, weekday) that have it.
    """
    cells = [
        (month, day, weekday)
        for month, lengths in enumerate(LENGTHS, 1)
        for day in range(1, lengths[-1] + 1)
        for weekday in _WEEK
    ]
    return {
        field: [
            sum(1 << place for place, cell in enumerate(cells) if cell[number] == value)
            for value in range(32)
        ]
        for number, field in enumerate(("months", "days", "weekdays"))
    }


def rectangles(mask: int) -> Products:
    """
    Split minutes of the day (bits) into few disjoint products of minutes and hours, cut along one
    or the other.
    """
    rows: dict[int, list[int]] = {}
    columns: dict[int, list[int]] = {}
    for hour in HOURS:
        rows.setdefault(mask >> 60 * hour & (1 << 60) - 1, []).append(hour)
    for minute in MINUTES:
        hours = sum((mask >> 60 * hour + minute & 1) << hour for hour in HOURS)
        columns.setdefault(hours, []).append(minute)
    by_hour: Products = [(bits(row), hours) for row, hours in rows.items() if row]
    by_minute: Products = [
        (minutes, bits(column)) for column, minutes in columns.items() if column
    ]
    return by_hour if len(by_hour) <= len(by_minute) else by_minute


def listed(values: Sequence[int], whole: range, *, star: bool = False) -> str:
    """
    Write one field: `*`, ranges and lists; `*/n` only where *star* allows it and it is just the
    set.
    """
    if len(values) == len(whole):
        return "*"
    step = values[1] - values[0] if len(values) > 1 else 1
    if star and step > 1 and list(values) == list(whole[::step]):
        return f"*/{step}"
    return ",".join(_runs(values))


def every_minutes(every: Every) -> int:
    """
    Return the minutes of the UTC day (bits) at which *every* fires on all days.

    Raises:
        NotExpressibleError: The interval does not divide a day, or the anchor is not on a whole
            minute;
            the cure names the nearest that do.
    """
    interval, phase = every.interval, int(every.anchor.timestamp())
    if interval % 60 or DAY % interval:
        raise NotExpressibleError(
            f"Every({duration(interval)!r})",
            "a cron starts anew each day, and the interval does not divide one",
            f"the nearest intervals that do: {' or '.join(_dividing(interval))}",
            feature="schedule.every",
        )
    if phase % 60:
        raise NotExpressibleError(
            f"Every, anchor {every.anchor.isoformat()}",
            "a cron fires on whole minutes",
            "give an anchor with 0 seconds",
            feature="schedule.every",
        )
    first, step = phase % interval // 60, interval // 60
    return sum(1 << minute for minute in MINUTES_OF_DAY[first::step])


def _dividing(interval: int) -> Iterator[str]:
    fitting = [minutes * 60 for minutes in range(1, 1_441) if 1_440 % minutes == 0]
    lower = [seconds for seconds in fitting if seconds < interval][-1:]
    for seconds in lower + [seconds for seconds in fitting if seconds > interval][:1]:
        yield duration(seconds)


def _joined(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted({*one, *other}))


def _runs(values: Sequence[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(values), lambda item: item[1] - item[0]):
        found = [value for _, value in run]
        if len(found) >= RANGE:
            yield f"{found[0]}-{found[-1]}"
        else:
            yield from map(str, found)
