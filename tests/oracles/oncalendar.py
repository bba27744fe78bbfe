"""
systemd's reading of OnCalendar, asked with `systemd-analyze calendar`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import attrs
from runner import PATIENCE, Answer, Broken, Oracle, Question, Rejected, zone_version


AT_ONCE = 200  # texts of one process
RUN = re.compile(r" *(?:Next elapse|Iter\. #\d+|Iteration #\d+|\(in UTC\)): (.*)")
ZONES = Path("/usr/share/zoneinfo")  # systemd looks nowhere else


@attrs.define(kw_only=True)
class Systemd(Oracle):
    """
    A process answers several texts at once, but for one instant and one count only.
    """

    def version(self) -> str:
        done = subprocess.run(
            ["systemd-analyze", "--version"], capture_output=True, text=True, check=True
        )
        return f"{done.stdout.split()[1]} {zone_version(ZONES)}"

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        if lacking := self.missing():
            raise RuntimeError(f"{self.name}: {lacking}")
        alike: dict[tuple[int, int, str], dict[str, Answer]] = {}
        for ask in questions:
            zone, text = _said(ask)
            alike.setdefault((ask.after, ask.n, zone), {})[text] = Broken("not asked")
        for (after, n, zone), found in alike.items():
            texts = list(found)
            for first in range(0, len(texts), AT_ONCE):
                found.update(_asked(texts[first : first + AT_ONCE], after, n, zone))
        said = [(ask, *_said(ask)) for ask in questions]
        return [alike[ask.after, ask.n, zone][text] for ask, zone, text in said]


def _said(ask: Question) -> tuple[str, str]:
    """
    The zone of the process, and the expression. A zone that the expression names costs a fork for
    each run and counts as this one does, so only one that is none is named there.
    """
    known = (ZONES / ask.zone).is_file()
    return (ask.zone, ask.text) if known else ("UTC", f"{ask.text} {ask.zone}")


def _asked(texts: Sequence[str], after: int, n: int, zone: str) -> dict[str, Answer]:
    command = ["systemd-analyze", "calendar", f"--iterations={n}", f"--base-time=@{after}", "--"]
    try:
        done = subprocess.run(
            [*command, *texts],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "TZ": zone, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(texts, Broken("no end"))
    found: dict[str, Answer] = {}
    for text in texts:
        if f"calendar specification '{text}'" in done.stderr:
            found[text] = Rejected(done.stderr.strip().rsplit(": ", 1)[-1])
    taken = [text for text in texts if text not in found]
    blocks = done.stdout.split("Normalized form: ")[1:]
    found |= zip(taken, map(_runs, map(str.splitlines, blocks)), strict=True)
    return found


def _runs(lines: Iterable[str]) -> list[int]:
    """
    The instants of a block of output: those told in UTC, as all are in a process of that zone.
    """
    runs = [match[1] for match in map(RUN.fullmatch, lines) if match]
    times = [f"{run[4:-4]}+00:00" for run in runs if run.endswith(" UTC")]
    return [int(datetime.fromisoformat(time).timestamp()) for time in times]
