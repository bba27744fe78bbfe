"""
Quartz 2.3.2, the scheduler of many Java services: a cron of six or seven fields and a time zone.

The trigger has the zone beside the text, and `startAt` and `endAt`, both within the window.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.exceptions import NotExpressibleError, SpecError
from schedkit.recurrence import checks
from schedkit.recurrence.compare import bounds
from schedkit.recurrence.days import ANY, LENGTHS, WEEKDAYS, NearestWeekday, NthWeekday
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader
from schedkit.recurrence.dialects.aws_write import MONTHS, Days, every_day, fewest
from schedkit.recurrence.dialects.fields import HOURS, MINUTES, listed, parts
from schedkit.recurrence.dialects.quartz_read import LOSES, loses, timing
from schedkit.recurrence.dialects.timed import ticks
from schedkit.recurrence.rewrite import steadied
from schedkit.recurrence.when import Every, Once, Window
from schedkit.recurrence.zones import Dst, Zone


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.when import When

BOUNDS = ("startAt", "endAt")
FEBRUARY, LEAP_DAY = 2, 29
PLACES = {  # of weekdays, by the days of the month on which they fall
    **{place: frozenset(range(7 * place - 6, min(7 * place, 31) + 1)) for place in range(1, 6)},
    -1: frozenset(range(-7, 0)),
}
_SECOND = timedelta(seconds=1)
_LAST = datetime.max.replace(microsecond=0, tzinfo=UTC)  # ends never


class Quartz(Dialect):
    """
    Seconds first, one of the two day fields is `?`; coinciding triggers both fire.
    """

    name = "quartz"
    url = "https://www.quartz-scheduler.org/api/2.3.0/org/quartz/CronExpression.html"
    dst = Dst(gap="skip", fold="second")
    beside = BOUNDS

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:  # noqa: ARG002
        """
        Return the fewest natives: for each zone its crons, then single instants.

        Hours of which Quartz loses the first pass are written in UTC where that says the same.
        """
        return _write(steadied(when, self.policy))

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Read the documented grammar; what Quartz swallows beside it, such as the `/2` of
        `MON-FRI/2`, is an error.
        """
        reader = timing(native).reader(self.dst)
        start, end = (None if at is None else checks.epoch(at) for at in _bounds(native))
        reader.begins = max((at for at in (start, reader.begins) if at is not None), default=None)
        reader.ends = min((at for at in (end, reader.ends) if at is not None), default=None)
        if start is not None or end is not None:
            reader.pace = None
        return (reader,)

    def read(self, native: Native) -> When:
        """
        Return a Calendar, an Every or a Once, in a Window where it begins or ends.
        """
        found = timing(native)
        if any(item[0] == "beyond" for item in found.days.doms or ()):
            reason = "Quartz also takes the last day of a month that lacks it, if that is a Friday"
            cure = "write 27W or less, or the day itself"
            raise _refused(repr(native.text), reason, cure, "schedule.nearest_weekday")
        when = found.when()
        inside, first, last = bounds(when)
        start, end = _bounds(native)
        starts, ends = filter(None, (start, first)), filter(None, (end, last))
        low, high = max(starts, default=None), min(ends, default=None)
        return Window(inside, low, high) if low or high else when


QUARTZ = Quartz()


@lru_cache(maxsize=4_096)
def _write(when: When) -> tuple[Native, ...]:
    inside, start, end = bounds(when)
    rules: dict[tuple[str, str], list[tuple[int, Days]]] = {}
    crons: list[tuple[str, str]] = []
    for part in parts(inside):
        if isinstance(part, Once):
            crons += _once(part, start, end)
        for zone, second, mask, days in _rules(part, bounded=inside is not when):
            rules.setdefault((zone, second), []).append((mask, days))
    for (zone, second), found in rules.items():
        for minutes, hours, days in fewest(found, disjoint=True):
            text = f"{second} {listed(minutes, MINUTES)} {listed(hours, HOURS)} {days}"
            crons.append((text, zone))
    if not crons:
        reason = "nothing of it lies between start and end, and Quartz refuses such a trigger"
        raise _refused("Window", reason, "widen the window", "schedule.once")
    more = {"startAt": start, "endAt": end - _SECOND if end else None}
    dates = {name: _text(at) for name, at in more.items() if at}
    return tuple(Native(text, zone, dates) for text, zone in dict.fromkeys(crons))


def _once(once: Once, start: datetime | None, end: datetime | None) -> Iterator[tuple[str, str]]:
    at = once.instant
    if (start is None or start <= at) and (end is None or at < end):
        yield f"{at.second} {at.minute} {at.hour} {at.day} {at.month} ? {at.year}", "UTC"


def _rules(part: When, *, bounded: bool) -> Iterator[tuple[str, str, int, Days]]:
    if isinstance(part, Every):
        seconds, mask = ticks(part, bounded=bounded)
        yield "UTC", listed(seconds, MINUTES), mask, every_day()
    for calendar in part.calendars():
        for days in _days_of(calendar):
            _check(calendar, days)
            yield calendar.timezone, "0", calendar.minute_mask, days


def _check(calendar: Calendar, days: Days) -> None:
    workday = days.mark.endswith("W")
    if loses(Zone.of(calendar.timezone), calendar.minute_mask, workday=workday):
        culprit, cure = f"timezone {calendar.timezone!r}", "plan it in UTC, or some hours later"
        raise _refused(culprit, LOSES, cure, "schedule.timezone")


def _days_of(calendar: Calendar) -> Iterator[Days]:
    months = MONTHS if calendar.months is ANY else calendar.months
    days, weekdays = calendar.days, calendar.weekdays
    if days is ANY and weekdays is ANY:
        yield Days("day", months, tuple(range(1, 32)))
    elif calendar.day_rule == "all":
        yield from _places(calendar, months)
    else:
        if days is not ANY:
            yield from _days(days, months)
        if weekdays is not ANY:
            yield from _weekdays(weekdays, months)


def _days(days: Iterable[int | NearestWeekday], months: tuple[int, ...]) -> Iterator[Days]:
    """
    `L-2` stands alone, so several such days may take fewer texts as plain days, apart for months
    of 30 and of 31.
    """
    back = [day for day in days if isinstance(day, int) and day < 0]
    ahead = [day for day in days if isinstance(day, int) and day > 0]
    groups: dict[tuple[int, ...], tuple[int, ...]] = {}
    for month in months:
        length = LENGTHS[month - 1]
        groups[length] = (*groups.get(length, ()), month)
    if back and len(groups) <= len(back) + bool(ahead) and all(len(each) == 1 for each in groups):
        for lengths, group in groups.items():
            end = lengths[0]
            places = {*ahead, *(end + 1 + day for day in back)} & set(range(1, end + 1))
            if places:
                yield Days("day", group, tuple(sorted(places)))
    else:
        if ahead:
            yield Days("day", months, tuple(ahead))
        for day in back:
            yield Days("day", months, mark=f"L-{-day - 1}" if day < -1 else "L")
    for each in days:
        if isinstance(each, NearestWeekday):
            yield from _nearest(each.day, months)


def _nearest(day: int, months: tuple[int, ...]) -> Iterator[Days]:
    """
    Only in months that have the day: Quartz looks for it in the others too.
    """
    having = tuple(month for month in months if day <= max(LENGTHS[month - 1]))
    if day == LEAP_DAY and FEBRUARY in having:
        raise _refused(
            f"NearestWeekday({day})",
            "in a February of 28 days Quartz takes a Friday 28th instead",
            f"take NearestWeekday({day - 1}), or leave February out",
            "schedule.nearest_weekday",
        )
    if having:
        yield Days("day", having, mark=f"{day}W")


def _weekdays(weekdays: Iterable[int | NthWeekday], months: tuple[int, ...]) -> Iterator[Days]:
    plain = tuple(each for each in weekdays if isinstance(each, int))
    if plain:
        yield Days("weekday", months, plain)
    for each in weekdays:
        if isinstance(each, NthWeekday) and each.weekday not in plain:
            yield _place(each, months)


def _place(value: NthWeekday, months: tuple[int, ...]) -> Days:
    if value.n < -1:
        name = WEEKDAYS[value.weekday]
        raise _refused(
            f"NthWeekday({name!r}, {value.n})",
            "Quartz counts weekdays from the start of a month, and knows the last one",
            f"take LastWeekday({name!r}), or NthWeekday({name!r}, {6 + value.n})",
            "schedule.nth_weekday",
        )
    number = value.weekday + 1
    return Days("weekday", months, mark=f"{number}L" if value.n < 0 else f"{number}#{value.n}")


def _places(calendar: Calendar, months: tuple[int, ...]) -> Iterator[Days]:
    """
    Weekdays within whole weeks of the month: MON on the 1st to 7th is the first Monday.
    """
    days, weekdays = calendar.days, calendar.weekdays
    places = [place for place, week in PLACES.items() if week <= {*days}]  # type: ignore[misc]
    whole = set().union(*(PLACES[place] for place in places))
    if whole != {*days} or not all(isinstance(each, int) for each in weekdays):  # type: ignore[misc,union-attr]
        raise _refused(
            "Calendar, day_rule 'all'",
            "one of the two day fields of Quartz is always ?",
            "name a weekday by its place, NthWeekday('MON', 1), or say day_rule='any'",
            "schedule.day_rule.all",
        )
    for weekday in weekdays:  # type: ignore[union-attr]
        for place in places:
            yield _place(NthWeekday(weekday, place), months)  # type: ignore[arg-type]


def _bounds(native: Native) -> tuple[datetime | None, datetime | None]:
    """
    Start and end, the end as the first second at which nothing runs.
    """
    found = dict(native.more)
    for name in found:
        if name not in BOUNDS:
            cure = checks.hint(name, BOUNDS) or f"known: {', '.join(BOUNDS)}"
            raise SpecError(f"quartz, {name!r}", "says nothing of when it runs", cure)
    start, end = (
        checks.whole_seconds(found[name], f"quartz, {name}") if name in found else None
        for name in BOUNDS
    )
    return start, end + _SECOND if end and end < _LAST else None


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _refused(culprit: str, reason: str, cure: str, feature: str) -> NotExpressibleError:
    return NotExpressibleError(culprit, reason, cure, feature=feature)
