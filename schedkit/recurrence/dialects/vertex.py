"""
Vertex AI schedules: `cron` with the zone in front, start, end and a number of runs beside it.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.schedules
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence.checks import epoch, whole_seconds
from schedkit.recurrence.compare import bounds
from schedkit.recurrence.dialects import NOTHING, Native, Reader
from schedkit.recurrence.dialects.unix import Unix
from schedkit.recurrence.when import Once, Window
from schedkit.recurrence.zones import LAST


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schedkit.recurrence.when import When

_PREFIX = re.compile(r"(?:CRON_)?TZ=([^ \t]*)[ \t]+")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")
_MINUTE = timedelta(minutes=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC) + _MINUTE
_START, _END, _RUNS = "startTime", "endTime", "maxRunCount"


class Vertex(Unix):
    """
    Neither the rule of two restricted day fields, nor the default zone, nor what happens when
    clocks change is documented: the zone is always written.
    """

    name = "vertex"
    url = "https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.schedules"
    dst = None
    beside = (_START, _END, _RUNS)
    day_rule = "vertex.day_rule"
    unknown = {
        "vertex.day_rule": "whether two restricted day fields are OR is not documented",
        "vertex.default_zone": "the zone of a text that names none is not documented",
        "vertex.stepped_day": "whether */n restricts a day field beside another",
    }

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest texts; a window is `startTime` and `endTime`, one run `maxRunCount`.
        """
        inside, start, end = bounds(when)
        if isinstance(inside, Once) and when is inside:
            return (self._once(inside.instant),)
        more = {name: _rfc(at) for name, at in ((_START, start), (_END, end)) if at}
        found = super().write(inside, assume)
        return tuple(Native(native.text, "", more) for native in found)

    def _once(self, at: datetime) -> Native:
        if at.second:
            raise NotExpressibleError(
                f"Once({at.isoformat()})",
                "a cron fires on whole minutes",
                f"Once('{_rfc(at.replace(second=0))}')",
                feature="schedule.once",
            )
        text = f"TZ=UTC {at.minute} {at.hour} {at.day} {at.month} *"
        return Native(text, "", {_START: _rfc(max(at, _EARLIEST) - _MINUTE), _RUNS: "1"})

    def spelled(self, text: str, timezone: str) -> Native:
        """
        Return the five fields with the zone in front.
        """
        return Native(f"TZ={timezone} {text}", "")

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return what the platform receives; a zone given beside goes in front.
        """
        return Native(f"TZ={timezone} {text}" if timezone else text, "", more)

    def parts(self, native: Native) -> tuple[str, str]:
        """
        Return the five fields and the zone in front of them.
        """
        if native.timezone not in {"", "UTC", "Etc/UTC"}:
            reason, cure = "a schedule has its zone in front of the text", "write TZ= there"
            raise TimeZoneError(f"timezone {native.timezone!r}", reason, cure)
        found = _PREFIX.match(native.text)
        if found is None:
            raise UnknownBehaviourError(
                repr(native.text[:100]),
                self.unknown["vertex.default_zone"],
                "write TZ=UTC in front",
                feature="schedule.timezone",
                fact="vertex.default_zone",
            )
        zone = found[1]
        return native.text[found.end() :], "UTC" if zone == "Etc/UTC" else zone

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Parse the text, and bound it by what stands beside it.
        """
        begins, ends, runs = _beside(native)
        (reader,) = super().readers(native)
        reader.begins, reader.ends = begins, ends
        return (_Counted(reader, runs),) if runs is not None else (reader,)

    def read(self, native: Native) -> When:
        """
        Return the calendar of a text with its window; a single run is `Once`.
        """
        begins, ends, runs = _beside(native)
        if runs is not None:
            (reader,) = self.readers(native)
            found = None if runs > 1 or begins is None else reader.next(begins - 1)
            if found is not None:
                return Once(datetime.fromtimestamp(found, UTC))
            reason = "nothing portable ends after a number of runs"
            raise NotExpressibleError(
                repr(native.text), reason, "give endTime", feature="schedule.end"
            )
        when = super().read(native)
        if begins is None and ends is None:
            return when
        return Window(
            when, *(None if t is None else datetime.fromtimestamp(t, UTC) for t in (begins, ends))
        )


VERTEX = Vertex()


class _Counted(Reader):
    """
    The first few runs of another reader.
    """

    minutes = 0
    searches = False

    def __init__(self, reader: Reader, runs: int) -> None:
        self.zone, self._reader, self._runs = reader.zone, reader, runs

    def year_days(self, first_weekday: int, leap: bool) -> int:  # noqa: ARG002
        return 0

    def next(self, epoch: int) -> int | None:
        """
        Return the first run after *epoch*.
        """
        return next((run for run in self._first() if run > epoch), None)

    def fires(self, start: int, stop: int) -> Iterator[int]:
        """
        Yield those of the first runs that lie in `start <= t < stop`.
        """
        first = takewhile(lambda run: run < stop, self._first())
        return (run for run in first if start <= run)

    def _first(self) -> Iterator[int]:
        first = self._reader.begins
        if first is not None:  # else from its creation on, whenever that is
            yield from islice(self._reader.fires(first, LAST), self._runs)


def _beside(native: Native) -> tuple[int | None, int | None, int | None]:
    more = dict(native.more)
    start, end = (
        None if name not in more else epoch(whole_seconds(more.pop(name), f"vertex, {name}"))
        for name in (_START, _END)
    )
    runs = more.pop(_RUNS, None)
    if runs is not None and not _COUNT.fullmatch(runs):
        reason = f"{_RUNS} {runs[:40]!r} is no count of runs"
        raise CronSyntaxError(native.text, reason, "write 1")
    if more:
        known = f"known: {_START}, {_END}, {_RUNS}"
        raise CronSyntaxError(native.text, f"a schedule has no {min(more)!r}", known)
    return start, end, int(runs) if runs is not None else None


def _rfc(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
