"""
Google Cloud Scheduler: unix-cron and a zone beside it.

https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.exceptions import CronSyntaxError
from schedkit.recurrence.dialects.unix import Unix


if TYPE_CHECKING:
    from schedkit.recurrence.dialects import Native

_UTC = frozenset({"", "utc", "UTC", "Etc/UTC"})  # "utc" is what the API names, and the default
_ENGLISH = frozenset({"every", "of"})  # one of them is in any text of App Engine


class CloudScheduler(Unix):
    """
    Two restricted day fields are OR; what happens when clocks change is not documented ("jobs may
    run or not run unexpectedly").

    The English form of App Engine ("every 5 minutes") is refused: nobody controls from when it
    counts.
    """

    name = "cloud-scheduler"
    url = "https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules"
    dst = None
    unknown = {"cloud-scheduler.stepped_day": "whether */n restricts a day field beside another"}

    def parts(self, native: Native) -> tuple[str, str]:
        """
        Return the five fields and the zone of a native.
        """
        if _ENGLISH & {*native.text.lower().split()}:
            reason = "the App Engine form counts from a start that nobody controls"
            raise CronSyntaxError(native.text, reason, "write five fields")
        return native.text, "UTC" if native.timezone in _UTC else native.timezone


CLOUD_SCHEDULER = CloudScheduler()
