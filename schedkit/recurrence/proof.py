"""
The proof that native schedules fire exactly when their source does.

Days are compared over the 14 kinds of year, so for all time; minutes as sets; and around every
offset change of the horizon the instants of the source with those of the dialect's real search.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from schedkit.recurrence.around import KINDS, differences
from schedkit.recurrence.checks import epoch
from schedkit.recurrence.compare import (
    COUNTED,
    clocks,
    data_year,
    dates,
    differing_days,
    doubled_days,
    horizon,
    instants,
    policy_instants,
    repeated,
    sources,
)
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.when import Once
from schedkit.recurrence.zones import Zone, tzdata_version


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schedkit.recurrence.compare import Clock
    from schedkit.recurrence.dialects import Dialect, Native, Reader
    from schedkit.recurrence.when import When

LISTED = 20  # instants that a proof shows of each sort
MINUTES = 1_440


@attrs.frozen(kw_only=True)
class Proof:
    """
    What comparing a schedule with its natives showed.

    Attributes:
        dialect: The dialect's name.
        natives: What was read back.
        holds: Whether everything that was compared agrees.
        year_kinds: Kinds of year whose days were compared: 14 is all, for ever; 0 when only
            instants were.
        minutes: Minutes of the day compared.
        changes: Offset changes around which instants were compared.
        zones: The zones of the schedule.
        tzdata: Version of the time zone data.
        horizon: First day, and the day after the last one, of the compared changes or instants.
        missing: The first instants that the natives lose, in the schedule's own zone.
        extra: The first instants that only the natives have.
        missing_count: How many were found to be lost; counting stops at 1 000 differences.
        extra_count: How many only the natives have.
        doubled: The first instants that two natives would each start.
        departures: The first instants at which the dialect's own way with gaps and repeated hours
            departs from the pointwise reading; empty when the schedule states a policy.
        unknown: The first instants on which policies differ while the dialect's is unknown.
    """

    dialect: str
    natives: tuple[Native, ...]
    holds: bool
    year_kinds: int = 14
    minutes: int = 1440
    changes: int = 0
    zones: tuple[str, ...] = ()
    tzdata: str
    horizon: tuple[date, date]
    missing: tuple[datetime, ...] = ()
    extra: tuple[datetime, ...] = ()
    missing_count: int = 0
    extra_count: int = 0
    doubled: tuple[datetime, ...] = ()
    departures: tuple[datetime, ...] = ()
    unknown: tuple[datetime, ...] = ()

    @property
    def sentence(self) -> str:
        """
        The proof in one line, for people.
        """
        where = f"{', '.join(self.zones)} to {self.horizon[1].year}"
        data = f"(tzdata {self.tzdata})"
        if not self.holds:
            lost = _told("loses", self.missing, self.missing_count)
            added = _told("adds", self.extra, self.extra_count)
            return f"differs: {self.dialect} {' and '.join(filter(None, (lost, added)))} {data}"
        if not self.year_kinds:
            return f"proved: every instant from {self.horizon[0]} to {self.horizon[1]} {data}"
        changes = f"{self.changes or 'no'} offset change{'s' if self.changes != 1 else ''}"
        days = f"{self.year_kinds} kinds of year, {self.minutes} minutes"
        return f"proved: {days}, {changes} of {where} {data}"

    def to_dict(self) -> dict[str, object]:
        """
        The proof as plain data for JSON.
        """
        return {**attrs.asdict(self, value_serializer=_plain), "sentence": self.sentence}


def prove(when: When, natives: Iterable[Native], dialect: Dialect, *, years: int = 10) -> Proof:
    """
    Compare *when* with what *dialect* makes of *natives*, all of them together.

    Where a calendar states no DST policy, the dialect's own stands. The horizon starts with the
    year of the time zone data, so that a proof reads no clock. Equal questions are answered once.

    Args:
        years: Length of the horizon.

    Raises:
        CronSyntaxError: The platform rejects the text of a native.
        TimeZoneError: A native's zone is unknown.
    """
    return _prove(when, tuple(natives), dialect, years)


@lru_cache(maxsize=4_096)
def _prove(when: When, natives: tuple[Native, ...], dialect: Dialect, years: int) -> Proof:
    year = data_year()
    start, stop = _widened(when, *horizon(years))
    readers = [reader for native in natives for reader in dialect.readers(native)]
    groups = clocks(when, readers, dialect, start, stop)
    by_sets = bool(groups) and all(clock.sources and clock.owns for clock in groups)
    missing, extra = _by_sets(when, readers, dialect, groups) if by_sets else (set(), set())
    if not by_sets or (any(map(differing_days, groups)) and not missing | extra):
        by_sets = False
        fired = [reader.fires(start, stop) for reader in readers]
        each = sources(when, dialect)
        missing, extra = instants([part.epochs(start, stop) for part in each], fired)
    departing, unknown = policy_instants(when, dialect, start, stop)
    zone = Zone.of(when.timezone).tzinfo

    def first(found: Iterable[int]) -> tuple[datetime, ...]:
        return tuple(datetime.fromtimestamp(each, zone) for each in islice(found, LISTED))

    return Proof(
        dialect=dialect.name,
        natives=natives,
        holds=not missing and not extra,
        year_kinds=len(KINDS) if by_sets else 0,
        minutes=MINUTES if by_sets else 0,
        changes=sum(len(clock.changes) for clock in groups) if by_sets and dialect.dst else 0,
        zones=tuple(dict.fromkeys(part.timezone for part in parts(when))),
        tzdata=tzdata_version(),
        horizon=(date(year, 1, 1), date(year + years, 1, 1)),
        missing=first(sorted(missing)),
        extra=first(sorted(extra)),
        missing_count=len(missing),
        extra_count=len(extra),
        doubled=first(_doubled(readers, groups, start, stop)),
        departures=first(sorted(departing)),
        unknown=first(sorted(unknown)),
    )


def _by_sets(
    when: When, readers: Sequence[Reader], dialect: Dialect, groups: Sequence[Clock]
) -> tuple[set[int], set[int]]:
    """
    Compare days, and where they agree the offset changes: sets of instants lost and added.
    """
    missing: set[int] = set()
    extra: set[int] = set()
    for clock in groups:
        days = differing_days(clock)
        for start, stop in dates(days, data_year()):
            each = [part.epochs(start, stop) for part in sources(when, dialect)]
            lost, added = instants(each, [reader.fires(start, stop) for reader in readers])
            missing |= lost
            extra |= added
            if len(missing) + len(extra) >= COUNTED:
                break
        if not days and dialect.dst is not None:
            lost, added = differences(clock.sources, clock.owns, clock.changes)
            missing |= lost
            extra |= added
    return missing, extra


def _doubled(
    readers: Sequence[Reader], groups: Sequence[Clock], start: int, stop: int
) -> Iterator[int]:
    """
    Instants that two natives start: those of one clock by their days, others by looking.
    """
    if len(readers) < 2:
        return
    if len(groups) != 1:
        yield from repeated(reader.fires(start, stop) for reader in readers)
        return
    last = start
    for low, high in dates(doubled_days(groups[0]), data_year()):
        found = repeated(reader.fires(max(low, last), high) for reader in readers)
        for instant in found:
            yield instant
            last = instant + 1


def _widened(when: When, start: int, stop: int) -> tuple[int, int]:
    """
    The horizon with every `Once` in it.
    """
    once = [epoch(part.instant) for part in parts(when) if isinstance(part, Once)]
    return min([start, *once]), max([stop, *(each + 1 for each in once)])


def _told(verb: str, instants: Sequence[datetime], count: int) -> str:
    if not count:
        return ""
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{verb} {instants[0].isoformat()}{more}"


def _plain(_: object, __: object, value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
