"""
From a calendar to its instants, fast.

Time is cut into stretches of local days. Where one offset holds, instants are a plain product of
days and times of day; only the days that a change of the clocks touches, and the first and last,
are looked at instant by instant. Days come from the 14 kinds of year, each computed once.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import isleap
from datetime import date, datetime
from itertools import product, starmap
from math import inf
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from schedkit.recurrence.base import FIRST, LAST
from schedkit.recurrence.zones import POINTWISE, Change, Zone


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.sets import Calendar

_DAY = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_THURSDAY = 4  # 1970-01-01, where 0 is Sunday
_SHORTEST, _LONGEST = 32, 1461  # days looked ahead: little for one run, more for many
_REACH = 3  # days around a change that its gap, fold and moved runs reach at most


class _Stretch(NamedTuple):
    """
    Local days start <= day < stop, counted from 1970-01-01, and the offset at their start.
    """

    start: int
    stop: int
    offset: int
    changes: tuple[Change, ...] = ()
    edge: bool = False


def epochs(calendar: Calendar, start: int, stop: int) -> Iterator[int]:
    """
    Unix seconds with start <= t < stop at which the calendar runs.
    """
    start, stop = max(start, FIRST), min(stop, LAST)
    for stretch in _stretches(Zone.of(calendar.timezone), start, stop):
        if stretch.edge:
            yield from _careful(calendar, stretch, start, stop)
        else:
            days = _days(calendar, stretch)
            midnights = [day * _DAY - stretch.offset for day in days]
            yield from starmap(add, product(midnights, calendar.seconds))


def datetimes(calendar: Calendar, start: int, stop: int) -> Iterator[datetime]:
    """
    `epochs` as aware datetimes in the calendar's zone.
    """
    start, stop = max(start, FIRST), min(stop, LAST)
    zone = Zone.of(calendar.timezone)
    for stretch in _stretches(zone, start, stop):
        if stretch.edge:
            for epoch in _careful(calendar, stretch, start, stop):
                yield datetime.fromtimestamp(epoch, zone.tzinfo)
        else:
            dates = [date.fromordinal(day + _EPOCH_DAY) for day in _days(calendar, stretch)]
            yield from starmap(datetime.combine, product(dates, calendar.times))


def _stretches(zone: Zone, start: int, stop: int) -> Iterator[_Stretch]:
    """
    The local days from *start* to *stop*; whatever a change touches is one edge, never cut in two.
    """
    if stop <= start:
        return
    offset = zone.offset(start)
    day = first = (start + offset) // _DAY
    last = (stop - 1 + zone.offset(stop - 1)) // _DAY
    ahead = _SHORTEST
    while day <= last:
        until = min(day + ahead, last + 1)
        for edge in _edges(zone, day, until, (first, last)):
            if edge.start > day:
                yield _Stretch(day, edge.start, offset)
            yield edge._replace(offset=offset)
            day = edge.stop
            offset = edge.changes[-1].after if edge.changes else offset
        if day < until:
            yield _Stretch(day, until, offset)
            day = until
        ahead = min(ahead * 2, _LONGEST)


def _edges(zone: Zone, start: int, stop: int, ends: tuple[int, int]) -> list[_Stretch]:
    """
    The edges that begin before *stop* and end after *start*, overlapping ones merged.
    """
    changes = zone.changes((start - _REACH) * _DAY, (stop + 2 * _REACH) * _DAY)
    found = [_Stretch(day, day + 1, 0, edge=True) for day in sorted(set(ends))]
    merged: list[_Stretch] = []
    for edge in sorted([*found, *map(_touched, changes)]):
        if merged and edge.start < merged[-1].stop:
            former = merged.pop()
            edge = _Stretch(  # noqa: PLW2901
                former.start,
                max(former.stop, edge.stop),
                0,
                former.changes + edge.changes,
                edge=True,
            )
        merged.append(edge)
    return [edge for edge in merged if edge.start < stop and edge.stop > start]


def _touched(change: Change) -> _Stretch:
    """
    The days whose wall clock a change skips, repeats, or fills with moved runs.
    """
    low, high = sorted((change.before, change.after))
    start, stop = (change.epoch + low) // _DAY, (change.epoch + 2 * high - low) // _DAY + 1
    return _Stretch(start, stop, 0, (change,), edge=True)


def _careful(calendar: Calendar, stretch: _Stretch, start: int, stop: int) -> list[int]:
    if stretch.changes:
        return _changing(calendar, stretch, start, stop)
    found: list[int] = []
    seconds = calendar.seconds
    for day in _days(calendar, stretch):
        midnight = day * _DAY - stretch.offset
        low, high = bisect_left(seconds, start - midnight), bisect_left(seconds, stop - midnight)
        found += [midnight + second for second in seconds[low:high]]
    return found


def _changing(calendar: Calendar, stretch: _Stretch, start: int, stop: int) -> list[int]:
    """
    Ask each offset around which instant it gives a wall-clock time: none in a gap, two in a fold.
    """
    policy = calendar.dst or POINTWISE
    changes = stretch.changes
    starts = [-inf, *(change.epoch for change in changes)]
    offsets = [changes[0].before, *(change.after for change in changes)]
    pieces = list(zip(starts, [*starts[1:], inf], offsets, strict=True))
    found: set[int] = set()
    for day in _days(calendar, stretch):
        for second in calendar.seconds:
            wall = day * _DAY + second
            real = [wall - offset for low, high, offset in pieces if low <= wall - offset < high]
            if not real:
                found.update(_in_gap(wall, changes, policy.gap))
            elif policy.fold == "both":
                found.update(real)
            else:
                found.add(real[0] if policy.fold == "first" else real[-1])
    return sorted(epoch for epoch in found if start <= epoch < stop)


def _in_gap(wall: int, changes: tuple[Change, ...], policy: str) -> tuple[int, ...]:
    if policy == "skip":
        return ()
    gap = next(c for c in changes if c.epoch + c.before <= wall < c.epoch + c.after)
    return (gap.epoch,) if policy == "next" else (wall - gap.before,)


def _days(calendar: Calendar, stretch: _Stretch) -> list[int]:
    """
    The matching days of a stretch.
    """
    found: list[int] = []
    first = date.fromordinal(stretch.start + _EPOCH_DAY).year
    last = date.fromordinal(stretch.stop - 1 + _EPOCH_DAY).year
    for year in range(first, last + 1):
        january = date(year, 1, 1).toordinal() - _EPOCH_DAY
        days = calendar.day_numbers((january + _THURSDAY) % 7, isleap(year))
        low = bisect_left(days, stretch.start - january)
        high = bisect_left(days, stretch.stop - january)
        found += [january + day for day in days[low:high]]
    return found
