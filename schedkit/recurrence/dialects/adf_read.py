"""
What Data Factory makes of a recurrence, by its documentation; and portable words for it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, NoReturn

from schedkit.exceptions import NeverFiresError, NotExpressibleError, UnknownBehaviourError
from schedkit.recurrence.around import KINDS
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.days import ANY
from schedkit.recurrence.dialects import Reader, course
from schedkit.recurrence.dialects.text import calendar
from schedkit.recurrence.dialects.wall import EPOCH, FAR, YEARS, Days, Wall
from schedkit.recurrence.grid import bits
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Every, Once, Window
from schedkit.recurrence.zones import LAST, Zone


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.dialects.adf_guard import Test
    from schedkit.recurrence.dialects.adf_json import Recurrence
    from schedkit.recurrence.dialects.wall import Item
    from schedkit.recurrence.when import When

MINUTE, DAY, WEEK = 60, 86_400, 604_800
SECONDS = {"Minute": MINUTE, "Hour": 3_600, "Day": DAY, "Week": WEEK}
PARTS = {"Minute", "Hour"}  # of a day
FARTHEST = 1_001  # days after which the longest intervals of them have met every time of the day
SURE_DAYS = 28  # that every month has
DAY_MINUTES = (1 << 1_440) - 1
UNKNOWN = {
    "adf.month_anchor": "Whether months of an interval above 1 count from that of startTime where "
    "there is a schedule.",
    "adf.scheduled_time": "Whether the scheduled time that a guard reads is in UTC, whatever the "
    "time zone of the trigger.",
    "adf.named_twice": "Whether a day that two entries of one list name, such as 30 and -1, runs "
    "once.",
    "adf.both_lists": "Whether monthDays and monthlyOccurrences together mean either or both.",
    "adf.omitted_hours": "Whether minutes without hours run every hour, as the examples have it, "
    "or in the hour of startTime, as the text has it.",
    "adf.new_windows_ids": "Whether Azure accepts the Windows time zones of September 2026.",
    "adf.short_period": "What a schedule of frequency Minute or Hour means where clocks change.",
    "adf.short_month": "When months without the day of startTime run.",
    "adf.anchor": "Which minutes, hours, days or weeks an interval above 1 takes where there is a "
    "schedule or clocks change.",
}


class Rate(Reader):
    """
    Elapsed time from a first run on.
    """

    minutes = 0
    searches = False
    zone = Zone.of("UTC")

    def __init__(self, first: int, interval: int, ends: int | None) -> None:
        self.begins, self.ends, self.interval = first, ends, interval
        if ends is None and first <= horizon()[0]:
            self.pace = (interval, first % interval)
        self.course = course(interval, first, first, ends)

    def year_days(self, first_weekday: int, leap: bool) -> int:  # noqa: ARG002
        """
        Return nothing: it reads no wall clock.
        """
        return 0

    def next(self, epoch: int) -> int | None:
        """
        Return the first run after *epoch*.
        """
        return next(self.fires(epoch + 1, epoch + self.interval + 1 + self._before(epoch)), None)

    def fires(self, start: int, stop: int) -> Iterator[int]:
        """
        Yield the runs of `start <= t < stop`.
        """
        first = self.begins or 0
        low = max(start, first)
        stop = stop if self.ends is None else min(stop, self.ends)
        return iter(range(low + (first - low) % self.interval, stop, self.interval))

    def _before(self, epoch: int) -> int:
        return max((self.begins or 0) - epoch, 0)


class Guarded(Wall):
    """
    A wall clock, on the dates that a guard lets pass.
    """

    guard: Test | None = None

    def year_days(self, first_weekday: int, leap: bool) -> int:
        """
        Return the days of one kind of year on which it fires and the guard passes.
        """
        asked = (first_weekday, leap) in self._years
        found = super().year_days(first_weekday, leap)
        if asked or self.guard is None:
            return found
        january = date(YEARS[first_weekday, leap], 1, 1)
        for place in bits(found):
            day = january + timedelta(days=place)
            if not self.guard(day.month, day.day, day.isoweekday() % 7):
                found ^= 1 << place
        self._years[first_weekday, leap] = found
        return found


class Cycle(Reader):
    """
    The runs of a wall clock in every so many minutes, hours, days, weeks or months, counted from
    that of startTime; weeks begin on Sunday.
    """

    minutes = 0
    searches = False

    def __init__(self, wall: Wall, told: Recurrence) -> None:
        self.wall, self.zone, self.begins, self.ends = wall, wall.zone, wall.begins, wall.ends
        self.frequency, self.interval = told.frequency, told.interval
        self._first = self._count(told.start)
        self._far = FARTHEST * DAY if told.frequency in PARTS else FAR

    def year_days(self, first_weekday: int, leap: bool) -> int:  # noqa: ARG002
        """
        Return nothing: no kind of year tells its days.
        """
        return 0

    def next(self, epoch: int) -> int | None:
        """
        Return the first run after *epoch*.
        """
        return next(self.fires(epoch + 1, epoch + self._far), None)

    def fires(self, start: int, stop: int) -> Iterator[int]:
        """
        Yield the runs of `start <= t < stop`; days, weeks and months are passed over as a whole.
        """
        start = max(start, self.begins or start)
        stop = min(stop, self.ends or stop, LAST)
        for low in range(start, stop, DAY):
            high = min(low + DAY, stop)
            if self.frequency in PARTS or self._turn(low) or self._turn(high - 1):
                yield from filter(self._turn, self.wall.fires(low, high))

    def _turn(self, epoch: int) -> bool:
        return (self._count(epoch) - self._first) % self.interval == 0

    def _count(self, epoch: int) -> int:
        local = epoch + self.zone.offset(epoch)
        if self.frequency == "Month":
            day = date.fromordinal(local // DAY + EPOCH)
            return 12 * day.year + day.month
        sunday = 4 * DAY if self.frequency == "Week" else 0  # 1 January 1970 was a Thursday
        return (local + sunday) // SECONDS[self.frequency]


def windows(told: Recurrence) -> Reader:
    """
    Return the runs of a tumbling window trigger: each at the end of its window, and the delay.

    Raises:
        NotExpressibleError: Months that lack the day of startTime.
    """
    if told.frequency == "Month":
        if told.delay or 12 % told.interval:
            raise NotExpressibleError(
                "a tumbling window of months", "no calendar has its delay or interval",
                "take no delay, and 1, 2, 3, 4, 6 or 12 months", feature="schedule.every",
            )  # fmt: skip
        return _wall(told, Days((("day", _day(told)),), _months(told)), MINUTE)
    interval = told.interval * SECONDS[told.frequency]
    return Rate(told.start + interval + told.delay, interval, _ends(told))


def reader(told: Recurrence, guard: Test | None) -> Reader:
    """
    Return the runs of a schedule trigger.

    Raises:
        UnknownBehaviourError: Nothing tells when it runs.
    """
    if not told.scheduled:
        steady = told.frequency in {"Minute", "Hour"} or (_fixed(told.zone) and told.interval > 1)
        if told.frequency in SECONDS and steady and guard is None:
            interval = told.interval * SECONDS[told.frequency]
            return Rate(told.start, interval, _ends(told))
    if told.frequency in {"Minute", "Hour"} and not _fixed(told.zone):
        _unsure("adf.short_period", f"frequency {told.frequency} with a schedule", "schedule")
    wall = _wall(told, _days(told), MINUTE if told.scheduled else 0)
    wall.guard = guard
    whole_years = told.frequency == "Month" and 12 % told.interval == 0
    return wall if told.interval == 1 or whole_years else Cycle(wall, told)


def words(told: Recurrence, found: Reader, base: Days | None) -> When:
    """
    Return portable words for what *found* does.

    Raises:
        NotExpressibleError: There are none.
    """
    if isinstance(found, Rate):
        return _windowed(Every(timedelta(seconds=found.interval), _utc(found.begins or 0)), found)
    if not isinstance(found, Guarded) or base is None:
        cure = f"take interval 1, or a frequency in UTC without a schedule ({told.frequency})"
        raise NotExpressibleError(
            f"interval {told.interval}", "nothing portable counts so", cure,
            feature="schedule.every",
        )  # fmt: skip
    long = told.frequency not in {"Minute", "Hour"}
    if long and told.hours is None and told.minutes is not None:
        _unsure("adf.omitted_hours", f"minutes {list(told.minutes)}", "schedule")
    if found.begins is not None and found.ends is not None:
        runs = list(found.fires(found.begins, min(found.ends, found.begins + 2 * DAY)))
        if len(runs) == 1 and found.ends - found.begins <= DAY:
            return Once(_utc(runs[0]))
    name = "UTC" if told.timezone == "UTC" else found.zone.name
    when = calendar(found.minutes, base, name, culprit="recurrence")
    if found.guard is not None:
        when = _guarded(when, found)
    return _windowed(when, found)


def days_of(told: Recurrence) -> Days | None:
    """
    The days of a wall clock; None where an interval counts something else.
    """
    return _days(told) if told.interval == 1 or told.frequency == "Month" else None


def _windowed(when: When, found: Reader) -> When:
    start = None if found.begins is None or found.begins <= horizon()[0] else _utc(found.begins)
    end = None if found.ends is None else _utc(found.ends)
    return Window(when, start, end) if start or end else when


def _guarded(when: When, found: Guarded) -> When:
    """
    The calendar whose days are just those that pass, its fields taken from these days.
    """
    year = tuple(found.year_days(*kind) for kind in KINDS)
    dates = set()
    for kind, days in zip(KINDS, year, strict=True):
        january = date(YEARS[kind], 1, 1)
        dates |= {january + timedelta(days=place) for place in bits(days)}
    if not dates:
        raise NeverFiresError("guard", "no day of the trigger passes it", "leave it out")
    (plain,) = when.calendars()
    months = sorted({day.month for day in dates})
    numbers = sorted({day.day for day in dates})
    weekdays = sorted({day.isoweekday() % 7 for day in dates})
    for doms, dows in product((ANY, plain.days, numbers), (ANY, plain.weekdays, weekdays)):
        both = doms is not ANY and dows is not ANY
        tried = Calendar(
            minutes=plain.minutes, hours=plain.hours, days=doms, months=months, weekdays=dows,
            day_rule="all" if both else None, timezone=plain.timezone,
        )  # fmt: skip
        if tuple(tried.year_days(*kind) for kind in KINDS) == year:
            return tried
    reason = "no calendar has just the days that it lets pass"
    raise NotExpressibleError("guard", reason, "write a union of calendars", feature="schedule")


def _wall(told: Recurrence, days: Days, early: int) -> Guarded:
    """
    Past the minute *early* after startTime; runs are on whole minutes, so bounds are too.
    """
    begins = told.start + early
    found = Guarded(told.zone, _minutes(told), days, None, -(-begins // MINUTE) * MINUTE)
    ends = _ends(told)
    found.ends = None if ends is None else -(-ends // MINUTE) * MINUTE
    return found


def _ends(told: Recurrence) -> int | None:
    """
    The second after the last one that may run.
    """
    return None if told.end is None else told.end + 1 + told.delay


def _minutes(told: Recurrence) -> int:
    second = (told.start + told.zone.offset(told.start)) % DAY
    if second % MINUTE and told.minutes is None:
        reason = "has seconds, which no calendar has"
        raise NotExpressibleError("startTime", reason, "drop them", feature="schedule.start")
    hour, minute = divmod(second // MINUTE, 60)
    short = told.frequency in {"Minute", "Hour"}
    hourly = short or (told.minutes is not None and told.hours is None)
    hours = told.hours or (tuple(range(24)) if hourly else (hour,))
    minutes = told.minutes or (tuple(range(60)) if told.frequency == "Minute" else (minute,))
    row = sum(1 << each for each in minutes)
    return sum(row << 60 * each for each in hours)


def _days(told: Recurrence) -> Days:
    if told.days and told.occurrences:
        _unsure("adf.both_lists", "monthDays beside monthlyOccurrences", "schedule.day_rule.any")
    if told.frequency == "Week":
        local = date.fromordinal((told.start + told.zone.offset(told.start)) // DAY + EPOCH)
        weekdays = told.weekdays or (local.isoweekday() % 7,)
        return Days(dows=tuple(("weekday", day) for day in weekdays))
    if told.frequency != "Month":
        return Days()
    months = _months(told)
    if told.occurrences:
        return Days(months=months, dows=tuple(map(_occurrence, told.occurrences)))
    return Days(tuple(map(_dom, told.days or (_day(told),))), months)


def _occurrence(value: tuple[int, int]) -> Item:
    weekday, place = value
    return ("nth", weekday, place) if place else ("weekday", weekday)


def _dom(day: int) -> Item:
    return ("day", day) if day > 0 else ("last", -day)


def _day(told: Recurrence) -> int:
    local = date.fromordinal((told.start + told.zone.offset(told.start)) // DAY + EPOCH)
    if local.day > SURE_DAYS:
        _unsure("adf.short_month", f"frequency Month from the {local.day}th", "schedule.last_day")
    return local.day


def _months(told: Recurrence) -> tuple[int, ...]:
    local = date.fromordinal((told.start + told.zone.offset(told.start)) // DAY + EPOCH)
    step = told.interval if 12 % told.interval == 0 else 1
    return tuple(month for month in range(1, 13) if not (month - local.month) % step)


def _fixed(zone: Zone) -> bool:
    return zone.is_fixed(*horizon())


def _utc(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _unsure(fact: str, culprit: str, feature: str) -> NoReturn:
    reason = f"Microsoft does not say this: {UNKNOWN[fact][0].lower()}{UNKNOWN[fact][1:-1]}"
    cure = "write each list and both hours and minutes, with interval 1"
    raise UnknownBehaviourError(culprit, reason, cure, feature=feature, fact=fact)
