"""
The proof that native schedules fire exactly when their source does.
"""

from __future__ import annotations

from datetime import date, datetime

import attrs

from schedkit.recurrence.dialects import Native


@attrs.frozen(kw_only=True)
class Proof:
    """
    What comparing a schedule with its natives showed.

    Attributes:
        dialect: The dialect's name.
        natives: What was read back.
        holds: Whether every compared instant agrees.
        year_kinds: Kinds of year whose days were compared, for all time.
        minutes: Minutes of the day compared.
        changes: Offset changes around which instants were compared.
        zones: The zones of the schedule.
        tzdata: Version of the time zone data.
        horizon: First day, and the day after the last one, of the compared changes.
        missing: The first instants that the natives lose, in the schedule's own zone.
        extra: The first instants that only the natives have.
        missing_count: How many were found to be lost.
        extra_count: How many only the natives have.
        doubled: The first instants that two natives would each start.
        departures: The first instants at which the dialect's own way with gaps and repeated hours differs
            from the pointwise reading; empty when the schedule states a policy.
        unknown: The first instants on which policies differ while the dialect's is unknown.
    """

    dialect: str
    natives: tuple[Native, ...]
    holds: bool
    year_kinds: int = 14
    minutes: int = 1440
    changes: int = 0
    zones: tuple[str, ...] = ()
    tzdata: str = ""
    horizon: tuple[date, date]
    missing: tuple[datetime, ...] = ()
    extra: tuple[datetime, ...] = ()
    missing_count: int = 0
    extra_count: int = 0
    doubled: tuple[datetime, ...] = ()
    departures: tuple[datetime, ...] = ()
    unknown: tuple[datetime, ...] = ()
