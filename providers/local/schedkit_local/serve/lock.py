"""
One server for one state file: a lock that the kernel lets go when its holder dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from schedkit.exceptions import StateError


def held(path: Path, inherited: int | None = None) -> int:
    """
    Take the lock; return the open file, which holds it until it is closed.

    Args:
        path: Of the lock.
        inherited: The open file of the program that this one replaced.

    Raises:
        StateError: Another process has it.
    """
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if inherited is None else inherited
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        reason = f"is served already, by process {path.read_text().strip() or 'unknown'}"
        cure = "stop that one, or name another file by --state"
        raise StateError(f"state file {path.with_suffix('')}", reason, cure) from None
    os.ftruncate(number, 0)
    os.pwrite(number, f"{os.getpid()}\n".encode(), 0)
    return number


def holder(path: Path) -> int | None:
    """
    Return the process that has the lock; None where nobody has.
    """
    try:
        number = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(number, 20, 0) or b"0")
    else:
        return None
    finally:
        os.close(number)
