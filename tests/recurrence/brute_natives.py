"""
The fewest native texts by trying all texts of a small universe, as the platform reads them.

The universe: minutes are any of {0}, {30}; hours any of 0, 3, 6, ..., of 1, 4, 7, ... and of 2, 5,
8, ...; months January and March, or the ten others; days the 1st, the 31st, and all between;
weekdays Monday, Tuesday to Friday, and the weekend. Values of one such block stand or fall
together, in the schedules and in the texts. Languages with marks have some besides.
"""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import TYPE_CHECKING

from schedkit.recurrence.dialects import Native


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schedkit.recurrence.dialects import Dialect

MINUTES = ((0,), (30,))
HOURS = tuple(tuple(range(first, 24, 3)) for first in range(3))
MONTHS = ((1, 3), (2, 4, 5, 6, 7, 8, 9, 10, 11, 12))
DAYS = ((1,), tuple(range(2, 31)), (31,))
WEEKDAYS = ((1,), (2, 3, 4, 5), (0, 6))
NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
KINDS = tuple(product(range(7), (False, True)))
WIDTH = 366


def some(blocks: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    """
    Return the values of one or several blocks, in every way.
    """
    sizes = range(1, len(blocks) + 1)
    picked = chain.from_iterable(combinations(blocks, size) for size in sizes)
    return [tuple(sorted(chain(*each))) for each in picked]


def year(days: Callable[[int, bool], int]) -> int:
    """
    Return the days of all kinds of year, one after the other.
    """
    return sum(days(*kind) << WIDTH * place for place, kind in enumerate(KINDS))


def unix_texts() -> Iterator[str]:
    """
    Five fields, each a list or `*`: either day field, both, or none. No day field has a step.
    """
    fields = [some(blocks) for blocks in (MINUTES, HOURS, MONTHS, DAYS, WEEKDAYS)]
    minutes, hours, months, days, weekdays = ([_listed(v) for v in each] for each in fields)
    for found in product(minutes, hours, ["*", *days], months, ["*", *weekdays]):
        yield " ".join(found)


def aws_texts() -> Iterator[str]:
    """
    The cron of AWS with plain days, `L`, `15W`, and the first, fifth and last Monday.
    """
    minutes, hours, months = ([_listed(v) for v in some(b)] for b in (MINUTES, HOURS, MONTHS))
    days = [*map(_listed, some(DAYS)), "L", "15W"]
    weekdays = [",".join(NAMES[each] for each in found) for found in some(WEEKDAYS)]
    either = [(each, "?") for each in days]
    either += [("?", each) for each in (*weekdays, "2#1", "2#5", "2L")]
    for minute, hour, month, (day, weekday) in product(minutes, hours, months, either):
        yield f"cron({minute} {hour} {day} {month} {weekday} *)"


def quartz_texts() -> Iterator[str]:
    """
    As AWS, with a second first.
    """
    for text in aws_texts():
        yield f"0 {text[5:-3]}"


def systemd_texts() -> Iterator[str]:
    """
    Weekdays and dates, of which both must fit; `~01` is the last day, `~07..01` the last seven.
    """
    fields = [some(blocks) for blocks in (MINUTES, HOURS, MONTHS)]
    minutes, hours, months = ([_listed(values) for values in each] for each in fields)
    days = [*("-" + _listed(found) for found in some(DAYS)), "~01", "~01..07"]
    weekdays = [",".join(NAMES[each] for each in found) for found in some(WEEKDAYS)]
    for minute, hour, month, day, weekday in product(minutes, hours, months, days, weekdays):
        yield f"{weekday} *-{month}{day} {hour}:{minute}:00 UTC"


def _listed(values: Iterable[int]) -> str:
    return ",".join(map(str, values))


class Universe:
    """
    All texts of a language, each as the cells (bits) on which it fires.

    A cell is a class of minutes and days that no text tells apart.
    """

    def __init__(self, dialect: Dialect, texts: Iterable[str], timezone: str) -> None:
        said = []
        for text in texts:
            (reader,) = dialect.readers(Native(text, timezone))
            said.append((reader.minutes, year(reader.year_days)))
        self.times = list(_classes({minutes for minutes, _ in said}))
        self.days = list(_classes({days for _, days in said}))
        self.boxes = {self.cells(*each) for each in said}

    def cells(self, minutes: int, days: int) -> int:
        """
        Return the cells of minutes of the day (bits) on days of all kinds of year.
        """
        row = sum(1 << place for place, each in enumerate(self.days) if not each & ~days)
        rest = days
        for each in self.days:
            rest &= ~each if not each & ~days else rest
        assert not rest, "days outside the universe"
        cells = minute_rest = 0
        for place, each in enumerate(self.times):
            if not each & ~minutes:
                cells |= row << place * len(self.days)
                minute_rest |= each
        assert minute_rest == minutes, "minutes outside the universe"
        return cells


def _classes(masks: set[int]) -> set[int]:
    """
    The parts into which overlapping sets cut one another.
    """
    found: set[int] = set()
    for mask in masks:
        parts = {part for each in found for part in (each & mask, each & ~mask)}
        whole = 0
        for each in found:
            whole |= each
        found = (parts | {mask & ~whole}) - {0}
    return found


def fewest(target: int, boxes: Iterable[int], *, disjoint: bool, below: int) -> int | None:
    """
    Return the least number of boxes that together are just *target*, if it is less than *below*.

    Args:
        disjoint: Whether no two of them may share a cell.
    """
    fitting = sorted(box for box in boxes if not box & ~target)
    search = _Search(target, fitting if disjoint else _widest(fitting), disjoint=disjoint)
    counts = range(search.bound(target), below)
    return next((count for count in counts if search.found(target, count)), None)


class _Search:
    """
    Cover one cell after the other, those that fewest boxes have first.
    """

    def __init__(self, target: int, boxes: list[int], *, disjoint: bool) -> None:
        cells = _distinct(target, boxes)
        self.boxes = {cell: [box for box in boxes if box & cell] for cell in cells}
        self.order = sorted(cells, key=lambda cell: len(self.boxes[cell]))
        self.reach = {cell: _union(self.boxes[cell]) for cell in cells}
        self.disjoint = disjoint
        self.failed: dict[int, int] = {}

    def bound(self, left: int) -> int:
        """
        Count cells of which no two are in one box.
        """
        count = 0
        for cell in self.order:
            if left & cell:
                left &= ~self.reach[cell]
                count += 1
        return count

    def found(self, left: int, count: int) -> bool:
        """
        Say whether so many boxes can cover what is left.
        """
        if not left:
            return True
        if self.failed.get(left, -1) >= count or self.bound(left) > count:
            return False
        cell = next(cell for cell in self.order if left & cell)
        for box in sorted(self.boxes[cell], key=lambda box: -(box & left).bit_count()):
            if self.disjoint and box & ~left:
                continue
            if self.found(left & ~box, count - 1):
                return True
        self.failed[left] = count
        return False


def _widest(boxes: list[int]) -> list[int]:
    found: list[int] = []
    for box in sorted(boxes, key=int.bit_count, reverse=True):
        if all(box & ~other for other in found):
            found.append(box)
    return found


def _distinct(target: int, boxes: list[int]) -> list[int]:
    """
    One cell of those which are in the same boxes.
    """
    cells = (1 << place for place in range(target.bit_length()) if target >> place & 1)
    found = {tuple(number for number, box in enumerate(boxes) if box & c): c for c in cells}
    return list(found.values())


def _union(boxes: Iterable[int]) -> int:
    found = 0
    for box in boxes:
        found |= box
    return found
