"""
Data Factory, writing: which triggers and guards, what is refused, and that it is exact.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schedkit.exceptions import (
    NeverFiresError,
    NotExpressibleError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence import (
    ANY,
    Calendar,
    Cron,
    Every,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
    Zone,
)
from schedkit.recurrence.compare import data_year, horizon
from schedkit.recurrence.dialects.adf import ADF
from schedkit.recurrence.proof import prove
from schedkit.testing import DialectConformance, strategies


EVERY_FACT = frozenset(ADF.unknown)
GUARDED = frozenset({"adf.scheduled_time"})
EARLY = f"{data_year() - 1}-12-31T00:00:00"
BERLIN, BERLIN_ID = "Europe/Berlin", "W. Europe Standard Time"
KINDS = [(first, leap) for first in range(7) for leap in (False, True)]
TIME = "pipeline().parameters.scheduledTime"
MONTH, DAY, WEEKDAY = (
    f"int(formatDateTime({TIME},'MM'))",
    f"dayOfMonth({TIME})",
    f"dayOfWeek({TIME})",
)
NEAREST = (
    f"@or(and(contains(createArray(1),{DAY}),contains(createArray(1,2,3,4,5),{WEEKDAY})),"
    f"and(contains(createArray(2,3),{DAY}),contains(createArray(1),{WEEKDAY})))"
)
NEW_YEAR = "2027-01-01T00:00:00Z"


class TestAdf(DialectConformance):
    def make_dialect(self):
        return ADF


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def nine(days=ANY, **fields) -> Calendar:
    return Calendar(minutes=0, hours=9, days=days, **fields)


def both(days, weekdays, rule="all", **fields) -> Calendar:
    return nine(days, weekdays=weekdays, day_rule=rule, **fields)


def told(when, facts=frozenset()) -> list[tuple[str, dict, str]]:
    """
    Frequency, lists without minutes and hours, guard.
    """
    found = []
    for native in ADF.write(when, facts):
        value = json.loads(native.text)
        lists = value.get("schedule", {})
        days = {key: lists[key] for key in lists if key not in {"minutes", "hours"}}
        found.append((value["frequency"], days, dict(native.more).get("guard", "")))
    return found


def friday(place: int) -> dict:
    return {"day": "Friday", "occurrence": place}


DAYS = (
    (nine(), [("Day", {}, "")]),
    (nine(weekdays=[1, 5]), [("Week", {"weekDays": ["Monday", "Friday"]}, "")]),
    (nine([1, 31]), [("Month", {"monthDays": [1, 31]}, "")]),
    (nine(-1), [("Month", {"monthDays": [-1]}, "")]),
    (nine([31, -1]), [("Month", {"monthDays": [-1]}, "")]),
    (nine([-3, 15]), [("Month", {"monthDays": [-3, 15]}, "")]),
    (
        nine(weekdays=[NthWeekday("FRI", 1), NthWeekday("FRI", -1)]),
        [("Month", {"monthlyOccurrences": [friday(-1), friday(1)]}, "")],
    ),
    (
        nine(weekdays=[NthWeekday("FRI", 5), NthWeekday("FRI", -1), NthWeekday("MON", 2), 1]),
        [("Month", {"monthlyOccurrences": [{"day": "Monday"}, friday(-1)]}, "")],
    ),
    (nine(months=[6]), [("Day", {}, f"@contains(createArray(6),{MONTH})")]),
    (
        nine(1, months=range(2, 13)),
        [("Month", {"monthDays": [1]}, f"@not(contains(createArray(1),{MONTH}))")],
    ),
    (
        both([1, 15], 1, "any"),
        [
            ("Month", {"monthDays": [1, 15]}, ""),
            ("Week", {"weekDays": ["Monday"]}, f"@not(contains(createArray(1,15),{DAY}))"),
        ],
    ),
    (
        both(-1, 5, "any"),
        [
            ("Week", {"weekDays": ["Friday"]}, ""),
            ("Month", {"monthDays": [-1]}, f"@not(contains(createArray(5),{WEEKDAY}))"),
        ],
    ),
    (both(range(1, 8), NthWeekday("FRI", 1), "any"), [
        ("Month", {"monthDays": [*range(1, 8)]}, "")
    ]),
    (both(13, 5), [("Month", {"monthDays": [13]}, f"@contains(createArray(5),{WEEKDAY})")]),
    (
        both(-1, 5, months=[1]),
        [
            (
                "Month",
                {"monthDays": [-1]},
                f"@and(contains(createArray(1),{MONTH}),contains(createArray(5),{WEEKDAY}))",
            )
        ],
    ),
    (
        nine(NearestWeekday(1)),
        [
            (
                "Month",
                {"monthDays": [1, 2, 3]},
                NEAREST,
            )
        ],
    ),
    (
        Union(nine(1, months=[1]), nine(1, months=[7])),
        [("Month", {"monthDays": [1]}, f"@contains(createArray(1,7),{MONTH})")],
    ),
    (Union(nine(weekdays=[1, 2]), nine(weekdays=[2, 3])), [
        ("Week", {"weekDays": ["Monday", "Tuesday", "Wednesday"]}, "")
    ]),
    (Union(nine(), nine(1)), [("Day", {}, "")]),
)  # fmt: skip


@pytest.mark.parametrize(("when", "expected"), DAYS, ids=str)
def test_names_days(when, expected):
    """
    Lists where they do, a guard on what they cannot say, and no day in two triggers.
    """
    assert expected == told(when)
    assert prove(when, ADF.write(when), ADF).holds
    assert () == prove(when, ADF.write(when), ADF).doubled


@pytest.mark.parametrize("day", range(1, 32))
def test_nearest_weekday_across_the_month(day):
    """
    Every nearest weekday is exact in months whose length is known.
    """
    when = nine(NearestWeekday(day), months=[1, 3, 4, 11])
    natives = ADF.write(when)
    assert 1 == len(natives)
    assert prove(when, natives, ADF).holds


def test_writes_json():
    """
    Compact, in the documented order; another zone by its Windows id and without a suffix.
    """
    [utc] = ADF.write(Cron("*/20 9,17 * * *"))
    [zoned] = ADF.write(Cron("0 9 * * 1", BERLIN))
    assert (
        f'{{"frequency":"Day","interval":1,"startTime":"{EARLY}Z","timeZone":"UTC",'
        '"schedule":{"minutes":[0,20,40],"hours":[9,17]}}'
    ) == utc.text
    assert (
        f'{{"frequency":"Week","interval":1,"startTime":"{EARLY}","timeZone":"{BERLIN_ID}",'
        '"schedule":{"minutes":[0],"hours":[9],"weekDays":["Monday"]}}'
    ) == zoned.text
    assert ("", ()) == (zoned.timezone, zoned.more)


def test_fewest_triggers_of_equal_days():
    """
    What is wanted on the same days shares triggers; minutes x hours is a product.
    """
    when = Union(Cron("0 9,17 1 * *"), Cron("0 9 * * 1"), Cron("30 17 1 * *"))
    natives = ADF.write(when)
    assert ["Month", "Month", "Week"] == sorted(json.loads(n.text)["frequency"] for n in natives)
    assert prove(when, natives, ADF).holds
    assert () == prove(when, natives, ADF).doubled


PACES = (
    ("90m", "Minute", 90),
    ("7m", "Minute", 7),
    ("7h", "Hour", 7),
    ("1000h", "Hour", 1000),
    ("1008h", "Day", 42),
)


@pytest.mark.parametrize(("interval", "unit", "count"), PACES)
def test_counts_elapsed_time(interval, unit, count):
    """
    From the last run at or before the year of the time zone data on.
    """
    when = Every(interval, "2027-01-01T00:30:00Z")
    [native] = ADF.write(when)
    found = json.loads(native.text)
    assert (unit, count, "UTC") == (found["frequency"], found["interval"], found["timeZone"])
    assert horizon()[0] - when.interval < at(found["startTime"]) <= horizon()[0]
    assert 1 == prove(when, [native], ADF).intervals


def test_interval_beside_a_calendar():
    """
    An interval that divides a day merges with calendars; another is a trigger of its own.
    """
    hourly = Union(Every("1h", NEW_YEAR), Cron("0 9 * * *"), Cron("5 9 * * *"))
    assert 2 == len(ADF.write(hourly))
    assert prove(hourly, ADF.write(hourly), ADF).holds
    odd = Union(Every("7h", NEW_YEAR), Cron("5 9 * * *"))
    assert ["Day", "Hour"] == [json.loads(native.text)["frequency"] for native in ADF.write(odd)]


def test_runs_once():
    """
    Between a minute before and half a minute after; nothing where it runs anyhow.
    """
    when = Once("2027-03-01T10:15:00Z")
    [native] = ADF.write(when)
    found = json.loads(native.text)
    assert ("2027-03-01T10:14:00Z", "2027-03-01T10:15:30Z") == (
        found["startTime"],
        found["endTime"],
    )
    assert {"minutes": [15], "hours": [10]} == found["schedule"]
    assert [at("2027-03-01T10:15:00Z")] == list(ADF.fires(native, 0, at("2030-01-01T00:00:00Z")))
    assert ADF.write(Cron("15 10 * * *")) == ADF.write(Union(Cron("15 10 * * *"), when))


WINDOWED = (
    (Cron("0 9 * * *", BERLIN), "2027-01-01T00:59:00", "2027-07-01T01:59:30"),
    (Every("36h", NEW_YEAR), "2027-01-01T00:00:00Z", "2027-06-30T23:59:30Z"),
    (Cron("* * * * *"), "2026-12-31T23:59:00Z", "2027-06-30T23:59:30Z"),
)


@pytest.mark.parametrize(("inside", "start", "end"), WINDOWED, ids=str)
def test_window(inside, start, end):
    """
    The first run is a minute or more after startTime, none is at endTime.
    """
    when = Window(inside, NEW_YEAR, "2027-07-01T00:00:00Z")
    [native] = ADF.write(when)
    found = json.loads(native.text)
    assert (start, end) == (found["startTime"], found["endTime"])
    fires = list(ADF.fires(native, at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")))
    assert list(when.epochs(0, at("2028-01-01T00:00:00Z"))) == fires
    assert prove(when, [native], ADF).holds


STEPPED = (
    (nine(1, months=[2, 5, 8, 11]), 3, {"monthDays": [1]}, "02-01"),
    (nine(months=[12]), 12, {"monthDays": [*range(1, 32)]}, "12-01"),
    (
        nine(weekdays=5, months=range(1, 13, 2)),
        2,
        {"monthlyOccurrences": [{"day": "Friday"}]},
        "01-01",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("when", "interval", "days", "start"), STEPPED, ids=str)
def test_months_in_step(when, interval, days, start):
    """
    Where the anchor is assumed, an interval stands for the guard, and is read back.
    """
    [native] = ADF.write(when, frozenset({"adf.month_anchor"}))
    found = json.loads(native.text)
    lists = {key: value for key, value in found["schedule"].items() if key.startswith("month")}
    assert ("Month", interval, days, ()) == (
        found["frequency"], found["interval"], lists, native.more,
    )  # fmt: skip
    assert f"{data_year() - 1}-{start}T00:00:00Z" == found["startTime"]
    assert prove(when, [native], ADF).holds


def test_months_in_step_need_a_free_start():
    """
    A window fixes startTime, which may be in any month: the guard stays.
    """
    when = Window(nine(1, months=[2, 8]), NEW_YEAR)
    [native] = ADF.write(when, frozenset({"adf.month_anchor"}))
    assert f"@contains(createArray(2,8),{MONTH})" == dict(native.more)["guard"]
    assert prove(when, [native], ADF).holds


def test_guard_in_a_zone():
    """
    The time is converted to the trigger's zone, once it is assumed to be in UTC.
    """
    when = Cron("0 9 1 6 *", BERLIN)
    with pytest.raises(UnknownBehaviourError) as caught:
        ADF.write(when)
    assert ("adf.scheduled_time", "schedule.timezone") == (caught.value.fact, caught.value.feature)
    assert (
        "At 00:00 on the 1st of the month in June, UTC: it rests on something that Microsoft does "
        "not say: whether the scheduled time that a guard reads is in UTC, whatever the time zone "
        "of the trigger; name 'adf.scheduled_time' in assume, if you know that it does; else plan "
        "it in UTC"
    ) == str(caught.value)
    [native] = ADF.write(when, GUARDED)
    clock = f"convertFromUtc({TIME},'{BERLIN_ID}')"
    expected = f"@contains(createArray(6),int(formatDateTime({clock},'MM')))"
    assert {"guard": expected} == dict(native.more)
    assert prove(when, [native], ADF).holds


def test_prefers_utc_where_a_zone_needs_more():
    """
    A fixed offset is written in UTC where its zone has no id or would need an assumption; so is
    what no change of clocks moves.
    """
    for when in (
        Cron("0 9 * 6 1", "Etc/GMT+9"),
        Cron("0 9 1 6 *", "Asia/Kolkata"),
        Cron("*/5 * * * *", BERLIN),
    ):
        natives = ADF.write(when)
        assert {"UTC"} == {json.loads(native.text)["timeZone"] for native in natives}
        assert prove(when, natives, ADF).holds
        assert () == prove(when, natives, ADF).unknown


def test_clock_changes_are_unknown():
    """
    What runs at a time that clocks skip or repeat is for the proof to tell.
    """
    when = Cron("30 2 * * *", BERLIN)
    assert ADF.dst is None
    assert prove(when, ADF.write(when), ADF).unknown
    assert (
        () == prove(Cron("0 9 * * *", BERLIN), ADF.write(Cron("0 9 * * *", BERLIN)), ADF).unknown
    )


REFUSED = (
    (nine(NearestWeekday(28)), "schedule.nearest_weekday", "leave February out"),
    (
        Every("90s", NEW_YEAR),
        "schedule.every",
        "the nearest intervals that it can count: 1m or 2m",
    ),
    (Every("24001h", NEW_YEAR), "schedule.every", "that it can count: 24000h"),
    (Every("1h", "2027-01-01T00:00:30Z"), "schedule.every", "give an anchor with 0 seconds"),
    (Once("2027-01-01T00:00:30Z"), "schedule.once", "Once('2027-01-01T00:00:00+00:00')"),
    (
        Window(Cron("0 9 * * 1", BERLIN), "2027-10-31T01:31:00Z"),
        "schedule.start",
        "2027-10-31T02:30:00 comes twice in Europe/Berlin",
    ),
    (
        Window(Cron("0 9 * * 1", BERLIN), NEW_YEAR, "2027-10-31T00:31:00Z"),
        "schedule.end",
        "move the end by an hour, or plan in UTC",
    ),
)


@pytest.mark.parametrize(("when", "feature", "part"), REFUSED, ids=str)
def test_refuses(when, feature, part):
    """
    What no trigger can say, with what is near.
    """
    with pytest.raises(NotExpressibleError) as caught:
        ADF.write(when, EVERY_FACT)
    assert feature == caught.value.feature
    assert part in str(caught.value)


def test_refuses_days_named_twice():
    """
    Whether a day that two entries name runs once is unknown.
    """
    when = nine([-2, 30, 28, -5])
    with pytest.raises(UnknownBehaviourError) as caught:
        ADF.write(when)
    assert "adf.named_twice" == caught.value.fact
    [native] = ADF.write(when, frozenset({"adf.named_twice"}))
    assert [-5, -2, 28, 30] == json.loads(native.text)["schedule"]["monthDays"]
    assert prove(when, [native], ADF).holds


def test_refuses_a_zone_without_id():
    """
    A zone whose clocks change and that no Windows id stands for.
    """
    with pytest.raises(TimeZoneError) as caught:
        ADF.write(Cron("0 9 * * 1", "Antarctica/Troll"))
    assert "has no Windows id" in caught.value.reason


def test_refuses_an_empty_window():
    """
    A window in which nothing runs.
    """
    for inside in (Once("2028-01-01T00:00:00Z"), Every("1000h", "2028-01-01T00:00:00Z")):
        with pytest.raises(NeverFiresError) as caught:
            ADF.write(Window(inside, NEW_YEAR, "2027-01-01T01:00:00Z"))
        assert "nothing runs between start and end" == caught.value.reason


def test_refuses_a_guard_that_is_too_long(monkeypatch):
    """
    Data Factory evaluates expressions of 8192 characters.
    """
    monkeypatch.setattr("schedkit.recurrence.dialects.adf_write.LONGEST", 100)
    with pytest.raises(NotExpressibleError) as caught:
        ADF.write(nine(NearestWeekday(17), months=[3, 5]))
    assert "ask for fewer days" == caught.value.cure


def test_tells_what_a_guard_costs():
    """
    A run that the guard ends is a run still.
    """
    [native] = ADF.write(Cron("0,30 9 1 6 *"))
    [note] = ADF.notes(native)
    assert "of 24 pipeline runs in a year, the guard ends 22 at once" == note.partition(":")[0]
    assert () == ADF.notes(ADF.write(nine())[0])


@settings(max_examples=120, deadline=None)
@given(strategies.calendars(st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata"])))
@example(both([1, -1], [NthWeekday("FRI", 5), 1], "any"))
@example(both([NearestWeekday(31), 5], 5, "any", months=[1, 12]))
def test_means_what_it_writes(when):
    """
    Minutes and days of the 14 kinds of year, and a year of instants apart from clock changes, are
    the calendar's; no two triggers share one.
    """
    try:
        natives = ADF.write(when, EVERY_FACT)
    except NotExpressibleError:
        assume(False)
    readers = [reader for native in natives for reader in ADF.readers(native)]
    if {reader.zone.name for reader in readers} != {"UTC"} or when.timezone == "UTC":
        for kind in KINDS:
            pairs = [(reader.minutes, reader.year_days(*kind)) for reader in readers]
            for second in when.seconds:
                named = [day for mask, day in pairs if mask >> second // 60 & 1]
                assert when.year_days(*kind) == sum(named)
    start, stop = at("2028-01-01T00:00:00Z"), at("2029-01-01T00:00:00Z")
    changes = Zone.of(when.timezone).changes(start, stop)
    fires = [epoch for reader in readers for epoch in reader.fires(start, stop)]

    def calm(epochs):
        return [e for e in epochs if all(abs(e - change.epoch) > 86_400 for change in changes)]

    assert calm(when.epochs(start, stop)) == sorted(calm(fires))


@settings(max_examples=80, deadline=None)
@given(strategies.whens(st.just("UTC")), st.booleans())
def test_reads_what_it_writes(when, bounded):
    """
    Read back, each trigger is portable words with the same runs, or says that there are none.
    """
    if bounded:
        when = Window(when, NEW_YEAR, "2029-01-01T00:00:00Z")
    try:
        natives = ADF.write(when, EVERY_FACT)
    except (NotExpressibleError, NeverFiresError):
        assume(False)
    start, stop = at("2027-06-01T00:00:00Z"), at("2027-09-01T00:00:00Z")
    for native in natives:
        fires = list(ADF.fires(native, start, stop))
        assert [fires] == [list(read.epochs(start, stop)) for read in _read(native)] or (
            native.more and not _read(native)
        )


def _read(native) -> list:
    """
    What it is in portable words, if there are any.
    """
    try:
        return [ADF.read(native)]
    except NotExpressibleError:
        return []


def test_single_calendars_survive():
    """
    What one trigger says without a guard on odd days is read back as it was.
    """
    for when in (nine(), nine([1, -1]), nine(weekdays=[1, 2]), nine(1, months=[6]), both(13, 5)):
        [native] = ADF.write(when)
        assert when.year_days(3, leap=True) == ADF.read(native).year_days(3, leap=True)
    assert (
        Every("7h", EARLY + "Z").interval == ADF.read(*ADF.write(Every("7h", NEW_YEAR))).interval
    )
    assert Once("2027-03-01T10:15:00Z") == ADF.read(*ADF.write(Once("2027-03-01T10:15:00Z")))
    assert datetime(2027, 1, 1, tzinfo=UTC) == ADF.read(*ADF.write(Window(nine(), NEW_YEAR))).start
