"""
The plain command line in the folder of a Pulumi program.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from stack import Engine, environment


@attrs.frozen
class Answer:
    """
    What a command said.
    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """
        The document on stdout.
        """
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """
        Both streams, as a terminal shows them.
        """
        return self.out + self.err


class Shell:
    """
    Runs commands in one folder, with the engine, its doubles and our language host on the PATH.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.folder = folder
        if not (folder / ".venv").exists():
            (folder / ".venv").symlink_to(sys.prefix)
        self.env = environment(engine.box, engine.ports)

    def __call__(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> Answer:
        """
        Run a command that ends with this exit code.
        """
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**self.env, **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        assert code == answer.code, f"{words}\n{answer.said}"
        return answer

    def pulumi(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> Answer:
        """
        Run pulumi, which never asks.
        """
        return self("pulumi", "--non-interactive", "--color=never", *words, code=code, env=env)
