"""
What the server writes into its ledger.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from schedkit.due import Due, Miss, Start, Wait
from schedkit.starting import Desk
from schedkit_local.serve.rows import AGAIN, BY_HAND, GOING, Run


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schedkit.due import Decision, Rule
    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.program import Program

_STATES = {Start: "starting", Wait: "waiting", Miss: "missed"}
_RUN = """
    INSERT INTO run
        (id, schedule, pipeline, scheduled, due, state, reason, cause, parameters, started, ended)
    VALUES
        (:id, :schedule, :pipeline, :scheduled, :due, :state, :reason, :cause, :parameters,
         :started, :ended)
    ON CONFLICT (schedule, scheduled) DO UPDATE SET
        state = excluded.state, reason = excluded.reason, started = excluded.started,
        ended = excluded.ended
    WHERE state = 'waiting' AND excluded.state != 'waiting'
"""
_BACK = f"""
    UPDATE run SET state = 'waiting', reason = '', ended = NULL, started = NULL,
        due = :due, cause = 'backfill'
    WHERE schedule = :schedule AND scheduled = :scheduled AND state IN {AGAIN}
"""  # noqa: S608, of our own words
_ASSIGN = """
    UPDATE run SET state = 'running', pid = :pid, birth = :birth, started = :now, folder = :folder
    WHERE seq = :seq AND state = 'starting'
"""
_DECIDED = """
    SELECT schedule, scheduled FROM run JOIN schedule ON name = schedule
    WHERE scheduled >= since AND removed IS NULL
"""
_IDENTITY = "SELECT * FROM run WHERE schedule = :schedule AND scheduled = :scheduled"


def run_id(schedule: str, scheduled: int) -> str:
    """
    Return what users call a run: `nightly-20261123t010000z`, `train.20261123t042050z` by hand.
    """
    stamp = f"{datetime.fromtimestamp(scheduled, UTC):%Y%m%dt%H%M%Sz}"
    by_hand = schedule.startswith(BY_HAND)
    return f"{schedule.removeprefix(BY_HAND)}{'.' if by_hand else '-'}{stamp}"


def due_of(row: Run) -> Due:
    """
    Return the identity of a row.
    """
    return Due(row.due, row.schedule, row.scheduled)


def _columns(due: Due, pipeline: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """
    What every row of a run begins with.
    """
    return {
        "id": run_id(due.schedule, due.scheduled),
        "schedule": due.schedule,
        "pipeline": pipeline,
        "scheduled": due.scheduled,
        "due": due.at,
        "parameters": json.dumps(parameters, sort_keys=True),
    }


class Book:
    """
    The ledger, as the server of one program writes it.
    """

    def __init__(self, ledger: Ledger, program: Program) -> None:
        self._ledger = ledger
        self._program = program

    def desk(self, rows: Iterable[Run], now: int, most: int | None) -> Desk:
        """
        Return what decides from now on, given the rows of what waits or goes on.
        """
        rows = list(rows)
        program = self._program
        known = dict(self._ledger.count("SELECT name, since FROM schedule"))
        return Desk(
            self._rules(),
            {name: known.get(name, now) for name in program.schedules},
            most=most,
            seed=f"{program.project}/{program.stack}",
            overlaps={name: each.document.overlap for name, each in program.pipelines.items()},
            running={due_of(row): row.pipeline for row in rows if row.state in GOING},
            waiting={due_of(row): row.pipeline for row in rows if row.state == "waiting"},
            asked={due_of(row) for row in rows if row.cause != "schedule"},
            decided=self.decided(),
        )

    def _rules(self) -> list[Rule]:
        """
        Return what is scheduled, pauses of the user included.
        """
        paused = {name for (name,) in self._ledger.count("SELECT name FROM schedule WHERE paused")}
        rules = (each.rule for each in self._program.schedules.values())
        return [attrs.evolve(r, paused=True) if r.name in paused else r for r in rules]

    def decided(self) -> dict[str, set[int]]:
        """
        Return by schedule the instants after that which are decided: jitter turns the order round.
        """
        found: dict[str, set[int]] = {}
        for name, scheduled in self._ledger.count(_DECIDED):
            found.setdefault(name, set()).add(scheduled)
        return found

    def name(self, due: Due) -> str:
        """
        Return what users call the run.
        """
        return run_id(due.schedule, due.scheduled)

    def deadline(self, due: Due) -> int:
        """
        Return how many seconds after its instant a run may start.
        """
        served = self._program.schedules.get(due.schedule)
        return 300 if served is None else served.rule.starting_deadline

    def write(
        self, decisions: Iterable[Decision], moved: Mapping[str, int], now: float
    ) -> dict[Due, Run]:
        """
        Write down what was decided; return the rows of what is to start, by instant.
        """
        started = []
        for each in decisions:
            if type(each) not in _STATES:
                continue
            row = self._row(each, now)
            changed = self._ledger.write(_RUN, **row)
            if changed and isinstance(each, Start):
                started.append(each.due)
        rows = [{"name": name, "since": since} for name, since in moved.items()]
        self._ledger.write_all("UPDATE schedule SET since = :since WHERE name = :name", rows)
        return {due: self.row(due) for due in started}

    def assign(self, row: Run, pid: int, birth: str, at: float) -> bool:
        """
        Write down what process begins it and when; False where it is not to run any more.
        """
        options = self._program.pipelines[row.pipeline].options
        folder = str(self._program.folder / options.runs / row.id)
        who = {"pid": pid, "birth": birth, "folder": folder}
        return bool(self._ledger.write(_ASSIGN, seq=row.seq, now=at, **who))

    def row(self, due: Due) -> Run:
        """
        Return the row of an instant that has one.
        """
        identity = {"schedule": due.schedule, "scheduled": due.scheduled}
        return self._ledger.read(Run, _IDENTITY, **identity)[0]

    def _row(self, decision: Decision, now: float) -> dict[str, object]:
        due = decision.due
        served = self._program.schedules.get(due.schedule)
        pipeline = served.rule.pipeline if served else due.schedule.removeprefix(BY_HAND)
        return {
            **_columns(due, pipeline, served.parameters if served else {}),
            "state": _STATES[type(decision)],
            "reason": decision.reason if isinstance(decision, Miss) else "",
            "cause": "schedule" if served else "trigger",
            "started": now if isinstance(decision, Start) else None,
            "ended": now if isinstance(decision, Miss) else None,
        }

    def now(self, rows: Iterable[Run]) -> list[Run]:
        """
        Return the same runs as they are now.
        """
        numbers = ", ".join(str(row.seq) for row in rows)
        return self._ledger.read(Run, f"SELECT * FROM run WHERE seq IN ({numbers})")  # noqa: S608

    def stop(self, row: Run, reason: str, now: float) -> bool:
        """
        Write down why a run ends before it does; whether there is a process to be told.
        """
        values = {"seq": row.seq, "reason": reason, "now": now}
        end = "UPDATE run SET state = 'stopped', reason = :reason, ended = :now"
        if self._ledger.write(f"{end} WHERE seq = :seq AND state = 'starting'", **values):
            return False
        why = "UPDATE run SET reason = :reason WHERE seq = :seq AND state = 'running'"
        return bool(self._ledger.write(why, seq=row.seq, reason=reason))

    def drop(self, row: Run, reason: str, now: float) -> None:
        """
        What nobody took, or what waits, is missed.
        """
        self._ledger.write(
            "UPDATE run SET state = 'missed', reason = :reason, ended = :now, started = NULL "
            "WHERE seq = :seq AND state IN ('starting', 'waiting')",
            seq=row.seq,
            reason=reason,
            now=now,
        )

    def offer(self, due: Due, pipeline: str, cause: str, parameters: Mapping[str, object]) -> bool:
        """
        Write down a run that somebody asks for; whether it is one that has not run yet.
        """
        open_row = {"state": "waiting", "reason": "", "started": None, "ended": None}
        row = _columns(due, pipeline, parameters) | open_row
        if self._ledger.write(_RUN, cause=cause, **row):
            return True
        back = {"schedule": due.schedule, "scheduled": due.scheduled, "due": due.at}
        return cause == "backfill" and bool(self._ledger.write(_BACK, **back))
