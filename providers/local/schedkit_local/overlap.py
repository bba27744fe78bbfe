"""
Runs of one pipeline beside each other: a lock that the kernel lets go when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from schedkit.exceptions import RunFailedError


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PAUSE = 0.1


@contextmanager
def turn(
    path: Path, pipeline: str, policy: Literal["allow", "forbid", "replace", "queue"]
) -> Iterator[None]:
    """
    Hold the pipeline's turn for as long as a run needs it.

    Raises:
        RunFailedError: The policy is `forbid` and another run has the turn.
    """
    if policy == "allow":
        yield
        return
    asked = ""
    with path.open("a+") as lock:
        while not _take(lock.fileno()):
            holder = path.read_text().strip()
            if policy == "forbid":
                raise RunFailedError(
                    f"Pipeline {pipeline!r}",
                    f"another run of it goes on (process {holder or 'unknown'})"
                    " and overlap='forbid'",
                    "wait for it, or write overlap='queue'",
                )
            if policy == "replace" and holder and holder != asked:
                asked = holder  # a second signal would cut the grace of its steps short
                with suppress(ProcessLookupError):
                    os.kill(int(holder), signal.SIGTERM)
            time.sleep(PAUSE)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def _take(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
