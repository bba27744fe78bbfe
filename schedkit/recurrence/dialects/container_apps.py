"""
Azure Container Apps jobs: `cronExpression`, five fields, always in UTC.

https://learn.microsoft.com/azure/container-apps/jobs#scheduled-jobs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.exceptions import TimeZoneError
from schedkit.recurrence.dialects import NOTHING, Native
from schedkit.recurrence.dialects.unix import Unix
from schedkit.recurrence.rewrite import to_utc
from schedkit.recurrence.zones import POINTWISE


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit.recurrence.when import When


class ContainerApps(Unix):
    """
    There is no zone: schedules of a zone with one offset are moved into UTC, others are refused.
    """

    name = "container-apps"
    url = "https://learn.microsoft.com/azure/container-apps/jobs#scheduled-jobs"
    dst = POINTWISE  # of UTC, which never changes
    utc = ""
    day_rule = "container-apps.day_rule"
    unknown = {
        "container-apps.day_rule": "whether two restricted day fields are OR is not documented",
        "container-apps.stepped_day": "whether */n restricts a day field beside another",
    }

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest texts in UTC.
        """
        return super().write(to_utc(when), assume)

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return what the platform receives, which takes no zone.
        """
        return Native(text, timezone or "", more)

    def parts(self, native: Native) -> tuple[str, str]:
        """
        Return the five fields, and UTC.
        """
        if native.timezone not in {"", "UTC", "Etc/UTC"}:
            reason = "the platform knows only UTC"
            raise TimeZoneError(f"timezone {native.timezone!r}", reason, "leave it out")
        return native.text, "UTC"


CONTAINER_APPS = ContainerApps()
