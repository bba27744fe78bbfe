"""
Random changes of random schedules: which runs begin that nobody expects, and which are lost.

Expected are the instants of the old schedule up to the change, and those of the new one after it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import attrs
import virtual
from rules import LATE, Course, instant, reader
from virtual import Run, Scenario

from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.robfig import ROBFIG


DAY, HOUR = 86_400, 3_600
CREATED = int(datetime(2026, 3, 4, tzinfo=UTC).timestamp()) - 1
UNTIL = CREATED + 9 * DAY  # over the change of New York's clocks
ZONES = ("Etc/UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")
DEADLINES = (60, 300, 300, 300, HOUR, DAY, None)  # 300 is what schedkit writes
SHARES = 6  # scenarios; a watcher takes no more than a hundred events at once
LENGTHS = (20.37, 200.37, 2_000.37)  # seconds of a Job


def _text(draw: random.Random) -> str:
    minute, hour = draw.randrange(60), draw.randrange(24)
    return draw.choice(
        (
            f"{minute} {hour} * * *",
            f"{minute} {hour} * * 1-5",
            f"{minute} {hour},{(hour + 9) % 24} * * *",
            f"{minute} * * * *",
            f"{minute} */{draw.choice((2, 3, 6))} * * *",
            f"*/{draw.choice((10, 15, 20, 30))} * * * *",
            f"{minute // 3},{minute // 3 + 4} {hour} * * *",
        )
    )


def _near(draw: random.Random, text: str) -> str:
    """
    The same text with another minute, at most ten away where there is one minute.
    """
    minute, rest = text.split(" ", 1)
    if not minute.isdecimal():
        return _text(draw)
    return f"{(int(minute) + draw.choice((-10, -5, -3, -1, 1, 2, 4, 8))) % 60} {rest}"


def changes(count: int, seed: int) -> Iterator[Course]:
    """
    Yield CronJobs whose schedule or zone is changed once, often just after an instant.
    """
    draw = random.Random(seed)
    while count:
        old = Native(_text(draw), draw.choice(ZONES))
        kind = draw.random()
        if kind < 0.3:
            new = attrs.evolve(old, timezone=draw.choice(ZONES))
        else:
            text = _near(draw, old.text) if kind < 0.6 else _text(draw)
            new = attrs.evolve(old, text=text)
        at = CREATED + draw.randrange(2 * DAY, 5 * DAY)
        if draw.random() < 0.6:
            at = reader(draw.choice((old, new))).next(at) + draw.randrange(2, 400)
        if at >= UNTIL - 3 * DAY or new == old:
            continue
        count -= 1
        yield Course(
            native=old,
            created=CREATED,
            until=UNTIL,
            edits=[(at, new)],
            policy=draw.choice(("Allow", "Forbid", "Replace")),
            deadline=draw.choice(DEADLINES),
            seconds=draw.choice(LENGTHS),
        )


def paused(count: int, seed: int) -> Iterator[Course]:
    """
    Yield CronJobs that are paused for a while and resumed, often just after an instant.
    """
    draw = random.Random(seed)
    for _ in range(count):
        native = Native(_text(draw), draw.choice(ZONES))
        stop = CREATED + draw.randrange(2 * DAY, 5 * DAY)
        if draw.random() < 0.6:
            stop = reader(native).next(stop) + draw.randrange(2, 400)
        yield Course(
            native=native,
            created=CREATED,
            until=UNTIL,
            policy="Allow",
            deadline=draw.choice((60, 300, 300, HOUR, DAY)),
            seconds=draw.choice(LENGTHS),
            pauses=[(stop - draw.choice((90, 1_000, 3 * HOUR, 40 * HOUR)), stop)],
        )


def simulated(courses: Sequence[Course]) -> list[list[Run]]:
    """
    The runs of the real controller, many CronJobs at the same time.
    """
    scenarios = [
        Scenario(
            instant(CREATED),
            instant(UNTIL),
            [
                step
                for number in range(first, len(courses), SHARES)
                for step in courses[number].steps(f"x{number}")
            ],
        )
        for first in range(SHARES)
    ]
    lives = {name: life for share in virtual.simulate(scenarios) for name, life in share.items()}
    return [lives[f"x{number}"].runs for number in range(len(courses))]


def unexpected(course: Course, runs: Sequence[Run]) -> tuple[list[Run], list[int]]:
    """
    Runs which begin after the change for an instant before it that only the new schedule has, and
    instants without a run, but for those that Forbid skips.
    """
    ((at, new),) = course.edits
    old = set(ROBFIG.fires(course.native, CREATED + 1, at + 1))
    asked = old | set(ROBFIG.fires(new, at + 1, UNTIL))
    ticks = {int(run.tick.timestamp()) for run in runs}
    extra = [run for run in runs if int(run.tick.timestamp()) not in asked]
    lost = sorted(asked - ticks) if course.policy != "Forbid" else []
    return extra, lost


def foreseen(course: Course, runs: Sequence[Run]) -> int | None:
    """
    The instant before the change that runs after it, by the condition that schedkit tells.

    It is the latest one of the new schedule, if the controller did not start that or a later one,
    and if it looks before the next one of the new schedule and before the deadline: at the next
    instant of the old schedule, or when a Job ends.
    """
    ((at, new),) = course.edits
    before = [run for run in runs if run.start.timestamp() <= at]
    last = max((int(run.tick.timestamp()) for run in before), default=course.created)
    past = list(ROBFIG.fires(new, last + 1, at + 1))
    if not past or past[-1] in ROBFIG.fires(course.native, past[-1], past[-1] + 1):
        return None
    upcoming = reader(new).next(at)
    over = upcoming if course.deadline is None else min(upcoming, past[-1] + course.deadline)
    ends = [run.end.timestamp() for run in before if run.end]
    looks = [reader(course.native).next(at) + LATE, *(end for end in ends if end > at)]
    if course.policy == "Forbid":
        looks = [look for look in looks if look >= max(ends, default=0)]
    return past[-1] if min(looks, default=over) < over else None
