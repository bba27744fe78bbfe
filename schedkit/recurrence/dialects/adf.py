"""
Azure Data Factory: the recurrence of a schedule trigger, with a guard where its lists do not do.

A trigger has no field for months. Where its lists name more days than asked for, an If Condition
around the pipeline ends the runs of the others at once: `more["guard"]`, an expression on the
pipeline's parameter `scheduledTime`, to which the trigger passes `@trigger().scheduledTime`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.exceptions import (
    NeverFiresError,
    NotExpressibleError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence.checks import epoch
from schedkit.recurrence.compare import bounds
from schedkit.recurrence.cover import boxes
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader
from schedkit.recurrence.dialects import adf_guard as guards
from schedkit.recurrence.dialects.adf_days import Trigger, plans, specs
from schedkit.recurrence.dialects.adf_json import recurrence, tumbling
from schedkit.recurrence.dialects.adf_read import UNKNOWN, days_of, reader, windows, words
from schedkit.recurrence.dialects.adf_write import Span, once, rate, recurring
from schedkit.recurrence.dialects.fields import every_minutes, parts
from schedkit.recurrence.rewrite import steadied, to_utc
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Every, Once
from schedkit.recurrence.windows import windows_id
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from schedkit.recurrence.dialects.adf_json import Recurrence
    from schedkit.recurrence.when import When

_DAILY = Calendar(minutes=0, hours=0)


class Adf(Dialect):
    """
    Lists of minutes, hours and days; gaps and repeated hours are undocumented.
    """

    name = "adf"
    url = "https://learn.microsoft.com/azure/data-factory/how-to-create-schedule-trigger"
    dst = None
    beside = ("type", "guard")
    unknown = UNKNOWN

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest triggers, none of which runs when another one does.

        Months, both day fields and nearest weekdays are kept by a guard, in zones other than UTC
        only with `adf.scheduled_time`; months in step by the interval with `adf.month_anchor`.
        """
        return _write(steadied(when, self.policy), assume)

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Return the runs of a schedule trigger; of a tumbling window trigger where
        `more["type"]` says so.
        """
        return (_read(native)[1],)

    def read(self, native: Native) -> When:
        """
        Return the schedule of a trigger; a start before the year of the time zone data is none.
        """
        told, found = _read(native)
        return words(told, found, days_of(told))

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return what the platform receives: the time zone is within the text.
        """
        return Native(text, timezone or "", more)

    def notes(self, native: Native) -> tuple[str, ...]:
        """
        Return what a plan should tell about one native: how many of its runs a guard ends.
        """
        if "guard" not in dict(native.more):
            return ()
        (guarded,) = self.readers(native)
        (plain,) = self.readers(Native(native.text, native.timezone))
        times = guarded.minutes.bit_count()
        kept = guarded.year_days(4, leap=False).bit_count() * times
        started = plain.year_days(4, leap=False).bit_count() * times
        ended = f"of {started} pipeline runs in a year, the guard ends {started - kept} at once"
        return (f"{ended}: each is listed and billed as a run of one activity",)


ADF = Adf()


def _read(native: Native) -> tuple[Recurrence, Reader]:
    more = dict(native.more)
    if native.timezone and Zone.of(native.timezone).name not in {"UTC", "Etc/UTC"}:
        reason = "a trigger has its time zone within its text"
        raise TimeZoneError(f"timezone {native.timezone!r}", reason, "write timeZone there")
    if more.get("type") == "TumblingWindowTrigger":
        told = tumbling(native.text)
        return told, windows(told)
    told = recurrence(native.text)
    return told, reader(
        told, guards.test(more["guard"], told.timezone) if "guard" in more else None
    )


@lru_cache(maxsize=1_024)
def _write(when: When, assume: frozenset[str]) -> tuple[Native, ...]:
    inside, start, end = bounds(when)
    span = Span(*(None if each is None else epoch(each) for each in (start, end)))
    if start is not None:
        assume -= {"adf.month_anchor"}  # startTime is in any month
    masks: dict[str, dict[Calendar, int]] = {}
    single: list[Native] = []
    members = parts(inside)
    for part in members:
        if isinstance(part, Once):
            if not _covered(part, span, members):
                single.append(once(part))
        elif isinstance(part, Every) and not _divides(part, members):
            single.append(rate(part, span))
        else:
            for zone, spec, mask in _rules(part, assume):
                found = masks.setdefault(zone, {})
                found[spec] = found.get(spec, 0) | mask
    natives = [each for zone in masks for each in _zoned(zone, masks[zone], span, assume)]
    if not natives and not single:
        raise NeverFiresError(when.explain(), "nothing runs between start and end", "widen it")
    return (*natives, *single)


def _covered(part: Once, span: Span, members: Sequence[When]) -> bool:
    """
    Whether it runs anyhow, or is outside the window.
    """
    at = epoch(part.instant)
    if at < (span.start or at) or at >= (span.end or at + 1):
        return True
    return any(at in other.epochs(at, at + 1) for other in members if other != part)


def _divides(every: Every, members: Sequence[When]) -> bool:
    """
    Whether it is better told as minutes of the day: other triggers must not run beside it.
    """
    if len(members) == 1:
        return False
    try:
        return bool(every_minutes(every))
    except NotExpressibleError:
        return False


def _rules(part: When, assume: frozenset[str]) -> Iterator[tuple[str, Calendar, int]]:
    if isinstance(part, Every):
        yield "UTC", _DAILY, every_minutes(part)
    for calendar in part.calendars():
        zone, calendars = _settled(calendar, assume)
        for each in calendars:
            for spec in specs(each):
                yield zone, spec, each.minute_mask


def _settled(calendar: Calendar, assume: frozenset[str]) -> tuple[str, tuple[Calendar, ...]]:
    """
    The Windows zone and the calendar, or UTC and what equals it there where only that works.
    """
    if calendar.timezone == "UTC":
        return "UTC", (calendar,)
    try:
        zone = windows_id(calendar.timezone, assume)
        _plan(tuple(specs(calendar)), zone, assume)
    except (NotExpressibleError, TimeZoneError) as error:
        try:
            return "UTC", to_utc(calendar).calendars()
        except NotExpressibleError:
            raise error from None
    return zone, (calendar,)


def _zoned(
    zone: str, masks: Mapping[Calendar, int], span: Span, assume: frozenset[str]
) -> Iterator[Native]:
    """
    Yield the triggers of one time zone: those of equal days together.
    """
    triggers: dict[tuple[Trigger, int], int] = {}
    for wanted, mask in _alike(masks).items():
        for each in _plan(wanted, zone, assume):
            triggers[each] = triggers.get(each, 0) | mask
    for (trigger, step), mask in triggers.items():
        for minutes, hours, _ in boxes([(mask, 0)], _never, disjoint=True):
            yield recurring(trigger, step, minutes, hours, zone, span)


def _never(_: int, __: int) -> None:
    """
    One day spec has nothing to be joined with.
    """


def _alike(masks: Mapping[Calendar, int]) -> dict[tuple[Calendar, ...], int]:
    """
    The minutes at which just the same days are wanted.
    """
    found: dict[tuple[Calendar, ...], int] = {(): (1 << 1_440) - 1}
    for spec, mask in masks.items():
        inside = {(*wanted, spec): minutes & mask for wanted, minutes in found.items()}
        outside = {wanted: minutes & ~mask for wanted, minutes in found.items()}
        found = {wanted: minutes for wanted, minutes in (inside | outside).items() if minutes}
    return {wanted: minutes for wanted, minutes in found.items() if wanted}


def _plan(
    wanted: tuple[Calendar, ...], zone: str, assume: frozenset[str]
) -> tuple[tuple[Trigger, int], ...]:
    """
    The best triggers for some days, each with its interval in months, 1 where it has none.
    """
    refusal: NotExpressibleError | None = None
    for plan in plans(wanted):
        found = tuple(
            (_stepped if "adf.month_anchor" in assume else _plain)(each) for each in plan
        )
        fact = _fact(found, zone, assume)
        if not fact:
            return found
        refusal = refusal or UnknownBehaviourError(
            Calendar.explain(wanted[0]).removesuffix("."),
            f"it rests on something that Microsoft does not say: {_lower(UNKNOWN[fact])}",
            f"name {fact!r} in assume, if you know that it does; else plan it in UTC"
            if fact == "adf.scheduled_time"
            else f"name {fact!r} in assume, if you know that it does",
            feature="schedule.timezone" if fact == "adf.scheduled_time" else "schedule.last_day",
            fact=fact,
        )
    raise refusal or _refused(wanted)


def _plain(trigger: Trigger) -> tuple[Trigger, int]:
    return trigger, 1


def _stepped(trigger: Trigger) -> tuple[Trigger, int]:
    """
    With an interval instead of a guard on months, where they are in step all the year round.
    """
    guard = trigger.guard
    if len(guard.boxes) != 1 or guard.negated or guard.boxes[0].days or guard.boxes[0].weekdays:
        return trigger, 1
    months = guard.boxes[0].months
    step = 12 // len(months)
    if months != tuple(range(months[0], 13, step)) or 12 % len(months):
        return trigger, 1
    return trigger, step


def _fact(found: Iterable[tuple[Trigger, int]], zone: str, assume: frozenset[str]) -> str:
    """
    What the triggers rest on that is neither known nor assumed.
    """
    for trigger, months in found:
        if trigger.base.names_twice and "adf.named_twice" not in assume:
            return "adf.named_twice"
        guarded = trigger.guard.boxes and months == 1
        if guarded and zone != "UTC" and "adf.scheduled_time" not in assume:
            return "adf.scheduled_time"
    return ""


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:-1]


def _refused(wanted: Iterable[Calendar]) -> NotExpressibleError:
    days = [spec.explain().removesuffix(".") for spec in wanted]
    return NotExpressibleError(
        " or ".join(days),
        "a guard asks for month, day of the month and weekday, and these do not tell which days",
        "count days from the start of the month, or leave February out",
        feature="schedule.nearest_weekday",
    )
