"""
The part of a proof that is arithmetic: steady intervals on both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from schedkit.recurrence.checks import epoch
from schedkit.recurrence.compare import bounds
from schedkit.recurrence.dialects import course
from schedkit.recurrence.when import Every, Window
from schedkit.recurrence.zones import FIRST


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schedkit.recurrence.dialects import Reader
    from schedkit.recurrence.when import When


def without_paces(
    asked: Sequence[When], readers: Sequence[Reader]
) -> tuple[list[When], list[Reader], int]:
    """
    Take away the steady intervals that both sides have, in step for all time or from the same
    first run to the same last one; count them.
    """
    left, right, count = list(asked), list(readers), 0
    paces: set[tuple[int, int]] = set()
    for part in asked:
        pace, steady = _steady(part)
        same = next((reader for reader in right if _alike(reader, pace, steady)), None)
        if same is not None:
            left.remove(part)
            right.remove(same)
            count += 1
            paces |= {pace} if pace else set()
    left = [part for part in left if not _within(part, paces)]
    return left, right, count


def _alike(
    reader: Reader, pace: tuple[int, int] | None, steady: tuple[int, int, int | None] | None
) -> bool:
    if pace is not None:
        return reader.pace == pace
    return steady is not None and reader.course == steady


def _steady(part: When) -> tuple[tuple[int, int] | None, tuple[int, int, int | None] | None]:
    """
    The pace of an interval, or its course where it has a beginning or an end.
    """
    inside, _, _ = bounds(part)
    if not isinstance(inside, Every):
        return None, None
    phase = epoch(inside.anchor)
    if part is inside:
        return (inside.interval, phase % inside.interval), None
    start, end = cast("Window", part).bounds
    return None, course(inside.interval, phase, FIRST if start is None else start, end)


def _within(part: When, paces: Iterable[tuple[int, int]]) -> bool:
    """
    Whether all instants of an interval are among those of *paces*.
    """
    return isinstance(part, Every) and any(
        part.interval % step == 0 and epoch(part.anchor) % step == phase for step, phase in paces
    )
