"""
What a schedule becomes: one schedule of EventBridge Scheduler, or a rule of EventBridge, for each
of its texts.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from schedkit.backend import Target
from schedkit.exceptions import NotExpressibleError
from schedkit.findings import Feature, Finding, emulated, exact, refused
from schedkit.pipeline import fill
from schedkit.plan import Json, Node, Plan, Ref, Timing
from schedkit.recurrence import Every, Once, Union, Window
from schedkit.recurrence.durations import duration
from schedkit.recurrence.gaps import smallest_gap
from schedkit_aws import identity, limits, names, pipeline, timeouts, verdicts


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schedkit.recurrence import When
    from schedkit.recurrence.dialects import Dialect, Native
    from schedkit.schedule import ScheduleSpec
    from schedkit_aws.options import Options

SCHEDULE = "aws:scheduler/schedule:Schedule"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
TIMINGS = {
    SCHEDULE: Timing(
        "",
        text=("scheduleExpression",),
        timezone=("scheduleExpressionTimezone",),
        paused=("state",),
        pausing="DISABLED",
        more={"StartDate": ("startDate",), "EndDate": ("endDate",)},
        identity=(("name",), ("groupName",)),
    ),
    RULE: Timing(
        "",
        text=("scheduleExpression",),
        timezone="UTC",
        paused=("state",),
        pausing="DISABLED",
        identity=(("name",),),
    ),
}
START = "aws-sdk:sagemaker:startPipelineExecution"
TIME = "<aws.scheduler.scheduled-time>"
SHORTEST_AGE, LONGEST_AGE, MOST_RETRIES = 60, 86_400, 185
"""Seconds and count of deliveries that are tried again."""

LONGEST_WINDOW = 1_440
"""Minutes of a flexible window."""

_URL = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"
_AGE_URL = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html"


def compile_schedule(
    spec: ScheduleSpec, target: Target, options: Options, dialect: Dialect
) -> Plan:
    """
    The native schedules, or none where the schedule or its pipeline has no native form.
    """
    when, bad, natives = _written(spec, options, dialect)
    can_run = verdicts.can_run(spec.pipeline, options)
    findings = (*bad, *_findings(spec, target, options, natives, can_run=can_run))
    make = _rule if options.scheduler == "rules" else _schedule
    nodes = tuple(
        node
        for number, native in enumerate(natives if can_run else (), 1)
        for node in make(spec, target, options, native, number)
    )
    timed = [node for node in nodes if node.token in TIMINGS]
    return Plan(
        "aws",
        "Schedule",
        spec.name,
        nodes=nodes,
        findings=findings,
        shared=pipeline.shared(target, options),
        timings=tuple(_timing(node.token, node.key) for node in timed),
        proves=when if nodes else None,
        schedule_id=Ref(nodes[0].key) if nodes else None,
    )


@lru_cache
def _timing(token: str, key: str) -> Timing:
    return attrs.evolve(TIMINGS[token], node=key)


def _written(
    spec: ScheduleSpec, options: Options, dialect: Dialect
) -> tuple[When, tuple[Finding, ...], tuple[Native, ...]]:
    """
    What shall fire, why it cannot, and the native texts.
    """
    when = spec.when
    if spec.start or spec.end:
        when = Window(when, start=spec.start, end=spec.end)
    known = frozenset(fact for fact in options.assume if fact in dialect.unknown)
    try:
        return when, (), dialect.write(when, known)
    except NotExpressibleError as error:
        reason = f"{error.reason}: {error.culprit}"
        features = {Feature(error.feature)}
        if any(calendar.dst for calendar in when.calendars()):
            features.add(Feature.DST)
        bad = (refused(each, reason, error.cure, dialect.url) for each in sorted(features))
        return when, tuple(bad), ()


def _findings(
    spec: ScheduleSpec,
    target: Target,
    options: Options,
    natives: tuple[Native, ...],
    *,
    can_run: bool,
) -> Iterator[Finding]:
    if not can_run:
        reason = f"pipeline {spec.pipeline.name!r} has no definition that could be started"
        yield refused(Feature.SCHEDULE, reason, "its own refusal says what would work")
    elif natives:
        yield _starts(spec, options)
        yield from _asked(spec, options, len(natives))
    for number in range(1, len(natives) + 1):
        yield from names.check_schedule(names.schedule(spec.name, target, number))
    yield from _jitter(spec, options)
    yield from _age(spec)
    if natives:
        yield from _catch_up(spec)
    yield from limits.parameter_findings(spec.parameters, Feature.SCHEDULE_PARAMETERS)
    if spec.parameters:
        yield exact(Feature.SCHEDULE_PARAMETERS, "in the request that starts the pipeline")
    if spec.paused:
        yield exact(Feature.PAUSED, "state DISABLED; what passes meanwhile is not caught up with")


def _starts(spec: ScheduleSpec, options: Options) -> Finding:
    gated = timeouts.is_gated(spec.pipeline)
    if options.scheduler == "scheduler":
        by = "a state machine" if gated else "StartPipelineExecution"
        return exact(Feature.SCHEDULE, f"EventBridge Scheduler calls {by}, once per tick by token")
    if gated:
        return exact(Feature.SCHEDULE, "a rule starts a state machine, once per tick by token")
    reason = "a rule starts the pipeline at least once: a repeated delivery starts a second run"
    return emulated(Feature.SCHEDULE, reason)


def _asked(spec: ScheduleSpec, options: Options, count: int) -> Iterator[Finding]:
    """
    One finding for each thing that the recurrence asks for; the proof judges the instants.
    """
    members = spec.when.members if isinstance(spec.when, Union) else (spec.when,)
    calendars = spec.when.calendars()
    texts = "one expression" if count == 1 else f"{count} expressions, which share a token"
    if count > 1 and options.scheduler == "rules":
        reason = f"it takes {count} rules, and nothing makes one run of two"
        nearest = "leave `scheduler: rules` of schedkit:aws out, or make it several schedules"
        yield refused(Feature.UNION, reason, nearest)
        return
    for feature, asks in (
        (Feature.CRON, calendars),
        (Feature.EVERY, any(isinstance(member, Every) for member in members)),
        (Feature.ONCE, any(isinstance(member, Once) for member in members)),
        (Feature.UNION, members != (spec.when,)),
    ):
        if asks:
            yield exact(feature, texts)
    if calendars:
        yield exact(Feature.TIMEZONE, "the expression's own time zone")
    if any(calendar.day_rule == "any" for calendar in calendars):
        yield exact(Feature.DAY_UNION, texts)
    for feature, bound in ((Feature.START, spec.start), (Feature.END, spec.end)):
        if bound is not None:
            yield exact(feature, "StartDate and EndDate; AWS refuses a StartDate that is past")


def _jitter(spec: ScheduleSpec, options: Options) -> Iterator[Finding]:
    if not spec.jitter:
        return
    minutes, rest = divmod(spec.jitter, 60)
    if options.scheduler == "rules":
        reason, nearest = (
            "a rule has no flexible window",
            "leave jitter, or `scheduler: rules`, out",
        )
        yield refused(Feature.JITTER, reason, nearest)
    elif rest or minutes > LONGEST_WINDOW:
        reason = f"a flexible window has 1 to {LONGEST_WINDOW} whole minutes"
        near = max(1, min(minutes, LONGEST_WINDOW))
        yield refused(Feature.JITTER, reason, f"jitter='{near}m'", _URL)
    else:
        yield exact(
            Feature.JITTER, "the flexible window of the schedule; the token stays the tick's"
        )


def _age(spec: ScheduleSpec) -> Iterator[Finding]:
    missed = spec.catch_up.window or 0
    age = spec.starting_deadline if missed > LONGEST_AGE else _latest_start(spec)
    if SHORTEST_AGE <= age <= LONGEST_AGE:
        reason = "maximumEventAgeInSeconds: a request that fails is tried again for so long"
        yield exact(Feature.STARTING_DEADLINE, reason)
    else:
        reason = f"a request is tried again for 60 s to 24 hours, not {duration(age)}"
        near = duration(min(max(age, SHORTEST_AGE), LONGEST_AGE))
        yield refused(Feature.STARTING_DEADLINE, reason, f"starting_deadline='{near}'", _AGE_URL)


def _catch_up(spec: ScheduleSpec) -> Iterator[Finding]:
    """
    EventBridge goes back to no tick; it only repeats a request that failed.
    """
    policy, window = spec.catch_up.policy, spec.catch_up.window
    if window is None:
        return
    feature = Feature.CATCH_UP_ALL if policy == "all" else Feature.CATCH_UP_LATEST
    way_out = "start missed runs by hand: aws sagemaker start-pipeline-execution"
    if window > LONGEST_AGE:
        reason = "a request that fails is tried again for 24 hours at most"
        yield refused(feature, reason, f"window='24h', or {way_out}", _AGE_URL)
        return
    shortest, _ = smallest_gap(spec.when)
    if policy == "latest" and _latest_start(spec) > shortest:
        reason = f"runs come as close as {duration(shortest)}, and each would be tried again"
        nearest = f"window='{duration(shortest)}', or catch_up=CatchUp('all', ...)"
        yield refused(feature, reason, nearest, _AGE_URL)
        return
    reason = (
        "requests that fail are tried again for so long, in no fixed order; a pause is no miss"
    )
    yield emulated(feature, reason, _AGE_URL)


def _latest_start(spec: ScheduleSpec) -> int:
    """
    How many seconds after its instant a run may start.
    """
    return max(spec.starting_deadline, spec.catch_up.window or 0)


def _common(spec: ScheduleSpec, target: Target, native: Native, number: int) -> dict[str, object]:
    return {
        "name": names.schedule(spec.name, target, number),
        "description": f"{spec.name}: starts the pipeline {spec.pipeline.name}",
        "scheduleExpression": native.text,
        "state": "DISABLED" if spec.paused else "ENABLED",
    }


def _delivery(spec: ScheduleSpec, options: Options) -> dict[str, object]:
    """
    Who delivers, how often it is tried again, and where the request ends up that never arrives.
    """
    role = "events" if options.scheduler == "rules" else "scheduler"
    retries = {
        "maximumEventAgeInSeconds": _latest_start(spec),
        "maximumRetryAttempts": MOST_RETRIES,
    }
    return {
        "roleArn": identity.role_arn(role, options, "pipeline/"),
        "retryPolicy": retries,
        "deadLetterConfig": {"arn": Ref("pipeline/dead_letters", "arn")},
    }


def _after(options: Options, role: str) -> tuple[str, ...]:
    own = () if options.scheduler_role else (f"pipeline/{role}_policy",)
    return ("pipeline/pipeline", *own)


def _parameters(spec: ScheduleSpec, time: str) -> dict[str, object]:
    """
    By the pipeline's names; those that the schedule leaves alone have their defaults.
    """
    own = {
        names.parameter(name): limits.held(fill(value, {}), limits.parameter(name))
        for name, value in spec.parameters.items()
    }
    return {names.SCHEDULED_TIME: time, names.SCHEDULE: spec.name, **own}


def _request(spec: ScheduleSpec, target: Target, time: str) -> dict[str, object]:
    """
    What the pipeline, or its gate, is started with.
    """
    found = [{"Name": key, "Value": value} for key, value in _parameters(spec, time).items()]
    token = f"{names.token(spec.name, target)}-{time}"
    if timeouts.is_gated(spec.pipeline):
        return {"token": token, "parameters": found}
    name = names.pipeline(spec.pipeline, target)
    return {"PipelineName": name, "ClientRequestToken": token, "PipelineParameters": found}


def _schedule(
    spec: ScheduleSpec, target: Target, options: Options, native: Native, number: int
) -> tuple[Node, ...]:
    gated = timeouts.is_gated(spec.pipeline)
    direct = f"arn:{options.partition}:scheduler:::{START}"
    flexible: Mapping[str, object] = {"mode": "OFF"}
    if spec.jitter:
        flexible = {"mode": "FLEXIBLE", "maximumWindowInMinutes": spec.jitter // 60}
    more = {f"{name[0].lower()}{name[1:]}": value for name, value in native.more}
    inputs = {
        **_common(spec, target, native, number),
        "groupName": Ref("shared/group", "name"),
        "scheduleExpressionTimezone": native.timezone,
        "flexibleTimeWindow": flexible,
        "actionAfterCompletion": "NONE",
        "target": {
            "arn": Ref("pipeline/gate", "arn") if gated else direct,
            "input": Json(_request(spec, target, TIME)),
            **_delivery(spec, options),
        },
        **({"kmsKeyArn": options.kms_key} if options.kms_key else {}),
        **more,
    }
    key = "schedule" if number == 1 else f"schedule_{number}"
    after = _after(options, "scheduler")
    return (Node(key, SCHEDULE, inputs, after=after, options={"delete_before_replace": True}),)


def _rule(
    spec: ScheduleSpec, target: Target, options: Options, native: Native, number: int
) -> tuple[Node, ...]:
    suffix = "" if number == 1 else f"_{number}"
    fixed = {"delete_before_replace": True}
    tags = names.tags(spec.pipeline, target, options)
    rule = {**_common(spec, target, native, number), "tags": tags}
    inputs: dict[str, object] = {
        "rule": Ref(f"rule{suffix}", "name"),
        "targetId": "pipeline",
        **_delivery(spec, options),
    }
    if timeouts.is_gated(spec.pipeline):
        template = Json(_request(spec, target, "<time>"))
        inputs["arn"] = Ref("pipeline/gate", "arn")
        inputs["inputTransformer"] = {"inputPaths": {"time": "$.time"}, "inputTemplate": template}
    else:
        listed = _parameters(spec, "$.time")
        found = [{"name": key, "value": value} for key, value in listed.items()]
        inputs["arn"] = identity.pipeline_arn(spec.pipeline, target, options)
        inputs["sagemakerPipelineTarget"] = {"pipelineParameterLists": found}
    return (
        Node(f"rule{suffix}", RULE, rule, options=fixed),
        Node(f"target{suffix}", TARGET, inputs, after=_after(options, "events"), options=fixed),
    )
