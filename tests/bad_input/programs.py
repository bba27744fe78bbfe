"""
Bad input as whole Pulumi programs, and what schedkit says to each.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import attrs

from schedkit import preview
from schedkit.exceptions import ProgramError, SchedkitError
from schedkit.preview import monitor
from schedkit.preview.runner import THREAD


HERE = Path(__file__).parent
EXPECTED = HERE / "expected.json"
BACKEND = {"schedkit:backend": "kubernetes"}
HEAD = """\
from datetime import UTC, datetime
import pulumi, schedkit as sk
step = sk.Step('fit', image='ghcr.io/acme/ml:1.4')
train = sk.Pipeline('train', steps=[step])
daily = sk.Cron('0 9 * * *')
spec = lambda spec: {'cron_job': {'spec': spec}}
"""

sys.path.insert(0, str(HERE))
import snippets  # noqa: E402


sys.path.remove(str(HERE))


class Case(NamedTuple):
    """
    One bad program: its section, its last lines, and the config beside it.
    """

    section: str
    label: str
    source: str | bytes
    config: dict[str, str]

    @property
    def patience(self) -> int:
        """
        Seconds it may take: two for one that never ends, many for a busy machine.
        """
        return 2 if "ever" in self.label else 60


@attrs.frozen
class Answer:
    """
    What became of it.
    """

    error: str
    culprit: str
    reason: str
    cure: str
    registered: int


def cases() -> Iterator[Case]:
    """
    Every case, in order.
    """
    for text in snippets.TEXT:
        yield Case("text", text[:60], f"sk.Cron({text})", BACKEND)
    for zone in snippets.ZONES:
        yield Case("zone", zone, f"sk.Cron('0 9 * * *', timezone={zone})", BACKEND)
    for section in ("WHENS", "NAMES", "VALUES"):
        for source in getattr(snippets, section):
            yield Case(section.lower(), source, source, BACKEND)
    for config in snippets.CONFIG:
        yield Case("config", json.dumps(config), "", {**BACKEND, **config})
    for label, source in snippets.PROGRAMS.items():
        yield Case("program", label, source, BACKEND)


def write(case: Case, folder: Path) -> Path:
    """
    The case as a program folder.
    """
    (folder / "Pulumi.yaml").write_text("name: bad\nruntime: python\n")
    source = case.source if isinstance(case.source, bytes) else (HEAD + case.source).encode()
    (folder / "__main__.py").write_bytes(source)
    return folder


def answer(case: Case, folder: Path, *, collect: bool = False) -> Answer:
    """
    Run it as `pulumi up` would; count what of ours reaches the monitor.
    """
    made: list[monitor.Recorder] = []

    class Counting(monitor.Recorder):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    original, monitor.Recorder = monitor.Recorder, Counting
    error: SchedkitError | None = None
    try:
        preview.run(
            write(case, folder), config=case.config, collect=collect, timeout=case.patience
        )
    except SchedkitError as caught:
        error = caught
    finally:
        monitor.Recorder = original
        for thread in threading.enumerate():
            if thread.name == THREAD:
                thread.join()
    registered = sum(len(each.recorded) for each in made)
    if isinstance(error, ProgramError) and isinstance(error.__cause__, SchedkitError):
        error = error.__cause__
    if error is None:
        return Answer("none", "", "", "", registered)
    texts = (t.replace(str(folder), "DIR") for t in (error.culprit, error.reason, error.cure))
    return Answer(type(error).__name__, *texts, registered)


def masked(answer: dict[str, object]) -> dict[str, object]:
    """
    The answer without what depends on the machine: the version of the time zone data, the Python.
    """
    return {
        key: _mask(value) if isinstance(value, str) else value for key, value in answer.items()
    }


def _mask(text: str) -> str:
    text = re.sub(r"\(20\d\d[a-z]\)", "(TZDATA)", text)
    return re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d\+00:00|Z)", "INSTANT", text)
