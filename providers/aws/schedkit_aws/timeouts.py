"""
Who stops what takes too long: each job by itself, and a whole run by the gate where the jobs'
own limits do not.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit_aws.limits import LONGEST_RUN


if TYPE_CHECKING:
    from schedkit.pipeline import PipelineSpec, Step


def of_step(step: Step, spec: PipelineSpec) -> int:
    """
    Seconds after which SageMaker stops the step's job, retries included.
    """
    own = step.timeout if step.timeout is not None and not repeats(step) else spec.timeout
    return min(own, spec.timeout, LONGEST_RUN)


@lru_cache
def watched(spec: PipelineSpec) -> int | None:
    """
    The seconds of a whole run, where steps that each keep their own limit could take longer.
    """
    ends: dict[str, int] = {}
    for step in spec.order():
        before = max((ends[need] for need in step.needs), default=0)
        ends[step.name] = before + of_step(step, spec)
    return spec.timeout if max(ends.values()) > spec.timeout else None


def is_gated(spec: PipelineSpec) -> bool:
    """
    Whether a state machine starts the runs, not the schedule itself.
    """
    return spec.overlap != "allow" or watched(spec) is not None


def repeats(step: Step) -> bool:
    """
    Whether the step runs again when it fails.
    """
    return step.retry is not None and step.retry.limit > 0
