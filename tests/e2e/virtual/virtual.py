"""
The real CronJob controller in virtual time: CronJobs and what befalls them in, runs out.

A scenario is one life of the controller with any number of CronJobs; a simulated year of it takes
some seconds, and each run about a millisecond. The API server's checks and defaults are missing,
Jobs end when the scenario says so, and every look at the clock is exact.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import attrs
import build


Spec = Mapping[str, object]
SHARES = 2  # processes at a time


class Step(NamedTuple):
    """
    One thing that happens at one time, in the words of the Go program.
    """

    at: datetime
    what: Mapping[str, object]


class Run(NamedTuple):
    """
    One Job. *how* it ended is Complete, Failed, Deleted or "" for one that runs on.
    """

    tick: datetime
    start: datetime
    end: datetime | None = None
    how: str = ""


class Event(NamedTuple):
    """
    What the controller said, where it is not about a Job that began or ended.
    """

    at: datetime
    reason: str
    message: str


@attrs.frozen
class Life:
    """
    What became of one CronJob.
    """

    runs: Sequence[Run]
    events: Sequence[Event]


@attrs.frozen
class Scenario:
    """
    A controller from *start* to *until*, and what happens meanwhile.
    """

    start: datetime
    until: datetime
    steps: Sequence[Step] = attrs.field(converter=lambda steps: sorted(steps, key=lambda s: s.at))

    def __str__(self) -> str:
        steps = [{"At": _text(step.at), **step.what} for step in self.steps]
        return json.dumps({"Start": _text(self.start), "Until": _text(self.until), "Steps": steps})


class HangError(Exception):
    """
    The controller did not come to an end.
    """


def create(
    at: datetime,
    name: str,
    schedule: str,
    zone: str = "Etc/UTC",
    *,
    seconds: float | None = 1.5,
    limit: int | None = None,
    **spec: object,
) -> Step:
    """
    A new CronJob.

    Args:
        seconds: How long its Jobs run; None is for ever.
        limit: `activeDeadlineSeconds` of its Jobs.
        spec: Further fields of its spec.
    """
    template = {
        "metadata": {"annotations": {} if seconds is None else {"seconds": str(seconds)}},
        "spec": {} if limit is None else {"activeDeadlineSeconds": limit},
    }
    own = {"schedule": schedule, "timeZone": zone, "concurrencyPolicy": "Forbid"}
    history = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
    body = {"spec": {**own, **history, "jobTemplate": template, **spec}}
    return Step(at, {"CronJob": name, "Create": body})


def edit(at: datetime, name: str, **spec: object) -> Step:
    """
    Other values for some fields of the spec.
    """
    return Step(at, {"CronJob": name, "Merge": {"spec": spec}})


def touch(at: datetime, name: str) -> Step:
    """
    A new label.
    """
    return Step(at, {"CronJob": name, "Merge": {"metadata": {"labels": {"touched": _text(at)}}}})


def delete(at: datetime, name: str) -> Step:
    """
    No CronJob any more, nor its Jobs.
    """
    return Step(at, {"CronJob": name, "Delete": True})


def outage(start: datetime, stop: datetime) -> tuple[Step, Step]:
    """
    No controller for a while.
    """
    return Step(start, {"Controller": "stop"}), Step(stop, {"Controller": "start"})


def simulate(scenarios: Sequence[Scenario], timeout: float = 600) -> list[dict[str, Life]]:
    """
    What became of each CronJob of each scenario, by its name.

    Raises:
        HangError: It took more than *timeout* seconds.
    """
    shares = [scenarios[first::SHARES] for first in range(min(SHARES, len(scenarios)))]
    with ThreadPoolExecutor(SHARES) as pool:
        answers = list(pool.map(functools.partial(_ask, timeout=timeout), shares))
    return [answers[number % SHARES][number // SHARES] for number in range(len(scenarios))]


def _ask(scenarios: Sequence[Scenario], timeout: float) -> list[dict[str, Life]]:
    command = [str(build.folder("kubernetes") / "cronjobs"), "-test.timeout=0"]
    env = {**os.environ, "ZONEINFO": _zones(), "GOGC": "400"}
    said = "\n".join(map(str, scenarios))
    try:
        done = subprocess.run(
            command,
            input=said,
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HangError(f"no end within {timeout} s") from None
    if done.returncode:
        raise RuntimeError(f"{done.stdout[-2_000:]}\n{done.stderr[:2_000]}")
    lines: dict[tuple[int, str], list[dict[str, str]]] = defaultdict(list)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            told = json.loads(line)
            lines[int(told["scenario"]), told["cronJob"]].append(told)
    return [
        {name: _life(lines[number, name]) for name in _names(scenario)}
        for number, scenario in enumerate(scenarios)
    ]


def _names(scenario: Scenario) -> list[str]:
    return [str(step.what["CronJob"]) for step in scenario.steps if "Create" in step.what]


def _life(lines: Iterable[Mapping[str, str]]) -> Life:
    runs: list[Run] = []
    last: dict[str, int] = {}
    events = []
    for told in lines:
        at = datetime.fromisoformat(told["at"])
        if told["kind"] == "start":
            last[told["job"]] = len(runs)
            runs.append(Run(datetime.fromisoformat(told["tick"]).astimezone(UTC), at))
        elif told["kind"] == "end":
            number = last[told["job"]]
            runs[number] = runs[number]._replace(end=at, how=told["how"])
        else:
            events.append(Event(at, told["reason"], told["message"]))
    return Life(runs, [event for event in events if event.reason not in _ORDINARY])


_ORDINARY = {"SuccessfulCreate", "SawCompletedJob", "SuccessfulDelete"}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@functools.cache
def _zones() -> str:
    """
    The folder of time zone data that Python reads, so that both sides read the same.
    """
    for folder in zoneinfo.TZPATH:
        if Path(folder, "Europe", "London").is_file():
            return str(folder)
    found = importlib.util.find_spec("tzdata")
    assert found
    assert found.origin
    return str(Path(found.origin).parent / "zoneinfo")
