"""
Commands that ask the server for something: `trigger`, `pause`, `resume`, `backfill`, `cancel` and
`reload`. They write a request into its state file, wake it, and print what it answers.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import click

from schedkit.cli.cron import instant_of
from schedkit.cli.group import DONE, REFUSED, json_option, pairs, print_json
from schedkit.exceptions import RunFailedError, SpecError
from schedkit.inputs import hint
from schedkit_local.cli import showing
from schedkit_local.cli.state import (
    is_abandoned,
    opened,
    pipeline_named,
    program_of,
    run_named,
    schedule_named,
    starter,
    state_option,
)
from schedkit_local.serve.ledger import is_served
from schedkit_local.serve.rows import AGAIN, OPEN


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.rows import Request, Run, ScheduleRow

LOOK = 0.05  # seconds between two looks for an answer
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the server may take to answer.",
)


@click.command()
@click.argument("pipeline")
@click.option(
    "-p", "--parameter", "parameters", multiple=True, callback=pairs, metavar="KEY=VALUE",
    help="Wins over the pipeline's default.",
)  # fmt: skip
@click.option("--wait", is_flag=True, help="Until the run is over; exit with 1 if it fails.")
@timeout_option
@state_option
@json_option
def trigger(
    pipeline: str,
    parameters: dict[str, str],
    state: Path,
    timeout: float,
    *,
    wait: bool,
    as_json: bool,
) -> int:
    """
    Run PIPELINE now, beside its schedules, as its overlap rule allows.

    \b
    schedkit trigger train
    schedkit trigger train -p day=2026-01-01 --wait
    """  # noqa: D301
    with opened(state) as ledger:
        defaults = pipeline_named(ledger, pipeline).get("parameters", {})
        given = {name: typed(name, text, defaults) for name, text in parameters.items()}
        request = ask(ledger, "trigger", {"pipeline": pipeline, "parameters": given}, timeout)
        run = _triggered(ledger, request)
        if wait and run is not None:
            run = _over(ledger, run)
        more = {"run": run and showing.data(run, showing.steps_of(ledger, [run])[run.seq])}
        code = answered(ledger, request, timeout, more, as_json=as_json)
        if not wait:
            return code
        if run is None:
            return REFUSED
        if not as_json:
            click.echo("\n".join(showing.table([run], time.time())))
        if run.state in OPEN:
            click.echo(f"error: its server has ended; start it: {starter(ledger)}", err=True)
        return DONE if run.state == "succeeded" else REFUSED


def typed(name: str, text: str, defaults: Mapping[str, Any]) -> str | int | float | bool:
    """
    What an option says of a parameter, as the type of its default.

    Raises:
        SpecError: There is no such parameter, or the text is not of that type.
    """
    if name not in defaults:
        reason = "the pipeline has none of that name"
        raise SpecError(f"parameter {name!r}", reason, hint(name, defaults))
    default = defaults[name]
    kind = type(default)
    if kind not in READERS:
        return text
    try:
        return READERS[kind](text)
    except (KeyError, ValueError):
        cure = "write true or false" if kind is bool else f"write a number such as {default}"
        raise SpecError(f"parameter {name!r}", f"{text!r} is no {kind.__name__}", cure) from None


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


READERS: dict[type, Callable[[str], int | float]] = {
    bool: {"true": True, "false": False}.__getitem__,
    int: int,
    float: _finite,
}


def _triggered(ledger: Ledger, request: Request) -> Run | None:
    """
    The run that an answer speaks of: its sentence begins with the id.
    """
    answer = request.answer or {"ok": False}
    return ledger.run(answer["text"].split()[0]) if answer["ok"] else None


def _over(ledger: Ledger, run: Run) -> Run:
    while run.state in OPEN and not is_abandoned(ledger, run):
        time.sleep(LOOK)
        run = ledger.run(run.id) or run
    return run


def _paused(verb: str, schedule: str, state: Path, timeout: float, *, as_json: bool) -> int:
    with opened(state) as ledger:
        schedule_named(ledger, schedule)
        request = ask(ledger, verb, {"schedule": schedule}, timeout)
        return answered(ledger, request, timeout, as_json=as_json)


@click.command()
@click.argument("schedule")
@timeout_option
@state_option
@json_option
def pause(*, as_json: bool, **asked: Any) -> int:
    """
    Start no run of SCHEDULE until it is resumed; what passes meanwhile is not caught up with.

    A pause outlives the server, its reloads and its restarts.

    \b
    schedkit pause nightly
    """  # noqa: D301
    return _paused("pause", **asked, as_json=as_json)


@click.command()
@click.argument("schedule")
@timeout_option
@state_option
@json_option
def resume(*, as_json: bool, **asked: Any) -> int:
    """
    End what `schedkit pause` began.

    \b
    schedkit resume nightly
    """  # noqa: D301
    return _paused("resume", **asked, as_json=as_json)


@click.command()
@click.argument("schedule")
@click.option("--from", "start", required=True, metavar="INSTANT", help="RFC 3339; the first.")
@click.option("--to", "stop", required=True, metavar="INSTANT", help="RFC 3339; not it itself.")
@click.option("--dry-run", is_flag=True, help="Only say what would run.")
@timeout_option
@state_option
@json_option
def backfill(
    schedule: str,
    start: str,
    stop: str,
    state: Path,
    timeout: float,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """
    Run the instants of SCHEDULE in a time that has passed, unless they have had their run.

    What was missed or lost runs again; what succeeded, failed or was stopped does not.

    \b
    schedkit backfill nightly --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --dry-run
    schedkit backfill nightly --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z
    """  # noqa: D301
    first, last = _bounds(start, stop)
    with opened(state) as ledger:
        row = schedule_named(ledger, schedule)
        if dry_run:
            return _dry(ledger, row, first, last, as_json=as_json)
        arguments = {"schedule": schedule, "from": first, "to": last}
        request = ask(ledger, "backfill", arguments, timeout)
        return answered(ledger, request, timeout, as_json=as_json)


def _bounds(start: str, stop: str) -> tuple[int, int]:
    first, last = instant_of(start, "--from"), instant_of(stop, "--to")
    if first >= last:
        raise SpecError(f"--to {stop!r}", f"is not after --from {start!r}", "give a later one")
    if first >= instant_of(None):
        raise SpecError(f"--from {start!r}", "has not come yet", "give an earlier one")
    return math.ceil(first.timestamp()), math.ceil(last.timestamp())


def _dry(ledger: Ledger, row: ScheduleRow, start: int, stop: int, *, as_json: bool) -> int:
    from schedkit_local.schedule import read_schedule
    from schedkit_local.serve.requests import few

    when = read_schedule(row.document, f"Schedule {row.name!r}").instants()
    instants = few(row.name, when, start, min(stop, int(time.time())))
    had = dict(
        ledger.count(
            "SELECT scheduled, state FROM run WHERE schedule = :name AND scheduled >= :start "
            "AND scheduled < :stop",
            name=row.name,
            start=start,
            stop=stop,
        )
    )
    lines = [
        (showing.instant(at), had.get(at), at not in had or had[at] in AGAIN) for at in instants
    ]
    wanted = sum(would for _, _, would in lines)
    if as_json:
        found = [{"scheduled": at, "state": was, "wouldRun": would} for at, was, would in lines]
        print_json({"schedule": row.name, "wouldRun": wanted, "instants": found})
        return DONE
    for at, was, would in lines:
        click.echo(f"{at}  {'would run' if would else 'would not run'}{f', {was}' if was else ''}")
    click.echo(f"{wanted} of {len(lines)} would run")
    return DONE


@click.command()
@click.argument("run")
@timeout_option
@state_option
@json_option
def cancel(run: str, state: Path, timeout: float, *, as_json: bool) -> int:
    """
    End RUN with all that its steps have started, or take it back before it starts.

    \b
    schedkit cancel nightly-20260101t010000z
    """  # noqa: D301
    with opened(state) as ledger:
        row = run_named(ledger, run)
        if row.state not in OPEN:
            raise RunFailedError(f"run {run!r}", f"is over: {row.state}")
        request = ask(ledger, "cancel", {"run": run}, timeout)
        return answered(ledger, request, timeout, as_json=as_json)


@click.command()
@timeout_option
@state_option
@json_option
def reload(state: Path, timeout: float, *, as_json: bool) -> int:
    """
    Load the program again: schedules that mean the same go on, a broken program changes nothing.

    SIGHUP does the same, without an answer.

    \b
    schedkit reload --timeout 120
    """  # noqa: D301
    with opened(state) as ledger:
        program_of(ledger)
        return answered(ledger, ask(ledger, "reload", {}, timeout), timeout, as_json=as_json)


def ask(ledger: Ledger, verb: str, arguments: Mapping[str, Any], timeout: float) -> Request:
    """
    Ask, and wait for the answer of a server that is there; return the request as it is then.
    """
    number = ledger.ask(verb, arguments)
    until = time.monotonic() + timeout
    while True:
        served = is_served(ledger.path) is not None
        found = ledger.request(number)
        if found is None or found.done is not None or not served or time.monotonic() > until:
            break
        time.sleep(LOOK)
    if found is None:
        culprit = f"request {number}"
        raise RunFailedError(culprit, "was forgotten before it was answered", "ask again")
    return found


def answered(
    ledger: Ledger,
    request: Request,
    timeout: float,
    more: Mapping[str, Any] | None = None,
    *,
    as_json: bool,
) -> int:
    """
    Print what became of a request; return the exit code.
    """
    server = is_served(ledger.path)
    answer = request.answer or {"ok": None}
    if answer["ok"] is not None:
        text = answer["text"]
    elif server is None:
        text = (
            f"no server runs: request {request.id} waits in {ledger.path} for it; "
            f"start it: {starter(ledger)}"
        )
    else:
        text = (
            f"the server, process {server}, has not answered in {timeout:g} s; "
            f"request {request.id} stays in {ledger.path}"
        )
    good = answer["ok"] or (answer["ok"] is None and server is None)
    if as_json:
        told = {"request": request.id, "verb": request.verb, "ok": answer["ok"], "text": text}
        print_json({**told, "server": server, **(more or {})})
    else:
        click.echo(text if good else f"error: {text}", err=not good)
    return DONE if good else REFUSED
