"""
What README and docs/ show is there: names, files, sessions.
"""

from __future__ import annotations

import ast
import pathlib
import re
import tomllib

import pytest

import schedkit
from schedkit import preview


ROOT = pathlib.Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)


def blocks(page: pathlib.Path, language: str) -> list[str]:
    """
    The code blocks of a page in one language.
    """
    found = re.findall(
        rf"^( *)```{language}\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE
    )
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


@each_page
def test_python_blocks_use_names_that_exist(page: pathlib.Path) -> None:
    """
    Python code in the docs compiles, and every `sk.name` in it is promised.
    """
    for code in blocks(page, "python"):
        used = {
            node.attr
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "sk"
        }
        assert set() == used - set(schedkit.__all__)


@each_page
def test_links_lead_to_files(page: pathlib.Path) -> None:
    """
    A relative link names a file of the repository.
    """
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [] == [target for target in targets if not (page.parent / target).is_file()]


@each_page
def test_sessions_exist(page: pathlib.Path) -> None:
    """
    Every `nox -s NAME` in the docs is a session of noxfile.py.
    """
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    sessions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set() == set(re.findall(r"nox -s (\w+)", page.read_text())) - sessions


def test_the_tour_of_the_readme_is_kept(tmp_path: pathlib.Path) -> None:
    """
    The program that README shows is refused nowhere on kubernetes, and makes the CronJob it says.
    """
    (tmp_path / "Pulumi.yaml").write_text("name: tour\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(blocks(ROOT / "README.md", "python")[0])
    found = preview.run(tmp_path, backend="kubernetes")
    assert [report.refusal for report in found.reports] == [None, None]
    native = [each.type for each in found.resources if each.type.startswith("kubernetes:")]
    assert native == ["kubernetes:core/v1:ServiceAccount", "kubernetes:batch/v1:CronJob"]


def test_pages_hold_one_sentence_per_line() -> None:
    """
    Prose has one sentence per source line, so that a change shows as one.
    """
    wrong = []
    for page in PAGES:
        prose = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        prose = re.sub(r"`[^`]*`", "", prose)
        wrong += [
            f"{page.name}: {line}"
            for line in prose.splitlines()
            if not line.startswith("|") and re.search(r"[a-z]\. [A-Z]", line)
        ]
    assert [] == wrong


def test_readme_names_each_distribution() -> None:
    """
    The README lists every distribution of the workspace.
    """
    readme = (ROOT / "README.md").read_text()
    for path in [ROOT / "pyproject.toml", *ROOT.glob("providers/*/pyproject.toml")]:
        name = tomllib.loads(path.read_text())["project"]["name"]
        assert f"| `{name}`" in readme
