"""
The fewest boxes where it counts which days the day specs of a language have in common.

`cover.boxes` knows of two specs only whether one text can say both. Here each is its days, as
bits, so that no run is said twice if that can be helped, and what others say is left out.
"""

from __future__ import annotations

from itertools import chain, combinations, islice
from typing import TYPE_CHECKING, TypeVar

from schedkit.recurrence.cover import by_class, masks_of
from schedkit.recurrence.days import LENGTHS
from schedkit.recurrence.grid import Grid, bits


if TYPE_CHECKING:
    from collections.abc import Callable, Container, Hashable, Iterable, Sequence

    D = TypeVar("D", bound=Hashable)
    Box = tuple[tuple[int, ...], tuple[int, ...], D]

_LENGTHS = [(month, length) for month, each in enumerate(LENGTHS, 1) for length in each]
_WEEK = range(7)
_BITS = 32  # of a month
TRIED = 2_000  # day specs that are looked at
WORDS = 256  # of those, the ones that fit somewhere
CLASSES = 8  # of values, whose unions are tried
STEPS = 2_000  # of looking whether the days of one minute can be said without saying one twice


def fewer(
    known: Sequence[Box[D]],
    rules: Sequence[tuple[int, D]],
    words: Callable[[Sequence[D]], Iterable[D]],
    days: Callable[[D], int],
    *,
    disjoint: bool,
) -> tuple[Box[D], ...]:
    """
    Return fewer boxes than *known* that mean *rules*, or *known*.

    Args:
        known: Boxes that mean *rules*.
        rules: Minutes of the day (bits) and the days on which they run.
        words: What else the language can say with the values of some day specs.
        days: The days of a spec, as bits.
        disjoint: Whether two boxes may share a run only where that cannot be helped; then there
            may be more of them than are known.
    """
    masks = masks_of(rules)
    if len(masks) < 2 or len(known) < 2:
        return tuple(known)
    rows, columns = by_class(list(masks.values()))
    places = [need for row in zip(*columns, strict=True) for need in row]
    sets = {need: _union(days(rule) for rule in _picked(masks, need)) for need in {*places} - {0}}
    others = islice(words(list(masks)), TRIED)
    fitting = _fitting(chain(masks, others), days, sets.values(), whole=not disjoint)
    atoms = _atoms([*fitting, *sets.values()])
    said = [_inside(atoms, each) for each in fitting]
    needs = {need: _inside(atoms, each) for need, each in sets.items()}
    if any(_union(word for word in said if not word & ~need) != need for need in needs.values()):
        return tuple(known)  # a limit left out what is needed
    clash = [0] * len(said)
    if disjoint and all(_sayable(need, said) for need in needs.values()):
        clash = [sum(1 << i for i, other in enumerate(said) if one & other) for one in said]
    grid = Grid(rows, list(columns.values()), [needs.get(each, 0) for each in places], said, clash)
    found = [(*grid.values(box), word) for word, box in grid.fewest()]
    if not (len(found) < len(known) or (any(clash) and doubled(known, days))):
        return tuple(known)
    found.sort(key=lambda box: (box[1][0], box[0][0], box))
    specs = list(fitting.values())
    return tuple((minutes, hours, specs[word]) for minutes, hours, word in found)


def doubled(found: Iterable[Box[D]], days: Callable[[D], int]) -> bool:
    """
    Whether two boxes share a run.
    """
    return any(
        {*one[0]} & {*other[0]} and {*one[1]} & {*other[1]} and days(one[2]) & days(other[2])
        for one, other in combinations(found, 2)
    )


def of_months(months: Container[int], days: Callable[[int], int]) -> int:
    """
    Return days as bits: month and its length, then as *days* has them for a month of that length.
    """
    found = 0
    for place, (month, length) in enumerate(_LENGTHS):
        if month in months:
            found |= days(length) << _BITS * len(_WEEK) * place
    return found


def of_weeks(days: Callable[[int], int]) -> int:
    """
    Return the days of a month as bits: the weekday of its first day, then as *days* has them then.
    """
    return sum(days(first) << _BITS * first for first in _WEEK)


def classes(sets: Iterable[Iterable[int]]) -> list[tuple[int, ...]]:
    """
    Return all unions of those values that are in just the same ones of *sets*, the largest first;
    nothing if there are too many.
    """
    found: dict[tuple[int, ...], list[int]] = {}
    sets = [frozenset(each) for each in sets]
    for value in sorted(frozenset().union(*sets)):
        found.setdefault(tuple(value in each for each in sets), []).append(value)
    if len(found) > CLASSES:
        return []
    sizes = range(len(found), 0, -1)
    unions = chain.from_iterable(combinations(found.values(), size) for size in sizes)
    return [tuple(sorted(chain(*each))) for each in unions]


def _picked(masks: Iterable[D], need: int) -> list[D]:
    rules = list(masks)
    return [rules[number] for number in bits(need)]


def _union(sets: Iterable[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found


def _fitting(
    words: Iterable[D], days: Callable[[D], int], needs: Iterable[int], *, whole: bool
) -> dict[int, D]:
    """
    The specs which say nothing too much somewhere, by their days; only the largest if *whole*.
    """
    needs = list(needs)
    found: dict[int, D] = {}
    for word in words:
        said = days(word)
        if said and any(not said & ~need for need in needs):
            found.setdefault(said, word)
    if whole:
        fits = {said: tuple(not said & ~need for need in needs) for said in found}
        found = {
            said: word
            for said, word in found.items()
            if not any(
                said != other and not said & ~other and fits[said] == fits[other]
                for other in found
            )
        }
    return dict(list(found.items())[:WORDS])


def _atoms(sets: Iterable[int]) -> list[int]:
    """
    The parts into which sets cut one another.
    """
    found: list[int] = []
    for each in sets:
        rest = each & ~_union(found)
        parts = (part for atom in found for part in (atom & each, atom & ~each))
        found = [part for part in (*parts, rest) if part]
    return found


def _inside(atoms: Iterable[int], days: int) -> int:
    return sum(1 << number for number, atom in enumerate(atoms) if not atom & ~days)


def _sayable(need: int, words: Sequence[int]) -> bool:
    """
    Whether some of *words* are together *need*, and no two of them share an atom.
    """
    fitting = [word for word in words if not word & ~need]
    left, steps = [need], 0
    while left and steps < STEPS:
        steps += 1
        now = left.pop()
        if not now:
            return True
        first = now & -now
        left += [now & ~word for word in fitting if word & first and not word & ~now]
    return False
