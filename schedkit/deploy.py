"""
Turn a plan into Pulumi resources: the only code that touches an SDK, the same for every backend.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Callable, Generator, Mapping
from functools import cache, partial
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import pulumi
from pulumi import _types
from pulumi.output import UNKNOWN

from schedkit.exceptions import BackendLoadError, OverrideError, PlanError
from schedkit.inputs import SCALARS, hint, is_live
from schedkit.plan import Apply, Json, Lookup, Node, Ref, Text, dumps, walk


if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

T = TypeVar("T")
Making: TypeAlias = Generator[Callable[[], Any], Any, T]
Resources = dict[str, pulumi.Resource]
Lookups = dict[tuple[object, ...], pulumi.Output[Any]]
"""By provider, token and arguments, and by output."""


def deploy(
    nodes: Sequence[Node],
    classes: Mapping[str, str | None],
    name: str,
    parent: pulumi.Resource,
    others: Mapping[str, pulumi.Resource | None],
    lookups: Lookups | None = None,
) -> Making[Resources]:
    """
    Create the nodes below *parent*, in the order that references and `after` ask for.

    Yields what makes each, to be called and sent back by whoever stands nearest to the program:
    pulumi reads the source of every frame between that and a resource.

    Args:
        nodes: The first one bears *name*, every other one `<name>-<key>`.
        classes: Token -> `"package.module:Class"`; None makes no resource.
        name: The component's name.
        parent: The component.
        others: Resources of other components, by `pipeline/<key>` and `shared/<key>`; None is a
            node that no resource carries.
        lookups: Those already asked; filled.

    Returns:
        Key -> resource.

    Raises:
        OverrideError: A node has an input that its class does not have.
        PlanError: A reference leads nowhere, or in a circle.
        BackendLoadError: A class cannot be loaded.
    """
    made: Resources = {}
    there = {key: made for key, made in others.items() if made is not None}
    scope = _Scope(there, {} if lookups is None else lookups, parent)
    for node in ordered(nodes):
        path = classes[node.token]
        if path is None:
            continue
        kind, names = load(path)
        for key in node.after:
            if "/" in key and key not in others:
                culprit = f"{type(parent).__name__} {name!r}, resource {node.key!r}"
                raise PlanError(culprit, f"comes after {key!r}, no such node", hint(key, others))
        after = [scope.resources[key] for key in node.after if key in scope.resources]
        options: dict[str, Any] = {**node.options}
        opts = pulumi.ResourceOptions(parent=parent, depends_on=after or None, **options)
        inputs = scope.resolve(node.inputs) if node.symbols else node.inputs
        for key in inputs.keys() - names.keys():
            culprit = f"{type(parent).__name__} {name!r}, resource {node.key!r}, {key!r}"
            raise OverrideError(culprit, f"{path} has no such input", hint(str(key), names))
        arguments: dict[str, Any] = {names[key]: value for key, value in inputs.items()}
        child = child_name(name, node.key, first=node is nodes[0])
        resource = yield partial(kind, child, opts=opts, **arguments)
        made[node.key] = scope.resources[node.key] = resource
    return made


def finished(work: Making[T]) -> T:
    """
    Call all that is yielded, and return what comes of it.
    """
    result = None
    try:
        while True:
            result = work.send(result)()
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def child_name(name: str, key: str, *, first: bool) -> str:
    """
    `nightly` for the main node, `nightly-service-account` for another one.
    """
    return name if first else f"{name}-{key.replace('_', '-')}"


def ordered(nodes: Sequence[Node]) -> Iterable[Node]:
    """
    The nodes, each after those of the same plan that it refers to.

    Raises:
        PlanError: They refer to each other in a circle.
    """
    by_key = {node.key: node for node in nodes}
    if len(by_key) == 1:
        return nodes
    graph = {node.key: node.references & by_key.keys() for node in nodes}
    try:
        return [by_key[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        reason = f"refer to each other in a circle: {circle}"
        raise PlanError("nodes", reason, "take one of these references out") from None


@cache
def load(path: str) -> tuple[Callable[..., pulumi.Resource], Mapping[str, str]]:
    """
    `"pulumi_aws.scheduler:Schedule"` -> the class, and its inputs' wire names -> Python names.

    Raises:
        BackendLoadError: The SDK is not installed, or has no such class.
    """
    module, name = path.split(":")
    try:
        with warnings.catch_warnings():  # an SDK warns of classes that no plan names
            warnings.simplefilter("ignore", DeprecationWarning)
            kind = getattr(importlib.import_module(module), name)
            home = importlib.import_module(kind.__module__)
        args = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args")
    except (ImportError, AttributeError) as error:
        package = module.partition(".")[0].replace("_", "-")
        cure = f"try: pip install {package}"
        raise BackendLoadError(f"class {path}", str(error), cure) from error
    return kind, {wire: py for py, wire in _types.input_type_py_to_pulumi_names(args).items()}


@cache
def _outputs(kind: type[pulumi.Resource]) -> Mapping[str, str]:
    """
    Wire names of a resource's outputs -> Python names; pulumi makes them anew at each call.
    """
    return _types.resource_pulumi_to_py_names(kind)


@cache
def _version_of(package: str) -> pulumi.InvokeOptions | None:
    """
    The SDK's version, as its resources name it: without it the engine asks another provider.
    """
    try:
        module = importlib.import_module(f"pulumi_{package.replace('-', '_')}._utilities")
    except ModuleNotFoundError:
        return None
    return module.get_invoke_opts_defaults()  # type: ignore[no-any-return]


class _Scope:
    """
    The resources made so far, and the look-ups already asked.
    """

    def __init__(
        self, resources: Resources, lookups: Lookups, parent: pulumi.Resource | None = None
    ) -> None:
        self.resources = resources
        self.lookups = lookups
        self.parent = parent

    def resolve(self, value: Any) -> Any:
        if type(value) in SCALARS:
            return value
        match value:
            case dict():  # most are: asking for a Mapping takes longer
                return {
                    key: item if type(item) in SCALARS else self.resolve(item)
                    for key, item in value.items()
                }
            case Ref():
                return self.output(value)
            case Lookup():
                return self.look_up(value)
            case Text() | Json() | Apply():
                return self.late(value)
            case Mapping():
                return {key: self.resolve(item) for key, item in value.items()}
            case list() | tuple():
                return [self.resolve(item) for item in value]
            case _:
                return value

    def output(self, ref: Ref) -> Any:
        try:
            resource = self.resources[ref.node]
        except KeyError:
            cure = hint(ref.node, self.resources)
            raise PlanError(f"Ref({ref.node!r})", "no such node here", cure) from None
        names = _outputs(type(resource))  # type: ignore[arg-type]
        return getattr(resource, names.get(ref.output, ref.output))

    def look_up(self, lookup: Lookup) -> Any:
        """
        What the provider of the component answers, which may be of another account; unknown where
        nobody is asked, as in a preview without an engine.
        """
        package = lookup.token.partition(":")[0]
        provider = self.parent._providers.get(package) if self.parent else None  # noqa: SLF001
        key = (provider, lookup.token, dumps(lookup.args))
        if key not in self.lookups:
            opts = pulumi.InvokeOptions.merge(
                _version_of(package), pulumi.InvokeOptions(provider=provider)
            )
            args = dict(lookup.args)
            self.lookups[key] = pulumi.runtime.invoke_output(lookup.token, args, opts)
        part = (*key, lookup.output)
        if part not in self.lookups:
            self.lookups[part] = self.lookups[key].apply(
                lambda found: found[lookup.output] if found else pulumi.Output.from_input(UNKNOWN)
            )
        return self.lookups[part]

    def late(self, value: Text | Json | Apply) -> Any:
        """
        One Output of all that only a deployment knows in it; plain where that is nothing.
        """
        if isinstance(value, Json):
            with contextlib.suppress(TypeError):  # a symbol or an Output is in it
                return dumps(value.document)
        found = walk(value, SCALARS)
        leaves = list(
            dict.fromkeys(v for v in found if isinstance(v, (Ref, Lookup)) or is_live(v))
        )
        if not leaves and not any(isinstance(v, Apply) for v in found):
            return _filled(value, {})
        known = pulumi.Output.all(*map(self.resolve, leaves))
        return known.apply(lambda values: _filled(value, dict(zip(leaves, values, strict=True))))


def _filled(value: object, known: Mapping[object, object]) -> Any:
    """
    The value, with what is known in place of its symbols and Inputs.
    """
    if type(value) in SCALARS:
        return value
    match value:
        case Text(parts):
            return "".join(_word(_filled(part, known)) for part in parts)
        case Json(document):
            return dumps(_filled(document, known))
        case Apply(rule, values):
            return rule(*(_filled(item, known) for item in values))
        case dict() | Mapping():
            return {key: _filled(item, known) for key, item in value.items()}
        case list() | tuple():
            return [_filled(item, known) for item in value]
    return known[value] if isinstance(value, (Ref, Lookup)) or is_live(value) else value


def _word(part: object) -> str:
    """
    A part of a text; every number that crosses the engine is a float, whole ones as well.
    """
    return str(int(part)) if isinstance(part, float) and part.is_integer() else str(part)


def resolved(value: object, resources: Mapping[str, pulumi.Resource]) -> Any:
    """
    One value with its references replaced by the Outputs of the given resources.
    """
    return _Scope(dict(resources), {}).resolve(value)
