"""
Argo CronWorkflow: several of robfig's texts in one zone, one run where they coincide.
"""

from __future__ import annotations

import pytest
from unixlaws import UnixLaws, days, refused

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.recurrence import Calendar, Cron, Every, Once, Union, Window
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.argo import ARGO
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NEW_YEAR = "2026-01-01T00:00:00Z"


class TestArgo(UnixLaws):
    zones = strategies.ZONES

    def make_dialect(self):
        return ARGO


WRITTEN = (
    (Cron("0 9 * * 7"), [Native("0 9 * * 0")]),
    (Cron("0 9 1 * 1"), [Native("0 9 1 * 1")]),
    (
        Union(Cron("0 9 1 * *"), Cron("0 10 * * 1")),
        [Native("0 9 1 * *\n0 10 * * 1")],
    ),
    (Every("90m", NEW_YEAR), [Native("0 */3 * * *\n30 1,4,7,10,13,16,19,22 * * *")]),
    (Cron("0 9 * * *", "Asia/Tokyo"), [Native("0 9 * * *", "Asia/Tokyo")]),
    (
        Union(Cron("0 9 * * *"), Cron("0 9 * * *", "Asia/Tokyo"), Cron("30 10 * * *")),
        [Native("0 9 * * *\n30 10 * * *"), Native("0 9 * * *", "Asia/Tokyo")],
    ),
)


@pytest.mark.parametrize(("when", "natives"), WRITTEN)
def test_writes_one_native_for_each_zone(when, natives):
    """
    A line for each of `schedules`.
    """
    found = ARGO.write(when)
    assert natives == list(found)
    proof = prove(when, found, ARGO)
    assert (True, ()) == (proof.holds, proof.doubled)


def test_lines_that_coincide_start_one_run():
    """
    A Workflow bears the Unix second in its name, so the 1st on a Monday is one run.
    """
    native = Native("0 9 1 * *\n0 9 * * 1\n")
    when = Cron("0 9 1 * 1")
    proof = prove(when, [native], ARGO)
    assert (True, ()) == (proof.holds, proof.doubled)
    assert [1, 8, 15, 22, 29] == days(ARGO, [native], "2026-06")
    lines = [Cron("0 9 1 * *").calendar, Cron("0 9 * * 1").calendar]
    assert Union(*lines) == ARGO.read(native)


def test_natives_of_two_zones_start_two_runs():
    """
    There is no token between CronWorkflows: the proof lists what coincides.
    """
    when = Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 0 * * *"))
    natives = ARGO.write(when)
    proof = prove(when, natives, ARGO)
    assert (2, "") == (len(natives), proof.token)
    assert proof.doubled


READ = (
    ("0 9 * * 1-5", Cron("0 9 * * 1-5").calendar),
    ("@daily\n\n \n30 1 * * *", Union(Cron("@daily").calendar, Cron("30 1 * * *").calendar)),
    ("0 9 ? * mon", Cron("0 9 * * 1").calendar),
)


@pytest.mark.parametrize(("text", "when"), READ)
def test_reads_each_line(text, when):
    """
    Blank lines are none.
    """
    assert when == ARGO.read(Native(text))
    assert prove(when, [Native(text)], ARGO).holds


REFUSED = (
    (
        Calendar(minutes=0, hours=9, days=-1),
        "schedule.last_day",
        (
            "days=-1: argo cannot say it; count days from the start of the month; days=1 is the "
            "day after the last"
        ),
    ),
    (
        Cron("0 9 1-7 * 1", day_rule="all"),
        "schedule.day_rule.all",
        (
            "Calendar, day_rule 'all': argo joins two restricted day fields with OR; restrict one "
            "of days and weekdays, or say day_rule='any'"
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
    (
        Once(NEW_YEAR),
        "schedule.once",
        (
            "Once(2026-01-01T00:00:00+00:00): a cron has no year; run the pipeline by hand, or "
            "use a backend that can start once"
        ),
    ),
    (
        Window(Cron("0 9 * * *"), start=NEW_YEAR),
        "schedule.start",
        (
            "start and end: argo runs from when it is created to when it is deleted; leave them "
            "out, and pause or remove the schedule instead"
        ),
    ),
)


@pytest.mark.parametrize(("when", "feature", "sentence"), REFUSED)
def test_refuses_what_five_fields_cannot_say(when, feature, sentence):
    """
    By feature, with the nearest that works.
    """
    refused(NotExpressibleError, sentence, ARGO.write, when, feature=feature)


@pytest.mark.parametrize("text", ["cronworkflow.lastScheduledTime == nil", ""])
@pytest.mark.parametrize("name", ["when", "stopStrategy"])
def test_refuses_conditions(name, text):
    """
    They depend on runs before and on the controller's clock.
    """
    native = Native("0 9 * * *", more={name: text})
    sentence = (
        f"{name} {text!r}: depends on what ran before, so no instant is certain; take {name} out"
    )
    for ask in (ARGO.readers, ARGO.read):
        refused(NotExpressibleError, sentence, ask, native, feature="schedule.end")


def test_rejects_what_is_no_schedule():
    """
    Another property, no line at all, a bad line, a zone that is none.
    """
    other = Native("0 9 * * *", more={"startTime": NEW_YEAR})
    sentence = (
        "cron '0 9 * * *': a CronWorkflow's schedule has no 'startTime'; known: stopStrategy, when"
    )
    refused(CronSyntaxError, sentence, ARGO.readers, other)
    sentence = "cron ' \\n': has no schedule; write one text in each line"
    refused(CronSyntaxError, sentence, ARGO.readers, Native(" \n"))
    sentence = (
        "cron '0 9 * * 7', weekday (column 9): robfig rejects it: 7 is not within 0-6, or turned "
        "round, or has no step"
    )
    refused(CronSyntaxError, sentence, ARGO.readers, Native("0 9 * * *\n0 9 * * 7"))
    with pytest.raises(TimeZoneError, match="Middle/Earth"):
        ARGO.readers(Native("0 9 * * *", "Middle/Earth"))


def test_every_has_no_fixed_instants():
    """
    Argo takes `@every`, which counts from whenever its controller asks.
    """
    native = Native("@every 90m")
    assert 5_400 + 7 == ARGO.next(native, 7)
    sentence = (
        "'@every 90m': counts from whenever the controller asks, so it has no fixed instants; "
        "write Every('1h', anchor='2026-01-01T00:00:00Z')"
    )
    refused(NotExpressibleError, sentence, ARGO.read, native, feature="schedule.every")


def test_a_thousand_lines_are_read():
    """
    As one schedule.
    """
    native = Native("\n".join(f"{n % 60} {n // 60} * * *" for n in range(1_000)))
    assert 1_000 == len(ARGO.readers(native))
    assert (60, 999 * 60) == (ARGO.next(native, 0), ARGO.next(native, 998 * 60))


def test_equal_lines_are_one():
    """
    Coinciding lines start one run, so a line that is told twice is read once.
    """
    native = Native("0 9 * * *\n30 9 * * *\n" * 500)
    assert 2 == len(ARGO.readers(native))
    assert Union(Cron("0 9 * * *").calendar, Cron("30 9 * * *").calendar) == ARGO.read(native)
