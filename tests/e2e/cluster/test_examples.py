"""
The examples on a cluster, at the hour at which they run.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from api import History
from controlplane import ControlPlane
from scenes import EXAMPLES, JOB, POD, condition, deploy, environment, jobs, manifests

from schedkit import preview


pytestmark = pytest.mark.cluster
# The first instants of a Tuesday: 9:00 and 1:00 in Berlin.
RUNS = {
    "hello": ("daily-kubernetes", "hello-kubernetes", datetime(2027, 7, 6, 7, tzinfo=UTC)),
    "nightly-training": (
        "nightly-kubernetes",
        "training-kubernetes",
        datetime(2027, 7, 5, 23, tzinfo=UTC),
    ),
}
STEPS = {"hello": ["greet"], "nightly-training": ["prepare", "fit", "evaluate"]}


@pytest.mark.parametrize("name", RUNS)
def test_runs_at_its_hour(name, binaries, lead, tmp_path):
    """
    Deployed shortly before its hour, it starts one Job at that instant, which completes.
    """
    cron_job, account, at = RUNS[name]
    clock = (at - lead(3), 10)
    documents = manifests(preview.run(EXAMPLES / name, stack="kubernetes"))
    with ControlPlane(tmp_path / "cluster", binaries, clock) as plane:
        history, pods = History(plane.api, *JOB), History(plane.api, *POD)
        deploy(plane.api, documents)
        assert plane.now() < at.timestamp(), "too busy a machine"
        plane.sleep_until(at.timestamp())
        plane.wait(lambda: completed(history, cron_job), "the Job", 30)
        assert [int(at.timestamp())] == list(jobs(history, "default", cron_job))
        (pod,) = pods.of("default")
    spec = pod["spec"]
    assert account == spec["serviceAccountName"]
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    assert STEPS[name] == [container["name"] for container in containers]
    for step, container in zip(STEPS[name], containers, strict=True):
        found = environment(pod, container)
        assert f"{cron_job}-{int(at.timestamp()) // 60}" == found["SCHEDKIT_RUN_ID"]
        assert step == found["SCHEDKIT_STEP"]


def completed(history, cron_job):
    """
    Whether all that it started ended well.
    """
    started = jobs(history, "default", cron_job).values()
    return started and all(condition(job, "Complete") for job in started)
