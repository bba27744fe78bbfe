"""
The rules of the CronJob controller, as schedkit tells them to its users, and what follows.

The controller looks at a CronJob

- 0.1 s after each instant of its schedule,
- when the controller starts, and when a Job of it begins or ends,
- when anything of it changes but schedule and zone. A change of these is no look; the next one is
  at the next instant of the new schedule or of the old one, whichever comes first.

At a look it starts the latest missed instant: after the last one that it started (or the
creation), not before now - `startingDeadlineSeconds`, and not in the future. `Forbid` starts
nothing while a Job runs, and forgets nothing; `Replace` deletes what runs.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from math import floor
from typing import Literal

import attrs
from virtual import Run, Step, create, edit

from schedkit.recurrence.dialects import Native, Reader
from schedkit.recurrence.dialects.robfig import ROBFIG


LATE = 0.1  # seconds after an instant
Policy = Literal["Allow", "Forbid", "Replace"]
Span = tuple[int, int]


class CircleError(Exception):
    """
    The next instant is not a later one: the controller gives the CronJob up, or never ends.
    """


@attrs.frozen(kw_only=True)
class Course:
    """
    A CronJob and what befalls it; all times are Unix seconds.

    Attributes:
        edits: Later schedules, each with the time of the change.
        pauses: Spans with `suspend`.
        outages: Spans without a controller.
        seconds: How long a Job runs.
    """

    native: Native
    created: int
    until: int
    policy: Policy = "Forbid"
    deadline: int | None = None
    seconds: float = 1.5
    edits: Sequence[tuple[int, Native]] = ()
    pauses: Sequence[Span] = ()
    outages: Sequence[Span] = ()

    def reader(self, now: float) -> Reader:
        """
        How the schedule of that time is read.
        """
        natives = [self.native, *(native for at, native in self.edits if at <= now)]
        return reader(natives[-1])

    def steps(self, name: str) -> list[Step]:
        """
        The same for the real controller, but for the outages.
        """
        spec: dict[str, object] = {"concurrencyPolicy": self.policy, "seconds": self.seconds}
        if self.deadline is not None:
            spec["startingDeadlineSeconds"] = self.deadline
        text, zone = self.native.text, self.native.timezone
        return [
            create(instant(self.created), name, text, zone, **spec),
            *(
                edit(instant(at), name, schedule=new.text, timeZone=new.timezone)
                for at, new in self.edits
            ),
            *(
                edit(instant(at), name, suspend=suspend)
                for span in self.pauses
                for at, suspend in zip(span, (True, False), strict=True)
            ),
        ]


@functools.cache
def reader(native: Native) -> Reader:
    """
    How robfig reads a text.
    """
    return ROBFIG.readers(native)[0]


@attrs.define
class _Job:
    tick: int
    start: float
    end: float
    how: str = "Complete"


def runs(course: Course) -> list[Run]:
    """
    The Jobs of a course, walked from look to look.
    """
    last, jobs = course.created, list[_Job]()
    looks: list[float] = [course.created, *(stop for _, stop in course.pauses)]
    looks += [stop for _, stop in course.outages]
    looks += [course.reader(at).next(at) + LATE for at, _ in course.edits]
    heapify(looks)
    now = 0.0
    while looks and looks[0] < course.until:
        before, now = now, heappop(looks)
        if now == before:
            continue
        if _within(now, course.outages) or _within(now, course.pauses):
            continue
        current = course.reader(now)
        deadline = now if course.deadline is None else course.deadline
        tick = missed(current, max(last, floor(now - deadline)), floor(now))
        running = [job for job in jobs[-50:] if now < job.end]
        if tick is not None and not (running and course.policy == "Forbid"):
            for job in running if course.policy == "Replace" else ():
                job.end, job.how = now, "Deleted"
            jobs.append(_Job(tick, now, now + course.seconds))
            heappush(looks, now + course.seconds)
            last = tick
        upcoming = current.next(floor(now))
        if upcoming is not None:
            heappush(looks, upcoming + LATE)
    return [_run(job, course.until) for job in jobs]


def missed(search: Reader, since: int, now: int) -> int | None:
    """
    The latest instant after *since* and not after *now*, as the controller finds it.

    It guesses from the first gap where the latest must be, and looks from there on: where gaps
    are uneven it may look behind the latest and find none.

    Raises:
        CircleError: robfig's search goes round in a circle.
    """
    first = search.next(since)
    if first is None or first > now:
        return None
    second = search.next(first)
    if second is None or second > now:
        return first
    gap = second - first
    if gap < 1:
        raise CircleError(second)
    found, at = None, first + ((now - first) // gap - 1) * gap
    while (later := search.next(at)) is not None and later <= now:
        if later <= at:
            raise CircleError(later)
        found = at = later
    return found


def agree(rules: Sequence[Run], seen: Sequence[Run]) -> bool:
    """
    Whether the same Jobs start and end at the same times, but for 0.1 s: a controller that meets
    a stale cache of its own tries again after some milliseconds.
    """
    return len(rules) == len(seen) and all(
        (one.tick, one.how) == (other.tick, other.how)
        and all(
            abs(ruled - was) < timedelta(seconds=0.1) if ruled and was else ruled is was
            for ruled, was in zip(one[1:3], other[1:3], strict=True)
        )
        for one, other in zip(rules, seen, strict=True)
    )


def _within(now: float, spans: Sequence[Span]) -> bool:
    return any(start <= now < stop for start, stop in spans)


def _run(job: _Job, until: int) -> Run:
    tick, start = instant(job.tick), instant(job.start)
    return Run(tick, start, instant(job.end), job.how) if job.end < until else Run(tick, start)


def instant(epoch: float) -> datetime:
    """
    Aware, to the millisecond.
    """
    return datetime.fromtimestamp(round(epoch, 3), UTC)
