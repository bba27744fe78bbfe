"""
Scenarios for the real CronJob controller, where it was built.
"""

from __future__ import annotations

import sys
from pathlib import Path

import build
import pytest
import virtual


sys.path.insert(0, str(Path(__file__).parents[2] / "recurrence"))  # random_schedules


@pytest.fixture(scope="session")
def simulate():
    """
    What the real controller makes of scenarios.
    """
    if not build.built("kubernetes"):
        pytest.skip(build.missing() or "there is no controller yet: run `nox -s cluster`")
    return virtual.simulate
