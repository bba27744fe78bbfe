"""
Durations as whole seconds.
"""

from __future__ import annotations

import re
from datetime import timedelta

from schedkit.exceptions import SpecError
from schedkit.recurrence.checks import SECOND, plain


_TEXT = r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?"
_CALENDAR_UNIT = r"([0-9]{1,9})?\s*(d|days?|w|weeks?|mo|months?|y|years?)"
_QUESTION = {
    "d": ("how long is a day? 23 to 25 hours when the clocks change", 24),
    "w": ("how long is a week? 167 to 169 hours when the clocks change", 168),
    "m": ("how long is a month? 28 to 31 days", 0),
    "y": ("how long is a year? 365 or 366 days", 0),
}
_CURE = "write hours, minutes and seconds, such as '1h30m', '90m' or '30s'"


def seconds(value: object, culprit: str) -> int:
    """
    Whole seconds of `90m`, `1h30m`, `30s` or a timedelta; 0 is one too.

    Raises:
        SpecError: Another unit (a day has 23 to 25 hours), a fraction of a second, a negative one.
    """
    plain(value, culprit)
    if isinstance(value, timedelta):
        if value % SECOND or value < timedelta():
            reason = f"{value} is not a whole number of seconds from 0 upwards"
            raise SpecError(culprit, reason, "round it")
        return value // SECOND
    if not isinstance(value, str):
        raise SpecError(culprit, f"{value!r} is {type(value).__name__}, not a duration", _CURE)
    found = re.fullmatch(_TEXT, value)
    if not found or not value:
        raise _refusal(value, culprit)
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def duration(total: int) -> str:
    """
    The text that `seconds` reads as *total*: `1h30m`, `0s`.
    """
    hours, rest = divmod(total, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _refusal(value: str, culprit: str) -> SpecError:
    found = re.fullmatch(_CALENDAR_UNIT, value.strip(), re.IGNORECASE)
    if not found:
        return SpecError(culprit, f"{value!r} is not a duration", _CURE)
    question, hours = _QUESTION[found[2][0].lower()]
    cure = f"write '{int(found[1] or 1) * hours}h'" if hours else "for months and years use a Cron"
    return SpecError(culprit, f"{value!r}: {question}", cure)
