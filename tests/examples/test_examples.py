"""
The examples hold what their READMEs say.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from schedkit import preview


EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/Pulumi.yaml"))


@pytest.fixture
def copied(tmp_path):
    """
    An example in a folder of its own: a run writes into it.
    """

    def copy(name):
        ignore = shutil.ignore_patterns(".schedkit", ".venv", "__pycache__")
        return Path(shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=ignore))

    return copy


def run(folder):
    seen = preview.run(folder, stack="local")
    (report,) = [report for report in seen.reports if report.kind == "Pipeline"]
    return report.backend.run(seen.revealed(report), folder=folder, parameters={}, show=False)


def test_there_are_two():
    """Every folder with a Pulumi.yaml is an example, with a stack per backend and a README."""
    assert ["hello", "nightly-training"] == NAMES
    wanted = {"Pulumi.kubernetes.yaml", "Pulumi.local.yaml", "README.md", "requirements.txt"}
    for name in NAMES:
        assert wanted <= {path.name for path in (EXAMPLES / name).iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_kubernetes_keeps_all(copied, name):
    """On Kubernetes nothing of an example is refused, and its schedule is proved."""
    seen = preview.run(copied(name), stack="kubernetes")
    assert [None, None] == [report.refusal for report in seen.reports]
    assert seen.reports[1].plan.proof.holds
    assert 1 == len(seen.by_type("kubernetes:batch/v1:CronJob"))


@pytest.mark.parametrize("name", NAMES)
def test_local_keeps_all(copied, name):
    """On this machine nothing of an example is refused, and its schedule is proved."""
    seen = preview.run(copied(name), stack="local")
    assert [None, None] == [report.refusal for report in seen.reports]
    assert seen.reports[1].plan.proof.holds
    assert all(not resource.custom for resource in seen.resources)


def test_hello_greets(copied):
    """The smallest example runs its one step, and is as short as it says."""
    folder = copied("hello")
    result = run(folder)
    assert result.ok
    assert "Hello from schedkit\n" == result.steps[0].log.read_text()
    lines = (folder / "__main__.py").read_text().splitlines()
    assert 12 >= len([line for line in lines if line])


def test_nightly_training_trains(copied):
    """The long example hands files on, learns something, and leaves metrics and a picture."""
    result = run(copied("nightly-training"))
    assert (None, ["prepare", "fit", "evaluate"]) == (
        result.error,
        [step.name for step in result.steps],
    )
    output = result.folder / "evaluate/output"
    metrics = json.loads((output / "metrics.json").read_text())
    assert 450 == metrics["pictures"]
    assert 0.95 < metrics["accuracy"] <= 1
    assert b"\x89PNG\r\n\x1a\n" == (output / "confusion.png").read_bytes()[:8]
    said = result.steps[-1].log.read_text()
    assert f"picture    {output / 'confusion.png'}\n" in said
