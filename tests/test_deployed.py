"""
What a deployment changes, by the state of the stack.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from schedkit import deployed, registry
from schedkit.exceptions import SpecError, UnknownBackendError


NOW = datetime(2026, 1, 2, 10, tzinfo=UTC)  # a Friday
STACK = "urn:pulumi:dev::shop::"
CRON_JOB = "kubernetes:batch/v1:CronJob"


def component(name: str, backend: str = "kubernetes") -> dict[str, object]:
    """
    A schedule as a state has it.
    """
    urn = f"{STACK}{deployed.COMPONENT}::{name}"
    return {"type": deployed.COMPONENT, "urn": urn, "inputs": {"backend": backend}}


def cron_job(
    text: str, zone: str = "Etc/UTC", *, of: str = "nightly", name: str | None = None, **spec
) -> dict[str, object]:
    """
    A CronJob as a state has it.
    """
    parent = f"{STACK}{deployed.COMPONENT}::{of}"
    spec = {"schedule": text, "timeZone": zone, "startingDeadlineSeconds": 300.0, **spec}
    return {
        "type": CRON_JOB,
        "urn": f"{STACK}{deployed.COMPONENT}${CRON_JOB}::{of}",
        "parent": parent,
        "inputs": {"metadata": {"name": name or of, "namespace": "ml"}, "spec": spec},
    }


def change(old, new, now=NOW):
    """
    What becomes of one schedule, by the CronJobs before and after.
    """
    sides = [[component("nightly"), *side] if side else [] for side in (old, new)]
    (found,) = deployed.changes(*sides, now)
    return found


def counts(found) -> tuple[int, int, int, int]:
    """
    Moved, lost, added, kept.
    """
    return found.diff.moved, found.diff.lost, found.diff.added, found.diff.kept


def test_nothing_changes() -> None:
    """
    The same texts are the same schedule, whatever else its resource says.
    """
    found = change([cron_job("0 3 * * *")], [cron_job("0 3 * * *", suspend=False)])
    assert ("same", None, (), ()) == (found.kind, found.diff, found.late, found.notes)
    assert ("Schedule 'nightly' stays the same",) == found.sentences


@pytest.mark.parametrize(
    ("old", "new", "kind", "sentence"),
    [
        ([], [component("nightly", "local")], "created", "created"),
        ([component("nightly", "local")], [], "removed", "removed"),
        (
            [component("nightly", "local")],
            [component("nightly", "local")],
            "same",
            "stays the same",
        ),
    ],
)
def test_what_no_resource_carries(old, new, kind, sentence) -> None:
    """
    A schedule of this machine has no native resource, so there is nothing to compare.
    """
    (found,) = deployed.changes(old, new, NOW)
    assert (kind, None, ()) == (found.kind, found.diff, found.late)
    assert (f"Schedule 'nightly' {sentence}",) == found.sentences


def test_from_this_machine() -> None:
    """
    A schedule that moves to a platform is new there.
    """
    sides = [component("nightly", "local")], [component("nightly"), cron_job("0 3 * * *")]
    (found,) = deployed.changes(*sides, NOW)
    assert ("created", 365) == (found.kind, found.diff.added)


def test_edited() -> None:
    """
    An edit tells the year's runs that move, with both texts.
    """
    found = change([cron_job("0 3 * * *")], [cron_job("0 9 * * *")])
    assert ("changed", (365, 0, 0, 0)) == (found.kind, counts(found))
    head, runs = found.sentences
    assert "Schedule 'nightly' changed: 0 3 * * * (Etc/UTC) -> 0 9 * * * (Etc/UTC)" == head
    assert runs.startswith("365 moved (largest shift 6h later), 0 lost, 0 added, 0 kept, ")


def test_another_zone() -> None:
    """
    The zone counts as the text does.
    """
    found = change([cron_job("0 3 * * *")], [cron_job("0 3 * * *", "Asia/Kolkata")])
    assert ("changed", timedelta(hours=-5.5)) == (found.kind, found.diff.largest_shift)


@pytest.mark.parametrize(
    ("minute", "late"),
    [("58", "09:58"), ("55", "09:55"), ("54", None), ("0", "10:00"), ("1", None)],
)
def test_a_past_instant_may_start_once(minute, late) -> None:
    """
    The new text's latest instant, as old as the deadline at most, says until when it may start.
    """
    hour = 9 if int(minute) > 1 else 10
    found = change([cron_job("0 3 * * *")], [cron_job(f"{minute} {hour} * * *")])
    runs = [each.run.strftime("%H:%M") for each in found.late]
    assert ([late] if late else []) == runs
    assert [timedelta(minutes=5)] * len(runs) == [each.until - each.run for each in found.late]


def test_a_past_instant_in_words() -> None:
    """
    The sentence says what may happen and how to avoid it.
    """
    found = change([cron_job("0 3 * * *")], [cron_job("58 9 * * *")])
    assert found.sentences[-1] == (
        "the run of 2026-01-02T09:58:00+00:00 counts as missed and may start after the "
        "deployment; deploy after 2026-01-02T10:03:00+00:00 to avoid it"
    )


def test_what_the_old_one_has_run_is_no_missed_run() -> None:
    """
    The controller looks back to the last run only.
    """
    every = cron_job("*/10 * * * *", startingDeadlineSeconds=3600)
    assert () == change([cron_job("0 * * * *", startingDeadlineSeconds=3600)], [every]).late
    found = change([cron_job("30 9 * * *", startingDeadlineSeconds=3600)], [every])
    (late,) = found.late
    assert (NOW, NOW + timedelta(minutes=10), False) == (late.run, late.until, late.avoidable)
    assert found.sentences[-1] == (
        "the run of 2026-01-02T10:00:00+00:00 counts as missed and may start after the "
        "deployment, before 2026-01-02T10:10:00+00:00"
    )


def test_a_pause() -> None:
    """
    A paused schedule has no runs.
    """
    found = change([cron_job("0 3 * * *")], [cron_job("0 3 * * *", suspend=True)])
    assert ("changed", (0, 365, 0, 0), ()) == (found.kind, counts(found), found.late)
    assert ("0 3 * * * (Etc/UTC, paused)",) == found.new


def test_a_resumed_schedule_may_start_its_latest_run() -> None:
    """
    An instant of the pause counts as missed.
    """
    text = "58 9 * * *"
    found = change([cron_job(text, suspend=True)], [cron_job(text)])
    assert ("changed", (0, 0, 365, 0)) == (found.kind, counts(found))
    assert ["09:58"] == [each.run.strftime("%H:%M") for each in found.late]


def test_created_and_removed() -> None:
    """
    A new schedule has no past; a removed one takes its running Jobs along.
    """
    made = change([], [cron_job("58 9 * * *")])
    assert ("created", (0, 0, 365, 0), (), ()) == (made.kind, counts(made), made.late, made.notes)
    gone = change([cron_job("58 9 * * *")], [])
    assert ("removed", (0, 365, 0, 0)) == (gone.kind, counts(gone))
    assert ("a Job that still runs is deleted together with its CronJob",) == gone.notes
    assert "Schedule 'nightly' removed: 58 9 * * * (Etc/UTC) -> nothing" == gone.sentences[0]


def test_replaced() -> None:
    """
    Another physical name is another CronJob: without a past, and the old one's Jobs are deleted.
    """
    found = change([cron_job("58 9 * * *")], [cron_job("58 9 * * *", name="other")])
    assert ("replaced", (0, 0, 0, 365), ()) == (found.kind, counts(found), found.late)
    assert ("a Job that still runs is deleted together with its CronJob",) == found.notes


def test_another_platform() -> None:
    """
    A schedule that moves is made there before it is deleted here: both run for a while.
    """
    moved = {
        "type": "aws:scheduler/schedule:Schedule",
        "urn": f"{STACK}{deployed.COMPONENT}$aws:scheduler/schedule:Schedule::nightly",
        "parent": f"{STACK}{deployed.COMPONENT}::nightly",
        "inputs": {
            "name": "nightly-dev",
            "groupName": "shop-dev",
            "scheduleExpression": "cron(0 3 * * ? *)",
            "scheduleExpressionTimezone": "Europe/Berlin",
            "state": "ENABLED",
        },
    }
    old = [component("nightly"), cron_job("0 3 * * *", "Europe/Berlin")]
    (found,) = deployed.changes(old, [component("nightly", "aws"), moved], NOW)
    assert ("replaced", (0, 0, 0, 365), ()) == (found.kind, counts(found), found.late)
    move = (
        "it moves from kubernetes to aws: Pulumi makes the new one before it deletes the old one, "
        "so what is due during the deployment runs on both; paused before, it runs on neither"
    )
    job = "a Job that still runs is deleted together with its CronJob"
    assert (job, move) == found.notes
    paused = {**moved, "inputs": {**moved["inputs"], "state": "DISABLED"}}
    (found,) = deployed.changes(
        [component("nightly", "aws"), moved], [component("nightly", "aws"), paused], NOW
    )
    assert ("changed", (0, 365, 0, 0), ()) == (found.kind, counts(found), found.notes)


def test_renamed() -> None:
    """
    An alias says what a component was called; its CronJob stays, if its own name does.
    """
    old = [component("old"), cron_job("0 3 * * *", of="old")]
    new = [{**component("nightly"), "aliases": (component("old")["urn"],)}]
    for name, kind in (("old", "same"), ("nightly", "replaced")):
        (found,) = deployed.changes(old, [*new, cron_job("0 3 * * *", name=name)], NOW)
        assert ("old", kind) == (found.name, found.kind)
    assert 2 == len(deployed.changes(old, [component("nightly"), cron_job("0 3 * * *")], NOW))


def test_several_native_ones() -> None:
    """
    Natives of one schedule count together.
    """
    second = cron_job("0 4 * * *")
    second["urn"] += "-cron_job_2"
    found = change([cron_job("0 3 * * *")], [cron_job("0 3 * * *"), second])
    assert ("changed", (0, 0, 365, 365)) == (found.kind, counts(found))


def test_an_unreadable_text() -> None:
    """
    What somebody wrote by hand is said to be unreadable, and is no reason to fail.
    """
    found = change([cron_job("99 3 * * *")], [cron_job("0 3 * * *")])
    assert ("changed", None) == (found.kind, found.diff)
    (note,) = found.notes
    assert note.startswith("what is deployed cannot be read: ")
    assert "99" in note


def test_plain_data() -> None:
    """
    JSON has every part, and so has the state's order: old components first.
    """
    old = [component("b"), cron_job("0 3 * * *", of="b")]
    new = [component("a"), cron_job("0 3 * * *", of="a"), *old]
    found = deployed.changes(old, new, NOW)
    assert [("b", "same"), ("a", "created")] == [(each.name, each.kind) for each in found]
    document = found[1].to_dict()
    assert ["name", "kind", "old", "new", "diff", "late", "notes"] == list(document)
    assert 365 == document["diff"]["added"]


def test_state() -> None:
    """
    What a deployment has left to delete is not there any more.
    """
    kept, gone = component("a"), {**component("b"), "delete": True}
    document = {"version": 3, "deployment": {"resources": [kept, gone]}}
    assert [kept] == deployed.state_of(document)
    assert [] == deployed.state_of({"deployment": {"resources": None}})


@pytest.mark.parametrize("document", [None, [], {}, {"deployment": 1}])
def test_no_state(document) -> None:
    """
    Another document is refused in words.
    """
    with pytest.raises(SpecError) as caught:
        deployed.state_of(document)
    assert str(caught.value) == (
        "the state: is no exported stack; pass what `pulumi stack export` prints"
    )


def test_backends_of_the_program() -> None:
    """
    A backend that no distribution announces reads its own; an unknown one is refused by name.
    """

    class Own(registry.load("kubernetes")):
        name = "own"

    old = [component("nightly", "own"), cron_job("0 3 * * *")]
    (found,) = deployed.changes(old, [], NOW, [Own()])
    assert ("removed", 365) == (found.kind, found.diff.lost)
    with pytest.raises(UnknownBackendError, match="own"):
        deployed.changes(old, [], NOW)


def test_values_are_frozen() -> None:
    """
    A change is data.
    """
    found = change([], [cron_job("0 3 * * *")])
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.name = "x"
