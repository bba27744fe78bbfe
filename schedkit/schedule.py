"""
Schedules as values: when a pipeline runs, and what becomes of a run that is late or missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import (
    NAME,
    duration,
    lasts,
    mapping,
    name_of,
    of_type,
    one_of,
    shape,
)
from schedkit.pipeline import (
    PipelineSpec,
    Value,
    check_parameters,
    with_parameters,
)
from schedkit.recurrence import When
from schedkit.recurrence.checks import whole_seconds


CatchUpPolicy: TypeAlias = Literal["none", "latest", "all"]


@attrs.frozen
class CatchUp:
    """
    What happens to runs missed for longer than the starting deadline, in Temporal's words.

    Attributes:
        policy: `none` of them, the `latest` one, or `all`, oldest first.
        window: Seconds back for which missed runs count; given as `2h`, a `timedelta` or seconds.
    """

    policy: CatchUpPolicy = attrs.field(
        default="none", validator=shape(one_of("none", "latest", "all"))
    )
    window: int | None = attrs.field(
        default=None, converter=duration, validator=lasts(1, optional=True)
    )

    def __attrs_post_init__(self) -> None:
        culprit = f"CatchUp, policy={self.policy!r}"
        if self.policy == "none" and self.window is not None:
            raise SpecError(culprit, "has no use for a window", "leave the window out")
        if self.policy != "none" and self.window is None:
            cure = f"write sk.CatchUp({self.policy!r}, window='24h')"
            raise SpecError(culprit, "does not say how far back missed runs count", cure)


def _catch_up(value: CatchUpPolicy | CatchUp) -> CatchUp:
    return CatchUp(value) if isinstance(value, str) else value


def _instant(value: datetime | str | None) -> datetime | None:
    try:
        return None if value is None else whole_seconds(value, "")
    except SpecError:
        return value  # type: ignore[return-value]


def _is_instant(instance: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        whole_seconds(value, f"{name_of(instance)}, {field.name}")


def _parameters(instance: object, _: attrs.Attribute[Any], value: object) -> None:
    check_parameters(value, f"{name_of(instance)}, parameters")


@attrs.frozen
class ScheduleSpec:
    """
    When a pipeline runs.

    Attributes:
        name: The component's name.
        pipeline: What runs.
        when: A `Cron`, `Calendar`, `Every`, `Once` or `Union`.
        parameters: Laid over the pipeline's defaults.
        catch_up: What happens to missed runs; a text is the policy.
        starting_deadline: Seconds after its instant until which a run may still start.
        jitter: Every run starts up to so many seconds after its instant; 0 is no jitter.
        start: No run before this instant.
        end: No run from this instant on.
        paused: No run at all, until it is False again.
    """

    name: str = attrs.field(validator=shape(NAME))
    pipeline: PipelineSpec = attrs.field(validator=shape(of_type(PipelineSpec)))
    when: When = attrs.field(
        validator=shape(of_type(When, cure="write sk.Cron('0 9 * * *', timezone='UTC')"))
    )
    parameters: Mapping[str, Value] = attrs.field(
        factory=dict, kw_only=True, converter=mapping, validator=_parameters, hash=False
    )
    catch_up: CatchUp = attrs.field(
        factory=CatchUp, kw_only=True, converter=_catch_up, validator=shape(of_type(CatchUp))
    )
    starting_deadline: int = attrs.field(
        default=300, kw_only=True, converter=duration, validator=lasts(1)
    )
    jitter: int = attrs.field(default=0, kw_only=True, converter=duration, validator=lasts(0))
    start: datetime | None = attrs.field(
        default=None, kw_only=True, converter=_instant, validator=_is_instant
    )
    end: datetime | None = attrs.field(
        default=None, kw_only=True, converter=_instant, validator=_is_instant
    )
    paused: bool = attrs.field(default=False, kw_only=True, validator=shape(of_type(bool)))

    def __attrs_post_init__(self) -> None:
        if self.start and self.end and self.end <= self.start:
            culprit = f"{name_of(self)}, end={self.end.isoformat()}"
            raise SpecError(
                culprit, f"is not after start={self.start.isoformat()}", "give a later end"
            )
        self.filled()

    def filled(self) -> Mapping[str, Value]:
        """
        The parameters of a run: the pipeline's defaults with the schedule's own laid over them.
        """
        return with_parameters(self.pipeline, self.parameters, name_of(self))
