"""
Quartz: seconds in front, one of the day fields `?`, a time zone, `startAt` and `endAt` beside.
"""

from __future__ import annotations

import pytest
from unixlaws import UnixLaws, at, refused

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    SpecError,
    TimeZoneError,
)
from schedkit.recurrence import (
    Calendar,
    Cron,
    Dst,
    Every,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
)
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.quartz import QUARTZ
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NEW_YEAR = "2026-01-01T00:00:00Z"
NINE = {"minutes": 0, "hours": 9}
LONG = [1, 3, 5, 7, 8, 10, 12]
FIRST_WEEK = list(range(1, 8))


class TestQuartz(UnixLaws):
    zones = strategies.ZONES
    front = "0 "

    def make_dialect(self):
        return QUARTZ


WRITTEN = (
    (Cron("0 9 * * 1-5", "Europe/Berlin"), ["0 0 9 ? * MON-FRI"]),
    (Cron("*/20 9-17 * * *"), ["0 0,20,40 9-17 * * ?"]),
    (Cron("0 9 1 * 1", day_rule="any"), ["0 0 9 1 * ?", "0 0 9 ? * MON"]),
    (Calendar(**NINE, days=-1), ["0 0 9 L * ?"]),
    (Calendar(**NINE, days=[5, -3]), ["0 0 9 5 * ?", "0 0 9 L-2 * ?"]),
    (Calendar(**NINE, days=[-1, -2, -3], months=[1, 3]), ["0 0 9 29-31 1,3 ?"]),
    (
        Calendar(**NINE, days=[-1, -2, -3], months=[1, 4]),
        ["0 0 9 29-31 1 ?", "0 0 9 28-30 4 ?"],
    ),
    (Calendar(**NINE, days=[31, -31], months=[1, 4]), ["0 0 9 1,31 1 ?"]),
    (Calendar(**NINE, days=[1, NearestWeekday(31)], months=4), ["0 0 9 1 4 ?"]),
    (Calendar(**NINE, days=NearestWeekday(15)), ["0 0 9 15W * ?"]),
    (Calendar(**NINE, days=NearestWeekday(31)), ["0 0 9 31W 1,3,5,7,8,10,12 ?"]),
    (Calendar(**NINE, weekdays=NthWeekday("MON", 2)), ["0 0 9 ? * 2#2"]),
    (Calendar(**NINE, weekdays=NthWeekday("FRI", -1)), ["0 0 9 ? * 6L"]),
    (Calendar(**NINE, days=FIRST_WEEK, weekdays=1, day_rule="all"), ["0 0 9 ? * 2#1"]),
    (Every("90m", NEW_YEAR), ["0 0 0,3,6,9,12,15,18,21 * * ?", "0 30 1,4,7,10,13,16,19,22 * * ?"]),
    (Every("20s", "2026-01-01T00:00:05Z"), ["5,25,45 * * * * ?"]),
    (Every("5m", "2026-01-01T00:00:30Z"), ["30 0,5,10,15,20,25,30,35,40,45,50,55 * * * ?"]),
    (Once("2026-03-01T09:30:15Z"), ["15 30 9 1 3 ? 2026"]),
)


@pytest.mark.parametrize(("when", "texts"), WRITTEN, ids=str)
def test_writes_the_fewest_texts(when, texts):
    """
    Lists and ranges of numbers, weekdays by name; each is proved.
    """
    natives = QUARTZ.write(when)
    assert [Native(text, when.timezone) for text in texts] == list(natives)
    assert prove(when, natives, QUARTZ).holds


@pytest.mark.parametrize("zone", ["Antarctica/Troll", "Australia/Lord_Howe"])
def test_nine_is_far_enough_from_odd_gaps(zone):
    """
    Only the hours near a gap of two hours, or of half an hour, are lost.
    """
    when = Cron("0 9 * * *", zone)
    natives = QUARTZ.write(when)
    assert (Native("0 0 9 * * ?", zone),) == natives
    assert prove(when, natives, QUARTZ).holds


def test_each_zone_has_its_own():
    """
    A union of two zones is two natives, and says that both fire where they coincide.
    """
    when = Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 0 * * *"))
    natives = QUARTZ.write(when)
    assert {("0 0 9 * * ?", "Asia/Tokyo"), ("0 0 0 * * ?", "UTC")} == {
        (native.text, native.timezone) for native in natives
    }
    proof = prove(when, natives, QUARTZ)
    assert (True, "", 20) == (proof.holds, proof.token, len(proof.doubled))


def test_hours_are_written_in_utc():
    """
    Quartz loses the first pass of a repeated hour, so what UTC says as well is in UTC.
    """
    when = Cron("0 * * * *", "Europe/Berlin")
    natives = QUARTZ.write(when)
    assert (Native("0 0 * * * ?", "UTC"),) == natives
    assert prove(when, natives, QUARTZ).holds
    policy = Dst(gap="skip", fold="second")
    stated = Cron("0 * * * *", "Europe/Berlin", dst=policy)
    assert (Native("0 0 * * * ?", "Europe/Berlin"),) == QUARTZ.write(stated)


def test_window_is_native():
    """
    `endAt` is the last second that may run; both read back as they were.
    """
    end = "2026-03-03T09:00:00Z"
    when = Window(Cron("0 9 * * *").calendar, "2026-03-01T00:00:00Z", end)
    natives = QUARTZ.write(when)
    more = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2026-03-03T08:59:59Z"}
    assert (Native("0 0 9 * * ?", "UTC", more),) == natives
    assert when == QUARTZ.read(natives[0])
    assert prove(when, natives, QUARTZ).holds
    runs = [at("2026-03-01T09:00:00Z"), at("2026-03-02T09:00:00Z")]
    assert runs == list(QUARTZ.fires(natives[0], 0, 1 << 33))


READ = (
    ("0 0 9 ? * 2-6", Calendar(**NINE, weekdays=[1, 2, 3, 4, 5])),
    ("0 0 9 ? * fri-mon", Calendar(**NINE, weekdays=[0, 1, 5, 6])),
    ("0 0 9 ? * L", Calendar(**NINE, weekdays=6)),
    ("0 0 22-2/2 * * ?", Calendar(minutes=0, hours=[0, 2, 22])),
    ("0 /20 5/9 * * ?", Calendar(minutes=[0, 20, 40], hours=[5, 14, 23])),
    ("0 0 9 28-2 nov-feb ?", Calendar(**NINE, days=[1, 2, 28, 29, 30, 31], months=[1, 2, 11, 12])),
    ("0 0 9 L-3 * ?", Calendar(**NINE, days=-4)),
    (
        "0 0 9 LW * ?",
        Union(
            Calendar(**NINE, days=-1, weekdays=[1, 2, 3, 4, 5], day_rule="all"),
            Calendar(**NINE, days=[-2, -3], weekdays=5, day_rule="all"),
        ),
    ),
    ("0 0 9 31W 5 ?", Calendar(**NINE, days=NearestWeekday(31), months=5)),
    ("0 0 9 * * ? 2026-2027", Window(Calendar(**NINE), NEW_YEAR, "2028-01-01T00:00:00Z")),
    ("15 30 9 1 3 ? 2026", Once("2026-03-01T09:30:15Z")),
    ("0/20 * * * * ?", Every("20s", "1970-01-01T00:00:00Z")),
)


@pytest.mark.parametrize(("text", "when"), READ)
def test_reads_the_documented_grammar(text, when):
    """
    Also what is never written: names in any case, ranges that wrap, `/n`, years.
    """
    native = Native(text)
    assert when == QUARTZ.read(native)
    assert prove(when, [native], QUARTZ).holds


FIRED = (  # recorded from Quartz 2.3.2
    (
        "0 30 2 * * ?",
        "Europe/Berlin",
        "2026-03-28T00:00:00Z",
        ["2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"],
    ),
    (
        "0 30 * ? * *",
        "Europe/Berlin",
        "2026-10-24T23:00:00Z",
        [
            "2026-10-25T01:30:00+02:00",
            "2026-10-25T02:30:00+01:00",
            "2026-10-25T03:30:00+01:00",
        ],
    ),
    (
        "0 8,57 4 31W * ?",
        "America/Santiago",
        "2028-05-31T09:00:00Z",
        [
            "2028-06-30T04:08:00-04:00",
            "2028-06-30T04:57:00-04:00",
            "2028-07-31T04:08:00-04:00",
        ],
    ),
    (
        "0 0 9 1W * ?",
        "UTC",
        "2026-07-15T00:00:00Z",
        ["2026-08-03T09:00:00Z", "2026-09-01T09:00:00Z"],
    ),
)


@pytest.mark.parametrize(("text", "zone", "after", "runs"), FIRED)
def test_fires_as_quartz_does(text, zone, after, runs):
    """
    A skipped time does not run, a repeated one runs the second time, `31W` is looked for in June.
    """
    (reader,) = QUARTZ.readers(Native(text, zone))
    found = reader.fires(at(after), 1 << 33)
    assert [at(run) for run in runs] == [next(found) for _ in runs]


REJECTED = (
    ("0 9 * * ?", "", 1, "Quartz reads 6 fields, and this has 5"),
    ("0 0 9 1 * 1", "", 1, "Quartz wants one of day and weekday to be ?, and the other one not"),
    ("0 0 9 ? * ?", "", 1, "Quartz wants one of day and weekday to be ?, and the other one not"),
    ("0 0 9 L,5 * ?", "day", 7, "Quartz rejects 'L,5': 'L' is nothing that it knows"),
    ("0 0 9 L-31 * ?", "day", 7, "Quartz goes back 30 days from the last one, no further"),
    (
        "0 0 9 ? * 2#1,3#1",
        "weekday",
        11,
        "Quartz rejects '2#1,3#1': '2#1' is nothing that it knows",
    ),
    ("0 0 9 ? * 0", "weekday", 11, "Quartz rejects '0': 0 is out of range"),
    ("0 0 9 ? * MON-FRI/2", "weekday", 11, "Quartz drops the step after a name; write numbers"),
    ("0 0 9 ? * MON-6", "weekday", 11, "Quartz takes no range from a name to a number"),
    ("0 */60 9 * * ?", "minute", 3, "Quartz takes no step above 59 there"),
    ("0 */0 9 * * ?", "minute", 3, "Quartz rejects '*/0': a step of 0 leads nowhere"),
    ("0 0 9 * * ? 2030-2026", "year", 13, "Quartz rejects '2030-2026': the range is turned round"),
)


@pytest.mark.parametrize(("text", "field", "column", "reason"), REJECTED)
def test_rejects_what_quartz_rejects_or_bends(text, field, column, reason):
    """
    The error names field and column; what Quartz swallows without a word is rejected too.
    """
    with pytest.raises(CronSyntaxError) as caught:
        QUARTZ.readers(Native(text))
    error = caught.value
    assert (field, column, reason) == (error.field, error.column, error.reason)


FAR_GAP = "near the time that its clocks skip Quartz loses runs, or never ends its search"
REFUSED = (
    (
        Calendar(**NINE, days=[1, 2], weekdays=1, day_rule="all"),
        (
            "Calendar, day_rule 'all': one of the two day fields of Quartz is always ?; name a "
            "weekday by its place, NthWeekday('MON', 1), or say day_rule='any'"
        ),
        "schedule.day_rule.all",
    ),
    (
        Calendar(**NINE, weekdays=NthWeekday("FRI", -2)),
        (
            "NthWeekday('FRI', -2): Quartz counts weekdays from the start of a month, and knows "
            "the last one; take LastWeekday('FRI'), or NthWeekday('FRI', 4)"
        ),
        "schedule.nth_weekday",
    ),
    (
        Calendar(**NINE, days=NearestWeekday(29)),
        (
            "NearestWeekday(29): in a February of 28 days Quartz takes a Friday 28th instead; "
            "take NearestWeekday(28), or leave February out"
        ),
        "schedule.nearest_weekday",
    ),
    (
        Cron("0 3 * * *", "Antarctica/Troll"),
        f"timezone 'Antarctica/Troll': {FAR_GAP}; plan it in UTC, or some hours later",
        "schedule.timezone",
    ),
    (
        Cron("30 2 * * *", "Australia/Lord_Howe"),
        f"timezone 'Australia/Lord_Howe': {FAR_GAP}; plan it in UTC, or some hours later",
        "schedule.timezone",
    ),
    (
        Calendar(minutes=0, hours=0, days=NearestWeekday(15), timezone="Africa/Cairo"),
        f"timezone 'Africa/Cairo': {FAR_GAP}; plan it in UTC, or some hours later",
        "schedule.timezone",
    ),
    (
        Every("90m", "2026-01-01T00:00:30Z"),
        (
            "Every('1h30m'), anchor 2026-01-01T00:00:30+00:00: within a window, or in several "
            "expressions, it is proved on whole minutes only; give an anchor with 0 seconds, and "
            "whole minutes"
        ),
        "schedule.every",
    ),
    (
        Window(Every("20s", NEW_YEAR), NEW_YEAR),
        (
            "Every('20s'), anchor 2026-01-01T00:00:00+00:00: within a window, or in several "
            "expressions, it is proved on whole minutes only; give an anchor with 0 seconds, and "
            "whole minutes"
        ),
        "schedule.every",
    ),
    (
        Every("7m", NEW_YEAR),
        (
            "Every('7m'): a cron starts anew each day, and the interval does not divide one; the "
            "nearest intervals that do: 6m or 8m"
        ),
        "schedule.every",
    ),
    (
        Window(Once(NEW_YEAR), "2027-01-01T00:00:00Z"),
        (
            "Window: nothing of it lies between start and end, and Quartz refuses such a trigger; "
            "widen the window"
        ),
        "schedule.once",
    ),
)


@pytest.mark.parametrize(("when", "sentence", "feature"), REFUSED)
def test_refuses_what_it_has_no_words_for(when, sentence, feature):
    """
    The cure is the nearest that Quartz can say.
    """
    refused(NotExpressibleError, sentence, QUARTZ.write, when, feature=feature)


def test_refuses_to_read_what_has_no_portable_words():
    """
    `31W` in all months, seconds, and years with holes; wrong bounds and zones.
    """
    refused(
        NotExpressibleError,
        "'0 0 9 31W * ?': Quartz also takes the last day of a month that lacks it, if that is a "
        "Friday; write 27W or less, or the day itself",
        QUARTZ.read,
        Native("0 0 9 31W * ?"),
        feature="schedule.nearest_weekday",
    )
    for text, reason in (
        ("30 0 9 ? * MON", "its seconds are not just 0; write second 0"),
        ("0 0 9 * * ? 2026,2028", "its years do not follow one another; write every year"),
    ):
        sentence = f"'{text}': {reason}"
        refused(NotExpressibleError, sentence, QUARTZ.read, Native(text), feature="schedule.cron")
    refused(
        SpecError,
        "quartz, 'endat': says nothing of when it runs; did you mean 'endAt'?",
        QUARTZ.readers,
        Native("0 0 9 * * ?", more={"endat": NEW_YEAR}),
    )
    refused(
        TimeZoneError,
        f"timezone 'Antarctica/Troll': {FAR_GAP}; plan it in UTC, or some hours later",
        QUARTZ.readers,
        Native("0 0 3 * * ?", "Antarctica/Troll"),
    )


@pytest.mark.parametrize(("anchor", "doubled"), [("00:00:07", 0), ("00:00:00", 1)])
def test_cron_beside_seconds(anchor, doubled):
    """
    Whether an interval of seconds meets a busy cron is told by arithmetic, not by looking.
    """
    both = Union(Cron("*/7 * * * *"), Every("20s", f"2026-01-01T{anchor}Z"))
    proof = prove(both, QUARTZ.write(both), QUARTZ)
    assert proof.holds
    assert bool(doubled) == bool(proof.doubled)
