"""
A newer program takes the place of an older one: schedules that mean the same go on, and the others
begin anew.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schedkit_local.serve.program import Program


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.program import Served
    from schedkit_local.serve.rows import ScheduleRow

YEARS = 1  # of runs that are compared
_PROGRAM = """
    INSERT INTO program (id, folder, stack, document, loaded)
    VALUES (1, :folder, :stack, :document, :now)
    ON CONFLICT (id) DO UPDATE SET folder = excluded.folder, stack = excluded.stack,
        document = excluded.document, loaded = excluded.loaded, error = ''
"""
_SCHEDULE = """
    INSERT INTO schedule (name, pipeline, document, since)
    VALUES (:name, :pipeline, :document, :since)
    ON CONFLICT (name) DO UPDATE SET pipeline = excluded.pipeline, document = excluded.document,
        since = excluded.since, removed = NULL
"""
_GONE = """
    UPDATE run SET state = 'missed', ended = :now, reason = :reason
    WHERE state = 'waiting' AND schedule = :schedule
"""


def install(ledger: Ledger, document: Mapping[str, object], now: float) -> list[str]:
    """
    Write the program into the ledger, all or nothing; return what changes, as sentences.

    Raises:
        SchedkitError: The document cannot be read.
    """
    new = Program.read(document)
    before = {row.name: row for row in ledger.schedules(removed=True)}
    told = []
    with ledger.writing():
        text = json.dumps(document)
        ledger.write(_PROGRAM, folder=str(new.folder), stack=new.stack, document=text, now=now)
        for name, served in new.schedules.items():
            row = before.get(name)
            change = "is new" if row is None or row.removed else _change(row, served, now)
            since = row.since if row and not change else int(now)
            inputs = json.dumps(document["schedules"][name])  # type: ignore[index]
            values = {"pipeline": served.rule.pipeline, "document": inputs, "since": since}
            ledger.write(_SCHEDULE, name=name, **values)
            told += [f"schedule {name!r} {change}"] if change else []
        for name in before.keys() - new.schedules.keys():
            if not before[name].removed:
                told.append(f"schedule {name!r} is removed")
                ledger.write("UPDATE schedule SET removed = :now WHERE name = :n", now=now, n=name)
            reason = "its schedule was removed from the program"
            ledger.write(_GONE, schedule=name, now=now, reason=reason)
    return told


def _change(row: ScheduleRow, served: Served, now: float) -> str:
    """
    What is different in the instants of a schedule; empty where they are the same.
    """
    from schedkit_local.schedule import read_schedule

    old = read_schedule(row.document, f"Schedule {row.name!r}").instants()
    new = served.rule.when
    if old == new:
        return ""
    from schedkit.recurrence.diff import diff

    start = datetime.fromtimestamp(int(now), UTC)
    found = diff(old, new, start, start.replace(year=start.year + YEARS, day=min(start.day, 28)))
    return "" if found.same else f"begins anew: {found.sentence}"
