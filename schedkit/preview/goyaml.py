"""
YAML as the Pulumi CLI reads it, with Go's yaml.v3, and config values as a program gets them.

PyYAML reads YAML 1.1, where `12:30` is 750, `on` is true and `010` a text.
https://github.com/go-yaml/yaml/blob/v3/resolve.go
"""

from __future__ import annotations

import json
import math
import re
from calendar import monthrange
from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import attrs
import yaml


@attrs.frozen
class Instant:
    """
    A time stamp as Go holds it: from the year 0 on, to the nanosecond.

    Attributes:
        offset: Minutes ahead of UTC.
    """

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    offset: int = 0


Scalar: TypeAlias = bool | int | float | Instant | str | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)", re.ASCII
)
_OCTAL = re.compile(r"([-+]?)0([0-7]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")  # `.5_0`
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"([Tt ]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})([.,][0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_INT64, _UINT64 = range(-(2**63), 2**63), range(2**64)
_PLAIN_FLOATS = 1e-6, 1e21  # between them Go writes no exponent
_IN_JSON = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_TAG = "tag:yaml.org,2002:"
_TAGS = {type(None): "null", bool: "bool", int: "int", float: "float", Instant: "timestamp"}


def scalar(text: str) -> Scalar:
    """
    What a plain scalar is to Go.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        return _finite(text) if _FRACTION.fullmatch(text) else text
    if text[0] not in "+-0123456789":
        return text
    instant = _instant(text)
    if instant is not None:
        return instant
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        number = int(_OCTAL.sub(r"\g<1>0o\2", plain) if _OCTAL.fullmatch(plain) else plain, 0)
        if number in _INT64 or (plain[0] not in "+-" and number in _UINT64):
            return number
    number_or_text = _finite(plain) if _FLOAT.fullmatch(plain) else text
    return text if isinstance(number_or_text, str) else number_or_text


def _finite(text: str) -> float | str:
    number = float(text)
    return text if math.isinf(number) else number


def _instant(text: str) -> Instant | None:
    found = _INSTANT.fullmatch(text)
    if not found:
        return None
    clock, zone = found[4], found[9]
    if clock and (clock[0] == " ") != (zone is None):
        return None
    numbers = (int(part or 0) for part in found.group(1, 2, 3, 5, 6, 7))
    year, month, day, hour, minute, second = numbers
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year or 4, month)[1]:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    hours, minutes = (
        (int(part) for part in zone[1:].split(":")) if (zone or "Z") != "Z" else (0, 0)
    )
    if hours > 24 or minutes > 60:
        return None
    offset = (hours * 60 + minutes) * (-1 if zone and zone[0] == "-" else 1)
    nanosecond = int((found[8] or ".0")[1:10].ljust(9, "0"))
    return Instant(year, month, day, hour, minute, second, nanosecond, offset)


class _Loader(yaml.SafeLoader):
    """
    PyYAML's loader with Go's rules.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012, PyYAML's own name

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode or not implicit[0]:
            return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]
        if value == "<<":
            return f"{_TAG}merge"
        return f"{_TAG}{_TAGS.get(type(scalar(value)), 'str')}"

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                problem = f"key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _construct(_: _Loader, node: yaml.ScalarNode) -> Scalar:
    value = scalar(node.value)
    if isinstance(value, float) and not math.isfinite(value):
        problem = f"{node.value} is a number that the Pulumi CLI cannot hand over"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
    return value


for _name in ("int", "float", "timestamp"):
    _Loader.add_constructor(f"{_TAG}{_name}", _construct)
_Loader.add_constructor(f"{_TAG}merge", lambda _, node: node.value)


def load(text: str) -> object:
    """
    The document; a time stamp becomes an `Instant`.

    Raises:
        yaml.YAMLError: It is no YAML, a key is there twice, or a number is infinite or none.
    """
    return yaml.load(text, _Loader)  # noqa: S506, it is a SafeLoader


def stack_date(instant: Instant) -> str:
    """
    What Go's `time.Time.String` makes of a time stamp in `Pulumi.<stack>.yaml`.
    """
    zone = _zone(instant, "")
    return f"{_moment(instant, ' ')} {zone} {zone if instant.offset else 'UTC'}"


def project_date(instant: Instant) -> str:
    """
    What becomes of a time stamp in Pulumi.yaml, which goes through JSON.
    """
    return _moment(instant, "T") + (_zone(instant, ":") if instant.offset else "Z")


def _moment(instant: Instant, between: str) -> str:
    day = f"{instant.year:04}-{instant.month:02}-{instant.day:02}"
    fraction = f".{instant.nanosecond:09}".rstrip("0").rstrip(".")
    clock = f"{instant.hour:02}:{instant.minute:02}:{instant.second:02}{fraction}"
    return f"{day}{between}{clock}"


def _zone(instant: Instant, between: str) -> str:
    hours, minutes = divmod(abs(instant.offset), 60)
    return f"{'-' if instant.offset < 0 else '+'}{hours:02}{between}{minutes:02}"


def text(value: object, date: Callable[[Instant], str]) -> str:
    """
    A config value as a program gets it: a text, or JSON for an object.
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case Instant():
            return date(value)
        case float():
            return _float(value)
        case int() if value not in _INT64:
            return str(value)  # in an object it would be a float
        case _:
            return _json(value, date)


def _json(value: object, date: Callable[[Instant], str]) -> str:
    match value:
        case Instant():
            return _json(date(value), date)
        case str():
            return json.dumps(value, ensure_ascii=False).translate(_IN_JSON)
        case float():
            return _float(value)
        case int() if value not in _INT64:
            return _float(float(value))
        case Mapping():
            items = sorted((_key(key, date), item) for key, item in value.items())
            return f"{{{','.join(f'{_json(k, date)}:{_json(v, date)}' for k, v in items)}}}"
        case list() | tuple():
            return f"[{','.join(_json(item, date) for item in value)}]"
        case _:
            return json.dumps(value)


def _float(value: float) -> str:
    """
    As Go's encoding/json writes it.
    """
    least, most = _PLAIN_FLOATS
    if value == 0:
        return "0"
    if least <= abs(value) < most:
        written = f"{Decimal(repr(value)):f}"
        return written.removesuffix(".0")
    return re.sub(r"e-0(\d)$", r"e-\1", repr(value))


def _key(key: object, date: Callable[[Instant], str]) -> str:
    return "<nil>" if key is None else text(key, date)
