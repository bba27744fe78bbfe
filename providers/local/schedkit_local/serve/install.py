"""
A newer program takes the place of an older one: schedules that mean the same go on, and the others
begin anew.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from schedkit.recurrence.diff import diff
from schedkit.recurrence.proof import prove
from schedkit.recurrence.zones import LAST
from schedkit_local.dialect import DIALECT
from schedkit_local.schedule import read_schedule
from schedkit_local.serve.program import Program, text


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.program import Served
    from schedkit_local.serve.rows import ScheduleRow

YEAR = 366 * 86_400
SHOWN = 1_000  # runs that are compared to say what changes
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
        ledger.write(
            _PROGRAM, folder=str(new.folder), stack=new.stack, document=text(document), now=now
        )
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
    What is different in the instants of a schedule; empty where it is proved that they are the
    same. What passes while a schedule is paused is nobody's business afterwards.
    """
    before = read_schedule(row.document, f"Schedule {row.name!r}")
    old, new = before.instants(), served.rule.when
    if old == new or prove(old, DIALECT.write(new), DIALECT).holds:
        if before.paused == served.rule.paused:
            return ""
        return "is paused by the program" if served.rule.paused else "is resumed by the program"
    start, found = int(now), []
    for when in (old, new):
        coming = list(islice(when.epochs(start, LAST), SHOWN))
        found.append(coming[-1] + 1 if len(coming) == SHOWN else start + YEAR)
    stop = datetime.fromtimestamp(min(*found, start + YEAR), UTC)
    told = diff(old, new, datetime.fromtimestamp(start, UTC), stop).sentence
    return f"begins anew: {told.removesuffix('.')}"
