"""
The reader for platforms whose search is right.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unixlaws import KINDS, at

from schedkit.recurrence import Calendar, Dst, NearestWeekday, NthWeekday, Zone
from schedkit.recurrence.dialects.wall import YEARS, Days, Wall
from schedkit.recurrence.instants import epochs
from schedkit.recurrence.zones import FIRST, LAST
from schedkit.testing import strategies


NINE = 1 << 540
POLICIES = st.builds(
    Dst,
    gap=st.sampled_from(["skip", "next", "shift"]),
    fold=st.sampled_from(["first", "second", "both"]),
)


def items_of(calendar: Calendar) -> Days:
    """
    What a native would name for the days of a calendar.
    """
    doms = dows = None
    if isinstance(calendar.days, tuple):
        doms = tuple(
            ("nearest", each.day)
            if isinstance(each, NearestWeekday)
            else ("last", -each)
            if each < 0
            else ("day", each)
            for each in calendar.days
        )
    if isinstance(calendar.weekdays, tuple):
        dows = tuple(
            ("nth", each.weekday, each.n) if isinstance(each, NthWeekday) else ("weekday", each)
            for each in calendar.weekdays
        )
    months = calendar.months if isinstance(calendar.months, tuple) else range(1, 13)
    return Days(doms, tuple(months), dows, calendar.day_rule or "any")


@given(strategies.calendars(st.just("UTC")))
def test_days_are_those_of_the_calendar(calendar):
    """
    Looked up day by day, on all 14 kinds of year.
    """
    wall = Wall(Zone.of("UTC"), NINE, items_of(calendar))
    for kind in KINDS:
        assert calendar.year_days(*kind) == wall.year_days(*kind)


@settings(max_examples=60)
@given(strategies.calendars(), POLICIES, st.integers(2026, 2029))
def test_runs_are_those_of_the_calendar(calendar, policy, year):
    """
    Under any policy, in zones of every manner of changing clocks, over a year.
    """
    asked = Calendar(
        minutes=calendar.minutes,
        hours=calendar.hours,
        days=calendar.days,
        months=calendar.months,
        weekdays=calendar.weekdays,
        day_rule=calendar.day_rule,
        timezone=calendar.timezone,
        dst=policy,
    )
    wall = Wall(Zone.of(asked.timezone), asked.minute_mask, items_of(asked), policy)
    start, stop = at(f"{year}-01-01T00:00:00Z"), at(f"{year + 1}-01-01T00:00:00Z")
    assert list(epochs(asked, start, stop)) == list(wall.fires(start, stop))


def lasts(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


MARKS = (
    (("last", 1), lambda day: day == lasts(day.year, day.month)),
    (("last", 3), lambda day: day == lasts(day.year, day.month) - timedelta(days=2)),
    (("final", 5), lambda day: day.isoweekday() == 5 and (day + timedelta(7)).month != day.month),
    (("nth", 1, -2), lambda day: day.isoweekday() == 1
     and (day + timedelta(7)).month == day.month != (day + timedelta(14)).month),
    (("workday", 0), lambda day: day.isoweekday() < 6 and day == max(
        each for each in (lasts(day.year, day.month) - timedelta(back) for back in range(3))
        if each.isoweekday() < 6)),
    (("beyond", 31), lambda day: day.month in {4, 6, 9, 11} and day.day == 30
     and day.isoweekday() == 5),
)  # fmt: skip


@pytest.mark.parametrize(("item", "rule"), MARKS, ids=[str(row[0]) for row in MARKS])
def test_marks_name_their_days(item, rule):
    """
    Against the calendar of Python, on all 14 kinds of year.
    """
    field = "dows" if item[0] in {"final", "nth"} else "doms"
    wall = Wall(Zone.of("UTC"), NINE, Days(**{field: (item,)}))
    for kind, year in YEARS.items():
        days = (date(year, 1, 1) + timedelta(days=index) for index in range(365 + kind[1]))
        assert sum(rule(day) << n for n, day in enumerate(days)) == wall.year_days(*kind)


def test_nearest_weekday_stays_in_its_month():
    """
    1 August 2026 is a Saturday, 31 May 2026 a Sunday: Monday the 3rd, Friday the 29th.
    """
    wall = Wall(Zone.of("UTC"), NINE, Days(doms=(("nearest", 1), ("nearest", 31))))
    found = list(wall.fires(at("2026-08-01T00:00:00Z"), at("2026-08-08T00:00:00Z")))
    assert [at("2026-08-03T09:00:00Z")] == found
    found = list(wall.fires(at("2026-05-25T00:00:00Z"), at("2026-06-01T00:00:00Z")))
    assert [at("2026-05-29T09:00:00Z")] == found


def test_an_unknown_item_is_loud():
    """
    A mistake of a dialect's author.
    """
    with pytest.raises(AssertionError):
        Wall(Zone.of("UTC"), NINE, Days(doms=(("moon", 1),))).year_days(0, leap=False)


def test_bounds_are_from_and_before():
    """
    A run at `begins` runs, one at `ends` does not; nothing is between bounds that meet.
    """
    days = [at(f"2026-01-0{day}T09:00:00Z") for day in (1, 2, 3)]
    utc = Zone.of("UTC")
    bounded = Wall(utc, NINE, Days(), begins=days[0], ends=days[2])
    assert days[:2] == list(bounded.fires(0, 1 << 33))
    assert [days[0], days[1], None] == [bounded.next(t) for t in (0, days[0], days[1])]
    assert [] == list(Wall(utc, NINE, Days(), begins=days[1], ends=days[1]).fires(0, 1 << 33))


def test_runs_from_the_first_year_to_the_last():
    """
    Whatever is asked for; what no clock of Python shows is never.
    """
    wall = Wall(Zone.of("Europe/Berlin"), NINE, Days(doms=(("day", 1),), months=(1,)))
    edges = (-(1 << 60), FIRST - 1, LAST - 1, LAST, 1 << 60)
    found = [wall.next(edge) for edge in edges]
    years = [None if run is None else datetime.fromtimestamp(run, UTC).year for run in found]
    assert [None, 2, None, None, None] == years
    assert [] == list(wall.fires(LAST, 1 << 60))


def test_the_search_goes_far_enough():
    """
    29 February is a Sunday once in 28 years; 30 February is never.
    """
    both = Days(doms=(("day", 29),), months=(2,), dows=(("weekday", 0),), rule="all")
    wall = Wall(Zone.of("UTC"), NINE, both)
    assert at("2032-02-29T09:00:00Z") == wall.next(at("2004-02-29T09:00:00Z"))
    assert at("2060-02-29T09:00:00Z") == wall.next(at("2032-02-29T09:00:00Z"))
    never = Wall(Zone.of("UTC"), NINE, Days(doms=(("day", 30),), months=(2,)))
    assert never.next(0) is None
