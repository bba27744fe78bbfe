"""
From sets to the `cron(...)` of AWS, for EventBridge Scheduler and EventBridge rules.

Six fields, of which either the days or the weekdays are `?`. Written are numbers, lists and
ranges, weekdays as names; `L`, `15W`, `2#3` (a day of the week and its place) and `6L` stand
alone. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import attrs

from schedkit.exceptions import NotExpressibleError, UnknownBehaviourError
from schedkit.recurrence.cover import boxes
from schedkit.recurrence.days import (
    ANY,
    LENGTHS,
    WEEKDAYS,
    NearestWeekday,
    NthWeekday,
    month_days,
    month_weekdays,
)
from schedkit.recurrence.dialects.fields import HOURS, MINUTES, listed
from schedkit.recurrence.least import classes, fewer, of_months, of_weeks


if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from schedkit.recurrence.sets import Calendar

MONTHS = tuple(range(1, 13))
MONTH, WEEK = tuple(range(1, 32)), tuple(range(7))
PLACES = {1: range(1, 8), 2: range(8, 15), 3: range(15, 22), 4: range(22, 29), 5: range(29, 32)}
LAST_WEEK = set(range(-7, 0))
BORDER = "nearest-border"
BORDER_FACT = "which day nW names where the nearest Monday to Friday is in another month, as on a \
Saturday 1st, and in a month that lacks the day (assumed: as Quartz, never in another month)"


@attrs.frozen
class Days:
    """
    What one text says of days: of *months*, those with *values* or, instead, a *mark*.
    """

    kind: Literal["day", "weekday"]
    months: tuple[int, ...]
    values: tuple[int, ...] = ()
    mark: str = ""

    def __str__(self) -> str:
        months = listed(self.months, range(1, 13))
        if self.kind == "day":
            return f"{self.mark or listed(self.values, range(1, 32))} {months} ?"
        numbers = listed(self.values, range(7))
        names = re.sub(r"[0-9]", lambda found: WEEKDAYS[int(found[0])], numbers)
        return f"? {months} {self.mark or names}"

    def has(self, other: Days) -> bool:
        """
        Whether all days of the other one are known to be among these.
        """
        if not set(self.months) >= set(other.months):
            return False
        if self.values == MONTH:
            return True
        same = (self.kind, self.mark) == (other.kind, other.mark)
        return same and set(self.values) >= set(other.values)


def either(one: Days, other: Days) -> Days | None:
    """
    The days of one or the other, when one text can say it.
    """
    if one.has(other) or other.has(one):
        return one if one.has(other) else other
    if (one.kind, one.mark) != (other.kind, other.mark):
        return None
    if one.values == other.values:
        months = tuple(sorted({*one.months, *other.months}))
        return attrs.evolve(one, months=months)
    if one.months != other.months:
        return None
    values = tuple(sorted({*one.values, *other.values}))
    return _every(one.months) if values == WEEK else attrs.evolve(one, values=values)


def apart(one: Days, other: Days) -> bool:
    """
    Whether no day is in both.
    """
    if not set(one.months) & set(other.months):
        return True
    plain = one.kind == other.kind and not one.mark and not other.mark
    return plain and not set(one.values) & set(other.values)


def texts(rules: Sequence[tuple[int, Days]], *, disjoint: bool) -> list[str]:
    """
    Return the fewest texts that together mean *rules*, minutes of the day (bits) on days.

    Args:
        rules: What shall run.
        disjoint: Whether two texts may share no run that could be in one of them alone. Else they
            do so only where that makes them fewer.
    """
    found = fewest(rules, disjoint=True)
    if not disjoint:
        found = min(found, fewest(rules, disjoint=False), key=len)
    return [
        f"cron({listed(minutes, MINUTES)} {listed(hours, HOURS)} {days} *)"
        for minutes, hours, days in found
    ]


def fewest(
    rules: Sequence[tuple[int, Days]], *, disjoint: bool
) -> tuple[tuple[tuple[int, ...], tuple[int, ...], Days], ...]:
    """
    Return the fewest boxes, see `texts`.
    """
    known = boxes(rules, either, disjoint=disjoint, apart=apart if disjoint else None)
    return fewer(known, rules, _words, _cells, disjoint=disjoint)


def _words(rules: Sequence[Days]) -> Iterator[Days]:
    """
    Yield what else can be said with the values and marks of some days: of `L` and `2L` the 31st,
    which is always a last day, and of `2#1` all Mondays, of which others may say the rest.
    """
    marked = [days for days in rules if days.mark]
    numbers = [days.values for days in rules if days.kind == "day"]
    weekdays = [days.values for days in rules if days.kind == "weekday"]
    for days in marked:
        value = _marked(days.mark)
        if days.mark.endswith("L"):
            numbers.append((MONTH[-1],))
        if isinstance(value, NthWeekday):
            weekdays.append((value.weekday,))
    for months in classes(days.months for days in rules):
        yield from (Days("day", months, values) for values in classes([*numbers, MONTH]))
        for values in classes([*weekdays, WEEK]):
            yield _every(months) if values == WEEK else Days("weekday", months, values)
        yield from (attrs.evolve(days, months=months) for days in marked)


@lru_cache(maxsize=16_384)
def _cells(days: Days) -> int:
    return of_months(
        days.months, lambda length: _in_month(days.kind, days.values, days.mark, length)
    )


@lru_cache(maxsize=4_096)
def _in_month(kind: str, values: tuple[int, ...], mark: str, length: int) -> int:
    named: tuple[int | NearestWeekday | NthWeekday, ...] = (_marked(mark),) if mark else values
    of = month_days if kind == "day" else month_weekdays
    return of_weeks(lambda first: of(named, first, length))  # type: ignore[arg-type]


def _marked(mark: str) -> int | NearestWeekday | NthWeekday:
    """
    The value of a mark: `L`, `L-2`, `15W`, `2#1`, `6L`.
    """
    if mark[0] == "L":
        return -1 - int(mark[2:] or 0)
    if mark[-1] == "W":
        return NearestWeekday(int(mark[:-1]))
    place = -1 if mark[-1] == "L" else int(mark[2:])
    return NthWeekday(int(mark[0]) - 1, place)


def days_of(calendar: Calendar, dialect: str, assume: Collection[str]) -> list[Days]:
    """
    Return what texts say of the days of a calendar, one for each that it needs at least.

    Raises:
        NotExpressibleError: There are no words for it.
        UnknownBehaviourError: `nW` at the border of a month, unless *assume* names that fact.
    """
    months = MONTHS if calendar.months is ANY else calendar.months
    days, weekdays = calendar.days, calendar.weekdays
    if days is ANY and weekdays is ANY:
        return [_every(months)]
    if calendar.day_rule == "all":
        return _both(calendar, months)
    found: list[Days] = []
    if days is not ANY:
        for group in _by_length(months) if any(map(_inner, days)) else [months]:
            found += _days(days, group, dialect, assume)
    if weekdays is not ANY:
        found += _weekdays(weekdays, months)
    return found


def every_day() -> Days:
    """
    All days of all months.
    """
    return _every(MONTHS)


def _every(months: tuple[int, ...]) -> Days:
    return Days("day", months, MONTH)


def _inner(day: int | NearestWeekday) -> bool:
    return isinstance(day, int) and day < -1


def _by_length(months: Iterable[int]) -> list[tuple[int, ...]]:
    found: dict[tuple[int, ...], list[int]] = {}
    for month in months:
        found.setdefault(LENGTHS[month - 1], []).append(month)
    return [tuple(group) for group in found.values()]


def _days(
    days: Iterable[int | NearestWeekday],
    months: tuple[int, ...],
    dialect: str,
    assume: Collection[str],
) -> Iterator[Days]:
    lengths = {length for month in months for length in LENGTHS[month - 1]}
    plain: set[int] = set()
    last = False
    for day in days:
        if isinstance(day, NearestWeekday):
            yield _nearest(day.day, months, lengths, dialect, assume)
        elif day > 0:
            plain.add(day)
        elif len(lengths) == 1:
            plain.add(max(lengths) + 1 + day)
        elif day == -1:
            last = True
        else:
            raise _refused(
                f"days={day}",
                "AWS counts no further from the end of a month than to its last day",
                "take days=-1, or count from the start of the month",
                "schedule.last_day",
            )
    if plain := plain & set(range(1, max(lengths) + 1)):
        yield Days("day", months, tuple(sorted(plain)))
    if last and not lengths <= plain:
        yield Days("day", months, mark="L")


def _nearest(
    day: int, months: tuple[int, ...], lengths: set[int], dialect: str, assume: Collection[str]
) -> Days:
    fact = f"{dialect}.{BORDER}"
    if (day == 1 or day >= min(lengths)) and fact not in assume:
        raise UnknownBehaviourError(
            f"NearestWeekday({day})",
            f"AWS does not document {BORDER_FACT.partition(' (')[0]}",
            "take NearestWeekday(2) to NearestWeekday(27), or the day itself: days="
            f"{day if day <= min(lengths) else -1}",
            feature="schedule.nearest_weekday",
            fact=fact,
        )
    return Days("day", months, mark=f"{day}W")


def _weekdays(weekdays: Iterable[int | NthWeekday], months: tuple[int, ...]) -> Iterator[Days]:
    plain: set[int] = set()
    places: dict[int, set[int]] = {}
    for each in weekdays:
        if isinstance(each, NthWeekday):
            places.setdefault(each.weekday, set()).add(each.n)
        else:
            plain.add(each)
    # a fourth and a last one, or a fourth and a fifth one, are all that may follow the third
    plain |= {day for day, found in places.items() if found >= {1, 2, 3, 4} and found & {5, -1}}
    if plain:
        yield Days("weekday", months, tuple(sorted(plain)))
    for weekday in sorted(places.keys() - plain):
        found = places[weekday]
        for place in sorted(found - {5} if -1 in found else found):
            yield _place(weekday, place, months)


def _place(weekday: int, place: int, months: tuple[int, ...]) -> Days:
    if place < -1:
        name = WEEKDAYS[weekday]
        raise _refused(
            f"NthWeekday({name!r}, {place})",
            "AWS counts weekdays from the start of a month, and knows the last one",
            f"take LastWeekday({name!r}), or NthWeekday({name!r}, {6 + place})",
            "schedule.nth_weekday",
        )
    mark = "L" if place < 0 else f"#{place}"
    return Days("weekday", months, mark=f"{weekday + 1}{mark}")


def _both(calendar: Calendar, months: tuple[int, ...]) -> list[Days]:
    """
    Weekdays within whole weeks of the month: MON on the 1st to 7th is the first Monday.
    """
    days, weekdays = set(calendar.days), set(calendar.weekdays)  # type: ignore[arg-type]
    places = [place for place, week in PLACES.items() if days >= set(week)]
    weeks = {day for place in places for day in PLACES[place]}
    plain = [weekday for weekday in sorted(weekdays, key=str) if isinstance(weekday, int)]
    if days == LAST_WEEK:
        places = [-1]
    elif days != weeks:
        places = []
    if not places or len(plain) < len(weekdays):
        raise _refused(
            "Calendar, day_rule 'all'",
            "one of the two day fields of AWS is always ?",
            "name a weekday by its place, NthWeekday('MON', 1), or say day_rule='any'",
            "schedule.day_rule.all",
        )
    nth = [NthWeekday(weekday, place) for weekday in plain for place in places]
    return list(_weekdays(nth, months))


def _refused(culprit: str, reason: str, cure: str, feature: str) -> NotExpressibleError:
    return NotExpressibleError(culprit, reason, cure, feature=feature)
