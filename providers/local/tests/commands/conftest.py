"""
A state file as servers leave it, a stand-in for a server, and the command itself.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from schedkit.cli import main
from schedkit_local.serve.ledger import Ledger
from schedkit_local.serve.lock import held


AT = 1_767_229_200  # 2026-01-01T01:00:00Z
DAY = 86_400
DOCUMENT = {
    "project": "shop",
    "stack": "prod",
    "folder": "/srv/my shop",
    "pipelines": {
        name: {"run": {"pipeline": name, "steps": steps, "parameters": given}, "options": {}}
        for name, steps, given in (
            (
                "train",
                {"prep": {}, "fit": {}},
                {"day": "monday", "epochs": 3, "rate": 0.5, "hard": False},
            ),
            ("sync", {"copy": {}}, {}),
        )
    },
    "schedules": {
        "nightly": {
            "pipeline": "train",
            "when": "Cron('0 1 * * *')",
            "startingDeadlineSeconds": 300,
        },
        "halted": {
            "pipeline": "sync",
            "when": "Cron('0 2 * * *')",
            "startingDeadlineSeconds": 300,
            "paused": True,
        },
        "over": {
            "pipeline": "sync",
            "when": "Once('2020-01-01T00:00:00Z')",
            "startingDeadlineSeconds": 300,
        },
    },
    "findings": [],
}
RUN = {
    "id": "",
    "schedule": "nightly",
    "pipeline": "train",
    "scheduled": AT,
    "due": AT,
    "state": "succeeded",
    "reason": "",
    "cause": "schedule",
    "parameters": "{}",
    "started": AT + 0.25,
    "ended": AT + 90.25,
    "pid": None,
    "birth": "",
    "exit_code": 0,
    "folder": "",
}


@attrs.frozen
class Answer:
    """
    What a command said.
    """

    code: int
    out: str
    err: str

    @property
    def json(self):
        """
        The document on stdout.
        """
        return json.loads(self.out)

    @property
    def error(self):
        """
        The sentence on stderr, and nothing beside it.
        """
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        return self.err.removeprefix("error: ").rstrip("\n")


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """
    A state file of the newest schema, to be copied.
    """
    path = tmp_path_factory.mktemp("ledger") / "serve.db"
    Ledger.open(path, create=True).close()
    return path


@attrs.frozen
class Book:
    """
    A state file that tests write.
    """

    path: Path

    def write(self, statement, **values):
        """
        Run one statement.
        """
        ledger = Ledger.open(self.path)
        try:
            ledger.write(statement, **values)
        finally:
            ledger.close()

    def read(self, statement):
        """
        Plain rows.
        """
        ledger = Ledger.open(self.path)
        try:
            return ledger.count(statement)
        finally:
            ledger.close()

    def program(self, document=DOCUMENT):
        """
        Write a program and its schedules down.
        """
        self.write(
            "INSERT INTO program (id, folder, stack, document, loaded) "
            "VALUES (1, :folder, :stack, :document, 0)",
            folder=document["folder"],
            stack=document["stack"],
            document=json.dumps(document),
        )
        for name, inputs in document["schedules"].items():
            self.write(
                "INSERT INTO schedule (name, pipeline, document, since) "
                "VALUES (:name, :pipeline, :document, 0)",
                name=name,
                pipeline=inputs["pipeline"],
                document=json.dumps(inputs),
            )

    def run(self, name, **more):
        """
        Write a run down.
        """
        row = RUN | {"id": name} | more
        marks = ", ".join(f":{key}" for key in row)
        self.write(f"INSERT INTO run ({', '.join(row)}) VALUES ({marks})", **row)

    def log(self, run, step, folder, *texts, state="succeeded", **more):
        """
        Write a step down, and what each of its attempts printed.
        """
        (folder / step).mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(texts, 1):
            (folder / step / f"attempt-{number}.log").write_bytes(text.encode())
        self.write("UPDATE run SET folder = :folder WHERE id = :run", folder=str(folder), run=run)
        row = {"attempts": len(texts), "exit_code": 0, "seconds": 1.5, "state": state} | more
        log = str(folder / step / f"attempt-{len(texts)}.log")
        self.write(
            "INSERT OR REPLACE INTO step (run, name, state, attempts, exit_code, seconds, log) "
            "SELECT seq, :step, :state, :attempts, :exit_code, :seconds, :log "
            "FROM run WHERE id = :run",
            **row,
            step=step,
            log=log,
            run=run,
        )


@pytest.fixture
def blank(empty, tmp_path, monkeypatch):
    """
    A state file without a program, at the place where commands look.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCHEDKIT_STATE", raising=False)
    path = tmp_path / ".schedkit" / "serve.db"
    path.parent.mkdir()
    return Book(Path(shutil.copy(empty, path)))


@pytest.fixture
def book(blank):
    """
    The same with a program.
    """
    blank.program()
    return blank


@pytest.fixture
def cli():
    """
    Run a command in this process.
    """

    def call(*words, color=False):
        result = CliRunner().invoke(main, [str(word) for word in words], color=color)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.stderr
        assert "bug of schedkit" not in result.stderr
        return Answer(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def server(book):
    """
    A stand-in for a server: `with server(answer) as asked`; *answer* gets the ledger and a
    request, and returns whether it is carried out, and a sentence; None is silence.
    """

    @contextmanager
    def serving(answer):
        asked, over = [], threading.Event()

        def serve():
            ledger = Ledger.open(book.path)
            try:
                while not over.wait(0.01):
                    for request in ledger.requests():
                        if request.id in {number for number, *_ in asked}:
                            continue
                        asked.append((request.id, request.verb, dict(request.arguments)))
                        told = answer(ledger, request)
                        if told is None:
                            continue
                        ledger.write(
                            "UPDATE request SET done = 1, answer = :answer WHERE id = :id",
                            id=request.id,
                            answer=json.dumps({"ok": told[0], "text": told[1]}),
                        )
            finally:
                ledger.close()

        lock = held(book.path.with_name("serve.db.lock"))
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield asked
        finally:
            over.set()
            thread.join()
            os.close(lock)

    return serving
