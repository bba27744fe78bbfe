"""
Lets the tests of this folder, and the programs they run, import `toycloud`; gives Outputs a loop.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest


sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def loop():
    """
    A loop of the test's own: an Output needs one, and `asyncio.run` takes the thread's away.
    """
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    asyncio.set_event_loop(None)
    made.close()
