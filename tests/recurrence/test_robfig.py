"""
The robfig dialect: what it writes, what it reads, and the defects of its search.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.recurrence.days import NearestWeekday, NthWeekday
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.dialects.robfig_parse import delay, fields
from schedkit.recurrence.dialects.robfig_search import STAR
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Cron, Every, Once, Union


NEW_YEAR = "2026-01-01T00:00:00Z"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def texts(when) -> list[str]:
    return [native.text for native in ROBFIG.write(when)]


WRITTEN = (
    ("0 9 * * MON-FRI", "0 9 * * 1-5"),
    ("*/15 * * * *", "*/15 * * * *"),
    ("*/7 * * * *", "*/7 * * * *"),
    ("5-59/15 8-18 * * *", "5,20,35,50 8-18 * * *"),
    ("0,30 0 * * *", "*/30 0 * * *"),
    ("@hourly", "0 * * * *"),
    ("@weekly", "0 0 * * 0"),
    ("0 0 */10 * *", "0 0 1,11,21,31 * *"),
    ("0 0 * */3 *", "0 0 * 1,4,7,10 *"),
    ("0 0 * * */2", "0 0 * * 0,2,4,6"),
    ("0 0 1,15 * 1", "0 0 1,15 * 1"),
    ("0 12 1-3,7 JAN-MAR SUN,7,3", "0 12 1-3,7 1-3 0,3"),
)


@pytest.mark.parametrize(("cron", "text"), WRITTEN)
def test_writes_from_sets(cron, text):
    """
    One text in numbers: ranges and lists, steps only for minutes and hours, Sunday is 0.
    """
    assert (Native(text, "Europe/Berlin"),) == ROBFIG.write(Cron(cron, "Europe/Berlin"))


def test_names_utc_for_the_controller():
    """
    UTC is written Etc/UTC, so that no machine's own zone is taken.
    """
    (native,) = ROBFIG.write(Cron("0 9 * * *"))
    assert Native("0 9 * * *", "Etc/UTC") == native
    assert "0 9 * * * (Etc/UTC)" == str(native)


@pytest.mark.parametrize(
    ("minutes", "lines"),
    [
        (1, 1),
        (15, 1),
        (60, 1),
        (120, 1),
        (1440, 1),
        (40, 2),
        (90, 2),
        (36, 3),
        (45, 3),
        (80, 3),
        (160, 3),
        (48, 4),
        (72, 5),
        (96, 5),
        (144, 5),
        (288, 5),
        (32, 8),
    ],
)
def test_an_interval_that_divides_a_day(minutes, lines):
    """
    It becomes the fewest texts in UTC, which fire at its instants and never two at once.
    """
    every = Every(f"{minutes}m", "2026-01-01T00:07:00Z")
    natives = ROBFIG.write(every)
    start, stop = at("2026-03-01T00:00:00Z"), at("2026-03-03T00:00:00Z")
    fired = [epoch for native in natives for epoch in ROBFIG.fires(native, start, stop)]
    assert lines == len(natives)
    assert {"Etc/UTC"} == {native.timezone for native in natives}
    assert list(every.epochs(start, stop)) == sorted(fired)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (("0 9 * * 1-5", "30 9 * * 1-5"), ["*/30 9 * * 1-5"]),
        (("0 9 * * 1-5", "0 9 * * 6"), ["0 9 * * 1-6"]),
        (("0 9 * * 1", "0 9 1 * *"), ["0 9 1 * 1"]),
        (("0 9 1 * *", "0 9 * * *"), ["0 9 * * *"]),
        (("0 9 * * *", "0 9 1 * *"), ["0 9 * * *"]),
        (("0 9 1 3 *", "0 9 1 4 *"), ["0 9 1 3,4 *"]),
        (("0,30 9 * * 1", "0 9 1 * *"), ["0 9 1 * 1", "30 9 * * 1"]),
        (("0 9 * * 1", "0 9 1 3 *"), ["0 9 * 1,2,4-12 1", "0 9 1 3 1"]),
    ],
)
def test_members_that_share_a_minute(members, expected):
    """
    A union is merged where one text can say both; what it cannot, stays two texts.
    """
    assert expected == texts(Union(*map(Cron, members)))


@pytest.mark.parametrize(
    ("one", "other"), [("0 9 * * 0,2-6", "0 9 1 * 1"), ("0 9 2-31 * *", "0 9 1 * 1")]
)
def test_a_union_of_every_day(one, other):
    """
    Where two day rules leave out no day, both day fields are open, not only the full one.
    """
    (native,) = ROBFIG.write(Union(Cron(one), Cron(other, day_rule="any")))
    assert "0 9 * * *" == native.text


def test_a_union_of_zones():
    """
    Each zone keeps its own texts.
    """
    union = Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 9 * * *"), Every("12h", NEW_YEAR))
    expected = (
        Native("0 9 * * *", "Asia/Tokyo"),
        Native("0 0,9,12 * * *", "Etc/UTC"),
    )
    assert expected == ROBFIG.write(union)


MORNING = {"minutes": 0, "hours": 9}
REFUSED = (
    (
        Calendar(**MORNING, days=-1),
        "schedule.last_day",
        (
            "days=-1: robfig's cron cannot say it; count days from the start of the month; "
            "days=1 is the day after the last"
        ),
    ),
    (
        Calendar(**MORNING, weekdays=NthWeekday("MON", 2)),
        "schedule.nth_weekday",
        "NthWeekday('MON', 2): robfig's cron cannot say it; run on every MON: weekdays='MON'",
    ),
    (
        Calendar(**MORNING, days=NearestWeekday(15)),
        "schedule.nearest_weekday",
        "NearestWeekday(15): robfig's cron cannot say it; run on the day itself: days=15",
    ),
    (
        Calendar(**MORNING, days=1, weekdays=1, day_rule="all"),
        "schedule.day_rule.all",
        (
            "Calendar, day_rule 'all': robfig's cron joins two restricted day fields with OR; "
            "restrict one of days and weekdays, or say day_rule='any'"
        ),
    ),
    (
        Every("7m", NEW_YEAR),
        "schedule.every",
        (
            "Every('7m'): a cron starts anew each day, and the interval does not divide one; "
            "the nearest intervals that do: 6m or 8m"
        ),
    ),
    (
        Every("36h", NEW_YEAR),
        "schedule.every",
        (
            "Every('36h'): a cron starts anew each day, and the interval does not divide one; "
            "the nearest intervals that do: 24h"
        ),
    ),
    (
        Every("30s", NEW_YEAR),
        "schedule.every",
        (
            "Every('30s'): a cron starts anew each day, and the interval does not divide one; "
            "the nearest intervals that do: 1m"
        ),
    ),
    (
        Every("5m", "2026-01-01T00:00:30Z"),
        "schedule.every",
        (
            "Every, anchor 2026-01-01T00:00:30+00:00: a cron fires on whole minutes; "
            "give an anchor with 0 seconds"
        ),
    ),
    (
        Once(NEW_YEAR),
        "schedule.once",
        (
            "Once(2026-01-01T00:00:00+00:00): a cron has no year; "
            "run the pipeline by hand, or use a backend that can start once"
        ),
    ),
)


@pytest.mark.parametrize(("when", "feature", "sentence"), REFUSED)
def test_refuses_what_it_cannot_say(when, feature, sentence):
    """
    The refusal names the feature, and the nearest that can be said.
    """
    with pytest.raises(NotExpressibleError) as caught:
        ROBFIG.write(Union(Cron("0 1 * * *"), when))
    assert feature == caught.value.feature
    assert sentence == str(caught.value)


def bits(*values: int) -> int:
    return sum(1 << value for value in values)


HOURS, DAYS, MONTHS, WEEKDAYS = bits(*range(24)), bits(*range(1, 32)), bits(*range(1, 13)), 127


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 ? 1/10 jan-MAR FRI", (1, HOURS | STAR, bits(1, 11, 21, 31), 14, 32)),
        ("*/20 22 */1 */6 0-6", (bits(0, 20, 40), 1 << 22, DAYS | STAR, bits(1, 7), WEEKDAYS)),
        ("*/100 0 13,* * *", (1, 1, DAYS | STAR, MONTHS | STAR, WEEKDAYS | STAR)),
        ("*-5 +5 ?/2 1-5/2 sun", ("all", 32, bits(*range(1, 32, 2)), bits(1, 3, 5), 1)),
        (", ,,3, 1 1 1", (0, 8, 2, 2, 2)),
        ("@daily", (1, 1, DAYS | STAR, MONTHS | STAR, WEEKDAYS | STAR)),
        ("\t0\u00a00  1 1\u20031 ", (1, 1, 2, 2, 2)),
    ],
)
def test_reads_as_laxly_as_robfig(text, expected):
    """
    Star bits, `a/n`, `?`, steps past the end, tails after a star, empty items: as robfig reads
    them.
    """
    every_minute = bits(*range(60)) | STAR
    assert tuple(every_minute if mask == "all" else mask for mask in expected) == fields(text)


@pytest.mark.parametrize(
    ("text", "field", "column", "reason"),
    [
        ("0 0 * * 7", "weekday", 9, "7 is not within 0-6, or turned round, or has no step"),
        ("0 0 * * 5-1", "weekday", 9, "5-1 is not within 0-6, or turned round, or has no step"),
        ("60 0 * * *", "minute", 1, "60 is not within 0-59, or turned round, or has no step"),
        ("0 24 * * *", "hour", 3, "24 is not within 0-23, or turned round, or has no step"),
        ("0 0 0 * *", "day", 5, "0 is not within 1-31, or turned round, or has no step"),
        ("*/0 0 * * *", "minute", 1, "*/0 is not within 0-59, or turned round, or has no step"),
        ("0 0 * MONDAY *", "month", 7, "failed to parse int from 'MONDAY'"),
        ("0 0 L * *", "day", 5, "failed to parse int from 'L'"),
        ("0 0 1-2-3 * *", "day", 5, "too many hyphens: 1-2-3"),
        ("0/1/2 0 * * *", "minute", 1, "too many slashes: 0/1/2"),
        ("0/-5 0 * * *", "minute", 1, "negative number not allowed: -5"),
        (
            "99999999999999999999 0 * * *",
            "minute",
            1,
            "failed to parse int from '99999999999999999999'",
        ),
        ("0 0 * *", "", 1, "expected exactly 5 fields, found 4"),
        ("0 0 0 * * *", "", 1, "expected exactly 5 fields, found 6"),
        ("", "", 1, "expected exactly 5 fields, found 0"),
        ("@reboot", "", 1, "unrecognized descriptor"),
        ("@Daily", "", 1, "unrecognized descriptor"),
        ("TZ=UTC 0 0 * * *", "", 1, "Kubernetes refuses TZ in the text"),
        ("@every 5 minutes", "", 1, "failed to parse duration '5 minutes'"),
        ("@every ", "", 1, "failed to parse duration ''"),
        ("@every .s", "", 1, "failed to parse duration '.s'"),
        ("@every 9223372037s", "", 1, "failed to parse duration '9223372037s'"),
    ],
)
def test_rejects_what_robfig_rejects(text, field, column, reason):
    """
    A bad text, say from an override, is named with field and column.
    """
    with pytest.raises(CronSyntaxError) as caught:
        ROBFIG.readers(Native(text))[0]
    assert f"robfig rejects it: {reason}" == caught.value.reason
    assert (field, column) == (caught.value.field, caught.value.column)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{} 0 * * *", "failed to parse int from '{}'"),
        ("0/{} 0 * * *", "failed to parse int from '{}'"),
        ("@every {}h", "failed to parse duration '{}h'"),
        ("@every {}.{}h", "failed to parse duration '{}.{}h'"),
    ],
)
def test_rejects_numbers_that_python_does_not_take(text, reason):
    """
    Of more than 4 300 digits; zeros in front do not count, nor do the last digits of a fraction.
    """
    many = "9" * 5_000
    with pytest.raises(CronSyntaxError) as caught:
        ROBFIG.readers(Native(text.format(many, many)))
    assert f"robfig rejects it: {reason.format(many, many)}" == caught.value.reason
    (reader,) = ROBFIG.readers(Native(f"@every {'0' * 5_000}1.5{'0' * 5_000}h"))
    assert 5_400 == reader.next(0)
    (reader,) = ROBFIG.readers(Native(f"+{'0' * 5_000}7 0 1 1 *"))
    assert 1 << 7 == reader.minutes


def test_rejects_an_unknown_zone():
    """
    A native whose zone does not exist cannot be read.
    """
    with pytest.raises(TimeZoneError, match="Mars/Phobos"):
        ROBFIG.readers(Native("0 0 * * *", "Mars/Phobos"))[0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5_400), ("1.5m", 90), ("0", 1), ("500ms", 1), ("-3h", 1), ("90500ms", 90)],
)
def test_every_counts_from_whenever_it_is_asked(text, seconds):
    """
    `@every` is so many whole seconds, at least one, after the last run: no wall clock at all.
    """
    native = Native(f"@every {text}")
    reader = ROBFIG.readers(native)[0]
    assert seconds == delay(native.text)
    assert 1_000 + seconds == ROBFIG.next(native, 1_000)
    assert (0, 0) == (reader.minutes, reader.year_days(0, True))
    assert [seconds - 1, 2 * seconds - 1] == list(ROBFIG.fires(native, 0, 2 * seconds))


def test_a_native_is_text():
    """
    A native is text and the name of a zone.
    """
    with pytest.raises(TypeError, match="text"):
        Native(5)


DEFECTS = (  # zone, text, first instant of the window, what robfig does in it
    ("Africa/Cairo", "0 9 * * 5", "2026-04-17T00:00+02:00", ["04-17T09:00", "05-01T09:00"]),
    (
        "Africa/Cairo",
        "30 1 * * 4",
        "2026-04-23T00:00+02:00",
        ["04-23T01:30", "04-24T01:30", "04-30T01:30"],
    ),
    ("Africa/Cairo", "0 9 24 * *", "2026-04-01T00:00+02:00", ["05-24T09:00"]),
    (
        "America/Santiago",
        "0 1 * * 6",
        "2026-09-05T00:00-04:00",
        ["09-05T01:00", "09-06T01:00", "09-12T01:00"],
    ),
    (
        "America/Havana",
        "15 1 7 * *",
        "2026-03-07T00:00-05:00",
        ["03-07T01:15", "03-08T01:15", "04-07T01:15"],
    ),
    (
        "America/Havana",
        "0 1 * * 6",
        "2026-03-07T00:00-05:00",
        ["03-07T01:00", "03-08T01:00", "03-14T01:00"],
    ),
    ("Asia/Beirut", "0 9 * * 0", "2026-03-22T00:00+02:00", ["03-22T09:00", "04-05T09:00"]),
    (
        "Atlantic/Azores",
        "0 1 * * 6",
        "2026-03-28T00:00-01:00",
        ["03-28T01:00", "03-29T01:00", "04-04T01:00"],
    ),
    (
        "Australia/Lord_Howe",
        "0 9 * * *",
        "2026-10-03T00:00+10:30",
        ["10-03T09:00", "10-05T09:00"],
    ),
    (
        "Australia/Lord_Howe",
        "0 9 * * *",
        "2026-04-04T00:00+11:00",
        ["04-04T09:00", "04-06T09:00"],
    ),
)


@pytest.mark.parametrize(("zone", "text", "start", "expected"), DEFECTS)
def test_loses_and_adds_runs_where_robfig_does(zone, text, start, expected):
    """
    Where a midnight is missing or the clocks move by half an hour, the search errs as robfig's
    does.
    """
    reader, begin = ROBFIG.readers(Native(text, zone))[0], at(start)
    actual = []
    for epoch in reader.fires(begin, begin + 100 * 86_400):
        actual.append(datetime.fromtimestamp(epoch, reader.zone.tzinfo).strftime("%m-%dT%H:%M"))
        if len(actual) == len(expected):
            break
    assert expected == actual


def test_chatham_never_advances():
    """
    The search answers its own input, so the runs end there instead of turning for ever.
    """
    native = Native("45 3 * * *", "Pacific/Chatham")
    stuck = at("2026-04-04T14:00:00Z")
    assert stuck == ROBFIG.next(native, stuck - 1)
    assert stuck == ROBFIG.next(native, stuck)
    assert stuck == ROBFIG.next(native, stuck + 14 * 60)
    days = [at("2026-04-02T14:00:00Z"), at("2026-04-03T14:00:00Z"), stuck]
    assert days == list(ROBFIG.fires(native, days[0], stuck + 9 * 86_400))


def test_troll_loses_a_repeated_run():
    """
    Asked in between, it passes over the second 01:30 of a two-hour fold.
    """
    native = Native("30 1 * * *", "Antarctica/Troll")
    start = at("2026-10-25T01:59:59+02:00")
    assert at("2026-10-26T01:30:00+00:00") == ROBFIG.next(native, start)


@pytest.mark.parametrize(
    ("text", "zone", "after"),
    [
        ("0 0 30 2 *", "Europe/Berlin", NEW_YEAR),
        ("0 0 29 2 *", "Etc/UTC", "2096-03-01T00:00:00Z"),
        (", * * * *", "Etc/UTC", NEW_YEAR),
        ("0 0 , * ,", "Etc/UTC", NEW_YEAR),
        ("0 0 31 * *", "Pacific/Apia", "2011-12-27T00:00:00Z"),
    ],
)
def test_never(text, zone, after):
    """
    Impossible days, more than five years of waiting, empty fields and endless walks are "never".
    """
    native = Native(text, zone)
    assert ROBFIG.next(native, at(after)) is None
    assert [] == list(ROBFIG.fires(native, at(after), at(after) + 86_400))


def test_many_searches_do_not_fill_the_memory(monkeypatch):
    """
    What a reader remembers of its walks is forgotten in time, and answers stay the same.
    """
    monkeypatch.setattr("schedkit.recurrence.dialects.robfig_search.MEMORY", 100)
    reader = ROBFIG.readers(Native("0 0 29 2 1", "Europe/Berlin"))[0]
    start, chance = at(NEW_YEAR), random.Random(1)
    for epoch in (start + chance.randrange(40 * 365 * 86_400) for _ in range(400)):
        day = datetime.fromtimestamp(reader.next(epoch), reader.zone.tzinfo)
        assert day.weekday() == 0 or (day.month, day.day) == (2, 29)
        assert 2 == day.month
    assert len(reader._known) < 200


def test_a_chain_is_what_searching_from_run_to_run_gives():
    """
    Leaping over the rest of a day changes nothing, up to the end that is asked for and over a
    change.
    """
    native = Native("*/20 0-3,22 * * *", "Europe/Berlin")
    start, stop = at("2026-10-24T00:00:00Z"), at("2026-10-25T21:10:00Z")
    expected, found = [], ROBFIG.next(native, start - 1)
    while found < stop:
        expected.append(found)
        found = ROBFIG.next(native, found)
    assert 25 == len(expected)
    assert expected == list(ROBFIG.fires(native, start, stop))


def test_a_stretch_of_odd_seconds():
    """
    Before 1972 Liberia was 44 minutes 30 seconds behind: the search walks there without leaps.
    """
    native = Native("0 9 * * *", "Africa/Monrovia")
    start = at("1971-06-01T00:00:00Z")
    runs = list(ROBFIG.fires(native, start, start + 2 * 86_400))
    assert [30, 30] == [datetime.fromtimestamp(run, UTC).second for run in runs]
