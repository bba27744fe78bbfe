"""
The schedule language of this machine: schedkit's own words, as `spelled` writes them.

The text is read with `ast`: nothing is evaluated. What the server fires is what the text says; the
proof reads it once more, by the search of other dialects, which shares nothing with ours.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from schedkit.exceptions import CronSyntaxError, SchedkitError, TimeZoneError
from schedkit.inputs import hint
from schedkit.recurrence import (
    ANY,
    Calendar,
    Cron,
    Dst,
    Every,
    LastDay,
    LastWeekday,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    When,
    Window,
)
from schedkit.recurrence.checks import epoch
from schedkit.recurrence.compare import bounds
from schedkit.recurrence.days import Unrestricted
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader, course, wall
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.spell import spelled
from schedkit.recurrence.zones import FIRST, POINTWISE, Zone


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

WORDS: dict[str, Callable[..., Any]] = {
    "Calendar": Calendar,
    "Cron": Cron,
    "Dst": Dst,
    "Every": Every,
    "LastDay": LastDay,
    "LastWeekday": LastWeekday,
    "NearestWeekday": NearestWeekday,
    "NthWeekday": NthWeekday,
    "Once": Once,
    "Union": Union,
    "Window": Window,
}
_CURE = "write Cron('0 9 * * *', timezone='Europe/Berlin')"
_NO_SCHEDULE = (  # what `ast.parse` raises, and what the words do for a wrong argument
    SyntaxError,
    ValueError,
    MemoryError,
    RecursionError,
    TypeError,
    AttributeError,
    OverflowError,
)


@lru_cache(maxsize=4_096)
def read_text(text: str) -> When:
    """
    Return the schedule that a text spells.

    Raises:
        CronSyntaxError: It is no expression of schedkit's words.
        SpecError: No schedule may have such a value.
    """
    try:
        found = _value(ast.parse(text, mode="eval").body, text)
    except SchedkitError:
        raise
    except _NO_SCHEDULE as error:
        reason = f"cannot be read: {getattr(error, 'msg', None) or error or type(error).__name__}"
        raise CronSyntaxError(text, reason, _CURE) from None
    if not isinstance(found, When):
        raise CronSyntaxError(text, "is no schedule", _CURE)
    return found


def _value(node: ast.expr, text: str) -> Any:
    match node:
        case ast.Constant(value=str() | int() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
        case ast.List(elts=items):
            return [_value(item, text) for item in items]
        case ast.Name(id="ANY"):
            return ANY
        case ast.Call(func=ast.Name(id=name), args=args, keywords=pairs) if name in WORDS:
            if not all(pair.arg for pair in pairs):
                raise CronSyntaxError(text, f"{name} has ** in it", "write its names out")
            named = {str(pair.arg): _value(pair.value, text) for pair in pairs}
            return WORDS[name](*(_value(each, text) for each in args), **named)
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            raise CronSyntaxError(text, f"{name!r} is no word here", hint(name, WORDS))
    column = node.col_offset + 1
    reason = f"column {column} is neither a word nor a plain value"
    raise CronSyntaxError(text, reason, _CURE, column=column)


class LocalDialect(Dialect):
    """
    Whatever schedkit can say, on any wall clock.
    """

    name = "local"
    url = "https://docs.python.org/3/library/ast.html"
    dst: ClassVar[Dst | None] = POINTWISE
    token = "the ledger, which has one run for a schedule and an instant,"  # noqa: S105, a sentence

    def policy(self, calendar: Calendar) -> Dst | None:
        """
        Whatever the calendar asks for.
        """
        return calendar.dst or POINTWISE

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:  # noqa: ARG002
        """
        Return one text.
        """
        return (Native(spelled(when), ""),)

    def read(self, native: Native) -> When:
        """
        Return what the text says.
        """
        if native.timezone not in {"", "UTC", "Etc/UTC"}:
            reason, cure = "a text names its own zones", "write timezone= into the text"
            raise TimeZoneError(f"timezone {native.timezone!r}", reason, cure)
        if native.more:
            reason = f"{native.more[0][0]!r} stands beside it, and a text says all"
            raise CronSyntaxError(native.text, reason, "write Window(...) around it")
        return read_text(native.text)

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return what the server receives: zones stand in the text.
        """
        return Native(text, timezone or "", more)

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Return a reader for each part of the schedule.
        """
        return _readers(self.read(native))


DIALECT = LocalDialect()


@lru_cache(maxsize=4_096)
def _readers(when: When) -> tuple[Reader, ...]:
    inside, start, end = bounds(when)
    low, high = (None if at is None else epoch(at) for at in (start, end))
    return tuple(reader for each in parts(inside) for reader in _part(each, low, high))


def _part(part: When, low: int | None, high: int | None) -> Iterator[Reader]:
    if isinstance(part, Every):
        yield _Steady(part, low, high)
    elif isinstance(part, Once):
        yield _Single(epoch(part.instant), low, high)
    else:
        for each in part.calendars():
            zone = Zone.of(each.timezone)
            yield wall.Wall(zone, each.minute_mask, _days(each), each.dst, low, high)


def _days(calendar: Calendar) -> wall.Days:
    months = calendar.months
    return wall.Days(
        None if isinstance(calendar.days, Unrestricted) else tuple(map(_day, calendar.days)),
        tuple(range(1, 13)) if isinstance(months, Unrestricted) else months,
        None
        if isinstance(calendar.weekdays, Unrestricted)
        else tuple(map(_weekday, calendar.weekdays)),
        calendar.day_rule or "any",
    )


def _day(day: int | NearestWeekday) -> wall.Item:
    if isinstance(day, NearestWeekday):
        return ("nearest", day.day)
    return ("day", day) if day > 0 else ("last", -day)


def _weekday(day: int | NthWeekday) -> wall.Item:
    return ("nth", day.weekday, day.n) if isinstance(day, NthWeekday) else ("weekday", day)


class _Instants(Reader):
    """
    What no wall clock decides.
    """

    minutes = 0
    searches = False

    def year_days(self, first_weekday: int, leap: bool) -> int:  # noqa: ARG002
        return 0


class _Steady(_Instants):
    """
    An interval of elapsed time.
    """

    def __init__(self, every: Every, low: int | None, high: int | None) -> None:
        self.zone, self.begins, self.ends = Zone.of("UTC"), low, high
        self._every, self._phase = every.interval, epoch(every.anchor)
        if low is None and high is None:
            self.pace = (self._every, self._phase % self._every)
        else:
            self.course = course(self._every, self._phase, FIRST if low is None else low, high)

    def next(self, epoch: int) -> int | None:
        start = epoch + 1 if self.begins is None else max(epoch + 1, self.begins)
        found = start + (self._phase - start) % self._every
        return None if self.ends is not None and found >= self.ends else found


class _Single(_Instants):
    """
    One instant.
    """

    def __init__(self, instant: int, low: int | None, high: int | None) -> None:
        self.zone, self.begins, self.ends = Zone.of("UTC"), low, high
        inside = (low is None or instant >= low) and (high is None or instant < high)
        self._instant = instant if inside else None

    def next(self, epoch: int) -> int | None:
        return self._instant if self._instant is not None and self._instant > epoch else None
