"""
Commands of other distributions: found by their entry points, imported when they are asked for.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from schedkit.cli import installed, main
from schedkit.exceptions import CommandLoadError, MissingExtraError


GREET = """
import click

@click.command()
def greet():
    '''
    Say hello.
    '''
    click.echo("hello")
    return 0

number = 7
"""


@pytest.fixture
def add(tmp_path, monkeypatch):
    """
    Install a distribution, which is a folder, with entry points and a module of its name.
    """

    def add(name: str, entries: dict[str, str], source: str = "") -> None:
        folder = tmp_path / name
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{key} = {value}" for key, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(["[schedkit.commands]", *lines, ""]))
        (folder / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(folder)
        installed.found.cache_clear()

    yield add
    monkeypatch.undo()
    installed.found.cache_clear()


def test_installed_command(cli, add) -> None:
    """
    A command of an installed distribution is listed, helps and runs as one of ours.
    """
    add("greeter", {"greet": "greeter:greet"}, GREET)
    assert "\n  greet      Say hello.\n" in cli("--help").out
    assert "Say hello." in cli("greet", "--help").out
    assert (0, "hello\n", "") == ((it := cli("greet")).code, it.out, it.err)
    assert "'gret' is no command; did you mean 'greet'?" in cli("gret").err


@pytest.mark.parametrize(
    ("name", "entry", "source", "reason", "cure"),
    [
        ("raises", "raises:greet", "1 / 0", "cannot be loaded: ZeroDivisionError", "reinstall"),
        ("empty", "empty:greet", "", "has no attribute 'greet'", "reinstall"),
        ("lost", "nowhere:greet", "", "No module named 'nowhere'", "reinstall"),
        ("seven", "seven:number", GREET, "is no click.Command", "tell the author of"),
    ],
)
def test_broken_command(
    cli, add, name: str, entry: str, source: str, reason: str, cure: str
) -> None:
    """
    A broken command is loud when it is asked for; the list of commands is whole, and says so.
    """
    add(name, {"greet": entry}, source)
    answer = cli("greet")
    assert (2, "") == (answer.code, answer.out)
    assert answer.err.startswith(f"error: command 'greet' of {name}: ")
    assert reason in answer.err
    assert answer.err.endswith(f"; {cure} {name}\n")
    with pytest.raises(CommandLoadError) as caught:
        installed.load("greet")
    assert (f"command 'greet' of {name}", f"{cure} {name}") == (
        caught.value.culprit,
        caught.value.cure,
    )
    listed = cli("--help")
    assert 0 == listed.code
    assert "\n  greet      " in listed.out
    assert "\n  explain    One English sentence" in listed.out


def test_two_claims(cli, add) -> None:
    """
    A command that two distributions claim is nobody's; all others work.
    """
    add("first", {"greet": "first:greet"}, GREET)
    add("second", {"greet": "second:greet"}, GREET)
    answer = cli("greet")
    assert 2 == answer.code
    assert "error: command 'greet': is claimed by " in answer.err
    assert "; uninstall one of them" in answer.err
    assert 0 == cli("explain", "@daily").code


def test_ours_come_first(cli, add) -> None:
    """
    Nobody takes the place of a command of schedkit.
    """
    add("greeter", {"explain": "greeter:greet"}, GREET)
    assert "At 00:00 every day, UTC.\n" == cli("explain", "@daily").out
    assert 1 == cli("--help").out.count("\n  explain ")


@pytest.mark.parametrize("name", sorted(installed.EXTRAS))
def test_not_installed(cli, monkeypatch, name: str) -> None:
    """
    A command of ours that is not installed says what brings it.
    """
    monkeypatch.setattr(installed, "found", dict)
    answer = cli(name)
    sentence = f"error: `{name}`: needs schedkit-local; pip install 'schedkit[local]'\n"
    assert (2, "", sentence) == (answer.code, answer.out, answer.err)
    with pytest.raises(MissingExtraError) as caught:
        installed.load(name)
    assert (f"`{name}`", "needs schedkit-local") == (caught.value.culprit, caught.value.reason)
    assert name not in cli("--help").out.partition("Commands:")[2].split()


def test_not_installed_and_misspelt(cli, monkeypatch) -> None:
    """
    ... also when it is misspelt.
    """
    monkeypatch.setattr(installed, "found", dict)
    assert "'srve' is no command; did you mean 'serve'?" in cli("srve").err


def test_what_is_promised_is_there() -> None:
    """
    Every command that an extra is said to bring comes with it.
    """
    missing = [name for name in installed.EXTRAS if name not in installed.found()]
    assert [] == missing
    assert [] == [name for name in installed.EXTRAS if name in main.commands]


def test_own_command_looks_for_no_other() -> None:
    """
    Running one of ours neither reads what is installed nor imports it; listing loads no pulumi.
    """
    show = "print(*sys.modules, sep='\\n', file=sys.stderr)"
    for word, unwanted in (
        ("'next', '@daily'", ("schedkit_local", "importlib.metadata")),
        ("'--help'", ("pulumi", "rich", "starlette", "alembic")),
    ):
        code = (
            f"import sys\nfrom schedkit.cli import main\n"
            f"main([{word}], standalone_mode=False)\n{show}"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert [] == [name for name in done.stderr.split() if name.startswith(unwanted)]
