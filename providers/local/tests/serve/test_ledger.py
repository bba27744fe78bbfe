"""
The state file: its schema, its rows, who may read it, and what is said when it cannot be used.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from schedkit.exceptions import StateError
from schedkit_local.serve import migrate
from schedkit_local.serve.ledger import Ledger, fifo, is_served, told, wake
from schedkit_local.serve.lock import held
from schedkit_local.serve.rows import ProgramRow, Request, Run, ScheduleRow, StepRow


NAMES = ("id", "schedule", "pipeline", "scheduled", "due", "state", "cause")


def add(ledger, schedule, at, state="succeeded", pipeline="train", cause="schedule"):
    values = (f"{schedule}-{at}", schedule, pipeline, at, at + 1, state, cause)
    marks = ", ".join(f":{name}" for name in NAMES)
    row = dict(zip(NAMES, values, strict=True))
    ledger.write(f"INSERT INTO run ({', '.join(NAMES)}) VALUES ({marks})", **row)
    return row["id"]


def refused(call, *given, **more):
    with pytest.raises(StateError) as error:
        call(*given, **more)
    found = error.value
    assert f"{found.culprit}: {found.reason}; {found.cure}" == str(found)
    return found.culprit, found.reason, found.cure


# The schema


def test_head_is_that_of_the_versions():
    """
    The version that the server looks for is the newest one that alembic knows.
    """
    config = Config()
    config.set_main_option("script_location", str(migrate.HERE))
    script = ScriptDirectory.from_config(config)
    assert [migrate.HEAD] == script.get_heads()
    assert migrate.HEAD in {each.revision for each in script.walk_revisions()}


def test_rows_are_the_columns(ledger):
    """
    Every column of a table is an attribute of its row, and every attribute is a column.
    """
    kinds = {"run": Run, "step": StepRow, "schedule": ScheduleRow, "program": ProgramRow}
    for table, kind in (kinds | {"request": Request}).items():
        columns = {row[1] for row in ledger.count(f"PRAGMA table_info({table})")}
        own = {field.name for field in kind.__attrs_attrs__}
        assert own == columns - ({"id"} if table == "program" else set())


def test_migrate_twice(tmp_path):
    """
    A file that is up to date stays as it is.
    """
    path = tmp_path / "100%.db"
    for _ in range(2):
        migrate.migrate(path)
    with closing(Ledger.open(path)) as ledger:
        assert [("0001",)] == ledger.count("SELECT * FROM alembic_version")
        add(ledger, "a", 5)
    migrate.migrate(path)
    with closing(Ledger.open(path)) as ledger:
        assert ["a-5"] == [run.id for run in ledger.runs()]


def test_downgrade_leaves_nothing(tmp_path):
    """
    Every table that a version makes is dropped when it is taken back.
    """
    from alembic import command

    path = tmp_path / "serve.db"
    migrate.migrate(path)
    config = Config()
    config.set_main_option("script_location", str(migrate.HERE))
    from sqlalchemy import create_engine, pool

    with create_engine(f"sqlite:///{path}", poolclass=pool.NullPool).connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
    with closing(sqlite3.connect(path)) as plain:
        left = plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert {"alembic_version", "sqlite_sequence"} == {name for (name,) in left}


# Opening


def test_private(tmp_path):
    """
    A new file is its owner's alone, in a folder that git ignores.
    """
    path = tmp_path / "shop" / ".schedkit" / "serve.db"
    Ledger.open(path, create=True).close()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert "*\n" == (path.parent / ".gitignore").read_text()
    Ledger.open(path, create=True).close()


def test_other_folders_are_left_alone(tmp_path):
    """
    Who names a file of his own gets no .gitignore beside it.
    """
    Ledger.open(tmp_path / "mine" / "serve.db", create=True).close()
    assert not (tmp_path / "mine" / ".gitignore").exists()


def test_on_the_disk(ledger):
    """
    What is committed is on the disk, and others may read meanwhile.
    """
    modes = [ledger.count(f"PRAGMA {name}") for name in ("journal_mode", "synchronous")]
    assert [[("wal",)], [(2,)]] == modes


def test_is_not_there(tmp_path):
    """
    A file is made by a server only.
    """
    path = tmp_path / "serve.db"
    cure = "name the one of a server by --state, or start it: schedkit serve DIR"
    assert (f"state file {path}", "is not there", cure) == refused(Ledger.open, path)
    assert not path.exists()


@pytest.mark.parametrize("create", [False, True])
def test_is_no_state_file(tmp_path, create):
    """
    A text is refused and left alone.
    """
    path = tmp_path / "serve.db"
    path.write_text("Dear diary, " * 500)
    culprit, reason, cure = refused(Ledger.open, path, create=create)
    assert (f"state file {path}", "restore it or move it away") == (culprit, cure)
    assert reason.startswith("is no state file of schedkit, or is damaged")
    assert path.read_text().startswith("Dear diary")


def test_of_another_tool(tmp_path):
    """
    A database without our schema is not taken for a state file.
    """
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TABLE cake (taste)")
    _, reason, cure = refused(Ledger.open, path)
    assert f"has schema none, and this schedkit knows {migrate.HEAD}" == reason
    assert "start it with the schedkit that wrote it" == cure


@pytest.mark.parametrize("create", [False, True])
def test_of_a_later_version(state, create):
    """
    A newer file is refused by name, and never brought back.
    """
    with closing(sqlite3.connect(state)) as plain, plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
    _, reason, cure = refused(Ledger.open, state, create=create)
    assert f"has schema 9999, and this schedkit knows {migrate.HEAD}" == reason
    assert "start it with the schedkit that wrote it" == cure


def test_without_a_version(state):
    """
    An empty table of versions is no version, and bringing it up to date fails in words.
    """
    with closing(sqlite3.connect(state)) as plain, plain:
        plain.execute("DELETE FROM alembic_version")
    assert "has schema none" in refused(Ledger.open, state)[1]
    reason = refused(Ledger.open, state, create=True)[1]
    assert reason.startswith("cannot be brought up to date: ")
    assert "Traceback" not in reason


def test_is_a_folder(tmp_path):
    """
    A folder cannot be made into a file.
    """
    _, reason, cure = refused(Ledger.open, tmp_path, create=True)
    assert reason.startswith("cannot be written (")
    assert "give it and its folder to this user, or name another by --state" == cure
    assert refused(Ledger.open, tmp_path)[1].startswith("cannot be opened")


SENTENCES = {
    "file is not a database": "is no state file of schedkit, or is damaged",
    "database disk image is malformed": "is damaged",
    "attempt to write a readonly database": "cannot be written",
    "database or disk is full": "has no room on its disk",
    "disk I/O error": "is on a disk that does not answer",
    "unable to open database file": "cannot be opened",
    "database is locked": "is held by another process for too long",
    "something new": "cannot be used",
}


@pytest.mark.parametrize(("text", "reason"), SENTENCES.items(), ids=SENTENCES)
def test_sentences(tmp_path, text, reason):
    """
    What SQLite says is told in our words, with its own behind them.
    """

    def fail():
        with told(tmp_path):
            raise sqlite3.DatabaseError(text)

    culprit, found, cure = refused(fail)
    assert (f"state file {tmp_path}", f"{reason} ({text})") == (culprit, found)
    assert cure


def test_held_for_too_long(state, ledger, monkeypatch):
    """
    Who waits in vain for another process is told so.
    """
    monkeypatch.setattr("schedkit_local.serve.ledger.PATIENCE", 0.05)
    with closing(Ledger.open(state)) as other, ledger.writing():
        reason = refused(other.ask, "reload")[1]
    assert "is held by another process for too long (database is locked)" == reason


def test_damaged_while_it_is_open(ledger):
    """
    A file that is damaged later is a sentence, not a traceback.
    """
    with ledger.writing():
        for number in range(200):
            add(ledger, "a", number)
    ledger.count("PRAGMA wal_checkpoint(TRUNCATE)")
    with ledger.path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4_096)
        file.write(b"\xff" * (size - 4_096))
    ledger.count("PRAGMA shrink_memory")
    reason = refused(lambda: [ledger.runs(), ledger.open_runs()])[1]
    assert "is damaged (database disk image is malformed)" == reason


# Writing


def test_all_or_nothing(state, ledger):
    """
    A transaction that fails leaves nothing, and the next one is free.
    """
    with pytest.raises(KeyError), ledger.writing():
        _add_and_fail(ledger)
    assert [] == ledger.runs()
    with ledger.writing():
        add(ledger, "a", 1)
        with closing(Ledger.open(state)) as other:
            assert [] == other.runs()
    with closing(Ledger.open(state)) as other:
        assert ["a-1"] == [run.id for run in other.runs()]


def _add_and_fail(ledger):
    add(ledger, "a", 1)
    raise KeyError


def test_one_run_for_an_instant(ledger):
    """
    The file itself refuses a second row of a schedule and an instant.
    """
    add(ledger, "a", 1)
    ledger.write("UPDATE run SET id = 'other'")
    sentence = "cannot be used (UNIQUE constraint failed: run.schedule, run.scheduled)"
    assert sentence == refused(add, ledger, "a", 1)[1]


def test_steps_go_with_their_run(ledger):
    """
    A row that is forgotten takes its steps along.
    """
    run = ledger.run(add(ledger, "a", 1))
    insert = "INSERT INTO step (run, name, state) VALUES (:run, 'fit', 'running')"
    ledger.write(insert, run=run.seq)
    assert [StepRow(run=run.seq, name="fit", state="running")] == ledger.steps(run)
    ledger.write("DELETE FROM run")
    assert [] == ledger.steps(run)


def test_aside(ledger):
    """
    Meanwhile the file is not open here; afterwards it is, also when what was done failed.
    """
    add(ledger, "a", 1)
    with pytest.raises(KeyError), ledger.aside():
        _look_and_fail(ledger)
    assert ["a-1"] == [run.id for run in ledger.runs()]


def _look_and_fail(ledger):
    assert [] == [each for each in _open_files() if each.startswith(str(ledger.path))]
    raise KeyError


def _open_files():
    links = [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return [str(each.readlink()) for each in links]


# Reading


@pytest.fixture
def filled(ledger):
    """
    Five runs.
    """
    add(ledger, "a", 10)
    add(ledger, "b", 30, "missed")
    add(ledger, "a", 20, "failed")
    add(ledger, "@other", 40, "waiting", "other", "trigger")
    add(ledger, "b", 50, "running")
    return ledger


ASKED = {
    "all, the latest first": ({}, [50, 40, 30, 20, 10]),
    "of a schedule": ({"schedule": "a"}, [20, 10]),
    "of no schedule": ({"schedule": "c"}, []),
    "of a pipeline": ({"pipeline": "other"}, [40]),
    "in states": ({"states": {"failed", "missed"}}, [30, 20]),
    "in one state": ({"states": ["running"]}, [50]),
    "since": ({"since": 31}, [50, 40, 30]),
    "limit": ({"limit": 2}, [50, 40]),
    "all of it": ({"schedule": "a", "pipeline": "train", "states": ("failed",), "since": 1}, [20]),
    "hostile": ({"schedule": "' OR 1 --", "states": ["') OR (1"]}, []),
}


@pytest.mark.parametrize(("asked", "expected"), ASKED.values(), ids=ASKED)
def test_runs(filled, asked, expected):
    """
    Runs are found by all that is asked for.
    """
    assert expected == [run.scheduled for run in filled.runs(**asked)]


def test_open_runs(filled):
    """
    What waits or goes on, in the order in which it was written.
    """
    assert [40, 50] == [run.scheduled for run in filled.open_runs()]


def test_run(filled):
    """
    A run is found by its id.
    """
    assert (30, "missed", "train", {}) == _told(filled.run("b-30"))
    assert filled.run("c-30") is None


def _told(run):
    return run.scheduled, run.state, run.pipeline, run.parameters


def test_schedules(ledger):
    """
    Removed schedules are told of when they are asked for.
    """
    insert = "INSERT INTO schedule VALUES (:name, 'p', '{\"when\": 1}', 7, :paused, :removed)"
    rows = [{"name": n, "paused": n == "b", "removed": 9 if n == "c" else None} for n in "cab"]
    ledger.write_all(insert, rows)
    assert [("a", False), ("b", True)] == [(s.name, s.paused) for s in ledger.schedules()]
    assert [None, None, 9.0] == [s.removed for s in ledger.schedules(removed=True)]
    assert [{"when": 1}] * 2 == [s.document for s in ledger.schedules()]


def test_program(ledger):
    """
    There is one program, or none yet.
    """
    assert ledger.program() is None
    ledger.write("INSERT INTO program VALUES (1, '/srv', 'dev', '{\"a\": 1}', 5, '')")
    expected = ProgramRow(folder="/srv", stack="dev", document={"a": 1}, loaded=5.0)
    assert expected == ledger.program()
    second = "INSERT INTO program VALUES (2, '/srv', 'dev', '{}', 5, '')"
    assert "CHECK constraint failed" in refused(ledger.write, second)[1]


# Requests


def test_requests(ledger):
    """
    A request waits until it is answered, in the order in which it was made.
    """
    first, second = ledger.ask("reload"), ledger.ask("cancel", {"run": "a-1"})
    assert (1, 2) == (first, second)
    assert [("reload", {}), ("cancel", {"run": "a-1"})] == [
        (each.verb, each.arguments) for each in ledger.requests()
    ]
    answer = json.dumps({"ok": True, "text": "done"})
    ledger.write("UPDATE request SET done = 5, answer = :a WHERE id = 1", a=answer)
    assert [2] == [each.id for each in ledger.requests()]
    assert (5.0, {"ok": True, "text": "done"}) == _answer(ledger.request(1))
    assert (None, None) == _answer(ledger.request(2))
    assert ledger.request(3) is None


def _answer(request):
    return request.done, request.answer


def test_wake(ledger):
    """
    Who asks wakes the server, if there is one; a full pipe is awake enough.
    """
    ledger.ask("reload")
    pipe = fifo(ledger.path)
    assert not pipe.exists()
    os.mkfifo(pipe)
    ledger.ask("reload")
    ears = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        ledger.ask("reload")
        assert b"." == os.read(ears, 10)
        for _ in range(70_000):
            wake(ledger.path)
    finally:
        os.close(ears)


def test_is_served(state):
    """
    A file is served while somebody has its lock.
    """
    assert is_served(state) is None
    number = held(state.with_name("serve.db.lock"))
    assert os.getpid() == is_served(state)
    os.close(number)
    assert is_served(state) is None
