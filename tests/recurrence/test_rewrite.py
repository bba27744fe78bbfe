# ruff: noqa: ISC004  a row is one sentence

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schedkit.exceptions import NeverFiresError, NotExpressibleError, SpecError
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
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.rewrite import same_in_utc, shifted, to_utc
from schedkit.testing.strategies import calendars


FIXED = (
    *("Etc/GMT+12", "Etc/GMT+5", "Pacific/Marquesas", "Etc/UTC", "Asia/Kolkata"),
    *("Asia/Kathmandu", "Asia/Tokyo", "Australia/Eucla", "Pacific/Kiritimati", "Etc/GMT-14"),
)
MOVING = ("Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll")
START, STOP = 1_767_225_600, 1_956_528_000  # the years 2026 to 2031
# 28 years are 1461 weeks and hold every kind of year: the day after the last is like the first
YEARS = [date(2001, 1, 1) + timedelta(days=number) for number in range(28 * 365 + 7)]
LENGTHS = np.array([monthrange(day.year, day.month)[1] for day in YEARS])
DAY = np.array([day.day for day in YEARS])
MONTH = np.array([day.month for day in YEARS])
WEEKDAY = np.array([day.isoweekday() % 7 for day in YEARS])


def of_day(day: int | NearestWeekday) -> np.ndarray:
    """
    The days of 28 years that are *day* of their month.
    """
    if not isinstance(day, NearestWeekday):
        return day == DAY if day > 0 else LENGTHS + 1 + day == DAY
    aim = day.day
    weekday = (WEEKDAY + aim - DAY) % 7  # of the day aimed at
    nearest = np.full(len(YEARS), aim)
    nearest[weekday == 6] = aim - 1 if aim > 1 else 3
    nearest[weekday == 0] = aim + 1
    nearest[(weekday == 0) & (aim == LENGTHS)] = aim - 2
    return (nearest == DAY) & (aim <= LENGTHS)


def of_weekday(weekday: int | NthWeekday) -> np.ndarray:
    """
    The days of 28 years that are *weekday*.
    """
    if not isinstance(weekday, NthWeekday):
        return weekday == WEEKDAY
    week = (DAY - 1) // 7 + 1 if weekday.n > 0 else -((LENGTHS - DAY) // 7) - 1
    return (weekday.weekday == WEEKDAY) & (weekday.n == week)


def runs(calendar: Calendar) -> np.ndarray:
    """
    The days of 28 years on which a calendar runs, without asking it.
    """
    days = [of_day(day) for day in (() if calendar.days is ANY else calendar.days)]
    weekdays = [
        of_weekday(each) for each in (() if calendar.weekdays is ANY else calendar.weekdays)
    ]
    fields = [np.any(field, axis=0) for field in (days, weekdays) if field]
    months = range(1, 13) if calendar.months is ANY else calendar.months
    found = np.isin(MONTH, months)
    if fields:
        found &= np.any(fields, axis=0) if calendar.day_rule == "any" else np.all(fields, axis=0)
    return found


@cache
def words(month: int) -> np.ndarray:
    """
    For each word of a calendar, and each two that `all` can join, its days of one month.

    But for the nearest weekday with a weekday: 29W and the 4th Friday is 28 February of leap
    years alone, in words that no target takes.
    """
    of_month = month == MONTH
    numbers = [day for day in range(-31, 32) if day]
    nearest = [NearestWeekday(day) for day in range(1, 32)]
    nth = [NthWeekday(weekday, n) for weekday in range(7) for n in range(-5, 6) if n]
    days = np.array([of_day(day)[of_month] for day in numbers])
    weekdays = np.array([of_weekday(each)[of_month] for each in (*range(7), *nth)])
    both = np.array([one & other for one, other in product(days, weekdays)])
    return np.concatenate([days, [of_day(day)[of_month] for day in nearest], weekdays, both])


def sayable(target: np.ndarray) -> bool:
    """
    Whether calendars, however many, can say those days of 28 years.
    """
    for month in range(1, 13):
        wanted = target[month == MONTH]
        fitting = words(month)[~(words(month) & ~wanted).any(axis=1)]
        if (fitting.any(axis=0) != wanted).any():
            return False
    return True


def in_tokyo(**days: object) -> Calendar:
    """
    At 01:00, which is the day before at 16:00 UTC.
    """
    return Calendar(hours=1, minutes=0, **days, timezone="Asia/Tokyo")


def far_west(**days: object) -> Calendar:
    """
    At 20:00, which is the day after at 08:00 UTC.
    """
    return Calendar(hours=20, minutes=0, **days, timezone="Etc/GMT+12")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("*/15 * * * *", "Europe/Berlin", "*/15 * * * *"),
        ("7 * * * *", "Europe/Berlin", "7 * * * *"),
        ("0 * * * *", "Asia/Kolkata", "30 * * * *"),
        ("*/30 * * * *", "Australia/Lord_Howe", "*/30 * * * *"),
        ("0 * * * *", "Pacific/Chatham", "15 * * * *"),
        ("0 */2 * * *", "Antarctica/Troll", "0 */2 * * *"),
        ("0 9 * * *", "Asia/Tokyo", "0 0 * * *"),
        ("* * * * *", "America/New_York", "* * * * *"),
    ],
)
def test_same_in_utc(text, zone, expected):
    """
    A schedule that every offset of its zone turns into the same minutes is a UTC schedule.
    """
    cron = Cron(text, timezone=zone)
    assert Cron(expected).calendar == same_in_utc(cron.calendar)
    assert Cron(expected).calendar == to_utc(cron)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("0 * * * *", "Australia/Lord_Howe"),
        ("0 */2 * * *", "Europe/Berlin"),
        ("30 2 * * *", "Europe/Berlin"),
        ("*/15 * * * 1", "Europe/Berlin"),
        ("*/15 * 1 * *", "Asia/Tokyo"),
        ("*/15 * * 1 *", "Asia/Tokyo"),
    ],
)
def test_not_the_same_in_utc(text, zone):
    """
    None where two offsets make two things of the minutes, or where days are restricted.
    """
    assert same_in_utc(Cron(text, timezone=zone).calendar) is None


@pytest.mark.parametrize(
    ("text", "zone", "dst", "same"),
    [
        ("*/15 * * * *", "Europe/Berlin", Dst(), True),
        ("*/15 * * * *", "Europe/Berlin", Dst(gap="next"), True),
        ("7 * * * *", "Europe/Berlin", Dst(gap="next"), False),
        ("7 * * * *", "Europe/Berlin", Dst(gap="shift"), True),
        ("*/15 * * * *", "Europe/Berlin", Dst(fold="first"), False),
        ("7 * * * *", "Asia/Kolkata", Dst(gap="next", fold="first"), True),
    ],
)
def test_policy(text, zone, dst, same):
    """
    A stated policy forbids UTC where it makes a difference, and nowhere else.
    """
    cron = Cron(text, timezone=zone, dst=dst)
    expected = Cron(text).calendar if zone == "Europe/Berlin" else Cron("37 * * * *").calendar
    assert (expected if same else None) == same_in_utc(cron.calendar)


def test_same_in_utc_by_two():
    """
    Minutes that are no product in UTC become a union.
    """
    found = same_in_utc(Cron("0,40 0-5 * * *", timezone="Asia/Kolkata").calendar)
    half = Calendar(minutes=30, hours=[18, 19, 20, 21, 22, 23])
    ten = Calendar(minutes=10, hours=[0, 19, 20, 21, 22, 23])
    assert {half, ten} == set(found.members)


@st.composite
def unrestricted(draw: st.DrawFn) -> Calendar:
    """
    Calendars that run every day, many of them evenly.
    """
    hours = [ANY, 2, range(0, 24, 2), range(1, 24, 3), range(0, 24, 12), [0, 1]]
    minutes = [0, 15, range(0, 60, 15), range(0, 60, 30), range(60), [0, 20]]
    policies = [None, Dst(), Dst(gap="next"), Dst(gap="shift"), Dst(fold="second")]
    return Calendar(
        minutes=draw(st.sampled_from(minutes)),
        hours=draw(st.sampled_from(hours)),
        timezone=draw(st.sampled_from([*FIXED, *MOVING])),
        dst=draw(st.sampled_from(policies)),
    )


@given(unrestricted())
def test_same_in_utc_is_complete(calendar):
    """
    There is a UTC schedule if and only if all days of UTC, near changes and far, have the same
    runs; and it has just these.
    """
    start, stop = horizon()
    changes = [change.epoch for change in Zone.of(calendar.timezone).changes(start, stop)]
    far = [sum(pair) // 2 for pair in pairwise(changes)]
    days = {each // 86_400 + near for each in (start, *changes, *far) for near in (-1, 0, 1)}
    found = {
        tuple(epoch % 86_400 for epoch in calendar.epochs(day * 86_400, day * 86_400 + 86_400))
        for day in days
        if start <= day * 86_400 < stop
    }
    same = same_in_utc(calendar)
    assert (len(found) == 1) == (same is not None)
    if same:
        assert found == {tuple(same.epochs(0, 86_400))}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"weekdays": 1}, {"weekdays": 0}),
        ({"weekdays": [0, 6]}, {"weekdays": [5, 6]}),
        ({"days": 15}, {"days": 14}),
        ({"days": 1}, {"days": -1}),
        ({"days": [1, 15]}, {"days": [-1, 14]}),
        ({"days": -1}, {"days": -2}),
        ({"days": 1, "months": [1, 3]}, {"days": -1, "months": [2, 12]}),
        ({"days": 31}, {"days": 30, "months": [1, 3, 5, 7, 8, 10, 12]}),
        (
            {"days": 15, "weekdays": 1, "day_rule": "any"},
            {"days": 14, "weekdays": 0, "day_rule": "any"},
        ),
        (
            {"days": 1, "weekdays": 1, "day_rule": "all"},
            {"days": -1, "weekdays": 0, "day_rule": "all"},
        ),
        (
            {"weekdays": NthWeekday("MON", 2)},
            {"days": range(7, 14), "weekdays": 0, "day_rule": "all"},
        ),
        (
            {"weekdays": NthWeekday("MON", -1)},
            {"days": range(-8, -1), "weekdays": 0, "day_rule": "all"},
        ),
        ({"days": [*range(1, 31), -1], "weekdays": 1, "day_rule": "any"}, {}),
    ],
)
def test_a_day_earlier(source, expected):
    """
    East of Greenwich early runs move to the day before, said as shortly as can be.
    """
    assert (Calendar(hours=16, minutes=0, **expected),) == shifted(in_tokyo(**source), -540)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"weekdays": 6}, [{"weekdays": 0}]),
        ({"days": -1}, [{"days": 1}]),
        ({"days": 28, "months": 2}, None),
        ({"days": 28, "months": 3}, [{"days": 29, "months": 3}]),
        ({"days": [28, 29], "months": 2}, [{"days": 29, "months": 2}, {"days": 1, "months": 3}]),
        (
            {"days": 30},
            [
                {"days": 31, "months": [1, 3, 8]},
                {"days": [1, 31], "months": [5, 7, 10, 12]},
            ],
        ),
        (
            {"days": 31, "months": [4, 12], "weekdays": 1, "day_rule": "all"},
            [{"days": 1, "months": 1, "weekdays": 2, "day_rule": "all"}],
        ),
        (
            {"days": 30, "months": 2, "weekdays": 1, "day_rule": "any"},
            [
                {"days": range(2, 30), "months": 2, "weekdays": 2, "day_rule": "all"},
                {"days": 1, "months": 3, "weekdays": 2, "day_rule": "all"},
            ],
        ),
    ],
)
def test_a_day_later(source, expected):
    """
    West of Greenwich late runs move to the day after, unless 29 February is in the way.
    """
    if expected is None:
        with pytest.raises(NotExpressibleError):
            shifted(far_west(**source), 720)
    else:
        found = shifted(far_west(**source), 720)
        assert {Calendar(hours=8, minutes=0, **days) for days in expected} == set(found)


def test_only_what_crosses_midnight_moves():
    """
    One schedule becomes two where a part of its times stays on its days.
    """
    source = Cron("0 1,12 * * 1-5", timezone="Asia/Tokyo")
    assert Union(
        Calendar(hours=16, minutes=0, weekdays=[0, 1, 2, 3, 4]),
        Calendar(hours=3, minutes=0, weekdays=[1, 2, 3, 4, 5]),
    ) == to_utc(source)


def test_two_days():
    """
    26 hours reach the second day before and after.
    """
    early = Calendar(hours=1, minutes=0, weekdays=3)
    late = Calendar(hours=23, minutes=0, days=30, months=12)
    assert (Calendar(hours=23, minutes=0, weekdays=1),) == shifted(early, -26 * 60)
    assert (Calendar(hours=1, minutes=0, days=1, months=1),) == shifted(late, 26 * 60)


def _sets(*values: object) -> st.SearchStrategy[object]:
    return st.just(ANY) | st.lists(st.sampled_from(values), min_size=1, max_size=4)


@st.composite
def bordering(draw: st.DrawFn) -> Calendar:
    """
    Calendars of days near the borders of months, at 12:00 UTC.
    """
    nth = [NthWeekday(weekday, n) for weekday in (0, 5) for n in (1, 2, 4, 5, -1, -5)]
    days = draw(_sets(1, 2, 14, 27, 28, 29, 30, 31, -1, -2, -28, -29, -30, -31))
    weekdays = draw(_sets(0, 1, 2, 6) | _sets(0, 3, *nth))
    both = days is not ANY and weekdays is not ANY
    try:
        return Calendar(
            minutes=0,
            hours=12,
            days=days,
            weekdays=weekdays,
            months=draw(_sets(1, 2, 3, 4, 12)),
            day_rule=draw(st.sampled_from(["any", "all"])) if both else None,
        )
    except NeverFiresError:
        return Calendar(minutes=0, hours=12, days=draw(st.sampled_from([28, 29])), months=2)


def check_move(calendar: Calendar, move: int) -> None:
    """
    The same days over 28 years, or a refusal where no calendars can say them.
    """
    target = np.roll(runs(calendar), move)
    try:
        found = shifted(calendar, move * 1_440)
    except NotExpressibleError:
        assert not sayable(target)
    else:
        assert (target == np.any([runs(each) for each in found], axis=0)).all()


def test_no_day_twice():
    """
    Where two calendars could both say a day, one of them does.
    """
    found = shifted(in_tokyo(months=[1, 5, 6, 7, 10]), -540)
    expected = (
        Calendar(hours=16, minutes=0, days=-1, months=[4, 5, 9, 12]),
        Calendar(hours=16, minutes=0, days=range(1, 31), months=[1, 5, 6, 7, 10]),
    )
    assert set(expected) == set(found)
    assert 1 == np.sum([runs(each) for each in found], axis=0).max()


@settings(max_examples=400)
@example(
    Calendar(minutes=0, hours=12, days=(-2, 29), weekdays=6, day_rule="all", timezone="UTC"), -1
)
@given(bordering(), st.sampled_from([-1, 1]))
def test_exact_or_impossible(calendar, move):
    """
    A day's move is exact over 28 years, and refused only where no words of a calendar do it.
    """
    check_move(calendar, move)


@pytest.mark.parametrize("move", [-1, 1])
@pytest.mark.parametrize("months", [ANY, 1, 2, 3, 4, (1, 2), (2, 3), (11, 12)])
def test_every_day_of_the_month(months, move):
    """
    Each day of a month, from its start and its end, alone and with the next, moves exactly or
    cannot move.
    """
    for day in [day for day in range(-31, 32) if day]:
        for days in ({day}, {day, day % 31 + 1}):
            try:
                calendar = Calendar(minutes=0, hours=12, days=days, months=months)
            except NeverFiresError:
                assert days <= {30, 31, -30, -31}
            else:
                check_move(calendar, move)


@given(bordering().filter(lambda found: found.weekdays is ANY), st.sampled_from([-1, 1]))
def test_one_where_one_does(calendar, move):
    """
    Days of the month become two calendars only where one cannot say them.
    """
    target = np.roll(runs(calendar), move)
    try:
        found = shifted(calendar, move * 1_440)
    except NotExpressibleError:
        return
    within = np.isin(MONTH, np.unique(MONTH[target]))
    all_words = [of_day(day) & within for day in range(-31, 32) if day]
    fitting = [word for word in all_words if not (word & ~target).any()]
    one = bool(fitting) and (np.any(fitting, axis=0) == target).all()
    assert one == (len(found) == 1)


def test_the_oracle_reads_calendars():
    """
    What this file takes for the days of a calendar are the days of the calendar.
    """
    for calendar in (
        Calendar(minutes=0, hours=0, days=[NearestWeekday(1), NearestWeekday(31), -29]),
        Calendar(minutes=0, hours=0, weekdays=[NthWeekday(1, 5), NthWeekday(2, -5), 3], months=2),
        Calendar(minutes=0, hours=0, days=[1, -1], weekdays=[0, 6], day_rule="all"),
        Calendar(minutes=0, hours=0, days=[29], weekdays=[NthWeekday(6, 1)], day_rule="any"),
    ):
        assert [calendar.matches(day) for day in YEARS] == runs(calendar).tolist()


@given(calendars(st.sampled_from(FIXED)))
def test_instants_in_fixed_zones(calendar):
    """
    In a zone of one offset the UTC schedule has the same instants, whatever words it was given in.
    """
    try:
        found = to_utc(calendar)
    except NotExpressibleError:
        assert calendar.days is not ANY or calendar.weekdays is not ANY
        assert calendar.months is ANY or {1, 2, 3} & set(calendar.months)
    else:
        assert "UTC" == found.timezone
        assert all(each.dst is None for each in found.calendars())
        assert list(calendar.epochs(START, STOP)) == list(found.epochs(START, STOP))


def test_fixed_zones_are_fixed():
    """
    The zones of these tests have one offset in the years compared.
    """
    assert all(Zone.of(zone).is_fixed(START, STOP) for zone in FIXED)
    assert not any(Zone.of(zone).is_fixed(START, STOP) for zone in MOVING)


@pytest.mark.parametrize(
    "when",
    [
        Cron("0 9 1 * 1"),
        Calendar(minutes=0, hours=9, days=-1, dst=Dst(gap="next")),
        Every("90m", "2026-01-01T00:00:00+05:30"),
        Once("2026-01-01T09:00:00+09:00"),
        Union(Cron("0 9 * * *"), Every("7h", "2026-01-01T00:00:00Z")),
        Window(Cron("0 9 * * *"), start="2026-01-01T00:00:00Z"),
    ],
)
def test_utc_stays(when):
    """
    What is in UTC, and what reads no clock, stays as it is.
    """
    assert when == to_utc(when)


def test_to_utc_of_unions_and_windows():
    """
    Members move one by one, and a window keeps its bounds.
    """
    every = Every("7h", "2026-01-01T00:00:00Z")
    union = Union(Cron("0 9 * * *", timezone="Asia/Tokyo"), every)
    expected = Union(Cron("0 0 * * *").calendar, every)
    assert expected == to_utc(union)
    bounds = {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    assert Window(expected, **bounds) == to_utc(Window(union, **bounds))


@pytest.mark.parametrize(
    ("calendar", "minutes", "sentence"),
    [
        (
            in_tokyo(days=29, months=2),
            -540,
            "At 01:00 on the 29th of the month in February, Asia/Tokyo time: "
            "01:00 there is 16:00 the day before in UTC, {reason}; "
            "the nearest wall time there that stays on its day is 09:00",
        ),
        (
            far_west(days=28),
            720,
            "At 20:00 on the 28th of the month, Etc/GMT+12 time: "
            "20:00 there is 08:00 the day after in UTC, {reason}; "
            "the nearest wall time there that stays on its day is 11:59",
        ),
        (
            Calendar(minutes=0, hours=[1, 23], days=29, timezone="Asia/Tokyo"),
            -1_560,
            "At 01:00 and 23:00 on the 29th of the month, Asia/Tokyo time: "
            "01:00 there is 23:00 two days before in UTC, {reason}; "
            "no wall time there stays on its day: plan it in UTC",
        ),
    ],
)
def test_refused_at_the_end_of_february(calendar, minutes, sentence):
    """
    Days that cannot move are refused with the nearest time that need not move them.
    """
    with pytest.raises(NotExpressibleError) as caught:
        shifted(calendar, minutes)
    assert "schedule.timezone" == caught.value.feature
    reason = "and as February has 28 or 29 days, no days of the month say which those are"
    assert sentence.format(reason=reason) == str(caught.value)


def test_the_nearest_time_need_not_move():
    """
    The time that a refusal names is the first, or the last, that is not refused.
    """
    for minute, hours, zone in ((0, 9, "Asia/Tokyo"), (59, 11, "Etc/GMT+12")):
        shown = Calendar(minutes=minute, hours=hours, days=[28, 29], timezone=zone, months=2)
        assert (shown.days, shown.months) == (to_utc(shown).days, to_utc(shown).months)
    for minute, hours, zone in ((59, 8, "Asia/Tokyo"), (0, 12, "Etc/GMT+12")):
        with pytest.raises(NotExpressibleError):
            to_utc(Calendar(minutes=minute, hours=hours, days=29, timezone=zone, months=2))


def test_refused_where_clocks_change():
    """
    A zone that changes its offset is refused with its first change and both times in UTC.
    """
    cron = Cron("30 1 * * 1-5", timezone="Europe/Berlin")
    with pytest.raises(NotExpressibleError) as caught:
        to_utc(Union(Cron("0 9 * * *"), cron))
    change = Zone.of("Europe/Berlin").changes(*horizon())[0]
    at = np.datetime64(change.epoch, "s")
    error = caught.value
    assert "schedule.timezone" == error.feature
    assert "At 01:30 on Monday to Friday, Europe/Berlin time" == error.culprit
    first = f"first at {str(at)[:16]}Z from +01:00 to +02:00"
    assert f"its offset from UTC changes, {first}" == error.reason
    assert error.cure == (
        "take a backend that knows time zones, or timezone='UTC': 01:30 there is "
        "00:30 while +01:00 holds, 23:30 the day before while +02:00 holds"
    )


@pytest.mark.parametrize("minutes", [1_561, -1_561, 60.0, True])
def test_refused_distance(minutes):
    """
    No two zones are more than 26 hours apart.
    """
    with pytest.raises(SpecError) as caught:
        shifted(Cron("0 9 * * *").calendar, minutes)
    assert "shifted, minutes" == caught.value.culprit
    assert f"{minutes!r} is no distance between two zones" == caught.value.reason
    assert "give -1560 to 1560" == caught.value.cure
