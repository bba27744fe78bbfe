"""
Timers of systemd 252: `OnCalendar=` lines, each with its own zone. A timer has any number of them,
and starts one run where they coincide.

`systemd-analyze calendar` prints them unchanged: they are in its normal form. Steps always have an
end, see `systemd_read.Event.check`.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence import checks
from schedkit.recurrence.compare import bounds
from schedkit.recurrence.cover import boxes
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.dialects.systemd_days import (
    EVERY_DAY,
    Days,
    cells,
    days_of,
    either,
    words,
)
from schedkit.recurrence.dialects.systemd_read import FROM_END, SHORTER, event_of
from schedkit.recurrence.dialects.timed import YEARS, new_year, ticks
from schedkit.recurrence.least import fewer
from schedkit.recurrence.rewrite import steadied
from schedkit.recurrence.when import Every, Once, Union, Window
from schedkit.recurrence.zones import Dst, Zone


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from schedkit.recurrence.when import When

NAMES = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
WEEK = (1, 2, 3, 4, 5, 6, 0)  # as systemd orders it
RUN = 3  # so many in a row are written a..b


class Systemd(Dialect):
    """
    Weekdays AND dates, from the start or the end of the month, in years; each line has a zone.
    """

    name = "systemd"
    url = (
        "https://www.freedesktop.org/software/systemd/man/252/systemd.time.html#Calendar%20Events"
    )
    dst = Dst(gap="skip", fold="first")

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:  # noqa: ARG002
        """
        Return one native of few lines; a window has to begin and to end with a year.

        Hours of which systemd loses the second pass are written in UTC where that says the same.
        """
        return _write(steadied(when, self.policy))

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Read each line; `timezone` is the machine's, for lines that name none.

        Raises:
            NotExpressibleError: A line falls between seconds, or systemd loses its way in it when
                clocks change.
        """
        events = [event_of(line, native.timezone) for line in native.text.split("\n")]
        for event in events:
            event.check()
        return tuple(event.reader(self.dst) for event in events)

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return lines that name their zones; *timezone* is the machine's.
        """
        return Native(text, timezone or "", more)

    def read(self, native: Native) -> When:
        """
        Return a Calendar, an Every or a Once, or a Union of them, in a Window where all begin and
        end alike.
        """
        found = [event_of(line, native.timezone).when() for line in native.text.split("\n")]
        spans = {bounds(each)[1:] for each in found}
        if len(spans) > 1:
            reason, cure = "its lines are for different years", "read them one by one"
            raise _refused(repr(native.text), reason, cure, "schedule.start")
        if len(found) == 1:
            return found[0]
        (span,) = spans
        inside = Union(*(bounds(each)[0] for each in found))
        return Window(inside, *span) if any(span) else inside


SYSTEMD = Systemd()


@lru_cache(maxsize=4_096)
def _write(when: When) -> tuple[Native, ...]:
    inside, start, end = bounds(when)
    rules: dict[tuple[str, str], list[tuple[int, Days]]] = {}
    lines: list[str] = []
    for part in parts(inside):
        if isinstance(part, Once):
            lines += _once(part, start, end)
        for zone, second, mask, days in _rules(part, bounded=inside is not when):
            rules.setdefault((zone, second), []).append((mask, days))
    for (zone, second), found in rules.items():
        years = _years(zone, start, end)
        known = boxes(found, either, disjoint=False)
        for minutes, hours, days in fewer(known, found, words, cells, disjoint=False):
            time = f"{_listed(hours, range(24))}:{_listed(minutes, range(60))}:{second}"
            lines += [f"{date} {time} {zone}" for date in _dates(days, years)]
    if not lines:
        reason = "nothing of it lies between start and end, so it never runs"
        raise _refused("Window", reason, "widen the window", "schedule.once")
    for line in lines:
        event_of(line, "").check()
    return (Native("\n".join(dict.fromkeys(lines)), ""),)


def _once(once: Once, start: datetime | None, end: datetime | None) -> Iterator[str]:
    at = once.instant
    if at.year not in YEARS:
        reason, cure = f"years go from {YEARS[0]} to {YEARS[-1]}", "take one of those"
        raise _refused(f"Once({at.isoformat()})", reason, cure, "schedule.once")
    if (start is None or start <= at) and (end is None or at < end):
        yield f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _rules(part: When, *, bounded: bool) -> Iterator[tuple[str, str, int, Days]]:
    if isinstance(part, Every):
        seconds, mask = ticks(part, bounded=bounded)
        yield "UTC", _listed(seconds, range(60)), mask, EVERY_DAY
    for calendar in part.calendars():
        for days in days_of(calendar):
            yield calendar.timezone, "00", calendar.minute_mask, days


def _years(timezone: str, start: datetime | None, end: datetime | None) -> str:
    zone = Zone.of(timezone)
    for name, at in (("start", start), ("end", end)):
        if at and (at.year not in YEARS or checks.epoch(at) != _nearest(zone, at)):
            raise _refused(
                f"Window, {name} {at.isoformat()}",
                "a timer has no start and no end, a line has years",
                f"take the beginning of a year in {timezone}",
                f"schedule.{name}",
            )
    if start is None and end is None:
        return "*"
    first = YEARS[0] if start is None else _year(zone, start)
    last = YEARS[-1] if end is None else _year(zone, end) - 1
    return f"{first}" if first == last else f"{first}..{last}"


def _nearest(zone: Zone, at: datetime) -> int:
    return new_year(zone, _year(zone, at))


def _year(zone: Zone, at: datetime) -> int:
    return at.astimezone(zone.tzinfo).year


def _dates(days: Days, years: str) -> Iterator[str]:
    weekdays = [place for place, weekday in enumerate(WEEK) if weekday in days.weekdays]
    names = ",".join(_runs(weekdays, lambda place: NAMES[WEEK[place]]))
    week = "" if len(weekdays) == len(WEEK) else f"{names} "
    date = f"{week}{years}-{_listed(days.months, range(1, 13))}"
    if not days.days:
        yield f"{date}-*"
    elif not days.back:
        yield f"{date}-{','.join(_runs(days.days, _two))}"
    else:
        yield from (f"{date}~{','.join(_runs(each, _two))}" for each in _lists(days.days))


def _lists(days: Sequence[int]) -> list[list[int]]:
    """
    Days from the end, in as many lists as systemd wants.
    """
    found: list[list[int]] = []
    for day in days:
        if not found or day > FROM_END - SHORTER * len(list(_runs(found[-1], _two))):
            found.append([])
        found[-1].append(day)
    return found


def _listed(values: Sequence[int], whole: range) -> str:
    """
    `*`, `a..b/n` where that is all, or ranges and lists.
    """
    if len(values) == len(whole):
        return "*"
    steps = {after - before for before, after in pairwise(values)}
    if len(values) >= RUN and len(steps) == 1 and steps != {1}:
        return f"{_two(values[0])}..{_two(values[-1])}/{steps.pop()}"
    return ",".join(_runs(values, _two))


def _runs(values: Iterable[int], name: Callable[[int], str]) -> Iterator[str]:
    for _, run in groupby(enumerate(values), lambda pair: pair[1] - pair[0]):
        found = [name(value) for _, value in run]
        yield from [f"{found[0]}..{found[-1]}"] if len(found) >= RUN else found


def _two(value: int) -> str:
    return f"{value:02}"


def _refused(culprit: str, reason: str, cure: str, feature: str) -> NotExpressibleError:
    return NotExpressibleError(culprit, reason, cure, feature=feature)
