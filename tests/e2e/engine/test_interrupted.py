"""
Providers that fail and engines that are killed, at every single call.

Whatever happened, no second schedule is left, and the next command ends right or says what to do.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable

import attrs
import pytest
import tally
from double import Call, Double, Failed, Fault
from programs import Nightly
from pulumi import automation
from stack import Stack, running


pytestmark = pytest.mark.engine

CRON_JOB = "kubernetes:batch/v1:CronJob::default"
ACCOUNT = "kubernetes:core/v1:ServiceAccount::default"
WAITING = 30  # seconds, at most


class Cluster(Double):
    """
    Notes how many CronJobs there were at most at one time.
    """

    most = 0

    def make(self, call, inputs):
        made = super().make(call, inputs)
        jobs = [thing for thing in self.objects.values() if thing.type.endswith(":CronJob")]
        self.most = max(self.most, len(jobs))
        return made


@attrs.frozen
class Phase:
    """
    One command on a stack that was brought to where the command starts.

    Attributes:
        start: What is deployed before; None for nothing.
        change: What the program declares differently then.
        verb: `up` or `destroy`.
        end: What is in the cloud afterwards.
        calls: How often the command changes the cloud.
    """

    start: Nightly | None
    change: dict[str, object]
    verb: str
    end: tuple[str, ...]
    calls: tuple[str, ...]


ONE = Nightly(weekly=False)
BOTH = (f"{CRON_JOB}/nightly-dev", f"{ACCOUNT}/train-dev")
PHASES = {
    "create": Phase(None, {}, "up", BOTH, ("Create", "Create")),
    "update": Phase(ONE, {"cron": "0 2 * * *"}, "up", BOTH, ("Update",)),
    "replace": Phase(
        ONE,
        {"physical_name": "nocturnal"},
        "up",
        (f"{CRON_JOB}/nocturnal", BOTH[1]),
        ("Delete", "Create"),
    ),
    "destroy": Phase(ONE, {}, "destroy", (), ("Delete", "Delete")),
}


@attrs.define
class Bench:
    """
    A stack that can be put back to where a phase starts.
    """

    stack: Stack
    cluster: Cluster
    program: Nightly
    phase: Phase
    objects: dict = attrs.field(factory=dict)

    def begin(self) -> None:
        """
        Deploy what the phase starts with, and keep it.
        """
        if self.phase.start:
            self.stack.up()
        self.objects = copy.deepcopy(self.cluster.objects)
        state = self.stack.box / "state"
        shutil.copytree(state, self.stack.box / "kept")
        for name, value in self.phase.change.items():
            setattr(self.program, name, value)

    def reset(self) -> None:
        """
        Go back to where the phase starts.
        """
        state = self.stack.box / "state"
        shutil.rmtree(state)
        shutil.copytree(self.stack.box / "kept", state)
        self.cluster.objects = copy.deepcopy(self.objects)
        self.cluster.forget()
        self.cluster.fault, self.cluster.most = None, 0

    def command(self) -> None:
        """
        What the phase does.
        """
        tally.COUNTS["commands that were disturbed or repeated"] += 1
        getattr(self.stack, self.phase.verb)()

    def disturbed(
        self, hits: Callable[[Call], bool], deed: Callable[[], object], after: bool
    ) -> str:
        """
        Do it with a fault, and tell what it said.
        """
        hit: list[Call] = []

        def once(call: Call) -> bool:
            found = not hit and hits(call)
            if found:
                hit.append(call)
            return found

        self.cluster.fault = Fault(once, deed, after=after)
        with pytest.raises(automation.CommandError) as caught:
            self.command()
        assert hit, "the call was never made"
        self.cluster.fault = None
        return str(caught.value)

    def ended_right(self) -> None:
        """
        The cloud and the state hold the same, as it was wanted, and there was never a second one.
        """
        assert list(self.phase.end) == self.stack.cloud
        assert [] == self.stack.pending
        known = [f"{r['type']}::{r['id']}" for r in self.stack.resources.values() if "id" in r]
        assert list(self.phase.end) == sorted(known)
        assert self.cluster.most <= 1
        if self.phase.verb == "up":
            self.stack.preview(expect_no_changes=True)


@pytest.fixture(params=PHASES)
def bench(request, binaries, tmp_path):
    """
    Where a phase starts.
    """
    phase = PHASES[request.param]
    cluster, program = Cluster("kubernetes"), copy.copy(ONE)
    with running(tmp_path, cluster) as engine:
        stack = engine.stack(program, config={"schedkit:backend": "kubernetes"})
        made = Bench(stack, cluster, program, phase)
        made.begin()
        made.reset()
        yield made


def calls_of(bench: Bench) -> list[Call]:
    """
    What an undisturbed run of the phase asks.
    """
    bench.command()
    bench.ended_right()
    mutating = [call for call in bench.cluster.calls if call.mutates]
    calls = list(bench.cluster.calls)
    assert bench.phase.calls == tuple(call.op for call in mutating[: len(bench.phase.calls)])
    bench.reset()
    return calls


def nth_change(bench: Bench, number: int) -> Callable[[Call], bool]:
    """
    Whether a call is the one that changes the cloud for the so-manieth time.
    """
    return lambda call: call.mutates and number == len(bench.cluster.changes)


def fail() -> None:
    """
    What a provider without capacity does.
    """
    raise Failed("no capacity")


def test_provider_fails_at_each_change(bench) -> None:
    """
    A provider that fails at any one call leaves a state from which the next command ends right.
    """
    calls_of(bench)
    for number in range(1, len(bench.phase.calls) + 1):
        said = bench.disturbed(nth_change(bench, number), fail, after=False)
        assert "no capacity" in said
        bench.command()
        bench.ended_right()
        tally.COUNTS["faults injected"] += 1
        bench.reset()
