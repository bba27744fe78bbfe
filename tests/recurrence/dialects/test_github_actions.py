"""
GitHub Actions: POSIX cron, an optional time zone, at least five minutes apart.
"""

from __future__ import annotations

import pytest
from unixlaws import UnixLaws, days, refused

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.recurrence import Calendar, Cron, Every, Once, Union, Window
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.github_actions import GITHUB_ACTIONS
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NEW_YEAR = "2026-01-01T00:00:00Z"


class TestGithubActions(UnixLaws):
    zones = strategies.ZONES
    beside = ""

    def make_dialect(self):
        return GITHUB_ACTIONS


WRITTEN = (
    (Cron("*/5 * * * *"), [Native("*/5 * * * *", "")]),
    (Cron("0 9 * * 7"), [Native("0 9 * * 0", "")]),
    (Cron("0 9 1 * 1"), [Native("0 9 1 * 1", "")]),
    (Cron("0 9 * * 1-5", "Europe/Berlin"), [Native("0 9 * * 1-5", "Europe/Berlin")]),
    (Cron("0 * * * *", "Europe/Berlin"), [Native("0 * * * *", "")]),
    (
        Union(Cron("30 5 * * 1,3"), Cron("30 6 * * 2,4")),
        [Native("30 5 * * 1,3", ""), Native("30 6 * * 2,4", "")],
    ),
    (Every("5m", NEW_YEAR), [Native("*/5 * * * *", "")]),
    (
        Union(Cron("0 9 * * *"), Cron("3 9 * * *", "Etc/GMT+3")),
        [Native("0 9 * * *", ""), Native("3 9 * * *", "Etc/GMT+3")],
    ),
)


@pytest.mark.parametrize(("when", "natives"), WRITTEN)
def test_writes_entries(when, natives):
    """
    An entry of `on.schedule` each; UTC has no `timezone`.
    """
    found = GITHUB_ACTIONS.write(when)
    assert natives == list(found)
    assert prove(when, found, GITHUB_ACTIONS).holds


CLOSE = (
    (Cron("*/4 * * * *"), "4m"),
    (Cron("* 9 * * *"), "1m"),
    (Union(Cron("0 9 * * *"), Cron("2 12 * * *", "Etc/GMT-3")), "2m"),
    (Cron("0,58 0,23 * * *"), "2m"),
)


@pytest.mark.parametrize(("when", "gap"), CLOSE)
def test_refuses_runs_closer_than_five_minutes(when, gap):
    """
    Also those of two zones, and those on both sides of midnight.
    """
    sentence = (
        f"runs {gap} apart: the shortest interval is once every 5 minutes; "
        "run every 5 minutes: '*/5 * * * *'"
    )
    refused(NotExpressibleError, sentence, GITHUB_ACTIONS.write, when, feature="schedule.cron")


def test_reads_no_text_that_is_bent():
    """
    GitHub takes `* * * * *` and does not run every minute.
    """
    sentence = (
        "runs 1m apart: the shortest interval is once every 5 minutes; "
        "run every 5 minutes: '*/5 * * * *'"
    )
    told = {"feature": "schedule.cron"}
    refused(NotExpressibleError, sentence, GITHUB_ACTIONS.read, Native("* * * * *", ""), **told)


READ = (
    ("30 5 * * 1,3", "", Cron("30 5 * * 1,3")),
    ("30 5 * JAN-Mar SUN,mon", "", Cron("30 5 * 1-3 0,1")),
    ("*/15 2-5 * * *", "UTC", Cron("*/15 2-5 * * *")),
    ("20-59/20 * * * *", "Etc/UTC", Cron("20,40 * * * *")),
    ("0 9 13 * 5", "Asia/Tokyo", Cron("0 9 13 * 5", "Asia/Tokyo")),
)


@pytest.mark.parametrize(("text", "zone", "when"), READ)
def test_reads_posix(text, zone, when):
    """
    Lists, ranges, steps and names in any case; two restricted day fields are OR.
    """
    native = Native(text, zone)
    assert when.calendar == GITHUB_ACTIONS.read(native)
    assert prove(when, [native], GITHUB_ACTIONS).holds


def test_thirteenth_and_fridays():
    """
    Of January 2026 in UTC.
    """
    assert [2, 9, 13, 16, 23, 30] == days(GITHUB_ACTIONS, [Native("0 9 13 * 5", "")])


BAD = (
    (
        "0 9 * * 7",
        "weekday",
        9,
        "rejects '7': 7 is out of range",
        "weekdays go from 0 to 6, or SUN to SAT",
    ),
    (
        "5/15 * * * *",
        "minute",
        1,
        "rejects '5/15': it knows a step only after a range or *",
        "minutes go from 0 to 59",
    ),
    ("@daily", "", 1, "reads 5 fields, and this has 1", "write minute hour day month weekday"),
    (
        "0 0 9 * * 1",
        "",
        1,
        "reads 5 fields, and this has 6",
        "write minute hour day month weekday",
    ),
)


@pytest.mark.parametrize(("text", "field", "column", "reason", "cure"), BAD)
def test_rejects_what_is_not_posix(text, field, column, reason, cure):
    """
    Macros, a Sunday of 7, a step without a range.
    """
    where = f"cron {text!r}, {field} (column {column})" if field else f"cron {text!r}"
    told = {"field": field, "column": column}
    asked = (GITHUB_ACTIONS.readers, Native(text, ""))
    refused(CronSyntaxError, f"{where}: github-actions {reason}; {cure}", *asked, **told)


REFUSED = (
    (Calendar(minutes=0, hours=9, days=-1), "schedule.last_day"),
    (Cron("0 9 1-7 * 1", day_rule="all"), "schedule.day_rule.all"),
    (Every("36h", NEW_YEAR), "schedule.every"),
    (Once(NEW_YEAR), "schedule.once"),
    (Window(Cron("0 9 * * *"), start=NEW_YEAR), "schedule.start"),
)


@pytest.mark.parametrize(("when", "feature"), REFUSED)
def test_refuses_what_five_fields_cannot_say(when, feature):
    """
    By feature.
    """
    with pytest.raises(NotExpressibleError) as caught:
        GITHUB_ACTIONS.write(when)
    assert feature == caught.value.feature


def test_repeated_times_are_unknown():
    """
    Nobody documents the repeated hour; a zone that is none is refused.
    """
    when = Cron("30 2 * * *", "Europe/Berlin")
    assert prove(when, GITHUB_ACTIONS.write(when), GITHUB_ACTIONS).unknown
    with pytest.raises(TimeZoneError, match="Middle/Earth"):
        GITHUB_ACTIONS.readers(Native("0 9 * * *", "Middle/Earth"))
