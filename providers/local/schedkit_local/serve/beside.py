"""
A process beside the server, such as its page: begun again when it ends, and ended with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAUSE = 5.0  # seconds between two beginnings


class Beside:
    """
    One such process.

    Attributes:
        pid: Its process id; None before it began.
    """

    def __init__(
        self, words: Sequence[str], extra: Mapping[str, str], pid: int | None = None
    ) -> None:
        self._words = words
        self._env = {**os.environ, **extra}
        self._begun = -PAUSE
        self.pid = pid

    def keep(self) -> None:
        """
        Begin it, unless it runs or ended only just now; the server reaps it.
        """
        if self.pid is not None and _is_there(self.pid):
            return
        now = time.monotonic()
        if now - self._begun < PAUSE:
            return
        self._begun = now
        process = subprocess.Popen(self._words, env=self._env, stdin=subprocess.DEVNULL)
        self.pid = process.pid
        process.returncode = 0  # it is the server who waits for its children

    def stop(self) -> None:
        """
        End it.
        """
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
