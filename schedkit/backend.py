"""
The contract: what an author of a backend reads, and all of it.

A backend is tables and pure functions from a spec to a `Plan`. It imports no SDK: `classes` names
the SDK's classes as text, and `schedkit.deploy` imports the ones that a plan uses. It is found
through the entry point group `schedkit.backends`. `schedkit.testing.BackendConformance` holds it
to the laws.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import attrs

from schedkit.exceptions import RunFailedError
from schedkit.findings import Feature, refused
from schedkit.inputs import of_type, shape
from schedkit.plan import Plan, Timing


if TYPE_CHECKING:
    from schedkit.pipeline import PipelineSpec
    from schedkit.recurrence.dialects import Dialect
    from schedkit.schedule import ScheduleSpec

StepState: TypeAlias = Literal["waiting", "running", "succeeded", "failed", "skipped", "stopped"]


@attrs.frozen(kw_only=True)
class Target:
    """
    What `compile` may know beside the spec.

    Attributes:
        project: Pulumi's project.
        stack: Pulumi's stack.
        physical_name: The user's own name for what carries the schedule; None: from component and
            stack.
        starters: Names of the other schedules and triggers of the same pipeline declared before.
    """

    project: str = "project"
    stack: str = "dev"
    physical_name: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(shape(of_type(str)))
    )
    starters: tuple[str, ...] = ()

    def fixed_name(self, name: str) -> str:
        """
        The physical name of what carries a schedule: a fixed one fails loudly where an auto-named
        one fires twice.
        """
        return self.physical_name or f"{name}-{self.stack}"


class Backend:
    """
    Our translation to one platform. Subclass it, fill the tables, write the two verbs.

    `compile_*` is pure: the same spec, options and target give an equal plan on every machine, at
    every time, in every time zone. For every feature the spec asks for, the plan either carries it
    or holds a finding that names it; there is no third way.
    """

    name: ClassVar[str]
    """The word in `schedkit:backend` and of the entry point."""

    options: ClassVar[type]
    """A frozen attrs class: what `schedkit:<name>` in the stack config may hold, with defaults."""

    classes: ClassVar[Mapping[str, str | None]] = {}
    """
    Type token -> `"pulumi_aws.scheduler:Schedule"`; None: a document that no resource carries.
    """

    dialect: ClassVar[Dialect | None] = None
    """The language of the texts that `Plan.timings` points at."""

    timings: ClassVar[Mapping[str, Timing]] = {}
    """
    Type token -> where such a resource carries its schedule, with an empty `node`: how a deployed
    one is read again, also when the program has it no more.
    """

    fixed: ClassVar[Mapping[str, Mapping[tuple[str, ...], str]]] = {}
    """
    Type token -> path of an input that other resources hold as plain text, and what to do instead:
    `overrides=` may not change it.
    """

    removal: ClassVar[str] = ""
    """What becomes of runs under way when such a resource is deleted, as a sentence's part."""

    def __init__(self, options: object = None) -> None:
        self.settings = self.options() if options is None else options

    def compile_pipeline(self, spec: PipelineSpec, target: Target) -> Plan:  # noqa: ARG002
        """
        The resources that a pipeline's schedules share: identity, gate, documents.

        Never raises for what the platform lacks: that is a refused finding.
        """
        return self._refuse(Feature.PIPELINE, "Pipeline", spec.name)

    def compile_schedule(self, spec: ScheduleSpec, target: Target) -> Plan:  # noqa: ARG002
        """
        The resources that start the pipeline on time, as few as the platform allows.

        Nodes may refer to the pipeline's by `Ref("pipeline/<key>")`. Every native schedule text is
        named in `timings`, and `proves` says what they must fire like together; schedkit reads
        them back and proves it.
        Never raises for what the platform lacks: that is a refused finding.
        """
        return self._refuse(Feature.SCHEDULE, "Schedule", spec.name)

    def _refuse(self, feature: Feature, kind: str, name: str) -> Plan:
        reason = f"{self.name} makes no {kind.lower()}s"
        nearest = "choose another backend; `schedkit backends` lists them"
        return Plan(self.name, kind, name, findings=(refused(feature, reason, nearest),))


@attrs.frozen(kw_only=True)
class StepResult:
    """
    What became of one step of a run.

    Attributes:
        state: `skipped` never started, `stopped` was ended from outside.
        attempts: How many were made.
        seconds: Pauses between attempts included.
        exit_code: Of the last attempt; negative for a signal, None when nothing ended by itself.
        log: Output of the last attempt.
    """

    name: str
    state: StepState = "waiting"
    attempts: int = 0
    seconds: float = 0.0
    exit_code: int | None = None
    log: Path | None = None


@attrs.frozen(kw_only=True)
class RunResult:
    """
    What became of a run.

    Attributes:
        folder: Where its files and logs are.
        error: The first thing that went wrong; None after success.
        interrupted: Whether a signal ended it.
    """

    run_id: str
    pipeline: str
    folder: Path
    steps: tuple[StepResult, ...]
    error: RunFailedError | None = None
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """
        Whether every step succeeded.
        """
        return self.error is None

    @property
    def exit_code(self) -> int:
        """
        What the command line ends with: 0, 1, or 130 after a signal.
        """
        return 130 if self.interrupted else int(not self.ok)

    def to_dict(self) -> dict[str, object]:
        """
        The result as plain data for `--json`.
        """
        steps = [
            attrs.asdict(
                step, value_serializer=lambda _, __, v: str(v) if isinstance(v, Path) else v
            )
            for step in self.steps
        ]
        return {
            "runId": self.run_id,
            "pipeline": self.pipeline,
            "folder": str(self.folder),
            "ok": self.ok,
            "error": str(self.error) if self.error else None,
            "steps": [
                {"exitCode" if k == "exit_code" else k: v for k, v in s.items()} for s in steps
            ],
        }


@runtime_checkable
class Runs(Protocol):
    """
    What a backend adds to `Backend` if it can run a pipeline now, as `schedkit run` asks.
    """

    def run(
        self,
        plan: Plan,
        *,
        folder: Path,
        parameters: Mapping[str, str | int | float | bool],
        show: bool,
    ) -> RunResult:
        """
        Run the plan of a pipeline to its end.

        Args:
            plan: A pipeline's plan of this backend, every Output in it resolved.
            folder: The Pulumi program's folder.
            parameters: Laid over the pipeline's defaults.
            show: Whether to print progress.

        Raises:
            RunFailedError: The run cannot start. A run that started and failed is a `RunResult`.
        """
        ...
