"""
The `schedkit` command.

What a command needs is imported when it runs: `next` and `explain` must not import pulumi.
"""

from __future__ import annotations

import click

from schedkit.cli import cron, diff, program, translate
from schedkit.cli.group import DONE, REFUSED, Commands, json_option, print_json
from schedkit.exceptions import SchedkitError


__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="schedkit", message="schedkit %(version)s")
def main() -> None:
    """
    Write an ML pipeline and its schedule once, and run it on any platform: exactly, or not at all.

    \b
    schedkit explain "0 9 * * 1-5"     what a cron text says
    schedkit translate "0 9 1 * 1" --to eventbridge
    schedkit plan .                    what a Pulumi program would make, and the proof
    schedkit run .                     run its pipeline on this machine
    schedkit serve .                   and whenever its schedule says so
    """  # noqa: D301, click's mark


@main.command()
@json_option
def backends(*, as_json: bool) -> int:
    """
    The installed backends, where each comes from, and whether it loads.

    \b
    schedkit backends --json
    """  # noqa: D301
    from schedkit import registry

    rows = []
    for name, entry in registry.installed().items():
        row = {"name": name, "distribution": "", "version": "", "error": ""}
        if entry.dist is not None:
            row |= {"distribution": entry.dist.name, "version": entry.dist.version}
        try:
            registry.load(name)
        except SchedkitError as error:
            row["error"] = str(error)
        rows.append(row)
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("none; try: pip install 'schedkit[kubernetes,local]'")
    else:
        width = max(len(row["name"]) for row in rows)
        for row in rows:
            where = f"{row['distribution']} {row['version']}"
            click.echo(f"{row['name']:<{width}}  {where}  {row['error'] or 'loads'}")
    return REFUSED if any(row["error"] for row in rows) else DONE


for _command in (
    program.plan,
    program.run,
    cron.next_runs,
    cron.explain,
    translate.translate,
    translate.read,
    diff.diff,
):
    main.add_command(_command)
