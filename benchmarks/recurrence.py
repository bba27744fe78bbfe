"""
Instants per second: ours beside croniter, cronsim, bare datetimes, and robfig's own loop in Go.

    python benchmarks/recurrence.py [--crons] [--json]

Every figure is nanoseconds per instant over the fifty crons of `crons.py`, each asked for its
first instants from 2026 on. Means weigh every cron alike, so that a dense one does not hide a
sparse one; each cron's figure is the best of several rounds. Returns 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import geometric_mean
from time import perf_counter_ns
from zoneinfo import ZoneInfo

from croniter import croniter
from crons import REAL_WORLD
from cronsim import CronSim

from schedkit.recurrence import Cron, tzdata_version


ZONES = ("UTC", "Europe/Berlin", "America/New_York")
START = datetime(2026, 1, 1, tzinfo=UTC)
STOP = datetime(2226, 1, 1, tzinfo=UTC)
COUNT = 1000
ROUNDS = 5
SLOW_COUNT = 60  # croniter and cronsim are asked for fewer, their cost per instant is the same
GO_MAIN = """package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	count, _ := strconv.Atoi(os.Args[2])
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		zone := lines.Text()
		lines.Scan()
		schedule, err := cron.ParseStandard("CRON_TZ=" + zone + " " + lines.Text())
		if err != nil {
			panic(err)
		}
		location, err := time.LoadLocation(zone)
		if err != nil {
			panic(err)
		}
		best := time.Duration(1 << 62)
		for round := 0; round < rounds; round++ {
			at := time.Unix(1767225599, 0).In(location)
			begin := time.Now()
			for i := 0; i < count; i++ {
				at = schedule.Next(at)
			}
			if took := time.Since(begin); took < best {
				best = took
			}
		}
		fmt.Println(best.Nanoseconds() / int64(count))
	}
}
"""


def once(run: Callable[[], int]) -> float:
    """
    Nanoseconds per instant of one run, which returns how many it found.
    """
    begin = perf_counter_ns()
    found = run()
    return (perf_counter_ns() - begin) / found


def drain(iterator: object) -> int:
    return len(list(islice(iterator, COUNT)))


def engines(text: str, zone: str) -> dict[str, Callable[[], int]]:
    """
    The same instants, made four ways.
    """
    tzinfo = ZoneInfo(zone) if zone != "UTC" else UTC
    cron = Cron(text, zone)
    epochs = [int(found.timestamp()) for found in islice(cron.between(START, STOP), COUNT)]
    before = START.astimezone(tzinfo) - timedelta(seconds=1)
    plain = text.replace("* 7", "* 0")  # cronsim and croniter both read it; robfig does not

    def bare() -> int:
        return len([datetime.fromtimestamp(epoch, tzinfo) for epoch in epochs])

    def slow() -> int:
        search = croniter(plain, before)
        return len([search.get_next(datetime) for _ in range(SLOW_COUNT)])

    return {
        "schedkit": lambda: drain(cron.between(START, STOP)),
        "bare": bare,
        "croniter": slow,
        "cronsim": lambda: len(list(islice(CronSim(plain, before), SLOW_COUNT))),
    }


def measure(zone: str) -> list[dict[str, float]]:
    """
    Per cron, the best nanoseconds per instant of every engine.
    """
    rows = []
    for text in REAL_WORLD:
        candidates = engines(text, zone)
        rounds = {
            name: [once(run) for _ in range(ROUNDS if name in ("schedkit", "bare") else 2)]
            for name, run in candidates.items()
        }
        rows.append({name: min(taken) for name, taken in rounds.items()})
    return rows


def measure_go() -> dict[str, list[float]] | str:
    """
    Nanoseconds per `Next` of robfig/cron v3.0.1 by zone, or why there are none.
    """
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        return "Go is not on PATH"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.go").write_text(GO_MAIN, encoding="utf-8")
        Path(folder, "go.mod").write_text(
            "module bench\n\ngo 1.19\n\nrequire github.com/robfig/cron/v3 v3.0.1\n",
            encoding="utf-8",
        )
        environment = {**os.environ, "GOFLAGS": "-mod=mod"}
        built = subprocess.run(
            [go, "build", "-o", "bench", "."],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            return f"robfig/cron could not be built: {built.stderr.strip().splitlines()[-1]}"
        lines = [
            f"{zone}\n{text.replace('* 7', '* 0')}\n" for zone in ZONES for text in REAL_WORLD
        ]
        ran = subprocess.run(
            [str(Path(folder, "bench")), str(ROUNDS), str(COUNT)],
            input="".join(lines),
            capture_output=True,
            text=True,
            check=True,
        )
    found = [float(line) for line in ran.stdout.split()]
    size = len(REAL_WORLD)
    return {zone: found[i * size : (i + 1) * size] for i, zone in enumerate(ZONES)}


def main() -> int:
    """
    Measure, print, and return 1 when a promise is broken.
    """
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--crons", action="store_true", help="print every cron too")
    arguments = parser.parse_args()
    go = measure_go()
    report: dict[str, dict[str, float]] = {}
    for zone in ZONES:
        rows = measure(zone)
        if isinstance(go, dict):
            for row, taken in zip(rows, go[zone], strict=True):
                row["robfig (Go)"] = taken
        report[zone] = summary(rows)
        if arguments.crons:
            for text, row in zip(REAL_WORLD, rows, strict=True):
                figures = "  ".join(f"{name} {value:8.0f}" for name, value in row.items())
                print(f"{text:24}{figures}")
    if arguments.json:
        print(json.dumps({"tzdata": tzdata_version(), "zones": report}, indent=2))
    else:
        show(report, go)
    kept = all(
        zone["croniter/schedkit"] >= 60
        and zone["cronsim/schedkit"] >= 10
        and zone["schedkit/bare"] <= 2.5
        for zone in report.values()
    )
    return 0 if kept else 1


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """
    Mean nanoseconds per instant over the crons, and the ratios.
    """
    mean = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
    ratios = {
        f"{name}/schedkit": mean[name] / mean["schedkit"] for name in mean if name != "schedkit"
    }
    typical = geometric_mean([row["croniter"] / row["schedkit"] for row in rows])
    return {
        **mean,
        **ratios,
        "schedkit/bare": mean["schedkit"] / mean["bare"],
        "croniter/schedkit, typical cron": typical,
    }


def show(report: dict[str, dict[str, float]], go: dict[str, list[float]] | str) -> None:
    """
    One table, zones side by side.
    """
    print(f"{len(REAL_WORLD)} crons, {COUNT} instants each, tzdata {tzdata_version()}")
    print(f"{'':34}" + "".join(f"{zone:>18}" for zone in report))
    for name in report[ZONES[0]]:
        unit = "x" if "/" in name else "ns"
        values = "".join(f"{zone[name]:>15.1f} {unit:2}" for zone in report.values())
        print(f"{name:34}{values}")
    if isinstance(go, str):
        print(f"robfig's own loop is missing: {go}")
    print("promised: croniter/schedkit >= 60, cronsim/schedkit >= 10, schedkit/bare <= 2.5")


if __name__ == "__main__":
    sys.exit(main())
