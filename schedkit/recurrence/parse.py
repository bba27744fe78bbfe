"""
Cron text to sets, in the grammar that has one meaning everywhere.

Five fields of `*`, `a`, `a-b`, `*/n`, `a-b/n` and lists of them; three-letter names in any case;
0 and 7 are Sunday; the macros below. What some platform reads otherwise is refused with the
question it raises.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from schedkit.exceptions import AmbiguousCronError, CronSyntaxError, SpecError
from schedkit.recurrence.checks import hint, plain, whole, word
from schedkit.recurrence.days import ANY, MONTHS, WEEKDAYS, Unrestricted


if TYPE_CHECKING:
    from collections.abc import Iterator


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    size: int
    names: tuple[str, ...] = ()


class Fields(NamedTuple):
    """
    The sets of one cron text; weekdays are 0 to 6.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...] | Unrestricted
    months: tuple[int, ...]
    weekdays: tuple[int, ...] | Unrestricted
    day_rule: Literal["any", "all"] | None


MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MINUTE = _Field("minute", 0, 59, 60)
_HOUR = _Field("hour", 0, 23, 24)
_DAY = _Field("day", 1, 31, 31)
_MONTH = _Field("month", 1, 12, 12, MONTHS)
_WEEKDAY = _Field("weekday", 0, 7, 7, WEEKDAYS)
_FIELDS = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)
_FIVE = "write five fields: minute hour day month weekday"
_ITEM = re.compile(
    r"(?:(\*)|([0-9]+|[a-z]{3,})(?:-([0-9]+|[a-z]{3,}))?)(?:/([0-9]+))?", re.IGNORECASE | re.ASCII
)
_STARS = {"*", "*/1"}
_ELSEWHERE = {  # what other dialects write, the question it raises, and the cure
    r"\?": ("does ? mean every value, or none", "write *"),
    r"L(-\d+)?": (
        "is it the last day of the month, or Saturday",
        "use Calendar(days=LastDay()) or weekday 6",
    ),
    r"(\d|[a-z]{3})L": (
        "not every platform has a last weekday",
        "use Calendar(weekdays=LastWeekday('FRI'))",
    ),
    r"(\d+|L)W": (
        "not every platform has a nearest weekday, nor do they agree at the ends of a month",
        "use Calendar(days=NearestWeekday(15))",
    ),
    r"\w+#.*": (
        "some platforms ignore an nth weekday and some refuse it",
        "use Calendar(weekdays=NthWeekday('MON', 2))",
    ),
    r"\*-.*": ("is it every value, or a range", "write *, or a range such as 1-5"),
    r"\+\d+": ("is the plus a sign, or a step", "write the number alone"),
    "": ("is an empty item nothing, or every value", "remove the comma"),
}


def parse(text: str, day_rule: Literal["any", "all"] | None = None) -> Fields:
    """
    Read a cron text.

    Args:
        text: Five fields or a macro.
        day_rule: The answer to texts that restrict both day fields in a way that platforms read
            differently. Without it the plain case is read as Unix does, `any`.

    Raises:
        CronSyntaxError: Outside the grammar.
        AmbiguousCronError: The text has more than one meaning.
    """
    plain(text, "Cron, text")
    if not isinstance(text, str):
        raise SpecError("Cron, text", f"{text!r} is {type(text).__name__}, not a text", _FIVE)
    if day_rule is not None:
        word(day_rule, ("any", "all"), "Cron, day_rule")
    words = [(found[0], found.start() + 1) for found in re.finditer(r"\S+", text, re.ASCII)]
    if words and words[0][0].startswith("@"):
        words = [(found, 1) for found in _macro(text).split()]
    _check_count(text, words)
    readers = [_Reader(text, field, *word) for field, word in zip(_FIELDS, words, strict=True)]
    sets = [tuple(sorted(set(reader.values()))) for reader in readers]
    day, weekday = readers[2], readers[4]
    days = ANY if day.star else sets[2]
    weekdays = ANY if weekday.star else tuple(sorted({value % 7 for value in sets[4]}))
    if days is not ANY and weekdays is not ANY and day_rule is None:
        day.check_rule(len(days))
        weekday.check_rule(len(weekdays))
    return Fields(sets[0], sets[1], days, sets[3], weekdays, day_rule or "any")


def _macro(text: str) -> str:
    name = text.strip()
    if name in MACROS:
        return MACROS[name]
    if name.startswith("@every"):
        cure = "use Every('90m', anchor='2026-01-01T00:00:00Z')"
        raise CronSyntaxError(text, "@every counts from an unknown start", cure)
    if name == "@reboot":
        raise CronSyntaxError(text, "@reboot is no time, it depends on a machine", "write a time")
    cure = hint(name, MACROS) or f"known macros: {', '.join(MACROS)}"
    raise CronSyntaxError(text, f"{name!r} is not a macro", cure)


def _check_count(text: str, words: list[tuple[str, int]]) -> None:
    if not words:
        raise CronSyntaxError(text, "is empty", _FIVE)
    if re.match(r"(CRON_)?TZ=", words[0][0]):
        zone = words[0][0].partition("=")[2]
        raise CronSyntaxError(
            text, "only some platforms read a time zone in the text", f"pass timezone={zone!r}"
        )
    if len(words) in (6, 7):
        reason = f"has {len(words)} fields: is the first one seconds, or the last one years"
        raise AmbiguousCronError(text, reason, _FIVE)
    if len(words) != len(_FIELDS):
        raise CronSyntaxError(text, f"has {len(words)} of five fields", _FIVE)


class _Reader:
    """
    One field of a text; errors know their column.
    """

    def __init__(self, text: str, field: _Field, source: str, column: int) -> None:
        self.text, self.field, self.source, self.column = text, field, source, column
        self.star = set(source.split(",")) <= _STARS

    def values(self) -> Iterator[int]:
        column = self.column
        for item in self.source.split(","):
            yield from self._item(item, column)
            column += len(item) + 1

    def check_rule(self, count: int) -> None:
        """
        Refuse `*/n` and a list of everything where the other day field restricts too.
        """
        if "*" in self.source or count == self.field.size:
            raise AmbiguousCronError(
                self.text,
                f"{self.source!r} beside another restricted day field:"
                " does a day need one of the two, or both",
                "say day_rule='any' or day_rule='all'",
                field=self.field.name,
                column=self.column,
            )

    def _item(self, item: str, column: int) -> range:
        found = _ITEM.fullmatch(item)
        if not found:
            raise self._unreadable(item, column)
        star, first, last, step_text = found.groups()
        step = self._step(item, step_text, column + found.start(4))
        if star:
            return range(self.field.low, self.field.low + self.field.size, step)
        low = self._value(first, column)
        if last is None:
            if step_text:
                raise self._open_step(item, low, column)
            return range(low, low + 1)
        high = self._value(last, column + found.start(3))
        if low > high:
            raise self._reversed(item, low, high, column)
        return range(low, high + 1, step)

    def _value(self, value: str, column: int) -> int:
        field = self.field
        if value.upper() in field.names:
            return field.names.index(value.upper()) + field.low
        if not value.isdigit():
            cure = hint(value[:3] if field.names else value, field.names)
            reason = f"{value!r} is not a {'three-letter name' if field.names else 'number'}"
            raise self._syntax(reason, cure or self._range(), column)
        if not field.low <= whole(value) <= field.high:
            raise self._syntax(f"{value} is out of range", self._range(), column)
        return whole(value)

    def _step(self, item: str, step: str | None, column: int) -> int:
        if step is None:
            return 1
        if not whole(step):
            raise self._syntax(f"{item!r} has a step of 0", "give a step of 1 or more", column)
        if whole(step) > self.field.size:
            raise self._ambiguous(
                f"{item!r} steps over all of the {self.field.size} values:"
                " is it the first one alone, or a mistake",
                f"write a step up to {self.field.size}, or the value alone",
                column,
            )
        return whole(step)

    def _open_step(self, item: str, low: int, column: int) -> AmbiguousCronError:
        last = self.field.low + self.field.size - 1
        step = item.partition("/")[2]
        reason = f"is {item!r} the value {low} alone, or every {step} from {low} on"
        return self._ambiguous(reason, f"write {low}-{last}/{step}, or {low}", column)

    def _reversed(self, item: str, low: int, high: int, column: int) -> AmbiguousCronError:
        field = self.field
        every = range(field.low, field.low + field.size)
        values = [value for value in every if value >= low or value <= high]
        values.sort(key=lambda value: (value <= high, value))
        if field.names:
            listed = ",".join(field.names[value - field.low] for value in values)
        else:
            listed = ",".join(map(str, values))
        reason = f"does {item!r} go round past the end, or is it empty"
        return self._ambiguous(reason, f"write {listed}", column)

    def _unreadable(self, item: str, column: int) -> CronSyntaxError | AmbiguousCronError:
        for pattern, (question, cure) in _ELSEWHERE.items():
            if re.fullmatch(pattern, item, re.IGNORECASE):
                reason = f"{item!r}: {question}" if item else question
                return self._ambiguous(reason, cure, column)
        return self._syntax(f"{item!r} is not cron", "write *, 5, 1-5, */15 or 1-5/2", column)

    def _range(self) -> str:
        names = f", or {self.field.names[0]} to {self.field.names[-1]}" if self.field.names else ""
        return f"{self.field.name}s go from {self.field.low} to {self.field.high}{names}"

    def _syntax(self, reason: str, cure: str, column: int) -> CronSyntaxError:
        return CronSyntaxError(self.text, reason, cure, field=self.field.name, column=column)

    def _ambiguous(self, reason: str, cure: str, column: int) -> AmbiguousCronError:
        return AmbiguousCronError(self.text, reason, cure, field=self.field.name, column=column)
