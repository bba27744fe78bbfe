"""
Steps and pipelines as values: frozen, checked when built, no Pulumi engine needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import (
    at_least,
    hint,
    is_live,
    mapping,
    matches,
    name_of,
    of_type,
    one_of,
    plain,
    sequence,
    shape,
)
from schedkit.recurrence.durations import seconds


if TYPE_CHECKING:
    from pulumi import Input

    Scalar: TypeAlias = str | int | float | bool
    Filling: TypeAlias = "Scalar | Input[str] | Parameter"

Overlap: TypeAlias = Literal["allow", "forbid", "replace", "queue"]

NAME = matches(
    r"[a-z]([-a-z0-9]*[a-z0-9])?",
    "lower-case letters, digits and hyphens, a letter first and no hyphen last",
    50,
)
RESERVED = "SCHEDKIT_"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T)?")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_UNITS |= {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


def _duration(value: object, instance: object, field: attrs.Attribute[int | None]) -> int | None:
    culprit = f"{name_of(instance)}, {field.name}"
    plain(value, culprit)
    return None if value is None else seconds(value, culprit)


DURATION = attrs.Converter(_duration, takes_self=True, takes_field=True)


def _bytes(instance: object, field: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not (isinstance(value, str) and _QUANTITY.fullmatch(value)):
        culprit = f"{name_of(instance)}, {field.name}={value!r}"
        raise SpecError(culprit, "is no quantity of bytes", "write it as '512Mi' or '16Gi'")


def bytes_of(quantity: str) -> int:
    """
    The bytes that a checked quantity such as `16Gi` or `500M` means, rounded down.
    """
    number, unit = _QUANTITY.fullmatch(quantity).groups("")  # type: ignore[union-attr]
    return int(float(number) * _UNITS[unit])


@attrs.frozen(kw_only=True)
class Resources:
    """
    What one step may use: a request and a limit at once.

    Attributes:
        cpu: Cores; 0.5 is half a core.
        memory: Bytes, as `512Mi` or `16Gi`.
        gpu: Whole devices.
        ephemeral_storage: Bytes of scratch disk, as `20Gi`.
    """

    cpu: float | None = attrs.field(
        default=None,
        validator=shape(attrs.validators.optional([of_type(int, float), at_least(0.001)])),
    )
    memory: str | None = attrs.field(default=None, validator=shape(_bytes))
    gpu: int = attrs.field(default=0, validator=shape(of_type(int), at_least(0)))
    ephemeral_storage: str | None = attrs.field(default=None, validator=shape(_bytes))


@attrs.frozen
class Retry:
    """
    Run a failed step again.

    The default pause is the one a Kubernetes Job makes: 10 s, doubled each time, at most 6 min.
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy

    Attributes:
        limit: How often again, after the first attempt.
        backoff: The pause before the first repetition, as `10s`, a `timedelta` or seconds.
        factor: By what each further pause is longer.
        maximum: No pause is longer than this.
    """

    limit: int = attrs.field(validator=shape(of_type(int), at_least(0)))
    backoff: int = attrs.field(default="10s", converter=DURATION)
    factor: float = attrs.field(
        default=2.0, validator=shape(of_type(int, float), at_least(1)), kw_only=True
    )
    maximum: int = attrs.field(default="6m", converter=DURATION, kw_only=True)

    def pause(self, repetition: int) -> float:
        """
        Seconds to wait before the given repetition, counted from 1.
        """
        return min(self.backoff * self.factor ** (repetition - 1), self.maximum)


@attrs.frozen
class Secret:
    """
    A secret by reference; its text never enters a plan.

    Attributes:
        name: The platform's secret: a Kubernetes Secret, an entry of a secret manager.
        key: The entry in it.
    """

    name: str = attrs.field(
        validator=shape(
            matches(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", "the name of an existing secret", 253)
        )
    )
    key: str = attrs.field(
        default="value", validator=shape(matches(r"[-._a-zA-Z0-9]+", "the key of an entry", 253))
    )


@attrs.frozen
class Parameter:
    """
    Stands in a step's arguments or environment for a parameter of the pipeline.

    Every step also finds each parameter in `SCHEDKIT_PARAMETER_<NAME>`.
    """

    name: str = attrs.field(
        validator=shape(matches(r"[a-z][a-z0-9_]*", "lower-case letters, digits and _", 50))
    )


@attrs.frozen(kw_only=True)
class Keep:
    """
    How long the files of a run stay.

    Attributes:
        days: Times 24 hours, from the end of the run.
    """

    days: int = attrs.field(validator=shape(of_type(int), at_least(1)))


def _needs(value: object) -> object:
    value = sequence(value)
    if not isinstance(value, tuple):
        return value
    return tuple(step.name if isinstance(step, Step) else step for step in value)


def _names(instance: object, field: attrs.Attribute[tuple[str, ...]], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(name, str) for name in value):
        culprit = f"{name_of(instance)}, {field.name}={value!r}"
        raise SpecError(culprit, "is no list of steps", "write needs=[prepare]")


def _filling(value: object) -> bool:
    return is_live(value) or isinstance(value, (str, int, float, bool, Parameter))


def _words(instance: object, field: attrs.Attribute[tuple[object, ...]], value: object) -> None:
    culprit = f"{name_of(instance)}, {field.name}"
    if value is None:
        return
    if isinstance(value, str):
        cure = f"write {field.name}={value.split()!r}"
        raise SpecError(f"{culprit}={value!r}", "is one text; no shell splits it", cure)
    if not isinstance(value, tuple):
        plain(value, culprit)
        raise SpecError(f"{culprit}={value!r}", "is no list of texts", "write a list")
    for item in value:
        if not _filling(item):
            raise SpecError(f"{culprit}, {item!r}", f"is {type(item).__name__}, not a text")


def _variables(instance: object, field: attrs.Attribute[Mapping[str, object]], value: object) -> None:
    culprit = f"{name_of(instance)}, {field.name}"
    if not isinstance(value, Mapping):
        plain(value, culprit)
        raise SpecError(f"{culprit}={value!r}", "is no mapping", "write {'NAME': value}")
    for name, item in value.items():
        plain(name, culprit)
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            reason = "is no name of an environment variable"
            raise SpecError(f"{culprit}, {name!r}", reason, "letters, digits and _ only")
        if name.startswith(RESERVED):
            raise SpecError(f"{culprit}, {name!r}", "is schedkit's own", "choose another name")
        if field.name == "secrets":
            if not isinstance(item, Secret):
                cure = "write sk.Secret('name', 'key'); a secret's text never enters a plan"
                raise SpecError(f"{culprit}, {name!r}", "is no sk.Secret", cure)
        elif isinstance(item, Secret):
            cure = f"write secrets={{{name!r}: ...}}"
            raise SpecError(f"{culprit}, {name!r}", "is a secret", cure)
        elif not _filling(item):
            raise SpecError(f"{culprit}, {name!r}", f"is {type(item).__name__}, not a text")


def _image(instance: object, field: attrs.Attribute[object], value: object) -> None:
    if value is not None and not is_live(value) and (not isinstance(value, str) or not value):
        culprit = f"{name_of(instance)}, image={value!r}"
        raise SpecError(culprit, "names no image", "write image='registry/name:tag' or leave it out")


@attrs.frozen
class Step:
    """
    One program of a pipeline, in a container or, on this machine, as a process.

    Attributes:
        name: Unique in the pipeline; also its directory below `SCHEDKIT_INPUT` of later steps.
        image: The container image; may be a `pulumi.Input`.
        command: Replaces the image's entry point; no shell splits it.
        args: What follows the command; `Parameter`s are filled in.
        env: Environment variables; names starting with `SCHEDKIT_` are schedkit's own.
        secrets: Environment variables that the platform fills from its secrets.
        needs: Steps that must succeed before; their files stand in `SCHEDKIT_INPUT/<step>`.
        resources: What it may use.
        retry: Run it again when it fails; None never does.
        timeout: Seconds of one attempt; given as `2h`, a `timedelta` or seconds.
    """

    name: str = attrs.field(validator=shape(NAME))
    image: Input[str] | None = attrs.field(default=None, kw_only=True, validator=_image)
    command: tuple[Filling, ...] | None = attrs.field(
        default=None, kw_only=True, converter=sequence, validator=_words
    )
    args: tuple[Filling, ...] = attrs.field(
        default=(), kw_only=True, converter=sequence, validator=_words
    )
    env: Mapping[str, Filling] = attrs.field(
        factory=dict, kw_only=True, converter=mapping, validator=_variables, hash=False
    )
    secrets: Mapping[str, Secret] = attrs.field(
        factory=dict, kw_only=True, converter=mapping, validator=_variables, hash=False
    )
    needs: tuple[str, ...] = attrs.field(
        default=(), kw_only=True, converter=_needs, validator=shape(_names)
    )
    resources: Resources = attrs.field(
        factory=Resources, kw_only=True, validator=shape(of_type(Resources))
    )
    retry: Retry | None = attrs.field(
        default=None,
        kw_only=True,
        validator=shape(
            attrs.validators.optional(of_type(Retry, cure="write retry=sk.Retry(limit=2)"))
        ),
    )
    timeout: int | None = attrs.field(default=None, kw_only=True, converter=DURATION)

    def __attrs_post_init__(self) -> None:
        both = sorted(set(self.env) & set(self.secrets))
        if both:
            raise SpecError(name_of(self), f"has {', '.join(both)} in env and in secrets", "keep one")


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
            cure = "lower-case letters, digits and _, a letter first"
            raise SpecError(f"{culprit}, {name!r}", "is no name of a parameter", cure)
        if isinstance(item, Parameter) or not _filling(item):
            reason = f"is {type(item).__name__}, not a text, number or bool"
            raise SpecError(f"{culprit}, {name!r}", reason)


def _parameters(instance: object, field: attrs.Attribute[object], value: object) -> None:
    check_parameters(value, f"{name_of(instance)}, parameters")


def _steps(instance: object, field: attrs.Attribute[tuple[Step, ...]], value: object) -> None:
    culprit = name_of(instance)
    if not isinstance(value, tuple) or not value:
        raise SpecError(f"{culprit}, steps={value!r}", "holds no steps", "write steps=[sk.Step(...)]")
    for step in value:
        if not isinstance(step, Step):
            raise SpecError(f"{culprit}, steps", f"holds {step!r}, which is no sk.Step")
    names = [step.name for step in value]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(f"{culprit}, steps", f"two are called {twice[0]!r}", "rename one")
    for step in value:
        for need in step.needs:
            if need not in names:
                cure = f"add it to steps=; {hint(need, names)}"
                raise SpecError(f"{culprit}, Step {step.name!r}", f"needs {need!r}, no step here", cure)


@attrs.frozen
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
    parameters: Mapping[str, Filling] = attrs.field(
        factory=dict, kw_only=True, converter=mapping, validator=_parameters, hash=False
    )
    overlap: Overlap = attrs.field(
        default="allow",
        kw_only=True,
        validator=shape(one_of("allow", "forbid", "replace", "queue")),
    )
    timeout: int = attrs.field(default="24h", kw_only=True, converter=DURATION)
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
        The steps, each after all it needs.

        Raises:
            SpecError: The steps need each other in a circle.
        """
        steps = {step.name: step for step in self.steps}
        try:
            names = TopologicalSorter({s.name: s.needs for s in self.steps}).static_order()
            return tuple(steps[name] for name in names)
        except CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            raise SpecError(f"{name_of(self)}, steps", f"need each other in a circle: {circle}") from None

    @property
    def is_chain(self) -> bool:
        """
        Whether every step but the first needs just the one before it.
        """
        order = self.order()
        return all(
            step.needs == (before.name,) for before, step in zip(order, order[1:], strict=False)
        ) and not order[0].needs


def fill(value: Filling, parameters: Mapping[str, Filling]) -> Input[str]:
    """
    The text of an argument or a parameter: parameters looked up, numbers and bools written out, Inputs untouched.
    """
    while isinstance(value, Parameter):
        value = parameters[value.name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def with_parameters(
    spec: PipelineSpec, over: Mapping[str, Filling], culprit: str
) -> Mapping[str, Filling]:
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
