"""
The start and the end of `schedkit serve`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from schedkit.exceptions import SchedkitError, StateError
from schedkit_local.serve.beside import Beside
from schedkit_local.serve.clock import Clock
from schedkit_local.serve.ledger import STATE, Ledger
from schedkit_local.serve.loading import Loading, command
from schedkit_local.serve.lock import held
from schedkit_local.serve.loop import Server
from schedkit_local.serve.program import Program
from schedkit_local.serve.requests import when


if TYPE_CHECKING:
    from collections.abc import Mapping

RESUMED = "SCHEDKIT_SERVE_RESUMED"
"""Set for the program that this one replaces itself with: what it goes on with, as JSON."""


def serve(
    folder: Path,
    *,
    stack: str | None = None,
    config: Mapping[str, str] | None = None,
    state: Path | None = None,
    port: int | None = None,
    token: str | None = None,
    most: int | None = None,
    runs: int | None = None,
    live: bool = False,
    clock: Clock | None = None,
    lean: bool = False,
) -> int:
    """
    Serve the schedules of a program until SIGTERM or SIGINT; runs that go on are left to go on.

    Args:
        folder: Of the Pulumi program.
        stack: Of it.
        config: Laid over its config.
        state: The state file; `.schedkit/serve.db` in the folder when left out.
        port: Of the status page; None is no page.
        token: With which the page may change things; None is a page to read.
        most: How many runs may go on at a time.
        runs: End by itself after so many have ended.
        live: Draw what happens, on a terminal.
        clock: Of this machine when left out.
        lean: Go on without the memory of what led here, once there is a program.

    Raises:
        StateError: The state file cannot be used, or another server does.
        ProgramError: The program is broken, and there is no older one to go on with.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    signal.signal(signal.SIGTERM, _leave)  # process 1 of a container has no other way to end
    folder = folder.resolve()
    path = (state or folder / STATE).resolve()
    before = json.loads(os.environ.pop(RESUMED, "{}"))
    token = before.get("token", token)
    lock = _locked(path, before.get("lock"))
    ledger = Ledger.open(path, create=True)
    clock = clock or Clock()
    words = command(folder, stack, config or {})
    drawn = live and sys.stdout.isatty()
    say = _silent if drawn else _said
    fresh = ledger.program() is None
    if fresh:
        _load(ledger, words, clock)
    if lean:
        given = {"stack": stack, "config": dict(config or {}), "state": str(path), "port": port}
        argv = _argv(folder, given | {"most": most, "runs": runs, "live": live})
        _become(argv, ledger, {"lock": lock, "left": runs, "again": not fresh, "token": token})
    program = Program.of(ledger)
    server = Server(ledger, program, clock, most=most, runs=before.get("left", runs), say=say)
    server.load_words = words
    server.beside = _beside(path, port, token, before.get("beside"), drawn=drawn)
    _obey(server)
    if before.get("again"):
        server.hup()
    if not fresh and not before:
        server.reload()  # an older program is served meanwhile
    say(_ready(server))
    _serve(server, lock, token)
    say(f"ended; {len(server.desk.running)} runs go on" if server.desk.running else "ended")
    return 0


def _serve(server: Server, lock: int, token: str | None) -> None:
    try:
        server.serve()
    finally:
        if not server.replaced:
            for each in server.beside:
                each.stop()
    if server.replaced:
        _replace(server, lock, token)


def _load(ledger: Ledger, words: list[str], clock: Clock) -> None:
    """
    Load a program for the first time.
    """
    from schedkit_local.serve.install import install  # which compares schedules: much memory

    install(ledger, Loading(words).document(), clock.now())


def _leave(*_: object) -> NoReturn:
    """
    End while the program is loaded for the first time.
    """
    sys.exit(128 + signal.SIGTERM)


def _locked(path: Path, inherited: int | None) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return held(path.with_name(f"{path.name}.lock"), inherited)
    except OSError as error:
        cure = "give its folder to this user, or name another file by --state"
        raise StateError(f"state file {path}", f"cannot be locked ({error})", cure) from None


def _beside(
    path: Path, port: int | None, token: str | None, pids: list[int] | None, *, drawn: bool
) -> list[Beside]:
    words = []
    if port is not None:
        words.append(["-m", "schedkit_local.serve.page", str(path), "--port", str(port)])
    if drawn:
        words.append(["-m", "schedkit_local.serve.live", str(path)])
    extra = {"SCHEDKIT_PAGE_TOKEN": token} if token else {}
    known = pids or [None] * len(words)
    pairs = zip(words, known, strict=True)
    return [Beside([sys.executable, *each], extra, pid) for each, pid in pairs]


def _obey(server: Server) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.end())
    signal.signal(signal.SIGHUP, lambda *_: server.hup())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def _ready(server: Server) -> str:
    program = server.program
    count, pipelines = len(program.schedules), len(program.pipelines)
    return (
        f"serving {count} schedules of {pipelines} pipelines of project {program.project}, "
        f"stack {program.stack}"
    )


def _replace(server: Server, lock: int, token: str | None) -> NoReturn:
    """
    Become the same program anew: with the code, the time zones and the schedules of now.
    """
    pids = [each.pid for each in server.beside]
    told = {"lock": lock, "left": server.left, "beside": pids, "token": token}
    _become(sys.orig_argv, server.ledger, told | {"again": server.told_to_reload})


def _argv(folder: Path, given: Mapping[str, object]) -> list[str]:
    return [sys.executable, "-m", "schedkit_local.serve", str(folder), json.dumps(given)]


def _become(argv: list[str], ledger: Ledger, told: Mapping[str, Any]) -> NoReturn:
    """
    Become another program in this process, which goes on with what it is told.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # it waits for `_obey`
    os.set_inheritable(told["lock"], True)
    os.environ[RESUMED] = json.dumps(told)
    with suppress(SchedkitError):
        ledger.close()
    os.execv(sys.executable, argv)  # noqa: S606


def _said(text: str) -> None:
    import time

    with suppress(OSError):  # nobody reads it, or the disk that it is on is full
        print(f"{when(time.time())} {text}", flush=True)  # noqa: T201, what a server has to say


def _silent(text: str) -> None:
    del text
