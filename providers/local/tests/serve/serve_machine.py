"""
A server that really runs, on a machine that breaks.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import serve_stage

import schedkit as sk
from schedkit_local.serve.ledger import Ledger, wake
from schedkit_local.serve.program import text


SERVED = Path(__file__).parents[1] / "crash" / "served.py"
PATIENCE = 30.0
HOOK = """
import ctypes
from schedkit_local.serve import ledger, loop

# Files that are not to be written are not, by root neither: no CAP_DAC_OVERRIDE.
# https://man7.org/linux/man-pages/man2/capset.2.html
version, sets = (ctypes.c_uint * 2)(0x20080522, 0), (ctypes.c_uint * 6)()
ctypes.CDLL(None).capget(version, sets)
sets[0], sets[1] = sets[0] & ~2, sets[1] & ~2
ctypes.CDLL(None).capset(version, sets)

loop.AGAIN, loop.MINUTE = 0.2, 1.0  # seconds, so that no test waits long
look = ledger.Ledger._look


def _look(self):
    pragma = self.path.parents[1] / "pragma"
    roomy = "PRAGMA max_page_count = 1073741823"
    self._connection.execute(pragma.read_text() if pragma.exists() else roomy)
    look(self)


ledger.Ledger._look = _look
"""
WITNESS = "echo $SCHEDKIT_RUN_ID >> starts.log; "


def spec(name="tick", script="true", every="1s", **policies):
    """
    A schedule whose runs leave a witness.
    """
    steps = [sk.Step("step", command=["/bin/sh", "-c", WITNESS + script])]
    page = {"filler": "x" * 4096}  # a run is a page of the state file
    pipeline = sk.PipelineSpec(name, steps=steps, overlap="allow", parameters=page)
    return sk.ScheduleSpec(
        name, pipeline, sk.Every(every, "2026-01-01T00:00:00Z"), parameters=page, **policies
    )


class Machine:
    """
    A folder with a program, its state file, and the server of it.

    Attributes:
        state: The state file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".schedkit" / "serve.db"
        self.server: subprocess.Popen | None = None
        self._started: list[subprocess.Popen] = []
        (folder / "offset").write_bytes(bytes(8))
        (folder / "hook.py").write_text(HOOK)
        (folder / "starts.log").touch()

    def begin(self, *specs, port=None, wait=True):
        """
        Start a server, of a program with these schedules; None is the one of before.
        """
        if specs:
            document = text(serve_stage.document_of(specs, self.folder))
            (self.folder / "document.json").write_text(document)
        self.server = self.spawn(port)
        if wait:
            self.until(lambda: " serving " in self.said())
        return self

    def spawn(self, port=None):
        """
        Start a process of it.
        """
        words = [sys.executable, str(SERVED), str(self.folder), *([str(port)] if port else [])]
        with (self.folder / "serve.log").open("wb") as log:
            given = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            process = subprocess.Popen(words, **given)
        self._started.append(process)
        return process

    def said(self):
        """
        What the latest server said.
        """
        return (self.folder / "serve.log").read_text()

    def refused(self):
        """
        Start a server that refuses; what it says.
        """
        self.begin(wait=False)
        assert 3 == self.server.wait(PATIENCE), self.said()
        return self.said()

    def end(self):
        """
        End the server, and put all that it wrote into the state file itself.
        """
        self.server.terminate()
        assert 0 == self.server.wait(PATIENCE), self.said()
        self.until(lambda: not self.rows("state = 'running'"))
        self.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def stop(self):
        """
        End whatever is left.
        """
        for process in self._started:
            for child in _children(process.pid):
                with suppress(psutil.Error):
                    child.kill()
            process.kill()
            process.wait()

    def until(self, condition, seconds=PATIENCE):
        """
        Wait for something, and return it.
        """
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, self.said()[-2000:]
            time.sleep(0.05)
        return found

    def query(self, statement):
        """
        Ask the state file, past all of ours.
        """
        with closing(sqlite3.connect(self.state, timeout=PATIENCE)) as connection, connection:
            return connection.execute(statement).fetchall()

    def rows(self, where="1"):
        """
        Id and state of runs.
        """
        return self.query(f"SELECT id, state FROM run WHERE {where} ORDER BY scheduled")

    def starts(self):
        """
        The runs that ran, as their steps tell.
        """
        return (self.folder / "starts.log").read_text().split()

    def rest(self):
        """
        See that nothing starts any more, but what was about to; the runs that ran.
        """
        time.sleep(1)
        before = self.starts()
        time.sleep(1.5)
        assert before == self.starts()
        return before

    def set_clock(self, offset):
        """
        Move the clock by so many seconds, and wake the server, as the kernel does.
        """
        with (self.folder / "offset").open("r+b") as stream:  # in place: it is mapped
            (before,) = struct.unpack("d", stream.read())
            stream.seek(0)
            stream.write(struct.pack("d", before + offset))
        wake(self.state)

    def ask(self, verb, **arguments):
        """
        Ask the server for something; what it answers.
        """
        with closing(Ledger.open(self.state)) as ledger:
            number = ledger.ask(verb, arguments)
            return self.until(lambda: ledger.request(number).answer)["text"]

    def kill(self, process):
        """
        SIGKILL.
        """
        os.kill(process.pid, signal.SIGKILL)

    def child(self, word):
        """
        Wait for a child of the server with a word in its command.
        """
        return self.until(lambda: next((c for c in _children(self.server.pid) if word in c), None))


class _Child(psutil.Process):
    def __contains__(self, word):
        with suppress(psutil.Error):
            return any(word in part for part in self.cmdline())
        return False


def _children(pid):
    with suppress(psutil.Error):
        return [_Child(child.pid) for child in psutil.Process(pid).children(recursive=True)]
    return []
