"""
What a schedule becomes: one CronJob, or as many as its texts need.

https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from schedkit.backend import Target
from schedkit.exceptions import NotExpressibleError
from schedkit.findings import Feature, Finding, emulated, exact, refused
from schedkit.plan import Node, Plan, Ref, Timing
from schedkit.recurrence import Every, Union, jitter
from schedkit.recurrence.durations import duration
from schedkit.recurrence.gaps import smallest_gap
from schedkit_kubernetes import identity, pod


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence import When
    from schedkit.recurrence.dialects import Dialect, Native
    from schedkit.schedule import ScheduleSpec
    from schedkit_kubernetes.options import Options

CRON_JOB = "kubernetes:batch/v1:CronJob"
TIMING = Timing(
    "",
    text=("spec", "schedule"),
    timezone=("spec", "timeZone"),
    paused=("spec", "suspend"),
    late=("spec", "startingDeadlineSeconds"),
    identity=(("metadata", "name"), ("metadata", "namespace")),
)
_URL = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
_DEADLINE_URL = f"{_URL}#starting-deadline"
_SHORTEST_DEADLINE, _SAFE_DEADLINE = 10, 60
# A queue is refused; its plan shows the nearest.
_POLICIES = {"allow": "Allow", "forbid": "Forbid", "replace": "Replace", "queue": "Forbid"}
_ALONE = {"forbid": Feature.FORBID, "replace": Feature.REPLACE}
# One part of a zone's name, as the API server wants it.
_ZONE_PART = re.compile(r"(?!-|\.{1,2}$)[A-Za-z.\-_0-9+]{1,14}")


def compile_schedule(
    spec: ScheduleSpec, target: Target, options: Options, dialect: Dialect
) -> Plan:
    """
    The CronJobs, or none where the schedule or its pipeline has no native form.
    """
    when, found, natives = _timing(spec, target, dialect)
    findings = (*found, *_findings(spec, target, when, natives))
    can_run = natives and pod.can_run(spec.pipeline)
    nodes = tuple(
        _cron_job(spec, target, options, native, number)
        for number, native in enumerate(natives if can_run else (), 1)
    )
    return Plan(
        "kubernetes",
        "Schedule",
        spec.name,
        nodes=nodes,
        findings=findings,
        shared=identity.shared(options),
        timings=tuple(attrs.evolve(TIMING, node=node.key) for node in nodes),
        proves=when if nodes else None,
        schedule_id=Ref(nodes[0].key) if nodes else None,
    )


def _timing(
    spec: ScheduleSpec, target: Target, dialect: Dialect
) -> tuple[When, tuple[Finding, ...], tuple[Native, ...]]:
    """
    What shall fire, what becomes of it, and the native texts; none when it is refused.
    """
    when, feature, found = spec.when, None, []
    try:
        natives = dialect.write(when)
        if spec.jitter:
            feature = Feature.JITTER
            seed = f"{target.project}/{target.stack}/{spec.name}"
            seconds, when = jitter.offset(when, spec.jitter, seed)
            natives = dialect.write(when)
            reason = f"every run starts {duration(seconds)} late, an offset made from its name"
            found.append(emulated(Feature.JITTER, reason))
    except NotExpressibleError as error:
        bad = refused(
            feature or Feature(error.feature),
            f"{error.reason}: {error.culprit}",
            error.cure,
            dialect.url,
        )
        return spec.when, (bad,), ()
    return when, (*_asked(spec.when, len(natives)), *found), natives


def _asked(when: When, count: int) -> Iterator[Finding]:
    """
    One finding for each thing that the recurrence asks for; the proof judges the instants.
    """
    calendars = when.calendars()
    members = when.members if isinstance(when, Union) else (when,)
    for feature, asks in (
        (Feature.CRON, calendars),
        (Feature.EVERY, any(isinstance(member, Every) for member in members)),
        (Feature.UNION, members != (when,)),
    ):
        if asks and count == 1:
            yield exact(feature, "the schedule of one CronJob")
        elif asks:
            yield emulated(feature, f"{count} CronJobs, each with Jobs and a history of its own")
    if calendars:
        yield exact(Feature.TIMEZONE, "timeZone of the CronJob")
    if any(calendar.day_rule == "any" for calendar in calendars):
        yield exact(Feature.DAY_UNION, "day of month and day of week in one text are joined by OR")


def _findings(
    spec: ScheduleSpec, target: Target, when: When, natives: tuple[Native, ...]
) -> Iterator[Finding]:
    count = len(natives)
    if not pod.can_run(spec.pipeline):
        reason = f"pipeline {spec.pipeline.name!r} has no pod that a CronJob could start"
        yield refused(Feature.SCHEDULE, reason, "its own refusal says what would work")
    elif natives:
        yield exact(Feature.SCHEDULE, "a CronJob starts each run")
    for number in range(1, count + 1):
        yield from identity.check_cron_job(_name(spec, target, number))
    for native in natives:
        yield from check_zone(native.timezone)
    yield from _overlap(spec, target, count)
    yield from _deadline(spec)
    if natives:
        yield from _catch_up(spec, when, count)
    yield from _window(spec)
    if spec.parameters:
        yield exact(Feature.SCHEDULE_PARAMETERS, "filled into the CronJob's own pod template")
    if spec.paused:
        late = duration(_latest_start(spec))
        reason = f"suspend; when it ends, the latest run of the {late} before may still start"
        yield exact(Feature.PAUSED, reason)


def check_zone(name: str) -> Iterator[Finding]:
    """
    Refuse a zone whose name the API server would refuse, though the time zone data have it.
    """
    if not all(_ZONE_PART.fullmatch(part) for part in name.split("/")):
        reason = f"the API server takes no {name!r}: a part has at most 14 plain characters"
        nearest = "use another name of the same zone"
        yield refused(Feature.TIMEZONE, reason, nearest, f"{_URL}#time-zones")


def _overlap(spec: ScheduleSpec, target: Target, count: int) -> Iterator[Finding]:
    feature = _ALONE.get(spec.pipeline.overlap)
    if feature is None:
        return
    url = f"{_URL}#concurrency-policy"
    sees = "concurrencyPolicy sees only the Jobs of its own CronJob"
    if count > 1:
        nearest = "overlap='allow', or a schedule that one cron text can say"
        yield refused(feature, f"{sees}, and this schedule needs {count}", nearest, url)
    if target.starters:
        others = ", ".join(target.starters)
        nearest = "overlap='allow', or one schedule per pipeline"
        yield refused(feature, f"{sees}, and {others} start the same pipeline", nearest, url)


def _deadline(spec: ScheduleSpec) -> Iterator[Finding]:
    deadline = _latest_start(spec)
    if deadline < _SHORTEST_DEADLINE:
        reason = f"the controller looks every 10 s, so a deadline of {deadline} s loses runs"
        yield refused(Feature.STARTING_DEADLINE, reason, "starting_deadline='60s'", _DEADLINE_URL)
        return
    reason = "startingDeadlineSeconds; of late runs the latest may start, after an edit too"
    caution = "; below 60 s a busy control plane loses runs" if deadline < _SAFE_DEADLINE else ""
    yield exact(Feature.STARTING_DEADLINE, reason + caution)


def _catch_up(spec: ScheduleSpec, when: When, count: int) -> Iterator[Finding]:
    """
    The controller starts the latest missed run, unless uneven gaps mislead it: it estimates how
    many there are from the first two. So `latest` holds where no two runs fit into the deadline,
    or where all gaps are equal.
    """
    policy, window, deadline = spec.catch_up.policy, spec.catch_up.window, spec.starting_deadline
    if window is None:
        return
    shortest, longest = smallest_gap(when)
    if policy == "all":
        reason = "a CronJob starts at most the latest of several missed runs"
        nearest = f"catch_up=CatchUp('latest', window='{duration(min(window, shortest))}')"
        yield refused(Feature.CATCH_UP_ALL, reason, nearest, _DEADLINE_URL)
        return
    fits = _latest_start(spec) <= shortest or (count == 1 and shortest == longest)
    if not fits:
        most = duration(shortest)
        which = "each CronJob starts one" if count > 1 else "perhaps none starts"
        reason = f"runs come as close as {most}, and of several missed ones {which}"
        late = f" and starting_deadline='{most}'" if deadline > shortest else ""
        nearest = f"window='{most}'{late}"
        yield refused(Feature.CATCH_UP_LATEST, reason, nearest, _DEADLINE_URL)
    elif spec.pipeline.overlap == "forbid" and window > deadline:
        reason = (
            "startingDeadlineSeconds, so a run that overlap='forbid' skipped may start too, "
            f"up to {duration(window)} late"
        )
        yield emulated(Feature.CATCH_UP_LATEST, reason, _DEADLINE_URL)
    else:
        reason = "startingDeadlineSeconds; after an edit, what the new text had before is missed"
        yield exact(Feature.CATCH_UP_LATEST, reason)


def _window(spec: ScheduleSpec) -> Iterator[Finding]:
    reason = "a CronJob runs from its creation to its deletion"
    if spec.start is not None:
        nearest = "declare the schedule when it shall start, or set paused=True until then"
        yield refused(Feature.START, reason, nearest, _URL)
    if spec.end is not None:
        nearest = "remove the schedule when it shall end, or set paused=True from then on"
        yield refused(Feature.END, reason, nearest, _URL)


def _latest_start(spec: ScheduleSpec) -> int:
    """
    How many seconds after its instant a run may start: on time, late, or caught up with.
    """
    return max(spec.starting_deadline, spec.catch_up.window or 0)


def _name(spec: ScheduleSpec, target: Target, number: int) -> str:
    name = target.fixed_name(spec.name)
    return name if number == 1 else f"{name}-{number}"


def _cron_job(
    spec: ScheduleSpec, target: Target, options: Options, native: Native, number: int
) -> Node:
    metadata = pod.metadata(spec, target, options)
    name = _name(spec, target, number)
    inputs = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": options.namespace, **metadata},
        "spec": {
            "schedule": native.text,
            "timeZone": native.timezone,
            "concurrencyPolicy": _POLICIES[spec.pipeline.overlap],
            "startingDeadlineSeconds": _latest_start(spec),
            "successfulJobsHistoryLimit": options.successful_jobs_history_limit,
            "failedJobsHistoryLimit": options.failed_jobs_history_limit,
            "suspend": spec.paused,
            "jobTemplate": {"metadata": metadata, "spec": pod.job(spec, target, options)},
        },
    }
    own = () if options.service_account else ("pipeline/service_account",)
    key = "cron_job" if number == 1 else f"cron_job_{number}"
    fixed = {"delete_before_replace": True}
    return Node(key, CRON_JOB, inputs, after=(*identity.after(options), *own), options=fixed)
