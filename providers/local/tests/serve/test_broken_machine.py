"""
When something breaks: each test is a sentence of docs/how-to/serve-on-one-machine.md.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import time
from collections import Counter

import psutil
import pytest
from serve_machine import Machine, spec

import schedkit as sk
from schedkit.exceptions import StateError
from schedkit_local.serve.ledger import Ledger
from schedkit_local.serve.process import birth


HOUR = 3_600
FULL = "has no room on its disk (database or disk is full); make room; trying again in 0.2 s"


@pytest.fixture
def machine(tmp_path):
    found = Machine(tmp_path)
    yield found
    found.stop()


def check_ledger(machine, first):
    """
    Every second since the first run has one row, and what ran ran once.
    """
    rows = machine.query("SELECT scheduled FROM run WHERE schedule = 'tick' ORDER BY scheduled")
    instants = [at for (at,) in rows]
    assert list(range(first, instants[-1] + 1)) == instants
    ran = [run for run, state in machine.rows() if state == "succeeded"]
    assert Counter(ran) == Counter(machine.starts())


def first_of(machine):
    """
    Wait for a run that is over; the first instant.
    """
    machine.until(lambda: machine.rows("state = 'succeeded'"))
    return machine.query("SELECT min(scheduled) FROM run")[0][0]


def no_room(machine):
    """
    Fill the state file's disk; how to make room again.
    """
    pages = machine.query("PRAGMA page_count")[0][0]
    pragma = machine.folder / "pragma"
    pragma.write_text(f"PRAGMA max_page_count = {pages}")
    return pragma.unlink


def no_writes(machine):
    """
    Let no file of the server grow, its log included; how to let them again.
    """
    pid, kind = machine.server.pid, resource.RLIMIT_FSIZE
    before = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (1, before[1]))
    return lambda: resource.prlimit(pid, kind, before)


@pytest.mark.parametrize(("fill", "said"), [(no_room, FULL), (no_writes, "")])
def test_full_disk(machine, fill, said):
    """
    Nothing starts that is not written down; when there is room, what passed starts or is missed.
    """
    machine.begin(spec(catch_up=sk.CatchUp("all", "1m")))
    first = first_of(machine)
    make_room = fill(machine)
    machine.until(lambda: said in machine.said())
    before = machine.rest()
    make_room()
    machine.until(lambda: len(machine.starts()) > len(before) + 2)
    machine.end()
    check_ledger(machine, first)


def test_full_disk_at_the_end_of_a_run(machine):
    """
    A run that ends while the disk is full fails, and writes that down when there is room.
    """
    machine.begin(spec("slow", script="sleep 1", every="1h"))
    machine.ask("trigger", pipeline="slow")
    machine.until(lambda: machine.rows("state = 'running'") and machine.starts())
    (pid,) = machine.query("SELECT pid FROM run")[0]
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    time.sleep(2.5)
    assert "running" == machine.rows()[0][1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    machine.until(lambda: machine.rows("state = 'failed'"))
    assert "its files cannot be written" in machine.query("SELECT reason FROM run")[0][0]
    assert 1 == len(machine.starts())


def test_read_only_state(machine):
    """
    A state file that cannot be written stops all starts, until it can; a start is refused.
    """
    machine.begin(spec())
    first = first_of(machine)
    machine.state.chmod(0o400)
    machine.until(lambda: "cannot be written (attempt to write a readonly" in machine.said())
    before = machine.rest()
    for path in machine.state.parent.glob("serve.db*"):
        path.chmod(0o600)  # SQLite gives its other files the mode of the first
    machine.until(lambda: len(machine.starts()) > len(before) + 1)
    machine.end()
    check_ledger(machine, first)
    machine.state.chmod(0o400)
    assert f"state file {machine.state}: cannot be written" in machine.refused()


def head(data):
    return b"garbage." * 512 + data[4096:]


def half(data):
    return data[: len(data) // 2]


def page(data):
    """
    Damage the root of the table of runs, which is beyond the first three pages.
    """
    return data[: 4096 * 5] + os.urandom(4096) + data[4096 * 6 :]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (head, "is no state file of schedkit, or is damaged"),
        (half, "is damaged"),
        (page, "is damaged"),
    ],
)
def test_corrupt_state(machine, damage, reason):
    """
    A damaged state file is refused and left as it is; moved away, a new one is begun.
    """
    machine.begin(spec())
    first_of(machine)
    machine.end()
    damaged = damage(machine.state.read_bytes())
    machine.state.write_bytes(damaged)
    assert f"state file {machine.state}: {reason}" in machine.refused()
    assert damaged == machine.state.read_bytes()
    machine.state.rename(machine.folder / "damaged.db")
    machine.begin()
    machine.until(lambda: machine.rows("state = 'succeeded'"))


def test_deleted_state(machine):
    """
    A state file that is deleted is not made anew: nothing starts until it is back.
    """
    machine.begin(spec())
    first = first_of(machine)
    away = machine.state.rename(machine.folder / "away.db")
    for end in ("-wal", "-shm"):
        machine.state.with_name(f"serve.db{end}").rename(machine.folder / f"away.db{end}")
    machine.until(lambda: "cannot be opened (unable to open database file)" in machine.said())
    assert not machine.state.exists()
    before = machine.rest()
    for end in ("-wal", "-shm"):
        (machine.folder / f"away.db{end}").rename(machine.state.with_name(f"serve.db{end}"))
    away.rename(machine.state)
    machine.until(lambda: len(machine.starts()) > len(before) + 1)
    machine.end()
    check_ledger(machine, first)


def test_closed_after_failure(state):
    """
    A state file that could not be opened is closed: a process forked then may open it.
    """
    ledger = Ledger.open(state)
    state.write_bytes(head(state.read_bytes()))
    with pytest.raises(StateError) as found:
        ledger.reopen()
    assert "is no state file of schedkit, or is damaged" in str(found.value)
    assert str(state) not in [each.path for each in psutil.Process().open_files()]


def test_newer_schema(machine):
    """
    A state file of a newer schedkit is refused and left as it is.
    """
    machine.begin(spec())
    machine.end()
    machine.query("UPDATE alembic_version SET version_num = '9999'")
    machine.query("PRAGMA wal_checkpoint(TRUNCATE)")
    before = machine.state.read_bytes()
    said = machine.refused()
    assert f"state file {machine.state}: has schema 9999, and this schedkit knows 0001" in said
    assert before == machine.state.read_bytes()


def test_deleted_runs(machine):
    """
    Without their folder, runs that go on fail; the next one makes it anew.
    """
    machine.begin(spec("slow", script="sleep 1", every="1h"))
    machine.ask("trigger", pipeline="slow")
    machine.until(machine.starts)
    shutil.rmtree(machine.folder / ".schedkit" / "runs")
    machine.until(lambda: machine.rows("state = 'failed'"))
    assert "its files cannot be written" in machine.query("SELECT reason FROM run")[0][0]
    machine.ask("trigger", pipeline="slow")
    machine.until(lambda: machine.rows("state = 'succeeded'"))
    assert 2 == len(machine.starts())


def test_two_servers(machine):
    """
    The second server of a state file refuses, and the first one goes on.
    """
    machine.begin(spec())
    first, served = first_of(machine), machine.server
    said = machine.refused()
    assert f"state file {machine.state}: is served already, by process {served.pid}" in said
    machine.server = served
    before = machine.starts()
    machine.until(lambda: len(machine.starts()) > len(before) + 1)
    machine.end()
    check_ledger(machine, first)


def test_killed_server(machine):
    """
    A run outlives a killed server, and the next one goes on with it.
    """
    machine.begin(spec("slow", script="sleep 2", every="1h"))
    machine.ask("trigger", pipeline="slow")
    machine.until(machine.starts)
    machine.kill(machine.server)
    machine.server.wait()
    machine.begin()
    assert "running" == machine.rows()[0][1]
    machine.until(lambda: machine.rows("state = 'succeeded'"))
    assert 1 == len(machine.starts())


def test_killed_run(machine):
    """
    A run whose process is killed is lost, and what its steps left running is ended.
    """
    machine.begin(spec("slow", script="sleep 60", every="1h"))
    machine.ask("trigger", pipeline="slow")
    machine.until(machine.starts)
    step = machine.child("sleep 60")
    machine.kill(psutil.Process(machine.query("SELECT pid FROM run")[0][0]))
    machine.until(lambda: machine.rows("state = 'lost'"))
    assert "" == birth(step.pid)
    killed = "its process was killed, or the machine went down"
    assert [(killed,)] == machine.query("SELECT reason FROM run")


def test_taken_by_nobody(machine):
    """
    A run that no process had taken when the server was killed starts when it is back.
    """
    machine.begin(spec("slow", every="1h"))
    machine.ask("trigger", pipeline="slow")
    machine.until(lambda: machine.rows("state = 'succeeded'"))
    machine.kill(machine.server)
    machine.server.wait()
    machine.query("UPDATE run SET state = 'starting', pid = NULL, birth = '', ended = NULL")
    machine.begin()
    machine.until(lambda: machine.rows("state = 'succeeded'"))
    assert 2 == len(machine.starts())


def policies():
    given = {"every": "5m", "starting_deadline": "1m"}
    return [
        spec("none", **given),
        spec("latest", catch_up=sk.CatchUp("latest", "2h"), **given),
        spec("all", catch_up=sk.CatchUp("all", "2h"), **given),
    ]


def test_clock_ahead(machine):
    """
    Instants that the clock jumped over are missed, or caught up with, by their policy.
    """
    machine.begin(*policies())
    machine.set_clock(HOUR + (270 - time.time()) % 300)  # half a minute before an instant
    machine.until(lambda: 36 <= len(machine.rows("state IN ('succeeded', 'missed')")))
    counts = Counter(run.partition("-")[0] for run in machine.starts())
    assert {"latest": 1, "all": 12} == counts
    reasons = dict(machine.query("SELECT reason, count(*) FROM run GROUP BY reason"))
    other = "a later run was missed too, and the latest alone is caught up with"
    assert 12 == sum(n for text, n in reasons.items() if "its starting deadline is 1m" in text)
    assert (11, 13) == (reasons[other], reasons[""])


def test_clock_back(machine):
    """
    What was decided before the clock was set back is not decided again, also by another server.
    """
    machine.begin(*policies())
    machine.set_clock((298 - time.time()) % 300)  # two seconds before an instant
    machine.until(lambda: 3 == len(machine.rows("state = 'succeeded'")))
    machine.set_clock(-HOUR)
    time.sleep(2)
    machine.kill(machine.server)
    machine.server.wait()
    machine.begin()
    machine.set_clock(HOUR - 5)  # once more the seconds before that instant, and after
    time.sleep(7)
    assert 3 == len(machine.rows()) == len(machine.starts())
    machine.set_clock(300)
    machine.until(lambda: 6 == len(machine.rows("state = 'succeeded'")))
    assert 6 == len(machine.starts()) == len(set(machine.starts()))


def test_deleted_pipe(machine):
    """
    Without its pipe the server hears no request; it makes it anew within a minute, and answers.
    """
    machine.begin(spec("slow", every="1h"))
    pipe = machine.state.with_name("serve.db.wake")
    pipe.unlink()
    assert "is asked for" in machine.ask("trigger", pipeline="slow")
    assert pipe.is_fifo()
    machine.until(lambda: machine.rows("state = 'succeeded'"))


def test_killed_page(machine):
    """
    The page is begun again within a minute; runs do not notice.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    machine.begin(spec(), port=port)
    first, page = first_of(machine), machine.child("serve.page")
    machine.kill(page)
    machine.until(lambda: machine.child("serve.page").pid != page.pid)
    machine.until(lambda: reachable(port))
    machine.end()
    check_ledger(machine, first)


def reachable(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


NO_FORK = """
import os
from schedkit_local.serve import fork as forks
fork, refusals = forks.fork, [1, 2, 3]


def refusing(*given):
    if refusals:
        refusals.pop()
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return fork(*given)


forks.fork = refusing
"""


def test_no_process(machine):
    """
    A machine that has no room for a process is asked again, and the run starts once.
    """
    with (machine.folder / "hook.py").open("a") as hook:
        hook.write(NO_FORK)
    machine.begin(spec())
    first = first_of(machine)
    assert "Resource temporarily unavailable; trying again in 0.2 s" in machine.said()
    machine.end()
    check_ledger(machine, first)
