"""
Cron text, intervals, single instants and unions of them.
"""

# ruff: noqa: D102  an override keeps the docstring of `When`

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NeverFiresError, SpecError
from schedkit.recurrence import explain
from schedkit.recurrence.base import When
from schedkit.recurrence.checks import epoch, whole_seconds
from schedkit.recurrence.durations import seconds
from schedkit.recurrence.parse import parse
from schedkit.recurrence.sets import Calendar, DayRule
from schedkit.recurrence.zones import FIRST, LAST, Dst


if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["Calendar", "Cron", "Every", "Once", "Union", "When", "Window"]


@attrs.frozen
class Cron(When):
    """
    Five fields of cron text, read on the wall clock of one zone.

    An instant runs when its wall clock matches: none in the hour that clocks skip, both in the
    hour they repeat.

    Args:
        text: `minute hour day month weekday`, or a macro such as `@daily`.
        timezone: An IANA name.
        dst: What runs when the clocks change; None is `Dst()` without insisting on it.
        day_rule: Does a day need `any` or `all` of day and weekday, where both restrict? None
            reads the plain case as `any`, and refuses what platforms read differently.

    Attributes:
        calendar: The normal form of the text.

    Raises:
        CronSyntaxError: The text is outside the portable grammar.
        AmbiguousCronError: The text means different things on different platforms.
        NeverFiresError: Only days that never occur, such as 30 February.
        TimeZoneError: No safe zone of that name.
    """

    text: str
    timezone: str = "UTC"
    dst: Dst | None = None
    day_rule: DayRule | None = None
    calendar: Calendar = attrs.field(init=False, eq=False, repr=False)

    @calendar.default
    def _calendar(self) -> Calendar:
        asked = (self.text, self.timezone, self.dst, self.day_rule)
        plain = all(isinstance(value, str | Dst | None) for value in asked)
        return (_normal if plain else _normal.__wrapped__)(*asked)

    def epochs(self, start: int, stop: int) -> Iterator[int]:
        return self.calendar.epochs(start, stop)

    def datetimes(self, start: int, stop: int) -> Iterator[datetime]:
        return self.calendar.datetimes(start, stop)

    def explain(self) -> str:
        return self.calendar.explain()

    def calendars(self) -> tuple[Calendar, ...]:
        return (self.calendar,)


@lru_cache(maxsize=4_096)
def _normal(text: str, timezone: str, dst: Dst | None, day_rule: DayRule | None) -> Calendar:
    fields = parse(text, day_rule)
    try:
        return Calendar(**fields._asdict(), timezone=timezone, dst=dst)
    except NeverFiresError as error:
        raise NeverFiresError(f"cron {text!r}", error.reason, error.cure) from None


def _interval(value: str | timedelta) -> int:
    found = seconds(value, "Every, interval")
    if not found:
        raise SpecError("Every, interval", "is no time at all", "give one second or more")
    return found


def _anchor(value: str | datetime) -> datetime:
    return whole_seconds(value, "Every, anchor")


def _instant(value: str | datetime) -> datetime:
    return whole_seconds(value, "Once, instant")


@attrs.frozen
class Every(When):
    """
    Elapsed time, whatever clocks show: *anchor*, and whole intervals before and after it.

    The anchor is a phase, not a start.

    Args:
        interval: `90m`, `1h30m`, `30s` or a timedelta; kept as seconds.
        anchor: Aware datetime or RFC 3339 text, in whole seconds; kept in UTC.
    """

    interval: int = attrs.field(converter=_interval)
    anchor: datetime = attrs.field(converter=_anchor)

    @property
    def timezone(self) -> str:  # type: ignore[override]
        """
        `UTC`: elapsed time has no zone.
        """
        return "UTC"

    def epochs(self, start: int, stop: int) -> Iterator[int]:
        start, stop = max(start, FIRST), min(stop, LAST)
        phase = epoch(self.anchor)
        return iter(range(start + (phase - start) % self.interval, stop, self.interval))

    def explain(self) -> str:
        return explain.every(self.interval, self.anchor)

    def calendars(self) -> tuple[Calendar, ...]:
        return ()


@attrs.frozen
class Once(When):
    """
    One instant.

    Args:
        instant: Aware datetime or RFC 3339 text, in whole seconds; kept in UTC.
    """

    instant: datetime = attrs.field(converter=_instant)

    @property
    def timezone(self) -> str:  # type: ignore[override]
        """
        `UTC`: an instant has no zone.
        """
        return "UTC"

    def epochs(self, start: int, stop: int) -> Iterator[int]:
        found = epoch(self.instant)
        return iter((found,) if start <= found < stop else ())

    def explain(self) -> str:
        return explain.once(self.instant)

    def calendars(self) -> tuple[Calendar, ...]:
        return ()


def _start(value: str | datetime | None) -> datetime | None:
    return None if value is None else whole_seconds(value, "Window, start")


def _end(value: str | datetime | None) -> datetime | None:
    return None if value is None else whole_seconds(value, "Window, end")


@attrs.frozen
class Window(When):
    """
    The instants of a schedule from *start* on and before *end*.

    Args:
        when: Any schedule but a window.
        start: Aware datetime or RFC 3339 text, in whole seconds; kept in UTC.
        end: The same; no run at it or after it.

    Raises:
        SpecError: Neither bound, bounds that leave nothing, or a window in a window.
    """

    when: When
    start: datetime | None = attrs.field(default=None, converter=_start)
    end: datetime | None = attrs.field(default=None, converter=_end)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.when, When) or isinstance(self.when, Window):
            reason = f"{type(self.when).__name__} is no schedule that could have a window"
            raise SpecError("Window, when", reason, "pass Cron, Calendar, Every, Once or Union")
        if self.start is None and self.end is None:
            raise SpecError("Window", "has neither start nor end", "give one of them")
        if self.start and self.end and self.start >= self.end:
            reason = "ends at its start or before it, so nothing ever runs"
            raise SpecError("Window", reason, "give a later end")

    @property
    def timezone(self) -> str:  # type: ignore[override]
        """
        The zone of what it bounds.
        """
        return self.when.timezone

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """
        Start and end as Unix seconds.
        """
        start = None if self.start is None else epoch(self.start)
        return start, None if self.end is None else epoch(self.end)

    def epochs(self, start: int, stop: int) -> Iterator[int]:
        first, end = self.bounds
        low = start if first is None else max(start, first)
        return self.when.epochs(low, stop if end is None else min(stop, end))

    def explain(self) -> str:
        return explain.window(self.when.explain(), self.start, self.end)

    def calendars(self) -> tuple[Calendar, ...]:
        return self.when.calendars()


@attrs.frozen(init=False)
class Union(When):
    """
    The instants of any member, each once; a union in a union dissolves.

    `timezone` is the members' own when they share one, else `UTC`.
    """

    members: tuple[When, ...]

    def __init__(self, *members: When) -> None:
        found: dict[When, None] = {}
        for member in members:
            if not isinstance(member, When):
                raise SpecError(
                    "Union", f"{member!r} is no schedule", "pass Cron, Calendar, Every or Once"
                )
            if isinstance(member, Window):
                cure = "put the window around the union: Window(Union(...), start=...)"
                raise SpecError("Union", "a member has a window of its own", cure)
            found |= dict.fromkeys(member.members if isinstance(member, Union) else (member,))
        if not found:
            raise SpecError("Union", "has no members, so nothing ever runs", "pass at least one")
        self.__attrs_init__(tuple(found))

    @property
    def timezone(self) -> str:  # type: ignore[override]
        """
        The zone in which instants are shown.
        """
        zones = {member.timezone for member in self.members}
        return zones.pop() if len(zones) == 1 else "UTC"

    def epochs(self, start: int, stop: int) -> Iterator[int]:
        everything = merge(*(member.epochs(start, stop) for member in self.members))
        return (found for found, _ in groupby(everything))

    def explain(self) -> str:
        return explain.union([member.explain() for member in self.members])

    def calendars(self) -> tuple[Calendar, ...]:
        return tuple(found for member in self.members for found in member.calendars())
