"""
Where a run keeps its files.

    <runs>/<run id>/run.json                what became of it
    <runs>/<run id>/<step>/output/          written by the step alone; read-only once it succeeded
    <runs>/<run id>/<step>/input/<need>     link to the output of a step it needs
    <runs>/<run id>/<step>/attempt-1.log    standard output and error of the first attempt
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import RunFailedError


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
TAIL_BYTES = 8192


@attrs.frozen
class StepFiles:
    """
    The files of one step of a run.
    """

    folder: Path

    @property
    def output(self) -> Path:
        """
        What `SCHEDKIT_OUTPUT` says.
        """
        return self.folder / "output"

    @property
    def input(self) -> Path:
        """
        What `SCHEDKIT_INPUT` says.
        """
        return self.folder / "input"

    def log(self, attempt: int) -> Path:
        """
        Standard output and error of one attempt.
        """
        return self.folder / f"attempt-{attempt}.log"

    def prepare(self, needs: Iterable[str]) -> None:
        """
        An empty output folder, and links to the outputs of the steps needed.
        """
        remove(self.output)
        self.output.mkdir(parents=True)
        self.input.mkdir(exist_ok=True)
        for need in needs:
            link = self.input / need
            if not link.is_symlink():
                link.symlink_to(Path("..", "..", need, "output"), target_is_directory=True)

    def seal(self) -> None:
        """
        Take the right to write away from the output.
        """
        for path in (*_below(self.output), self.output):
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~WRITE)


def new_run(runs: Path, pipeline: str, started: datetime) -> Path:
    """
    The folder of a new run; its name is the run's id.
    """
    while True:
        folder = runs / f"{pipeline}-{started:%Y%m%dt%H%M%Sz}-{secrets.token_hex(2)}"
        with suppress(FileExistsError):
            folder.mkdir()
            return folder


def runs_folder(path: Path) -> Path:
    """
    The folder of all runs, made if need be and hidden from git.

    Raises:
        RunFailedError: It cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        ignore = path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as error:
        cure = "name another folder in schedkit:local: {runs: ...}"
        raise RunFailedError(f"folder of runs {path}", f"{error.strerror}", cure) from None
    return path


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """
    Write a document so that a reader sees the old one or the new one, never half of it.
    """
    new = path.with_suffix(".new")
    new.write_text(json.dumps(document, indent=2) + "\n")
    new.replace(path)


def prune(runs: Path, pipeline: str, before: datetime) -> None:
    """
    Remove the runs of a pipeline that ended before an instant.
    """
    for path in runs.glob("*/run.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            document = json.loads(path.read_text())
            ended = datetime.fromisoformat(document["ended"])
            if document["pipeline"] == pipeline and ended < before:
                remove(path.parent)


def oldest(now: datetime, days: int | None) -> datetime | None:
    """
    The instant before which a run's end lets its files go; None keeps them.
    """
    return None if days is None else now - timedelta(days=days)


def remove(folder: Path) -> None:
    """
    Remove a folder, read-only ones below it included; never follows a link.
    """
    if not folder.exists():
        return
    for path in (folder, *_below(folder)):
        if path.is_dir() and not path.is_symlink():
            path.chmod(stat.S_IRWXU)
    shutil.rmtree(folder)


def tail(log: Path, lines: int = 10) -> str:
    """
    The last lines of a log, as text that is safe to print.
    """
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    clean = "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
    return "\n".join(clean.strip().splitlines()[-lines:])


def _below(folder: Path) -> list[Path]:
    found = []
    for root, folders, files in os.walk(folder):
        found += [Path(root, name) for name in (*folders, *files)]
    return found
