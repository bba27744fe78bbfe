"""
For every test: where schedkit comes from, and what makes a mistake loud.
"""

from __future__ import annotations

import importlib.util
import os
import signal
from importlib import metadata

import pytest
from hypothesis import settings


# `str(output)` puts a warning sentence into a resource, unless it raises.
os.environ.setdefault("PULUMI_ERROR_OUTPUT_STRING", "true")

# A busy machine is not a wrong answer.
settings.register_profile("schedkit", deadline=None)
settings.load_profile("schedkit")


def pytest_configure() -> None:
    # Who is started in the background ignores these, and so would every process of a test.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if not os.environ.get("SCHEDKIT_TEST_WHEELS"):
        return
    for package in ("schedkit", "schedkit_kubernetes", "schedkit_local"):
        name = package.replace("_", "-")
        if not any(metadata.distributions(name=name)):
            continue
        found = importlib.util.find_spec(package).origin
        if "site-packages" not in found:
            pytest.exit(f"{package} comes from {found}, not from its wheel", returncode=3)
