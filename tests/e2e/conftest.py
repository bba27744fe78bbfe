"""
Lets the tests of this folder import its scripts, and the doubles that they share.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


HERE = Path(__file__).parent
ROOMS = ("engine", "cluster", "virtual")
sys.path[:0] = [str(HERE), *(str(HERE / room) for room in ROOMS)]

# Whoever runs the other tests needs no package that only these import; nox installs them here.
collect_ignore = [] if importlib.util.find_spec("httpx") else [*ROOMS]


def pytest_sessionfinish(session):
    """
    Hand the figures of a worker over.
    """
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = dict(tally().COUNTS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """
    Add up the figures of the workers.
    """
    tally().COUNTS.update(getattr(node, "workeroutput", {}).get("tally", {}))


def pytest_terminal_summary(terminalreporter):
    """
    Say what was done to the engine.
    """
    counts = sorted(tally().COUNTS.items())
    if counts:
        figures = ", ".join(f"{count} {what}" for what, count in counts)
        terminalreporter.write_line(f"engine: {figures}")


def tally():
    """
    The engine's room counts what it does.
    """
    return importlib.import_module("tally")
