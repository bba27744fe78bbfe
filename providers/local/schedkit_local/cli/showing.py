"""
Runs as lines of a table and as plain data. Times are in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from schedkit_local.serve.page.words import took
from schedkit_local.serve.rows import GOING, StepRow


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.rows import Run

HEADER = ("run", "state", "scheduled", "by", "late", "took", "why")
COLOURS = {
    "waiting": "bright_black",
    "starting": "cyan",
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "stopped": "yellow",
    "lost": "red",
    "missed": "yellow",
}


def instant(at: float) -> str:
    """
    `2026-01-31T09:00:00Z`, with thousandths where there are any.
    """
    found = datetime.fromtimestamp(round(at, 3), UTC)
    kept = "milliseconds" if found.microsecond else "seconds"
    return found.isoformat(timespec=kept).replace("+00:00", "Z")


def plain(text: str) -> str:
    """
    The first line of a text that may come from anywhere, without what a terminal obeys.
    """
    first = text.strip().partition("\n")[0]
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in first)


def state(text: str, width: int = 0) -> str:
    """
    The state of a run, in its colour.
    """
    return click.style(f"{text:<{width}}", fg=COLOURS[text])


def table(runs: Iterable[Run], now: float) -> list[str]:
    """
    Aligned lines, the first a header.
    """
    rows = [HEADER, *(_cells(run, now) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = []
    for number, row in enumerate(rows):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        cells[-1] = row[-1]
        if number:
            cells[1] = state(row[1], widths[1])
        line = "  ".join(cells).rstrip()
        lines.append(line if number else click.style(line, bold=True))
    return lines


def _cells(run: Run, now: float) -> tuple[str, ...]:
    began = run.started if run.state not in {"waiting", "missed"} else None
    end = now if run.state in GOING else run.ended
    late = "" if began is None else took(began - run.due)
    spent = "" if began is None or end is None else took(end - began)
    why = plain(run.reason)
    return run.id, run.state, instant(run.scheduled), run.cause, late, spent, why


def steps_of(ledger: Ledger, runs: Sequence[Run]) -> dict[int, list[StepRow]]:
    """
    The steps of runs, by the number of the run.
    """
    numbers = ", ".join(str(run.seq) for run in runs)
    rows = ledger.read(StepRow, f"SELECT * FROM step WHERE run IN ({numbers})")  # noqa: S608
    found: dict[int, list[StepRow]] = {run.seq: [] for run in runs}
    for row in rows:
        found[row.run].append(row)
    return found


def data(run: Run, steps: Iterable[StepRow]) -> dict[str, Any]:
    """
    A run as plain data for `--json`.
    """
    return {
        "id": run.id,
        "schedule": None if run.is_by_hand else run.schedule,
        "pipeline": run.pipeline,
        "cause": run.cause,
        "state": run.state,
        "reason": run.reason,
        "scheduled": instant(run.scheduled),
        "due": instant(run.due),
        "started": _instant(run.started),
        "ended": _instant(run.ended),
        "exitCode": run.exit_code,
        "parameters": run.parameters,
        "folder": run.folder,
        "steps": [_step(step) for step in steps],
    }


def _instant(at: float | None) -> str | None:
    return None if at is None else instant(at)


def _step(step: StepRow) -> Mapping[str, Any]:
    return {
        "name": step.name,
        "state": step.state,
        "attempts": step.attempts,
        "exitCode": step.exit_code,
        "seconds": step.seconds,
        "log": step.log,
    }
