"""
Scheduled rules of Amazon EventBridge: `cron(...)` in UTC, on the default bus; `rate(...)` counts
from when the rule was made, so it is never written.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader, aws_read
from schedkit.recurrence.dialects.aws_write import BORDER, BORDER_FACT, days_of, every_day, texts
from schedkit.recurrence.dialects.fields import every_minutes, parts
from schedkit.recurrence.rewrite import to_utc
from schedkit.recurrence.when import Every, Once, Window
from schedkit.recurrence.zones import POINTWISE, Zone


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit.recurrence.dialects.aws_write import Days
    from schedkit.recurrence.when import When

UTC_NAMES = ("", "UTC", "Etc/UTC")


class EventBridgeRules(Dialect):
    """
    Six fields in UTC; two natives that coincide start two runs.
    """

    name = "eventbridge-rules"
    url = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html"
    dst = POINTWISE  # of UTC
    unknown = {f"eventbridge-rules.{BORDER}": f"{BORDER_FACT}."}

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest natives that do not share a run, unless they have to; in UTC.
        """
        return _write(when, assume)

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Read what AWS documents; `*/n` and reversed ranges are not.
        """
        if native.timezone not in UTC_NAMES:
            cure = "leave it out, or use EventBridge Scheduler"
            culprit = f"timezone {native.timezone!r}"
            raise TimeZoneError(culprit, "rules of EventBridge run in UTC", cure)
        text = aws_read.short(native.text)
        if text.startswith("rate(") and text.endswith(")"):
            return (aws_read.rate(text),)
        if text.startswith("cron(") and text.endswith(")"):
            return aws_read.cron(text, Zone.of("UTC"))
        cure = "write cron(0 9 * * ? *) or rate(5 minutes)"
        raise CronSyntaxError(text, "is neither cron(...) nor rate(...)", cure)

    def read(self, native: Native) -> When:
        """
        Return a Calendar or a Once; in a Window where it names years.
        """
        return aws_read.words(native.text, self.readers(native))

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return a native without a zone, unless one is given.
        """
        return Native(text, timezone or "", more)


EVENTBRIDGE_RULES = EventBridgeRules()


@lru_cache(maxsize=4_096)
def _write(when: When, assume: frozenset[str]) -> tuple[Native, ...]:
    if isinstance(when, Window):
        raise NotExpressibleError(
            "start and end",
            "a rule runs from when it is made to when it is deleted",
            "leave them out, or use EventBridge Scheduler, which has StartDate and EndDate",
            feature="schedule.start" if when.start else "schedule.end",
        )
    rules: list[tuple[int, Days]] = []
    single: list[str] = []
    for part in parts(to_utc(when)):
        if isinstance(part, Once):
            single.append(_once(part))
        elif isinstance(part, Every):
            rules.append((every_minutes(part), every_day()))
        for calendar in part.calendars():
            found = days_of(calendar, "eventbridge-rules", assume)
            rules += [(calendar.minute_mask, days) for days in found]
    whole = dict.fromkeys((*texts(rules, disjoint=True), *single))
    return tuple(Native(text, "") for text in whole)


def _once(once: Once) -> str:
    found, (first, last) = once.instant, aws_read.YEARS
    if found.second or not first <= found.year <= last:
        raise NotExpressibleError(
            f"Once({found.isoformat()})",
            f"a cron fires on whole minutes of the years {first} to {last}",
            "round it to a whole minute of one of these years",
            feature="schedule.once",
        )
    return f"cron({found.minute} {found.hour} {found.day} {found.month} ? {found.year})"
