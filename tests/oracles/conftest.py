"""
Lets the tests of this folder, and those of others, import the oracles, which are also scripts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def oracle():
    """
    Give an oracle by its name, started once; skip where it is missing.
    """
    from oracles import ORACLES

    def give(name):
        chosen = ORACLES[name]
        if lacking := chosen.missing():
            pytest.skip(f"{name}: {lacking}")
        chosen.start()
        return chosen

    yield give
    for started in ORACLES.values():
        started.stop()
