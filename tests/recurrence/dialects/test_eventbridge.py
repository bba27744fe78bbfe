"""
EventBridge Scheduler: what is written, what is read, what is refused and why.
"""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    SchedkitError,
    SpecError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence import (
    ANY,
    Calendar,
    Cron,
    Dst,
    Every,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
    Zone,
)
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.proof import prove
from schedkit.testing import DialectConformance, strategies


NEW_YEAR = "2026-01-01T00:00:00Z"
KINDS = [(first, leap) for first in range(7) for leap in (False, True)]
FACTS = frozenset(EVENTBRIDGE.unknown)
BERLIN = "Europe/Berlin"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def days(items=ANY, **fields) -> Calendar:
    return Calendar(minutes=0, hours=9, days=items, **fields)


def nth(*found: tuple[str, int], **fields) -> Calendar:
    return days(weekdays=[NthWeekday(*each) for each in found], **fields)


def both(numbers, weekdays, **fields) -> Calendar:
    return days(numbers, weekdays=weekdays, day_rule="all", **fields)


class TestEventBridge(DialectConformance):
    def make_dialect(self):
        return EVENTBRIDGE


WRITTEN = (
    (Cron("*/15 * * * *"), ["cron(0,15,30,45 * * * ? *)"]),
    (Cron("0 9 * * */2"), ["cron(0 9 ? * SUN,TUE,THU,SAT *)"]),
    (Cron("0 9-17 * * 1-5"), ["cron(0 9-17 ? * MON-FRI *)"]),
    (Cron("0 0 */10 */2 *"), ["cron(0 0 1,11,21,31 1,3,5,7,9,11 ? *)"]),
    (Cron("0 9 1 * 1"), ["cron(0 9 1 * ? *)", "cron(0 9 ? * MON *)"]),
    (days(-1), ["cron(0 9 L * ? *)"]),
    (days([15, -1]), ["cron(0 9 15 * ? *)", "cron(0 9 L * ? *)"]),
    (days([15, -1], months=[1, 3]), ["cron(0 9 15,31 1,3 ? *)"]),
    (days([28, 29, 30, 31, -1]), ["cron(0 9 28-31 * ? *)"]),
    (days(-2, months=[1, 4]), ["cron(0 9 30 1 ? *)", "cron(0 9 29 4 ? *)"]),
    (days(NearestWeekday(15)), ["cron(0 9 15W * ? *)"]),
    (days(NearestWeekday(28), months=[1]), ["cron(0 9 28W 1 ? *)"]),
    (nth(("FRI", 2)), ["cron(0 9 ? * 6#2 *)"]),
    (nth(("FRI", -1)), ["cron(0 9 ? * 6L *)"]),
    (nth(("FRI", 5), ("FRI", -1)), ["cron(0 9 ? * 6L *)"]),
    (nth(("SUN", 1), ("MON", 1)), ["cron(0 9 ? * 1#1 *)", "cron(0 9 ? * 2#1 *)"]),
    (nth(*(("FRI", n) for n in range(1, 6))), ["cron(0 9 ? * FRI *)"]),
    (nth(*(("FRI", n) for n in (1, 2, 3, 4, -1))), ["cron(0 9 ? * FRI *)"]),
    (both(range(1, 8), "MON"), ["cron(0 9 ? * 2#1 *)"]),
    (both(range(29, 32), "MON"), ["cron(0 9 ? * 2#5 *)"]),
    (both(range(-7, 0), "MON"), ["cron(0 9 ? * 2L *)"]),
    (Union(Cron("0 9 * * 1"), Cron("0 9 * * 2-5")), ["cron(0 9 ? * MON-FRI *)"]),
    (Union(Cron("0 9 * 1 1"), Cron("0 9 * 2 1")), ["cron(0 9 ? 1,2 MON *)"]),
    (Union(Cron("0 9 * * 1"), Cron("0 9 * * *")), ["cron(0 9 * * ? *)"]),
    (Union(Cron("0 9 * * *"), Cron("30 9 * * *")), ["cron(0,30 9 * * ? *)"]),
    (Every("15m", NEW_YEAR), ["cron(0,15,30,45 * * * ? *)"]),
    (
        Every("90m", NEW_YEAR),
        [
            "cron(0 0,3,6,9,12,15,18,21 * * ? *)",
            "cron(30 1,4,7,10,13,16,19,22 * * ? *)",
        ],
    ),
    (Once("2027-01-01T00:00:30Z"), ["at(2027-01-01T00:00:30)"]),
)


@pytest.mark.parametrize(("when", "texts"), WRITTEN)
def test_writes_from_sets(when, texts):
    """
    The fewest texts, in lists, ranges and marks that stand alone; each is proved in UTC.
    """
    natives = EVENTBRIDGE.write(when)
    assert [Native(text, "UTC") for text in texts] == list(natives)
    assert prove(when, natives, EVENTBRIDGE).holds


def test_writes_the_longest_text_within_the_limit():
    """
    The longest lists that sets can need make 238 of the 256 characters.
    """
    when = Calendar(
        minutes=[minute for minute in range(60) if minute % 3 != 2],
        hours=[hour for hour in range(24) if hour % 3 != 2],
        days=[day for day in range(1, 32) if day % 3],
        months=[month for month in range(1, 13) if month % 3],
    )
    (native,) = EVENTBRIDGE.write(when)
    assert 238 == len(native.text)
    assert prove(when, [native], EVENTBRIDGE).holds


def test_keeps_zones_apart():
    """
    One native for each zone, its name beside the text.
    """
    when = Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 9 * * *", BERLIN))
    text = "cron(0 9 * * ? *)"
    assert (Native(text, "Asia/Tokyo"), Native(text, BERLIN)) == EVENTBRIDGE.write(when)


RATES = (
    ("1h30m", "rate(90 minutes)"),
    ("36h", "rate(36 hours)"),
    ("48h", "rate(2 days)"),
    ("7m", "rate(7 minutes)"),
)


@pytest.mark.parametrize(("interval", "text"), RATES)
def test_rate_counts_from_the_first_run_of_a_window(interval, text):
    """
    StartDate is the first run at or after the window's start; the anchor stays a phase.
    """
    every = Every(interval, "2020-01-01T00:00:00Z")
    when = Window(every, start="2027-03-01T12:00:01Z", end="2027-04-01T00:00:00Z")
    (native,) = EVENTBRIDGE.write(when)
    first = next(when.epochs(0, at("2028-01-01T00:00:00Z")))
    assert text == native.text
    assert datetime.fromtimestamp(first, UTC) == datetime.fromisoformat(
        dict(native.more)["StartDate"]
    )
    assert list(when.epochs(0, 1 << 33)) == list(EVENTBRIDGE.fires(native, 0, 1 << 33))
    assert prove(when, [native], EVENTBRIDGE).holds


def test_rate_of_one_day_is_singular():
    """
    `rate(1 day)`, where a phase with seconds keeps it from being a cron.
    """
    when = Window(Every("24h", "2026-01-01T00:00:30Z"), start="2027-01-01T00:00:00Z")
    more = {"StartDate": "2027-01-01T00:00:30Z"}
    assert (Native("rate(1 day)", "UTC", more),) == EVENTBRIDGE.write(when)


def test_past_start_is_written_when_it_is_vouched_for():
    """
    The last run of the phase up to the year of the time zone data; the interval is then proved.
    """
    when = Every("36h", NEW_YEAR)
    natives = EVENTBRIDGE.write(when, frozenset({"eventbridge.past-start"}))
    proof = prove(when, natives, EVENTBRIDGE)
    assert ("rate(36 hours)", 1, True) == (natives[0].text, proof.intervals, proof.holds)
    assert when.interval == EVENTBRIDGE.read(natives[0]).interval


def test_rate_that_starts_later_is_not_proved():
    """
    A StartDate after the horizon begins loses runs, however well its phase fits.
    """
    when = Every("36h", NEW_YEAR)
    late = Native("rate(36 hours)", "UTC", {"StartDate": "2030-01-01T12:00:00Z"})
    assert not prove(when, [late], EVENTBRIDGE).holds


ENDS = (
    ("2027-06-01T00:00:00Z", "2027-05-31T23:59:59Z"),
    ("2027-06-01T00:00:30Z", "2027-06-01T00:00:30Z"),
)


@pytest.mark.parametrize(("end", "written"), ENDS)
def test_window_is_native(end, written):
    """
    No run at its end: EndDate is a second before a minute on which one could fall.
    """
    when = Window(Cron("* * * * *"), start="2027-05-31T00:00:00Z", end=end)
    (native,) = EVENTBRIDGE.write(when)
    more = {"StartDate": "2027-05-31T00:00:00Z", "EndDate": written}
    assert more == dict(native.more)
    found = list(EVENTBRIDGE.fires(native, 0, 1 << 33))
    assert list(when.epochs(0, 1 << 33)) == found
    assert at("2027-05-31T00:00:00Z") == found[0]


def test_dst_is_known_for_a_fixed_time_only():
    """
    A repeated time runs once, the first time; hourly and finer around it, nobody has said.
    """
    once = Dst(gap="skip", fold="first")
    assert once == EVENTBRIDGE.policy(Cron("30 2 * * *", BERLIN).calendar)
    assert once == EVENTBRIDGE.policy(Cron("*/5 9-17 * * *", BERLIN).calendar)
    assert EVENTBRIDGE.policy(Cron("0,30 2 * * *", BERLIN).calendar) is None
    assert once == EVENTBRIDGE.policy(Cron("0 */2 * * *", BERLIN).calendar)
    assert EVENTBRIDGE.policy(Cron("0 * * * 1", BERLIN).calendar) is None
    assert once == EVENTBRIDGE.policy(Cron("* * * * *", "Asia/Tokyo").calendar)


def test_the_documented_example_runs_once():
    """
    `cron(30 2 * * ? *)` in Los Angeles: not on the day without that time, and the first 01:30.
    """
    zone = "America/Los_Angeles"
    start, stop = at("2026-03-07T00:00:00-08:00"), at("2026-03-10T00:00:00-07:00")
    found = EVENTBRIDGE.fires(Native("cron(30 2 * * ? *)", zone), start, stop)
    assert [at("2026-03-07T02:30:00-08:00"), at("2026-03-09T02:30:00-07:00")] == list(found)
    start, stop = at("2026-11-01T00:00:00-07:00"), at("2026-11-02T00:00:00-08:00")
    found = EVENTBRIDGE.fires(Native("cron(30 1 * * ? *)", zone), start, stop)
    assert [at("2026-11-01T01:30:00-07:00")] == list(found)


def test_hourly_is_written_in_utc():
    """
    What equals a UTC schedule is written as one where the repeated hour is not documented.
    """
    when = Cron("*/30 * * * *", BERLIN)
    natives = EVENTBRIDGE.write(when)
    assert (Native("cron(0,30 * * * ? *)", "UTC"),) == natives
    proof = prove(when, natives, EVENTBRIDGE)
    assert (True, ()) == (proof.holds, proof.unknown)


def test_coinciding_halves_start_one_run_by_token():
    """
    Monday 1 June 2026 is in both halves of a day union, and ClientRequestToken makes them one.
    """
    when = Cron("0 9 1 * 1")
    proof = prove(when, EVENTBRIDGE.write(when), EVENTBRIDGE)
    assert (True, "ClientRequestToken") == (proof.holds, proof.token)
    assert datetime(2026, 6, 1, 9, tzinfo=UTC) in proof.doubled


REFUSED = (
    (
        Every("90s", NEW_YEAR),
        "schedule.every",
        "Every('1m30s'): a rate counts whole minutes; the nearest: 1m",
    ),
    (
        Window(Once(NEW_YEAR), start="2027-01-01T00:00:00Z"),
        "schedule.once",
        (
            "Once(2026-01-01T00:00:00+00:00): nothing of it lies between start and "
            "end, so it never "
            "runs; widen the window"
        ),
    ),
    (
        Window(Once(NEW_YEAR), end=NEW_YEAR),
        "schedule.once",
        (
            "Once(2026-01-01T00:00:00+00:00): nothing of it lies between start and "
            "end, so it never "
            "runs; widen the window"
        ),
    ),
    (
        Window(Every("36h", NEW_YEAR), "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"),
        "schedule.every",
        (
            "Every('36h'): nothing of it lies between start and end, so it never runs; widen the "
            "window"
        ),
    ),
    (
        days(-2),
        "schedule.last_day",
        (
            "days=-2: AWS counts no further from the end of a month than to its last day; "
            "take days=-1, or count from the start of the month"
        ),
    ),
    (
        nth(("FRI", -2)),
        "schedule.nth_weekday",
        (
            "NthWeekday('FRI', -2): AWS counts weekdays from the start of a month, "
            "and knows the last "
            "one; take LastWeekday('FRI'), or NthWeekday('FRI', 4)"
        ),
    ),
    (
        both(13, "FRI"),
        "schedule.day_rule.all",
        (
            "Calendar, day_rule 'all': one of the two day fields of AWS is always ?; "
            "name a weekday "
            "by its place, NthWeekday('MON', 1), or say day_rule='any'"
        ),
    ),
    (
        both(range(1, 8), NthWeekday("MON", 1)),
        "schedule.day_rule.all",
        (
            "Calendar, day_rule 'all': one of the two day fields of AWS is always ?; "
            "name a weekday "
            "by its place, NthWeekday('MON', 1), or say day_rule='any'"
        ),
    ),
)


@pytest.mark.parametrize(("when", "feature", "sentence"), REFUSED)
def test_refuses_what_it_cannot_say(when, feature, sentence):
    """
    Each refusal names the feature, the reason and the nearest that works.
    """
    with pytest.raises(NotExpressibleError) as caught:
        EVENTBRIDGE.write(when)
    assert NotExpressibleError is type(caught.value)
    assert (feature, sentence) == (caught.value.feature, str(caught.value))


BORDERS = (
    (NearestWeekday(1), ANY, "1"),
    (NearestWeekday(28), ANY, "28"),
    (NearestWeekday(31), ANY, "-1"),
    (NearestWeekday(30), [4], "30"),
)


@pytest.mark.parametrize(("day", "months", "near"), BORDERS)
def test_nearest_weekday_at_the_border_of_a_month_is_unknown(day, months, near):
    """
    Refused by the name of the fact, and written for who vouches for it.
    """
    when = days(day, months=months)
    with pytest.raises(UnknownBehaviourError) as caught:
        EVENTBRIDGE.write(when)
    assert ("schedule.nearest_weekday", "eventbridge.nearest-border") == (
        caught.value.feature,
        caught.value.fact,
    )
    assert str(caught.value) == (
        f"NearestWeekday({day.day}): AWS does not document which day nW names where the nearest "
        "Monday to Friday is in another month, as on a Saturday 1st, and in a month that lacks "
        "the day; take NearestWeekday(2) to NearestWeekday(27), or the day itself: "
        f"days={near}"
    )
    natives = EVENTBRIDGE.write(when, frozenset({caught.value.fact}))
    assert f"{day.day}W" == natives[0].text.split()[2]
    assert prove(when, natives, EVENTBRIDGE).holds


def test_past_start_of_a_rate_is_unknown():
    """
    An interval that no cron says needs a start that is yet to come.
    """
    with pytest.raises(UnknownBehaviourError) as caught:
        EVENTBRIDGE.write(Every("36h", NEW_YEAR))
    assert ("schedule.every", "eventbridge.past-start") == (
        caught.value.feature,
        caught.value.fact,
    )
    assert str(caught.value) == (
        "Every('36h'): a rate counts from its StartDate, and AWS does not document one that is "
        "past; give it a start that is yet to come, Window(every, start=...); the nearest "
        "intervals that do: 24h"
    )


def test_every_unknown_fact_is_one_sentence():
    """
    The facts are those that refusals name, and each says what would be assumed.
    """
    assert {"eventbridge.past-start", "eventbridge.nearest-border"} == FACTS
    assert all("(assumed: " in text and text.endswith(").") for text in
               EVENTBRIDGE.unknown.values())  # fmt: skip


READ = (
    ("cron(0 9 ? * 2-6 *)", Cron("0 9 * * 1-5")),
    ("cron(0 9 ? * mon-Fri *)", Cron("0 9 * * 1-5")),
    ("cron(5/15 9 * * ? *)", Cron("5-59/15 9 * * *")),
    ("cron(10-40/15 9 1/10 jan,3 ? *)", Cron("10,25,40 9 1,11,21,31 1,3 *")),
    ("cron(0 9 ? * 7,1 *)", Cron("0 9 * * 0,6")),
    ("cron(0 9 ? * L *)", Cron("0 9 * * 6")),
    ("cron(0 9 ? * * *)", Cron("0 9 * * *")),
    ("cron(0 9 L * ? *)", days(-1)),
    ("cron(0 9 31W * ? *)", days(NearestWeekday(31))),
    ("cron(0 9 ? * 3#2 *)", nth(("TUE", 2))),
    ("cron(0 9 ? * FRI#5 *)", nth(("FRI", 5))),
    ("cron(0 9 ? * 6L *)", nth(("FRI", -1))),
    ("cron(0 9 * * ? 1970-2199)", Cron("0 9 * * *")),
    (
        "cron(0 9 * * ? 2026,2027)",
        Window(Cron("0 9 * * *"), "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
    ),
    ("cron(0 9 5 3 ? 2027)", Once("2027-03-05T09:00:00Z")),
    ("cron(0 9 29 2 ? 2025-2028)", Once("2028-02-29T09:00:00Z")),
    ("at(2027-03-05T09:00:07)", Once("2027-03-05T09:00:07Z")),
)


@pytest.mark.parametrize(("text", "when"), READ)
def test_reads_what_is_documented(text, when):
    """
    Steps, names in any case, marks, years: the portable words for each.
    """
    native = Native(text, "UTC")
    found = EVENTBRIDGE.read(native)
    assert (when.calendar if isinstance(when, Cron) else _plain(when)) == found
    assert prove(found, [native], EVENTBRIDGE).holds


def _plain(when):
    if isinstance(when, Window) and isinstance(when.when, Cron):
        return attrs.evolve(when, when=when.when.calendar)
    return when


def test_reads_years_on_the_clock_of_the_zone():
    """
    2027 in Tokyo begins nine hours before it does in UTC.
    """
    native = Native("cron(0 * * * ? 2027)", "Asia/Tokyo")
    found = list(EVENTBRIDGE.fires(native, 0, 1 << 33))
    assert (365 * 24, at("2027-01-01T00:00:00+09:00")) == (len(found), found[0])


def test_years_with_holes_run_in_each_of_them():
    """
    `2026/2` up to 2199: one New Year in every second year, which nothing portable says.
    """
    native = Native("cron(0 0 1 1 ? 2026/2)", "UTC")
    start, stop = at("2025-01-01T00:00:00Z"), at("2033-01-01T00:00:00Z")
    found = [datetime.fromtimestamp(t, UTC).year for t in EVENTBRIDGE.fires(native, start, stop)]
    assert [2026, 2028, 2030, 2032] == found
    with pytest.raises(NotExpressibleError, match="leaves out others between them") as caught:
        EVENTBRIDGE.read(native)
    assert "schedule.start" == caught.value.feature


def test_rate_is_read_with_its_bounds():
    """
    A run at StartDate, one after each interval, and one on EndDate, where it may still happen.
    """
    more = {"StartDate": NEW_YEAR, "EndDate": "2026-01-01T00:14:00Z"}
    native = Native("rate(7 minutes)", "UTC", more)
    runs = list(EVENTBRIDGE.fires(native, 0, 1 << 33))
    assert [at(NEW_YEAR) + 420 * n for n in range(3)] == runs
    found = EVENTBRIDGE.read(native)
    assert Window(Every("7m", NEW_YEAR), NEW_YEAR, "2026-01-01T00:15:00Z") == found


def test_rate_without_start_has_no_fixed_instants():
    """
    It counts from its creation, so it is read, simulated and refused in portable words.
    """
    native = Native("rate(5 minutes)", "UTC")
    assert 1_000 + 300 == EVENTBRIDGE.next(native, 1_000)
    with pytest.raises(NotExpressibleError) as caught:
        EVENTBRIDGE.read(native)
    assert "schedule.every" == caught.value.feature
    assert str(caught.value) == (
        "'rate(5 minutes)': counts from whenever it is made, so it has no fixed instants; "
        "write Every('1h', anchor='2026-01-01T00:00:00Z')"
    )


def test_single_instant_is_on_the_clock_of_the_zone():
    """
    In a repeated hour the first, in a gap none; start and end are ignored.
    """
    fold = Native("at(2026-10-25T02:30:00)", BERLIN, {"EndDate": NEW_YEAR})
    assert Once("2026-10-25T00:30:00Z") == EVENTBRIDGE.read(fold)
    gap = Native("at(2026-03-29T02:30:00)", BERLIN)
    assert [] == list(EVENTBRIDGE.fires(gap, 0, 1 << 33))
    with pytest.raises(NotExpressibleError, match="no clock of Europe/Berlin ever shows it"):
        EVENTBRIDGE.read(gap)


GRAMMAR = "the grammar that AWS documents"
BAD = (
    ("cron(*/5 * * * ? *)", "minute", 6, f"{GRAMMAR} rejects '*/5': it knows no step after *"),
    ("cron(0 20-2 * * ? *)", "hour", 8, f"{GRAMMAR} rejects '20-2': the range is turned round"),
    ("cron(0 9 L-2 * ? *)", "day", 10, f"{GRAMMAR} rejects 'L-2': 'L-2' is nothing that it knows"),
    ("cron(0 9 LW * ? *)", "day", 10, f"{GRAMMAR} rejects 'LW': 'LW' is nothing that it knows"),
    ("cron(0 9 1,L * ? *)", "day", 10, f"{GRAMMAR} rejects '1,L': 'L' is nothing that it knows"),
    ("cron(0 9 32 * ? *)", "day", 10, f"{GRAMMAR} rejects '32': 32 is out of range"),
    ("cron(0 9 * * * *)", "day", 10, "exactly one of day and weekday has to be ?"),
    ("cron(0 9 ? * ? *)", "day", 10, "exactly one of day and weekday has to be ?"),
    ("cron(0 9 * 13 ? *)", "month", 12, f"{GRAMMAR} rejects '13': 13 is out of range"),
    ("cron(0 9 ? * 0 *)", "weekday", 14, f"{GRAMMAR} rejects '0': 0 is out of range"),
    ("cron(0 9 ? * 2-6/2 *)", "weekday", 14, f"{GRAMMAR} has no step in weekdays"),
    (
        "cron(0 9 ? * 3#6 *)",
        "weekday",
        14,
        f"{GRAMMAR} rejects '3#6': a month has a first to a fifth weekday",
    ),
    (
        "cron(0 9 ? * 3#1,6#3 *)",
        "weekday",
        14,
        f"{GRAMMAR} rejects '3#1,6#3': '3#1' is nothing that it knows",
    ),
    ("cron(0 9 * * ? 1969)", "year", 16, f"{GRAMMAR} rejects '1969': 1969 is out of range"),
    ("cron(0 9 * * ?)", "", 1, f"{GRAMMAR} reads 6 fields, and this has 5"),
    ("cron()", "", 1, f"{GRAMMAR} reads 6 fields, and this has 0"),
    ("rate(1 minutes)", "", 6, "the unit is singular after 1, and plural else"),
    ("rate(2 hour)", "", 6, "the unit is singular after 1, and plural else"),
    ("rate(0 minutes)", "", 6, f"{GRAMMAR} has no such rate"),
    ("rate(5 weeks)", "", 6, f"{GRAMMAR} has no such rate"),
    ("at(2026-13-01T00:00:00)", "", 4, "names no day and time"),
    ("at(2026-01-01)", "", 4, "names no day and time"),
    ("0 9 * * ? *", "", 1, "is neither cron(...) nor rate(...) nor at(...)"),
    (f"cron({' ' * 250}0)", "", 1, "AWS takes no more than 256 characters"),
)


@pytest.mark.parametrize(("text", "field", "column", "reason"), BAD)
def test_rejects_what_is_not_documented(text, field, column, reason):
    """
    Each with its field, its column and the reason.
    """
    with pytest.raises(CronSyntaxError) as caught:
        EVENTBRIDGE.readers(Native(text, "UTC"))
    error = caught.value
    assert (field, column, reason) == (error.field, error.column, error.reason)
    assert error.cure or text.startswith("cron( ")


def test_rejects_unknown_zones_and_properties():
    """
    A zone that is none, a property that says nothing of runs, a date that is none.
    """
    with pytest.raises(TimeZoneError, match="Middle/Earth"):
        EVENTBRIDGE.readers(Native("rate(5 minutes)", "Middle/Earth"))
    with pytest.raises(SpecError, match="did you mean 'StartDate'") as caught:
        EVENTBRIDGE.readers(Native("rate(5 minutes)", "UTC", {"StartDat": NEW_YEAR}))
    assert "eventbridge, 'StartDat'" == caught.value.culprit
    with pytest.raises(SpecError, match="StartDate: 'soon' is not an RFC 3339 instant"):
        EVENTBRIDGE.readers(Native("rate(5 minutes)", "UTC", {"StartDate": "soon"}))


def minutes_by_day(sets, kind: tuple[int, bool]) -> dict[int, int]:
    found: dict[int, int] = {}
    for minutes, year_days in sets:
        bits = year_days(*kind)
        for day in range(366):
            if bits >> day & 1:
                found[day] = found.get(day, 0) | minutes
    return found


@settings(max_examples=80, deadline=None)
@given(strategies.calendars())
@example(Cron("0 9 13 * 5", BERLIN).calendar)
def test_is_read_as_it_was_meant(calendar):
    """
    The minutes of every day of all kinds of year, and the runs of a year away from offset changes.
    """
    try:
        natives = EVENTBRIDGE.write(calendar, FACTS)
    except NotExpressibleError:
        assume(False)
    readers = [reader for native in natives for reader in EVENTBRIDGE.readers(native)]
    if {reader.zone.name for reader in readers} == {calendar.timezone}:
        for kind in KINDS:
            asked = minutes_by_day([(calendar.minute_mask, calendar.year_days)], kind)
            found = minutes_by_day([(r.minutes, r.year_days) for r in readers], kind)
            assert asked == found
    start, stop = at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")
    changes = [
        c.epoch for c in Zone.of(calendar.timezone).changes(start - 172_800, stop + 172_800)
    ]
    fired = {run for native in natives for run in EVENTBRIDGE.fires(native, start, stop)}
    other = fired ^ set(calendar.epochs(start, stop))
    assert [] == [run for run in other if all(abs(run - c) > 172_800 for c in changes)]


WORDS = st.lists(
    st.sampled_from(
        [
            "0",
            "9",
            "59",
            "60",
            "*",
            "?",
            "/",
            "-",
            ",",
            "#",
            "L",
            "W",
            "LW",
            "MON",
            "2#1",
            "6L",
            "*/5",
            "22-2",
            "2026",
        ]
    )
)
TEXTS = st.one_of(
    st.text(max_size=60),
    WORDS.map(lambda words: f"cron({' '.join(words)})"),
    st.lists(WORDS.map("".join), min_size=6, max_size=6).map(lambda w: f"cron({' '.join(w)})"),
    st.from_regex(r"\A(rate|at)\([0-9T:\- a-z]{0,22}\)\Z"),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(["UTC", BERLIN, "", "Local"]))
def test_any_text_is_read_or_refused(text, timezone):
    """
    Nothing but errors of schedkit comes out of any text.
    """
    native = Native(text, timezone)
    try:
        readers = EVENTBRIDGE.readers(native)
        next(EVENTBRIDGE.fires(native, 0, 1 << 33), None)
        EVENTBRIDGE.read(native)
    except SchedkitError:
        return
    assert readers


@pytest.mark.parametrize("unit", ["cron(", "1,", "rate(", "9", "((", "L", "\N{BELL}", "at(2"])
def test_ten_kilobytes_are_refused_at_once(unit):
    """
    Whatever is that long is refused for its length.
    """
    with pytest.raises(CronSyntaxError, match="no more than 256 characters"):
        EVENTBRIDGE.readers(Native(f"cron({unit * (10_000 // len(unit))})", "UTC"))


@pytest.mark.parametrize(
    ("text", "timezone", "more"),
    [
        ("at(0001-01-01T00:00:00)", BERLIN, {}),
        ("at(9999-12-31T23:59:59)", "America/New_York", {}),
        ("cron(0 9 * * ? *)", "UTC", {"EndDate": "9999-12-31T23:59:59Z"}),
    ],
)
def test_instants_beyond_our_years_have_no_words(text, timezone, more):
    """
    They are read, but no datetime tells them.
    """
    native = Native(text, timezone, more)
    assert 1 == len(EVENTBRIDGE.readers(native))
    with pytest.raises(NotExpressibleError) as caught:
        EVENTBRIDGE.read(native)
    assert "is not in the years 1 to 9999 of UTC" == caught.value.reason
    assert "give a time in our time" == caught.value.cure
    assert "schedule" == caught.value.feature
