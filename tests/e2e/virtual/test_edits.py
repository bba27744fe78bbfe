"""
Two hundred and forty random changes of a schedule or zone on the real CronJob controller, and
what `schedkit plan --deployed` tells before each.
"""

from __future__ import annotations

from collections import Counter

import edits
import pytest
import rules

from schedkit import deployed
from schedkit.recurrence.dialects import Native


pytestmark = pytest.mark.cluster

CHANGES, PAUSES = 240, 120
URN = "urn:pulumi:dev::shop::"
CRON_JOB = "kubernetes:batch/v1:CronJob"


@pytest.fixture(scope="module")
def lives(simulate):
    """
    Each change, and the runs around it.
    """
    courses = list(edits.changes(CHANGES, seed=1))
    return list(zip(courses, edits.simulated(courses), strict=True))


def test_changes_go_by_the_rules(lives):
    """
    Every Job starts and ends when the rules say.
    """
    assert CHANGES == len(lives)
    for course, runs in lives:
        assert rules.agree(rules.runs(course), runs), course


def test_no_change_loses_a_run(lives):
    """
    Every instant of the old schedule before the change runs, and every one of the new after it.
    """
    assert [] == [lost for course, runs in lives for lost in edits.unexpected(course, runs)[1]]


def test_a_change_adds_one_run_when_it_is_foreseen(lives):
    """
    An instant before the change runs after it only under the condition that schedkit tells, once,
    and no later than the deadline; so the shorter the deadline, the rarer.
    """
    foreseen, counts = Counter(), Counter()
    for course, runs in lives:
        extra, _ = edits.unexpected(course, runs)
        tick = edits.foreseen(course, runs)
        assert [int(run.tick.timestamp()) for run in extra] in ([], [tick]), course
        for run in extra:
            late = (run.start - run.tick).total_seconds()
            assert late <= (course.deadline or late)
        counts[course.deadline] += len(extra)
        foreseen[course.deadline] += tick is not None
    assert {60: 0, 300: 2, 3_600: 4, 86_400: 15, None: 12} == counts
    # Where gaps are uneven the controller may find nothing.
    assert {60: 0, 300: 2, 3_600: 4, 86_400: 15, None: 13} == foreseen


def _state(native: Native, deadline: int | None, *, suspend: bool) -> list[dict[str, object]]:
    """
    A schedule as it is deployed.
    """
    component = f"{URN}{deployed.COMPONENT}::x"
    spec = {"schedule": native.text, "timeZone": native.timezone, "suspend": suspend}
    inputs = {"spec": {**spec, "startingDeadlineSeconds": deadline}, "metadata": {"name": "x"}}
    urn = f"{URN}{deployed.COMPONENT}${CRON_JOB}::x"
    return [
        {"type": deployed.COMPONENT, "urn": component, "inputs": {"backend": "kubernetes"}},
        {"type": CRON_JOB, "urn": urn, "parent": component, "inputs": inputs},
    ]


def _told(course: rules.Course) -> list[deployed.Late]:
    """
    What `schedkit plan --deployed` says about the edit, or about the end of the pause.
    """
    paused = bool(course.pauses)
    at, new = (course.pauses[0][1], course.native) if paused else course.edits[0]
    old = _state(course.native, course.deadline, suspend=paused)
    own = _state(new, course.deadline, suspend=False)
    (change,) = deployed.changes(old, own, rules.instant(at))
    return list(change.late)


def test_plan_tells_every_run_that_a_change_adds(lives):
    """
    What `schedkit plan --deployed` does not tell never runs; what it tells runs before it says so.
    """
    told = ran = 0
    for course, runs in lives:
        if course.deadline is None:
            continue
        extra, _ = edits.unexpected(course, runs)
        late = _told(course)
        assert [run.tick for run in extra] in ([], [each.run for each in late]), course
        assert all(run.start < each.until for run, each in zip(extra, late, strict=False)), course
        told += len(late)
        ran += len(extra)
    assert (63, 21) == (told, ran)


def test_plan_tells_every_run_that_a_resume_starts(simulate):
    """
    The end of a pause starts the instant that `schedkit plan --deployed` tells, unless it ran
    before the pause, or uneven gaps mislead the controller.
    """
    courses = list(edits.paused(PAUSES, seed=2))
    told = ran = 0
    for course, runs in zip(courses, edits.simulated(courses), strict=True):
        assert rules.agree(rules.runs(course), runs), course
        ((_, stop),) = course.pauses
        resumed = [run for run in runs if 0 <= run.start.timestamp() - stop < rules.LATE]
        late = _told(course)
        assert [run.tick for run in resumed] in ([], [each.run for each in late]), course
        told += len(late)
        ran += len(resumed)
    assert (65, 50) == (told, ran)
