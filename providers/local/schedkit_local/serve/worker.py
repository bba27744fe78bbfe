"""
The process of one run: forked by the server, in a session of its own, so that it outlives it.

It takes its row by compare-and-set: of several processes that were forked for one run, one runs.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
import traceback
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import attrs

from schedkit.exceptions import RunFailedError, SchedkitError, StateError
from schedkit_local.files import remove, runs_folder
from schedkit_local.job import Job
from schedkit_local.overlap import turn
from schedkit_local.process import NOBODY, end
from schedkit_local.run import ready
from schedkit_local.serve.ledger import Ledger, wake
from schedkit_local.serve.process import birth


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schedkit.backend import RunResult, StepResult
    from schedkit_local.serve.program import Piped
    from schedkit_local.serve.rows import Run

AGAIN = 1.0  # seconds until a full disk is tried again
_TAKE = """
    UPDATE run SET state = 'running', pid = :pid, birth = :birth, started = :now, folder = :folder
    WHERE seq = :seq AND state = 'starting'
"""
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


def fork(work: Callable[[], object]) -> int:
    """
    Do something in a process of its own, with nothing of this one's but its memory.

    Returns:
        Its process id.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # a full disk
            stream.flush()
    pid = os.fork()
    if pid == 0:
        _alone(work)
    return pid


def _alone(work: Callable[[], object]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        gc.disable()  # what the server made is never looked at, so its memory stays shared
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, 1024)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        work()
        code = 0
    except SchedkitError as error:
        _tell(error)
    except BaseException:  # noqa: BLE001, this process ends below whatever happened
        traceback.print_exc()
    finally:
        os._exit(code)


def run(path: Path, row: Run, piped: Piped, program: Path) -> None:
    """
    Take the run and bring it to its end, or leave it to another process that has it.

    Args:
        path: The state file.
        row: Its row, in state `starting`.
        piped: What runs.
        program: The folder in which steps work.
    """
    ledger = Ledger.open(path)
    runs = program / piped.options.runs
    folder = runs / row.id
    me = {"pid": os.getpid(), "birth": birth(os.getpid()), "folder": str(folder)}
    if not ledger.write(_TAKE, seq=row.seq, now=time.time(), **me):
        return
    try:
        runs_folder(runs)
        folder.mkdir(exist_ok=True)
        found = _worked(ledger, row, piped, program, folder)
    except RunFailedError as error:
        found = {"state": "failed", "reason": str(error), "code": None, "keep": False}
    except (SchedkitError, OSError) as error:
        reason = f"its files cannot be written: {error}"
        found = {"state": "failed", "reason": reason, "code": None, "keep": False}
    _insist(lambda: ledger.write(_END, seq=row.seq, now=time.time(), **found))
    wake(path)


def _worked(
    ledger: Ledger, row: Run, piped: Piped, program: Path, folder: Path
) -> dict[str, object]:
    document = piped.document
    secrets, docker = ready(document, piped.options)
    lock = folder.parent / f"{document.pipeline}.lock"
    alone = nullcontext() if document.overlap == "allow" else turn(lock, row.pipeline, "queue")
    with alone:  # a `schedkit run` beside the server
        job = Job(
            document=document,
            options=piped.options,
            program=program,
            folder=folder,
            started=datetime.now(UTC),
            scheduled=datetime.fromtimestamp(row.scheduled, UTC),
            parameters={**document.parameters, **row.parameters},
            secrets=secrets,
            docker=docker,
            progress=_Recorder(ledger, row.seq),
        )
        return _ended(job.run())


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
        if step.state == "waiting":
            return
        values = attrs.asdict(step, recurse=False) | {"run": self._run, "log": str(step.log or "")}
        try:
            self._ledger.write(_STEP, **values)
        except StateError as error:
            _tell(f"step {step.name}: {error}")

    def finish(self, result: RunResult, last: Iterable[str]) -> None:
        """
        Nothing: the row of the run is written by who took it.
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
            _tell(error)
            time.sleep(AGAIN)
        else:
            return


def _tell(what: object) -> None:
    with suppress(OSError):  # where the log is may be full, too
        print(what, file=sys.stderr, flush=True)  # noqa: T201, the server's log
