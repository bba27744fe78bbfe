"""
Which of the runs that two schedules do not share are one run that moved.
"""

from __future__ import annotations

from collections import Counter
from itertools import tee
from operator import sub
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_END = 1 << 62  # after every run


def typical_gap(runs: Iterable[int], window: int) -> int:
    """
    The (lower) median of the gaps between neighbours.
    """
    before, after = tee(runs)
    next(after, None)
    gaps: Counter[int] = Counter(map(sub, after, before))
    left = (gaps.total() + 1) // 2
    for gap in sorted(gaps):
        left -= gaps[gap]
        if left <= 0:
            return gap
    return window


def pairs(
    old: Iterator[int], new: Iterator[int], gap: int
) -> Iterator[tuple[int | None, int | None]]:
    """
    Every run once, in order: as both its instants, or with None for the one that is missing.
    """
    chain: list[int] = []  # neighbours, lost and added in turn, any two of which may be one run
    last = True
    for found, is_old, is_new in _merged(old, new):
        near = chain and is_old is not is_new and is_old is not last
        if chain and not (near and (found - chain[-1]) * 2 < gap):
            yield from _matched(chain, last)
            chain.clear()
        if is_old and is_new:
            yield found, found
        else:
            chain.append(found)
            last = is_old
    yield from _matched(chain, last)


def _merged(old: Iterator[int], new: Iterator[int]) -> Iterator[tuple[int, bool, bool]]:
    one, other = next(old, _END), next(new, _END)
    while (found := min(one, other)) < _END:
        yield found, one == found, other == found
        if one == found:
            one = next(old, _END)
        if other == found:
            other = next(new, _END)


def _matched(chain: list[int], last_is_old: bool) -> Iterator[tuple[int | None, int | None]]:
    """
    Make pairs of neighbours; in an odd chain one run, the best to do without, stays alone.
    """
    alone = _best_alone(chain) if len(chain) % 2 else None
    is_old = last_is_old is (len(chain) % 2 == 1)
    index = 0
    while index < len(chain):
        if index == alone:
            yield (chain[index], None) if is_old else (None, chain[index])
            is_old, index = not is_old, index + 1
        else:
            one, other = chain[index : index + 2]
            yield (one, other) if is_old else (other, one)
            index += 2


def _best_alone(chain: list[int]) -> int:
    """
    The index without which the shifts of all pairs are least in sum; the first of several.
    """
    steps = list(map(sub, chain[1:], chain))
    best, least, total = 0, 0, 0  # compared with leaving out the first
    for index in range(0, len(steps), 2):
        total += steps[index] - steps[index + 1]
        if total < least:
            best, least = index + 2, total
    return best
