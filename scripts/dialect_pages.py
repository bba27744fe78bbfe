"""
Write docs/reference/dialects/*.md from the dialects themselves: every cell comes from a run.

`python scripts/dialect_pages.py` writes them; with `--check` it writes nothing, names the pages
that are old, and ends with 1 if there are any. The horizon begins with 2026, whatever the time
zone data of the machine.
"""

from __future__ import annotations

import pathlib
import re
import sys
from typing import TYPE_CHECKING
from unittest.mock import patch

from schedkit.exceptions import SchedkitError
from schedkit.recurrence import (
    Calendar,
    Cron,
    Every,
    LastDay,
    LastWeekday,
    NearestWeekday,
    NthWeekday,
    Once,
    When,
    Window,
    jitter,
)
from schedkit.translation import attempt, dialect, dialects, nearest, read


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.dialects import Dialect

FOLDER = pathlib.Path(__file__).parents[1] / "docs" / "reference" / "dialects"
YEAR = 2026
NEW_YEAR = "2030-01-01T00:00:00Z"
FEATURES: dict[str, When] = {
    "lists and ranges": Cron("0 9 * * 1-5"),
    "`*/15` minutes": Cron("*/15 * * * *"),
    "`*/7` minutes, which do not divide the hour": Cron("*/7 * * * *"),
    "`a-b/n`": Cron("10-50/20 9 * * *"),
    "`*/n` weekdays": Cron("0 9 * * */2"),
    "`*/n` days": Cron("0 0 */2 * *"),
    "day or weekday": Cron("0 9 1 * 1"),
    "day and weekday": Calendar(minutes=0, hours=9, days=13, weekdays="FRI", day_rule="all"),
    "Sunday as 7": Cron("0 9 * * 7"),
    "names": Cron("0 9 * JAN MON"),
    "macros": Cron("@monthly"),
    "a set of months": Cron("0 9 1 1,4,7,10 *"),
    "last day": Calendar(minutes=0, hours=9, days=LastDay()),
    "nth weekday": Calendar(minutes=0, hours=9, weekdays=NthWeekday("MON", 2)),
    "last weekday": Calendar(minutes=0, hours=9, weekdays=LastWeekday("FRI")),
    "nearest weekday": Calendar(minutes=0, hours=9, days=NearestWeekday(15)),
    "an interval that divides a day": Every("90m", NEW_YEAR),
    "an interval that does not": Every("7m", NEW_YEAR),
    "once": Once("2030-05-05T10:00:00Z"),
    "start and end": Window(Cron("0 9 * * *"), start=NEW_YEAR, end="2031-01-01T00:00:00Z"),
    "jitter": jitter.offset(Cron("0 9 * * *"), 600, "docs")[1],
    "a zone of one offset": Cron("0 9 * * 1", "Asia/Tokyo"),
    "a zone with summer time": Cron("0 9 * * *", "Europe/Berlin"),
    "a time that clocks skip and repeat": Cron("30 2 * * *", "Europe/Berlin"),
    "every hour through a repeated one": Cron("0 * * * *", "Europe/Berlin"),
}
POSIX = (
    "0 9 * * 1",
    "0 9 * * 0",
    "0 9 * * 7",
    "0 9 * * MON",
    "0 9 1 * 1",
    "0 0 */2 * *",
    "0 9 */2 * 1",
    "5/15 9 * * *",
    "0 9 * * FRI-MON",
    "@daily",
)


def main() -> int:
    """
    Write every page, or check them.
    """
    with (
        patch("schedkit.recurrence.compare.data_year", lambda: YEAR),
        patch("schedkit.recurrence.proof.data_year", lambda: YEAR),
    ):
        made = pages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    old = [name for name in {**made, **written} if made.get(name) != written.get(name)]
    if "--check" in sys.argv:
        print("\n".join(f"{name} is old: run python scripts/dialect_pages.py" for name in old))
        return int(bool(old))
    for name in old:
        if name in made:
            (FOLDER / name).write_text(made[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    return 0


def pages() -> dict[str, str]:
    """
    Return file name -> text of all pages.
    """
    found = {"index.md": "\n".join(_index()) + "\n"}
    for name in dialects():
        found[f"{name}.md"] = "\n".join(_page(dialect(name))) + "\n"
    return found


def _index() -> Iterator[str]:
    yield "# Dialects"
    yield ""
    yield "What each platform can say, found by translating one schedule of each kind:"
    yield "the number of native schedules it takes,"
    yield "**opt-in** where it rests on something that the platform does not document,"
    yield "**no** where it is refused."
    yield "A star marks instants at clock changes on which the platform is silent or differs."
    yield "Each page has the texts, the refusals and their nearest alternatives."
    yield ""
    names = dialects()
    yield f"| | {' | '.join(f'[{name}]({name}.md)' for name in names)} |"
    yield f"|---|{'---|' * len(names)}"
    for label, when in FEATURES.items():
        yield f"| {label} | {' | '.join(_cell(when, name) for name in names)} |"


def _cell(when: When, name: str) -> str:
    found = attempt(when, name)
    if not found.holds:
        return "opt-in" if attempt(when, name, assume=dialect(name).unknown).holds else "no"
    proof = found.proof
    unsure = proof is not None and (proof.unknown or proof.departures)
    return f"{len(found.natives)}{'*' if unsure else ''}"


def _page(language: Dialect) -> Iterator[str]:
    yield f"# {language.name}"
    yield ""
    yield from re.split(r"(?<=\.) (?=[A-Z])", " ".join((type(language).__doc__ or "").split()))
    yield ""
    yield f"Source: <{language.url}>"
    yield ""
    yield from _facts(language)
    yield "## What it can say"
    yield ""
    yield "| asked for | native | proof |"
    yield "|---|---|---|"
    refused = []
    for label, when in FEATURES.items():
        found = attempt(when, language.name)
        if found.holds:
            natives = "<br>".join(f"`{_escaped(native)}`" for native in found.natives)
            yield f"| {label} | {natives} | {_untimed(found.sentence)} |"
        else:
            refused.append((label, found))
    yield ""
    yield "## What it cannot say"
    yield ""
    for label, found in refused:
        reasons = "; ".join(f.reason for f in found.findings if f.verdict == "refused")
        yield f"- **{label}**: {_untimed(reasons)}."
        near = nearest(found)
        for other in near.alternatives[:1]:
            yield f"  Nearest: {other.sentence}"
        if not near.alternatives:
            yield f"  Nearest: none, for {near.reason}."
    if not refused:
        yield "Nothing of the above."
    yield ""
    yield "## How it differs from POSIX cron"
    yield ""
    yield "What the platform makes of the very same text, in UTC:"
    yield ""
    yield "| text | here |"
    yield "|---|---|"
    for text in POSIX:
        yield f"| `{text}` | {_escaped(_read(language, text))} |"


def _facts(language: Dialect) -> Iterator[str]:
    dst = language.dst
    told = "not documented" if dst is None else f"gap `{dst.gap}`, repeated hour `{dst.fold}`"
    yield f"- When clocks change: {told}."
    token = f"`{language.token}` makes them one" if language.token else "each starts its own"
    yield f"- Two native schedules at one instant: {token}."
    for fact, sentence in language.unknown.items():
        yield f"- Unknown, `{fact}`: {sentence}."
    yield ""


def _read(language: Dialect, text: str) -> str:
    try:
        return read(language.name, text, timezone="UTC").explain()
    except SchedkitError as error:
        return f"refused: {error.reason}"


def _escaped(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _untimed(sentence: str) -> str:
    """
    The sentence without what new time zone data would change.
    """
    return _escaped(sentence).partition(" (tzdata")[0]


if __name__ == "__main__":
    sys.exit(main())
