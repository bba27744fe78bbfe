"""
An ordinary project folder and the `pulumi` command, with a language host of ours.
"""

from __future__ import annotations

import sys

import pytest
from shell import Shell
from stack import EXAMPLES, copied


pytestmark = pytest.mark.engine

CLOUD = [
    "kubernetes:batch/v1:CronJob::default/nightly-dev",
    "kubernetes:core/v1:ServiceAccount::default/training-dev",
]
REFUSED = """
import schedkit as sk

locked = sk.Pipeline("locked", steps=[sk.Step("fit", image="ml:1")], overlap="queue")
ending = sk.Schedule("ending", locked, sk.Cron("0 1 * * *"), end="2027-01-01T00:00:00Z")
"""


@pytest.fixture
def shell(engine, tmp_path):
    """
    In a copy of the nightly training, with an empty stack `dev`.
    """
    made = Shell(engine, copied(EXAMPLES / "nightly-training", tmp_path))
    made.pulumi("stack", "init", "dev")
    return made


def test_from_config_to_destroy(shell, provider_double) -> None:
    """
    Choose a backend, preview, deploy, preview nothing, change, deploy, refresh, destroy.
    """
    shell.pulumi("config", "set", "schedkit:backend", "kubernetes")
    shown = shell.pulumi("preview").said
    assert "next runs: " in shown
    assert "+ 5 to create" in shown
    assert [] == provider_double.changes
    assert "+ 5 created" in shell.pulumi("up", "--yes").said
    assert CLOUD == sorted(provider_double.objects)
    assert "5 unchanged" in shell.pulumi("preview", "--expect-no-changes").said
    assert '"default/nightly-dev"' in shell.pulumi("stack", "output", "--json").out
    shell.pulumi("config", "set", "image", "ghcr.io/acme/nightly-training:1.1")
    provider_double.forget()
    assert "~ 1 updated" in shell.pulumi("up", "--yes").said
    assert [("Update", "nightly")] == provider_double.changes
    assert "5 unchanged" in shell.pulumi("refresh", "--yes").said
    assert "- 5 deleted" in shell.pulumi("destroy", "--yes").said
    assert {} == provider_double.objects
    shell.pulumi("stack", "rm", "--yes")


def test_plan_against_what_is_deployed(shell) -> None:
    """
    `schedkit plan --deployed` reads the engine's own state: new, the same, moved, the same, gone.
    """

    def change():
        plan = "-m", "schedkit.cli", "plan", ".", "--stack", "dev", "--deployed", "--json"
        (found,) = shell(sys.executable, *plan).json["plans"][0]["changes"]
        diff = found["diff"] or {"added": 0, "moved": 0}
        return found["name"], found["kind"], diff["added"] > 363, diff["moved"] > 363

    shell.pulumi("config", "set", "schedkit:backend", "kubernetes")
    assert ("nightly", "created", True, False) == change()
    shell.pulumi("up", "--yes")
    assert ("nightly", "same", False, False) == change()
    program = shell.folder / "__main__.py"
    program.write_text(program.read_text().replace('"0 1 * * *"', '"0 4 * * *"'))
    assert ("nightly", "changed", False, True) == change()
    shell.pulumi("up", "--yes")
    assert ("nightly", "same", False, False) == change()
    shell.pulumi("destroy", "--yes")
    assert ("nightly", "created", True, False) == change()


def test_no_backend_chosen(shell, provider_double) -> None:
    """
    Without a backend the error names the command that chooses one, and what is installed.
    """
    said = shell.pulumi("up", "--yes", code=1).said
    assert "run: pulumi config set schedkit:backend NAME" in said
    assert "installed: aws, kubernetes, local" in said
    assert {} == provider_double.objects


@pytest.mark.parametrize(
    "command", [["preview"], ["up", "--yes"], ["up", "--yes", "--skip-preview"]]
)
def test_refusals_are_shown_once(shell, provider_double, command: list[str]) -> None:
    """
    Each refusal stands once on the terminal, without a traceback, and nothing is made.
    """
    shell.pulumi("config", "set", "schedkit:backend", "kubernetes")
    (shell.folder / "__main__.py").write_text(REFUSED)
    said = shell.pulumi(*command, code=1).said
    for refusal in ("pipeline.overlap.queue refused", "schedule.end refused"):
        assert 1 == said.count(refusal), said
    assert "Traceback" not in said
    assert [] == provider_double.changes
