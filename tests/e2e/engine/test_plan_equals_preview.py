"""
`schedkit plan --json` says what `pulumi preview --json` says, resource by resource.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import moto_cloud
import pytest
import tally
from pulumi.runtime.rpc import UNKNOWN as ENGINES_UNKNOWN
from shell import Shell
from stack import EXAMPLES, copied, running

from schedkit.preview import UNKNOWN


pytestmark = pytest.mark.engine

EVERYTHING = Path(__file__).parent / "everything"
FOLDERS = [*sorted(path.parent for path in EXAMPLES.glob("*/Pulumi.yaml")), EVERYTHING]
STACKS = [
    pytest.param(folder, path.name.split(".")[1], id=f"{folder.name}-{path.name.split('.')[1]}")
    for folder in FOLDERS
    for path in sorted(folder.glob("Pulumi.*.yaml"))
]
KEPT = ("hello-aws", "hello-kubernetes")  # nothing of it is emulated
OPTIONS = (
    "protect",
    "deleteBeforeReplace",
    "ignoreChanges",
    "replaceOnChanges",
    "retainOnDelete",
    "importId",
    "version",
    "deletedWith",
)


@pytest.fixture
def engine(binaries, provider_double, tmp_path):
    """
    The real engine in front of Kubernetes and AWS.
    """
    with moto_cloud.cloud() as cloud, running(tmp_path, provider_double, cloud) as made:
        yield made


@pytest.fixture
def shell(engine, tmp_path):
    """
    In a copy of a project, with a secret where one is asked for.
    """

    engine.doubles["kubernetes"].takes_secrets = True

    def enter(folder: Path, stack: str) -> Shell:
        made = Shell(engine, copied(folder, tmp_path))
        made.pulumi("stack", "init", stack)
        if folder == EVERYTHING:
            made.pulumi("config", "set", "--secret", "token", "hunter2")
        return made

    return enter


@pytest.mark.parametrize(("folder", "stack"), STACKS)
def test_plan_equals_preview(shell, tmp_path, folder: Path, stack: str) -> None:
    """
    Type, name, parent, inputs, edges, provider and options of every resource are the same. What
    AWS alone can tell, a preview has asked it, and a plan has not.
    """
    run, wire = shell(folder, stack), tmp_path / "wire.json"
    (plan,) = run("schedkit", "plan", ".", "--stack", stack, "--json").json["plans"]
    answer = run.pulumi("preview", "--json", env={"PULUMI_DEBUG_GRPC": str(wire)})
    expected = {each["urn"]: from_plan(each) for each in plan["resources"]}
    seen = from_preview(answer.json, requests(wire))
    assert expected.keys() == seen.keys()
    if stack == "aws":
        for urn, resource in expected.items():
            resource["inputs"] = told(resource["inputs"], seen[urn]["inputs"])
    differences = [
        (urn, field, said, seen[urn][field])
        for urn, resource in expected.items()
        for field, said in resource.items()
        if said != seen[urn][field]
    ]
    assert [] == differences
    tally.COUNTS["projects of which plan and preview are equal"] += 1
    tally.COUNTS["resources of which plan and preview are equal"] += len(expected)


@pytest.mark.parametrize(("folder", "stack"), [each for each in STACKS if each.id not in KEPT])
def test_plan_refuses_what_preview_refuses(shell, folder: Path, stack: str) -> None:
    """
    What a backend cannot keep, under `schedkit:strict` what it emulates too, is refused by both,
    in the same words.
    """
    run = shell(folder, stack)
    run.pulumi("config", "set", "schedkit:strict", "true")
    (plan,) = run("schedkit", "plan", ".", "--stack", stack, "--json", code=1).json["plans"]
    refused = [
        f"{finding['verdict']}: {finding['reason']}"
        for component in plan["components"]
        for finding in component["findings"]
        if finding["verdict"] != "exact"
    ]
    said = run.pulumi("preview", code=1).said
    assert len(refused) == said.count(" refused: ") + said.count(" emulated: ")
    assert [] == [each for each in refused if each not in said]
    tally.COUNTS["projects that plan and preview refuse alike"] += 1


def told(said: Any, seen: Any) -> Any:
    """
    With what the AWS provider answers before anything is made: its look-ups, and the name that it
    gives a bucket.
    """
    match said, seen:
        case dict(), dict():
            named = {"bucket": seen["bucket"]} if "bucket" in seen else {}
            return {**named, **{key: told(item, seen.get(key)) for key, item in said.items()}}
        case _ if said == UNKNOWN:
            return seen
        case _:
            return said


def from_plan(resource: dict) -> dict:
    """
    What both can say of a resource, as the plan says it.
    """
    return {
        "type": resource["type"],
        "name": resource["name"],
        "parent": resource["parent"],
        "custom": resource["custom"],
        "inputs": resource["inputs"],
        "dependencies": sorted(resource["dependencies"]),
        "edges": {k: sorted(v) for k, v in resource["property_dependencies"].items() if v},
        "provider": resource["provider"],
        "options": resource["options"],
    }


def from_preview(document: dict, asked: dict[tuple[str, str], dict]) -> dict[str, dict]:
    """
    The same of every resource that the engine would make, but what it adds by itself.
    """
    found = {}
    for step in document["steps"]:
        state = step["newState"]
        if state["type"] == "pulumi:pulumi:Stack" or state["type"].startswith("pulumi:providers:"):
            continue
        assert "create" == step["op"]
        name = state["urn"].rpartition("::")[2]
        parent = state.get("parent", "")
        provider = state.get("provider", "")
        found[state["urn"]] = {
            "type": state["type"],
            "name": name,
            "parent": None if "pulumi:pulumi:Stack::" in parent else parent,
            "custom": state["custom"],
            "inputs": unmasked(state.get("inputs", {})),
            "dependencies": sorted(state.get("dependencies", [])),
            "edges": {k: sorted(v) for k, v in state.get("propertyDependencies", {}).items() if v},
            "provider": "" if "::default" in provider else provider,
            "options": {
                key: value for key in OPTIONS if (value := asked[state["type"], name].get(key))
            },
        }
    return found


def requests(wire: Path) -> dict[tuple[str, str], dict]:
    """
    What the program asked of the engine, by type and name.
    """
    found = {}
    for line in wire.read_text().splitlines():
        entry = json.loads(line)
        if entry["method"].endswith("/RegisterResource") and entry.get("request"):
            found[entry["request"]["type"], entry["request"]["name"]] = entry["request"]
    return found


def unmasked(value: object) -> object:
    """
    With our word for what is not known yet.
    """
    match value:
        case dict():
            return {key: unmasked(item) for key, item in value.items()}
        case list():
            return [unmasked(item) for item in value]
        case _ if value == ENGINES_UNKNOWN:
            return UNKNOWN
        case _:
            return value
