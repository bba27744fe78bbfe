"""
Data Factory, reading: Microsoft's examples, intervals, windows, guards, and what is rejected.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedkit.exceptions import (
    CronSyntaxError,
    NeverFiresError,
    NotExpressibleError,
    SchedkitError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence import (
    ANY,
    Calendar,
    Every,
    NthWeekday,
    Window,
)
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.adf import ADF
from schedkit.recurrence.proof import prove


KINDS = [(first, leap) for first in range(7) for leap in (False, True)]
START = "2020-01-06T08:25:00Z"  # a Monday
WORKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
QUARTERS = [0, 15, 30, 45]
TUMBLING = {"type": "TumblingWindowTrigger"}
TIME = "pipeline().parameters.scheduledTime"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def text(frequency="Day", interval=1, start=START, **more) -> str:
    return json.dumps({"frequency": frequency, "interval": interval, "startTime": start, **more})


def native(*args, guard="", **more) -> Native:
    return Native(text(*args, **more), "", {"guard": guard} if guard else {})


def fires(found: Native, start: str, count: int) -> list[str]:
    """
    The first runs from *start* on, without the year's century and the zone.
    """
    runs = ADF.fires(found, at(start), at(start) + 4_000 * 86_400)
    return [f"{datetime.fromtimestamp(next(runs), UTC):%Y-%m-%dT%H:%M}" for _ in range(count)]


def day(minutes, hours, days=ANY, weekdays=ANY) -> Calendar:
    return Calendar(minutes=minutes, hours=hours, days=days, weekdays=weekdays)


def friday(*places: int) -> list[dict]:
    return [{"day": "friday", "occurrence": place} for place in places]


def fridays(*places: int) -> list[NthWeekday]:
    return [NthWeekday("FRI", place) for place in places]


# The examples of "how-to-create-schedule-trigger", in its order; startTime is a Monday at 08:25.
EXAMPLES = (
    ("Day", {"hours": [5]}, day(25, 5)),
    ("Day", {"minutes": [15], "hours": [5]}, day(15, 5)),
    ("Day", {"minutes": [15], "hours": [5, 17]}, day(15, [5, 17])),
    ("Day", {"minutes": [15, 45], "hours": [5, 17]}, day([15, 45], [5, 17])),
    ("Hour", {"minutes": QUARTERS}, day(QUARTERS, ANY)),
    ("Day", {"hours": [*range(24)]}, day(25, ANY)),
    ("Hour", {"minutes": [0]}, day(0, ANY)),
    ("Hour", {"minutes": [15]}, day(15, ANY)),
    ("Week", {"hours": [17], "weekDays": ["saturday"]}, day(25, 17, weekdays=6)),
    (
        "Week",
        {"hours": [17], "weekDays": ["monday", "wednesday", "friday"]},
        day(25, 17, weekdays=[1, 3, 5]),
    ),
    (
        "Week",
        {"minutes": [15, 45], "hours": [17], "weekDays": ["monday", "wednesday", "friday"]},
        day([15, 45], 17, weekdays=[1, 3, 5]),
    ),
    ("Week", {"minutes": QUARTERS, "weekDays": WORKDAYS}, day(QUARTERS, ANY, ANY, range(1, 6))),
    (
        "Week",
        {"minutes": QUARTERS, "hours": [*range(9, 17)], "weekDays": WORKDAYS},
        day(QUARTERS, range(9, 17), weekdays=range(1, 6)),
    ),
    ("Week", {"weekDays": ["tuesday", "thursday"]}, day(25, 8, weekdays=[2, 4])),
    ("Month", {"minutes": [0], "hours": [6], "monthDays": [28]}, day(0, 6, 28)),
    ("Month", {"minutes": [0], "hours": [6], "monthDays": [-1]}, day(0, 6, -1)),
    ("Month", {"minutes": [0], "hours": [6], "monthDays": [1, -1]}, day(0, 6, [1, -1])),
    ("Month", {"monthDays": [1, 14]}, day(25, 8, [1, 14])),
    (
        "Month",
        {"minutes": [0], "hours": [5], "monthlyOccurrences": friday(1)},
        day(0, 5, weekdays=fridays(1)),
    ),
    ("Month", {"monthlyOccurrences": friday(1)}, day(25, 8, weekdays=fridays(1))),
    ("Month", {"monthlyOccurrences": friday(-3)}, day(25, 8, weekdays=fridays(-3))),
    (
        "Month",
        {"minutes": [15], "hours": [5], "monthlyOccurrences": friday(1, -1)},
        day(15, 5, weekdays=fridays(1, -1)),
    ),
    ("Month", {"monthlyOccurrences": friday(1, -1)}, day(25, 8, weekdays=fridays(1, -1))),
    ("Month", {"monthlyOccurrences": friday(5)}, day(25, 8, weekdays=fridays(5))),
    (
        "Month",
        {"minutes": QUARTERS, "monthlyOccurrences": friday(-1)},
        day(QUARTERS, ANY, weekdays=fridays(-1)),
    ),
    (
        "Month",
        {"minutes": [15, 45], "hours": [5, 17],
         "monthlyOccurrences": [{"day": "wednesday", "occurrence": 3}]},
        day([15, 45], [5, 17], weekdays=NthWeekday("WED", 3)),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("frequency", "schedule", "expected"), EXAMPLES, ids=str)
def test_examples_of_the_documentation(frequency, schedule, expected):
    """
    Minutes of the day and days of all kinds of year are those that Microsoft's page describes.
    """
    [reader] = ADF.readers(native(frequency, schedule=schedule))
    assert expected.minute_mask == reader.minutes
    assert [expected.year_days(*kind) for kind in KINDS] == [
        reader.year_days(*kind) for kind in KINDS
    ]


PLAIN = (
    ("Day", {}, day(25, 8)),
    ("Week", {}, day(25, 8, weekdays=1)),
    ("Month", {}, day(25, 8, 6)),
    ("Week", {"hours": 3, "minutes": 0}, day(0, 3, weekdays=1)),
    ("Month", {"hours": [3], "minutes": [0], "monthlyOccurrences": {"day": "Friday"}},
     day(0, 3, weekdays=5)),
    ("Month", {"hours": [3], "minutes": [0], "monthDays": [31, -31]}, day(0, 3, [31, -31])),
)  # fmt: skip


@pytest.mark.parametrize(("frequency", "schedule", "expected"), PLAIN, ids=str)
def test_what_is_omitted_is_of_start_time(frequency, schedule, expected):
    """
    Day, hour and minute are then startTime's; a single value is a list of one; no occurrence is
    every such weekday.
    """
    more = {"schedule": schedule} if schedule else {}
    read = ADF.read(native(frequency, **more))
    assert expected.minute_mask == read.minute_mask
    assert [expected.year_days(*kind) for kind in KINDS] == [
        read.year_days(*kind) for kind in KINDS
    ]


COUNTED = (
    (native("Day", 2, "2017-04-07T14:00:00Z"), ["2017-04-09T14:00", "2017-04-11T14:00"]),
    (native("Hour", 7, "2017-04-08T00:30:00Z"), ["2017-04-08T14:30", "2017-04-08T21:30"]),
    (native("Minute", 100, "2017-04-08T00:30:00Z"), ["2017-04-08T13:50", "2017-04-08T15:30"]),
    (native("Week", 2, "2017-04-03T14:00:00Z"), ["2017-04-17T14:00", "2017-05-01T14:00"]),
    (
        native("Week", 2, "2017-04-03T14:00:00Z", schedule={"weekDays": ["Monday", "Saturday"]}),
        ["2017-04-08T14:00", "2017-04-17T14:00", "2017-04-22T14:00"],
    ),
    (
        native("Day", 3, "2017-04-07T14:00:00Z", schedule={"hours": [6], "minutes": [5]}),
        ["2017-04-10T06:05", "2017-04-13T06:05"],
    ),
    (
        native("Month", 5, "2017-04-01T14:00:00Z", schedule={"monthDays": [1, 20]}),
        ["2017-04-20T14:00", "2017-09-01T14:00", "2017-09-20T14:00", "2018-02-01T14:00"],
    ),
    (native("Month", 3, "2017-02-10T14:00:00Z"), ["2017-05-10T14:00", "2017-08-10T14:00"]),
    (
        native("Day", 2, "2017-03-24T02:30:00", timeZone="Romance Standard Time",
               schedule={"hours": [9], "minutes": [0]}),
        ["2017-04-09T07:00", "2017-04-11T07:00"],
    ),
    (
        native("Hour", 2, "2017-04-07T01:00:00", timeZone="India Standard Time",
               schedule={"minutes": [10]}),
        ["2017-04-08T13:40", "2017-04-08T15:40"],
    ),
    (Native(text("Hour", 12, "2017-04-08T12:30:00Z"), "", TUMBLING),
     ["2017-04-09T00:30", "2017-04-09T12:30"]),
    (Native(text("Minute", 30, "2017-04-08T13:00:00Z", delay="00:10:00", maxConcurrency=50),
            "", TUMBLING), ["2017-04-08T13:40", "2017-04-08T14:10"]),
    (Native(text("Month", 1, "2017-04-01T00:00:00Z"), "", TUMBLING),
     ["2017-05-01T00:00", "2017-06-01T00:00"]),
)  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), COUNTED, ids=str)
def test_intervals(found, expected):
    """
    Counted from startTime; a tumbling window runs at its end, and after its delay.
    """
    assert expected == fires(found, "2017-04-08T13:00:00Z", len(expected))
    [reader] = ADF.readers(found)
    first = reader.next(at("2017-04-08T12:59:59Z"))
    assert at(f"{expected[0]}:00Z") == first


def test_days_of_an_interval_are_proved_by_their_instants():
    """
    Every other day at one time is elapsed time in UTC.
    """
    found = native("Day", 2, "2019-12-31T00:00:00Z", schedule=LISTS)
    proof = prove(Every("48h", "2020-01-02T09:00:00Z"), [found], ADF)
    assert (True, 0) == (proof.holds, proof.year_kinds)
    late = prove(Every("48h", "2020-01-02T09:01:00Z"), [found], ADF, years=1)
    assert (False, len(list(ADF.fires(found, *horizon(1))))) == (late.holds, late.extra_count)


def test_bounds():
    """
    A schedule's first run is a minute after startTime or later, endTime may run itself.
    """
    lists = {"hours": [8], "minutes": [25]}
    found = native("Day", 1, START, endTime="2020-01-09T08:25:00Z", schedule=lists)
    assert [at(f"2020-01-0{day}T08:25:00Z") for day in (7, 8, 9)] == list(
        ADF.fires(found, 0, at("2030-01-01T00:00:00Z"))
    )
    paced = native("Hour", 24, START, endTime="2020-01-08T08:24:59Z")
    assert [at(f"2020-01-0{day}T08:25:00Z") for day in (6, 7)] == list(
        ADF.fires(paced, 0, at("2030-01-01T00:00:00Z"))
    )
    [reader] = ADF.readers(paced)
    assert (at(START), None, None) == (
        reader.next(0),
        reader.pace,
        reader.next(at("2020-02-01T00:00:00Z")),
    )


def test_reads_windows_and_intervals():
    """
    A startTime within the time zone data's years is a start, and endTime an end.
    """
    found = native("Hour", 7, "2099-01-01T00:00:00Z", endTime="2099-02-01T00:00:00Z")
    assert Window(
        Every("7h", "2099-01-01T00:00:00Z"), "2099-01-01T00:00:00Z", "2099-02-01T00:00:01Z"
    ) == ADF.read(found)
    assert Every("15m", "2019-12-31T00:15:00Z") == ADF.read(
        Native(text("Minute", 15, "2019-12-31T00:00:00Z"), "", TUMBLING)
    )


def test_start_in_a_gap_or_repeated_hour():
    """
    A start that comes twice is the first; one that clocks skip is as much later.
    """
    zone = "W. Europe Standard Time"
    for start, instant in (
        ("2027-10-31T02:30:00", "2027-10-31T00:30:00Z"),
        ("2027-03-28T02:30:00", "2027-03-28T01:30:00Z"),
        ("2027-07-01T02:30", "2027-07-01T00:30:00Z"),
    ):
        [reader] = ADF.readers(native("Hour", 5, start, timeZone=zone))
        assert at(instant) == reader.next(0)


LISTS = {"hours": [9], "minutes": [0]}
WEEKENDS = (
    "@not(or(contains(createArray(1,2,3,4,5),dayOfWeek(TIME)),"
    "contains(createArray(2),int(formatDateTime(TIME,'MM')))))"
)
GUARDS = (
    ("@contains(createArray(1, 7),int(formatDateTime(TIME,'MM')))", {"months": [1, 7]}),
    ("@not(contains(createArray(1),dayOfMonth(TIME)))", {"days": range(2, 32)}),
    ("@Contains( createArray(0,6), DAYOFWEEK(trigger().scheduledTime) )", {"weekdays": [0, 6]}),
    (
        "@and(contains(createArray(13),dayOfMonth(TIME)),contains(createArray(5),dayOfWeek(TIME)))",
        {"days": 13, "weekdays": 5, "day_rule": "all"},
    ),
    (
        WEEKENDS,
        {"weekdays": [0, 6], "months": [1, *range(3, 13)]},
    ),
)


@pytest.mark.parametrize(("guard", "fields"), GUARDS, ids=str)
def test_reads_guards(guard, fields):
    """
    A guard on every day is a calendar with these fields.
    """
    expected = Calendar(minutes=0, hours=9, **fields)
    read = ADF.read(native(guard=guard.replace("TIME", TIME), schedule=LISTS))
    assert [expected.year_days(*kind) for kind in KINDS] == [
        read.year_days(*kind) for kind in KINDS
    ]


BAD_GUARDS = (
    ("contains(createArray(1),dayOfWeek(TIME))", "is no expression of up to 8192 characters"),
    ("@" + " " * 9_000, "is no expression of up to 8192 characters"),
    ("@equals(1,1)", "has 'equals' instead of and, or, not, contains"),
    (
        "@contains(createArray(1),dayOfYear(TIME))",
        "has 'dayofyear' instead of dayofmonth, dayofweek, int",
    ),
    ("@contains(createArray(1),int(formatDateTime(TIME,'mm')))", "has \"'mm'\" instead of 'MM'"),
    ("@contains(createArray(x),dayOfWeek(TIME))", "has 'x' instead of a number"),
    ("@contains(createArray(1),dayOfWeek(TIME)) or", "has 'or' after its end"),
    ("@contains(createArray(1),dayOfWeek(utcNow()))", "has 'utcnow' instead of convertfromutc"),
    ("@contains(createArray(1)", "has '' instead of ,"),
    ("@{contains}", "has '{contains}', which no guard needs"),
    ("@" + "not(" * 50, "is nested deeper than 40"),
    (
        "@contains(createArray(1),dayOfWeek(convertFromUtc(TIME,'Tokyo Standard Time')))",
        "has \"'tokyo standard time\" instead of 'utc'",
    ),
)


@pytest.mark.parametrize(("guard", "reason"), BAD_GUARDS, ids=lambda value: value[:40])
def test_refuses_other_expressions(guard, reason):
    """
    Only what decides by month, day and weekday of the scheduled time has portable words.
    """
    with pytest.raises(NotExpressibleError) as caught:
        ADF.readers(native(guard=guard.replace("TIME", TIME), schedule=LISTS))
    assert "schedule" == caught.value.feature
    assert reason in caught.value.reason
    assert "compare month, day or weekday of the scheduled time with createArray(...)" == (
        caught.value.cure
    )


BAD = (
    (
        text("Year"),
        "frequency",
        "'Year' is unknown",
        "write one of Minute, Hour, Day, Week, Month",
    ),
    (text("Dya"), "frequency", "'Dya' is unknown", "did you mean 'Day'?"),
    (text(interval=0), "interval", "0 is out of range", "give a whole number from 1 to 1000"),
    (
        text(interval=True),
        "interval",
        "True is out of range",
        "give a whole number from 1 to 1000",
    ),
    (text(starttime="x"), "starttime", "'starttime' is unknown", "did you mean 'startTime'?"),
    (text(start="2020-01-06T08:25:00"), "startTime", "has no Z", "write Z in UTC"),
    (
        text(timeZone="Romance Standard Time"),
        "startTime",
        "has an offset, so that timeZone would be ignored",
        "nothing in any other zone",
    ),
    (text(start="tomorrow"), "startTime", "'tomorrow' is no time", "write 2026-01-01T00:00:00"),
    (text(start="2020-02-30T00:00:00Z"), "startTime", "day is out of range", "a day that exists"),
    (
        text(start="0001-01-01T00:00:00Z"),
        "startTime",
        "1 is not a year of our time",
        "1970 to 9000",
    ),
    (text(start=5), "startTime", "5 is no time", "write 2026-01-01T00:00:00"),
    (text(endTime="never"), "endTime", "'never' is no time", "write 2026-01-01T00:00:00"),
    (text(timeZone=1), "timeZone", "1 is no name", "write UTC"),
    ('{"interval":1}', "frequency", "frequency is missing", "give frequency"),
    ('{"frequency":"Day"}', "startTime", "startTime is missing", "give startTime"),
    (text(schedule=[]), "schedule", "[] is no object", ""),
    (text(schedule={"hour": [1]}), "hour", "'hour' is unknown", "did you mean 'hours'?"),
    (text(schedule={"hours": [24]}), "hours", "24 is out of range", "from 0 to 23"),
    (text(schedule={"hours": []}), "hours", "is an empty list", "leave it out, or name one"),
    (text(schedule={"minutes": ["1"]}), "minutes", "'1' is out of range", "from 0 to 59"),
    (
        text(schedule={"weekDays": ["Monday"]}),
        "weekDays",
        "is only known with frequency Week",
        'write "frequency":"Week"',
    ),
    (
        text("Week", schedule={"monthDays": [1]}),
        "monthDays",
        "is only known with frequency Month",
        'write "frequency":"Month"',
    ),
    (
        text("Week", schedule={"weekDays": ["Mondey"]}),
        "weekDays",
        "'Mondey'",
        "did you mean 'Monday'",
    ),
    (
        text("Month", schedule={"monthDays": [0]}),
        "monthDays",
        "there is no day 0",
        "-1 for the last",
    ),
    (
        text("Month", schedule={"monthlyOccurrences": [{"day": "Friday", "occurrence": 0}]}),
        "occurrence",
        "there is no 0th weekday",
        "give 1 to 5, or -1",
    ),
    (
        text("Month", schedule={"monthlyOccurrences": [{}]}),
        "day",
        "None is unknown",
        "write one of",
    ),
    (text("Month", schedule={"monthlyOccurrences": ["x"]}), "monthlyOccurrences", "'x' is no", ""),
    ('{"frequency":"Day","frequency":"Day"}', "frequency", "is given twice", "give it once"),
    ("[]", "recurrence", "[] is no object", ""),
    ("{", "recurrence", "is not JSON that one can read", "write {"),
    ("[" * 9_000, "recurrence", "is not JSON that one can read", "write {"),
    ('{"interval":NaN}', "recurrence", "is not JSON that one can read", "write {"),
    ("1" * 9_000, "recurrence", "is not JSON that one can read", "write {"),
)


@pytest.mark.parametrize(("bad", "field", "reason", "cure"), BAD, ids=lambda value: value[:50])
def test_rejects(bad, field, reason, cure):
    """
    What Data Factory rejects, with the key, its column and what to write.
    """
    with pytest.raises(CronSyntaxError) as caught:
        ADF.readers(Native(bad, ""))
    assert field == caught.value.field
    assert max(bad.find(f'"{field}"'), 0) + 1 == caught.value.column or field == "recurrence"
    assert reason in caught.value.reason
    assert cure in caught.value.cure


def test_rejects_what_is_too_long():
    """
    No recurrence has more than 10 000 characters.
    """
    with pytest.raises(CronSyntaxError) as caught:
        ADF.readers(Native(" " * 10_001, ""))
    assert "Data Factory takes no recurrence of 10001 characters" == caught.value.reason


BAD_TUMBLING = (
    ({"delay": "soon"}, "delay", "'soon' is no duration"),
    ({"delay": 5}, "delay", "5 is no duration"),
    ({"maxConcurrency": 51}, "maxConcurrency", "51 is out of range"),
    ({"schedule": {}}, "schedule", "'schedule' is unknown"),
    ({"frequency": "Day"}, "frequency", "'Day' is unknown"),
)


@pytest.mark.parametrize(("more", "field", "reason"), BAD_TUMBLING, ids=str)
def test_rejects_tumbling_windows(more, field, reason):
    """
    A tumbling window trigger has keys of its own, and no days.
    """
    bad = {"frequency": "Hour", "interval": 1, "startTime": START, **more}
    with pytest.raises(CronSyntaxError) as caught:
        ADF.readers(Native(json.dumps(bad), "", TUMBLING))
    assert (field, reason) == (caught.value.field, caught.value.reason)


def test_refuses_odd_months_of_windows():
    """
    Months that no calendar counts, or a delay past them.
    """
    for more in ({"interval": 5}, {"delay": "00:10:00"}):
        bad = {"frequency": "Month", "interval": 1, "startTime": START, **more}
        with pytest.raises(NotExpressibleError) as caught:
            ADF.readers(Native(json.dumps(bad), "", TUMBLING))
        assert "no calendar has its delay or interval" == caught.value.reason


UNKNOWN = (
    (
        native("Month", schedule={"monthDays": [1], "monthlyOccurrences": friday(1), **LISTS}),
        "adf.both_lists",
    ),
    (native("Month", 1, "2020-01-31T00:00:00Z"), "adf.short_month"),
    (
        native("Hour", 1, "2020-01-31T00:00:00", timeZone="Romance Standard Time",
               schedule={"minutes": [5]}),
        "adf.short_period",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("found", "fact"), UNKNOWN, ids=str)
def test_refuses_what_nobody_documents(found, fact):
    """
    Where nothing tells when a trigger runs, the fact is named.
    """
    with pytest.raises(UnknownBehaviourError) as caught:
        ADF.readers(found)
    assert fact == caught.value.fact
    assert caught.value.reason.startswith("Microsoft does not say this: ")
    assert "write each list and both hours and minutes, with interval 1" == caught.value.cure


def test_minutes_without_hours_have_no_portable_words():
    """
    The page's examples and its text disagree on them.
    """
    with pytest.raises(UnknownBehaviourError) as caught:
        ADF.read(native("Week", schedule={"minutes": [0]}))
    assert "adf.omitted_hours" == caught.value.fact


NO_WORDS = (
    (native("Day", 3, schedule=LISTS), "schedule.every", "interval 3: nothing portable counts so"),
    (native("Month", 5, schedule={"monthDays": [1]}), "schedule.every", "interval 5"),
    (
        native(schedule=LISTS, guard="@or(contains(createArray(1),dayOfMonth(TIME)),"
               "contains(createArray(1),dayOfWeek(TIME)))".replace("TIME", TIME)),
        "schedule",
        "no calendar has just the days that it lets pass",
    ),
    (native(start="2020-01-06T08:25:30Z"), "schedule.start", "has seconds"),
)  # fmt: skip


@pytest.mark.parametrize(("found", "feature", "part"), NO_WORDS, ids=str)
def test_refuses_what_has_no_portable_words(found, feature, part):
    """
    What runs on Data Factory alone is refused by `read`.
    """
    with pytest.raises(NotExpressibleError) as caught:
        ADF.read(found)
    assert feature == caught.value.feature
    assert part in str(caught.value)


def test_refuses_a_guard_that_nothing_passes():
    """
    A trigger of the 30th, and only in February.
    """
    guard = f"@contains(createArray(2),int(formatDateTime({TIME},'MM')))"
    with pytest.raises(NeverFiresError) as caught:
        ADF.read(native("Month", schedule={"monthDays": [30], **LISTS}, guard=guard))
    assert "no day of the trigger passes it" == caught.value.reason


def test_zones():
    """
    The zone is a Windows id within the text; beside it stands none.
    """
    assert "" == ADF.native(text(), None, {}).timezone
    assert 1 == len(ADF.readers(Native(text())))
    for bad, reason in (
        (Native(text(), "Europe/Berlin"), "a trigger has its time zone within its text"),
        (Native(text(timeZone="Europe/Berlin"), ""), "has no Windows id of that name"),
    ):
        with pytest.raises(TimeZoneError) as caught:
            ADF.readers(bad)
        assert reason in caught.value.reason


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(START),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["hours", "minutes", "weekDays", "monthDays", "monthlyOccurrences", "day"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
OBJECTS = st.fixed_dictionaries(
    {"frequency": st.sampled_from(["Hour", "Day", "Week", "Month"]), "startTime": st.just(START)},
    optional={"interval": st.integers(1, 13) | VALUES, "schedule": VALUES, "endTime": VALUES,
              "timeZone": st.sampled_from(["UTC", "Romance Standard Time"]) | VALUES},
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(
    st.text() | OBJECTS.map(json.dumps),
    st.just("") | st.text("@(),'01 andotcriesAyOfWkMhTm.").map(lambda tail: f"@{tail}"),
    st.booleans(),
)
def test_anything_is_answered(found, guard, tumbling):
    """
    Any text, guard and kind of trigger is read or refused by an error of ours.
    """
    more = {"guard": guard} if guard else {}
    asked = Native(found, "", more | (TUMBLING if tumbling else {}))
    for ask in (ADF.readers, ADF.read):
        with contextlib.suppress(SchedkitError):
            assert ask(asked)


@pytest.mark.parametrize(
    ("frequency", "interval", "schedule", "expected"),
    [
        ("Week", 1_000, LISTS, ["2026-01-01T09:00", "2045-03-02T09:00"]),
        ("Month", 100, LISTS | {"monthDays": [1]}, ["2026-01-01T09:00", "2034-05-01T09:00"]),
        ("Day", 999, LISTS, ["2026-01-01T09:00", "2028-09-26T09:00"]),
        ("Hour", 24, {"minutes": [0]}, ["2026-01-02T00:00", "2026-01-03T00:00"]),
        ("Hour", 24, LISTS, []),
        ("Minute", 1_000, LISTS, []),
        ("Minute", 1_000, {"hours": [8], "minutes": [0]}, ["2026-01-09T08:00"]),
    ],
)
def test_long_intervals_are_passed_over(frequency, interval, schedule, expected):
    """
    Runs are found without asking each minute in between; what never comes is None.
    """
    (reader,) = ADF.readers(native(frequency, interval, "2026-01-01T00:00:00Z", schedule=schedule))
    found, run = [], reader.next(at("2026-01-01T00:00:00Z") - 1)
    while run is not None and len(found) < len(expected):
        found.append(f"{datetime.fromtimestamp(run, UTC):%Y-%m-%dT%H:%M}")
        run = reader.next(run)
    assert expected == found
    assert (run is None) == (not expected)


def test_a_guard_is_asked_once_for_a_day():
    """
    However often a kind of year is looked at.
    """
    (reader,) = ADF.readers(native())
    asked: list[tuple[int, ...]] = []
    reader.guard = lambda *date: bool(asked.append(date))
    assert [0, 0, 0] == [reader.year_days(0, False) for _ in range(3)]
    assert 365 == len(asked)
