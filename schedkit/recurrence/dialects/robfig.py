"""
robfig/cron v3.0.1, the parser and clock of Kubernetes CronJobs, Argo CronWorkflows and Knative
PingSources.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.exceptions import NeverFiresError, NotExpressibleError
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader
from schedkit.recurrence.dialects.robfig_parse import delay, fields
from schedkit.recurrence.dialects.robfig_search import STAR, Search
from schedkit.recurrence.dialects.unix import texts_by_zone
from schedkit.recurrence.grid import bits
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.zones import Dst, Zone


if TYPE_CHECKING:
    from schedkit.recurrence.when import When

UTC = "Etc/UTC"  # Kubernetes takes the controller's own zone when none is named


class Robfig(Dialect):
    """
    Five fields and a zone; both day fields restricted are OR.
    """

    name = "robfig"
    url = "https://pkg.go.dev/github.com/robfig/cron/v3@v3.0.1"
    dst = Dst(gap="skip", fold="both")

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:  # noqa: ARG002
        """
        Return the fewest natives; weekdays are 0-6 and no day field is stepped, which would change
        the day rule.
        """
        return _write(when)

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Parse the text as robfig does and return its search.
        """
        zone = Zone.of("UTC" if native.timezone == UTC else native.timezone)
        seconds = delay(native.text)
        if seconds is not None:
            return (_Delay(seconds, zone),)
        return (Search(fields(native.text), zone),)

    def read(self, native: Native) -> When:
        """
        Return the calendar of a text; both day fields restricted are `any`.
        """
        if delay(native.text) is not None:
            reason = "counts from whenever the controller asks, so it has no fixed instants"
            cure = "write Every('1h', anchor='2026-01-01T00:00:00Z')"
            raise NotExpressibleError(repr(native.text), reason, cure, feature="schedule.every")
        minutes, hours, days, months, weekdays = map(_values, fields(native.text))
        if not all((minutes, hours, days, months, weekdays)):
            raise NeverFiresError(repr(native.text), "a field of it is empty", "fill it")
        return Calendar(
            minutes=minutes,
            hours=hours,
            days=days,
            months=months,
            weekdays=weekdays,
            day_rule="any" if _restricted(native.text) else "all",
            timezone="UTC" if native.timezone == UTC else native.timezone,
        )


ROBFIG = Robfig()


class _Delay(Reader):
    """
    `@every`: so many seconds after whatever it is asked, so never a fixed set of instants.
    """

    minutes = 0

    def __init__(self, seconds: int, zone: Zone) -> None:
        self._seconds = seconds
        self.zone = zone

    def year_days(self, first_weekday: int, leap: bool) -> int:  # noqa: ARG002
        return 0

    def next(self, epoch: int) -> int:
        return epoch + self._seconds


@lru_cache(maxsize=4_096)
def _write(when: When) -> tuple[Native, ...]:
    return tuple(
        Native(text, UTC if zone == "UTC" else zone)
        for zone, found in texts_by_zone(when, "robfig's cron").items()
        for text in found
    )


def _values(mask: int) -> tuple[int, ...]:
    return bits(mask & ~STAR)


def _restricted(text: str) -> bool:
    """
    Whether neither day field has robfig's star bit, so that they are joined by OR.
    """
    _, _, days, _, weekdays = fields(text)
    return not (days | weekdays) & STAR
