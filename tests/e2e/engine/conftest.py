"""
The engine, and the doubles of providers that it speaks to.
"""

from __future__ import annotations

import build
import pytest
from double import Double
from stack import running


@pytest.fixture(scope="session")
def binaries():
    """
    The folder with `bin/pulumi`.
    """
    if not build.built("pulumi"):
        pytest.skip(build.missing() or "pulumi is not built: run `nox -s engine`")
    return build.folder("pulumi")


@pytest.fixture
def provider_double():
    """
    A cluster that only remembers.
    """
    return Double("kubernetes")


@pytest.fixture
def engine(binaries, provider_double, tmp_path):
    """
    The real engine with `provider_double`, in a folder of its own.
    """
    with running(tmp_path, provider_double) as made:
        yield made
