"""
Plans turned into resources, by one small backend under the recording engine.
"""

from __future__ import annotations

from typing import ClassVar

import attrs
import pulumi
import pytest

import schedkit as sk
from schedkit import Backend, Json, Node, Plan, Ref, Text
from schedkit.deploy import child_name, load, ordered, resolved
from schedkit.exceptions import BackendLoadError, OverrideError, PlanError, ProgramError
from schedkit.preview import SECRET, run
from schedkit.testing.engine import registered


THING, PAPER = "toy:index:Thing", "toy:index:Paper"
REGION = "toy:index:getRegion"
STEPS = [sk.Step("fit", image="ml:1")]


@attrs.frozen
class Options:
    pass


class Toy(Backend):
    """
    Makes of every component just the nodes that it is given.
    """

    name = "toy"
    options = Options
    classes: ClassVar = {THING: "toycloud:Thing", PAPER: None}

    def __init__(self, *nodes: Node, shared: tuple[Node, ...] = (), of=None, given=None) -> None:
        super().__init__()
        self.nodes, self.shared, self.of, self.given = nodes, shared, of or (), given

    def compile_pipeline(self, spec, target):
        return Plan("toy", "Pipeline", spec.name, nodes=self.nodes, shared=self.shared)

    def compile_schedule(self, spec, target):
        return Plan("toy", "Schedule", spec.name, nodes=self.of, schedule_id=self.given)


def made(*nodes: Node, answers=None, **more):
    """
    What the engine is told of one pipeline: the resources by name, and the component.
    """
    pipeline, found = registered(
        lambda: sk.Pipeline("train", steps=STEPS, backend=Toy(*nodes, **more))
    )
    return {each.name: each for each in found.by_type(THING)}, pipeline


def failure(*nodes: Node, **more) -> BaseException:
    """
    What making them raises.
    """
    with pytest.raises(ProgramError) as caught:
        made(*nodes, **more)
    return caught.value.__cause__


def thing(key: str, **inputs: object) -> Node:
    """
    A node of the toy's one resource.
    """
    return Node(key, THING, inputs)


def test_names() -> None:
    """
    The first node bears the component's name, every other one its key behind it.
    """
    things, pipeline = made(thing("main", maxSize=1), thing("service_account"))
    assert {"train", "train-service-account"} == set(things)
    assert ["main", "service_account"] == list(pipeline.resources)
    parents = {each.parent for each in things.values()}
    assert {"urn:pulumi:dev::conformance::schedkit:index:Pipeline::train"} == parents
    assert "nightly" == child_name("nightly", "main", first=True)
    assert "nightly-a-b" == child_name("nightly", "a_b", first=False)


def test_wire_names() -> None:
    """
    Inputs go out under the names they came with, Python's in between.
    """
    things, _ = made(thing("main", maxSize=2, items=["a"]))
    assert (2, ["a"]) == (things["train"].inputs["maxSize"], things["train"].inputs["items"])


def test_ref() -> None:
    """
    A reference is the id, or an output by its wire name; what it leads to is a dependency.
    """
    things, _ = made(
        thing("main", doc=Ref("base"), items=[Ref("base", "queueArn")]), thing("base")
    )
    main, base = things["train"], things["train-base"]
    assert ("train-base-id", ["arn:train-base"]) == (main.inputs["doc"], main.inputs["items"])
    assert (base.urn,) == main.dependencies
    assert ["train-base", "train"] == list(things)


def test_after() -> None:
    """
    A node that comes after another waits for it, without a reference.
    """
    things, _ = made(Node("main", THING, {}, after=("base",)), thing("base"))
    assert (things["train-base"].urn,) == things["train"].dependencies


def test_node_without_a_class() -> None:
    """
    A document that no resource carries makes none, and nothing waits for it.
    """
    things, pipeline = made(Node("main", THING, {}, after=("paper",)), Node("paper", PAPER, {}))
    assert ["main"] == list(pipeline.resources)
    assert () == things["train"].dependencies


def test_text() -> None:
    """
    Parts of a text are joined; a secret in it makes a secret of it.
    """
    things, _ = made(
        thing("main", doc=Text("q:", Ref("base", "queueArn"), "/", 5)),
        thing("base"),
        thing("other", doc=Text("t:", Ref("base", "token"))),
    )
    assert "q:arn:train-base/5" == things["train"].inputs["doc"]
    assert SECRET == things["train-other"].inputs["doc"]
    assert "doc" in things["train-other"].secrets


def test_json() -> None:
    """
    A document becomes JSON text with sorted keys, references in it resolved, secrets kept.
    """
    things, _ = made(
        thing("main", doc=Json({"b": Ref("base", "queueArn"), "a": (1, None)})),
        thing("base", doc=Json({"b": 1, "a": [{}]})),
        thing("other", doc=Json({"t": Ref("base", "token")})),
    )
    assert '{"a":[{}],"b":1}' == things["train-base"].inputs["doc"]
    assert '{"a":[1,null],"b":"arn:train-base"}' == things["train"].inputs["doc"]
    assert SECRET == things["train-other"].inputs["doc"]
    assert "doc" in things["train-other"].secrets


def test_json_with_a_users_output() -> None:
    """
    A user's Output may stand in a document.
    """

    def program() -> None:
        live = pulumi.Output.from_input("live")
        node = thing("main", doc=Json({"a": [live]}), items=[live])
        sk.Pipeline("train", steps=STEPS, backend=Toy(node))

    _, found = registered(program)
    (main,) = found.by_type(THING)
    assert ('{"a":["live"]}', ["live"]) == (main.inputs["doc"], main.inputs["items"])


ASK = """
import schedkit as sk
import toycloud

def ask(name, **args):
    return sk.Lookup("toy:index:getRegion", name, args)

class Toy(sk.Backend):
    name, options = "toy", object
    classes = {"toy:index:Thing": "toycloud:Thing"}

    def compile_pipeline(self, spec, target):
        items = [ask("name"), ask("id"), ask("name", of="x")]
        inputs = {"items": items, "doc": sk.Text("r:", ask("id"))}
        node = sk.Node("main", "toy:index:Thing", inputs)
        return sk.Plan("toy", "Pipeline", spec.name, nodes=(node,))

sk.Pipeline("train", steps=[sk.Step("fit", image="ml:1")], backend=Toy())
"""


def test_lookup_is_asked_once(program) -> None:
    """
    Equal look-ups of one component are one question; other arguments are another.
    """
    found = run(program(ASK), answers={REGION: {"name": "eu", "id": "eu-1"}})
    (main,) = found.by_type(THING)
    assert (["eu", "eu-1", "eu"], "r:eu-1") == (main.inputs["items"], main.inputs["doc"])
    assert [{}, {"of": "x"}] == sorted((args for _, args in found.invokes), key=len)


def test_options() -> None:
    """
    A node's options reach its resource.
    """
    options = {"delete_before_replace": True, "protect": True}
    things, _ = made(Node("main", THING, {}, options=options))
    assert {"deleteBeforeReplace": True, "protect": True} == things["train"].options


def test_no_nodes() -> None:
    """
    A plan without nodes makes a component without resources.
    """
    things, pipeline = made()
    assert ({}, {}) == (things, pipeline.resources)


@pytest.mark.parametrize(
    ("path", "said", "cure"),
    [
        (
            "toy_missing.part:Thing",
            "No module named 'toy_missing'",
            "try: pip install toy-missing",
        ),
        ("toycloud:Thign", "has no attribute 'Thign'", "try: pip install toycloud"),
        ("toycloud:Bare", "has no attribute 'BareArgs'", "try: pip install toycloud"),
    ],
)
def test_missing_class(path: str, said: str, cure: str) -> None:
    """
    An SDK that is not installed, or too old or new, is named with the way to install it.
    """
    with pytest.raises(BackendLoadError) as caught:
        load(path)
    error = caught.value
    assert (f"class {path}", cure) == (error.culprit, error.cure)
    assert said in error.reason
    assert isinstance(error.__cause__, (ImportError, AttributeError))


def test_load() -> None:
    """
    A class comes with its inputs' wire names and Python names.
    """
    kind, names = load("toycloud:Thing")
    assert "Thing" == kind.__name__
    assert {"maxSize": "max_size", "doc": "doc", "items": "items"} == names


@pytest.mark.parametrize(
    ("key", "cure"),
    [("maxSiez", "did you mean 'maxSize'?"), ("queueArn", "known: doc, items, maxSize")],
)
def test_unknown_input(key: str, cure: str) -> None:
    """
    An input that the class does not have, an output for one, is refused with a hint.
    """
    error = failure(thing("main", **{key: 1}))
    assert isinstance(error, OverrideError)
    assert f"Pipeline 'train', resource 'main', {key!r}" == error.culprit
    assert ("toycloud:Thing has no such input", cure) == (error.reason, error.cure)


@pytest.mark.parametrize(
    ("ref", "cure"),
    [
        ("pipeline/main", "known: none"),
        ("shared/grup", "did you mean 'shared/group'?"),
    ],
)
def test_ref_to_nowhere(ref: str, cure: str) -> None:
    """
    A reference to another component's node must lead somewhere.
    """
    shared = (thing("group"),) if "shared" in ref else ()
    error = failure(thing("main", doc=Ref(ref)), shared=shared)
    assert isinstance(error, PlanError)
    assert f"Ref({ref!r}): no such node here; {cure}" == str(error)


def test_after_nothing() -> None:
    """
    An order that names no node is refused, not dropped.
    """
    error = failure(Node("main", THING, {}, after=("shared/grup",)), shared=(thing("group"),))
    assert isinstance(error, PlanError)
    assert "Pipeline 'train', resource 'main'" == error.culprit
    assert "comes after 'shared/grup', no such node" == error.reason
    assert "did you mean 'shared/group'?" == error.cure


def test_ref_to_itself() -> None:
    """
    A node is not there before it is made.
    """
    error = failure(thing("main", doc=Ref("main")))
    assert "Ref('main'): no such node here; known: none" == str(error)


def test_circle() -> None:
    """
    Nodes that refer to each other in a circle are a mistake of the backend.
    """
    nodes = (thing("a", doc=Ref("b")), Node("b", THING, {}, after=("a",)))
    with pytest.raises(PlanError) as caught:
        ordered(nodes)
    error = caught.value
    assert "nodes" == error.culprit
    assert error.reason in {
        "refer to each other in a circle: a -> b -> a",
        "refer to each other in a circle: b -> a -> b",
    }
    assert "take one of these references out" == error.cure


def test_order() -> None:
    """
    Every node comes after those it refers to; one alone, or none, is in order.
    """
    a, b, c = thing("a", doc=Ref("b")), Node("b", THING, {}, after=("c",)), thing("c")
    assert [c, b, a] == list(ordered((a, b, c)))
    assert [a] == list(ordered((a,)))
    assert [] == list(ordered(()))


def test_schedule_refers_to_its_pipeline() -> None:
    """
    What a schedule makes, and the id it hands out, may refer to the pipeline's nodes.
    """
    backend = Toy(thing("role"))
    backend.of = (thing("job", doc=Ref("pipeline/role", "queueArn")),)
    backend.given = Text(Ref("job"), "@", Ref("pipeline/role"))

    def program() -> None:
        train = sk.Pipeline("train", steps=STEPS, backend=backend)
        nightly = sk.Schedule("nightly", train, sk.Cron("@daily"))
        pulumi.export("id", nightly.schedule_id)

    _, found = registered(program)
    role, job = found.by_type(THING)
    assert ("nightly", "arn:train") == (job.name, job.inputs["doc"])
    assert role.urn in job.dependencies
    assert {"id": "nightly-id@train-id"} == found.exports


def test_shared() -> None:
    """
    What components share is made once, in order, below a component of its own.
    """
    shared = (thing("group", doc=Ref("base")), thing("base"))

    def program() -> None:
        for name in ("a", "b"):
            backend = Toy(thing("main", doc=Ref("shared/group", "queueArn")), shared=shared)
            sk.Pipeline(name, steps=STEPS, backend=backend)

    _, found = registered(program)
    things = {each.name: each for each in found.by_type(THING)}
    assert {"a", "b", "schedkit-toy-group", "schedkit-toy-base"} == set(things)
    assert "arn:schedkit-toy-group" == things["a"].inputs["doc"] == things["b"].inputs["doc"]
    assert "schedkit-toy-base-id" == things["schedkit-toy-group"].inputs["doc"]
    owner = "urn:pulumi:dev::conformance::schedkit:index:Shared::schedkit-toy"
    assert {owner} == {things[f"schedkit-toy-{key}"].parent for key in ("group", "base")}
    (only,) = found.by_type("schedkit:index:Shared")
    assert owner == only.urn


def test_shared_nodes_that_differ() -> None:
    """
    Two components that ask for different nodes under one key contradict each other.
    """

    def program() -> None:
        for size, name in enumerate("ab"):
            backend = Toy(shared=(thing("group", maxSize=size),))
            sk.Pipeline(name, steps=STEPS, backend=backend)

    with pytest.raises(ProgramError) as caught:
        registered(program)
    expected = (
        "Pipeline 'b', shared node 'group': differs from the one that another component asked for;"
        " rename one, or make them equal"
    )
    assert isinstance(caught.value.__cause__, PlanError)
    assert expected == str(caught.value.__cause__)


def test_resolved() -> None:
    """
    A value without references is itself.
    """
    assert {"a": [1, "b"]} == resolved({"a": (1, "b")}, {})


def test_private_names_of_pulumi() -> None:
    """
    What schedkit needs of Pulumi beyond its public names is still there.
    """
    import toycloud
    from pulumi import _types
    from pulumi.runtime import config
    from pulumi.runtime.stack import Stack

    names = _types.input_type_py_to_pulumi_names(toycloud.ThingArgs)
    assert {"max_size": "maxSize", "doc": "doc", "items": "items"} == names
    outputs = _types.resource_pulumi_to_py_names(toycloud.Thing)
    assert ("max_size", "queue_arn") == (outputs["maxSize"], outputs["queueArn"])
    assert isinstance(config.CONFIG.get(), dict)
    assert callable(config.get_config_env)

    def program() -> tuple[bool, bool]:
        root = pulumi.runtime.get_root_resource()
        return isinstance(root, Stack), root._async_program_registration_closed

    assert (True, False) == registered(program)[0]
