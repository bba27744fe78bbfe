# ruff: noqa: E501  a row is one case
"""
A schedule as the Python that makes it.
"""

from __future__ import annotations

import pytest
import random_schedules
from hypothesis import given, settings

import schedkit as sk
from schedkit.recurrence.spell import cron_text, spelled
from schedkit.testing import strategies


NAMES = {name: getattr(sk, name) for name in sk.__all__}
DST = sk.Dst(gap="next")
DAYS = [1, -1, -2, sk.NearestWeekday(15)]
WEEKDAYS = ["MON", sk.NthWeekday("MON", 2), sk.LastWeekday("FRI")]
YEAR = "2026-01-01T00:00:00Z"
SPELLED = [
    (sk.Cron("0 9 * * *"), "Cron('0 9 * * *')"),
    (sk.Cron("@hourly"), "Cron('0 * * * *')"),
    (sk.Cron("*/15 9-17 * * MON-FRI", timezone="Europe/Berlin", dst=DST), "Cron('*/15 9-17 * * 1-5', timezone='Europe/Berlin', dst=Dst(gap='next', fold='both'))"),
    (sk.Cron("0 9 1 * 1"), "Cron('0 9 1 * 1')"),
    (sk.Cron("0 9 1 * 1", day_rule="all"), "Cron('0 9 1 * 1', day_rule='all')"),
    (sk.Calendar(minutes=0, hours=9, months="JAN"), "Cron('0 9 * 1 *')"),
    (sk.Calendar(minutes=[0, 5], hours=9, days=-1), "Calendar(minutes=[0, 5], hours=9, days=LastDay())"),
    (sk.Calendar(minutes=0, hours=9, days=DAYS, months=["JAN", 6], weekdays=WEEKDAYS, day_rule="all", timezone="Asia/Tokyo", dst=DST), "Calendar(minutes=0, hours=9, days=[-2, LastDay(), 1, NearestWeekday(15)], months=['JAN', 'JUN'], weekdays=['MON', NthWeekday('MON', 2), LastWeekday('FRI')], day_rule='all', timezone='Asia/Tokyo', dst=Dst(gap='next', fold='both'))"),
    (sk.Every("90m", YEAR), "Every('1h30m', '2026-01-01T00:00:00Z')"),
    (sk.Once("2026-01-01T00:00:00+01:00"), "Once('2025-12-31T23:00:00Z')"),
    (sk.Union(sk.Cron("0 9 * * *"), sk.Every("7m", YEAR)), "Union(Cron('0 9 * * *'), Every('7m', '2026-01-01T00:00:00Z'))"),
    (sk.Window(sk.Cron("0 9 * * *"), start=YEAR), "Window(Cron('0 9 * * *'), start='2026-01-01T00:00:00Z')"),
    (sk.Window(sk.Once(YEAR), end="2027-01-01T00:00:00Z"), "Window(Once('2026-01-01T00:00:00Z'), end='2027-01-01T00:00:00Z')"),
    (sk.Window(sk.Once(YEAR), YEAR, "2027-01-01T00:00:00Z"), "Window(Once('2026-01-01T00:00:00Z'), start='2026-01-01T00:00:00Z', end='2027-01-01T00:00:00Z')"),
]  # fmt: skip


def normal(when):
    """
    The schedule with every cron as its calendar.
    """
    if isinstance(when, sk.Window):
        return sk.Window(normal(when.when), when.start, when.end)
    if isinstance(when, sk.Union):
        return sk.Union(*map(normal, when.members))
    return when.calendars()[0] if when.calendars() else when


def read_back(when):
    """
    What Python makes of the spelling, with no names but the public ones.
    """
    return eval(spelled(when), {"__builtins__": {}, **NAMES})


@pytest.mark.parametrize(("when", "expected"), SPELLED)
def test_spelled(when, expected):
    """
    Cron text wherever that can say it, else the constructor; only what is not a default.
    """
    assert expected == spelled(when)
    assert normal(when) == normal(read_back(when))


@settings(max_examples=300, deadline=None, database=None)
@given(strategies.whens())
def test_any_schedule_is_read_back(when):
    """
    The spelling of any schedule makes an equal one.
    """
    assert normal(when) == normal(read_back(when))


def test_thousands_of_schedules_are_read_back():
    """
    So does the spelling of schedules with windows, policies, unions and every day word.
    """
    for when in random_schedules.schedules(2_000, 4):
        assert normal(when) == normal(read_back(when))


@pytest.mark.parametrize(
    "field",
    [{"days": -1}, {"days": sk.NearestWeekday(15)}, {"weekdays": sk.NthWeekday("MON", 2)}],
)
def test_what_cron_text_cannot_say(field):
    """
    Days from the end, nearest and nth weekdays have no cron text.
    """
    assert cron_text(sk.Calendar(minutes=0, hours=9, **field)) is None
