"""
Time zones that mean the same everywhere, when their clocks change, and what a schedule does then.
"""

# ruff: noqa: PTH113, PTH123  pathlib would be half of what this package costs to import

from __future__ import annotations

import datetime as dt
import zoneinfo
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache
from os import path
from typing import Literal, NamedTuple, cast

import attrs

from schedkit.exceptions import SpecError, TimeZoneError
from schedkit.recurrence.checks import SECOND, hint, plain, word


# Unix seconds of the years 1 to 9999 whose wall clock `datetime` can hold in every zone
FIRST, LAST = -62_135_400_000, 253_402_000_000
GAPS = ("skip", "next", "shift")
FOLDS = ("first", "second", "both")
_DAY = 86_400
_PAGE = 25  # changes are looked up and kept by pages of 2**25 seconds, 388 days
_LONGEST = 100  # characters of a name; the longest there are have 32
_OTHER_CLOCKS = ("right/", "posix/", "posixrules", "localtime")
_UTC_CURE = "write a name like 'Europe/Berlin', or 'UTC'"


class Change(NamedTuple):
    """
    The Unix second at which the offset *after* (seconds east of UTC) begins, and the one *before*.
    """

    epoch: int
    before: int
    after: int


@attrs.frozen(kw_only=True)
class Dst:
    """
    What becomes of wall-clock times that a change of the clocks skips or repeats.

    Args:
        gap: A skipped time does not run (`skip`), runs at the end of the gap (02:30 -> 03:00,
            `next`), or is moved by its width (02:30 -> 03:30, `shift`). A run moved onto another
            is one run.
        fold: A repeated time runs the `first` time, the `second` time, or `both` times.
    """

    gap: Literal["skip", "next", "shift"] = "skip"
    fold: Literal["first", "second", "both"] = "both"

    def __attrs_post_init__(self) -> None:
        word(self.gap, GAPS, "Dst, gap")
        word(self.fold, FOLDS, "Dst, fold")


POINTWISE = Dst()


def check_dst(value: object, culprit: str) -> None:
    """
    Refuse what is neither a `Dst` nor None.
    """
    plain(value, culprit)
    if value is not None and not isinstance(value, Dst):
        raise SpecError(culprit, f"{value!r} is no policy", "write Dst(gap='next', fold='first')")


@attrs.frozen
class Zone:
    """
    A time zone of the IANA data that `zoneinfo` finds; make one with `Zone.of`.
    """

    name: str
    tzinfo: dt.tzinfo = attrs.field(repr=False, eq=False)
    _pages: dict[int, tuple[Change, ...]] = attrs.field(
        factory=dict, init=False, repr=False, eq=False
    )

    @staticmethod
    def of(name: str) -> Zone:
        """
        The zone of that name, read once.

        Raises:
            TimeZoneError: No data of that name, or a name that is not `UTC` and has no `/`:
                `Local` depends on the machine, `CET` changed its meaning between releases.
        """
        plain(name, "timezone")
        if not isinstance(name, str):
            reason = f"is {type(name).__name__}, not the name of a time zone"
            raise TimeZoneError(f"timezone {name!r}", reason, _UTC_CURE)
        return _zone(name)

    def offset(self, epoch: int) -> int:
        """
        Seconds east of UTC at a Unix second.
        """
        changes = self._page(epoch >> _PAGE)
        if not changes:
            return self._read(min(max(epoch, FIRST), LAST)) // SECOND
        index = bisect_right(changes, (epoch, _DAY * 2))
        return changes[index - 1].after if index else changes[0].before

    def changes(self, start: int, stop: int) -> tuple[Change, ...]:
        """
        Every change with start <= epoch < stop, in order.
        """
        if self.tzinfo is UTC or stop <= start:
            return ()
        start, stop = max(start, FIRST), min(stop, LAST)
        found: list[Change] = []
        for number in range(start >> _PAGE, ((stop - 1) >> _PAGE) + 1):
            found += self._page(number)
        return tuple(change for change in found if start <= change.epoch < stop)

    def is_fixed(self, start: int, stop: int) -> bool:
        """
        Whether one offset holds from start to stop.
        """
        return not self.changes(start + 1, stop)

    def _page(self, number: int) -> tuple[Change, ...]:
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = tuple(self._search(number << _PAGE, number + 1 << _PAGE))
        return page

    def _search(self, start: int, stop: int) -> list[Change]:
        """
        Read an offset a day, and where two neighbours differ close in on the second.

        Two changes that cancel each other would have to be more than a day apart; in all the data
        no two changes are closer than three days.
        """
        found: list[Change] = []
        if self.tzinfo is UTC:
            return found
        low, last = max(start - 1, FIRST), min(stop - 1, LAST)
        before = self._read(low)
        while low < last:
            high = min(low + _DAY, last)
            after = self._read(high)
            if after != before:
                high, after = self._close_in(low, high, before)
                found.append(Change(high, before // SECOND, after // SECOND))
            low, before = high, after
        return found

    def _close_in(self, low: int, high: int, before: timedelta) -> tuple[int, timedelta]:
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._read(middle) == before else (low, middle)
        return high, self._read(high)

    def _read(self, epoch: int) -> timedelta:
        return cast("timedelta", datetime.fromtimestamp(epoch, self.tzinfo).utcoffset())


@cache
def _zone(name: str) -> Zone:
    if name == "UTC":
        return Zone(name, UTC)
    culprit = f"timezone {name!r}"
    if len(name) > _LONGEST:
        reason = f"no time zone has a name of {len(name)} characters"
        raise TimeZoneError(culprit, reason, _UTC_CURE)
    if "/" not in name or name.startswith(_OTHER_CLOCKS):
        reason = "is not an Area/City name, so machines and releases disagree on what it means"
        raise TimeZoneError(culprit, reason, _near(name))
    try:
        return Zone(name, zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        reason = f"the time zone data ({tzdata_version()}) have no such name"
        raise TimeZoneError(culprit, reason, _near(name)) from None


def _near(name: str) -> str:
    known = {zone for zone in zoneinfo.available_timezones() if "/" in zone} | {"UTC"}
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(known, reverse=True)}
    cities["UTC"] = "UTC"
    city = name.rpartition("/")[2].replace(" ", "_").casefold()
    exact = next((zone for last, zone in cities.items() if last.casefold() == city), None)
    return f"did you mean {exact!r}?" if exact else hint(name, known) or _UTC_CURE


@cache
def tzdata_version() -> str:
    """
    Release, such as `2026a`, of the data that `zoneinfo` reads: the machine's, or the package's.

    `unknown` when the machine's copy does not say.
    """
    for folder in zoneinfo.TZPATH:
        if not path.isfile(f"{folder}/Europe/London"):
            continue
        for name in ("tzdata.zi", "+VERSION"):
            if path.isfile(f"{folder}/{name}"):
                with open(f"{folder}/{name}", encoding="ascii", errors="replace") as lines:
                    return lines.readline().removeprefix("# version").strip()
        return "unknown"
    import tzdata  # type: ignore[import-untyped]

    return str(tzdata.IANA_VERSION)
