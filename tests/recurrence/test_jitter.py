"""
Jitter: one stable delay for all runs of a schedule; and the gaps between runs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.gaps import smallest_gap
from schedkit.recurrence.jitter import offset
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Cron, Every, Once, Union, Window
from schedkit.recurrence.zones import Dst


NEW_YEAR = "2026-01-01T00:00:00Z"
DAY = 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def texts(when) -> list[str]:
    return [native.text for native in ROBFIG.write(when)]


def test_one_seed_has_one_offset():
    """
    The offset is whole minutes within the limit, and depends on the seed alone.
    """
    when = Cron("0 9 * * *", "Europe/Berlin")
    offset.cache_clear()
    first = {seed: offset(when, 3_600, seed) for seed in map(str, range(200))}
    offset.cache_clear()
    again = {seed: offset(when, 3_600, seed) for seed in map(str, range(200))}
    shifts = {shift for shift, _ in first.values()}
    assert first == again
    assert set(range(60, 3_601, 60)) >= shifts
    assert len(shifts) > 50  # 200 seeds over 60 minutes


def test_a_known_offset():
    """
    The hash is fixed: another release of schedkit must not move anybody's runs.
    """
    shift, shifted = offset(Cron("0 9 * * 1-5", "Europe/Berlin"), 3_600, "acme/prod/nightly")
    expected = Calendar(
        minutes=shift // 60, hours=9, weekdays=range(1, 6), timezone="Europe/Berlin"
    )
    assert 1_260 == shift
    assert expected == shifted


@pytest.mark.parametrize("seed", "abcdefgh")
@pytest.mark.parametrize(
    ("cron", "zone", "limit"),
    [
        ("0 9 * * 1-5", "Europe/Berlin", 3_600),
        ("30 1 * * *", "Europe/Berlin", 7_200),
        ("*/15 * * * *", "Australia/Lord_Howe", 1_800),
        ("*/5 9-17 * * *", "America/New_York", 600),
        ("0 23 * * *", "Africa/Cairo", 7_200),
        ("0 0 1,15 * 1", "UTC", 86_400),
    ],
)
def test_every_run_is_delayed_within_the_limit(cron, zone, limit, seed):
    """
    Over a year with both changes of the clocks there is one later run for each run, on the same
    day.
    """
    when = Cron(cron, zone)
    shift, shifted = offset(when, limit, seed)
    start, stop = at("2026-01-02T00:00:00Z"), at("2027-01-02T00:00:00Z")
    runs = list(when.epochs(start, stop))
    later = list(shifted.epochs(start + shift, stop + shift))
    assert len(runs) == len(later)
    assert all(0 < after - run <= limit for run, after in zip(runs, later, strict=True))
    calendars = shifted.calendars()
    masks = [calendar.minute_mask for calendar in calendars]
    assert when.calendar.minute_mask << shift // 60 == sum(masks)
    assert len(calendars) == 1


def test_keeps_away_from_the_hours_at_which_clocks_change():
    """
    A run at 01:30 in Berlin is never moved into the hour that the clocks skip or repeat.
    """
    shifted = [offset(Cron("30 1 * * *", "Europe/Berlin"), 7_200, str(n))[1] for n in range(60)]
    hours = {calendar.hours for calendar in shifted}
    assert {(1,)} == hours
    late = offset(Cron("30 1 * * *", "Europe/Berlin", dst=Dst(fold="first")), 3_600, "a")[1]
    assert Dst(fold="first") == late.dst


def test_a_shift_that_breaks_the_product():
    """
    Where no minute fits into one calendar, a few calendars make up the shifted schedule.
    """
    shift, shifted = offset(Cron("*/30,59 0-22 * * *"), 60, "x")
    assert 60 == shift
    assert ["1,31 0-22 * * *", "0 1-23 * * *"] == sorted(texts(shifted), key=len, reverse=True)


def test_intervals_instants_and_unions():
    """
    An interval moves its anchor, a single run itself, and a union all its members alike.
    """
    every, once = Every("90m", NEW_YEAR), Once(NEW_YEAR)
    shift, shifted = offset(Union(every, once, Cron("0 9 * * *")), 600, "s")
    assert 60 <= shift <= 600
    start = at("2026-01-01T00:00:00Z")
    moved = Union(*shifted.members)
    original = sorted(
        {*every.epochs(start, start + DAY), *once.epochs(start, start + DAY)} | {start + 9 * 3_600}
    )
    assert [run + shift for run in original] == list(
        moved.epochs(start + shift, start + shift + DAY)
    )


@pytest.mark.parametrize(
    ("cron", "limit", "sentence"),
    [
        (
            "0 9 * * *",
            59,
            "jitter 59s: schedules fire on whole minutes; give at least 1m",
        ),
        (
            "59 23 * * *",
            3_600,
            (
                "jitter 1h: no such delay keeps each run on its own day, and runs one to one when "
                "the clocks change; run earlier in the day, keep away from the hours at which "
                "clocks change, or leave it out"
            ),
        ),
    ],
)
def test_refuses_a_jitter_that_cannot_be(cron, limit, sentence):
    """
    Less than a minute, and a run that would leave its day, are refused.
    """
    with pytest.raises(NotExpressibleError) as caught:
        offset(Cron(cron), limit, "s")
    assert "schedule.jitter" == caught.value.feature
    assert sentence == str(caught.value)


@pytest.mark.parametrize("cron", ["59 1 * * *", "59 2 * * *"])
def test_refuses_what_a_change_would_double_or_lose(cron):
    """
    In spring a minute after 01:59 is skipped, and a minute after 02:59, itself skipped, is not.
    """
    with pytest.raises(NotExpressibleError, match="when the clocks change"):
        offset(Cron(cron, "Europe/Berlin"), 60, "s")


def test_refuses_a_delay_that_a_change_eats_up():
    """
    Runs moved to the end of the gap, with and without the delay, would start at once.
    """
    late = Cron("10 2 * * *", "Australia/Lord_Howe", dst=Dst(gap="next", fold="first"))
    with pytest.raises(NotExpressibleError, match="when the clocks change"):
        offset(late, 60, "s")


BERLIN, TOKYO = "Europe/Berlin", "Asia/Tokyo"
FOUR_YEARS, EIGHT_YEARS = 1_461 * DAY, 2_921 * DAY
LEAP_MONDAY = Calendar(
    minutes=0, hours=9, days=29, months=2, weekdays=1, day_rule="all", timezone=BERLIN
)


@pytest.mark.parametrize(
    ("when", "smallest", "largest"),
    [
        (Cron("* * * * *"), 60, 60),
        (Cron("* * * * *", BERLIN), 60, 60),
        (Cron("*/15 * * * *", BERLIN), 900, 900),
        (Cron("*/7 * * * *"), 240, 420),
        (Cron("0 9 * * *"), DAY, DAY),
        (Cron("0 9 * * *", BERLIN), 23 * 3_600, 25 * 3_600),
        (Cron("30 2 * * *", BERLIN), 3_600, 47 * 3_600),
        (Cron("0 9 * * 1-5"), DAY, 3 * DAY),
        (Cron("0 9-17 * * *"), 3_600, 16 * 3_600),
        (Cron("0 0 1 * *"), 28 * DAY, 31 * DAY),
        (Cron("0 0 1 1 *"), 365 * DAY, 366 * DAY),
        (Cron("0 0 29 2 *"), FOUR_YEARS, EIGHT_YEARS),
        (Cron("0 0 29 2 *", BERLIN), FOUR_YEARS, EIGHT_YEARS),
        (LEAP_MONDAY, 4_382 * DAY, 14_609 * DAY),
        (Every("90m", NEW_YEAR), 5_400, 5_400),
        (Every("7m", NEW_YEAR), 420, 420),
        (Once(NEW_YEAR), 0, 0),
        (Union(Every("90m", NEW_YEAR), Cron("0 0 * * *")), 5_400, 5_400),
        (Union(Cron("0 9 * * *"), Cron("5 9 * * 1")), 300, DAY),
        (Union(Cron("0 9 * * *"), Cron("0 9 * * *", TOKYO)), 9 * 3_600, 15 * 3_600),
        (Union(Once(NEW_YEAR), Once("2026-01-01T00:10:00Z")), 600, 600),
    ],
)
def test_gaps(when, smallest, largest):
    """
    The smallest and the largest gap between runs, in seconds, over every kind of year and the
    changes.
    """
    assert (smallest, largest) == smallest_gap(when)


def test_a_window_moves_with_its_runs():
    """
    A run just before the end still runs, later; none is added at the start.
    """
    day = Cron("0 9 * * *")
    window = Window(day, start="2026-03-01T09:00:00Z", end="2026-03-03T09:00:00Z")
    shift, shifted = offset(window, 600, "seed")
    assert (shift, shifted.when) == offset(day, 600, "seed")
    start, stop = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    later = [run - timedelta(seconds=shift) for run in shifted.between(start, stop)]
    assert list(window.between(start, stop)) == later
