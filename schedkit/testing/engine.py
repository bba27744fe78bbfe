"""
Real components in a program of one function, without an engine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pulumi
from pulumi.output import UNKNOWN

from schedkit import preview


T = TypeVar("T")
_PROJECT = "name: conformance\nruntime: python\n"
_MAIN = "from schedkit.testing import engine\n\nengine.main()\n"
_program: Callable[[], None] = lambda: None  # noqa: E731  stands for no program


def main() -> None:
    """
    What the Pulumi program that `registered` runs consists of.
    """
    _program()


def registered(program: Callable[[], T], *, dry_run: bool = False) -> tuple[T, preview.Preview]:
    """
    Run *program* as a Pulumi program: what it returned, and what an engine would have been told.

    Args:
        program: Declares components; refused ones register nothing and stand in the reports.
        dry_run: Whether it is a `pulumi preview`, where ids are unknown.

    Raises:
        ProgramError: It raised, or two resources have one URN.
    """
    global _program  # noqa: PLW0603  the program runs in a module and a context of its own
    results: list[T] = []
    before, _program = _program, lambda: results.append(program())
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "Pulumi.yaml").write_text(_PROJECT)
            (folder / "__main__.py").write_text(_MAIN)
            result = preview.run(folder, preview=dry_run)
    finally:
        _program = before
    return results[0], result


def output(text: str, *, secret: bool = False) -> pulumi.Output[str]:
    """
    An Output that holds *text* after `pulumi up`, and nothing known in a preview.
    """
    unknown = pulumi.runtime.is_dry_run()
    made: pulumi.Output[Any] = pulumi.Output.from_input(UNKNOWN if unknown else text)
    return pulumi.Output.secret(made) if secret else made
