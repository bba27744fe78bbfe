"""
Schedulers on one machine, side by side: memory and CPU while 1000 schedules wait, and how late
their steps start at 200 starts a minute, evenly spread first and then all in one second.

`python benchmarks/serve.py` needs 25 minutes, Linux and a package index, and leaves nothing.
`python benchmarks/serve.py --schedules 50 --rate 30 --idle 10 --spread 20 loop schedkit` tries two
of them, and `python benchmarks/serve.py scale` loads 10 000 schedules into schedkit.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import attrs
from serve_peers.measuring import MARK, Peak, Tree
from serve_peers.tools import TOOLS, Place, Tool, install


STEP = 'echo "$(date +%s.%N) $0" >> {out}'
LEAST = 1  # milliseconds and MB below it count as one in ratios


@attrs.frozen(kw_only=True)
class Found:
    """
    What was measured of one; seconds and MB.
    """

    tool: Tool
    rate: int
    ready: float
    pss: float
    rss: float
    idle: float
    peak: float
    spent: float
    spread: list[float]
    burst: list[float]
    lost: int
    doubled: int


def log(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def workload(tool: Tool, count: int, rate: int, spread: int, burst: int, out: Path) -> dict:
    """
    *count* schedules: some fire in the *spread* seconds before the instant *burst*, some at it,
    and the others hours later. Each fires once a day.
    """
    even = rate * spread // 60
    rows = []
    for n in range(count):
        name, anchor = f"s{n:05}", burst + 6 * 3600 + n % 720 * 60
        if n < even:
            anchor = burst - spread + n * spread // even if tool.seconds else burst - 60
        elif n < even + rate:
            anchor = burst
        exact = n < even and tool.seconds
        cron = f"{anchor // 60 % 60} {anchor // 3600 % 24} * * *"
        rows.append({"name": name, "anchor": anchor, "cron": "" if exact else cron})
    step = ["/bin/sh", "-c", STEP.format(out=out)]
    return {"out": str(out), "step": step, "schedules": rows}


def wait_ready(process: subprocess.Popen, output: Path, ready: str, until: float) -> None:
    """
    Wait for a text, or for an address that answers.

    Raises:
        RuntimeError: It ended, or was not ready in time.
    """
    while process.poll() is None and time.time() < until:
        if ready.isdigit():
            with suppress(OSError), socket.create_connection(("127.0.0.1", int(ready)), 1):
                return
        elif ready in output.read_text(errors="replace"):
            return
        time.sleep(0.02)
    last = output.read_text(errors="replace").strip().splitlines()[-1:]
    what = "too slow to load" if process.poll() is None else f"exit {process.returncode}"
    raise RuntimeError(f"{what}: {' '.join(last)[:200]}")


def load(tool: Tool, place: Place, until: float, running: list[subprocess.Popen]) -> None:
    """
    Start its commands, each when the one before is ready, and note their processes.
    """
    left_out = ("PYTHONPATH", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in left_out}
    env |= {MARK: str(place.workload), "PYTHONUNBUFFERED": "1", **tool.env(place)}
    for n, (command, ready) in enumerate(zip(tool.commands(place), tool.ready, strict=True)):
        output = place.folder / f"output-{n}.txt"
        with output.open("w") as stream:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=place.folder,
                env=env,
                start_new_session=True,
            )
        running.append(process)
        wait_ready(process, output, ready.format(port=place.port), until)


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


def sleep_until(instant: float) -> None:
    time.sleep(max(0, instant - time.time()))


def measure(tool: Tool, folder: Path, python: str, asked: argparse.Namespace) -> Found:
    """
    Start one, measure it, and stop it.
    """
    place = Place(folder, python, folder / "workload.json", free_port())
    rate = min(asked.rate, tool.rate or asked.rate)
    patience = (tool.start + tool.load * asked.schedules / 1000) * asked.patience
    firing = asked.spread if tool.seconds else 60
    burst = math.ceil((time.time() + patience + asked.idle + firing) / 60) * 60
    lines = workload(tool, asked.schedules, rate, asked.spread, burst, folder / "out")
    place.workload.write_text(json.dumps(lines))
    tree, quiet = Tree(place.workload), burst - firing - asked.idle - 2
    began, running = time.time(), []
    try:
        load(tool, place, quiet, running)
        ready = time.time() - began
        log(f"{tool.title}: ready after {ready:.1f} s")
        sleep_until(quiet)
        before = tree.seconds()
        sleep_until(quiet + asked.idle)
        idle = (tree.seconds() - before) * 60 / asked.idle
        pss, rss = tree.memory()
        log(f"{tool.title}: waits in {pss:.0f} MB, now it starts {rate} a minute")
        return Found(
            tool=tool,
            rate=rate,
            ready=ready,
            pss=pss,
            rss=rss,
            idle=idle,
            **fire(tree, lines, burst, tool.grace),
        )
    finally:
        tree.stop()
        for process in running:
            process.wait()


def fire(tree: Tree, lines: Mapping, burst: int, grace: int) -> dict:
    """
    Let all be started, and compare with what was due.
    """
    due = {row["name"]: row["anchor"] for row in lines["schedules"] if row["anchor"] <= burst}
    out = Path(lines["out"])
    before = tree.seconds()
    with Peak(tree) as peak:
        sleep_until(burst)
        while time.time() < burst + grace and len(started(out)) < len(due):
            time.sleep(0.5)
        time.sleep(2)  # one more would be seen
    late = {name: times[0] - due[name] for name, times in started(out).items() if name in due}
    return {
        "peak": peak.most,
        "spent": tree.seconds() - before,
        "spread": sorted(late[name] for name in late if due[name] < burst),
        "burst": sorted(late[name] for name in late if due[name] == burst),
        "lost": len(due) - len(late),
        "doubled": sum(len(times) - 1 for times in started(out).values()),
    }


def started(out: Path) -> dict[str, list[float]]:
    """
    When each schedule was started.
    """
    found: dict[str, list[float]] = {}
    for line in out.read_text().splitlines() if out.exists() else ():
        at, name = line.split()
        found.setdefault(name, []).append(float(at))
    return found


def quantile(values: list[float], share: float) -> float:
    return values[max(0, math.ceil(len(values) * share) - 1)] * 1000 if values else math.nan


COLUMNS: dict[str, Callable[[Found], float]] = {
    "idle PSS MB": lambda found: found.pss,
    "idle RSS MB": lambda found: found.rss,
    "idle CPU ms/min": lambda found: found.idle * 1000,
    "spread median ms": lambda found: quantile(found.spread, 0.5),
    "spread p99 ms": lambda found: quantile(found.spread, 0.99),
    "spread max ms": lambda found: quantile(found.spread, 1),
    "burst median ms": lambda found: quantile(found.burst, 0.5),
    "burst p99 ms": lambda found: quantile(found.burst, 0.99),
    "burst max ms": lambda found: quantile(found.burst, 1),
    "peak PSS MB": lambda found: found.peak,
    "CPU ms a start": lambda found: (
        found.spent * 1000 / max(1, len(found.spread) + len(found.burst))
    ),
    "seconds to ready": lambda found: found.ready,
}


def table(all_found: list[Found], failed: Mapping[str, str]) -> None:
    """
    Print the figures, each with its ratio to the best of those that are more than the floor.
    """
    rivals = [each for each in all_found if each.tool is not TOOLS["loop"]] or all_found
    print(f"\n{'':18}" + "".join(f"{each.tool.title[:22]:>24}" for each in all_found))
    print(f"{'starts a minute':18}" + "".join(f"{each.rate:>24}" for each in all_found))
    for name, figure in COLUMNS.items():
        best = min((v for each in rivals if (v := figure(each)) == v), default=math.nan)
        best = max(best, LEAST)
        cells = []
        for each in all_found:
            value = figure(each)
            ratio = f"({max(value, LEAST) / best:.2f}x)"
            cells.append(f"{'-' if math.isnan(value) else f'{value:.1f} {ratio}':>24}")
        print(f"{name:18}" + "".join(cells))
    for title, counts in (
        ("not started", [each.lost for each in all_found]),
        ("... in seconds", [each.tool.grace for each in all_found]),
        ("started twice", [each.doubled for each in all_found]),
    ):
        print(f"{title:18}" + "".join(f"{count:>24}" for count in counts))
    for title, reason in failed.items():
        print(f"not measured: {title}: {reason}")
    if any(each.rate < max(e.rate for e in all_found) for each in all_found):
        print("Who starts a heavy process for every run is given fewer starts a minute.")
    if any(not each.tool.seconds for each in all_found):
        print("Dagster's crons have no seconds: what is spread for others is a burst for it.")


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # all is stopped on the way out
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="*", help=f"scale, or some of {', '.join(TOOLS)}")
    parser.add_argument("--schedules", type=int, help="1000 when left out; 10 000 for scale")
    parser.add_argument("--rate", type=int, default=200, help="starts a minute, and in the burst")
    parser.add_argument("--idle", type=int, default=60, help="seconds in which none is due")
    parser.add_argument("--spread", type=int, default=90, help="seconds of evenly spread starts")
    parser.add_argument("--patience", type=float, default=1, help="with loading; 1 is usual")
    asked = parser.parse_args()
    scale = asked.tools == ["scale"]
    names = ["schedkit"] if scale else asked.tools or list(TOOLS)
    asked.schedules = asked.schedules or (10_000 if scale else 1000)
    if unknown := set(names) - TOOLS.keys():
        parser.error(f"unknown: {', '.join(unknown)}; known: scale, {', '.join(TOOLS)}")
    all_found, failed = [], {}
    with tempfile.TemporaryDirectory(prefix="serve-", ignore_cleanup_errors=True) as temporary:
        for name in names:
            tool = TOOLS[name]
            folder = Path(temporary, name)
            folder.mkdir()
            try:
                log(f"{tool.title}: installs {' '.join(tool.needs) or 'nothing'}")
                python = install(tool, Path(temporary, f"env-{name.partition('-')[0]}"))
                all_found.append(measure(tool, folder, python, asked))
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                failed[tool.title] = str(error)
                log(f"{tool.title}: {error}")
    table(all_found, failed)


if __name__ == "__main__":
    main()
