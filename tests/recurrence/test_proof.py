"""
The proof: true of what a dialect writes, and never of what it should have written otherwise.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedkit.exceptions import CronSyntaxError
from schedkit.recurrence import compare, rewrite
from schedkit.recurrence import proof as proof_module
from schedkit.recurrence.dialects import Native, fields, unix
from schedkit.recurrence.dialects.adf import ADF
from schedkit.recurrence.dialects.cloud_scheduler import CLOUD_SCHEDULER
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.robfig import ROBFIG, Robfig
from schedkit.recurrence.proof import prove
from schedkit.recurrence.when import Cron, Every, Once, Union, Window
from schedkit.recurrence.zones import Dst, Zone, tzdata_version


NEW_YEAR = "2026-01-01T00:00:00Z"
FIRST = 2026
DATA_YEAR = compare.data_year
TZDATA = tzdata_version()


@pytest.fixture(scope="module", autouse=True)
def horizon_from_2026():
    """
    Newer time zone data must not move the horizon of these tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "data_year", lambda: FIRST)
        patch.setattr(proof_module, "data_year", lambda: FIRST)
        proof_module._prove.cache_clear()
        yield
    proof_module._prove.cache_clear()


class FirstOnly(Robfig):
    """
    A platform that says it runs repeated times once, and does not.
    """

    dst = Dst(gap="skip", fold="first")


class Silent(Robfig):
    """
    A platform that says nothing about changes of the clocks.
    """

    dst = None


def proof_of(when):
    return prove(when, ROBFIG.write(when), ROBFIG)


def shown(instants):
    return [instant.isoformat() for instant in instants]


@pytest.mark.parametrize(
    ("cron", "zone", "changes"),
    [
        ("0 9 * * 1-5", "UTC", "no offset changes"),
        ("*/5 * * * *", "Europe/Berlin", "20 offset changes"),
        ("* * * * *", "America/New_York", "20 offset changes"),
        ("30 2 * * *", "Europe/Berlin", "20 offset changes"),
        ("0 0 1 * *", "Europe/Berlin", "20 offset changes"),
        ("0 0 29 2 *", "Australia/Sydney", "20 offset changes"),
        ("0 9 1,15 * 1", "Asia/Kolkata", "no offset changes"),
        ("0 9 * * *", "Africa/Cairo", "20 offset changes"),
        ("0 9 * * 2", "America/Santiago", "20 offset changes"),
    ],
)
def test_what_is_written_is_proved(cron, zone, changes):
    """
    The sentence says over what: kinds of year, minutes, offset changes, zone and version of the
    data.
    """
    proof = proof_of(Cron(cron, zone))
    expected = (
        f"proved: 14 kinds of year, 1440 minutes, {changes} of {zone} to {FIRST + 10} "
        f"(tzdata {TZDATA})"
    )
    assert expected == proof.sentence
    assert proof.holds
    assert ((), (), 0, 0) == (proof.missing, proof.extra, proof.missing_count, proof.extra_count)
    assert ((), (), ()) == (proof.doubled, proof.departures, proof.unknown)
    assert (date(FIRST, 1, 1), date(FIRST + 10, 1, 1)) == proof.horizon


def test_changes_a_month_apart():
    """
    Where clocks change twice around a moving month, both changes are looked at together.
    """
    proof = proof_of(Cron("30 2 * * *", "Africa/Casablanca"))
    assert proof.holds
    assert len(Zone.of("Africa/Casablanca").changes(*compare.horizon())) == proof.changes


def test_the_changes_of_one_year():
    """
    A horizon of one year holds the two changes of that year.
    """
    when = Cron("0 9 * * *", "Europe/Berlin")
    proof = prove(when, ROBFIG.write(when), ROBFIG, years=1)
    assert 2 == proof.changes
    assert f"2 offset changes of Europe/Berlin to {FIRST + 1}" in proof.sentence


DEFECTS = (  # zone, cron, lost in 2026, added in 2026
    ("Africa/Cairo", "0 9 * * 5", {"2026-04-24T09:00:00+03:00"}, set()),
    ("Africa/Cairo", "30 1 * * 4", set(), {"2026-04-24T01:30:00+03:00"}),
    ("Africa/Cairo", "0 9 24 * *", {"2026-04-24T09:00:00+03:00"}, set()),
    ("America/Santiago", "0 1 * * 6", set(), {"2026-09-06T01:00:00-03:00"}),
    ("America/Havana", "15 1 7 * *", set(), {"2026-03-08T01:15:00-04:00"}),
    ("America/Havana", "0 1 * * 6", set(), {"2026-03-08T01:00:00-04:00"}),
    ("Asia/Beirut", "0 9 * * 0", {"2026-03-29T09:00:00+03:00"}, set()),
    ("Atlantic/Azores", "0 1 * * 6", set(), {"2026-03-29T01:00:00+00:00"}),
    (
        "Australia/Lord_Howe",
        "0 9 * * *",
        {"2026-04-05T09:00:00+10:30", "2026-10-04T09:00:00+11:00"},
        set(),
    ),
    (
        "Pacific/Chatham",
        "45 3 * * *",
        {
            "2026-04-05T03:45:00+12:45",
            "2026-04-06T03:45:00+12:45",
            "2026-09-27T03:45:00+13:45",
        },
        {"2026-04-05T02:45:00+12:45"},
    ),
    (
        "Antarctica/Troll",
        "30 1 * * *",
        {"2026-10-25T01:30:00+00:00"},
        set(),
    ),
)


@pytest.mark.parametrize(("zone", "cron", "lost", "added"), DEFECTS)
def test_defects_of_the_search_show_as_differing_instants(zone, cron, lost, added):
    """
    Where robfig goes wrong in a zone, the proof names the instants of each year.
    """
    proof = proof_of(Cron(cron, zone))
    assert not proof.holds
    assert lost == {instant for instant in shown(proof.missing) if instant.startswith("2026")}
    assert added == {instant for instant in shown(proof.extra) if instant.startswith("2026")}
    assert {ZoneInfo(zone)} == {each.tzinfo for each in proof.missing + proof.extra}
    assert proof.sentence.startswith("differs: robfig ")
    assert proof.sentence.endswith(f"(tzdata {TZDATA})")


def test_the_sentence_of_a_difference():
    """
    It names the first instant lost and the first added, and how many more there are.
    """
    when = Cron("0 9 1 1 *")
    proof = prove(when, [Native("0 10 1 1 *")], ROBFIG)
    expected = (
        f"differs: robfig loses {FIRST}-01-01T09:00:00+00:00 and 39 more "
        f"and adds {FIRST}-01-01T10:00:00+00:00 and 39 more (tzdata {TZDATA})"
    )
    assert expected == proof.sentence
    assert (20, 20, 40, 40) == (
        len(proof.missing),
        len(proof.extra),
        proof.missing_count,
        proof.extra_count,
    )


WRONG = (
    ("0 9 * * 1-5", "0 9 * * 0-4"),
    ("0 9 * * 1-5", "0 9 * * 2-6"),
    ("0 9 1 * 1", "0 9 1 * *"),
    ("0 9 1 * 1", "0 9 * * 1"),
    ("0 9 1-31/2 * *", "0 9 */2 * 1"),
    ("0 9 * * *", "1 9 * * *"),
    ("0 9 29 2 *", "0 9 28 2 *"),
    ("0 9 * * *", "0 9 * * 1-5"),
    ("*/7 * * * *", "*/8 * * * *"),
    ("0 9 31 12 *", "0 9 30 12 *"),
)


@pytest.mark.parametrize(("cron", "text"), WRONG)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_wrong_native_is_caught(cron, text, zone):
    """
    Weekdays off by one, OR for AND, a shifted minute: the differing instants are truly different.
    """
    differs(Cron(cron, zone), [Native(text, zone)])


def test_a_dropped_zone_is_caught():
    """
    The right text with no zone beside it fires an hour late.
    """
    proof = differs(Cron("0 9 * * *", "Europe/Berlin"), [Native("0 9 * * *")])
    assert f"{FIRST}-01-01T09:00:00+01:00" == shown(proof.missing)[0]
    assert f"{FIRST}-01-01T10:00:00+01:00" == shown(proof.extra)[0]
    assert (500, 500) == (proof.missing_count, proof.extra_count)


def differs(when, natives):
    """
    The proof does not hold, and each of its instants is on one side only.
    """
    proof = prove(when, natives, ROBFIG)
    assert not proof.holds
    assert proof.missing or proof.extra

    def source(at):
        return at in {int(found.timestamp()) for found in when.between(moment(at), moment(at + 1))}

    def native(at):
        return any(at in ROBFIG.fires(each, at, at + 1) for each in natives)

    for instant in proof.missing:
        at = int(instant.timestamp())
        assert (True, False) == (source(at), native(at))
    for instant in proof.extra:
        at = int(instant.timestamp())
        assert (False, True) == (source(at), native(at))
    return proof


def moment(epoch):
    return datetime.fromtimestamp(epoch, UTC)


def field(low, high):
    number = st.integers(low, high)
    several = st.lists(number, min_size=1, max_size=4, unique=True)
    return several.map(lambda values: ",".join(map(str, sorted(values))))


def either(low, high):
    return st.one_of(st.just("*"), field(low, high))


CRONS = st.tuples(field(0, 59), either(0, 23), either(1, 28), either(1, 12), either(0, 6))
ZONES = st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Berlin", "Australia/Sydney"])


@settings(max_examples=60, deadline=None)
@given(CRONS, ZONES, st.integers(0, 4), st.data())
def test_any_one_changed_field_is_caught(fields, zone, place, data):
    """
    What is written is proved; with one field changed it is not, and the instants are true.
    """
    when = Cron(" ".join(fields), zone)
    (native,) = ROBFIG.write(when)
    assert prove(when, [native], ROBFIG).holds
    parts = native.text.split(" ")
    low, high = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6))[place]
    parts[place] = data.draw(field(low, high))
    wrong = Native(" ".join(parts), native.timezone)
    same = ROBFIG.readers(wrong)[0], ROBFIG.readers(native)[0]
    kinds = [(first, leap) for first in range(7) for leap in (False, True)]
    days = [[reader.year_days(*kind) for kind in kinds] for reader in same]
    if same[0].minutes == same[1].minutes and days[0] == days[1]:
        assert prove(when, [wrong], ROBFIG).holds
    else:
        differs(when, [wrong])


def test_nothing_is_not_proved():
    """
    No native at all loses every run.
    """
    proof = prove(Cron("0 9 1 * *"), [], ROBFIG)
    assert (120, 0) == (proof.missing_count, proof.extra_count)
    assert f"{FIRST}-01-01T09:00:00+00:00" == shown(proof.missing)[0]


def test_the_parts_of_a_union_stand_for_each_other():
    """
    A native of another zone may do the work of a missing one: then instants are compared, not
    sets.
    """
    union = Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 0 * * *"))
    proof = prove(union, [Native("0 0 * * *")], ROBFIG)
    expected = "proved: 14 kinds of year, 1440 minutes, no offset changes of Asia/Tokyo, UTC"
    expected = f"{expected} to {FIRST + 10} (tzdata {TZDATA})"
    assert (True, 14, 1440) == (proof.holds, proof.year_kinds, proof.minutes)
    assert expected == proof.sentence
    assert ("Asia/Tokyo", "UTC") == proof.zones


def test_a_part_that_another_clock_makes_good():
    """
    Days differ on one clock, and what it lacks fires on another: equal on the clock of UTC.
    """
    union = Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 0 1 * *"))
    natives = [Native("0 9 2-31 * *", "Asia/Tokyo"), Native("0 0 1 * *")]
    proof = prove(union, natives, ROBFIG)
    assert (True, 14) == (proof.holds, proof.year_kinds)


def test_an_interval():
    """
    An interval that divides a day is proved for all time; one that does not is not met by a cron.
    """
    every = Every("90m", NEW_YEAR)
    assert 14 == proof_of(every).year_kinds
    assert proof_of(every).holds
    proof = differs(Every("7m", NEW_YEAR), [Native("*/7 * * * *")])
    assert 1_000 == proof.missing_count + proof.extra_count


def test_a_single_instant():
    """
    A cron that repeats adds runs to it, and the horizon reaches to it.
    """
    proof = differs(Once("1999-05-01T09:00:00Z"), [Native("0 9 1 5 *")])
    assert (0, "2000-05-01T09:00:00+00:00") == (proof.missing_count, shown(proof.extra)[0])


def test_a_delay_is_no_schedule():
    """
    `@every` counts from whenever it is asked, so it proves nothing.
    """
    assert not prove(Cron("0 * * * *"), [Native("@every 1h")], ROBFIG).holds


def test_runs_that_two_natives_start():
    """
    They are listed, though the instants are right: on one clock, on several, and twice the same
    text.
    """
    tokyo = proof_of(Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 0 * * 1")))
    mondays_and_march = Union(Cron("0 9 * * 1"), Cron("0 9 1 3 *"))
    march = prove(mondays_and_march, [Native("0 9 * * 1"), Native("0 9 1 3 *")], ROBFIG)
    twice = prove(Cron("0 9 * * *"), [Native("0 9 * * *")] * 2, ROBFIG)
    assert [True, True, True] == [tokyo.holds, march.holds, twice.holds]
    mondays = {instant.weekday() for instant in tokyo.doubled}
    assert (20, {0}) == (len(tokyo.doubled), mondays)
    assert all((d.weekday(), d.month, d.day) == (0, 3, 1) for d in march.doubled)
    assert 6 == len(march.doubled)
    first = datetime(FIRST, 1, 1, 9, tzinfo=UTC)
    assert [first + timedelta(days=day) for day in range(20)] == list(twice.doubled)


def test_a_stated_policy_is_compared():
    """
    What the schedule asks for on change days counts, not what the dialect would do.
    """
    asked = Cron("30 2 * * *", "Europe/Berlin", dst=Dst(gap="next", fold="first"))
    proof = proof_of(asked)
    assert (10, 10) == (proof.missing_count, proof.extra_count)
    assert {"03:00"} == {instant.strftime("%H:%M") for instant in proof.missing}
    assert {1} == {instant.fold for instant in proof.extra}
    assert proof_of(Cron("30 2 * * *", "Europe/Berlin", dst=Dst())).holds


def test_the_dialects_own_policy_and_its_departures():
    """
    Without a stated policy the dialect's own is compared, and where it departs from the wall clock
    is listed.
    """
    dialect = FirstOnly()
    when = Cron("30 2 * * *", "Europe/Berlin")
    proof = prove(when, dialect.write(when), dialect)
    assert {1} == {instant.fold for instant in proof.departures}
    assert 10 == len(proof.departures)
    assert 10 == proof.extra_count  # its search does run both
    assert () == prove(Cron("0 9 * * *", "Europe/Berlin"), dialect.write(when), dialect).departures
    stated = Cron("30 2 * * *", "Europe/Berlin", dst=Dst(fold="first"))
    assert () == prove(stated, dialect.write(when), dialect).departures


def test_an_unknown_policy():
    """
    Where a dialect's way is unknown, the instants on which policies differ are listed, and no
    change is compared.
    """
    dialect = Silent()
    when = Cron("30 2 * * *", "Europe/Berlin")
    proof = prove(when, dialect.write(when), dialect, years=1)
    assert (True, 0) == (proof.holds, proof.changes)
    assert ["03:00", "03:30", "02:30", "02:30"] == [d.strftime("%H:%M") for d in proof.unknown]
    told = "1440 minutes of Europe/Berlin to 2027, but for 4 instants when clocks change"
    assert f"proved: 14 kinds of year, {told} (tzdata {TZDATA})" == proof.sentence
    safe = Cron("0 9 * * *", "Europe/Berlin")
    assert () == prove(safe, dialect.write(safe), dialect).unknown


def test_equal_questions_are_answered_once():
    """
    The same schedule in another object gets the same proof.
    """
    natives = (Native("0 9 * * *"),)
    one = prove(Cron("0 9 * * *"), natives, ROBFIG)
    assert one is prove(Cron("0 9 * * *"), list(natives), ROBFIG)


def test_a_text_that_cannot_be_read():
    """
    It is an error of its own, not a difference.
    """
    with pytest.raises(CronSyntaxError, match="robfig rejects it"):
        prove(Cron("0 9 * * *"), [Native("0 9 * * 7")], ROBFIG)


def test_as_json():
    """
    The proof is plain data.
    """
    when = Cron("0 9 * * 5", "Africa/Cairo")
    data = json.loads(json.dumps(proof_of(when).to_dict()))
    assert [{"text": "0 9 * * 5", "timezone": "Africa/Cairo", "more": {}}] == data["natives"]
    assert [f"{FIRST}-01-01", f"{FIRST + 10}-01-01"] == data["horizon"]
    assert "2026-04-24T09:00:00+03:00" in data["missing"]
    assert (False, 14, 1440, 20) == tuple(
        data[key] for key in ("holds", "year_kinds", "minutes", "changes")
    )
    assert data["sentence"].startswith("differs: robfig loses ")


@pytest.mark.parametrize(("known", "year"), [("2026c", 2026), ("unknown", 2000)])
def test_the_horizon_starts_with_the_data(monkeypatch, known, year):
    """
    Its first year is that of the time zone data; of the package's, where the machine's do not say.
    """
    monkeypatch.setattr(compare, "tzdata_version", lambda: known)
    monkeypatch.setattr("importlib.metadata.version", lambda name: {"tzdata": "2000.1"}[name])
    monkeypatch.setattr(compare, "data_year", DATA_YEAR)
    assert year == compare.data_year()
    assert int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) == compare.horizon()[0]


START = "2026-05-01T00:00:00Z"
RATE = Every("7m", START)


def rate(start=START, minutes=7, **more):
    return Native(f"rate({minutes} minutes)", "UTC", {"StartDate": start, **more})


def test_an_interval_with_a_start():
    """
    What begins when it shall, in step, is proved; windows bound both sides.
    """
    for when, native in (
        (Window(RATE, START), rate()),
        (
            Window(Cron("0 9 * * *"), START),
            Native("cron(0 9 * * ? *)", "UTC", {"StartDate": START}),
        ),
    ):
        proof = prove(when, [native], EVENTBRIDGE)
        assert (True, 0, 0) == (proof.holds, proof.missing_count, proof.extra_count)


@pytest.mark.parametrize(
    ("native", "lost", "added"),
    [
        (rate("2026-05-01T00:07:00Z"), 1, 0),
        (rate("2026-04-30T23:53:00Z"), 0, 1),
        (rate("2026-05-01T00:01:00Z"), 500, 500),
        (rate(minutes=8), 538, 462),
        (rate(EndDate="2026-05-02T00:00:00Z"), 1_000, 0),
        (Native("rate(7 minutes)", "UTC"), 0, 1_000),
    ],
)
def test_a_wrong_start_phase_or_pace_is_caught(native, lost, added):
    """
    A StartDate late or early by one run, a shifted phase, another interval, an end that nobody
    asked for, and no start at all.
    """
    proof = prove(Window(RATE, START), [native], EVENTBRIDGE)
    assert (False, lost, added) == (proof.holds, proof.missing_count, proof.extra_count)


@pytest.mark.parametrize(
    ("more", "first_lost", "first_added"),
    [
        ({}, [], ["2026-01-01T09:00:00+00:00"]),
        ({"StartDate": "2026-05-02T00:00:00Z"}, ["2026-05-01T09:00:00+00:00"], []),
        ({"StartDate": "2026-04-30T00:00:00Z"}, [], ["2026-04-30T09:00:00+00:00"]),
        (
            {"StartDate": START, "EndDate": "2026-06-01T00:00:00Z"},
            ["2026-06-01T09:00:00+00:00"],
            [],
        ),
    ],
)
def test_a_wrong_window_of_a_cron_is_caught(more, first_lost, first_added):
    """
    A bound that is dropped, late, early or of nobody's asking shows in the first instants.
    """
    native = Native("cron(0 9 * * ? *)", "UTC", more)
    proof = prove(Window(Cron("0 9 * * *"), START), [native], EVENTBRIDGE)
    assert not proof.holds
    assert (first_lost, first_added) == (shown(proof.missing)[:1], shown(proof.extra)[:1])


def test_a_steady_interval_for_ever():
    """
    Where both sides keep one pace in step, nothing is left to compare, and the proof says so.
    """
    every = Every("7m", "2024-12-31T23:58:00Z")
    native = ADF.write(every)
    proof = prove(every, native, ADF)
    assert (True, 1, 0) == (proof.holds, proof.intervals, proof.year_kinds)
    assert "proved: every run of 1 steady interval" == proof.sentence
    shifted = Every("7m", "2024-12-31T23:59:00Z")
    wrong = prove(shifted, native, ADF)
    assert (False, 0, 1_000) == (
        wrong.holds,
        wrong.intervals,
        wrong.missing_count + wrong.extra_count,
    )


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("0 0 * * 1", True),
        ("0 0 * * 2", False),
        ("0 0 * * 0", False),
        ("1 0 * * 1", False),
    ],
)
def test_fixed_offsets_are_compared_on_the_clock_of_utc(text, holds):
    """
    Zones that never change may stand for each other, to the minute and to the day.
    """
    proof = prove(Cron("0 9 * * 1", "Asia/Tokyo"), [Native(text)], ROBFIG)
    assert (holds, 14) == (proof.holds, proof.year_kinds)


@pytest.mark.parametrize(("text", "holds"), [("0 23 * * 0", True), ("0 23 * * 1", False)])
def test_a_day_that_moves_over_midnight(text, holds):
    """
    Monday 08:00 in Tokyo is Sunday 23:00 in UTC; a day that was not moved is caught.
    """
    proof = prove(Cron("0 8 * * 1", "Asia/Tokyo"), [Native(text)], ROBFIG)
    assert (holds, 14) == (proof.holds, proof.year_kinds)
    new_year = prove(Cron("0 8 1 1 *", "Asia/Tokyo"), [Native("0 23 31 12 *")], ROBFIG)
    assert new_year.holds
    assert not prove(Cron("0 8 1 1 *", "Asia/Tokyo"), [Native("0 23 1 1 *")], ROBFIG).holds


def test_coincidence_needs_a_token():
    """
    Runs that two natives share are listed in any case; only a token makes them one.
    """
    when = Cron("0 9 1 * 1")
    texts = ("cron(0 9 1 * ? *)", "cron(0 9 ? * MON *)")
    proof = prove(when, [Native(text, "UTC") for text in texts], EVENTBRIDGE)
    assert (True, "ClientRequestToken") == (proof.holds, proof.token)
    assert "2026-06-01T09:00:00+00:00" == shown(proof.doubled)[0]
    assert proof.coincidence.endswith("ClientRequestToken starts one run")
    bare = prove(when, [Native("0 9 1 * *"), Native("0 9 * * 1")], ROBFIG)
    assert proof.doubled == bare.doubled
    expected = "two of the native schedules would each start a run at 2026-06-01T09:00:00+00:00"
    assert expected == bare.coincidence
    apart = prove(Cron("0 9 * * 1,2"), [Native("0 9 * * 1"), Native("0 9 * * 2")], ROBFIG)
    assert "no two of the native schedules run at one instant" == apart.coincidence
    assert "" == proof_of(when).coincidence


def test_coincidence_of_two_clocks():
    """
    Natives of two zones, and a pace beside a clock, meet where they really do.
    """
    zones = [Native("0 9 * * *", "Europe/Berlin"), Native("0 8 * * *", "Europe/London")]
    union = Union(Cron("0 9 * * *", "Europe/Berlin"), Cron("0 8 * * *", "Europe/London"))
    assert f"{FIRST}-01-01T08:00:00+00:00" == shown(prove(union, zones, ROBFIG).doubled)[0]
    daily = Native("cron(30 0 * * ? *)", "UTC", {"StartDate": START})
    when = Window(Union(RATE, Cron("30 0 * * *")), START)
    doubled = prove(when, [rate(), daily], EVENTBRIDGE).doubled
    assert "2026-05-02T00:30:00+00:00" == shown(doubled)[0]
    assert {0} == {(int(at.timestamp()) - int(doubled[0].timestamp())) % 420 for at in doubled}


def test_days_that_another_clock_makes_good():
    """
    A wrong day of one clock is no fault where another clock runs at all of its instants.
    """
    union = Union(Cron("0 9 1 * *", "Europe/Berlin"), Cron("0 * * * *"))
    natives = [Native("0 9 2 * *", "Europe/Berlin"), Native("0 * * * *")]
    proof = prove(union, natives, ROBFIG)
    assert (True, 0) == (proof.holds, proof.year_kinds)


def test_natives_meet_only_after_both_began():
    """
    Two clocks that show one instant coincide from the later StartDate on.
    """
    union = Union(Cron("0 9 * * *", "Europe/Berlin"), Cron("0 8 * * *", "Europe/London"))
    late = {"StartDate": "2027-06-01T00:00:00Z"}
    natives = [
        Native("cron(0 9 * * ? *)", "Europe/Berlin"),
        Native("cron(0 8 * * ? *)", "Europe/London", late),
    ]
    proof = prove(union, natives, EVENTBRIDGE)
    assert "2027-06-01T07:00:00+00:00" == shown(proof.doubled)[0]


@pytest.mark.parametrize(
    "change", [{"minutes": [1, 16, 31, 46]}, {"weekdays": "MON"}, {"hours": range(23)}]
)
def test_a_wrong_rewriting_in_utc_is_caught(change, monkeypatch):
    """
    The proof does not believe the writer which calendar of UTC equals a zone's.
    """
    wrong = attrs.evolve(Cron("*/15 * * * *").calendar, **change)
    monkeypatch.setattr(rewrite, "same_in_utc", lambda _: wrong)
    when = Cron("*/15 * * * *", "Europe/Berlin")
    natives = CLOUD_SCHEDULER.write(when)
    assert natives != CLOUD_SCHEDULER.write(Cron("*/15 * * * *"))
    assert not prove(when, natives, CLOUD_SCHEDULER).holds


def test_wrong_minutes_of_an_interval_are_caught(monkeypatch):
    """
    Nor does it ask the writer at which minutes of the day an interval runs.
    """
    real = fields.every_minutes
    for module in (fields, unix, compare):
        late = lambda every: real(every) << 1  # noqa: E731
        monkeypatch.setattr(module, "every_minutes", late, raising=False)
    every = Every("40m", "2026-01-01T00:00:00Z")
    natives = CLOUD_SCHEDULER.write(every)
    assert ["1,41 */2 * * *", "21 1,3,5,7,9,11,13,15,17,19,21,23 * * *"] == [
        native.text for native in natives
    ]
    assert not prove(every, natives, CLOUD_SCHEDULER).holds
