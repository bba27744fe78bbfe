"""
Moving a stack to another backend by config alone.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from double import Double
from programs import Nightly
from pulumi import automation
from stack import running

from schedkit import registry


pytestmark = pytest.mark.engine

TOYS = Path(__file__).parents[2] / "testing"
KUBERNETES = [
    "kubernetes:batch/v1:CronJob::default/nightly-dev",
    "kubernetes:batch/v1:CronJob::default/weekly-dev",
    "kubernetes:core/v1:ServiceAccount::default/train-dev",
]
TOY = ["toy:index:Account::train-N", "toy:index:Timer::nightly-dev", "toy:index:Timer::weekly-dev"]


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """
    Install the toy backend of tests/testing as a distribution does, by an entry point.
    """
    installed = tmp_path / "site" / "schedkit_toy-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: schedkit-toy\nVersion: 1.0\n"
    )
    (installed / "entry_points.txt").write_text("[schedkit.backends]\ntoy = toys:Toy\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed.parent), str(TOYS)])
    forget()
    import toys

    yield toys
    forget()


def forget() -> None:
    """
    Let the registry look again.
    """
    registry.installed.cache_clear()
    registry.load.cache_clear()


@pytest.fixture
def stack(binaries, toys, tmp_path):
    """
    Deployed to Kubernetes.
    """
    clouds = Double("kubernetes"), Double("toy", version="1.0.0", classes=toys.Toy.classes)
    with running(tmp_path, *clouds) as engine:
        made = engine.stack(Nightly(), config={"schedkit:backend": "kubernetes"})
        assert {"create": 7} == made.up()
        assert KUBERNETES == made.cloud
        made.forget()
        yield made


def test_switch_and_back(stack) -> None:
    """
    Three objects of the new backend are made, then the three of the old one go; nothing is left
    of it, and the way back is the same.
    """
    for backend, cloud in (("toy", TOY), ("kubernetes", KUBERNETES)):
        stack.configure({"schedkit:backend": backend})
        assert {"create": 3, "update": 3, "delete": 3, "same": 1} == stack.up()
        assert ["Create"] * 3 + ["Delete"] * 3 == [op for op, _ in in_time(stack)]
        assert cloud == [re.sub(r"train-\d+$", "train-N", each) for each in stack.cloud]
        known = [f"{r['type']}::{r['id']}" for r in stack.resources.values() if "id" in r]
        assert stack.cloud == sorted(known)
        assert {"same": 7} == stack.preview(expect_no_changes=True)
        stack.forget()


def test_switch_to_this_machine_and_back(stack) -> None:
    """
    Nothing in the cloud carries what a server on this machine starts.
    """
    stack.configure({"schedkit:backend": "local"})
    assert {"update": 3, "delete": 3, "same": 1} == stack.up()
    assert [] == stack.cloud
    assert {"same": 4} == stack.preview(expect_no_changes=True)
    assert "nightly" == stack.api.outputs()["schedule"].value
    stack.configure({"schedkit:backend": "kubernetes"})
    assert {"create": 3, "update": 3, "same": 1} == stack.up()
    assert KUBERNETES == stack.cloud


def test_switch_to_what_refuses(stack) -> None:
    """
    This machine refuses a step that it could only run in a container: the stack stays where it is.
    """
    never = {"schedkit:backend": "local", "schedkit:local": '{"container": "never"}'}
    stack.configure(never)
    with pytest.raises(automation.CommandError, match="has no command to make a process of"):
        stack.up()
    assert [] == stack.changes
    assert KUBERNETES == stack.cloud


def test_switch_to_what_is_not_installed(stack) -> None:
    """
    An unknown backend changes nothing and is named, with what is meant.
    """
    stack.configure({"schedkit:backend": "toi"})
    with pytest.raises(automation.CommandError, match="did you mean 'toy'"):
        stack.up()
    assert [] == stack.changes
    assert KUBERNETES == stack.cloud


def in_time(stack) -> list[tuple[str, str]]:
    """
    What changed both clouds, in the order in which it happened.
    """
    calls = [call for double in stack.doubles.values() for call in double.calls if call.mutates]
    return [(call.op, call.name) for call in sorted(calls, key=lambda call: call.time)]
