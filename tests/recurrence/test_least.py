"""
Boxes by the days of their specs; that they are the fewest is held by `test_minimal.py`.
"""

from __future__ import annotations

import pytest

from schedkit.recurrence import Calendar, Cron, LastWeekday, NthWeekday, Union, least
from schedkit.recurrence.dialects.argo import ARGO
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.eventbridge_rules import EVENTBRIDGE_RULES
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.proof import prove


def nine(**days):
    """
    At nine on some days, in UTC.
    """
    return Calendar(minutes=0, hours=9, **days)


MEETING = Union(Cron("0 9 1 * *"), Cron("0 9 * 1 1"))
WRITTEN = (
    (ROBFIG, MEETING, ["0 9 1 1 1", "0 9 1 2-12 *"]),
    (
        ROBFIG,
        Union(Cron("0 9 * * *"), Cron("0 9 * 1 1"), Cron("30 9 * 1 1")),
        ["0 9 * * *", "30 9 * 1 1"],
    ),
    (ARGO, Union(Cron("0 9 1 * *"), Cron("0 9,10 1 2 *")), ["0 9 1 * *", "0 10 1 2 *"]),
    (EVENTBRIDGE, nine(days=[*range(2, 31), -1]), ["cron(0 9 2-31 * ? *)"]),
    (
        EVENTBRIDGE,
        Union(nine(weekdays=NthWeekday("FRI", 2)), Cron("0 9 * * 1-5")),
        ["cron(0 9 ? * MON-FRI *)"],
    ),
    (
        EVENTBRIDGE_RULES,
        Union(nine(weekdays=LastWeekday("FRI")), nine(weekdays=NthWeekday("FRI", 5))),
        ["cron(0 9 ? * 6L *)"],
    ),
)


@pytest.mark.parametrize(("dialect", "when", "lines"), WRITTEN)
def test_writes_what_others_do_not_say(dialect, when, lines):
    """
    What is within the days of other texts is left out, and runs are said once if that is possible.
    """
    natives = dialect.write(when)
    assert lines == [line for native in natives for line in native.text.splitlines()]
    assert prove(when, natives, dialect).holds


def test_no_run_twice():
    """
    A Monday that is the 1st starts one run, though each of two members names it.
    """
    assert () == prove(MEETING, ROBFIG.write(MEETING), ROBFIG).doubled


@pytest.mark.parametrize("limit", ["TRIED", "WORDS", "CLASSES", "STEPS"])
def test_limits(monkeypatch, limit):
    """
    At a limit the texts still say just what is meant, perhaps in more texts or twice.
    """
    monkeypatch.setattr(least, limit, 2)
    ROBFIG.write.__globals__["_write"].cache_clear()
    when = Union(Cron("0 9 1 * *"), Cron("0 9 * 1 1"), Cron("0,30 9 3 3 *"))
    assert prove(when, ROBFIG.write(when), ROBFIG).holds
    ROBFIG.write.__globals__["_write"].cache_clear()


def test_classes():
    """
    Values that are in just the same sets stand together; all unions, the largest first.
    """
    expected = [(1, 2, 3, 4), (1, 2, 3), (1, 2, 4), (3, 4), (1, 2), (3,), (4,)]
    assert expected == least.classes([(1, 2, 3), (3, 4)])
    assert [] == least.classes([(), ()])
