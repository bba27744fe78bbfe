"""
The calendar events of systemd 252, as `systemd-analyze calendar` takes them.

https://www.freedesktop.org/software/systemd/man/252/systemd.time.html#Calendar%20Events
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.recurrence.dialects.systemd_event import Event
from schedkit.recurrence.dialects.text import LONGEST
from schedkit.recurrence.dialects.timed import YEARS
from schedkit.recurrence.dialects.wall import Days, Item
from schedkit.recurrence.zones import Zone


MICRO = 1_000_000
FROM_END = 28  # days of a month that may be counted from its end
SHORTER = 3  # days by which that shrinks with each further value of a list
MANY = 241  # values of a list, repeats too
NONE = -1
CENTURY = 100
DIGITS = 10  # of a number, leading zeros apart
SPECIAL = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
    "anually": "*-01-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "semi-annually": "*-01,07-01 00:00:00",
    "biannually": "*-01,07-01 00:00:00",
    "bi-annually": "*-01,07-01 00:00:00",
}
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NAMES = {name: place for place, day in enumerate(WEEK) for name in (day, day[:3])}
_NAME = re.compile("(?:" + "|".join(NAMES) + r")(?=[-., ]|$)", re.IGNORECASE)
_DATE = re.compile(r"[^-~:]*[-~]")
_DECIMAL = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")


class Component(NamedTuple):
    """
    What a value may be; seconds are counted in millionths, *back* counts from the end.
    """

    name: str
    low: int
    high: int
    unit: int = 1
    back: bool = False


YEAR, MONTH = Component("year", YEARS[0], YEARS[-1]), Component("month", 1, 12)
DAY, DAY_BACK = Component("day", 1, 31), Component("day", 1, FROM_END, back=True)
HOUR, MINUTE = Component("hour", 0, 23), Component("minute", 0, 59)
SECOND = Component("second", 0, 60 * MICRO - 1, MICRO)


class Values(NamedTuple):
    """
    What a component names: everything where *free*, from the end where *back*.

    `open` and `overruns` tell of its steps what those of `Event` tell of all.
    """

    values: tuple[int, ...]
    free: bool = False
    back: bool = False
    open: bool = False
    overruns: bool = False


ANY_YEAR = Values(tuple(YEARS), free=True)
ANY_MONTH = Values(tuple(range(1, 13)), free=True)
ANY_DAY = Values(tuple(range(1, 32)), free=True)
MIDNIGHT = Values((0,))


class Word(NamedTuple):
    """
    A part of a line, and its column.
    """

    line: str
    text: str
    column: int

    def error(self, reason: str, name: str = "") -> CronSyntaxError:
        """
        What is wrong with it.
        """
        cure = "write Mon..Fri *-*-* 09:00:00 UTC"
        told = f"systemd rejects {self.text[:40]!r}: {reason}"
        return CronSyntaxError(self.line, told, cure, field=name, column=self.column)

    def split(self, marks: str) -> list[Word]:
        """
        The words between *marks*.
        """
        return [
            Word(self.line, found[0], self.column + found.start())
            for found in re.finditer(rf"(?<![^{marks}])[^{marks}]*", self.text)
        ]


def event_of(line: str, timezone: str) -> Event:
    """
    Read one line.

    Args:
        line: A calendar event.
        timezone: The zone of the machine, for a line that names none; may be empty.

    Raises:
        CronSyntaxError: systemd rejects it.
        TimeZoneError: No such zone, or none at all.
        NotExpressibleError: Fractions of a second.
    """
    if len(line) > LONGEST:
        raise Word(line, line, 1).error(f"it takes no line of {len(line)} characters")
    text, zone = _zone(line, timezone)
    text = SPECIAL.get(text.lower(), text)
    words = Word(text, text, 1).split(" ")
    if text[:1] in {"", " "}:
        raise words[0].error("it begins with nothing")
    words = [word for word in words if word.text]
    weekdays = _weekdays(words.pop(0)) if _NAME.match(text) else None
    if words and words[0].text.startswith("@"):
        return _stamp(line, words, weekdays)
    date = words.pop(0) if words and _DATE.match(words[0].text) else None
    if len(words) > 1 or (words and text.endswith(" ")):
        raise words[-1].error("nothing may follow the time")
    years, months, days = _date(date)
    clock = _time(words[0]) if words else [MIDNIGHT] * 3
    return Event(
        text=line,
        zone=zone,
        hours=clock[0].values,
        minutes=clock[1].values,
        seconds=clock[2].values,
        days=Days(_doms(days), months.values, weekdays, "all"),
        years=years.values,
        open=any(each.open for each in clock),
        overruns=any(each.overruns for each in clock),
        strays=months.overruns or days.overruns,
    )


def _zone(line: str, timezone: str) -> tuple[str, Zone]:
    """
    Take the zone from the end of a line; without one, the machine's own stands.
    """
    rest, space, name = line.rpartition(" ")
    if timezone:
        Zone.of(timezone)
    if space and _is_zone(name):
        return rest, Zone.of("UTC" if name.upper() == "UTC" else name)
    if not timezone:
        reason = "names no time zone, so systemd would take that of the machine"
        raise TimeZoneError(f"calendar event {line[:80]!r}", reason, "write UTC at its end")
    return line, Zone.of(timezone)


def _is_zone(name: str) -> bool:
    """
    Whether systemd, too, would take a word for a time zone; `CET` and the like are known to it.
    """
    if "/" in name or name.upper() == "UTC" or not _ZONE.fullmatch(name):
        return bool(_ZONE.fullmatch(name))
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _weekdays(word: Word) -> tuple[Item, ...] | None:
    found: set[int] = set()
    for item in word._replace(text=word.text.removesuffix(",")).split(","):
        ends = [NAMES.get(name, NONE) for name in re.split(r"\.\.|-", item.text.lower())]
        if NONE in ends or len(ends) > 2 or ends != sorted(ends):
            raise item.error("that is no weekday, and no range from Monday on", "weekday")
        found.update(range(ends[0], ends[-1] + 1))
    items = tuple(("weekday", (place + 1) % 7) for place in sorted(found))
    return None if len(items) == len(WEEK) else items


def _date(word: Word | None) -> tuple[Values, Values, Values]:
    if word is None:
        return ANY_YEAR, ANY_MONTH, ANY_DAY
    *before, month, day = word.split("-~")
    marks = re.sub("[^-~]", "", word.text)
    if len(before) > 1 or "~" in marks[:-1]:
        raise word.error("a date is a year, a month and a day", "day")
    years = _values(before[0], YEAR) if before else ANY_YEAR
    return years, _values(month, MONTH), _values(day, DAY_BACK if marks[-1] == "~" else DAY)


def _doms(days: Values) -> tuple[Item, ...] | None:
    kind = "last" if days.back else "day"
    return None if days.free else tuple((kind, value) for value in days.values)


def _time(word: Word) -> list[Values]:
    pieces = word.split(":")
    if not 2 <= len(pieces) <= 3:
        raise word.error("a time has hours, minutes, and perhaps seconds", "hour")
    found = [_values(pieces[0], HOUR), _values(pieces[1], MINUTE)]
    return [*found, _values(pieces[2], SECOND) if pieces[2:] else MIDNIGHT]


def _stamp(line: str, words: list[Word], weekdays: tuple[Item, ...] | None) -> Event:
    """
    `@` and a Unix second, whatever zone stands behind it.
    """
    digits = words[0].text[1:]
    if len(words) > 1 or not re.fullmatch(r"[0-9]{1,10}", digits):
        raise words[0].error("after @ stand the seconds since 1970, and then nothing")
    at = datetime.fromtimestamp(int(digits), UTC)
    if at.year not in YEARS:
        raise words[0].error(f"its years end with {YEARS[-1]}", "year")
    return Event(
        text=line,
        zone=Zone.of("UTC"),
        hours=(at.hour,),
        minutes=(at.minute,),
        seconds=(at.second,),
        days=Days((("day", at.day),), (at.month,), weekdays, "all"),
        years=(at.year,),
    )


def _values(word: Word, kind: Component) -> Values:
    if word.text == "*":
        whole = range(kind.low, kind.high + 1, kind.unit)
        return Values(tuple(value // kind.unit for value in whole), free=True)
    items = word.split(",")
    if len(items) > MANY:
        raise word.error(f"it takes {MANY} values", kind.name)
    spans = {_span(item, kind): item for item in items}
    found: set[int] = set()
    high = kind.high
    for span, item in sorted(spans.items()):
        found.update(span.values(item, kind._replace(high=high)))
        high -= SHORTER * kind.back
    return Values(
        tuple(sorted(found)),
        back=kind.back,
        open=any(span.last == NONE and span.step > 0 for span in spans),
        overruns=any(span.overruns(kind) for span in spans),
    )


class Span(NamedTuple):
    """
    `first..last/step`; without *last* it goes to the end, without *step* nowhere.
    """

    first: int
    last: int
    step: int

    def overruns(self, kind: Component) -> bool:
        """
        Whether its steps pass the end of the component, whose length varies for days.
        """
        if self.last != NONE or self.step <= 1:
            return False
        return kind.name == "day" or (kind.high + 1 - self.first) % self.step > 0

    def values(self, item: Word, kind: Component) -> list[int]:
        """
        All that it means, if it stays within the component.
        """
        first, last, step = self
        if last == NONE:
            steps = (first - kind.low if kind.back else kind.high - first) // step if step else 0
            step = -step if kind.back else step
            near = first + step
        else:
            steps, near = (last - first) // step, last
        within = all(kind.low <= each <= kind.high for each in (first, near))
        if steps < 0 or not within or abs(step) > kind.high - kind.low:
            low, high = kind.low // kind.unit, kind.high // kind.unit
            reason = f"a {kind.name} there goes from {low} to {high}, and so do steps"
            raise item.error(reason, kind.name)
        if first % kind.unit or step % kind.unit:
            reason, cure = "it runs between two seconds", "write whole seconds"
            raise NotExpressibleError(repr(item.line), reason, cure, feature="schedule.cron")
        return [(first + step * count) // kind.unit for count in range(steps + 1)]


def _span(item: Word, kind: Component) -> Span:
    span, slash, after = item.text.partition("/")
    start, dots, end = span.partition("..")
    first = _year(_number(start, item, kind), kind)
    last = _year(_number(end, item, kind), kind) if dots else NONE
    step = _number(after, item, kind) if slash else kind.unit * bool(dots)
    if slash and not step:
        raise item.error("a step of 0 leads nowhere", kind.name)
    if dots and not slash and kind is SECOND and last < first + step:
        raise item.error("the range is shorter than a second", kind.name)
    if last >= first:
        last -= (last - first) % step
    return Span(first, NONE, 0) if last == first else Span(first, last, step)


def _number(text: str, item: Word, kind: Component) -> int:
    found = _DECIMAL.fullmatch(text)
    whole = found[1].lstrip("0") if found else ""
    if not found or len(whole) > DIGITS or (found[2] and kind is not SECOND):
        raise item.error(f"{text[:20]!r} is no number there", kind.name)
    fraction = (found[2] or "").ljust(7, "0")
    millionths = int(fraction[:6]) + (fraction[6] >= "5")
    return int(whole or 0) * kind.unit + millionths


def _year(value: int, kind: Component) -> int:
    """
    Years of two digits are 1970 to 2069.
    """
    if kind is YEAR and value < CENTURY:
        return value + (2000 if value < YEARS[0] - 1900 else 1900)
    return value
