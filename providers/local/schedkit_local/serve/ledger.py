"""
What `schedkit serve` has decided: one SQLite file that several processes read and write.

A transaction is on the disk when it ends, and a second start of the same instant is impossible:
a run is one row by schedule and instant, which names the one process that runs it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from schedkit.exceptions import StateError
from schedkit_local.serve.lock import holder
from schedkit_local.serve.migrate import HEAD
from schedkit_local.serve.rows import OPEN, ProgramRow, Request, Run, ScheduleRow, StepRow


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

T = TypeVar("T")
STATE = Path(".schedkit", "serve.db")
"""Where the file is when nobody says otherwise, in the program's folder."""

PATIENCE = 30.0  # seconds to wait for another process's transaction
_CAUSES = (  # part of SQLite's message -> what it means, and what to do
    (
        "not a database",
        "is no state file of schedkit, or is damaged",
        "restore it or move it away",
    ),
    ("malformed", "is damaged", "restore it from a copy, or move it away: a new one is begun"),
    ("readonly", "cannot be written", "give it, its folder and its -wal file to this user"),
    ("full", "has no room on its disk", "make room"),
    ("disk I/O", "is on a disk that does not answer", "look at the disk"),
    ("unable to open", "cannot be opened", "give it and its folder to this user"),
    ("locked", "is held by another process for too long", "stop that one"),
)


class Ledger:
    """
    An open state file. A fork of this process must find it closed: see `aside`.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._inode = path.stat().st_ino

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Ledger:
        """
        Open the file, which is made or brought to the newest schema where *create* says so.

        Raises:
            StateError: It is not there, cannot be used, or is of another version of schedkit.
        """
        path = path.resolve()
        if create:
            _private(path)
        elif not path.exists():
            cure = "name the one of a server by --state, or start it: schedkit serve DIR"
            raise StateError(f"state file {path}", "is not there", cure)
        with told(path):
            connection = _connected(path)
            found = _version(connection)
            if found != HEAD and create and (found is None or found < HEAD):
                connection.close()
                _migrate(path)
                connection = _connected(path)
                found = _version(connection)
            whole = connection.execute("PRAGMA quick_check(1)").fetchone() if create else ("ok",)
            if whole[0] != "ok":
                raise sqlite3.DatabaseError(f"malformed: {whole[0]}")
        if found == HEAD:
            return cls(path, connection)
        connection.close()
        reason = f"has schema {found or 'none'}, and this schedkit knows {HEAD}"
        raise StateError(f"state file {path}", reason, "start it with the schedkit that wrote it")

    def close(self) -> None:
        """
        Let the file go.
        """
        self._connection.close()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """
        Close the file for a while: a process forked meanwhile may open it for itself.

        SQLite keeps in memory which files a process has open and locked, which is wrong in its
        child (https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_).
        """
        self._connection.close()
        try:
            yield
        finally:
            self.reopen()

    def reopen(self) -> None:
        """
        Open the file anew.
        """
        self._connection.close()
        with told(self.path):
            self._connection = _connected(self.path)
        self._inode = self.path.stat().st_ino

    def try_again(self) -> None:
        """
        Open the file anew, after whatever happened to it, and see whether it can be written.
        """
        self.reopen()
        self.write("UPDATE program SET loaded = loaded")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """
        All that is written inside, or nothing; on the disk when it ends.
        """
        with told(self.path):
            self._look()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def _look(self) -> None:
        """
        Find out what an open file does not tell: that it is away, or not to be written any more.
        """
        try:
            is_same = self.path.stat().st_ino == self._inode
        except OSError:
            is_same = False
        if not is_same:
            raise sqlite3.OperationalError("unable to open database file")
        if not os.access(self.path, os.W_OK):
            raise sqlite3.OperationalError("attempt to write a readonly database")

    def write(self, statement: str, **values: Any) -> int:
        """
        Run one statement; return how many rows it changed.
        """
        with told(self.path):
            return self._connection.execute(statement, values).rowcount

    def write_all(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """
        Run one statement for many rows.
        """
        with told(self.path):
            self._connection.executemany(statement, rows)

    def read(self, kind: type[T], statement: str, **values: Any) -> list[T]:
        """
        Return rows as values.
        """
        with told(self.path):
            found = self._connection.execute(statement, values).fetchall()
        return [kind(**{key: row[key] for key in row.keys()}) for row in found]  # noqa: SIM118

    def count(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """
        Return plain rows.
        """
        with told(self.path):
            return [tuple(row) for row in self._connection.execute(statement, values)]

    def runs(
        self,
        *,
        schedule: str | None = None,
        pipeline: str | None = None,
        states: Iterable[str] = (),
        since: int | None = None,
        limit: int = 100,
    ) -> list[Run]:
        """
        Return runs, the latest instant first.

        Args:
            schedule: Of this one alone.
            pipeline: Of this one alone.
            states: In one of these; empty for any.
            since: Due at or after it.
            limit: No more than so many.
        """
        states = sorted(states)
        asks = {
            "schedule = :schedule": schedule is not None,
            "pipeline = :pipeline": pipeline is not None,
            "due >= :since": since is not None,
            f"state IN ({', '.join(f':s{n}' for n in range(len(states)))})": bool(states),
        }
        where = " AND ".join(part for part, asked in asks.items() if asked) or "1"
        values = {f"s{number}": state for number, state in enumerate(states)}
        values |= {"schedule": schedule, "pipeline": pipeline, "since": since}
        order = "ORDER BY due DESC, seq DESC LIMIT :limit"
        statement = f"SELECT * FROM run WHERE {where} {order}"  # noqa: S608, its parts are above
        return self.read(Run, statement, limit=limit, **values)

    def open_runs(self) -> list[Run]:
        """
        Return what waits or goes on, in the order in which it was written down.
        """
        states = ", ".join(f"'{state}'" for state in sorted(OPEN))
        return self.read(Run, f"SELECT * FROM run WHERE state IN ({states}) ORDER BY seq")  # noqa: S608

    def run(self, name: str) -> Run | None:
        """
        Return the run of that id.
        """
        return next(iter(self.read(Run, "SELECT * FROM run WHERE id = :id", id=name)), None)

    def steps(self, run: Run) -> list[StepRow]:
        """
        Return the steps of a run.
        """
        return self.read(StepRow, "SELECT * FROM step WHERE run = :seq", seq=run.seq)

    def schedules(self, *, removed: bool = False) -> list[ScheduleRow]:
        """
        Return the schedules by name, those that are removed only when asked for.
        """
        where = "" if removed else "WHERE removed IS NULL"
        return self.read(ScheduleRow, f"SELECT * FROM schedule {where} ORDER BY name")  # noqa: S608

    def program(self) -> ProgramRow | None:
        """
        Return the program that is served; None before the first one.
        """
        columns = "folder, stack, document, loaded, error"
        found = self.read(ProgramRow, f"SELECT {columns} FROM program")  # noqa: S608
        return next(iter(found), None)

    def ask(self, verb: str, arguments: Mapping[str, Any] | None = None) -> int:
        """
        Ask the server for something and wake it; return the request's id.
        """
        statement = "INSERT INTO request (made, verb, arguments) VALUES (:made, :verb, :arguments)"
        values = {"made": time.time(), "verb": verb, "arguments": json.dumps(arguments or {})}
        with told(self.path):
            found = self._connection.execute(statement, values).lastrowid
        wake(self.path)
        return found or 0

    def requests(self) -> list[Request]:
        """
        Return what nobody has looked at yet, the oldest first.
        """
        return self.read(Request, "SELECT * FROM request WHERE done IS NULL ORDER BY id")

    def request(self, number: int) -> Request | None:
        """
        Return one request, with its answer once it has one.
        """
        statement = "SELECT * FROM request WHERE id = :number"
        return next(iter(self.read(Request, statement, number=number)), None)


def wake(path: Path) -> None:
    """
    Tell the server of a state file, if there is one, that something was written.
    """
    with suppress(OSError):  # nobody listens, or knows already
        pipe = os.open(fifo(path), os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, b".")
        finally:
            os.close(pipe)


def fifo(path: Path) -> Path:
    """
    Return the pipe by which the server of a state file is woken.
    """
    return path.with_name(f"{path.name}.wake")


def is_served(path: Path) -> int | None:
    """
    Return the process id of the server of a state file; None where there is none.
    """
    return holder(path.with_name(f"{path.name}.lock"))


@contextmanager
def told(path: Path) -> Iterator[None]:
    """
    Turn what SQLite raises into a sentence.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        culprit, text = f"state file {path}", str(error)
        for part, reason, cure in _CAUSES:
            if part in text:
                raise StateError(culprit, f"{reason} ({text})", cure) from error
        raise StateError(culprit, f"cannot be used ({text})", "look at the file") from error


def _private(path: Path) -> None:
    """
    Make the file so that nobody else may read it: it holds what programs keep secret.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ignore = path.parent / ".gitignore"
        if path.parent.name == ".schedkit" and not ignore.exists():
            ignore.write_text("*\n")
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        cure = "give it and its folder to this user, or name another by --state"
        raise StateError(f"state file {path}", f"cannot be written ({error})", cure) from None


def _connected(path: Path) -> sqlite3.Connection:
    only = f"{path.as_uri()}?mode=rw"  # one that was deleted is not made anew, and empty
    connection = sqlite3.connect(only, uri=True, timeout=PATIENCE, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        for name, value in (("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", 1)):
            connection.execute(f"PRAGMA {name} = {value}")
    except sqlite3.Error:
        connection.close()  # not when its garbage is collected: see `aside`
        raise
    return connection


def _version(connection: sqlite3.Connection) -> str | None:
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return found[0] if found else None


def _migrate(path: Path) -> None:
    command = [sys.executable, "-m", "schedkit_local.serve.migrate", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "no word").splitlines()[-1]
        cure = "read what it says, and restore the file from a copy if need be"
        raise StateError(f"state file {path}", f"cannot be brought up to date: {last}", cure)
