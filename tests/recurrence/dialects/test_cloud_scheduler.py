"""
Google Cloud Scheduler: what is written, what is read, what is refused and why.
"""

from __future__ import annotations

import pytest
from unixlaws import UnixLaws, refused

from schedkit.exceptions import (
    CronSyntaxError,
    NeverFiresError,
    NotExpressibleError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence import (
    Calendar,
    Cron,
    Every,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
)
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.cloud_scheduler import CLOUD_SCHEDULER
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NEW_YEAR = "2026-01-01T00:00:00Z"
BERLIN = "Europe/Berlin"


class TestCloudScheduler(UnixLaws):
    zones = strategies.ZONES

    def make_dialect(self):
        return CLOUD_SCHEDULER


def nine(**fields) -> Calendar:
    return Calendar(minutes=0, hours=9, **fields)


WRITTEN = (
    (Cron("*/5 * * * *"), ["*/5 * * * *"]),
    (Cron("*/7 * * * *"), ["*/7 * * * *"]),
    (Cron("0 9-17/2 * * 1-5"), ["0 9,11,13,15,17 * * 1-5"]),
    (Cron("0 9 * * */2"), ["0 9 * * 0,2,4,6"]),
    (Cron("0 9 */10 * *"), ["0 9 1,11,21,31 * *"]),
    (Cron("0 9 * * FRI,SAT,7"), ["0 9 * * 0,5,6"]),
    (Cron("0 9 1 JAN *"), ["0 9 1 1 *"]),
    (Cron("@weekly"), ["0 0 * * 0"]),
    (Cron("0 9 1 * 1"), ["0 9 1 * 1"]),
    (Cron("0 9 */2 * 1", day_rule="any"), ["0 9 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * 1"]),
    (Every("15m", NEW_YEAR), ["*/15 * * * *"]),
    (Every("90m", NEW_YEAR), ["0 */3 * * *", "30 1,4,7,10,13,16,19,22 * * *"]),
    (Union(Cron("0 9 * * 1"), Cron("0 9 * * 2-5")), ["0 9 * * 1-5"]),
    (Union(Cron("0 9 * * *"), Cron("30 10 * * *")), ["0 9 * * *", "30 10 * * *"]),
)


@pytest.mark.parametrize(("when", "texts"), WRITTEN)
def test_writes_from_sets(when, texts):
    """
    The fewest texts; day fields in lists and ranges, weekdays 0 to 6; each is proved.
    """
    natives = CLOUD_SCHEDULER.write(when)
    assert [Native(text, "Etc/UTC") for text in texts] == sorted(natives, key=lambda n: n.text)
    assert prove(when, natives, CLOUD_SCHEDULER).holds


def test_keeps_zones_apart():
    """
    One native for each zone, its name beside the text.
    """
    when = Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 9 * * *", BERLIN))
    natives = CLOUD_SCHEDULER.write(when)
    assert (Native("0 9 * * *", "Asia/Tokyo"), Native("0 9 * * *", BERLIN)) == natives
    assert prove(when, natives, CLOUD_SCHEDULER).holds


def test_writes_utc_where_it_says_the_same():
    """
    Every hour of Berlin is every hour of UTC, where no change of clocks can bend it.
    """
    when = Cron("0 * * * *", BERLIN)
    natives = CLOUD_SCHEDULER.write(when)
    assert (Native("0 * * * *", "Etc/UTC"),) == natives
    proof = prove(when, natives, CLOUD_SCHEDULER)
    assert (True, ()) == (proof.holds, proof.unknown)


def test_what_happens_in_a_gap_is_unknown():
    """
    "Jobs may run or not run unexpectedly": the proof lists the instants.
    """
    when = Cron("30 2 * * *", BERLIN)
    proof = prove(when, CLOUD_SCHEDULER.write(when), CLOUD_SCHEDULER)
    assert proof.unknown
    assert 3 == proof.unknown[0].month


REFUSED = (
    (
        nine(days=-1),
        "schedule.last_day",
        (
            "days=-1: cloud-scheduler cannot say it; count days from the start of the month; "
            "days=1 is the day after the last"
        ),
    ),
    (
        nine(weekdays=NthWeekday("MON", 1)),
        "schedule.nth_weekday",
        "NthWeekday('MON', 1): cloud-scheduler cannot say it; run on every MON: weekdays='MON'",
    ),
    (
        nine(days=NearestWeekday(15)),
        "schedule.nearest_weekday",
        "NearestWeekday(15): cloud-scheduler cannot say it; run on the day itself: days=15",
    ),
    (
        Cron("0 9 1-7 * 1", day_rule="all"),
        "schedule.day_rule.all",
        (
            "Calendar, day_rule 'all': cloud-scheduler joins two restricted day fields with OR; "
            "restrict one of days and weekdays, or say day_rule='any'"
        ),
    ),
    (
        Every("7h", NEW_YEAR),
        "schedule.every",
        (
            "Every('7h'): a cron starts anew each day, and the interval does not divide one; the "
            "nearest intervals that do: 6h or 8h"
        ),
    ),
    (
        Every("1h", "2026-01-01T00:00:30Z"),
        "schedule.every",
        (
            "Every, anchor 2026-01-01T00:00:30+00:00: a cron fires on whole minutes; give an "
            "anchor with 0 seconds"
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
            "start and end: cloud-scheduler runs from when it is created to when it is deleted; "
            "leave them out, and pause or remove the schedule instead"
        ),
    ),
    (
        Window(Cron("0 9 * * *"), end=NEW_YEAR),
        "schedule.end",
        (
            "start and end: cloud-scheduler runs from when it is created to when it is deleted; "
            "leave them out, and pause or remove the schedule instead"
        ),
    ),
)


@pytest.mark.parametrize(("when", "feature", "sentence"), REFUSED)
def test_refuses_what_five_fields_cannot_say(when, feature, sentence):
    """
    By feature, with the nearest that works.
    """
    refused(NotExpressibleError, sentence, CLOUD_SCHEDULER.write, when, feature=feature)


READ = (
    ("*/5 * * * *", Cron("*/5 * * * *")),
    ("5-59/15 9-17 * * *", Cron("5,20,35,50 9-17 * * *")),
    ("0 9 1,15 * *", Cron("0 9 1,15 * *")),
    ("0 9 */10 * *", Cron("0 9 1,11,21,31 * *")),
    ("0 9 * * 1-5", Cron("0 9 * * 1-5")),
    ("0 9 * * 7", Cron("0 9 * * 0")),
    ("0 9 * * 5-7", Cron("0 9 * * 0,5,6")),
    ("0 9 * * Mon,FRI", Cron("0 9 * * 1,5")),
    ("0 9 * JAN-mar *", Cron("0 9 * 1-3 *")),
    ("0 9 1 * 1", Cron("0 9 1 * 1")),
    ("0\t9  *   * *", Cron("0 9 * * *")),
    ("0 9 1-31 * 1", Cron("0 9 * * *")),  # OR, and every day is one of them
)


@pytest.mark.parametrize(("text", "when"), READ)
def test_reads_unix_cron(text, when):
    """
    All of the documented grammar, in UTC by each of its names.
    """
    for utc in ("Etc/UTC", "UTC", "utc", ""):
        native = Native(text, utc)
        assert when.calendar == CLOUD_SCHEDULER.read(native)
        assert prove(when, [native], CLOUD_SCHEDULER).holds


BAD = (
    ("60 * * * *", "minute", 1, "rejects '60': 60 is out of range", "minutes go from 0 to 59"),
    ("0 24 * * *", "hour", 3, "rejects '24': 24 is out of range", "hours go from 0 to 23"),
    ("0 9 0 * *", "day", 5, "rejects '0': 0 is out of range", "days go from 1 to 31"),
    ("0 9 L * *", "day", 5, "rejects 'L': 'L' is nothing that it knows", "days go from 1 to 31"),
    ("0 9 ? * 1", "day", 5, "rejects '?': '?' is nothing that it knows", "days go from 1 to 31"),
    (
        "0 9 * 13 *",
        "month",
        7,
        "rejects '13': 13 is out of range",
        "months go from 1 to 12, or JAN to DEC",
    ),
    (
        "0 9 * * 8",
        "weekday",
        9,
        "rejects '8': 8 is out of range",
        "weekdays go from 0 to 7, or SUN to SAT",
    ),
    (
        "0 9 * * MON#1",
        "weekday",
        9,
        "rejects 'MON#1': 'MON#1' is nothing that it knows",
        "weekdays go from 0 to 7, or SUN to SAT",
    ),
    (
        "0 9 * * FRI-SUN",
        "weekday",
        9,
        "rejects 'FRI-SUN': the range is turned round",
        "weekdays go from 0 to 7, or SUN to SAT",
    ),
    (
        "0 9 * * MOO",
        "weekday",
        9,
        "rejects 'MOO': 'MOO' is no name that it knows",
        "weekdays go from 0 to 7, or SUN to SAT",
    ),
    (
        "5/15 * * * *",
        "minute",
        1,
        "rejects '5/15': it knows a step only after a range or *",
        "minutes go from 0 to 59",
    ),
    (
        "*/0 * * * *",
        "minute",
        1,
        "rejects '*/0': a step of 0 leads nowhere",
        "minutes go from 0 to 59",
    ),
    ("1,,2 * * * *", "minute", 1, "rejects '1,,2': an item is empty", "minutes go from 0 to 59"),
    (
        "0 9 * * * *",
        "",
        1,
        "reads 5 fields, and this has 6",
        "write minute hour day month weekday",
    ),
    ("@daily", "", 1, "reads 5 fields, and this has 1", "write minute hour day month weekday"),
)


@pytest.mark.parametrize(("text", "field", "column", "reason", "cure"), BAD)
def test_rejects_what_is_not_documented(text, field, column, reason, cure):
    """
    Each with its field, its column, the reason and the range.
    """
    where = f"cron {text!r}, {field} (column {column})" if field else f"cron {text!r}"
    sentence = f"{where}: cloud-scheduler {reason}; {cure}"
    for ask in (CLOUD_SCHEDULER.readers, CLOUD_SCHEDULER.read):
        refused(CronSyntaxError, sentence, ask, Native(text), field=field, column=column)


@pytest.mark.parametrize(
    "text", ["every 5 minutes", " Every 2 hours from 10:00 to 14:00", "1st monday of month 9:00"]
)
def test_refuses_english(text):
    """
    App Engine's form is named, in any case.
    """
    sentence = (
        f"cron {text!r}: the App Engine form counts from a start that nobody controls; "
        "write five fields"
    )
    refused(CronSyntaxError, sentence, CLOUD_SCHEDULER.readers, Native(text))


@pytest.mark.parametrize("text", ["0 9 */2 * 1", "0 9 1 * */2", "0 9 */1 * 1", "0 9 *,1 * 1"])
def test_a_star_beside_a_restricted_day_is_unknown(text):
    """
    Nobody documents whether `*/n` restricts; alone in its field's pair it is plain.
    """
    sentence = (
        f"{text!r}: cloud-scheduler does not say whether */n restricts a day field beside another "
        "one; write the days as a list"
    )
    fact = "cloud-scheduler.stepped_day"
    asked = (CLOUD_SCHEDULER.read, Native(text))
    feature = "schedule.day_rule.any"
    refused(UnknownBehaviourError, sentence, *asked, feature=feature, fact=fact)
    assert fact in CLOUD_SCHEDULER.unknown


def test_refuses_what_never_fires_and_zones_that_are_none():
    """
    30 February has no portable words, and a zone has to be one.
    """
    never = Native("0 0 30 2 *")
    assert CLOUD_SCHEDULER.next(never, 0) is None
    with pytest.raises(NeverFiresError):
        CLOUD_SCHEDULER.read(never)
    with pytest.raises(TimeZoneError, match="Middle/Earth"):
        CLOUD_SCHEDULER.readers(Native("0 9 * * *", "Middle/Earth"))
