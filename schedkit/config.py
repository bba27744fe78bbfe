"""
Stack config under `schedkit:`, as typed values.

`schedkit:backend` names the backend, `schedkit:strict` refuses emulations too, and
`schedkit:<backend>` holds the options of one backend, in camelCase; those of a backend that is not
installed here are passed over. Any other key is an error with a hint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs

from schedkit.exceptions import BackendLoadError, ConfigError, SpecError
from schedkit.inputs import hint
from schedkit.recurrence import checks


if TYPE_CHECKING:
    from cattrs import Converter

    from schedkit.backend import Backend

NAMESPACE = "schedkit:"
_GO_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d [+-]\d{4} \S+|T00:00:00Z)")
_TRUTH = {"true": True, "false": False}


@attrs.frozen
class Settings:
    """
    What the stack config says to schedkit.

    Attributes:
        backend: The word of `schedkit:backend`; empty when it is not set.
        strict: Whether emulated features are refused too.
        options: Backend -> its options as the config holds them.
    """

    backend: str = ""
    strict: bool = False
    options: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)


def read(raw: Mapping[str, object], backends: Mapping[str, object]) -> Settings:
    """
    Settings from the raw texts of a stack's config.

    Args:
        raw: Every config value by its full key; those outside `schedkit:` are passed over.
        backends: The names that are installed.

    Raises:
        ConfigError: An unknown key, unless it holds an object and resembles none that is known, or
            a value of the wrong kind.
    """
    ours = {k.removeprefix(NAMESPACE): v for k, v in raw.items() if k.startswith(NAMESPACE)}
    known = {"backend", "strict", *backends}
    for key, value in ours.items():
        if key not in known and (checks.hint(key, known) or not _is_object(value)):
            reason = "is no key of schedkit"
            raise ConfigError(f"config {NAMESPACE}{key}", reason, hint(key, known))
    strict = str(ours.get("strict", "false")).lower()
    if strict not in _TRUTH:
        culprit = f"config {NAMESPACE}strict={ours['strict']!r}"
        raise ConfigError(culprit, "is neither true nor false", "write true or false")
    options = {name: _document(name, ours[name]) for name in ours if name in backends}
    return Settings(str(ours.get("backend", "")), _TRUTH[strict], options)


def _parsed(value: object) -> object:
    if isinstance(value, str):
        with suppress(ValueError):
            return json.loads(value)
    return value


def _is_object(value: object) -> bool:
    return isinstance(_parsed(value), Mapping)


def _document(name: str, value: object) -> Mapping[str, object]:
    value = _parsed(value)
    if not isinstance(value, Mapping):
        culprit = f"config {NAMESPACE}{name}={value!r}"
        raise ConfigError(culprit, "is no object", f"write {NAMESPACE}{name}: {{key: value}}")
    return value


def options(backend: type[Backend], values: Mapping[str, object]) -> object:
    """
    The typed options of a backend.

    Raises:
        ConfigError: An unknown key, a value of the wrong kind, or one that the backend refuses.
    """
    where = f"config {NAMESPACE}{backend.name}"
    if not attrs.has(backend.options):
        reason = f"{backend.options!r} is no attrs class"
        raise BackendLoadError(f"backend {backend.name!r}", reason, "tell its author")
    try:
        return _converter().structure(values, backend.options)
    except Exception as error:
        raise _refusal(where, error) from error


def _refusal(where: str, error: BaseException) -> ConfigError:
    """
    The first cause inside cattrs' tree of errors, with the path that leads to it.
    """
    path = where
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
        for note in getattr(error, "__notes__", ()):
            name, index = getattr(note, "name", None), getattr(note, "index", None)
            path += f".{camel(name)}" if name else f"[{index!r}]" if index is not None else ""
    if isinstance(error, SpecError):
        return ConfigError(f"{path}: {error.culprit}", error.reason, error.cure)
    if isinstance(error, ConfigError):
        return ConfigError(f"{path}.{error.culprit}", error.reason, error.cure)
    return ConfigError(path, str(error), "see the backend's options in its README")


def _converter() -> Converter:
    """
    A strict cattrs converter: camelCase keys, no unknown key, no silent conversion between kinds.
    """
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, override

    converter = Converter(prefer_attrib_converters=True)

    def factory(kind: type, converter: Converter) -> Callable[..., Any]:
        renames: Any = {f.name: override(rename=camel(f.name)) for f in attrs.fields(kind)}
        structure: Any = make_dict_structure_fn(kind, converter, **renames)

        def checked(value: object, _: object) -> object:
            return structure(_keys_of(kind, value), kind)

        return checked

    converter.register_structure_hook_factory(attrs.has, factory)
    for kind in (str, int, float, bool):
        converter.register_structure_hook(kind, _strict)
    return converter


def _keys_of(kind: type, value: object) -> Mapping[str, object]:
    """
    *value*, if it has only the keys of an attrs class, and all that it must have.
    """
    if not isinstance(value, Mapping):
        msg = f"{value!r} is no object"
        raise ValueError(msg)  # noqa: TRY004, as all of these
    fields = {camel(field.name): field for field in attrs.fields(kind)}
    for key in value:
        if key not in fields:
            raise ConfigError(str(key), "is no option", hint(str(key), fields))
    for key, field in fields.items():
        if field.default is attrs.NOTHING and key not in value:
            raise ConfigError(key, "is missing", f"write {key}: VALUE")
    return value


def _strict(value: object, kind: type) -> object:
    wanted = (int, float) if kind is float else kind
    if isinstance(value, wanted) and isinstance(value, bool) == (kind is bool):
        if isinstance(value, str) and _GO_DATE.fullmatch(value):
            msg = f"{value!r} is a date that YAML made of unquoted text; quote it"
            raise ValueError(msg)
        return value
    msg = f"{value!r} is {type(value).__name__}, not {kind.__name__}"
    if kind is str:
        msg += "; quote it in YAML"
    raise ValueError(msg)


def camel(name: str) -> str:
    """
    `run_as_user` -> `runAsUser`.
    """
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
