"""
Days that move over midnight, when a schedule is told in another zone.

Moved are sets of days of the year, one set for each weekday: a move rotates the set, and
`_spelled` says it again in days of the month. Only 29 February can make that impossible. Not
tried are nth weekdays: day 22 if also the last Monday moves to a day 21 that only they can say.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import combinations, count
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NeverFiresError
from schedkit.recurrence.days import ANY, LENGTHS
from schedkit.recurrence.grid import bits


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schedkit.recurrence.sets import Calendar

YEAR = 365
WORDS = (*range(1, 32), *range(-1, -32, -1))  # days of a month, from its start and from its end
_WEEKLY = sum(1 << 7 * week for week in range(53))


def moved(calendar: Calendar, move: int) -> tuple[Calendar, ...]:
    """
    Calendars of the days that are *move* days after those of *calendar*; none if nothing says it.
    """
    if not move:
        return (calendar,)
    weekdays: dict[int, list[int]] = {}
    for weekday, days in enumerate(_days_by_weekday(calendar, move)):
        weekdays.setdefault(days, []).append(weekday)
    weekdays.pop(0, None)
    if not all(map(_spelled, weekdays)):
        return ()
    found = tuple(
        attrs.evolve(calendar, months=months, days=days, weekdays=on, day_rule="all")
        for pattern, on in weekdays.items()
        for months, days in _spelled(pattern)
    )
    either = _either(calendar, move) if calendar.day_rule == "any" else ()
    return either if 0 < len(either) <= len(found) else found


def _either(calendar: Calendar, move: int) -> tuple[Calendar, ...]:
    """
    Days and weekdays moved apart, and said by one calendar again where it has room for both.
    """
    try:
        dates = moved(attrs.evolve(calendar, weekdays=ANY, day_rule=None), move)
        weekdays = moved(attrs.evolve(calendar, days=ANY, day_rule=None), move)
    except NeverFiresError:  # one side is 30 February
        return ()
    if len(dates) != 1 or len(weekdays) != 1:
        return dates + weekdays if dates and weekdays else ()
    one, other = dates[0], weekdays[0]
    apart = one.days is not ANY and one.weekdays is ANY and other.days is ANY
    if apart and one.months == other.months:
        return (attrs.evolve(one, weekdays=other.weekdays, day_rule="any"),)
    return one, other


def _days_by_weekday(calendar: Calendar, move: int) -> list[int]:
    """
    For each weekday, the days of the year (bits) on which the moved calendar runs if they are
    that weekday; first of a common year, then, from bit 365, of a leap year.
    """
    found = [0] * 7
    for leap in (False, True):
        length = YEAR + leap
        turn, year = move % length, (1 << length) - 1
        for first in range(7):
            days = calendar.year_days(first, leap)
            for weekday in range(7):
                here = days & _WEEKLY << (weekday - first) % 7
                here = (here << turn | here >> length - turn) & year
                found[(weekday + move) % 7] |= here << YEAR * leap
    return found


@lru_cache(maxsize=1_024)
def _spelled(pattern: int) -> tuple[tuple[list[int], list[int]], ...]:
    """
    The fewest pairs of months and days of the month that together are the days of *pattern*;
    none if no pairs are.
    """
    words = _words()
    fits = {
        word: sum(1 << month for month, place in enumerate(places) if not place & ~pattern)
        for word, places in words.items()
    }
    covers: dict[int, int] = {}
    for months in _closed(set(fits.values()) - {0}):
        fitting = (words[word] for word in WORDS if not months & ~fits[word])
        covers[months] = _sum(places[month] for places in fitting for month in bits(months))
    if _sum(covers.values()) != pattern:
        return ()
    chosen = next(
        some
        for size in count(1)
        for some in combinations(sorted(covers, reverse=True), size)
        if _sum(covers[months] for months in some) == pattern
    )
    return _pairs(fits, {months: covers[months] for months in chosen})


def _pairs(
    fits: dict[int, int], covers: dict[int, int]
) -> tuple[tuple[list[int], list[int]], ...]:
    """
    Say the days that sets of months cover, each by one of the sets where possible.
    """
    words, pairs, rest = _words(), [], _sum(covers.values())
    for index, (months, cover) in enumerate(covers.items(), 1):
        wanted = rest & cover & ~_sum([*covers.values()][index:])
        here = [month for month in bits(months) if wanted & _month(month)]
        able = [word for word in WORDS if all(fits[word] >> month & 1 for month in here)]
        days = _fewest(able, here, wanted)
        rest &= ~_sum(words[day][month] for day in days for month in here)
        pairs.append(([month + 1 for month in here], days))
    return tuple(pairs)


def _closed(sets: set[int]) -> set[int]:
    """
    Add all intersections but the empty one.
    """
    found: set[int] = set()
    for each in sets:
        found |= {each} | {each & other for other in found}
    return found - {0}


def _fewest(words: Sequence[int], months: Sequence[int], wanted: int) -> list[int]:
    """
    Few of *words* that say all wanted days of *months*, counted from the start, from the end or
    both ways.
    """
    places = {word: _sum(_words()[word][month] for month in months) for word in words}
    above, below = [word for word in words if word > 0], [word for word in words if word < 0]
    orders = (above, below, above + below, below + above)
    found = [_picked(each, places, wanted) for each in orders]
    return min(filter(None, found), key=len)


def _picked(words: Sequence[int], places: dict[int, int], wanted: int) -> list[int]:
    """
    Words that say all wanted days, those that say most of them first; none if they cannot.
    """
    found: list[int] = []
    if wanted & ~_sum(places[word] for word in words):
        return found
    while wanted:
        found.append(max(words, key=lambda word: (places[word] & wanted).bit_count()))
        wanted &= ~places[found[-1]]
    return found


def _sum(parts: Iterable[int]) -> int:
    total = 0
    for part in parts:
        total |= part
    return total


@cache
def _words() -> dict[int, tuple[int, ...]]:
    """
    Each word's days in each month, as in `_days_by_weekday`.
    """
    places = {word: [0] * 12 for word in WORDS}
    passed = 0
    for year in (0, -1):
        for month, lengths in enumerate(LENGTHS):
            for day in range(lengths[year]):
                places[day + 1][month] |= 1 << passed + day
                places[day - lengths[year]][month] |= 1 << passed + day
            passed += lengths[year]
    return {word: tuple(months) for word, months in places.items()}


def _month(month: int) -> int:
    return _sum(places[month] for places in _words().values())
