"""
The text of a Quartz 2.3.2 cron, as its documentation has it and its parser takes it.

Quartz also takes, and gives another meaning than it seems to have: a step after a name (the
`/2` of `MON-FRI/2` is dropped), a step of 0, `W` and `#` in lists (all but the first day are
dropped), fields after the seventh, signs after a number; `L-3W` is not documented. All that is
refused here.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import CronSyntaxError, TimeZoneError
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.days import LENGTHS
from schedkit.recurrence.dialects.text import MONTHS, WEEKDAYS, Field, Parsed, parse
from schedkit.recurrence.dialects.timed import YEARS, Timing
from schedkit.recurrence.dialects.wall import Days
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from schedkit.recurrence.dialects import Native
    from schedkit.recurrence.dialects.wall import Item

HOUR, DAY = 3_600, 86_400
LOSES = "near the time that its clocks skip Quartz loses runs, or never ends its search"
FARTHEST = 30  # days before the last one
FIELDS = (
    Field("second", 0, 59, wraps=True, bare_step=True),
    Field("minute", 0, 59, wraps=True, bare_step=True),
    Field("hour", 0, 23, wraps=True, bare_step=True),
    Field(
        "day",
        1,
        31,
        marks=("?", "LW", "L-", "L", "W"),
        kind="day",
        wraps=True,
        bare_step=True,
    ),
    Field("month", 1, 12, MONTHS, wraps=True, bare_step=True),
    Field(
        "weekday",
        1,
        7,
        {name: number for number, name in enumerate(WEEKDAYS, 1)},
        marks=("?", "L", "wL", "#"),
        kind="weekday",
        ours=lambda number: number - 1,
        wraps=True,
        bare_step=True,
    ),
    Field("year", YEARS[0], YEARS[-1], bare_step=True),
)
LONGEST_STEP = (59, 59, 23, 31, 12, 7)
_NAMED_STEP = re.compile(r"[A-Z]{3}/")
_MIXED = re.compile(r"[0-9]-[A-Z]|[A-Z]{3}-[0-9]")
_OPEN_STEP = re.compile(r"(?:^|,)(?:[0-9]+|\*?)/([0-9]{1,4})(?=,|$)")


def timing(native: Native) -> Timing:
    """
    Read the text and the zone of a trigger.

    Raises:
        CronSyntaxError: Quartz rejects it, or does not do what it says.
        TimeZoneError: No such zone (Java would take GMT without a word), or one in which Quartz
            loses runs.
    """
    zone = Zone.of(native.timezone)
    text = native.text
    words = list(re.finditer(r"[^ \t]+", text[:1_000]))
    seventh = len(words) == len(FIELDS)
    found = parse(text, FIELDS if seventh else FIELDS[:-1], "Quartz")
    for field, word in zip(FIELDS, words, strict=False):
        reason = _odd(word[0].upper(), FIELDS.index(field))
        if reason:
            column = word.start() + 1
            raise CronSyntaxError(text, f"Quartz {reason}", field=field.name, column=column)
    seconds, minutes, hours, _, months, *_ = (each.values for each in found)
    asked = Timing(
        text=text,
        zone=zone,
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        days=_days(text, found[3], months, found[5]),
        years=found[6].values if seventh else tuple(YEARS),
    )
    workday = any(item[0] in {"nearest", "workday"} for item in asked.days.doms or ())
    if loses(zone, asked.mask, workday=workday):
        raise TimeZoneError(
            f"timezone {zone.name!r}", LOSES, "plan it in UTC, or some hours later"
        )
    return asked


def _odd(word: str, place: int) -> str:
    if _NAMED_STEP.search(word):
        return "drops the step after a name; write numbers"
    if _MIXED.search(word):
        return "takes no range from a name to a number"
    if FIELDS[place].kind == "day" and word.startswith("L-") and int(word[2:]) > FARTHEST:
        return f"goes back {FARTHEST} days from the last one, no further"
    steps = [int(step) for step in _OPEN_STEP.findall(word)]
    if place < len(LONGEST_STEP) and max(steps, default=0) > LONGEST_STEP[place]:
        return f"takes no step above {LONGEST_STEP[place]} there"
    return ""


def _days(text: str, days: Parsed, months: tuple[int, ...], weekdays: Parsed) -> Days:
    if days.blank == weekdays.blank:
        reason = "Quartz wants one of day and weekday to be ?, and the other one not"
        raise CronSyntaxError(text, reason, "write ? in the one that restricts nothing")
    found = Days(months=months)
    if not days.free:
        items = (_found(item, months) for item in days.items)
        return attrs.evolve(found, doms=tuple(chain.from_iterable(items)))
    return found if weekdays.free else attrs.evolve(found, dows=weekdays.items)


def _found(item: Item, months: tuple[int, ...]) -> tuple[Item, ...]:
    """
    What Quartz finds: it looks `31W` up in June as 1 July, and where that is a Saturday takes the
    day before.
    """
    kind, number = item[:2]
    lacking = any(number - 1 in LENGTHS[month - 1] for month in months)
    return (item, ("beyond", number)) if kind == "nearest" and lacking else (item,)


def loses(zone: Zone, minutes: int, *, workday: bool) -> bool:
    """
    Whether one of *minutes* (bits) is near a gap of more than an hour, or one that ends within an
    hour, where Quartz may lose the rest of the hour that follows; with a *workday* (`15W`, `LW`)
    also near one at midnight, where it may search for ever.
    """
    for change in zone.changes(*horizon()):
        start, width = (change.epoch + change.before) % DAY, change.after - change.before
        if width > HOUR or (width > 0 and ((start + width) % HOUR or (workday and start == 0))):
            low, high = start // HOUR, (start + width) // HOUR + 2
            if any(minutes >> 60 * hour & (1 << 60) - 1 for hour in range(low, high)):
                return True
    return False
