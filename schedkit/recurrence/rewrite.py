"""
The same instants in UTC, for platforms that know no time zones.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NotExpressibleError, SpecError
from schedkit.recurrence.checks import EPOCH
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.days import ANY
from schedkit.recurrence.dialects.fields import rectangles
from schedkit.recurrence.grid import bits
from schedkit.recurrence.midnight import moved
from schedkit.recurrence.when import Union, Window
from schedkit.recurrence.zones import POINTWISE, Zone


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Change, Dst

DAY = 1_440  # minutes
DAY_MINUTES = (1 << DAY) - 1
NEAR = 2 * 86_400  # seconds around a change in which a policy acts
FARTHEST = 26 * 60  # minutes from one zone to another, -12:00 to +14:00
_OTHER_DAY = {
    -2: " two days before",
    -1: " the day before",
    0: "",
    1: " the day after",
    2: " two days after",
}


def to_utc(when: When) -> When:
    """
    Return a schedule in UTC with the instants of *when*; what is in UTC stays as it is.

    Raises:
        NotExpressibleError: The offset of a zone changes within `compare.horizon()`, or days move
            over the end of February.
    """
    if isinstance(when, Window):
        return attrs.evolve(when, when=to_utc(when.when))
    if isinstance(when, Union):
        return Union(*map(to_utc, when.members))
    calendars = when.calendars()
    if when.timezone == "UTC" or not calendars:
        return when
    return _union(found for calendar in calendars for found in _in_utc(calendar))


def steadied(when: When, policy: Callable[[Calendar], Dst | None]) -> When:
    """
    Say in UTC what UTC says as well, where what a platform does with gaps and repeated hours is
    unknown, or departs from the pointwise reading.

    Args:
        when: Any schedule.
        policy: The platform's way with a calendar; None is unknown.
    """
    if isinstance(when, Window):
        return attrs.evolve(when, when=steadied(when.when, policy))
    if isinstance(when, Union):
        return Union(*(steadied(member, policy) for member in when.members))
    if when.timezone == "UTC" or not when.calendars():
        return when
    (calendar,) = when.calendars()
    if policy(calendar) == POINTWISE or Zone.of(calendar.timezone).is_fixed(*horizon()):
        return when
    return same_in_utc(calendar) or when


def same_in_utc(calendar: Calendar) -> When | None:
    """
    Return the schedule in UTC with the same instants, where every day has the same minutes.

    There is one when every offset of the zone within `compare.horizon()` turns the minutes of the
    day into the same minutes of UTC, and a stated `dst` policy changes nothing.
    """
    if any(field is not ANY for field in (calendar.days, calendar.months, calendar.weekdays)):
        return None
    zone, (start, stop) = Zone.of(calendar.timezone), horizon()
    changes = zone.changes(start, stop)
    offsets = {zone.offset(start), *(change.after for change in changes)}
    masks = {_turned(calendar.minute_mask, -_minutes(offset)) for offset in offsets}
    if len(masks) > 1 or not _is_pointwise(calendar, changes):
        return None
    return _union(_written(_plain(calendar), masks.pop()))


def shifted(calendar: Calendar, minutes: int) -> tuple[Calendar, ...]:
    """
    Move every wall-clock time of a calendar by *minutes*, and say the outcome in UTC.

    What crosses midnight moves to other days, exactly: the 1st to the last day of the month
    before, the 2nd Monday to those Sundays that are a 7th to 13th.

    Args:
        calendar: In a zone of one offset, which is not looked up.
        minutes: UTC less the zone's wall clock: -330 for Asia/Kolkata.

    Raises:
        NotExpressibleError: Days move over the end of February, and no calendar says where to.
        SpecError: More than 26 hours.
    """
    if type(minutes) is not int or abs(minutes) > FARTHEST:
        reason = f"{minutes!r} is no distance between two zones"
        raise SpecError("shifted, minutes", reason, f"give -{FARTHEST} to {FARTHEST}")
    masks: dict[Calendar, int] = {}
    for move in _OTHER_DAY:
        mask = calendar.minute_mask << minutes + 2 * DAY >> (move + 2) * DAY & DAY_MINUTES
        found = moved(_plain(calendar), move) if mask else ()
        if not found and mask:
            raise _refusal(calendar, minutes, bits(mask)[0] + move * DAY - minutes)
        for days in found:
            masks[days] = masks.get(days, 0) | mask
    return tuple(each for days, mask in masks.items() for each in _written(days, mask))


def _in_utc(calendar: Calendar) -> Iterable[When]:
    zone, (start, stop) = Zone.of(calendar.timezone), horizon()
    if zone.is_fixed(start, stop):
        return shifted(calendar, -_minutes(zone.offset(start)))
    same = same_in_utc(calendar)
    if same is None:
        raise _changing(calendar, zone.changes(start + 1, stop)[0])
    return (same,)


def _union(members: Iterable[When]) -> When:
    found = tuple(members)
    return found[0] if len(found) == 1 else Union(*found)


def _minutes(offset: int) -> int:
    return offset // 60  # no zone has had seconds in its offset since 1972


def _turned(mask: int, minutes: int) -> int:
    mask <<= minutes % DAY
    return (mask | mask >> DAY) & DAY_MINUTES


def _is_pointwise(calendar: Calendar, changes: Iterable[Change]) -> bool:
    if calendar.dst in {None, POINTWISE}:
        return True
    plain = attrs.evolve(calendar, dst=None)
    windows = [(change.epoch - NEAR, change.epoch + NEAR) for change in changes]
    return all(list(plain.epochs(*near)) == list(calendar.epochs(*near)) for near in windows)


def _plain(calendar: Calendar) -> Calendar:
    """
    The days alone, in UTC.
    """
    return attrs.evolve(calendar, minutes=0, hours=0, timezone="UTC", dst=None)


def _written(days: Calendar, mask: int) -> Iterator[Calendar]:
    for minutes, hours in rectangles(mask):
        yield attrs.evolve(days, minutes=minutes, hours=hours)


def _refusal(calendar: Calendar, minutes: int, wall: int) -> NotExpressibleError:
    first, last = max(0, -minutes), min(DAY, DAY - minutes) - 1
    near = _clock(max(first, min(wall, last))) if first <= last else ""
    return NotExpressibleError(
        calendar.explain().removesuffix("."),
        f"{_clock(wall)} there is {_clock(wall + minutes)} in UTC, and as February has 28 or 29 "
        "days, no days of the month say which those are",
        f"the nearest wall time there that stays on its day is {near}"
        if near
        else "no wall time there stays on its day: plan it in UTC",
        feature="schedule.timezone",
    )


def _changing(calendar: Calendar, change: Change) -> NotExpressibleError:
    wall = bits(calendar.minute_mask)[0]
    at = EPOCH + timedelta(seconds=change.epoch)
    offsets = (change.before, change.after)
    old, new = (f"{each // 3_600:+03}:{each // 60 % 60:02}" for each in offsets)
    before, after = (_clock(wall - _minutes(each)) for each in offsets)
    return NotExpressibleError(
        calendar.explain().removesuffix("."),
        f"its offset from UTC changes, first at {at:%Y-%m-%dT%H:%MZ} from {old} to {new}",
        f"take a backend that knows time zones, or timezone='UTC': {_clock(wall)} there is "
        f"{before} while {old} holds, {after} while {new} holds",
        feature="schedule.timezone",
    )


def _clock(minute: int) -> str:
    day, minute = divmod(minute, DAY)
    return f"{minute // 60:02}:{minute % 60:02}{_OTHER_DAY[day]}"
