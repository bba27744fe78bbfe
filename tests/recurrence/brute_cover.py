"""
The fewest boxes by breadth-first search over all boxes of a small universe: no bound, no classes.
"""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import TYPE_CHECKING, NamedTuple


if TYPE_CHECKING:
    from collections.abc import Collection

    Days = frozenset[str]
    Cell = tuple[int, int, str]  # minute, hour, atom


class Box(NamedTuple):
    """
    Minutes, hours and the atoms of one day spec.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days


def cells(box: Box) -> set[Cell]:
    """
    Return what a box says.
    """
    return set(product(*box))


def meet(one: Box, other: Box) -> bool:
    """
    Say whether two boxes share a minute of the day.
    """
    return not {*one.minutes}.isdisjoint(other.minutes) and not {*one.hours}.isdisjoint(
        other.hours
    )


def may_not_meet(one: Days, other: Days, words: Collection[Days], *, apart: bool) -> bool:
    """
    Say whether the days of two boxes forbid that they share a minute.
    """
    return bool(one & other) or (not apart and one | other in words)


def fewest(
    target: set[Cell], words: Collection[Days], *, disjoint: bool, apart: bool = False
) -> int:
    """
    Return the true minimum.
    """
    boxes = [box for box in _every(target, words) if cells(box) <= target]
    if not disjoint:
        sets = [frozenset(cells(box)) for box in boxes]
        boxes = [
            box for box, said in zip(boxes, sets, strict=True) if not any(map(said.__lt__, sets))
        ]
    places = sorted({(minute, hour) for minute, hour, _ in target})
    slots = [(place, word) for place in places for word in words]
    todo = {cell: 1 << number for number, cell in enumerate(sorted(target))}
    room = {slot: 1 << len(todo) + number for number, slot in enumerate(slots)}
    by_cell: dict[int, list[tuple[int, int]]] = {bit: [] for bit in todo.values()}
    for box in boxes:
        said = sum(todo[cell] for cell in cells(box))
        here = [*product(box.minutes, box.hours)]
        needed = sum(room[place, box.days] for place in here) if disjoint else 0
        taken = sum(
            room[place, word]
            for word in words
            if disjoint and may_not_meet(box.days, word, words, apart=apart)
            for place in here
        )
        for cell in cells(box):
            by_cell[todo[cell]].append((needed, said | taken))
    return _steps(sum(todo.values()), sum(room.values()), by_cell)


def _steps(todo: int, room: int, by_cell: dict[int, list[tuple[int, int]]]) -> int:
    layer, steps = {todo | room}, 0
    while all(state & todo for state in layer):
        layer = {
            state & ~gone
            for state in layer
            for needed, gone in by_cell[state & -state]
            if not needed & ~state
        }
        assert layer, "no boxes at all can say it"
        steps += 1
    return steps


def _every(target: set[Cell], words: Collection[Days]) -> list[Box]:
    minutes = sorted({minute for minute, _, _ in target})
    hours = sorted({hour for _, hour, _ in target})
    return [Box(*sides) for sides in product(_some(minutes), _some(hours), words)]


def _some(values: list[int]) -> list[tuple[int, ...]]:
    sizes = range(1, len(values) + 1)
    return list(chain.from_iterable(combinations(values, size) for size in sizes))
