"""
What a program may change in the process, and how it is put back.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from schedkit import deploy


if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from schedkit.preview.stackfile import Project

LONGEST = 64 * 1024
"""Bytes that are kept of what a program prints."""

_SITE = ("site-packages", "dist-packages")


class Tail(io.RawIOBase):
    """
    Keeps the end of what is written.
    """

    def __init__(self) -> None:
        self.kept = bytearray()
        self.lost = 0
        self.stop: type[BaseException] | None = None

    def writable(self) -> bool:
        """
        Always.
        """
        return True

    def write(self, data: object) -> int:
        """
        Take all of it, forget the oldest; raise what is to stop the writer.
        """
        if self.stop is not None:
            raise self.stop
        size = len(self.kept)
        self.kept += data  # type: ignore[arg-type]
        written = len(self.kept) - size
        if len(self.kept) > 2 * LONGEST:
            self._trim()
        return written

    def text(self) -> str:
        """
        The end, and how much went before it.
        """
        self._trim()
        end = self.kept.decode("utf-8", "replace")
        return f"... ({self.lost} bytes)\n{end}" if self.lost else end

    def _trim(self) -> None:
        over = max(0, len(self.kept) - LONGEST)
        self.lost += over
        del self.kept[:over]


@contextmanager
def isolated(project: Project) -> Iterator[Tail]:
    """
    A process that looks to the program as the CLI's language host does, put back at the end.

    That is the working folder, `sys.path`, `sys.argv`, the environment, the streams, and the
    modules of the program's own folder.
    """
    tail = Tail()
    stream = io.TextIOWrapper(cast("Any", tail), "utf-8", "replace", write_through=True)
    state = (os.getcwd(), sys.path[:], sys.argv, dict(os.environ))  # noqa: PTH109
    streams = (sys.stdin, sys.stdout, sys.stderr)
    home = project.main if project.main.is_dir() else project.main.parent
    hidden = _hide(str(home))
    before = set(sys.modules)
    asyncio_log = logging.getLogger("asyncio")
    level = asyncio_log.level
    try:
        os.chdir(project.folder)
        sys.path.insert(0, str(home))
        sys.argv = [str(project.main)]
        for name in [name for name in os.environ if name.startswith("PULUMI_CONFIG")]:
            del os.environ[name]
        asyncio_log.setLevel(logging.CRITICAL)
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(), stream, stream
        yield tail
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        asyncio_log.setLevel(level)
        os.chdir(state[0])
        sys.path[:], sys.argv = state[1], state[2]
        if dict(os.environ) != state[3]:
            os.environ.clear()
            os.environ.update(state[3])
        _forget(str(project.folder), before)
        sys.modules |= hidden
        sys.path_importer_cache.pop(str(home), None)


def _hide(home: str) -> dict[str, ModuleType]:
    """
    Take away loaded modules that bear the names of the program's own.
    """
    own = set()
    for entry in os.scandir(home):
        name, dot, suffix = entry.name.partition(".")
        is_package = entry.is_dir() and os.path.exists(f"{entry.path}/__init__.py")  # noqa: PTH110
        if (dot and suffix == "py") or is_package:
            own.add(name)
    own.discard("__main__")
    hidden = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] in own and not _inside(module, home)
    }
    for name in hidden:
        del sys.modules[name]
    return hidden


def _forget(folder: str, before: set[str]) -> None:
    """
    Drop what the program imported from its own folder, but not from a virtual environment in it.
    """
    own = [name for name in set(sys.modules) - before if _inside(sys.modules[name], folder)]
    for name in own:
        del sys.modules[name]
    if own:
        deploy.load.cache_clear()  # a class of the program's own may be among them


def _inside(module: ModuleType, folder: str) -> bool:
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
    inner = file.removeprefix(f"{folder}{os.sep}")
    return inner != file and not any(site in inner for site in _SITE)
