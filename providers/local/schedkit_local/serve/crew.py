"""
The runs that go on, and the processes of them and of those that are due soon.

A run is written down before it begins, with the process that is to run it; that process runs it
even when the server is killed before it can be told.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from schedkit_local.serve import fork
from schedkit_local.serve.clock import LOOK
from schedkit_local.serve.hand import Hand
from schedkit_local.serve.process import lives
from schedkit_local.serve.rows import GOING
from schedkit_local.serve.writing import due_of


if TYPE_CHECKING:
    from collections.abc import Callable

    from schedkit.due import Due
    from schedkit_local.serve.clock import Clock
    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.program import Program
    from schedkit_local.serve.rows import Run
    from schedkit_local.serve.writing import Book

LEAD = 1  # seconds before an instant at which its processes are made ready
MOST = 16  # processes that are made ready at a time
AT_ONCE = 4  # processes that are begun between two looks at those that are done
IDLE = 30.0  # seconds after which a process that has nothing to do ends
PATIENCE = 15.0  # seconds after a start in which the dead are buried first


class Crew:
    """
    Begins processes, and looks after them.

    Attributes:
        rows: Of what goes on.
    """

    def __init__(
        self,
        ledger: Ledger,
        program: Program,
        book: Book,
        clock: Clock,
        watch: Callable[[int, Callable[[], object]], None],
        forget: Callable[[int], None],
    ) -> None:
        self.rows: dict[Due, Run] = {}
        self._ledger = ledger
        self._program = program
        self._book = book
        self._clock = clock
        self._watch, self._forget = watch, forget
        self._queue: deque[Due] = deque()  # what has no process yet
        self._helpers: dict[int, Due | None] = {}
        self._hands: dict[int, Hand] = {}
        self._busy: dict[int, Due] = {}
        self._idle: dict[int, float] = {}  # since when, by its own clock
        self._tried: dict[Due, float] = {}  # of what goes on without a process, by its own clock
        self._patience = 0.0

    def recover(self) -> list[Run]:
        """
        Begin, or begin again, from what the ledger says; return the rows of all that is open.
        """
        rows = self._ledger.open_runs()
        self.rows = {due_of(row): row for row in rows if row.state in GOING}
        self._tried.clear()
        self._patience = time.monotonic() + PATIENCE
        self._queue = deque(due for due, row in self.rows.items() if row.state == "starting")
        for pid, due in list(self._busy.items()):
            if pid in self._hands and (due not in self.rows or self.rows[due].pid != pid):
                self._dismiss(self._hands[pid])  # it was not told of what could not be written
        return rows

    # -- before an instant --------------------------------------------------------------------

    def make_ready(self, count: int) -> None:
        """
        Have processes for so many runs that are due soon, if they are not too many.
        """
        self._hire(min(count, MOST) - len(self._idle))

    def _hire(self, count: int) -> None:
        if count <= 0:
            return
        from schedkit_local.serve import worker  # much memory, which those who wait do without

        work = partial(worker.work, self._ledger.path, self._program)
        with self._ledger.aside():
            for _ in range(count):
                hand = Hand.fork(work)
                self._hands[hand.pid] = hand
                self._idle[hand.pid] = time.monotonic()
                self._watch(hand.file, partial(self._heard, hand))

    def _heard(self, hand: Hand) -> None:
        self._busy.pop(hand.pid, None)
        if hand.heard():
            self._idle[hand.pid] = time.monotonic()
        else:
            self._dismiss(hand)

    def _dismiss(self, hand: Hand) -> None:
        self._forget(hand.file)
        self._hands.pop(hand.pid)
        self._idle.pop(hand.pid, None)
        hand.dismiss()

    # -- at an instant ------------------------------------------------------------------------

    def enlist(self, rows: dict[Due, Run]) -> list[tuple[Hand, Run]]:
        """
        Write down processes for these runs, and for those that have none yet, as far as there are
        any; return whom to tell.
        """
        self.rows |= rows
        self._queue += rows
        told = []
        while self._queue and self._idle:
            row = self.rows.get(due := self._queue.popleft())
            if row is None or not self._is_in_time(due, row):
                continue
            hand = self._hands[next(reversed(self._idle))]  # it is warm
            if self._book.assign(row, hand.pid, hand.birth, self._clock.begins(row.due)):
                del self._idle[hand.pid]
                self._busy[hand.pid] = due
                told.append((hand, row))
        return told

    def _is_in_time(self, due: Due, row: Run) -> bool:
        """
        Whether it may still start, where processes could not be had for long; else it is missed.
        """
        now, reason = self._clock.now(), ""
        if row.pipeline not in self._program.pipelines:
            reason = "its pipeline was removed from the program"
        elif now > max(due.at, row.started or 0) + self._book.deadline(due):
            reason = "no process could take it in time"
        if reason:
            self._book.drop(row, reason, now)
        return not reason

    @property
    def waits(self) -> bool:
        """
        Whether there are runs that have no process yet.
        """
        return bool(self._queue)

    def press_on(self) -> None:
        """
        Have some more processes for runs that have none yet.
        """
        if self._queue:
            self._hire(min(AT_ONCE, len(self._queue)) - len(self._idle))
            with self._ledger.writing():
                told = self.enlist({})
            for hand, row in told:
                hand.tell(row.seq)

    def help(self, verb: str, *given: object, due: Due | None = None) -> None:
        """
        Do something that takes long in a process of its own, for a run or for all: a function of
        `worker`, with the state file and what is given.
        """
        work = partial(_helped, verb, self._ledger.path, *given)
        with self._ledger.aside():
            self._helpers[fork.fork(work)] = due

    # -- after it -----------------------------------------------------------------------------

    def stop(self, due: Due, reason: str) -> None:
        """
        End a run that goes on, and write down why before it ends.
        """
        row = self.rows[due]
        if self._book.stop(row, reason, self._clock.now()):
            row = self._ledger.run(row.id) or row
            if lives(row.pid, row.birth) and row.pid:
                if row.pid in self._hands:  # the signal may find it at the end of the run
                    self._dismiss(self._hands[row.pid])
                with suppress(ProcessLookupError):
                    os.kill(row.pid, signal.SIGTERM)

    def reap(self) -> None:
        """
        Hear of processes that ended, and let those end that have had nothing to do for long.
        """
        with suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) > 0:
                self._helpers.pop(pid, None)
                self._busy.pop(pid, None)
                if pid in self._hands:
                    self._dismiss(self._hands[pid])
        before = time.monotonic() - IDLE
        for pid in [pid for pid, since in self._idle.items() if since < before]:
            self._dismiss(self._hands[pid])

    def settle(self) -> dict[Due, Run | None]:
        """
        Look what became of the runs that go on; return those that are over.
        """
        over: dict[Due, Run | None] = {}
        found = {row.seq: row for row in self._book.now(self.rows.values())} if self.rows else {}
        alive = {*self._helpers.values(), *self._busy.values()}
        for due, before in list(self.rows.items()):
            row = found.get(before.seq)
            if row is None or row.state not in GOING:
                del self.rows[due]
                self._tried.pop(due, None)
                over[due] = row
            elif row.state == "running":
                self.rows[due] = row
                if due not in alive and not lives(row.pid, row.birth) and self._may_try(due):
                    self.help("mourn", row, due=due)
        return over

    def buries(self) -> bool:
        """
        Whether the dead of an earlier server hold their room yet: who is caught up with needs it.
        """
        going = (row for row in self.rows.values() if row.state == "running")
        early = time.monotonic() < self._patience
        return early and any(not lives(row.pid, row.birth) for row in going)

    def is_told(self) -> bool:
        """
        Whether the kernel tells of every end: all that goes on is of this very server.
        """
        return self.rows.keys() <= {*self._helpers.values(), *self._busy.values()}

    def _may_try(self, due: Due) -> bool:
        """
        Whether to begin a process for it; the one before may have failed.
        """
        now = time.monotonic()
        if now < self._tried.get(due, 0.0):
            return False
        self._tried[due] = now + LOOK
        return True


def _helped(verb: str, *given: object) -> None:
    from schedkit_local.serve import worker

    getattr(worker, verb)(*given)
