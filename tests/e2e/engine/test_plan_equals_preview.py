"""
`schedkit plan --json` says what `pulumi preview --json` says, resource by resource.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tally
from pulumi.runtime.rpc import UNKNOWN as ENGINES_UNKNOWN
from shell import Shell
from stack import EXAMPLES, copied

from schedkit.preview import UNKNOWN


pytestmark = pytest.mark.engine

NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/Pulumi.yaml"))
STACKS = [
    (name, path.name.split(".")[1])
    for name in NAMES
    for path in sorted((EXAMPLES / name).glob("Pulumi.*.yaml"))
]
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


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_plan_equals_preview(engine, tmp_path, name: str, stack: str) -> None:
    """
    Type, name, parent, inputs, edges, provider and options of every resource are the same, or
    both refuse in the same words.
    """
    shell = Shell(engine, copied(name, tmp_path))
    shell.pulumi("stack", "init", stack)
    planned = shell("schedkit", "plan", ".", "--stack", stack, "--json", code=code_of(stack))
    wire = tmp_path / "wire.json"
    answer = shell.pulumi(
        "preview", "--json", code=code_of(stack), env={"PULUMI_DEBUG_GRPC": str(wire)}
    )
    (plan,) = planned.json["plans"]
    if stack == "local":
        findings = [
            finding["sentence"] if isinstance(finding, dict) and "sentence" in finding else None
            for component in plan["components"]
            for finding in component["findings"]
        ]
        assert findings
        assert "schedule refused: nothing on this machine starts pipelines" in answer.said
        tally.COUNTS["refused alike"] += 1
        return
    expected = {each["urn"]: from_plan(each) for each in plan["resources"]}
    seen = from_preview(answer.json, requests(wire))
    assert expected.keys() == seen.keys()
    differences = [urn for urn in expected if expected[urn] != seen[urn]]
    assert [] == differences, [(expected[urn], seen[urn]) for urn in differences]
    exports = answer.json["steps"][0]["newState"].get("outputs", {})
    assert plan["exports"].keys() == exports.keys() or not exports
    tally.COUNTS["examples compared"] += 1
    tally.COUNTS["resources compared"] += len(expected)


def code_of(stack: str) -> int:
    """
    No example can be deployed on this machine: its schedule is refused.
    """
    return 1 if stack == "local" else 0


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
