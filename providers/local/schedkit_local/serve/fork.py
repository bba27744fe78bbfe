"""
Processes that the server forks: in a session of their own, so that they outlive it.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from schedkit.exceptions import SchedkitError


if TYPE_CHECKING:
    from collections.abc import Callable

WORD = 3
"""The file by which a process is told what to run, and that the server has ended."""


def fork(work: Callable[[], object], ears: int | None = None) -> int:
    """
    Do something in a process of its own, with nothing of this one's but its memory.

    Args:
        work: What it does.
        ears: A file that it has as `WORD`.

    Returns:
        Its process id.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # a full disk
            stream.flush()
    pid = os.fork()
    if pid == 0:
        _alone(work, ears)
    return pid


def _alone(work: Callable[[], object], ears: int | None) -> NoReturn:
    code = 1
    try:
        os.setsid()
        gc.freeze()  # what the server made is never looked at, so its memory stays shared
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if ears is not None:
            os.dup2(ears, WORD, inheritable=False)
        os.closerange(WORD + (ears is not None), 1024)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        work()
        code = 0
    except SchedkitError as error:
        tell(error)
    except BaseException:  # noqa: BLE001, this process ends below whatever happened
        traceback.print_exc()
    finally:
        os._exit(code)


def tell(what: object) -> None:
    """
    Write into the server's log, from any process.
    """
    with suppress(OSError):  # where the log is may be full, too
        print(what, file=sys.stderr, flush=True)  # noqa: T201, the server's log
