"""
The pipe by which the server of a state file is woken.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from pathlib import Path


class Pipe:
    """
    The end that the server reads; made where it is not there.

    Attributes:
        file: To be read; never at its end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        self.file = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def empty(self) -> None:
        """
        Take what is there.
        """
        os.read(self.file, 65_536)

    def is_lost(self) -> bool:
        """
        Whether somebody deleted it: nobody can wake the server any more.
        """
        try:
            return not os.path.samestat(os.fstat(self.file), self._path.stat())
        except FileNotFoundError:
            return True

    def close(self) -> None:
        """
        Let it go.
        """
        os.close(self.file)
