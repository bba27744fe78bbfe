"""
A schedule on this machine: one document, which `schedkit serve` keeps to the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import cattrs

from schedkit.exceptions import RunFailedError, SchedkitError, SpecError
from schedkit.findings import Feature, Finding, exact
from schedkit.inputs import plain
from schedkit.plan import Node, Plan, Timing
from schedkit.recurrence import Calendar, Every, NearestWeekday, NthWeekday, Once, Window
from schedkit.recurrence.compare import bounds
from schedkit.recurrence.dialects.fields import parts
from schedkit.schedule import CatchUp
from schedkit_local.dialect import DIALECT, read_text
from schedkit_local.document import converter


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.backend import Target
    from schedkit.recurrence import When
    from schedkit.schedule import ScheduleSpec

SCHEDULE = "schedkit:local:Schedule"
TIMING = Timing("schedule", ("when",), "", paused=("paused",))

REASONS = {
    Feature.SCHEDULE: "`schedkit serve` starts it, once per instant, by its ledger",
    Feature.CRON: "the instants themselves",
    Feature.EVERY: "the instants themselves",
    Feature.ONCE: "the instant itself",
    Feature.UNION: "one run where members coincide",
    Feature.TIMEZONE: "the wall clock of the zone, whatever that of this machine",
    Feature.DAY_UNION: "the instants themselves",
    Feature.DAY_INTERSECTION: "the instants themselves",
    Feature.LAST_DAY: "the instants themselves",
    Feature.NTH_WEEKDAY: "the instants themselves",
    Feature.NEAREST_WEEKDAY: "the instants themselves",
    Feature.SCHEDULE_PARAMETERS: "laid over the pipeline's when the run starts",
    Feature.CATCH_UP_LATEST: "by the ledger, when the machine is back",
    Feature.CATCH_UP_ALL: "by the ledger, oldest first, when the machine is back",
    Feature.STARTING_DEADLINE: "a run that could not start by then is missed, and recorded",
    Feature.JITTER: "drawn from the schedule's name and the instant, the same every time",
    Feature.START: "no run before it",
    Feature.END: "no run from it on",
    Feature.PAUSED: "what passes meanwhile is not caught up with",
}


@attrs.frozen(kw_only=True)
class CatchUpDocument:
    """
    `schedkit.CatchUp` in seconds.
    """

    policy: Literal["none", "latest", "all"] = "none"
    window_seconds: int | None = None

    def __attrs_post_init__(self) -> None:
        CatchUp(self.policy, self.window_seconds)


@attrs.frozen(kw_only=True)
class ScheduleDocument:
    """
    Everything that a server needs to know.

    Attributes:
        when: A text of `schedkit_local.dialect`, window included.
    """

    pipeline: str
    when: str
    starting_deadline_seconds: int = attrs.field(validator=attrs.validators.ge(1))
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    catch_up: CatchUpDocument = CatchUpDocument()
    jitter_seconds: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    paused: bool = False

    def instants(self) -> When:
        """
        Return what the text says.
        """
        return read_text(self.when)


def compile_schedule(spec: ScheduleSpec, target: Target) -> Plan:
    """
    One document; every feature is kept.
    """
    when = spec.when
    if spec.start or spec.end:
        when = Window(when, start=spec.start, end=spec.end)
    (native,) = DIALECT.write(when)
    document = ScheduleDocument(
        pipeline=spec.pipeline.name,
        when=native.text,
        starting_deadline_seconds=spec.starting_deadline,
        parameters=spec.parameters,
        catch_up=CatchUpDocument(policy=spec.catch_up.policy, window_seconds=spec.catch_up.window),
        jitter_seconds=spec.jitter,
        paused=spec.paused,
    )
    return Plan(
        "local",
        "Schedule",
        spec.name,
        nodes=(Node("schedule", SCHEDULE, _CONVERTER.unstructure(document)),),
        findings=tuple(_findings(spec, target)),
        timings=(TIMING,),
        proves=when,
        schedule_id=spec.name,
    )


def read_schedule(inputs: Mapping[str, object], culprit: str) -> ScheduleDocument:
    """
    The schedule that the node's inputs describe, overrides included.

    Raises:
        OutputError: A value in it is known to the engine only.
        RunFailedError: An override made nonsense of it.
        CronSyntaxError: Its text cannot be read.
    """
    plain(inputs, culprit)
    cure = "correct overrides={'schedule': {...}}"
    try:
        found = _CONVERTER.structure(inputs, ScheduleDocument)
    except cattrs.BaseValidationError as error:
        reasons = "; ".join(cattrs.transform_error(error, "schedule", _told))
        reason = f"has a plan that cannot be served: {reasons}"
        raise RunFailedError(culprit, reason, cure) from None
    for name, value in found.parameters.items():
        if not isinstance(value, str | int | float):
            reason = f"has {value!r} for parameter {name!r}"
            raise RunFailedError(culprit, reason, "give a text, a number or a bool")
    return found


def _findings(spec: ScheduleSpec, target: Target) -> Iterator[Finding]:
    asked = _asked(spec)
    for feature, reason in REASONS.items():
        if asked[feature]:
            nameless = feature is Feature.SCHEDULE and target.physical_name
            more = "; its name is its own, physical_name= names nothing here" if nameless else ""
            yield exact(feature, reason + more)


def _asked(spec: ScheduleSpec) -> dict[Feature, object]:
    inside, start, end = bounds(spec.when)
    members, calendars = parts(inside), inside.calendars()
    return {
        Feature.SCHEDULE: True,
        Feature.CRON: calendars,
        Feature.TIMEZONE: calendars,
        Feature.EVERY: any(isinstance(each, Every) for each in members),
        Feature.ONCE: any(isinstance(each, Once) for each in members),
        Feature.UNION: members != (inside,),
        Feature.DAY_UNION: any(each.day_rule == "any" for each in calendars),
        Feature.DAY_INTERSECTION: any(each.day_rule == "all" for each in calendars),
        Feature.LAST_DAY: any(day < 0 for each in calendars for day in _plain_days(each)),
        Feature.NEAREST_WEEKDAY: any(_holds(each.days, NearestWeekday) for each in calendars),
        Feature.NTH_WEEKDAY: any(_holds(each.weekdays, NthWeekday) for each in calendars),
        Feature.SCHEDULE_PARAMETERS: spec.parameters,
        Feature.CATCH_UP_LATEST: spec.catch_up.policy == "latest",
        Feature.CATCH_UP_ALL: spec.catch_up.policy == "all",
        Feature.STARTING_DEADLINE: spec.starting_deadline,
        Feature.JITTER: spec.jitter,
        Feature.START: spec.start or start,
        Feature.END: spec.end or end,
        Feature.PAUSED: spec.paused,
    }


def _holds(field: object, kind: type) -> bool:
    return isinstance(field, tuple) and any(isinstance(each, kind) for each in field)


def _plain_days(calendar: Calendar) -> tuple[int, ...]:
    days = calendar.days if isinstance(calendar.days, tuple) else ()
    return tuple(day for day in days if isinstance(day, int))


def _told(error: BaseException, kind: type | None) -> str:
    if isinstance(error, SchedkitError):
        return str(error)
    text = str(error) if isinstance(error, ValueError) and error.args else ""
    return text or cattrs.v.format_exception(error, kind)


def _strict(value: object, kind: type) -> object:
    if type(value) is not kind:
        article = {str: "a text", int: "a whole number", bool: "true or false"}[kind]
        raise SpecError(repr(value), f"is not {article}")
    return value


def _schedules() -> cattrs.Converter:
    found = converter()
    for kind in (str, int, bool):
        found.register_structure_hook(kind, _strict)
    return found


_CONVERTER = _schedules()
