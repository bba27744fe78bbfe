"""
What may be a `pulumi.Input` and what must be plain.

What decides the *shape* of the resources is plain Python; what *fills* a body may be a
`pulumi.Output` or any awaitable. Nothing here imports pulumi: who never made an Output has none.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from math import inf
from types import GeneratorType, MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from schedkit.exceptions import OutputError, SpecError
from schedkit.recurrence import checks
from schedkit.recurrence.durations import seconds


if TYPE_CHECKING:
    import attrs


T = TypeVar("T")
Duration: TypeAlias = str | int | timedelta

SCALARS: frozenset[type] = frozenset({str, int, float, bool, type(None)})
"""Types whose values are plain and hold nothing; most values are of these, so they come first."""


def is_live(value: object) -> bool:
    """
    Whether the value is known to the engine only: a `pulumi.Output` or an awaitable.
    """
    kind = type(value)
    if kind in SCALARS or not _nature(kind).live:
        return False
    pulumi = sys.modules.get("pulumi")
    return (pulumi is not None and isinstance(value, pulumi.Output)) or inspect.isawaitable(value)


class _Nature(NamedTuple):
    """
    What values of a type may be: asking each of them takes longer.
    """

    live: bool
    mapping: bool
    items: bool


_NATURES: dict[type, _Nature] = {}


def _nature(kind: type) -> _Nature:
    found = _NATURES.get(kind)
    if found is None:
        pulumi = sys.modules.get("pulumi")
        live = (Awaitable, GeneratorType) + (() if pulumi is None else (pulumi.Output,))
        items = (list, tuple, AbstractSet)
        found = _Nature(issubclass(kind, live), issubclass(kind, Mapping), issubclass(kind, items))
        _NATURES[kind] = found
    return found


def plain(value: object, culprit: str) -> None:
    """
    Refuse what is not known now, at any depth.

    Raises:
        OutputError: *value* is, or holds, an Output or an awaitable.
    """
    if is_live(value):
        raise OutputError(
            culprit,
            "is a pulumi.Output, and it decides which resources there are",
            "pass a plain value; images, arguments, variables and parameters may be Outputs",
        )
    nature = _nature(type(value))
    if nature.mapping:
        for item in (*value, *value.values()):  # type: ignore[misc, attr-defined]
            plain(item, culprit)
    elif nature.items:
        for item in value:  # type: ignore[attr-defined]
            plain(item, culprit)


def hint(wrong: str, known: Iterable[str]) -> str:
    """
    "did you mean 'x'?", else what there is.
    """
    known = sorted(known)
    return checks.hint(wrong, known) or f"known: {', '.join(known) or 'none'}"


def name_of(value: object) -> str:
    """
    `"Step 'fit'"`: how an error calls a value that is still being made.
    """
    kind, name = type(value).__name__.removesuffix("Spec"), getattr(value, "name", None)
    return f"{kind} {name!r}" if isinstance(name, str) else kind


def shape(
    *checks: Callable[[object, attrs.Attribute[T], T], object],
) -> Callable[[object, attrs.Attribute[T], T], None]:
    """
    An attrs validator for a field that decides the shape: plain first, then the given checks.
    """

    def validate(instance: object, attribute: attrs.Attribute[T], value: T) -> None:
        if type(value) not in SCALARS and any(_nature(type(value))):
            plain(value, f"{name_of(instance)}, {attribute.name}")
        for check in checks:
            check(instance, attribute, value)

    return validate


def of_type(*types: type, cure: str = "") -> Callable[[object, attrs.Attribute[T], T], None]:
    """
    An attrs validator: an instance of one of *types*; a bool is no number.
    """
    wanted = " or ".join(kind.__name__ for kind in types)
    ours = types[0].__module__.startswith("schedkit")
    way_out = cure or (f"write sk.{types[0].__name__}(...)" if ours else f"give {wanted}")

    def validate(instance: object, attribute: attrs.Attribute[T], value: T) -> None:
        lost = isinstance(value, bool) and bool not in types
        if lost or not isinstance(value, types):
            culprit = f"{name_of(instance)}, {attribute.name}={value!r}"
            raise SpecError(culprit, f"is {type(value).__name__}, not {wanted}", way_out)

    return validate


def one_of(*known: str) -> Callable[[object, attrs.Attribute[T], T], None]:
    """
    An attrs validator: one of a few words.
    """

    def validate(instance: object, attribute: attrs.Attribute[T], value: T) -> None:
        if value not in known:
            culprit = f"{name_of(instance)}, {attribute.name}={value!r}"
            raise SpecError(culprit, "is not a word known here", hint(str(value), known))

    return validate


def at_least(least: float) -> Callable[[object, attrs.Attribute[T], T], None]:
    """
    An attrs validator: a finite number from *least* upwards.
    """

    def validate(instance: object, attribute: attrs.Attribute[T], value: T) -> None:
        if not least <= value < inf:  # type: ignore[operator]
            culprit = f"{name_of(instance)}, {attribute.name}={value!r}"
            raise SpecError(culprit, f"is no finite number from {least}", f"give {least} or more")

    return validate


def matches(
    pattern: str, rule: str, longest: int
) -> Callable[[object, attrs.Attribute[T], T], None]:
    """
    An attrs validator: a text that matches *pattern* and is not too long; *rule* says it in words.
    """
    compiled = re.compile(pattern)

    def validate(instance: object, attribute: attrs.Attribute[T], value: T) -> None:
        culprit = f"{type(instance).__name__.removesuffix('Spec')}, {attribute.name}={value!r}"
        if not isinstance(value, str):
            raise SpecError(culprit, f"is {type(value).__name__}, not a text", f"write {rule}")
        if not compiled.fullmatch(value):
            raise SpecError(culprit, "is not a legal name here", f"write {rule}")
        if len(value) > longest:
            cure = f"at most {longest} fit everywhere"
            raise SpecError(culprit, f"has {len(value)} characters", cure)

    return validate


NAME = matches(
    r"[a-z]([-a-z0-9]*[a-z0-9])?",
    "lower-case letters, digits and hyphens, a letter first and no hyphen last",
    50,
)


def duration(value: Duration | None) -> int | None:
    """
    An attrs converter: whole seconds of `2h`, a `timedelta` or seconds; `lasts` refuses the rest.
    """
    try:
        return value if isinstance(value, int | None) else seconds(value, "")
    except SpecError:
        return value  # type: ignore[return-value]


def lasts(
    least: int, *, optional: bool = False
) -> Callable[[object, attrs.Attribute[T], T], None]:
    """
    An attrs validator: a duration of at least so many seconds.
    """

    def validate(instance: object, attribute: attrs.Attribute[T], value: T) -> None:
        if value is None and optional:
            return
        if type(value) is not int:
            culprit = f"{name_of(instance)}, {attribute.name}"
            plain(value, culprit)
            seconds(value, culprit)
        at_least(least)(instance, attribute, value)

    return validate


def sequence(value: object) -> object:
    """
    An attrs converter: what has an order becomes a tuple; a text, a set, an Output and the rest
    stay for the validator.
    """
    unordered = isinstance(value, (str, bytes, Mapping, AbstractSet)) or is_live(value)
    return tuple(value) if isinstance(value, Iterable) and not unordered else value


def mapping(value: object) -> object:
    """
    An attrs converter: a mapping becomes a read-only copy; the rest stays for the validator.
    """
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value
