"""
What is refused before the first step starts.
"""

from __future__ import annotations

import pytest

from schedkit.exceptions import RunFailedError, SpecError
from schedkit.pipeline import Secret, Step


def test_missing_secrets(run, tmp_path):
    """All secrets that are missing are named at once, with the variables to set."""
    secrets = {"T": Secret("hub", "token"), "U": Secret("db.main")}
    with pytest.raises(RunFailedError) as caught:
        run(Step("a", command=["true"], secrets=secrets))
    expected = (
        "Pipeline 'demo', secrets db.main/value, hub/token: not found; set"
        " SCHEDKIT_SECRET_DB_MAIN_VALUE, SCHEDKIT_SECRET_HUB_TOKEN in the environment"
    )
    assert expected == str(caught.value)
    assert not (tmp_path / ".schedkit").exists()


def test_unknown_parameter(run):
    """A parameter that the pipeline does not have is refused with a hint."""
    with pytest.raises(SpecError) as caught:
        run(Step("a", command=["true"]), parameters={"epochs": 1}, given={"epoch": 2})
    expected = (
        "Pipeline 'demo', parameter 'epoch': the pipeline has no parameter of that name;"
        " did you mean 'epochs'?"
    )
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("a"), "Pipeline 'demo', Step 'a': has no command to run; give it command="),
        (
            Step("a", image="i"),
            (
                "Pipeline 'demo', Step 'a': has an image and no command, and no Docker answers;"
                " start Docker (pip install 'schedkit-local[docker]'), or give the step command="
            ),
        ),
    ],
)
def test_nothing_to_run(run, step, expected):
    """A step that can be neither process nor container stops the run before it starts."""
    with pytest.raises(RunFailedError) as caught:
        run(step)
    assert expected == str(caught.value)


def test_folder_of_runs_that_cannot_be_made(run, tmp_path):
    """A folder of runs that cannot be made is named, with the option that moves it."""
    (tmp_path / "file").touch()
    with pytest.raises(RunFailedError) as caught:
        run(Step("a", command=["true"]), options={"runs": "file/runs"})
    expected = (
        f"folder of runs {tmp_path}/file/runs: Not a directory;"
        " name another folder in schedkit:local: {runs: ...}"
    )
    assert expected == str(caught.value)


def test_folder_that_is_none(run, tmp_path):
    """A program's folder that is not there is named."""
    tmp_path.rmdir()
    with pytest.raises(RunFailedError) as caught:
        run(Step("a", command=["true"]))
    assert f"Pipeline 'demo', folder {tmp_path}: is no folder; name the program's" == str(
        caught.value
    )


def test_nonsense_override(run):
    """An override that makes no sense stops the run before it starts."""
    with pytest.raises(RunFailedError) as caught:
        run(Step("a", command=["true"]), over={"stepz": {}})
    assert "Pipeline 'demo'" == caught.value.culprit
    assert "correct overrides={'run': {...}}" == caught.value.cure
