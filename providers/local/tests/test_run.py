"""
Runs of real processes that end well, or fail.
"""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schedkit.exceptions import RunFailedError
from schedkit.pipeline import Keep, Parameter, Retry, Step


def sh(name, script, **keywords):
    return Step(name, command=["sh", "-c", script], **keywords)


def states(result):
    return {step.name: step.state for step in result.steps}


def logs(result):
    return {step.name: step.log.read_text() for step in result.steps if step.log}


def test_success(run, tmp_path):
    """A run that succeeds says so, and writes it down."""
    result = run(sh("a", "echo hello"))
    assert (True, 0, None) == (result.ok, result.exit_code, result.error)
    assert {"a": "hello\n"} == logs(result)
    assert tmp_path / ".schedkit/runs" == result.folder.parent
    written = json.loads((result.folder / "run.json").read_text())
    assert ("succeeded", "demo", True) == (written["state"], written["pipeline"], written["ok"])
    assert {key: written[key] for key in result.to_dict()} == result.to_dict()


def test_order_and_files(run):
    """A step finds the files of the steps it needs, and only theirs."""
    a = sh("a", "echo one > $SCHEDKIT_OUTPUT/f")
    b = sh("b", "mkdir $SCHEDKIT_OUTPUT/d; echo two > $SCHEDKIT_OUTPUT/d/f")
    c = sh("c", "cd $SCHEDKIT_INPUT; ls; cat a/f b/d/f; ls $SCHEDKIT_OUTPUT", needs=[a, b])
    d = sh("d", "ls $SCHEDKIT_INPUT", needs=[c])
    result = run(d, c, b, a)
    assert {"a": "", "b": "", "c": "a\nb\none\ntwo\n", "d": "c\n"} == logs(result)


def test_outputs_become_read_only(run):
    """After success nobody may write into a step's output any more."""
    result = run(sh("a", "mkdir $SCHEDKIT_OUTPUT/d; touch $SCHEDKIT_OUTPUT/d/f"))
    output = result.folder / "a/output"
    paths = [output, output / "d", output / "d/f"]
    writable = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    assert [0, 0, 0] == [path.stat().st_mode & writable for path in paths]


def test_links_in_outputs_are_not_followed(run, tmp_path):
    """A link to a file elsewhere leaves that file writable."""
    mine = tmp_path / "mine"
    mine.touch()
    run(sh("a", f"ln -s {mine} $SCHEDKIT_OUTPUT/link; ln -s nowhere $SCHEDKIT_OUTPUT/dead"))
    assert mine.stat().st_mode & stat.S_IWUSR


def test_independent_steps_overlap(run):
    """Two steps that wait for each other both end: they run at the same time."""
    meet = "touch ../{0} && until [ -e ../{1} ]; do sleep 0.01; done"
    script = "cd $SCHEDKIT_OUTPUT/..; "
    result = run(
        sh("a", script + meet.format("here-a", "here-b"), timeout="20s"),
        sh("b", script + meet.format("here-b", "here-a"), timeout="20s"),
    )
    assert {"a": "succeeded", "b": "succeeded"} == states(result)


def test_parallel_one(run):
    """With parallel=1 no two steps run at the same time."""
    script = (
        "mkdir $SCHEDKIT_OUTPUT/../../alone && sleep 0.05 && rmdir $SCHEDKIT_OUTPUT/../../alone"
    )
    result = run(*(sh(name, script) for name in "abc"), options={"parallel": 1})
    assert {"a": "succeeded", "b": "succeeded", "c": "succeeded"} == states(result)


def test_variables(run, tmp_path, monkeypatch):
    """A step learns who it is, when it runs and with which parameters."""
    monkeypatch.setenv("SCHEDKIT_SECRET_OTHER", "leak")
    monkeypatch.setenv("INHERITED", "yes")
    show = "import os, json; print(json.dumps(dict(os.environ)))"
    before = datetime.now(UTC).replace(microsecond=0)
    result = run(
        Step("a", command=["python", "-c", show], env={"RATE": Parameter("rate"), "ON": True}),
        parameters={"rate": 0.5, "name": "x"},
        given={"rate": 0.25},
    )
    seen = json.loads(logs(result)["a"])
    when = datetime.fromisoformat(seen.pop("SCHEDKIT_SCHEDULED_TIME"))
    assert before <= when <= datetime.now(UTC)
    expected = {
        "SCHEDKIT_ATTEMPT": "1",
        "SCHEDKIT_INPUT": str(result.folder / "a/input"),
        "SCHEDKIT_OUTPUT": str(result.folder / "a/output"),
        "SCHEDKIT_PARAMETER_NAME": "x",
        "SCHEDKIT_PARAMETER_RATE": "0.25",
        "SCHEDKIT_PIPELINE": "demo",
        "SCHEDKIT_RUN_ID": result.run_id,
        "SCHEDKIT_STEP": "a",
    }
    assert expected == {k: v for k, v in seen.items() if k.startswith("SCHEDKIT_")}
    assert ("yes", "0.25", "true") == (seen["INHERITED"], seen["RATE"], seen["ON"])


@pytest.mark.parametrize("word", ["python", "python3"])
def test_interpreter_and_folder(run, tmp_path, word):
    """`python` is the interpreter of the program, whose folder is the working folder."""
    script = "import sys, os; print(sys.executable); print(os.getcwd())"
    result = run(Step("a", command=[word, "-c", script]))
    assert f"{sys.executable}\n{tmp_path}\n" == logs(result)["a"]


def test_words_arrive_untouched(run):
    """No shell reads the words of a command; parameters among them are filled in."""
    script = "import sys; print(sys.argv[1:])"
    words = ["a b", "$HOME", "*", "", Parameter("p"), 7]
    result = run(Step("a", command=["python", "-c", script], args=words), parameters={"p": "π"})
    assert "['a b', '$HOME', '*', '', 'π', '7']\n" == logs(result)["a"]


def test_secrets(run, monkeypatch):
    """A secret comes from the environment of whoever runs, and is written down nowhere."""
    from schedkit.pipeline import Secret

    monkeypatch.setenv("SCHEDKIT_SECRET_HUB_TOKEN_V1_0", "hush")
    step = sh("a", '[ "$T" = hush ]', secrets={"T": Secret("hub-token", "v1.0")})
    result = run(step)
    assert result.ok
    assert "hush" not in (result.folder / "run.json").read_text()


def test_retry_finds_an_empty_output(run, monkeypatch):
    """Each attempt has an empty output and its own log, and the pauses grow."""
    pauses = []
    sleep = asyncio.sleep

    async def record(seconds):
        if seconds >= 1:
            pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", record)
    script = (
        "cd $SCHEDKIT_OUTPUT; ls -A; touch f; echo $SCHEDKIT_ATTEMPT; [ $SCHEDKIT_ATTEMPT = 4 ]"
    )
    retry = Retry(5, "2s", factor=3, maximum="10s")
    result = run(sh("a", script, retry=retry))
    (step,) = result.steps
    assert ("succeeded", 4, 0) == (step.state, step.attempts, step.exit_code)
    assert [2, 6, 10] == pauses
    written = [(result.folder / f"a/attempt-{n}.log").read_text() for n in (1, 2, 3, 4)]
    assert ["1\n", "2\n", "3\n", "4\n"] == written


def test_retries_run_out(run):
    """After the last attempt the step has failed, and the error names that attempt."""
    result = run(sh("a", "exit 3", retry=Retry(1, "0s")))
    (step,) = result.steps
    assert ("failed", 2, 3) == (step.state, step.attempts, step.exit_code)
    assert "attempt 2 ended with exit code 3" in result.error.reason


def test_failure(run):
    """What needs a failed step is skipped, what runs may finish, and the error says why."""
    a = sh(
        "a",
        "until [ -e $SCHEDKIT_OUTPUT/../../b/output/go ]; do sleep 0.01; done; echo why; exit 7",
    )
    b = sh("b", "touch $SCHEDKIT_OUTPUT/go; sleep 0.3; echo done")
    result = run(a, b, sh("c", "true", needs=[a]), sh("d", "true", needs=[b]))
    expected = {"a": "failed", "b": "succeeded", "c": "skipped", "d": "skipped"}
    assert expected == states(result)
    assert (False, 1) == (result.ok, result.exit_code)
    log = result.folder / "a/attempt-1.log"
    assert isinstance(result.error, RunFailedError)
    assert "Pipeline 'demo', Step 'a'" == result.error.culprit
    assert "attempt 1 ended with exit code 7\n  | why" == result.error.reason
    assert f"read {log}" == result.error.cure
    assert "failed" == json.loads((result.folder / "run.json").read_text())["state"]


def test_signalled_step(run):
    """A step that a signal ended is told by the signal's name."""
    result = run(sh("a", "kill -SEGV $$"))
    assert -11 == result.steps[0].exit_code
    assert "attempt 1 was ended by SIGSEGV" == result.error.reason


@pytest.mark.parametrize("word", ["no-such-program", "./not-executable"])
def test_command_that_cannot_start(run, tmp_path, word):
    """A command that cannot start is a failed step with the reason in its log."""
    (tmp_path / "not-executable").write_text("#!/bin/sh\n")
    result = run(Step("a", command=[word]))
    assert ("failed", 127) == (result.steps[0].state, result.steps[0].exit_code)
    assert f"schedkit: {word!r} cannot be started: " in logs(result)["a"]
    assert "cannot be started" in str(result.error)


def test_megabytes_of_output(run):
    """Any amount of output goes to the log; the error quotes its last ten lines."""
    script = "for n in range(400_000): print('line', n)\nraise SystemExit(1)"
    result = run(Step("a", command=["python", "-c", script]))
    log = result.steps[0].log
    assert 400_000 == log.read_bytes().count(b"\n")
    quoted = result.error.reason.splitlines()[1:]
    assert [f"  | line {n}" for n in range(399_990, 400_000)] == quoted


def test_garbage_in_the_output(run):
    """Bytes that are no text stay in the log and reach no terminal."""
    script = r"import os; os.write(1, b'\xff\xfe\x00\x1b[31mred\n'); raise SystemExit(1)"
    result = run(Step("a", command=["python", "-c", script]))
    assert b"\xff\xfe\x00\x1b[31mred\n" == result.steps[0].log.read_bytes()
    assert "  | \ufffd\ufffd\ufffd\ufffd[31mred" == result.error.reason.splitlines()[1]


def test_old_runs_are_removed(run, tmp_path):
    """`keep` removes runs of this pipeline that ended before; others, and broken ones, stay."""
    runs = tmp_path / ".schedkit/runs"
    now = datetime.now(UTC)
    old, new = now - timedelta(days=3, minutes=1), now - timedelta(days=2, hours=23)
    cases = {"old": ("demo", old), "new": ("demo", new), "other": ("another", old)}
    for name, (pipeline, ended) in cases.items():
        (runs / name / "a/output").mkdir(parents=True)
        document = {"pipeline": pipeline, "ended": ended.isoformat()}
        (runs / name / "run.json").write_text(json.dumps(document))
        (runs / name / "a/output").chmod(0o555)
    (runs / "broken").mkdir()
    (runs / "broken/run.json").write_text("{")
    result = run(sh("a", "true"), keep=Keep(days=3))
    left = {path.name for path in runs.iterdir() if path.is_dir()}
    assert {"new", "other", "broken", result.run_id} == left


def test_runs_folder_is_hidden_from_git(run, tmp_path):
    """The folder of runs tells git to pass over it; the option moves it."""
    result = run(sh("a", "true"), options={"runs": "elsewhere"})
    assert tmp_path / "elsewhere" == result.folder.parent
    assert "*\n" == (tmp_path / "elsewhere/.gitignore").read_text()


def test_lost_files(run):
    """A run whose folder vanishes under it fails with one sentence."""
    a = sh("a", "rm -rf $SCHEDKIT_OUTPUT; touch $SCHEDKIT_OUTPUT")
    b = sh("b", "rm -rf $SCHEDKIT_OUTPUT/../../c; touch $SCHEDKIT_OUTPUT/../../c", needs=[a])
    result = run(a, b, sh("c", "true", needs=[b]))
    assert "lost its files" in str(result.error)
    assert "skipped" != states(result)["a"]


def test_two_runs_have_two_folders(run):
    """Runs in the same second do not meet."""
    first, second = run(sh("a", "true")), run(sh("a", "true"))
    assert first.folder != second.folder
    assert Path(first.folder).name.startswith("demo-2")


def test_step_that_removes_its_log(run):
    """A step that removes its own files fails as any other, only without last words."""
    result = run(sh("a", "rm -rf $(dirname $SCHEDKIT_OUTPUT); exit 1"))
    assert "attempt 1 ended with exit code 1" == result.error.reason
