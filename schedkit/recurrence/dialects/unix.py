"""
The five fields that Unix crons share, both day fields joined by OR, for every dialect that writes
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.days import WEEKDAYS, NearestWeekday, NthWeekday, Unrestricted
from schedkit.recurrence.dialects.fields import Days, every_minutes, parts, texts
from schedkit.recurrence.when import Every, Once, Window


if TYPE_CHECKING:
    from collections.abc import Iterable

    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.when import When


def texts_by_zone(when: When, platform: str) -> dict[str, tuple[str, ...]]:
    """
    Return for each zone the fewest texts that together mean *when* there.

    Weekdays are 0-6, day fields are lists and ranges, never stepped; minutes and hours may be.

    Args:
        when: What shall run.
        platform: Who cannot say it, for the errors.

    Raises:
        NotExpressibleError: Five fields have no words for it.
    """
    rules: dict[str, list[tuple[int, Days]]] = {}
    for part in parts(when):
        for timezone, mask, days in _rules(part, platform):
            rules.setdefault(timezone, []).append((mask, days))
    return {zone: texts(found) for zone, found in rules.items()}


def _rules(part: When, platform: str) -> list[tuple[str, int, Days]]:
    if isinstance(part, Every):
        return [("UTC", every_minutes(part), Days())]
    if isinstance(part, Once):
        raise NotExpressibleError(
            f"Once({part.instant.isoformat()})",
            "a cron has no year",
            "run the pipeline by hand, or use a backend that can start once",
            feature="schedule.once",
        )
    if isinstance(part, Window):
        raise NotExpressibleError(
            "start and end",
            f"{platform} runs from when it is created to when it is deleted",
            "leave them out, and pause or remove the schedule instead",
            feature="schedule.start" if part.start else "schedule.end",
        )
    return [
        (calendar.timezone, calendar.minute_mask, _days(calendar, platform))
        for calendar in part.calendars()
    ]


def _days(calendar: Calendar, platform: str) -> Days:
    days, weekdays = _plain(calendar.days, platform), _plain(calendar.weekdays, platform)
    if days and weekdays and calendar.day_rule == "all":
        raise NotExpressibleError(
            "Calendar, day_rule 'all'",
            f"{platform} joins two restricted day fields with OR",
            "restrict one of days and weekdays, or say day_rule='any'",
            feature="schedule.day_rule.all",
        )
    return Days(days, _plain(calendar.months, platform) or tuple(range(1, 13)), weekdays)


def _plain(values: Iterable[object] | Unrestricted, platform: str) -> tuple[int, ...]:
    if isinstance(values, Unrestricted):
        return ()
    found = []
    for value in values:
        if not isinstance(value, int) or value < 0:
            raise _refused(value, platform)
        found.append(value)
    return tuple(found)


def _refused(value: object, platform: str) -> NotExpressibleError:
    if isinstance(value, NthWeekday):
        name = WEEKDAYS[value.weekday]
        culprit, feature = f"NthWeekday({name!r}, {value.n})", "schedule.nth_weekday"
        cure = f"run on every {name}: weekdays={name!r}"
    elif isinstance(value, NearestWeekday):
        culprit, feature = f"NearestWeekday({value.day})", "schedule.nearest_weekday"
        cure = f"run on the day itself: days={value.day}"
    else:
        culprit, feature = f"days={value}", "schedule.last_day"
        cure = "count days from the start of the month; days=1 is the day after the last"
    return NotExpressibleError(culprit, f"{platform} cannot say it", cure, feature=feature)
