"""
What a program looks like to the server.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from schedkit import config
from schedkit.exceptions import (
    BackendLoadError,
    ConfigError,
    ProgramError,
    ProgramTimeoutError,
    RunFailedError,
    SpecError,
    UnsupportedError,
)
from schedkit_local.backend import Local
from schedkit_local.options import LocalOptions
from schedkit_local.serve import load as module
from schedkit_local.serve.load import load, main
from schedkit_local.serve.program import Program


HEAD = """
import os
import pulumi
import schedkit as sk
step = sk.Step("a", command=["true"])
daily = sk.Cron("0 1 * * *", timezone="Europe/Berlin")
"""
NIGHTLY = """
train = sk.Pipeline("train", steps=[step], overlap="queue")
sk.Schedule("nightly", train, daily)
"""
OTHER = """
from schedkit_local.backend import Local
class Other(Local):
    name = "other"
sk.Pipeline("train", steps=[step], backend=Other())
"""


@pytest.fixture
def program(tmp_path):
    """
    Write a program that begins as all of these do.
    """

    def write(source=NIGHTLY, stack="{}"):
        (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (tmp_path / "Pulumi.local.yaml").write_text(f"config: {stack}\n")
        (tmp_path / "__main__.py").write_text(HEAD + source)
        return tmp_path

    return write


@pytest.fixture
def loaded(program):
    """
    Load such a program.
    """
    return lambda source=NIGHTLY, stack="{}", **more: load(
        program(source, stack), None, {}, **more
    )


def ended(folder, *words):
    """
    Run the command; return its exit code, its document, and what it said.
    """
    command = [sys.executable, "-m", "schedkit_local.serve.load", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 1 == done.stdout.count("\n")
    return done.returncode, json.loads(done.stdout), done.stderr


def test_document(loaded, tmp_path):
    """Pipelines with all options, schedules and findings, as their plans have them."""
    document = loaded()
    findings = document.pop("findings")
    run = {
        "pipeline": "train",
        "steps": {"a": {"command": ["true"]}},
        "overlap": "queue",
        "timeoutSeconds": 86400,
    }
    options = {"runs": ".schedkit/runs", "container": "auto", "parallel": None, "history": 90}
    nightly = {
        "pipeline": "train",
        "when": "Cron('0 1 * * *', timezone='Europe/Berlin')",
        "startingDeadlineSeconds": 300,
    }
    expected = {
        "project": "shop",
        "stack": "local",
        "folder": str(tmp_path),
        "pipelines": {"train": {"run": run, "options": options}},
        "schedules": {"nightly": nightly},
    }
    assert expected == document
    assert LocalOptions() == config.options(Local, options)
    assert {
        "component": "nightly",
        "feature": "schedule.cron",
        "verdict": "exact",
        "reason": "the instants themselves",
    } in findings
    assert {"train", "nightly"} == {finding["component"] for finding in findings}


def test_the_server_reads_it(loaded):
    """What is loaded is what the server reads."""
    document = json.loads(json.dumps(loaded(stack="{schedkit:local: {parallel: 2}}")))
    found = Program.read(document)
    assert ("shop", "local") == (found.project, found.stack)
    assert 2 == found.pipelines["train"].options.parallel
    assert "queue" == found.schedules["nightly"].rule.overlap


def test_pipeline_that_no_schedule_starts(loaded):
    """It is there too: it can be triggered."""
    document = loaded('sk.Pipeline("by-hand", steps=[step], parameters={"day": 1})')
    assert ({}, ["by-hand"]) == (document["schedules"], list(document["pipelines"]))


def test_values_are_revealed(loaded):
    """Secrets and Outputs are there as values, and keys of the config as they are."""
    source = """
secret = pulumi.Config().require_secret("token")
step = sk.Step("a", command=["true"], env={"TOKEN": secret, "N": pulumi.Output.from_input(5)})
train = sk.Pipeline("train", steps=[step], parameters={"epochs": 3})
sk.Schedule("nightly", train, daily, parameters={"epochs": secret})
"""
    document = loaded(source, "{shop:token: hush}")
    run = document["pipelines"]["train"]["run"]
    assert {"TOKEN": "hush", "N": 5} == run["steps"]["a"]["env"]
    assert {"epochs": "hush"} == document["schedules"]["nightly"]["parameters"]


def test_overrides(loaded):
    """Overrides are laid over the inputs."""
    source = 'sk.Schedule("nightly", sk.Pipeline("train", steps=[step]), daily, {})'
    over = 'overrides={"schedule": {"paused": True}}'
    assert loaded(source.format(over))["schedules"]["nightly"]["paused"] is True


def test_stack_and_config(program):
    """The stack may be named, and config given beside it."""
    folder = program('sk.Pipeline(pulumi.Config().require("name"), steps=[step])')
    (folder / "Pulumi.prod.yaml").write_text("config: {shop:name: from-prod}\n")
    assert ["from-prod"] == list(load(folder, "prod", {})["pipelines"])
    found = load(folder, "prod", {"name": "given", "schedkit:local": '{"history": 7}'})
    assert ["given"] == list(found["pipelines"])
    assert 7 == found["pipelines"]["given"]["options"]["history"]


@pytest.mark.parametrize(
    ("source", "error", "sentence"),
    [
        (
            "",
            ProgramError,
            "shop: declares no pipeline; write sk.Pipeline(...) and sk.Schedule(...)",
        ),
        (
            OTHER,
            SpecError,
            (
                "Pipeline 'train': asks for backend 'other', and this machine serves its own;"
                " leave its backend= out"
            ),
        ),
        (
            'sk.Pipeline("train", steps=[sk.Step("a")])',
            UnsupportedError,
            (
                "Pipeline 'train': local cannot keep this:\n  - step.image refused: step 'a' has"
                " no image to make a container of; give the step image= and command="
            ),
        ),
        (
            'for name in "ab": sk.Pipeline(name, steps=[sk.Step("s")])',
            ProgramError,
            (
                "shop: cannot be served here:\n"
                "Pipeline 'a': local cannot keep this:\n  - step.image refused: step 's' has"
                " no image to make a container of; give the step image= and command=\n"
                "Pipeline 'b': local cannot keep this:\n  - step.image refused: step 's' has"
                " no image to make a container of; give the step image= and command="
            ),
        ),
        (
            NIGHTLY.replace(", daily", ', daily, overrides={"schedule": {"pipeline": "trian"}}'),
            RunFailedError,
            (
                "Schedule 'nightly': starts pipeline 'trian', which is not there;"
                " did you mean 'train'?"
            ),
        ),
        (
            NIGHTLY.replace(
                ", daily", ', daily, overrides={"schedule": {"parameters": {"a": 1}}}'
            ),
            RunFailedError,
            "Schedule 'nightly': sets parameter 'a', which pipeline 'train' does not have; ",
        ),
        (
            NIGHTLY.replace(", daily", ', daily, overrides={"schedule": {"jitterSeconds": "x"}}'),
            RunFailedError,
            "Schedule 'nightly': has a plan that cannot be served: 'x': is not a whole number",
        ),
        (
            'sk.Pipeline("p", steps=[step], overrides={"run": {"timeoutSeconds": "x"}})',
            RunFailedError,
            "Pipeline 'p': has a plan that cannot be run: ",
        ),
        (
            'sk.Pipeline("p", steps=[step], overrides={"run": {"keepDays": {1, 2}}})',
            RunFailedError,
            "Pipeline 'p': holds a value that is no text, number or bool: Object of type set",
        ),
        (
            (
                'for home in "xy": sk.Pipeline("p", steps=[step], opts=pulumi.ResourceOptions('
                'parent=pulumi.ComponentResource(f"a:b:{home}", home)))'
            ),
            SpecError,
            "Pipeline 'p': is there twice, and a server tells them apart by name alone; ",
        ),
        ("1 / 0", ProgramError, "ZeroDivisionError"),
    ],
)
def test_refusals(loaded, source, error, sentence):
    """What cannot be served is refused, with what is wrong and what to do."""
    with pytest.raises(error) as caught:
        loaded(source)
    assert sentence in str(caught.value)
    assert error is type(caught.value)


def test_value_that_only_a_deployment_knows(loaded):
    """It is named by its path."""
    source = """
class Repo(pulumi.CustomResource):
    url: pulumi.Output[str]
    def __init__(self, name):
        super().__init__("test:index:Repo", name, {"url": None})

sk.Pipeline("train", steps=[sk.Step("a", command=["true"], env={"URL": Repo("r").url})])
"""
    with pytest.raises(RunFailedError) as caught:
        loaded(source)
    assert "Pipeline 'train', run.steps.a.env.URL" == caught.value.culprit
    assert "is <known at deploy>, so this machine cannot have it" == caught.value.reason
    assert "make it depend on plain values, or on config" == caught.value.cure


def test_strict(loaded):
    """Under `schedkit:strict` what is emulated is refused."""
    source = 'sk.Pipeline("p", steps=[step], keep=sk.Keep(days=1))'
    assert loaded(source)["pipelines"]["p"]["run"]["keepDays"] == 1
    with pytest.raises(UnsupportedError):
        loaded(source, "{schedkit:strict: true}")


def test_bad_options(loaded):
    """An option that makes no sense is one of the config."""
    with pytest.raises((ConfigError, ProgramError)) as caught:
        loaded(stack="{schedkit:local: {paralel: 2}}")
    assert "did you mean 'parallel'?" in str(caught.value)


def test_program_that_does_not_end(loaded):
    """It has so many seconds."""
    with pytest.raises(ProgramTimeoutError):
        loaded("import time\nwhile True: time.sleep(0.01)", timeout=0.5)


def test_command(program):
    """One line of JSON, whatever the program prints, and exit code 0."""
    noise = 'print("noise")\nos.system("echo more noise")\nos.write(1, b"and more")\n'
    folder = program(noise + NIGHTLY)
    code, document, said = ended(folder, "--stack", "local", "--config", "x=1", "--timeout", "50")
    assert (0, load(folder, None, {})) == (code, document)
    assert "more noise" in said


def test_command_refuses(program):
    """A refusal is one line of JSON with its parts, and exit code 1; what was printed is said."""
    folder = program('print("look here")\n1 / 0')
    code, document, said = ended(folder)
    assert (1, ["error"]) == (code, list(document))
    assert {"type", "sentence", "culprit", "reason", "cure"} == set(document["error"])
    assert "ProgramError" == document["error"]["type"]
    assert "ZeroDivisionError" in document["error"]["sentence"]
    assert "look here" in said


@pytest.mark.parametrize(
    ("words", "kind", "sentence"),
    [
        (["--config", "x"], "UsageError", "--config 'x': write KEY=VALUE"),
        (["--timeout", "0"], "BadParameter", "Invalid value for '--timeout': 0.0 is not in the"),
        (["--stak", "dev"], "NoSuchOption", "No such option"),
        (["more"], "UsageError", "Got unexpected extra argument (more)"),
    ],
)
def test_wrong_words(program, capfd, words, kind, sentence):
    """A wrong word is an error in the same form, and exit code 2."""
    assert 2 == main([str(program()), *words])
    error = json.loads(capfd.readouterr().out)["error"]
    assert (kind, True) == (error["type"], error["sentence"].startswith(sentence))
    assert ("loading the program", error["sentence"]) == (error["culprit"], error["reason"])


def test_a_wrong_value_is_wrong_input(program, capfd):
    """What no program may have ends with 2."""
    assert 2 == main([str(program(OTHER))])
    assert "SpecError" == json.loads(capfd.readouterr().out)["error"]["type"]


def test_a_mistake_of_ours_is_told(program, capfd, monkeypatch):
    """Whoever waits for a document gets one, whatever happened."""

    def broken(**_):
        raise ValueError("boom")

    monkeypatch.setattr(module, "load", broken)
    assert 2 == main([str(program())])
    error = json.loads(capfd.readouterr().out)["error"]
    expected = "ValueError: boom; this is a bug of schedkit"
    assert ("ValueError", expected) == (error["type"], error["sentence"])


def test_a_broken_installation_is_told(program, capfd, monkeypatch):
    """A backend that cannot be loaded is an error like others."""

    def broken(_):
        raise BackendLoadError("backend 'local'", "cannot be loaded: boom", "reinstall it")

    monkeypatch.setattr(module.registry, "load", broken)
    assert 2 == main([str(program())])
    error = json.loads(capfd.readouterr().out)["error"]
    assert ("backend 'local'", "reinstall it") == (error["culprit"], error["cure"])


def test_command_ends_past_a_program_that_does_not(program):
    """A thread that the program left behind keeps nobody waiting."""
    source = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
    folder, start = program(source + NIGHTLY), time.monotonic()
    code, document, _ = ended(folder)
    assert (0, ["nightly"]) == (code, list(document["schedules"]))
    assert time.monotonic() - start < 30


def test_standard_output_is_put_back(program, capfd):
    """In a process that goes on, what is printed later is printed where it was."""
    assert 0 == main([str(program())])
    os.write(1, b"later\n")
    document, later = capfd.readouterr().out.splitlines()
    assert ("shop", "later") == (json.loads(document)["project"], later)
