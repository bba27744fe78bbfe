"""
What must hold when the crash test is over; plain arithmetic, SQL and files, and nothing of ours.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import world


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crash import Crash

SLACK = 20.0  # seconds that a killed server or a busy machine may cost
NEAR = 5.0  # seconds of the story around a moment
ENDED = {"succeeded", "failed", "stopped", "lost"}
LATE = re.compile(r"^.+ late, and (its starting deadline is|runs are caught up with for) ")
REASONS = (  # what a run that is missed may say, and of which schedules
    (LATE, lambda line: True),
    (re.compile("^a later run was missed too"), lambda line: line.catch_up == "latest"),
    (re.compile("^another run replaced it"), lambda line: line.overlap == "replace"),
    (re.compile("^no room within its"), lambda line: line.overlap in {"allow", "forbid"}),
    (re.compile("^no process could take it in time$"), lambda line: True),
    (re.compile("^its (schedule|pipeline) was removed"), lambda line: not line.stays),
)


class ViolationError(Exception):
    """
    A promise that was broken, and the run.
    """

    def __init__(self, sentence: str, run: str = "") -> None:
        super().__init__(sentence)
        self.run = run


def judge(crash: Crash) -> dict[str, object]:
    """
    Look at everything; return the counts.

    Raises:
        ViolationError: The first thing that is wrong.
    """
    rows = read(crash.state)
    starts = witness(crash.folder)
    known = {line.name: line for line in crash.lines}
    for line in known.values():
        check_instants(line, rows, crash.end)
    check_witness(rows, starts)
    for row in rows:
        line = known[row["schedule"]]
        check_row(row, line, starts[row["id"]])
        check_lateness(row, line, crash)
        check_files(row, crash.folder)
    check_overlap(rows, known)
    check_leftovers(crash.folder, {row["id"] for row in rows})
    staying = [row for row in rows if known[row["schedule"]].stays]
    missed = [row for row in staying if row["state"] == "missed"]
    return {
        "instants": len(staying),
        "states": dict(Counter(row["state"] for row in staying)),
        "missed": dict(Counter(kind(row["reason"]) for row in missed)),
        "moving": len(rows) - len(staying),
        "starts": sum(len(found) for found in starts.values()),
    }


def read(state: Path) -> list[sqlite3.Row]:
    """
    Return all runs, with their steps.
    """
    connection = sqlite3.connect(state)
    connection.row_factory = sqlite3.Row
    steps = "(SELECT group_concat(name || ' ' || state) FROM step WHERE run = seq) AS steps"
    try:
        return connection.execute(f"SELECT *, {steps} FROM run ORDER BY due").fetchall()
    finally:
        connection.close()


def witness(folder: Path) -> dict[str, list[list[str]]]:
    """
    Return what the steps wrote themselves, by run: step, attempt, instant and process.
    """
    found = defaultdict(list)
    for text in (folder / world.WITNESS).read_text().splitlines():
        run, *rest = text.split()
        found[run].append(rest)
    return found


def check_instants(line: world.Line, rows: list[sqlite3.Row], end: int) -> None:
    """
    Every instant has one row, and every row an instant.
    """
    found = Counter(row["scheduled"] for row in rows if row["schedule"] == line.name)
    twice = [at for at, count in found.items() if count > 1]
    if line.stays:
        expected = set(line.instants(end))
    else:  # it may be every two or every three seconds, and begins anew
        expected = {at for at in found if (at - line.first) % 2 == 0 or (at - line.first) % 3 == 0}
    if lost := sorted(expected - found.keys()):
        raise ViolationError(f"{line.name}: {len(lost)} instants have no row, {lost[0]} is one")
    if wrong := sorted((found.keys() - expected) | set(twice)):
        raise ViolationError(f"{line.name}: {wrong[0]} is no instant of it, or is one twice")


def check_witness(rows: list[sqlite3.Row], starts: dict[str, list[list[str]]]) -> None:
    """
    Nothing ran that is not written down, and no attempt ran twice.
    """
    if unknown := starts.keys() - {row["id"] for row in rows}:
        raise ViolationError("it ran and has no row", min(unknown))
    for run, found in starts.items():
        attempts = Counter((step, attempt) for step, attempt, *_ in found)
        if max(attempts.values()) > 1:
            raise ViolationError(f"it ran twice: {attempts}", run)


def check_row(row: sqlite3.Row, line: world.Line, starts: list[list[str]]) -> None:
    """
    It is over, it ran as often as it says, and its reason is one of its policies.
    """
    state, run = row["state"], row["id"]
    first = {step for step, attempt, *_ in starts if attempt == "1"}
    steps = {f"step{number}" for number in range(len(world.SCRIPTS[line.kind]))}
    if state not in ENDED | {"missed"}:
        raise ViolationError(f"it is {state} for ever", run)
    if state == "missed" and first:
        raise ViolationError("it is missed, and it ran", run)
    if state == "succeeded" and first != steps:
        raise ViolationError(f"it succeeded without {steps - first}", run)
    if state == "succeeded" and row["steps"].count("succeeded") != len(steps):
        raise ViolationError(f"it succeeded, and its steps are {row['steps']}", run)
    if state == "failed" and "step0" not in first:
        raise ViolationError("it failed and never ran", run)
    if state == "missed" and kind(row["reason"], line) == "unknown":
        raise ViolationError(f"no policy of it misses it because: {row['reason']!r}", run)
    if state in {"stopped", "lost"} and not row["reason"]:
        raise ViolationError(f"it is {state} without a reason", run)
    if state == "stopped" and line.overlap != "replace":
        raise ViolationError("it was stopped, and nothing replaces it", run)


def kind(reason: str, line: world.Line | None = None) -> str:
    """
    Return which of the reasons it is.
    """
    for pattern, fits in REASONS:
        if pattern.search(reason) and (line is None or fits(line)):
            return pattern.pattern
    return "unknown"


def check_lateness(row: sqlite3.Row, line: world.Line, crash: Crash) -> None:
    """
    What was too late was missed, what was not too late was not, by the clock of that moment.
    """
    if row["state"] == "missed":
        late = row["ended"] - row["due"]
        limit = line.window or line.deadline
        if LATE.search(row["reason"]) and late <= limit:
            raise ViolationError(f"it was {late:.1f} s late, which is not too late", row["id"])
        return
    if row["pid"] is None or line.overlap != "allow":
        return
    limit = max(line.deadline, line.window or 0) + SLACK
    clocks = [row["started"] + offset for offset in offsets(crash, row["started"])]
    if not any(-1 <= clock - row["due"] <= limit for clock in clocks):
        lates = [round(clock - row["due"], 1) for clock in clocks]
        raise ViolationError(f"it started {lates} s late, and its policy is {line}", row["id"])


def offsets(crash: Crash, at: float) -> Iterator[float]:
    """
    Return by how much the clock was off at a moment and shortly before it.
    """
    until = [since for since, _ in crash.offsets[1:]] + [float("inf")]
    for (since, offset), end in zip(crash.offsets, until, strict=True):
        if since <= at + 1 and end >= at - SLACK:
            yield offset


def check_files(row: sqlite3.Row, folder: Path) -> None:
    """
    A run that was taken has a folder, which says the same.
    """
    if row["pid"] is None:
        return
    path = folder / ".schedkit" / "runs" / row["id"] / "run.json"
    if row["state"] in {"succeeded", "failed"}:
        state = json.loads(path.read_text())["state"] if path.exists() else "nothing"
        if state != row["state"]:
            raise ViolationError(f"it {row['state']}, and {path} says {state}", row["id"])


def check_overlap(rows: list[sqlite3.Row], known: dict[str, world.Line]) -> None:
    """
    Two runs of one pipeline went on at a time only where it allows that.
    """
    last: dict[str, sqlite3.Row] = {}
    taken = [row for row in rows if row["pid"] and known[row["schedule"]].overlap != "allow"]
    for row in sorted(taken, key=lambda row: row["started"]):
        before = last.get(row["pipeline"])
        if before is not None and before["ended"] > row["started"]:
            raise ViolationError(f"it started before {before['id']} ended", row["id"])
        last[row["pipeline"]] = row


def check_leftovers(folder: Path, runs: set[str]) -> None:
    """
    No process, no folder and no traceback is left that nobody knows of.
    """
    if left := orphans(folder):
        told = [psutil.Process(pid).cmdline() for pid in left]
        raise ViolationError(f"processes are left: {told}")
    for path in (folder / ".schedkit" / "runs").iterdir():
        if path.is_dir() and path.name not in runs:
            raise ViolationError(f"{path} is of no run")
    log = (folder / "serve.log").read_text()
    if "Traceback" in log:
        raise ViolationError(log[log.index("Traceback") :][:3000])


def orphans(folder: Path) -> list[int]:
    """
    Return the processes that work for it.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            ours = process.environ().get("SCHEDKIT_OUTPUT", "").startswith(f"{folder}/")
            serves = len(words) > 1 and words[-1] == str(folder) and "served.py" in words[1]
            if (ours or serves) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def story(crash: Crash, error: ViolationError) -> str:
    """
    Return what is known of the run that went wrong.
    """
    if not error.run:
        log = (crash.folder / "serve.log").read_text().splitlines()[-30:]
        return "\n".join([*log, *(f"{at:.2f} {text}" for at, text in crash.events[-10:])])
    row = next((dict(row) for row in read(crash.state) if row["id"] == error.run), {})
    log = (crash.folder / "serve.log").read_text().splitlines()
    at = row.get("started") or 0
    return "\n".join(
        [
            *(f"{key}: {value}" for key, value in row.items()),
            *("witness " + " ".join(found) for found in witness(crash.folder)[error.run]),
            *(line for line in log if error.run in line),
            *(f"{when:.2f} {text}" for when, text in crash.events if abs(when - at) < NEAR),
        ]
    )
