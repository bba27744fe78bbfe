"""
Schedules that other tools run at other times: what they run, what is right, and what becomes of
them here. Runs are those of January 2026 in UTC, unless said otherwise.

Peers: KFP on robfig v1 (seconds first), APScheduler 3.11.3 `from_crontab` (0 is Monday),
cron-converter 2.0.2, croniter 7.0.0, cronsim 2.8, Flyte, ZenML 0.98.0, Wing @winglang/sdk 0.85.49.
What a peer runs is written as the schedule that runs then.
"""

from __future__ import annotations

import pytest
from unixlaws import at, refused

from schedkit.exceptions import (
    AmbiguousCronError,
    CronSyntaxError,
    NeverFiresError,
    NotExpressibleError,
    SpecError,
)
from schedkit.recurrence import Calendar, Cron, NthWeekday
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.adf import ADF
from schedkit.recurrence.dialects.argo import ARGO
from schedkit.recurrence.dialects.cloud_scheduler import CLOUD_SCHEDULER
from schedkit.recurrence.dialects.container_apps import CONTAINER_APPS
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.github_actions import GITHUB_ACTIONS
from schedkit.recurrence.dialects.pingsource import PINGSOURCE
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.dialects.vertex import VERTEX
from schedkit.recurrence.proof import prove


NEW_YEAR = "2026-01-01T00:00:00Z"
START, STOP = at(NEW_YEAR), at("2026-02-01T00:00:00Z")
UNIX = (ROBFIG, ARGO, PINGSOURCE, CLOUD_SCHEDULER, CONTAINER_APPS, GITHUB_ACTIONS, VERTEX)


def count(when) -> int:
    return sum(1 for _ in when.epochs(START, STOP))


def fires(text: str) -> int:
    """
    How often robfig runs a text.
    """
    return sum(1 for _ in ROBFIG.fires(Native(text), START, STOP))


def days(when) -> list[int]:
    return list(dict.fromkeys(1 + (run - START) // 86_400 for run in when.epochs(START, STOP)))


MONDAYS, SUNDAYS = [5, 12, 19, 26], [4, 11, 18, 25]
FRIDAYS = [2, 9, 16, 23, 30]
AND = {"day_rule": "all"}


# One string, several engines: id and peer, the source, what the peer runs instead and how often,
# the text that is written, the days on which it is right to run.
STRINGS = (
    ("B1 KFP", Cron("0 9 * * 1"), Cron("9 * * 1 *"), 744, "0 9 * * 1", MONDAYS),
    ("B2 KFP", Cron("0 9 * * 7"), Cron("9 * * 7 *"), 0, "0 9 * * 0", SUNDAYS),
    ("B4 APScheduler", Cron("0 9 * * 1"), Cron("0 9 * * 2"), 4, "0 9 * * 1", MONDAYS),
    (
        "B5 APScheduler", Cron("0 9 * * 1-5/2"), Cron("0 9 * * 2,4,6"), 14, "0 9 * * 1,3,5",
        [2, 5, 7, 9, 12, 14, 16, 19, 21, 23, 26, 28, 30],
    ),
    (
        "B6 cron-converter", Cron("0 9 1 * 1"), Cron("0 9 1 * 1", **AND), 0, "0 9 1 * 1",
        [1, *MONDAYS],
    ),
    (
        "B6 APScheduler", Cron("0 9 1 * 1"), Cron("0 9 1 * 2", **AND), 0, "0 9 1 * 1",
        [1, *MONDAYS],
    ),
    (
        "B7 cron-converter", Cron("0 9 13 * 5"), Cron("0 9 13 * 5", **AND), 0, "0 9 13 * 5",
        [2, 9, 13, 16, 23, 30],
    ),
    ("B11 croniter", Cron("0 0 * * 5-5"), Cron("0 0 * * *"), 31, "0 0 * * 5", FRIDAYS),
    (
        "B12 croniter", Cron("30-30 * * * *"), Cron("* * * * *"), 44_640, "30 * * * *",
        [*range(1, 32)],
    ),
    (
        "B15 cron-converter", Cron("5-59/15 9 * * *"), Cron("5 9 * * *"), 31,
        "5,20,35,50 9 * * *", [*range(1, 32)],
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("when", "peer", "wrong", "text", "right"),
    [row[1:] for row in STRINGS],
    ids=[row[0] for row in STRINGS],
)
def test_one_string_runs_as_it_was_meant(when, peer, wrong, text, right):
    """
    The peer runs so often; the source, its text and robfig's clock run on the right days, and the
    proof tells both apart.
    """
    assert wrong == count(peer)
    natives = ROBFIG.write(when)
    assert (Native(text),) == natives
    assert right == days(when)
    assert list(when.epochs(START, STOP)) == list(ROBFIG.fires(natives[0], START, STOP))
    assert prove(when, natives, ROBFIG).holds
    assert not prove(peer, natives, ROBFIG).holds


def test_b3_weekday_0_is_no_month():
    """
    KFP reads the fields of `0 9 * * 0` from seconds on, where 0 is a month, and rejects it.
    """
    sentence = (
        "cron '9 * * 0 *', month (column 7): robfig rejects it: 0 is not within 1-12, or turned "
        "round, or has no step"
    )
    refused(CronSyntaxError, sentence, ROBFIG.readers, Native("9 * * 0 *"))
    when = Cron("0 9 * * 0")
    assert ((Native("0 9 * * 0"),), SUNDAYS) == (ROBFIG.write(when), days(when))


AMBIGUOUS = (
    ("B8 cronsim 2, croniter 18", "0 9 */2 * 1", 18, 2,
     "0 9 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * 1"),
    ("B9 cronsim 1, croniter 10", "0 9 1-7 * */7", 10, 1, "0 9 1-7 * 0"),
    ("B10 croniter 31, cron-converter 4", "0 9 1-31 * 1", 31, 4, "0 9 * * *"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "either", "both", "written"),
    [row[1:] for row in AMBIGUOUS],
    ids=[row[0] for row in AMBIGUOUS],
)
def test_two_day_fields_ask_for_a_rule(text, either, both, written):
    """
    The text is refused with its question; `any` is written and proved, `all` is refused.
    """
    with pytest.raises(AmbiguousCronError) as caught:
        Cron(text)
    assert "say day_rule='any' or day_rule='all'" == caught.value.cure
    when = Cron(text, day_rule="any")
    assert either == count(when)
    assert (Native(written),) == ROBFIG.write(when)
    assert prove(when, ROBFIG.write(when), ROBFIG).holds
    every = Cron(text, day_rule="all")
    assert both == count(every)
    if every.calendar.day_rule == "all":
        with pytest.raises(NotExpressibleError) as caught:
            ROBFIG.write(every)
        assert "schedule.day_rule.all" == caught.value.feature


def test_b9_first_sunday_is_a_typed_word():
    """
    `1-7` beside `*/7` is no first Sunday; `NthWeekday` is, and robfig cannot say it.
    """
    when = Calendar(minutes=0, hours=9, weekdays=NthWeekday("SUN", 1))
    assert [4] == days(when)
    with pytest.raises(NotExpressibleError) as caught:
        ROBFIG.write(when)
    assert "schedule.nth_weekday" == caught.value.feature
    (native,) = EVENTBRIDGE.write(when)
    assert "cron(0 9 ? * 1#1 *)" == native.text


TEXTS = (
    ("B13 APScheduler 4", "0 9 * * MON#1", AmbiguousCronError, "weekday",
     "use Calendar(weekdays=NthWeekday('MON', 2))"),
    ("B14 croniter 18", "0 9 * * FRI-MON", AmbiguousCronError, "weekday",
     "write FRI,SAT,SUN,MON"),
    ("B15 cron-converter 31, robfig 124", "5/15 9 * * *", AmbiguousCronError, "minute",
     "write 5-59/15, or 5"),
    ("B17 croniter the 9th, cronsim Mondays", "0 0 9 * * 1", AmbiguousCronError, "",
     "write five fields: minute hour day month weekday"),
    ("B18 APScheduler 0", "0 9 31 2 *", NeverFiresError, None,
     "the last valid day is 29 Feb; days=-1 is the last day of any month"),
    ("B18 robfig 0", "0 0 30 2 *", NeverFiresError, None,
     "the last valid day is 29 Feb; days=-1 is the last day of any month"),
    ("B19 robfig 0", ", * * * *", AmbiguousCronError, "minute", "remove the comma"),
    ("B19 robfig 44640", "*-5 * * * *", AmbiguousCronError, "minute",
     "write *, or a range such as 1-5"),
    ("B20 ZenML", "60 60 60 60 60", CronSyntaxError, "minute", "minutes go from 0 to 59"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind", "field", "cure"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS]
)
def test_other_strings_are_refused(text, kind, field, cure):
    """
    By type, with the field and what to write instead.
    """
    with pytest.raises(SpecError) as caught:
        Cron(text)
    assert (kind, cure) == (type(caught.value), caught.value.cure)
    assert field == getattr(caught.value, "field", None)


ROBFIG_RUNS = (
    ("B10", "0 9 1-31 * 1", 31),
    ("B15", "5/15 9 * * *", 124),
    ("B18", "0 9 31 2 *", 0),
    ("B18 30 February", "0 0 30 2 *", 0),
    ("B19 empty", ", * * * *", 0),
    ("B19 minus", "*-5 * * * *", 44_640),
    ("C1 Wing", "*/90 * * * *", 744),
    ("C2 Wing", "*/1440 * * * *", 744),
    ("C3 Wing", "* */2 * * *", 22_320),
    ("C4 Wing", "* */1 * * *", 44_640),
    ("C5 Wing", "*/7 * * * *", 6_696),
)


@pytest.mark.parametrize(
    ("text", "wrong"), [row[1:] for row in ROBFIG_RUNS], ids=[row[0] for row in ROBFIG_RUNS]
)
def test_robfig_runs_what_it_accepts(text, wrong):
    """
    Texts that are passed through to robfig run as often as was measured on it.
    """
    assert wrong == fires(text)


def test_b13_first_monday_is_a_typed_word():
    """
    APScheduler drops `#1` and runs on four Mondays: right is the 5th.
    """
    when = Calendar(minutes=0, hours=9, weekdays=NthWeekday("MON", 1))
    assert ([5], 4) == (days(when), count(Cron("0 9 * * 1")))
    assert "cron(0 9 ? * 2#1 *)" == EVENTBRIDGE.write(when)[0].text


def test_b14_the_list_runs_on_all_four_days():
    """
    croniter alone goes round with `FRI-MON`: listed, it is 18 runs everywhere.
    """
    when = Cron("0 9 * * FRI,SAT,SUN,MON")
    assert (18, (Native("0 9 * * 0,1,5,6"),)) == (count(when), ROBFIG.write(when))
    with pytest.raises(CronSyntaxError):
        ROBFIG.readers(Native("0 9 * * FRI-MON"))


@pytest.mark.parametrize("text", ["0 9 * * 7", "0 9 * * MON#1"])
def test_b16_what_a_server_rejects_is_found_before(text):
    """
    Flyte's client accepts both, its server rejects them and never runs: 7 is written 0.
    """
    with pytest.raises(CronSyntaxError) as caught:
        ROBFIG.readers(Native(text))
    assert ("weekday", 9) == (caught.value.field, caught.value.column)
    assert (Native("0 9 * * 0"),) == ROBFIG.write(Cron("0 9 * * 7"))


def test_b17_six_fields_are_read_by_platform():
    """
    croniter reads `0 0 9 * * 1` as the 9th; PingSource as Monday 09:00; robfig not at all.
    """
    assert Cron("0 9 * * 1").calendar == PINGSOURCE.read(Native("0 0 9 * * 1"))
    for dialect in (ROBFIG, ARGO, CLOUD_SCHEDULER, GITHUB_ACTIONS, CONTAINER_APPS):
        with pytest.raises(CronSyntaxError):
            dialect.readers(Native("0 0 9 * * 1"))


def test_b20_ranges_are_read():
    """
    ZenML's expression for HyperAI rejects `1-5`.
    """
    assert 22 == count(Cron("0 9 * * 1-5"))


def test_b21_each_platform_has_its_own_text():
    """
    ZenML hands one text to five languages; here each is written, and proved, by itself.
    """
    when = Cron("0 9 * * 5-7")
    asked = (*UNIX, EVENTBRIDGE, ADF)
    texts = {dialect.name: [each.text for each in dialect.write(when)] for dialect in asked}
    five = "0 9 * * 0,5,6"
    assert texts.pop("eventbridge") == ["cron(0 9 ? * SUN,FRI,SAT *)"]
    assert texts.pop("vertex") == [f"TZ=UTC {five}"]
    assert '"weekDays":["Sunday","Friday","Saturday"]}' in texts.pop("adf")[0]
    assert {dialect.name: [five] for dialect in UNIX[:-1]} == texts
    for dialect in asked:
        assert prove(when, dialect.write(when), dialect).holds


def test_b19_an_empty_field_never_runs():
    """
    robfig takes a field of nothing but commas as one that never matches.
    """
    sentence = "', * * * *': a field of it is empty; fill it"
    refused(NeverFiresError, sentence, ROBFIG.read, Native(", * * * *"))


def test_b21_natives_are_plain_data():
    """
    For JSON: the text, the zone and what stands beside them.
    """
    native = Native("0 9 * * *", "", {"startTime": NEW_YEAR})
    told = {"text": "0 9 * * *", "timezone": "", "more": {"startTime": NEW_YEAR}}
    assert told == native.to_dict()
