"""
What a platform can keep instead of a schedule that it cannot: the nearest first.

Candidates are made by small edits of the schedule, each tried on the platform, and ranked by what
they change in a year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from schedkit.exceptions import SchedkitError
from schedkit.recurrence.compare import bounds, horizon
from schedkit.recurrence.days import ANY, NearestWeekday, NthWeekday
from schedkit.recurrence.diff import Diff, diff
from schedkit.recurrence.durations import duration
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.spell import spelled
from schedkit.recurrence.when import Every, Once, Union, Window
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from schedkit.recurrence.base import When
    from schedkit.recurrence.dialects import Native

Edit = tuple[str, "When"]
Change = tuple[str, dict[str, Any]]
DAY = 86_400
YEAR = timedelta(days=365)
SHOWN = 3
TRIED = 60  # candidates of each depth
DEPTH = 3  # edits on top of each other
HOURS = (1, -1, 2, -2, 3)
MINUTES = (30, -30, 15)


@attrs.frozen(kw_only=True)
class Alternative:
    """
    A schedule that the platform can keep.

    Attributes:
        when: The schedule.
        edits: What was changed, in words.
        natives: What the platform would receive.
        diff: What it runs otherwise, over one year.
    """

    when: When
    edits: tuple[str, ...]
    natives: tuple[Native, ...]
    diff: Diff

    @property
    def sentence(self) -> str:
        """
        The change and its price in one line, for people.
        """
        changed = (
            (self.diff.added, "added"),
            (self.diff.lost, "lost"),
            (self.diff.moved, "moved"),
        )
        told = [f"{n} run{'s' if n > 1 else ''} {word}" for n, word in changed if n]
        shift = abs(self.diff.largest_shift or timedelta())
        if self.diff.moved:
            told[-1] += f" by up to {duration(int(shift.total_seconds()))}"
        price = f"{', '.join(told)} in a year" if told else "the same runs for a year"
        return f"{', '.join(self.edits)}: {self.when.explain()} ({price})"

    def to_dict(self) -> dict[str, object]:
        """
        The alternative as plain data for JSON.
        """
        return {
            "edits": list(self.edits),
            "sentence": self.when.explain(),
            "portable": spelled(self.when),
            "natives": [native.to_dict() for native in self.natives],
            "diff": self.diff.to_dict(),
        }


@attrs.frozen
class Nearest:
    """
    The nearest alternatives, best first; where there are none, *reason* says why.
    """

    alternatives: tuple[Alternative, ...]
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """
        The alternatives as plain data for JSON.
        """
        near = [other.to_dict() for other in self.alternatives]
        return {"nearest": near, "none": self.reason}


def search(when: When, natives_of: Callable[[When], tuple[Native, ...]]) -> Nearest:
    """
    Find the nearest schedules for which *natives_of* returns anything.

    Edits are tried one at a time, and on top of each other only where no single one helps.
    """
    layer: list[tuple[tuple[str, ...], When]] = [((), when)]
    seen = {when}
    for _ in range(DEPTH):
        layer = list(islice(_next(layer, seen), TRIED))
        found = [
            Alternative(when=other, edits=edits, natives=natives, diff=_changes(when, other))
            for edits, other in layer
            for natives in [natives_of(other)]
            if natives
        ]
        if found:
            return Nearest(tuple(sorted(found, key=_price)[:SHOWN]))
    return Nearest((), "none of its neighbours in time, days, zone or interval can be kept either")


def _next(
    layer: Iterable[tuple[tuple[str, ...], When]], seen: set[When]
) -> Iterator[tuple[tuple[str, ...], When]]:
    for edits, when in layer:
        for edit, other in edited(when):
            if other not in seen:
                seen.add(other)
                yield (*edits, edit), other


def _price(found: Alternative) -> tuple[float, float, int]:
    """
    Runs added and lost weigh most, then how far runs move, then how many do.
    """
    shift = abs(found.diff.largest_shift or timedelta()).total_seconds()
    return found.diff.added + found.diff.lost, shift, found.diff.moved


def _changes(old: When, new: When) -> Diff:
    start = datetime.fromtimestamp(_first(old), UTC)
    return diff(old, new, start, start + YEAR)


def _first(when: When) -> int:
    """
    The beginning of the horizon, or of the day of a single run.
    """
    begin, _ = horizon()
    inside, start, _ = bounds(when)
    if isinstance(inside, Once):
        return int(inside.instant.timestamp()) // DAY * DAY
    return max(begin, int(start.timestamp())) if start else begin


def edited(when: When) -> Iterator[Edit]:
    """
    Yield schedules that differ by one small step, each with the step in words.
    """
    makers: dict[type, Callable[..., Iterator[Edit]]] = {
        Window: _window,
        Union: _union,
        Every: _every,
        Once: _once,
    }
    yield from makers.get(type(when), _cron)(when)


def _window(when: Window) -> Iterator[Edit]:
    yield "without start and end", when.when
    for edit, other in edited(when.when):
        if not isinstance(other, Window):
            yield edit, Window(other, when.start, when.end)


def _union(when: Union) -> Iterator[Edit]:
    for number, member in enumerate(when.members):
        rest = [other for place, other in enumerate(when.members) if place != number]
        for edit, other in edited(member):
            yield edit, Union(*rest, other)
        yield f"without {member.explain().removesuffix('.')}", Union(*rest)


def _every(when: Every) -> Iterator[Edit]:
    dividing = (seconds for seconds in range(60, DAY + 1, 60) if DAY % seconds == 0)
    whole = when.anchor.replace(second=0)
    if when.anchor != whole and when.interval % 60 == 0:
        yield "on the whole minute", Every(timedelta(seconds=when.interval), whole)
    near = sorted({*dividing, 7 * DAY}, key=lambda seconds: abs(seconds - when.interval))
    for seconds in near[:4]:
        if seconds != when.interval:
            yield f"every {duration(seconds)}", Every(timedelta(seconds=seconds), whole)


def _once(when: Once) -> Iterator[Edit]:
    at = when.instant
    whole = at.replace(second=0)
    if at.second:
        yield "on the whole minute", Once(whole)
    yield (
        "every year",
        Calendar(minutes=at.minute, hours=at.hour, days=at.day, months=at.month),
    )


def _cron(when: When) -> Iterator[Edit]:
    (calendar,) = when.calendars()
    for step in (_without_policy, _days, _weekdays, _either_field, _zone, _later, _months):
        for words, changes in step(calendar):
            try:
                yield words, attrs.evolve(calendar, **changes)
            except SchedkitError:  # days that never occur
                continue


def _without_policy(calendar: Calendar) -> Iterator[Change]:
    if calendar.dst is not None:
        yield "with the platform's own way when clocks change", {"dst": None}


def _days(calendar: Calendar) -> Iterator[Change]:
    if calendar.days is ANY:
        return
    plain = [day.day if isinstance(day, NearestWeekday) else day for day in calendar.days]
    if plain != list(calendar.days):
        yield "on the day itself", {"days": plain}
    back = [day for day in plain if day < 0]
    ahead = [day for day in calendar.days if day not in back]
    if back:
        yield "counted in a month of 28 days", {"days": [*ahead, *(29 + day for day in back)]}
    if back == [-1] and calendar.months is ANY:
        yield "on the first day instead", {"days": [*ahead, 1]}


def _weekdays(calendar: Calendar) -> Iterator[Change]:
    if calendar.weekdays is ANY:
        return
    nth = [day for day in calendar.weekdays if isinstance(day, NthWeekday)]
    if nth:
        plain = [d.weekday if isinstance(d, NthWeekday) else d for d in calendar.weekdays]
        yield "on every such weekday", {"weekdays": plain}
    if len(nth) == len(calendar.weekdays) == 1 and calendar.days is ANY:
        middle = 7 * nth[0].n - 3 if nth[0].n > 0 else 32 + 7 * nth[0].n
        changes = {"weekdays": ANY, "days": min(middle, 28), "day_rule": None}
        yield "on a day of the month near it", changes


def _either_field(calendar: Calendar) -> Iterator[Change]:
    if calendar.days is ANY or calendar.weekdays is ANY:
        return
    yield "by weekday alone", {"days": ANY, "day_rule": None}
    yield "by day of the month alone", {"weekdays": ANY, "day_rule": None}
    if calendar.day_rule == "all":
        yield "on either of the two", {"day_rule": "any"}


def _zone(calendar: Calendar) -> Iterator[Change]:
    """
    The zone's offsets as zones of their own (whose names count westwards), then UTC.
    """
    if calendar.timezone == "UTC":
        return
    start, stop = horizon()
    zone = Zone.of(calendar.timezone)
    later = [change.after for change in zone.changes(start, stop)]
    for offset in list(dict.fromkeys([zone.offset(start), *later]))[:2]:
        hours, rest = divmod(offset, 3_600)
        if not rest and hours and -12 <= hours <= 14:
            changes = {"timezone": f"Etc/GMT{-hours:+d}", "dst": None}
            yield f"{hours:+d} h from UTC all year", changes
    yield "at the same time in UTC", {"timezone": "UTC", "dst": None}


def _later(calendar: Calendar) -> Iterator[Change]:
    for field, top, unit, moves in (("hours", 24, "h", HOURS), ("minutes", 60, "min", MINUTES)):
        for move in moves:
            moved = [value + move for value in getattr(calendar, field)]
            if moved[0] >= 0 and moved[-1] < top:
                yield f"{abs(move)} {unit} {'later' if move > 0 else 'earlier'}", {field: moved}


def _months(calendar: Calendar) -> Iterator[Change]:
    if calendar.months is not ANY:
        yield "in every month", {"months": ANY}
