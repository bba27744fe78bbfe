from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import Phase, settings


# The suite compiles toys in other processes too, so they need a module that can be imported.
sys.path.append(str(Path(__file__).parent))


@pytest.fixture
def generate_only():
    """
    Hypothesis finds a mistake and does not look for the smallest one.
    """
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("once", settings.get_profile("schedkit"), phases=phases)
    settings.load_profile("once")
    yield
    settings.load_profile("schedkit")


@pytest.fixture(autouse=True)
def short_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Under CI pytest works out the whole difference of two plans, which takes minutes, for failures
    that these tests want.
    """
    monkeypatch.delenv("CI", raising=False)
