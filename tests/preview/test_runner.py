"""
What a run of a program records, and that it leaves nothing behind.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path

import pytest

from schedkit import Json, Lookup, Ref, Text
from schedkit.preview import SECRET, UNKNOWN, missing, run


STORE = """
import pulumi

class Bucket(pulumi.CustomResource):
    arn: pulumi.Output[str]
    def __init__(self, name, opts=None, **props):
        super().__init__("test:index:Bucket", name, {"arn": None, **props}, opts)

class Store(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Store", name, {}, opts)
        self.inner = Bucket(f"{name}-inner", pulumi.ResourceOptions(parent=self), size=1.5)
        self.register_outputs({"arn": self.inner.arn, "key": pulumi.Output.secret("hush")})
"""
BUCKET = "urn:pulumi:dev::shop::test:index:Bucket"


@pytest.fixture
def store(program):
    """
    A program that has the two classes at hand.
    """
    return lambda source, **more: program(
        f"from store import *\n{source}", files={"store.py": STORE}, **more
    )


def test_resource(store) -> None:
    """
    A registration is recorded with its inputs, masks for secrets, dependencies and options.
    """
    folder = store("""
a = Bucket("a", count=3, tags={"k": [pulumi.Output.secret("hush")]})
b = Bucket("b", pulumi.ResourceOptions(protect=True, delete_before_replace=True), src=a.id)
""")
    a, b = run(folder).resources
    assert ("test:index:Bucket", "a", f"{BUCKET}::a", None) == (a.type, a.name, a.urn, a.parent)
    assert {"count": 3, "tags": {"k": [SECRET]}} == a.inputs
    assert ("tags.k[0]",) == a.secrets
    assert {"src": "a-id"} == b.inputs
    assert (a.urn,) == b.property_dependencies["src"]
    assert {"protect": True, "deleteBeforeReplace": True} == b.options


def test_component(store) -> None:
    """
    URNs are the engine's own, below components too; outputs of a component are recorded.
    """
    found = run(store('Store("low", pulumi.ResourceOptions(parent=Store("top")))'))
    top, low, _, bucket = sorted(found.resources, key=lambda each: (each.custom, len(each.urn)))
    store_urn = "urn:pulumi:dev::shop::test:index:Store"
    assert (f"{store_urn}::top", None) == (top.urn, top.parent)
    assert (f"{store_urn}$test:index:Store::low", top.urn) == (low.urn, low.parent)
    expected = f"{store_urn}$test:index:Store$test:index:Bucket::low-inner"
    assert (expected, low.urn) == (bucket.urn, bucket.parent)
    assert SECRET == top.outputs["key"]
    assert (True, False) == (bucket.custom, top.custom)


def test_explicit_provider(store) -> None:
    """
    An explicit provider reaches the resource below a component by its reference.
    """
    folder = store("""
class Test(pulumi.ProviderResource):
    def __init__(self, name):
        super().__init__("test", name, {})
Store("s", pulumi.ResourceOptions(providers=[Test("mine")]))
""")
    found = run(folder)
    reference = "urn:pulumi:dev::shop::pulumi:providers:test::mine::mine-id"
    assert [reference] == [each.provider for each in found.by_type("test:index:Bucket")]
    assert [{"test": reference}] == [each.providers for each in found.by_type("test:index:Store")]


def test_update_mode_makes_ids(store) -> None:
    """
    As after `pulumi up`: ids are made up, outputs that no input answers are nothing.
    """
    folder = store("b = Bucket('b')\npulumi.export('id', b.id)\npulumi.export('arn', b.arn)")
    assert {"id": "b-id"} == run(folder).exports


def test_preview_mode_knows_less(store) -> None:
    """
    As in `pulumi preview`: ids and computed outputs are unknown, and their edges stay.
    """
    folder = store("""
b = Bucket('b')
Bucket('c', arn_of=b.arn, dry=pulumi.runtime.is_dry_run())
pulumi.export('id', b.id)
pulumi.export('joined', pulumi.Output.concat('x-', b.arn))
pulumi.export('plain', 1)
""")
    found = run(folder, preview=True)
    assert {"id": UNKNOWN, "joined": UNKNOWN, "plain": 1} == found.exports
    c = found.resources[-1]
    assert {"arn_of": UNKNOWN, "dry": True} == c.inputs
    assert ("arn_of",) == c.unknowns
    assert (f"{BUCKET}::b",) == c.property_dependencies["arn_of"]


def test_get_is_a_read(store) -> None:
    """
    What `get` looks up is recorded as read, under its own id.
    """
    folder = store("""
b = Bucket('b', pulumi.ResourceOptions(id='b-77'))
pulumi.export('id', b.id)
""")
    found = run(folder)
    assert ([True], {"id": "b-77"}) == ([each.read for each in found.resources], found.exports)


def test_lookups_are_answered(program) -> None:
    """
    A look-up gets the caller's answer; one without is answered with nothing, and named.
    """
    folder = program("""
    import pulumi
    zone = pulumi.runtime.invoke("test:index:getZone", {"name": "a"}).value
    pulumi.export("zone", zone["id"])
    pulumi.export("other", pulumi.runtime.invoke_output("test:index:getNone", {}))
    """)
    found = run(folder, answers={"test:index:getZone": {"id": "z1"}})
    assert {"zone": "z1", "other": {}} == found.exports
    assert (("test:index:getZone", {"name": "a"}), ("test:index:getNone", {})) == found.invokes
    assert ("test:index:getNone",) == found.unanswered


def test_stack_reference(program) -> None:
    """
    A stack reference is unknown in a preview, unless the caller answers it.
    """
    folder = program("""
    import pulumi
    other = pulumi.StackReference("org/net/prod")
    pulumi.export("vpc", other.get_output("vpc"))
    """)
    assert {"vpc": UNKNOWN} == run(folder, preview=True).exports
    answered = run(folder, preview=True, answers={"org/net/prod": {"vpc": "v1"}})
    assert {"vpc": "v1"} == answered.exports


def test_what_the_program_sees(program) -> None:
    """
    Project, stack, organization, working folder, arguments and config are as under the CLI.
    """
    folder = program("""
    import os, sys, pulumi
    values = [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization(), os.getcwd()]
    values += [sys.argv[1:], __name__, pulumi.Config().require_int("n")]
    values += [pulumi.Config("other").get("key"), pulumi.Config().get("gone")]
    pulumi.export("seen", values)
    """)
    found = run(folder, stack="prod", config={"n": 3, "other:key": "v"})
    home = str(folder.resolve())
    expected = ["shop", "prod", "organization", home, [], "__main__", 3, "v", None]
    assert expected == found.exports["seen"]


def test_async_program(program) -> None:
    """
    A program may be a coroutine.
    """
    folder = program("""
    import asyncio, pulumi
    async def main():
        await asyncio.sleep(0)
        return {"answer": 42}
    pulumi.run(main)
    """)
    assert {"answer": 42} == run(folder).exports


def test_logs_and_prints(program) -> None:
    """
    Log lines are kept with their severity, what is printed goes nowhere else.
    """
    folder = program("""
    import sys, pulumi
    pulumi.log.warn("careful")
    pulumi.log.info("so")
    print("out")
    print("err", file=sys.stderr)
    sys.stdout.buffer.write(b"raw\\n")
    """)
    found = run(folder)
    assert (("warning", "careful"), ("info", "so")) == found.logs
    assert "out\nerr\nraw\n" == found.printed


def test_megabytes_of_prints(program, capfd) -> None:
    """
    Of a flood the end is kept, and how much went before.
    """
    found = run(program("for n in range(30_000): print('x' * 99)\nprint('end')"))
    lost = 30_000 * 100 + 4 - 64 * 1024
    assert f"... ({lost} bytes)\n" == found.printed[: len(f"... ({lost} bytes)\n")]
    assert "x\nend\n" == found.printed[-6:]
    assert ("", "") == capfd.readouterr()


TOY = """
import attrs
import pulumi
import schedkit as sk

class Thing(pulumi.CustomResource):
    size: pulumi.Output[int]
    def __init__(self, name, opts=None, **inputs):
        super().__init__("toy:index:Thing", name, {"arn": None, **inputs}, opts)
        Thing.last = self

    def answer(self):
        return pulumi.runtime.call("toy:index:Thing/answer", {"n": 1}, self)

@pulumi.input_type
class ThingArgs:
    size: pulumi.Input[int]
    text: pulumi.Input[str]
    doc: pulumi.Input[str]
    many: pulumi.Input[str]

@attrs.frozen
class Options:
    pass

class Toy(sk.Backend):
    name = "toy"
    options = Options
    classes = {"toy:index:Thing": "toy:Thing", "toy:index:Paper": None}

    def __init__(self, inputs, token="Thing"):
        super().__init__()
        self.inputs, self.token = inputs, token

    def compile_pipeline(self, spec, target):
        base = sk.Node("base", "toy:index:Thing", {"size": 2})
        node = sk.Node("main", f"toy:index:{self.token}", self.inputs)
        return sk.Plan("toy", "Pipeline", spec.name, nodes=(node, base))
"""


@pytest.fixture
def toy(program):
    """
    A program with one pipeline, whose main node has the given inputs.
    """

    def write(inputs: str, token: str = "Thing", more: str = ""):
        source = f"""
import asyncio
import pulumi
import schedkit as sk
import toy
async def later():
    return "late"
live = pulumi.Output.from_input("live")
hush = pulumi.Output.secret("hush")
inputs = {inputs}
step = sk.Step("fit", image="ml:1")
train = sk.Pipeline("train", steps=[step], backend=toy.Toy(inputs, {token!r}))
{more}
"""
        return program(source, files={"toy.py": TOY})

    return write


def test_outputs_in_a_plan(toy) -> None:
    """
    Outputs and awaitables in a plan become values wherever they stand; secrets only on demand.
    """
    folder = toy(
        """{
    "text": sk.Text("a-", live, "-", hush),
    "doc": sk.Json({"x": [live, hush], "of": sk.Ref("base", "size")}),
    "many": [live, later(), sk.Lookup("toy:index:get", "id"), 7],
}""",
        token="Paper",
    )
    found = run(folder)
    (report,) = found.reports
    inputs = report.plan.node("main").inputs
    assert Text("a-", "live", "-", SECRET) == inputs["text"]
    assert Json({"x": ["live", SECRET], "of": Ref("base", "size")}) == inputs["doc"]
    assert ["live", "late", Lookup("toy:index:get", "id"), 7] == inputs["many"]
    revealed = found.revealed(report).node("main").inputs
    assert Text("a-", "live", "-", "hush") == revealed["text"]
    assert [(report, found.revealed(report))] == list(found.opened())
    assert [] == missing(report.plan)


def test_awaitable_that_is_spent(toy) -> None:
    """
    A coroutine that the engine awaited cannot be asked again; the registration has its value.
    """
    found = run(toy('{"many": later()}'))
    assert {"many": UNKNOWN} == found.reports[0].plan.node("main").inputs
    assert "late" == found.by_type("toy:index:Thing")[-1].inputs["many"]
    assert ["main.many"] == missing(found.reports[0].plan)


def test_deployed_graph(toy) -> None:
    """
    References, texts, documents and look-ups reach the engine as values, with their edges.
    """
    folder = toy("""{
    "text": sk.Text("a-", sk.Ref("base"), "-", sk.Lookup("toy:index:get", "id")),
    "doc": sk.Json({"x": [live, sk.Ref("base")], "id": sk.Lookup("toy:index:get", "id")}),
    "size": 3,
    "many": sk.Json({"b": 1, "a": 2}),
}""")
    found = run(folder, answers={"toy:index:get": {"id": "i1"}})
    base, main = found.by_type("toy:index:Thing")
    assert {
        "text": "a-train-base-id-i1",
        "doc": '{"id":"i1","x":["live","train-base-id"]}',
        "size": 3,
        "many": '{"a":2,"b":1}',
    } == main.inputs
    assert (base.urn,) == main.dependencies
    assert (("toy:index:get", {}),) == found.invokes


def test_method_of_a_resource(toy) -> None:
    """
    A method of a resource is answered like a look-up.
    """
    folder = toy('{"size": 1}', more="pulumi.export('x', toy.Thing.last.answer())")
    assert {"x": {"n": 2}} == run(folder, answers={"toy:index:Thing/answer": {"n": 2}}).exports


def test_duplicate_urn(program) -> None:
    """
    Two resources of one URN are an error, as the engine says.
    """
    source = "import pulumi\nfor _ in '12': pulumi.ComponentResource('a:b:C', 'x')"
    with pytest.raises(Exception, match=r"two resources have one URN, urn:.*a:b:C::x"):
        run(program(source))


def test_nothing_stays(program, monkeypatch) -> None:
    """
    Working folder, path, arguments, environment, streams, modules and threads are put back.
    """
    monkeypatch.setenv("PULUMI_CONFIG", '{"shop:leak": "in"}')
    folder = program(
        """
        import os, sys, helper, pulumi
        assert pulumi.Config().get("leak") is None
        os.environ["SCHEDKIT_LEAK"] = "1"
        os.environ.pop("HOME", None)
        sys.path.append("/nowhere")
        sys.argv.append("x")
        os.chdir("/")
        sys.stdout = None
        """,
        files={"helper.py": "", "package/__init__.py": ""},
    )

    def state() -> tuple[object, ...]:
        process = (Path.cwd(), sys.path[:], sys.argv[:], dict(os.environ))
        streams = (sys.stdin, sys.stdout, sys.stderr)
        return *process, streams, threading.active_count(), "helper" in sys.modules

    before = state()
    run(folder)
    assert before == state()


def test_two_programs_of_one_module_name(program) -> None:
    """
    Each program gets its own `helper`, also where the process has one loaded.
    """
    source = "import helper, pulumi\npulumi.export('name', helper.NAME)"
    for name in ("one", "two"):
        folder = program(source, files={"helper.py": f"NAME = {name!r}"})
        assert {"name": name} == run(folder).exports
    sys.modules["helper"] = sys.modules["json"]
    try:
        assert {"name": "two"} == run(folder).exports
        assert sys.modules["json"] is sys.modules["helper"]
    finally:
        del sys.modules["helper"]


def test_packages_of_a_virtual_environment_stay(program) -> None:
    """
    A package from a virtual environment inside the folder is imported once for all runs.
    """
    package = ".venv/lib/site-packages"
    source = f"import sys\nsys.path.append({package!r})\nimport schedkit_test_kept"
    folder = program(source, files={f"{package}/schedkit_test_kept.py": ""})
    run(folder)
    first = sys.modules["schedkit_test_kept"]
    try:
        run(folder)
        assert first is sys.modules["schedkit_test_kept"]
    finally:
        del sys.modules["schedkit_test_kept"]


def test_config_does_not_leak(program) -> None:
    """
    A run sees its own config only.
    """
    folder = program("import pulumi\npulumi.export('v', pulumi.Config().get('v'))")
    assert {"v": "1"} == run(folder, config={"v": 1}).exports
    assert {} == run(folder).exports


def living() -> int:
    """
    Objects of Pulumi, asyncio and schedkit; a tracer keeps others for each thread.
    """
    gc.collect()
    ours = ("pulumi", "schedkit", "asyncio", "concurrent")
    return sum(str(type(each).__module__).startswith(ours) for each in gc.get_objects())


def test_two_hundred_runs(program) -> None:
    """
    Runs leave no threads and no objects.
    """
    folder = program("""
    import schedkit as sk
    pipeline = sk.Pipeline("train", steps=[sk.Step("fit", image="ml:1")], backend="kubernetes")
    sk.Schedule("nightly", pipeline, sk.Cron("0 1 * * *"))
    """)
    for _ in range(20):
        run(folder)
    before = threading.active_count(), living()
    for _ in range(200):
        run(folder)
    assert before == (threading.active_count(), living())
