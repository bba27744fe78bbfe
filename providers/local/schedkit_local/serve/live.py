"""
What a server does, on its terminal: `python -m schedkit_local.serve.live FILE` until SIGTERM.

A process of its own, which reads the ledger twice a second.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from schedkit.recurrence.durations import duration
from schedkit_local.progress import STYLES
from schedkit_local.serve.ledger import Ledger
from schedkit_local.serve.program import Program
from schedkit_local.serve.rows import OPEN


if TYPE_CHECKING:
    from schedkit_local.serve.rows import Run

SHOWN = 12
LOOKS = 0.5  # seconds between two looks
COLOURS = {**STYLES, "starting": "cyan", "lost": "bold red", "missed": "yellow"}


def draw(ledger: Ledger, now: float) -> Group:
    """
    Return a table of what comes next, and one of the latest runs.
    """
    loaded = ledger.count("SELECT loaded FROM program")
    parts = [_coming(ledger, _program(ledger, *loaded[0]), now)] if loaded else []
    latest = Table("run", "state", "late", "seconds", box=None, header_style="bold")
    for run in reversed(ledger.runs(limit=SHOWN)):
        latest.add_row(*_cells(run, now))
    return Group(*parts, "", latest)


@lru_cache(maxsize=1)
def _program(ledger: Ledger, _: float) -> Program:
    """
    The program, read anew only when it was loaded anew: thousands of schedules take their time.
    """
    return Program.of(ledger)


def _coming(ledger: Ledger, program: Program, now: float) -> Table:
    table = Table("schedule", "next", "in", box=None, header_style="bold")
    paused = {each.name for each in ledger.schedules() if each.paused}
    after = datetime.fromtimestamp(now, UTC)
    found = [
        (at[0], name)
        for name, each in program.schedules.items()
        if name not in paused
        and not each.rule.paused
        and (at := each.rule.when.next(1, after=after))
    ]
    for at, name in sorted(found)[:SHOWN]:
        left = duration(max(0, int(at.timestamp() - now)))
        table.add_row(name, at.isoformat(), left)
    return table


def _cells(run: Run, now: float) -> tuple[str, Text, str, str]:
    began = run.started if run.state not in {"waiting", "missed"} else None
    late = "" if began is None else f"{began - run.due:.2f} s"
    spent = "" if began is None else f"{(run.ended or now) - began:.1f}"
    why = f"  {run.reason.splitlines()[0]}" if run.reason and run.state not in OPEN else ""
    return run.id, Text(run.state + why, COLOURS[run.state]), late, spent


def main(path: Path) -> None:
    """
    Draw until SIGTERM, or until the server is no more.
    """
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = os.getppid()
    ledger = Ledger.open(path)
    with Live(console=Console(), auto_refresh=False) as live:
        while not over and os.getppid() == server:
            live.update(draw(ledger, time.time()), refresh=True)
            time.sleep(LOOKS)
        live.update(draw(ledger, time.time()), refresh=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
