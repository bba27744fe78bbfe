# ruff: noqa: E501  a row is one case
"""
A schedule with a beginning and an end.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedkit.exceptions import SpecError
from schedkit.recurrence import Cron, Every, Once, Union, Window
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NINE = Cron("0 9 * * *", "Europe/Berlin")
START, END = "2026-05-01T07:00:00Z", "2026-05-03T07:00:00Z"
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def test_start_counts_and_end_does_not():
    """
    A run at the start is one; a run at the end is none.
    """
    runs = list(Window(NINE, START, END).between(MAY - timedelta(9), MAY + timedelta(9)))
    assert ["2026-05-01T09:00:00+02:00", "2026-05-02T09:00:00+02:00"] == [
        run.isoformat() for run in runs
    ]


def test_one_bound():
    """
    Without a start it begins with time, without an end it never ends.
    """
    before, after = Window(NINE, end=START), Window(NINE, start=START)
    assert NINE.next(3, after=MAY)[1:] == after.next(3, after=MAY)[1:]
    assert [] == before.next(1, after=datetime(2026, 5, 1, 7, tzinfo=UTC))
    assert NINE.next(1, after=datetime(2020, 1, 1, tzinfo=UTC)) == before.next(
        1, after=datetime(2020, 1, 1, tzinfo=UTC)
    )


@settings(max_examples=150, deadline=None, database=None)
@given(strategies.whens(), st.integers(-40, 40), st.integers(-40, 40))
def test_any_window_is_a_cut(when, begin, end):
    """
    Exactly the runs between the bounds.
    """
    start, stop = MAY + timedelta(hours=begin), MAY + timedelta(hours=end, seconds=1)
    low, high = (int((MAY + timedelta(days=days)).timestamp()) for days in (-2, 2))
    runs = list(when.epochs(low, high))
    for first, last in ((start, None), (None, stop), (start, stop)):
        if first and last and first >= last:
            continue
        a = first.timestamp() if first else low
        b = last.timestamp() if last else high
        assert [run for run in runs if a <= run < b] == list(
            Window(when, first, last).epochs(low, high)
        )


def test_bounds_are_kept_in_utc():
    """
    Whatever the offset they are written with; equal windows are equal and of one hash.
    """
    berlin = timezone(timedelta(hours=2))
    window = Window(NINE, datetime(2026, 5, 1, 9, tzinfo=berlin), "2026-05-03T09:00:00+02:00")
    assert (Window(NINE, START, END), UTC) == (window, window.start.tzinfo)
    assert hash(Window(NINE, START, END)) == hash(window)
    assert (1777618800, 1777791600) == window.bounds
    assert (None, 1777791600) == Window(NINE, end=END).bounds


def test_it_shows_what_it_bounds():
    """
    Zone, calendars and sentence are those of the schedule inside.
    """
    window = Window(NINE, START)
    assert ("Europe/Berlin", NINE.calendars()) == (window.timezone, window.calendars())
    inside = "At 09:00 every day, Europe/Berlin time"
    assert f"{inside}, from {START} on." == window.explain()
    assert f"{inside}, before {END}." == Window(NINE, end=END).explain()
    assert f"{inside}, from {START} on and before {END}." == Window(NINE, START, END).explain()


@pytest.mark.parametrize(
    "inside", [Every("7m", START), Once(START), Union(NINE, Once("2026-05-02T00:00:00Z"))]
)
def test_anything_else_has_a_window(inside):
    """
    Intervals, single instants and unions too.
    """
    low, high = (int((MAY + timedelta(days=days)).timestamp()) for days in (-2, 5))
    window = Window(inside, START, END)
    first, last = window.bounds
    expected = [run for run in inside.epochs(low, high) if first <= run < last]
    assert expected == list(window.epochs(low, high))
    assert expected


WRONG = [
    ((NINE,), "Window", "has neither start nor end", "give one of them"),
    ((NINE, START, START), "Window", "ends at its start or before it, so nothing ever runs", "give a later end"),
    ((NINE, END, START), "Window", "ends at its start or before it, so nothing ever runs", "give a later end"),
    (("0 9 * * *", START), "Window, when", "str is no schedule that could have a window", "pass Cron, Calendar, Every, Once or Union"),
    ((Window(NINE, START), START), "Window, when", "Window is no schedule that could have a window", "pass Cron, Calendar, Every, Once or Union"),
    ((NINE, "soon"), "Window, start", "'soon' is not an RFC 3339 instant", "write '2026-01-31T09:00:00Z', or an aware datetime"),
    ((NINE, None, 17), "Window, end", "17 is int, not an instant", "write '2026-01-31T09:00:00Z', or an aware datetime"),
    ((NINE, "2026-05-01T07:00:00.5Z"), "Window, start", "has a fraction of a second", "write 2026-05-01T07:00:00+00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "culprit", "reason", "cure"), WRONG)
def test_wrong(words, culprit, reason, cure):
    """
    Bounds that leave nothing, and what is no schedule, are refused.
    """
    with pytest.raises(SpecError) as caught:
        Window(*words)
    assert SpecError is type(caught.value)
    assert (culprit, reason, cure) == caught.value.args


def test_a_window_is_no_member_of_a_union():
    """
    The window goes around it.
    """
    with pytest.raises(SpecError) as caught:
        Union(NINE, Window(NINE, START))
    cure = "put the window around the union: Window(Union(...), start=...)"
    assert ("Union", "a member has a window of its own", cure) == caught.value.args


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ({"StartDate": "2027-01-01T00:00:00Z"}, True),
        ({"StartDate": "2027-01-01T00:05:00Z"}, False),
        ({"StartDate": "2027-01-01T00:00:00Z", "EndDate": "2028-01-01T00:00:00Z"}, False),
        ({}, False),
    ],
)
def test_a_bounded_interval_is_proved_by_its_ends(more, holds):
    """
    Interval, first run and last run decide; nothing between them is looked at.
    """
    when = Window(Every("7m", "2027-01-01T00:00:00Z"), start="2026-12-31T23:58:00Z")
    proof = prove(when, [Native("rate(7 minutes)", "UTC", more)], EVENTBRIDGE)
    assert (holds, int(holds)) == (proof.holds, proof.intervals)
