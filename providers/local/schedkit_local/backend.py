"""
Backend `local`: what becomes of each feature on this machine.

A pipeline is one document, and so is a schedule; `Local.run` runs the first now, `schedkit serve`
the second on time. Nothing here is a Pulumi resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from schedkit.backend import Backend, RunResult, Target
from schedkit.findings import Feature, Finding, emulated, exact, refused
from schedkit.plan import Node, Plan, Timing
from schedkit_local import schedule
from schedkit_local.dialect import DIALECT
from schedkit_local.document import read, write
from schedkit_local.options import LocalOptions


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from schedkit.pipeline import PipelineSpec
    from schedkit.schedule import ScheduleSpec

RUN = "schedkit:local:Run"

HELD = "a container is held to it, a process is not"
PROCESS = {
    Feature.CPU: HELD,
    Feature.MEMORY: HELD,
    Feature.GPU: "a container gets so many devices, a process sees every device of this machine",
    Feature.EPHEMERAL_STORAGE: "neither a process nor a container is held to it",
}
EXACT = {
    Feature.PIPELINE: "runs on this machine",
    Feature.COMMAND: "python is the program's interpreter, its folder the working folder",
    Feature.ARGS: "follow the command",
    Feature.ENV: "laid over this machine's own environment",
    Feature.RETRY: "each attempt finds an empty output folder and has its own log",
    Feature.BACKOFF: "the runner waits between attempts",
    Feature.STEP_TIMEOUT: "everything that the attempt started is ended, after 5 s killed",
    Feature.CHAIN: "one step after the other",
    Feature.GRAPH: "independent steps run at the same time",
    Feature.PARAMETERS: "in SCHEDKIT_PARAMETER_<NAME>, filled in when the run starts",
    Feature.TIMEOUT: "all steps that still run are ended",
    Feature.FORBID: "a lock in the folder of runs: a second run on this machine does not start",
    Feature.REPLACE: "the earlier run is stopped first; a server waits for a `schedkit run`",
    Feature.QUEUE: "one at a time, in order under `schedkit serve`",
}
EMULATED = {
    Feature.SECRETS: "read from the variable SCHEDKIT_SECRET_<NAME>_<KEY> of whoever runs it",
    Feature.KEEP: "by `schedkit serve` every hour, else when the pipeline runs again here",
}


class Local(Backend):
    """
    Steps as processes of this machine, or as containers where Docker answers.
    """

    name = "local"
    options = LocalOptions
    classes: ClassVar[Mapping[str, str | None]] = {RUN: None, schedule.SCHEDULE: None}
    dialect = DIALECT
    timings: ClassVar[Mapping[str, Timing]] = {
        schedule.SCHEDULE: attrs.evolve(schedule.TIMING, node="")
    }
    settings: LocalOptions

    def compile_pipeline(self, spec: PipelineSpec, target: Target) -> Plan:
        """
        One document with the whole run in it.
        """
        del target
        node = Node("run", RUN, write(spec))
        findings = tuple(self._findings(spec))
        return Plan(self.name, "Pipeline", spec.name, nodes=(node,), findings=findings)

    def compile_schedule(self, spec: ScheduleSpec, target: Target) -> Plan:
        """
        One document, which `schedkit serve` reads.
        """
        return schedule.compile_schedule(spec, target)

    def run(
        self,
        plan: Plan,
        *,
        folder: Path,
        parameters: Mapping[str, str | int | float | bool] | None = None,
        show: bool = True,
    ) -> RunResult:
        """
        Run a pipeline's plan now; see `schedkit.backend.Runs`.
        """
        from schedkit_local.run import run

        document = read(plan.node("run").inputs, f"{plan.kind} {plan.name!r}")
        return run(document, self.settings, folder.resolve(), parameters or {}, show=show)

    def _findings(self, spec: PipelineSpec) -> Iterator[Finding]:
        always = self.settings.container == "always"
        asked = _asked(spec)
        for feature in Feature:
            if feature not in asked:
                continue
            if feature in EXACT:
                yield exact(feature, EXACT[feature])
            elif feature in EMULATED:
                yield emulated(feature, EMULATED[feature])
            elif always and feature in (Feature.CPU, Feature.MEMORY, Feature.GPU):
                yield exact(feature, "the container is held to it")
            elif feature in PROCESS:
                yield emulated(feature, PROCESS[feature])
        yield from self._images(spec)

    def _images(self, spec: PipelineSpec) -> Iterator[Finding]:
        mode = self.settings.container
        reasons = {
            "auto": "a container where Docker answers, else a process of this machine",
            "never": "passed over: every step is a process of this machine",
        }
        for step in spec.steps:
            lost = f"step {step.name!r} has no "
            if step.image is None and (step.command is None or mode == "always"):
                nearest = "give the step image= and command="
                yield refused(Feature.IMAGE, f"{lost}image to make a container of", nearest)
            elif step.command is None and mode == "never":
                nearest = "give it command=, or leave schedkit:local container: never out"
                yield refused(Feature.IMAGE, f"{lost}command to make a process of", nearest)
        if any(step.image is not None for step in spec.steps):
            if mode == "always":
                yield exact(Feature.IMAGE, "a container")
            else:
                yield emulated(Feature.IMAGE, reasons[mode])


def _asked(spec: PipelineSpec) -> set[Feature]:
    asked = {Feature.PIPELINE, Feature.TIMEOUT}
    for step in spec.steps:
        resources = step.resources
        wishes = {
            Feature.COMMAND: step.command is not None,
            Feature.ARGS: step.args,
            Feature.ENV: step.env,
            Feature.SECRETS: step.secrets,
            Feature.CPU: resources.cpu is not None,
            Feature.MEMORY: resources.memory is not None,
            Feature.GPU: resources.gpu,
            Feature.EPHEMERAL_STORAGE: resources.ephemeral_storage is not None,
            Feature.RETRY: step.retry,
            Feature.BACKOFF: step.retry,
            Feature.STEP_TIMEOUT: step.timeout is not None,
        }
        asked |= {feature for feature, wish in wishes.items() if wish}
    if len(spec.steps) > 1:
        asked.add(Feature.CHAIN if spec.is_chain else Feature.GRAPH)
    if spec.parameters:
        asked.add(Feature.PARAMETERS)
    if spec.keep is not None:
        asked.add(Feature.KEEP)
    if spec.overlap != "allow":
        asked.add(Feature(f"pipeline.overlap.{spec.overlap}"))
    return asked
