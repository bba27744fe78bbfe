"""
`schedkit runs` and `schedkit logs`: they read the state file, whether a server runs or not.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, get_args

import attrs
import click

from schedkit.cli.group import DONE, json_option, print_json
from schedkit.exceptions import RunFailedError, SpecError
from schedkit.inputs import hint
from schedkit_local.cli import showing
from schedkit_local.cli.state import (
    is_abandoned,
    opened,
    program_of,
    run_named,
    schedule_named,
    starter,
    state_option,
)
from schedkit_local.serve.ledger import is_served
from schedkit_local.serve.page.logs import CHUNK, path_of
from schedkit_local.serve.page.logs import opened as opened_log
from schedkit_local.serve.rows import OPEN, State


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.rows import Run, StepRow

LOOK = 0.2  # seconds between two looks at a log that is followed


def _states(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...]:
    states = tuple(text.split(",")) if text else ()
    for state in states:
        if state not in get_args(State):
            raise click.UsageError(
                f"--state-of {state!r} is no state of a run; {hint(state, get_args(State))}"
            )
    return states


@click.command()
@click.argument("schedule", required=False)
@click.option("--pipeline", metavar="P", help="Of this one alone.")
@click.option(
    "--state-of", "states", callback=_states, metavar="STATE,...", help="In one of these states."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@state_option
@json_option
def runs(
    schedule: str | None,
    pipeline: str | None,
    states: tuple[str, ...],
    limit: int,
    state: Path,
    *,
    as_json: bool,
) -> int:
    """
    The runs of a server, the latest first: of SCHEDULE alone, when it is given.

    \b
    schedkit runs
    schedkit runs nightly --state-of failed,lost,missed
    schedkit runs --pipeline train --limit 100 --json
    """  # noqa: D301
    with opened(state) as ledger:
        if schedule is not None:
            schedule_named(ledger, schedule, removed=True)
        if pipeline is not None:
            _check_pipeline(ledger, pipeline)
        asked = {"schedule": schedule, "pipeline": pipeline, "states": states}
        found = ledger.runs(**asked, limit=limit)  # type: ignore[arg-type]
        if as_json:
            print_json(_data(ledger, found))
            return DONE
        if found:
            click.echo("\n".join(showing.table(found, time.time())))
        elif any(asked.values()):
            click.echo("no such run; `schedkit runs` shows all")
        else:
            click.echo("\n".join(_nothing(ledger)))
        for note in _notes(ledger):
            click.echo(note, err=True)
    return DONE


def _check_pipeline(ledger: Ledger, name: str) -> None:
    known = {pipeline for (pipeline,) in ledger.count("SELECT DISTINCT pipeline FROM run")}
    row = ledger.program()
    known |= set(row.document["pipelines"]) if row else set()
    if name not in known:
        raise SpecError(f"pipeline {name!r}", "is not served", hint(name, known))


def _data(ledger: Ledger, found: list[Run]) -> dict[str, Any]:
    row = ledger.program()
    steps = showing.steps_of(ledger, found)
    return {
        "state": str(ledger.path),
        "server": is_served(ledger.path),
        "error": row.error if row else "",
        "runs": [showing.data(run, steps[run.seq]) for run in found],
    }


def _notes(ledger: Ledger) -> Iterator[str]:
    """
    What whoever looks at runs must know.
    """
    row = ledger.program()
    if row is not None and row.error:
        yield f"warning: {row.error}"
    if is_served(ledger.path) is None:
        yield f"warning: no server runs, so nothing starts; start it: {starter(ledger)}"


def _nothing(ledger: Ledger) -> Iterator[str]:
    """
    What to do when there is no run yet.
    """
    from schedkit_local.schedule import read_schedule

    row = ledger.program()
    if row is None:
        yield f"no program yet; start its server: {starter(ledger)}"
        return
    yield "no run yet"
    for schedule in ledger.schedules():
        name = schedule.name
        found = read_schedule(schedule.document, f"Schedule {name!r}")
        if schedule.paused:
            yield f"{name} is paused: schedkit resume {name}"
        elif found.paused:
            yield f"{name} is paused by the program"
        elif coming := found.instants().next(1, after=datetime.now(UTC)):
            yield f"{name} runs next at {showing.instant(coming[0].timestamp())}"
    for name in row.document["pipelines"]:
        yield f"run {name} now: schedkit trigger {name}"


@click.command()
@click.argument("run")
@click.option("--step", metavar="S", help="Of this one alone.")
@click.option("--attempt", type=click.IntRange(1), metavar="N", help="The last, when left out.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run is over.")
@state_option
def logs(run: str, step: str | None, attempt: int | None, state: Path, *, follow: bool) -> int:
    """
    What the steps of RUN have printed, as they printed it.

    \b
    schedkit logs nightly-20260101t010000z
    schedkit logs nightly-20260101t010000z --step fit --attempt 1
    schedkit logs nightly-20260101t010000z --follow
    """  # noqa: D301
    with opened(state) as ledger:
        row = run_named(ledger, run)
        if step is not None:
            _check_step(ledger, row, step)
        reader = _Reader(ledger, step, attempt)
        while follow and row.state in OPEN and not is_abandoned(ledger, row):
            reader.show(row)
            time.sleep(LOOK)
            row = ledger.run(run) or row
        reader.show(row, whole=True)
        if not reader.shown:
            raise RunFailedError(f"run {run!r}", *_silent(row, step, attempt))
    return DONE


def _check_step(ledger: Ledger, run: Run, name: str) -> None:
    known = {step.name for step in ledger.steps(run)} | set(_order(ledger, run))
    if name not in known:
        raise SpecError(f"step {name!r}", f"run {run.id!r} has none", hint(name, known))


def _order(ledger: Ledger, run: Run) -> list[str]:
    pipeline = program_of(ledger).document["pipelines"].get(run.pipeline, {"run": {"steps": {}}})
    return list(pipeline["run"]["steps"])


def _silent(run: Run, step: str | None, attempt: int | None) -> tuple[str, str]:
    """
    Why there is no log, and what to do.
    """
    told = f": {showing.plain(run.reason)}" if run.reason else ""
    if run.state == "waiting":
        return "has not started", "--follow waits for it"
    if run.state == "missed":
        return f"never started{told}", "schedkit backfill runs what was missed"
    if step is not None or attempt is not None:
        what = "no step has a log" if step is None else f"step {step!r} has no log"
        which = "" if attempt is None else f" in attempt {attempt}"
        return f"{what}{which}", f"see all: schedkit logs {run.id}"
    return f"{run.state}, without a log{told}", ""


@attrs.define
class _Reader:
    """
    Prints the logs of a run, each byte once.

    Attributes:
        shown: Which attempts of which steps have been printed, and how far.
    """

    ledger: Ledger
    step: str | None
    attempt: int | None
    shown: dict[tuple[str, int], int] = attrs.field(factory=dict, init=False)
    _looked: bool = attrs.field(default=False, init=False)
    _first: dict[str, int] = attrs.field(factory=dict, init=False)  # attempt, by step
    _last: tuple[str, int] | None = attrs.field(default=None, init=False)
    _broken: bool = attrs.field(default=False, init=False)  # whether a line is not at its end

    def show(self, run: Run, *, whole: bool = False) -> None:
        """
        Print what is new; only whole lines, until *whole* says that no more will come.
        """
        order = {name: number for number, name in enumerate(_order(self.ledger, run))}
        steps = {step.name: step for step in self.ledger.steps(run)}
        for step in sorted(steps.values(), key=lambda each: order.get(each.name, len(order))):
            if self.step in {None, step.name}:
                for attempt in self._attempts(step):
                    over = whole or attempt < step.attempts or step.state != "running"
                    self._print(run, step, attempt, whole=over)
        self._looked = True

    def _attempts(self, step: StepRow) -> list[int]:
        if self.attempt is not None:
            return [self.attempt]
        last = max(1, step.attempts)
        first = self._first.setdefault(step.name, 1 if self._looked else last)
        return list(range(first, last + 1))

    def _print(self, run: Run, step: StepRow, attempt: int, *, whole: bool) -> None:
        key = (step.name, attempt)
        at = self.shown.get(key, 0)
        with suppress(OSError), opened_log(path_of(run, step, attempt)) as stream:
            while part := _part(stream, at, whole=whole):
                self._head(step, attempt)
                click.echo(part, nl=False)
                self._broken = not part.endswith(b"\n")
                at += len(part)
                self.shown[key] = at
            if whole and key not in self.shown:  # a log that is empty
                self._head(step, attempt)
                self.shown[key] = 0

    def _head(self, step: StepRow, attempt: int) -> None:
        if self.step is not None or self._last == (step.name, attempt):
            return
        if self._broken:
            click.echo()
        self._last = (step.name, attempt)
        code = "" if step.exit_code in {None, 0} else f", exit code {step.exit_code}"
        last = f": {step.state}{code}" if attempt == step.attempts else ""
        click.secho(f"==> {step.name}, attempt {attempt}{last} <==", bold=True)


def _part(stream: BinaryIO, at: int, *, whole: bool) -> bytes:
    stream.seek(at)
    part = stream.read(CHUNK)
    if whole or len(part) == CHUNK:
        return part
    return part[: part.rfind(b"\n") + 1]
