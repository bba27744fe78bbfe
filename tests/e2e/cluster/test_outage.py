"""
The controller manager is stopped and started again: what becomes of the runs in between.
"""

from __future__ import annotations

import pytest
from api import History
from figures import COUNTS
from scenes import JOB, Scene, compiled, deploy, lateness

import schedkit as sk
from schedkit.backend import Target
from schedkit.findings import Feature
from schedkit.planning import plan_for
from schedkit.testing.examples import schedule
from schedkit_kubernetes.backend import Kubernetes


pytestmark = pytest.mark.cluster
MINUTE = 60
DOWN, UP, END = 25, 185, 290  # seconds after the first minute


def scenes(first):
    """
    All run at the first minute; which of the next ones they want says the name.
    """

    def at(*minutes):
        return (
            ",".join(str((first // MINUTE + each) % 60) for each in sorted(minutes)) + " * * * *"
        )

    latest = sk.CatchUp("latest", window="50m")
    return [
        Scene(name="usual", cron=at(0, 1)),
        Scene(name="short", cron=at(0, 1), schedule={"starting_deadline": "60s"}),
        Scene(name="steady"),
        Scene(name="uneven", cron=at(0, 1, 2)),
        Scene(
            name="caught-up",
            cron=at(1),
            schedule={"starting_deadline": "30s", "catch_up": latest},
        ),
        Scene(name="again", cron=at(0, 4)),
    ]


@pytest.fixture(scope="module")
def outage(cluster):
    """
    Late starts by minute after the first, for each scene.
    """
    api, history = cluster.api, History(cluster.api, *JOB)
    [compiled(scene.program) for scene in scenes(0)]  # what is imported at first use is slow
    first = (int(cluster.now()) + 90) // MINUTE * MINUTE + MINUTE
    plans = [compiled(scene.program) for scene in scenes(first)]
    for documents in plans:
        deploy(api, documents)
    assert cluster.now() < first, "too busy a machine"
    cluster.sleep_until(first + DOWN)
    cluster.stop_controllers()
    cluster.sleep_until(first + UP)
    cluster.start_controllers()
    cluster.sleep_until(first + END)
    late = {scene.name: lateness(history, scene.name, first) for scene in scenes(first)}
    COUNTS["instants seen"] += sum(map(len, late.values()))
    for documents in plans:
        api.delete(api.path(documents[-1]))
    return late


def test_a_missed_run_starts_within_the_deadline(outage):
    """
    Missed by 140 s under the default of 300 s: it starts as soon as there is a controller.
    """
    assert [0, 1] == list(outage["usual"])
    assert UP - MINUTE < outage["usual"][1] < END - MINUTE


def test_a_missed_run_is_lost_after_the_deadline(outage):
    """
    Missed by 140 s under a deadline of 60 s: it never starts.
    """
    assert [0] == list(outage["short"])


def test_catching_up_starts_a_run_after_the_deadline(outage):
    """
    Missed by 140 s under a deadline of 30 s, and caught up with within 50 minutes.
    """
    assert [1] == list(outage["caught-up"])


def test_of_several_missed_runs_the_latest_starts(outage):
    """
    Minutes 1, 2 and 3 were missed, and only minute 3 is started.
    """
    assert [0, 3, 4] == list(outage["steady"])


def test_of_several_uneven_ones_perhaps_none_starts(outage):
    """
    Minutes 1 and 2 of every hour were missed: the controller guesses their number from the first
    gaps, and starts neither. schedkit refuses to promise the latest one.
    """
    assert [0] == list(outage["uneven"])
    cron, latest = sk.Cron("0,1,2 * * * *"), sk.CatchUp("latest", window="5m")
    plan = plan_for(Kubernetes(), schedule(cron, catch_up=latest), Target())
    bad = [f.feature for f in plan.findings if f.verdict == "refused"]
    assert [Feature.CATCH_UP_LATEST] == bad


def test_runs_go_on_after_an_outage(outage):
    """
    What was not missed starts on time.
    """
    assert [0, 4] == list(outage["again"])
    assert outage["again"][4] < 40
