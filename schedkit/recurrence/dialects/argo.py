"""
Argo CronWorkflow: several robfig texts in one time zone, `schedules` and `timezone`.

https://argo-workflows.readthedocs.io/en/latest/cron-workflows/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.exceptions import CronSyntaxError, NotExpressibleError
from schedkit.recurrence.dialects import NOTHING, Native
from schedkit.recurrence.dialects.robfig import ROBFIG, UTC, Robfig
from schedkit.recurrence.dialects.unix import texts_by_zone
from schedkit.recurrence.when import Union


if TYPE_CHECKING:
    from schedkit.recurrence.dialects import Reader
    from schedkit.recurrence.when import When

CONDITIONS = ("stopStrategy", "when")


class Argo(Robfig):
    """
    As `robfig`; a line for each of `schedules`.

    A run bears the name of its Unix second, so lines that coincide start one run. `when` and
    `stopStrategy` depend on runs before and on the controller's clock: no text with them can be
    proved, and none is written.
    """

    name = "argo"
    beside = CONDITIONS
    url = "https://argo-workflows.readthedocs.io/en/latest/cron-workflows/"

    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:  # noqa: ARG002
        """
        Return one native for each time zone.
        """
        return tuple(
            Native("\n".join(lines), UTC if zone == "UTC" else zone)
            for zone, lines in texts_by_zone(when, self.name, disjoint=False).items()
        )

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Parse each line as robfig does and return its search.
        """
        return tuple(reader for line in _lines(native) for reader in ROBFIG.readers(line))

    def read(self, native: Native) -> When:
        """
        Return the calendars of all lines.
        """
        found = [ROBFIG.read(line) for line in _lines(native)]
        return found[0] if len(found) == 1 else Union(*found)


ARGO = Argo()


def _lines(native: Native) -> list[Native]:
    for name, value in native.more:
        if name in CONDITIONS:
            reason = "depends on what ran before, so no instant is certain"
            culprit = f"{name} {value!r}"
            raise NotExpressibleError(culprit, reason, f"take {name} out", feature="schedule.end")
        known = f"known: {', '.join(CONDITIONS)}"
        raise CronSyntaxError(native.text, f"a CronWorkflow's schedule has no {name!r}", known)
    lines = list(dict.fromkeys(line for line in native.text.splitlines() if line.strip()))
    if not lines:
        raise CronSyntaxError(native.text, "has no schedule", "write one text in each line")
    return [Native(line, native.timezone) for line in lines]
