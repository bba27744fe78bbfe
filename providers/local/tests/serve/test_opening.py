"""
The state file: its schema, who may read it, and what is said when it cannot be used.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from serve_rows import add, refused

from schedkit_local.serve import migrate
from schedkit_local.serve.ledger import Ledger, told
from schedkit_local.serve.rows import ProgramRow, Request, Run, ScheduleRow, StepRow


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
