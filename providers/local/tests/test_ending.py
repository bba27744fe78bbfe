"""
How runs are ended: timeouts and signals, and nothing that they started stays.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psutil
import pytest

from schedkit.pipeline import Retry, Step
from schedkit_local import process


FAMILY = """
import os, subprocess, sys, time
open("pids", "a").write(f"{os.getpid()}\\n")
depth = int(sys.argv[1])
if depth:
    subprocess.Popen([sys.executable, __file__, str(depth - 1)], start_new_session=depth == 1)
if len(sys.argv) > 2:
    while len(open("pids").readlines()) < 3:
        time.sleep(0.01)
    sys.exit()
time.sleep(60)
"""

PROGRAM = """
import sys
from pathlib import Path
from schedkit.backend import Target
from schedkit.pipeline import PipelineSpec, Step
from schedkit_local.backend import Local
from schedkit_local.options import LocalOptions

backend = Local(LocalOptions(container="never"))
steps = [Step("a", command=["python", "family.py", "2"]), Step("b", command=["sleep", "60"])]
spec = PipelineSpec("demo", steps=steps, overlap=sys.argv[1])
result = backend.run(backend.compile_pipeline(spec, Target()), folder=Path(), show=False)
print(result.error)
print(*(step.state for step in result.steps))
sys.exit(result.exit_code)
"""

STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
STUBBORN += "open('ready', 'w')\ntime.sleep(60)"


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pids(folder, count=3):
    path = folder / "pids"
    deadline = time.monotonic() + 20
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [int(line) for line in path.read_text().splitlines()]


@pytest.fixture
def family(tmp_path):
    """
    A script that starts a child, which starts a grandchild in a session of its own.
    """
    (tmp_path / "family.py").write_text(FAMILY)
    return tmp_path


@pytest.fixture
def program(family):
    """
    A program that runs a pipeline of the family and one step more.
    """
    started = []

    def start(overlap="allow"):
        command = [sys.executable, "-c", PROGRAM, overlap]
        child = subprocess.Popen(command, cwd=family, stdout=subprocess.PIPE, text=True)
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=20)
        child.stdout.close()


def test_timeout_ends_the_family(run, family):
    """When time is up, child and grandchild go with the step, in whatever session they are."""
    result = run(Step("a", command=["python", "family.py", "2"], timeout="1s"))
    found = pids(family)
    assert [False, False, False] == [lives(pid) for pid in found]
    assert "attempt 1 did not end within its timeout of 1 s" == result.error.reason
    assert ("failed", -15) == (result.steps[0].state, result.steps[0].exit_code)


def test_what_a_step_leaves_behind_is_ended(run, family):
    """A step ends with its process: what that left running is ended, and the step succeeded."""
    result = run(Step("a", command=["python", "family.py", "2", "leave"]))
    assert result.ok
    assert [False, False, False] == [lives(pid) for pid in pids(family)]


def test_stubborn_step_is_killed(run, tmp_path, monkeypatch):
    """A process that takes no SIGTERM is killed after the grace."""
    monkeypatch.setattr(process, "GRACE", 0.2)
    result = run(Step("a", command=["python", "-c", STUBBORN], timeout="1s"))
    assert (tmp_path / "ready").exists()
    assert -9 == result.steps[0].exit_code


def test_timeout_is_of_one_attempt(run):
    """Each attempt has the whole time."""
    step = Step("a", command=["sleep", "60"], timeout="1s", retry=Retry(1, "0s"))
    result = run(step)
    assert 2 == result.steps[0].attempts
    assert "attempt 2 did not end within its timeout of 1 s" == result.error.reason


def test_pipeline_timeout(run):
    """When the pipeline's time is up, what runs is stopped and the rest skipped."""
    a = Step("a", command=["sleep", "60"])
    result = run(a, Step("b", command=["true"], needs=[a]), timeout="1s")
    assert ["stopped", "skipped"] == [step.state for step in result.steps]
    assert "did not end within its timeout of 1 s" == result.error.reason
    assert 1 == result.exit_code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_no_orphan(program, family, number):
    """Ctrl-C and its like end every step with all it started, and the program with 130."""
    child = program()
    found = pids(family)
    child.send_signal(number)
    said, _ = child.communicate(timeout=20)
    assert 130 == child.returncode
    assert "Pipeline 'demo': was interrupted; start it again\nstopped stopped\n" == said
    assert [False, False, False] == [lives(pid) for pid in found]


def test_second_signal_ends_at_once(program, family):
    """Whoever presses Ctrl-C twice does not wait for the grace."""
    (family / "family.py").write_text(STUBBORN)
    child = program()
    while not (family / "ready").exists():
        time.sleep(0.01)
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)
    assert 130 == child.returncode
    assert process.GRACE > time.monotonic() - start


def test_forbid_refuses_a_second_run(program, family):
    """While one run goes on, overlap='forbid' lets no other start."""
    first = program("forbid")
    pids(family)
    command = [sys.executable, "-c", PROGRAM, "forbid"]
    second = subprocess.run(command, cwd=family, capture_output=True, text=True, check=False)
    expected = (
        f"schedkit.exceptions.RunFailedError: Pipeline 'demo': another run of it goes on"
        f" (process {first.pid}) and overlap='forbid'; wait for it, or write overlap='queue'"
    )
    assert expected == second.stderr.splitlines()[-1]
    assert first.poll() is None


def test_replace_stops_the_first_run(program, family):
    """With overlap='replace' the later run stops the earlier one, and then goes on itself."""
    first = program("replace")
    earlier = pids(family)
    second = program("replace")
    first.communicate(timeout=20)
    assert 130 == first.returncode
    assert [False, False, False] == [lives(pid) for pid in earlier]
    pids(family, 6)
    assert second.poll() is None
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=20)
    assert 130 == second.returncode


def test_queue_waits(program, family):
    """With overlap='queue' the later run starts when the earlier one has ended."""
    first = program("queue")
    pids(family)
    second = program("queue")
    time.sleep(0.5)
    assert 3 == len(pids(family))
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)
    assert 6 == len(pids(family, 6))
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=20)
    assert 130 == second.returncode


def test_lock_of_a_dead_run_holds_nobody(run, program, family):
    """A run that was killed leaves no lock behind."""
    first = program("forbid")
    pids(family)
    orphans = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.wait()
    for orphan in orphans:
        orphan.kill()
    assert run(Step("a", command=["true"]), overlap="forbid").ok
