"""
The clock of robfig/cron v3.0.1 step by step, defects included.

`Search.next` walks as `SpecSchedule.Next` does
(https://github.com/robfig/cron/blob/v3.0.1/spec.go), on Go's `time.Date`, `AddDate`, `Add` and
`Truncate`. It is wrong near offset changes that remove a midnight or are no whole hours on a whole
hour, and so is this. Two shortcuts leap over steps that all lie in one offset.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from schedkit.recurrence.dialects import Reader


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.zones import Zone

MINUTE, HOUR, DAY = 60, 3_600, 86_400
STAR = 1 << 63
YEARS = 5  # the search gives up after so many
TURNS = 2_000  # no search that ends takes so many steps from day to day
MEMORY = 10_000  # steps whose outcome is remembered
EPOCH = date(1970, 1, 1).toordinal()
BLOCK = 1 << 27  # offset changes are kept by stretches of about 4 years

Step: TypeAlias = tuple[int, bool, bool]


class Search(Reader):
    """
    One parsed text at work in one zone.

    Args:
        fields: Bit masks of minute, hour, day, month, weekday; bit 63 is robfig's star bit.
        zone: Whose wall clock it reads.
    """

    def __init__(self, fields: tuple[int, ...], zone: Zone) -> None:
        self.zone = zone
        self._minute, self._hour, self._dom, self._month, self._dow = fields
        self._star = bool((self._dom | self._dow) & STAR)
        row = self._minute & (1 << 60) - 1
        self.minutes = sum(row << 60 * hour for hour in range(24) if self._hour >> hour & 1)
        self._years: dict[tuple[int, bool], int] = {}
        self._known: dict[tuple[int, int], int | None] = {}
        self._blocks: dict[int, tuple[list[int], list[int]]] = {}

    def year_days(self, first_weekday: int, leap: bool) -> int:
        """
        Return the days of one kind of year on which it fires.
        """
        key = (first_weekday, leap)
        if key not in self._years:
            doms, months, weekdays = _year_tables(*key)
            by_dom = _union(doms, self._dom)
            by_dow = _union(weekdays, self._dow)
            days = by_dom & by_dow if self._star else by_dom | by_dow
            self._years[key] = days & _union(months, self._month)
        return self._years[key]

    def next(self, epoch: int) -> int | None:
        """
        Return robfig's answer; None also where its search never ends.
        """
        if not self.minutes:
            return None  # it walks minute by minute until it gives up
        t, added = epoch + 1, False
        limit = self._civil(t)[0] + YEARS
        passed: list[tuple[int, int]] = []
        found: int | None = None
        while len(passed) < TURNS:  # more is a walk in a circle
            if added and (t, limit) in self._known:
                found = self._known[t, limit]
                break
            passed += [(t, limit)] * added
            if self._civil(t)[0] > limit:
                break
            for stage in (self._to_month, self._to_day, self._to_minute):
                t, added, wrap = stage(t, added)
                if wrap:
                    break
            else:
                found = t
                break
        if len(self._known) > MEMORY:
            self._known.clear()
        self._known.update(dict.fromkeys(passed, found))
        return found

    def fires(self, start: int, stop: int) -> Iterator[int]:
        """
        Yield the runs, each searched from the one before.

        After a run on a wall clock that matches, the rest of its day in its offset needs no
        search: no step there meets a change.
        """
        last, found = start - 1, self.next(start - 1)
        while found is not None and last < found < stop:
            yield found
            last = found
            for later in self._same_day(found):
                if later >= stop:
                    return
                yield later
                last = later
            found = self.next(last)

    def _same_day(self, run: int) -> Iterator[int]:
        """
        The runs after *run* on its day and in its offset.
        """
        _, high, offset = self._segment(run)
        day, second = divmod(run + offset, DAY)
        minute = second // MINUTE
        if offset % MINUTE or not self.minutes >> minute & 1 or not self._is_day(day):
            return
        rest = self.minutes >> minute + 1 << minute + 1
        while rest:
            bit = rest & -rest
            rest ^= bit
            later = run - second + (bit.bit_length() - 1) * MINUTE
            if later >= high:
                return
            yield later

    # The loops of `Next`, one step at a time. Each returns the moved time, `added`, and whether to
    # start over: starting over within a month or day looks at what robfig knows already, so it
    # changes nothing.

    def _to_month(self, t: int, added: bool) -> Step:
        year, month, *_ = self._civil(t)
        if self._month >> month & 1:
            return t, added, False
        if not added:
            t = self._date(year, month, 1, 0)
        return self._add(t, months=1), True, True

    def _to_day(self, t: int, added: bool) -> Step:
        year, month, dom, weekday = self._civil(t)
        if self._day_matches(dom, weekday):
            return t, added, False
        if not added:
            t = self._date(year, month, dom, 0)
        leap = self._leap(t)
        if leap is None:
            leap = self._add(t, days=1)
            hour = self._second(leap) // HOUR
            if hour:
                leap += ((24 if hour > 12 else 0) - hour) * HOUR
        return leap, True, True

    def _to_minute(self, t: int, added: bool) -> Step:
        hour = self._second(t) // HOUR
        if not self._hour >> hour & 1 and not added:
            added = True
            t = self._date(*self._civil(t)[:3], hour * HOUR) + HOUR
            if self._second(t) // HOUR == 0:
                return t, added, True
        found, midnight = self._rest_of_day(t)
        if found is not None:
            return found, added, False
        if midnight is not None:
            return midnight, True, True
        return self._walk(t, added)

    def _walk(self, t: int, added: bool) -> Step:
        while not self._hour >> self._second(t) // HOUR & 1:
            t, added = t + HOUR, True
            if self._second(t) // HOUR == 0:
                return t, added, True
        for unit, limit, mask in ((MINUTE, HOUR, self._minute), (1, MINUTE, 1)):
            while not mask >> self._second(t) % limit // unit & 1:
                if not added:
                    added = True
                    t -= t % unit  # Truncate counts in absolute time
                t += unit
                if self._second(t) % limit // unit == 0:
                    return t, added, True
        return t, added, False

    # The shortcuts.

    def _leap(self, t: int) -> int | None:
        """
        From a midnight to the next matching midnight of the year, or 1 January, within one offset.

        Go looks offsets up both at the instant and at the wall clock read as UTC: both must stay
        inside.
        """
        low, high, offset = self._segment(t)
        day, second = divmod(t + offset, DAY)
        if second or min(t, t + offset) < low:
            return None
        _, _, _, _, first, leap, index = _day(day)
        later = self.year_days(first, leap) >> index + 1
        ahead = (later & -later).bit_length() if later else 365 + leap - index
        target = t + ahead * DAY
        return target if max(target, target + offset) < high else None

    def _rest_of_day(self, t: int) -> tuple[int | None, int | None]:
        """
        The next run of the day, else the next midnight, if walking there meets no change.
        """
        _, high, offset = self._segment(t)
        second = (t + offset) % DAY
        if offset % MINUTE or (second % HOUR and not self._hour >> second // HOUR & 1):
            return None, None
        minute = -(-second // MINUTE)
        later = self.minutes >> minute
        if later:
            found = t - second + (minute + (later & -later).bit_length() - 1) * MINUTE
            return (found, None) if found < high else (None, None)
        midnight = t - second + DAY
        return (None, midnight) if midnight < high else (None, None)

    # Go's package time, in one zone.

    def _segment(self, t: int) -> tuple[int, int, int]:
        """
        Start, end and offset of the stretch around *t* in one offset; ends of blocks count as
        changes.
        """
        number = t // BLOCK
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = _block(self.zone, number)
        starts, offsets = block
        index = bisect_right(starts, t)
        return starts[index - 1], starts[index], offsets[index - 1]

    def _civil(self, t: int) -> tuple[int, int, int, int]:
        return _day((t + self._segment(t)[2]) // DAY)[:4]

    def _second(self, t: int) -> int:
        return (t + self._segment(t)[2]) % DAY

    def _date(self, year: int, month: int, dom: int, second: int) -> int:
        """
        Go's `time.Date`: the offset is guessed from the wall clock read as UTC, then once
        corrected.
        """
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        unix = (date(year, month, 1).toordinal() - EPOCH + dom - 1) * DAY + second
        offset = self._segment(unix)[2]
        if offset:
            offset = self._segment(unix - offset)[2]
        return unix - offset

    def _add(self, t: int, *, months: int = 0, days: int = 0) -> int:
        year, month, dom, _ = self._civil(t)
        return self._date(year, month + months, dom + days, self._second(t))

    def _is_day(self, day: int) -> bool:
        first, leap, index = _day(day)[4:]
        return bool(self.year_days(first, leap) >> index & 1)

    def _day_matches(self, dom: int, weekday: int) -> bool:
        by_dom, by_dow = self._dom >> dom & 1, self._dow >> weekday & 1
        return bool(by_dom & by_dow if self._star else by_dom | by_dow)


@lru_cache(maxsize=1_024)
def _block(zone: Zone, number: int) -> tuple[list[int], list[int]]:
    start, stop = number * BLOCK, (number + 1) * BLOCK
    changes = zone.changes(start + 1, stop)
    starts = [start, *(change.epoch for change in changes), stop]
    return starts, [zone.offset(start), *(change.after for change in changes)]


@lru_cache(maxsize=20_000)
def _day(number: int) -> tuple[int, int, int, int, int, bool, int]:
    """
    Year, month, day, weekday; then the kind of its year, and its place there from 0.
    """
    day = date.fromordinal(number + EPOCH)
    index = day.timetuple().tm_yday - 1
    weekday = day.isoweekday() % 7
    leap = date(day.year, 12, 31).timetuple().tm_yday == 366
    return day.year, day.month, day.day, weekday, (weekday - index) % 7, leap, index


@cache
def _year_tables(first: int, leap: bool) -> tuple[tuple[int, ...], ...]:
    """
    Bit sets of the days with each day of the month, month and weekday.
    """
    tables = ([0] * 32, [0] * 13, [0] * 7)
    year = 2024 if leap else 2023
    start = date(year, 1, 1).toordinal()
    for index in range(365 + leap):
        day = date.fromordinal(start + index)
        for table, place in zip(tables, (day.day, day.month, (first + index) % 7), strict=True):
            table[place] |= 1 << index
    return tuple(tuple(table) for table in tables)


def _union(table: tuple[int, ...], mask: int) -> int:
    found = 0
    for place, days in enumerate(table):
        if mask >> place & 1:
            found |= days
    return found
