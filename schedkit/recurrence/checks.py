"""
What every value of this package checks at its door.
"""

from __future__ import annotations

import inspect
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from schedkit.exceptions import OutputError, SpecError


if TYPE_CHECKING:
    from collections.abc import Iterable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
_RFC3339 = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)"


def plain(value: object, culprit: str) -> None:
    """
    Refuse a `pulumi.Output` and any other awaitable: nobody can read a schedule from it now.
    """
    pulumi = sys.modules.get("pulumi")
    output = getattr(pulumi, "Output", ())
    if inspect.isawaitable(value) or isinstance(value, output):
        raise OutputError(
            culprit,
            "is a pulumi.Output, and a schedule decides which resources there are",
            "pass a plain value, for instance one read from the stack's config",
        )


def hint(wrong: str, known: Iterable[str]) -> str:
    """
    "did you mean 'x'?", or nothing when nothing is near.
    """
    from difflib import get_close_matches  # only a mistake pays for it

    by_fold = {name.casefold(): name for name in known}
    close = get_close_matches(wrong.casefold(), by_fold, n=1, cutoff=0.6)
    return f"did you mean {by_fold[close[0]]!r}?" if close else ""


def whole(digits: str) -> int:
    """
    The number that digits write; of more than 25 that count it is one of 25.

    Python itself takes no more than 4 300.
    """
    return int(digits.lstrip("0")[:25] or 0)


def word(value: object, known: tuple[str, ...], culprit: str) -> None:
    """
    Refuse what is not one of a few words.
    """
    plain(value, culprit)
    if value not in known:
        listed = f"known words: {', '.join(known)}"
        raise SpecError(
            culprit, f"{value!r} is not a word here", hint(str(value), known) or listed
        )


def instant(value: object, culprit: str) -> datetime:
    """
    An aware datetime as it is, an RFC 3339 text read.

    Raises:
        SpecError: Something else, or without an offset from UTC.
    """
    plain(value, culprit)
    cure = "write '2026-01-31T09:00:00Z', or an aware datetime"
    if isinstance(value, str):
        if not re.fullmatch(_RFC3339, value, re.ASCII):
            raise SpecError(culprit, f"{value!r} is not an RFC 3339 instant", cure)
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise SpecError(culprit, f"{value!r} is not on the calendar ({error})", cure) from None
    if not isinstance(value, datetime):
        raise SpecError(culprit, f"{value!r} is {type(value).__name__}, not an instant", cure)
    if value.utcoffset() is None:
        raise SpecError(
            culprit, f"{value!r} has no time zone", "give it tzinfo=datetime.timezone.utc"
        )
    return value


def whole_seconds(value: object, culprit: str) -> datetime:
    """
    An `instant`, in UTC and without a fraction of a second.
    """
    found = instant(value, culprit)
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        reason = f"{found.isoformat()} is not in the years 1 to 9999 of UTC"
        raise SpecError(culprit, reason, "give one in our time") from None
    if found.microsecond:
        cure = f"write {found.replace(microsecond=0).isoformat()}"
        raise SpecError(culprit, "has a fraction of a second", cure)
    return found


def epoch(value: datetime) -> int:
    """
    Unix seconds of an aware datetime, rounded up.
    """
    return -((EPOCH - value) // SECOND)
