"""
What the page asks of the ledger beyond what everybody does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from schedkit_local.serve.rows import ProgramRow, Request, Run, ScheduleRow


if TYPE_CHECKING:
    from schedkit_local.serve.ledger import Ledger

BUCKET = 900  # seconds whose runs of one state are one bar of the timeline
BAD = ("failed", "lost", "missed")


@attrs.frozen
class Bar:
    """
    Runs of one schedule that ended alike at about the same time.
    """

    state: str
    count: int
    start: float
    end: float


def filtered(ledger: Ledger, *, schedule: str, state: str, offset: int, limit: int) -> list[Run]:
    """
    Return runs, the latest instant first; an empty text is any.
    """
    asked = {"schedule = :schedule": schedule, "state = :state": state}
    where = " AND ".join(part for part, value in asked.items() if value) or "1"
    order = "ORDER BY due DESC, seq DESC LIMIT :limit OFFSET :offset"
    statement = f"SELECT * FROM run WHERE {where} {order}"  # noqa: S608, its parts are above
    values = {"schedule": schedule, "state": state, "limit": limit, "offset": offset}
    return ledger.read(Run, statement, **values)


def schedules(ledger: Ledger, wanted: str, offset: int, limit: int) -> list[ScheduleRow]:
    """
    Return schedules by name, those alone whose name has a part.
    """
    statement = """
        SELECT * FROM schedule WHERE removed IS NULL AND instr(lower(name), lower(:wanted))
        ORDER BY name LIMIT :limit OFFSET :offset
    """
    return ledger.read(ScheduleRow, statement, wanted=wanted, offset=offset, limit=limit)


def schedule(ledger: Ledger, name: str) -> ScheduleRow | None:
    """
    Return one schedule, removed or not.
    """
    statement = "SELECT * FROM schedule WHERE name = :name"
    return next(iter(ledger.read(ScheduleRow, statement, name=name)), None)


def schedule_count(ledger: Ledger) -> int:
    """
    Return how many schedules are served.
    """
    return ledger.count("SELECT count(*) FROM schedule WHERE removed IS NULL")[0][0]


def schedule_names(ledger: Ledger, limit: int) -> list[str]:
    """
    Return the first names of schedules, removed ones too.
    """
    statement = "SELECT name FROM schedule ORDER BY name LIMIT :limit"
    return [name for (name,) in ledger.count(statement, limit=limit)]


def program(ledger: Ledger) -> ProgramRow | None:
    """
    Return the program that is served with nothing of its document but the project's name: the
    whole is large.
    """
    statement = """
        SELECT folder, stack, loaded, error,
            json_object('project', json_extract(document, '$.project')) AS document
        FROM program
    """
    return next(iter(ledger.read(ProgramRow, statement)), None)


def last_run(ledger: Ledger, schedule: str) -> Run | None:
    """
    Return the run of the latest instant of a schedule.
    """
    order = "ORDER BY scheduled DESC LIMIT 1"
    statement = f"SELECT * FROM run WHERE schedule = :schedule {order}"  # noqa: S608
    return next(iter(ledger.read(Run, statement, schedule=schedule)), None)


def bars(ledger: Ledger, schedule: str, since: float, now: float) -> list[Bar]:
    """
    Return what became of the runs of a schedule since *since*, those before it that reach into
    that time included.
    """
    statement = """
        SELECT state, count(*), min(coalesce(started, due)), max(CASE
            WHEN state IN ('starting', 'running') THEN :now
            WHEN started IS NULL THEN due
            ELSE coalesce(ended, started) END) AS last
        FROM run WHERE schedule = :schedule AND scheduled BETWEEN :since - 86400 AND :now
        GROUP BY state, scheduled / :bucket HAVING last >= :since ORDER BY 3
    """
    values = {"schedule": schedule, "since": int(since), "now": now, "bucket": BUCKET}
    return [Bar(*row) for row in ledger.count(statement, **values)]


def by_hand(ledger: Ledger, since: float) -> list[str]:
    """
    Return the names, `@<pipeline>`, under which runs were started by hand.
    """
    statement = """
        SELECT DISTINCT schedule FROM run
        WHERE schedule >= '@' AND schedule < 'A' AND scheduled >= :since ORDER BY 1
    """
    return [name for (name,) in ledger.count(statement, since=int(since))]


def state_counts(ledger: Ledger, since: float) -> dict[str, int]:
    """
    Return how many runs there are in each state: those that are over since an instant, those that
    are not, all.
    """
    statement = """
        SELECT state, count(*) FROM run WHERE due >= :since
            AND state NOT IN ('waiting', 'starting', 'running') GROUP BY state
        UNION ALL SELECT state, count(*) FROM run
            WHERE state IN ('waiting', 'starting', 'running') GROUP BY state
    """
    return dict(ledger.count(statement, since=int(since)))  # type: ignore[arg-type]


def pipeline_counts(ledger: Ledger) -> list[tuple[str, str, int]]:
    """
    Return pipeline, state, and how many runs of them the ledger holds.
    """
    statement = "SELECT pipeline, state, count(*) FROM run GROUP BY 1, 2 ORDER BY 1, 2"
    return ledger.count(statement)  # type: ignore[return-value]


def lateness(ledger: Ledger, since: float) -> list[float]:
    """
    Return by how many seconds schedules' runs started after they were due, the least first.
    """
    statement = """
        SELECT started - due FROM run
        WHERE due >= :since AND started IS NOT NULL AND cause = 'schedule' ORDER BY 1
    """
    return [late for (late,) in ledger.count(statement, since=int(since))]


def unanswered(ledger: Ledger, before: float) -> list[Request]:
    """
    Return the requests made before an instant that nobody has looked at.
    """
    return [each for each in ledger.requests() if each.made < before]
