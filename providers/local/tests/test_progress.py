"""
What a run shows.
"""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from schedkit.backend import RunResult, StepResult, Target
from schedkit.exceptions import RunFailedError
from schedkit.pipeline import PipelineSpec, Step
from schedkit_local.backend import Local
from schedkit_local.progress import Progress


def test_lines(tmp_path, capsys):
    """Away from a terminal each change is a line; at the end the last step says its last lines."""
    a = Step("a", command=["echo", "one"])
    spec = PipelineSpec("demo", steps=[a, Step("b", command=["echo", "[b]two"], needs=[a])])
    backend = Local()
    plan = backend.compile_pipeline(spec, Target())
    result = backend.run(plan, folder=tmp_path, parameters={}, show=True)
    lines = capsys.readouterr().out.splitlines()
    assert ["a running attempt 1", "b running attempt 1"] == [lines[0], lines[2]]
    assert lines[1].startswith("a succeeded attempt 1")
    assert lines[3].startswith("b succeeded attempt 1")
    end = ["", "b says:", "[b]two", "", f"{result.run_id} succeeded: {result.folder}"]
    assert end == lines[4:]


def test_silence(tmp_path, capfd):
    """A run that shows nothing prints nothing, its steps included."""
    spec = PipelineSpec("demo", steps=[Step("a", command=["echo", "x"])])
    plan = Local().compile_pipeline(spec, Target())
    Local().run(plan, folder=tmp_path, show=False)
    assert ("", "") == capfd.readouterr()


def test_table():
    """On a terminal one table lives, with a row for each step."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80)
    with Progress(show=True, console=console) as progress:
        progress.update(StepResult(name="a"))
        progress.update(StepResult(name="a", state="running", attempts=2))
        progress.update(StepResult(name="a", state="failed", attempts=2, seconds=1.5))
    shown = stream.getvalue()
    for word in ("step", "state", "attempt 2", "failed", "1.5 s"):
        assert word in shown


def test_failed_run():
    """A failed run names its folder and repeats no log."""
    stream = io.StringIO()
    progress = Progress(show=True, console=Console(file=stream))
    error = RunFailedError("x", "failed")
    steps = (StepResult(name="a", state="failed", log=Path("none")),)
    result = RunResult(run_id="r", pipeline="p", folder=Path("f"), steps=steps, error=error)
    progress.finish(result, ["a"])
    assert "\nr failed: f\n" == stream.getvalue()


def test_result_as_data():
    """A result is plain data for `--json`, paths and errors as text."""
    steps = (StepResult(name="a", state="failed", attempts=1, exit_code=3, log=Path("l")),)
    error = RunFailedError("x", "broke", "mend it")
    result = RunResult(run_id="r", pipeline="p", folder=Path("f"), steps=steps, error=error)
    step = {
        "name": "a",
        "state": "failed",
        "attempts": 1,
        "seconds": 0.0,
        "exitCode": 3,
        "log": "l",
    }
    expected = {
        "runId": "r",
        "pipeline": "p",
        "folder": "f",
        "ok": False,
        "error": "x: broke; mend it",
        "steps": [step],
    }
    assert expected == result.to_dict()
    assert 1 == result.exit_code
