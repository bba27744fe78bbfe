"""
The JSON and the expressions of Data Factory triggers, written from sets.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NeverFiresError, NotExpressibleError
from schedkit.recurrence.checks import EPOCH, epoch
from schedkit.recurrence.compare import data_year, horizon
from schedkit.recurrence.days import NthWeekday
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.adf_json import NAMES
from schedkit.recurrence.durations import duration
from schedkit.recurrence.windows import iana_of
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schedkit.recurrence.dialects.adf_days import Base, Box, Guard, Trigger
    from schedkit.recurrence.when import Every, Once

MINUTE, DAY = 60, 86_400
UNITS = {"Hour": 3_600, "Minute": MINUTE, "Day": DAY}  # of an interval, the usual ones first
MOST = 1_000  # units of one interval
LONGEST = 8_192  # characters of an expression
CLOCK = "pipeline().parameters.scheduledTime"
DECEMBER = 12


@attrs.frozen
class Span:
    """
    From when to when: Unix seconds, None is always.
    """

    start: int | None = None
    end: int | None = None


def recurring(
    trigger: Trigger,
    step: int,
    minutes: Sequence[int],
    hours: Sequence[int],
    timezone: str,
    span: Span,
) -> Native:
    """
    Return a trigger of minutes x hours on some days.

    Args:
        trigger: The days.
        step: Above 1, the interval in months that stands for the guard.
        minutes: Of the hour.
        hours: Of the day.
        timezone: A Windows id.
        span: The window.

    Raises:
        NotExpressibleError: The guard is too long, or the window's bounds are in a repeated hour.
    """
    frequency, days = _days(trigger.base, step)
    first = f"{DECEMBER}-31" if step == 1 else f"{trigger.guard.boxes[0].months[0]:02}-01"
    start = f"{data_year() - 1}-{first}T00:00:00{'Z' if timezone == 'UTC' else ''}"
    if span.start is not None:
        start = _time(span.start - MINUTE, timezone, "start")  # which a run has to be later than
    found: dict[str, object] = {"frequency": frequency, "interval": step, "startTime": start}
    found |= _end(span, timezone)
    found["timeZone"] = timezone
    found["schedule"] = {"minutes": list(minutes), "hours": list(hours), **days}
    guard = "" if step > 1 else _expression(trigger.guard, timezone)
    if len(guard) > LONGEST:
        reason = f"its guard would have {len(guard)} characters, and Data Factory takes {LONGEST}"
        raise NotExpressibleError("days", reason, "ask for fewer days", feature="schedule")
    return Native(_json(found), "", {"guard": guard} if guard else {})


def rate(every: Every, span: Span) -> Native:
    """
    Return a trigger that counts elapsed time from its startTime.

    Raises:
        NotExpressibleError: Parts of minutes, or an interval beyond 1 000 days.
    """
    phase = epoch(every.anchor)
    if phase % MINUTE:
        raise NotExpressibleError(
            f"Every, anchor {every.anchor.isoformat()}",
            "a trigger starts on whole minutes",
            "give an anchor with 0 seconds",
            feature="schedule.every",
        )
    fitting = ((unit, divmod(every.interval, seconds)) for unit, seconds in UNITS.items())
    unit, count = next(((u, n) for u, (n, rest) in fitting if not rest and n <= MOST), ("", 0))
    if not unit:
        raise _interval(every.interval)
    earliest = horizon()[0] if span.start is None else span.start + every.interval - 1
    first = earliest - (earliest - phase) % every.interval
    if span.end is not None and first >= span.end:
        raise NeverFiresError(every.explain(), "nothing runs between start and end", "widen it")
    found: dict[str, object] = {"frequency": unit, "interval": count}
    found["startTime"] = _time(first, "UTC", "start")
    return Native(_json(found | _end(span, "UTC") | {"timeZone": "UTC"}), "")


def once(single: Once) -> Native:
    """
    Return a daily trigger that ends before its second day.

    Raises:
        NotExpressibleError: Not on a whole minute.
    """
    at = single.instant
    if at.second:
        raise NotExpressibleError(
            f"Once({at.isoformat()})",
            "a trigger starts on whole minutes",
            f"Once({at.replace(second=0).isoformat()!r})",
            feature="schedule.once",
        )
    start = epoch(at)
    found: dict[str, object] = {"frequency": "Day", "interval": 1}
    found["startTime"] = _time(start - MINUTE, "UTC", "start")
    found |= _end(Span(end=start + MINUTE), "UTC") | {"timeZone": "UTC"}
    found["schedule"] = {"minutes": [at.minute], "hours": [at.hour]}
    return Native(_json(found), "")


def _days(base: Base, step: int) -> tuple[str, dict[str, object]]:
    if base.days or (step > 1 and not base.weekdays):
        return "Month", {"monthDays": list(base.days or range(1, 32))}
    if step > 1 or any(isinstance(each, NthWeekday) for each in base.weekdays):
        return "Month", {"monthlyOccurrences": [_occurrence(each) for each in base.weekdays]}
    if base.weekdays:
        names = [NAMES[each] for each in base.weekdays if isinstance(each, int)]
        return "Week", {"weekDays": names}
    return "Day", {}


def _occurrence(value: int | NthWeekday) -> dict[str, object]:
    if isinstance(value, NthWeekday):
        return {"day": NAMES[value.weekday], "occurrence": value.n}
    return {"day": NAMES[value]}  # every such day of the month


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _end(span: Span, timezone: str) -> dict[str, object]:
    """
    Half a minute past the last minute before the end: whether endTime itself runs is not asked.
    """
    if span.end is None:
        return {}
    last = (span.end - 1) // MINUTE * MINUTE
    return {"endTime": _time(last + MINUTE // 2, timezone, "end")}


def _time(at: int, timezone: str, bound: str) -> str:
    zone = Zone.of("UTC" if timezone == "UTC" else iana_of(timezone))
    wall = at + zone.offset(at)
    told = (EPOCH + timedelta(seconds=wall)).strftime("%Y-%m-%dT%H:%M:%S")
    near = zone.changes(at - DAY, at + DAY)
    offsets = {offset for change in near for offset in (change.before, change.after)}
    if sum(zone.offset(wall - offset) == offset for offset in offsets) > 1:
        raise NotExpressibleError(
            f"Window, {bound}",
            f"{told} comes twice in {zone.name}, and a trigger cannot tell which is meant",
            f"move the {bound} by an hour, or plan in UTC",
            feature=f"schedule.{bound}",
        )
    return f"{told}Z" if timezone == "UTC" else told


def _interval(seconds: int) -> NotExpressibleError:
    whole = max(seconds // MINUTE, 1) * MINUTE
    low, high = (duration(min(each, MOST * DAY)) for each in (whole, whole + MINUTE))
    reason = "a trigger counts whole minutes" if seconds % MINUTE else "is beyond 1000 days"
    cure = f"the nearest intervals that it can count: {low}" + (
        f" or {high}" if high != low else ""
    )
    return NotExpressibleError(
        f"Every({duration(seconds)!r})", reason, cure, feature="schedule.every"
    )


def _expression(guard: Guard, timezone: str) -> str:
    if not guard.boxes:
        return ""
    clock = CLOCK if timezone == "UTC" else f"convertFromUtc({CLOCK},'{timezone}')"
    found = _joined("or", [_box(box, clock) for box in guard.boxes])
    return f"@not({found})" if guard.negated else f"@{found}"


def _box(box: Box, clock: str) -> str:
    asked = (
        (box.months, f"int(formatDateTime({clock},'MM'))"),
        (box.days, f"dayOfMonth({clock})"),
        (box.weekdays, f"dayOfWeek({clock})"),
    )
    tests = [
        f"contains(createArray({','.join(map(str, values))}),{field})"
        for values, field in asked
        if values
    ]
    return _joined("and", tests)


def _joined(word: str, tests: Sequence[str]) -> str:
    """
    Nest tests in pairs, as flat as it goes: the functions take two.
    """
    if len(tests) == 1:
        return tests[0]
    half = len(tests) // 2
    return f"{word}({_joined(word, tests[:half])},{_joined(word, tests[half:])})"
