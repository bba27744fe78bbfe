"""
What every schedule can tell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from schedkit.exceptions import SpecError
from schedkit.recurrence.checks import EPOCH, SECOND, epoch, instant
from schedkit.recurrence.zones import LAST, Zone


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.sets import Calendar


class When(ABC):
    """
    A set of instants, each a whole Unix second.

    What a kind of schedule must tell is `timezone`, `epochs`, `explain` and `calendars`.
    """

    __slots__ = ()

    timezone: str

    @abstractmethod
    def epochs(self, start: int, stop: int) -> Iterator[int]:
        """
        Unix seconds with start <= t < stop, in order, each once, found while they are asked for.
        """

    @abstractmethod
    def explain(self) -> str:
        """
        One English sentence that names the time zone.
        """

    @abstractmethod
    def calendars(self) -> tuple[Calendar, ...]:
        """
        The calendars whose union this is; none for a schedule that counts elapsed time.
        """

    def next(self, n: int = 1, *, after: datetime) -> list[datetime]:
        """
        The first *n* instants strictly after an aware datetime, in the schedule's own zone.

        Fewer when the schedule ends, or with the year 9999.

        Raises:
            SpecError: *after* is naive, or *n* is no count.
        """
        if type(n) is not int or n < 1:
            raise SpecError(f"next({n!r})", "is not a count of runs", "give 1 or more")
        start = (instant(after, "next, after") - EPOCH) // SECOND + 1
        return list(islice(self.datetimes(start, LAST), n))

    def between(self, start: datetime, stop: datetime) -> Iterator[datetime]:
        """
        The instants with start <= t < stop, lazily, as aware datetimes in the schedule's own zone.

        `fold` is 1 on the second of two equal wall-clock times.

        Raises:
            SpecError: *start* or *stop* is naive.
        """
        begin, end = instant(start, "between, start"), instant(stop, "between, stop")
        return self.datetimes(epoch(begin), epoch(end))

    def datetimes(self, start: int, stop: int) -> Iterator[datetime]:
        """
        `between`, told in Unix seconds.
        """
        zone = Zone.of(self.timezone).tzinfo
        for found in self.epochs(start, stop):
            yield (EPOCH + timedelta(seconds=found)).astimezone(zone)
