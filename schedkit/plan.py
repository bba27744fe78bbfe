"""
A plan: native resources as frozen data, to be printed, compared, patched, checked and deployed.

Inputs carry Pulumi's wire names (camelCase), as in the SDKs' schemas and in Pulumi YAML. `Ref`,
`Text`, `Json` and `Lookup` stand where a value is not known yet; a user's `pulumi.Input` passes
through untouched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import attrs

from schedkit.exceptions import OverrideError, PlanError
from schedkit.inputs import SCALARS, hint, is_live
from schedkit.recurrence.dialects import Native


if TYPE_CHECKING:
    from collections.abc import Callable

    from schedkit.findings import Finding
    from schedkit.recurrence import When
    from schedkit.recurrence.proof import Proof


@attrs.frozen
class Ref:
    """
    An output of another node.

    `Ref("role", "arn")` is a node of the same plan, `Ref("pipeline/role", "arn")` one of the
    schedule's pipeline, `Ref("shared/group", "name")` one that the whole program shares.
    """

    node: str
    output: str = "id"


@attrs.frozen
class Text:
    """
    Text with references in it: `Text("arn:aws:logs:", Ref("group", "name"), ":*")`.
    """

    parts: tuple[object, ...]

    def __init__(self, *parts: object) -> None:
        self.__attrs_init__(parts)  # type: ignore[attr-defined]


@attrs.frozen
class Json:
    """
    A document handed over as JSON text; references and Inputs may stand anywhere in it.
    """

    document: object


@attrs.frozen
class Lookup:
    """
    What the provider knows: `Lookup("aws:index/getRegion:getRegion", "name")`.
    """

    token: str
    output: str
    args: Mapping[str, object] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class Apply:
    """
    What a rule makes of values that are known at deploy: checks a text, or turns it into another.

    Attributes:
        rule: Called with the values; itself a frozen value, so that plans compare. What it raises
            fails the deployment.
        values: Inputs of the user's, and other symbols.
    """

    rule: Callable[..., object]
    values: tuple[object, ...]


Symbol: TypeAlias = Ref | Text | Json | Lookup | Apply


@attrs.frozen
class Node:
    """
    One native resource.

    Attributes:
        key: Its name in the plan and in `component.resources`, in snake_case.
        token: Pulumi's type token.
        inputs: By wire name.
        after: Keys of nodes that must exist before, where no reference says so.
        options: Plain `pulumi.ResourceOptions` by name, such as `delete_before_replace`.
    """

    key: str
    token: str
    inputs: Mapping[str, object]
    after: tuple[str, ...] = ()
    options: Mapping[str, object] = attrs.field(factory=dict)

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """
        All that stands in the inputs for a value not known yet; a user's Inputs are none.
        """
        found = walk(self.inputs, SCALARS)
        return tuple(leaf for leaf in found if isinstance(leaf, Symbol))

    @cached_property
    def references(self) -> frozenset[str]:
        """
        The keys of the nodes that this one refers to, by `Ref` or by `after`.
        """
        refs = (symbol.node for symbol in self.symbols if isinstance(symbol, Ref))
        return frozenset((*refs, *self.after))


@attrs.frozen
class Timing:
    """
    Where a node carries native schedule text, and the time zone it is read in.

    Attributes:
        node: The node's key.
        text: The path of the text in its inputs.
        timezone: The path of the zone in its inputs, or the zone itself as a text.
        more: The path of each other thing that the dialect knows by that name: a `StartDate`.
        paused: The path of what is *pausing* while the platform starts no run.
        late: The path of the seconds for which a past instant may still start when the resource
            is updated; empty where the platform starts none.
        identity: Paths of what makes the platform delete the resource and make another.
        pausing: The value that stands there while it starts none.
    """

    node: str
    text: tuple[str, ...]
    timezone: tuple[str, ...] | str = "UTC"
    paused: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    identity: tuple[tuple[str, ...], ...] = ()
    more: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    pausing: object = True

    def native(self, inputs: object) -> Native:
        """
        What the platform receives in a resource with these inputs.
        """
        zone = self.timezone if isinstance(self.timezone, str) else at(inputs, self.timezone)
        asked = ((name, at(inputs, path)) for name, path in self.more.items())
        more = {name: str(value) for name, value in asked if value}
        return Native(str(at(inputs, self.text)), str(zone), more)

    def is_paused(self, inputs: object) -> bool:
        """
        Whether the platform starts no run by a resource with these inputs.
        """
        return bool(self.paused) and at(inputs, self.paused) == self.pausing


@attrs.frozen
class Plan:
    """
    What a backend makes of one spec.

    Attributes:
        backend: The backend's name.
        kind: `Pipeline` or `Schedule`.
        name: The component's name.
        nodes: The first one is the main one and bears the component's name.
        findings: What becomes of each feature that the spec asks for.
        shared: Nodes that every component of the program may ask for; made once, owned by
            `schedkit:index:Shared`.
        timings: Every place that carries native schedule text.
        proves: What those texts must fire like, together; None when there are none.
        proof: Filled in by `schedkit.planning`.
        schedule_id: What the component hands out as its `schedule_id`.
    """

    backend: str
    kind: str
    name: str
    nodes: tuple[Node, ...] = ()
    findings: tuple[Finding, ...] = ()
    shared: tuple[Node, ...] = ()
    timings: tuple[Timing, ...] = ()
    proves: When | None = None
    proof: Proof | None = None
    schedule_id: object = None

    def __attrs_post_init__(self) -> None:
        culprit = f"{self.backend}, {self.kind.lower()} {self.name!r}"
        keys = [node.key for node in self.nodes]
        if len(keys) != len(set(keys)):
            raise PlanError(culprit, f"two nodes have one key: {', '.join(keys)}", "rename one")
        for node in self.nodes:
            unknown = [k for k in node.references if "/" not in k and k not in keys]
            if unknown:
                first = min(unknown)
                reason = f"node {node.key!r} refers to {first!r}"
                raise PlanError(culprit, reason, hint(first, keys))

    def node(self, key: str) -> Node:
        """
        The node of that key.

        Raises:
            OverrideError: There is none.
        """
        for node in self.nodes:
            if node.key == key:
                return node
        keys = [node.key for node in self.nodes]
        culprit = f"{self.kind} {self.name!r}, resource {key!r}"
        reason = f"{self.backend} makes none of that name here"
        raise OverrideError(culprit, reason, hint(key, keys))

    def patched(self, key: str, changes: Mapping[str, object]) -> Plan:
        """
        The escape hatch: *changes* `merged` over one node's inputs.
        """
        old = self.node(key)
        new = attrs.evolve(old, inputs=merged(old.inputs, changes))
        return attrs.evolve(self, nodes=tuple(new if n is old else n for n in self.nodes))

    def at(self, key: str, path: tuple[str, ...]) -> object:
        """
        The value at *path* in a node's inputs; None when nothing stands there.
        """
        return at(self.node(key).inputs, path)


def at(inputs: object, path: tuple[str, ...]) -> object:
    """
    The value at *path* in a resource's inputs; None when nothing stands there.
    """
    for name in path:
        if not isinstance(inputs, (dict, Mapping)):
            return None
        inputs = inputs.get(name)
    return inputs


def merged(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """
    *over* laid on *base*: mappings are merged, all else is replaced, None takes a property away.
    """
    out = dict(base)
    for key, value in over.items():
        below = out.get(key)
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(below, Mapping):
            out[key] = merged(below, value)
        else:
            out[key] = value
    return out


def walk(value: object, skipped: frozenset[type] = frozenset()) -> list[object]:
    """
    Every leaf of a value; of a `Text`, `Json` or `Apply` itself first, then the leaves in it.

    Args:
        value: Of any kind.
        skipped: Types of leaves to pass over, which is quicker.
    """
    found: list[object] = []
    _collect(value, found, skipped)
    return found


def _collect(value: object, found: list[object], skipped: frozenset[type]) -> None:
    parts: Iterable[object] = ()
    if isinstance(value, dict):  # most are: asking for a Mapping takes longer
        parts = value.values()
    elif isinstance(value, Symbol):
        found.append(value)
        parts = _parts(value)
    elif isinstance(value, (list, tuple)):
        parts = value
    elif isinstance(value, Mapping):
        parts = value.values()
    else:
        found.append(value)
    for part in parts:
        if type(part) not in skipped:
            _collect(part, found, skipped)


def _parts(symbol: Symbol) -> tuple[object, ...]:
    match symbol:
        case Text(parts):
            return parts
        case Json(document):
            return (document,)
        case Apply(_, values):
            return values
    return ()


def show(value: object) -> object:
    """
    The value as plain data, for people, snapshots and `--json`: `${role.arn}` for a reference.
    """
    match value:
        case Ref():
            return f"${{{value.node}.{value.output}}}"
        case Lookup():
            return f"${{{value.token.rsplit(':', 1)[-1]}.{value.output}}}"
        case Text():
            return "".join(str(show(part)) for part in value.parts)
        case Json():
            return {"fn::toJSON": show(value.document)}
        case Mapping():
            return {str(key): show(item) for key, item in value.items()}
        case list() | tuple():
            return [show(item) for item in value]
        case Apply(rule, values) if not any(map(is_live, walk(values))):
            return rule(*map(show, values))
    return "<known at deploy>" if isinstance(value, Apply) or is_live(value) else value


def dumps(document: object) -> str:
    """
    JSON text that is the same every time.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
