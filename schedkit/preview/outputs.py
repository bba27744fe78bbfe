"""
Outputs inside plans, turned into plain values while the program's loop still lives.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import pulumi

from schedkit.inputs import is_live
from schedkit.plan import Apply, Json, Lookup, Ref, Text, walk
from schedkit.preview.monitor import settled
from schedkit.preview.result import SECRET, UNKNOWN


if TYPE_CHECKING:
    from collections.abc import Callable

    from schedkit.plan import Node, Plan
    from schedkit.program import Report


async def resolve(reports: Sequence[Report]) -> tuple[tuple[Report, ...], tuple[Plan, ...]]:
    """
    The reports with the Outputs in their plans resolved and masked, and the plans unmasked.
    """
    masked, opened = [], []
    for report in reports:
        plan = report.plan
        if any(is_live(leaf) for node in plan.nodes + plan.shared for leaf in walk(node.inputs)):
            values: dict[int, tuple[object, bool]] = {}
            await _settle([node.inputs for node in plan.nodes + plan.shared], values)
            masked.append(attrs.evolve(report, plan=_filled(plan, values, mask=True)))
            opened.append(_filled(plan, values, mask=False))
        else:
            masked.append(report)
            opened.append(plan)
    return tuple(masked), tuple(opened)


async def _settle(value: object, values: dict[int, tuple[object, bool]]) -> None:
    for leaf in walk(value):
        if is_live(leaf) and id(leaf) not in values:
            values[id(leaf)] = await _value(leaf)


async def _value(leaf: object) -> tuple[object, bool]:
    """
    What it is, or UNKNOWN; and whether it is secret.
    """
    if inspect.iscoroutine(leaf) and inspect.getcoroutinestate(leaf) != inspect.CORO_CREATED:
        return UNKNOWN, False
    value, known, secret = await settled(pulumi.Output.from_input(leaf))
    return (value if known else UNKNOWN), secret


def _filled(plan: Plan, values: Mapping[int, tuple[object, bool]], *, mask: bool) -> Plan:
    def fill(value: object) -> Any:
        match value:
            case Text():
                return Text(*[fill(part) for part in value.parts])
            case Json():
                return Json(fill(value.document))
            case Lookup():
                return value
            case Apply(rule, inner):
                return _applied(rule, tuple(fill(item) for item in inner))
            case Mapping():
                return {key: fill(item) for key, item in value.items()}
            case list() | tuple():
                return [fill(item) for item in value]
            case _ if id(value) in values:
                found, secret = values[id(value)]
                return SECRET if secret and mask else found
            case _:
                return value

    def of(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(attrs.evolve(node, inputs=fill(node.inputs)) for node in nodes)

    return attrs.evolve(plan, nodes=of(plan.nodes), shared=of(plan.shared))


def _applied(rule: Callable[..., object], values: tuple[object, ...]) -> object:
    """
    What the rule makes of values of which all are known; else itself, of what is known now.
    """
    if any(value == UNKNOWN for value in values):
        return UNKNOWN
    if SECRET in values or any(isinstance(value, (Ref, Lookup, Text)) for value in values):
        return Apply(rule, values)
    return rule(*values)


def missing(plan: Plan) -> list[str]:
    """
    Where a filled plan still holds what only a deployment knows: `run.steps.fit.image`.
    """

    def find(value: object, path: str) -> Iterator[str]:
        match value:
            case Mapping():
                for key, item in value.items():
                    yield from find(item, f"{path}.{key}")
            case list() | tuple():
                for index, item in enumerate(value):
                    yield from find(item, f"{path}[{index}]")
            case str() if value == UNKNOWN:
                yield path

    return [path for node in plan.nodes for path in find(node.inputs, node.key)]
