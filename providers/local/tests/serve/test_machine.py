"""
What the server asks of the machine: a lock, a clock, which process is which, processes beside it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from schedkit.exceptions import StateError
from schedkit_local.serve import beside, clock, process
from schedkit_local.serve.beside import Beside
from schedkit_local.serve.clock import LOOK, Clock, zones_stamp
from schedkit_local.serve.lock import held, holder


@pytest.fixture
def sleeper():
    """
    Another process.
    """
    found = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield found
    found.kill()
    found.communicate()


# The lock


def test_one_holder(tmp_path):
    """
    A second server is refused, with the name of the first.
    """
    path = tmp_path / "serve.db.lock"
    number = held(path)
    assert f"{os.getpid()}\n" == path.read_text()
    with pytest.raises(StateError) as error:
        held(path)
    found = error.value
    assert f"state file {tmp_path / 'serve.db'}" == found.culprit
    assert f"is served already, by process {os.getpid()}" == found.reason
    assert "stop that one, or name another file by --state" == found.cure
    os.close(number)
    os.close(held(path))


def test_nameless_holder(tmp_path):
    """
    A holder that has not written its name yet is one nevertheless.
    """
    path = tmp_path / "serve.db.lock"
    number = held(path)
    os.ftruncate(number, 0)
    with pytest.raises(StateError, match="by process unknown"):
        held(path)
    assert 0 == holder(path)
    os.close(number)


def test_inherited(tmp_path):
    """
    A server that replaces itself keeps the lock.
    """
    path = tmp_path / "serve.db.lock"
    number = held(path)
    assert number == held(path, number)
    assert os.getpid() == holder(path)
    os.close(number)


def test_holder(tmp_path):
    """
    Without a file, or without a living process, nobody holds it.
    """
    path = tmp_path / "serve.db.lock"
    assert holder(path) is None
    path.write_text("4711\n")
    assert holder(path) is None


def test_dead_holder(tmp_path):
    """
    A lock goes with its process, however that ends.
    """
    path = tmp_path / "serve.db.lock"
    code = "import sys; from pathlib import Path; from schedkit_local.serve.lock import held\n"
    code += "held(Path(sys.argv[1])); print('held', flush=True); input()"
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert b"held\n" == other.stdout.readline()
        assert other.pid == holder(path)
        other.kill()
    assert holder(path) is None


# The clock


def rings(found, seconds):
    return bool(select.select([found.file], [], [], seconds)[0])


@pytest.fixture
def timer():
    """
    The clock of this machine.
    """
    found = Clock()
    yield found
    if found.file is not None:
        os.close(found.file)


def test_now(timer):
    """
    The wall clock is that of the machine.
    """
    assert abs(time.time() - timer.now()) < 1


def test_rings_at_an_instant(timer):
    """
    A wait ends at the instant, not before, and rings once.
    """
    until = time.time() + 0.2
    assert timer.wait(until) is None
    assert rings(timer, 5)
    assert until <= time.time() < until + 1
    timer.rung()
    assert not rings(timer, 0)


def test_rings_for_the_past(timer):
    """
    An instant that has passed rings at once.
    """
    timer.wait(1.5)
    assert rings(timer, 1)


def test_waits_for_ever(timer):
    """
    Without an instant only a clock that is set ends the wait.
    """
    timer.wait(time.time() + 0.01)
    assert timer.wait(None) is None
    assert not rings(timer, 0.05)
    timer.rung()  # nothing to be read is nothing


def test_a_set_clock_is_noted(timer, monkeypatch):
    """
    The kernel says ECANCELED when somebody sets the clock: that is a ring like others.
    """

    def cancelled(*_):
        raise OSError(125, "Operation canceled")

    monkeypatch.setattr(clock.os, "read", cancelled)
    timer.rung()


@pytest.mark.parametrize(("ahead", "begins"), [(0.2, 1_000.2), (-1, 1_000), (0.5, 1_000)])
def test_begins(timer, monkeypatch, ahead, begins):
    """
    A run that is decided just before its instant begins then; where the clock was set, at once.
    """
    monkeypatch.setattr(clock.time, "time", lambda: 1_000.0)
    assert begins == timer.begins(1_000 + ahead)


@pytest.mark.parametrize("reason", ["another system", "an old kernel"])
def test_without_a_timer(monkeypatch, reason):
    """
    Elsewhere the clock is looked at every second.
    """
    if reason == "another system":
        monkeypatch.setattr(clock.sys, "platform", "darwin")
    else:
        libc = SimpleNamespace(timerfd_create=lambda *_: -1)
        monkeypatch.setattr(clock, "_libc", lambda: libc)
    found = Clock()
    assert found.file is None
    assert LOOK == found.wait(None) == found.wait(time.time() + 3_600)
    assert 0 < found.wait(time.time() + 0.5) <= 0.5
    assert 0.0 == found.wait(time.time() - 5)
    found.rung()


def test_zones_stamp(tmp_path, monkeypatch):
    """
    Other time zone data has another stamp; where there is none, there is nothing to compare.
    """
    import tzdata

    assert zones_stamp() == zones_stamp() > 0
    monkeypatch.setattr(tzdata, "__file__", str(tmp_path / "none"))
    assert 0.0 == zones_stamp()


# Processes


def test_lives(sleeper):
    """
    A process lives from its birth to its end, reaped or not.
    """
    born = process.birth(sleeper.pid)
    assert born == process.birth(sleeper.pid)
    assert born != process.birth(os.getpid())
    assert process.lives(sleeper.pid, born)
    sleeper.kill()
    deadline = time.monotonic() + 5
    while process.lives(sleeper.pid, born) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process.lives(sleeper.pid, born)  # a zombie
    sleeper.wait()
    assert "" == process.birth(sleeper.pid)


def test_number_of_a_later_process():
    """
    A process of the same number, born at another time or boot, is another one.
    """
    born = process.birth(os.getpid())
    boot, _, ticks = born.partition("/")
    assert process.lives(os.getpid(), born)
    assert not process.lives(os.getpid(), f"{boot}/{int(ticks) + 1}")
    assert not process.lives(os.getpid(), f"x{born}")
    assert not process.lives(os.getpid(), "")
    assert not process.lives(None, born)


def test_hostile_name(tmp_path):
    """
    A process may call itself what it likes.
    """
    name = tmp_path / "a) S 1 (b"
    name.symlink_to("/bin/sleep")
    with subprocess.Popen([str(name), "60"]) as other:
        assert process.lives(other.pid, process.birth(other.pid))
        other.kill()


def test_without_proc(sleeper, monkeypatch):
    """
    Where there is no /proc, psutil knows when a process was born.
    """
    monkeypatch.setattr(process, "Path", lambda _: SimpleNamespace(**NO_FILE))
    born = process.birth(sleeper.pid)
    assert f"{os.uname().nodename}/{psutil.Process(sleeper.pid).create_time()}" == born
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert "" == process.birth(sleeper.pid)
    sleeper.wait()
    assert "" == process.birth(sleeper.pid)


def no_file():
    raise FileNotFoundError


NO_FILE = {"read_text": no_file, "exists": lambda: False}


# Beside


@pytest.fixture
def beside_one():
    """
    A process that sleeps, to be kept beside the server.
    """
    made = []

    def make(code="input()", pid=None, **extra):
        found = Beside([sys.executable, "-c", code], extra, pid)
        made.append(found)
        return found

    yield make
    for each in made:
        each.stop()
        _reaped(each.pid)


def _reaped(pid):
    try:
        os.waitpid(pid, 0)
    except (ChildProcessError, TypeError):
        return


SLEEP = "import time; time.sleep(60)"


def test_kept(beside_one, monkeypatch):
    """
    It is begun once, begun again when it ended, and not at once.
    """
    found = beside_one(SLEEP)
    assert found.pid is None
    found.stop()  # nothing yet
    found.keep()
    first = found.pid
    found.keep()
    assert first == found.pid
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    found.keep()
    assert first == found.pid
    monkeypatch.setattr(beside, "PAUSE", 0.0)
    found.keep()
    assert first != found.pid
    found.stop()
    assert -signal.SIGTERM == os.waitstatus_to_exitcode(os.waitpid(found.pid, 0)[1])
    found.stop()  # it is gone


def test_environment(beside_one, tmp_path):
    """
    It has the server's environment and its own, such as a token.
    """
    code = "import os, pathlib; pathlib.Path(os.environ['OUT']).write_text(os.environ['PATH'])"
    found = beside_one(code, OUT=str(tmp_path / "out"))
    found.keep()
    os.waitpid(found.pid, 0)
    assert os.environ["PATH"] == (tmp_path / "out").read_text()


def test_adopted(beside_one, sleeper):
    """
    A server that replaced itself keeps what ran beside it.
    """
    found = beside_one(SLEEP, pid=sleeper.pid)
    found.keep()
    assert sleeper.pid == found.pid
