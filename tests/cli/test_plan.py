"""
`schedkit plan`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml


SOURCE = """
import pulumi
import schedkit as sk
a = sk.Step("a", image="ml:1", env={"KEY": pulumi.Output.secret("hush")})
train = sk.Pipeline("train", steps=[a, sk.Step("b", image="ml:1", needs=[a])])
nightly = sk.Schedule("nightly", train, sk.Cron("0 1 * * *", timezone="Europe/Berlin"))
print("said by the program")
pulumi.export("id", nightly.schedule_id)
"""
FILES = {
    "Pulumi.kubernetes.yaml": "config:\n  schedkit:backend: kubernetes\n",
    "Pulumi.local.yaml": "config:\n  schedkit:backend: local\n",
}


@pytest.fixture
def folder(program):
    """
    A program with a stack per backend.
    """
    return program(SOURCE, files=FILES)


@pytest.fixture
def refusing(program):
    """
    The same with a schedule that Kubernetes refuses.
    """
    source = SOURCE.replace('Berlin"))', 'Berlin"), start="2027-01-01T00:00:00Z")')
    return program(source, files=FILES)


def test_text(cli, folder) -> None:
    """
    Texts, proof, next runs, what is not exact, and the tree of resources.
    """
    answer = cli("plan", folder, "--stack", "kubernetes")
    assert (0, "") == (answer.code, answer.err)
    head, pipeline, schedule, resources = answer.out.split("\n\n")
    assert "project shop, stack kubernetes" == head
    first, second = pipeline.splitlines()
    assert "Pipeline 'train' on kubernetes" == first
    assert second.startswith("  pipeline.chain emulated: init containers")
    first, text, proof, runs = schedule.splitlines()
    assert "Schedule 'nightly' on kubernetes" == first
    assert "  0 1 * * *  (Europe/Berlin)" == text
    assert proof.startswith("  proved: 14 kinds of year, 1440 minutes, ")
    assert (True, 3) == (runs.startswith("  next: "), runs.count("T01:00:00+0"))
    assert (
        """\
resources
├─ schedkit:index:Pipeline  train
│  └─ kubernetes:core/v1:ServiceAccount  train
└─ schedkit:index:Schedule  nightly
   └─ kubernetes:batch/v1:CronJob  nightly
"""
        == resources
    )


def test_verbose(cli, folder) -> None:
    """
    -v adds what is exact and what the program printed.
    """
    quiet = cli("plan", folder, "--stack", "kubernetes").out
    loud = cli("plan", folder, "--stack", "kubernetes", "-v").out
    assert (False, False) == (" exact: " in quiet, "said by the program" in quiet)
    assert (True, True) == (" exact: " in loud, "said by the program" in loud)


def test_json(cli, folder) -> None:
    """
    One document: components with nodes, findings and proof, resources, exports; no secret.
    """
    answer = cli("plan", folder, "--stack", "kubernetes", "--json")
    assert (0, "") == (answer.code, answer.err)
    document = answer.json
    assert document["ok"] is True
    (plan,) = document["plans"]
    assert ("shop", "kubernetes") == (plan["project"], plan["stack"])
    pipeline, schedule = plan["components"]
    assert [{"text": "0 1 * * *", "timezone": "Europe/Berlin"}] == schedule["natives"]
    assert (True, 3) == (schedule["proof"]["holds"], len(schedule["nextRuns"]))
    assert ["kubernetes:batch/v1:CronJob"] == [node["type"] for node in schedule["nodes"]]
    verdicts = {finding["verdict"] for finding in pipeline["findings"]}
    assert {"exact", "emulated"} == verdicts
    assert 4 == len(plan["resources"])
    assert {"id": "<known at deploy>"} == plan["exports"]
    assert "hush" not in answer.out


def test_this_machine(cli, folder) -> None:
    """
    On this machine a schedule is shown with its text, which names its own zone, and no resource.
    """
    answer = cli("plan", folder, "--stack", "local")
    assert (0, "") == (answer.code, answer.err)
    _, _, schedule, resources = answer.out.split("\n\n")
    first, text, proof, runs = schedule.splitlines()
    assert "Schedule 'nightly' on local" == first
    assert "  Cron('0 1 * * *', timezone='Europe/Berlin')" == text
    assert proof.startswith("  proved: 14 kinds of year, 1440 minutes, ")
    assert (True, 3) == (runs.startswith("  next: "), runs.count("T01:00:00+0"))
    assert (
        """\
resources
├─ schedkit:index:Pipeline  train
└─ schedkit:index:Schedule  nightly
"""
        == resources
    )
    (plan,) = cli("plan", folder, "--stack", "local", "--json").json["plans"]
    nodes = [node["type"] for each in plan["components"] for node in each["nodes"]]
    assert ["schedkit:local:Run", "schedkit:local:Schedule"] == nodes


def test_refused(cli, refusing) -> None:
    """
    A refusal is shown with its way out, and the exit code is 1.
    """
    answer = cli("plan", refusing, "--stack", "kubernetes")
    assert 1 == answer.code
    assert "  schedule.start refused: a CronJob runs from its creation " in answer.out
    assert "refused: 1 of 2; nothing would be registered" in answer.out
    assert "resources\n" not in answer.out
    document = cli("plan", refusing, "--stack", "kubernetes", "--json")
    assert (1, False) == (document.code, document.json["ok"])
    flags = [each["refused"] for each in document.json["plans"][0]["components"]]
    assert [False, True] == flags


def test_several_backends(cli, refusing) -> None:
    """
    One plan after the other, each with the stack of the backend's name; what one of them refuses
    is refused.
    """
    words = ("--backend", "kubernetes", "--backend", "local")
    answer = cli("plan", refusing, *words)
    assert (1, 1) == (answer.code, answer.out.count("refused: 1 of 2; nothing"))
    assert ["project shop, stack kubernetes", "project shop, stack local"] == [
        line for line in answer.out.splitlines() if line.startswith("project")
    ]
    assert 2 == len(cli("plan", refusing, *words, "--json").json["plans"])


def test_strict(cli, folder) -> None:
    """
    --strict refuses what is emulated.
    """
    answer = cli("plan", folder, "--backend", "kubernetes", "--strict")
    assert 1 == answer.code
    assert "refused: 1 of 2" in answer.out


def test_config_alone(cli, program) -> None:
    """
    Without stack files, --config is enough.
    """
    folder = program(SOURCE)
    assert 0 == cli("plan", folder, "--config", "schedkit:backend=kubernetes").code
    answer = cli("plan", folder)
    assert 2 == answer.code
    assert "ConfigError: config schedkit:backend: is not set" in answer.err


def test_manifests(cli, folder) -> None:
    """
    --manifests prints what kubectl takes, with masks for secrets.
    """
    answer = cli("plan", folder, "--backend", "kubernetes", "--manifests")
    account, job = yaml.safe_load_all(answer.out)
    assert ("ServiceAccount", "train-kubernetes") == (account["kind"], account["metadata"]["name"])
    assert ("CronJob", "0 1 * * *") == (job["kind"], job["spec"]["schedule"])
    assert (True, False) == ("[secret]" in answer.out, "hush" in answer.out)


def test_pulumi_yaml(cli, folder) -> None:
    """
    --pulumi-yaml prints a program without schedkit, its resources in order by reference.
    """
    answer = cli("plan", folder, "--backend", "kubernetes", "--pulumi-yaml")
    document = yaml.safe_load(answer.out)
    assert ("shop", "yaml") == (document["name"], document["runtime"])
    job = document["resources"]["cronjob-nightly"]
    assert ("kubernetes:batch/v1:CronJob", "nightly") == (job["type"], job["name"])
    expected = {"deleteBeforeReplace": True, "dependsOn": ["${serviceaccount-train}"]}
    assert expected == job["options"]
    assert "0 1 * * *" == job["properties"]["spec"]["schedule"]


@pytest.mark.parametrize("form", ["--manifests", "--pulumi-yaml"])
def test_nothing_to_render(cli, refusing, form: str) -> None:
    """
    A refused plan has no other form.
    """
    answer = cli("plan", refusing, "--stack", "kubernetes", form)
    assert (1, "") == (answer.code, answer.out)
    assert "error: Schedule 'nightly': kubernetes cannot keep this:" in answer.err


def test_no_manifests(cli, program) -> None:
    """
    A program without Kubernetes resources has no manifests.
    """
    source = 'import schedkit as sk\nsk.Pipeline("p", steps=[sk.Step("a", image="x")])'
    answer = cli("plan", program(source), "--backend", "local", "--manifests")
    assert 2 == answer.code
    assert "error: shop: has no Kubernetes resources; plan for a backend" in answer.err


def test_empty_program(cli, program) -> None:
    """
    A program without schedkit is said to be one.
    """
    answer = cli("plan", program("import pulumi"))
    assert (0, True) == (answer.code, "declares nothing of schedkit" in answer.out)


def test_unanswered_lookup(cli, program) -> None:
    """
    A look-up that only an engine can answer is named.
    """
    answer = cli("plan", program('import pulumi\npulumi.runtime.invoke("a:b:getC", {})'))
    assert "look-up a:b:getC was answered with nothing" in answer.out


def test_look_ups_of_a_plan_are_no_news(cli) -> None:
    """
    What a plan itself asks the provider at deploy is not said.
    """
    answer = cli("plan", "examples/hello", "--stack", "aws")
    assert 0 == answer.code
    assert "aws:sagemaker/pipeline:Pipeline" in answer.out
    assert "look-up" not in answer.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--stack", "kubernets"], "error: stack 'kubernets': has no Pulumi.kubernets.yaml in "),
        ([], "has several stacks; --stack kubernetes | local"),
        (
            ["--backend", "nope"],
            "error: backend 'nope': is not installed (installed: aws, kubernetes, ",
        ),
        (["--config", "x"], "error: --config 'x': write KEY=VALUE"),
        (["--config", "=x"], "error: --config '=x': write KEY=VALUE"),
        (["--stack", "local", "--config", "schedkit:bckend=x"], "did you mean 'backend'?"),
        (["--timeout", "0"], "error: Invalid value for '--timeout': 0.0 is not in the range x>0."),
    ],
)
def test_wrong_options(cli, folder, words: list[str], sentence: str) -> None:
    """
    Wrong options end with 2 and a sentence, with --json too.
    """
    answer = cli("plan", folder, *words)
    assert (2, "") == (answer.code, answer.out)
    assert sentence in answer.err
    as_json = cli("plan", folder, *words, "--json")
    assert (2, answer.err) == (as_json.code, as_json.err)
    assert f"error: {as_json.json['error']['sentence']}\n" == as_json.err


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import sys\nsys.exit(3)", "__main__.py:2: the program called sys.exit(3); let it end"),
        ("x = = 1", "__main__.py:1: SyntaxError: invalid syntax"),
        ("1 / 0", "__main__.py:1: ZeroDivisionError: division by zero"),
        ("while True: pass", "__main__.py:1: did not end within 0.5 s; mend the program, or"),
        ("while True: print('x' * 9999)", "did not end within 0.5 s"),
    ],
)
def test_failing_program(cli, program, source: str, sentence: str) -> None:
    """
    A program that fails ends the command with 2; what it printed never reaches stdout.
    """
    answer = cli("plan", program(source), "--timeout", 0.5, "--json")
    assert 2 == answer.code
    assert sentence in answer.json["error"]["sentence"]
    assert "Traceback" not in answer.err
    assert len(answer.err) < 5000


def test_no_program(cli, tmp_path) -> None:
    """
    A folder that is none, and one without a program.
    """
    missing = cli("plan", tmp_path / "nope")
    assert (2, True) == (missing.code, "is no folder; name the folder" in missing.err)
    empty = cli("plan", tmp_path)
    assert (2, True) == (empty.code, "has no Pulumi.yaml; name the folder" in empty.err)


def test_child_of_the_program_prints(shell, program) -> None:
    """
    What processes of the program print does not spoil the JSON.
    """
    source = "import subprocess\nsubprocess.run(['echo', 'noise'], check=True)"
    answer = shell("plan", program(source), "--json")
    assert (0, True, "noise\n") == (answer.code, json.loads(answer.out)["ok"], answer.err)


def test_program_that_cannot_be_stopped(shell, program) -> None:
    """
    A program that waits in C code does not keep the command.
    """
    start = time.monotonic()
    source = "import atexit, time\natexit.register(time.sleep, 99)\ntime.sleep(99)"
    answer = shell("plan", program(source), "--timeout", 0.5)
    assert 2 == answer.code
    assert "__main__.py:3: did not end within 0.5 s" in answer.err
    assert time.monotonic() - start < 30


def test_interrupt(program) -> None:
    """
    Ctrl-C ends the command with 130 and one line.
    """
    folder = program(
        "import pathlib, time\npathlib.Path('up').touch()\nwhile True: time.sleep(0.1)"
    )
    command = [sys.executable, "-m", "schedkit.cli", "plan", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        limit = time.monotonic() + 30
        while not (folder / "up").exists() and time.monotonic() < limit:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        assert "\nerror: interrupted\n" == process.stderr.read()
    assert 130 == process.returncode


def state_with(text: str) -> str:
    """
    What `pulumi stack export` prints of the program above, with another schedule text.
    """
    schedule = "urn:pulumi:kubernetes::shop::schedkit:index:Schedule"
    spec = {"schedule": text, "timeZone": "Europe/Berlin", "startingDeadlineSeconds": 300}
    metadata = {"name": "nightly-kubernetes", "namespace": "default"}
    resources = [
        {
            "urn": f"{schedule}::nightly",
            "type": "schedkit:index:Schedule",
            "inputs": {"backend": "kubernetes"},
        },
        {
            "urn": f"{schedule}$kubernetes:batch/v1:CronJob::nightly",
            "type": "kubernetes:batch/v1:CronJob",
            "parent": f"{schedule}::nightly",
            "inputs": {"metadata": metadata, "spec": spec},
        },
    ]
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


def test_against_a_state(cli, folder) -> None:
    """
    The runs that a deployment adds, loses or moves, from an exported state.
    """
    for text, kind, moved in (("0 3 * * *", "changed", 365), ("0 1 * * *", "same", None)):
        path = folder / "state.json"
        path.write_text(state_with(text))
        words = ("plan", folder, "--stack", "kubernetes", "--state", path)
        (change,) = cli(*words, "--json").json["plans"][0]["changes"]
        diff = change["diff"]
        assert (kind, moved) == (change["kind"], diff and diff["moved"] + diff["lost"])
        told = cli(*words).out.partition("what a deployment changes\n  ")[2]
        assert told.startswith(f"Schedule 'nightly' {'stays the ' * (kind == 'same')}{kind}")


def test_several_backends_against_one_state(cli, folder) -> None:
    """
    The state is read once and compared with the plan of each.
    """
    path = folder / "state.json"
    path.write_text(state_with("0 3 * * *"))
    words = ("--backend", "kubernetes", "--backend", "kubernetes", "--state", path, "--json")
    plans = cli("plan", folder, *words).json["plans"]
    assert [["changed"]] * 2 == [[each["kind"] for each in plan["changes"]] for plan in plans]


def test_against_a_state_from_stdin(folder) -> None:
    """
    `-` reads it from a pipe.
    """
    command = [sys.executable, "-m", "schedkit.cli", "plan", str(folder), "--state", "-"]
    done = subprocess.run(
        [*command, "--stack", "kubernetes"],
        input=state_with("0 3 * * *"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "0 3 * * * (Europe/Berlin) -> 0 1 * * * (Europe/Berlin)" in done.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nothing", "the state: is no JSON: Expecting value: line 1 column 1 (char 0); pass "),
        ("[]", "the state: is no exported stack; pass what `pulumi stack export` prints"),
    ],
)
def test_no_state(cli, folder, text, sentence) -> None:
    """
    Another document is refused in words.
    """
    path = folder / "state.json"
    path.write_text(text)
    answer = cli("plan", folder, "--stack", "kubernetes", "--state", path)
    assert (2, True) == (answer.code, answer.err.startswith(f"error: {sentence}"))


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (None, "there is no pulumi on the PATH; install it from "),
        ("echo 'error: no stack named dev' >&2; exit 255", "failed: error: no stack named dev; "),
    ],
)
def test_deployed_without_pulumi(cli, folder, tmp_path, monkeypatch, script, sentence) -> None:
    """
    --deployed says what stops it.
    """
    box = tmp_path / "bin"
    box.mkdir()
    if script:
        (box / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
        (box / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(box))
    answer = cli("plan", folder, "--stack", "kubernetes", "--deployed")
    told = f"error: pulumi stack export --stack kubernetes: {sentence}"
    assert (2, True) == (answer.code, answer.err.startswith(told))


def test_deployed_asks_pulumi(cli, folder, tmp_path, monkeypatch) -> None:
    """
    --deployed reads what `pulumi stack export` prints in the program's folder.
    """
    (tmp_path / "state.json").write_text(state_with("0 3 * * *"))
    script = f'#!/bin/sh\necho "$@" > {tmp_path}/said\n/bin/cat {tmp_path}/state.json\n'
    (tmp_path / "pulumi").write_text(script)
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = cli("plan", folder, "--stack", "kubernetes", "--deployed")
    assert (0, True) == (answer.code, "Schedule 'nightly' changed" in answer.out)
    said = (tmp_path / "said").read_text().split()
    assert ["stack", "export", "--stack", "kubernetes", "--cwd", str(folder)] == said


def test_a_refused_program_changes_nothing(cli, refusing) -> None:
    """
    Nothing would be deployed, so nothing is compared.
    """
    path = refusing / "state.json"
    path.write_text(state_with("0 3 * * *"))
    answer = cli("plan", refusing, "--stack", "kubernetes", "--state", path, "--json")
    assert (1, False) == (answer.code, "changes" in answer.json["plans"][0])
