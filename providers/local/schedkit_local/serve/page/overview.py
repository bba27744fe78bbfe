"""
The first page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from schedkit_local.serve.page import queries, reading, timeline, view
from schedkit_local.serve.page.timeline import DAY, Lane


if TYPE_CHECKING:
    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.rows import ScheduleRow

PER_PAGE = 25
LATEST = 10


def values(ledger: Ledger, now: float, wanted: str, page: int) -> dict[str, Any]:
    """
    Return all that the template shows.

    Args:
        ledger: To be read.
        now: Unix seconds.
        wanted: Part of the names of the schedules to show.
        page: Of the table of schedules, from 1.
    """
    total = queries.schedule_count(ledger)
    rows = queries.schedules(ledger, wanted, (page - 1) * PER_PAGE, PER_PAGE + 1)
    shown = rows[:PER_PAGE]
    program = ledger.program()
    document: Mapping[str, Any] = program.document if program else {}
    pipelines = document.get("pipelines", {})
    lanes = [lane_of(ledger, row, now) for row in shown]
    if page == 1 and not wanted:
        lanes += [_hand(ledger, name, now) for name in queries.by_hand(ledger, now - DAY)]
    return {
        "figures": figures(queries.state_counts(ledger, now - DAY), total),
        "schedules": [
            view.schedule_line(row, queries.last_run(ledger, row.name), now) for row in shown
        ],
        "lanes": lanes,
        "marks_of_time": timeline.MARKS,
        "runs": [view.run_line(each, now) for each in ledger.runs(limit=LATEST)],
        "findings": document.get("findings", []),
        "pipelines": {name: reading.parameters(each) for name, each in sorted(pipelines.items())},
        "wanted": wanted,
        "total": total,
        "page": page,
        "more": len(rows) > PER_PAGE,
        "every": 5000,
    }


def figures(counts: Mapping[str, int], schedules: int) -> list[tuple[int, str, str]]:
    """
    Return number, words and state of the figures at the top.
    """
    bad = {state: counts.get(state, 0) for state in queries.BAD}
    going = counts.get("starting", 0) + counts.get("running", 0)
    return [
        (schedules, "schedules", ""),
        (going, "running", "running" if going else ""),
        (counts.get("waiting", 0), "waiting", ""),
        (counts.get("succeeded", 0), "succeeded in 24 h", ""),
        *((count, f"{state} in 24 h", state if count else "") for state, count in bad.items()),
    ]


def lane_of(ledger: Ledger, row: ScheduleRow, now: float) -> Lane:
    """
    Return a schedule's lane of the timeline.
    """
    bars = queries.bars(ledger, row.name, now - DAY, now)
    paused = view.paused(row)
    ahead: list[int] = []
    if not paused and row.removed is None:
        try:
            after = max(now, row.since - 1)
            text = str(row.document["when"])
            ahead = reading.coming(text, after, timeline.COUNTED, now + DAY)
        except view.UNREADABLE:
            pass  # the table says so
    href = f"/schedules/{row.name}"
    return timeline.lane(row.name, href, bars, ahead, now, paused=bool(paused))


def _hand(ledger: Ledger, name: str, now: float) -> Lane:
    bars = queries.bars(ledger, name, now - DAY, now)
    return timeline.lane(f"{name[1:]}, by hand", "", bars, [], now, paused=False)
