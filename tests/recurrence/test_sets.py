# ruff: noqa: E501  a row is one case

from __future__ import annotations

import copy
import pickle
from calendar import isleap, monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedkit.exceptions import NeverFiresError, SpecError, TimeZoneError
from schedkit.recurrence import (
    ANY,
    Calendar,
    Dst,
    LastDay,
    LastWeekday,
    NearestWeekday,
    NthWeekday,
)


def midnight(**fields):
    return Calendar(minutes=0, hours=0, **fields)


def dates(calendar, year):
    """
    The matching days of a year, "MM-DD".
    """
    first = date(year, 1, 1)
    every = (first + timedelta(days=n) for n in range(365 + isleap(year)))
    return [f"{day:%m-%d}" for day in every if calendar.matches(day)]


def test_normal_form():
    """
    Values become sorted tuples without doubles, names become numbers, Sunday is 0.
    """
    calendar = Calendar(
        minutes=[30, 0, 30],
        hours=9,
        days=[NearestWeekday(15), LastDay(), 3, 3],
        months=["dec", "JAN", 1],
        weekdays=[7, "mon", NthWeekday("FRI", -1), LastWeekday(5)],
        day_rule="any",
    )
    assert (0, 30) == calendar.minutes
    assert (9,) == calendar.hours
    assert (-1, 3, NearestWeekday(15)) == calendar.days
    assert (1, 12) == calendar.months
    assert (0, 1, NthWeekday(5, -1)) == calendar.weekdays
    assert "any" == calendar.day_rule
    assert "UTC" == calendar.timezone
    assert (calendar,) == calendar.calendars()


def test_any():
    """
    A field that restricts nothing is ANY, or every minute and hour.
    """
    calendar = Calendar(
        minutes=ANY,
        hours=ANY,
        days=range(1, 32),
        months=range(1, 13),
        weekdays=range(7),
        day_rule="all",
    )
    assert Calendar(minutes=ANY, hours=ANY) == calendar
    assert (tuple(range(60)), tuple(range(24))) == (calendar.minutes, calendar.hours)
    assert ANY is calendar.days is calendar.months is calendar.weekdays
    assert "ANY" == repr(calendar.days)
    assert calendar.day_rule is None
    assert (1 << 1440) - 1 == calendar.minute_mask


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"days": range(1, 32), "weekdays": 1, "day_rule": "any"}, {}),
        ({"days": 1, "weekdays": range(7), "day_rule": "any"}, {}),
        ({"days": range(1, 32), "weekdays": 1, "day_rule": "all"}, {"weekdays": 1}),
        ({"days": 1, "weekdays": range(7), "day_rule": "all"}, {"days": 1}),
        ({"days": 1, "day_rule": "any"}, {"days": 1}),
        ({"weekdays": 1, "day_rule": "all"}, {"weekdays": 1}),
    ],
)
def test_day_rule_is_settled(fields, same):
    """
    A rule that decides nothing is gone from the normal form.
    """
    assert midnight(**same) == midnight(**fields)


@pytest.mark.parametrize(
    ("fields", "year", "expected"),
    [
        ({"days": LastDay(), "months": [1, 2, 4]}, 2026, ["01-31", "02-28", "04-30"]),
        ({"days": -29, "months": [2, 3]}, 2028, ["02-01", "03-03"]),
        ({"days": -29, "months": [2, 3]}, 2026, ["03-03"]),
        ({"days": [31, -31], "months": [3, 4]}, 2026, ["03-01", "03-31"]),
        ({"weekdays": NthWeekday("MON", 2), "months": [1, 2]}, 2026, ["01-12", "02-09"]),
        ({"weekdays": NthWeekday("THU", 5)}, 2026, ["01-29", "04-30", "07-30", "10-29", "12-31"]),
        ({"weekdays": NthWeekday("SUN", 5), "months": 2}, 2032, ["02-29"]),
        ({"weekdays": LastWeekday("FRI"), "months": [1, 2]}, 2026, ["01-30", "02-27"]),
        ({"weekdays": NthWeekday("FRI", -5), "months": [1, 2]}, 2026, ["01-02"]),
        (
            {"days": NearestWeekday(15), "months": [1, 2, 3, 8]},
            2026,
            ["01-15", "02-16", "03-16", "08-14"],
        ),
        ({"days": NearestWeekday(1), "months": [2, 8]}, 2026, ["02-02", "08-03"]),
        ({"days": NearestWeekday(31), "months": [1, 4, 5, 10]}, 2026, ["01-30", "05-29", "10-30"]),
        ({"days": 13, "weekdays": "FRI", "day_rule": "all"}, 2026, ["02-13", "03-13", "11-13"]),
        (
            {"days": 13, "weekdays": "FRI", "day_rule": "any", "months": 2},
            2026,
            ["02-06", "02-13", "02-20", "02-27"],
        ),
        ({"days": 29, "months": 2}, 2028, ["02-29"]),
        ({"days": 29, "months": 2}, 2027, []),
        (
            {
                "days": [1, LastDay()],
                "weekdays": NthWeekday(0, 1),
                "day_rule": "all",
                "months": [2, 3],
            },
            2026,
            ["02-01", "03-01"],
        ),
    ],
)
def test_days(fields, year, expected):
    """
    Days from the end, nth, last and nearest weekdays are those on the calendar on the wall.
    """
    assert expected == dates(midnight(**fields), year)


@given(
    days=st.one_of(
        st.just(ANY),
        st.lists(
            st.sampled_from([*range(1, 29), -1, -2, NearestWeekday(9)]), min_size=1, max_size=4
        ),
    ),
    weekdays=st.one_of(
        st.just(ANY),
        st.lists(st.sampled_from([*range(7), NthWeekday(2, 2)]), min_size=1, max_size=4),
    ),
    months=st.one_of(st.just(ANY), st.lists(st.integers(1, 12), min_size=1, max_size=4)),
    rule=st.sampled_from(["any", "all"]),
    year=st.integers(1900, 2200),
)
def test_year_days(days, weekdays, months, rule, year):
    """
    The bits of the kind of year are the days that match, and each rule is what sets say.
    """
    try:
        calendar = midnight(days=days, weekdays=weekdays, months=months, day_rule=rule)
    except NeverFiresError:
        assert "all" == rule
        return
    first = date(year, 1, 1)
    every = [first + timedelta(days=n) for n in range(365 + isleap(year))]
    weekday = first.isoweekday() % 7
    bits = calendar.year_days(weekday, isleap(year))
    found = [every[n] for n in range(366) if bits >> n & 1]
    assert [day for day in every if calendar.matches(day)] == found
    assert tuple(found) == tuple(every[n] for n in calendar.day_numbers(weekday, isleap(year)))
    for day in every[::17]:
        wanted = [_slow_day(item, day) for item in ([] if days is ANY else days)]
        weekly = [_slow_weekday(item, day) for item in ([] if weekdays is ANY else weekdays)]
        chosen = [any(list_) for list_ in (wanted, weekly) if list_] or [True]
        month = months is ANY or day.month in months
        assert (month and (any if rule == "any" else all)(chosen)) == calendar.matches(day)


def _slow_day(item, day):
    length = monthrange(day.year, day.month)[1]
    if isinstance(item, int):
        return day.day == (item if item > 0 else length + 1 + item)
    month = [day.replace(day=n) for n in range(1, length + 1)]
    office = [other for other in month if other.isoweekday() < 6]
    wanted = day.replace(day=item.day)
    return day == min(office, key=lambda other: abs(other - wanted))


def _slow_weekday(item, day):
    if isinstance(item, int):
        return day.isoweekday() % 7 == item
    return day.isoweekday() % 7 == item.weekday and (day.day + 6) // 7 == item.n


OUT_OF_RANGE = [
    ({"minutes": 60}, "Calendar, minutes: 60 is out of range; give 0 to 59"),
    ({"minutes": [0, -1]}, "Calendar, minutes: -1 is out of range; give 0 to 59"),
    ({"hours": 24}, "Calendar, hours: 24 is out of range; give 0 to 23"),
    ({"minutes": "5"}, "Calendar, minutes: '5' is str, not an int; give 0 to 59"),
    ({"minutes": True}, "Calendar, minutes: True is bool, not an int; give 0 to 59"),
    ({"hours": None}, "Calendar, hours: None is NoneType, not an int; give 0 to 23"),
    ({"hours": 1.5}, "Calendar, hours: 1.5 is float, not an int; give 0 to 23"),
    ({"minutes": []}, "Calendar, minutes: is empty, so nothing ever runs; give one, or ANY"),
    ({"hours": ()}, "Calendar, hours: is empty, so nothing ever runs; give one, or ANY"),
    ({"days": []}, "Calendar, days: is empty, so nothing ever runs; give one, or ANY"),
    ({"months": []}, "Calendar, months: is empty, so nothing ever runs; give one, or ANY"),
    ({"weekdays": []}, "Calendar, weekdays: is empty, so nothing ever runs; give one, or ANY"),
    ({"days": 0}, "Calendar, days: there is no day 0; give 1 to 31, or -1 for the last"),
    ({"days": 32}, "Calendar, days: 32 is out of range; give -31 to 31"),
    ({"days": -32}, "Calendar, days: -32 is out of range; give -31 to 31"),
    ({"days": NthWeekday("MON", 1)}, "Calendar, days: NthWeekday(weekday=1, n=1) is NthWeekday, not an int; give -31 to 31"),
    ({"months": 13}, "Calendar, months: 13 is out of range; give 1 to 12"),
    ({"months": "JANUARY"}, "Calendar, months: 'JANUARY' is not a three-letter name; did you mean 'JAN'?"),
    ({"months": "XXX"}, "Calendar, months: 'XXX' is not a three-letter name; write one of JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC"),
    ({"weekdays": 8}, "Calendar, weekdays: 8 is out of range; give 0 to 7"),
    ({"weekdays": "MON-FRI"}, "Calendar, weekdays: 'MON-FRI' is not a three-letter name; did you mean 'MON'?"),
    ({"weekdays": "TEU"}, "Calendar, weekdays: 'TEU' is not a three-letter name; did you mean 'TUE'?"),
    ({"weekdays": NearestWeekday(1)}, "Calendar, weekdays: NearestWeekday(day=1) is NearestWeekday, not an int; give 0 to 7"),
    ({"days": 1, "weekdays": 1}, "Calendar, day_rule: days and weekdays are both given: does a day need one of them, or both; say day_rule='any' or day_rule='all'"),
    ({"day_rule": "either"}, "Calendar, day_rule: 'either' is not a word here; known words: any, all"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "sentence"), OUT_OF_RANGE)
def test_refused(fields, sentence):
    """
    A value that no calendar has is refused with its field and what to give.
    """
    with pytest.raises(SpecError) as caught:
        Calendar(**{"minutes": 0, "hours": 0, **fields})
    assert SpecError is type(caught.value)
    assert sentence.strip() == str(caught.value)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: NthWeekday("MON", 6), "NthWeekday, n: 6 is out of range; give -5 to 5"),
        (lambda: NthWeekday("MON", 0), "NthWeekday, n: there is no 0th weekday; give 1 to 5 or -1 to -5"),
        (lambda: NthWeekday("MO", 1), "NthWeekday, weekday: 'MO' is not a three-letter name; did you mean 'MON'?"),
        (lambda: LastWeekday(9), "NthWeekday, weekday: 9 is out of range; give 0 to 7"),
        (lambda: NearestWeekday(0), "NearestWeekday, day: 0 is out of range; give 1 to 31"),
    ],
)  # fmt: skip
def test_special_days_refused(make, sentence):
    """
    Special days are checked when they are made.
    """
    with pytest.raises(SpecError) as caught:
        make()
    assert sentence == str(caught.value)


@pytest.mark.parametrize(
    ("fields", "culprit", "last"),
    [
        ({"days": 30, "months": 2}, "days (30,), months (2,), weekdays ANY", "29 Feb"),
        ({"days": NearestWeekday(31), "months": 4}, "days (NearestWeekday(day=31),), months (4,), weekdays ANY", "30 Apr"),
        ({"days": 20, "weekdays": NthWeekday(1, 1), "day_rule": "all", "months": 1}, "days (20,), months (1,), weekdays (NthWeekday(weekday=1, n=1),)", "31 Jan"),
    ],
)  # fmt: skip
def test_never_fires(fields, culprit, last):
    """
    Days that no year has are refused with the last one that there is.
    """
    with pytest.raises(NeverFiresError) as caught:
        midnight(**fields)
    assert (
        f"{culprit}: no year has such a day; the last valid day is {last}; days=-1 is the last day of any month"
        == str(caught.value)
    )


def test_bad_zone():
    """
    The zone is checked when the calendar is made.
    """
    with pytest.raises(TimeZoneError):
        midnight(timezone="CET")


def test_copies_are_equal():
    """
    A calendar survives copy and pickle, also after it has been asked, and hashes by value.
    """
    calendar = midnight(weekdays="MON", timezone="Europe/Berlin", dst=Dst(fold="first"))
    list(calendar.epochs(0, 10**7))
    for other in (copy.deepcopy(calendar), pickle.loads(pickle.dumps(calendar))):
        assert calendar == other
        assert hash(calendar) == hash(other)
        assert list(calendar.epochs(0, 10**7)) == list(other.epochs(0, 10**7))


def test_minute_mask():
    """
    One bit for each minute of the day.
    """
    assert 1 << 61 | 1 << 121 == Calendar(minutes=1, hours=(1, 2)).minute_mask
