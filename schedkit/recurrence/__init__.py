"""
Schedules as sets of instants: cron text, calendars, intervals, and what the clocks do to them.
"""

from __future__ import annotations

from schedkit.recurrence.base import When
from schedkit.recurrence.days import ANY, LastDay, LastWeekday, NearestWeekday, NthWeekday
from schedkit.recurrence.sets import Calendar
from schedkit.recurrence.when import Cron, Every, Once, Union, Window
from schedkit.recurrence.zones import Change, Dst, Zone, tzdata_version


__all__ = [
    "ANY",
    "Calendar",
    "Change",
    "Cron",
    "Dst",
    "Every",
    "LastDay",
    "LastWeekday",
    "NearestWeekday",
    "NthWeekday",
    "Once",
    "Union",
    "When",
    "Window",
    "Zone",
    "tzdata_version",
]
