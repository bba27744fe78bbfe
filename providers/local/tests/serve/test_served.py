"""
A served program, with real processes: it is reloaded, and told things, while runs go on.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from schedkit_local.serve.ledger import Ledger, is_served


HEAD = """
import schedkit as sk

def pipeline(name, script="true", **more):
    return sk.Pipeline(name, steps=[sk.Step("step", command=["/bin/sh", "-c", script])], **more)

"""
TICK = 'sk.Schedule("tick", pipeline("fast"), sk.Every("1s", "2026-01-01T00:00:00Z"))\n'
HOURLY = 'sk.Schedule("hourly", pipeline("slow", "sleep 3"), sk.Cron("0 * * * *"))\n'
WAITS = 9.0
SCRIPT = Path(sys.executable).with_name("schedkit")


class Serving:
    """
    A program, and the server of it.
    """

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / ".schedkit" / "serve.db"
        self.process = self.ledger = None
        self.log = folder / "serve.log"
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text("config: {}\n")

    def write(self, source):
        (self.folder / "__main__.py").write_text(HEAD + textwrap.dedent(source))

    def begin(self, source):
        self.write(source)
        words = [SCRIPT, "serve", str(self.folder), "--no-page"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        self.until(lambda: " serving " in self.said())
        self.ledger = Ledger.open(self.state)

    def said(self):
        return self.log.read_text()

    def until(self, condition):
        deadline = time.monotonic() + WAITS
        while not (found := condition()):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        return found

    def ask(self, verb, **arguments):
        number = self.ledger.ask(verb, arguments)
        answer = self.until(lambda: self.ledger.request(number).answer)
        return answer["ok"], answer["text"]

    def sinces(self):
        return {row.name: row.since for row in self.ledger.schedules()}

    def run(self, name):
        return self.ledger.run(name)

    def state_of(self, name, *states):
        return self.until(lambda: (run := self.run(name)) and run.state in states and run)

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(WAITS)
        if self.ledger:
            for run in self.ledger.open_runs():
                with suppress(psutil.Error):
                    psutil.Process(run.pid).terminate()
            self.ledger.close()


@pytest.fixture
def serving(tmp_path):
    """
    Serve programs.
    """
    found = Serving(tmp_path)
    yield found
    found.end()


def triggered(serving, pipeline, **parameters):
    ok, text = serving.ask("trigger", pipeline=pipeline, parameters=parameters)
    assert ok, text
    return text.split()[0]


@pytest.mark.parametrize("how", ["signal", "request"])
def test_reload(serving, how):
    """
    A newer program is served by the same process; a schedule that means the same keeps its next
    instant, and a run goes on through it and ends well.
    """
    serving.begin(HOURLY + 'sk.Schedule("daily", pipeline("fast"), sk.Cron("0 9 * * 1-5"))\n')
    before = serving.sinces()
    long = triggered(serving, "slow")
    pid = serving.state_of(long, "running").pid
    serving.write(
        HOURLY.replace('"0 * * * *"', '"0 0-23 * * *"')
        + 'sk.Schedule("daily", pipeline("fast"), sk.Cron("0 8 * * MON-FRI"))\n'
        + TICK.replace('"fast"', '"third"')
    )
    if how == "signal":
        serving.process.send_signal(signal.SIGHUP)
        serving.until(lambda: "tick" in serving.sinces())
    else:
        ok, text = serving.ask("reload")
        assert ok
        assert text.startswith("the program is reloaded: schedule 'daily' begins anew: ")
        assert text.endswith("; schedule 'tick' is new")
    serving.until(lambda: serving.ledger.runs(schedule="tick", states=["succeeded"]))
    assert serving.process.pid == is_served(serving.state)
    assert 2 == serving.said().count(" serving ")
    assert before["hourly"] == serving.sinces()["hourly"]
    ended = serving.state_of(long, "succeeded", "failed", "lost", "stopped")
    assert ("succeeded", pid) == (ended.state, ended.pid)
    assert "" == serving.ledger.program().error


BROKEN = {
    "raises": "raise ValueError('no such thing')",
    "ends": "import os\nos._exit(7)",
    "is refused": 'sk.Schedule("tick", pipeline("fast"), sk.Cron("61 * * * *"))',
}


def test_broken_program(serving):
    """
    A broken program leaves the one before it running, which says why, until it is mended.
    """
    serving.begin(TICK)
    for number, (kind, source) in enumerate(BROKEN.items()):
        serving.write(source)
        ok, text = serving.ask("reload")
        assert not ok, kind
        assert text.startswith("the program is broken, and the one before it goes on: ")
        assert text == serving.ledger.program().error
        if number == 0:
            now = int(time.time())
            serving.until(lambda now=now: serving.ledger.runs(states=["succeeded"], since=now + 1))
    serving.write(TICK)
    assert (True, "the program is as it was") == serving.ask("reload")
    assert "" == serving.ledger.program().error
    assert 1 == serving.said().count(" serving ")


def test_two_signals(serving):
    """
    A program that changes while it is loaded is loaded once more.
    """
    serving.begin("import time; time.sleep(0.5)\n" + TICK)
    other = TICK.replace('"tick"', '"tock"')
    serving.write("import time; time.sleep(0.5)\n" + TICK + other.replace('"fast"', '"b"'))
    serving.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)  # it is being loaded
    serving.write(TICK.replace('"tick"', '"last"'))
    serving.process.send_signal(signal.SIGHUP)
    serving.until(lambda: {"last"} == set(serving.sinces()))


def test_trigger(serving):
    """
    A run that is asked for has the parameters that were given.
    """
    words = '["/bin/sh", "-c", "echo n is $0", sk.Parameter("n")]'
    step = f'sk.Step("step", command={words})'
    serving.begin(f'sk.Pipeline("fast", steps=[{step}], parameters={{"n": 1}})\n')
    given = serving.state_of(triggered(serving, "fast", n=7), "succeeded", "failed")
    own = serving.state_of(triggered(serving, "fast"), "succeeded", "failed")
    logs = [serving.ledger.steps(run)[0].log for run in (given, own)]
    assert ["n is 7\n", "n is 1\n"] == [Path(log).read_text() for log in logs]
    assert [("succeeded", 0)] * 2 == [(run.state, run.exit_code) for run in (given, own)]


def test_pause_and_resume(serving):
    """
    A schedule that is paused starts nothing, also after a reload.
    """
    serving.begin(TICK)
    assert serving.ask("pause", schedule="tick")[0]
    paused = int(time.time())
    serving.write(TICK + HOURLY)
    assert serving.ask("reload")[0]
    serving.until(lambda: 2 == serving.said().count(" serving "))
    serving.until(lambda: time.time() > paused + 2.5)
    assert [] == serving.ledger.runs(schedule="tick", since=paused + 1)
    assert (True, "schedule 'tick' is resumed") == serving.ask("resume", schedule="tick")
    resumed = int(time.time())
    serving.until(
        lambda: serving.ledger.runs(schedule="tick", states=["succeeded"], since=resumed)
    )
    assert [] == serving.ledger.runs(schedule="tick", states=["missed"])


def test_backfill_and_cancel(serving):
    """
    Past instants run one after another where runs are not to meet; one that goes on and one that
    waits are cancelled, each with its steps.
    """
    slow = 'pipeline("slow", "sleep 60", overlap="forbid")'
    serving.begin(f'sk.Schedule("hourly", {slow}, sk.Cron("0 * * * *"))\n')
    at = 1_767_225_600  # 2026-01-01T00:00:00Z
    bounds = {"from": at, "to": at + 3 * 3_600}
    said = serving.ask("backfill", schedule="hourly", **bounds)
    assert (True, "schedule 'hourly': 3 runs are asked for") == said
    names = [f"hourly-20260101t0{hour}0000z" for hour in range(3)]
    first = serving.state_of(names[0], "running")
    assert ["waiting", "waiting"] == [serving.run(name).state for name in names[1:]]
    serving.until(lambda: psutil.Process(first.pid).children())
    steps = psutil.Process(first.pid).children(recursive=True)
    assert serving.ask("cancel", run=names[1])[0]
    assert serving.ask("cancel", run=names[0])[0]
    ended = serving.state_of(names[0], "stopped", "failed", "lost")
    assert ("stopped", "cancelled") == (ended.state, ended.reason)
    assert [] == [step for step in steps if _lives(step)]
    assert ("missed", "cancelled") == (serving.run(names[1]).state, serving.run(names[1]).reason)
    serving.state_of(names[2], "running")
    assert serving.ask("cancel", run=names[2])[0]
    serving.state_of(names[2], "stopped")


def _lives(process):
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def test_end_leaves_runs(serving):
    """
    A server that is told to end leaves what runs, and the next one adopts it.
    """
    serving.begin(HOURLY)
    name = triggered(serving, "slow")
    serving.state_of(name, "running")
    serving.process.terminate()
    assert 0 == serving.process.wait(WAITS)
    assert serving.said().endswith("ended; 1 runs go on\n")
    assert is_served(serving.state) is None
    serving.ledger.close()
    serving.begin(HOURLY)
    serving.until(lambda: f"{name} succeeded" in serving.said())
    assert "succeeded" == serving.run(name).state
