"""
Plans as data: symbols, what is shown of them, and the escape hatch.
"""

from __future__ import annotations

import asyncio

import pulumi
import pytest

from schedkit import Json, Lookup, Node, Plan, Ref, Text
from schedkit.exceptions import OverrideError, PlanError
from schedkit.plan import dumps, merged, show, walk


ROLE, GROUP = Ref("role", "arn"), Ref("shared/group", "name")
REGION = Lookup("aws:index/getRegion:getRegion", "name")


@pytest.fixture
def plan() -> Plan:
    """
    A job that refers to a role.
    """
    job = Node("job", "toy:index:Job", {"spec": {"when": "0 1 * * *", "role": ROLE}})
    return Plan("toy", "Schedule", "nightly", nodes=(job, Node("role", "toy:index:Role", {})))


def test_symbols() -> None:
    """
    Symbols are found at any depth, in texts and documents too; plain values are none.
    """
    text, doc = Text("a", ROLE), Json({"b": [REGION]})
    node = Node(
        "n", "t", {"x": [text, ("y", doc)], "z": {"i": 1, "f": 1.5, "n": None, "g": GROUP}}
    )
    assert (text, ROLE, doc, REGION, GROUP) == node.symbols


def test_live_values_are_no_symbols() -> None:
    """
    A user's Output passes through untouched.
    """
    assert () == Node("n", "t", {"x": pulumi.Output.from_input("live")}).symbols


def test_references() -> None:
    """
    A node refers to what its symbols name, and to what it comes after.
    """
    node = Node("n", "t", {"x": Text("a", ROLE), "y": REGION}, after=("gate", "role"))
    assert frozenset({"role", "gate"}) == node.references


def test_walk() -> None:
    """
    Every leaf in order; a text or a document first, then what is in it.
    """
    text, doc = Text("a", ROLE), Json({"b": [1, None]})
    assert [text, "a", ROLE, doc, 1, None, "c"] == walk({"x": [text], "y": (doc,), "z": "c"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ROLE, "${role.arn}"),
        (Ref("role"), "${role.id}"),
        (REGION, "${getRegion.name}"),
        (Text("arn:", ROLE, ":", 5), "arn:${role.arn}:5"),
        (Json({"a": [GROUP]}), {"fn::toJSON": {"a": ["${shared/group.name}"]}}),
        ({"a": ({"b": None},), 1: True}, {"a": [{"b": None}], "1": True}),
        (1.5, 1.5),
    ],
)
def test_show(value: object, expected: object) -> None:
    """
    Symbols are shown as Pulumi YAML writes them.
    """
    assert expected == show(value)


def test_show_hides_what_is_live() -> None:
    """
    Outputs and awaitables are known at deploy.
    """
    loop = asyncio.new_event_loop()
    live = loop.create_future()
    loop.close()
    output = pulumi.Output.secret("hush")
    assert {"a": "<known at deploy>", "b": "<known at deploy>"} == show({"a": live, "b": output})


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1}}, {"a": {"b": None}}, {"a": {}}),
        ({"a": 1}, {"a": None, "b": None}, {}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merged(base: dict, over: dict, expected: dict) -> None:
    """
    Mappings are merged, all else is replaced, None takes a property away.
    """
    before = dumps(base)
    assert expected == merged(base, over)
    assert before == dumps(base)


def test_patched(plan: Plan) -> None:
    """
    A patch changes one node of a new plan; the old one is as it was.
    """
    new = plan.patched("job", {"spec": {"when": "0 2 * * *"}})
    assert "0 2 * * *" == new.at("job", ("spec", "when"))
    assert ROLE == new.at("job", ("spec", "role"))
    assert "0 1 * * *" == plan.at("job", ("spec", "when"))
    assert plan.nodes[1] is new.nodes[1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("spec", "when"), "0 1 * * *"),
        (("spec", "zone"), None),
        (("status", "when"), None),
        (("spec", "when", "x"), None),
    ],
)
def test_at(plan: Plan, path: tuple[str, ...], expected: object) -> None:
    """
    The value at a path; None where there is nothing, or nothing to descend into.
    """
    assert expected == plan.at("job", path)


@pytest.mark.parametrize(
    ("key", "cure"), [("jbo", "did you mean 'job'?"), ("zzzzz", "known: job, role")]
)
def test_no_such_node(plan: Plan, key: str, cure: str) -> None:
    """
    A patch of a node that is not there says which there are.
    """
    with pytest.raises(OverrideError) as caught:
        plan.patched(key, {})
    error = caught.value
    assert f"Schedule 'nightly', resource {key!r}" == error.culprit
    assert "toy makes none of that name here" == error.reason
    assert cure == error.cure
    assert isinstance(error, LookupError)


def test_two_nodes_of_one_key() -> None:
    """
    Keys are unique in a plan.
    """
    nodes = (Node("a", "t", {}), Node("a", "u", {}))
    with pytest.raises(PlanError) as caught:
        Plan("toy", "Pipeline", "train", nodes=nodes)
    expected = "toy, pipeline 'train': two nodes have one key: a, a; rename one"
    assert expected == str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("node", [Node("a", "t", {"x": Ref("rol")}), Node("a", "t", {}, ("rol",))])
def test_reference_to_nowhere(node: Node) -> None:
    """
    A reference into the plan must lead to a node of it, by symbol or by order.
    """
    with pytest.raises(PlanError) as caught:
        Plan("toy", "Pipeline", "train", nodes=(node, Node("role", "t", {})))
    expected = "toy, pipeline 'train': node 'a' refers to 'rol'; did you mean 'role'?"
    assert expected == str(caught.value)


def test_references_to_other_components() -> None:
    """
    What stands in the pipeline's plan, or is shared, is not looked for here.
    """
    node = Node("a", "t", {"x": GROUP, "y": Ref("pipeline/role")})
    plan = Plan("toy", "Schedule", "nightly", nodes=(node,))
    assert {"shared/group", "pipeline/role"} == plan.node("a").references


def test_dumps() -> None:
    """
    Equal documents are equal texts.
    """
    assert (
        '{"a":[1,null],"b":"x"}'
        == dumps({"b": "x", "a": [1, None]})
        == dumps({"a": (1, None), "b": "x"})
    )
