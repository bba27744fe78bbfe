"""
`schedkit serve`: what it asks for; `schedkit_local.serve.server` does the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from schedkit.cli.group import DONE
from schedkit.cli.program import config, folder, stack
from schedkit.exceptions import ProgramError, SpecError
from schedkit_local.cli.state import VARIABLE
from schedkit_local.serve.ledger import STATE


PORT = 4178
SHORTEST = 16  # characters of a token, as `schedkit_local.serve.page` has it
PROGRAMS = ("Pulumi.yaml", "Pulumi.yml")
ENDING = ("runs", "live")  # what has no meaning for a service


@click.command()
@folder
@stack
@config
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=VARIABLE,
    metavar="FILE",
    help=f"DIR/{STATE}, when left out; or the variable {VARIABLE}.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    help=f"Of the status page on 127.0.0.1: {PORT}, when left out; 0 is any.",
)
@click.option("--no-page", is_flag=True, help="Serve no status page.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Holds what the page asks for before it changes anything; it is read-only without.",
)
@click.option("--most", type=click.IntRange(1), metavar="N", help="Runs at a time, all in all.")
@click.option("--runs", type=click.IntRange(1), metavar="N", help="End after so many have ended.")
@click.option("--live", is_flag=True, help="Draw what happens, on a terminal.")
@click.option("--systemd", is_flag=True, help="Print a unit file for this, and serve nothing.")
def serve(folder: Path, state: Path | None, *, systemd: bool, **asked: Any) -> int:
    """
    Run the pipelines of the Pulumi program in DIR on this machine, as its schedules say.

    It goes on until Ctrl-C or SIGTERM; runs that go on then are left to go on, and the next
    server finds them again. SIGHUP loads the program again.

    \b
    schedkit serve .
    schedkit serve . --stack prod --state /var/lib/schedkit/shop.db --no-page
    schedkit serve . --stack prod --systemd > shop.service
    """  # noqa: D301
    _check_folder(folder)
    if asked["no_page"] and (asked["port"] is not None or asked["token_file"]):
        raise click.UsageError("--no-page leaves no use for --port and --token-file")
    if systemd:
        from schedkit_local.cli import unit

        wrong = [f"--{name}" for name in ENDING if asked.pop(name)]
        if wrong:
            raise click.UsageError(f"{wrong[0]} has no meaning for a service")
        click.echo(unit.text(folder, state or folder / STATE, **asked), nl=False)
        return DONE
    from schedkit_local.serve import server

    port = PORT if asked["port"] is None else asked["port"]
    return server.serve(
        folder,
        stack=asked["stack"],
        config=asked["config"],
        state=state,
        port=None if asked["no_page"] else port,
        token=_token(asked["token_file"]),
        most=asked["most"],
        runs=asked["runs"],
        live=asked["live"],
        lean=True,
    )


def _check_folder(folder: Path) -> None:
    """
    Refuse a wrong folder before a state file is made in it.
    """
    if not any((folder / name).is_file() for name in PROGRAMS):
        reason = "has no Pulumi.yaml" if folder.is_dir() else "is no folder"
        raise ProgramError(str(folder), reason, "name the folder of a Pulumi program")


def _token(file: Path | None) -> str | None:
    if file is None:
        return None
    culprit = f"--token-file {str(file)!r}"
    try:
        found = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read ({getattr(error, 'strerror', None) or 'no text'})"
        raise SpecError(culprit, reason, "make one: openssl rand -hex 16 > FILE") from None
    if len(found) < SHORTEST:
        reason = f"holds fewer than {SHORTEST} characters, which can be guessed"
        raise SpecError(culprit, reason, "make one: openssl rand -hex 16 > FILE")
    if not (found.isascii() and found.isprintable()):
        reason = "holds more than one line of printable ASCII"
        raise SpecError(culprit, reason, "make one: openssl rand -hex 16 > FILE")
    return found
