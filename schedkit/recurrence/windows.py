"""
Windows ids of time zones, such as `W. Europe Standard Time`, which Azure asks for.

The tables are those of CLDR; `scripts/windows_zones.py` writes them. What a Windows id means is
taken from the IANA zone that CLDR lets stand for it: nothing here reads a Windows machine.
"""

# ruff: noqa: PTH118, PTH120, PTH123  pathlib would be half of what this package costs to import

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from os import path
from typing import NamedTuple, TypedDict, cast

from schedkit.exceptions import TimeZoneError, UnknownBehaviourError
from schedkit.recurrence.checks import EPOCH, hint, plain
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.zones import Zone, tzdata_version


FEATURE = "schedule.timezone"
NEW_IDS = "adf.new_windows_ids"  # the fact that `assume` may name


class _Tables(TypedDict):
    cldr: str
    unverified: list[str]
    iana: dict[str, str]
    windows: dict[str, str]


class _Difference(NamedTuple):
    epoch: int
    asked: int
    told: int


def windows_id(iana: str, assume: frozenset[str] = frozenset()) -> str:
    """
    The Windows id whose clock shows what the zone's clock shows, over `compare.horizon()`.

    Args:
        assume: `adf.new_windows_ids` if Azure is known to accept the ids of September 2026.

    Raises:
        TimeZoneError: No such zone, no id for it, or one whose clock shows something else.
        UnknownBehaviourError: The id is new, and nobody says whether Azure accepts it.
    """
    zone, tables = Zone.of(iana), _tables()
    name = tables["windows"].get(zone.name)
    if name is None:
        reason = f"has no Windows id in CLDR {tables['cldr']}"
        raise TimeZoneError(f"timezone {iana!r}", reason, _cure(zone.name))
    found = _difference(zone.name, tables["iana"][name])
    if found:
        raise TimeZoneError(f"timezone {iana!r}", _reason(name, found), _cure(zone.name))
    if name in tables["unverified"] and NEW_IDS not in assume:
        # A zone with the same offsets is no cure: newer data are why this one has its own id.
        raise UnknownBehaviourError(
            f"timezone {iana!r}",
            f"has the new Windows id {name!r}, and Azure does not document whether it accepts it",
            "write the schedule in 'UTC'",
            feature=FEATURE,
            fact=NEW_IDS,
        )
    return name


def iana_of(windows_id: str) -> str:
    """
    The IANA zone that stands for a Windows id, whatever the territory.

    Raises:
        TimeZoneError: CLDR has no such id; case matters.
    """
    plain(windows_id, "Windows time zone")
    known = _tables()["iana"]
    if not isinstance(windows_id, str) or windows_id not in known:
        reason = f"CLDR {_tables()['cldr']} has no Windows id of that name"
        cure = hint(str(windows_id), known) or "write an id like 'W. Europe Standard Time'"
        raise TimeZoneError(f"Windows time zone {windows_id!r}", reason, cure)
    return known[windows_id]


@cache
def _tables() -> _Tables:
    with open(path.join(path.dirname(__file__), "windows_zones.json"), encoding="ascii") as file:
        return cast("_Tables", json.load(file))


@cache
def _difference(asked: str, told: str) -> _Difference | None:
    """
    The first second of the horizon at which two zones have different offsets.
    """
    one, other = Zone.of(asked), Zone.of(told)
    start, stop = horizon()
    if one.offset(start) != other.offset(start):  # spares nine years of most zones
        return _Difference(start, one.offset(start), other.offset(start))
    changes = (*one.changes(start, stop), *other.changes(start, stop))
    for epoch in sorted(change.epoch for change in changes):
        offsets = one.offset(epoch), other.offset(epoch)
        if offsets[0] != offsets[1]:
            return _Difference(epoch, *offsets)
    return None


def _reason(name: str, found: _Difference) -> str:
    instant = (EPOCH + timedelta(seconds=found.epoch)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"its Windows id {name!r} has other offsets: at {instant} the zone is at "
        f"{_signed(found.asked)} and the id at {_signed(found.told)} (tzdata {tzdata_version()})"
    )


def _cure(name: str) -> str:
    """
    Advise a zone with an undoubted id and the same offsets, of the same area if there is one.
    """
    tables = _tables()
    sure = {zone for each, zone in tables["iana"].items() if each not in tables["unverified"]}
    area = name.partition("/")[0]
    for other in sorted(sure, key=lambda each: (each.partition("/")[0] != area, each)):
        if not _difference(name, other):
            year = datetime.fromtimestamp(horizon()[1], UTC).year
            return f"write {other!r}, which has the same offsets until {year}"
    return "no Windows id has its offsets; write the schedule in 'UTC'"


def _signed(offset: int) -> str:
    hours, seconds = divmod(abs(offset), 3600)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{seconds // 60:02}"
