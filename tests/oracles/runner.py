"""
One way to ask every implementation that others wrote: text, zone and instant in, runs out.

    with ORACLES["quartz"] as oracle:
        oracle.runs("0 0 9 ? * MON", "Europe/Paris", 1_767_225_600, 25)

`install.py FOLDER` installs them all, `SCHEDKIT_ORACLES=FOLDER` says where they are.
Each runs with time zones of its own: `version()` names them, compare where they agree.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

import attrs


SOURCE = Path(__file__).parent
CHUNK = 50  # questions that fit into a pipe nobody reads yet
PATIENCE = 20  # seconds for one answer, a slow start included


@attrs.frozen
class Question:
    text: str
    zone: str = "UTC"
    after: int = 1_767_225_600  # 2026-01-01T00:00Z; runs are later than this
    n: int = 25


@attrs.frozen
class Rejected:
    """
    The text or the zone is refused.
    """

    reason: str


@attrs.frozen
class Broken:
    """
    The text is taken, and then there is no answer: an exception, a crash, no end.
    """

    reason: str


Answer = list[int] | Rejected | Broken


def folder() -> Path:
    """
    Where `install.py` has put the oracles.
    """
    return Path(os.environ.get("SCHEDKIT_ORACLES", "oracles-are-not-installed")).absolute()


def zone_data() -> Path:
    """
    The folder of time zone data that `zoneinfo` reads; Go is told to read the same.
    """
    for path in map(Path, zoneinfo.TZPATH):
        if (path / "Europe" / "London").is_file():
            return path
    return Path(importlib.util.find_spec("tzdata").origin).parent / "zoneinfo"


def zone_version(path: Path) -> str:
    """
    The version of a folder of time zone data: `2025b`.
    """
    with (path / "tzdata.zi").open() as lines:
        return lines.readline().split()[-1]


def as_json(ask: Question) -> str:
    return json.dumps(attrs.asdict(ask))


def as_tabs(ask: Question) -> str:
    return f"{quote(ask.zone, '/')}\t{quote(ask.text)}\t{ask.after}\t{ask.n}"


def fields_of_aws(text: str) -> str:
    """
    What stands in `cron(...)`; raises ValueError for `rate()` and `at()`, which no oracle knows.
    """
    if not (text.startswith("cron(") and text.endswith(")")):
        raise ValueError(f"{text!r}: only cron(...) has an oracle")
    return text[5:-1]


@attrs.define(kw_only=True)
class Oracle:
    """
    Somebody else's reading of a dialect.

    `dialect` is "cron" for Unix cron with five fields, which several platforms read.
    """

    name: str
    dialect: str
    tools: tuple[str, ...] = ()  # programs it needs
    utc_only: bool = False
    grammar_only: bool = False  # accepts with [] or rejects, knows no runs
    native: Callable[[str], str] = str  # from the dialect's text to what the library wants

    def missing(self) -> str:
        """
        Why it cannot run here, or "".
        """
        lacking = [tool for tool in self.tools if not shutil.which(tool)]
        return f"not on the PATH: {', '.join(lacking)}" if lacking else ""

    def version(self) -> str:
        """
        Its version and that of its time zones: `3.0.1 2025b`.
        """
        raise NotImplementedError

    def start(self) -> None:
        """
        Start its process, unless it runs.
        """

    def stop(self) -> None:
        """
        End its process.
        """

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def runs(self, text: str, timezone: str, after_epoch: int, n: int) -> Answer:
        """
        The first *n* runs after an instant, in seconds since 1970; fewer when they end.
        """
        return self.ask([Question(text, timezone, after_epoch, n)])[0]

    def ask(self, questions: Iterable[Question]) -> list[Answer]:
        """
        An answer for each question; one process answers them all.
        """
        return self._answers([self._translated(question) for question in questions])

    def _translated(self, ask: Question) -> Question:
        if ask.n < 1:
            raise ValueError(f"n {ask.n}: ask for one run or more")
        if self.utc_only and ask.zone not in {"UTC", "Etc/UTC"}:
            raise ValueError(f"{self.name} knows UTC only, not {ask.zone}")
        return attrs.evolve(ask, text=self.native(ask.text))

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        raise NotImplementedError


@attrs.define(kw_only=True)
class Lines(Oracle):
    """
    An oracle that answers line by line; who hangs or dies is started again.
    """

    command: Callable[[], list[str]]
    needs: Callable[[], bool]  # is it installed
    encode: Callable[[Question], str] = as_json
    zones: Callable[[], str] = str  # where the program does not know its own
    _process: subprocess.Popen[bytes] | None = attrs.field(default=None, init=False)
    _rest: bytes = attrs.field(default=b"", init=False)

    def missing(self) -> str:
        lacking = super().missing()
        return lacking or ("" if self.needs() else "not installed: `nox -s oracles` installs it")

    def version(self) -> str:
        done = subprocess.run(
            [*self.command(), "--version"], capture_output=True, text=True, check=True
        )
        return f"{done.stdout.strip().removeprefix('v')} {self.zones()}".strip()

    def start(self) -> None:
        if self._process:
            return
        if lacking := self.missing():
            raise RuntimeError(f"{self.name}: {lacking}")
        pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        env = {**os.environ, "ZONEINFO": str(zone_data())}
        self._process = subprocess.Popen(
            self.command(), **pipes, stderr=subprocess.DEVNULL, env=env
        )
        self._rest = b""

    def stop(self) -> None:
        if not self._process:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        found: list[Answer] = []
        while len(found) < len(questions):
            self.start()
            found += self._some(questions[len(found) : len(found) + CHUNK])
        return found

    def _some(self, questions: Sequence[Question]) -> list[Answer]:
        """
        Answers up to the first for which the process must be started again.
        """
        lines = "".join(f"{self.encode(question)}\n" for question in questions)
        self._process.stdin.write(lines.encode())
        self._process.stdin.flush()
        found: list[Answer] = []
        for _ in questions:
            says = self._line()
            found.append(answer(says))
            if "dead" in says or "endless" in says:
                self.stop()
                break
        return found

    def _line(self) -> dict:
        output = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            if not select.select([output], [], [], PATIENCE)[0]:
                return {"endless": True}
            more = os.read(output, 1 << 16)
            if not more:
                return {"dead": True}
            self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)


def answer(says: dict) -> Answer:
    """
    An answer from its JSON form; Go leaves an empty list of runs out.
    """
    if not says or "runs" in says:
        return says.get("runs", [])
    if "error" in says:
        return Rejected(says["error"])
    return Broken(says.get("broken") or ("no end" if "endless" in says else "crashed"))


def rows(*oracles: Oracle) -> dict[str, Oracle]:
    return {oracle.name: oracle for oracle in oracles}


def robfig() -> Path:
    return folder() / "robfig" / "oracle"


def quartz(name: str, dialect: str, native: Callable[[str], str] = str) -> Lines:
    home = folder() / "quartz"
    return Lines(
        name=name,
        dialect=dialect,
        tools=("java",),
        command=lambda: ["java", "-cp", f"{home}:{home}/lib/*", "Ask"],
        needs=lambda: (home / "Ask.class").is_file() and any(home.glob("lib/quartz-*.jar")),
        encode=as_tabs,
        native=native,
    )


def node(name: str, dialect: str, **facts: object) -> Lines:
    script = folder() / "node" / "ask.mjs"
    return Lines(
        name=name,
        dialect=dialect,
        tools=("node",),
        command=lambda: ["node", str(script), name],
        needs=(script.parent / "node_modules" / name).is_dir,
        **facts,
    )


def python(name: str, dialect: str, **facts: object) -> Lines:
    return Lines(
        name=name,
        dialect=dialect,
        command=lambda: [sys.executable, str(SOURCE / "python" / "ask.py"), name],
        needs=lambda: importlib.util.find_spec(name.replace("-", "_")) is not None,
        **facts,
    )
