"""
What users install: the wheels hold the packages and nothing else.
"""

from __future__ import annotations

import configparser
import email
import os
import pathlib
import zipfile

import pytest


ROOT = pathlib.Path(__file__).parents[1]
WHEELS = os.environ.get("SCHEDKIT_TEST_WHEELS")
pytestmark = pytest.mark.skipif(not WHEELS, reason="no wheels were built; run `nox -s tests`")

ASKING = ("backfill", "cancel", "pause", "reload", "resume", "trigger")
PAGE = ("base", "login", "overview", "parts", "problem", "run", "runs", "schedule")
# distribution: its package's folder, what it needs without extras, its entry points
DISTRIBUTIONS = {
    "schedkit": (
        "schedkit",
        {"attrs", "cattrs", "click", "pulumi", "pyyaml", "rich", "tzdata"},
        {"console_scripts": {"schedkit": "schedkit.cli:main"}},
    ),
    "schedkit-aws": (
        "providers/aws/schedkit_aws",
        {"pulumi-aws", "schedkit"},
        {"schedkit.backends": {"aws": "schedkit_aws.backend:Aws"}},
    ),
    "schedkit-kubernetes": (
        "providers/kubernetes/schedkit_kubernetes",
        {"pulumi-kubernetes", "schedkit"},
        {"schedkit.backends": {"kubernetes": "schedkit_kubernetes.backend:Kubernetes"}},
    ),
    "schedkit-local": (
        "providers/local/schedkit_local",
        {
            *("alembic", "attrs", "cattrs", "click", "jinja2", "psutil", "rich", "schedkit"),
            *("sqlalchemy", "starlette", "uvicorn"),
        },
        {
            "schedkit.backends": {"local": "schedkit_local.backend:Local"},
            "schedkit.commands": {
                **{name: f"schedkit_local.cli.asking:{name}" for name in ASKING},
                **{name: f"schedkit_local.cli.runs:{name}" for name in ("logs", "runs")},
                "serve": "schedkit_local.cli.serve:serve",
            },
        },
    ),
}
DATA = {
    "schedkit": {"schedkit/recurrence/windows_zones.json"},
    "schedkit-local": {
        *(f"schedkit_local/serve/page/templates/{name}.html" for name in PAGE),
        *(
            f"schedkit_local/serve/page/static/{name}"
            for name in ("icon.svg", "page.css", "page.js")
        ),
    },
}
each_distribution = pytest.mark.parametrize("name", DISTRIBUTIONS)


def open_wheel(name: str) -> zipfile.ZipFile:
    """
    The wheel of a distribution.
    """
    (path,) = pathlib.Path(WHEELS).glob(f"{name.replace('-', '_')}-*.whl")
    return zipfile.ZipFile(path)


def read_metadata(name: str) -> email.message.Message:
    """
    The METADATA of a distribution.
    """
    with open_wheel(name) as wheel:
        (path,) = (entry for entry in wheel.namelist() if entry.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(wheel.read(path))


def source_files(folder: str) -> set[str]:
    """
    Every file of a package in the source tree, as it is called in a wheel.
    """
    package = ROOT / folder
    return {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_one_wheel_per_distribution() -> None:
    """
    The build makes these wheels and no other.
    """
    built = {path.name.split("-")[0] for path in pathlib.Path(WHEELS).glob("*")}
    assert {name.replace("-", "_") for name in DISTRIBUTIONS} == built - {".gitignore"}


@each_distribution
def test_wheel_holds_exactly_its_package(name: str) -> None:
    """
    Every file of the package is in its wheel, and no file from elsewhere.
    """
    with open_wheel(name) as wheel:
        held = {entry for entry in wheel.namelist() if ".dist-info/" not in entry}
    assert source_files(DISTRIBUTIONS[name][0]) == held


@each_distribution
def test_wheel_says_nothing_else_about_itself(name: str) -> None:
    """
    Beside the package a wheel holds its metadata and the licence.
    """
    with open_wheel(name) as wheel:
        held = {entry.split("/", 1)[1] for entry in wheel.namelist() if ".dist-info/" in entry}
    expected = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert expected == held


@each_distribution
def test_wheel_holds_python_only(name: str) -> None:
    """
    A package is Python files, `py.typed` and its named data: no test, no `pulumi-plugin.json`.
    """
    with open_wheel(name) as wheel:
        files = [pathlib.PurePath(entry) for entry in wheel.namelist()]
    files = [path for path in files if ".dist-info" not in path.parts[0]]
    package = DISTRIBUTIONS[name][0].rsplit("/", 1)[-1]
    others = {path.as_posix() for path in files if path.suffix != ".py"}
    assert {f"{package}/py.typed", *DATA.get(name, ())} == others
    assert [] == [path for path in files if "tests" in path.parts or "conftest" in path.stem]


@each_distribution
def test_metadata_names(name: str) -> None:
    """
    A distribution has its own name, never `pulumi-...`, for which Pulumi would want a plugin.
    """
    found = read_metadata(name)["Name"]
    assert name == found
    assert not found.startswith("pulumi-")


@each_distribution
def test_licence_is_whole(name: str) -> None:
    """
    The licence in a wheel is the text of the repository, not a link to it.
    """
    with open_wheel(name) as wheel:
        (path,) = (entry for entry in wheel.namelist() if entry.endswith("/LICENSE"))
        assert (ROOT / "LICENSE").read_bytes() == wheel.read(path)


@each_distribution
def test_requirements(name: str) -> None:
    """
    Without an extra a distribution needs little, and the core no SDK but Pulumi's own.
    """
    lines = read_metadata(name).get_all("Requires-Dist")
    plain = [line for line in lines if "extra ==" not in line]
    needs = {line.split(";")[0].split("<")[0].split(">")[0].strip() for line in plain}
    assert DISTRIBUTIONS[name][1] == needs


def test_extras_of_the_core() -> None:
    """
    One extra per backend's distribution, one for pictures, and one for those who test a backend.
    """
    extras = read_metadata("schedkit").get_all("Provides-Extra")
    assert ["aws", "kubernetes", "local", "pictures", "testing"] == sorted(extras)


@each_distribution
def test_entry_points(name: str) -> None:
    """
    Backends and the command are found by these entry points.
    """
    with open_wheel(name) as wheel:
        (path,) = (entry for entry in wheel.namelist() if entry.endswith("/entry_points.txt"))
        parser = configparser.ConfigParser(delimiters="=")
        parser.read_string(wheel.read(path).decode())
    found = {section: dict(parser[section]) for section in parser.sections()}
    assert DISTRIBUTIONS[name][2] == found
