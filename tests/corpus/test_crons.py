"""
Schedules that people run, as found in public, in the words of EventBridge Scheduler.

`crons.tsv` holds the expression, its time zone (UTC where the place names none), the place, and an
answer: `any` or `all` where the text needs one or the place says it, then the text that schedkit
offers instead of one with two meanings.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, takewhile
from pathlib import Path
from typing import NamedTuple

import pytest
from croniter import croniter

import schedkit as sk
from schedkit.exceptions import AmbiguousCronError, NotExpressibleError
from schedkit.recurrence.dialects import Native, together
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.proof import Proof, prove


COUNTS = {
    "rows": 373,
    "expressions": 275,
    "places": 114,
    "time zones": 18,
    "texts with a question": 9,
    "proved with 1 native": 355,
    "proved with 2 natives": 13,
    "refused, schedule.day_rule.all": 5,
    "one ClientRequestToken for two natives": 13,
    "in a zone, proved in UTC": 19,
    "clock changes: unknown": 1,
    "clock changes: EventBridge's own way": 7,
    "in UTC, compared with croniter": 272,
}
REFUSED = [
    "* * */2 * 1",
    "0 0 13 * 5",
    "0 8 15 * TUE",
    "0 8 15-17 * MON",
    "30 18 21-31 * */6",
]
UNKNOWN = [("0 * 1 * *", "America/New_York")]
YEARS = 12  # 1 November is a Sunday, when clocks change, in one of 12 years at least
MONTHS = [datetime(year, month, 1, tzinfo=UTC) for year in (2027, 2028) for month in range(1, 13)]
RUNS = 12  # of each month: croniter takes 0.1 ms for each


class Row(NamedTuple):
    expression: str
    timezone: str
    place: str
    answer: str = ""

    @property
    def rule(self) -> str | None:
        first = self.answer.partition(" ")[0]
        return first if first in {"any", "all"} else None

    @property
    def text(self) -> str:
        return self.answer.removeprefix(self.rule or "").strip() or self.expression

    @property
    def cron(self) -> sk.Cron:
        return sk.Cron(self.text, timezone=self.timezone, day_rule=self.rule)


def _rows() -> list[Row]:
    with Path(__file__).with_name("crons.tsv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert ["expression", "time zone", "found", "answer"] == head
    return [Row(*row) for row in rows]


ROWS = _rows()


@cache
def _compiled(row: Row) -> tuple[tuple[Native, ...], Proof] | str:
    """
    The natives and their proof, or the feature that EventBridge lacks.
    """
    try:
        natives = EVENTBRIDGE.write(row.cron)
    except NotExpressibleError as error:
        return error.feature
    return natives, prove(row.cron, natives, EVENTBRIDGE, years=YEARS)


def _proved() -> list[tuple[Row, tuple[Native, ...], Proof]]:
    found = [(row, _compiled(row)) for row in ROWS]
    return [(row, *each) for row, each in found if not isinstance(each, str)]


def _in_utc() -> list[tuple[Row, tuple[Native, ...]]]:
    return [(row, natives) for row, natives, _ in _proved() if row.timezone == "UTC"]


def _asks(row: Row) -> bool:
    try:
        sk.Cron(row.expression, timezone=row.timezone)
    except AmbiguousCronError:
        return True
    return False


def test_counts() -> None:
    """
    Every schedule is proved or refused with its reason, and no count moves unseen.
    """
    found = Counter(
        f"refused, {each}"
        if isinstance(each, str)
        else f"proved with {len(each[0])} native{'s' if len(each[0]) > 1 else ''}"
        for each in map(_compiled, ROWS)
    )
    proved = _proved()
    counts = {
        "rows": len(set(ROWS)),
        "expressions": len({row.expression for row in ROWS}),
        "places": len({row.place for row in ROWS}),
        "time zones": len({row.timezone for row in ROWS}),
        "texts with a question": sum(map(_asks, ROWS)),
        **found,
        "one ClientRequestToken for two natives": sum(bool(p.doubled) for *_, p in proved),
        "in a zone, proved in UTC": sum(
            row.timezone != "UTC" and {native.timezone for native in natives} == {"UTC"}
            for row, natives, _ in proved
        ),
        "clock changes: unknown": sum(bool(p.unknown) for *_, p in proved),
        "clock changes: EventBridge's own way": sum(bool(p.departures) for *_, p in proved),
        "in UTC, compared with croniter": len(_in_utc()),
    }
    assert dict(sorted(COUNTS.items())) == dict(sorted(counts.items()))


def test_proofs() -> None:
    """
    No native text loses a run or adds one.
    """
    bad = [(row, proof.sentence) for row, _, proof in _proved() if not proof.holds]
    assert [] == bad
    assert {(0, 0)} == {(proof.missing_count, proof.extra_count) for *_, proof in _proved()}


def test_refusals() -> None:
    """
    Only days that are both a date and a weekday, other than an nth weekday, are refused.
    """
    assert REFUSED == sorted(row.expression for row in ROWS if isinstance(_compiled(row), str))


def test_unknown() -> None:
    """
    A schedule of which nobody knows what it does when clocks change is proved for the rest.
    """
    unknown = [(row.expression, row.timezone) for row, _, proof in _proved() if proof.unknown]
    assert UNKNOWN == unknown


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.answer], ids=lambda row: row.expression
)
def test_answers(row: Row) -> None:
    """
    Every answer is one that the question offers; where none is asked, the place itself says `all`.
    """
    try:
        sk.Cron(row.expression, timezone=row.timezone)
    except AmbiguousCronError as error:
        pairs = zip(row.expression.split(), row.text.split(), strict=True)
        new = "".join(new for old, new in pairs if old != new) or f"day_rule={row.rule!r}"
        offered = error.cure
        if offered.endswith("the value alone"):
            offered = re.sub(r"/\d+", "", row.expression).replace("*", "1")
        assert new in offered
    else:
        assert (row.expression, "all") == (row.text, row.rule)


@pytest.mark.parametrize("start", MONTHS, ids="{:%Y-%m}".format)
def test_croniter(start: datetime) -> None:
    """
    In UTC the natives run when another implementation runs the expression: compared are the first
    12 runs of each month of two years.
    """
    end = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
    epoch, stop = int(start.timestamp()), int(end.timestamp())
    wrong = []
    for row, natives in _in_utc():
        readers = [reader for native in natives for reader in EVENTBRIDGE.readers(native)]
        actual = list(islice(together(readers, epoch, stop), RUNS))
        if _croniter(row.text, row.rule, epoch, stop) != actual:
            wrong.append((row, actual))
    assert [] == wrong


@cache
def _croniter(text: str, rule: str | None, epoch: int, stop: int) -> list[int]:
    """
    The first runs of `epoch <= t < stop`.
    """
    runs = croniter(text, epoch - 1, day_or=rule != "all").all_next(float)
    return [int(run) for run in takewhile(lambda run: run < stop, islice(runs, RUNS))]
