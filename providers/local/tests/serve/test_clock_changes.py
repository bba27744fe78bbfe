"""
What the server fires on days on which clocks change, against a search of every minute of those
days by `zoneinfo` alone.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import serve_stage

import schedkit as sk
from schedkit.testing.examples import pipeline


DAYS = {  # zone -> the days on which its clock is set forward, and back
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-10-04", "2026-04-05"),  # by half an hour
    "America/Santiago": ("2026-09-06", "2026-04-05"),  # at midnight
    "Africa/Casablanca": ("2026-03-22", "2026-02-15"),  # for Ramadan
}
CASES = [(zone, day) for zone, days in DAYS.items() for day in days]
POLICIES = {
    f"{gap}-{fold}": (gap, fold)
    for gap, fold in itertools.product(("skip", "next", "shift"), ("first", "second", "both"))
}
MINUTE = timedelta(minutes=1)
HOURS, MINUTES = (23, 0, 1, 2), (7, 37)


def minutes_of(zone, start, stop):
    """
    Wall clock, without an offset -> the instants at which it shows that.
    """
    shown, at = {}, start
    while at < stop:
        shown.setdefault(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None), []).append(at)
        at += MINUTE
    return shown


def searched(shown, gap, fold):
    """
    The instants of `7,37 0-2,23 * * *`.
    """
    found = set()
    wall, last = min(shown), max(shown)
    while wall <= last:
        if wall.hour in HOURS and wall.minute in MINUTES:
            instants = shown.get(wall, [])
            if instants:
                found |= set({"first": instants[:1], "second": instants[-1:]}.get(fold, instants))
            elif gap != "skip":
                after = shown[min(each for each in shown if each > wall)][0]
                found.add(after if gap == "next" else _shifted(shown, wall))
        wall += MINUTE
    return found


def _shifted(shown, wall):
    before = max(each for each in shown if each < wall)
    return shown[before][-1] + (wall - before)


@pytest.mark.parametrize(("zone", "day"), CASES)
def test_clock_changes(zone, day, empty, monkeypatch):
    """
    Every policy fires its instants and no others, each on time, on the day and around it.
    """
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    start, stop = noon - timedelta(days=1), noon + timedelta(days=1)
    shown = minutes_of(zone, start - timedelta(days=1), stop + timedelta(days=1))
    offsets = {instant.astimezone(ZoneInfo(zone)).utcoffset() for (instant, *_) in shown.values()}
    assert 2 == len(offsets)  # tzdata still says so
    what = pipeline(overlap="allow")
    specs = [
        sk.ScheduleSpec(
            name, what, sk.Cron("7,37 0-2,23 * * *", timezone=zone, dst=sk.Dst(gap=gap, fold=fold))
        )
        for name, (gap, fold) in POLICIES.items()
    ]
    now, length = int(start.timestamp()), int((stop - start).total_seconds()) - 1
    with serve_stage.staged(empty, monkeypatch, specs, now, lasts={"train": 5}) as stage:
        stage.play([("on", length)])
        runs = stage.runs()
    assert {"succeeded"} == {run.state for run in runs}
    assert {0} == {run.started - run.scheduled for run in runs}
    fired = {name: [run.scheduled for run in runs if run.schedule == name] for name in POLICIES}
    expected = {
        name: sorted(int(at.timestamp()) for at in searched(shown, *policy) if start <= at < stop)
        for name, policy in POLICIES.items()
    }
    assert expected == fired
    assert 1 < len({tuple(each) for each in fired.values()})  # the policies differ on this day
