"""
From a calendar to its instants, fast.

Time is cut into stretches of local days. Where one offset holds, instants are a plain product of
days and times of day; only the days that a change of the clocks touches, and the first and last,
are looked at instant by instant. Days come from the 14 kinds of year, each computed once.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime
from functools import cache
from itertools import product, starmap
from math import inf
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from schedkit.recurrence.days import is_leap
from schedkit.recurrence.zones import FIRST, LAST, POINTWISE, Change, Zone


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.sets import Calendar

_DAY = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_THURSDAY = 4  # 1970-01-01, where 0 is Sunday
_SOON = 32  # days looked at first, so that one next run is cheap
_BLOCK = 1461  # days looked at together later, the cycle of leap years
_REACH = 3  # days around a change that its gap, fold and moved runs reach at most


class _Edge(NamedTuple):
    """
    Local days start <= day < stop, from 1970-01-01, to look at instant by instant.

    *changes* touch them (none at the ends of a search); *before* and *after* are the offsets
    around.
    """

    start: int
    stop: int
    before: int
    after: int
    changes: tuple[Change, ...] = ()


class _Window(NamedTuple):
    """
    Matching days, the edges in between, and the offset after the last edge.
    """

    days: list[int]
    edges: list[_Edge]
    offset: int


def epochs(calendar: Calendar, start: int, stop: int) -> Iterator[int]:
    """
    Unix seconds with start <= t < stop at which the calendar runs.
    """
    start, stop = max(start, FIRST), min(stop, LAST)
    for days, edges, offset in _windows(calendar, start, stop):
        done = 0
        for edge in edges:
            low, high = bisect_left(days, edge.start), bisect_left(days, edge.stop)
            midnights = [day * _DAY - edge.before for day in days[done:low]]
            yield from starmap(add, product(midnights, calendar.seconds))
            yield from _careful(calendar, days[low:high], edge, start, stop)
            done = high
        midnights = [day * _DAY - offset for day in days[done:]]
        yield from starmap(add, product(midnights, calendar.seconds))


def datetimes(calendar: Calendar, start: int, stop: int) -> Iterator[datetime]:
    """
    `epochs` as aware datetimes in the calendar's zone.
    """
    start, stop = max(start, FIRST), min(stop, LAST)
    zone = Zone.of(calendar.timezone).tzinfo
    for days, edges, _ in _windows(calendar, start, stop):
        done = 0
        for edge in edges:
            low, high = bisect_left(days, edge.start), bisect_left(days, edge.stop)
            if low < high:
                yield from _plain(calendar, days[done:low])
                for epoch in _careful(calendar, days[low:high], edge, start, stop):
                    yield datetime.fromtimestamp(epoch, zone)
                done = high
        yield from _plain(calendar, days[done:])


def _plain(calendar: Calendar, days: list[int]) -> Iterator[datetime]:
    dates = [date.fromordinal(day + _EPOCH_DAY) for day in days]
    return starmap(datetime.combine, product(dates, calendar.times))


def _windows(calendar: Calendar, start: int, stop: int) -> Iterator[_Window]:
    """
    The local days from *start* to *stop*; an edge is never cut in two.
    """
    if stop <= start:
        return
    zone = Zone.of(calendar.timezone)
    offset = zone.offset(start)
    day = first = (start + offset) // _DAY
    last = (stop - 1 + zone.offset(stop - 1)) // _DAY
    ahead = _SOON
    while day <= last:
        block = day // _BLOCK
        until = min(day + ahead, (block + 1) * _BLOCK, last + 1)
        edges = [e for e in _block(zone, block) if e.stop > day and e.start < until]
        if day == first and not (edges and edges[0].start <= first):
            edges.insert(0, _Edge(first, first + 1, offset, offset))
        offset = edges[-1].after if edges else offset
        if until > last and not (edges and edges[-1].stop > last):
            edges.append(_Edge(last, last + 1, offset, offset))
        if edges:
            day, until = min(day, edges[0].start), max(until, edges[-1].stop)
        yield _Window(_days(calendar, day, until), edges, offset)
        day, ahead = until, ahead * 4


@cache
def _block(zone: Zone, number: int) -> tuple[_Edge, ...]:
    """
    The days that changes touch in one block of days, or at its borders; overlapping ones are one.
    """
    start, stop = number * _BLOCK, (number + 1) * _BLOCK
    edges: list[_Edge] = []
    for change in zone.changes((start - _REACH) * _DAY, (stop + 2 * _REACH) * _DAY):
        edge = _touched(change)
        if edges and edge.start < edges[-1].stop:
            last = edges.pop()
            edge = _Edge(
                last.start, edge.stop, last.before, edge.after, last.changes + edge.changes
            )
        edges.append(edge)
    return tuple(edge for edge in edges if edge.start < stop and edge.stop > start)


def _touched(change: Change) -> _Edge:
    """
    The days whose wall clock a change skips, repeats, or fills with moved runs.
    """
    low, high = sorted((change.before, change.after))
    start, stop = (change.epoch + low) // _DAY, (change.epoch + 2 * high - low) // _DAY + 1
    return _Edge(start, stop, change.before, change.after, (change,))


def _careful(calendar: Calendar, days: list[int], edge: _Edge, start: int, stop: int) -> list[int]:
    if edge.changes:
        return sorted(found for found in _changing(calendar, days, edge) if start <= found < stop)
    found: list[int] = []
    seconds = calendar.seconds
    for day in days:
        midnight = day * _DAY - edge.before
        low, high = bisect_left(seconds, start - midnight), bisect_left(seconds, stop - midnight)
        found += [midnight + second for second in seconds[low:high]]
    return found


def _changing(calendar: Calendar, days: list[int], edge: _Edge) -> set[int]:
    """
    Ask each offset around which instant it gives a wall-clock time: none in a gap, two in a fold.
    """
    policy = calendar.dst or POINTWISE
    bounds = [-inf, *(change.epoch for change in edge.changes), inf]
    offsets = [edge.before, *(change.after for change in edge.changes)]
    pieces = list(zip(bounds, bounds[1:], offsets, strict=False))
    found: set[int] = set()
    for day in days:
        for second in calendar.seconds:
            wall = day * _DAY + second
            real = [wall - offset for low, high, offset in pieces if low <= wall - offset < high]
            if not real:
                found.update(_in_gap(wall, edge.changes, policy.gap))
            elif policy.fold == "both":
                found.update(real)
            else:
                found.add(real[0] if policy.fold == "first" else real[-1])
    return found


def _in_gap(wall: int, changes: tuple[Change, ...], policy: str) -> tuple[int, ...]:
    if policy == "skip":
        return ()
    gap = next(c for c in changes if c.epoch + c.before <= wall < c.epoch + c.after)
    return (gap.epoch,) if policy == "next" else (wall - gap.before,)


def _days(calendar: Calendar, start: int, stop: int) -> list[int]:
    """
    The matching days with start <= day < stop.
    """
    found: list[int] = []
    first = date.fromordinal(start + _EPOCH_DAY).year
    last = date.fromordinal(stop - 1 + _EPOCH_DAY).year
    for year in range(first, last + 1):
        january = date(year, 1, 1).toordinal() - _EPOCH_DAY
        days = calendar.day_numbers((january + _THURSDAY) % 7, is_leap(year))
        low = bisect_left(days, start - january)
        high = bisect_left(days, stop - january)
        found += [january + day for day in days[low:high]]
    return found
