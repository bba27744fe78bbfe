"""
Amazon EventBridge Scheduler: `cron(...)`, `rate(...)` and `at(...)`, a time zone, and bounds.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html,
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    SpecError,
    UnknownBehaviourError,
)
from schedkit.recurrence import checks
from schedkit.recurrence.compare import bounds, horizon
from schedkit.recurrence.dialects import NOTHING, Dialect, Native, Reader, aws_read
from schedkit.recurrence.dialects.aws_write import BORDER, BORDER_FACT, days_of, every_day, texts
from schedkit.recurrence.dialects.fields import every_minutes, parts
from schedkit.recurrence.durations import duration
from schedkit.recurrence.rewrite import same_in_utc
from schedkit.recurrence.when import Every, Once
from schedkit.recurrence.zones import Dst, Zone


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schedkit.recurrence.dialects.aws_read import Bounds
    from schedkit.recurrence.dialects.aws_write import Days
    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.when import When

PAST = "eventbridge.past-start"
PAST_FACT = "what a StartDate that is past does: users report that one older than 5 minutes is \
refused, https://github.com/getmoto/moto/pull/8172 (assumed: intervals count from it)"
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
FIXED = Dst(gap="skip", fold="first")  # documented for a fixed time only
DATES = ("StartDate", "EndDate")
NEVER = "nothing of it lies between start and end, so it never runs"
_AT = re.compile(r"at\(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\)")


class EventBridge(Dialect):
    """
    Six fields, of which either days or weekdays are `?`; intervals; single instants.
    """

    name = "eventbridge"
    url = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"
    dst = FIXED
    beside = DATES
    token = "ClientRequestToken"  # noqa: S105, the name of a field
    unknown = {PAST: f"{PAST_FACT}.", f"eventbridge.{BORDER}": f"{BORDER_FACT}."}

    def policy(self, calendar: Calendar) -> Dst | None:
        """
        Unknown where a repeated hour and those beside it see more than one run: what is documented
        is a fixed time.
        """
        return _policy(calendar.minute_mask, calendar.timezone)

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest natives: crons for each zone, then rates, then single instants.

        An interval of which crons would take several, or none can say it, is a rate where its
        StartDate is yet to come: with a window that starts.
        """
        return _write(when, assume)

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return what the platform receives; its default zone is `UTC`.
        """
        return Native(text, "UTC" if timezone is None else timezone, more)

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Read what AWS documents; `*/n` and reversed ranges are not.
        """
        text, zone = aws_read.short(native.text), Zone.of(native.timezone)
        start, end = _dates(native)
        if text.startswith("at(") and text.endswith(")"):
            return (_At(_instant(text, zone), zone),)
        if text.startswith("rate(") and text.endswith(")"):
            last = None if end is None else _after(end, 0 if start is None else start)
            return (aws_read.rate(text, (start, last)),)
        if text.startswith("cron(") and text.endswith(")"):
            limits = (start, None if end is None else _after(end, 0))
            return aws_read.cron(text, zone, limits, lambda mask: _policy(mask, zone.name))
        cure = "write cron(0 9 * * ? *), rate(5 minutes) or at(2027-01-01T09:00:00)"
        raise CronSyntaxError(text, "is neither cron(...) nor rate(...) nor at(...)", cure)

    def read(self, native: Native) -> When:
        """
        Return a Calendar, an Every or a Once, in a Window where it begins or ends.
        """
        readers = self.readers(native)
        if isinstance(readers[0], _At):
            if readers[0].epoch is None:
                reason = f"no clock of {native.timezone} ever shows it"
                raise NotExpressibleError(repr(native.text), reason, feature="schedule.once")
            return Once(aws_read.at(readers[0].epoch))
        return aws_read.words(native.text, readers)


EVENTBRIDGE = EventBridge()


class _At(Reader):
    """
    One instant; start and end are ignored. In a repeated hour it is the first.
    """

    minutes = 0
    searches = False

    def __init__(self, epoch: int | None, zone: Zone) -> None:
        self.epoch, self.zone = epoch, zone

    def year_days(self, first_weekday: int, leap: bool) -> int:  # noqa: ARG002
        return 0

    def next(self, epoch: int) -> int | None:
        return self.epoch if self.epoch is not None and self.epoch > epoch else None


def _instant(text: str, zone: Zone) -> int | None:
    found = _AT.fullmatch(text)
    try:
        wall = checks.epoch(datetime.fromisoformat(f"{found[1] if found else ''}Z"))
    except ValueError:
        cure = "write at(2027-01-01T09:00:00)"
        raise CronSyntaxError(text, "names no day and time", cure, column=4) from None
    offsets = {zone.offset(wall - 86_400), zone.offset(wall + 86_400)}
    real = [wall - offset for offset in offsets if zone.offset(wall - offset) == offset]
    return min(real, default=None)


def _dates(native: Native) -> Bounds:
    found = dict(native.more)
    for name in found:
        if name not in DATES:
            cure = checks.hint(name, DATES) or "known: StartDate, EndDate"
            raise SpecError(f"eventbridge, {name!r}", "says nothing of when it runs", cure)
    start, end = (
        checks.epoch(checks.whole_seconds(found[name], name)) if name in found else None
        for name in DATES
    )
    return start, end


def _after(end: int, phase: int) -> int:
    """
    The first instant after EndDate that a run could have: "invocations might stop on, or before".
    """
    return end + 1 + (phase - end - 1) % 60


def _policy(minutes: int, timezone: str) -> Dst | None:
    repeated, around = _repeated(timezone)
    if minutes & repeated and (minutes & around).bit_count() > 1:
        return None
    return FIXED


@lru_cache
def _repeated(timezone: str) -> tuple[int, int]:
    """
    The minutes of the day (bits) that the clocks of a zone repeat; the same with an hour before
    and after.
    """
    exact = around = 0
    for change in Zone.of(timezone).changes(*horizon()):
        low, high = ((change.epoch + offset) // 60 for offset in (change.after, change.before))
        if low < high:
            exact |= _minutes(low, high)
            around |= _minutes(low - 60, high + 60)
    return exact, around


def _minutes(low: int, high: int) -> int:
    return sum(1 << minute for minute in {minute % 1_440 for minute in range(low, high)})


@lru_cache(maxsize=4_096)
def _write(when: When, assume: frozenset[str]) -> tuple[Native, ...]:
    inside, *_ = bounds(when)
    start, end = when.bounds if inside is not when else (None, None)  # type: ignore[attr-defined]
    zones: dict[str, list[tuple[int, Days]]] = {}
    others: list[Native] = []
    for part in parts(inside):
        if isinstance(part, Once):
            others.append(_once(part, start, end))
        elif isinstance(part, Every) and (steady := _rate(part, start, end, assume)):
            others.append(steady)
        else:
            for timezone, mask, days in _rules(part, assume):
                zones.setdefault(timezone, []).append((mask, days))
    more = _more(start, end, 0)
    crons = (
        Native(text, timezone, more)
        for timezone, rules in zones.items()
        for text in texts(rules, disjoint=False)
    )
    return (*crons, *dict.fromkeys(others))


def _rules(part: When, assume: frozenset[str]) -> Iterator[tuple[str, int, Days]]:
    if isinstance(part, Every):
        yield "UTC", every_minutes(part), every_day()
    for asked in part.calendars():
        utc = None
        if asked.minute_mask & _repeated(asked.timezone)[0]:
            utc = same_in_utc(asked)
        for calendar in (asked if utc is None else utc).calendars():
            for days in days_of(calendar, "eventbridge", assume):
                yield calendar.timezone, calendar.minute_mask, days


def _once(once: Once, start: int | None, end: int | None) -> Native:
    epoch = checks.epoch(once.instant)
    if (start is not None and epoch < start) or (end is not None and epoch >= end):
        culprit = f"Once({once.instant.isoformat()})"
        raise _refused(culprit, NEVER, "widen the window", "schedule.once")
    return Native(f"at({once.instant.isoformat()[:19]})", "UTC")


def _rate(
    every: Every, start: int | None, end: int | None, assume: frozenset[str]
) -> Native | None:
    """
    The rate of an interval, or None where crons are as good, or no start allows for a rate.
    """
    culprit = f"Every({duration(every.interval)!r})"
    if every.interval % 60:
        near = duration(max(every.interval // 60, 1) * 60)
        raise _refused(culprit, "a rate counts whole minutes", f"the nearest: {near}")
    crons, cure = _crons(every)
    if crons == 1 or (crons and start is None and PAST not in assume):
        return None
    if start is None and PAST not in assume:
        raise UnknownBehaviourError(
            culprit,
            "a rate counts from its StartDate, and AWS does not document one that is past",
            f"give it a start that is yet to come, Window(every, start=...); {cure}",
            feature="schedule.every",
            fact=PAST,
        )
    phase, begin = checks.epoch(every.anchor), horizon()[0] if start is None else start
    first = begin + (phase - begin) % every.interval
    if start is None and first > begin:
        first -= every.interval
    if end is not None and first >= end:
        raise _refused(culprit, NEVER, "widen the window")
    size, unit = next(pair for pair in UNITS if every.interval % pair[0] == 0)
    count = every.interval // size
    text = f"rate({count} {unit}{'' if count == 1 else 's'})"
    return Native(text, "UTC", _more(first, end, first))


def _crons(every: Every) -> tuple[int, str]:
    """
    How many crons say it; and if none can, which intervals they could.
    """
    try:
        return len(texts([(every_minutes(every), every_day())], disjoint=False)), ""
    except NotExpressibleError as error:
        return 0, error.cure


def _refused(
    culprit: str, reason: str, cure: str, feature: str = "schedule.every"
) -> NotExpressibleError:
    return NotExpressibleError(culprit, reason, cure, feature=feature)


def _more(start: int | None, end: int | None, phase: int) -> dict[str, str]:
    """
    An end on which a run would fall is a second earlier: AWS may still invoke at EndDate.
    """
    if end is not None and (end - phase) % 60 == 0:
        end -= 1
    found = zip(DATES, (start, end), strict=True)
    return {
        name: aws_read.at(value).isoformat().replace("+00:00", "Z")
        for name, value in found
        if value is not None
    }
