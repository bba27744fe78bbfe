"""
Plans in other words: text for people, data for `--json`, manifests, a Pulumi YAML program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import yaml

from schedkit.config import camel
from schedkit.deploy import child_name
from schedkit.exceptions import SpecError
from schedkit.plan import Apply, Json, Lookup, Node, Ref, Text, show, walk
from schedkit.planning import natives


if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from schedkit.findings import Finding
    from schedkit.plan import Plan
    from schedkit.preview import Preview, Resource
    from schedkit.program import Report

_RUNS = 3


def describe(report: Report, after: datetime, *, verbose: bool = False) -> str:
    """
    One component for people: texts, proof, next runs and findings; exact ones when *verbose*.
    """
    plan = report.plan
    lines = [f"{report.kind} {report.name!r} on {plan.backend}"]
    for native in _natives(report):
        zone = f"  ({native.timezone})" if native.timezone else ""
        lines.append(f"  {native.text}{zone}")
    if plan.proof is not None:
        lines.append(f"  {plan.proof.sentence}")
    runs = _next_runs(plan, after)
    if runs:
        lines.append(f"  next: {', '.join(run.isoformat() for run in runs)}")
    lines += [
        f"  {finding.sentence}"
        for finding in plan.findings
        if verbose or finding.verdict != "exact"
    ]
    return "\n".join(lines)


def tree(resources: Iterable[Resource]) -> str:
    """
    Everything that the program declares, each below its parent.
    """
    by_parent: dict[str | None, list[Resource]] = {}
    for resource in resources:
        by_parent.setdefault(resource.parent, []).append(resource)

    def lines(parent: str | None, indent: str) -> Iterator[str]:
        below = by_parent.get(parent, [])
        for resource in below:
            last = resource is below[-1]
            yield f"{indent}{'└─ ' if last else '├─ '}{resource.type}  {resource.name}"
            yield from lines(resource.urn, indent + ("   " if last else "│  "))

    return "\n".join(lines(None, ""))


def data(report: Report, after: datetime) -> dict[str, object]:
    """
    One component as plain data.
    """
    plan = report.plan
    return {
        "kind": report.kind,
        "name": report.name,
        "backend": plan.backend,
        "refused": report.refusal is not None,
        "natives": [{"text": n.text, "timezone": n.timezone} for n in _natives(report)],
        "proof": plan.proof.to_dict() if plan.proof else None,
        "nextRuns": [run.isoformat() for run in _next_runs(plan, after)],
        "findings": [_finding(finding) for finding in plan.findings],
        "nodes": [
            {
                "key": node.key,
                "type": node.token,
                "name": name,
                "inputs": show(node.inputs),
                "after": list(node.after),
                "options": show(node.options),
            }
            for name, node in _named(plan)
        ],
        "shared": [
            {"key": node.key, "type": node.token, "inputs": show(node.inputs)}
            for node in plan.shared
        ],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "feature": str(finding.feature),
        "verdict": finding.verdict,
        "reason": finding.reason,
        "nearest": finding.nearest,
        "url": finding.url,
        "instants": [instant.isoformat() for instant in finding.instants],
    }


def manifests(preview: Preview) -> str:
    """
    What `kubectl apply` takes: the Kubernetes resources of all components.

    Raises:
        SpecError: There are none, or one holds a value that only a deployment knows.
    """
    found = [
        (f"{report.kind} {report.name!r}, {node.key}", node.inputs)
        for report, node in _nodes(preview)
        if node.token.startswith("kubernetes:") and "kind" in node.inputs
    ]
    if not found:
        cure = "plan for a backend that makes some: --backend kubernetes"
        raise SpecError(preview.project, "has no Kubernetes resources", cure)
    for culprit, inputs in found:
        if any(isinstance(leaf, (Ref, Lookup, Text, Json, Apply)) for leaf in walk(inputs)):
            cure = "use --pulumi-yaml, which keeps references"
            raise SpecError(culprit, "refers to a value that only a deployment knows", cure)
    return _yaml([show(inputs) for _, inputs in found])


def pulumi_yaml(preview: Preview) -> str:
    """
    A Pulumi program without schedkit that makes the same resources.
    """
    program = _PulumiYaml(preview)
    document: dict[str, object] = {"name": preview.project, "runtime": "yaml"}
    resources = {key: program.resource(report, node) for key, report, node in program.entries}
    if program.variables:
        document["variables"] = program.variables
    return _yaml([{**document, "resources": resources}])


class _PulumiYaml:
    """
    Names of resources, and values with references by those names.
    """

    def __init__(self, preview: Preview) -> None:
        self.entries: list[tuple[str, Report, Node]] = []
        self.variables: dict[str, object] = {}
        self._keys: dict[tuple[str, str], str] = {}
        for report, node in _nodes(preview):
            if report.backend.classes.get(node.token) is None:
                continue
            key = f"{node.token.rsplit(':', 1)[-1].lower()}-{_child(report, node)}"
            self.entries.append((key, report, node))
            self._keys[_owner(report, node), node.key] = key

    def resource(self, report: Report, node: Node) -> dict[str, object]:
        """
        One entry under `resources:`.
        """
        found: dict[str, object] = {
            "type": node.token,
            "name": _child(report, node),
            "properties": self.value(report, node.inputs),
        }
        options = {camel(name): value for name, value in node.options.items()}
        if node.after:
            options["dependsOn"] = [f"${{{self.key(report, key)}}}" for key in node.after]
        return {**found, "options": options} if options else found

    def key(self, report: Report, node: str) -> str:
        """
        What the resource is called that a component knows as *node*.
        """
        scope, _, key = node.rpartition("/")
        pipeline = getattr(report.spec, "pipeline", report.spec).name
        owners = {"": _name(report.kind, report.name), "pipeline": _name("Pipeline", pipeline)}
        return self._keys[owners.get(scope, report.plan.backend), key]

    def value(self, report: Report, value: object) -> Any:
        """
        A value in Pulumi YAML's words.
        """
        match value:
            case Ref():
                return f"${{{self.key(report, value.node)}.{value.output}}}"
            case Lookup():
                return f"${{{self.variable(value)}}}"
            case Text():
                return "".join(str(self.value(report, part)) for part in value.parts)
            case Json():
                return {"fn::toJSON": self.value(report, value.document)}
            case Apply():
                culprit = f"{report.kind} {report.name!r}"
                cure = "give plain images and parameters"
                raise SpecError(culprit, "holds a value that schedkit makes at deploy", cure)
            case Mapping():
                return {str(k): self.value(report, item) for k, item in value.items()}
            case list() | tuple():
                return [self.value(report, item) for item in value]
            case str():
                return value.replace("${", "$${")
        return show(value)

    def variable(self, lookup: Lookup) -> str:
        """
        The variable that asks the provider.
        """
        name = f"{lookup.token.rsplit(':', 1)[-1]}-{lookup.output}"
        call = {"function": lookup.token, "arguments": show(lookup.args), "return": lookup.output}
        while self.variables.setdefault(name, {"fn::invoke": call}) != {"fn::invoke": call}:
            name += "-x"
        return name


def _natives(report: Report) -> tuple[Any, ...]:
    return natives(report.plan) if report.plan.proof is not None else ()


def _next_runs(plan: Plan, after: datetime) -> list[datetime]:
    return plan.proves.next(_RUNS, after=after) if plan.proves and plan.proof else []


def _nodes(preview: Preview) -> Iterator[tuple[Report, Node]]:
    """
    Shared nodes once and first, then each component's own.
    """
    seen = set()
    for report in preview.reports:
        for node in report.plan.shared:
            if (report.plan.backend, node.key) not in seen:
                seen.add((report.plan.backend, node.key))
                yield report, node
    for report in preview.reports:
        for node in report.plan.nodes:
            yield report, node


def _named(plan: Plan) -> list[tuple[str, Node]]:
    return [
        (child_name(plan.name, node.key, first=node is plan.nodes[0]), node) for node in plan.nodes
    ]


def _name(kind: str, name: str) -> str:
    return f"{kind} {name}"


def _owner(report: Report, node: Node) -> str:
    shared = any(node is each for each in report.plan.shared)
    return report.plan.backend if shared else _name(report.kind, report.name)


def _child(report: Report, node: Node) -> str:
    for name, each in _named(report.plan):
        if each is node:
            return name
    return child_name(f"schedkit-{report.plan.backend}", node.key, first=False)


def _yaml(documents: list[Any]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=100)
