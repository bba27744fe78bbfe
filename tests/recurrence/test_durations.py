# ruff: noqa: E501  a row is one case

from __future__ import annotations

from datetime import timedelta

import pytest

from schedkit.exceptions import SpecError
from schedkit.recurrence.durations import duration, seconds


CURE = "write hours, minutes and seconds, such as '1h30m', '90m' or '30s'"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("90m", 5400),
        ("1h30m", 5400),
        ("2h", 7200),
        ("30s", 30),
        ("1h1m1s", 3661),
        ("0s", 0),
        (timedelta(hours=1, seconds=1), 3601),
        (timedelta(), 0),
    ],
)
def test_seconds(value, expected):
    """
    A duration is its whole seconds.
    """
    assert expected == seconds(value, "x")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("1d", "x: '1d': how long is a day? 23 to 25 hours when the clocks change; write '24h'"),
        ("2 days", "x: '2 days': how long is a day? 23 to 25 hours when the clocks change; write '48h'"),
        ("day", "x: 'day': how long is a day? 23 to 25 hours when the clocks change; write '24h'"),
        ("1w", "x: '1w': how long is a week? 167 to 169 hours when the clocks change; write '168h'"),
        ("1 Month", "x: '1 Month': how long is a month? 28 to 31 days; for months and years use a Cron"),
        ("2y", "x: '2y': how long is a year? 365 or 366 days; for months and years use a Cron"),
        ("90", f"x: '90' is not a duration; {CURE}"),
        ("", f"x: '' is not a duration; {CURE}"),
        ("30m1h", f"x: '30m1h' is not a duration; {CURE}"),
        ("1.5h", f"x: '1.5h' is not a duration; {CURE}"),
        ("-5m", f"x: '-5m' is not a duration; {CURE}"),
        ("٣h", f"x: '٣h' is not a duration; {CURE}"),
        ("1 h", f"x: '1 h' is not a duration; {CURE}"),
        (90, f"x: 90 is int, not a duration; {CURE}"),
        (None, f"x: None is NoneType, not a duration; {CURE}"),
        (timedelta(seconds=1.5), "x: 0:00:01.500000 is not a whole number of seconds from 0 upwards; round it"),
        (timedelta(seconds=-1), "x: -1 day, 23:59:59 is not a whole number of seconds from 0 upwards; round it"),
    ],
)  # fmt: skip
def test_refused(value, sentence):
    """
    A duration that is none, or whose length depends on the calendar, is refused with what to write.
    """
    with pytest.raises(SpecError) as caught:
        seconds(value, "x")
    assert sentence == str(caught.value)


@pytest.mark.parametrize(("text"), ["1h30m", "0s", "45s", "100h1s"])
def test_duration(text):
    """
    A duration written is the one read.
    """
    assert text == duration(seconds(text, "x"))
