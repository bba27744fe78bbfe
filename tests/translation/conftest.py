"""
A horizon that newer time zone data do not move; and `random_schedules` of the folder beside.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from schedkit.recurrence import compare
from schedkit.recurrence import proof as proof_module


sys.path.insert(0, str(Path(__file__).parents[1] / "recurrence"))
FIRST = 2026


@pytest.fixture(autouse=True)
def horizon_from_2026(monkeypatch):
    """
    The first year of every proof is 2026.
    """
    for module in (compare, proof_module):
        monkeypatch.setattr(module, "data_year", lambda: FIRST)
    proof_module._prove.cache_clear()
    yield
    proof_module._prove.cache_clear()


@pytest.fixture(autouse=True)
def loop():
    """
    An event loop of this thread, for Outputs; an earlier test may have taken it away.
    """
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    made.close()
    asyncio.set_event_loop(None)
