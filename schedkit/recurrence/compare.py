"""
The parts of a proof: which days and minutes differ, which instants do, and which run twice.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from heapq import merge
from itertools import combinations, groupby
from operator import itemgetter, or_
from typing import TYPE_CHECKING, NamedTuple

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.around import DAY, EPOCH_DAY, KINDS, Own, Sets, year_kind
from schedkit.recurrence.dialects.fields import bits, every_minutes, parts
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Every
from schedkit.recurrence.zones import POINTWISE, Dst, Zone, tzdata_version


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from schedkit.recurrence.dialects import Dialect, Reader
    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Change

COUNTED = 1_000  # differences after which counting stops
YEARS = 10  # how far offset changes are looked at
CYCLE = 40  # years that hold all 14 kinds, also across 2100
DAY_MINUTES = (1 << 1_440) - 1
OTHER_POLICIES = (Dst(gap="next", fold="first"), Dst(gap="shift", fold="second"))


class Clock(NamedTuple):
    """
    All that reads one wall clock: what was asked for, what was written, and when the clock
    changes.
    """

    sources: list[Sets]
    owns: list[Own]
    changes: tuple[Change, ...]


def data_year() -> int:
    """
    The year of the time zone data; of the package's, where the machine's own do not say.
    """
    known = tzdata_version()
    if not known[:4].isdigit():
        from importlib.metadata import version  # slow, and seldom needed

        known = version("tzdata")
    return int(known[:4])


def horizon(years: int = YEARS) -> tuple[int, int]:
    """
    Unix seconds of the years that begin with the year of the time zone data: no clock is read.
    """
    first = data_year()
    start, stop = (date(year, 1, 1).toordinal() for year in (first, first + years))
    return (start - EPOCH_DAY) * DAY, (stop - EPOCH_DAY) * DAY


def instants(
    wanted: Iterable[Iterator[int]], fired: Iterable[Iterator[int]]
) -> tuple[set[int], set[int]]:
    """
    Compare two unions of rising instants: return what only the first and what only the second has.

    Stops after 1 000 differences.
    """
    tagged = [((instant, 0) for instant in each) for each in wanted]
    tagged += [((instant, 1) for instant in each) for each in fired]
    missing: set[int] = set()
    extra: set[int] = set()
    for instant, group in groupby(merge(*tagged), key=itemgetter(0)):
        sides = {side for _, side in group}
        if len(sides) == 1:
            (extra if sides.pop() else missing).add(instant)
        if len(missing) + len(extra) >= COUNTED:
            break
    return missing, extra


def repeated(fired: Iterable[Iterator[int]]) -> Iterator[int]:
    """
    Yield the instants that two of several rising sequences share.
    """
    for instant, group in groupby(merge(*fired)):
        if len(list(group)) > 1:
            yield instant


def clocks(
    when: When, readers: Sequence[Reader], dialect: Dialect, start: int, stop: int
) -> list[Clock]:
    """
    Sort sources and natives by the wall clock they read.

    None at all where a source reads no clock: `Once`, and intervals that drift over the day.
    """
    found: dict[tuple[object, ...], Clock] = {}

    def clock(zone: Zone) -> Clock:
        changes = zone.changes(start, stop)
        return found.setdefault((zone.offset(start), changes), Clock([], [], changes))

    for part in sources(when, dialect):
        try:
            zone, sets = sets_of(part)
        except NotExpressibleError:
            return []
        clock(zone).sources.append(sets)
    for reader in readers:
        clock(reader.zone).owns.append(Own(reader, dialect.dst))
    return list(found.values())


def sources(when: When, dialect: Dialect) -> list[When]:
    """
    Return what *when* is a union of, with the dialect's own DST policy where none is stated.
    """
    found: list[When] = []
    for part in parts(when):
        calendars = part.calendars()
        if dialect.dst not in {None, POINTWISE}:
            calendars = tuple(
                attrs.evolve(each, dst=each.dst or dialect.dst) for each in calendars
            )
        found += calendars or (part,)
    return found


def sets_of(part: When) -> tuple[Zone, Sets]:
    """
    Return the wall clocks of a calendar, or of an interval that divides a day.

    Raises:
        NotExpressibleError: It reads no wall clock.
    """
    if isinstance(part, Every):
        return Zone.of("UTC"), Sets(every_minutes(part), _all_days, part.epochs)
    if isinstance(part, Calendar):
        return Zone.of(part.timezone), Sets(part.minute_mask, part.year_days, part.epochs)
    raise NotExpressibleError(str(part), "reads no wall clock", feature="schedule.once")


def differing_days(clock: Clock) -> dict[tuple[int, bool], int]:
    """
    Return, for each kind of year, the days (bits) on which sources and natives match other
    minutes.
    """
    return _days(clock, lambda wanted, runs: _either(wanted) ^ _either(runs))


def doubled_days(clock: Clock) -> dict[tuple[int, bool], int]:
    """
    Return, for each kind of year, the days (bits) on which two natives match one minute.
    """
    return _days(clock, lambda _, runs: _either(a & b for a, b in combinations(runs, 2)))


def dates(days: dict[tuple[int, bool], int], first: int) -> Iterator[tuple[int, int]]:
    """
    Yield those days of the next 40 years, each as Unix seconds that enclose it in any zone.
    """
    for year in range(first, first + CYCLE):
        kind, _ = year_kind(date(year, 1, 1))
        for index in bits(days.get(kind, 0)):
            midnight = (date(year, 1, 1).toordinal() - EPOCH_DAY + index) * DAY
            yield midnight - DAY, midnight + 2 * DAY


def policy_instants(
    when: When, dialect: Dialect, start: int, stop: int
) -> tuple[set[int], set[int]]:
    """
    Return where the dialect's DST policy departs from the pointwise reading, and where, it being
    unknown, policies differ.
    """
    departing: set[int] = set()
    unknown: set[int] = set()
    for calendar in when.calendars():
        if dialect.dst is None:
            unknown |= _differing(calendar, (POINTWISE, *OTHER_POLICIES), start, stop)
        elif calendar.dst is None and dialect.dst != POINTWISE:
            departing |= _differing(calendar, (POINTWISE, dialect.dst), start, stop)
    return departing, unknown


def _either(days: Iterable[int]) -> int:
    return reduce(or_, days, 0)


def _all_days(_: int, leap: bool) -> int:
    return (1 << 365 + leap) - 1


def _days(
    clock: Clock, judge: Callable[[list[int], list[int]], int]
) -> dict[tuple[int, bool], int]:
    """
    Judge the days of each kind of year apart for every class of minutes that the same sets share.
    """
    classes: list[tuple[int, list[Sets], list[Sets]]] = [(DAY_MINUTES, [], [])]
    for side, sets in ((0, clock.sources), (1, clock.owns)):
        for each in sets:
            classes = [part for found in classes for part in _split(found, side, each)]
    days: dict[tuple[int, bool], int] = {}
    for _, wanted, runs in classes:
        for kind in KINDS if wanted or runs else ():
            found = judge(
                [each.kinds[kind] for each in wanted], [each.kinds[kind] for each in runs]
            )
            if found:
                days[kind] = days.get(kind, 0) | found
    return days


def _split(
    found: tuple[int, list[Sets], list[Sets]], side: int, sets: Sets
) -> Iterator[tuple[int, list[Sets], list[Sets]]]:
    mask, wanted, runs = found
    if mask & ~sets.minutes:
        yield mask & ~sets.minutes, wanted, runs
    if mask & sets.minutes:
        more = ([*wanted, sets], runs) if side == 0 else (wanted, [*runs, sets])
        yield mask & sets.minutes, *more


def _differing(calendar: Calendar, policies: Sequence[Dst], start: int, stop: int) -> set[int]:
    found: set[int] = set()
    readings = [attrs.evolve(calendar, dst=policy) for policy in policies]
    for change in Zone.of(calendar.timezone).changes(start, stop):
        near = change.epoch - 2 * DAY, change.epoch + 2 * DAY
        sets = [set(reading.epochs(*near)) for reading in readings]
        found |= {each for each in set().union(*sets) if not all(each in one for one in sets)}
    return found
