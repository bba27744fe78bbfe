"""
Two hundred and forty random changes of a schedule or zone on the real CronJob controller.
"""

from __future__ import annotations

from collections import Counter

import edits
import pytest
import rules


pytestmark = pytest.mark.cluster

CHANGES = 240


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
