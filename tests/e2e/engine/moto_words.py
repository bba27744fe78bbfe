"""
The provider's inputs in the words of boto3, and what boto3 answers in the words of the provider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from moto_kinds import Kind


_PAIRS = ("dimensions",)  # a map to us, a list of pairs to AWS
_OF_METRIC = ("period", "stat", "unit")
_SPELLED = re.compile(r"true|false|0|[1-9][0-9]*")
_FREE = ("inputPaths",)  # maps whose keys are the user's
_DOCUMENTS = ("assumeRolePolicy", "policy")  # boto3 reads the JSON of IAM


def arguments(kind: Kind, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """
    All arguments that the inputs are, in every form that an operation of the service takes.
    """
    bag: dict[str, Any] = _tags(kind, inputs.get("tags") or {})
    inner = {}
    for field, value in inputs.items():
        said = _said(kind, field, value)
        first, *more = _called(kind, field) if field != "tags" else [""]
        for name in (first, *more):
            key = name.removesuffix("[]")
            bag |= {key: said if key == name else [said]} if key else {}
        if first and field not in kind.key:
            inner[first] = _spelled(said) if kind.spelled else said
    if kind.within:
        name = kind.within.removesuffix("[]")
        bag[name] = inner if name == kind.within else [inner]
    return bag


def fields(kind: Kind, answer: Mapping[str, Any]) -> dict[str, Any]:
    """
    An answer as inputs, with whatever else it holds.
    """
    ours = {each.partition(" ")[0]: field for field, each in kind.names.items()}
    return {
        field: _heard(kind, field, value)
        for name, value in answer.items()
        if (field := ours.get(name, name[:1].lower() + name[1:]))
    }


def clean(value: Any, kind: Kind) -> Any:
    """
    Without what is empty or usual, and with JSON read: its spelling means nothing to AWS.
    """
    match value:
        case dict():
            found = {key: clean(item, kind) for key, item in value.items()}
            empty = (None, "", [], {})
            return {
                key: item
                for key, item in found.items()
                if item not in empty and kind.deeper.get(key, ...) != item
            }
        case list():
            return [clean(item, kind) for item in value]
        case str() if value.startswith(("{", "[")):
            with suppress(ValueError):  # a template of JSON is none
                return json.loads(value)
            return value
        case _:
            return value


def at(value: Any, path: str) -> Any:
    """
    What lies at a dotted path; of each item of a list.
    """
    for part in path.split("."):
        many = isinstance(value, list)
        value = [each[part] for each in value] if many else value.get(part)
    return value


def pairs(tags: Any) -> dict[str, str]:
    """
    Tags, however a service lists them.
    """
    if isinstance(tags, dict):
        return tags
    lower = [{key.lower(): value for key, value in each.items()} for each in tags]
    return {each["key"]: each["value"] for each in lower}


def _tags(kind: Kind, tags: Mapping[str, str]) -> dict[str, Any]:
    if not tags:
        return {}
    upper = [{"Key": key, "Value": value} for key, value in tags.items()]
    lower = [{"key": key, "value": value} for key, value in tags.items()]
    if kind.spelled:  # SQS
        return {"tags": dict(tags), "Tags": dict(tags)}
    return {"Tags": upper, "Tagging": {"TagSet": upper}, "tags": lower}


def _called(kind: Kind, field: str) -> list[str]:
    upper = field if kind.plain else field[:1].upper() + field[1:]
    return kind.names.get(field, upper).split()


def _said(kind: Kind, field: str, value: Any) -> Any:
    match value:
        case dict() if field == "metric":  # flat to us, two levels to AWS
            outer = {key: value[key] for key in _OF_METRIC if key in value}
            inner = {key: item for key, item in value.items() if key not in outer}
            return {**_said(kind, "", outer), "Metric": _said(kind, "", inner)}
        case dict() if field in _PAIRS:
            return [{"Name": key, "Value": item} for key, item in value.items()]
        case dict() if field not in _FREE:
            return {_called(kind, key)[0]: _said(kind, key, v) for key, v in value.items()}
        case list():
            return [_said(kind, field, item) for item in value]
        case _:
            return value


def _heard(kind: Kind, field: str, value: Any) -> Any:
    match value:
        case list() if field in _PAIRS:
            return {each["Name"]: each["Value"] for each in value}
        case {"Metric": inner, **outer} if field == "metric":
            return {**fields(kind, inner), **fields(kind, outer)}
        case {"PermissionsBoundaryArn": arn}:
            return arn
        case dict() if field not in (*_FREE, *_DOCUMENTS):
            return fields(kind, value)
        case list():
            return [_heard(kind, field, item) for item in value]
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str() if kind.spelled and _SPELLED.fullmatch(value):
            return json.loads(value)
        case _:
            return value


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
