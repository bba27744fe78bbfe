"""
Readers and portable words for languages that know seconds and years.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.checks import epoch
from schedkit.recurrence.compare import UTC_NAMES, horizon
from schedkit.recurrence.dialects.fields import every_minutes
from schedkit.recurrence.dialects.text import calendar
from schedkit.recurrence.dialects.wall import EPOCH, Days, Wall
from schedkit.recurrence.durations import duration
from schedkit.recurrence.when import Every, Once, Window


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.dialects import Reader
    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Dst, Zone

HOUR, DAY = 3_600, 86_400
YEARS = range(1970, 2200)
EVERY_MINUTE = (1 << 1_440) - 1
MONTHS = 12


@attrs.frozen(kw_only=True)
class Timing:
    """
    What one expression says: a product of times of the day, on days of years.

    Args:
        text: The expression, for the errors.
        zone: Whose wall clock.
        years: All of `YEARS` is for ever.
    """

    text: str
    zone: Zone
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    days: Days
    years: tuple[int, ...] = tuple(YEARS)

    @cached_property
    def mask(self) -> int:
        """
        The minutes of the day as bits.
        """
        row = sum(1 << minute for minute in self.minutes)
        return sum(row << 60 * hour for hour in self.hours)

    @cached_property
    def clock(self) -> list[int]:
        """
        The seconds of the day.
        """
        return [
            3_600 * hour + 60 * minute + second
            for hour in self.hours
            for minute in self.minutes
            for second in self.seconds
        ]

    @cached_property
    def pace(self) -> tuple[int, int] | None:
        """
        Of a steady interval in UTC, its seconds and its phase.
        """
        clock = self.clock
        step = DAY // len(clock)
        steady = clock == list(range(clock[0], DAY, step)) and DAY % len(clock) == 0
        days = self.days
        free = days.doms is None and days.dows is None and len(days.months) == MONTHS
        always = free and self.years == tuple(YEARS)
        return (step, clock[0]) if steady and always and self.zone.name in UTC_NAMES else None

    @property
    def limits(self) -> tuple[int | None, int | None]:
        """
        Where the years begin and end, if they follow one another.
        """
        first, last = self.years[0], self.years[-1]
        return (
            None if first == YEARS[0] else new_year(self.zone, first),
            None if last == YEARS[-1] else new_year(self.zone, last + 1),
        )

    def reader(self, dst: Dst) -> Reader:
        """
        Read it on the wall clock.
        """
        if self.seconds == (0,) and _follow(self.years):
            return Wall(self.zone, self.mask, self.days, dst, *self.limits)
        return _Timed(self, dst)

    def when(self) -> When:
        """
        The portable words for it.

        Raises:
            NotExpressibleError: There are none.
            NeverFiresError: Only days that never occur.
        """
        if self.pace and self.seconds != (0,):
            step, first = self.pace
            return Every(_span(step), datetime.fromtimestamp(first, UTC))
        single = self._single()
        if single is not None:
            return single
        if self.seconds != (0,):
            raise _refused(self.text, "its seconds are not just 0", "write second 0")
        if not _follow(self.years):
            raise _refused(self.text, "its years do not follow one another", "write every year")
        zone = "UTC" if self.zone.name in UTC_NAMES else self.zone.name
        found = calendar(self.mask, self.days, zone, culprit=self.text)
        start, end = (None if at is None else _instant(at) for at in self.limits)
        return Window(found, start, end) if start or end else found

    def _single(self) -> Once | None:
        """
        The instant of a text that names one day of one year, and one time.
        """
        days = self.days
        if len(self.clock) > 1 or len(self.years) > 1 or len(days.months) > 1 or days.dows:
            return None
        if days.doms is None or len(days.doms) > 1 or days.doms[0][0] != "day":
            return None
        runs = _Timed(self, None).fires(*self._around())
        found = next(runs, None)
        return None if found is None else Once(_instant(found))

    def _around(self) -> tuple[int, int]:
        return new_year(self.zone, self.years[0]), new_year(self.zone, self.years[0] + 1)


class _Timed(Wall):
    """
    As `Timing` says; proofs compare its instants.
    """

    def __init__(self, timing: Timing, dst: Dst | None) -> None:
        super().__init__(timing.zone, 0, timing.days, dst)
        self._clock = timing.clock
        self._in = frozenset(timing.years)
        self.pace = timing.pace
        self.begins = new_year(timing.zone, timing.years[0])
        self.ends = new_year(timing.zone, timing.years[-1] + 1)

    def _days(self, start: int, stop: int) -> Iterator[int]:
        days = super()._days(start, stop)
        return (day for day in days if date.fromordinal(day + EPOCH).year in self._in)


def ticks(every: Every, *, bounded: bool) -> tuple[tuple[int, ...], int]:
    """
    Return the seconds of a minute, and the minutes of the UTC day (bits), on which *every* fires
    on all days.

    Args:
        every: The interval.
        bounded: Whether it stands in a window.

    Raises:
        NotExpressibleError: The interval divides neither a minute nor, in whole minutes, a day; or
            it needs seconds and is no single steady expression, which could not be proved quickly.
    """
    interval, phase = every.interval, epoch(every.anchor)
    second = phase % 60
    whole = Every(_span(interval), datetime.fromtimestamp(phase - second, UTC))
    if 60 % interval == 0:
        found = tuple(range(phase % interval, 60, interval)), EVERY_MINUTE
    else:
        found = (second,), every_minutes(whole)
    steady = HOUR % interval == 0 or interval % HOUR == 0
    if found[0] != (0,) and (bounded or not steady):
        raise NotExpressibleError(
            f"Every({duration(interval)!r}), anchor {every.anchor.isoformat()}",
            "within a window, or in several expressions, it is proved on whole minutes only",
            "give an anchor with 0 seconds, and whole minutes",
            feature="schedule.every",
        )
    return found


@lru_cache
def repeated(zone: Zone) -> int:
    """
    Return the minutes of the day (bits) that its clocks repeat within `compare.horizon()`.
    """
    found = 0
    for change in zone.changes(*horizon()):
        low, high = (change.epoch + offset for offset in (change.after, change.before))
        for minute in range(low // 60, high // 60):
            found |= 1 << minute % 1_440
    return found


def new_year(zone: Zone, year: int) -> int:
    """
    Return the Unix second at which a year begins there.
    """
    midnight = (date(year, 1, 1).toordinal() - EPOCH) * DAY
    return midnight - zone.offset(midnight - zone.offset(midnight))


def _follow(years: tuple[int, ...]) -> bool:
    return years[-1] - years[0] == len(years) - 1


def _span(seconds: int) -> str:
    return f"{seconds}s"


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _refused(text: str, reason: str, cure: str) -> NotExpressibleError:
    return NotExpressibleError(repr(text), reason, cure, feature="schedule.cron")
