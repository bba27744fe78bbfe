"""
The wall clock, and waiting for an instant of it.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path


LOOK = 1.0
"""Seconds between two looks at a clock that nobody tells us about."""

_REALTIME, _ABSOLUTE, _CANCEL_ON_SET = 0, 1, 2


def zones_stamp() -> float:
    """
    Return what changes when other time zone data is installed; this process has read its own.
    """
    import tzdata

    with suppress(OSError):
        return Path(tzdata.__file__).stat().st_mtime
    return 0.0


class Clock:
    """
    The clock of this machine.

    Where Linux has timerfd (https://man7.org/linux/man-pages/man2/timerfd_create.2.html), one of
    the wall clock ends a wait: also after a suspend, and as soon as somebody sets the clock.
    Elsewhere the clock is looked at every second.

    Attributes:
        file: To be read when the wait is over; None where there is none.
        early: Seconds before an instant at which its runs are decided where they have room; their
            steps begin at the instant.
    """

    early = 0.25

    def __init__(self) -> None:
        self.file = _timer()

    def now(self) -> float:
        """
        Unix seconds.
        """
        return time.time()

    def begins(self, due: float) -> float:
        """
        When a run begins that is decided now, in Unix seconds of this machine.
        """
        now = self.now()
        return due if now < due <= now + self.early else now

    def wait(self, until: float | None) -> float | None:
        """
        Return for how long to wait for *file*, which is set to that instant; None is for ever.
        """
        if self.file is not None:
            _set(self.file, until or 0)
            return None
        return LOOK if until is None else min(LOOK, max(0.0, until - self.now()))

    def rung(self) -> None:
        """
        Take note that *file* may be read.
        """
        if self.file is not None:
            with suppress(OSError):  # ECANCELED: the clock was set
                os.read(self.file, 8)


class _Spec(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("every", "_every", "seconds", "nanoseconds")]


def _timer() -> int | None:
    if sys.platform != "linux":
        return None
    made: int = _libc().timerfd_create(_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
    return None if made < 0 else made


def _set(file: int, until: float) -> None:
    """
    Ring at an instant, or, for 0, when the clock is set; a past one rings at once.
    """
    seconds = max(0, int(until))
    rest = int((until - seconds) * 1e9) if until else 0
    never = 2**40 if not until else seconds  # a disarmed timer would not tell of a set clock
    spec = _Spec(0, 0, never, rest)
    _libc().timerfd_settime(file, _ABSOLUTE | _CANCEL_ON_SET, ctypes.byref(spec), None)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
