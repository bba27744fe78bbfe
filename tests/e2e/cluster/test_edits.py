"""
Schedules that are changed while they run: what the cluster does, and what schedkit has said of it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from api import History
from figures import COUNTS
from scenes import JOB, Scene, compiled, deploy, lateness

from schedkit.deployed import changes
from schedkit.testing.engine import registered


pytestmark = pytest.mark.cluster
MINUTE = 60
EDIT, TOUCH, END = 150, 200, 390  # seconds after the first minute
SHORT = {"starting_deadline": "60s"}
HERE, HALF = "UTC", "Asia/Kolkata"  # half an hour off
# Name: minutes and zone before, minutes and zone after, the schedule's fields; then the minutes
# that run, which of them late, and which one schedkit names.
EDITS = {
    "moved": (((0, 4), HERE), ((1, 5), HERE), {}, [0, 1, 5], [1], 1),
    "moved-short": (((0, 4), HERE), ((1, 5), HERE), SHORT, [0, 5], [], None),
    "more": (((0, 2, 4), HERE), ((0, 1, 2, 3, 4), HERE), {}, [0, 2, 3, 4], [], None),
    "fewer": (((0, 1, 3, 5), HERE), ((0, 5), HERE), {}, [0, 1, 5], [], None),
    "zone": (((31,), HERE), ((31,), HALF), {}, [1], [1], 1),
    "zone-short": (((31,), HERE), ((31,), HALF), SHORT, [], [], None),
    "born-paused": (((1, 5), HERE), ((1, 5), HERE), {}, [1, 5], [1], 1),
    "born-paused-short": (((1, 5), HERE), ((1, 5), HERE), SHORT, [5], [], None),
}


def scene(name, first, after):
    """
    One schedule, before or after its edit.
    """
    minutes, zone = EDITS[name][after]
    text = ",".join(str(each) for each in sorted((first // MINUTE + m) % 60 for m in minutes))
    paused = name.startswith("born-paused") and not after
    fields = {**EDITS[name][2], "paused": paused}
    return Scene(name=f"edit-{name}", cron=f"{text} * * * *", timezone=zone, schedule=fields)


def told(old, new, now):
    """
    The past instants that may start, as `schedkit plan --deployed` says, in unix seconds.
    """
    before, after = (state(each.program) for each in (old, new))
    (change,) = changes(before, after, now)
    return [late.run.timestamp() for late in change.late]


def state(program):
    """
    The resources of a program as a stack's state has them.
    """
    _, found = registered(program)
    return [
        {"type": r.type, "urn": r.urn, "parent": r.parent, "inputs": r.inputs}
        for r in found.resources
    ]


@pytest.fixture(scope="module")
def edited(cluster):
    """
    For each: the minutes that ran and how late, and the minutes that were foretold.
    """
    api, history = cluster.api, History(cluster.api, *JOB)
    compiled(scene("moved", 0, 0).program)  # what is imported at first use is slow
    first = (int(cluster.now()) + 150) // MINUTE * MINUTE + MINUTE
    pairs = {name: [scene(name, first, after) for after in (0, 1)] for name in EDITS}
    plans = {name: [compiled(each.program) for each in pair] for name, pair in pairs.items()}
    assert cluster.now() < first - 30, "too busy a machine"
    for before, _ in plans.values():
        deploy(api, before)
    assert cluster.now() < first, "too busy a machine"
    cluster.sleep_until(first + EDIT)
    now = datetime.fromtimestamp(cluster.now(), UTC)
    for _, after in plans.values():
        deploy(api, after)
    cluster.sleep_until(first + TOUCH)
    for name in ("zone", "zone-short"):
        *_, document = plans[name][1]
        api.patch(api.path(document), {"metadata": {"labels": {"touched": "yes"}}})
    foretold = {name: told(*pair, now) for name, pair in pairs.items()}
    cluster.sleep_until(first + END)
    found = {name: lateness(history, f"edit-{name}", first) for name in EDITS}
    COUNTS["instants seen"] += sum(map(len, found.values()))
    for _, after in plans.values():
        api.delete(api.path(after[-1]))
    named = {name: [(at - first) // MINUTE for at in every] for name, every in foretold.items()}
    return found, named


@pytest.mark.parametrize("name", EDITS)
def test_runs_what_was_foretold(edited, name):
    """
    No run after the edit is lost, and of those before it only the one that schedkit named starts.
    """
    found, foretold = edited
    *_, minutes, late, named = EDITS[name]
    assert minutes == list(found[name])
    assert late == [minute for minute, seconds in found[name].items() if seconds > 45]
    assert ([] if named is None else [named]) == foretold[name]
