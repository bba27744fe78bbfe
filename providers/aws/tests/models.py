"""
Holds plain data against botocore's model of a request, in all that botocore itself lets pass.

botocore checks presence, type and minimum when it sends; its models say more: maximum, pattern,
enum and which members there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import regex
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape


# A kind that is missing here raises KeyError: no request that we check has it.
TYPES = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "timestamp": str,
}
Late = Callable[[str, Any, str], Iterable[str]]


@cache
def service(name: str) -> ServiceModel:
    """
    The newest model that the installed botocore has.
    """
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def is_late(value: object) -> bool:
    """
    Whether it is a function of SageMaker Pipelines, which has a value when a run starts.
    """
    return isinstance(value, dict) and any(k == "Get" or k.startswith("Std:") for k in value)


def mistakes(model: str, request: str, value: object, late: Late | None = None) -> list[str]:
    """
    What the service would refuse in that request, each with its path.

    *late* judges a function by the kind of what stands in its place; without it none may stand.
    """
    return list(_walk(service(model).shape_for(request), value, "$", late))


def _walk(shape: Shape, value: Any, path: str, late: Late | None) -> Iterator[str]:
    kind = shape.type_name
    wanted = TYPES[kind]
    if late and is_late(value):
        yield from late(kind, value, path)
    elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        yield f"{path} is no {kind}"
    else:
        yield from _bounds(shape, value, path)
        if kind == "structure":
            yield from _members(shape, value, path, late)
        elif kind == "list":
            for number, item in enumerate(value):
                yield from _walk(shape.member, item, f"{path}[{number}]", late)
        elif kind == "map":
            for key, item in value.items():
                yield from _walk(shape.key, key, f"{path}, key {key!r},", None)
                yield from _walk(shape.value, item, f"{path}.{key}", late)


def _members(shape: Shape, value: dict[str, Any], path: str, late: Late | None) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"{path} lacks {name}"
    for name, item in value.items():
        if name in shape.members:
            yield from _walk(shape.members[name], item, f"{path}.{name}", late)
        else:
            yield f"{path} has an unknown {name}"


def _bounds(shape: Shape, value: Any, path: str) -> Iterator[str]:
    said, size = shape.metadata, value if shape.type_name == "integer" else None
    if size is None and hasattr(value, "__len__"):
        size = len(value)
    if size is not None and not said.get("min", size) <= size <= said.get("max", size):
        yield f"{path} has {size}, not {said.get('min', 0)} to {said.get('max', 'any')}"
    if value == "" and said.get("min", 0) == 0:
        return
    if said.get("enum") and value not in said["enum"]:
        yield f"{path} is {value!r}, none of the {len(said['enum'])} it may be"
    if "pattern" in said and not regex.fullmatch(said["pattern"], value):
        yield f"{path} is {value!r}, not like {said['pattern']}"
