"""
The real engine deploys to the real control plane.
"""

from __future__ import annotations

from datetime import UTC, datetime

import build
import pytest
from api import ApiError, History
from controlplane import ControlPlane
from kubernetes_double import KubernetesDouble
from pulumi import automation
from scenes import CRON_JOB, JOB, POD, Scene, compiled, condition, deploy, jobs
from stack import running


pytestmark = pytest.mark.cluster
AT = datetime(2027, 7, 5, 23, tzinfo=UTC)  # 1:00 in Berlin
NAME = "nightly-kubernetes"


@pytest.fixture
def plane(binaries, lead, tmp_path):
    """
    A cluster shortly before the hour of the example.
    """
    if not build.built("pulumi"):
        pytest.skip("pulumi is not built: run `nox -s engine`")
    with ControlPlane(tmp_path / "cluster", binaries, (AT - lead(6), 10)) as made:
        yield made


def test_an_example_from_up_to_destroy(plane, tmp_path):
    """
    `up` makes a CronJob that fires at its hour, a second preview and a refresh find nothing to do,
    and `destroy` leaves neither CronJob nor Job nor pod.
    """
    history = History(plane.api, *JOB)
    box = tmp_path / "box"
    box.mkdir()
    with running(box, KubernetesDouble(plane.api)) as engine:
        stack = engine.example("nightly-training", "kubernetes")
        stack.up()
        (cron_job,) = plane.api.items(*CRON_JOB)
        assert NAME == cron_job["metadata"]["name"]
        managers = {entry["manager"] for entry in cron_job["metadata"]["managedFields"]}
        assert {"pulumi-kubernetes"} == managers
        stack.preview(expect_no_changes=True)
        assert plane.now() < AT.timestamp(), "too busy a machine"
        plane.sleep_until(AT.timestamp())
        plane.wait(lambda: list(jobs(history, "default", NAME)), "a Job", 30)
        assert [int(AT.timestamp())] == list(jobs(history, "default", NAME))
        plane.wait(lambda: all(map(completed, jobs(history, "default", NAME).values())), "its end")
        stack.preview(expect_no_changes=True, refresh=True)
        stack.destroy()
    for kind in (CRON_JOB, JOB, POD):
        plane.wait(lambda k=kind: not plane.api.items(*k), f"the end of every {kind[0]}", 30)
    accounts = [
        each["metadata"]["name"] for each in plane.api.items("ServiceAccount", "v1", "default")
    ]
    assert ["default"] == accounts


@pytest.fixture
def stack(cluster, tmp_path):
    """
    A stack of one program, whose scene a test may change, on the common cluster.
    """
    if not build.built("pulumi"):
        pytest.skip("pulumi is not built: run `nox -s engine`")

    def program():
        made.scene.program()

    with running(tmp_path, KubernetesDouble(cluster.api)) as engine:
        made = engine.stack(program)
        yield made


def test_a_changed_schedule_is_changed_in_place(stack, cluster):
    """
    A second `up` patches one CronJob: it stays the same object, and what is left out goes.
    """
    notes = {"annotations": {"example.org/why": "because"}}
    stack.scene = Scene(name="changed", cron="0 3 * * *", options=notes)
    assert {"create": 7} == stack.up()
    before = cluster.api.get(*CRON_JOB, "changed", "often-dev")
    stack.forget()
    stack.scene = Scene(name="changed", cron="30 4 * * *")
    stack.up()
    after = cluster.api.get(*CRON_JOB, "changed", "often-dev")
    assert [("Update", "often")] == stack.changes
    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    assert "30 4 * * *" == after["spec"]["schedule"]
    assert notes["annotations"] == before["metadata"]["annotations"]
    assert "annotations" not in after["metadata"]
    stack.destroy()
    with pytest.raises(ApiError, match='namespaces "changed" not found'):
        cluster.api.get("Namespace", "v1", "", "changed")


def test_what_is_there_is_not_taken_over(stack, cluster):
    """
    A namespace of that name which somebody else made ends the `up`, and nothing else is made.
    """
    stack.scene = Scene(name="taken", cron="0 3 * * *")
    deploy(cluster.api, compiled(Scene(name="taken", cron="0 5 * * *").program)[:1])
    with pytest.raises(automation.CommandError, match="'taken' already exists"):
        stack.up()
    assert [] == cluster.api.items(*CRON_JOB, "taken")
    assert [] == stack.changes[1:]
    cluster.api.delete("/api/v1/namespaces/taken")


def completed(job):
    """
    Whether a Job ended well.
    """
    return condition(job, "Complete")
