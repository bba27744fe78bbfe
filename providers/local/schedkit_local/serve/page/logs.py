"""
Logs of steps, which are as hostile as the programs that wrote them.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import attrs


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit_local.serve.rows import Run, StepRow

TAIL = 32 * 1024  # bytes
LINES = 200
CHUNK = 64 * 1024
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # and other orders to terminals


@attrs.frozen
class Tail:
    """
    The end of a log.

    Attributes:
        text: What can be shown of it.
        size: Bytes of the whole.
        is_whole: Whether *text* is all of it.
        error: Why there is none.
    """

    text: str = ""
    size: int = 0
    is_whole: bool = True
    error: str = ""


def path_of(run: Run, step: StepRow, attempt: int) -> Path | None:
    """
    Return where the log of an attempt is; None where it would be outside the run's folder.
    """
    if not (run.folder and step.log and 1 <= attempt <= max(1, step.attempts)):
        return None
    folder = Path(run.folder).resolve()
    named = Path(folder, step.log)
    path = named if attempt == step.attempts else named.with_name(f"attempt-{attempt}.log")
    return path if path.resolve().is_relative_to(folder) else None


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """
    Open a log for reading, never a pipe or a device that a step put in its place.

    Raises:
        OSError: There is none.
    """
    if path is None:
        raise FileNotFoundError
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise FileNotFoundError(path)
        yield stream


def tail(path: Path | None) -> Tail:
    """
    Return the last lines of a log as text.
    """
    try:
        with opened(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            stream.seek(max(0, size - TAIL))
            text = stream.read(TAIL).decode(errors="replace")
    except OSError:
        return Tail(error="The log is not there, or not any more.")
    lines = text.splitlines()
    if size > TAIL and len(lines) > 1:
        lines = lines[1:]  # its beginning is cut off
    kept = lines[-LINES:]
    is_whole = size <= TAIL and len(kept) == len(lines)
    return Tail(text=_printable("\n".join(kept)), size=size, is_whole=is_whole)


def chunks(path: Path | None) -> Iterator[bytes]:
    """
    Return a log as long as it is now.
    """
    with opened(path) as stream:
        left = os.fstat(stream.fileno()).st_size
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _printable(text: str) -> str:
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for each in COLOURS.sub("", text)
    )
