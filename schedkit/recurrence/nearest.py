"""
What a platform can keep instead of a schedule that it cannot: the nearest first.

Candidates are made by small edits of the schedule, each tried on the platform, and ranked by what
they change in a year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, product, zip_longest
from typing import TYPE_CHECKING, Any

import attrs

from schedkit.exceptions import SchedkitError
from schedkit.recurrence.checks import epoch
from schedkit.recurrence.compare import bounds, horizon
from schedkit.recurrence.days import ANY, NearestWeekday, NthWeekday
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.diff import Diff, diff
from schedkit.recurrence.durations import duration
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.spell import spelled
from schedkit.recurrence.when import Every, Once, Union, Window
from schedkit.recurrence.zones import FIRST, FOLDS, GAPS, LAST, Dst, Zone


if TYPE_CHECKING:
    from schedkit.recurrence.base import When
    from schedkit.recurrence.dialects import Native

Edit = tuple[str, "When"]
Change = tuple[str, dict[str, Any]]
DAY = 86_400
YEAR = 365 * DAY
RUNS = 100_000  # what a comparison may take
SHOWN = 3
TRIED = 60  # candidates of each depth
DEPTH = 3  # edits on top of each other
HOURS = (1, -1, 2, -2, 3)
MINUTES = (30, -30, 15)
SPARSE = 5  # minutes: the shortest interval of platforms that have one


@attrs.frozen(kw_only=True)
class Alternative:
    """
    A schedule that the platform can keep.

    Attributes:
        when: The schedule.
        edits: What was changed, in words.
        natives: What the platform would receive.
        diff: What it runs otherwise, over one year; over less where an interval is very short.
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
        days = (self.diff.stop - self.diff.start).days
        span = "a year" if days * DAY == YEAR else f"{days} day{'s' if days > 1 else ''}"
        price = f"{', '.join(told)} in {span}" if told else f"the same runs for {span}"
        return f"{', '.join(self.edits)}: {self.when.explain().removesuffix('.')} ({price})"

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
            best: dict[tuple[Native, ...], Alternative] = {}
            for each in sorted(found, key=_price):
                best.setdefault(each.natives, each)
            return Nearest(tuple(islice(best.values(), SHOWN)))
    return Nearest((), "none of its neighbours in time, days, zone or interval can be kept either")


def _next(
    layer: Iterable[tuple[tuple[str, ...], When]], seen: set[When]
) -> Iterator[tuple[tuple[str, ...], When]]:
    children = ([((*edits, edit), other) for edit, other in edited(when)] for edits, when in layer)
    for child in filter(None, chain.from_iterable(zip_longest(*children))):
        if child[1] not in seen:
            seen.add(child[1])
            yield child


def _price(found: Alternative) -> tuple[float, float, int]:
    """
    Runs added and lost weigh most, then how far runs move, then how many do.
    """
    shift = abs(found.diff.largest_shift or timedelta()).total_seconds()
    return found.diff.added + found.diff.lost, shift, found.diff.moved


def _changes(old: When, new: When) -> Diff:
    span, first = _span(old), max(FIRST, min(_first(old), LAST - YEAR))
    start, stop = (datetime.fromtimestamp(each, UTC) for each in (first, first + span))
    return diff(old, new, start, stop)


def _span(when: When) -> int:
    """
    A year, or as many days as an interval has `RUNS` in.
    """
    inside, _, _ = bounds(when)
    short = min((p.interval for p in parts(inside) if isinstance(p, Every)), default=DAY)
    return min(YEAR, (short * RUNS // DAY or 1) * DAY)


def _first(when: When) -> int:
    """
    The beginning of the horizon, or of a year in which something runs.
    """
    begin, _ = horizon()
    inside, start, end = bounds(when)
    if isinstance(inside, Once):
        return epoch(inside.instant) // DAY * DAY
    if end:
        begin = min(begin, epoch(end) - YEAR)
    return max(begin, epoch(start)) if start else begin


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
        yield edit, Window(other, when.start, when.end)


def _union(when: Union) -> Iterator[Edit]:
    members = [(member, dict(edited(member))) for member in when.members]
    for words in dict.fromkeys(words for _, edits in members for words in edits):
        yield words, Union(*(edits.get(words, member) for member, edits in members))
    for number, (member, edits) in enumerate(members):
        rest = when.members[:number] + when.members[number + 1 :]
        told = member.explain().removesuffix(".")
        if rest:
            yield f"without {told[0].lower()}{told[1:]}", _together(rest)
        for words, other in edits.items():
            yield f"{words} (one of its parts)", Union(*rest, other)


def _together(members: Sequence[When]) -> When:
    return Union(*members) if len(members) > 1 else members[0]


def _every(when: Every) -> Iterator[Edit]:
    dividing = (seconds for seconds in range(60, DAY + 1, 60) if DAY % seconds == 0)
    whole = when.anchor.replace(second=0)
    if when.anchor != whole and when.interval % 60 == 0:
        yield "on the whole minute", Every(timedelta(seconds=when.interval), whole)
    near = sorted([*dividing, 7 * DAY], key=lambda seconds: abs(seconds - when.interval))
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
    for step in (_policies, _days, _weekdays, _either_field, _sparse, _zone, _later, _months):
        for words, changes in step(calendar):
            try:
                yield words, attrs.evolve(calendar, **changes)
            except SchedkitError:  # days that never occur
                continue


def _policies(calendar: Calendar) -> Iterator[Change]:
    if calendar.dst is None:
        return
    for gap, fold in product(GAPS, FOLDS):
        policy = Dst(gap=gap, fold=fold)  # type: ignore[arg-type]
        if policy != calendar.dst:
            yield f"gap={gap!r} and fold={fold!r} when clocks change", {"dst": policy}
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


def _sparse(calendar: Calendar) -> Iterator[Change]:
    kept = [calendar.minutes[0]]
    for minute in calendar.minutes:
        if minute - kept[-1] >= SPARSE and kept[0] + 60 - minute >= SPARSE:
            kept.append(minute)
    if kept != list(calendar.minutes):
        yield f"at most every {SPARSE}m", {"minutes": kept}


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
