"""
Providers that fail and engines that are killed, at every single call.

Whatever happened, no second schedule is left, and the next command ends right or says what to do.
"""

from __future__ import annotations

import copy
import re
import shutil
import time
from collections.abc import Callable
from types import SimpleNamespace

import attrs
import pytest
import tally
from double import Call, Double, Failed, Fault
from programs import Nightly
from pulumi import automation
from stack import Stack, interrupt, kill, running


pytestmark = pytest.mark.engine

CRON_JOB = "kubernetes:batch/v1:CronJob::default"
ACCOUNT = "kubernetes:core/v1:ServiceAccount::default"
MOST_CURES = 5
ALREADY = re.compile(r"(?P<type>\S+) '(?P<id>\S+)' already exists")
OWNERS = {  # type -> logical name, type of the component that owns it
    "kubernetes:batch/v1:CronJob": ("nightly", "schedkit:index:Schedule"),
    "kubernetes:core/v1:ServiceAccount": ("train", "schedkit:index:Pipeline"),
}
IMPORT = ("--protect=false", "--generate-code=false", "--yes", "--skip-preview")


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
        calls: How the command changes the cloud.
        adoption: What makes the engine know an object that was made behind its back.
    """

    start: Nightly | None
    change: dict[str, object]
    verb: str
    end: tuple[str, ...]
    calls: tuple[str, ...]
    adoption: tuple[str, ...] = ("import",)


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
        ("state delete", "import"),
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
    hit: Call | None = None

    def begin(self) -> None:
        """
        Deploy what the phase starts with, and keep it.
        """
        # What the Automation API asks for after each command takes longer than the command.
        self.stack.api.outputs = dict
        self.stack.api.info = lambda *_: SimpleNamespace(resource_changes={})
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
        self.hit = hit[0]
        self.cluster.fault = None
        return str(caught.value)

    def ended_right(self) -> None:
        """
        The cloud and the state hold the same, as it was wanted, and there was never a second one.
        """
        assert list(self.phase.end) == self.stack.cloud
        state = self.stack.state
        assert [] == state.get("pending_operations", [])
        known = [f"{r['type']}::{r['id']}" for r in state.get("resources", []) if "id" in r]
        providers = [each for each in known if each.startswith("pulumi:providers:")]
        assert list(self.phase.end) == sorted({*known} - {*providers})
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
    calls = list(bench.cluster.calls)
    assert bench.phase.calls == tuple(call.op for call in calls if call.mutates)
    bench.ended_right()
    bench.reset()
    return calls


def mended(bench: Bench) -> list[str]:
    """
    Repeat the command until it succeeds, and do what it says when it does not.
    """
    done: list[str] = []
    while len(done) < MOST_CURES:
        try:
            bench.command()
        except automation.ConcurrentUpdateError as error:
            if "`pulumi cancel`" not in str(error):
                raise
            bench.stack.api.cancel()
            done.append("cancel")
        except automation.CommandError as error:
            if "failed to load checkpoint" in str(error):
                done += restored(bench)
                continue
            found = ALREADY.search(str(error))
            if not found:
                raise
            forget_pending(bench)
            done += adopted(bench, found["type"], found["id"])
        else:
            break
    return [*done, *forget_pending(bench)]


def restored(bench: Bench) -> list[str]:
    """
    Take away what a kill tore: the engine writes the state at once, but not the file beside it.
    """
    (torn,) = bench.stack.box.glob("state/.pulumi/stacks/*/dev.json.attrs")
    torn.unlink()
    tally.COUNTS["state files torn by a kill"] += 1
    return ["restore"]


def adopted(bench: Bench, type_: str, id_: str) -> list[str]:
    """
    Import an object; where it replaces another one that is gone, that must be forgotten first.
    """
    name, owner = OWNERS[type_]
    gone = [r for r in bench.stack.resources.values() if r.get("pendingReplacement")]
    for resource in gone:
        bench.stack.run("state", "delete", resource["urn"], "--yes")
    parent = f"owner=urn:pulumi:dev::demo::{owner}::{name}"
    bench.stack.run("import", type_, name, id_, "--parent", parent, *IMPORT)
    return ["state delete"] * len(gone) + ["import"]


def forget_pending(bench: Bench) -> list[str]:
    """
    Let the engine forget the creations that it did not see the end of.
    """
    if not bench.stack.pending:
        return []
    bench.stack.refresh(clear_pending_creates=True)
    return ["clear"]


def fail() -> None:
    """
    What a provider without capacity does.
    """
    raise Failed("no capacity")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_provider_fails_at_each_change(bench, after: bool) -> None:
    """
    A provider that fails at any one call leaves a state from which the next command ends right;
    if it had made the object nevertheless, that command says so, and importing it is the cure.
    """
    calls = [call for call in calls_of(bench) if call.mutates]
    for number, call in enumerate(calls, 1):
        said = bench.disturbed(at_change(bench, number), fail, after=after)
        assert "no capacity" in said
        mended_after_failure(bench, call, after=after)
        tally.COUNTS["faults injected"] += 1


def mended_after_failure(bench: Bench, call: Call, *, after: bool) -> None:
    """
    Repeat what failed: it ends right, after the import of what was made but never reported.
    """
    unknown = after and call.op == "Create"
    assert [*(bench.phase.adoption if unknown else ())] == mended(bench)
    bench.ended_right()
    bench.reset()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_provider_dies_at_each_change(bench, after: bool) -> None:
    """
    A provider that is gone in the middle of any one call, and there again for the next command,
    leaves what one that fails leaves.
    """
    calls = [call for call in calls_of(bench) if call.mutates]

    def deed() -> None:
        bench.cluster.die()
        if not after:
            raise Failed("nobody hears this")

    for number, call in enumerate(calls, 1):
        bench.disturbed(at_change(bench, number), deed, after=after)
        bench.cluster.die().wait()
        bench.cluster.start(bench.cluster.pool)
        mended_after_failure(bench, call, after=after)
        tally.COUNTS["deaths of the provider"] += 1


def die() -> None:
    """
    Kill the engine before the call has an effect.
    """
    kill()
    raise Failed("nobody asks any more")


def test_engine_killed_at_each_call(bench) -> None:
    """
    An engine killed at any call leaves a lock, and the next command says how to take it away;
    what it then needs, and that it names, is at most the import of one object that was made.
    """
    calls = calls_of(bench)
    points = [(call, False) for call in calls] + [(call, True) for call in calls if call.mutates]
    for call, after in points:
        deed = kill if after else die
        bench.disturbed(lambda c, n=call.number: c.number == n, deed, after=after)
        cures = mended(bench)
        if "restore" in cures:
            assert {"restore", "cancel", "clear", *bench.phase.adoption} >= {*cures}
        else:
            assert expected_cures(bench.phase, bench.hit, after) == cures, (call, after)
        bench.ended_right()
        tally.COUNTS["kill points"] += 1
        bench.reset()


def expected_cures(phase: Phase, call: Call, after: bool) -> list[str]:
    """
    What must be done before a command succeeds, after a kill at a call: at the one that was hit,
    since the engine asks for some of them in any order.
    """
    if call.op != "Create":
        return ["cancel"]
    return ["cancel", *(phase.adoption if after else ["clear"])]


def at_change(bench: Bench, number: int) -> Callable[[Call], bool]:
    """
    Whether a call is the one that changes the cloud for the so-manieth time.
    """
    return lambda call: call.mutates and number == len(bench.cluster.changes)


@pytest.mark.parametrize("bench", ["create"], indirect=True)
def test_deleting_by_hand_is_a_cure_too(bench) -> None:
    """
    What a killed engine made and does not know may be deleted instead of imported.
    """
    bench.disturbed(lambda call: call.mutates and call.name == "nightly", kill, after=True)
    bench.stack.api.cancel()
    with pytest.raises(automation.CommandError, match="'default/nightly-dev' already exists"):
        bench.command()
    del bench.cluster.objects[BOTH[0]]
    assert ["clear"] == mended(bench)
    bench.ended_right()


@pytest.mark.parametrize("bench", ["create"], indirect=True)
def test_interrupted_while_a_provider_hangs(bench) -> None:
    """
    An engine that is asked to end waits for the call under way, and leaves no lock and nothing
    pending: the next command goes on.
    """

    def hang() -> None:
        interrupt()
        time.sleep(1)

    bench.disturbed(lambda call: call.mutates and call.name == "train", hang, after=False)
    assert [BOTH[1]] == bench.stack.cloud
    assert [] == mended(bench)
    bench.ended_right()


@pytest.mark.parametrize("bench", ["update"], indirect=True)
def test_torn_state_file(bench) -> None:
    """
    A kill at the wrong moment leaves an empty file beside the state, without which it is whole.
    """
    (path,) = bench.stack.box.glob("state/.pulumi/stacks/*/dev.json.attrs")
    path.write_text("")
    with pytest.raises(automation.CommandError, match="failed to load checkpoint: EOF"):
        bench.command()
    assert ["restore"] == mended(bench)
    bench.ended_right()
