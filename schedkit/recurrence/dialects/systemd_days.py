"""
The days of a calendar as systemd says them: weekdays AND days, from the start of months or from
their end.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.days import (
    ANY,
    LENGTHS,
    NearestWeekday,
    NthWeekday,
    month_days,
    month_weekdays,
)
from schedkit.recurrence.least import classes, of_months, of_weeks


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schedkit.recurrence.sets import Calendar

MONTHS, WEEK, WORKDAYS = tuple(range(1, 13)), tuple(range(7)), (1, 2, 3, 4, 5)
MONDAY, FRIDAY = 1, 5
FEBRUARY, FROM_END, LONGEST = 2, 28, 31


@attrs.frozen(order=True)
class Days:
    """
    The days of one line: those *weekdays* of *months* that are also one of *days*, counted from
    the end where *back*; no days are all days.
    """

    months: tuple[int, ...] = MONTHS
    weekdays: tuple[int, ...] = WEEK
    back: bool = False
    days: tuple[int, ...] = ()


EVERY_DAY = Days()


def either(one: Days, other: Days) -> Days | None:
    """
    The days of one or the other, when one line can say it.
    """
    if _has(one, other) or _has(other, one):
        return one if _has(one, other) else other
    if one.days and other.days and one.back != other.back:
        return None
    months, weekdays, days = (
        tuple(sorted({*mine, *theirs}))
        for mine, theirs in zip(_sets(one), _sets(other), strict=True)
    )
    changed = [mine != theirs for mine, theirs in zip(_sets(one), _sets(other), strict=True)]
    if sum(changed) != 1 or (changed[-1] and not (one.days and other.days)):
        return None
    return Days(months, weekdays, one.back, () if len(days) == LONGEST else days)


def words(rules: Sequence[Days]) -> Iterator[Days]:
    """
    Yield what else can be said with the values of some days; the 31st is always a last day.
    """
    ahead = [days.days for days in rules if not days.back]
    if any(days.back for days in rules):
        ahead.append((LONGEST,))
    numbers = [(False, each) for each in classes([*ahead, range(1, LONGEST + 1)])]
    numbers += [(True, each) for each in classes(days.days for days in rules if days.back)]
    weeks = classes([*(days.weekdays for days in rules), WEEK])
    for months in classes(days.months for days in rules):
        for weekdays, (back, days) in product(weeks, numbers):
            yield Days(months, weekdays, back, () if len(days) == LONGEST else days)


@lru_cache(maxsize=16_384)
def cells(days: Days) -> int:
    """
    The days as bits: month and its length, weekday of its first day, day.
    """
    return of_months(
        days.months, lambda length: _in_month(days.weekdays, days.back, days.days, length)
    )


@lru_cache(maxsize=4_096)
def _in_month(weekdays: tuple[int, ...], back: bool, days: tuple[int, ...], length: int) -> int:
    numbers = tuple(-day for day in days) if back else days or tuple(range(1, length + 1))
    return of_weeks(
        lambda first: month_days(numbers, first, length) & month_weekdays(weekdays, first, length)
    )


def days_of(calendar: Calendar) -> list[Days]:
    """
    Return what lines say of the days of a calendar: their union is meant.

    Raises:
        NotExpressibleError: There are no words for it: in February only.
    """
    months = MONTHS if calendar.months is ANY else calendar.months
    days = [] if calendar.days is ANY else list(_days(calendar.days, months))
    weekdays = [] if calendar.weekdays is ANY else list(_weekdays(calendar.weekdays, months))
    if calendar.day_rule == "all":
        pairs = product(days, weekdays)
        return [found for one, other in pairs for found in _both(one, other)]
    return [*days, *weekdays] or [Days(months)]


def _sets(days: Days) -> tuple[tuple[int, ...], ...]:
    return days.months, days.weekdays, days.days


def _has(one: Days, other: Days) -> bool:
    """
    Whether all days of the other one are known to be among these.
    """
    if not (set(one.months) >= set(other.months) and set(one.weekdays) >= set(other.weekdays)):
        return False
    same = one.back == other.back and bool(other.days)
    return not one.days or (same and set(one.days) >= set(other.days))


def _days(days: Iterable[int | NearestWeekday], months: tuple[int, ...]) -> Iterator[Days]:
    plain = [day for day in days if isinstance(day, int)]
    ahead = tuple(day for day in plain if day > 0)
    if ahead:
        yield Days(months, days=ahead)
    yield from _from_end([-day for day in plain if day < 0], months, WEEK)
    for each in days:
        if isinstance(each, NearestWeekday):
            yield from _nearest(each.day, months)


def _weekdays(weekdays: Iterable[int | NthWeekday], months: tuple[int, ...]) -> Iterator[Days]:
    plain = tuple(each for each in weekdays if isinstance(each, int))
    if plain:
        yield Days(months, plain)
    for each in weekdays:
        if isinstance(each, NthWeekday):
            week = range(7 * abs(each.n) - 6, 7 * abs(each.n) + 1)
            if each.n < 0:
                yield from _from_end(week, months, (each.weekday,))
            else:
                days = tuple(day for day in week if day <= LONGEST)
                yield Days(months, (each.weekday,), days=days)


def _from_end(
    days: Iterable[int], months: tuple[int, ...], weekdays: tuple[int, ...]
) -> Iterator[Days]:
    """
    From the 29th day on they are counted from the start, apart for months of 30 and of 31.
    """
    near = tuple(sorted(day for day in days if day <= FROM_END))
    if near:
        yield Days(months, weekdays, back=True, days=near)
    far = [day for day in days if day > FROM_END]
    for group, length in _by_length(months):
        ahead = tuple(sorted(length + 1 - day for day in far if day <= length))
        if ahead and FEBRUARY in group:
            culprit = f"days={-min(far)}"
            raise _refused(culprit, "the 29th day from its end", "schedule.last_day")
        if ahead:
            yield Days(group, weekdays, days=ahead)


def _nearest(day: int, months: tuple[int, ...]) -> Iterator[Days]:
    """
    The day itself from Monday to Friday, a Friday before it, a Monday after it.
    """
    for group, length in _by_length(months) if day >= FROM_END else [(months, LONGEST)]:
        if day > length:
            continue
        if day >= FROM_END and FEBRUARY in group:
            culprit = f"NearestWeekday({day})"
            raise _refused(culprit, "the last day", "schedule.nearest_weekday")
        yield Days(group, WORKDAYS, days=(day,))
        before, after = [day - 1] if day > 1 else [], [day + 1] if day < length else []
        if day == 1:
            after.append(3)
        if day == length:
            before.append(day - 2)
        if before:
            yield Days(group, (FRIDAY,), days=tuple(sorted(before)))
        if after:
            yield Days(group, (MONDAY,), days=tuple(after))


def _both(one: Days, other: Days) -> Iterator[Days]:
    months = tuple(month for month in one.months if month in other.months)
    weekdays = tuple(day for day in one.weekdays if day in other.weekdays)
    if not months or not weekdays:
        return
    if not one.days or not other.days:
        more = one if one.days else other
        yield attrs.evolve(more, months=months, weekdays=weekdays)
    elif one.back == other.back:
        days = tuple(day for day in one.days if day in other.days)
        if days:
            yield Days(months, weekdays, one.back, days)
    else:
        ahead, back = (other.days, one.days) if one.back else (one.days, other.days)
        yield from _met(ahead, back, months, weekdays)


def _met(
    ahead: tuple[int, ...],
    back: tuple[int, ...],
    months: tuple[int, ...],
    weekdays: tuple[int, ...],
) -> Iterator[Days]:
    """
    Days that are counted from the start and from the end as well.
    """
    for group, length in _by_length(months):
        days = {day for day in ahead if length + 1 - day in back}
        short = {day for day in ahead if length - day in back} if FEBRUARY in group else days
        fixed = {day for day in days if day in short or day == length}
        moving = {length + 1 - day for day in days if day - 1 in short}
        lost = days - fixed - {length + 1 - day for day in moving}
        if lost or short - fixed - {length - day for day in moving}:
            raise _refused("Calendar, day_rule 'all'", "such a day", "schedule.day_rule.all")
        if fixed:
            yield Days(group, weekdays, days=tuple(sorted(fixed)))
        if days - fixed or short - fixed:
            yield Days(group, weekdays, back=True, days=tuple(sorted(moving)))


def _by_length(months: Iterable[int]) -> list[tuple[tuple[int, ...], int]]:
    """
    Months of one length; that of February is 29.
    """
    found: dict[int, tuple[int, ...]] = {}
    for month in months:
        length = max(LENGTHS[month - 1])
        found[length] = (*found.get(length, ()), month)
    return [(group, length) for length, group in found.items()]


def _refused(culprit: str, what: str, feature: str) -> NotExpressibleError:
    reason = f"in February {what} depends on the leap year, which no line can name for ever"
    cure = "leave February out, months=[1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"
    return NotExpressibleError(culprit, reason, cure, feature=feature)
