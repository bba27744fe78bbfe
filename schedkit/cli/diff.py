"""
`schedkit diff`: it imports no pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from schedkit.cli.cron import instant_of
from schedkit.cli.group import DONE, REFUSED, json_option, print_json
from schedkit.exceptions import SpecError


if TYPE_CHECKING:
    from datetime import datetime

    from schedkit.recurrence import Cron
    from schedkit.recurrence.diff import Diff

SHOWN = 5  # runs of each kind; --json has 20
COLOURS = {"moved": "yellow", "lost": "red", "added": "green", "kept": None}


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--timezone", default="UTC", show_default=True, metavar="Z")
@click.option("--old-timezone", metavar="Z", help="Of OLD alone.")
@click.option("--new-timezone", metavar="Z", help="Of NEW alone.")
@click.option("--day-rule", type=click.Choice(["any", "all"]))
@click.option("--start", metavar="INSTANT", help="RFC 3339; now, when left out.")
@click.option("--years", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--picture", metavar="FILE", help="Draw the year of --start, as .svg or .png.")
@json_option
def diff(
    old: str,
    new: str,
    day_rule: Literal["any", "all"] | None,
    start: str | None,
    years: int,
    picture: str | None,
    *,
    as_json: bool,
    **zones: Any,
) -> int:
    """
    Compare two crons by when they run; exit with 1 when that differs.

    \b
    schedkit diff "0 1 * * *" "0 2 * * *" --timezone Europe/Berlin
    schedkit diff "@hourly" "@hourly" --old-timezone Asia/Kolkata --picture change.svg
    """  # noqa: D301
    from schedkit.recurrence import Cron
    from schedkit.recurrence.diff import diff as compare

    first, second = (
        Cron(text, timezone=zones[f"{name}_timezone"] or zones["timezone"], day_rule=day_rule)
        for name, text in (("old", old), ("new", new))
    )
    begin = instant_of(start, "--start").replace(microsecond=0)
    found = compare(first, second, begin, _later(begin, years))
    if picture is not None:
        from schedkit import pictures

        pictures.change(first, second, begin.year, picture)
    if as_json:
        crons = {"old": _told(first), "new": _told(second)}
        print_json(crons | found.to_dict())
    else:
        _show(first, second, found)
    return DONE if found.same else REFUSED


def _later(start: datetime, years: int) -> datetime:
    year = start.year + years
    if year > 9999:
        raise SpecError("--years", f"{years} after {start.year} is past 9999", "compare fewer")
    leap_day = (start.month, start.day) == (2, 29)
    return start.replace(year=year, day=28) if leap_day else start.replace(year=year)


def _told(cron: Cron) -> dict[str, str]:
    return {"cron": cron.text, "timezone": cron.timezone, "sentence": cron.explain()}


def _show(old: Cron, new: Cron, found: Diff) -> None:
    click.echo(f"old: {old.explain()}\nnew: {new.explain()}\n{found.sentence}")
    if found.same:
        return
    per_year = found.per_year
    width = max(len(f"{rate:.1f}") for rate in per_year.values())
    for kind, rate in per_year.items():
        _say(kind, f"{kind:<6} {rate:>{width}.1f} a year")
    _runs("lost", "-", [run.isoformat() for run in found.first_lost], found.lost)
    _runs("added", "+", [run.isoformat() for run in found.first_added], found.added)
    moves = [f"{move.old.isoformat()} -> {move.new.isoformat()}" for move in found.first_moved]
    _runs("moved", "~", moves, found.moved)


def _runs(kind: str, mark: str, runs: list[str], count: int) -> None:
    for run in runs[:SHOWN]:
        _say(kind, f"{mark} {run}")
    if count > SHOWN:
        _say(kind, f"{mark} and {count - SHOWN} more {kind}")


def _say(kind: str, text: str) -> None:
    click.secho(text, fg=COLOURS[kind])
