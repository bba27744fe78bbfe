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
        ("0X1F", "31"),
        ("0O10", "8"),
        ("-0B11", "-3"),
        ("-_1", "-1"),
        ("-0b_", "-0b_"),
        ("0o8", "0o8"),
        (".5_0", "0.5"),
        ("._5", "._5"),
        ("-0.0", "0"),
        ("1e-7", "1e-7"),
        ("1e-6", "0.000001"),
        ("1e400", "1e400"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "18446744073709552000"),
        ("-9223372036854775809", "-9223372036854776000"),
        ("0x1FFFFFFFFFFFFFFFFF", "0x1FFFFFFFFFFFFFFFFF"),
        ("123456789012345678901234567890", "1.2345678901234568e+29"),
        (
            "[9223372036854775807, 9223372036854775808]",
            "[9223372036854775807,9223372036854776000]",
        ),
        ("0001-01-01", "0001-01-01 00:00:00 +0000 UTC"),
        ("0000-02-29", "0000-02-29 00:00:00 +0000 UTC"),
        ("2026-02-29", "2026-02-29"),
        ("2026-01-01T02:00:00.1234567899Z", "2026-01-01 02:00:00.123456789 +0000 UTC"),
        ("2026-01-01T02:00:00+24:00", "2026-01-01 02:00:00 +2400 +2400"),
        ("2026-01-01T02:00:00+25:00", "2026-01-01T02:00:00+25:00"),
        ("2026-01-01T02:00:00-00:00", "2026-01-01 02:00:00 +0000 UTC"),
        ("2026-01-01 02:00:00+02:00", "2026-01-01 02:00:00+02:00"),
        ("['<a> & b', \"\\u2028\"]", '["\\u003ca\\u003e \\u0026 b","\\u2028"]'),
        ("<a> & b", "<a> & b"),
        ("{~: a}", '{"\\u003cnil\\u003e":"a"}'),
        ("<<", "<<"),
        ("!!str 010", "010"),
        ("!!int '7'", "7"),
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


@pytest.mark.parametrize("written", [".inf", "-.Inf", "+.INF", ".nan", "[1, .inf]"])
def test_special_floats(written: str) -> None:
    """
    Infinity and not-a-number are floats to Go, and the CLI fails to hand them over.
    """
    with pytest.raises(yaml.MarkedYAMLError, match="is a number that the Pulumi CLI cannot"):
        goyaml.load(f"key: {written}")


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
