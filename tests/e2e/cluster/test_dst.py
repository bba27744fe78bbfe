"""
The hours in which clocks change, lived through by the real controllers at 60 times the speed.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from api import History
from controlplane import ControlPlane, ControlPlaneError
from figures import COUNTS
from scenes import JOB, deploy, jobs

import schedkit as sk
from schedkit.backend import Target
from schedkit.findings import Feature
from schedkit.plan import show
from schedkit.planning import natives, plan_for, verdict
from schedkit.recurrence import Zone
from schedkit.testing.examples import pipeline
from schedkit_kubernetes.backend import Kubernetes


pytestmark = pytest.mark.cluster
SPEED = 60
LEAD, BEFORE, AFTER = (timedelta(minutes=count) for count in (3, 35, 41))
LATE = 200  # seconds of the cluster's clock; a start may be late by 300
# The instants at which clocks change, and the zones whose clocks do; forward makes a gap.
CHANGES = {
    "2027-03-14T07:00Z": ["America/New_York"],
    "2027-03-28T01:00Z": ["Europe/Berlin", "Europe/London"],
    "2027-04-03T16:00Z": ["Australia/Sydney"],
    "2027-10-02T16:00Z": ["Australia/Sydney"],
    "2027-10-31T01:00Z": ["Europe/Berlin", "Europe/London"],
    "2027-11-07T06:00Z": ["America/New_York"],
}
CRONS = (
    *("30 1 * * *", "30 2 * * *", "0 3 * * *", "0 * * * *", "*/20 * * * *"),
    *("0,30 1-3 * * *", "45 0-2 14,28 3 *"),
)
EXACT, BENT = sk.Dst(gap="skip", fold="both"), sk.Dst(gap="shift", fold="first")


@pytest.fixture(scope="module")
def nights(binaries, tmp_path_factory):
    """
    The instants of all Jobs by zone and cron, for each change; all are lived at a time.
    """
    with ExitStack() as planes:
        found = [planes.enter_context(Night(at, binaries, tmp_path_factory)) for at in CHANGES]
        for night in found:
            night.begin()
        for night in found:
            night.settle()
        return {night.change: night.live() for night in found}


@pytest.fixture(params=CHANGES)
def night(request, nights):
    """
    One change: its instant, and what was started.
    """
    return datetime.fromisoformat(request.param), nights[request.param]


class Night(ControlPlane):
    """
    A cluster that holds the schedules of the zones whose clocks change.
    """

    def __init__(self, change, binaries, folders):
        self.change, self.at = change, datetime.fromisoformat(change)
        clock = self.at - BEFORE - LEAD - timedelta(minutes=1), 1
        super().__init__(folders.mktemp("night"), binaries, clock, pods=False)

    def __enter__(self):
        super().__enter__()
        self.history = History(self.api, *JOB)
        for zone, cron, number in schedules(self.at):
            plan = compiled(zone, cron, number)
            deploy(self.api, [show(node.inputs) for node in plan.nodes])
        return self

    def begin(self):
        """
        Start the controllers.
        """
        self.start_controllers((self.at - BEFORE - LEAD, SPEED))

    def settle(self):
        """
        Start them again where they found no server within ten of their seconds, and died.
        """
        for _ in range(5):
            try:
                return self.sleep_until((self.at - BEFORE).timestamp())
            except ControlPlaneError:
                self.begin()
        raise AssertionError("too busy a machine for this speed")

    def live(self):
        """
        The instants of what was started until the end of the night.
        """
        self.sleep_until((self.at + AFTER).timestamp() + LATE)
        found = {}
        for zone, cron, number in schedules(self.at):
            started = jobs(self.history, "default", f"night-{number}")
            instants = [datetime.fromtimestamp(epoch, UTC) for epoch in started]
            found[zone, cron] = inside(self.at, instants)
        return found


def schedules(at):
    """
    Zone, cron and a number for each.
    """
    zones = CHANGES[f"{at:%Y-%m-%dT%H:%MZ}"]
    every = [(zone, cron) for zone in zones for cron in CRONS]
    return [(zone, cron, number) for number, (zone, cron) in enumerate(every)]


def compiled(zone, cron, number=0, dst=None):
    """
    What schedkit makes of it for Kubernetes.
    """
    spec = sk.ScheduleSpec(
        "night", pipeline(overlap="allow"), sk.Cron(cron, timezone=zone, dst=dst)
    )
    return plan_for(Kubernetes(), spec, Target(physical_name=f"night-{number}"))


def inside(at, instants):
    """
    Those that were lived through, in UTC.
    """
    return sorted(t.astimezone(UTC) for t in instants if at - BEFORE <= t < at + AFTER)


def test_starts_what_robfig_says(night):
    """
    The Jobs are those of the text that was deployed, read back through the robfig dialect.
    """
    at, found = night
    for (zone, cron), started in found.items():
        (native,) = natives(compiled(zone, cron))
        when = sk.read("robfig", native)
        assert inside(at, when.between(at - BEFORE, at + AFTER)) == started, (zone, cron)
    COUNTS["instants seen as clocks changed"] += sum(map(len, found.values()))


def test_starts_what_the_schedule_says(night):
    """
    The Jobs are those of the schedule itself, under the policy that schedkit calls exact.
    """
    at, found = night
    for (zone, cron), started in found.items():
        plan = compiled(zone, cron, dst=EXACT)
        assert None is verdict(plan, strict=True), (zone, cron)
        when = sk.Cron(cron, timezone=zone, dst=EXACT)
        assert inside(at, when.between(at - BEFORE, at + AFTER)) == started, (zone, cron)


def test_skips_the_gap_and_repeats_the_fold(night):
    """
    A wall time that is skipped starts nothing; one that is repeated starts a Job both times.
    """
    at, found = night
    touched = 0
    for (zone, cron), started in found.items():
        (change,) = Zone.of(zone).changes(int(at.timestamp()), int(at.timestamp()) + 1)
        hours = sorted((change.epoch + off) % 86_400 // 3600 for off in change[1:])
        for hour in range(*hours):  # what the wall clock skips or repeats
            if cron == f"30 {hour} * * *":
                touched += 1
                assert (0 if change.after > change.before else 2) == len(started), (zone, cron)
    assert len(CHANGES[f"{at:%Y-%m-%dT%H:%MZ}"]) == touched


def test_refuses_other_policies_at_just_these_instants(night):
    """
    Asked to shift a gap and to run once in a fold, schedkit refuses, and the instants that it
    names are those on which the cluster differs.
    """
    at, found = night
    differing = 0
    for (zone, cron), started in found.items():
        wanted = inside(
            at, sk.Cron(cron, timezone=zone, dst=BENT).between(at - BEFORE, at + AFTER)
        )
        plan = compiled(zone, cron, dst=BENT)
        named = [f for f in plan.findings if f.feature is Feature.DST and f.verdict == "refused"]
        told = {t for f in named for t in inside(at, f.instants)}
        assert {*wanted} ^ {*started} == told, (zone, cron)
        differing += len(told)
    assert differing > 0
