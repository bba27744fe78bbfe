"""
`schedkit translate` and `schedkit read`: they import no pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from schedkit.cli.cron import cron_of, cron_options, instant_of
from schedkit.cli.group import DONE, REFUSED, json_option, print_json


if TYPE_CHECKING:
    from schedkit.recurrence import When
    from schedkit.translation import Translation

ALL = "all"
_COLOURS = {"exact": "green", "emulated": "yellow", "refused": "red"}
picture_option = click.option(
    "--picture", metavar="FILE", help="Draw its year and its days into an .svg or .png."
)


def _fields(_: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found = dict(value.partition("=")[::2] for value in values)
    if not all("=" in value for value in values):
        raise click.UsageError(f"{option.opts[0]}: write NAME=VALUE")
    return found


@click.command()
@cron_options
@click.option("--to", "to", required=True, metavar="DIALECT", help="One of them, or: all.")
@click.option("--start", metavar="INSTANT", help="No run before it; RFC 3339.")
@click.option("--end", metavar="INSTANT", help="No run from it on; RFC 3339.")
@click.option(
    "--assume",
    multiple=True,
    metavar="FACT",
    help="An undocumented fact that you vouch for, by the name that a refusal gives it.",
)
@picture_option
@json_option
def translate(
    to: str,
    start: str | None,
    end: str | None,
    assume: tuple[str, ...],
    picture: str | None,
    *,
    as_json: bool,
    **asked: Any,
) -> int:
    """
    CRON in another platform's words, with the proof that both fire at the same instants.

    Where it cannot be kept, it says why, and which schedules near it can. Exits with 1 then; with
    `--to all`, when no dialect can keep it.

    \b
    schedkit translate "0 9 1 * 1" --to eventbridge
    schedkit translate "30 2 * * *" --timezone Europe/Berlin --to all
    schedkit translate "0 9 1 * 1" --to vertex --assume vertex.day_rule
    """  # noqa: D301
    from schedkit.recurrence import Window
    from schedkit.translation import attempt, dialects

    when: When = cron_of(**asked)
    if start or end:
        when = Window(when, start, end)
    _draw(when, picture)
    if to != ALL:
        return _one(attempt(when, to, assume=assume), assume, as_json=as_json)
    found = [attempt(when, name, assume=assume) for name in dialects()]
    if as_json:
        print_json([each.to_dict() for each in found])
    else:
        _table(found)
    return DONE if any(each.holds for each in found) else REFUSED


def _one(found: Translation, assume: tuple[str, ...], *, as_json: bool) -> int:
    from schedkit.translation import nearest

    near = None if found.holds else nearest(found, assume=assume)
    if as_json:
        more = {} if near is None else near.to_dict()
        print_json({**found.to_dict(), **more})
        return DONE if found.holds else REFUSED
    for native in found.natives if found.holds else ():
        click.secho(str(native), bold=True)
    if found.holds:
        click.echo(found.sentence)
    for finding in found.findings:
        if finding.verdict != "exact" and finding.reason not in found.sentence.split("; "):
            click.secho(finding.sentence, fg=_COLOURS[finding.verdict])
    for other in near.alternatives if near else ():
        click.echo(f"nearest: {other.sentence}")
        for native in other.natives:
            click.echo(f"         {native}")
    if near and not near.alternatives:
        click.echo(f"nearest: none, for {near.reason}")
    return DONE if found.holds else REFUSED


def _table(found: list[Translation]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for header in ("dialect", "native", "what is said of it"):
        table.add_column(header, overflow="fold")  # a native may be copied
    for each in found:
        natives = "\n".join(map(str, each.natives)) if each.holds else "refused"
        notes = [f.sentence for f in each.findings if f.verdict == "emulated"]
        said = "\n".join([each.sentence, *(notes if each.holds else ())])
        table.add_row(each.dialect, Text(natives, "green" if each.holds else "red"), Text(said))
    Console().print(table)


@click.command()
@click.argument("dialect", metavar="DIALECT")
@click.argument("text", metavar="TEXT")
@click.option("--timezone", metavar="Z", help="The time zone that stands beside the text.")
@click.option(
    "--with",
    "more",
    multiple=True,
    callback=_fields,
    metavar="NAME=VALUE",
    help="What else stands beside it, by the platform's names: StartDate=2026-01-01T00:00:00Z.",
)
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=5, show_default=True)
@click.option("--after", metavar="INSTANT", help="RFC 3339; now, when left out.")
@picture_option
@json_option
def read(
    dialect: str,
    text: str,
    timezone: str | None,
    more: dict[str, str],
    count: int,
    after: str | None,
    picture: str | None,
    *,
    as_json: bool,
) -> int:
    """
    What TEXT means on its platform: in English, its next runs, and its portable form.

    \b
    schedkit read eventbridge "cron(0 9 ? * 2-6 *)"
    schedkit read systemd "Mon..Fri *-*-* 09:00:00 Europe/Berlin"
    schedkit read vertex "TZ=UTC 0 9 * * *" --with startTime=2026-01-01T00:00:00Z
    """  # noqa: D301
    from schedkit.recurrence.spell import spelled
    from schedkit.translation import read as read_native

    when = read_native(dialect, text, timezone=timezone, more=more)
    _draw(when, picture)
    runs = [run.isoformat() for run in when.next(count, after=instant_of(after))]
    portable = spelled(when)
    if as_json:
        told = {"sentence": when.explain(), "next": runs, "portable": portable}
        print_json({"dialect": dialect, "text": text, **told})
    else:
        click.echo(when.explain())
        for run in runs or ["no further run"]:
            click.echo(f"  {run}")
        click.secho(portable, bold=True)
    return DONE


def _draw(when: When, file: str | None) -> None:
    if file is None:
        return
    from schedkit.pictures import year
    from schedkit.recurrence.compare import data_year

    year(when, data_year(), file)
