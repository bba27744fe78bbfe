"""
From spec to proved plan: compile, lay the user's overrides over it, read the schedule back, judge.

Pure: no engine, no clock, no SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from schedkit.backend import Backend, Feature, Finding, Target, emulated, refused
from schedkit.exceptions import NotExpressibleError, SpecError, UnsupportedError
from schedkit.inputs import plain
from schedkit.pipeline import PipelineSpec
from schedkit.recurrence import Proof
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.proof import prove
from schedkit.schedule import ScheduleSpec


if TYPE_CHECKING:
    from schedkit.plan import Plan

Overrides = Mapping[str, Mapping[str, object]]


def plan_for(
    backend: Backend,
    spec: PipelineSpec | ScheduleSpec,
    target: Target,
    overrides: Overrides | None = None,
) -> Plan:
    """
    The plan of one component, with its proof and all its findings.

    Args:
        backend: Who translates.
        spec: What is asked for.
        target: What the backend may know beside it.
        overrides: Node key -> inputs by wire name, laid over the node before the proof.

    Raises:
        OverrideError: *overrides* names a node that the plan does not have.
    """
    if isinstance(spec, PipelineSpec):
        plan = backend.compile_pipeline(spec, target)
    else:
        plan = backend.compile_schedule(spec, target)
    for key, changes in (overrides or {}).items():
        plan = plan.patched(key, changes)
    return _proved(plan, backend) if plan.timings else plan


def verdict(plan: Plan, *, strict: bool) -> UnsupportedError | None:
    """
    The one error that holds all that is refused; under *strict* what is emulated is refused too.
    """
    bad = ("refused", "emulated") if strict else ("refused",)
    findings = [finding for finding in plan.findings if finding.verdict in bad]
    culprit = f"{plan.kind} {plan.name!r}"
    return UnsupportedError(plan.backend, findings, culprit) if findings else None


def natives(plan: Plan) -> tuple[Native, ...]:
    """
    The schedule texts that stand in the plan's nodes now, overrides included.
    """
    found = []
    for timing in plan.timings:
        text = plan.at(timing.node, timing.text)
        zone = timing.timezone
        if isinstance(zone, tuple):
            zone = plan.at(timing.node, zone)  # type: ignore[assignment]
        for value, path in ((text, timing.text), (zone, timing.timezone)):
            plain(value, f"{plan.kind} {plan.name!r}, {timing.node}.{'.'.join(path)}")
        found.append(Native(str(text), str(zone)))
    return tuple(found)


def _proved(plan: Plan, backend: Backend) -> Plan:
    assert plan.proves is not None and backend.dialect is not None
    try:
        proof = prove(plan.proves, natives(plan), backend.dialect)
    except (SpecError, NotExpressibleError) as error:
        bad = refused(Feature.CRON, f"the text in the plan cannot be read back: {error}", "mend it")
        return attrs.evolve(plan, findings=(*plan.findings, bad))
    return attrs.evolve(plan, proof=proof, findings=(*plan.findings, *_judged(proof, plan)))


def _judged(proof: Proof, plan: Plan) -> tuple[Finding, ...]:
    raise NotImplementedError
