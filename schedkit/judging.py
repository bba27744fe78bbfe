"""
From a proof to findings: what a schedule's instants say of the features that it asks for.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import attrs

from schedkit.findings import Feature, Finding, emulated, exact


if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from schedkit.recurrence import When
    from schedkit.recurrence.proof import Proof

_NEAREST = "a wall time that no offset change touches, another zone, or timezone='UTC'"


def judged(when: When, proof: Proof) -> Iterator[Finding]:
    """
    Yield what a proof says beside "it holds".
    """
    zones = ", ".join(proof.zones)
    policy = any(calendar.dst for calendar in when.calendars())
    elsewhere = Feature.TIMEZONE if proof.changes else Feature.CRON
    feature = Feature.DST if policy else elsewhere
    if policy and proof.holds and not proof.unknown:
        yield exact(Feature.DST, f"{proof.dialect} does what the policy says in {zones}")
    if proof.missing_count or proof.extra_count:
        reason = f"{proof.dialect} would fire otherwise in {zones}: {_differences(proof)}"
        instants = (*proof.missing, *proof.extra)
        yield Finding(feature, "refused", reason, _NEAREST, instants=instants)
    if proof.doubled and proof.token:
        yield emulated(Feature.UNION, proof.coincidence)
    elif proof.doubled:
        reason = f"two of the native schedules would each start a run at {_first(proof.doubled)}"
        nearest = "schedules of two pipelines, or one time that holds for all"
        yield Finding(Feature.UNION, "refused", reason, nearest, instants=proof.doubled)
    if proof.departures:
        first = _first(proof.departures)
        reason = f"{proof.dialect} reads gaps and repeated hours its own way: {first}"
        yield Finding(Feature.DST, "emulated", reason, instants=proof.departures)
    if proof.unknown:
        reason = f"what {proof.dialect} does is not known for {_first(proof.unknown)}"
        bad = Finding(Feature.DST, "refused", reason, _NEAREST, instants=proof.unknown)
        yield bad if policy else attrs.evolve(bad, verdict="emulated", nearest="")


def _differences(proof: Proof) -> str:
    parts = []
    if proof.missing_count:
        parts.append(f"loses {proof.missing_count} runs such as {_first(proof.missing)}")
    if proof.extra_count:
        parts.append(f"adds {proof.extra_count} runs such as {_first(proof.extra)}")
    return " and ".join(parts)


def _first(instants: tuple[datetime, ...]) -> str:
    shown = [f"{t.isoformat()} ({t.astimezone(UTC):%Y-%m-%dT%H:%M}Z)" for t in instants[:3]]
    return ", ".join(shown)
