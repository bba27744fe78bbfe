"""
A state file as a server leaves it: a broken program, runs of every state, hostile words.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from schedkit_local.serve.ledger import Ledger
from schedkit_local.serve.lock import held
from schedkit_local.serve.page.app import make


NOW = 1_795_457_400  # 2026-11-23T18:10:00Z
PORT = 4178
TOKEN = "a token of some length"
HOSTILE = "<script>alert('x')</script>"
SECRET = "hunter2-never-shown"
DAY = 86_400


def schedule_of(pipeline, when, **more):
    return {"pipeline": pipeline, "when": when, "startingDeadlineSeconds": 300} | more


SCHEDULES = {
    "nightly": schedule_of(
        "train",
        "Cron('0 1 * * *', timezone='Europe/Berlin')",
        catchUp={"policy": "latest", "windowSeconds": 86_400},
        jitterSeconds=90,
        parameters={"epochs": 20},
    ),
    "sync": schedule_of("sync", "Cron('*/5 * * * *')"),
    "report": schedule_of(
        "report",
        "Calendar(minutes=30, hours=[8, 16], weekdays=['mon', 'thu'], "
        "timezone='America/New_York')",
    ),
    "drift-check-of-all-models": schedule_of("train", "Every('6h', '2026-01-01T02:00:00Z')"),
    "release": schedule_of("report", "Once('2026-12-01T09:00:00Z')", paused=True),
}
STEPS = {
    "prep": {"command": ["prep"], "env": {"PASSWORD": SECRET}},
    "fit": {"command": ["fit"], "needs": ["prep"]},
}
TRAIN = {"epochs": 10, "rate": 0.5, "full": False, "label": "base"}
DOCUMENT = {
    "project": "acme-ml",
    "stack": "local",
    "folder": "/srv/acme",
    "pipelines": {
        name: {
            "run": {"pipeline": name, "steps": STEPS, "parameters": parameters},
            "options": {},
        }
        for name, parameters in {"train": TRAIN, "sync": {}, "report": {}}.items()
    },
    "schedules": SCHEDULES,
    "findings": [
        {
            "component": "train",
            "feature": "step.resources.gpu",
            "verdict": "emulated",
            "reason": "a process of this machine uses what is there",
        },
        {
            "component": "nightly",
            "feature": "schedule.jitter",
            "verdict": "exact",
            "reason": "drawn from the schedule's name and the instant",
        },
    ],
}
FIELDS = ("schedule", "pipeline", "scheduled", "due", "state", "reason", "cause", "parameters")
FIELDS += ("started", "ended", "exit_code", "folder", "id")


class Book:
    """
    A ledger that tests write.
    """

    def __init__(self, path, now):
        self.path, self.now = path, now

    def sql(self, statement, **values):
        ledger = Ledger.open(self.path)
        try:
            ledger.write(statement, **values)
        finally:
            ledger.close()

    def rows(self, rows):
        marks = ", ".join(f":{name}" for name in FIELDS)
        ledger = Ledger.open(self.path)
        try:
            ledger.write_all(f"INSERT INTO run ({', '.join(FIELDS)}) VALUES ({marks})", rows)
        finally:
            ledger.close()

    def run(self, schedule, at, state="succeeded", took=60.0, **more):
        """
        Write a run down; return its id.
        """
        pipeline = schedule[1:] if schedule[0] == "@" else SCHEDULES[schedule]["pipeline"]
        row = dict.fromkeys(FIELDS) | {"reason": "", "cause": "schedule", "parameters": "{}"}
        row |= {"schedule": schedule, "pipeline": pipeline, "scheduled": at, "due": at}
        row |= {"state": state, "folder": "", "id": f"{schedule.strip('@')}-{at}"}
        if state not in {"missed", "waiting"}:
            row["started"] = at + 0.2
            row["ended"] = None if state in {"running", "starting"} else at + 0.2 + took
        self.rows([row | more])
        return (row | more)["id"]

    def step(self, run, name, state="succeeded", log="", attempts=1, code=0, seconds=12.5):
        """
        Write a step of a run down.
        """
        self.sql(
            "INSERT INTO step SELECT seq, :name, :state, :attempts, :code, :seconds, :log "
            "FROM run WHERE id = :run",
            run=run,
            name=name,
            state=state,
            attempts=attempts,
            code=code,
            seconds=seconds,
            log=str(log),
        )

    def program(self, document=DOCUMENT, error=""):
        """
        Write down the program that is served.
        """
        self.sql(
            "INSERT OR REPLACE INTO program VALUES (1, '/srv/acme', 'local', :d, :at, :error)",
            d=json.dumps(document),
            at=self.now - 3_600,
            error=error,
        )
        for name, inputs in document["schedules"].items():
            self.sql(
                "INSERT OR REPLACE INTO schedule VALUES (:name, :pipeline, :d, :at, 0, NULL)",
                name=name,
                pipeline=inputs["pipeline"],
                d=json.dumps(inputs),
                at=self.now - 10,
            )

    def requests(self):
        """
        What was asked of the server.
        """
        ledger = Ledger.open(self.path)
        try:
            return [(each.verb, dict(each.arguments)) for each in ledger.requests()]
        finally:
            ledger.close()

    def fill(self, folder):
        """
        Write a day of every kind of run down; return the ids that tests look at.
        """
        self.program()
        now = int(self.now)
        ids = SimpleNamespace()
        folder.mkdir()
        for number in range(40):
            self.run("sync", now // 300 * 300 - 300 * number, took=20.0)
        reason = "10m late, and its starting deadline is 5m"
        for number in range(3):
            self.run("sync", now - 15_000 - 300 * number, "missed", reason=reason)
        ids.failed = self.run(
            "nightly",
            now - 62_000,
            "failed",
            5400.0,
            exit_code=2,
            parameters='{"epochs": 20}',
            folder=str(folder / "failed"),
            reason=f"Step 'fit': ended with exit code 2: {HOSTILE}",
        )
        self.run("nightly", now - 62_000 - DAY, took=4800.0)
        ids.lost = self.run(
            "drift-check-of-all-models",
            now - 30_000,
            "lost",
            3000.0,
            reason="the machine went down",
        )
        self.run("drift-check-of-all-models", now - 51_000, took=2500.0)
        self.run("report", now - 40_000, "stopped", 900.0, reason="another run replaced it")
        ids.waiting = self.run("drift-check-of-all-models", now - 100, "waiting")
        ids.running = self.run(
            "@train", now - 700, "running", cause="trigger", folder=str(folder / "running")
        )
        for run, name in ((ids.failed, "failed"), (ids.running, "running")):
            for step in ("prep", "fit"):
                (folder / name / step).mkdir(parents=True)
            log = folder / name / "prep" / "attempt-1.log"
            log.write_text("reading 1 200 rows\nwrote prep.parquet\n")
            self.step(run, "prep", log=log)
        log = folder / "failed" / "fit" / "attempt-2.log"
        log.write_text(f"epoch 1\n{HOSTILE}\n\x1b[31mout of memory\x1b[0m\n")
        log.with_name("attempt-1.log").write_text("the first attempt\n")
        self.step(ids.failed, "fit", "failed", log, attempts=2, code=2)
        ids.log = folder / "running" / "fit" / "attempt-1.log"
        ids.log.write_text("".join(f"epoch {n}: loss {1 / n:.4f}\n" for n in range(1, 60)))
        self.step(ids.running, "fit", "running", ids.log, code=None, seconds=0.0)
        return ids


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """
    A state file of the newest schema, to be copied.
    """
    path = tmp_path_factory.mktemp("ledger") / "serve.db"
    Ledger.open(path, create=True).close()
    return path


@pytest.fixture
def state(empty, tmp_path):
    """
    An empty state file.
    """
    return shutil.copy(empty, tmp_path / "serve.db")


@pytest.fixture
def book(state):
    """
    The same, to be written by a test.
    """
    return Book(state, NOW)


@pytest.fixture(scope="session")
def filled(empty, tmp_path_factory):
    """
    A filled state file and the folder of its runs, to be copied.
    """
    folder = tmp_path_factory.mktemp("filled")
    book = Book(shutil.copy(empty, folder / "serve.db"), NOW)
    return folder, book.fill(folder / "runs")


@pytest.fixture
def ids(filled, book, tmp_path):
    """
    A filled state file; what tests look at in it.
    """
    folder, ids = filled
    shutil.copy(folder / "serve.db", book.path)
    shutil.copytree(folder / "runs", tmp_path / "runs")
    for table, column in (("run", "folder"), ("step", "log")):
        change = f"UPDATE {table} SET {column} = replace({column}, :old, :new)"
        book.sql(change, old=str(folder), new=str(tmp_path))
    return SimpleNamespace(**vars(ids) | {"log": tmp_path / ids.log.relative_to(folder)})


@pytest.fixture
def served(state):
    """
    A server holds the state file: this process.
    """
    number = held(state.with_name("serve.db.lock"))
    yield os.getpid()
    os.close(number)


@pytest.fixture
def client(state):
    """
    A browser without a token.
    """
    app = make(state, port=PORT, token="", clock=lambda: NOW)
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", follow_redirects=False)


@pytest.fixture
def stranger(state):
    """
    A browser that has not logged in to a page that has a token.
    """
    app = make(state, port=PORT, token=TOKEN, clock=lambda: NOW)
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", follow_redirects=False)


@pytest.fixture
def member(stranger):
    """
    A browser that has logged in.
    """
    origin = {"origin": f"http://127.0.0.1:{PORT}"}
    answer = stranger.post("/login", data={"token": TOKEN}, headers=origin)
    assert 303 == answer.status_code
    stranger.headers.update(origin)
    return stranger


@pytest.fixture(scope="session")
def living(empty, tmp_path_factory):
    """
    A filled state file by the clock of this machine, and what tests look at in it.
    """
    folder = tmp_path_factory.mktemp("living")
    book = Book(shutil.copy(empty, folder / "serve.db"), time.time())
    return book, book.fill(folder / "runs")
