"""
The laws of the dialects of five fields, besides those of any dialect.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schedkit.exceptions import NotExpressibleError, SchedkitError, UnknownBehaviourError
from schedkit.recurrence import Zone
from schedkit.recurrence.compare import sets_of
from schedkit.recurrence.dialects import Dialect, Native
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.proof import prove
from schedkit.testing import DialectConformance, strategies


KINDS = list(product(range(7), (False, True)))
NEAR = 2 * 86_400
BUSY = [HealthCheck.filter_too_much, HealthCheck.too_slow]
ITEMS = (
    *("0", "9", "59", "60", "7", "31", "999999", "*", "?", "/", "-", ",", "#", "L", "MON", "jan"),
    *("*/5", "*/0", "1-5", "5-1", "22-2", "1-31/2", "a/n", "@every 1h", "@daily", "TZ=UTC "),
)
WORDS = st.lists(st.sampled_from(ITEMS), max_size=4).map("".join)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, min_size=4, max_size=7).map(" ".join))
UNITS = ("1,", "9", "*/1,", "-", "* ", "1-5/2,", "@every 1h", "\N{BELL}", "TZ=", "\t", "0\n", "L")


def at(text: str) -> int:
    """
    Unix seconds of an RFC 3339 instant.
    """
    return int(datetime.fromisoformat(text).timestamp())


def days(dialect: Dialect, natives, month: str = "2026-01") -> list[int]:
    """
    The days of a month, on the clock of UTC, on which natives run.
    """
    start = at(f"{month}-01T00:00:00Z")
    runs = {run for each in natives for run in dialect.fires(each, start, start + 31 * 86_400)}
    found = [datetime.fromtimestamp(run, UTC) for run in sorted(runs)]
    return list(dict.fromkeys(each.day for each in found if f"{each:%Y-%m}" == month))


def refused(kind: type[SchedkitError], sentence: str, call, *args, **attributes) -> None:
    """
    Hold that a call raises just this type with just this sentence and these attributes.
    """
    with pytest.raises(SchedkitError) as caught:
        call(*args)
    assert (kind, sentence) == (type(caught.value), str(caught.value))
    found = {name: getattr(caught.value, name) for name in attributes}
    assert attributes == found


def minutes_by_day(sets) -> dict[int, int]:
    """
    The minutes (bits) of each day of a year, of pairs of minutes and days (bits).
    """
    found: dict[int, int] = {}
    for minutes, days in sets:
        for day in range(366):
            if days >> day & 1:
                found[day] = found.get(day, 0) | minutes
    return found


class UnixLaws(DialectConformance):
    """
    Subclass it under a name that begins with `Test`, and write `make_dialect`.

    Attributes:
        zones: What schedules are asked for in.
        front: What stands before five fields.
        beside: The zone beside them.
    """

    zones = ("UTC",)
    front = ""
    beside = "Etc/UTC"

    def test_is_read_as_it_was_meant(self) -> None:
        """
        The minutes of every day of all 14 kinds of year, and the runs of a year, in UTC and, away
        from offset changes, in zones that have them.
        """
        dialect = self.make_dialect()
        facts = frozenset(dialect.unknown)

        @settings(max_examples=40, suppress_health_check=BUSY)
        @given(
            strategies.whens(st.just("UTC")) | strategies.calendars(st.sampled_from(self.zones))
        )
        def holds(when) -> None:
            try:
                natives = dialect.write(when, facts)
            except NotExpressibleError:
                assume(False)
            readers = [reader for native in natives for reader in dialect.readers(native)]
            same_days(when, readers)
            start, stop = at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")
            changes = [
                change.epoch
                for each in when.calendars()
                for change in Zone.of(each.timezone).changes(start - NEAR, stop + NEAR)
            ]
            fired = {run for native in natives for run in dialect.fires(native, start, stop)}
            other = fired ^ set(when.epochs(start, stop))
            assert [] == [run for run in other if all(abs(run - c) > NEAR for c in changes)]

        holds()

    def test_what_is_written_is_read_back(self) -> None:
        """
        Each native has portable words, which are proved to be the same schedule again.
        """
        dialect = self.make_dialect()

        @settings(max_examples=40, suppress_health_check=BUSY)
        @given(strategies.crons(st.just("UTC")))
        def holds(cron) -> None:
            try:
                natives = dialect.write(cron)
                found = [dialect.read(native) for native in natives]
            except UnknownBehaviourError:
                assume(False)
            except NotExpressibleError as error:
                assume(error.feature != "schedule.cron")  # GitHub's shortest interval
                raise
            for native, when in zip(natives, found, strict=True):
                assert prove(when, [native], dialect).holds

        holds()

    def test_any_text_is_read_or_refused(self) -> None:
        """
        Nothing but errors of schedkit comes out of any text in any zone.
        """
        dialect = self.make_dialect()

        @settings(max_examples=200)
        @given(st.sampled_from(["", self.front]), TEXTS, st.sampled_from([self.beside, "", "X/Y"]))
        def holds(front: str, text: str, zone: str) -> None:
            native = Native(front + text, zone)
            try:
                readers = dialect.readers(native)
                next(dialect.fires(native, 0, 1 << 33), None)
                dialect.read(native)
            except SchedkitError:
                return
            assert readers

        holds()

    @pytest.mark.parametrize("unit", UNITS, ids=repr)
    def test_ten_kilobytes_are_answered(self, unit) -> None:
        """
        Whatever is that long is read or refused.
        """
        dialect = self.make_dialect()
        for text in (unit * (10_000 // len(unit)), f"0 9 {unit * 3_000}1 * 1"):
            native = Native(self.front + text, self.beside)
            with suppress(SchedkitError):
                assert all((each.next(0) or 1) > 0 for each in dialect.readers(native))


def same_days(when, readers) -> None:
    """
    Hold that readers match the minutes of the days that *when* does, where all read one clock.
    """
    try:
        asked = [sets_of(each) for part in parts(when) for each in part.calendars() or (part,)]
    except NotExpressibleError:
        return  # `Once` reads no clock
    if {zone.name for zone, _ in asked} != {reader.zone.name for reader in readers}:
        return
    for kind in KINDS:
        wanted = minutes_by_day((sets.minutes, sets.kinds[kind]) for _, sets in asked)
        assert wanted == minutes_by_day((r.minutes, r.year_days(*kind)) for r in readers)
