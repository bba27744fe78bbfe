"""
The rows of a state file: how they are written, found and asked for.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from serve_rows import add, refused

from schedkit_local.serve.ledger import Ledger, fifo, is_served, wake
from schedkit_local.serve.lock import held
from schedkit_local.serve.rows import ProgramRow, StepRow


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
