"""
The command, in this process and in its own.
"""

from __future__ import annotations

import json
import subprocess
import sys

import attrs
import pytest
from click.testing import CliRunner

from schedkit.cli import main


@attrs.frozen
class Answer:
    """
    What a command said.
    """

    code: int
    out: str
    err: str

    @property
    def json(self):
        """
        The document on stdout.
        """
        return json.loads(self.out)


@pytest.fixture
def cli():
    """
    Run a command in this process.
    """

    def call(*words: object) -> Answer:
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return Answer(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def shell():
    """
    Run a command as a process.
    """

    def call(*words: object, timeout: float = 60, **more) -> Answer:
        command = [sys.executable, "-m", "schedkit.cli", *map(str, words)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, **more
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call
