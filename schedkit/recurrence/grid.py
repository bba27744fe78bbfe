"""
The search for the fewest boxes on a grid of hours and minutes; sets are the bits of integers.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Joins = dict[tuple[int, int], int]  # the word that says either of two
    Cell = tuple[int, int]  # an atom, and a place where it is needed
    Box = tuple[int, int]  # a word, and the places where it is said
    State = tuple[tuple[int, ...], tuple[int, ...]]  # Grid.todo and Grid.free, later

CELLS = 200  # of a grid that is searched
CHOICES = 2_000  # boxes around one cell
NODES = 5_000  # boxes that one search tries
MORE = 4  # boxes beyond those that share a place, to say each place once


@lru_cache(maxsize=4_096)
def bits(mask: int) -> tuple[int, ...]:
    """
    Return the places of the bits that are set.
    """
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


class _TooLongError(Exception):
    pass


class Grid:
    """
    Classes of equal hours x classes of equal minutes: place `row * width + column`.

    Args:
        hours: The hours of each row.
        minutes: The minutes of each column.
        needs: For each place, the atoms that must be said there and alone may be.
        atoms: The atoms that each word says.
        clash: For each word, the words that may not be said at the same place; empty, any may.
    """

    def __init__(
        self,
        hours: list[list[int]],
        minutes: list[list[int]],
        needs: list[int],
        atoms: list[int],
        clash: list[int],
    ) -> None:
        self.hours, self.minutes, self.needs = hours, minutes, needs
        self.height, self.width = len(hours), len(minutes)
        self.column = self._box(range(self.height), 1)
        self.atoms, self.clash = atoms, clash
        count = max(need.bit_length() for need in needs)
        self.start: State = (
            tuple(_mask(need >> atom & 1 for need in needs) for atom in range(count)),
            tuple(_mask(need and not said & ~need for need in needs) for said in atoms),
        )
        self.nodes = NODES
        self.failed: dict[State, int] = {}
        self.cells: list[Cell] = []
        self.reach: dict[Cell, list[int]] = {}

    def fewest(self) -> list[Box]:
        """
        Return the fewest boxes that can be found within the limits.
        """
        known = [found for found in self._simple() if found]
        fair = [found for found in known if not self._clashes(found)]
        best = min(fair or known, key=self._weight)
        if sum(places.bit_count() for places in self.start[0]) > CELLS:
            return best
        self._look_around()
        try:
            most = len(best) if fair else len(best) + MORE
            for count in range(self._bound(self.start[0]), most):
                found = self._search(self.start, count)
                if found is not None:
                    return found
        except _TooLongError:
            pass
        return best

    def values(self, places: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """
        Return the minutes and the hours of a box.
        """
        rows = [row for row in range(self.height) if self._row(places, row)]
        columns = bits(self._row(places, rows[0]))
        minutes = sorted(minute for column in columns for minute in self.minutes[column])
        return tuple(minutes), tuple(sorted(hour for row in rows for hour in self.hours[row]))

    def _row(self, places: int, row: int) -> int:
        return places >> row * self.width & (1 << self.width) - 1

    def _box(self, rows: Iterable[int], columns: int) -> int:
        return sum(columns << row * self.width for row in rows)

    def _weight(self, found: list[Box]) -> tuple[int, int]:
        sides = [side for _, places in found for side in self.values(places)]
        minutes, hours = sides[::2], sides[1::2]
        return len(found), sum(len(m) % 60 for m in minutes) + sum(len(h) % 24 for h in hours)

    def _clashes(self, found: list[Box]) -> bool:
        return any(
            self.clash[one] >> other & 1 and here & there
            for (one, here), (other, there) in combinations(found, 2)
        )

    def _after(self, state: State, box: Box) -> State:
        todo, free = state
        word, places = box
        said, barred = self.atoms[word], self.clash[word]
        return (
            tuple(was & ~places if said >> atom & 1 else was for atom, was in enumerate(todo)),
            tuple(was & ~places if barred >> other & 1 else was for other, was in enumerate(free)),
        )

    def _gain(self, todo: tuple[int, ...], box: Box) -> int:
        return sum((todo[atom] & box[1]).bit_count() for atom in bits(self.atoms[box[0]]))

    # Without a search

    def _simple(self) -> Iterator[list[Box]]:
        widest = sorted(range(len(self.atoms)), key=lambda word: -self.atoms[word].bit_count())
        yield self._cut(widest, force=True)
        yield self._cut(widest[::-1], force=False)
        found: list[Box] = []
        state = self.start
        while any(state[0]):
            choices = self._large(state)
            if not choices:
                return
            found.append(max(choices, key=lambda box: self._gain(state[0], box)))
            state = self._after(state, found[-1])
        yield found

    def _cut(self, order: list[int], *, force: bool) -> list[Box]:
        """
        Say each place in the first words of *order* that fit, and cut each word's places.

        Return nothing where words that clash are needed at one place, unless by *force*.
        """
        chosen: dict[int, list[int]] = {}
        for need in dict.fromkeys(self.needs):
            left, barred, chosen[need] = need, 0, []
            for number, word in enumerate(order * (1 + force)):
                said = self.atoms[word]
                forced = number >= len(order)
                if said & left and not said & ~need and (forced or not barred >> word & 1):
                    chosen[need].append(word)
                    left, barred = left & ~said, barred | self.clash[word]
            if left:
                return []
        return [
            (word, places)
            for word in order
            for places in self._split(_mask(word in chosen[need] for need in self.needs))
        ]

    def _split(self, places: int) -> list[int]:
        """
        Cut *places* by hours or by minutes, whichever makes fewer boxes of fewer values.
        """
        rows: dict[int, list[int]] = {}
        for row in range(self.height):
            rows.setdefault(self._row(places, row), []).append(row)
        columns: dict[int, int] = {}
        for column in range(self.width):
            down = places & self._box(range(self.height), 1 << column)
            columns[down >> column] = columns.get(down >> column, 0) | 1 << column
        by_hour = [self._box(found, part) for part, found in rows.items() if part]
        by_minute = [
            self._box((row for row in range(self.height) if self._row(down, row)), part)
            for down, part in columns.items()
            if down
        ]
        return min(by_hour, by_minute, key=lambda cut: self._weight([(0, part) for part in cut]))

    def _large(self, state: State) -> list[Box]:
        """
        Return large boxes around the first cell that is left.
        """
        todo, free = state
        atom = next(atom for atom, places in enumerate(todo) if places)
        row, column = divmod((todo[atom] & -todo[atom]).bit_length() - 1, self.width)
        found = []
        for word, places in enumerate(free):
            rows = [self._row(places, other) for other in range(self.height)]
            if not self.atoms[word] >> atom & 1 or not rows[row] >> column & 1:
                continue
            for part in dict.fromkeys(rows[row] & other for other in rows):
                if part >> column & 1:
                    fitting = (at for at, other in enumerate(rows) if not part & ~other)
                    found.append((word, self._box(fitting, part)))
        return found

    # With a search

    def _look_around(self) -> None:
        """
        Note for each cell (atom, place) which cells can be in one box with it; fewest first.
        """
        todo, free = self.start
        for atom, places in enumerate(todo):
            for place in bits(places):
                near = [0] * len(todo)
                for word, fits in enumerate(free):
                    if self.atoms[word] >> atom & 1 and fits >> place & 1:
                        box = self._around(fits, *divmod(place, self.width))
                        for other in bits(self.atoms[word]):
                            near[other] |= box
                self.reach[atom, place] = near
        self.cells = sorted(
            self.reach, key=lambda cell: sum(near.bit_count() for near in self.reach[cell])
        )

    def _around(self, places: int, row: int, column: int) -> int:
        rows = [self._row(places, other) for other in range(self.height)]
        return sum(
            (rows[row] & other) << number * self.width
            for number, other in enumerate(rows)
            if other >> column & 1
        )

    def _bound(self, todo: tuple[int, ...]) -> int:
        """
        Return a number of boxes without which *todo* cannot be said.

        Cells of which no two fit into one box need one each; and boxes that share nothing add up
        to a matrix (over GF(2)) of at most their number as rank.
        """
        left, apart = list(todo), 0
        for atom, place in self.cells:
            if left[atom] >> place & 1:
                apart += 1
                near = self.reach[atom, place]
                left = [was & ~box for was, box in zip(left, near, strict=True)]
        if not any(self.clash):
            return apart
        basis: list[int] = []
        for row in range(self.height):
            vector = 0
            for places in todo:
                vector = vector << self.width | self._row(places, row)
            for other in basis:
                vector = min(vector, vector ^ other)
            if vector:
                basis.append(vector)
        return max(apart, len(basis))

    def _search(self, state: State, count: int) -> list[Box] | None:
        todo, _ = state
        if not any(todo):
            return []
        if self.failed.get(state, -1) >= count or self._bound(todo) > count:
            return None
        atom, place = self._pivot(state)
        choices = self._choices(state, atom, place)
        for box in sorted(choices, key=lambda box: -self._gain(todo, box)):
            self.nodes -= 1
            if self.nodes < 0:
                raise _TooLongError
            found = self._search(self._after(state, box), count - 1)
            if found is not None:
                return [box, *found]
        self.failed[state] = count
        return None

    def _pivot(self, state: State) -> Cell:
        """
        Return the cell (atom, place) that is left and can be in the smallest boxes only.
        """
        todo, free = state
        room = dict.fromkeys((c for c in self.cells if todo[c[0]] >> c[1] & 1), 0)
        for atom, place in room:
            row, column = divmod(place, self.width)
            for word, places in enumerate(free):
                if self.atoms[word] >> atom & 1 and places >> place & 1:
                    across = self._row(places, row).bit_count()
                    down = (places >> column & self.column).bit_count()
                    room[atom, place] += 1 << across + down
        return min(room, key=room.__getitem__)

    def _choices(self, state: State, atom: int, place: int) -> list[Box]:
        """
        Return the boxes that say a cell: all, or the largest where boxes may overlap.
        """
        row, column = divmod(place, self.width)
        found: dict[Box, None] = {}
        for word, places in enumerate(state[1]):
            if not self.atoms[word] >> atom & 1 or not places >> place & 1:
                continue
            rows = [self._row(places, other) for other in range(self.height)]
            parts = {rows[row]: None}
            for other in rows:
                if other >> column & 1:
                    parts.update(dict.fromkeys([part & other for part in parts]))
            for part in parts:
                fitting = [at for at, other in enumerate(rows) if not part & ~other]
                for some in _subsets(fitting, row) if self.clash[word] else [fitting]:
                    for few in _subsets(bits(part), column) if self.clash[word] else [bits(part)]:
                        found[word, self._box(some, sum(1 << at for at in few))] = None
                        if len(found) > CHOICES:
                            raise _TooLongError
        return list(found)


def _mask(values: Iterable[int]) -> int:
    return sum(1 << place for place, value in enumerate(values) if value)


def _subsets(values: Sequence[int], kept: int) -> Iterator[tuple[int, ...]]:
    """
    Yield the subsets that have *kept*, the largest first.
    """
    others = [value for value in values if value != kept]
    for size in range(len(others), -1, -1):
        for some in combinations(others, size):
            yield (*some, kept)
