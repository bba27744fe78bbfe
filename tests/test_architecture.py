"""
The rules of the house that no single module can hold: who imports whom, how large things grow.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import schedkit


if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[1]
CORE = ROOT / "schedkit"
PROVIDERS = sorted(
    path for path in (ROOT / "providers").glob("*/schedkit_*") if "." not in path.name
)
LONGEST_FILE = 400
LONGEST_FUNCTION = 35

# A module imports from its own row and the rows above; a new module of core needs a row.
ROWS = (
    {"findings"},
    {"exceptions"},
    {"recurrence"},
    {"judging"},
    {"translation"},
    {"inputs"},
    {"step"},
    {"pipeline"},
    {"schedule"},
    {"due"},
    {"starting"},
    {"plan"},
    {"backend"},
    {"planning"},
    {"config", "deploy", "registry"},
    {"program"},
    {"components"},
    {"deployed", "preview"},
    {"pictures", "render"},
    {"cli", "testing"},
)
RANK = {name: rank for rank, names in enumerate(ROWS) for name in names}
SDKS = {"boto3", "docker", "kubernetes", "pulumi_aws", "pulumi_azure_native", "pulumi_gcp"}
SDKS |= {"pulumi_kubernetes"}
TEST_TOOLS = {"hypothesis", "pytest"}
BACKENDS = ("schedkit_aws", "schedkit_kubernetes", "schedkit_local")


class Imports(ast.NodeVisitor):
    """
    Every import of a file, those in functions too: `(dotted name, for typing only)`.
    """

    def __init__(self, path: pathlib.Path, top: pathlib.Path) -> None:
        self.top, self.typing, self.found = top, False, []
        relative = path.relative_to(top).with_suffix("")
        self.package = relative.parts[:-1]
        self.visit(ast.parse(path.read_text()))

    def visit_If(self, node: ast.If) -> None:
        before = self.typing
        self.typing = before or "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body:
            self.visit(child)
        self.typing = before
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(alias.name, self.typing) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self.package[: len(self.package) + 1 - node.level] if node.level else ()
        module = ".".join([*base, *filter(None, [node.module])])
        for alias in node.names:
            inner = self.top.joinpath(*module.split("."), alias.name)
            is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
            self.found.append((f"{module}.{alias.name}" if is_module else module, self.typing))


def source_files(*folders: pathlib.Path) -> Iterator[pathlib.Path]:
    """
    The Python files of packages.
    """
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))


def imports(path: pathlib.Path, top: pathlib.Path) -> list[tuple[str, bool]]:
    """
    The imports of a file whose package lies in *top*.
    """
    return Imports(path, top).found


def room(path: pathlib.Path) -> str:
    """
    The module of core that a file belongs to: `recurrence` for `recurrence/sets.py`.
    """
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def run(code: str) -> set[str]:
    """
    The modules that a fresh interpreter has loaded after *code*.
    """
    show = "import sys; print(*sys.modules, sep='\\n', file=sys.stderr)"
    process = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        timeout=60,
    )
    assert 0 == process.returncode, process.stderr
    return set(process.stderr.split())


def loaded(code: str, *families: str) -> list[str]:
    """
    Which modules of *families* a fresh interpreter has loaded after *code*.
    """
    return sorted(name for name in run(code) if name.split(".")[0] in families)


def test_reader_of_imports(tmp_path: pathlib.Path) -> None:
    """
    The reader resolves relative imports, looks inside functions and knows what is for typing.
    """
    package = tmp_path / "house" / "room"
    package.mkdir(parents=True)
    (tmp_path / "house" / "attic.py").touch()
    (package / "chair.py").write_text(
        "from ..attic import box\n"
        "from .. import attic\n"
        "if TYPE_CHECKING:\n    from . import table\nelse:\n    import json\n"
        "def sit():\n    import os.path\n"
    )
    assert [
        ("house.attic", False),
        ("house.attic", False),
        ("house.room", True),
        ("json", False),
        ("os.path", False),
    ] == imports(package / "chair.py", tmp_path)


def test_core_imports_go_one_way() -> None:
    """
    In core a module imports from its own row and the rows above it, for typing too.
    """
    wrong = []
    for path in source_files(CORE):
        here = room(path)
        if here == "__init__":
            continue
        assert here in RANK, f"{path.name} has no row in ROWS"
        for name, _ in imports(path, ROOT):
            first, *rest = name.split(".")
            if first != "schedkit":
                continue
            there = rest[0] if rest else "schedkit itself"
            if RANK.get(there, len(ROWS)) > RANK[here]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert [] == wrong


def test_recurrence_knows_only_the_errors() -> None:
    """
    The recurrence engine imports nothing of ours but the errors, and never pulumi.
    """
    allowed = {*sys.stdlib_module_names, "attrs", "tzdata"}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in source_files(CORE / "recurrence")
        for name, _ in imports(path, ROOT)
        if name.split(".")[0] not in allowed
        and not f"{name}.".startswith(("schedkit.recurrence.", "schedkit.exceptions."))
    ]
    assert [] == wrong


def test_core_names_no_backend_and_no_sdk() -> None:
    """
    Core imports no distribution of ours and no SDK; only `schedkit.testing` imports test tools.
    """
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in source_files(CORE)
        for name, _ in imports(path, ROOT)
        if name.startswith("schedkit_")
        or name.split(".")[0] in SDKS
        or (name.split(".")[0] in TEST_TOOLS and room(path) != "testing")
    ]
    assert [] == wrong


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda path: path.name)
def test_provider_imports_the_public_core_only(provider: pathlib.Path) -> None:
    """
    A provider imports public modules of core: no private one, no other provider, no Pulumi SDK.
    """
    wrong = []
    for path in source_files(provider):
        for name, typing in imports(path, provider.parent):
            first, *rest = name.split(".")
            private = first == "schedkit" and any(part.startswith("_") for part in rest)
            other = first.startswith("schedkit_") and first != provider.name
            sdk = first.startswith("pulumi_") and not typing
            if private or other or sdk or first in TEST_TOOLS or rest[:1] == ["testing"]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert [] == wrong


def test_import_is_light() -> None:
    """
    `import schedkit` loads neither pulumi nor a backend, an SDK or a test tool.
    """
    families = ("pulumi", "grpc", *BACKENDS, *SDKS, *TEST_TOOLS)
    assert [] == loaded("import schedkit", *families)


def test_listing_backends_loads_none() -> None:
    """
    The names of the installed backends are known without loading one.
    """
    code = "from schedkit import registry; assert registry.installed()"
    assert [] == loaded(code, *BACKENDS, *SDKS, *TEST_TOOLS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["next", "0 1 * * *", "--after", "2026-01-01T00:00:00Z"],
        ["explain", "0 1 * * *"],
        ["diff", "0 1 * * *", "0 2 * * *"],
    ],
)
def test_reading_a_cron_loads_no_pulumi(arguments: list[str]) -> None:
    """
    `schedkit next`, `schedkit explain` and `schedkit diff` answer without pulumi.
    """
    code = f"from schedkit.cli import main; main({arguments!r}, standalone_mode=False)"
    assert [] == loaded(code, "pulumi", "grpc", *SDKS, *TEST_TOOLS)


def public_modules() -> list[str]:
    """
    Every module of core that promises names.
    """
    names = [f"schedkit.{module.name}" for module in pkgutil.iter_modules(schedkit.__path__)]
    return ["schedkit", "schedkit.recurrence.dialects", *names]


@pytest.mark.parametrize("name", public_modules())
def test_promised_names(name: str) -> None:
    """
    Each name in `__all__` is there once, and each class and function says what it is.
    """
    module = importlib.import_module(name)
    promised = getattr(module, "__all__", [])
    assert len(set(promised)) == len(promised)
    things = {each: getattr(module, each) for each in promised}
    documented = {
        each for each, it in things.items() if inspect.isclass(it) or inspect.isroutine(it)
    }
    assert [] == [each for each in sorted(documented) if not (things[each].__doc__ or "").strip()]


def test_public_names_of_schedkit() -> None:
    """
    What `dir(schedkit)` shows is what it promises.
    """
    promised = set(schedkit.__all__)
    modules = {module.name for module in pkgutil.iter_modules(schedkit.__path__)}
    assert promised == {name for name in dir(schedkit) if name[0] != "_"} - modules


@pytest.mark.parametrize("name", ["schedkit.recurrence", "schedkit.testing"])
def test_packages_promise_what_they_show(name: str) -> None:
    """
    A package's public names and its `__all__` are the same.
    """
    module = importlib.import_module(name)
    inner = {each.name for each in pkgutil.iter_modules(module.__path__)}
    shown = {each for each in vars(module) if each[0] != "_"} - inner - {"annotations"}
    assert set(module.__all__) - inner == shown


def test_files_stay_small() -> None:
    """
    A file fits in a head.
    """
    sizes = {path: len(path.read_text().splitlines()) for path in source_files(CORE, *PROVIDERS)}
    assert {} == {str(path.relative_to(ROOT)): n for path, n in sizes.items() if n > LONGEST_FILE}


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """
    Lines of a function's body, without signature and docstring.
    """
    body = function.body[ast.get_docstring(function) is not None :]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_stay_small() -> None:
    """
    A function fits on a screen.
    """
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": code_lines(node)
        for path in source_files(CORE, *PROVIDERS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {} == {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION}


def test_every_test_says_what_it_holds() -> None:
    """
    Each test has a docstring that states the behaviour.
    """
    folders = (ROOT / "tests", *ROOT.glob("providers/*/tests"))
    assert [] == [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in source_files(*folders)
        if path.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
        if not ast.get_docstring(node)
    ]
