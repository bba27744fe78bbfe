"""
Pipelines as values: frozen, checked when built, no Pulumi engine needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import (
    NAME,
    at_least,
    duration,
    hint,
    lasts,
    mapping,
    name_of,
    of_type,
    one_of,
    plain,
    sequence,
    shape,
)
from schedkit.step import (
    Filling,
    Parameter,
    Resources,
    Retry,
    Secret,
    Step,
    Value,
    bytes_of,
    check_filling,
)


if TYPE_CHECKING:
    from pulumi import Input

__all__ = [
    "Filling",
    "Keep",
    "Overlap",
    "Parameter",
    "PipelineSpec",
    "Resources",
    "Retry",
    "Secret",
    "Step",
    "Value",
    "bytes_of",
    "check_parameters",
    "fill",
    "with_parameters",
]

Overlap: TypeAlias = Literal["allow", "forbid", "replace", "queue"]
_PARAMETER = re.compile(r"[a-z][a-z0-9_]{,49}")


@attrs.frozen(kw_only=True)
class Keep:
    """
    How long the files of a run stay.

    Attributes:
        days: Times 24 hours, from the end of the run.
    """

    days: int = attrs.field(validator=shape(of_type(int), at_least(1)))


def check_parameters(value: object, culprit: str) -> None:
    """
    Refuse what is no mapping of parameter names to plain scalars or Inputs.
    """
    if not isinstance(value, Mapping):
        plain(value, culprit)
        raise SpecError(f"{culprit}={value!r}", "is no mapping", "write {'epochs': 10}")
    for name, item in value.items():
        plain(name, culprit)
        if not isinstance(name, str) or not _PARAMETER.fullmatch(name):
            cure = "lower-case letters, digits and _, a letter first, at most 50"
            raise SpecError(f"{culprit}, {name!r}", "is no name of a parameter", cure)
        if isinstance(item, Parameter):
            cure = "give the value itself"
            raise SpecError(f"{culprit}, {name!r}", "is another parameter", cure)
        check_filling(item, f"{culprit}, {name!r}")


def _parameters(instance: object, _: attrs.Attribute[Any], value: object) -> None:
    check_parameters(value, f"{name_of(instance)}, parameters")


def _steps(instance: object, _: attrs.Attribute[Any], value: object) -> None:
    culprit = name_of(instance)
    plain(value, f"{culprit}, steps")
    cure = "write steps=[sk.Step(...)]"
    if not isinstance(value, tuple) or not value:
        raise SpecError(f"{culprit}, steps", "is no list of steps, or an empty one", cure)
    for step in value:
        if not isinstance(step, Step):
            raise SpecError(f"{culprit}, steps", f"holds {step!r}, which is no sk.Step", cure)
    names = [step.name for step in value]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(f"{culprit}, steps", f"two are called {twice[0]!r}", "rename one")
    for step in value:
        for need in step.needs:
            if need not in names:
                cure = f"add it to steps=; {hint(need, names)}"
                where = f"{culprit}, {name_of(step)}"
                raise SpecError(where, f"needs {need!r}, no step here", cure)


@attrs.frozen(cache_hash=True)
class PipelineSpec:
    """
    Steps, what they share, and what holds over everything that starts them.

    Attributes:
        name: The component's name.
        steps: In any order; `order()` sorts them.
        parameters: Names and defaults; a schedule may override them.
        overlap: What happens to a run that would start while another of the same pipeline runs:
            `allow` both, `forbid` the later one (it may still start within its starting deadline),
            `replace` the earlier one, `queue` the later one.
        timeout: Seconds of a whole run, retries included.
        keep: How long a run's files stay; None keeps them no longer than the run needs them.
    """

    name: str = attrs.field(validator=shape(NAME))
    steps: tuple[Step, ...] = attrs.field(kw_only=True, converter=sequence, validator=_steps)
    parameters: Mapping[str, Value] = attrs.field(
        factory=dict, kw_only=True, converter=mapping, validator=_parameters, hash=False
    )
    overlap: Overlap = attrs.field(
        default="allow",
        kw_only=True,
        validator=shape(one_of("allow", "forbid", "replace", "queue")),
    )
    timeout: int = attrs.field(
        default=86_400, kw_only=True, converter=duration, validator=lasts(1)
    )
    keep: Keep | None = attrs.field(
        default=None,
        kw_only=True,
        validator=shape(attrs.validators.optional(of_type(Keep, cure="write sk.Keep(days=30)"))),
    )

    def __attrs_post_init__(self) -> None:
        self.order()
        for step in self.steps:
            for item in (*(step.command or ()), *step.args, *step.env.values()):
                if isinstance(item, Parameter) and item.name not in self.parameters:
                    raise SpecError(
                        f"{name_of(self)}, {name_of(step)}",
                        f"uses parameter {item.name!r}, which the pipeline does not have",
                        hint(item.name, self.parameters),
                    )

    def order(self) -> tuple[Step, ...]:
        """
        The steps, each after all it needs, else as they were given.

        Raises:
            SpecError: The steps need each other in a circle.
        """
        return self._order

    @cached_property
    def _order(self) -> tuple[Step, ...]:
        place = {step.name: number for number, step in enumerate(self.steps)}
        sorter = TopologicalSorter({step.name: step.needs for step in self.steps})
        try:
            sorter.prepare()
        except CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            reason = f"need each other in a circle: {circle}"
            cure = "take one of these needs out"
            raise SpecError(f"{name_of(self)}, steps", reason, cure) from None
        found: list[Step] = []
        ready: list[int] = []
        while sorter.is_active():
            ready = sorted([*ready, *(place[name] for name in sorter.get_ready())])
            found.append(self.steps[ready.pop(0)])
            sorter.done(found[-1].name)
        return tuple(found)

    @property
    def is_chain(self) -> bool:
        """
        Whether every step but the first needs just the one before it.
        """
        return all(step.needs == (before.name,) for before, step in pairwise(self.order()))


def fill(value: Filling, parameters: Mapping[str, Value]) -> Input[str]:
    """
    The text of an argument or a parameter: parameters looked up, numbers and bools written out,
    Inputs untouched.
    """
    if isinstance(value, Parameter):
        value = parameters[value.name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def with_parameters(
    spec: PipelineSpec, over: Mapping[str, Value], culprit: str
) -> Mapping[str, Value]:
    """
    The pipeline's defaults with *over* laid on them.

    Raises:
        SpecError: *over* names a parameter that the pipeline does not have.
    """
    for name in over:
        if name not in spec.parameters:
            reason = f"pipeline {spec.name!r} has no parameter of that name"
            raise SpecError(f"{culprit}, parameter {name!r}", reason, hint(name, spec.parameters))
    return {**spec.parameters, **over}
