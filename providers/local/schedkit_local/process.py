"""
One attempt of a step as a process, and the end of everything that it started.

A process runs in a session of its own. Whatever leaves that session still carries the attempt's
variables in its environment, and is found by them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
import psutil


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""

MARKS = ("SCHEDKIT_RUN_ID", "SCHEDKIT_STEP", "SCHEDKIT_ATTEMPT")
NEAR = 1.0  # seconds
MILLISECONDS = 0.005  # in which the event loop counts
PRIVATE = "SCHEDKIT_"
NOT_STARTED = 127
NOBODY = -1  # 0 is the session of kernel threads


@attrs.frozen
class Outcome:
    """
    How one attempt ended.

    Attributes:
        code: Its exit code, negative for a signal.
        timed_out: Whether it was ended because its time was up.
    """

    code: int | None
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """
        Whether it did what it should.
        """
        return self.code == 0 and not self.timed_out


async def run_process(
    words: Sequence[str],
    variables: Mapping[str, str],
    *,
    folder: Path,
    log: Path,
    seconds: float | None,
    at: float = 0.0,
) -> Outcome:
    """
    Run a program to its end, its output into *log*; nothing that it started outlives this call.

    Args:
        words: The program and its arguments; `python` and `python3` are this interpreter.
        variables: Laid over the environment of this process, without what is schedkit's own in it.
        folder: The working folder.
        log: A file that does not exist yet.
        seconds: After so many it is ended.
        at: When it begins, in Unix seconds, if that is near.
    """
    if words[0] in {"python", "python3"}:
        words = [sys.executable, *words[1:]]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PRIVATE)}
    env = {"PYTHONUNBUFFERED": "1", **inherited, **variables}
    mark = {name: variables[name] for name in MARKS}
    process = None
    timed_out = False
    try:
        with log.open("wb") as stream:
            await sleep(at)
            async with asyncio.timeout(seconds):
                process = await asyncio.create_subprocess_exec(
                    *words,
                    cwd=folder,
                    env=env,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=stream,
                    stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,
                )
                await process.wait()
    except TimeoutError:
        timed_out = True
    except (OSError, ValueError) as error:
        note(log, f"{words[0]!r} cannot be started: {error}")
        return Outcome(NOT_STARTED)
    finally:
        await end(process.pid if process else NOBODY, mark)
    return Outcome(await process.wait() if process else None, timed_out)


def until(at: float) -> float:
    """
    Return the seconds until an instant that is near; none where it is not, as the clock was set.
    """
    seconds = at - time.time()
    return seconds if 0 < seconds < NEAR else 0.0


async def sleep(at: float) -> None:
    """
    Sleep until an instant that is near.
    """
    await asyncio.sleep(max(0.0, until(at) - MILLISECONDS))
    time.sleep(until(at))  # noqa: ASYNC251, which is exact


def note(log: Path, text: str) -> None:
    """
    Write into a step's log why it has none of its own.
    """
    with log.open("a") as stream:
        stream.write(f"schedkit: {text}\n")


async def end(leader: int, mark: Mapping[str, str], grace: float | None = None) -> None:
    """
    End every process of an attempt: SIGTERM, a grace, SIGKILL. Cancelling ends the grace.

    Args:
        leader: Process id, and so the session, of the attempt's own process.
        mark: The variables by which those that left the session are known.
        grace: Seconds; None is `GRACE`.
    """
    deadline = time.monotonic() + (GRACE if grace is None else grace)
    asked: set[psutil.Process] = set()
    living: set[psutil.Process] | None = None  # nobody has looked yet
    try:
        while (living := family(leader, mark)) and time.monotonic() < deadline:
            _send(living - asked, signal.SIGTERM)
            asked |= living
            await asyncio.sleep(0.02)
    finally:
        if living is None or living:
            _kill(leader, mark)


def family(leader: int, mark: Mapping[str, str]) -> set[psutil.Process]:
    """
    Every living process of an attempt.
    """
    found = set()
    for pid in psutil.pids():
        with suppress(psutil.Error):
            if _belongs(pid, leader, mark):
                process = psutil.Process(pid)
                found |= {process, *process.children(recursive=True)}
    return {process for process in found if _lives(process)}


def _kill(leader: int, mark: Mapping[str, str]) -> None:
    deadline = time.monotonic() + 5
    while (living := family(leader, mark)) and time.monotonic() < deadline:
        _send(living, signal.SIGKILL)
        time.sleep(0.01)  # SIGKILL needs no cooperation: this ends at once


def _belongs(pid: int, leader: int, mark: Mapping[str, str]) -> bool:
    try:
        if os.getsid(pid) == leader:
            return True
        if sys.platform == "linux":  # many times as fast
            with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:  # noqa: PTH123
                found = set(file.read().split(b"\0"))
            return found >= {f"{name}={value}".encode() for name, value in mark.items()}
        environ = psutil.Process(pid).environ()
    except (OSError, psutil.Error):
        return False
    return all(environ.get(name) == value for name, value in mark.items())


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def _send(processes: set[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)
