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
from typing import TYPE_CHECKING

from schedkit.due import Miss, Start, Stop, Wait
from schedkit.exceptions import SchedkitError, StateError
from schedkit_local.serve import requests
from schedkit_local.serve.clock import LOOK, zones_stamp
from schedkit_local.serve.crew import LEAD, Crew
from schedkit_local.serve.ledger import fifo
from schedkit_local.serve.loading import Loading
from schedkit_local.serve.pipe import Pipe
from schedkit_local.serve.writing import Book


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schedkit.due import Decision, Due
    from schedkit.starting import Desk
    from schedkit_local.serve.beside import Beside
    from schedkit_local.serve.clock import Clock
    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.program import Program
    from schedkit_local.serve.rows import Run

AGAIN = 5.0  # seconds until a state file that cannot be used is tried again
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
        self._later: int | None = None  # what no process is ready for yet
        self._rang_only = False
        self._zones = zones_stamp()
        self._tidied = self._looked = 0.0
        self._selector = selectors.DefaultSelector()
        self._pipe: Pipe | None = None
        self.crew = Crew(ledger, program, self.book, clock, self.watch, self.forget)

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
        self.desk = self.book.desk(self.crew.recover(), int(self.clock.now()), self.most)

    def _tick(self) -> None:
        now = self.clock.now()
        self._keep_pipe()
        if not self._rang_only or time.monotonic() - self._looked > LOOK:
            self._look_around()
        if not self.crew.buries():
            self._decide()
            self._hear()
            soon, self._later = self.desk.ahead(int(now) + LEAD)
            self.crew.make_ready(sum(map(self.desk.has_room, soon)))
        self.crew.press_on()
        if now - self._tidied > TIDY:
            self._tidied = now
            self._tidy(now)

    def _look_around(self) -> None:
        self._looked = time.monotonic()
        self.crew.reap()
        self._settle()
        if self.told_to_reload and self._loading is None:
            self.told_to_reload = False
            self.reload()
        for each in self.beside:
            each.keep()

    def _hear(self) -> None:
        """
        Do what was asked for; a pause, say, forgets nothing that was due before it.
        """
        if not self.requested:
            return
        for request in self.ledger.requests():
            if not (self._loading and request.verb == "reload"):  # it may be too late for it
                requests.answer(self, request)
        self.requested = False
        self._decide()

    def _sleep(self) -> None:
        timeout = self.clock.wait(self._wakes())
        most = LOOK if self.crew.buries() or not self.crew.is_told() else MINUTE
        timeout = most if timeout is None else min(timeout, most)
        found = self._selector.select(timeout)
        for key, _ in found:
            key.data()
        self._rang_only = [key.fd for key, _ in found] == [self.clock.file]

    def _wakes(self) -> float | None:
        """
        When there is something to do, if nothing happens before.
        """
        if self.crew.waits:
            return 0
        if self.crew.buries():
            return None
        now = self.clock.now()
        instants = (self.desk.wakes(), self.clock.early), (self._later, LEAD)
        known = ((at, at - lead) for at, lead in instants if at is not None)
        return min((at if early <= now else early for at, early in known), default=None)

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

    def _decide(self) -> None:
        """
        Start what is due, or is due soon and has room.
        """
        now = self.clock.now()
        soon = int(now + self.clock.early)
        is_clear = all(map(self.desk.has_room, self.desk.ahead(soon)[0]))
        decisions, moved = self.desk.at(soon if is_clear else int(now)), self.desk.moved()
        if not decisions and not moved:
            return
        with self.ledger.writing():
            rows = self.book.write(decisions, moved, now)
            told = self.crew.enlist(rows)
        for hand, row in told:
            hand.tell(row.seq)
        self._say_all(decisions, rows, now)

    def _say_all(self, decisions: list[Decision], rows: Mapping[Due, Run], now: float) -> None:
        for each in decisions:
            if isinstance(each, Start) and each.due in rows:
                self.say(f"{rows[each.due].id} starts, {max(0, now - each.due.at):.2f} s late")
            elif isinstance(each, Start):  # it has had its run
                self.desk.ended(each.due)
            elif isinstance(each, Stop):
                self.crew.stop(each.due, "a later run replaced it")
            elif isinstance(each, Miss):
                self.say(f"{self.book.name(each.due)} is missed: {each.reason}")
            elif isinstance(each, Wait):
                self.say(f"{self.book.name(each.due)} waits for room")

    def _settle(self) -> None:
        """
        Give away the room of runs that are over.
        """
        for due, row in self.crew.settle().items():
            self.desk.ended(due)
            if row is not None:
                self._tell(row)

    def _tell(self, row: Run) -> None:
        why = f": {row.reason.splitlines()[0]}" if row.reason else ""
        spent = (row.ended or 0) - (row.started or row.ended or 0)
        self.say(f"{row.id} {row.state} after {spent:.1f} s{why}")
        if self.left is not None:
            self.left -= 1
            self.ended = self.ended or self.left <= 0

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
            self._adopt(loading)
        except StateError:
            raise
        except SchedkitError as error:
            text = f"the program is broken, and the one before it goes on: {error}"
            self.ledger.write("UPDATE program SET error = :error", error=text)
            self._answer(text, ok=False)

    def _adopt(self, loading: Loading) -> None:
        from schedkit_local.serve.install import install  # which compares schedules

        now = self.clock.now()
        same = "SELECT 1 FROM program WHERE document = :text"
        if self.ledger.count(same, text=loading.text):
            self.ledger.write("UPDATE program SET loaded = :now, error = ''", now=now)
            self._answer("the program is as it was", ok=True)
            return
        changes = install(self.ledger, loading.document(), now)
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
        self.crew.help("tidy", before, files)
