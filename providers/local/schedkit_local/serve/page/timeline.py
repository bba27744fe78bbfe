"""
What became of the runs of a day, and when the next ones are due: shapes of an SVG per schedule.

Places are percent of the width, so the picture fits every screen without a script.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from schedkit_local.serve.page.words import moment, plural


if TYPE_CHECKING:
    from collections.abc import Iterable

    from schedkit_local.serve.page.queries import Bar

DAY = 86_400
MOST = 96  # instants of a day that are drawn one by one; more are a band
COUNTED = 2_000  # instants of a day that are counted
RANKS = ("succeeded", "stopped", "waiting", "missed", "lost", "failed", "starting", "running")
MARKS = tuple((hours * 100 / 48 + 50, hours) for hours in (-24, -18, -12, -6, 0, 6, 12, 18, 24))
AWAY = frozenset({"missed", "waiting"})  # a point: they have no duration


@attrs.frozen(kw_only=True)
class Shape:
    """
    A bar, a point or a tick.

    Attributes:
        kind: `bar`, `point`, `tick` or `band`.
        state: Of a bar or point, and its colour.
        x: Percent of the width.
        width: The same.
        title: What a pointer shows.
    """

    kind: str
    x: float
    width: float = 0.0
    state: str = ""
    title: str = ""


@attrs.frozen(kw_only=True)
class Lane:
    """
    One schedule on the timeline.

    Attributes:
        href: Its page; empty for what is started by hand.
        words: All that the picture says.
    """

    label: str
    href: str
    words: str
    shapes: tuple[Shape, ...]


def lane(
    label: str, href: str, bars: Iterable[Bar], coming: list[int], now: float, *, paused: bool
) -> Lane:
    """
    Return the lane of a schedule: a day back from now, a day on.
    """
    ordered = sorted(bars, key=lambda each: RANKS.index(each.state))
    shapes = [_past(each, now) for each in ordered] + _ahead(coming, now)
    counts: Counter[str] = Counter()
    for each in ordered:
        counts[each.state] += each.count
    words = f"{label}: {_told(counts)}; {_count(coming, paused=paused)}"
    return Lane(label=label, href=href, words=words, shapes=tuple(shapes))


def place(at: float, now: float) -> float:
    """
    Return where an instant is, in percent of the width.
    """
    return round(min(100.0, max(0.0, 50 + (at - now) * 50 / DAY)), 3)


def _past(bar: Bar, now: float) -> Shape:
    start, end = place(bar.start, now), place(bar.end, now)
    count = "" if bar.count == 1 else f"{bar.count} runs "
    title = f"{count}{bar.state}, {moment(bar.start, now).text}"
    kind = "point" if bar.state in AWAY else "bar"
    return Shape(kind=kind, state=bar.state, x=start, width=round(end - start, 3), title=title)


def _ahead(coming: list[int], now: float) -> list[Shape]:
    if len(coming) <= MOST:
        return [
            Shape(kind="tick", x=place(at, now), title=f"due {moment(at, now).text}")
            for at in coming
        ]
    first = place(coming[0], now)
    last = 100.0 if len(coming) >= COUNTED else place(coming[-1], now)
    title = _count(coming, paused=False)
    return [Shape(kind="band", x=first, width=round(last - first, 3), title=title)]


def _told(counts: Counter[str]) -> str:
    if not counts:
        return "no run in the past 24 hours"
    parts = ", ".join(f"{counts[state]} {state}" for state in reversed(RANKS) if counts[state])
    return f"{plural(counts.total(), 'run')} in the past 24 hours ({parts})"


def _count(coming: list[int], *, paused: bool) -> str:
    if paused:
        return "paused"
    more = " or more" if len(coming) >= COUNTED else ""
    return f"{plural(len(coming), 'run')}{more} due in the coming 24 hours"
