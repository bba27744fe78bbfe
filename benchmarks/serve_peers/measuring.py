"""
What a tree of processes uses, from /proc.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import attrs


MARK = "SCHEDKIT_BENCH_WORKLOAD"
"""The variable that all processes of a tree inherit, whoever their parent is by now."""

TICK = os.sysconf("SC_CLK_TCK")


@attrs.frozen
class Tree:
    """
    The processes that were started for one workload, and theirs.
    """

    workload: Path

    def pids(self) -> list[int]:
        """
        Those marked with the workload, and the children of those that hide their environment.
        """
        found, parents = set(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                marks = folder.joinpath("environ").read_bytes().split(b"\0")
                fields = folder.joinpath("stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
            if fields[0] != "Z" and f"{MARK}={self.workload}".encode() in marks:
                found.add(int(folder.name))
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return sorted(found - {os.getpid()})

    def memory(self) -> tuple[float, float]:
        """
        PSS and RSS in MB.
        """
        pss = rss = 0
        for pid in self.pids():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
            except OSError:
                continue
            found = {line.split()[0]: int(line.split()[1]) for line in lines}
            pss, rss = pss + found.get("Pss:", 0), rss + found.get("Rss:", 0)
        return pss / 1024, rss / 1024

    def seconds(self) -> float:
        """
        Seconds of CPU up to now, of the living and of the children they have waited for.
        """
        total = 0.0
        for pid in self.pids():
            try:
                stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                tasks = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
                exact = sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
            except OSError:
                continue
            own, children = sum(map(int, stat[11:13])), sum(map(int, stat[13:15]))
            # Exact but for threads that ended.
            total += max(exact, own / TICK) + children / TICK
        return total

    def stop(self) -> None:
        """
        End every process, the friendly way first.
        """
        for number, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 5)):
            until = time.monotonic() + patience
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            while self.pids() and time.monotonic() < until:
                time.sleep(0.1)


class Peak(threading.Thread):
    """
    The most memory seen while it is entered, in MB of PSS.
    """

    def __init__(self, tree: Tree) -> None:
        super().__init__(daemon=True)
        self.tree, self.most, self.over = tree, tree.memory()[0], threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()

    def run(self) -> None:
        while not self.over.wait(3):
            self.most = max(self.most, self.tree.memory()[0])
