"""
A schedule on this machine: one document, which `schedkit serve` keeps to the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import cattrs

from schedkit.exceptions import RunFailedError
from schedkit.findings import Feature, Finding, emulated, exact
from schedkit.inputs import is_live, plain
from schedkit.plan import Node, Plan, Timing
from schedkit.recurrence import Calendar, Every, NearestWeekday, NthWeekday, Once, Union, Window
from schedkit_local.dialect import DIALECT, read_text
from schedkit_local.document import CONVERTER


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence import When
    from schedkit.schedule import ScheduleSpec

SCHEDULE = "schedkit:local:Schedule"
TIMING = Timing("schedule", ("when",), "", paused=("paused",))

_SERVER = "schedkit serve"
REASONS = {
    Feature.SCHEDULE: f"`{_SERVER}` starts it, once per instant, by its ledger",
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


def compile_schedule(spec: ScheduleSpec) -> Plan:
    """
    One document; every feature is kept.
    """
    when: When = spec.when
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
        nodes=(Node("schedule", SCHEDULE, CONVERTER.unstructure(document)),),
        findings=tuple(_findings(spec)),
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
    try:
        return CONVERTER.structure(inputs, ScheduleDocument)
    except cattrs.BaseValidationError as error:
        reasons = ", ".join(cattrs.transform_error(error, path="schedule"))
        reason = f"has a plan that cannot be served: {reasons}"
        raise RunFailedError(culprit, reason, "correct overrides={'schedule': {...}}") from None


def _findings(spec: ScheduleSpec) -> Iterator[Finding]:
    for feature in Feature:
        if feature in _asked(spec):
            yield exact(feature, REASONS[feature])
    if any(map(is_live, spec.parameters.values())):
        reason = "a parameter that only a deployment knows cannot be served here"
        yield emulated(Feature.SCHEDULE_PARAMETERS, reason)


def _asked(spec: ScheduleSpec) -> set[Feature]:
    when = spec.when
    members = when.members if isinstance(when, Union) else (when,)
    calendars = when.calendars()
    wishes = {
        Feature.SCHEDULE: True,
        Feature.CRON: calendars,
        Feature.TIMEZONE: calendars,
        Feature.EVERY: any(isinstance(each, Every) for each in members),
        Feature.ONCE: any(isinstance(each, Once) for each in members),
        Feature.UNION: isinstance(when, Union),
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
        Feature.START: spec.start,
        Feature.END: spec.end,
        Feature.PAUSED: spec.paused,
    }
    return {feature for feature, wish in wishes.items() if wish}


def _holds(field: object, kind: type) -> bool:
    return isinstance(field, tuple) and any(isinstance(each, kind) for each in field)


def _plain_days(calendar: Calendar) -> tuple[int, ...]:
    days = calendar.days if isinstance(calendar.days, tuple) else ()
    return tuple(day for day in days if isinstance(day, int))
