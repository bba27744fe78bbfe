"""
Knative PingSource: robfig's parser and clock, with a `timezone` beside.

https://knative.dev/docs/eventing/sources/ping-source/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.exceptions import CronSyntaxError, NotExpressibleError
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.robfig import Robfig
from schedkit.recurrence.dialects.robfig_parse import FIELDS, WORD, fields


if TYPE_CHECKING:
    from schedkit.recurrence.dialects import Reader
    from schedkit.recurrence.when import When

SIX = (("second", 0, 59, {}), *FIELDS)


class PingSource(Robfig):
    """
    As `robfig`, but a sixth field in front is seconds, and `@every` is refused.

    Always written with five fields; a text of six is read where its seconds are 0.
    """

    name = "pingsource"
    url = "https://knative.dev/docs/eventing/sources/ping-source/"

    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Parse the text as robfig does and return its search.
        """
        return super().readers(_five(native))

    def read(self, native: Native) -> When:
        """
        Return the calendar of a text.
        """
        return super().read(_five(native))


PINGSOURCE = PingSource()


def _five(native: Native) -> Native:
    """
    Take away the seconds, where there are any.
    """
    if native.text.startswith("@every"):
        cure = "write Every('1h', anchor='2026-01-01T00:00:00Z') and translate it"
        raise CronSyntaxError(native.text, "a PingSource takes no @every", cure)
    words = WORD.findall(native.text)
    if len(words) != len(SIX):
        return native
    seconds, *_ = fields(native.text, SIX)
    if seconds != 1:
        reason = f"the first of six fields is seconds, and {words[0][:40]!r} is not 0"
        cure = "run on the whole minute"
        raise NotExpressibleError(repr(native.text[:100]), reason, cure, feature="schedule.cron")
    return Native(" ".join(words[1:]), native.timezone, native.more)
