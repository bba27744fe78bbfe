"""
A server in virtual time: its clock, its ledger and its decisions are real, its processes are not.

What plays the processes writes into the ledger what they would, at once: who is forked takes its
row in that second, and ends it after as long as its pipeline lasts.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import tempfile
from contextlib import closing, contextmanager, suppress
from heapq import heappop, heappush
from pathlib import Path
from types import SimpleNamespace

import attrs

import schedkit as sk
from schedkit.backend import Target
from schedkit.testing.examples import pipeline
from schedkit_local.backend import Local
from schedkit_local.options import LocalOptions
from schedkit_local.serve import crew, worker
from schedkit_local.serve.clock import Clock
from schedkit_local.serve.install import install
from schedkit_local.serve.ledger import Ledger
from schedkit_local.serve.loop import Server
from schedkit_local.serve.program import Program
from schedkit_local.serve.rows import Run


ZERO_TEXT = "2026-01-01T00:00:00Z"
ZERO = 1_767_225_600  # the same
BIRTH = "here"
_END = "UPDATE run SET state = :state, ended = :now WHERE seq = :seq AND state = 'running'"


def document_of(specs, folder="/srv/demo"):
    """
    The document of a program with these schedules.
    """
    backend = Local(LocalOptions(container="never"))
    pipelines = {spec.pipeline.name: spec.pipeline for spec in specs}
    found = {
        "pipelines": {
            name: {"run": _inputs(backend.compile_pipeline(spec, Target())), "options": {}}
            for name, spec in pipelines.items()
        },
        "schedules": {
            spec.name: _inputs(backend.compile_schedule(spec, Target())) for spec in specs
        },
    }
    named = {"project": "demo", "stack": "dev", "folder": str(folder), "findings": []}
    return named | found


def _inputs(plan):
    return json.loads(json.dumps(plan.nodes[0].inputs))


class Killed(BaseException):
    """
    The server is no more.
    """


class Counted(Ledger):
    """
    Every use of it is a moment in which the server may be killed.
    """

    moment = staticmethod(lambda: None)

    def write(self, statement, **values):
        self.moment()
        found = super().write(statement, **values)
        self.moment()
        return found

    def write_all(self, statement, rows):
        self.moment()
        super().write_all(statement, rows)
        self.moment()

    def read(self, kind, statement, **values):
        self.moment()
        return super().read(kind, statement, **values)

    @contextmanager
    def writing(self):
        with super().writing():
            yield
            self.moment()
        self.moment()


@attrs.frozen
class Played:
    """
    A process that runs what it is told.
    """

    pid: int
    stage: Stage
    birth: str = BIRTH

    @property
    def file(self):
        return self.pid

    def tell(self, seq):
        self.stage.moment()
        self.stage.take(self.pid, seq)
        self.stage.moment()

    def heard(self):
        return True

    def dismiss(self):
        if self.pid not in self.stage._living:
            self.stage._dead.append(self.pid)


@attrs.define(slots=False)
class Stage:
    """
    A machine with a server on it.

    Attributes:
        lasts: Pipeline -> seconds of a run.
        kills: After how many more moments the server is killed and begun again, one after another.
        said: What the servers said.
        mourning: Seconds until what a lost run left is ended.
    """

    path: Path
    now: float
    lasts: dict
    timeouts: dict
    most: int | None = None
    kills: list = attrs.field(factory=list)
    said: list = attrs.field(factory=list)
    mourning: int = 0

    def __attrs_post_init__(self):
        self._moments = self.kills.pop(0) if self.kills else None
        self._pids = itertools.count(10_000_000)
        self._ends = []
        self._living = {}
        self._mourners = {}
        self._calls = {}
        self._dead = []
        self._changed = False
        self._plain = Ledger.open(self.path)

    # -- time: this is the server's clock ------------------------------------------------------

    def clock(self):
        found = Clock()
        found.file, found.wait = None, self.wait
        found.now = lambda: self.now
        return found

    def wait(self, until):
        """
        Let time pass until something happens; the end of a move is the end of `serve`.
        """
        if not self._changed:
            self._pass(until)
        self._changed = False
        return 0.0

    def _pass(self, until):
        ends = self._ends[0][0] if self._ends else self.stop + 1
        then = min(ends, self.stop + 1 if until is None else until)
        if then > self.stop:
            self.now = self.stop
            self._next_move()
        else:
            self.now = max(self.now, then)
            self.finish(self.now)

    def finish(self, now):
        """
        Processes end whose time is up.
        """
        while self._ends and self._ends[0][0] <= now:
            at, pid = heappop(self._ends)
            if pid in self._mourners:
                self._bury(pid)
            elif pid in self._living:
                _, pipeline = self._living[pid]
                slow = self.lasts[pipeline] > self.timeouts[pipeline]
                self._over(pid, "failed" if slow else "succeeded", at)

    def _over(self, pid, state, at):
        seq, _ = self._living.pop(pid)
        self._plain.write(_END, seq=seq, state=state, now=at)
        self._changed = True
        if pid in self._calls:
            self._calls[pid]()
        else:
            self._dead.append(pid)

    def moment(self):
        if self._moments is None:
            return
        self._moments -= 1
        if self._moments < 0:
            self._moments = self.kills.pop(0) if self.kills else None
            raise Killed

    # -- processes ----------------------------------------------------------------------------

    def fork(self, work):
        """
        A process that buries or tidies.
        """
        self.moment()
        pid = next(self._pids)
        self._changed = True
        self._mourners[pid] = work.args[2] if work.args[0] == "mourn" else None
        heappush(self._ends, (self.now + self.mourning, pid))
        self.finish(self.now - 1 if self.mourning else self.now)
        self.moment()
        return pid

    def hire(self, _work):
        """
        A process that runs runs.
        """
        self.moment()
        return Played(next(self._pids), self)

    def watch(self, pid, call):
        self._calls[pid] = call

    def forget(self, pid):
        del self._calls[pid]

    def orphan(self):
        """
        Processes hear that their server is no more, and look what they were to run.
        """
        idle = self._calls.keys() - self._living.keys()
        self._calls.clear()
        for row in self.runs():
            if row.pid in idle and row.state == "running":
                self.take(row.pid, row.seq)

    def take(self, pid, seq):
        row = self._plain.read(Run, "SELECT * FROM run WHERE seq = :seq", seq=seq)[0]
        assert (pid, "running") == (row.pid, row.state)
        self._changed = True
        self._living[pid] = (seq, row.pipeline)
        lasts = min(self.lasts[row.pipeline], self.timeouts[row.pipeline])
        heappush(self._ends, (max(self.now, row.started) + lasts, pid))
        self.finish(self.now - 1 if self.mourning else self.now)

    def _bury(self, pid):
        row = self._mourners.pop(pid)
        if row is not None:
            who = {"seq": row.seq, "pid": row.pid, "birth": row.birth}
            self._plain.write(worker._LOST, now=self.now, reason="lost", **who)
        self._dead.append(pid)
        self._changed = True

    def kill(self, pid, number):
        assert signal.SIGTERM == number
        self._over(pid, "stopped", self.now)

    def lives(self, pid, birth):
        return pid in self._living and birth == BIRTH

    def waitpid(self, *_):
        return (self._dead.pop(), 0) if self._dead else (0, 0)

    # -- a story ------------------------------------------------------------------------------

    def play(self, moves):
        """
        Live through all moves: `on` is time that passes; `off` too, without the machine; `down`
        too, without the server; `kill` replaces the server. The first server begins now.
        """
        self._moves = list(moves)
        self.stop = self.now
        while True:
            self.orphan()
            with suppress(Killed), closing(Counted.open(self.path)) as ledger:
                ledger.moment = self.moment
                program = Program.of(ledger)
                server = Server(ledger, program, self.clock(), most=self.most, say=self._say)
                server._listen = server._keep_pipe = lambda: None
                server.requested = True
                self._end = server.end
                try:
                    server.serve()
                finally:
                    server._selector.close()
                return self

    def _say(self, text):
        self.said.append(text)
        self.moment()

    def _next_move(self):
        if not self._moves:
            self._end()
            return
        kind, length = self._moves.pop(0)
        self.stop = self.now + length
        if kind == "on":
            return
        if kind == "off":
            self._living.clear()
            self._calls.clear()
            self._mourners.clear()
            self._ends.clear()
        if kind in {"off", "down"}:
            self.finish(self.stop)
            self.now = self.stop
        raise Killed

    def runs(self):
        """
        All rows.
        """
        return self._plain.read(Run, "SELECT * FROM run ORDER BY seq")

    def close(self):
        self._plain.close()


@contextmanager
def staged(empty, monkeypatch, specs, now, *, lasts, **more):
    """
    A stage with these schedules, which nothing has decided yet.
    """
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a disk would only cost time
    folder = Path(tempfile.mkdtemp(dir=fast))
    path = Path(shutil.copy(empty, folder / "serve.db"))
    with closing(Ledger.open(path)) as ledger:
        install(ledger, document_of(specs), now)
    timeouts = {spec.pipeline.name: spec.pipeline.timeout for spec in specs}
    stage = Stage(path, float(now), lasts, timeouts, **more)
    with monkeypatch.context() as patch:
        patch.setattr(crew.fork, "fork", stage.fork)
        patch.setattr(crew.Hand, "fork", stage.hire)
        patch.setattr(Server, "watch", lambda _, pid, call: stage.watch(pid, call))
        patch.setattr(Server, "forget", lambda _, pid: stage.forget(pid))
        patch.setattr(crew, "lives", stage.lives)
        own = {"kill": stage.kill, "waitpid": stage.waitpid, "WNOHANG": os.WNOHANG}
        patch.setattr(crew, "os", SimpleNamespace(**own))
        yield stage
    stage.close()
    shutil.rmtree(folder)


def spec(name="nightly", of="train", every="10m", overlap="allow", when=None, **policies):
    what = attrs.evolve(pipeline(overlap=overlap, parameters={"epochs": 3}), name=of)
    return sk.ScheduleSpec(name, what, when or sk.Every(every, ZERO_TEXT), **policies)


class Life:
    """
    A stage, and a word to its server at a given second.
    """

    def __init__(self, stage):
        self.stage = stage

    def live(self, seconds):
        self.stage.play([("on", seconds)])
        return self

    def ask(self, verb, arguments=None):
        """
        Ask a server that begins now; return its answer.
        """
        number = self.stage._plain.ask(verb, arguments)
        self.live(0)
        answer = self.stage._plain.request(number).answer
        return answer["ok"], answer["text"]

    def told(self):
        return [
            (run.id, run.state, run.cause, dict(run.parameters), run.reason)
            for run in self.stage.runs()
        ]

    def states(self):
        return {run.id: run.state for run in self.stage.runs()}
