"""
Cron-like text of any platform to sets, by a table of the platform's own grammar.

Shares nothing with `schedkit.recurrence.parse`, nor with what writes text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import CronSyntaxError, NotExpressibleError
from schedkit.recurrence.days import ANY, NearestWeekday, NthWeekday
from schedkit.recurrence.dialects.wall import Days, Item
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Union


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Dst

LONGEST = 10_000  # characters that a platform could possibly take
NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS: Mapping[str, int] = {name: number for number, name in enumerate(NAMES, 1)}
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NUMBER = r"[0-9]{1,4}|[A-Z]{3}"
_SPAN = re.compile(rf"(?:(\*|(?=/))|({_NUMBER})(?:-({_NUMBER}))?)(?:/([0-9]{{1,4}}))?")
_MARKS: Mapping[str, str] = {  # how a mark is written in a field that takes it
    "LW": r"LW",
    "L-": r"L-(?P<back>[0-9]{1,2})",
    "L": r"L",
    "W": r"(?P<near>[0-9]{1,2})W",
    "wL": rf"(?P<final>{_NUMBER})L",
    "#": rf"(?P<nth>{_NUMBER})#(?P<place>[0-9])",
}


@attrs.frozen
class Field:
    """
    One field of a platform's grammar.

    Args:
        name: As in `CronError.field`.
        low: The smallest number.
        high: The largest number.
        names: What may stand for a number, in capitals.
        marks: Which of `?`, `L`, `L-`, `LW`, `W`, `wL`, `#` it takes, always alone.
        kind: How `Days` calls a plain number: `day` or `weekday`; empty where it is no day field.
        ours: The platform's number to ours: weekdays 0 = Sunday.
        open_step: Whether `a/n` runs to the end.
        star_step: Whether `*/n` is known.
        wraps: Whether `22-2` goes round past the end.
        bare_step: Whether `/n` is `*/n`.
    """

    name: str
    low: int
    high: int
    names: Mapping[str, int] = attrs.field(factory=dict, hash=False)
    marks: tuple[str, ...] = ()
    kind: str = ""
    ours: Callable[[int], int] = int
    open_step: bool = True
    star_step: bool = True
    wraps: bool = False
    bare_step: bool = False


@attrs.frozen
class Parsed:
    """
    What one field says: *values* of the platform's own numbers, or one *item* that a mark names.

    `star` is a field of `*`, `blank` one of `?`.
    """

    values: tuple[int, ...] = ()
    items: tuple[Item, ...] = ()
    star: bool = False
    blank: bool = False

    @property
    def free(self) -> bool:
        """
        Whether it restricts nothing: `*` or `?`.
        """
        return self.star or self.blank


def parse(text: str, fields: Sequence[Field], platform: str, whole: str = "") -> list[Parsed]:
    """
    Read the fields of a text, split at blanks.

    Args:
        text: The fields alone.
        fields: The grammar.
        platform: Who rejects it, for the errors.
        whole: The text as the user wrote it, where *text* is a part of it.

    Raises:
        CronSyntaxError: The platform rejects it; columns count within *whole*.
    """
    whole = whole or text
    offset = max(whole.find(text), 0)
    if len(whole) > LONGEST:
        raise CronSyntaxError(whole, f"{platform} takes no text of {len(whole)} characters")
    words = list(re.finditer(r"[^ \t]+", text))
    if len(words) != len(fields):
        names = " ".join(field.name for field in fields)
        reason = f"{platform} reads {len(fields)} fields, and this has {len(words)}"
        raise CronSyntaxError(whole, reason, f"write {names}")
    found = []
    for word, field in zip(words, fields, strict=True):
        try:
            found.append(_parsed(word[0].upper(), field))
        except ValueError as error:
            column = offset + word.start() + 1
            reason, cure = f"{platform} rejects {word[0][:40]!r}: {error}", _range(field)
            raise CronSyntaxError(whole, reason, cure, field=field.name, column=column) from None
    return found


def minutes_of(minutes: Parsed, hours: Parsed) -> int:
    """
    The minutes of a day as bits.
    """
    row = sum(1 << minute for minute in minutes.values)
    return sum(row << 60 * hour for hour in hours.values)


def calendar(
    mask: int, days: Days, timezone: str, dst: Dst | None = None, culprit: str = ""
) -> When:
    """
    The portable words for a product of minutes on days.

    Raises:
        NotExpressibleError: There are none.
        NeverFiresError: Only days that never occur.
    """
    hours = [hour for hour in range(24) if mask >> 60 * hour & (1 << 60) - 1]
    minutes = [minute for minute in range(60) if mask >> 60 * hours[0] + minute & 1]
    doms = ANY if days.doms is None else days.doms
    if doms is not ANY and ("workday", 0) in doms:
        if len(doms) > 1 or days.dows is not None:
            reason = "nothing portable names the last Monday to Friday beside other days"
            raise NotExpressibleError(culprit, reason, feature="schedule.nearest_weekday")
        ends = (((-1,), range(1, 6)), ((-2, -3), (5,)))  # a month that ends on Saturday or Sunday
        return Union(
            *(
                Calendar(
                    minutes=minutes, hours=hours, days=last, weekdays=weekdays,
                    months=days.months, day_rule="all", timezone=timezone, dst=dst,
                )
                for last, weekdays in ends
            )
        )  # fmt: skip
    both = doms is not ANY and days.dows is not None
    return Calendar(
        minutes=minutes,
        hours=hours,
        days=ANY if doms is ANY else [_day(item) for item in doms],
        months=days.months,
        weekdays=ANY if days.dows is None else [_weekday(item) for item in days.dows],
        day_rule=days.rule if both else None,
        timezone=timezone,
        dst=dst,
    )


def _day(item: Item) -> int | NearestWeekday:
    kind, number = item[:2]
    if kind == "nearest":
        return NearestWeekday(number)
    return -number if kind == "last" else number


def _weekday(item: Item) -> int | NthWeekday:
    match item:
        case ("nth", weekday, place):
            return NthWeekday(weekday, place)
        case ("final", weekday):
            return NthWeekday(weekday, -1)
    return item[1]


def _parsed(word: str, field: Field) -> Parsed:
    if word == "?" and "?" in field.marks:
        return Parsed(blank=True)
    marked = _marked(word, field)
    if marked is not None:
        return Parsed(items=(marked,))
    values = sorted(set(chain.from_iterable(_span(span, field) for span in word.split(","))))
    items: tuple[Item, ...] = ()
    if field.kind:
        items = tuple((field.kind, ours) for ours in sorted({field.ours(n) for n in values}))
    return Parsed(tuple(values), items, star=word in {"*", "*/1"})


def _marked(word: str, field: Field) -> Item | None:
    for mark in field.marks:
        found = re.fullmatch(_MARKS[mark], word) if mark in _MARKS else None
        if found:
            return _item(mark, found.groupdict(), field)
    return None


def _item(mark: str, found: Mapping[str, str], field: Field) -> Item:
    match mark:
        case "LW":
            return ("workday", 0)
        case "L-":
            return ("last", int(found["back"]) + 1)
        case "L":
            return ("last", 1) if field.kind == "day" else ("weekday", 6)
        case "W":
            return ("nearest", _number(found["near"], field))
        case "wL":
            return ("final", field.ours(_number(found["final"], field)))
    place = int(found["place"])
    if not 1 <= place <= 5:
        raise ValueError("a month has a first to a fifth weekday")
    return ("nth", field.ours(_number(found["nth"], field)), place)


def _span(span: str, field: Field) -> Iterator[int]:
    found = _SPAN.fullmatch(span)
    if not found:
        raise ValueError(f"{span[:20]!r} is nothing that it knows" if span else "an item is empty")
    star, first, last, step = found.groups()
    if step is not None and not int(step):
        raise ValueError("a step of 0 leads nowhere")
    every = int(step or 1)
    if star == "" and not field.bare_step:
        raise ValueError("nothing stands before the step")
    if star is not None:
        if step and not field.star_step:
            raise ValueError("it knows no step after *")
        return iter(range(field.low, field.high + 1, every))
    low = _number(first, field)
    high = _number(last, field) if last else low
    if step and not last:
        if not field.open_step:
            raise ValueError("it knows a step only after a range or *")
        high = field.high
    if low > high and not field.wraps:
        raise ValueError("the range is turned round")
    size = field.high - field.low + 1
    ahead = high - low if low <= high else high - low + size
    return (field.low + (low - field.low + more) % size for more in range(0, ahead + 1, every))


def _number(text: str, field: Field) -> int:
    value = field.names.get(text)
    if value is None:
        if not text.isdigit():
            raise ValueError(f"{text!r} is no name that it knows")
        value = int(text)
    if not field.low <= value <= field.high:
        raise ValueError(f"{text} is out of range")
    return value


def _range(field: Field) -> str:
    names = list(field.names)
    more = f", or {names[0]} to {names[-1]}" if names else ""
    return f"{field.name}s go from {field.low} to {field.high}{more}"
