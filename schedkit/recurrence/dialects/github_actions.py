"""
GitHub Actions: entries of `on.schedule`, POSIX cron and since 2026 a `timezone`.

https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.dialects import NOTHING, Native
from schedkit.recurrence.dialects.unix import FIELDS, Unix
from schedkit.recurrence.durations import duration
from schedkit.recurrence.gaps import smallest_gap


if TYPE_CHECKING:
    from schedkit.recurrence.when import When

SHORTEST = 300  # seconds between two runs


class GithubActions(Unix):
    """
    POSIX: 0-6 are the weekdays, two restricted day fields are OR, no macros.

    A skipped time runs at the next valid one; a repeated time is not documented. Each entry of
    `on.schedule` starts a run of its own.
    """

    name = "github-actions"
    url = "https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule"
    dst = None
    utc = ""  # the default, and no key at all
    fields = (*FIELDS[:4], attrs.evolve(FIELDS[4], high=6))
    unknown = {"github-actions.stepped_day": "whether */n restricts a day field beside another"}

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest entries.
        """
        natives = super().write(when, assume)
        _check_interval(when)
        return natives

    def read(self, native: Native) -> When:
        """
        Return the calendar of a text; what runs more often than GitHub does is refused.
        """
        when = super().read(native)
        _check_interval(when)
        return when


GITHUB_ACTIONS = GithubActions()


def _check_interval(when: When) -> None:
    shortest, _ = smallest_gap(when)
    if 0 < shortest < SHORTEST:
        raise NotExpressibleError(
            f"runs {duration(shortest)} apart",
            "the shortest interval is once every 5 minutes",
            "run every 5 minutes: '*/5 * * * *'",
            feature="schedule.cron",
        )
