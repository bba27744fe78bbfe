"""
The JSON of a Data Factory trigger's recurrence: checked key by key, as plain values.

https://learn.microsoft.com/azure/data-factory/how-to-create-schedule-trigger#json-schema
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import attrs

from schedkit.exceptions import CronSyntaxError
from schedkit.recurrence.checks import EPOCH, SECOND, hint
from schedkit.recurrence.dialects.text import LONGEST
from schedkit.recurrence.windows import iana_of
from schedkit.recurrence.zones import Zone


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")
KEYS = ("frequency", "interval", "startTime", "endTime", "timeZone", "schedule")
TUMBLING = (
    "frequency", "interval", "startTime", "endTime", "delay", "maxConcurrency", "retryPolicy",
)  # fmt: skip
ONLY_WITH = {"weekDays": "Week", "monthDays": "Month", "monthlyOccurrences": "Month"}
RANGES = {"minutes": (0, 59), "hours": (0, 23), "monthDays": (-31, 31)}
LISTS = (*RANGES, "weekDays", "monthlyOccurrences")
FIRST_YEAR, LAST_YEAR = 1970, 9000
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.0{1,7})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_DELAY = re.compile(r"(?:(\d{1,3})\.)?(\d\d):(\d\d):(\d\d)", re.ASCII)


@attrs.frozen(kw_only=True)
class Recurrence:
    """
    One recurrence; None is what it does not say.

    `start` and `end` are Unix seconds; an *occurrence* is a weekday (0 = Sunday) and which one of
    the month, 0 every one.
    """

    frequency: str
    interval: int
    start: int
    end: int | None
    zone: Zone
    timezone: str
    scheduled: bool = False
    minutes: tuple[int, ...] | None = None
    hours: tuple[int, ...] | None = None
    weekdays: tuple[int, ...] | None = None
    days: tuple[int, ...] | None = None
    occurrences: tuple[tuple[int, int], ...] | None = None
    delay: int = 0


class Json:
    """
    A text of JSON, and where in it something is wrong.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LONGEST:
            reason = f"Data Factory takes no recurrence of {len(text)} characters"
            raise CronSyntaxError(text, reason)
        try:
            value = json.loads(text, object_pairs_hook=self._object, parse_constant=self._none)
        except (ValueError, RecursionError) as error:
            if isinstance(error, CronSyntaxError):
                raise
            place = getattr(error, "pos", 0)
            cure = 'write {"frequency":"Day","interval":1,"startTime":"2026-01-01T00:00:00Z"}'
            raise CronSyntaxError(
                text, "is not JSON that one can read", cure, field="recurrence", column=place + 1
            ) from None
        self.value = self.mapping(value, "recurrence")

    def error(self, key: str, reason: str, cure: str = "") -> CronSyntaxError:
        """
        Return the error of a key.
        """
        column = max(self.text.find(f'"{key}"'), 0) + 1
        return CronSyntaxError(self.text, reason, cure, field=key, column=column)

    def mapping(self, value: object, key: str) -> Mapping[str, object]:
        """
        Refuse what is no object.
        """
        if not isinstance(value, dict):
            raise self.error(key, f"{_shown(value)} is no object")
        return value

    def known(self, value: Mapping[str, object], keys: Sequence[str]) -> None:
        """
        Refuse keys that are none of *keys*.
        """
        for key in value:
            if key not in keys:
                cure = hint(key, keys) or f"known keys: {', '.join(keys)}"
                raise self.error(key, f"{key[:40]!r} is unknown", cure)

    def number(self, value: object, key: str, low: int, high: int) -> int:
        """
        Refuse what is no whole number from *low* to *high*.
        """
        if type(value) is not int or not low <= value <= high:
            cure = f"give a whole number from {low} to {high}"
            raise self.error(key, f"{_shown(value)} is out of range", cure)
        return value

    def word(self, value: object, key: str, words: Sequence[str]) -> int:
        """
        Return the place of a word, in any case.
        """
        for place, name in enumerate(words):
            if isinstance(value, str) and value.casefold() == name.casefold():
                return place
        cure = hint(str(value)[:40], words) or f"write one of {', '.join(words)}"
        raise self.error(key, f"{_shown(value)} is unknown", cure)

    def items(self, value: object, key: str) -> Iterable[object]:
        """
        The items of a list; a single value is a list of one.
        """
        if value == []:
            raise self.error(key, "is an empty list", "leave it out, or name one")
        return value if isinstance(value, list) else [value]

    def instant(self, value: object, key: str, zone: Zone) -> int:
        """
        Unix seconds of a time: with `Z` or an offset in UTC, without in any other zone.
        """
        found = _TIME.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.error(
                key, f"{_shown(value)} is no time", "write 2026-01-01T00:00:00, with Z in UTC"
            )
        utc = zone.name == "UTC"
        if utc != bool(found[3]):
            reason = "has no Z" if utc else "has an offset, so that timeZone would be ignored"
            raise self.error(key, reason, "write Z in UTC, and nothing in any other zone")
        try:
            local = datetime.fromisoformat(f"{found[1]}{found[2] or ':00'}{found[3] or 'Z'}")
            wall = (local.astimezone(UTC) - EPOCH) // SECOND
        except (ValueError, OverflowError) as error:
            raise self.error(key, f"{_shown(value)}: {error}", "write a day that exists") from None
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            cure = f"give a year from {FIRST_YEAR} to {LAST_YEAR}"
            raise self.error(key, f"{local.year} is not a year of our time", cure)
        return wall if utc else _epoch(wall, zone)

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise self.error(twice, f"{twice[:40]!r} is given twice", "give it once")
        return found

    @staticmethod
    def _none(name: str) -> object:
        raise ValueError(name)


def recurrence(text: str) -> Recurrence:
    """
    Read the recurrence of a schedule trigger.

    Raises:
        CronSyntaxError: Data Factory rejects it.
        TimeZoneError: No such Windows time zone.
    """
    source = Json(text)
    source.known(source.value, KEYS)
    timezone = source.value.get("timeZone", "UTC")
    if not isinstance(timezone, str):
        raise source.error("timeZone", f"{_shown(timezone)} is no name", "write UTC")
    zone = Zone.of("UTC" if timezone == "UTC" else iana_of(timezone))
    common = _common(source, zone, FREQUENCIES)
    schedule = source.mapping(source.value.get("schedule", {}), "schedule")
    source.known(schedule, LISTS)
    for key, frequency in ONLY_WITH.items():
        if key in schedule and common.frequency != frequency:
            cure = f'write "frequency":"{frequency}"'
            raise source.error(key, f"is only known with frequency {frequency}", cure)
    return attrs.evolve(
        common,
        timezone=timezone,
        scheduled=bool(schedule),
        minutes=_numbers(source, schedule, "minutes"),
        hours=_numbers(source, schedule, "hours"),
        days=_numbers(source, schedule, "monthDays"),
        weekdays=_weekdays(source, schedule),
        occurrences=_occurrences(source, schedule),
    )


def tumbling(text: str) -> Recurrence:
    """
    Read the windows of a tumbling window trigger; they are in UTC.

    Raises:
        CronSyntaxError: Data Factory rejects it.
    """
    source = Json(text)
    source.known(source.value, TUMBLING)
    common = _common(source, Zone.of("UTC"), ("Minute", "Hour", "Month"))
    source.number(source.value.get("maxConcurrency", 1), "maxConcurrency", 1, 50)
    delay = source.value.get("delay", "00:00:00")
    found = _DELAY.fullmatch(delay) if isinstance(delay, str) else None
    if found is None:
        raise source.error("delay", f"{_shown(delay)} is no duration", "write hh:mm:ss")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    lag = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return attrs.evolve(common, delay=lag // SECOND)


def _common(source: Json, zone: Zone, frequencies: Sequence[str]) -> Recurrence:
    for key in ("frequency", "startTime"):
        if key not in source.value:
            raise source.error(key, f"{key} is missing", f"give {key}")
    end = source.value.get("endTime")
    return Recurrence(
        frequency=frequencies[source.word(source.value["frequency"], "frequency", frequencies)],
        interval=source.number(source.value.get("interval", 1), "interval", 1, 1_000),
        start=source.instant(source.value["startTime"], "startTime", zone),
        end=None if end is None else source.instant(end, "endTime", zone),
        zone=zone,
        timezone="UTC",
    )


def _numbers(
    source: Json,
    schedule: Mapping[str, object],
    key: Literal["minutes", "hours", "monthDays"],
) -> tuple[int, ...] | None:
    if key not in schedule:
        return None
    values = {source.number(item, key, *RANGES[key]) for item in source.items(schedule[key], key)}
    if key == "monthDays" and 0 in values:
        raise source.error(key, "there is no day 0", "give 1 to 31, or -1 for the last day")
    return tuple(sorted(values))


def _weekdays(source: Json, schedule: Mapping[str, object]) -> tuple[int, ...] | None:
    key = "weekDays"
    if key not in schedule:
        return None
    items = source.items(schedule[key], key)
    return tuple(sorted({source.word(item, key, NAMES) for item in items}))


def _occurrences(
    source: Json, schedule: Mapping[str, object]
) -> tuple[tuple[int, int], ...] | None:
    key, found = "monthlyOccurrences", set()
    if key not in schedule:
        return None
    for item in source.items(schedule[key], key):
        value = source.mapping(item, key)
        source.known(value, ("day", "occurrence"))
        place = 0
        if "occurrence" in value:
            place = source.number(value["occurrence"], "occurrence", -5, 5)
            if not place:
                raise source.error("occurrence", "there is no 0th weekday", "give 1 to 5, or -1")
        found.add((source.word(value.get("day"), "day", NAMES), place))
    return tuple(sorted(found))


def _epoch(wall: int, zone: Zone) -> int:
    """
    The first instant whose wall clock shows *wall*; in a gap, the instant after as much time.
    """
    offsets = (zone.offset(wall - 86_400), zone.offset(wall + 86_400))
    real = [wall - offset for offset in offsets if zone.offset(wall - offset) == offset]
    return min(real, default=wall - offsets[0])


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."
