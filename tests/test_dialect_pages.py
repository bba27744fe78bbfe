"""
The pages of the dialects say what the dialects do now.
"""

from __future__ import annotations

import importlib.util
import pathlib
import subprocess
import sys

import pytest

from schedkit.translation import attempt, dialects


ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "scripts" / "dialect_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_fresh(script) -> None:
    """
    What the script would write is what stands in docs/.
    """
    command = [sys.executable, script.__file__, "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ("", 0) == (checked.stdout.strip() + checked.stderr, checked.returncode)


def test_every_cell_of_the_compile_table(script):
    """
    Each kind of schedule is proved or refused in each dialect, and a refusal has a reason.
    """
    for when in script.FEATURES.values():
        for name in dialects():
            found = attempt(when, name)
            proved = found.proof is not None and found.proof.holds
            bad = [finding for finding in found.findings if finding.verdict == "refused"]
            assert found.holds == (proved and not bad)
            assert found.holds or all(finding.reason and finding.nearest for finding in bad)
