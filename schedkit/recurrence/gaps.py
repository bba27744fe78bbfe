"""
How near and how far apart the runs of a schedule are.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache, reduce
from itertools import pairwise
from operator import or_
from typing import TYPE_CHECKING

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.around import DAY, KINDS, Sets, year_kind
from schedkit.recurrence.compare import horizon, sets_of
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.grid import bits
from schedkit.recurrence.when import Every


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Zone

DAY_MINUTES = 1_440
CYCLE = range(2000, 2401)  # a whole cycle of the calendar, and the step into the next
REACHES = tuple(days * DAY for days in (2, 40, 400, 4_000))  # 29 February may be eight years away


@lru_cache(maxsize=1_024)
def smallest_gap(when: When) -> tuple[int, int]:
    """
    Return the smallest and the largest number of seconds between two runs; (0, 0) for a single
    run.

    Equal numbers mean one steady pace. Exact for all time in a zone whose clocks never change;
    elsewhere the gaps on the wall clock count and those over each change of ten years. A union of
    several clocks is looked at run by run, over ten years.
    """
    if isinstance(when, Every):
        return when.interval, when.interval
    start, stop = horizon()
    zones: dict[Zone, list[Sets]] = {}
    try:
        for part in parts(when):
            for each in part.calendars() or (part,):
                zone, sets = sets_of(each)
                zones.setdefault(zone, []).append(sets)
    except NotExpressibleError:
        zones = {}
    if len(zones) != 1:
        steps = _steps(when.epochs(start, stop))
    else:
        ((zone, several),) = zones.items()
        steps = _wall(several)
        for change in zone.changes(start, stop):
            steps |= _over(when, change.epoch)
    return (min(steps), max(steps)) if steps else (0, 0)


def _wall(several: Sequence[Sets]) -> set[int]:
    """
    The gaps on a wall clock that never changes: days are told apart by which of the sets run on
    them.
    """
    pairs: set[tuple[int, int, int]] = set()
    years = {kind: _running(several, kind) for kind in KINDS}
    for days in years.values():
        pairs |= {(one, other, at - since) for (since, one), (at, other) in pairwise(days)}
    last: tuple[int, int] | None = None
    for january in (date(year, 1, 1) for year in CYCLE):
        days = years[year_kind(january)[0]]
        if days and last:
            pairs.add((last[1], days[0][1], january.toordinal() + days[0][0] - last[0]))
        if days:
            last = january.toordinal() + days[-1][0], days[-1][1]
    minutes = {
        matching: bits(
            reduce(or_, (s.minutes for n, s in enumerate(several) if matching >> n & 1))
        )
        for matching in {each for one, other, _ in pairs for each in (one, other)}
    }
    steps = {step for found in minutes.values() for step in _steps(found)}
    steps |= {days * DAY_MINUTES + minutes[b][0] - minutes[a][-1] for a, b, days in pairs}
    return {step * 60 for step in steps}


def _running(several: Sequence[Sets], kind: tuple[int, bool]) -> list[tuple[int, int]]:
    """
    The days of one kind of year with a run, each with the sets (bits) that run on it.
    """
    days: dict[int, int] = {}
    for number, sets in enumerate(several):
        for index in bits(sets.kinds[kind]):
            days[index] = days.get(index, 0) | 1 << number
    return sorted(days.items())


def _over(when: When, change: int) -> set[int]:
    """
    The gaps from the last run before a change to the first ones after it.
    """
    for reach in REACHES:
        near = list(when.epochs(change - reach, change + reach))
        if near and near[0] < change <= near[-1]:
            break
    return _steps(near)


def _steps(rising: Iterable[int]) -> set[int]:
    return {after - before for before, after in pairwise(rising)}
