"""
A schedule as the Python that makes it, cron text wherever that can say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.recurrence.compare import bounds
from schedkit.recurrence.days import ANY, MONTHS, WEEKDAYS, NearestWeekday, NthWeekday
from schedkit.recurrence.dialects.fields import HOURS, MINUTES, Days, listed
from schedkit.recurrence.durations import duration
from schedkit.recurrence.when import Cron, Every, Once, Union


if TYPE_CHECKING:
    from datetime import datetime

    from schedkit.recurrence.base import When
    from schedkit.recurrence.sets import Calendar


def spelled(when: When) -> str:
    """
    Return an expression of schedkit's public names that makes an equal schedule.
    """
    inside, start, end = bounds(when)
    if inside is not when:
        ends = (("start", start), ("end", end))
        more = "".join(f", {name}={_rfc(at)}" for name, at in ends if at)
        return f"Window({spelled(inside)}{more})"
    if isinstance(when, Union):
        members = dict.fromkeys(map(spelled, when.members))  # two may be spelled alike
        return f"Union({', '.join(members)})"
    if isinstance(when, Every):
        return f"Every({duration(when.interval)!r}, {_rfc(when.anchor)})"
    if isinstance(when, Once):
        return f"Once({_rfc(when.instant)})"
    (calendar,) = when.calendars()
    text = cron_text(calendar)
    return _calendar(calendar) if text is None else f"Cron({text!r}{_more(calendar, text)})"


def cron_text(calendar: Calendar) -> str | None:
    """
    Return five portable fields for a calendar, or None where they cannot say it.
    """
    days = () if calendar.days is ANY else calendar.days
    weekdays = () if calendar.weekdays is ANY else calendar.weekdays
    if not all(isinstance(value, int) and value >= 0 for value in (*days, *weekdays)):
        return None
    months = tuple(range(1, 13)) if calendar.months is ANY else calendar.months
    minute = listed(calendar.minutes, MINUTES, star=True)
    hour = listed(calendar.hours, HOURS, star=True)
    return f"{minute} {hour} {Days(days, months, weekdays)}"  # type: ignore[arg-type]


def _more(calendar: Calendar, text: str) -> str:
    zone = "" if calendar.timezone == "UTC" else f", timezone={calendar.timezone!r}"
    dst = "" if calendar.dst is None else f", dst={calendar.dst!r}"
    plain = Cron(text).calendar.day_rule
    rule = "" if calendar.day_rule == plain else f", day_rule={calendar.day_rule!r}"
    return zone + dst + rule


def _calendar(calendar: Calendar) -> str:
    fields = [f"minutes={_few(calendar.minutes)}", f"hours={_few(calendar.hours)}"]
    if calendar.days is not ANY:
        fields.append(f"days={_few([_day(day) for day in calendar.days])}")
    if calendar.months is not ANY:
        fields.append(f"months={_few([repr(MONTHS[month - 1]) for month in calendar.months])}")
    if calendar.weekdays is not ANY:
        fields.append(f"weekdays={_few([_weekday(day) for day in calendar.weekdays])}")
    if calendar.day_rule:
        fields.append(f"day_rule={calendar.day_rule!r}")
    if calendar.timezone != "UTC":
        fields.append(f"timezone={calendar.timezone!r}")
    if calendar.dst:
        fields.append(f"dst={calendar.dst!r}")
    return f"Calendar({', '.join(fields)})"


def _few(values: object) -> str:
    found = [str(value) for value in values]  # type: ignore[attr-defined]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _day(day: int | NearestWeekday) -> str:
    if isinstance(day, NearestWeekday):
        return f"NearestWeekday({day.day})"
    return "LastDay()" if day == -1 else str(day)


def _weekday(day: int | NthWeekday) -> str:
    if not isinstance(day, NthWeekday):
        return repr(WEEKDAYS[day])
    name = WEEKDAYS[day.weekday]
    return f"LastWeekday({name!r})" if day.n == -1 else f"NthWeekday({name!r}, {day.n})"


def _rfc(at: datetime) -> str:
    return repr(at.isoformat().replace("+00:00", "Z"))
