"""
Schedules in one English sentence.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from schedkit.recurrence.days import ANY, NearestWeekday, NthWeekday
from schedkit.recurrence.durations import duration


if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from schedkit.recurrence.sets import Calendar

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_GAP = {
    "skip": "a time that the clocks skip does not run",
    "next": "a time that the clocks skip runs as soon as they have changed",
    "shift": "a time that the clocks skip runs as much later",
}
_FOLD = {
    "first": "a repeated time runs the first time",
    "second": "a repeated time runs the second time",
    "both": "a repeated time runs both times",
}
_FEW = 6  # more times of day than this are told as a rule
_RANGE = 3  # as many neighbours as this are told as "1 to 3"


def calendar(value: Calendar) -> str:
    """
    "At 01:00 on Monday to Friday, Europe/Berlin time."
    """
    zone = "UTC" if value.timezone == "UTC" else f"{value.timezone} time"
    days = _days(value)
    months = "" if value.months is ANY else f" in {_series(value.months, MONTHS, 1)}"
    dst = f"; {_GAP[value.dst.gap]}, {_FOLD[value.dst.fold]}" if value.dst else ""
    return f"{_times(value.hours, value.minutes)}{days}{months}, {zone}{dst}."


def every(interval: int, anchor: datetime) -> str:
    """
    "Every 1h30m of elapsed time, one run being at 2026-01-01T00:00:00Z."
    """
    return f"Every {duration(interval)} of elapsed time, one run being at {_utc(anchor)}."


def once(instant: datetime) -> str:
    """
    "Once, at 2026-01-01T00:00:00Z."
    """
    return f"Once, at {_utc(instant)}."


def union(sentences: Sequence[str]) -> str:
    """
    One sentence of several.
    """
    first, *rest = (sentence.removesuffix(".") for sentence in sentences)
    return "; and ".join([first, *(part[0].lower() + part[1:] for part in rest)]) + "."


def window(sentence: str, start: datetime | None, end: datetime | None) -> str:
    """
    "Every hour, UTC, from 2026-01-01T00:00:00Z on and before 2027-01-01T00:00:00Z."
    """
    bounds = [f"from {_utc(start)} on"] if start else []
    bounds += [f"before {_utc(end)}"] if end else []
    return f"{sentence.removesuffix('.')}, {' and '.join(bounds)}."


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _times(hours: Sequence[int], minutes: Sequence[int]) -> str:
    if len(hours) * len(minutes) <= _FEW:
        return "At " + _and([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes])
    return _rule(hours, minutes) if len(minutes) > 1 else _hourly(hours, minutes[0])


def _hourly(hours: Sequence[int], minute: int) -> str:
    step = _step(hours)
    if not step:
        return f"At minute {minute} of {_plural('hour', hours)}"
    if len(hours) == 24:
        return "Every hour" + (f" at minute {minute}" if minute else "")
    each = "hour" if step == 1 else f"{step} hours"
    return f"Every {each} from {hours[0]:02}:{minute:02} to {hours[-1]:02}:{minute:02}"


def _rule(hours: Sequence[int], minutes: Sequence[int]) -> str:
    first, last, step = minutes[0], minutes[-1], _step(minutes)
    each = "Every minute" if step == 1 else f"Every {step} minutes"
    even = 60 - last + first == step  # the distance holds across the hour
    neighbours = hours[-1] - hours[0] == len(hours) - 1
    if len(hours) == 24 and even:
        return each + (f" from minute {first} on" if first else "")
    if step and (len(hours) == 1 or (neighbours and even)):
        return f"{each} from {hours[0]:02}:{first:02} to {hours[-1]:02}:{last:02}"
    within = f"{each} from minute {first} to {last}" if step else f"At minutes {_series(minutes)}"
    every = len(hours) == 24
    return f"{within} of {'every hour' if every else _plural('hour', hours)}"


def _step(values: Sequence[int]) -> int:
    """
    The distance of evenly spaced values, 0 when they are not or are too few to say.
    """
    steps = {after - before for before, after in pairwise(values)}
    return steps.pop() if len(steps) == 1 and len(values) >= _RANGE else 0


def _days(value: Calendar) -> str:
    days = "" if value.days is ANY else f"on {_month_days(value.days)}"
    weekdays = "" if value.weekdays is ANY else f"on {_weekdays(value.weekdays)}"
    if days and weekdays:
        joint = "or" if value.day_rule == "any" else "if also"
        return f" {days} {joint} {weekdays}"
    often = len(value.hours) * len(value.minutes) > _FEW
    return f" {days or weekdays}" if days or weekdays else "" if often else " every day"


def _month_days(days: Sequence[int | NearestWeekday]) -> str:
    plainly = [day for day in days if isinstance(day, int) and day > 0]
    said = [f"the {_series(plainly, [*map(_ordinal, range(32))])}"] if plainly else []
    said += [_from_end(-day) for day in reversed(days) if isinstance(day, int) and day < 0]
    said += [
        f"the weekday nearest to the {_ordinal(day.day)}"
        for day in days
        if isinstance(day, NearestWeekday)
    ]
    return f"{_and(said)} of the month"


def _from_end(day: int) -> str:
    return "the last day" if day == 1 else f"the {_ordinal(day)} last day"


def _weekdays(weekdays: Sequence[int | NthWeekday]) -> str:
    plainly = [day for day in weekdays if isinstance(day, int)]
    if plainly and plainly[0] == 0:  # the week ends with Sunday, as people say it
        plainly = [*plainly[1:], 7]
    said = [_series(plainly, (*WEEKDAYS, "Sunday"))] if plainly else []
    nth = [day for day in weekdays if isinstance(day, NthWeekday)]
    said += [f"the {_count(day.n)} {WEEKDAYS[day.weekday]} of the month" for day in nth]
    return _and(said)


def _count(n: int) -> str:
    if n > 0:
        return _ordinal(n)
    return "last" if n == -1 else f"{_ordinal(-n)} last"


def _ordinal(n: int) -> str:
    teen = n // 10 == 1
    return f"{n}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def _plural(noun: str, values: Sequence[int]) -> str:
    return f"the {noun}{'s' if len(values) > 1 else ''} {_series(values)}"


def _series(values: Sequence[int], names: Sequence[str] = (), first: int = 0) -> str:
    """
    "1 to 5, 8 and 10".
    """
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    said: list[str] = []
    for run in runs:
        texts = [names[value - first] if names else str(value) for value in run]
        said += [f"{texts[0]} to {texts[-1]}"] if len(run) >= _RANGE else texts
    return _and(said)


def _and(texts: Sequence[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
