"""
What becomes of wall-clock times that a change of the clocks skips or repeats: the vectors on which
engines differ. croniter, Dagster and Prefect invent runs in gaps; Quartz and cron-converter lose
some in repeated hours.
"""

from __future__ import annotations

import pytest
from unixlaws import at

from schedkit.recurrence import Cron, Dst, Zone
from schedkit.recurrence.dialects.cloud_scheduler import CLOUD_SCHEDULER
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.dialects.robfig_search import Search
from schedkit.recurrence.dialects.text import minutes_of, parse
from schedkit.recurrence.dialects.unix import FIELDS
from schedkit.recurrence.dialects.wall import Days, Wall
from schedkit.recurrence.proof import prove


POLICIES = {
    "skip": Dst(gap="skip"),
    "next": Dst(gap="next"),
    "shift": Dst(gap="shift"),
    "both": Dst(fold="both"),
    "first": Dst(fold="first"),
    "second": Dst(fold="second"),
}
PARIS, NEW_YORK = "Europe/Paris", "America/New_York"

# id, zone, cron, policy, first and last day, the runs between on the zone's wall clock; without a
# last day those from the first run listed to the last one
VECTORS = (
    ("D1 cronsim 03:00", PARIS, "30 2 * * *", "skip", "2026-03-28", "2026-03-30",
     ["03-28T02:30+01", "03-30T02:30+02"]),
    ("D1", PARIS, "30 2 * * *", "next", "2026-03-28", "2026-03-30",
     ["03-28T02:30+01", "03-29T03:00+02", "03-30T02:30+02"]),
    ("D1", PARIS, "30 2 * * *", "shift", "2026-03-28", "2026-03-30",
     ["03-28T02:30+01", "03-29T03:30+02", "03-30T02:30+02"]),
    ("D2", PARIS, "30 2 * * *", "both", "2026-10-24", "2026-10-26",
     ["10-24T02:30+02", "10-25T02:30+02", "10-25T02:30+01", "10-26T02:30+01"]),
    ("D2", PARIS, "30 2 * * *", "first", "2026-10-24", "2026-10-26",
     ["10-24T02:30+02", "10-25T02:30+02", "10-26T02:30+01"]),
    ("D2", PARIS, "30 2 * * *", "second", "2026-10-24", "2026-10-26",
     ["10-24T02:30+02", "10-25T02:30+01", "10-26T02:30+01"]),
    ("D3 Quartz omits 02:30+02", PARIS, "30 * * * *", "both", "2026-10-25", "",
     ["10-25T01:30+02", "10-25T02:30+02", "10-25T02:30+01", "10-25T03:30+01"]),
    ("D4 croniter inserts 03:00+02", PARIS, "0 */2 * * *", "skip", "2026-03-29", "",
     ["03-29T00:00+01", "03-29T04:00+02"]),
    ("D5 Airflow 03:30-04", NEW_YORK, "30 2 * * *", "skip", "2026-03-07", "2026-03-09",
     ["03-07T02:30-05", "03-09T02:30-04"]),
    ("D5", NEW_YORK, "30 2 * * *", "next", "2026-03-08", "2026-03-08", ["03-08T03:00-04"]),
    ("D5", NEW_YORK, "30 2 * * *", "shift", "2026-03-08", "2026-03-08", ["03-08T03:30-04"]),
    ("D6 Dagster once", NEW_YORK, "30 1 * * *", "both", "2026-11-01", "2026-11-01",
     ["11-01T01:30-04", "11-01T01:30-05"]),
    ("D7", "Africa/Cairo", "0 0 * * *", "skip", "2026-04-23", "2026-04-25",
     ["04-23T00:00+02", "04-25T00:00+03"]),
    ("D7", "Africa/Cairo", "0 0 * * *", "next", "2026-04-23", "2026-04-25",
     ["04-23T00:00+02", "04-24T01:00+03", "04-25T00:00+03"]),
    ("D8 half an hour", "Australia/Lord_Howe", "45 1 * * *", "both", "2026-04-05", "2026-04-05",
     ["04-05T01:45+11", "04-05T01:45+10:30"]),
    ("D9 two hours", "Antarctica/Troll", "30 1 * * *", "both", "2026-10-25", "2026-10-25",
     ["10-25T01:30+02", "10-25T01:30+00"]),
    ("D10 a day is missing", "Pacific/Apia", "0 9 * * *", "skip", "2011-12-29", "2011-12-31",
     ["12-29T09:00-10", "12-31T09:00+14"]),
    ("D12", NEW_YORK, "0 */2 * * *", "skip", "2026-03-08", "",
     ["03-08T00:00-05", "03-08T04:00-04"]),
)  # fmt: skip
IDS = [f"{row[0]} {row[3]}" for row in VECTORS]


def span(zone: str, first: str, last: str, right: list[int]) -> tuple[int, int]:
    """
    Unix seconds of the midnights, on the zone's wall clock, around some days.
    """
    if not last:
        return right[0], right[-1] + 1
    low, high = (at(f"{day}T00:00:00+00:00") for day in (first, last))
    edge = Zone.of(zone)
    return low - edge.offset(low - 43_200), high + 86_400 - edge.offset(high + 129_600)


def instants(first: str, runs: list[str]) -> list[int]:
    return [
        at(f"{first[:5]}{run[:11]}:00{run[11:]}{'' if ':' in run[11:] else ':00'}") for run in runs
    ]


@pytest.mark.parametrize(("zone", "text", "name", "first", "last", "runs"),
                         [row[1:] for row in VECTORS], ids=IDS)  # fmt: skip
def test_policies_on_their_vectors(zone, text, name, first, last, runs):
    """
    The source, and the reader that shares nothing with it, run just then.
    """
    policy = POLICIES[name]
    right = instants(first, runs)
    around = span(zone, first, last, right)
    assert right == list(Cron(text, zone, dst=policy).epochs(*around))
    minute, hour, *_ = parse(text, FIELDS, "a test")
    wall = Wall(Zone.of(zone), minutes_of(minute, hour), Days(), policy)
    assert right == list(wall.fires(*around))


POINTWISE = [row[1:] for row in VECTORS if row[3] in {"skip", "both"}]


@pytest.mark.parametrize(("zone", "text", "name", "first", "last", "runs"), POINTWISE)
def test_robfig_agrees(zone, text, name, first, last, runs):
    """
    The clock of Kubernetes skips and repeats as the wall clock does, on each of the vectors.
    """
    (native,) = ROBFIG.write(Cron(text, zone, dst=POLICIES[name]))
    (reader,) = ROBFIG.readers(native)
    assert isinstance(reader, Search)
    right = instants(first, runs)
    assert right == list(ROBFIG.fires(native, *span(zone, first, last, right)))


@pytest.mark.parametrize(
    ("zone", "text", "policy"),
    [
        (PARIS, "30 2 * * *", "next"),
        (PARIS, "30 2 * * *", "shift"),
        (PARIS, "30 2 * * *", "first"),
        (PARIS, "30 2 * * *", "second"),
        (NEW_YORK, "30 2 * * *", "shift"),
        ("Africa/Cairo", "0 0 * * *", "next"),
    ],
)
def test_p6_a_policy_that_robfig_lacks_is_not_proved(zone, text, policy):
    """
    02:30 in the gap is 03:00 in cronsim, 03:30 in Airflow, 01:30 in Prefect: who asks for one
    gets just that, or no proof.
    """
    when = Cron(text, zone, dst=POLICIES[policy])
    proof = prove(when, ROBFIG.write(when), ROBFIG)
    assert not proof.holds
    assert proof.missing_count + proof.extra_count > 0


def test_p6_a_policy_that_robfig_has_is_proved():
    """
    Skipped in the gap and both times in the repeated hour.
    """
    when = Cron("30 2 * * *", PARIS, dst=Dst(gap="skip", fold="both"))
    assert prove(when, ROBFIG.write(when), ROBFIG).holds


def test_p6_amazon_runs_a_repeated_time_once():
    """
    EventBridge documents the first: both is not proved, first is.
    """
    for fold, held in (("first", True), ("both", False)):
        when = Cron("30 2 * * *", PARIS, dst=Dst(gap="skip", fold=fold))
        assert held is prove(when, EVENTBRIDGE.write(when), EVENTBRIDGE).holds


def test_p6_undocumented_behaviour_is_listed():
    """
    Cloud Scheduler says nothing of either: the instants are listed, not guessed.
    """
    when = Cron("30 2 * * *", PARIS)
    proof = prove(when, CLOUD_SCHEDULER.write(when), CLOUD_SCHEDULER)
    assert proof.unknown
    assert {3, 10} == {found.month for found in proof.unknown}
    plain = Cron("0 9 * * 1-5", PARIS)
    assert () == prove(plain, CLOUD_SCHEDULER.write(plain), CLOUD_SCHEDULER).unknown
