"""
The one node of a local plan: a whole run as plain data, printable and open to `overrides=`.

A parameter in a command, an argument or a variable stands as `{"parameter": name}`: it is filled
in when the run starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Literal

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from schedkit.config import camel
from schedkit.exceptions import RunFailedError
from schedkit.inputs import hint, plain
from schedkit.pipeline import Parameter, fill
from schedkit.plan import walk


if TYPE_CHECKING:
    from schedkit.pipeline import PipelineSpec, Step


UNKNOWN = "<known at deploy>"  # as `schedkit.plan.show` writes it


@attrs.frozen(kw_only=True)
class SecretDocument:
    """
    A secret by reference.
    """

    name: str
    key: str


@attrs.frozen(kw_only=True)
class RetryDocument:
    """
    `schedkit.Retry` in seconds.
    """

    limit: int = attrs.field(validator=attrs.validators.ge(0))
    backoff_seconds: float
    factor: float
    maximum_seconds: float

    def pause(self, repetition: int) -> float:
        """
        Seconds to wait before the given repetition, counted from 1.
        """
        return min(self.backoff_seconds * self.factor ** (repetition - 1), self.maximum_seconds)


@attrs.frozen(kw_only=True)
class ResourcesDocument:
    """
    `schedkit.Resources`.
    """

    cpu: float | None = None
    memory: str | None = None
    gpu: int = 0
    ephemeral_storage: str | None = None


@attrs.frozen(kw_only=True)
class StepDocument:
    """
    `schedkit.Step` without its name.
    """

    image: str | None = None
    command: tuple[Any, ...] | None = None
    args: tuple[Any, ...] = ()
    env: Mapping[str, Any] = attrs.field(factory=dict)
    secrets: Mapping[str, SecretDocument] = attrs.field(factory=dict)
    needs: tuple[str, ...] = ()
    resources: ResourcesDocument = ResourcesDocument()
    retry: RetryDocument | None = None
    timeout_seconds: float | None = None


@attrs.frozen(kw_only=True)
class RunDocument:
    """
    Everything that a run needs to know.
    """

    pipeline: str
    steps: Mapping[str, StepDocument]
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    overlap: Literal["allow", "forbid", "replace", "queue"] = "allow"
    timeout_seconds: float
    keep_days: int | None = None


def write(spec: PipelineSpec) -> dict[str, object]:
    """
    The node's inputs: wire names, and nothing that was not asked for.
    """
    document = RunDocument(
        pipeline=spec.name,
        steps={step.name: _step(step) for step in spec.steps},
        parameters=spec.parameters,
        overlap=spec.overlap,
        timeout_seconds=spec.timeout,
        keep_days=spec.keep.days if spec.keep else None,
    )
    return CONVERTER.unstructure(document)


def read(inputs: Mapping[str, object], culprit: str) -> RunDocument:
    """
    The run that the node's inputs describe, overrides included.

    Raises:
        OutputError: A value in it is known to the engine only.
        RunFailedError: An override made nonsense of it.
    """
    plain(inputs, culprit)
    inputs = _without_unknown_images(inputs)
    if UNKNOWN in walk(inputs):
        cure = "write it as plain text for runs on this machine"
        raise RunFailedError(culprit, "holds a value that only an engine knows", cure)
    cure = "correct overrides={'run': {...}}"
    try:
        document = CONVERTER.structure(inputs, RunDocument)
    except cattrs.BaseValidationError as error:
        reasons = ", ".join(cattrs.transform_error(error, path="run"))
        raise RunFailedError(culprit, f"has a plan that cannot be run: {reasons}", cure) from None
    _check_parameters(document, culprit)
    _check_needs(document, culprit, cure)
    return document


def _without_unknown_images(inputs: Mapping[str, object]) -> Mapping[str, object]:
    """
    A step with a command needs no image here, so one that only a deployment knows is left out.
    """
    steps = inputs.get("steps")
    if not isinstance(steps, Mapping):
        return inputs
    kept = {
        name: {**step, "image": None} if _runs_without(step) else step
        for name, step in steps.items()
    }
    return {**inputs, "steps": kept}


def _runs_without(step: object) -> bool:
    return isinstance(step, Mapping) and step.get("image") == UNKNOWN and bool(step.get("command"))


def _check_parameters(document: RunDocument, culprit: str) -> None:
    for name, step in document.steps.items():
        for word in (*(step.command or ()), *step.args, *step.env.values()):
            used = word.get("parameter") if isinstance(word, Mapping) else None
            if isinstance(word, Mapping) and used not in document.parameters:
                reason = f"uses parameter {used!r}, which the pipeline does not have"
                known = hint(str(used), document.parameters)
                raise RunFailedError(f"{culprit}, Step {name!r}", reason, known)


def _check_needs(document: RunDocument, culprit: str, cure: str) -> None:
    needs = {name: step.needs for name, step in document.steps.items()}
    for name, wanted in needs.items():
        for need in wanted:
            if need not in needs:
                raise RunFailedError(
                    f"{culprit}, Step {name!r}", f"needs {need!r}, no step here", hint(need, needs)
                )
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise RunFailedError(culprit, f"has steps that need each other: {circle}", cure) from None


def text(value: object, parameters: Mapping[str, Any]) -> str:
    """
    The text of a word of a command or of a variable.
    """
    if isinstance(value, Mapping):
        value = parameters[value["parameter"]]
    return str(fill(value, {}))  # type: ignore[arg-type]


def _step(step: Step) -> StepDocument:
    retry = step.retry
    return StepDocument(
        image=step.image,  # type: ignore[arg-type]
        command=None if step.command is None else tuple(map(_word, step.command)),
        args=tuple(map(_word, step.args)),
        env={name: _word(value) for name, value in step.env.items()},
        secrets={n: SecretDocument(name=s.name, key=s.key) for n, s in step.secrets.items()},
        needs=step.needs,
        resources=ResourcesDocument(**attrs.asdict(step.resources)),
        retry=retry
        and RetryDocument(
            limit=retry.limit,
            backoff_seconds=retry.backoff,
            factor=retry.factor,
            maximum_seconds=retry.maximum,
        ),
        timeout_seconds=step.timeout,
    )


def _word(value: object) -> object:
    return {"parameter": value.name} if isinstance(value, Parameter) else value


def converter() -> cattrs.Converter:
    """
    A new one that reads and writes values by wire names, and refuses unknown ones.
    """
    made = cattrs.Converter(forbid_extra_keys=True)

    def names(cls: type[attrs.AttrsInstance]) -> dict[str, Any]:
        return {field.name: override(rename=camel(field.name)) for field in attrs.fields(cls)}

    made.register_structure_hook_factory(
        attrs.has,
        lambda cls: make_dict_structure_fn(
            cls, made, _cattrs_forbid_extra_keys=True, **names(cls)
        ),
    )
    made.register_unstructure_hook_factory(
        attrs.has,
        lambda cls: make_dict_unstructure_fn(
            cls, made, _cattrs_omit_if_default=True, **names(cls)
        ),
    )
    return made


CONVERTER = converter()
