"""
Loading the program in a process of its own: the server never imports it, nor pulumi.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from schedkit.exceptions import ProgramError


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


SECONDS = 600  # that a program may take: one of 10 000 schedules needs half a minute


def command(folder: Path, stack: str | None, config: Mapping[str, str]) -> list[str]:
    """
    Return the command that prints the document of a program.
    """
    chosen: Sequence[str] = ("--stack", stack) if stack else ()
    pairs = [word for key, value in config.items() for word in ("--config", f"{key}={value}")]
    load = [sys.executable, "-m", "schedkit_local.serve.load", str(folder)]
    return [*load, "--timeout", str(SECONDS), *chosen, *pairs]


class Loading:
    """
    One load that goes on.

    Attributes:
        file: To be read until `done`.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=False
        )
        assert self._process.stdout is not None  # noqa: S101, for the type
        self._stream = self._process.stdout
        self._parts: list[bytes] = []
        self.file = self._stream.fileno()

    def read(self) -> bool:
        """
        Take what is there; whether that was the end.
        """
        part = os.read(self.file, 1 << 20)
        self._parts.append(part)
        return not part

    @cached_property
    def text(self) -> str:
        """
        What was printed, whose end is waited for.
        """
        while not self.read():
            pass
        self._process.wait()
        self._stream.close()
        return b"".join(self._parts).decode().strip()

    def document(self) -> Mapping[str, Any]:
        """
        Return what was loaded.

        Raises:
            ProgramError: What was wrong, in the words of the one who found it.
        """
        try:
            found = json.loads(self.text)
        except ValueError:
            reason = f"loading it ended with exit code {self._process.returncode} and no word"
            raise ProgramError("the program", reason, "try: schedkit plan DIR") from None
        if error := found.get("error"):
            raise ProgramError(error["culprit"], error["reason"], error["cure"])
        return found  # type: ignore[no-any-return]
