"""
How every command ends: with a sentence, and with an exit code that is honest.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn

import click

from schedkit.cli import installed
from schedkit.exceptions import RunFailedError, SchedkitError, UnsupportedError


if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, REFUSED, WRONG, INTERRUPTED = 0, 1, 2, 130
PROGRAM = "schedkit-program"
"""The name of the thread of a previewed program."""

_SHOWN_LINES = 10


class Commands(click.Group):
    """
    A group of commands that never print a traceback.
    """

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """
        Run a command and exit with 0 (done), 1 (refused or failed), 2 (wrong) or 130 (Ctrl-C).

        With `SCHEDKIT_TRACEBACK` set, an error is raised as it is.
        """
        extra |= {"args": args, "prog_name": prog_name, "standalone_mode": False}
        if not standalone_mode:
            return super().main(**extra)
        words = sys.argv[1:] if args is None else args
        try:
            code = super().main(**extra) or DONE
        except BaseException as error:
            if os.environ.get("SCHEDKIT_TRACEBACK") and not isinstance(
                error, click.ClickException
            ):
                raise
            code = end(error, as_json="--json" in words)
        return leave(code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """
        Our own and the installed ones, by name.
        """
        return sorted({*super().list_commands(ctx), *installed.found()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """
        Ours, which come first; or else an installed one, which is imported now.
        """
        return super().get_command(ctx, cmd_name) or installed.load(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        One line for each, also for one that cannot be loaded.
        """
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._line(ctx, name, room)) for name in names])

    def _line(self, ctx: click.Context, name: str, room: int) -> str:
        try:
            command = self.get_command(ctx, name)
        except SchedkitError as error:
            return error.reason
        return command.get_short_help_str(room) if command else ""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """
        Find the command, or say which one was meant.
        """
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from schedkit.inputs import hint

            known = {*self.list_commands(ctx), *installed.EXTRAS}
            message = f"{args[0]!r} is no command; {hint(args[0], known)}"
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)


def end(error: BaseException, *, as_json: bool) -> int:
    """
    Say what went wrong; return the exit code.
    """
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else WRONG
        case KeyboardInterrupt() | click.Abort():
            code, sentence = INTERRUPTED, "interrupted"
        case click.ClickException():
            code, sentence = WRONG, " ".join(error.format_message().split())
        case UnsupportedError() | RunFailedError():
            code, sentence = REFUSED, str(error)
        case SchedkitError():
            code, sentence = WRONG, str(error)
        case _:
            where = "this is a bug of schedkit: SCHEDKIT_TRACEBACK=1 shows where"
            code, sentence = WRONG, f"{type(error).__name__}: {error}; {where}"
    _say(sentence, getattr(error, "__notes__", ()))
    if as_json:
        names = ("culprit", "reason", "cure")
        parts = {name: getattr(error, name, "") for name in names}
        print_json({"error": {"type": type(error).__name__, "sentence": sentence, **parts}})
    return code


def _say(sentence: str, notes: tuple[str, ...] | list[str]) -> None:
    click.echo(f"error: {sentence}", err=True)
    for note in notes:
        click.echo("the program printed:", err=True)
        for line in note.splitlines()[-_SHOWN_LINES:]:
            click.echo(f"  {line[:200]}", err=True)


def leave(code: int) -> NoReturn:
    """
    Exit, also past a program that cannot be stopped.
    """
    if any(thread.name == PROGRAM for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def pairs(_: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """
    A callback for options that are written KEY=VALUE, any number of times.
    """
    found = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not key or not equals:
            raise click.UsageError(f"{option.opts[0]} {value!r}: write KEY=VALUE")
        found[key] = text
    return found


def print_json(document: object) -> None:
    """
    Print one JSON document.
    """
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
