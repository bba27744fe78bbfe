"""
Processes that run one run after the other, begun ahead and told in time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import pytest
from serve_machine import Machine, spec

from schedkit_local.process import NEAR, until
from schedkit_local.serve.ledger import Ledger


@pytest.fixture
def machine(tmp_path):
    """
    A machine; whatever is left on it is ended.
    """
    found = Machine(tmp_path)
    yield found
    found.stop()


def hook(machine, text):
    with (machine.folder / "hook.py").open("a") as stream:
        stream.write(text)


def test_one_process_runs_many(machine):
    """
    Where nothing overlaps a few processes run everything, and no step begins before its instant.
    """
    machine.begin(spec(script="date +%s.%N-$SCHEDKIT_SCHEDULED_TIME >> times.log"))
    machine.until(lambda: 6 <= len(machine.starts()))
    machine.end()
    pids = [pid for (pid,) in machine.query("SELECT pid FROM run")]
    assert len(set(pids)) < len(pids)
    due = dict(
        machine.query("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', due, 'unixepoch'), due FROM run")
    )
    for line in (machine.folder / "times.log").read_text().splitlines():
        at, _, scheduled = line.partition("-")
        assert float(at) >= due[scheduled]
    assert not machine.query("SELECT id FROM run WHERE started < due OR ended < started")


def test_idle_processes_end(machine):
    """
    A process that has nothing to do for long ends.
    """
    hook(machine, "from schedkit_local.serve import crew\ncrew.IDLE = 0.0\n")
    machine.begin(spec())
    machine.until(lambda: 4 <= len(machine.starts()))
    machine.end()
    pids = Counter(pid for (pid,) in machine.query("SELECT pid FROM run"))
    assert {1} == set(pids.values())


KILLED = """
import os
from schedkit_local.serve.hand import Hand


def tell(self, seq):
    os.kill(os.getpid(), 9)


if not os.path.exists("killed"):
    open("killed", "w").close()
    Hand.tell = tell
"""


def test_killed_before_it_could_tell(machine, monkeypatch):
    """
    What was written down is run, though the server was killed before it told the process.
    """
    monkeypatch.chdir(machine.folder)
    hook(machine, KILLED)
    machine.begin(spec(every="1h"))
    with closing(Ledger.open(machine.state)) as ledger:
        ledger.ask("trigger", {"pipeline": "tick"})
    machine.until(lambda: machine.server.poll() is not None)
    machine.until(lambda: machine.rows("state = 'succeeded'"))
    machine.begin()
    machine.end()
    assert 1 == len(machine.starts()) == len(machine.rows())


UNWRITTEN = """
from contextlib import contextmanager
import sqlite3
from schedkit_local.serve import ledger
writing, failures = ledger.Ledger.writing, [1]


@contextmanager
def failing(self):
    with writing(self):
        yield
        if failures and self.count("SELECT 1 FROM run WHERE state = 'running'"):
            failures.pop()
            raise sqlite3.OperationalError("disk I/O error")


ledger.Ledger.writing = failing
"""


def test_what_could_not_be_written_is_not_told(machine):
    """
    A run whose start could not be written down starts once it can be.
    """
    hook(machine, UNWRITTEN)
    machine.begin(spec())
    machine.until(lambda: 3 <= len(machine.starts()))
    assert "is on a disk that does not answer (disk I/O error)" in machine.said()
    machine.end()
    ran = machine.query("SELECT id FROM run WHERE state = 'succeeded'")
    assert Counter(run for (run,) in ran) == Counter(machine.starts())


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(-1, 0), (0.5, 0.5), (NEAR + 1, 0), (-3_600, 0), (3_600, 0)]
)
def test_until(ahead, seconds, monkeypatch):
    """
    A clock that was set is not waited for.
    """
    monkeypatch.setattr(time, "time", lambda: 1_000.0)
    assert seconds == until(1_000.0 + ahead)


def test_how_it_goes_on(tmp_path):
    """
    The lean process says what is wrong in a sentence, as the command does.
    """
    given = json.dumps({"state": str(tmp_path / "serve.db")})
    words = [sys.executable, "-m", "schedkit_local.serve", str(tmp_path / "none"), given]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert 2 == done.returncode
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
