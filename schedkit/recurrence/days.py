"""
The days of a month as bits: day 1 is bit 1, so that a set of days is one int.

A month is one of 28 kinds: the weekday of its first day (0 is Sunday) and its length. What a
calendar says of days is decided once per kind, for all time.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs

from schedkit.exceptions import SpecError
from schedkit.recurrence.checks import hint, plain


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Unrestricted(Enum):
    """
    The one value `ANY`: a field that restricts nothing.
    """

    ANY = "*"

    def __repr__(self) -> str:
        return "ANY"


ANY: Final = Unrestricted.ANY
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
LENGTHS = ((31,), (28, 29), (31,), (30,), (31,), (30,), (31,), (31,), (30,), (31,), (30,), (31,))


def is_leap(year: int) -> bool:
    """
    Whether the year has a 29 February.
    """
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def number(value: object, low: int, high: int, culprit: str) -> int:
    """
    An int from *low* to *high*; a bool is none.
    """
    plain(value, culprit)
    if type(value) is not int:
        kind = type(value).__name__
        raise SpecError(culprit, f"{value!r} is {kind}, not an int", f"give {low} to {high}")
    if not low <= value <= high:
        raise SpecError(culprit, f"{value} is out of range", f"give {low} to {high}")
    return value


def named(value: object, names: Sequence[str], low: int, high: int, culprit: str) -> int:
    """
    A number, or one of *names* (any case), which count from *low*.
    """
    if not isinstance(value, str):
        return number(value, low, high, culprit)
    if value.upper() not in names:
        cure = hint(value, names) or f"write one of {', '.join(names)}"
        raise SpecError(culprit, f"{value!r} is not a three-letter name", cure)
    return names.index(value.upper()) + low


def weekday(value: object, culprit: str) -> int:
    """
    0 to 6 from a number (0 and 7 are Sunday) or a name.
    """
    return named(value, WEEKDAYS, 0, 7, culprit) % 7


def _day(value: object) -> int:
    return number(value, 1, 31, "NearestWeekday, day")


def _weekday(value: int | str) -> int:
    return weekday(value, "NthWeekday, weekday")


@attrs.frozen(order=True)
class NthWeekday:
    """
    The nth such weekday of the month, counted from the end when *n* is negative.

    A month without a fifth Monday has no `NthWeekday("MON", 5)`.
    """

    weekday: int = attrs.field(converter=_weekday)
    n: int = attrs.field()

    @n.validator
    def _check(self, _: object, value: int) -> None:
        number(value, -5, 5, "NthWeekday, n")
        if not value:
            raise SpecError("NthWeekday, n", "there is no 0th weekday", "give 1 to 5 or -1 to -5")


@attrs.frozen(order=True)
class NearestWeekday:
    """
    The Monday to Friday nearest to a day of the month, never in another month.

    A month that lacks the day has none. As Quartz reads `15W`.
    """

    day: int = attrs.field(converter=_day)


def LastDay() -> int:  # noqa: N802  reads like the values beside it
    """
    The last day of the month, -1.
    """
    return -1


def LastWeekday(weekday: int | str) -> NthWeekday:  # noqa: N802
    """
    The last such weekday of the month.
    """
    return NthWeekday(weekday, -1)


def month_days(days: Iterable[int | NearestWeekday], first: int, length: int) -> int:
    """
    The bits of *days* in one kind of month; -1 is its last day.
    """
    bits = 0
    for day in days:
        if isinstance(day, NearestWeekday):
            bits |= _nearest(day.day, first, length)
        else:
            bits |= 1 << (day if day > 0 else max(length + 1 + day, 0))
    return bits & _month(length)


def month_weekdays(weekdays: Iterable[int | NthWeekday], first: int, length: int) -> int:
    """
    The bits of *weekdays* in one kind of month.
    """
    bits = 0
    for weekday in weekdays:
        if isinstance(weekday, NthWeekday):
            bits |= _nth(weekday, first, length)
        else:
            bits |= _WEEKLY << (1 + (weekday - first) % 7)
    return bits & _month(length)


def _month(length: int) -> int:
    return (1 << length + 1) - 2


def _nth(value: NthWeekday, first: int, length: int) -> int:
    earliest = 1 + (value.weekday - first) % 7
    if value.n > 0:
        return 1 << earliest + 7 * (value.n - 1)
    latest = earliest + (length - earliest) // 7 * 7
    return 1 << max(latest + 7 * (value.n + 1), 0)


def _nearest(day: int, first: int, length: int) -> int:
    if day > length:
        return 0
    weekday = (first + day - 1) % 7
    if weekday == _SATURDAY:
        return 1 << (day - 1 if day > 1 else day + 2)
    if weekday == _SUNDAY:
        return 1 << (day + 1 if day < length else day - 2)
    return 1 << day


_WEEKLY = sum(1 << 7 * week for week in range(5))
_SUNDAY, _SATURDAY = 0, 6
