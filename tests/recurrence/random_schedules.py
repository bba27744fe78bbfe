"""
Random schedules by the thousand, the same ones for one seed; plain code, for Hypothesis is slow.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from schedkit.exceptions import NeverFiresError
from schedkit.recurrence import (
    ANY,
    Calendar,
    Dst,
    Every,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
)


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence import When

ZONES = (  # summer time on both hemispheres, by half an hour, at midnight, in Ramadan, never
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Chatham",
    "Africa/Casablanca",
)
START = datetime(2026, 1, 1, tzinfo=UTC)
INTERVALS = (5, 7, 10, 15, 25, 30, 36, 40, 45, 60, 90, 96)
INTERVALS += (120, 160, 180, 240, 360, 420, 720, 1_440)


def schedules(count: int, seed: int) -> Iterator[When]:
    """
    Yield *count* schedules: two thirds as crons write them, the others with all the other words.
    """
    draw = random.Random(seed)
    for _ in range(count):
        yield _schedule(draw)


def _schedule(draw: random.Random) -> When:
    kind = draw.random()
    if kind < 0.66:
        return _calendar(draw, special=0)
    if kind < 0.80:
        return _calendar(draw, special=0.5)
    if kind < 0.86:
        return _every(draw)
    if kind < 0.89:
        return Once(START + timedelta(minutes=draw.randrange(5 * 366 * 1_440)))
    inside = _calendar(draw, special=0.1)
    if kind < 0.95:
        zone = draw.choice([None, inside.timezone])
        return Union(inside, _calendar(draw, special=0.1, zone=zone))
    start = START + timedelta(hours=draw.randrange(20_000))
    end = draw.choice([None, start + timedelta(hours=draw.randrange(1_000, 20_000))])
    return Window(inside, start=start, end=end)


def _every(draw: random.Random) -> Every:
    anchor = START + timedelta(minutes=draw.randrange(1_440))
    return Every(timedelta(minutes=draw.choice(INTERVALS)), anchor)


def _calendar(draw: random.Random, *, special: float, zone: str | None = None) -> Calendar:
    while True:
        days = _some(draw, 1, 31, 0.35)
        weekdays = _some(draw, 0, 6, 0.35)
        if draw.random() < special:
            days = [draw.choice([-1, -1, -2, NearestWeekday(draw.randint(1, 31))])]
        elif draw.random() < special:
            place = draw.choice([1, 2, 3, 4, 5, -1])
            weekdays = [NthWeekday(draw.randint(0, 6), place)]
        both = days is not ANY and weekdays is not ANY
        try:
            return Calendar(
                minutes=_clock(draw, 60),
                hours=_clock(draw, 24),
                days=days,
                months=_some(draw, 1, 12, 0.25),
                weekdays=weekdays,
                day_rule=("all" if draw.random() < 0.15 else "any") if both else None,
                timezone=zone or (draw.choice(ZONES) if draw.random() < 0.4 else "UTC"),
                dst=_policy(draw) if draw.random() < 0.08 else None,
            )
        except NeverFiresError:
            continue


def _policy(draw: random.Random) -> Dst:
    gap, fold = draw.choice(["skip", "next", "shift"]), draw.choice(["first", "second", "both"])
    return Dst(gap=gap, fold=fold)


def _some(draw: random.Random, low: int, high: int, often: float) -> object:
    return _values(draw, low, high) if draw.random() < often else ANY


def _clock(draw: random.Random, size: int) -> list[int]:
    kind = draw.random()
    if kind < 0.5:
        return [draw.randrange(size)]
    if kind < 0.6:
        return list(range(size))
    return _values(draw, 0, size - 1)


def _values(draw: random.Random, low: int, high: int) -> list[int]:
    kind = draw.random()
    if kind < 0.4:
        return [draw.randint(low, high)]
    if kind < 0.6:
        return list(range(low, high + 1, draw.randint(2, max(2, (high - low) // 2))))
    if kind < 0.8:
        first = draw.randint(low, high)
        return list(range(first, draw.randint(first, high) + 1))
    return sorted({draw.randint(low, high) for _ in range(draw.randint(2, 4))})
