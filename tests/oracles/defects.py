"""
Which questions the known defects of the oracles spoil; `defects.md` has their vectors.

The dialect "cron" is read as robfig reads it: two day fields join with OR. What robfig, Quartz and
systemd say of their own dialects spoils nothing: they are the platform, and ours does as they do.
"""

from __future__ import annotations

import functools
import re
import zoneinfo
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import attrs
from runner import Answer, Broken, Question, Rejected


NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
VALUES = {name: place for names in (NAMES, MONTHS) for place, name in enumerate(names)}
CLOCKS = range(1_293_840_000, 1_956_528_000, 86_400)  # days of 2011 to 2031


def numbers(text: str, mark: str) -> list[list[int]]:
    """
    The numbers and names that stand around each chain of a mark: `5-1` gives [[5, 1]].
    """
    chains = re.findall(rf"\w+(?:{mark}\w+)+", text.upper().removeprefix("CRON("))
    return [
        [int(word) if word.isdigit() else VALUES.get(word, 0) for word in chain.split(mark)]
        for chain in chains
    ]


def has_reversed(text: str) -> bool:
    """
    Whether a range ends before it starts: `22-2`, `FRI-MON`.
    """
    return any(first > last for first, last, *_ in numbers(text, "-"))


def has_unsorted(text: str) -> bool:
    """
    Whether a list is out of order: `30,0`, `5-6,1-2`.
    """
    firsts = re.sub(r"[-/][^-,/ ]+", "", text)
    return any(chain != sorted(chain) for chain in numbers(firsts, ","))


BOTH_DAYS = r"^cron\(\S+ \S+ [^?]\S* \S+ [^?]"
LATE_DAY = r"^cron\(\S+ \S+ [^ ?L]*(29|3[01]|/)"
STEP_IN_LIST = r"/[^ ]*,|,[^ ]*/"
SIX_FIELDS = r"^\S+( \S+){5}$"

# oracle: (texts it spoils, why, as in defects.md)
SPOILED: dict[str, tuple[tuple[str | Callable[[str], bool], str], ...]] = {
    "quartz-aws": (
        (has_reversed, "wraps a reversed range, of which Amazon says nothing"),
        (r"^cron\(\S+( \S+){4}\)$", "takes five fields; Amazon wants the year"),
        (r"(?i)[a-z]{3}/", "drops a step after a name"),
    ),
    "croniter": (
        (r"\b(\w+)-\1\b", "takes a range of one for the whole field"),
        (has_reversed, "wraps a reversed range"),
        (SIX_FIELDS, "takes a sixth field for seconds, and the last one at that"),
    ),
    "cronsim": (
        (
            r"^\S+ \S+ (\*/\S+ \S+ [^*?\s]|[^*?\s]\S* \S+ \*/|\*/\S+ \S+ \*/)",
            "joins two day fields with AND when one begins with a star, as Vixie cron does",
        ),
        (r"\b(\w+)-\1/", "steps on to the end of the field from a range of one"),
        (SIX_FIELDS, "takes a sixth field for seconds"),
    ),
    "cron-parser": ((SIX_FIELDS, "takes a sixth field for seconds"),),
    "croner": (
        (
            r"/(1[3-9]|[2-9]\d|\d{3})|/([89]|\d\d)\d*$",
            "refuses a step larger than the field",
        ),
        (r"(^|[ ,])\d+/", "refuses a step after a number"),
    ),
    "pyawscron": (
        (LATE_DAY, "breaks in a month that lacks a listed day"),
        (has_reversed, "breaks on a reversed range"),
        (r"#5|W", "gives up on runs that are years apart"),
        (rf"LW|{STEP_IN_LIST}", "refuses LW, and a list with a step"),
        (BOTH_DAYS, "takes both day fields and numbers out of range"),
    ),
    "aws-cron-parser": (
        (LATE_DAY, "rolls a day that a month lacks over into the next"),
        (has_unsorted, "wants lists in order"),
        (has_reversed, "breaks on a reversed range"),
        (STEP_IN_LIST, "drops what follows a step in a list"),
        (r"(29|3[01]|L)W", "rolls 31W over where a month has 30 days, and breaks on LW"),
        (r"#5|W", "gives up on runs that are years apart"),
        (rf"#.*,|{BOTH_DAYS}", "takes both day fields, and lists of nth weekdays"),
    ),
    "aws-cron-expression-validator": (
        (r"\*-", "takes a star in a range"),
        (has_reversed, "takes a reversed range"),
        (r"^cron\((\S+ ){4}\S*/", "refuses a step of weekdays"),
    ),
}


def spoiled(oracle: str, text: str) -> str:
    """
    Why an oracle's answer to a text says nothing, or "".
    """
    for texts, why in SPOILED.get(oracle, ()):
        if texts(text) if callable(texts) else re.search(texts, text):
            return why
    return ""


@functools.cache
def changes(zone: str) -> tuple[tuple[int, int], ...]:
    """
    The instants from 2011 to 2031 at which a zone's clocks move, and by how many seconds.
    """
    data = zoneinfo.ZoneInfo(zone)

    def offset(epoch: int) -> int:
        return int(datetime.fromtimestamp(epoch, data).utcoffset().total_seconds())

    found = []
    for day in CLOCKS:
        low, high = day, day + CLOCKS.step
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if offset(middle) == offset(high) else (middle, high)
        found.append((high, offset(high) - offset(low)))
    return tuple(found)


def undisputed(runs: Sequence[int], zone: str) -> list[int]:
    """
    Runs without those whose wall time comes twice, and those between a gap's end and its width
    later: the oracles disagree there, each in its own way (facts of DST stand in `defects.md`).
    """
    moved = changes(zone)
    starts = [epoch - max(0, -by) for epoch, by in moved]
    stops = [epoch + abs(by) + (by > 0) for epoch, by in moved]
    return [
        run
        for run, place in ((run, bisect_right(starts, run) - 1) for run in runs)
        if place < 0 or run >= stops[place]
    ]


def same(one: Answer, other: Answer, zone: str) -> bool:
    """
    Whether two answers have the same undisputed runs, as far as both go.
    """
    if not isinstance(one, list) or not isinstance(other, list):
        return type(one) is type(other)
    if not (one and other):
        return one == other
    end = min(one[-1], other[-1])
    first, second = ([run for run in runs if run <= end] for runs in (one, other))
    return undisputed(first, zone) == undisputed(second, zone)


@attrs.frozen
class Vector:
    """
    A row of `defects.md`: local times as `2026-03-29T03:00+02`, two or more from *start* on.

    An answer may also be "never", "rejected", "accepted" (of a grammar), "broken" (an exception),
    "no end", or "undocumented".
    """

    oracle: str
    text: str
    zone: str
    start: str  # local time; a run at it counts
    says: str
    right: str
    why: str

    def question(self) -> Question:
        zone = zoneinfo.ZoneInfo(self.zone)
        start = datetime.fromisoformat(self.start).replace(tzinfo=zone)
        return Question(
            self.text, self.zone, int(start.timestamp()) - 1, max(2, len(self.says.split()))
        )


def vectors() -> list[Vector]:
    """
    The rows of `defects.md`.
    """
    lines = Path(__file__).with_name("defects.md").read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [Vector(*(cell.strip("`") for cell in row)) for row in rows[1:]]


def told(answer: Answer, zone: str, *, grammar: bool = False) -> str:
    """
    An answer in the words of a `Vector`.
    """
    if isinstance(answer, Rejected):
        return "rejected"
    if isinstance(answer, Broken):
        return "no end" if answer.reason == "no end" else "broken"
    data = zoneinfo.ZoneInfo(zone)
    times = (datetime.fromtimestamp(run, data).isoformat(timespec="minutes") for run in answer)
    short = (re.sub(r"(?<=[+-]\d\d):00$", "", time.replace("+00:00", "Z")) for time in times)
    return " ".join(short) or ("accepted" if grammar else "never")
