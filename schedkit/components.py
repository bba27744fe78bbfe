"""
The Pulumi components: compile, prove, refuse; only then anything is registered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import pulumi

from schedkit.backend import Backend, Target
from schedkit.deploy import Making, child_name, deploy, finished, ordered, resolved
from schedkit.exceptions import PlanError, SpecError
from schedkit.pipeline import Keep, Overlap, PipelineSpec, Step
from schedkit.planning import Overrides, plan_for
from schedkit.program import COLLECTOR, Report, current
from schedkit.schedule import CatchUp, CatchUpPolicy, ScheduleSpec


if TYPE_CHECKING:
    from datetime import timedelta

    from schedkit.pipeline import Value
    from schedkit.plan import Node, Plan
    from schedkit.recurrence import When

_WITHOUT_EFFECT = (
    "additional_secret_outputs",
    "custom_timeouts",
    "hooks",
    "ignore_changes",
    "replace_on_changes",
    "replace_with",
)


class _Component(pulumi.ComponentResource):
    """
    Steps 2 to 9 of the flow, the same for every kind.

    Attributes are annotated where they are set: pulumi compiles what is annotated on the class
    anew for each instance.
    """

    def _declare(
        self,
        spec: PipelineSpec | ScheduleSpec,
        backend: Backend,
        target: Target,
        overrides: Overrides | None,
        opts: pulumi.ResourceOptions | None,
        above: Pipeline | None = None,
    ) -> Making[None]:
        """
        All that a component's `__init__` does, but for the calls that make resources, which it
        does itself; pulumi takes its caller for the place in the program that made them.
        """
        self._kind = type(spec).__name__.removesuffix("Spec")
        _check_options(f"{self._kind} {spec.name!r}", opts)
        self._program = current()
        self._program.claim(self._kind, spec.name, opts.parent if opts else None)
        self.spec = spec
        self.translator = backend
        self.plan = plan_for(backend, spec, target, overrides)
        self.refusal = self._program.judge(self.plan)
        self._report()
        gate = self._program.gate(backend.name)
        token = f"schedkit:index:{self._kind}"
        yield partial(super().__init__, token, spec.name, {"backend": gate}, opts)
        self.resources: Mapping[str, pulumi.Resource] = {}
        if self.refusal or (above and above.refusal):
            self._hand_out(self._never())
            return
        others = self._others(above)
        nodes, classes = self.plan.nodes, self.translator.classes
        if nodes:
            self.resources = yield from deploy(
                nodes, classes, self.plan.name, self, others, self._program.lookups
            )
        self._hand_out(self._id(others))

    def _others(self, above: Pipeline | None) -> Mapping[str, pulumi.Resource | None]:
        """
        What the plan may refer to beside its own nodes.
        """
        found: dict[str, pulumi.Resource | None] = {
            f"shared/{node.key}": self._share(node) for node in ordered(self.plan.shared)
        }
        return {**found, **above.within} if above else found

    def _id(self, others: Mapping[str, pulumi.Resource | None]) -> object:
        """
        The schedule's id; a preview logs what became of it.
        """
        if pulumi.runtime.is_dry_run() and COLLECTOR.get() is None:
            pulumi.log.info(summary(self.plan, datetime.now(UTC)), self)
        there = {key: resource for key, resource in others.items() if resource is not None}
        return resolved(self.plan.schedule_id, {**there, **self.resources})

    def _never(self) -> pulumi.Output[str]:
        """
        An id that raises what the gate raises.
        """
        return pulumi.Output.from_input(self._program.gate(""))

    def _hand_out(self, schedule_id: Any) -> None:
        if isinstance(self.spec, PipelineSpec):
            self.register_outputs({})
        else:
            self.schedule_id: pulumi.Output[str] = schedule_id
            self.register_outputs({"scheduleId": schedule_id})

    def _report(self) -> None:
        collector = COLLECTOR.get()
        if collector is not None:
            arguments = (self._kind, self.plan.name, self.spec, self.translator)
            collector.append(Report(*arguments, self.plan, self.refusal))

    def _share(self, node: Node) -> pulumi.Resource:
        """
        The one resource of the program that this node describes, owned by a component of its own;
        another explicit provider is another place, with a resource of its own.
        """
        provider = self._providers.get(node.token.partition(":")[0])
        owner = f"schedkit-{self.plan.backend}" + (f"-{provider._name}" if provider else "")  # noqa: SLF001
        shared, nodes = self._program.shared, self._program.shared_nodes
        known = nodes.setdefault((owner, node.key), node)
        if known is not node and known != node:
            culprit = f"{self._kind} {self.plan.name!r}, shared node {node.key!r}"
            reason = "differs from the one that another component asked for"
            raise PlanError(culprit, reason, "rename one, or make them equal")
        if (owner, node.key) not in shared:
            if (owner, "") not in shared:
                shared[owner, ""] = _Shared(owner, [provider] if provider else [])
            name = child_name(owner, node.key, first=False)
            before = {key: each for (of, key), each in shared.items() if of == owner and key}
            home, lookups = shared[owner, ""], self._program.lookups
            work = deploy((node,), self.translator.classes, name, home, before, lookups)
            shared[owner, node.key] = finished(work)[node.key]
        return shared[owner, node.key]


class _Shared(pulumi.ComponentResource):
    """
    Owns what several components of one program share.
    """

    def __init__(self, name: str, providers: Sequence[pulumi.ProviderResource]) -> None:
        opts = pulumi.ResourceOptions(providers=list(providers))
        super().__init__("schedkit:index:Shared", name, {}, opts)
        self.register_outputs({})


class Pipeline(_Component):
    """
    Steps that run together, and what holds over everything that starts them.

    Attributes:
        spec: The checked value.
        plan: What the backend makes of it.
        resources: The native Pulumi resources, by the keys of the plan.
    """

    def __init__(
        self,
        name: str,
        *,
        steps: Sequence[Step],
        parameters: Mapping[str, Value] | None = None,
        overlap: Overlap = "allow",
        timeout: str | int | timedelta = "24h",
        keep: Keep | None = None,
        backend: str | Backend | None = None,
        overrides: Overrides | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """
        Declare it.

        Args:
            name: Names the component and its resources; unique in the stack.
            steps: In any order.
            parameters: Names and defaults.
            overlap: See `PipelineSpec`.
            timeout: Of a whole run, retries included: `2h`, a `timedelta` or seconds.
            keep: How long a run's files stay.
            backend: Its name, or a `Backend`; wins over `schedkit:backend`. Schedules follow
                their pipeline.
            overrides: Node key -> inputs by wire name, laid over the plan before the proof.
            opts: Of the component; they reach the resources where Pulumi hands them down.

        Raises:
            SpecError: A value that no pipeline may have.
            ConfigError: The stack config is wrong, or names no backend.
            UnknownBackendError: The backend is not installed.
            OverrideError: *overrides* names a node that is not there.
        """
        spec = PipelineSpec(
            name,
            steps=steps,
            parameters=parameters or {},
            overlap=overlap,
            timeout=timeout,
            keep=keep,
        )
        self.starters: list[str] = []
        work = self._declare(spec, current().backend(backend), _target(), overrides, opts)
        made = None
        with suppress(StopIteration):
            while True:
                made = work.send(made)()
        self.spec: PipelineSpec = spec
        keys = (node.key for node in self.plan.nodes)
        self.within = {f"pipeline/{key}": self.resources.get(key) for key in keys}


class Schedule(_Component):
    """
    Starts a pipeline on time.

    Attributes:
        schedule_id: The native schedule's own id.
        spec: The checked value.
        plan: What the backend makes of it, with its proof.
        resources: The native Pulumi resources, by the keys of the plan.
    """

    def __init__(
        self,
        name: str,
        pipeline: Pipeline,
        when: When,
        *,
        parameters: Mapping[str, Value] | None = None,
        catch_up: CatchUpPolicy | CatchUp = "none",
        starting_deadline: str | int | timedelta = "5m",
        jitter: str | int | timedelta = 0,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        paused: bool = False,
        physical_name: str | None = None,
        overrides: Overrides | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """
        Declare it.

        Args:
            name: Names the component and its resources; unique in the stack.
            pipeline: What it starts; its backend is the schedule's too.
            when: A `Cron`, `Calendar`, `Every`, `Once` or `Union`.
            parameters: Laid over the pipeline's defaults.
            catch_up: What happens to missed runs; see `CatchUp`.
            starting_deadline: How late a run may still start.
            jitter: Up to how much later than its instant every run starts.
            start: No run before this instant; aware, or RFC 3339 text.
            end: No run from this instant on.
            paused: No run at all.
            physical_name: Of what carries the schedule; by default `<name>-<stack>`.
            overrides: Node key -> inputs by wire name, laid over the plan before the proof.
            opts: Of the component; they reach the resources where Pulumi hands them down. Without
                providers and parent, the pipeline's providers hold.

        Raises:
            SpecError: A value that no schedule may have.
            OverrideError: *overrides* names a node that is not there.
        """
        if not isinstance(pipeline, Pipeline):
            culprit = f"Schedule {name!r}, pipeline"
            raise SpecError(culprit, f"is {type(pipeline).__name__}", "pass an sk.Pipeline")
        spec = ScheduleSpec(
            name,
            pipeline.spec,
            when,
            parameters=parameters or {},
            catch_up=catch_up,
            starting_deadline=starting_deadline,
            jitter=jitter,
            start=start,
            end=end,
            paused=paused,
        )
        target = attrs.evolve(
            _target(), physical_name=physical_name, starters=tuple(pipeline.starters)
        )
        pipeline.starters.append(name)
        where = _beside(pipeline, opts)
        work = self._declare(spec, pipeline.translator, target, overrides, where, pipeline)
        made = None
        with suppress(StopIteration):
            while True:
                made = work.send(made)()
        self.spec: ScheduleSpec = spec


def _beside(
    pipeline: Pipeline, opts: pulumi.ResourceOptions | None
) -> pulumi.ResourceOptions | None:
    """
    The pipeline's providers, where the schedule names none: what starts it belongs beside it.
    """
    if not pipeline._providers or (opts and (opts.provider or opts.providers or opts.parent)):  # noqa: SLF001
        return opts
    providers = list(pipeline._providers.values())  # noqa: SLF001
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=providers))


def summary(plan: Plan, after: datetime) -> str:
    """
    Findings, proof and the next three runs, for the engine's log and the command line.
    """
    lines = [finding.sentence for finding in plan.findings if finding.verdict != "exact"]
    if plan.proof is not None and plan.proves is not None:
        lines.append(plan.proof.sentence)
        runs = ", ".join(run.isoformat() for run in plan.proves.next(3, after=after))
        lines.append(f"next runs: {runs or 'none'}")
    return "\n".join([f"{plan.kind} {plan.name!r} on {plan.backend}", *lines])


def _target() -> Target:
    return Target(project=pulumi.get_project(), stack=pulumi.get_stack())


def _check_options(culprit: str, opts: pulumi.ResourceOptions | None) -> None:
    for name in _WITHOUT_EFFECT:
        value = getattr(opts, name, None)
        # Merged options hold an empty binding of hooks.
        if any(vars(value).values()) if name == "hooks" and value else value:
            reason = "has no effect on the resources below a component, and Pulumi does not say so"
            cure = "set it in `overrides=`, or on the resource by a Pulumi transform"
            raise SpecError(f"{culprit}, opts.{name}", reason, cure)
