"""
The loop of `schedkit serve`: one thread, which sleeps until an instant, a signal or a word.

All that it knows is in the ledger before anything is done about it, and it begins from there: a
start, a reload and the time after a full disk are the same.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from schedkit.exceptions import SchedkitError, StateError
from schedkit.starting import Miss, Start, Stop, Wait
from schedkit_local.serve import requests, worker
from schedkit_local.serve.clock import LOOK, zones_stamp
from schedkit_local.serve.install import install
from schedkit_local.serve.ledger import fifo
from schedkit_local.serve.loading import Loading
from schedkit_local.serve.pipe import Pipe
from schedkit_local.serve.process import lives
from schedkit_local.serve.program import digest
from schedkit_local.serve.rows import GOING
from schedkit_local.serve.writing import Book, due_of


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from schedkit.starting import Decision, Desk, Due
    from schedkit_local.serve.beside import Beside
    from schedkit_local.serve.clock import Clock
    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.program import Program
    from schedkit_local.serve.rows import Run

AGAIN = 5.0  # seconds until a state file that cannot be used is tried again
PATIENCE = 15.0  # seconds after a start in which the dead are buried first
MINUTE = 60.0  # seconds between two looks when nothing happens
TIDY = 3_600.0  # seconds between two looks for what is old


class Server:
    """
    Fires what a ledger's program schedules, until it is told to end.

    Attributes:
        desk: What decides.
        left: How many runs may yet end before the server does; None is any number.
        replaced: Whether it ended to begin again with a newer program.
        told_to_reload: Whether a signal came since the last load began.
        awaiting: Requests that the load which goes on will answer.
        beside: Processes that are kept running.
        load_words: The command that loads the program.
    """

    def __init__(
        self,
        ledger: Ledger,
        program: Program,
        clock: Clock,
        *,
        most: int | None = None,
        runs: int | None = None,
        say: Callable[[str], None],
    ) -> None:
        self.ledger = ledger
        self.program = program
        self.clock = clock
        self.say = say
        self.desk: Desk
        self.ended = self.replaced = self.requested = self.told_to_reload = False
        self.left = runs
        self.most = most
        self.awaiting: list[int] = []
        self.beside: list[Beside] = []
        self.load_words: list[str] = []
        self._loading: Loading | None = None
        self.book = Book(ledger, program)
        self._rows: dict[Due, Run] = {}  # of what goes on
        self._children: dict[int, Due | None] = {}
        self._tried: dict[Due, float] = {}  # of what goes on without a child, by its own clock
        self._zones = zones_stamp()
        self._tidied = self._patience = 0.0
        self._selector = selectors.DefaultSelector()
        self._pipe: Pipe | None = None

    # -- the loop -----------------------------------------------------------------------------

    def serve(self) -> None:
        """
        Go on until `end`, or until so many runs have ended.
        """
        self._listen()
        self.recover()
        while not self.ended:
            try:
                self._tick()
                if not self.ended:
                    self._sleep()
            except (StateError, OSError) as error:
                self._stumbled(error)

    def end(self) -> None:
        """
        Return from `serve` soon; what runs goes on.
        """
        self.ended = True

    def hup(self) -> None:
        """
        Reload soon: for a handler of signals.
        """
        self.told_to_reload = True

    def watch(self, file: int, call: Callable[[], object]) -> None:
        """
        Call when a file can be read.
        """
        self._selector.register(file, selectors.EVENT_READ, call)

    def forget(self, file: int) -> None:
        """
        Watch it no more.
        """
        self._selector.unregister(file)

    def recover(self) -> None:
        """
        Begin, or begin again, from what the ledger says.
        """
        rows = self.ledger.open_runs()
        self._rows = {due_of(row): row for row in rows if row.state in GOING}
        self.desk = self.book.desk(rows, int(self.clock.now()), self.most)
        self._tried.clear()
        self._patience = time.monotonic() + PATIENCE
        alive = set(self._children.values())
        starting = [due for due, row in self._rows.items() if row.state == "starting"]
        self._fork(due for due in starting if due not in alive)

    def _tick(self) -> None:
        now = self.clock.now()
        self._keep_pipe()
        self._reap()
        self._settle()
        if self.told_to_reload and self._loading is None:
            self.told_to_reload = False
            self.reload()
        for each in self.beside:
            each.keep()
        if not self._buries():
            self._carry_out(self.desk.at(int(now)))
            self._hear(now)
        if now - self._tidied > TIDY:
            self._tidied = now
            self._tidy(now)

    def _hear(self, now: float) -> None:
        """
        Do what was asked for; a pause, say, forgets nothing that was due before it.
        """
        if not self.requested:
            return
        for request in self.ledger.requests():
            if not (self._loading and request.verb == "reload"):  # it may be too late for it
                requests.answer(self, request)
        self.requested = False
        self._carry_out(self.desk.at(int(now)))

    def _sleep(self) -> None:
        held = self._buries()
        timeout = self.clock.wait(None if held else self.desk.wakes())
        told = not held and self._rows.keys() <= {*self._children.values()}
        most = MINUTE if told else LOOK
        timeout = most if timeout is None else min(timeout, most)
        for key, _ in self._selector.select(timeout):
            key.data()

    def _stumbled(self, error: Exception) -> None:
        """
        The state file or the machine has no room: nothing starts that is not written down.
        """
        while not self.ended:
            self.say(f"{error}; trying again in {AGAIN:g} s")
            time.sleep(AGAIN)
            try:
                self.ledger.try_again()
                self.recover()
            except (StateError, OSError) as still:
                error = still
            else:
                return

    # -- decisions ----------------------------------------------------------------------------

    def _carry_out(self, decisions: list[Decision]) -> None:
        moved = self.desk.moved()
        if not decisions and not moved:
            return
        now = self.clock.now()
        with self.ledger.writing():
            kept = self.book.write(decisions, moved, now)
        self._rows |= kept
        self._fork(kept)
        for each in decisions:
            if isinstance(each, Start) and each.due in kept:
                self.say(f"{kept[each.due].id} starts, {now - each.due.at:.2f} s late")
            elif isinstance(each, Start):  # it has had its run
                self.desk.ended(each.due)
            elif isinstance(each, Stop):
                self.stop(each.due, "a later run replaced it")
            elif isinstance(each, Miss):
                self.say(f"{self.book.name(each.due)} is missed: {each.reason}")
            elif isinstance(each, Wait):
                self.say(f"{self.book.name(each.due)} waits for room")

    def stop(self, due: Due, reason: str) -> None:
        """
        End a run that goes on, and write down why before it ends.
        """
        row = self._rows[due]
        if self.book.stop(row, reason, self.clock.now()):
            row = self.ledger.run(row.id) or row
            if lives(row.pid, row.birth) and row.pid:
                with suppress(ProcessLookupError):
                    os.kill(row.pid, signal.SIGTERM)

    def _fork(self, dues: Iterable[Due]) -> None:
        """
        Begin a process for each of these runs.
        """
        path, folder = self.ledger.path, self.program.folder
        work: list[tuple[Due, Callable[[], object]]] = []
        for due in dues:
            row = self._rows[due]
            piped = self.program.pipelines.get(row.pipeline)
            if piped is None:
                self.book.drop(row, "its pipeline was removed from the program", self.clock.now())
            else:
                work.append((due, partial(worker.run, path, row, piped, folder)))
        if work:
            with self.ledger.aside():
                self._children |= {worker.fork(each): due for due, each in work}

    def _help(self, work: Callable[[], object], due: Due | None = None) -> None:
        """
        Do something that takes long in a process of its own, for a run or for all.
        """
        with self.ledger.aside():
            self._children[worker.fork(work)] = due

    # -- ends ---------------------------------------------------------------------------------

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) > 0:
                self._children.pop(pid, None)

    def _settle(self) -> None:
        """
        Look what became of the runs that go on.
        """
        if not self._rows:
            return
        found = {row.seq: row for row in self.book.now(self._rows.values())}
        alive = set(self._children.values())
        for due, before in list(self._rows.items()):
            row = found.get(before.seq)
            if row is None or row.state not in GOING:
                self._over(due, row)
            elif row.state == "running":
                self._rows[due] = row
                if due not in alive and not lives(row.pid, row.birth) and self._may_try(due):
                    self._help(partial(worker.mourn, self.ledger.path, row), due)
            elif due not in alive and self._may_try(due):
                self._once_more(due)

    def _buries(self) -> bool:
        """
        Whether the dead of an earlier server hold their room yet: who is caught up with needs it.
        """
        going = (row for row in self._rows.values() if row.state == "running")
        early = time.monotonic() < self._patience
        return early and any(not lives(row.pid, row.birth) for row in going)

    def _over(self, due: Due, row: Run | None) -> None:
        del self._rows[due]
        self._tried.pop(due, None)
        self.desk.ended(due)
        if row is None:
            return
        why = f": {row.reason.splitlines()[0]}" if row.reason else ""
        spent = (row.ended or 0) - (row.started or row.ended or 0)
        self.say(f"{row.id} {row.state} after {spent:.1f} s{why}")
        if self.left is not None:
            self.left -= 1
            self.ended = self.ended or self.left <= 0

    def _may_try(self, due: Due) -> bool:
        """
        Whether a process for it, which may have failed before, is to be begun now.
        """
        now = time.monotonic()
        if now < self._tried.get(due, 0.0):
            return False
        self._tried[due] = now + LOOK
        return True

    def _once_more(self, due: Due) -> None:
        """
        Nobody took it: the process that should have is dead.
        """
        now = self.clock.now()
        deadline = self.book.deadline(due)
        if now > max(due.at, self._rows[due].started or 0) + deadline:
            self.book.drop(self._rows[due], "no process could take it in time", now)
        else:
            self._fork([due])

    # -- a newer program ----------------------------------------------------------------------

    def reload(self) -> None:
        """
        Load the program again.
        """
        self._loading = Loading(self.load_words)
        self.watch(self._loading.file, self._heard)

    def _heard(self) -> None:
        loading = self._loading
        if loading is None or not loading.read():
            return
        self.forget(loading.file)
        self._loading = None
        self.requested = True
        try:
            self._adopt(loading.document())
        except StateError:
            raise
        except SchedkitError as error:
            text = f"the program is broken, and the one before it goes on: {error}"
            self.ledger.write("UPDATE program SET error = :error", error=text)
            self._answer(text, ok=False)

    def _adopt(self, document: Mapping[str, object]) -> None:
        if digest(document) == self.program.digest:
            now = self.clock.now()
            self.ledger.write("UPDATE program SET loaded = :now, error = ''", now=now)
            self._answer("the program is as it was", ok=True)
            return
        changes = install(self.ledger, document, self.clock.now())
        told = "; ".join(changes) or "no schedule changes"
        self._answer(f"the program is reloaded: {told}", ok=True)
        self.ended = self.replaced = True

    def _answer(self, text: str, *, ok: bool) -> None:
        requests.conclude(self, self.awaiting, text, ok=ok)
        self.awaiting.clear()

    # -- the rest -----------------------------------------------------------------------------

    def _listen(self) -> None:
        ears, mouth = os.pipe()
        for end in (ears, mouth):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.watch(ears, lambda: os.read(ears, 4096))
        if self.clock.file is not None:
            self.watch(self.clock.file, self.clock.rung)

    def _keep_pipe(self) -> None:
        """
        Open the pipe, also after somebody deleted it; then something may have been asked in vain.
        """
        if self._pipe and not self._pipe.is_lost():
            return
        if self._pipe:
            self.forget(self._pipe.file)
            self._pipe.close()
        self._pipe = Pipe(fifo(self.ledger.path))
        self.watch(self._pipe.file, self._woken)
        self.requested = True

    def _woken(self) -> None:
        if self._pipe:
            self._pipe.empty()
        self.requested = True

    def _tidy(self, now: float) -> None:
        if zones_stamp() != self._zones:
            self.say("the time zone data is another: beginning again with it")
            self.ended = self.replaced = True
        before, files = self.program.kept(now)
        self._help(partial(worker.tidy, self.ledger.path, before, files))
