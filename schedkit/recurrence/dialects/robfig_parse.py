"""
Read cron text as robfig/cron v3.0.1 `ParseStandard` does, its laxness included.

Shares nothing with `schedkit.recurrence.parse`.
https://github.com/robfig/cron/blob/v3.0.1/parser.go
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from schedkit.exceptions import CronSyntaxError
from schedkit.recurrence import checks
from schedkit.recurrence.dialects.robfig_search import STAR


if TYPE_CHECKING:
    from collections.abc import Sequence

Field: TypeAlias = tuple[str, int, int, dict[str, int]]
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: tuple[Field, ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    ("weekday", 0, 6, {name: number for number, name in enumerate(WEEKDAYS)}),
)
MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
WORD = re.compile(
    "[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
)  # Go's spaces
NUMBER = re.compile(r"[+-]?[0-9]+")
DURATION = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")
NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,
    "\u03bcs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3_600 * 10**9,
}
LONGEST = 2**63 - 1
FINEST = 18  # digits of a fraction that count


def fields(text: str, known: Sequence[Field] = FIELDS) -> tuple[int, ...]:
    """
    Return the bit masks of minute, hour, day, month and weekday; bit 63 is the star bit.

    Args:
        text: The whole text.
        known: Which fields it has, where there are others.

    Raises:
        CronSyntaxError: `ParseStandard`, or Kubernetes beside it, rejects *text*.
    """
    if "TZ" in text:
        raise _rejected(text, "Kubernetes refuses TZ in the text", "the zone has its own field")
    words = list(WORD.finditer(MACROS.get(text, text)))
    if text.startswith("@") and text not in MACROS:
        raise _rejected(text, "unrecognized descriptor", f"one of {', '.join(MACROS)}")
    if len(words) != len(known):
        raise _rejected(text, f"expected exactly {len(known)} fields, found {len(words)}")
    masks = []
    for word, (field, low, high, names) in zip(words, known, strict=True):
        try:
            masks.append(_field(word[0], low, high, names))
        except ValueError as error:
            raise _rejected(text, str(error), field=field, column=word.start() + 1) from None
    return tuple(masks)


def delay(text: str) -> int | None:
    """
    Return the seconds of `@every <duration>`, at least 1; None when *text* is something else.

    Raises:
        CronSyntaxError: Go's `time.ParseDuration` rejects the duration.
    """
    if not text.startswith("@every "):
        return None
    body = text.removeprefix("@every ")
    sign, digits = (body[0], body[1:]) if body[:1] in {"-", "+"} else ("", body)
    total, at = 0, 0
    while at < len(digits) and (found := DURATION.match(digits, at)):
        whole, part, unit = found.groups()
        if not whole and not part:
            break
        scale = NANOSECONDS[unit]
        fraction = (part or "")[:FINEST]
        total += checks.whole(whole) * scale
        total += int(fraction or 0) * scale // 10 ** len(fraction)
        at = found.end()
    if digits != "0" and (not digits or at < len(digits) or total > LONGEST + (sign == "-")):
        raise _rejected(text, f"failed to parse duration {body!r}")
    return max(1, (-total if sign == "-" else total) // 10**9)


def _field(text: str, low: int, high: int, names: dict[str, int]) -> int:
    mask = 0
    for item in text.split(","):
        if item:  # robfig passes over empty items, and takes a field of nothing else as never
            mask |= _item(item, low, high, names)
    return mask


def _item(text: str, low: int, high: int, names: dict[str, int]) -> int:
    span, *steps = text.split("/")
    first, *more = span.split("-")
    star = STAR if first in {"*", "?"} else 0
    if star:  # whatever follows a hyphen here is not looked at
        start, end = low, high
    else:
        start = end = _number(first, names)
        if len(more) > 1:
            raise ValueError(f"too many hyphens: {text}")
        if more:
            end = _number(more[0], names)
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {text}")
    step = _number(steps[0], {}) if steps else 1
    if steps and not more:
        end = high  # a/n is a-max/n
    if start < low or end > high or start > end or step == 0:
        raise ValueError(f"{text} is not within {low}-{high}, or turned round, or has no step")
    return sum(1 << value for value in range(start, end + 1, step)) | (star if step == 1 else 0)


def _number(text: str, names: dict[str, int]) -> int:
    value = names.get(text.lower())
    if value is None:
        value = checks.whole(text.lstrip("+-")) if NUMBER.fullmatch(text) else LONGEST + 1
        if value > LONGEST:
            raise ValueError(f"failed to parse int from {text!r}")
        value = -value if text.startswith("-") else value
    if value < 0:
        raise ValueError(f"negative number not allowed: {text}")
    return value


def _rejected(
    text: str, reason: str, cure: str = "", *, field: str = "", column: int = 1
) -> CronSyntaxError:
    return CronSyntaxError(text, f"robfig rejects it: {reason}", cure, field=field, column=column)
