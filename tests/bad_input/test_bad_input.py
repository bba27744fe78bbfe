"""
Bad input of every kind: a typed error with culprit, reason and cure; no traceback; nothing
registered.

`expected.json` holds what schedkit says, read by people; `python write_expected.py` in this folder
writes it anew.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from schedkit import exceptions, preview
from schedkit.cli import main


HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("bad_programs", HERE / "programs.py")
programs = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = programs
spec.loader.exec_module(programs)

CASES = list(programs.cases())
EXPECTED = {
    (row["section"], row["label"]): row for row in json.loads(programs.EXPECTED.read_text())
}


def run(words: list[str], case: programs.Case) -> tuple[int, str]:
    """
    Exit code and all that was said; a process of its own for what can only be ended with it.
    """
    if "ever" in case.label:
        command = [sys.executable, "-m", "schedkit.cli", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr
    result = CliRunner().invoke(main, words)
    return result.exit_code, result.output + result.stderr


def test_there_are_enough() -> None:
    """
    At least 150 cases are held, each with a row of its own and a row for each.
    """
    assert [(case.section, case.label) for case in CASES] == list(EXPECTED)
    assert len(CASES) >= 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section}: {case.label}")
def test_answer(case: programs.Case, tmp_path: Path) -> None:
    """
    The error has this type, culprit, reason and cure, and nothing of ours reaches the engine.
    """
    answer = programs.answer(case, tmp_path)
    row = EXPECTED[case.section, case.label]
    assert programs.masked(attrs.asdict(answer)) == {
        key: row[key] for key in ("error", "culprit", "reason", "cure", "registered")
    }
    assert issubclass(getattr(exceptions, answer.error), exceptions.SchedkitError)
    assert answer.culprit
    assert answer.reason
    assert answer.cure or "cannot keep this" in answer.reason
    assert answer.registered == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section}: {case.label}")
def test_command_line(case: programs.Case, tmp_path: Path) -> None:
    """
    `schedkit plan` says it in a sentence, without a traceback, and exits with 1 or 2.
    """
    folder = programs.write(case, tmp_path)
    config = [
        word for key, value in case.config.items() for word in ("--config", f"{key}={value}")
    ]
    code, said = run(["plan", str(folder), "--timeout", str(case.patience), *config], case)
    refused = "cannot keep this" in EXPECTED[case.section, case.label]["reason"]
    assert code == (1 if refused else 2)
    assert "Traceback" not in said
    assert "bug of schedkit" not in said
    assert re.search(r"refused: 1 of 2" if refused else r"(?m)^error: ", said)


def test_a_program_may_end_by_exit(tmp_path: Path) -> None:
    """
    `sys.exit(0)` ends a program as well as its last line does.
    """
    case = programs.Case("program", "exits well", "import sys; sys.exit(0)", programs.BACKEND)
    found = preview.run(programs.write(case, tmp_path), config=case.config)
    assert [report.name for report in found.reports] == ["train"]


def test_an_async_main_that_never_ends(tmp_path: Path) -> None:
    """
    An async main that never ends is told so; what its top-level code declared may be registered.
    """
    source = "import asyncio\nasync def main(): await asyncio.sleep(3600)\npulumi.run(main)"
    case = programs.Case("program", "async for ever", source, programs.BACKEND)
    answer = programs.answer(case, tmp_path)
    assert (answer.error, answer.reason) == ("ProgramTimeoutError", "did not end within 2 s")
