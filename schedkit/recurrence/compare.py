"""
The parts of a proof: which days and minutes differ, which instants do, and which run twice.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import reduce
from heapq import merge
from itertools import combinations, groupby
from operator import itemgetter, or_
from typing import TYPE_CHECKING, NamedTuple

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.around import DAY, EPOCH_DAY, KINDS, Own, Sets, year_kind
from schedkit.recurrence.days import ANY
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.grid import bits
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Every, Window
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
UTC_NAMES = frozenset({"UTC", "Etc/UTC"})
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


def clocks(asked: Iterable[When], owns: Iterable[Own], start: int, stop: int) -> list[Clock]:
    """
    Sort what is asked for and what the platform makes of it by the wall clock that each reads.

    All clocks that never change are one. None at all where something asked for reads no clock:
    `Once`, and intervals that drift over the day.
    """
    found: dict[tuple[object, ...], Clock] = {}

    def clock(zone: Zone, sets: Sets) -> Clock:
        changes, offset = zone.changes(start, stop), zone.offset(start)
        if not changes:
            sets.offset = offset
        key = (offset if changes else None, changes)
        return found.setdefault(key, Clock([], [], changes))

    for part in asked:
        try:
            zone, sets = sets_of(part)
        except NotExpressibleError:
            return []
        clock(zone, sets).sources.append(sets)
    for own in owns:
        clock(own.reader.zone, own).owns.append(own)
    return list(found.values())


def sources(when: When, dialect: Dialect, readers: Sequence[Reader]) -> list[When]:
    """
    Return what *when* is a union of, each calendar with the dialect's own DST policy where it
    states none; one that a UTC calendar equals is that, where only UTC is written.
    """
    zones = {reader.zone.name for reader in readers}
    inside, start, end = bounds(when)
    found: list[When] = []
    for part in parts(inside):
        calendars = [
            each for whole in part.calendars() for each in _written(whole, zones, dialect)
        ]
        found += [_with_policy(each, dialect) for each in calendars] or [part]
    if when is inside:
        return found
    return [Window(part, start, end) for part in found]


def bounds(when: When) -> tuple[When, datetime | None, datetime | None]:
    """
    Return what a window bounds, its start and its end; of anything else itself, without bounds.
    """
    if isinstance(when, Window):
        return when.when, when.start, when.end
    return when, None, None


def _written(calendar: Calendar, zones: set[str], dialect: Dialect) -> tuple[Calendar, ...]:
    zone, stays = Zone.of(calendar.timezone), calendar.timezone in zones
    if not zones & UTC_NAMES or zone.is_fixed(*horizon()):
        return (calendar,)
    if stays and dialect.policy(calendar) == POINTWISE:
        return (calendar,)
    from schedkit.recurrence.rewrite import same_in_utc  # which needs the horizon

    same = same_in_utc(calendar)
    return same.calendars() if same and _same_runs(calendar, same.calendars()) else (calendar,)


def _same_runs(calendar: Calendar, others: Sequence[Calendar]) -> bool:
    """
    Whether *others*, as the writer made them in UTC, have the very instants of *calendar*.

    All of them have the same minutes each day, so a day on both sides of each change tells all;
    changes of the same offsets at the same time of day are alike.
    """
    every = (calendar, *others)
    if any(
        field is not ANY for each in every for field in (each.days, each.months, each.weekdays)
    ):
        return False
    changes = Zone.of(calendar.timezone).changes(*horizon())
    alike = {(each.epoch % DAY, each.before, each.after): each.epoch for each in changes}
    for epoch in alike.values():
        near = epoch - DAY, epoch + DAY
        runs = {run for each in others for run in each.epochs(*near)}
        if runs != {*calendar.epochs(*near)}:
            return False
    return True


def _with_policy(calendar: Calendar, dialect: Dialect) -> Calendar:
    policy = calendar.dst or dialect.policy(calendar)
    return calendar if policy in {None, calendar.dst} else attrs.evolve(calendar, dst=policy)


def sets_of(part: When) -> tuple[Zone, Sets]:
    """
    Return the wall clocks of a calendar, or of an interval that divides a day.

    Raises:
        NotExpressibleError: It reads no wall clock.
    """
    inside, _, _ = bounds(part)
    if isinstance(inside, Every) and not DAY % inside.interval:
        runs = [*inside.epochs(0, DAY)]  # the writer has its own way to the minutes
        if not any(run % 60 for run in runs):
            minutes = sum(1 << run // 60 for run in runs)
            return Zone.of("UTC"), Sets(minutes, _all_days, part.epochs)
    if isinstance(inside, Calendar):
        return Zone.of(inside.timezone), Sets(inside.minute_mask, inside.year_days, part.epochs)
    raise NotExpressibleError(str(part), "reads no wall clock", feature="schedule.once")


def differing(clock: Clock, first: int) -> Iterator[tuple[int, int]]:
    """
    Yield where sources and natives match other minutes, as stretches of Unix seconds in the 40
    years from *first* on.
    """
    offsets = {each.offset for each in (*clock.sources, *clock.owns)}
    if len(offsets) == 1:
        return dates(differing_days(clock), first)
    return _shifted_dates(clock, first)


def _shifted_dates(clock: Clock, first: int) -> Iterator[tuple[int, int]]:
    """
    The same for clocks of several fixed offsets: day by day, on the clock of UTC.
    """
    sides: list[list[tuple[int, int]]] = []
    for side in (clock.sources, clock.owns):
        lines = {id(each): _line(each, first) for each in side}
        sides.append([moved for each in side for moved in _in_utc(each, lines[id(each)])])
    classes: list[tuple[int, tuple[int, int]]] = [(DAY_MINUTES, (0, 0))]
    for number, moved in enumerate(sides):
        for minutes, days in moved:
            classes = [
                part for found in classes for part in _with_days(found, minutes, days, number)
            ]
    found = reduce(or_, (one ^ other for _, (one, other) in classes), 0)
    january = date(first - 1, 1, 1).toordinal() - EPOCH_DAY
    low, high = (
        date(year, 1, 1).toordinal() - EPOCH_DAY - january for year in (first, first + CYCLE)
    )
    for index in bits(found):
        if low <= index < high:
            yield (january + index) * DAY, (january + index + 1) * DAY


def _line(sets: Sets, first: int) -> int:
    """
    The days of all years from the one before *first* to the one after the cycle, as bits.
    """
    line = passed = 0
    for year in range(first - 1, first + CYCLE + 1):
        january = date(year, 1, 1)
        kind, _ = year_kind(january)
        line |= sets.kinds[kind] << passed
        passed += 365 + kind[1]
    return line


def _in_utc(sets: Sets, line: int) -> Iterator[tuple[int, int]]:
    """
    Minutes and days on the clock of UTC: of the same day, of the day before, of the day after.
    """
    whole = sets.minutes << 1_440 - sets.offset // 60
    yield whole >> 1_440 & DAY_MINUTES, line
    yield whole & DAY_MINUTES, line >> 1
    yield whole >> 2_880, line << 1


def _with_days(
    found: tuple[int, tuple[int, int]], minutes: int, days: int, side: int
) -> Iterator[tuple[int, tuple[int, int]]]:
    mask, sides = found
    if mask & ~minutes:
        yield mask & ~minutes, sides
    if mask & minutes:
        more = (sides[0] | days, sides[1]) if side == 0 else (sides[0], sides[1] | days)
        yield mask & minutes, more


def differing_days(clock: Clock) -> dict[tuple[int, bool], int]:
    """
    Return, for each kind of year, the days (bits) on which sources and natives match other
    minutes.
    """

    def other(wanted: list[Sets], owns: list[Own], kind: tuple[int, bool]) -> int:
        asked = _either(each.kinds[kind] for each in wanted)
        return asked ^ _either(each.kinds[kind] for each in owns)

    return _days(clock, other)


def doubled_days(clock: Clock) -> dict[tuple[int, bool], int]:
    """
    Return, for each kind of year, the days (bits) on which two natives match one minute.
    """

    def doubled(_: list[Sets], owns: list[Own], kind: tuple[int, bool]) -> int:
        pairs = ((a, b) for a, b in combinations(owns, 2) if a.native != b.native)
        return _either(a.kinds[kind] & b.kinds[kind] for a, b in pairs)

    return _days(clock, doubled)


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
    asked: Iterable[When], dialect: Dialect, start: int, stop: int, *, stated: bool
) -> tuple[set[int], set[int]]:
    """
    Return where the dialect's DST policy departs from the pointwise reading, and where, it being
    unknown, policies differ.

    Args:
        asked: As `sources` returns it.
        stated: Whether the schedule states a policy itself.
    """
    departing: set[int] = set()
    unknown: set[int] = set()
    for calendar in (each for part in asked for each in part.calendars()):
        if dialect.policy(calendar) is None:
            unknown |= _differing(calendar, (POINTWISE, *OTHER_POLICIES), start, stop)
        elif not stated and calendar.dst not in {None, POINTWISE}:
            departing |= _differing(calendar, (POINTWISE, calendar.dst), start, stop)
    return departing, unknown


def _either(days: Iterable[int]) -> int:
    return reduce(or_, days, 0)


def _all_days(_: int, leap: bool) -> int:
    return (1 << 365 + leap) - 1


def _days(
    clock: Clock, judge: Callable[[list[Sets], list[Own], tuple[int, bool]], int]
) -> dict[tuple[int, bool], int]:
    """
    Judge the days of each kind of year apart for every class of minutes that the same sets share.
    """
    classes: list[tuple[int, list[Sets], list[Own]]] = [(DAY_MINUTES, [], [])]
    for sets in (*clock.sources, *clock.owns):
        classes = [part for found in classes for part in _split(found, sets)]
    days: dict[tuple[int, bool], int] = {}
    for _, wanted, owns in classes:
        for kind in KINDS if wanted or owns else ():
            found = judge(wanted, owns, kind)
            if found:
                days[kind] = days.get(kind, 0) | found
    return days


def _split(
    found: tuple[int, list[Sets], list[Own]], sets: Sets
) -> Iterator[tuple[int, list[Sets], list[Own]]]:
    mask, wanted, owns = found
    if mask & ~sets.minutes:
        yield mask & ~sets.minutes, wanted, owns
    if mask & sets.minutes and isinstance(sets, Own):
        yield mask & sets.minutes, wanted, [*owns, sets]
    elif mask & sets.minutes:
        yield mask & sets.minutes, [*wanted, sets], owns


def _differing(calendar: Calendar, policies: Sequence[Dst], start: int, stop: int) -> set[int]:
    found: set[int] = set()
    readings = [attrs.evolve(calendar, dst=policy) for policy in policies]
    for change in Zone.of(calendar.timezone).changes(start, stop):
        if not calendar.minute_mask & _changing_minutes(change):
            continue
        near = change.epoch - 2 * DAY, change.epoch + 2 * DAY
        sets = [set(reading.epochs(*near)) for reading in readings]
        found |= {each for each in set().union(*sets) if not all(each in one for one in sets)}
    return found


def _changing_minutes(change: Change) -> int:
    """
    The minutes of the day (bits) that a change skips or repeats, on whichever day.
    """
    low, high = sorted((change.before, change.after))
    first = (change.epoch + low) // 60
    return reduce(
        or_, (1 << minute % 1_440 for minute in range(first, first + (high - low) // 60)), 0
    )
