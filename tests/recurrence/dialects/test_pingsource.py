"""
Knative PingSource: robfig's five fields, six with seconds in front, and no `@every`.
"""

from __future__ import annotations

import pytest
from unixlaws import UnixLaws, days, refused

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.recurrence import Calendar, Cron, Every, Once, Union, Window
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.pingsource import PINGSOURCE
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NEW_YEAR = "2026-01-01T00:00:00Z"


class TestPingSource(UnixLaws):
    zones = strategies.ZONES

    def make_dialect(self):
        return PINGSOURCE


WRITTEN = (
    (Cron("0 9 * * 7"), [Native("0 9 * * 0")]),
    (Cron("0 9 1 * 1", "Europe/Paris"), [Native("0 9 1 * 1", "Europe/Paris")]),
    (Cron("*/7 * * * *"), [Native("*/7 * * * *")]),
    (Cron("0 * * * *", "Europe/Paris"), [Native("0 * * * *", "Europe/Paris")]),
    (Every("1h", NEW_YEAR), [Native("0 * * * *")]),
    (
        Union(Cron("0 9 * * *"), Cron("0 9 * * *", "Asia/Tokyo")),
        [Native("0 9 * * *"), Native("0 9 * * *", "Asia/Tokyo")],
    ),
)


@pytest.mark.parametrize(("when", "natives"), WRITTEN)
def test_writes_five_fields(when, natives):
    """
    Never six, never a descriptor, always a zone.
    """
    found = PINGSOURCE.write(when)
    assert natives == list(found)
    assert prove(when, found, PINGSOURCE).holds


READ = (
    ("0 9 * * 1-5", Cron("0 9 * * 1-5")),
    ("0 0 9 * * 1", Cron("0 9 * * 1")),
    ("00 30 9 1 jan ?", Cron("30 9 1 1 *")),
    ("0-0 5 * * * *", Cron("5 * * * *")),
    ("@hourly", Cron("0 * * * *")),
    ("@weekly", Cron("0 0 * * 0")),
    ("5/15 9 * * *", Cron("5-59/15 9 * * *")),
)


@pytest.mark.parametrize(("text", "when"), READ)
def test_reads_five_and_six_fields(text, when):
    """
    The first of six is seconds; descriptors and `a/n` are robfig's.
    """
    native = Native(text)
    assert when.calendar == PINGSOURCE.read(native)
    assert prove(when, [native], PINGSOURCE).holds


def test_six_fields_run_on_mondays():
    """
    `0 0 9 * * 1` is Monday 09:00, not the 9th of the month.
    """
    assert [5, 12, 19, 26] == days(PINGSOURCE, [Native("0 0 9 * * 1")])


@pytest.mark.parametrize("seconds", ["30", "*", "0,30", "*/10", "?"])
def test_refuses_other_seconds(seconds):
    """
    No portable schedule runs within a minute.
    """
    text = f"{seconds} 0 9 * * 1"
    sentence = (
        f"{text!r}: the first of six fields is seconds, and {seconds!r} is not 0; "
        "run on the whole minute"
    )
    for ask in (PINGSOURCE.readers, PINGSOURCE.read):
        refused(NotExpressibleError, sentence, ask, Native(text), feature="schedule.cron")


BAD = (
    ("60 0 9 * * 1", "second", 1, "60 is not within 0-59, or turned round, or has no step"),
    ("x 0 9 * * 1", "second", 1, "failed to parse int from 'x'"),
    ("0 0 9 * * 7", "weekday", 11, "7 is not within 0-6, or turned round, or has no step"),
    ("0 9 * * 7", "weekday", 9, "7 is not within 0-6, or turned round, or has no step"),
    ("0 9 L * *", "day", 5, "failed to parse int from 'L'"),
    ("0 0 0 9 * * 1", "", 1, "expected exactly 5 fields, found 7"),
    ("0 9 * *", "", 1, "expected exactly 5 fields, found 4"),
)


@pytest.mark.parametrize(("text", "field", "column", "reason"), BAD)
def test_rejects_what_robfig_does(text, field, column, reason):
    """
    Columns are those of the whole text, seconds included.
    """
    where = f"cron {text!r}, {field} (column {column})" if field else f"cron {text!r}"
    told = {"field": field, "column": column}
    sentence = f"{where}: robfig rejects it: {reason}"
    refused(CronSyntaxError, sentence, PINGSOURCE.readers, Native(text), **told)


@pytest.mark.parametrize("text", ["@every 1h", "@every", "@every nonsense"])
def test_refuses_every(text):
    """
    Knative does, since its clock would count from whenever the adapter starts.
    """
    sentence = (
        f"cron {text!r}: a PingSource takes no @every; "
        "write Every('1h', anchor='2026-01-01T00:00:00Z') and translate it"
    )
    for ask in (PINGSOURCE.readers, PINGSOURCE.read):
        refused(CronSyntaxError, sentence, ask, Native(text))


REFUSED = (
    (Calendar(minutes=0, hours=9, days=-1), "schedule.last_day"),
    (Cron("0 9 1-7 * 1", day_rule="all"), "schedule.day_rule.all"),
    (Every("36h", NEW_YEAR), "schedule.every"),
    (Once(NEW_YEAR), "schedule.once"),
    (Window(Cron("0 9 * * *"), end=NEW_YEAR), "schedule.end"),
)


@pytest.mark.parametrize(("when", "feature"), REFUSED)
def test_refuses_what_five_fields_cannot_say(when, feature):
    """
    By feature, with a cure.
    """
    with pytest.raises(NotExpressibleError) as caught:
        PINGSOURCE.write(when)
    assert feature == caught.value.feature
    assert caught.value.cure


def test_refuses_zones_that_are_none():
    """
    Beside the text and within it.
    """
    with pytest.raises(TimeZoneError, match="Middle/Earth"):
        PINGSOURCE.readers(Native("0 9 * * *", "Middle/Earth"))
    with pytest.raises(CronSyntaxError, match="the zone has its own field"):
        PINGSOURCE.readers(Native("CRON_TZ=UTC 0 9 * * *"))
