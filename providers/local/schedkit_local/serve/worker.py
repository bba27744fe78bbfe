"""
The process of runs, which it runs one at a time, and only those whose rows name it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import RunFailedError, SchedkitError, StateError
from schedkit_local.files import remove, runs_folder
from schedkit_local.job import SOON, Job
from schedkit_local.overlap import turn
from schedkit_local.process import MARKS, NOBODY, end, run_process
from schedkit_local.run import ready
from schedkit_local.serve.fork import WORD, tell
from schedkit_local.serve.ledger import Ledger, wake
from schedkit_local.serve.process import birth
from schedkit_local.serve.rows import Run


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schedkit.backend import RunResult, StepResult
    from schedkit_local.serve.program import Piped, Program

AGAIN = 1.0  # seconds until a full disk is tried again
_MINE = "SELECT * FROM run WHERE state = 'running' AND pid = :pid AND birth = :birth"
_END = """
    UPDATE run SET state = :state, ended = :now, exit_code = :code,
        reason = CASE WHEN :keep AND reason != '' THEN reason ELSE :reason END
    WHERE seq = :seq AND state = 'running'
"""
_STEP = """
    INSERT INTO step VALUES (:run, :name, :state, :attempts, :exit_code, :seconds, :log)
    ON CONFLICT DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
        exit_code = excluded.exit_code, seconds = excluded.seconds, log = excluded.log
"""
_LOST = """
    UPDATE run SET ended = :now, state = CASE reason WHEN '' THEN 'lost' ELSE 'stopped' END,
        reason = CASE reason WHEN '' THEN :reason ELSE reason END
    WHERE seq = :seq AND state = 'running' AND pid = :pid AND birth = :birth
"""


def work(path: Path, program: Program) -> None:
    """
    Run the runs that the server tells of, one after the other; without a server, the one that it
    wrote down and could not tell of.

    Args:
        path: The state file.
        program: Of the server.
    """
    ledger = Ledger.open(path)
    me = {"pid": os.getpid(), "birth": birth(os.getpid())}
    if sys.version_info < (3, 12) and sys.platform == "linux":  # as later ones do
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    with socket.socket(fileno=WORD) as server, asyncio.Runner() as runner:
        runner.run(_rehearsed(program.folder))
        with suppress(ConnectionError):  # the server was killed meanwhile
            for word in server.makefile():
                row = ledger.read(Run, "SELECT * FROM run WHERE seq = :seq", seq=int(word))[0]
                run(ledger, row, program, runner)
                server.send(b".")
        for row in ledger.read(Run, _MINE, **me):
            run(ledger, row, program, runner)
        wake(path)


async def _rehearsed(folder: Path) -> None:
    """
    Begin a process once: the first takes three times as long, for memory is copied.
    """
    nobody = {name: f"none {os.getpid()}" for name in MARKS}
    await run_process(["true"], nobody, folder=folder, log=Path(os.devnull), seconds=None)


def run(ledger: Ledger, row: Run, program: Program, runner: asyncio.Runner) -> None:
    """
    Bring a run to its end.
    """
    folder, piped = Path(row.folder), program.pipelines[row.pipeline]
    try:
        runs_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        job = _job(ledger, row, piped, program.folder, folder)
        lock = folder.parent / f"{row.pipeline}.lock"
        shared = job.document.overlap == "allow"
        with nullcontext() if shared else turn(lock, row.pipeline, "queue"):
            found = _ended(job.run(runner))  # not beside a `schedkit run`
    except RunFailedError as error:
        found = {"state": "failed", "reason": str(error), "code": None, "keep": False}
    except (SchedkitError, OSError) as error:
        reason = f"its files cannot be written: {error}"
        found = {"state": "failed", "reason": reason, "code": None, "keep": False}
    _insist(lambda: ledger.write(_END, seq=row.seq, now=time.time(), **found))


def _job(ledger: Ledger, row: Run, piped: Piped, program: Path, folder: Path) -> Job:
    document = piped.document
    secrets, docker = ready(document, piped.options)
    return Job(
        document=document,
        options=piped.options,
        program=program,
        folder=folder,
        started=datetime.fromtimestamp(row.started or time.time(), UTC),
        scheduled=datetime.fromtimestamp(row.scheduled, UTC),
        parameters={**document.parameters, **row.parameters},
        secrets=secrets,
        docker=docker,
        progress=_Recorder(ledger, row.seq),
        signals=(signal.SIGTERM,),
        at=row.started or 0.0,
    )


def _ended(result: RunResult) -> dict[str, object]:
    """
    What the row says at the end; who stopped it has said why before.
    """
    if result.interrupted:
        return {
            "state": "stopped",
            "reason": "its process was told to",
            "code": None,
            "keep": True,
        }
    failed = (step for step in result.steps if step.state == "failed")
    code = next((step.exit_code for step in failed), None if result.error else 0)
    reason = "" if result.error is None else f"{result.error.culprit}: {result.error.reason}"
    state = "succeeded" if result.ok else "failed"
    return {"state": state, "reason": reason, "code": code, "keep": False}


class _Recorder:
    """
    Writes down how the steps go.
    """

    def __init__(self, ledger: Ledger, run: int) -> None:
        self._ledger = ledger
        self._run = run
        self._latest: dict[str, StepResult] = {}

    def __enter__(self) -> None:
        """
        Steps may be forgotten by a power failure, runs may not.
        """
        self._ledger.write("PRAGMA synchronous = NORMAL")

    def __exit__(self, *_: object) -> None:
        self._ledger.write("PRAGMA synchronous = FULL")

    def update(self, step: StepResult) -> None:
        """
        Write a step down; the run goes on where that cannot be.
        """
        self._latest[step.name] = step
        if step.state == "running":
            asyncio.get_running_loop().call_later(SOON, self._write, step)
        elif step.state != "waiting":
            self._write(step)

    def _write(self, step: StepResult) -> None:
        if step is not self._latest[step.name]:
            return
        values = attrs.asdict(step, recurse=False) | {"run": self._run, "log": str(step.log or "")}
        try:
            self._ledger.write(_STEP, **values)
        except StateError as error:
            tell(f"step {step.name}: {error}")

    def finish(self, result: RunResult, last: Iterable[str]) -> None:
        """
        Nothing: `run` writes the row.
        """


def mourn(path: Path, row: Run) -> None:
    """
    End what the steps of a dead process left running; then the run is lost.
    """
    asyncio.run(end(NOBODY, {"SCHEDKIT_RUN_ID": row.id}))
    ledger = Ledger.open(path)
    reason = "its process was killed, or the machine went down"
    who = {"seq": row.seq, "pid": row.pid, "birth": row.birth}
    _insist(lambda: ledger.write(_LOST, now=time.time(), reason=reason, **who))
    wake(path)


def tidy(path: Path, before: float, files: dict[str, float]) -> None:
    """
    Forget what is old.

    Args:
        path: The state file.
        before: Runs that ended before it go, with their logs.
        files: Pipeline -> the same for what its steps wrote.
    """
    ledger = Ledger.open(path)
    old = "SELECT folder FROM run WHERE ended < :before AND folder != ''"
    for (folder,) in ledger.count(old, before=before):
        remove(Path(folder))
    ledger.write("DELETE FROM run WHERE ended < :before", before=before)
    ledger.write("DELETE FROM request WHERE done < :before", before=before)
    ledger.write("DELETE FROM schedule WHERE removed < :before", before=before)
    own = f"{old} AND pipeline = :pipeline"
    for pipeline, limit in files.items():
        for (folder,) in ledger.count(own, before=limit, pipeline=pipeline):
            for part in (*Path(folder).glob("*/output"), *Path(folder).glob("*/input")):
                remove(part)


def _insist(write: Callable[[], object]) -> None:
    """
    Write, however long the disk is full: what is over must not look as if it went on.
    """
    while True:
        try:
            write()
        except StateError as error:
            tell(error)
            time.sleep(AGAIN)
        else:
            return
