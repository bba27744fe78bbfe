"""
Times and durations as people read them.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import attrs


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
NOW = 10  # seconds that are no distance


@attrs.frozen
class Moment:
    """
    An instant as it stands on the page.

    Attributes:
        text: Weekday, day, time and zone; the year where it is another one.
        iso: For machines, in UTC.
        distance: From now: `in 5 min`, `3 h ago`.
    """

    text: str
    iso: str
    distance: str


def moment(at: float, now: float, zone: tzinfo = UTC) -> Moment:
    """
    Return an instant, Unix seconds, on the clocks of a zone.
    """
    there = datetime.fromtimestamp(int(at), zone)
    year = "" if there.year == datetime.fromtimestamp(now, zone).year else f" {there.year}"
    seconds = f":{there.second:02}" if there.second else ""
    clock = f"{there:%H:%M}{seconds} {there.tzname() or ''}".strip()
    text = f"{there:%a} {there.day} {there:%b}{year} {clock}"
    utc = f"{there.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Moment(text, utc, distance(at - now))


def distance(seconds: float) -> str:
    """
    Return how far away something is, its largest unit alone.
    """
    if abs(seconds) < NOW:
        return "now"
    size, unit = next(pair for pair in _UNITS if abs(seconds) >= pair[0])
    text = f"{abs(seconds) // size:.0f} {unit}"
    return f"in {text}" if seconds > 0 else f"{text} ago"


def took(seconds: float) -> str:
    """
    Return a duration by its two largest units; tenths below ten seconds.
    """
    if seconds < NOW:
        return f"{max(0.0, seconds):.1f} s"
    found, rest = [], int(seconds)
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count or found:
            found.append(f"{count} {unit}")
    return " ".join(found[:2])


def plural(count: int, word: str) -> str:
    """
    Return `1 run`, `2 runs`.
    """
    return f"{count} {word}{'' if count == 1 else 's'}"
