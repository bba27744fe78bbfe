"""
What AWS documents of `cron(...)` and `rate(...)`, read back; shares nothing with what writes them.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

from schedkit.exceptions import CronSyntaxError, NotExpressibleError
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.dialects import Reader, course
from schedkit.recurrence.dialects.text import MONTHS, WEEKDAYS, Field, calendar, minutes_of, parse
from schedkit.recurrence.dialects.wall import DAY, EPOCH, Days, Wall
from schedkit.recurrence.when import Every, Once, Window
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Dst

LONGEST = 256
GRAMMAR = "the grammar that AWS documents"  # reversed ranges and */n are not in it
YEARS = (1970, 2199)
NAMES = {name: number for number, name in enumerate(WEEKDAYS, 1)}
FIELDS = (
    Field("minute", 0, 59, star_step=False),
    Field("hour", 0, 23, star_step=False),
    Field("day", 1, 31, marks=("?", "L", "W"), kind="day", star_step=False),
    Field("month", 1, 12, MONTHS, star_step=False),
    Field(
        "weekday", 1, 7, NAMES, ("?", "L", "wL", "#"), "weekday", lambda n: n - 1, star_step=False
    ),
    Field("year", *YEARS, star_step=False),
)
_RATE = re.compile(r"rate\(([0-9]{1,9}) (minute|hour|day)(s?)\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": DAY}
Bounds: TypeAlias = tuple[int | None, int | None]


class Rate(Reader):
    """
    One run at *begins*, and one after each interval; without *begins*, from whenever it is made.
    """

    minutes = 0
    zone = Zone.of("UTC")

    def __init__(self, interval: int, begins: int | None, ends: int | None) -> None:
        self.interval, self.begins, self.ends = interval, begins, ends
        if begins is not None and begins <= horizon()[0] and ends is None:
            self.pace = (interval, begins % interval)
        if begins is not None:
            self.course = course(interval, begins, begins, ends)

    def year_days(self, first_weekday: int, leap: bool) -> int:  # noqa: ARG002, it reads no clock
        """
        No day: it reads no wall clock.
        """
        return 0

    def next(self, epoch: int) -> int | None:
        """
        Return the first run after *epoch*.
        """
        if self.begins is None:
            return epoch + self.interval
        ahead = max(epoch + 1, self.begins)
        found = ahead + (self.begins - ahead) % self.interval
        return None if self.ends is not None and found >= self.ends else found


def cron(
    text: str,
    zone: Zone,
    bounds: Bounds = (None, None),
    policy: Callable[[int], Dst | None] = lambda _: None,
) -> tuple[Wall, ...]:
    """
    Read `cron(...)`: one reader for each stretch of years.

    Args:
        text: The whole expression.
        zone: Whose wall clock.
        bounds: Unix seconds between which it runs.
        policy: What happens to the minutes of a day (bits) in gaps and repeated hours.

    Raises:
        CronSyntaxError: It is not in the documented grammar.
    """
    inner = text[5:-1]
    fields = parse(inner, FIELDS, GRAMMAR, text)
    minutes, hours, days, months, weekdays, years = fields
    columns = [word.start() + 6 for word in re.finditer(r"[^ \t]+", inner)]
    if days.blank == weekdays.blank:
        reason = "exactly one of day and weekday has to be ?"
        cure = "write ? for the one that restricts nothing"
        raise CronSyntaxError(text, reason, cure, field="day", column=columns[2])
    if "/" in inner[columns[4] - 6 : columns[5] - 6]:
        reason, column = f"{GRAMMAR} has no step in weekdays", columns[4]
        raise CronSyntaxError(text, reason, "list the days", field="weekday", column=column)
    doms = None if days.free else days.items
    dows = None if weekdays.free else weekdays.items
    found, mask = Days(doms, months.values, dows), minutes_of(minutes, hours)
    return tuple(
        Wall(zone, mask, found, policy(mask), *_narrowed(bounds, stretch))
        for stretch in _stretches(years.values, zone)
    )


def rate(text: str, bounds: Bounds = (None, None)) -> Rate:
    """
    Read `rate(...)`.

    Raises:
        CronSyntaxError: It is not in the documented grammar.
    """
    found = _RATE.fullmatch(text)
    if not found or not int(found[1]):
        cure = "write a positive number and minute, minutes, hour, hours, day or days"
        raise CronSyntaxError(text, f"{GRAMMAR} has no such rate", cure, column=6)
    if (int(found[1]) == 1) == bool(found[3]):
        reason = "the unit is singular after 1, and plural else"
        raise CronSyntaxError(text, reason, "write rate(1 minute), rate(2 minutes)", column=6)
    return Rate(int(found[1]) * _SECONDS[found[2]], *bounds)


def short(text: str) -> str:
    """
    Return a text that is not too long for AWS.
    """
    if len(text) > LONGEST:
        raise CronSyntaxError(text, f"AWS takes no more than {LONGEST} characters")
    return text


def words(text: str, readers: tuple[Reader, ...]) -> When:
    """
    The portable words for a `cron(...)` or `rate(...)` that was read.

    Raises:
        NotExpressibleError: There are none.
    """
    reader = readers[0]
    if isinstance(reader, Rate):
        return _steady(text, reader)
    reader = cast("Wall", reader)
    if len(readers) > 1:
        reason = "nothing portable names some years and leaves out others between them"
        cure = "split it into one schedule for each stretch of years"
        raise NotExpressibleError(repr(text), reason, cure, feature="schedule.start")
    if reader.begins is not None and reader.ends is not None:
        runs = list(islice(reader.fires(reader.begins, reader.ends), 2))
        if len(runs) == 1:
            return Once(at(runs[0]))
    found = calendar(reader.minutes, reader.days, reader.zone.name, culprit=repr(text))
    return _within(found, reader)


def at(epoch: int) -> datetime:
    """
    The aware datetime of Unix seconds.

    Raises:
        NotExpressibleError: It is not in the years 1 to 9999.
    """
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except ValueError:
        reason, cure = "is not in the years 1 to 9999 of UTC", "give a time in our time"
        raise NotExpressibleError(f"second {epoch}", reason, cure, feature="schedule") from None


def _steady(text: str, reader: Rate) -> When:
    if reader.begins is None:
        reason = "counts from whenever it is made, so it has no fixed instants"
        cure = "write Every('1h', anchor='2026-01-01T00:00:00Z')"
        raise NotExpressibleError(repr(text), reason, cure, feature="schedule.every")
    every = Every(f"{reader.interval}s", at(reader.begins))
    return every if reader.pace else _within(every, reader)


def _within(when: When, reader: Reader) -> When:
    if reader.begins is None and reader.ends is None:
        return when
    bounds = [None if each is None else at(each) for each in (reader.begins, reader.ends)]
    return Window(when, *bounds)


def _stretches(years: tuple[int, ...], zone: Zone) -> Iterator[Bounds]:
    """
    The years in a row, as Unix seconds; all of them are no bounds.
    """
    known = set(years)
    if len(known) == YEARS[1] - YEARS[0] + 1:
        yield None, None
        return
    first = [year for year in years if year - 1 not in known]
    last = [year for year in years if year + 1 not in known]
    for low, high in zip(first, last, strict=True):
        yield _january(low, zone), _january(high + 1, zone)


def _january(year: int, zone: Zone) -> int:
    wall = (date(year, 1, 1).toordinal() - EPOCH) * DAY
    return wall - zone.offset(wall - zone.offset(wall))


def _narrowed(one: Bounds, other: Bounds) -> Bounds:
    begins = [each[0] for each in (one, other) if each[0] is not None]
    ends = [each[1] for each in (one, other) if each[1] is not None]
    return max(begins, default=None), min(ends, default=None)
