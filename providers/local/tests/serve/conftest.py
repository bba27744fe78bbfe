"""
State files for tests; lets them import `serve_stage`.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from schedkit_local.serve.ledger import Ledger


sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """
    A state file of the newest schema, to be copied.
    """
    path = tmp_path_factory.mktemp("ledger") / "serve.db"
    Ledger.open(path, create=True).close()
    return path


@pytest.fixture
def state(empty, tmp_path):
    """
    An empty state file.
    """
    return Path(shutil.copy(empty, tmp_path / "serve.db"))


@pytest.fixture
def ledger(state):
    """
    The same, open.
    """
    found = Ledger.open(state)
    yield found
    found.close()


@pytest.fixture
def life(empty, monkeypatch):
    """
    Begin a life with these schedules; a run takes a minute.
    """
    import serve_stage

    with ExitStack() as stages:

        def begin(*specs, lasts=60, **more):
            more |= {"lasts": {one.pipeline.name: lasts for one in specs}}
            stage = serve_stage.staged(empty, monkeypatch, specs, serve_stage.ZERO + 1, **more)
            return serve_stage.Life(stages.enter_context(stage))

        yield begin
