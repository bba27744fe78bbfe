"""
YAML as the Pulumi CLI reads it, with Go's yaml.v3, and config values as it hands them to a program.

PyYAML reads YAML 1.1, where `12:30` is 750, `on` is true and `010` a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import yaml


_INSTANT = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt](\d\d?):(\d\d?):(\d\d?)(\.\d+)?(Z|[-+]\d\d:\d\d)| (\d\d?):(\d\d?):(\d\d?)(\.\d+)?)?"
)
_TAG = "tag:yaml.org,2002:"
_RULES = (  # the first match wins
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("merge", r"<<", "<"),
    ("timestamp", _INSTANT.pattern, "0123456789"),
    ("int", r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[1-9][0-9_]*|0)", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
_EXACT_FLOATS = 1e21  # from here on Go writes an exponent


class _Loader(yaml.SafeLoader):
    """
    PyYAML's loader with Go's rules.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012, PyYAML's own name

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                problem = f"key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = node.value.replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", text)
    return int(f"{octal[1]}0o{octal[2]}" if octal else text, 0)


def _number(loader: _Loader, node: yaml.ScalarNode) -> float:
    return float(re.sub(r"^([-+]?)\.(?=[a-zA-Z])", r"\1", node.value.replace("_", "")))


def _instant(loader: _Loader, node: yaml.ScalarNode) -> datetime | str:
    found = _INSTANT.fullmatch(node.value)
    assert found, node.value
    year, month, day, *clocks, _ = found.groups()
    hour, minute, second, fraction, zone = clocks[:5] if clocks[0] else (*found.groups()[8:], "Z")
    offset = UTC
    if zone not in (None, "Z"):
        hours, minutes = (int(part) for part in zone[1:].split(":"))
        offset = timezone((-1 if zone[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
    clock = (int(hour or 0), int(minute or 0), int(second or 0), int(float(fraction or 0) * 1e6))
    try:
        return datetime(int(year), int(month), int(day), *clock, tzinfo=offset)
    except ValueError:
        return str(node.value)


for _name, _pattern, _first in _RULES:
    _first_characters = [*_first.replace("\0", ""), *([""] if "\0" in _first else [])]
    _compiled = re.compile(f"(?:{_pattern})$")
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", _compiled, _first_characters)
_Loader.add_constructor(f"{_TAG}int", _integer)
_Loader.add_constructor(f"{_TAG}float", _number)
_Loader.add_constructor(f"{_TAG}timestamp", _instant)


def load(text: str) -> object:
    """
    The document; a time stamp becomes an aware datetime.

    Raises:
        yaml.YAMLError: It is no YAML, or a key is there twice.
    """
    return yaml.load(text, _Loader)  # noqa: S506, it is a SafeLoader


def stack_date(instant: datetime) -> str:
    """
    What Go's `time.Time.String` makes of a time stamp in `Pulumi.<stack>.yaml`.
    """
    text = f"{instant:%Y-%m-%d %H:%M:%S}{_fraction(instant)} {instant:%z}"
    return f"{text} UTC" if not instant.utcoffset() else f"{text} {instant:%z}"


def project_date(instant: datetime) -> str:
    """
    What becomes of a time stamp in Pulumi.yaml, which goes through JSON.
    """
    text = f"{instant:%Y-%m-%dT%H:%M:%S}{_fraction(instant)}"
    return f"{text}Z" if not instant.utcoffset() else f"{text}{instant:%z}"[:-2] + f":{instant:%z}"[-2:]


def _fraction(instant: datetime) -> str:
    return f".{instant.microsecond:06}".rstrip("0").rstrip(".")


def text(value: object, date: Callable[[datetime], str]) -> str:
    """
    A config value as a program gets it: a text, or JSON for an object.
    """
    plain = _plain(value, date)
    if plain is None:
        return ""
    if isinstance(plain, str):
        return plain
    return json.dumps(plain, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _plain(value: object, date: Callable[[datetime], str]) -> object:
    match value:
        case datetime():
            return date(value)
        case float() if value.is_integer() and abs(value) < _EXACT_FLOATS:
            return int(value)
        case Mapping():
            return {_key(key, date): _plain(item, date) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, date) for item in value]
        case _:
            return value


def _key(key: object, date: Callable[[datetime], str]) -> str:
    return key if isinstance(key, str) else text(key, date)
