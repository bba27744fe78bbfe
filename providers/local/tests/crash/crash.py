"""
`schedkit serve` is killed at random moments: no run may be lost, and none may run twice.

    python crash.py --seed 1 --instants 10000 --kills 500

Prints what was done and what became of the instants; for a violation its story, and exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import oracle
import psutil
import served
import world

from schedkit_local.serve.ledger import Ledger, wake
from schedkit_local.serve.process import lives


PER_KILL = {"worker": 5, "step": 5, "ahead": 20, "back": 12, "reload": 8, "two": 25}  # one in
READY = 30.0  # seconds until a server must have said that it serves
SETTLED = 60.0  # seconds in which something must end, when no instant is left
HOUR = 3_600


class Crash:
    """
    One story: a folder, the servers of it, and what is done to them.

    Attributes:
        events: When something was done, in seconds of this machine, and what.
        offsets: Since when the clock was how many seconds off.
    """

    def __init__(self, folder: Path, seed: int, instants: int) -> None:
        self.folder = folder
        self.state = folder / ".schedkit" / "serve.db"
        self.random = random.Random(seed)
        self.events: list[tuple[float, str]] = []
        self.offsets: list[tuple[float, float]] = []
        self.done: Counter[str] = Counter()
        (folder / "offset").write_bytes(bytes(8))
        (folder / world.WITNESS).touch()
        self.clock = served.Shifted(folder / "offset")
        self.start = int(time.time()) + 2 * HOUR
        self.lines = world.lines(self.start)
        self.end = world.end_of(self.lines, instants)
        self.documents = world.documents(folder, self.lines, self.end)
        self.put(0)
        self.log = (folder / "serve.log").open("ab")
        self.server: subprocess.Popen[bytes]

    def put(self, number: int) -> None:
        """
        Make one of the documents the one that is loaded next.
        """
        world.put(self.folder / "document.json", self.documents[number])

    def tell(self, text: str) -> None:
        """
        Remember that something was done.
        """
        self.events.append((time.time(), text))
        self.done[text.split(maxsplit=1)[0]] += 1

    def set_clock(self, seconds: float) -> None:
        """
        Move the clock by so many seconds.
        """
        offset = self.clock.offset() + seconds
        self.clock.set_offset(offset)
        self.offsets.append((time.time(), offset))
        wake(self.state)

    # -- servers ------------------------------------------------------------------------------

    def begin(self) -> None:
        """
        Start a server.
        """
        self.server = self.spawn()

    def spawn(self) -> subprocess.Popen[bytes]:
        """
        Start one more process of it.
        """
        script = Path(__file__).with_name("served.py")
        words = [sys.executable, str(script), str(self.folder)]
        given = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log}
        return subprocess.Popen(words, **given)

    def kill(self) -> None:
        """
        Kill the server, wait a little, and start another.
        """
        if self.server.poll() is not None:
            raise oracle.ViolationError(f"a server ended by itself: {self.server.returncode}")
        self.server.kill()
        self.server.wait()
        self.tell(f"killed server {self.server.pid}")
        if self.random.random() < 0.3:
            time.sleep(self.random.uniform(0, 1.5))
        self.begin()

    def ready(self) -> None:
        """
        Wait until the server has said that it serves.
        """
        log = self.folder / "serve.log"
        deadline = time.monotonic() + READY
        while b" serving " not in log.read_bytes():
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise oracle.ViolationError("the first server never served")
            time.sleep(0.05)

    # -- what is done -------------------------------------------------------------------------

    def act(self, what: str) -> None:
        """
        Do one of `PER_KILL`, or kill the server.
        """
        {
            "server": self.kill,
            "worker": self.kill_worker,
            "step": self.kill_step,
            "ahead": lambda: self.jump(1),
            "back": lambda: self.jump(-1),
            "reload": self.reload,
            "two": self.two,
        }[what]()

    def kill_worker(self) -> None:
        """
        Kill a process that runs a run, or is about to take one.
        """
        pids = []
        if self.random.random() < 0.5:
            with suppress(psutil.Error):
                pids = [child.pid for child in psutil.Process(self.server.pid).children()]
        with closing(Ledger.open(self.state)) as ledger:
            rows = ledger.runs(states=["running"])
        pids = pids or [row.pid for row in rows if lives(row.pid, row.birth)]
        if pids:
            pid = self.random.choice(pids)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.tell(f"killed-worker {pid}")

    def kill_step(self) -> None:
        """
        Kill the process of a step that has left its witness.
        """
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            last = (self.folder / world.WITNESS).read_text().splitlines()[-12:]
            for line in self.random.sample(last, len(last)):
                run, *_, pid = line.split()
                with suppress(psutil.Error, ProcessLookupError):
                    if psutil.Process(int(pid)).environ().get("SCHEDKIT_RUN_ID") == run:
                        os.kill(int(pid), signal.SIGKILL)
                        self.tell(f"killed-step {pid} of {run}")
                        return
            time.sleep(0.02)

    def jump(self, sign: int) -> None:
        """
        Set the clock; of an hour back most comes back soon.
        """
        seconds = self.random.choice([0.5, 3, 7, 7, 25]) * self.random.uniform(0.5, 1.5)
        if sign < 0:
            seconds /= 2
        if sign < 0 and self.random.random() < 0.3:
            self.set_clock(-HOUR)
            time.sleep(self.random.uniform(0, 2))
            self.kill()
            time.sleep(self.random.uniform(0, 2))
            self.set_clock(HOUR)
            self.tell("hour back and ahead again")
        self.set_clock(sign * seconds)
        self.tell(f"clock {sign * seconds:+.1f} s")

    def reload(self) -> None:
        """
        Let the server load another program, or a broken one; as it starts it does that unasked.
        """
        number = self.random.randrange(len(self.documents))
        self.put(number)
        if hears(self.server.pid, signal.SIGHUP):
            self.server.send_signal(signal.SIGHUP)
        self.tell(f"reload of document {number}")

    def two(self) -> None:
        """
        Kill the server and start two at once: one must refuse.
        """
        self.server.kill()
        self.server.wait()
        self.tell(f"killed server {self.server.pid}")
        both = [self.spawn(), self.spawn()]
        deadline = time.monotonic() + READY
        while all(each.poll() is None for each in both):
            if time.monotonic() > deadline:
                raise oracle.ViolationError("two servers serve one file")
            time.sleep(0.02)
        living = [each for each in both if each.poll() is None]
        if [each.returncode for each in both if each.poll() is not None] != [served.REFUSED]:
            codes = [each.poll() for each in both]
            raise oracle.ViolationError(f"of two servers one must refuse: {codes}")
        self.server = living[0]
        self.tell("two servers at once")

    # -- the story ----------------------------------------------------------------------------

    def run(self, kills: int) -> None:
        """
        Do it all, until every instant is over; then let it end.
        """
        for _ in range(min(kills // 10, 20)):  # of a state file that is just being made
            self.begin()
            time.sleep(self.random.uniform(0, 1.5))
            self.server.kill()
            self.server.wait()
            self.tell(f"killed server {self.server.pid} at its birth")
        self.begin()
        self.ready()
        self.set_clock(self.start - self.clock.now() - 1)
        left = kills - self.done["killed"]
        acts = ["server"] * left
        acts += [what for what, part in PER_KILL.items() for _ in range(max(1, kills // part))]
        self.random.shuffle(acts)
        cost = 0.2  # seconds that an act takes
        while acts:
            pause = (self.end - self.clock.now()) / len(acts) - cost
            time.sleep(self.random.uniform(0, 2 * max(0.05, min(pause, 5))))
            began = time.monotonic()
            self.act(acts.pop())
            cost = 0.98 * cost + 0.02 * (time.monotonic() - began)
        time.sleep(max(0, self.end + 1 - self.clock.now()))
        self.settle()

    def settle(self) -> None:
        """
        Wait until nothing is due or goes on, and end the server.
        """
        last = self.end + max(world.JITTERS) + 1
        left, until = ["?"], time.monotonic() + SETTLED
        while time.monotonic() < until and (left or self.clock.now() <= last):
            time.sleep(0.5)
            with closing(Ledger.open(self.state)) as ledger:
                before, left = left, ledger.open_runs()
            if left != before:
                until = time.monotonic() + SETTLED
        self.server.terminate()
        if self.server.wait(READY):
            raise oracle.ViolationError(f"the last server ended with {self.server.returncode}")

    def stop(self) -> None:
        """
        End what is left, whatever happened.
        """
        with suppress(ProcessLookupError):
            self.server.kill()
        for pid in oracle.orphans(self.folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.log.close()


def hears(pid: int, number: int) -> bool:
    """
    Whether a process catches a signal, or will: else it would die of it.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    masks = re.findall(r"^Sig(?:Cgt|Blk):\s(\w+)$", status, re.MULTILINE)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def main() -> int:
    """
    Tell one story.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--instants", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=500)
    given = parser.parse_args()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    crash = Crash(folder, given.seed, given.instants)
    told = {"seed": given.seed}
    try:
        crash.run(given.kills)
        told |= oracle.judge(crash)
    except oracle.ViolationError as error:
        print(f"seed {given.seed}: {error}\n{oracle.story(crash, error)}\nsee {folder}")
        return 1
    finally:
        crash.stop()
    told |= {"done": dict(crash.done), "seconds": round(time.monotonic() - began)}
    print(json.dumps(told, indent=2))
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
