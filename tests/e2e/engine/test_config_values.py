"""
A program gets its config from us as from the CLI, however it is written.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
import tally
from shell import Shell

from schedkit.preview import stackfile


pytestmark = pytest.mark.engine

AWKWARD = [
    *("12:30", "on", "yes", "n", "y", "off", "true", "FALSE", "tRue", "~", "null", "NULL", ""),
    *("010", "-010", "+010", "0o10", "0O10", "0x10", "0X1F", "0b11", "-0B1", "089", "0_7", "00"),
    *("1_000", "+7", "-7", "0", "-0", "+0", "1.50", "1e3", "1E3", "1e+3", ".5", "-.5", "1.", "0."),
    *("1.2.3", "1_0.5_0", "1e21", "1e20", "123456789012345678901234567890", "0.1", "1e-7", "3e-3"),
    *("9007199254740993", "-9223372036854775809", "1e400", "0x", "0o8"),
    *(".5_0", "._5", "-_1", "-0b_", "0x_f", "0b_1", "+0o7", "-0.0", "1e-6", "1.5e-9", ".5e400"),
    *("18446744073709551616", "0x1FFFFFFFFFFFFFFFFF", "5e-324", "1e-400"),
    *("'010'", '"on"', '"1\\n2"', "'it''s'", "ü", "a b", "a#b", "=", "1:2:3", "a<b", "<<"),
    *("2026-01-01", "2026-1-2", "2026-13-45", "'2026-01-01'", "2026-02-30", "2026-01-01T02"),
    *("2026-01-01T02:00:00Z", "2026-01-01t02:00:00z", "2026-01-01T02:00:00+02:00"),
    *("2026-01-01T02:00:00-03:30", "2026-01-01 02:00:00.250", "2026-01-01 02:00:00"),
    *("2026-01-01T02:00:00", "2026-01-01T02:00:00.1234567899Z", "2026-01-01 02:00:00 +02:00"),
    *("2026-01-01T2:00:00Z", "2026-1-1T02:00:00Z", "2026-01-01T02:00:00+00:00", "0000-01-01"),
    *("2026-01-01T24:00:00Z", "2026-01-01T02:00:60Z", "0001-01-01", "9999-12-31", "02026-01-01"),
    *("2026-01-01T02:00:00-00:30", "2026-01-01T02:00:00+0200", "2024-02-29", "2025-02-29"),
    *("{at: 12:30, x: 0x10, on: yes}", "[010, 2026-01-01, ~]", "{a: {b: [1.50, 1e3]}}", "{}"),
    *("[1e21, 1e20, 0.1, -0.0]", "{t: 2026-01-01T02:00:00+02:00}", "[a<b, 'x & y']", "[]"),
    *("[true, True, on]", "[12345678901234567890]", "[1.0, 2.50, 1_0]", "!!str 010", "!!int '7'"),
    *("0 1 * * *", "0 9 * * 1-5", '["\\u2028\\x01\\b\\f\\t\\"\\\\/é😀"]', "{b: 1, a: 2, B: 3}"),
]
IN_STACKS_ONLY = [  # Pulumi.yaml refuses them, or makes a float of a number above 2**63
    *("9223372036854775808", "18446744073709551615"),
    *("{1: a}", "{1.5: a}", "{true: a}", "{~: a}", "2026-01-01T02:00:00.5+24:00"),
]
NULLS = ("~", "null", "NULL", "")
TELLS = "import os; open('seen.json', 'w').write(os.environ['PULUMI_CONFIG'])"
# Nothing, an indicator, a comment, a key; or not finite, which the CLI refuses.
NO_SCALAR = re.compile(r"^$|^[-?:]( |$)|^---|^\.\.\.$|^[:&<=]|: |:$| #|(?i:\.(inf|nan)$)")
LETTERS = "0123456789" * 3 + "--::__..+TZeExobtrufalsn~ "


def scalars(count: int, seed: int) -> list[str]:
    """
    Random plain scalars of what numbers, dates, booleans and nulls are made of.
    """
    chance = random.Random(seed)
    found: list[str] = []
    while len(found) < count:
        text = "".join(chance.choices(LETTERS, k=chance.randint(1, 12))).strip()
        text = mutated(chance) if chance.random() < 0.5 else text
        if not NO_SCALAR.search(text):
            found.append(text)
    return found


def mutated(chance: random.Random) -> str:
    """
    An awkward scalar with one character changed, added or left out.
    """
    plain = [text for text in AWKWARD if text and text[0] not in "'\"{[!@*"]
    text = chance.choice(plain)
    at = chance.randrange(len(text))
    return (
        text[:at] + chance.choice([chance.choice(LETTERS), ""]) + text[at + chance.randint(0, 1) :]
    )


def read_by_both(
    engine, folder: Path, stack: dict[str, str], project: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """
    The config by our reader, and as a program of the real command line gets it.
    """
    folder.mkdir()
    lines = "".join(f"  demo:{key}: {{value: {text}}}\n" for key, text in project.items())
    head = "name: demo\nruntime: {name: python, options: {virtualenv: .venv}}\n"
    (folder / "Pulumi.yaml").write_text(head + (f"config:\n{lines}" if lines else ""))
    (folder / "__main__.py").write_text(TELLS)
    lines = "".join(f"  demo:{key}: {text}\n" for key, text in stack.items())
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n{lines}" if lines else "")
    ours = dict(stackfile.read(folder, "dev", {}).config)  # `stack init` writes the file anew
    shell = Shell(engine, folder)
    shell.pulumi("stack", "init", "dev")
    shell.pulumi("preview")
    return ours, json.loads((folder / "seen.json").read_text())


def compared(ours: dict, seen: dict, written: dict[str, str]) -> list[tuple[str, object, object]]:
    """
    Where they differ: what is written, ours, the engine's.
    """
    tally.COUNTS["config values compared"] += len(written)
    return [
        (text, ours.get(f"demo:{key}"), seen.get(f"demo:{key}"))
        for key, text in written.items()
        if ours.get(f"demo:{key}") != seen.get(f"demo:{key}")
    ]


def test_awkward_values(engine, tmp_path) -> None:
    """
    Octal and other numbers, dates, booleans, nulls and objects in a stack's file.
    """
    written = {f"k{number:03}": text for number, text in enumerate([*AWKWARD, *IN_STACKS_ONLY])}
    ours, seen = read_by_both(engine, tmp_path / "demo", written, {})
    assert [] == compared(ours, seen, written)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_values(engine, tmp_path, seed: int) -> None:
    """
    So for 500 random scalars in a stack's file.
    """
    written = {f"k{number:03}": text for number, text in enumerate(scalars(500, seed))}
    ours, seen = read_by_both(engine, tmp_path / "demo", written, {})
    assert [] == compared(ours, seen, written)


def test_awkward_values_in_the_project_file(engine, tmp_path) -> None:
    """
    In Pulumi.yaml values go through JSON, dates among them.
    """
    written = {f"k{number:03}": text for number, text in enumerate(AWKWARD) if text not in NULLS}
    ours, seen = read_by_both(engine, tmp_path / "demo", {}, written)
    assert [] == compared(ours, seen, written)
