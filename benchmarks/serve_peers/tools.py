"""
The schedulers that are measured, and how each is started.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs


HERE = Path(__file__).resolve().parent


@attrs.frozen
class Place:
    """
    Where one scheduler is measured.
    """

    folder: Path
    python: str
    workload: Path
    port: int


@attrs.frozen(kw_only=True)
class Tool:
    """
    A scheduler.

    Attributes:
        title: In the table.
        commands: What to start one after the other, each once the one before is ready.
        ready: What each of them prints when it is ready, or the port that it listens on.
        needs: Requirements; empty for the environment that runs this.
        start: Seconds until the first schedule is loaded, generously.
        load: Seconds for each 1000 of them.
        rate: Starts a minute where the machine cannot do all.
        seconds: Whether a schedule can name a second.
        grace: Seconds after the last instant until which a start counts.
        env: Settings.
    """

    title: str
    commands: Callable[[Place], list[list[str]]]
    ready: tuple[str, ...] = ("ready",)
    needs: tuple[str, ...] = ()
    start: int = 6
    load: int = 10
    rate: int | None = None
    seconds: bool = True
    grace: int = 15
    env: Callable[[Place], Mapping[str, str]] = lambda _: {}


def schedkit(place: Place) -> list[list[str]]:
    program = place.folder / "program"
    shutil.copytree(HERE / "by_schedkit", program)
    command = Path(sys.executable).with_name("schedkit")
    state = place.folder / "serve.db"
    return [[str(command), "serve", str(program), "--state", str(state), "--no-page"]]


def apscheduler(place: Place, *more: str) -> list[list[str]]:
    return [[place.python, str(HERE / "by_apscheduler.py"), str(place.workload), *more]]


def dagster(place: Place) -> list[list[str]]:
    place.folder.joinpath("dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    daemon = str(Path(place.python).with_name("dagster-daemon"))
    return [[daemon, "run", "-f", str(HERE / "by_dagster.py")]]


def prefect(place: Place) -> list[list[str]]:
    server = str(Path(place.python).with_name("prefect"))
    return [
        [server, "server", "start", "--port", str(place.port), "--no-ui"],
        [place.python, str(HERE / "by_prefect.py")],
    ]


def prefect_env(place: Place) -> dict[str, str]:
    return {
        "PREFECT_HOME": str(place.folder),
        "PREFECT_API_URL": f"http://127.0.0.1:{place.port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_RUNS": "1",  # of a schedule, written ahead
        "DO_NOT_TRACK": "1",
    }


APSCHEDULER = ("apscheduler<4", "sqlalchemy")
TOOLS = {
    "loop": Tool(
        title="loop of croniter (the floor)",
        commands=lambda place: [[place.python, str(HERE / "by_loop.py"), str(place.workload)]],
        needs=("croniter",),
    ),
    "schedkit": Tool(title="schedkit serve", commands=schedkit, ready=("serving ",)),
    "apscheduler-sqlite": Tool(
        title="APScheduler 3, SQLite",
        commands=lambda place: apscheduler(place, f"sqlite:///{place.folder}/jobs.db"),
        needs=APSCHEDULER,
    ),
    "apscheduler-memory": Tool(
        title="APScheduler 3, memory", commands=apscheduler, needs=APSCHEDULER
    ),
    "dagster": Tool(
        title="Dagster",
        commands=dagster,
        ready=("Instance is configured",),
        needs=("dagster",),
        start=40,
        load=20,
        rate=6,
        seconds=False,
        grace=90,
        env=lambda place: {"DAGSTER_HOME": str(place.folder)},
    ),
    "prefect": Tool(
        title="Prefect 3",
        commands=prefect,
        ready=("{port}", "deployments"),
        # 3.8 does not start with newer ones of what it is built on.
        needs=("prefect>=3,<4", "fastapi<0.140", "sqlalchemy[asyncio]<2.1"),
        start=40,
        load=160,
        rate=12,
        grace=90,
        env=prefect_env,
    ),
}


def install(tool: Tool, folder: Path) -> str:
    """
    Make an environment of its own; return its Python.
    """
    if not tool.needs:
        return sys.executable
    python = str(folder / "bin" / "python")
    if not folder.exists():
        if uv := shutil.which("uv"):
            make = [uv, "venv", "-q", "--python", sys.executable, str(folder)]
            fill = [uv, "pip", "install", "-q", "--python", python, *tool.needs]
        else:
            make = [sys.executable, "-m", "venv", str(folder)]
            fill = [python, "-m", "pip", "install", "-q", *tool.needs]
        for command in (make, fill):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return python
