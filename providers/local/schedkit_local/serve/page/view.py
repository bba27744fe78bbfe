"""
From rows of the ledger to what stands on the page: pure functions, the clock is an argument.

Of a program's document only names, parameters and findings are looked at: its variables are
secret.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from schedkit.exceptions import SchedkitError
from schedkit.recurrence import Zone
from schedkit.recurrence.durations import duration
from schedkit_local.serve.page import reading
from schedkit_local.serve.page.words import Moment, distance, moment, plural, took
from schedkit_local.serve.rows import GOING, OPEN


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from schedkit_local.serve.rows import ProgramRow, Request, Run, ScheduleRow, StepRow

MARKS = {
    "waiting": "◔",
    "starting": "◔",
    "running": "▶",
    "succeeded": "✓",
    "failed": "✕",
    "stopped": "■",
    "lost": "?",
    "missed": "○",
    "skipped": "↷",
}
UNREADABLE = (SchedkitError, ValueError, KeyError, TypeError)
STATES = tuple(state for state in MARKS if state != "skipped")
ON_TIME = 2.0  # seconds of lateness that are not worth a word
PATIENCE = 10.0  # seconds that a server may take to answer


@attrs.frozen(kw_only=True)
class RunLine:
    """
    A run as a row of a table.
    """

    id: str
    schedule: str
    pipeline: str
    state: str
    scheduled: Moment
    started: Moment | None
    late: str
    took: str
    reason: str
    cause: str
    parameters: Mapping[str, Any]
    exit_code: int | None
    is_open: bool
    is_going: bool


@attrs.frozen(kw_only=True)
class ScheduleLine:
    """
    A schedule as a row of a table.

    Attributes:
        text: Cron text, or an expression where cron cannot say it.
        sentence: The same for people.
        error: Why it cannot be read; then nothing else is known of it.
        paused: By whom; empty when it is not.
    """

    name: str
    pipeline: str
    text: str
    sentence: str = ""
    error: str = ""
    zone: str = "UTC"
    paused: str = ""
    paused_by_hand: bool = False
    coming: tuple[Moment, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    last: RunLine | None = None


@attrs.frozen(kw_only=True)
class Problem:
    """
    What a banner says.
    """

    title: str
    text: str
    grave: bool = True


def run_line(run: Run, now: float, zone: tzinfo = UTC) -> RunLine:
    """
    Return a run as it is shown, its instant on the clocks of a zone.
    """
    end = run.ended if run.ended is not None else now if run.state in GOING else None
    late = 0.0 if run.started is None else run.started - run.due
    return RunLine(
        id=run.id,
        schedule="" if run.is_by_hand else run.schedule,
        pipeline=run.pipeline,
        state=run.state,
        scheduled=moment(run.scheduled, now, zone),
        started=None if run.started is None else moment(run.started, now, zone),
        late=f"{took(late)} late" if late >= ON_TIME else "",
        took="" if run.started is None or end is None else took(end - run.started),
        reason=run.reason,
        cause=run.cause,
        parameters=run.parameters,
        exit_code=run.exit_code,
        is_open=run.state in OPEN,
        is_going=run.state in GOING,
    )


def zone_of(row: ScheduleRow) -> tzinfo:
    """
    Return the zone of a schedule; UTC where nobody can read it.
    """
    try:
        return Zone.of(reading.when_of(row.document["when"]).timezone).tzinfo
    except UNREADABLE:
        return UTC


def schedule_line(row: ScheduleRow, last: Run | None, now: float, count: int = 3) -> ScheduleLine:
    """
    Return a schedule and its next *count* runs, none while it is paused.
    """
    text = str(row.document.get("when", ""))
    shown = None if last is None else run_line(last, now, zone_of(row))
    try:
        when = reading.when_of(text)
        zone = Zone.of(when.timezone).tzinfo
        halted = paused(row)
        ahead = [] if halted else reading.coming(text, max(now, row.since - 1), count)
    except UNREADABLE as error:
        return ScheduleLine(
            name=row.name, pipeline=row.pipeline, text=text, error=str(error), last=shown
        )
    return ScheduleLine(
        name=row.name,
        pipeline=row.pipeline,
        text=reading.native(text),
        sentence=when.explain(),
        zone=when.timezone,
        paused=halted,
        paused_by_hand=row.paused,
        coming=tuple(moment(at, now, zone) for at in ahead),
        facts=tuple(_facts(row.document)),
        last=shown,
    )


def paused(row: ScheduleRow) -> str:
    """
    Return by whom a schedule is paused; empty when it is not.
    """
    by = {"by you": row.paused, "by the program": bool(row.document.get("paused"))}
    return " and ".join(who for who, paused in by.items() if paused)


def _facts(document: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield "starting deadline", duration(int(document.get("startingDeadlineSeconds", 300)))
    catch_up = document.get("catchUp") or {"policy": "none"}
    window = catch_up.get("windowSeconds")
    back = f" of {duration(int(window))}" if window else ""
    yield "catch-up", f"{catch_up['policy']}{back}"
    if document.get("jitterSeconds"):
        yield "jitter", f"up to {duration(int(document['jitterSeconds']))}"
    for name, value in (document.get("parameters") or {}).items():
        yield f"parameter {name}", str(value)


def problems(
    program: ProgramRow | None,
    pid: int | None,
    waiting: Iterable[Request],
    tzdata: str,
    now: float,
) -> list[Problem]:
    """
    Return what whoever looks at the page must know first.
    """
    found = []
    if pid is None:
        text = "Nothing starts until it is there: schedkit serve DIR"
        found.append(Problem(title="No server is running.", text=text))
    if program is None:
        text = "The first program is being loaded, or could not be."
        found.append(Problem(title="No program is served yet.", text=text, grave=False))
    elif program.error:
        title = f"The program is broken; the one of {moment(program.loaded, now).text} goes on."
        found.append(Problem(title=title, text=program.error))
    if waiting and pid is not None:
        oldest = min(each.made for each in waiting)
        text = f"The oldest was made {distance(oldest - now)}."
        title = f"The server has not answered {plural(len(list(waiting)), 'request')}."
        found.append(Problem(title=title, text=text))
    year = datetime.fromtimestamp(now, UTC).year
    if tzdata[:4].isdigit() and int(tzdata[:4]) < year - 1:
        text = "Offsets of zones may have changed since: update tzdata, then reload."
        title = f"The time zone data is of {tzdata}."
        found.append(Problem(title=title, text=text, grave=False))
    return found


def overdue(waiting: list[Request], now: float) -> list[Request]:
    """
    Return the requests that should have been answered.
    """
    return [each for each in waiting if now - each.made > PATIENCE]


@attrs.frozen(kw_only=True)
class StepLine:
    """
    A step of a run.
    """

    name: str
    state: str
    attempts: int
    exit_code: int | None
    took: str
    has_log: bool
    is_open: bool


def step_line(step: StepRow) -> StepLine:
    """
    Return a step as it is shown.
    """
    return StepLine(
        name=step.name,
        state=step.state,
        attempts=step.attempts,
        exit_code=step.exit_code,
        took=took(step.seconds) if step.seconds else "",
        has_log=bool(step.log),
        is_open=step.state in {"running", "failed", "stopped"},
    )


def in_order(
    steps: Iterable[StepRow], document: Mapping[str, Any], pipeline: str
) -> list[StepRow]:
    """
    Return steps as the program that is served orders them.
    """
    run = document.get("pipelines", {}).get(pipeline, {}).get("run", {})
    ranks = {name: rank for rank, name in enumerate(run.get("steps", {}))}
    return sorted(steps, key=lambda step: (ranks.get(step.name, len(ranks)), step.name))


def converted(default: object, text: str) -> object:
    """
    Return what a form says of a parameter, as the type of its default.

    Raises:
        ValueError: It is not of that type.
    """
    if isinstance(default, bool):
        if text not in {"true", "false"}:
            raise ValueError(text)
        return text == "true"
    if isinstance(default, int | float):
        return type(default)(text)
    return text
