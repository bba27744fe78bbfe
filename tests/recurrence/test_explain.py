# ruff: noqa: E501, ISC004  a row is one sentence

from __future__ import annotations

import pytest

from schedkit.recurrence import (
    Calendar,
    Cron,
    Dst,
    Every,
    LastDay,
    LastWeekday,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
)


CRONS = {
    "0 1 * * 1-5": "At 01:00 on Monday to Friday, Europe/Berlin time.",
    "@daily": "At 00:00 every day, Europe/Berlin time.",
    "@weekly": "At 00:00 on Sunday, Europe/Berlin time.",
    "* * * * *": "Every minute, Europe/Berlin time.",
    "*/15 * * * *": "Every 15 minutes, Europe/Berlin time.",
    "3-59/15 * * * *": "Every 15 minutes from minute 3 on, Europe/Berlin time.",
    "*/7 * * * *": "Every 7 minutes from minute 0 to 56 of every hour, Europe/Berlin time.",
    "0,30 * * * *": "At minutes 0 and 30 of every hour, Europe/Berlin time.",
    "0 * * * *": "Every hour, Europe/Berlin time.",
    "5 * * * *": "Every hour at minute 5, Europe/Berlin time.",
    "0 */2 * * *": "Every 2 hours from 00:00 to 22:00, Europe/Berlin time.",
    "15 9-17 * * *": "Every hour from 09:15 to 17:15, Europe/Berlin time.",
    "*/5 9-17 * * 1-5": "Every 5 minutes from 09:00 to 17:55 on Monday to Friday, Europe/Berlin time.",
    "10-20 4 * * *": "Every minute from 04:10 to 04:20, Europe/Berlin time.",
    "* 3 * * *": "Every minute from 03:00 to 03:59, Europe/Berlin time.",
    "*/7 3,5 * * *": "Every 7 minutes from minute 0 to 56 of the hours 3 and 5, Europe/Berlin time.",
    "1,2,7,8,9,20,30 5 * * *": "At minutes 1, 2, 7 to 9, 20 and 30 of the hour 5, Europe/Berlin time.",
    "17 1,2,3,5,8,13,21 * * 0,6": "At minute 17 of the hours 1 to 3, 5, 8, 13 and 21"
    " on Saturday and Sunday, Europe/Berlin time.",
    "30 4,16 1,15 * *": "At 04:30 and 16:30 on the 1st and 15th of the month, Europe/Berlin time.",
    "0 9 1-7,11,22,23 * *": "At 09:00 on the 1st to 7th, 11th, 22nd and 23rd of the month,"
    " Europe/Berlin time.",
    "0 9 1 * 1": "At 09:00 on the 1st of the month or on Monday, Europe/Berlin time.",
    "0 0 1 jan-mar,jul *": "At 00:00 on the 1st of the month in January to March and July,"
    " Europe/Berlin time.",
}


@pytest.mark.parametrize("text", CRONS)
def test_crons(text):
    """
    A cron is one English sentence with its zone.
    """
    assert CRONS[text] == Cron(text, "Europe/Berlin").explain()


SPECIAL = [
    (
        {"days": [1, LastDay(), -2, NearestWeekday(15)]},
        "At 09:00 on the 1st, the last day, the 2nd last day and the weekday nearest to the 15th"
        " of the month, UTC.",
    ),
    (
        {"weekdays": [0, NthWeekday("MON", 2), LastWeekday("FRI"), NthWeekday("TUE", -3)]},
        "At 09:00 on Sunday, the 2nd Monday of the month, the 3rd last Tuesday of the month"
        " and the last Friday of the month, UTC.",
    ),
    (
        {"days": 13, "weekdays": "FRI", "day_rule": "all"},
        "At 09:00 on the 13th of the month if also on Friday, UTC.",
    ),
    (
        {"dst": Dst(gap="next", fold="first")},
        "At 09:00 every day, UTC; a time that the clocks skip runs as soon as they have changed,"
        " a repeated time runs the first time.",
    ),
    (
        {"dst": Dst(gap="shift", fold="second")},
        "At 09:00 every day, UTC; a time that the clocks skip runs as much later,"
        " a repeated time runs the second time.",
    ),
    (
        {"dst": Dst()},
        "At 09:00 every day, UTC; a time that the clocks skip does not run,"
        " a repeated time runs both times.",
    ),
]


@pytest.mark.parametrize(("fields", "sentence"), SPECIAL)
def test_calendars(fields, sentence):
    """
    What text cannot say is explained as well.
    """
    assert sentence == Calendar(minutes=0, hours=9, **fields).explain()


def test_the_others():
    """
    Intervals, single instants and unions are one sentence each.
    """
    every = Every("90m", "2026-01-01T00:00:00Z")
    once = Once("2026-05-01T09:00:00+02:00")
    assert "Every 1h30m of elapsed time, one run being at 2026-01-01T00:00:00Z." == every.explain()
    assert "Once, at 2026-05-01T07:00:00Z." == once.explain()
    assert (
        "At 01:00 every day, UTC; and every 1h30m of elapsed time,"
        " one run being at 2026-01-01T00:00:00Z; and once, at 2026-05-01T07:00:00Z."
    ) == Union(Cron("0 1 * * *"), every, once).explain()
