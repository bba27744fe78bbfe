"""
`schedkit run`.
"""

from __future__ import annotations

import pytest


SOURCE = """
import pulumi
import schedkit as sk

def pipeline(name, code, **more):
    step = sk.Step("only", image="ml:1", command=["python", "-c", code], **more)
    return sk.Pipeline(name, steps=[step], parameters={"day": "monday"})

"""
CONFIG = {"Pulumi.local.yaml": "config:\n  schedkit:local:\n    container: never\n"}
GOOD = """
pipeline("good", "import os; print('day', os.environ['SCHEDKIT_PARAMETER_DAY'])")
"""
SECRET = """
code = "import os; print('is it?', os.environ['KEY'] == 'hu' + 'sh')"
pipeline("good", code, env={"KEY": pulumi.Output.secret("hush")})
"""
BAD = """
pipeline("bad", "raise SystemExit(4)")
"""
UNKNOWN = """
class Repo(pulumi.CustomResource):
    url: pulumi.Output[str]
    def __init__(self, name):
        super().__init__("test:index:Repo", name, {"url": None})
"""


@pytest.fixture
def folder(program):
    """
    A program of pipelines, with processes as steps.
    """
    return lambda source: program(SOURCE + source, files=CONFIG)


def test_run(cli, folder) -> None:
    """
    The only pipeline runs, whatever becomes of schedules; parameters may be given.
    """
    schedule = 'sk.Schedule("s", pipeline("p2", "1"), sk.Cron("@daily"))\n'
    answer = cli("run", folder(GOOD + schedule), "--pipeline", "good", "--json")
    assert (0, True) == (answer.code, answer.json["ok"])
    answer = cli("run", folder(GOOD), "--parameter", "day=friday")
    assert (0, True) == (answer.code, "day friday" in answer.out + answer.err)


def test_failed_run(cli, folder) -> None:
    """
    A step that fails ends the command with 1.
    """
    answer = cli("run", folder(BAD), "--json")
    assert (1, False) == (answer.code, answer.json["ok"])
    assert 1 == cli("run", folder(BAD)).code


def test_secrets_reach_the_step(cli, folder) -> None:
    """
    A secret is masked in a plan and whole in a run.
    """
    answer = cli("run", folder(SECRET))
    assert (0, True) == (answer.code, "is it? True" in answer.out + answer.err)


def test_value_known_at_deploy(cli, folder) -> None:
    """
    A value that only a deployment knows is refused, and named.
    """
    source = UNKNOWN + 'pipeline("p", "1", env={"URL": Repo("r").url})'
    answer = cli("run", folder(source))
    assert 1 == answer.code
    assert "error: Pipeline 'p', run.steps.only.env.URL: is <known at deploy>" in answer.err


@pytest.mark.parametrize(
    ("source", "words", "code", "sentence"),
    [
        ("", [], 2, "error: shop: declares no pipeline; write sk.Pipeline(...)"),
        (GOOD + BAD, [], 2, "error: shop: has several pipelines; --pipeline good | bad"),
        (GOOD, ["--pipeline", "god"], 2, "is not in the program; did you mean 'good'?"),
        (GOOD, ["--parameter", "dya=1"], 2, "'dya'"),
        (GOOD, ["--parameter", "day"], 2, "error: --parameter 'day': write KEY=VALUE"),
        (
            'sk.Pipeline("p", steps=[sk.Step("a", image="x")], backend="kubernetes")',
            [],
            2,
            "asks for backend 'kubernetes', which cannot run it; leave its backend= out",
        ),
        (
            'sk.Pipeline("p", steps=[sk.Step("a", image="x")])',
            [],
            1,
            "error: Pipeline 'p': local cannot keep this:",
        ),
        ("1 / 0", [], 2, "ZeroDivisionError: division by zero"),
    ],
)
def test_refused(cli, folder, source: str, words: list[str], code: int, sentence: str) -> None:
    """
    What cannot run says why, with --json too.
    """
    answer = cli("run", folder(source), *words)
    assert code == answer.code
    assert sentence in answer.err
    assert "Traceback" not in answer.err
    assert (
        sentence
        in f"error: {cli('run', folder(source), *words, '--json').json['error']['sentence']}"
    )
