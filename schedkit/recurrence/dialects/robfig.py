"""
robfig/cron v3.0.1, the parser and clock of Kubernetes CronJobs, Argo CronWorkflows and Knative
PingSources.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.days import WEEKDAYS, NearestWeekday, NthWeekday, Unrestricted
from schedkit.recurrence.dialects import Dialect, Native, Reader
from schedkit.recurrence.dialects.fields import Days, every_minutes, parts, texts
from schedkit.recurrence.dialects.robfig_parse import delay, fields
from schedkit.recurrence.dialects.robfig_search import Search
from schedkit.recurrence.when import Every, Once
from schedkit.recurrence.zones import Dst, Zone


if TYPE_CHECKING:
    from collections.abc import Iterable

    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.when import When

UTC = "Etc/UTC"  # Kubernetes takes the controller's own zone when none is named


class Robfig(Dialect):
    """
    Five fields and a zone; both day fields restricted are OR.
    """

    name = "robfig"
    url = "https://pkg.go.dev/github.com/robfig/cron/v3@v3.0.1"
    dst = Dst(gap="skip", fold="both")

    def write(self, when: When) -> tuple[Native, ...]:
        """
        Return the fewest natives; weekdays are 0-6 and no day field is stepped, which would change
        the day rule.
        """
        return _write(when)

    def read(self, native: Native) -> Reader:
        """
        Parse the text as robfig does and return its search.
        """
        zone = Zone.of("UTC" if native.timezone == UTC else native.timezone)
        seconds = delay(native.text)
        return Search(fields(native.text), zone) if seconds is None else _Delay(seconds, zone)


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
    rules: dict[str, list[tuple[int, Days]]] = {}
    for part in parts(when):
        for timezone, mask, days in _rules(part):
            rules.setdefault(timezone, []).append((mask, days))
    return tuple(Native(text, zone) for zone, found in rules.items() for text in texts(found))


def _rules(part: When) -> list[tuple[str, int, Days]]:
    if isinstance(part, Every):
        return [(UTC, every_minutes(part), Days())]
    if isinstance(part, Once):
        raise NotExpressibleError(
            f"Once({part.instant.isoformat()})",
            "a cron has no year",
            "run the pipeline by hand, or use a backend that can start once",
            feature="schedule.once",
        )
    return [
        (
            UTC if calendar.timezone == "UTC" else calendar.timezone,
            calendar.minute_mask,
            _days(calendar),
        )
        for calendar in part.calendars()
    ]


def _days(calendar: Calendar) -> Days:
    days, weekdays = _plain(calendar.days), _plain(calendar.weekdays)
    if days and weekdays and calendar.day_rule == "all":
        raise NotExpressibleError(
            "Calendar, day_rule 'all'",
            "robfig joins two restricted day fields with OR",
            "restrict one of days and weekdays, or say day_rule='any'",
            feature="schedule.day_rule.all",
        )
    return Days(days, _plain(calendar.months) or tuple(range(1, 13)), weekdays)


def _plain(values: Iterable[object] | Unrestricted) -> tuple[int, ...]:
    if isinstance(values, Unrestricted):
        return ()
    found = []
    for value in values:
        if not isinstance(value, int) or value < 0:
            raise _refused(value)
        found.append(value)
    return tuple(found)


def _refused(value: object) -> NotExpressibleError:
    if isinstance(value, NthWeekday):
        name = WEEKDAYS[value.weekday]
        culprit, feature = f"NthWeekday({name!r}, {value.n})", "schedule.nth_weekday"
        cure = f"run on every {name}: weekdays={name!r}"
    elif isinstance(value, NearestWeekday):
        culprit, feature = f"NearestWeekday({value.day})", "schedule.nearest_weekday"
        cure = f"run on the day itself: days={value.day}"
    else:
        culprit, feature = f"days={value}", "schedule.last_day"
        cure = "count days from the start of the month; days=1 is the day after the last"
    return NotExpressibleError(culprit, "robfig's cron cannot say it", cure, feature=feature)
