"""
Spread schedules that would all start on the hour.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.dialects.fields import DAY, parts, rectangles
from schedkit.recurrence.durations import duration
from schedkit.recurrence.when import Every, Once, Union, Window
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.when import When

MORE = 3  # calendars that a shift may add where it breaks the product of minutes and hours
BEFORE, AFTER = 2 * DAY, 3 * DAY
MINUTES_OF_DAY = 1_440


@lru_cache(maxsize=1_024)
def offset(when: When, limit: int, seed: str) -> tuple[int, When]:
    """
    Delay every run of *when* by the same whole minutes, at most *limit* seconds: return both.

    Schedules with different seeds spread over the minutes, and one seed always gets the same one,
    on every machine and however often the program runs. Of the minutes, in the order of their
    hash, the first is taken that keeps each run on its own day and needs no further calendar, else
    up to three more; around every change of the clocks in ten years each run must still have just
    one run of the shifted schedule after it, within the limit.

    Args:
        limit: Seconds; the offset is at least a minute.
        seed: Whatever tells the schedules apart, such as the project, the stack and the name.

    Raises:
        NotExpressibleError: No such offset.
    """
    if isinstance(when, Window):
        shift, inside = offset(when.when, limit, seed)
        later = timedelta(seconds=shift)
        bounds = (at and at + later for at in (when.start, when.end))
        return shift, Window(inside, *bounds)
    if limit < 60:
        raise NotExpressibleError(
            f"jitter {duration(limit)}",
            "schedules fire on whole minutes",
            "give at least 1m",
            feature="schedule.jitter",
        )
    order = _shuffled(limit // 60, seed)
    sizes: dict[int, int] = {}
    for size in range(MORE + 1):
        for shift in order:
            if shift not in sizes:
                sizes[shift] = _more(when, shift)
            if sizes[shift] == size:
                shifted = _shifted(when, shift)
                if _one_to_one(when, shifted, shift * 60, limit):
                    return shift * 60, shifted
    raise NotExpressibleError(
        f"jitter {duration(limit)}",
        "no such delay keeps each run on its own day, and runs one to one when the clocks change",
        "run earlier in the day, keep away from the hours at which clocks change, or leave it out",
        feature="schedule.jitter",
    )


def _shuffled(count: int, seed: str) -> list[int]:
    """
    The numbers from 1 to *count* in the order of their hash with the seed.
    """
    return sorted(range(1, count + 1), key=lambda n: sha256(f"{n} {seed}".encode()).digest())


def _more(when: When, shift: int) -> int:
    """
    How many calendars more the shift needs; too many when it leaves the day.
    """
    masks = [calendar.minute_mask << shift for calendar in when.calendars()]
    if any(mask >> MINUTES_OF_DAY for mask in masks):
        return MORE + 1
    return sum(len(rectangles(mask)) - 1 for mask in masks)


def _shifted(when: When, shift: int) -> When:
    members = [each for part in parts(when) for each in _part_shifted(part, shift)]
    return members[0] if len(members) == 1 else Union(*members)


def _part_shifted(part: When, shift: int) -> Iterator[When]:
    later = timedelta(minutes=shift)
    if isinstance(part, Every):
        yield Every(timedelta(seconds=part.interval), part.anchor + later)
    if isinstance(part, Once):
        yield Once(part.instant + later)
    for calendar in part.calendars():
        for minutes, hours in rectangles(calendar.minute_mask << shift):
            yield attrs.evolve(calendar, minutes=minutes, hours=hours)


def _one_to_one(when: When, shifted: When, shift: int, limit: int) -> bool:
    zones = {part.timezone for part in parts(when)}
    changes = {change.epoch for zone in zones for change in Zone.of(zone).changes(*horizon())}
    for change in changes:
        low, high = change - BEFORE, change + AFTER
        runs, later = list(when.epochs(low, high)), list(shifted.epochs(low + shift, high + shift))
        if len(runs) != len(later):
            return False
        if not all(run < after <= run + limit for run, after in zip(runs, later, strict=True)):
            return False
    return True
