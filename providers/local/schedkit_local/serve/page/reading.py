"""
A schedule as the page needs it, read from its row.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from schedkit.recurrence import Cron, When, Window
from schedkit.recurrence.zones import LAST
from schedkit_local.dialect import read_text


if TYPE_CHECKING:
    from collections.abc import Mapping


@lru_cache(maxsize=10_000)
def when_of(text: str) -> When:
    """
    Return the schedule of a text.

    Raises:
        SchedkitError: It cannot be read.
    """
    return read_text(text)


def native(text: str) -> str:
    """
    Return the cron text of a schedule that is one, else its expression.
    """
    when = when_of(text)
    inside = when.when if isinstance(when, Window) else when
    return inside.text if isinstance(inside, Cron) else text


def coming(text: str, after: float, count: int, before: float = LAST) -> list[int]:
    """
    Return the first instants after *after*.
    """
    return list(islice(when_of(text).epochs(int(after) + 1, int(before)), count))


def parameters(pipeline: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return the parameters of a pipeline in the program's document, and their defaults.
    """
    return pipeline.get("run", {}).get("parameters", {})
