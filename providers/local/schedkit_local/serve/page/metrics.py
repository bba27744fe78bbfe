"""
The ledger in numbers: Prometheus' text format.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit_local.serve.page import queries, view
from schedkit_local.serve.page.reading import coming
from schedkit_local.serve.rows import GOING


if TYPE_CHECKING:
    from collections.abc import Iterable

    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.rows import ScheduleRow

HOUR = 3_600
TYPE = "text/plain; version=0.0.4; charset=utf-8"
_QUANTILES = (0.5, 0.99, 1.0)


def exposed(ledger: Ledger, pid: int | None, now: float) -> str:
    """
    Return all metrics.
    """
    program, schedules = queries.program(ledger), ledger.schedules()
    counts = queries.pipeline_counts(ledger)
    going = sum(count for _, state, count in counts if state in GOING)
    waiting = sum(count for _, state, count in counts if state == "waiting")
    broken = program is None or bool(program.error)
    families = [
        _family("server_up", "Whether a server holds the state file.", [({}, pid is not None)]),
        _family("program_broken", "Whether a newer program is not served.", [({}, broken)]),
        _family("runs_running", "Runs that go on.", [({}, going)]),
        _family("runs_waiting", "Runs that wait for room.", [({}, waiting)]),
        _family(
            "runs",
            "Runs that the ledger holds; retention takes them away.",
            [({"pipeline": name, "state": state}, count) for name, state, count in counts],
        ),
        _family(
            "start_lateness_seconds",
            "Start after the due instant, of the runs of schedules in the past hour.",
            [({"quantile": f"{q:g}"}, value) for q, value in _late(ledger, now)],
        ),
        _family("schedule_paused", "Whether a schedule is paused.", _paused(schedules)),
        _family(
            "schedule_next_timestamp_seconds",
            "The next instant of a schedule.",
            _next(schedules, now),
        ),
    ]
    return "".join(families)


def _family(name: str, help_: str, samples: Iterable[tuple[dict[str, str], float]]) -> str:
    lines = [f"# HELP schedkit_{name} {help_}", f"# TYPE schedkit_{name} gauge"]
    for labels, value in samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"schedkit_{name}{f'{{{told}}}' if told else ''} {float(value):.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _late(ledger: Ledger, now: float) -> Iterable[tuple[float, float]]:
    found = queries.lateness(ledger, now - HOUR)
    for quantile in _QUANTILES if found else ():
        yield quantile, found[min(len(found) - 1, int(quantile * len(found)))]


def _paused(rows: list[ScheduleRow]) -> Iterable[tuple[dict[str, str], float]]:
    for row in rows:
        yield {"schedule": row.name}, bool(view.paused(row))


def _next(rows: list[ScheduleRow], now: float) -> Iterable[tuple[dict[str, str], float]]:
    for row in rows:
        if view.paused(row):
            continue
        try:
            found = coming(str(row.document["when"]), max(now, row.since - 1), 1)
        except view.UNREADABLE:
            continue
        for at in found:
            yield {"schedule": row.name}, at
