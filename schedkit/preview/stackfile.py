"""
Pulumi.yaml and Pulumi.<stack>.yaml, read as the Pulumi CLI reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import yaml

from schedkit.exceptions import ProgramError
from schedkit.inputs import hint
from schedkit.preview import goyaml
from schedkit.preview.result import SECRET


_NAMES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
_TYPED = ("type", "items", "default")


@attrs.frozen
class Project:
    """
    What the files say about one stack.

    Attributes:
        folder: Where Pulumi.yaml is.
        main: What Python runs: a folder with `__main__.py`, or a file.
        config: Full key -> text.
        secrets: The keys of the encrypted ones; their texts are masks.
        caller: The working folder of whoever asked.
    """

    folder: Path
    name: str
    stack: str
    main: Path
    config: Mapping[str, str]
    secrets: frozenset[str]
    caller: Path

    def shown(self, path: Path) -> str:
        """
        The path as it is shortest to read for the caller.
        """
        return shown(path, self.caller)


def stacks(folder: Path | str) -> list[str]:
    """
    The stacks that have a file, sorted.

    Raises:
        ProgramError: The folder is no Pulumi project.
    """
    folder = Path(folder).resolve()
    where = _config_folder(folder, _project_file(folder))
    names = (path.name.split(".")[1:-1] for path in where.glob("Pulumi.*.y*ml"))
    return sorted(".".join(name) for name in names if name)


def stack_for(folder: Path | str, asked: str | None, backend: str | None) -> str:
    """
    The stack to read: *asked*, else the one named like the backend, the only one, or `dev`.

    Raises:
        ProgramError: There is no such stack, or several and none is named.
    """
    found = stacks(folder)
    if asked:
        if asked not in (found or ["dev"]):
            reason = f"has no Pulumi.{asked}.yaml in {folder}"
            raise ProgramError(f"stack {asked!r}", reason, hint(asked, found))
        return asked
    if backend in found:
        return str(backend)
    if len(found) == 1:
        return found[0]
    if found and "dev" not in found and not backend:
        raise ProgramError(str(folder), "has several stacks", f"--stack {' | '.join(found)}")
    return "dev"


def read(folder: Path | str, stack: str, over: Mapping[str, object]) -> Project:
    """
    One stack of the project in *folder*; *over* wins over both files.

    A stack without a file has the project's own config, as a stack that was just made.

    Raises:
        ProgramError: A file is missing, is no YAML, or says what the CLI refuses.
    """
    folder = Path(folder).resolve()
    path = _project_file(folder)
    document = _load(path)
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise ProgramError(shown(path), "names no project", "write name: my-project")
    _check_runtime(path, document.get("runtime"))
    stack_path = _stack_file(folder, path, document, stack)
    layers = _project_config(path, name, document.get("config"))
    in_stack = _load(stack_path).get("config") if stack_path else None
    layers |= {_full(name, k): (v, goyaml.stack_date) for k, v in _section(stack_path, in_stack)}
    layers |= {_full(name, k): (v, goyaml.stack_date) for k, v in over.items()}
    _check_values(path, name, layers)
    config = {key: _masked(value, date) for key, (value, date) in layers.items()}
    secrets = frozenset(key for key, (value, _) in layers.items() if _is_secret(value))
    main = _main(folder, path, document)
    return Project(folder, name, stack, main, config, secrets, Path.cwd())


def shown(path: Path, base: Path | None = None) -> str:
    """
    The path as it is shortest to read from *base*, or from here.
    """
    try:
        return str(path.relative_to(base or Path.cwd()))
    except ValueError:
        return str(path)


def _project_file(folder: Path) -> Path:
    for name in _NAMES:
        if (folder / name).is_file():
            return folder / name
    reason = "has no Pulumi.yaml" if folder.is_dir() else "is no folder"
    raise ProgramError(shown(folder), reason, "name the folder of a Pulumi program")


def _load(path: Path) -> dict[str, Any]:
    try:
        document = goyaml.load(path.read_text("utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{shown(path)}:{mark.line + 1}" if mark else shown(path)
        raise ProgramError(where, f"is no YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProgramError(shown(path), f"is no YAML: {' '.join(str(error).split())}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ProgramError(shown(path), f"is a {type(document).__name__}, not a mapping")
    return document


def _check_runtime(path: Path, runtime: object) -> None:
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        reason = f"has runtime {name!r}" if name else "names no runtime"
        raise ProgramError(shown(path), reason, "schedkit reads programs of runtime: python")


def _main(folder: Path, path: Path, document: dict[str, Any]) -> Path:
    main = (folder / str(document.get("main") or ".")).resolve()
    if main.is_dir() and not (main / "__main__.py").is_file():
        raise ProgramError(shown(main), "has no __main__.py", "write the program there")
    if not main.exists():
        raise ProgramError(shown(path), f"names main: {document['main']}, which is not there")
    return main


def _config_folder(folder: Path, path: Path, document: dict[str, Any] | None = None) -> Path:
    document = _load(path) if document is None else document
    place = document.get("stackConfigDir") or document.get("config")
    return folder / place if isinstance(place, str) else folder


def _stack_file(folder: Path, path: Path, document: dict[str, Any], stack: str) -> Path | None:
    where = _config_folder(folder, path, document)
    found = (where / f"Pulumi.{stack}{suffix}" for suffix in (".yaml", ".yml"))
    return next((each for each in found if each.is_file()), None)


def _section(path: Path | None, section: object) -> list[tuple[str, object]]:
    if section is None:
        return []
    if not isinstance(section, dict):
        where = shown(path) if path else "config"
        reason = f"has a config: that is a {type(section).__name__}, not a mapping"
        raise ProgramError(where, reason)
    return [(str(key), value) for key, value in section.items()]


def _project_config(path: Path, project: str, section: object) -> dict[str, tuple[object, Any]]:
    found: dict[str, tuple[object, Any]] = {}
    if isinstance(section, str):
        return found
    for short, entry in _section(path, section):
        key, value = _full(project, short), entry
        own = key.startswith(f"{project}:")
        if isinstance(value, dict):
            typed = [word for word in _TYPED if word in value]
            if typed and not own:
                reason = f"gives {key} a {typed[0]!r}, which only the project's own keys may have"
                raise ProgramError(shown(path), reason, f"write {key}: {{value: ...}}")
            _check_words(path, key, value)
            value = value.get("value", value.get("default"))
        if value is None and not (isinstance(entry, dict) and own):
            cure = f"write {key}: {{value: ...}}"
            raise ProgramError(shown(path), f"gives {key} no value", cure)
        found[key] = (value, goyaml.project_date)
    return found


def _check_values(path: Path, project: str, layers: Mapping[str, tuple[object, Any]]) -> None:
    """
    Refuse a key that Pulumi.yaml declares without a value, and that nobody gives one.
    """
    for key, (value, date) in layers.items():
        if value is None and date is goyaml.project_date:
            short = key.removeprefix(f"{project}:")
            cure = f"run: pulumi config set {short} VALUE"
            raise ProgramError(shown(path), f"declares {short}, which has no value", cure)


def _check_words(path: Path, key: str, value: Mapping[str, object]) -> None:
    known = (*_TYPED, "value", "description", "secret")
    for word in value:
        if word not in known:
            raise ProgramError(shown(path), f"says {word!r} of {key}", hint(str(word), known))


def _full(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _is_secret(value: object) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_is_secret(item) for item in value.values())
    return isinstance(value, list) and any(_is_secret(item) for item in value)


def _masked(value: object, date: Any) -> str:
    return goyaml.text(_without_secrets(value), date)


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return SECRET
        return {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
