"""
Pulumi programs made by tests.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest


Write = Callable[..., Path]


@pytest.fixture
def program(tmp_path: Path) -> Write:
    """
    Write a program: its source, its Pulumi.yaml after `runtime:`, and other files by path.
    """
    numbers = itertools.count()

    def write(
        source: str = "", project: str = "", files: Mapping[str, str] = MappingProxyType({})
    ) -> Path:
        folder = tmp_path / f"program{next(numbers)}"
        own = {
            "Pulumi.yaml": f"name: shop\nruntime: python\n{project}",
            "__main__.py": textwrap.dedent(source),
        }
        for name, text in (own | dict(files)).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return folder

    return write
