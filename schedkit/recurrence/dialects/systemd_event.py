"""
What one calendar event of systemd says, and where its search for the next run goes astray.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import attrs

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence.compare import horizon
from schedkit.recurrence.dialects.timed import Timing, repeated


if TYPE_CHECKING:
    from schedkit.recurrence.zones import Change, Zone

STEPS = "give each step an end: 10..22/6"


@attrs.frozen(kw_only=True)
class Event(Timing):
    """
    What one line says.

    Args:
        open: Whether a step in the time has no end: `10/6`.
        overruns: Whether such a step passes the end of its hour or day anywhere but at the next
            beginning, as `10/6` does at 28:00.
        strays: Whether a step in the date does: that of days always, months differ.
    """

    open: bool = False
    overruns: bool = False
    strays: bool = False

    def check(self) -> None:
        """
        Refuse the lines of which systemd 252 loses runs, or never finds the next one.

        A guess that overran is cut back to the next beginning in one place only: 28:00 at the end
        of a month becomes 04:00 on the 1st. It keeps whether it is summer time, so that a guess
        from after a change, or from a gap that ends within an hour, leads back in circles: the
        timer stops for good. Where winter has the odd clock, as in Dublin, a time in the gap
        loses the whole day. Days counted from the end of a month leave a guess from after the
        change, and with it the second of two equal hours.

        Raises:
            NotExpressibleError: Such a line.
        """
        if self.overruns:
            raise self._refused("a step without an end loses runs at midnight", STEPS)
        changes = self.zone.changes(*horizon())
        gaps = [Gap.of(each, self.zone) for each in changes if each.after > each.before]
        if (changes and self.strays) or (self.open and any(gap.traps_steps for gap in gaps)):
            reason = "a step without an end stops the timer for good when the clocks change"
            raise self._refused(reason, STEPS)
        several = len(self.clock) > 1
        if any(
            gap.minutes & self.mask and (gap.traps or (several and gap.winter)) for gap in gaps
        ):
            reason = "a time that the clocks skip stops the timer, or loses the day"
            raise self._refused(reason, "take another time, or write UTC")
        back = any(item[0] == "last" for item in self.days.doms or ())
        if back and several and self.mask & repeated(self.zone):
            reason = "with days from the end of a month it may take the second of equal hours"
            raise self._refused(reason, "count from its start, or write UTC")

    def _refused(self, reason: str, cure: str) -> NotExpressibleError:
        told = f"systemd 252: {reason}"
        return NotExpressibleError(repr(self.text), told, cure, feature="schedule.dst")


class Gap(NamedTuple):
    """
    The minutes of the day that a change skips, from *start* on and before *end*.

    `winter` is a zone whose data call the time before it the odd one, or neither.
    """

    start: int
    end: int
    winter: bool

    @classmethod
    def of(cls, change: Change, zone: Zone) -> Gap:
        """
        The gap of a change.
        """
        start = (change.epoch + change.before) // 60 % 1_440
        summer = datetime.fromtimestamp(change.epoch, zone.tzinfo).dst()
        return cls(start, start + (change.after - change.before) // 60, not summer)

    @property
    def traps_steps(self) -> bool:
        """
        Whether it begins with a day, or ends within an hour.
        """
        return self.start == 0 or self.end % 60 > 0

    @property
    def traps(self) -> bool:
        """
        Whether it begins in one hour and ends within another.
        """
        return self.end % 60 > 0 and self.start // 60 < self.end // 60

    @property
    def minutes(self) -> int:
        """
        Those from its start to the end of its last hour, as bits.
        """
        return (1 << -(-self.end // 60) * 60) - (1 << self.start)
