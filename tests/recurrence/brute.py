"""
The slow truth: look at every minute of a window and ask Python's own datetime what a clock shows.

Shares nothing with schedkit: sets come in as sets, offsets from `datetime` and `zoneinfo` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np


MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Sets:
    """
    What a cron means; weekdays 0 to 6 from Sunday, None restricts nothing.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    day_rule: str = "any"


def _table(values: frozenset[int] | None, size: int) -> np.ndarray:
    return np.array([values is None or value in values for value in range(size)])


class Window:
    """
    Every minute of some days in one zone, as columns.
    """

    def __init__(self, zone: str, first: date, days: int) -> None:
        tz = ZoneInfo(zone)
        self.start = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
        self.stop = self.start + days * 86400
        self.epochs = np.arange(self.start, self.stop, 60)
        clocks = [datetime.fromtimestamp(int(epoch), tz) for epoch in self.epochs]
        self.clock = _columns(clocks)
        self.fold = np.array([clock.fold for clock in clocks], dtype=bool)
        self.twice = np.array(
            [
                clock.replace(fold=0).utcoffset() != clock.replace(fold=1).utcoffset()
                for clock in clocks
            ]
        )
        naive = [clock.replace(tzinfo=None, fold=0) for clock in clocks]
        lost = []  # wall time, the instant its gap ends, the instant it is moved to
        for before, after, epoch in zip(naive, naive[1:], self.epochs[1:], strict=False):
            wall = before + MINUTE
            while wall < after:
                moved = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
                lost.append((wall, int(epoch), int(moved.timestamp())))
                wall += MINUTE
        self.lost = _columns([wall for wall, _, _ in lost])
        self.gap_end = np.array([end for _, end, _ in lost], dtype=int)
        self.moved = np.array([moved for _, _, moved in lost], dtype=int)

    def fires(self, sets: Sets, gap: str = "skip", fold: str = "both") -> list[int]:
        """
        The epochs at which *sets* run.
        """
        hit = _match(sets, self.clock)
        if fold == "first":
            hit &= ~(self.twice & self.fold)
        elif fold == "second":
            hit &= ~(self.twice & ~self.fold)
        found = self.epochs[hit]
        if gap != "skip" and len(self.gap_end):
            lost = _match(sets, self.lost)
            extra = (self.gap_end if gap == "next" else self.moved)[lost]
            found = np.concatenate([found, extra[extra < self.stop]])
        return np.unique(found).tolist()


def _columns(clocks: list[datetime]) -> np.ndarray:
    rows = [(c.minute, c.hour, c.day, c.month, c.isoweekday() % 7) for c in clocks]
    return np.array(rows, dtype=int).reshape(-1, 5).T


def _match(sets: Sets, clock: np.ndarray) -> np.ndarray:
    minute, hour, day, month, weekday = clock
    hit = _table(sets.minutes, 60)[minute]
    hit &= _table(sets.hours, 24)[hour]
    hit &= _table(sets.months, 13)[month]
    days, weekdays = _table(sets.days, 32)[day], _table(sets.weekdays, 7)[weekday]
    either = sets.days is not None and sets.weekdays is not None and sets.day_rule == "any"
    return hit & (days | weekdays if either else days & weekdays)


@cache
def windows(zone: str, first_year: int = 2026, last_year: int = 2028) -> tuple[Window, ...]:
    """
    Three days around every change of the clocks of those years, and forty ordinary ones.
    """
    tz = ZoneInfo(zone)
    found = [Window(zone, date(last_year, 2, 1), 40)]
    hour = datetime(first_year, 1, 1, tzinfo=UTC)
    offset = hour.astimezone(tz).utcoffset()
    while hour.year <= last_year:
        hour += timedelta(hours=1)
        now = hour.astimezone(tz).utcoffset()
        if now != offset:
            found.append(Window(zone, (hour - timedelta(days=2)).date(), 5))
            offset = now
    return tuple(found)
