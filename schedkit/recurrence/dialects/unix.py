"""
The five fields that Unix crons share, both day fields joined by OR: what every dialect of them
writes, and how those read it that do not run robfig's parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schedkit.exceptions import NotExpressibleError, UnknownBehaviourError
from schedkit.recurrence.days import WEEKDAYS, NearestWeekday, NthWeekday, Unrestricted
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader, wall
from schedkit.recurrence.dialects.fields import Days, every_minutes, parts, texts
from schedkit.recurrence.dialects.text import MONTHS, Field, calendar, minutes_of, parse
from schedkit.recurrence.dialects.text import WEEKDAYS as NAMES
from schedkit.recurrence.rewrite import steadied
from schedkit.recurrence.when import Every, Once, Window
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from collections.abc import Iterable

    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.when import When


UTC = "Etc/UTC"
FIELDS = (  # as in POSIX crontab; steps after * and ranges, and three-letter names
    Field("minute", 0, 59, open_step=False),
    Field("hour", 0, 23, open_step=False),
    Field("day", 1, 31, kind="day", open_step=False),
    Field("month", 1, 12, MONTHS, open_step=False),
    Field(
        "weekday",
        0,
        7,
        {name: number for number, name in enumerate(NAMES)},
        kind="weekday",
        ours=lambda number: number % 7,
        open_step=False,
    ),
)


class Unix(Dialect):
    """
    Five fields and a zone beside them.

    Attributes:
        fields: The grammar.
        utc: How the platform receives UTC.
        day_rule: The unknown fact that two restricted day fields rest on; empty where they are
            documented to be OR.
    """

    fields: ClassVar[tuple[Field, ...]] = FIELDS
    utc: ClassVar[str] = UTC
    day_rule: ClassVar[str] = ""

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest natives, a text and a zone each.
        """
        if self.day_rule not in {"", *assume}:
            self._vouched(when)
        when = steadied(when, self.policy)
        return tuple(
            self.spelled(text, zone)
            for zone, found in texts_by_zone(when, self.name).items()
            for text in found
        )

    def spelled(self, text: str, timezone: str) -> Native:
        """
        Return how the platform receives five fields and a zone.
        """
        return Native(text, self.utc if timezone == "UTC" else timezone)

    def parts(self, native: Native) -> tuple[str, str]:
        """
        Return the five fields and the zone of a native.
        """
        return native.text, "UTC" if native.timezone in {UTC, self.utc} else native.timezone

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Parse the text by the platform's grammar.
        """
        mask, days, timezone = self._parsed(native)
        return (wall.Wall(Zone.of(timezone), mask, days, self.dst),)

    def read(self, native: Native) -> When:
        """
        Return the calendar of a text.
        """
        when = calendar(*self._parsed(native), culprit=repr(native.text))
        if self.day_rule:
            self._vouched(when)
        return when

    def _parsed(self, native: Native) -> tuple[int, wall.Days, str]:
        text, timezone = self.parts(native)
        minute, hour, day, month, weekday = parse(text, self.fields, self.name, native.text)
        _, _, dom, _, dow = text.split()
        if "*" not in {dom, dow} and "*" in dom + dow:
            raise UnknownBehaviourError(
                repr(native.text),
                f"{self.name} does not say whether */n restricts a day field beside another one",
                "write the days as a list",
                feature="schedule.day_rule.any",
                fact=f"{self.name}.stepped_day",
            )
        days = wall.Days(
            doms=None if day.free else day.items,
            months=month.values,
            dows=None if weekday.free else weekday.items,
        )
        return minutes_of(minute, hour), days, timezone

    def _vouched(self, when: When) -> None:
        if any(calendar.day_rule == "any" for calendar in when.calendars()):
            raise UnknownBehaviourError(
                "days and weekdays together",
                self.unknown[self.day_rule],
                "restrict one of days and weekdays",
                feature="schedule.day_rule.any",
                fact=self.day_rule,
            )


def texts_by_zone(
    when: When, platform: str, *, disjoint: bool = True
) -> dict[str, tuple[str, ...]]:
    """
    Return for each zone the fewest texts that together mean *when* there.

    Weekdays are 0-6, day fields are lists and ranges, never stepped; minutes and hours may be.

    Args:
        when: What shall run.
        platform: Who cannot say it, for the errors.
        disjoint: Whether texts that coincide would start two runs.

    Raises:
        NotExpressibleError: Five fields have no words for it.
    """
    rules: dict[str, list[tuple[int, Days]]] = {}
    for part in parts(when):
        for timezone, mask, days in _rules(part, platform):
            rules.setdefault(timezone, []).append((mask, days))
    return {zone: texts(found, disjoint=disjoint) for zone, found in rules.items()}


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
