"""
The proof that native schedules fire exactly when their source does.

Days are compared over the 14 kinds of year, so for all time; minutes as sets; and around every
offset change of the horizon the instants of the source with those of the dialect's real search.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import attrs

from schedkit.recurrence.around import DAY, EPOCH_DAY, KINDS, Own, differences, year_kind
from schedkit.recurrence.checks import epoch
from schedkit.recurrence.compare import (
    COUNTED,
    bounds,
    clocks,
    data_year,
    dates,
    differing,
    doubled_days,
    horizon,
    instants,
    policy_instants,
    repeated,
    sources,
)
from schedkit.recurrence.dialects import together
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.paces import without_paces
from schedkit.recurrence.when import Once, Window
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
        token: What makes natives that run at one instant start one run; empty is nothing.
        intervals: Steady intervals that both sides have in step, for all time.
        departures: The first instants at which the dialect's own way with gaps and repeated hours
            departs from the pointwise reading; empty when the schedule states a policy.
        unknown: The first instants on which policies differ while the dialect's is unknown; then
            nothing is compared around changes.
        unknown_count: How many those are over the horizon.
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
    token: str = ""
    intervals: int = 0
    departures: tuple[datetime, ...] = ()
    unknown: tuple[datetime, ...] = ()
    unknown_count: int = 0

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
            span = f"every instant from {self.horizon[0]} to {self.horizon[1]} {data}"
            plural = "s" if self.intervals > 1 else ""
            paces = f"every run of {self.intervals} steady interval{plural}"
            return f"proved: {paces if self.intervals else span}"
        changes = f"{self.changes or 'no'} offset change{'s' if self.changes != 1 else ''}"
        days = f"{self.year_kinds} kinds of year, {self.minutes} minutes"
        if self.unknown:
            where += f", but for {self.unknown_count} instants when clocks change"
            return f"proved: {days} of {where} {data}"
        return f"proved: {days}, {changes} of {where} {data}"

    @property
    def coincidence(self) -> str:
        """
        What happens where several natives run at one instant, for people; empty for a single one.
        """
        if len(self.natives) < 2:
            return ""
        if not self.doubled:
            return "no two of the native schedules run at one instant"
        first = self.doubled[0].isoformat()
        if self.token:
            return f"where native schedules coincide, as at {first}, {self.token} starts one run"
        return f"two of the native schedules would each start a run at {first}"

    def to_dict(self) -> dict[str, object]:
        """
        The proof as plain data for JSON.
        """
        plain = attrs.asdict(self, value_serializer=_plain)
        natives = [each.to_dict() for each in self.natives]
        told = {"sentence": self.sentence, "coincidence": self.coincidence}
        return {**plain, "natives": natives, **told}


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
    groups = [dialect.readers(native) for native in natives]
    readers = [reader for group in groups for reader in group]
    asked = sources(when, dialect, readers)
    stated = any(calendar.dst for calendar in when.calendars())
    departing, unknown = policy_instants(asked, dialect, start, stop, stated=stated)
    owns = [Own(r, dialect.dst, number) for number, group in enumerate(groups) for r in group]
    found = _compared(when, asked, owns, (start, stop), known=not unknown)
    zone = Zone.of(when.timezone).tzinfo

    def first(instants: Iterable[int]) -> tuple[datetime, ...]:
        return tuple(datetime.fromtimestamp(each, zone) for each in islice(instants, LISTED))

    return Proof(
        dialect=dialect.name,
        natives=natives,
        holds=not found.missing and not found.extra,
        year_kinds=len(KINDS) if found.by_sets else 0,
        minutes=MINUTES if found.by_sets else 0,
        changes=0 if unknown or not found.by_sets else _changes(found.clocks),
        zones=tuple(dict.fromkeys(part.timezone for part in asked)),
        tzdata=tzdata_version(),
        horizon=(date(year, 1, 1), date(year + years, 1, 1)),
        missing=first(sorted(found.missing)),
        extra=first(sorted(found.extra)),
        missing_count=len(found.missing),
        extra_count=len(found.extra),
        doubled=first(_doubled(groups, found.clocks, start, stop)),
        token=dialect.token,
        intervals=found.intervals,
        departures=first(sorted(departing)),
        unknown=first(sorted(unknown)),
        unknown_count=len(unknown),
    )


def _changes(found: Iterable[Clock]) -> int:
    return sum(len(clock.changes) for clock in found)


class _Compared(NamedTuple):
    """
    Instants lost and added, and how that was found.
    """

    missing: set[int]
    extra: set[int]
    by_sets: bool
    clocks: Sequence[Clock]
    intervals: int


def _compared(
    when: When,
    asked: Sequence[When],
    owns: Sequence[Own],
    span: tuple[int, int],
    *,
    known: bool,
) -> _Compared:
    """
    Compare steady intervals for ever, sets where clocks are read, else instants over *span*.

    Around changes of the clocks nothing is compared unless it is *known* what the platform does.
    """
    left, right, intervals = without_paces(asked, [own.reader for own in owns])
    rest = [own for own in owns if own.reader in right]
    found = clocks(left, rest, *span) if _bounded(when, right, span[0]) else []
    if found and all(clock.sources and clock.owns for clock in found):
        missing, extra, sure = _by_sets(left, right, found, known=known)
        if sure:
            return _Compared(missing, extra, True, found, intervals)
    each = [part.epochs(*span) for part in left]
    lost, added = instants(each, [reader.fires(*span) for reader in right])
    return _Compared(lost, added, False, found, intervals)


def _bounded(when: When, readers: Sequence[Reader], start: int) -> bool:
    """
    Whether every reader begins and ends with the schedule's own window; before *start* is always.
    """
    low, high = when.bounds if isinstance(when, Window) else (None, None)
    first = max(start, low or start)
    return all(max(start, r.begins or start) == first and r.ends == high for r in readers)


def _by_sets(
    asked: Sequence[When], readers: Sequence[Reader], groups: Sequence[Clock], *, known: bool
) -> tuple[set[int], set[int], bool]:
    """
    Compare days, and where they agree and the platform's ways are *known* the offset changes.

    Returns the instants lost and added, and whether they tell all.
    """
    missing: set[int] = set()
    extra: set[int] = set()
    differ = False
    for clock in groups:
        same = True
        for start, stop in differing(clock, data_year()):
            same, differ = False, True
            each = [part.epochs(start, stop) for part in asked]
            lost, added = instants(each, [reader.fires(start, stop) for reader in readers])
            missing |= lost
            extra |= added
            if len(missing) + len(extra) >= COUNTED:
                break
        if same and known:
            lost, added = differences(clock.sources, clock.owns, clock.changes)
            missing |= lost
            extra |= added
    return missing, extra, bool(missing or extra or not differ)


def _doubled(
    groups: Sequence[Sequence[Reader]], by_clock: Sequence[Clock], start: int, stop: int
) -> Iterator[int]:
    """
    Instants that two natives start: those of one clock by their days, others by looking.
    """
    if len(groups) < 2:
        return
    owns = [own for clock in by_clock for own in clock.owns]
    one = len(by_clock) == 1 and len({own.offset for own in owns}) == 1
    if not one or len(owns) < sum(map(len, groups)):  # intervals that were in step are none
        yield from _meetings(groups, start, stop)
        return
    last = start
    for low, high in dates(doubled_days(by_clock[0]), data_year()):
        found = repeated(together(group, max(low, last), high) for group in groups)
        for instant in found:
            yield instant
            last = instant + 1


def _meetings(groups: Sequence[Sequence[Reader]], start: int, stop: int) -> Iterator[int]:
    """
    Ask the busier natives about each run of the rarest; then the rest among themselves.
    """
    rarest, *busier = sorted(groups, key=_runs_a_year)
    while busier:
        for run in together(rarest, start, stop):
            if any(_runs_at(reader, run) for group in busier for reader in group):
                yield run
        rarest, *busier = busier


def _runs_at(reader: Reader, epoch: int) -> bool:
    """
    Whether a reader runs at an instant: its wall clock tells, but for changes and steady paces.
    """
    if not (reader.begins or epoch) <= epoch < (reader.ends or epoch + 1):
        return False
    if reader.pace:
        step, phase = reader.pace
        return epoch % step == phase
    if not reader.minutes or reader.zone.changes(epoch - 2 * DAY, epoch + 2 * DAY):
        return epoch in reader.fires(epoch, epoch + 1)
    day, second = divmod(epoch + reader.zone.offset(epoch), DAY)
    kind, index = year_kind(date.fromordinal(day + EPOCH_DAY))
    minute = second // 60 if not second % 60 else MINUTES
    return bool(reader.minutes >> minute & 1 and reader.year_days(*kind) >> index & 1)


def _runs_a_year(readers: Sequence[Reader]) -> int:
    known = (
        reader.minutes.bit_count() * reader.year_days(*KINDS[0]).bit_count() for reader in readers
    )
    return sum(runs or MINUTES * 365 for runs in known)


def _widened(when: When, start: int, stop: int) -> tuple[int, int]:
    """
    The horizon with every `Once` in it.
    """
    once = [epoch(part.instant) for part in parts(bounds(when)[0]) if isinstance(part, Once)]
    return min([start, *once]), max([stop, *(each + 1 for each in once)])


def _told(verb: str, instants: Sequence[datetime], count: int) -> str:
    if not count:
        return ""
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{verb} {instants[0].isoformat()}{more}"


def _plain(_: object, __: object, value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
