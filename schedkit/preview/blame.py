"""
What a program died of, as one sentence that names the line.
"""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from schedkit.exceptions import ProgramError, ProgramTimeoutError, SchedkitError


if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from schedkit.preview.stackfile import Project

_LONGEST = 500
_MEND = "mend the program"


def blame(error: BaseException, project: Project) -> ProgramError:
    """
    The error of a program as a ProgramError: where, what, and a cure where there is one.
    """
    if isinstance(error, pulumi.RunError) and error.__cause__ is not None:
        error = error.__cause__
    reason, cure = _told(error)
    if len(reason) > _LONGEST and not isinstance(error, pulumi.RunError):
        reason = f"{reason[:_LONGEST]}..."
    found = ProgramError(_place(error, project), reason, cure)
    found.__cause__ = error
    return found


def blame_time(frame: FrameType | None, project: Project, seconds: float) -> ProgramTimeoutError:
    """
    The error of a program that did not end; *frame* is where it was.
    """
    stack = traceback.walk_stack(frame) if frame else ()
    lines = [(each.f_code.co_filename, line) for each, line in stack]
    where = _first_inside(lines, project) or _entry(project)
    reason = f"did not end within {seconds:g} s"
    return ProgramTimeoutError(where, reason, "mend the program, or give it more time: --timeout")


def is_own(file: str, project: Project) -> bool:
    """
    Whether a file is the program's, and not of a virtual environment in its folder.
    """
    path = Path(file)
    return path.is_relative_to(project.folder) and "site-packages" not in path.parts


def _told(error: BaseException) -> tuple[str, str]:
    kind = type(error).__name__
    match error:
        case SchedkitError():
            return f"{kind}: {error.culprit}: {error.reason}", error.cure
        case SystemExit():
            return f"the program called sys.exit({_code(error)})", "let it end by itself"
        case SyntaxError():
            return f"{kind}: {error.msg}", _MEND
        case ModuleNotFoundError():
            return f"{kind}: {error}", "install what holds it beside schedkit"
        case pulumi.ConfigMissingError():
            return f"config {error.key} is not set", f"give it: --config {error.key}=VALUE"
        case pulumi.RunError():
            return str(error), ""
        case _:
            text = " ".join(str(error).split())
            return f"{kind}: {text}" if text else kind, _MEND


def _code(error: SystemExit) -> str:
    return "" if error.code is None else repr(error.code)


def _place(error: BaseException, project: Project) -> str:
    for each in _chain(error):
        if isinstance(each, SyntaxError) and each.filename:
            where = _first_inside([(each.filename, each.lineno or 1)], project)
            if where:
                return where
        frames = traceback.walk_tb(each.__traceback__)
        lines = [(frame.f_code.co_filename, line) for frame, line in frames]
        where = _first_inside(lines[::-1], project)
        if where:
            linecache.clearcache()
            return where
    return _entry(project)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _first_inside(lines: list[tuple[str, int]], project: Project) -> str:
    for file, line in lines:
        if is_own(file, project):
            return f"{project.shown(Path(file))}:{line}"
    return ""


def _entry(project: Project) -> str:
    return project.shown(project.main / "__main__.py" if project.main.is_dir() else project.main)
