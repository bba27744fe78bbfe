"""
The expression of an If Condition that ends the runs of other days: read, and decided for a date.

Functions: https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from schedkit.exceptions import NotExpressibleError


Test: TypeAlias = Callable[[int, int, int], bool]  # of month, day, weekday (0 = Sunday)
LONGEST = 8_192  # characters that Data Factory evaluates
DEEPEST = 40
CLOCKS = ("trigger().scheduledtime", "pipeline().parameters.scheduledtime")
FIELDS = {"month": 0, "dayofmonth": 1, "dayofweek": 2}
_TOKEN = re.compile(
    r"\s*(pipeline\(\)\.parameters\.scheduledTime|trigger\(\)\.scheduledTime"
    r"|'(?:[^']|'')*'|[A-Za-z]+|[0-9]{1,9}|[(),])",
    re.IGNORECASE,
)


def test(expression: str, timezone: str) -> Test:
    """
    Return what decides whether a date passes.

    Args:
        expression: `and`, `or` and `not` of `contains(createArray(1,2),dayOfWeek(TIME))`, also of
            `dayOfMonth(TIME)` and `int(formatDateTime(TIME,'MM'))`; TIME is the scheduled time.
        timezone: The Windows zone of the trigger, to which TIME has to be converted unless UTC.

    Raises:
        NotExpressibleError: Anything else.
    """
    if not expression.startswith("@") or len(expression) > LONGEST:
        raise _refused(expression, "is no expression of up to 8192 characters")
    reader = _Expression(expression, timezone)
    found = reader.test(0)
    if reader.peek():
        raise _refused(expression, f"has {reader.peek()[:20]!r} after its end")
    return found


class _Expression:
    def __init__(self, text: str, timezone: str) -> None:
        self.text, self.timezone, self.place = text, timezone, 0
        self.tokens: list[str] = []
        place = 1
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise _refused(text, f"has {text[place : place + 20]!r}, which no guard needs")
            self.tokens.append(found[1])
            place = found.end()

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        found = self.peek().lower()
        if expected and found not in expected:
            raise _refused(self.text, f"has {found[:20]!r} instead of {', '.join(expected)}")
        self.place += 1
        return found

    def test(self, depth: int) -> Test:
        if depth > DEEPEST:
            raise _refused(self.text, f"is nested deeper than {DEEPEST}")
        word = self.take("and", "or", "not", "contains")
        self.take("(")
        found = self._contains() if word == "contains" else self._joined(word, depth)
        self.take(")")
        return found

    def _joined(self, word: str, depth: int) -> Test:
        one = self.test(depth + 1)
        if word == "not":
            return lambda *date: not one(*date)
        self.take(",")
        two = self.test(depth + 1)
        if word == "and":
            return lambda *date: one(*date) and two(*date)
        return lambda *date: one(*date) or two(*date)

    def _contains(self) -> Test:
        self.take("createarray")
        self.take("(")
        values = {self._number()}
        while self.take(",", ")") == ",":
            values.add(self._number())
        self.take(",")
        field = FIELDS[self._field()]
        return lambda *date: date[field] in values

    def _number(self) -> int:
        found = self.take()
        if not found.isdecimal():
            raise _refused(self.text, f"has {found[:20]!r} instead of a number")
        return int(found)

    def _field(self) -> str:
        word = self.take("dayofmonth", "dayofweek", "int")
        self.take("(")
        if word == "int":
            self.take("formatdatetime")
            self.take("(")
            self._time()
            self.take(",")
            if self.peek() != "'MM'":  # mm would be minutes
                raise _refused(self.text, f"has {self.peek()[:20]!r} instead of 'MM'")
            self.place += 1
            self.take(")")
            word = "month"
        else:
            self._time()
        self.take(")")
        return word

    def _time(self) -> None:
        if self.timezone == "UTC" and self.peek().lower() in CLOCKS:
            self.take()
            return
        self.take("convertfromutc")
        self.take("(")
        self.take(*CLOCKS)
        self.take(",")
        self.take(f"'{self.timezone}'".lower())
        self.take(")")


def _refused(expression: str, reason: str) -> NotExpressibleError:
    shown = repr(expression[:100]) + ("..." if len(expression) > 100 else "")
    cure = "compare month, day or weekday of the scheduled time with createArray(...)"
    return NotExpressibleError(f"guard {shown}", reason, cure, feature="schedule")
