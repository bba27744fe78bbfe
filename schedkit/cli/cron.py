"""
`schedkit next` and `schedkit explain`: they import no pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from schedkit.cli.group import DONE, json_option, print_json
from schedkit.exceptions import SpecError


if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from schedkit.recurrence import Cron


def cron_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """
    Add what `cron_of` reads.
    """
    for option in (
        click.option("--fold", type=click.Choice(["first", "second", "both"])),
        click.option("--gap", type=click.Choice(["skip", "next", "shift"])),
        click.option("--day-rule", type=click.Choice(["any", "all"])),
        click.option("--timezone", default="UTC", show_default=True, metavar="Z"),
        click.argument("text", metavar="CRON"),
    ):
        command = option(command)
    return command


def cron_of(
    text: str,
    timezone: str,
    day_rule: Literal["any", "all"] | None,
    gap: Literal["skip", "next", "shift"] | None,
    fold: Literal["first", "second", "both"] | None,
) -> Cron:
    """
    The schedule that the options of a command describe.
    """
    from schedkit.recurrence import Cron, Dst

    dst = Dst(gap=gap or "skip", fold=fold or "both") if gap or fold else None
    return Cron(text, timezone=timezone, dst=dst, day_rule=day_rule)


@click.command(name="next")
@cron_options
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=5, show_default=True)
@click.option("--after", metavar="INSTANT", help="RFC 3339; now, when left out.")
@json_option
def next_runs(count: int, after: str | None, *, as_json: bool, **asked: Any) -> int:
    """
    The next instants at which CRON fires, on the wall clock of its zone.

    \b
    schedkit next "0 1 * * *" --timezone Europe/Berlin -n 3
    schedkit next "30 2 * * *" --timezone America/New_York --gap next --fold first
    """  # noqa: D301
    cron = cron_of(**asked)
    runs = [run.isoformat() for run in cron.next(count, after=instant_of(after))]
    if as_json:
        print_json({"cron": cron.text, "timezone": cron.timezone, "next": runs})
    else:
        click.echo("\n".join(runs) or "none")
    return DONE


@click.command()
@cron_options
@json_option
def explain(*, as_json: bool, **asked: Any) -> int:
    """
    One English sentence that says what CRON means.

    \b
    schedkit explain "*/15 9-17 * * 1-5" --timezone Europe/Berlin
    """  # noqa: D301
    cron = cron_of(**asked)
    sentence = cron.explain()
    if as_json:
        print_json({"cron": cron.text, "timezone": cron.timezone, "sentence": sentence})
    else:
        click.echo(sentence)
    return DONE


def instant_of(text: str | None, option: str = "--after") -> datetime:
    """
    The instant that an option names; now, when it is left out.
    """
    from datetime import UTC, datetime

    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        cure = "write it as 2026-01-01T09:00:00+01:00"
        raise SpecError(f"{option} {text!r}", "is no RFC 3339 instant", cure) from None
    if found.tzinfo is None:
        raise SpecError(f"{option} {text!r}", "has no offset from UTC", f"write {text}Z")
    return found
