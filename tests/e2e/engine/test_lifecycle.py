"""
From the first `up` to `destroy`, on the real engine.
"""

from __future__ import annotations

import pulumi
import pytest
from programs import Nightly
from pulumi import automation


pytestmark = pytest.mark.engine

CRON_JOB = "kubernetes:batch/v1:CronJob"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
KUBERNETES = {"schedkit:backend": "kubernetes"}
NAMES = [
    "CronJob nightly",
    "CronJob weekly",
    "Pipeline train",
    "Schedule nightly",
    "Schedule weekly",
    "ServiceAccount train",
]
CLOUD = [
    f"{CRON_JOB}::default/nightly-dev",
    f"{CRON_JOB}::default/weekly-dev",
    f"{ACCOUNT}::default/train-dev",
]


@pytest.fixture
def program():
    """
    What is deployed.
    """
    return Nightly()


@pytest.fixture
def stack(engine, program):
    """
    Not deployed yet.
    """
    return engine.stack(program, config=KUBERNETES)


@pytest.fixture
def deployed(stack):
    """
    Deployed once; the calls of that are forgotten.
    """
    stack.up()
    stack.forget()
    return stack


def test_up(stack) -> None:
    """
    A first `up` creates three components, three objects and the stack, and exports the id.
    """
    assert {"create": 7} == stack.preview()
    assert [] == stack.cloud
    assert {"create": 7} == stack.up()
    assert NAMES == sorted(stack.resources)
    assert CLOUD == stack.cloud
    assert "default/nightly-dev" == stack.api.outputs()["schedule"].value


def test_second_preview_is_empty(deployed) -> None:
    """
    A second preview expects no changes and finds none; a second `up` asks for nothing.
    """
    assert {"same": 7} == deployed.preview(expect_no_changes=True)
    assert {"same": 7} == deployed.up(expect_no_changes=True)
    assert [] == deployed.changes


def test_up_applies_before_it_complains(deployed, program, provider_double) -> None:
    """
    `expect_no_changes` of an `up` fails after the change is made: it belongs on a preview.
    """
    program.cron = "0 2 * * *"
    with pytest.raises(automation.CommandError, match="no changes were expected"):
        deployed.preview(expect_no_changes=True)
    assert [] == deployed.changes
    with pytest.raises(automation.CommandError, match="no changes were expected"):
        deployed.up(expect_no_changes=True)
    assert [("Update", "nightly")] == deployed.changes
    made = provider_double.objects[CLOUD[0]]
    assert "0 2 * * *" == made.inputs["spec"]["schedule"]


def test_one_schedule_changed(deployed, program) -> None:
    """
    The change of one schedule touches one object.
    """
    program.cron = "30 1 * * *"
    assert {"update": 1, "same": 6} == deployed.preview()
    assert {"update": 1, "same": 6} == deployed.up()
    assert [("Update", "nightly")] == deployed.changes
    assert CLOUD == deployed.cloud


def test_one_schedule_removed(deployed, program) -> None:
    """
    A schedule that is no longer declared goes, with its component, and nothing else does.
    """
    program.weekly = False
    assert {"delete": 2, "same": 5} == deployed.up()
    assert [("Delete", "weekly")] == deployed.changes
    assert [CLOUD[0], CLOUD[2]] == deployed.cloud


def test_schedule_renamed_with_an_alias(deployed, program) -> None:
    """
    A new name with an alias and the old physical name replaces nothing; labels follow the name.
    """
    program.name, program.physical_name = "nocturnal", "nightly-dev"
    program.schedule = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="nightly")])
    assert {"update": 1, "same": 6} == deployed.up()
    assert [("Update", "nocturnal")] == deployed.changes
    assert CLOUD == deployed.cloud
    program.schedule = None  # the alias has done its work
    assert {"same": 7} == deployed.preview(expect_no_changes=True)


def test_pipeline_renamed_with_an_alias(deployed, program, provider_double) -> None:
    """
    A pipeline's new name with an alias replaces no schedule, only the ServiceAccount, which bears
    the name, and which the schedules then run as.
    """
    program.pipeline = "fit"
    program.options = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="train")])
    assert {"replace": 1, "update": 2, "same": 4} == deployed.up()
    replaced, updated = deployed.changes[:2], sorted(deployed.changes[2:])
    assert [("Delete", "train"), ("Create", "fit")] == replaced
    assert [("Update", "nightly"), ("Update", "weekly")] == updated
    for id_ in CLOUD[:2]:
        job = provider_double.objects[id_].inputs["spec"]["jobTemplate"]["spec"]
        assert "fit-dev" == job["template"]["spec"]["serviceAccountName"]


def test_schedule_renamed_without_physical_name(deployed, program, provider_double) -> None:
    """
    A new name alone is a new physical name: the old object goes before the new one comes, so
    that at no time two of them fire.
    """
    program.name = "nocturnal"
    program.schedule = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="nightly")])
    assert {"replace": 1, "same": 6} == deployed.up()
    assert [("Delete", "nightly"), ("Create", "nocturnal")] == deployed.changes
    assert f"{CRON_JOB}::default/nocturnal-dev" in deployed.cloud
    assert len(CLOUD) == len(deployed.cloud)


def test_refresh_is_clean(deployed) -> None:
    """
    A refresh reads every object and changes nothing, in the cloud or the state.
    """
    before = deployed.resources
    assert {"same": 7} == deployed.refresh(expect_no_changes=True)
    reads = [call for call in deployed.doubles["kubernetes"].calls if call.op == "Read"]
    assert len(CLOUD) == len(reads)
    assert [] == deployed.changes
    assert before.keys() == deployed.resources.keys()
    assert {"same": 7} == deployed.preview(expect_no_changes=True)


def test_drift_is_mended(deployed, provider_double) -> None:
    """
    What somebody deleted or edited is found by a refresh, and made again by the next `up`.
    """
    del provider_double.objects[CLOUD[1]]
    provider_double.objects[CLOUD[0]].inputs["spec"]["suspend"] = True
    assert {"delete": 1, "update": 1, "same": 5} == deployed.refresh()
    assert {"create": 1, "update": 1, "same": 5} == deployed.up()
    assert [("Create", "weekly"), ("Update", "nightly")] == sorted(deployed.changes)
    assert provider_double.objects[CLOUD[0]].inputs["spec"]["suspend"] is False
    assert CLOUD == deployed.cloud


def test_destroy_leaves_nothing(deployed) -> None:
    """
    `destroy` takes the schedules before what they run as, and leaves no object and no resource.
    """
    assert {"delete": 7} == deployed.destroy()
    assert ("Delete", "train") == deployed.changes[-1]
    assert len(CLOUD) == len(deployed.changes)
    assert [] == deployed.cloud
    assert {} == deployed.resources


def test_changed_by_nobody_but_the_program(deployed, program) -> None:
    """
    Next runs stand in a preview's messages only: they change no input and no export.
    """
    told = []
    deployed.api.preview(color="never", on_output=told.append, expect_no_changes=True)
    assert any("next runs: " in line for line in told)
    written = b"".join(deployed.written().values())
    assert b"next runs" not in written
