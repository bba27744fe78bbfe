"""
What all commands have in common.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from schedkit import registry
from schedkit.cli import installed, main
from schedkit.exceptions import BackendLoadError, CronSyntaxError


OURS = ("backends", "diff", "explain", "next", "plan", "read", "run", "translate")
COMMANDS = sorted([*OURS, *installed.EXTRAS])


def test_help(cli) -> None:
    """
    The command lists its commands and teaches by examples.
    """
    answer = cli("--help")
    assert 0 == answer.code
    assert sorted(OURS) == sorted(main.commands)
    shown = answer.out.partition("Commands:\n")[2].splitlines()
    assert COMMANDS == [line.split()[0] for line in shown if line[2] != " "]
    assert 'schedkit explain "0 9 * * 1-5"' in answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(cli, command: str) -> None:
    """
    Each command shows an example of itself.
    """
    for word in ("--help", "-h"):
        answer = cli(command, word)
        assert 0 == answer.code
        assert f"\n  schedkit {command} " in answer.out


def test_version(cli) -> None:
    """
    The version is that of the distribution.
    """
    assert (0, "schedkit 0.1.0\n") == (cli("--version").code, cli("--version").out)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["pln"], "error: 'pln' is no command; did you mean 'plan'?\n"),
        (["zzz"], f"error: 'zzz' is no command; known: {', '.join(COMMANDS)}\n"),
        (["--versio"], "error: No such option '--versio'. Did you mean '--version'?\n"),
        (
            ["plan", "--bakend", "x", "."],
            "error: No such option '--bakend'. Did you mean '--backend'?\n",
        ),
        (["plan"], "error: Missing argument 'DIR'.\n"),
    ],
)
def test_misspelt(cli, words: list[str], sentence: str) -> None:
    """
    A misspelt word ends with 2 and says which one was meant.
    """
    answer = cli(*words)
    assert (2, "", sentence) == (answer.code, answer.out, answer.err)


def test_backends(cli) -> None:
    """
    Every installed backend, its distribution, its version, whether it loads.
    """
    answer = cli("backends", "--json")
    assert 0 == answer.code
    assert [
        {"name": name, "distribution": f"schedkit-{name}", "version": "0.1.0", "error": ""}
        for name in ("aws", "kubernetes", "local")
    ] == answer.json
    lines = cli("backends").out.splitlines()
    assert "aws         schedkit-aws 0.1.0  loads" == lines[0]


def test_broken_backend(cli, monkeypatch) -> None:
    """
    A backend that does not load is listed with its error, and the exit code is 1.
    """

    def fail(name: str) -> None:
        raise BackendLoadError(f"backend {name!r}", "cannot be loaded: boom", "reinstall it")

    monkeypatch.setattr(registry, "load", fail)
    answer = cli("backends")
    assert 1 == answer.code
    assert "backend 'local': cannot be loaded: boom; reinstall it" in answer.out
    assert 1 == cli("backends", "--json").code


def test_no_backend(cli, monkeypatch) -> None:
    """
    Without a backend the command says how to get one.
    """
    monkeypatch.setattr(registry, "installed", dict)
    answer = cli("backends")
    assert (0, "none; try: pip install 'schedkit[kubernetes,local]'\n") == (
        answer.code,
        answer.out,
    )


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (
            TypeError("x"),
            2,
            "error: TypeError: x; this is a bug of schedkit: SCHEDKIT_TRACEBACK=1",
        ),
        (KeyboardInterrupt(), 130, "\nerror: interrupted\n"),
        (click.Abort(), 130, "error: interrupted"),
        (SystemExit(7), 7, ""),
        (SystemExit("words"), 2, ""),
        (OSError(errno.EPIPE, "nobody reads"), 1, ""),
    ],
)
def test_ends(cli, monkeypatch, error: BaseException, code: int, sentence: str) -> None:
    """
    Whatever happens has an exit code and no traceback.
    """

    def fail() -> None:
        raise error

    monkeypatch.setattr(registry, "installed", fail)
    answer = cli("backends")
    assert code == answer.code
    assert answer.err.startswith(sentence)
    assert "Traceback" not in answer.err


def test_error_is_raised_on_demand(monkeypatch) -> None:
    """
    Inside Python, the error comes as it is: with the variable, or without standalone mode.
    """
    with pytest.raises(CronSyntaxError):
        main(["explain", "61 * * * *"], standalone_mode=False)
    monkeypatch.setenv("SCHEDKIT_TRACEBACK", "1")
    with pytest.raises(CronSyntaxError):
        main(["explain", "61 * * * *"])


def test_traceback_on_demand(shell) -> None:
    """
    SCHEDKIT_TRACEBACK=1 shows where an error comes from.
    """
    answer = shell("next", "61 * * * *", env={**os.environ, "SCHEDKIT_TRACEBACK": "1"})
    assert "Traceback (most recent call last)" in answer.err
    assert 1 == answer.code


def test_installed_script() -> None:
    """
    The console script is the same command.
    """
    script = Path(sys.executable).parent / "schedkit"
    done = subprocess.run(
        [script, "explain", "@daily", "--json"], capture_output=True, text=True, check=True
    )
    assert "@daily" == json.loads(done.stdout)["cron"]
