"""
The Pulumi SDKs as a schema: does what a node holds have the shape that the SDK's class declares?

It knows names, nesting, required properties, scalar types and enums; not patterns, lengths, or
what the service refuses. All private names of Pulumi's SDK that the tests need are in this file.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import types
import typing
from collections import abc
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import attrs
import pulumi
from pulumi import _types

from schedkit.deploy import load
from schedkit.inputs import hint, is_live
from schedkit.plan import Apply, Json, Lookup, Ref, Text


@attrs.frozen
class Shape:
    """
    Of an input class: wire name -> type, and the wire names that must be there.
    """

    types: Mapping[str, Any]
    required: frozenset[str]


@cache
def shape_of(kind: Any) -> Shape:
    """
    The shape of an input class such as `CronJobSpecArgs`.
    """
    wire = _types.input_type_py_to_pulumi_names(kind)
    required = {
        wire.get(name, name)
        for name, parameter in inspect.signature(kind.__init__).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    }
    return Shape(_types.input_type_types(kind), frozenset(required))


def input_class(path: str) -> type:
    """
    `"pulumi_kubernetes.batch.v1:CronJob"` -> `CronJobInitArgs`.
    """
    kind, _ = load(path)
    home = importlib.import_module(kind.__module__)
    name = path.rpartition(":")[2]
    found = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args")
    return typing.cast("type", found)


def mistakes(path: str, inputs: Mapping[str, object]) -> list[str]:
    """
    What is wrong with the inputs of a resource class; references and Outputs are right anywhere.
    """
    return list(_object(inputs, input_class(path), path.rpartition(":")[2]))


def _object(value: object, kind: type, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{where}: {value!r} is no {kind.__name__}"
        return
    shape = shape_of(kind)
    for name, item in value.items():
        if name in shape.types:
            yield from _any_of(item, shape.types[name], f"{where}.{name}")
        else:
            yield f"{where}.{name}: no property of {kind.__name__}; {hint(name, shape.types)}"
    for name in sorted(shape.required - value.keys()):
        yield f"{where}.{name}: missing, {kind.__name__} requires it"


def _any_of(value: object, declared: Any, where: str) -> Iterator[str]:
    """
    Hold the value to the branch of a union that it fits best.
    """
    branches = list(_branches(declared))
    if (
        value is None
        or isinstance(value, (Ref, Lookup, Apply))
        or is_live(value)
        or Any in branches
    ):
        return
    if isinstance(value, (Text, Json)):
        value = ""
    enums = [kind for kind in branches if _is(kind, enum.Enum)]
    found = [list(_one(value, b, where)) for b in branches if not (enums and b is str)]
    yield from min(found, key=len, default=[])


def _branches(declared: Any) -> Iterator[Any]:
    """
    The members of a union, without what may stand for any value: `Awaitable`, `Output`, None.
    """
    origin = typing.get_origin(declared)
    if origin in (typing.Union, types.UnionType):
        for member in typing.get_args(declared):
            yield from _branches(member)
    elif isinstance(declared, typing.ForwardRef):
        yield Any
    elif not (
        origin in (abc.Awaitable, pulumi.Output)
        or declared is type(None)
        or typing.is_typeddict(declared)  # the twin of an input class
    ):
        yield declared


def _one(value: object, kind: Any, where: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if isinstance(kind, type) and _types.is_input_type(kind):
        yield from _object(value, kind, where)
    elif origin in (list, abc.Sequence):
        if not isinstance(value, (list, tuple)):
            yield f"{where}: {value!r} is no list"
            return
        for index, item in enumerate(value):
            yield from _any_of(item, (arguments or (Any,))[0], f"{where}[{index}]")
    elif origin in (dict, abc.Mapping):
        if not isinstance(value, Mapping):
            yield f"{where}: {value!r} is no mapping"
            return
        for name, item in value.items():
            yield from _any_of(item, (arguments or (Any, Any))[1], f"{where}.{name}")
    elif not _scalar(value, kind):
        yield f"{where}: {value!r} is no {kind.__name__ if isinstance(kind, type) else kind}"


def _scalar(value: object, kind: Any) -> bool:
    if typing.get_origin(kind) is typing.Literal:
        return value in typing.get_args(kind)
    if _is(kind, enum.Enum):
        return value in [member.value for member in kind]
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return type(value) is int
    return not isinstance(kind, type) or isinstance(value, kind)


def _is(kind: Any, base: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, base)
