# ruff: noqa: E501  a row is one case
"""
What a platform can keep instead: the nearest first, with its price.
"""

from __future__ import annotations

import json
from time import perf_counter

import pytest
import random_schedules

import schedkit as sk
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.nearest import edited, search
from schedkit.translation import nearest


NATIVE = (Native("x"),)
NEW_YEAR = "2026-01-01T00:00:00Z"
BERLIN = "Europe/Berlin"


def only(*allowed):
    """
    A platform that keeps just these, each in words of its own.
    """

    def natives_of(when):
        calendars = when.calendars()
        found = calendars[0] if len(calendars) == 1 and not isinstance(when, sk.Window) else when
        return (Native(str(allowed.index(found))),) if found in allowed else ()

    return natives_of


def calendar(text, timezone="UTC", **more):
    return sk.Cron(text, timezone=timezone, **more).calendar


def words(when):
    return [edit for edit, _ in edited(when)]


def told(when, to, **more):
    found = nearest(sk.attempt(when, to, **more), **more)
    return [other.sentence for other in found.alternatives]


EDITS = [
    (sk.Calendar(minutes=0, hours=9, days=-1), ["counted in a month of 28 days", "on the first day instead"]),
    (sk.Calendar(minutes=0, hours=9, days=-1, months=2), ["counted in a month of 28 days"]),
    (sk.Calendar(minutes=0, hours=9, days=[1, -2]), ["counted in a month of 28 days"]),
    (sk.Calendar(minutes=0, hours=9, days=sk.NearestWeekday(15)), ["on the day itself"]),
    (sk.Calendar(minutes=0, hours=9, days=sk.NearestWeekday(29), months="FEB"), ["on the day itself"]),
    (sk.Calendar(minutes=0, hours=9, weekdays=sk.NthWeekday("MON", 2)), ["on every such weekday", "on a day of the month near it"]),
    (sk.Calendar(minutes=0, hours=9, weekdays=sk.LastWeekday("FRI")), ["on every such weekday", "on a day of the month near it"]),
    (sk.Calendar(minutes=0, hours=9, weekdays=["TUE", sk.NthWeekday("MON", 2)]), ["on every such weekday"]),
    (sk.Cron("0 9 1 * 1"), ["by weekday alone", "by day of the month alone"]),
    (sk.Cron("0 9 1 * 1", day_rule="all"), ["by weekday alone", "by day of the month alone", "on either of the two"]),
    (sk.Cron("0 9 30 2 1"), ["by weekday alone"]),
    (sk.Cron("0 9 * * *", timezone=BERLIN), ["+1 h from UTC all year", "+2 h from UTC all year", "at the same time in UTC"]),
    (sk.Cron("0 9 * * *", timezone="America/New_York"), ["-5 h from UTC all year", "-4 h from UTC all year", "at the same time in UTC"]),
    (sk.Cron("0 9 * * *", timezone="Asia/Kolkata"), ["at the same time in UTC"]),
    (sk.Cron("*/2 9 * * *"), ["at most every 5m"]),
    (sk.Every("7m", NEW_YEAR), ["every 6m", "every 8m", "every 5m", "every 9m"]),
    (sk.Every("90s", NEW_YEAR), ["every 1m", "every 2m", "every 3m", "every 4m"]),
    (sk.Every("6m", "2026-01-01T00:00:30Z"), ["on the whole minute", "every 5m", "every 4m", "every 8m"]),
    (sk.Once(NEW_YEAR), ["every year"]),
    (sk.Once("2026-01-01T00:00:30Z"), ["on the whole minute", "every year"]),
    (sk.Window(sk.Once(NEW_YEAR), start=NEW_YEAR), ["without start and end", "every year"]),
]  # fmt: skip
MOVES = {f"{n} {unit} {way}" for n, unit in ((1, "h"), (2, "h"), (3, "h"), (15, "min"), (30, "min")) for way in ("later", "earlier")}  # fmt: skip


@pytest.mark.parametrize(("when", "expected"), EDITS)
def test_edits(when, expected):
    """
    Each step away from a schedule, in words, beside moves of its time.
    """
    moves = ("in every month",)
    assert expected == [e for e in words(when) if e not in MOVES and e not in moves]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 9 * * *", ["1 h later", "1 h earlier", "2 h later", "2 h earlier", "3 h later", "30 min later", "15 min later"]),
        ("30 23 * * *", ["1 h earlier", "2 h earlier", "30 min earlier", "15 min later"]),
        ("30,59 0,22 * 1 *", ["1 h later", "30 min earlier", "in every month"]),
    ],
)  # fmt: skip
def test_moves(text, expected):
    """
    Times move within their day and their hour only; months open at the end.
    """
    assert expected == words(sk.Cron(text))


def test_policies():
    """
    The other ways with gaps and repeated hours are tried before none at all.
    """
    found = words(sk.Cron("30 2 * * *", timezone=BERLIN, dst=sk.Dst(gap="next")))
    assert "gap='skip' and fold='first' when clocks change" == found[0]
    assert "with the platform's own way when clocks change" == found[8]
    assert 8 == len([edit for edit in found if edit.startswith("gap=")])
    assert "gap='next' and fold='both' when clocks change" not in found


def test_unions():
    """
    All members change together, one goes, or one changes.
    """
    union = sk.Union(sk.Cron("0 9 * * *", timezone=BERLIN), sk.Once(NEW_YEAR))
    edits = dict(edited(union))
    utc = sk.Union(calendar("0 9 * * *"), sk.Once(NEW_YEAR))
    assert utc == edits["at the same time in UTC"]
    assert sk.Once(NEW_YEAR) == edits["without at 09:00 every day, Europe/Berlin time"]
    assert union.members[0] == edits["without once, at 2026-01-01T00:00:00Z"]
    both = sk.Union(*(sk.Cron(f"{n} 9 1 * *", timezone=BERLIN) for n in (0, 30, 45)))
    edits = dict(edited(both))
    assert {"UTC"} == {part.timezone for part in edits["at the same time in UTC"].members}
    one = edits["at the same time in UTC (one of its parts)"]
    assert ["Europe/Berlin", "Europe/Berlin", "UTC"] == [part.timezone for part in one.members]
    assert 2 == len(edits["without at 09:00 on the 1st of the month, Europe/Berlin time"].members)


def test_a_union_of_one():
    """
    The only member cannot go, but it can change.
    """
    assert ["every year", "every year (one of its parts)"] == words(sk.Union(sk.Once(NEW_YEAR)))
    assert told(sk.Union(sk.Once(NEW_YEAR)), "robfig")


def test_windows_keep_their_bounds():
    """
    What changes within a window stays in it, unless it goes.
    """
    window = sk.Window(sk.Cron("0 9 1 * 1"), start=NEW_YEAR)
    edits = dict(edited(window))
    assert window.when == edits["without start and end"]
    assert sk.Window(calendar("0 9 * * 1"), start=NEW_YEAR) == edits["by weekday alone"]


def test_ranked_by_price():
    """
    Runs lost and added weigh most, then how far runs move, then how many do.
    """
    kept = only(
        calendar("0 11 * * *"),
        calendar("30 9 * * *"),
        calendar("0 9 * * *", "Etc/GMT-2"),
        calendar("0 9 * * *", "Etc/GMT-1"),
    )
    found = search(sk.Cron("0 9 * * *", timezone=BERLIN), kept)
    assert [("+2 h from UTC all year",), ("+1 h from UTC all year",)] == [
        other.edits for other in found.alternatives[:2]
    ]
    shifts = [(o.diff.lost + o.diff.added, o.diff.moved) for o in found.alternatives]
    assert sorted(shifts) == shifts
    assert "" == found.reason


def test_no_more_than_three():
    """
    The best three are shown, and of those with the same natives the nearest.
    """
    when = sk.Cron("0 9 * * *")
    numbers = iter(range(100))
    found = search(when, lambda _: (Native(str(next(numbers))),)).alternatives
    assert [("15 min later",), ("30 min later",), ("1 h later",)] == [o.edits for o in found]
    (alone,) = search(when, lambda _: NATIVE).alternatives
    assert ("15 min later",) == alone.edits


def test_edits_on_top_of_each_other():
    """
    Two and three steps are tried where no single one helps, and none where one does.
    """
    when = sk.Cron("0 9 1 * 1", timezone=BERLIN)
    two = calendar("0 9 * * 1")
    one = calendar("0 9 * * 1", BERLIN)
    assert [("by weekday alone",)] == [o.edits for o in search(when, only(one, two)).alternatives]
    (found,) = search(when, only(two)).alternatives
    assert {"by weekday alone", "at the same time in UTC"} == set(found.edits)
    monthly = sk.Cron("0 9 1 3 1", timezone=BERLIN)
    (found,) = search(monthly, only(two)).alternatives
    assert {"by weekday alone", "at the same time in UTC", "in every month"} == set(found.edits)


def test_nothing_near():
    """
    Where nothing helps, the reason says what was tried.
    """
    found = search(sk.Cron("0 9 * * *"), lambda _: ())
    reason = "none of its neighbours in time, days, zone or interval can be kept either"
    assert ((), reason) == (found.alternatives, found.reason)
    assert {"nearest": [], "none": reason} == found.to_dict()


SENTENCES = [
    (sk.Cron("0 9 1 * 1"), "vertex", "by weekday alone: At 09:00 on Monday, UTC (11 runs lost in a year)"),
    (sk.Calendar(minutes=0, hours=9, weekdays=sk.NthWeekday("MON", 2)), "robfig", "on a day of the month near it: At 09:00 on the 11th of the month, UTC (11 runs moved by up to 72h in a year)"),
    (sk.Once("2027-02-01T00:00:05Z"), "vertex", "on the whole minute: Once, at 2027-02-01T00:00:00Z (1 run moved by up to 5s in a year)"),
    (sk.Once("2027-02-01T09:00:00Z"), "robfig", "every year: At 09:00 on the 1st of the month in February, UTC (the same runs for a year)"),
    (sk.Cron("* * * * *"), "github-actions", "at most every 5m: Every 5 minutes, UTC (420480 runs lost in a year)"),
    (sk.Cron("30 2 * * *", timezone=BERLIN, dst=sk.Dst(gap="next")), "robfig", "gap='skip' and fold='both' when clocks change: At 02:30 every day, Europe/Berlin time; a time that the clocks skip does not run, a repeated time runs both times (1 run lost in a year)"),
    (sk.Window(sk.Cron("0 9 * * *"), start="2027-05-01T00:00:00Z"), "robfig", "without start and end: At 09:00 every day, UTC (the same runs for a year)"),
    (sk.Window(sk.Cron("0 9 * * *"), end="2026-07-01T00:00:00Z"), "robfig", "without start and end: At 09:00 every day, UTC (the same runs for a year)"),
    (sk.Window(sk.Cron("0 9 1 * *"), "2026-05-01T00:00:00Z", "2026-07-01T00:00:00Z"), "robfig", "without start and end: At 09:00 on the 1st of the month, UTC (10 runs added in a year)"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "to", "expected"), SENTENCES)
def test_sentences(when, to, expected):
    """
    The step, the schedule, and what it changes in a year in which something runs.
    """
    assert expected == told(when, to)[0]


def test_short_intervals_are_compared_over_less():
    """
    Millions of runs are not counted: the price is of fewer days, and says so.
    """
    start = perf_counter()
    found = told(sk.Every("1s", NEW_YEAR), "robfig")
    assert found[0].endswith("in 1 day)")
    assert told(sk.Every("7s", NEW_YEAR), "robfig")[0].endswith("in 8 days)")
    assert perf_counter() - start < 60


def test_the_edges_of_time():
    """
    A schedule in the first or the last year has alternatives too.
    """
    cron = sk.Cron("0 9 * * *")
    for when in (
        sk.Once("9999-12-30T00:00:00Z"),
        sk.Window(cron, end="0001-06-01T00:00:00Z"),
        sk.Window(cron, start="9999-06-01T00:00:00Z"),
    ):
        assert 1 <= len(told(when, "robfig")) <= 3


def test_a_departing_policy_is_no_alternative():
    """
    Instead of the policy that was asked for, the platform's own counts only where it is stated:
    its price would be wrong else.
    """
    asked = sk.Cron("30 2 * * *", timezone=BERLIN, dst=sk.Dst(gap="next"))
    found = nearest(sk.attempt(asked, "eventbridge")).alternatives
    assert all(o.when.calendars()[0].dst or o.when.timezone != BERLIN for o in found)
    unknown = nearest(sk.attempt(asked, "vertex")).alternatives
    assert ("with the platform's own way when clocks change",) == unknown[0].edits


def test_vouched_facts_count():
    """
    An alternative may rest on what the user vouches for.
    """
    when = sk.Calendar(minutes=0, hours=9, days=[5], weekdays=1, day_rule="all")
    edits = [
        {other.edits for other in nearest(sk.attempt(when, "vertex"), assume=facts).alternatives}
        for facts in ((), ("vertex.day_rule",))
    ]
    assert ("on either of the two",) not in edits[0]
    assert ("on either of the two",) in edits[1]


def test_as_json():
    """
    Alternatives are plain data, with the Python that makes them.
    """
    found = nearest(sk.attempt(sk.Cron("0 9 1 * 1"), "vertex"))
    data = json.loads(json.dumps(found.to_dict()))
    first = data["nearest"][0]
    assert ["by weekday alone"] == first["edits"]
    assert "Cron('0 9 * * 1')" == first["portable"]
    assert [{"text": "TZ=UTC 0 9 * * 1", "timezone": "", "more": {}}] == first["natives"]
    assert ("At 09:00 on Monday, UTC.", 11) == (first["sentence"], first["diff"]["lost"])
    assert "" == data["none"]


@pytest.mark.parametrize("to", sk.dialects())
def test_every_refusal_has_an_alternative_that_holds(to):
    """
    Of random schedules, whatever a dialect refuses has an alternative that it keeps.
    """
    refused = 0
    for when in random_schedules.schedules(60, 11):
        found = sk.attempt(when, to)
        if found.holds:
            continue
        refused += 1
        near = nearest(found)
        assert near.alternatives, (when, found.sentence)
        for other in near.alternatives:
            assert sk.attempt(other.when, to).natives == other.natives != ()
    assert refused
