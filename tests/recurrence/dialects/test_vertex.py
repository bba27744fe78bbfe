"""
Vertex AI schedules: a zone in front, start, end and a number of runs beside.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unixlaws import TEXTS, UnixLaws, at, refused

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    SchedkitError,
    SpecError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence import Calendar, Cron, Every, Once, Union, Window
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.vertex import VERTEX
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NEW_YEAR = "2026-01-01T00:00:00Z"
FACT = "vertex.day_rule"
FAR = 1 << 34


class TestVertex(UnixLaws):
    zones = strategies.ZONES
    front = "TZ=UTC "
    beside = ""

    def make_dialect(self):
        return VERTEX


WRITTEN = (
    (Cron("0 9 * * 1-5"), ["TZ=UTC 0 9 * * 1-5"]),
    (Cron("0 9 * * 7", "Europe/Paris"), ["TZ=Europe/Paris 0 9 * * 0"]),
    (Cron("0 * * * *", "Europe/Paris"), ["TZ=UTC 0 * * * *"]),
    (Every("15m", NEW_YEAR), ["TZ=UTC */15 * * * *"]),
    (
        Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 9 * * *", "Europe/Paris")),
        ["TZ=Asia/Tokyo 0 9 * * *", "TZ=Europe/Paris 0 9 * * *"],
    ),
)


@pytest.mark.parametrize(("when", "texts"), WRITTEN)
def test_writes_the_zone_in_front(when, texts):
    """
    Also that of UTC, since the default is not documented.
    """
    natives = VERTEX.write(when)
    assert [Native(text, "") for text in texts] == list(natives)
    assert prove(when, natives, VERTEX).holds


def test_window_is_native():
    """
    `startTime` and `endTime`, together and alone, in UTC, read back as they are.
    """
    start, end = "2027-03-01T11:00:00+02:00", "2027-03-03T09:00:00Z"
    more = {"startTime": "2027-03-01T09:00:00Z", "endTime": end}
    for given_, written in (
        ({"start": start, "end": end}, more),
        ({"start": start}, {"startTime": more["startTime"]}),
        ({"end": end}, {"endTime": end}),
    ):
        when = Window(Cron("0 9 * * *").calendar, **given_)
        natives = VERTEX.write(when)
        assert (Native("TZ=UTC 0 9 * * *", "", written),) == natives
        assert when == VERTEX.read(natives[0])
        assert prove(when, natives, VERTEX).holds
    natives = VERTEX.write(Window(Cron("0 9 * * *"), start, end))
    runs = [at("2027-03-01T09:00:00Z"), at("2027-03-02T09:00:00Z")]
    assert runs == list(VERTEX.fires(natives[0], 0, FAR))
    assert (runs[1], None) == tuple(VERTEX.next(natives[0], run) for run in runs)


@pytest.mark.parametrize(
    "instant", ["2027-06-15T12:34:00Z", "2028-02-29T00:00:00Z", "2027-01-01T00:00:00Z"]
)
def test_single_run_is_native(instant):
    """
    A cron of the day with `startTime` a minute before and one run: that instant and no other.
    """
    when = Once(instant)
    natives = VERTEX.write(when)
    found = when.instant
    start = datetime.fromtimestamp(at(instant) - 60, UTC)
    more = {"maxRunCount": "1", "startTime": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
    text = f"TZ=UTC {found.minute} {found.hour} {found.day} {found.month} *"
    assert (Native(text, "", more),) == natives
    assert [at(instant)] == list(VERTEX.fires(natives[0], 0, FAR))
    assert (at(instant), None) == (
        VERTEX.next(natives[0], 0), VERTEX.next(natives[0], at(instant))
    )  # fmt: skip
    assert when == VERTEX.read(natives[0])
    assert prove(when, natives, VERTEX).holds


def test_years_have_four_digits():
    """
    Also where `strftime` writes fewer, and where no minute is before.
    """
    (native,) = VERTEX.write(Once("0999-01-01T00:00:00Z"))
    assert "0998-12-31T23:59:00Z" == dict(native.more)["startTime"]
    (native,) = VERTEX.write(Once("0001-01-01T00:00:00Z"))
    assert "0001-01-01T00:00:00Z" == dict(native.more)["startTime"]


def test_the_day_rule_is_written_when_vouched_for():
    """
    Both day fields rest on a fact that nobody documents; `assume` names it.
    """
    when = Cron("0 9 1 * 1")
    sentence = (
        "days and weekdays together: whether two restricted day fields are OR is not documented; "
        "restrict one of days and weekdays"
    )
    told = {"feature": "schedule.day_rule.any", "fact": FACT}
    refused(UnknownBehaviourError, sentence, VERTEX.write, when, **told)
    natives = VERTEX.write(when, frozenset({FACT}))
    assert (Native("TZ=UTC 0 9 1 * 1", ""),) == natives
    assert prove(when, natives, VERTEX).holds
    refused(UnknownBehaviourError, sentence, VERTEX.read, natives[0], **told)
    assert {FACT, "vertex.default_zone", "vertex.stepped_day"} == set(VERTEX.unknown)


REFUSED = (
    (
        Once("2026-01-01T00:00:30Z"),
        "schedule.once",
        (
            "Once(2026-01-01T00:00:30+00:00): a cron fires on whole minutes; "
            "Once('2026-01-01T00:00:00Z')"
        ),
    ),
    (
        Window(Once(NEW_YEAR), end="2027-01-01T00:00:00Z"),
        "schedule.once",
        (
            "Once(2026-01-01T00:00:00+00:00): a cron has no year; run the pipeline by hand, or "
            "use a backend that can start once"
        ),
    ),
    (
        Calendar(minutes=0, hours=9, days=-1),
        "schedule.last_day",
        (
            "days=-1: vertex cannot say it; count days from the start of the month; days=1 is the "
            "day after the last"
        ),
    ),
    (
        Every("36h", NEW_YEAR),
        "schedule.every",
        (
            "Every('36h'): a cron starts anew each day, and the interval does not divide one; the "
            "nearest intervals that do: 24h"
        ),
    ),
)


@pytest.mark.parametrize(("when", "feature", "sentence"), REFUSED)
def test_refuses_what_five_fields_cannot_say(when, feature, sentence):
    """
    By feature, with the nearest that works.
    """
    refused(NotExpressibleError, sentence, VERTEX.write, when, feature=feature)


READ = (
    ("TZ=Europe/Paris 0 9 * * 1-5", Cron("0 9 * * 1-5", "Europe/Paris")),
    ("CRON_TZ=America/New_York 1 * * * *", Cron("1 * * * *", "America/New_York")),
    ("TZ=Etc/UTC\t*/5 * * * SUN", Cron("*/5 * * * 0")),
)


@pytest.mark.parametrize(("text", "when"), READ)
def test_reads_both_prefixes(text, when):
    """
    `TZ=` and `CRON_TZ=`.
    """
    assert when.calendar == VERTEX.read(Native(text, ""))
    assert prove(when, [Native(text, "")], VERTEX).holds


def test_a_zone_beside_goes_in_front():
    """
    Where only the text is given, a zone is written before it.
    """
    found = VERTEX.native("0 9 * * *", "Asia/Tokyo", {"startTime": NEW_YEAR})
    assert Native("TZ=Asia/Tokyo 0 9 * * *", "", {"startTime": NEW_YEAR}) == found
    assert Native("TZ=UTC 0 9 * * *", "") == VERTEX.native("TZ=UTC 0 9 * * *", None, {})


def test_refuses_a_text_without_zone():
    """
    Nobody documents which one it is in.
    """
    sentence = (
        "'0 9 * * *': the zone of a text that names none is not documented; write TZ=UTC in front"
    )
    told = {"feature": "schedule.timezone", "fact": "vertex.default_zone"}
    refused(UnknownBehaviourError, sentence, VERTEX.read, Native("0 9 * * *", ""), **told)


def test_refuses_wrong_zones():
    """
    One beside the text, none at all, and one that is none.
    """
    sentence = (
        "timezone 'Asia/Tokyo': a schedule has its zone in front of the text; write TZ= there"
    )
    beside = Native("TZ=UTC 0 9 * * *", "Asia/Tokyo")
    refused(TimeZoneError, sentence, VERTEX.readers, beside)
    for name in ("", "Middle/Earth", "CET"):
        with pytest.raises(TimeZoneError):
            VERTEX.readers(Native(f"TZ={name} 0 9 * * *", ""))


BAD = (
    (
        "TZ=UTC 0 9 * * 8",
        "weekday",
        16,
        ("vertex rejects '8': 8 is out of range; weekdays go from 0 to 7, or SUN to SAT"),
    ),
    (
        "TZ=UTC 60 9 * * 8",
        "minute",
        8,
        ("vertex rejects '60': 60 is out of range; minutes go from 0 to 59"),
    ),
    (
        "TZ=UTC @daily",
        "",
        1,
        ("vertex reads 5 fields, and this has 1; write minute hour day month weekday"),
    ),
)


@pytest.mark.parametrize(("text", "field", "column", "reason"), BAD)
def test_rejects_by_column_of_the_whole_text(text, field, column, reason):
    """
    Columns count the prefix.
    """
    where = f"cron {text!r}, {field} (column {column})" if field else f"cron {text!r}"
    told = {"field": field, "column": column}
    refused(CronSyntaxError, f"{where}: {reason}", VERTEX.readers, Native(text, ""), **told)


COUNTS = ("0", "-1", "01", "1.5", "", "ten", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 5_000)


@pytest.mark.parametrize("count", COUNTS, ids=lambda count: count[:4])
def test_rejects_what_is_no_count(count):
    """
    From 1 to 9999, in plain digits.
    """
    sentence = f"cron 'TZ=UTC 0 9 * * *': maxRunCount {count[:40]!r} is no count of runs; write 1"
    native = Native("TZ=UTC 0 9 * * *", "", {"maxRunCount": count})
    for ask in (VERTEX.readers, VERTEX.read):
        refused(CronSyntaxError, sentence, ask, native)


def test_rejects_other_properties_and_dates():
    """
    By name, with those that are known.
    """
    sentence = (
        "cron 'TZ=UTC 0 9 * * *': a schedule has no 'timeZone'; "
        "known: startTime, endTime, maxRunCount"
    )
    native = Native("TZ=UTC 0 9 * * *", "", {"timeZone": "UTC"})
    refused(CronSyntaxError, sentence, VERTEX.readers, native)
    with pytest.raises(SpecError) as caught:
        VERTEX.readers(Native("TZ=UTC 0 9 * * *", "", {"startTime": "soon"}))
    assert "vertex, startTime" == caught.value.culprit


def test_a_count_of_several_runs_has_no_portable_words():
    """
    It is simulated from `startTime` on; without one, from nobody knows when.
    """
    more = {"maxRunCount": "3", "startTime": NEW_YEAR}
    native = Native("TZ=UTC 0 9 * * *", "", more)
    runs = [at(f"2026-01-0{day}T09:00:00Z") for day in (1, 2, 3)]
    assert runs == list(VERTEX.fires(native, 0, FAR))
    assert runs[1:] == list(VERTEX.fires(native, runs[1], FAR))
    sentence = "'TZ=UTC 0 9 * * *': nothing portable ends after a number of runs; give endTime"
    refused(NotExpressibleError, sentence, VERTEX.read, native, feature="schedule.end")
    assert not prove(Cron("0 9 * * *"), [native], VERTEX).holds
    without = Native("TZ=UTC 0 9 * * *", "", {"maxRunCount": "1"})
    assert [] == list(VERTEX.fires(without, 0, FAR))
    refused(NotExpressibleError, sentence, VERTEX.read, without, feature="schedule.end")


def test_a_count_ends_with_the_window():
    """
    Three runs are asked for, and `endTime` leaves two; in the year 9999 there is none left.
    """
    more = {"maxRunCount": "3", "startTime": NEW_YEAR, "endTime": "2026-01-03T00:00:00Z"}
    assert 2 == len(list(VERTEX.fires(Native("TZ=UTC 0 9 * * *", "", more), 0, FAR)))
    late = {"maxRunCount": "1", "startTime": "9999-12-31T00:00:00Z"}
    assert [] == list(VERTEX.fires(Native("TZ=UTC 0 9 1 1 *", "", late), 0, 1 << 40))


@given(TEXTS, TEXTS, TEXTS)
def test_any_property_is_read_or_refused(start, end, count):
    """
    Nothing but errors of schedkit comes out of what stands beside.
    """
    more = {"startTime": start, "endTime": end, "maxRunCount": count}
    with pytest.raises(SchedkitError):
        VERTEX.read(Native("TZ=UTC 0 9 * * *", "", more))


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 29)), st.integers(1, 40))  # noqa: DTZ001
def test_any_start_is_simulated(start, count):
    """
    From the first year to the last.
    """
    more = {"startTime": f"{start.replace(microsecond=0).isoformat()}Z", "maxRunCount": str(count)}
    runs = list(VERTEX.fires(Native("TZ=UTC 0 9 * * *", "", more), -(1 << 40), 1 << 40))
    assert len(runs) == count or start.year == 9999
    assert sorted(set(runs)) == runs


def test_counts_runs_without_searching_for_each():
    """
    The last of 9 999 runs, and none of those after the end that is asked for.
    """
    native = Native("TZ=UTC * * * * *", "", {"startTime": NEW_YEAR, "maxRunCount": "9999"})
    (reader,) = VERTEX.readers(native)
    start = at(NEW_YEAR)
    assert [start + 60 * count for count in range(9_999)] == list(reader.fires(start, FAR))
    assert start + 60 * 9_998 == reader.next(start + 60 * 9_997)
    assert reader.next(start + 60 * 9_998) is None
    assert [start, start + 60] == list(reader.fires(0, start + 120))
