"""
From spec to proved plan: compile, lay the user's overrides over it, read the schedule back, judge.

Pure: no engine, no clock, no SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from schedkit.backend import Backend, Target
from schedkit.exceptions import (
    NotExpressibleError,
    OverrideError,
    PlanError,
    SpecError,
    UnsupportedError,
)
from schedkit.findings import Feature, refused
from schedkit.inputs import plain
from schedkit.judging import judged
from schedkit.pipeline import PipelineSpec
from schedkit.plan import at
from schedkit.recurrence.proof import prove


if TYPE_CHECKING:
    from schedkit.plan import Node, Plan
    from schedkit.recurrence.dialects import Native
    from schedkit.schedule import ScheduleSpec

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
        SpecError: *overrides* is no mapping of mappings.
        OverrideError: *overrides* names a node that the plan does not have, or changes what other
            resources hold as text.
    """
    if isinstance(spec, PipelineSpec):
        plan = backend.compile_pipeline(spec, target)
    else:
        plan = backend.compile_schedule(spec, target)
    if overrides is not None:
        plan = _laid(overrides, plan, backend)
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
        inputs = plan.node(timing.node).inputs
        paths = (timing.text, timing.timezone, *timing.more.values())
        for path in paths:
            value = path if isinstance(path, str) else at(inputs, path)
            if not isinstance(value, str | None):
                plain(value, f"{plan.kind} {plan.name!r}, {timing.node}.{'.'.join(path)}")
        found.append(timing.native(inputs))
    return tuple(found)


def _laid(overrides: object, plan: Plan, backend: Backend) -> Plan:
    culprit, cure = f"{plan.kind} {plan.name!r}, overrides", "write {resource: {input: value}}"
    if not isinstance(overrides, Mapping):
        raise SpecError(f"{culprit}={overrides!r}", "is no mapping", cure)
    for key, changes in overrides.items():
        if not isinstance(key, str) or not isinstance(changes, Mapping):
            reason = "is no mapping of inputs by the key of a resource"
            raise SpecError(f"{culprit}={{{key!r}: {changes!r}}}", reason, cure)
        before, plan = plan, plan.patched(key, changes)
        _check_fixed(before.node(key), plan.node(key), backend, f"{culprit}, {key}")
    return plan


def _check_fixed(before: Node, after: Node, backend: Backend, culprit: str) -> None:
    for path, cure in backend.fixed.get(before.token, {}).items():
        if at(before.inputs, path) != at(after.inputs, path):
            reason = "cannot be changed here, for other resources hold it as text"
            raise OverrideError(f"{culprit}.{'.'.join(path)}", reason, cure)


def _proved(plan: Plan, backend: Backend) -> Plan:
    if plan.proves is None or backend.dialect is None:
        culprit = f"{plan.backend}, {plan.kind.lower()} {plan.name!r}"
        raise PlanError(culprit, "carries schedule texts that nobody can prove", "fill `proves`")
    try:
        proof = prove(plan.proves, natives(plan), backend.dialect)
    except (SpecError, NotExpressibleError) as error:
        reason = f"the text that stands in the plan cannot be read back: {error}"
        bad = refused(Feature.CRON, reason, "mend the override that put it there")
        return attrs.evolve(plan, findings=(*plan.findings, bad))
    found = tuple(judged(plan.proves, proof))
    worse = {finding.feature for finding in found}
    kept = (f for f in plan.findings if f.verdict != "exact" or f.feature not in worse)
    return attrs.evolve(plan, proof=proof, findings=(*kept, *found))
