"""
The backends that are installed, found through entry points; none is loaded to be listed.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from schedkit.backend import Backend
from schedkit.exceptions import BackendLoadError, UnknownBackendError
from schedkit.inputs import hint


GROUP = "schedkit.backends"


@cache
def installed() -> dict[str, EntryPoint]:
    """
    Name -> entry point, sorted by name; nothing is loaded.

    Raises:
        BackendLoadError: Two distributions claim one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            reason = f"is claimed by {_distribution(other)} and by {_distribution(entry)}"
            raise BackendLoadError(f"backend {entry.name!r}", reason, "uninstall one of them")
    return found


@cache
def load(name: str) -> type[Backend]:
    """
    The backend's class.

    Raises:
        UnknownBackendError: None of that name is installed.
        BackendLoadError: It is installed and broken.
    """
    found = installed()
    if name not in found:
        there = f"installed: {', '.join(found) or 'none'}"
        cure = hint(name, found) if name else ""
        cure = cure if cure.startswith("did you mean") else f"try: pip install schedkit-{name}"
        raise UnknownBackendError(f"backend {name!r}", f"is not installed ({there})", cure)
    entry = found[name]
    culprit = f"backend {name!r} of {_distribution(entry)}"
    try:
        kind = entry.load()
    except Exception as error:
        reason = f"cannot be loaded: {type(error).__name__}: {error}"
        raise BackendLoadError(culprit, reason, f"reinstall {_distribution(entry)}") from error
    is_backend = isinstance(kind, type) and issubclass(kind, Backend)
    if not is_backend or getattr(kind, "name", None) != name:
        reason = f"{entry.value} is no schedkit.Backend of that name"
        raise BackendLoadError(culprit, reason, f"tell the author of {_distribution(entry)}")
    return cast("type[Backend]", kind)


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value
