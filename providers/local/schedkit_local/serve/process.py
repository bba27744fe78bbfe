"""
Which process runs a run, told apart from a later one of the same number.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def birth(pid: int) -> str:
    """
    Return what no other process of that number has; empty where none is alive.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = _boot()
    except OSError:
        return _elsewhere(pid)
    fields = stat.rpartition(")")[2].split()  # a name may hold spaces and parentheses
    return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def lives(pid: int | None, born: str) -> bool:
    """
    Whether that very process is alive.
    """
    return pid is not None and bool(born) and birth(pid) == born


def _elsewhere(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    import psutil

    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return f"{os.uname().nodename}/{process.create_time()}" if alive else ""
    except psutil.Error:
        return ""
