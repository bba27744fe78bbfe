"""
Commands that other distributions bring, found through entry points: none is loaded to be listed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import click

from schedkit.exceptions import CommandLoadError, MissingExtraError


if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "schedkit.commands"
EXTRAS = dict.fromkeys(
    ("backfill", "cancel", "logs", "pause", "reload", "resume", "runs", "serve", "trigger"),
    "local",
)
"""Command -> the extra of schedkit that brings it; what is not installed is known by name."""


@cache
def found() -> dict[str, tuple[EntryPoint, ...]]:
    """
    Name -> those who claim it, by name.
    """
    from importlib.metadata import entry_points  # 40 ms that `schedkit next` can do without

    claims: dict[str, dict[str, EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        claims.setdefault(entry.name, {})[entry.value] = entry
    return {name: tuple(claims[name].values()) for name in sorted(claims)}


def load(name: str) -> click.Command | None:
    """
    The command of that name; None where nobody ever heard of it.

    Raises:
        CommandLoadError: It is installed and broken, or two distributions claim it.
        MissingExtraError: It is one of ours that is not installed.
    """
    entries = found().get(name, ())
    if not entries and name in EXTRAS:
        extra = EXTRAS[name]
        cure = f"pip install 'schedkit[{extra}]'"
        raise MissingExtraError(f"`{name}`", f"needs schedkit-{extra}", cure)
    if not entries:
        return None
    owners = [entry.dist.name if entry.dist else entry.value for entry in entries]
    if len(entries) > 1:
        reason = f"is claimed by {' and by '.join(owners)}"
        raise CommandLoadError(f"command {name!r}", reason, "uninstall one of them")
    culprit = f"command {name!r} of {owners[0]}"
    try:
        command = entries[0].load()
    except Exception as error:
        reason = f"cannot be loaded: {type(error).__name__}: {error}"
        raise CommandLoadError(culprit, reason, f"reinstall {owners[0]}") from error
    if not isinstance(command, click.Command):
        reason = f"{entries[0].value} is no click.Command"
        raise CommandLoadError(culprit, reason, f"tell the author of {owners[0]}")
    return command
