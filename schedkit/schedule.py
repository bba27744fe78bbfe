"""
Schedules as values: when a pipeline runs, and what happens to a run that is late, missed or unwanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import at_least, mapping, name_of, of_type, one_of, plain, shape
from schedkit.pipeline import (
    DURATION,
    NAME,
    PipelineSpec,
    check_parameters,
    with_parameters,
)
from schedkit.recurrence import When


if TYPE_CHECKING:
    from schedkit.pipeline import Filling

CatchUpPolicy: TypeAlias = Literal["none", "latest", "all"]


@attrs.frozen
class CatchUp:
    """
    What happens to runs that were missed for longer than the starting deadline, in Temporal's words.

    Attributes:
        policy: `none` of them, the `latest` one, or `all`, oldest first.
        window: How far back missed runs count, in seconds; given as `2h`, a `timedelta` or seconds.
    """

    policy: CatchUpPolicy = attrs.field(
        default="none", validator=shape(one_of("none", "latest", "all"))
    )
    window: int | None = attrs.field(default=None, converter=DURATION)

    def __attrs_post_init__(self) -> None:
        culprit = f"CatchUp, policy={self.policy!r}"
        if self.policy == "none" and self.window is not None:
            raise SpecError(culprit, "has no use for a window", "leave the window out")
        if self.policy != "none" and self.window is None:
            cure = f"write sk.CatchUp({self.policy!r}, window='24h')"
            raise SpecError(culprit, "does not say how far back missed runs count", cure)


def _catch_up(value: object) -> object:
    return CatchUp(value) if isinstance(value, str) else value  # type: ignore[arg-type]


def _instant(value: object, instance: object, field: attrs.Attribute[datetime | None]) -> object:
    culprit = f"{name_of(instance)}, {field.name}"
    plain(value, culprit)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            cure = "write it as 2026-01-01T09:00:00+01:00, in quotes in YAML"
            raise SpecError(f"{culprit}={value!r}", "is no RFC 3339 instant", cure) from None
    if isinstance(value, datetime) and value.tzinfo is None:
        cure = f"write {value.isoformat()}Z or another offset"
        raise SpecError(f"{culprit}={value.isoformat()}", "has no offset from UTC", cure)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


INSTANT = attrs.Converter(_instant, takes_self=True, takes_field=True)


def _parameters(instance: object, field: attrs.Attribute[object], value: object) -> None:
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
    pipeline: PipelineSpec = attrs.field(validator=of_type(PipelineSpec))
    when: When = attrs.field(
        validator=shape(of_type(When, cure="write sk.Cron('0 9 * * *', timezone='UTC')"))
    )
    parameters: Mapping[str, Filling] = attrs.field(
        factory=dict, kw_only=True, converter=mapping, validator=_parameters, hash=False
    )
    catch_up: CatchUp = attrs.field(
        default="none", kw_only=True, converter=_catch_up, validator=shape(of_type(CatchUp))
    )
    starting_deadline: int = attrs.field(default="5m", kw_only=True, converter=DURATION)
    jitter: int = attrs.field(default=0, kw_only=True, converter=DURATION, validator=at_least(0))
    start: datetime | None = attrs.field(default=None, kw_only=True, converter=INSTANT)
    end: datetime | None = attrs.field(default=None, kw_only=True, converter=INSTANT)
    paused: bool = attrs.field(default=False, kw_only=True, validator=shape(of_type(bool)))

    def __attrs_post_init__(self) -> None:
        for field in ("start", "end"):
            value = getattr(self, field)
            if not isinstance(value, datetime | None):
                culprit = f"{name_of(self)}, {field}={value!r}"
                raise SpecError(culprit, f"is {type(value).__name__}, not an instant")
        if self.start and self.end and self.end <= self.start:
            culprit = f"{name_of(self)}, end={self.end.isoformat()}"
            raise SpecError(culprit, f"is not after start={self.start.isoformat()}", "swap them")
        with_parameters(self.pipeline, self.parameters, name_of(self))

    def filled(self) -> Mapping[str, Filling]:
        """
        The parameters of a run: the pipeline's defaults with the schedule's own laid over them.
        """
        return {**self.pipeline.parameters, **self.parameters}
