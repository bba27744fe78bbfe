"""
Run a Pulumi program in a thread of this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import selectors
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from schedkit import program as schedkit_program
from schedkit.exceptions import ProgramError
from schedkit.preview import monitor, outputs, stackfile
from schedkit.preview.blame import blame, blame_time, is_own
from schedkit.preview.isolation import Tail, isolated
from schedkit.preview.result import Preview


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from schedkit.plan import Plan
    from schedkit.program import Report

THREAD = "schedkit-program"
"""The name of the thread that a program runs in."""

_ONE_AT_A_TIME = threading.Lock()
_WORKERS = 4
_POLITE, _LOOKS, _GRACE = 0.1, 20, 2.0  # seconds that a stopped program has to unwind
_WAITING = (selectors.__file__, threading.__file__)  # an exception reaches nobody who waits there


def run(
    folder: Path | str,
    *,
    stack: str = "dev",
    config: Mapping[str, object] | None = None,
    backend: str | None = None,
    timeout: float = 60,
    preview: bool = False,
    collect: bool = True,
    answers: Mapping[str, Mapping[str, object]] | None = None,
) -> Preview:
    """
    Run a Pulumi program as the CLI would, but register nothing anywhere.

    The program runs with this interpreter, its rights and its packages: it is not confined. It
    cannot set signal handlers, and one program runs at a time.

    Args:
        folder: Where Pulumi.yaml is.
        stack: Its file is read when there is one.
        config: Laid over the files; a key without a colon belongs to the project.
        backend: Wins over `schedkit:backend`.
        timeout: Seconds.
        preview: Whether ids and outputs that only a provider knows are unknown, as in
            `pulumi preview`; else ids are made up and such outputs are None.
        collect: Whether refused components stand in the result; else the program fails, as
            under `pulumi up`.
        answers: Of look-ups by token, and of stack references by name.

    Raises:
        ProgramError: The program, or what its files say, is wrong.
        ProgramTimeoutError: It did not end; it is told to, but a program that waits in C code
            goes on until that returns.
    """
    over = {**(config or {}), **({"schedkit:backend": backend} if backend else {})}
    with _ONE_AT_A_TIME:
        project = stackfile.read(folder, stack, over)
        job = _Job(project, monitor.Recorder(answers or {}, preview=preview), collect=collect)
        with isolated(project) as tail:
            try:
                job.start(timeout, tail)
            except ProgramError as error:
                job.error = error
        return job.result(tail)


class _Stop(KeyboardInterrupt):
    """
    Raised inside a program whose time is up; asyncio lets no other kind through.
    """


class _Job:
    """
    One run, in a thread and a context of its own: nothing of Pulumi's state leaks in or out.
    """

    def __init__(
        self, project: stackfile.Project, recorder: monitor.Recorder, *, collect: bool
    ) -> None:
        self.project = project
        self.recorder = recorder
        self.log = monitor.Log()
        self.collected: list[Report] = []
        self.collect = collect
        self.resolved: tuple[tuple[Report, ...], tuple[Plan, ...]] = ((), ())
        self.error: ProgramError | None = None
        self.loop = asyncio.new_event_loop()
        self.ended = threading.Event()
        self.unwinding = False
        self.worker_loops: list[asyncio.AbstractEventLoop] = []

    def start(self, timeout: float, tail: Tail) -> None:
        """
        Run to the end, or for so many seconds.
        """
        context = contextvars.Context()
        thread = threading.Thread(target=context.run, args=(self._body,), name=THREAD, daemon=True)
        thread.start()
        try:
            if not self.ended.wait(timeout):
                frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001
                raise blame_time(frame, self.project, timeout)
        finally:
            self._stop(thread, tail)

    def _stop(self, thread: threading.Thread, tail: Tail) -> None:
        """
        End a program that still runs: one that prints, a loop that waits, then code that never
        returns to it.

        In this order, since CPython 3.11 under a tracer spins while an asynchronous exception
        waits for a thread that waits.
        """
        if not self.ended.is_set():
            tail.stop = _Stop
            with contextlib.suppress(RuntimeError):  # the loop was closed just now
                self.loop.call_soon_threadsafe(self._interrupt)
            if self._never_returns(thread):
                ident, error = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)
        if self.ended.wait(_GRACE):
            thread.join()

    def _never_returns(self, thread: threading.Thread) -> bool:
        """
        Whether the loop gets no turn: told once the program's own code is seen to run.

        An exception raised anywhere else may leave a lock of a library held for ever.
        """
        file = ""
        for _ in range(_LOOKS):
            if self.ended.wait(_POLITE):
                return False
            frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001
            file = frame.f_code.co_filename if frame else ""
            if is_own(file, self.project):
                return True
        return file not in ("", *_WAITING)

    def _interrupt(self) -> None:
        if not self.unwinding:
            raise _Stop

    def result(self, tail: Tail) -> Preview:
        """
        All that was recorded.
        """
        if self.error is not None:
            if printed := tail.text():
                self.error.add_note(printed)
            raise self.error
        reports, opened = self.resolved
        return Preview(
            project=self.project.name,
            stack=self.project.stack,
            reports=reports,
            resources=tuple(self.recorder.recorded.values()),
            exports=self.recorder.exports,
            invokes=tuple(self.recorder.invokes),
            unanswered=tuple(self.recorder.unanswered),
            logs=tuple(self.log.lines),
            printed=tail.text(),
            open=opened,
        )

    def _body(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(lambda *_: None)  # what failed is told by `blame`
        pool = ThreadPoolExecutor(_WORKERS, initializer=self._open_loop)
        self.loop.set_default_executor(pool)
        try:
            monitor.configure(self.project, self.recorder, self.log)
            if self.collect:
                schedkit_program.COLLECTOR.set(self.collected)
            self._run_program()
            self.resolved = self.loop.run_until_complete(outputs.resolve(self.collected))
        except BaseException as error:  # noqa: BLE001, SystemExit of the program included
            self.error = blame(error, self.project)
        finally:
            self.unwinding = True
            try:
                self._close(pool)
            finally:
                self.ended.set()

    def _run_program(self) -> None:
        try:
            self.loop.run_until_complete(monitor.program(self.project))
        except SystemExit as end:
            if end.code:
                raise

    def _open_loop(self) -> None:
        """
        Pulumi's mock monitor makes a loop in every worker that has none, and leaves it open.
        """
        self.worker_loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(self.worker_loops[-1])

    def _close(self, pool: ThreadPoolExecutor) -> None:
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        if pending:
            self.loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        pool.shutdown(wait=True, cancel_futures=True)
        asyncio.set_event_loop(None)
        for loop in (self.loop, *self.worker_loops):
            loop.close()
