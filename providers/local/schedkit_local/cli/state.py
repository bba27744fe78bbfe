"""
What all commands over a state file share: where it is, what is in it, and which name was meant.
"""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schedkit.exceptions import SpecError, StateError
from schedkit.inputs import hint
from schedkit.recurrence import checks
from schedkit_local.serve.ledger import STATE, Ledger, is_served
from schedkit_local.serve.process import lives
from schedkit_local.serve.rows import OPEN


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schedkit_local.serve.rows import ProgramRow, Run, ScheduleRow

VARIABLE = "SCHEDKIT_STATE"
NEAR = 1_000  # of the latest runs one may have been meant

state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    default=STATE,
    show_default=True,
    envvar=VARIABLE,
    metavar="FILE",
    help=f"Of the server, or the variable {VARIABLE}.",
)


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    """
    The ledger of a state file that is there.
    """
    ledger = Ledger.open(path)
    try:
        yield ledger
    finally:
        ledger.close()


def program_of(ledger: Ledger) -> ProgramRow:
    """
    What is served, or was served last.

    Raises:
        StateError: Nothing ever was.
    """
    found = ledger.program()
    if found is None:
        cure = "start its server: schedkit serve DIR"
        raise StateError(f"state file {ledger.path}", "has no program yet", cure)
    return found


def starter(ledger: Ledger) -> str:
    """
    The command that starts the server of a state file.
    """
    row = ledger.program()
    if row is None:
        return f"schedkit serve DIR --state {shlex.quote(str(ledger.path))}"
    words = ["schedkit", "serve", row.folder]
    if row.stack:
        words += ["--stack", row.stack]
    if ledger.path != Path(row.folder, STATE).resolve():
        words += ["--state", str(ledger.path)]
    return shlex.join(words)


def schedule_named(ledger: Ledger, name: str, *, removed: bool = False) -> ScheduleRow:
    """
    The schedule of that name.

    Raises:
        SpecError: There is none, or it is removed from the program and *removed* is false.
    """
    rows = {row.name: row for row in ledger.schedules(removed=True)}
    known = {each for each, row in rows.items() if removed or row.removed is None}
    if name in known:
        return rows[name]
    reason = "was removed from the program" if name in rows else "is not served"
    raise SpecError(f"schedule {name!r}", reason, hint(name, known))


def pipeline_named(ledger: Ledger, name: str) -> Mapping[str, Any]:
    """
    The document of the pipeline of that name.

    Raises:
        SpecError: The program has none.
    """
    known = program_of(ledger).document["pipelines"]
    if name not in known:
        raise SpecError(f"pipeline {name!r}", "is not served", hint(name, known))
    found: Mapping[str, Any] = known[name]["run"]
    return found


def run_named(ledger: Ledger, name: str) -> Run:
    """
    The run of that id.

    Raises:
        SpecError: There is none.
    """
    found = ledger.run(name)
    if found is not None:
        return found
    latest = next((r for r in ledger.runs(limit=NEAR) if name in {r.schedule, r.pipeline}), None)
    if latest is not None:
        cure = f"its latest run: {latest.id}"
    else:
        near = checks.hint(name, [run.id for run in ledger.runs(limit=NEAR)])
        cure = near or "`schedkit runs` lists them"
    raise SpecError(f"run {name!r}", "is not known", cure)


def is_abandoned(ledger: Ledger, run: Run) -> bool:
    """
    Whether nothing will become of a run until a server is started.
    """
    return run.state in OPEN and not lives(run.pid, run.birth) and is_served(ledger.path) is None
