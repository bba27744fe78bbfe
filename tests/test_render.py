"""
Plans in other words, for graphs that Kubernetes does not need.
"""

from __future__ import annotations

import attrs
import pytest
import yaml

from schedkit import Backend, Json, Lookup, Node, PipelineSpec, Plan, Ref, Step, Text, render
from schedkit.exceptions import SpecError
from schedkit.preview import Preview
from schedkit.program import Report


@attrs.frozen
class Options:
    """
    None.
    """


class Toy(Backend):
    """
    Two tokens that are resources, one that is a document.
    """

    name = "toy"
    options = Options
    classes = {"toy:a:Role": "x:Role", "toy:a:Group": "x:Group", "toy:a:Paper": None}  # noqa: RUF012


def preview(*plans: Plan) -> Preview:
    """
    A preview of pipelines with these plans.
    """
    reports = [
        Report(
            "Pipeline", plan.name, PipelineSpec(plan.name, steps=[Step("s")]), Toy(), plan, None
        )
        for plan in plans
    ]
    return Preview(project="shop", stack="dev", reports=reports, resources=(), exports={})


ACCOUNT = Lookup("toy:a/getCaller:getCaller", "accountId")
SHARED = Node("group", "toy:a:Group", {"size": 1})
PLAN = Plan(
    "toy",
    "Pipeline",
    "train",
    nodes=(
        Node("role", "toy:a:Role", {"who": ACCOUNT, "text": "costs ${5}", "n": [1, None]}),
        Node(
            "inner_role",
            "toy:a:Role",
            {
                "arn": Text("arn:", Ref("role", "arn"), ":", Lookup(ACCOUNT.token, "id")),
                "doc": Json({"up": Ref("shared/group", "name"), "of": Ref("pipeline/role")}),
            },
            after=("role", "shared/group"),
            options={"delete_before_replace": True},
        ),
        Node("paper", "toy:a:Paper", {"x": 1}),
    ),
    shared=(SHARED,),
)


def test_pulumi_yaml() -> None:
    """
    References, texts, documents and look-ups have words in Pulumi YAML; shared nodes come once.
    """
    other = attrs.evolve(PLAN, name="other", nodes=())
    document = yaml.safe_load(render.pulumi_yaml(preview(PLAN, other)))
    call = {"function": ACCOUNT.token, "arguments": {}}
    assert {
        "name": "shop",
        "runtime": "yaml",
        "variables": {
            "getCaller-accountId": {"fn::invoke": {**call, "return": "accountId"}},
            "getCaller-id": {"fn::invoke": {**call, "return": "id"}},
        },
        "resources": {
            "group-schedkit-toy-group": {
                "type": "toy:a:Group",
                "name": "schedkit-toy-group",
                "properties": {"size": 1},
            },
            "role-train": {
                "type": "toy:a:Role",
                "name": "train",
                "properties": {
                    "who": "${getCaller-accountId}",
                    "text": "costs $${5}",
                    "n": [1, None],
                },
            },
            "role-train-inner-role": {
                "type": "toy:a:Role",
                "name": "train-inner-role",
                "properties": {
                    "arn": "arn:${role-train.arn}:${getCaller-id}",
                    "doc": {
                        "fn::toJSON": {
                            "up": "${group-schedkit-toy-group.name}",
                            "of": "${role-train.id}",
                        }
                    },
                },
                "options": {
                    "deleteBeforeReplace": True,
                    "dependsOn": ["${role-train}", "${group-schedkit-toy-group}"],
                },
            },
        },
    } == document


def test_lookups_with_other_arguments() -> None:
    """
    The same look-up with other arguments is another variable.
    """
    inputs = {"a": Lookup("toy:a:get", "id", {"n": 1}), "b": Lookup("toy:a:get", "id", {"n": 2})}
    plan = Plan("toy", "Pipeline", "p", nodes=(Node("role", "toy:a:Role", inputs),))
    document = yaml.safe_load(render.pulumi_yaml(preview(plan)))
    assert ["get-id", "get-id-x"] == list(document["variables"])
    expected = {"a": "${get-id}", "b": "${get-id-x}"}
    assert expected == document["resources"]["role-p"]["properties"]


def test_manifests_hold_no_references() -> None:
    """
    A manifest cannot refer to what only a deployment knows.
    """
    inputs = {"apiVersion": "v1", "kind": "Pod", "spec": {"x": Ref("shared/group")}}
    node = Node("pod", "kubernetes:core/v1:Pod", inputs)
    with pytest.raises(SpecError) as caught:
        render.manifests(preview(Plan("toy", "Pipeline", "p", nodes=(node,), shared=(SHARED,))))
    assert "Pipeline 'p', pod" == caught.value.culprit
    assert "use --pulumi-yaml, which keeps references" == caught.value.cure


def test_data() -> None:
    """
    As data a plan has its nodes under their names, references as text.
    """
    from datetime import UTC, datetime

    found = render.data(preview(PLAN).reports[0], datetime(2026, 1, 1, tzinfo=UTC))
    names = ["train", "train-inner-role", "train-paper"]
    assert names == [node["name"] for node in found["nodes"]]
    assert "arn:${role.arn}:${getCaller.id}" == found["nodes"][1]["inputs"]["arn"]
    assert [{"key": "group", "type": "toy:a:Group", "inputs": {"size": 1}}] == found["shared"]
    assert ([], None, []) == (found["natives"], found["proof"], found["nextRuns"])
