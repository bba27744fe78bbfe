"""
The fewest boxes (minutes x hours x days) that together mean some rules: one native text each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from schedkit.exceptions import SpecError
from schedkit.recurrence.grid import Grid, bits


if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from schedkit.recurrence.grid import Joins

    D = TypeVar("D", bound=Hashable)

_HOURS, _MINUTES = range(24), range(60)
_DAY, _ROW, _COLUMN = 1_440, (1 << 60) - 1, sum(1 << 60 * hour for hour in range(24))
_SHOWN = 100  # characters of a mask that an error repeats
WORDS = 64  # day specs that are tried


def boxes(
    rules: Sequence[tuple[int, D]],
    either: Callable[[D, D], D | None],
    *,
    disjoint: bool,
    apart: Callable[[D, D], bool] | None = None,
) -> tuple[tuple[tuple[int, ...], tuple[int, ...], D], ...]:
    """
    Return the fewest (minutes, hours, day spec) whose union is *rules*, sorted by first run.

    They are the fewest unless a limit is reached (`WORDS` here, three more in `grid.py`); then the
    best of: cut by hours, cut by minutes, large boxes first. Of equally many, one of these three
    goes before what a search finds, and the one that lists fewest values (a whole field lists
    none) before the others.

    Args:
        rules: Minutes of the day (bits 0 to 1439) and the days on which they run.
        either: The day spec that means just the days of one or the other, or None.
        disjoint: A minute is in two boxes only where *either* cannot say the days of both and no
            rule is known to be in both, or where they are *apart*. Else boxes may overlap.
        apart: Whether two day specs share no day; by default any two may share one.

    Raises:
        SpecError: A mask has a minute that no day has.
    """
    days = masks_of(rules)
    if not days:
        return ()
    if len(days) == 1:
        [(day, mask)] = days.items()
        product = _product(mask)
        if product:
            return ((*product, day),)
    rows, columns = by_class(list(days.values()))
    needs = [need for row in zip(*columns, strict=True) for need in row]
    words, joins = _vocabulary(list(days), either, needs)
    atoms = _atoms(len(days), len(words), joins)
    met = [(one, two) for one, two in joins if not (apart and apart(words[one], words[two]))]
    clash = _clashes(atoms, met) if disjoint else [0] * len(words)
    said = {need: _said(need, atoms, joins) for need in {*needs}}
    grid = Grid(rows, list(columns.values()), [said[need] for need in needs], atoms, clash)
    found = [(*grid.values(places), word) for word, places in grid.fewest()]
    found.sort(key=lambda box: (box[1][0], box[0][0], box))
    return tuple((minutes, hours, words[word]) for minutes, hours, word in found)


def masks_of(rules: Sequence[tuple[int, D]]) -> dict[D, int]:
    """
    Return the minutes of each day spec.

    Raises:
        SpecError: A mask has a minute that no day has.
    """
    days: dict[D, int] = {}
    for mask, day in rules:
        if mask >> _DAY:
            raise SpecError(
                f"minutes {mask:#x}"[:_SHOWN], "a day has 1440", "set only bits 0 to 1439"
            )
        if mask:
            days[day] = days.get(day, 0) | mask
    return days


def _product(mask: int) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    hour, minute = divmod((mask & -mask).bit_length() - 1, 60)
    row, column = mask >> 60 * hour & _ROW, mask >> minute & _COLUMN
    if row * column != mask:
        return None
    return bits(row), tuple([place // 60 for place in bits(column)])


def by_class(
    masks: list[int],
) -> tuple[list[list[int]], dict[tuple[int, ...], list[int]]]:
    """
    Return the hours, and the minutes by what they need in each of those, that are alike.
    """
    rows: dict[tuple[int, ...], list[int]] = {}
    for hour in _HOURS:
        row = tuple([mask >> 60 * hour & _ROW for mask in masks])
        if any(row):
            rows.setdefault(row, []).append(hour)
    columns: dict[tuple[int, ...], list[int]] = {}
    for minute in _MINUTES:
        column = tuple([sum((m >> minute & 1) << i for i, m in enumerate(row)) for row in rows])
        if any(column):
            columns.setdefault(column, []).append(minute)
    return list(rows.values()), columns


def _vocabulary(
    rules: list[D], either: Callable[[D, D], D | None], needs: Iterable[int]
) -> tuple[list[D], Joins]:
    words = {day: number for number, day in enumerate(rules)}
    for need in sorted({*needs} - {0}):  # what one minute needs, before there are too many
        whole, *others = [rules[number] for number in bits(need)]
        for other in others:
            whole = either(whole, other) or whole
            words.setdefault(whole, len(words))
    found, joins = list(words), {}
    for right, day in enumerate(found):  # grows meanwhile
        for left in range(right):
            both = either(found[left], day)
            if both is not None and both not in words and len(words) < WORDS:
                words[both] = len(words)
                found.append(both)
            if both in words:
                joins[left, right] = words[both]
    return found, joins


def _atoms(rules: int, words: int, joins: Joins) -> list[int]:
    """
    Return, for each word, the rules (bits) that it contains as far as *joins* tell.

    A rule that is the sum of smaller words is left out: its days are theirs.
    """
    known = [1 << word if word < rules else 0 for word in range(words)]
    before: list[int] = []
    while before != known:
        before = known[:]
        for (left, right), both in joins.items():
            known[both] |= known[left] | known[right]
    sums = 0
    for (left, right), both in joins.items():
        if both < rules and not (known[left] | known[right]) >> both & 1:
            sums |= 1 << both
    return [atoms & ~sums for atoms in known]


def _clashes(atoms: list[int], joined: Iterable[tuple[int, int]]) -> list[int]:
    """
    Return, for each word, those (bits) that may not share a minute with it.
    """
    found = [
        sum(1 << other for other, theirs in enumerate(atoms) if mine & theirs) for mine in atoms
    ]
    for left, right in joined:
        found[left] |= 1 << right
        found[right] |= 1 << left
    return found


def _said(need: int, atoms: list[int], joins: Joins) -> int:
    """
    Return all atoms whose days are within those of the rules in *need*.
    """
    found, before = 0, -1
    for rule in bits(need):
        found |= atoms[rule]
    while before != found:
        before = found
        for (left, right), both in joins.items():
            if not (atoms[left] | atoms[right]) & ~found:
                found |= atoms[both]
    return found
