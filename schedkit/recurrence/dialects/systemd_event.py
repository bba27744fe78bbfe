"""
What one calendar event of systemd says, and where its search for the next run goes astray.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.dialects.timed import Timing, repeated


if TYPE_CHECKING:
    from schedkit.recurrence.zones import Change


@attrs.frozen(kw_only=True)
class Event(Timing):
    """
    What one line says.

    Args:
        open: Whether a step in the time has no end: `10/6`.
        overruns: Whether such a step passes the end of a day, a month or a year anywhere but at
            its next beginning, as `10/6` does at 28:00.
    """

    open: bool = False
    overruns: bool = False

    def check(self) -> None:
        """
        Refuse what systemd 252 loses when clocks change, or never finds its way out of.

        It takes over whether it is summer time from one guess at the next run to the next. A guess
        that overran, or fell into a gap that ends within an hour, so leads back in circles, and
        the timer stops for good. Days counted from the end of a month leave the second of two
        equal hours as its guess.

        Raises:
            NotExpressibleError: Such a line.
        """
        changes = self.zone.changes(*horizon())
        gaps = [Gap.of(each) for each in changes if each.after > each.before]
        back = any(item[0] == "last" for item in self.days.doms or ())
        if back and len(self.clock) > 1 and self.mask & repeated(self.zone):
            reason = "with days from the end of a month it may take the second of equal hours"
            raise _refused(self, reason, "count from its start, or write UTC")
        if (changes and self.overruns) or (self.open and any(map(Gap.is_odd, gaps))):
            reason = "a step without an end stops the timer for good when the clocks change"
            raise _refused(self, reason, "give each step an end: 10..22/6")
        if any(gap.is_split and gap.minutes & self.mask for gap in gaps):
            reason = "a time in the skipped hour stops the timer for good when the clocks change"
            raise _refused(self, reason, "take another time, or write UTC")


class Gap(NamedTuple):
    """
    The minutes of the day that a change skips, from *start* on and before *end*.
    """

    start: int
    end: int

    @classmethod
    def of(cls, change: Change) -> Gap:
        """
        The gap of a change.
        """
        start = (change.epoch + change.before) // 60 % 1_440
        return cls(start, start + (change.after - change.before) // 60)

    def is_odd(self) -> bool:
        """
        Whether it begins with a day, or ends within an hour.
        """
        return self.start == 0 or self.end % 60 > 0

    @property
    def is_split(self) -> bool:
        """
        Whether it begins in one hour and ends within another.
        """
        return self.end % 60 > 0 and self.start // 60 < self.end // 60

    @property
    def minutes(self) -> int:
        """
        Those to the end of its last hour, as bits.
        """
        return (1 << -(-self.end // 60) * 60) - (1 << self.start)


def _refused(event: Event, reason: str, cure: str) -> NotExpressibleError:
    culprit = repr(event.text)
    return NotExpressibleError(culprit, f"systemd 252: {reason}", cure, feature="schedule.dst")
