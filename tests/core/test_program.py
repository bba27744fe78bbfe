"""
What the components of one program share: config, refusals, and the gate.
"""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pulumi
import pytest
from pulumi.runtime import config as pulumi_config

from schedkit import program as programs
from schedkit.exceptions import ConfigError, OutputError, ProgramError, SpecError
from schedkit.preview import monitor, run
from schedkit.program import Program


HEAD = """\
import os, sys
import pulumi
import schedkit as sk
step = sk.Step("fit", image="ml:1")
"""
TRAIN = 'train = sk.Pipeline("train", steps=[step])\n'
NIGHTLY = 'nightly = sk.Schedule("nightly", train, sk.Cron("0 1 * * *"))\n'
BAD = 'sk.Schedule("bad", train, sk.Cron("0 1 * * *"), end="2027-01-01T00:00:00Z")\n'
GRAPH = 'sk.Pipeline("locked", steps=[step], overlap="queue")\n'
INVOKE = 'pulumi.runtime.invoke("test:index:get", {})\n'
KUBERNETES = {"schedkit:backend": "kubernetes"}
STACK = "pulumi:pulumi:Stack"


@pytest.fixture
def seen(monkeypatch):
    """
    The types that reach the engine, also from a program that fails.
    """
    types: list[str] = []
    register = monitor.Recorder.RegisterResource

    def note(self, request):
        types.append(request.type)
        return register(self, request)

    monkeypatch.setattr(monitor.Recorder, "RegisterResource", note)
    return types


@pytest.fixture
def up(program):
    """
    Run a program as `pulumi up` does.
    """
    return lambda source, config=KUBERNETES: run(
        program(HEAD + source), config=config, collect=False
    )


@pytest.fixture
def own_config(monkeypatch):
    """
    Make these texts the stack's config.
    """
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    tokens = []

    def put(config: dict[str, object]) -> None:
        tokens.append(pulumi_config.CONFIG.set(config))

    put({})
    yield put
    for token in reversed(tokens):
        pulumi_config.CONFIG.reset(token)


def test_open_gate(up, seen) -> None:
    """
    A program without a refusal is registered whole.
    """
    up(TRAIN + NIGHTLY)
    assert 5 == len(seen)


def test_second_component_refused(up, seen) -> None:
    """
    A refusal of the second component holds back the first; one RunError has all refusals.
    """
    with pytest.raises(ProgramError) as caught:
        up(TRAIN + NIGHTLY + GRAPH + BAD)
    cause = caught.value.__cause__
    assert isinstance(cause, pulumi.RunError)
    lines = str(cause).splitlines()
    assert "nothing was registered:" == lines[0]
    assert [
        "Pipeline 'locked': kubernetes cannot keep this:",
        "Schedule 'bad': kubernetes cannot keep this:",
    ] == [line for line in lines[1:] if not line.startswith("  - ")]
    assert [
        "pipeline.overlap.queue refused",
        "schedule.end refused",
    ] == [line.removeprefix("  - ").partition(":")[0] for line in lines if line[0] == " "]
    assert {*seen} <= {STACK}


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("raise ValueError('no good')\n", "ValueError: no good"),
        ("sys.exit(3)\n", "sys.exit(3)"),
        (INVOKE + "raise ValueError('no good')\n", "ValueError: no good"),
        (INVOKE + BAD, "Schedule 'bad': kubernetes cannot keep this:"),
        (BAD + INVOKE, "Schedule 'bad': kubernetes cannot keep this:"),
        (TRAIN, "Pipeline 'train': the program declares two pipelines of that name"),
        (NIGHTLY, "Schedule 'nightly': the program declares two schedules of that name"),
    ],
)
def test_failure(up, seen, end: str, said: str) -> None:
    """
    Whatever ends the program after its components, a synchronous look-up in between or not:
    nothing is registered.
    """
    with pytest.raises(ProgramError) as caught:
        up(TRAIN + NIGHTLY + end)
    assert said in str(caught.value)
    assert {*seen} <= {STACK}


def test_same_name_below_another_parent(up) -> None:
    """
    Names are unique below one parent; another parent has names of its own.
    """
    found = up("""
top = pulumi.ComponentResource("test:index:Top", "top")
sk.Pipeline("train", steps=[step])
sk.Pipeline("train", steps=[step], opts=pulumi.ResourceOptions(parent=top))
""")
    assert 2 == len(found.by_type("schedkit:index:Pipeline"))


def test_caught_name_error(up) -> None:
    """
    Two components of one name: the culprit, and what to do.
    """
    with pytest.raises(ProgramError) as caught:
        up(TRAIN + TRAIN)
    cause = caught.value.__cause__
    assert isinstance(cause, SpecError)
    assert ("Pipeline 'train'", "give one of them another name") == (cause.culprit, cause.cure)


def test_config_of_the_environment(up) -> None:
    """
    PULUMI_CONFIG is read as well; what was set by code wins.
    """
    both = json.dumps({"schedkit:backend": "nomad", "schedkit:strict": "true"})
    head = f"os.environ['PULUMI_CONFIG'] = {both!r}\n"
    chain = 'sk.Pipeline("c", steps=[step, sk.Step("b", image="ml:1", needs=["fit"])])\n'
    up(chain)
    with pytest.raises(ProgramError, match="Pipeline 'c': kubernetes cannot keep this"):
        up(head + chain)
    with pytest.raises(ProgramError, match="UnknownBackendError: backend 'nomad'"):
        up(head + chain, {})


def test_settings(own_config, monkeypatch) -> None:
    """
    Config comes from both of Pulumi's places.
    """
    own_config({"schedkit:backend": "local"})
    monkeypatch.setenv("PULUMI_CONFIG", '{"schedkit:strict": "true", "schedkit:backend": "x"}')
    settings = Program().settings
    assert ("local", True) == (settings.backend, settings.strict)


def test_backend(own_config) -> None:
    """
    A backend by name is made once, with its options; one that is given is used as it is.
    """
    own_config({"schedkit:backend": "local", "schedkit:kubernetes": {"namespace": "ml"}})
    program = Program()
    assert "local" == program.backend(None).name == program.backend("").name
    kubernetes = program.backend("kubernetes")
    assert "ml" == kubernetes.settings.namespace
    assert kubernetes is program.backend("kubernetes")
    assert kubernetes is program.backend(kubernetes)


def test_no_backend(own_config) -> None:
    """
    Without a backend the sentence says how to set one, and which there are.
    """
    own_config({})
    with pytest.raises(ConfigError) as caught:
        Program().backend(None)
    error = caught.value
    assert "config schedkit:backend" == error.culprit
    assert "is not set, and no backend= is given" == error.reason
    expected = "run: pulumi config set schedkit:backend NAME (installed: aws, kubernetes, local)"
    assert expected == error.cure


def test_no_backend_installed(own_config, monkeypatch) -> None:
    """
    Where there is none to name, the sentence says how to get one.
    """
    monkeypatch.setattr(programs.registry, "installed", dict)
    with pytest.raises(ConfigError) as caught:
        Program().backend(None)
    assert caught.value.cure.endswith("(installed: none; try: pip install schedkit[local])")


@pytest.mark.parametrize("chosen", [5, Program, ["local"]])
def test_backend_of_another_kind(own_config, chosen: object) -> None:
    """
    What is neither a name nor a backend is refused, a class too.
    """
    with pytest.raises(SpecError) as caught:
        Program().backend(chosen)
    error = caught.value
    assert (f"backend={chosen!r}", "is neither a name nor a Backend") == (
        error.culprit,
        error.reason,
    )
    assert "write backend='local', or backend=Local(Options(...))" == error.cure


def test_backend_as_an_output(own_config) -> None:
    """
    Which backend translates must be known now.
    """
    with pytest.raises(OutputError) as caught:
        Program().backend(pulumi.Output.from_input("local"))
    assert "backend" == caught.value.culprit


def test_check_raises_the_same_again(own_config) -> None:
    """
    The failure of a program is one error, however many wait for it.
    """
    program = Program()
    program.check()
    program.refusals.append("first")
    with pytest.raises(pulumi.RunError) as caught:
        program.check()
    program.refusals.append("second")
    with pytest.raises(pulumi.RunError) as again:
        program.check()
    assert caught.value is again.value
    assert "nothing was registered:\nfirst" == str(caught.value)


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        (None, False),
        (SystemExit(), False),
        (SystemExit(0), False),
        (SystemExit(3), True),
        (SystemExit("bye"), True),
        (ValueError("no good"), True),
        (KeyboardInterrupt(), True),
    ],
)
def test_watch(own_config, error: BaseException | None, failed: bool) -> None:
    """
    A program fails by an exception, not by an exit without a code; its outputs are registered
    either way.
    """
    outputs: list[object] = []
    root = SimpleNamespace(register_outputs=outputs.append)
    program = Program()
    program.watch(root)
    try:
        if error is not None:
            raise error  # noqa: TRY301, so that it is in flight
        root.register_outputs("outputs")
    except BaseException:  # noqa: BLE001, an exit too
        root.register_outputs("outputs")
    assert ["outputs"] == outputs
    assert failed == (program.failure is not None)
    if failed:
        assert error is program.failure.__cause__
        text = "nothing was registered, the program failed:\nTraceback (most recent call last):"
        assert str(program.failure).startswith(text)


def test_gate_waits_for_the_root(own_config, monkeypatch) -> None:
    """
    The gate is shut while the program's code runs; then it lets the value pass.
    """
    root = SimpleNamespace(_async_program_registration_closed=False)
    monkeypatch.setattr(pulumi.runtime, "get_root_resource", lambda: root)

    async def main() -> tuple[bool, str]:
        gate = Program().gate("value")
        await asyncio.sleep(0.02)
        waited = not gate.done()
        root._async_program_registration_closed = True
        return waited, await gate

    assert (True, "value") == asyncio.run(main())


def test_program_without_a_stack(own_config, monkeypatch) -> None:
    """
    Without a stack, as in unit tests under mocks, every component is a program of its own.
    """
    monkeypatch.setattr(pulumi.runtime, "get_root_resource", lambda: None)
    assert programs.current() is not programs.current()


def test_program_of_a_root(own_config, monkeypatch) -> None:
    """
    One root is one program, also where it is no component that can be watched.
    """

    class Root:
        pass

    root = Root()
    monkeypatch.setattr(pulumi.runtime, "get_root_resource", lambda: root)
    assert programs.current() is programs.current()
