"""
YAML as the Pulumi CLI reads it, with Go's yaml.v3, and config values as a program gets them.

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
    r"(?P<day>\d{4}-\d\d?-\d\d?)"
    r"([Tt](?P<zoned>\d\d?:\d\d?:\d\d?)(?P<fraction>\.\d+)?(?P<zone>Z|[-+]\d\d:\d\d)"
    r"| (?P<plain>\d\d?:\d\d?:\d\d?)(?P<rest>\.\d+)?)?"
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
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
_EXACT_FLOATS = 1e21  # from here on Go writes an exponent


class _Loader(yaml.SafeLoader):
    """
    PyYAML's loader with Go's rules.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012, PyYAML's own name

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                problem = f"key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _integer(_: _Loader, node: yaml.ScalarNode) -> int:
    text = node.value.replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", text)
    return int(f"{octal[1]}0o{octal[2]}" if octal else text, 0)


def _number(_: _Loader, node: yaml.ScalarNode) -> float:
    return float(re.sub(r"^([-+]?)\.(?=[a-zA-Z])", r"\1", node.value.replace("_", "")))


def _instant(_: _Loader, node: yaml.ScalarNode) -> datetime | str:
    numbers = _INSTANT.fullmatch(node.value)
    found = numbers.groupdict() if numbers else {}
    year, month, day = (int(part) for part in found["day"].split("-"))
    clock = (found["zoned"] or found["plain"] or "0:0:0").split(":")
    hour, minute, second = (int(part) for part in clock)
    fraction = int(float(found["fraction"] or found["rest"] or 0) * 1e6)
    sign, zone = (found["zone"] or "Z")[0], (found["zone"] or "Z")[1:]
    hours, minutes = (int(part) for part in (zone or "0:0").split(":"))
    ahead = timedelta(hours=hours, minutes=minutes)
    try:
        offset = timezone(-ahead if sign == "-" else ahead) if ahead else UTC
        return datetime(year, month, day, hour, minute, second, fraction, tzinfo=offset)
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
    zone = f"{instant:%z}"
    return f"{text}{zone[:3]}:{zone[3:]}" if instant.utcoffset() else f"{text}Z"


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
