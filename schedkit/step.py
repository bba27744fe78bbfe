"""
A step, one program of a pipeline, as a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import (
    NAME,
    at_least,
    duration,
    is_live,
    lasts,
    mapping,
    matches,
    name_of,
    of_type,
    plain,
    sequence,
    shape,
)


if TYPE_CHECKING:
    from pulumi import Input

Value: TypeAlias = "str | int | float | bool | Input[str]"
Filling: TypeAlias = "Value | Parameter"

RESERVED = "SCHEDKIT_"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUANTITY = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,9}))?(Ki|Mi|Gi|Ti|k|M|G|T)?")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_UNITS |= {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


def _bytes(instance: object, field: attrs.Attribute[str | None], value: str | None) -> None:
    legal = isinstance(value, str) and _QUANTITY.fullmatch(value) and bytes_of(value)
    if value is not None and not legal:
        culprit = f"{name_of(instance)}, {field.name}={value!r}"
        raise SpecError(culprit, "is no quantity of bytes", "write it as '512Mi' or '16Gi'")


def bytes_of(quantity: str) -> int:
    """
    The bytes that a checked quantity such as `16Gi` or `500M` means, rounded down.
    """
    whole, part, unit = _QUANTITY.fullmatch(quantity).groups("")  # type: ignore[union-attr]
    scale: int = 10 ** len(part)
    return int(whole + part) * _UNITS[unit] // scale


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
    backoff: int = attrs.field(default=10, converter=duration, validator=lasts(0))
    factor: float = attrs.field(
        default=2.0, validator=shape(of_type(int, float), at_least(1)), kw_only=True
    )
    maximum: int = attrs.field(default=360, converter=duration, validator=lasts(0), kw_only=True)

    def pause(self, repetition: int) -> float:
        """
        Seconds to wait before the given repetition, counted from 1.
        """
        try:
            return min(self.backoff * self.factor ** (repetition - 1), self.maximum)
        except OverflowError:  # a power beyond any float
            return self.maximum if self.backoff else 0


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
            matches(
                r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?",
                "an existing secret's name, of lower-case letters, digits, hyphens and dots",
                253,
            )
        )
    )
    key: str = attrs.field(
        default="value",
        validator=shape(
            matches(
                r"[-._a-zA-Z0-9]+", "an entry's key, of letters, digits, hyphens, dots and _", 253
            )
        ),
    )


@attrs.frozen
class Parameter:
    """
    Stands in a step's arguments or environment for a parameter of the pipeline.

    Every step also finds each parameter in `SCHEDKIT_PARAMETER_<NAME>`.
    """

    name: str = attrs.field(
        validator=shape(
            matches(r"[a-z][a-z0-9_]*", "lower-case letters, digits and _, a letter first", 50)
        )
    )


def _needs(value: object) -> object:
    value = sequence(value)
    if not isinstance(value, tuple):
        return value
    return tuple(step.name if isinstance(step, Step) else step for step in value)


def _names(instance: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(name, str) for name in value):
        culprit = f"{name_of(instance)}, {field.name}={value!r}"
        raise SpecError(culprit, "is no list of steps", "write needs=[prepare]")
    if len(value) != len(set(value)):
        culprit = f"{name_of(instance)}, {field.name}={value!r}"
        raise SpecError(culprit, "names a step twice", "name it once")


def check_filling(value: object, culprit: str) -> None:
    """
    Refuse what can be neither an argument nor the value of a variable.
    """
    if is_live(value):
        return
    if isinstance(value, Secret):
        cure = "only variables hold secrets; write secrets={'NAME': sk.Secret(...)}"
        raise SpecError(culprit, "is a secret", cure)
    if not isinstance(value, (str, int, float, Parameter)):
        reason = f"is {type(value).__name__}, not a text, number or bool"
        raise SpecError(culprit, reason, "write it as a text")
    if isinstance(value, str) and "\0" in value:
        raise SpecError(culprit, "holds a NUL, which no process can be given", "take it out")


def _words(instance: object, field: attrs.Attribute[Any], value: object) -> None:
    culprit = f"{name_of(instance)}, {field.name}"
    if isinstance(value, str):
        cure = f"write {field.name}={value.split()!r}" if value.strip() else "write a list"
        raise SpecError(f"{culprit}={value!r}", "is one text; no shell splits it", cure)
    if not isinstance(value, tuple):
        plain(value, culprit)
        raise SpecError(f"{culprit}={value!r}", "is no list of texts", "write a list")
    for index, item in enumerate(value):
        check_filling(item, f"{culprit}[{index}]")


def _command(instance: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    _words(instance, field, value)
    if not value:
        cure = "leave it out to keep the image's own"
        raise SpecError(f"{name_of(instance)}, {field.name}=()", "names no program", cure)


def _variables(instance: object, field: attrs.Attribute[Any], value: object) -> None:
    culprit = f"{name_of(instance)}, {field.name}"
    if not isinstance(value, Mapping):
        plain(value, culprit)
        raise SpecError(f"{culprit}={value!r}", "is no mapping", "write {'NAME': value}")
    for name, item in value.items():
        plain(name, culprit)
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            reason = "is no name of an environment variable"
            raise SpecError(
                f"{culprit}, {name!r}", reason, "letters, digits and _, no digit first"
            )
        if name.startswith(RESERVED):
            raise SpecError(f"{culprit}, {name!r}", "is schedkit's own", "choose another name")
        if field.name == "secrets":
            plain(item, f"{culprit}, {name!r}")
            if not isinstance(item, Secret):
                cure = "write sk.Secret('name', 'key'); a secret's text never enters a plan"
                raise SpecError(f"{culprit}, {name!r}", "is no sk.Secret", cure)
        elif isinstance(item, Secret):
            cure = f"write secrets={{{name!r}: ...}}"
            raise SpecError(f"{culprit}, {name!r}", "is a secret", cure)
        else:
            check_filling(item, f"{culprit}, {name!r}")


def _image(instance: object, _: attrs.Attribute[Any], value: object) -> None:
    if value is None or is_live(value):
        return
    if not isinstance(value, str) or not value.strip():
        culprit = f"{name_of(instance)}, image={value!r}"
        cure = "write image='registry/name:tag' or leave it out"
        raise SpecError(culprit, "names no image", cure)


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
        default=None, kw_only=True, converter=sequence, validator=_command
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
    timeout: int | None = attrs.field(
        default=None, kw_only=True, converter=duration, validator=lasts(1, optional=True)
    )

    def __attrs_post_init__(self) -> None:
        both = sorted(set(self.env) & set(self.secrets))
        if both:
            reason = f"has {', '.join(both)} in env and in secrets"
            raise SpecError(name_of(self), reason, "keep one")
