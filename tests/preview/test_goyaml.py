"""
YAML as Go reads it.
"""

from __future__ import annotations

import pytest
import yaml

from schedkit.preview import goyaml


@pytest.mark.parametrize(
    ("written", "got"),
    [
        ("12:30", "12:30"),
        ("on", "on"),
        ("yes", "yes"),
        ("n", "n"),
        ("true", "true"),
        ("FALSE", "false"),
        ("tRue", "tRue"),
        ("010", "8"),
        ("-010", "-8"),
        ("0o10", "8"),
        ("0x10", "16"),
        ("0b11", "3"),
        ("089", "89"),
        ("1_000", "1000"),
        ("+7", "7"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("1.", "1"),
        ("1.2.3", "1.2.3"),
        ("~", ""),
        ("null", ""),
        ("", ""),
        ("'010'", "010"),
        ('"on"', "on"),
        ("2026-01-01", "2026-01-01 00:00:00 +0000 UTC"),
        ("'2026-01-01'", "2026-01-01"),
        ("2026-1-2", "2026-01-02 00:00:00 +0000 UTC"),
        ("2026-13-45", "2026-13-45"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01 02:00:00 +0200 +0200"),
        ("2026-01-01T02:00:00-03:30", "2026-01-01 02:00:00 -0330 -0330"),
        ("2026-01-01T02:00:00Z", "2026-01-01 02:00:00 +0000 UTC"),
        ("2026-01-01 02:00:00.250", "2026-01-01 02:00:00.25 +0000 UTC"),
        ("2026-01-01T02:00:00", "2026-01-01T02:00:00"),
        ("{at: 12:30, x: 0x10, on: yes}", '{"at":"12:30","on":"yes","x":16}'),
        ("[010, 2026-01-01, ~]", '[8,"2026-01-01 00:00:00 +0000 UTC",null]'),
        ("{1: a}", '{"1":"a"}'),
        ("ü", "ü"),
    ],
)
def test_config_text(written: str, got: str) -> None:
    """
    A value in a stack's file reaches the program as the CLI hands it over.
    """
    document = goyaml.load(f"key: {written}")
    assert got == goyaml.text(document["key"], goyaml.stack_date)


@pytest.mark.parametrize(
    ("written", "got"),
    [
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01T02:00:00.5+02:00", "2026-01-01T02:00:00.5+02:00"),
        ("12:30", "12:30"),
    ],
)
def test_date_in_project_file(written: str, got: str) -> None:
    """
    In Pulumi.yaml a time stamp goes through JSON.
    """
    document = goyaml.load(f"key: {written}")
    assert got == goyaml.text(document["key"], goyaml.project_date)


def test_special_floats() -> None:
    """
    Infinity and not-a-number are floats as Go writes them.
    """
    assert [float("inf"), float("-inf")] == goyaml.load("[.inf, -.Inf]")


def test_key_twice() -> None:
    """
    A key that is there twice is an error, as in Go.
    """
    with pytest.raises(yaml.MarkedYAMLError, match="key 'a' is there twice"):
        goyaml.load("a: 1\na: 2\n")


def test_merge_keys() -> None:
    """
    Anchors and merge keys work as in Go.
    """
    document = goyaml.load("base: &b {x: 1}\nmore: {<<: *b, y: 2}\n")
    assert {"x": 1, "y": 2} == document["more"]
