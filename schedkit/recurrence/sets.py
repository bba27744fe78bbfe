"""
The normal form: every cron is a `Calendar`, sets of minutes, hours, days, months and weekdays.
"""

# ruff: noqa: D102  an override keeps the docstring of `When`

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from functools import cached_property
from itertools import product
from typing import Literal, TypeAlias, TypeVar, cast

import attrs

from schedkit.exceptions import NeverFiresError, SpecError
from schedkit.recurrence import explain, instants
from schedkit.recurrence.base import When
from schedkit.recurrence.checks import plain, word
from schedkit.recurrence.days import (
    ANY,
    LENGTHS,
    MONTHS,
    NearestWeekday,
    NthWeekday,
    Unrestricted,
    is_leap,
    month_days,
    month_weekdays,
    named,
    number,
    weekday,
)
from schedkit.recurrence.zones import Dst, Zone, check_dst


T = TypeVar("T")
Day: TypeAlias = int | NearestWeekday
Weekday: TypeAlias = int | NthWeekday
DayRule: TypeAlias = Literal["any", "all"]
Many: TypeAlias = T | Iterable[T] | Unrestricted
_EVERY_DAY, _EVERY_WEEKDAY = frozenset(range(1, 32)), frozenset(range(7))


def _items(value: object, field: str) -> set[object]:
    plain(value, f"Calendar, {field}")
    single = isinstance(value, str) or not isinstance(value, Iterable)
    found = {value} if single else set(cast("Iterable[object]", value))
    if not found:
        raise SpecError(f"Calendar, {field}", "is empty, so nothing ever runs", "give one, or ANY")
    return found


def _minutes(value: Many[int]) -> tuple[int, ...]:
    every = range(60)
    items = every if value is ANY else _items(value, "minutes")
    return tuple(sorted({number(item, 0, 59, "Calendar, minutes") for item in items}))


def _hours(value: Many[int]) -> tuple[int, ...]:
    every = range(24)
    items = every if value is ANY else _items(value, "hours")
    return tuple(sorted({number(item, 0, 23, "Calendar, hours") for item in items}))


def _months(value: Many[int | str]) -> tuple[int, ...] | Unrestricted:
    if isinstance(value, Unrestricted):
        return value
    found = {named(item, MONTHS, 1, 12, "Calendar, months") for item in _items(value, "months")}
    return ANY if len(found) == len(MONTHS) else tuple(sorted(found))


def _days(value: Many[Day]) -> tuple[Day, ...] | Unrestricted:
    if isinstance(value, Unrestricted):
        return value
    items = _items(value, "days")
    nearest = {item for item in items if isinstance(item, NearestWeekday)}
    plainly = {number(item, -31, 31, "Calendar, days") for item in items - nearest}
    if 0 in plainly:
        raise SpecError("Calendar, days", "there is no day 0", "give 1 to 31, or -1 for the last")
    return (*sorted(plainly), *sorted(nearest))


def _weekdays(value: Many[int | str | NthWeekday]) -> tuple[Weekday, ...] | Unrestricted:
    if isinstance(value, Unrestricted):
        return value
    items = _items(value, "weekdays")
    nth = {item for item in items if isinstance(item, NthWeekday)}
    plainly = {weekday(item, "Calendar, weekdays") for item in items - nth}
    return (*sorted(plainly), *sorted(nth))


@attrs.frozen(kw_only=True)
class Calendar(When):
    """
    The instants whose wall clock, in one zone, shows one of the minutes, hours, days and so on.

    Any field takes one value, several, or `ANY`. Kept are sorted tuples (numbers before
    `NearestWeekday` and `NthWeekday`); `ANY` stays where days, months or weekdays restrict
    nothing, and `day_rule` is None unless both days and weekdays restrict.

    Args:
        minutes: 0 to 59.
        hours: 0 to 23.
        days: 1 to 31, -1 (last) to -31 from the end, `NearestWeekday`.
        months: 1 to 12 or JAN to DEC.
        weekdays: 0 to 7 (0 and 7 are Sunday), SUN to SAT, `NthWeekday`.
        day_rule: Where both days and weekdays are given: does a day need `any` or `all` of them?
        timezone: An IANA name.
        dst: What runs when the clocks change; None is `Dst()` without insisting on it.

    Raises:
        SpecError: A value out of range, an empty field, a missing `day_rule`.
        NeverFiresError: Only days that never occur, such as 30 February.
        TimeZoneError: No safe zone of that name.
    """

    minutes: tuple[int, ...] = attrs.field(converter=_minutes)
    hours: tuple[int, ...] = attrs.field(converter=_hours)
    days: tuple[Day, ...] | Unrestricted = attrs.field(default=ANY, converter=_days)
    months: tuple[int, ...] | Unrestricted = attrs.field(default=ANY, converter=_months)
    weekdays: tuple[Weekday, ...] | Unrestricted = attrs.field(default=ANY, converter=_weekdays)
    day_rule: DayRule | None = None
    timezone: str = "UTC"
    dst: Dst | None = None

    def __attrs_post_init__(self) -> None:
        Zone.of(self.timezone)
        check_dst(self.dst, "Calendar, dst")
        if self.day_rule is not None:
            word(self.day_rule, ("any", "all"), "Calendar, day_rule")
        self._settle_day_rule()
        self._check_fires()

    def epochs(self, start: int, stop: int) -> Iterator[int]:
        return instants.epochs(self, start, stop)

    def datetimes(self, start: int, stop: int) -> Iterator[datetime]:
        return instants.datetimes(self, start, stop)

    def calendars(self) -> tuple[Calendar, ...]:
        return (self,)

    def explain(self) -> str:
        return explain.calendar(self)

    def matches(self, day: date) -> bool:
        """
        Whether some minute of that day, on the wall clock, runs.
        """
        first = day.replace(day=1).isoweekday() % 7
        length = LENGTHS[day.month - 1][-1 if is_leap(day.year) else 0]
        return bool(self._month(day.month, first, length) >> day.day & 1)

    def year_days(self, first_weekday: int, leap: bool) -> int:
        """
        The matching days of one of the 14 kinds of year as bits, bit 0 is 1 January.

        Args:
            first_weekday: Of 1 January, 0 is Sunday.
            leap: Whether the year has 366 days.
        """
        bits = passed = 0
        for month, lengths in enumerate(LENGTHS, 1):
            length = lengths[-1] if leap else lengths[0]
            found = self._month(month, (first_weekday + passed) % 7, length)
            bits |= found >> 1 << passed
            passed += length
        return bits

    def day_numbers(self, first_weekday: int, leap: bool) -> tuple[int, ...]:
        """
        `year_days` as numbers, 0 is 1 January; each kind of year is computed once.
        """
        key = first_weekday + 7 * leap
        found = self._kinds.get(key)
        if found is None:
            digits = reversed(bin(self.year_days(first_weekday, leap)))
            found = tuple(day for day, digit in enumerate(digits) if digit == "1")
            self._kinds[key] = found
        return found

    @cached_property
    def seconds(self) -> tuple[int, ...]:
        """
        The times of day in seconds after midnight on the wall clock.
        """
        return tuple(3600 * hour + 60 * minute for hour in self.hours for minute in self.minutes)

    @cached_property
    def times(self) -> tuple[time, ...]:
        """
        The times of day, in the zone.
        """
        zone = Zone.of(self.timezone).tzinfo
        pairs = product(self.hours, self.minutes)
        return tuple(time(hour, minute, tzinfo=zone) for hour, minute in pairs)

    @cached_property
    def minute_mask(self) -> int:
        """
        The minutes of the day as bits, bit 0 is 00:00.
        """
        minutes = sum(1 << minute for minute in self.minutes)
        return sum(minutes << 60 * hour for hour in self.hours)

    @cached_property
    def _kinds(self) -> dict[int, tuple[int, ...]]:
        return {}

    def _month(self, month: int, first: int, length: int) -> int:
        if self.months is not ANY and month not in self.months:
            return 0
        every = (*range(1, length + 1),)
        days = month_days(every if self.days is ANY else self.days, first, length)
        if self.weekdays is ANY:
            return days
        weekdays = month_weekdays(self.weekdays, first, length)
        return days | weekdays if self.day_rule == "any" else days & weekdays

    def _settle_day_rule(self) -> None:
        both = self.days is not ANY and self.weekdays is not ANY
        if both and self.day_rule is None:
            raise SpecError(
                "Calendar, day_rule",
                "days and weekdays are both given: does a day need one of them, or both",
                "say day_rule='any' or day_rule='all'",
            )
        whole = self.days is not ANY and set(self.days) >= _EVERY_DAY
        whole_week = self.weekdays is not ANY and set(self.weekdays) >= _EVERY_WEEKDAY
        either = both and self.day_rule == "any" and (whole or whole_week)
        if whole or either:
            object.__setattr__(self, "days", ANY)
        if whole_week or either:
            object.__setattr__(self, "weekdays", ANY)
        if self.days is ANY or self.weekdays is ANY:
            object.__setattr__(self, "day_rule", None)

    def _check_fires(self) -> None:
        months = range(1, 13) if self.months is ANY else self.months
        kinds = product(months, range(7))
        if any(self._month(m, first, length) for m, first in kinds for length in LENGTHS[m - 1]):
            return
        longest = {MONTHS[month - 1].title(): max(LENGTHS[month - 1]) for month in months}
        ends = ", ".join(f"{day} {month}" for month, day in longest.items())
        raise NeverFiresError(
            f"days {self.days!r}, months {self.months!r}, weekdays {self.weekdays!r}",
            "no year has such a day",
            f"the last valid day is {ends}; days=-1 is the last day of any month",
        )
