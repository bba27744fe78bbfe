"""
A year of random schedules on the real CronJob controller, instant by instant.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import random_schedules
import rules
from rules import Course, Span, instant
from virtual import SHARES, HangError, Scenario, Step, create, outage

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence import Calendar, Cron, Union, When
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.proof import prove


pytestmark = pytest.mark.cluster

START, STOP = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
FIRST, LAST = int(START.timestamp()), int(STOP.timestamp())
CREATED = START - timedelta(seconds=1)
ZONES = ("America/New_York", "Australia/Sydney", "Europe/Berlin", "Europe/London")
# Where robfig is wrong on some days: a midnight or half an hour is missing.
RISKY = (
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
)
MOST = 2_000  # runs a year; a run takes about a millisecond
POLICIES = ("Allow", "Forbid", "Replace")
HOUR, DAY = 3_600, 86_400


def _moved(when: When, zone: str) -> When:
    if isinstance(when, Union):
        return Union(*(_moved(member, zone) for member in when.members))
    return attrs.evolve(when, timezone=zone) if isinstance(when, Calendar) else when


def _written(seed: int) -> Iterator[tuple[When, tuple[Native, ...]]]:
    """
    Random schedules that a CronJob can say, with what it receives.
    """
    for when in random_schedules.schedules(10_000, seed):
        try:
            natives = ROBFIG.write(when)
        except NotExpressibleError:
            continue
        if len(natives) <= 3 and 0 < sum(1 for _ in when.epochs(FIRST, LAST)) <= MOST:
            yield when, natives


def _seconds(instants: Iterator[datetime]) -> list[int]:
    return [int(instant.timestamp()) for instant in instants]


def _shared(steps: list[Step]) -> list[Scenario]:
    """
    One scenario for each process: a year of the queue's heartbeat costs seconds.
    """
    return [Scenario(CREATED, STOP, steps[first::SHARES]) for first in range(SHARES)]


def test_a_year_of_sixty_schedules_in_four_zones(simulate):
    """
    The real controller starts what `when.between` says, on time, and nothing else.
    """
    draw = random.Random(60)
    wanted, steps = {}, []
    for number, (when, _) in enumerate(itertools.islice(_written(seed=5), 60)):
        for zone in ZONES:
            moved = _moved(when, zone)
            natives = ROBFIG.write(moved)
            assert prove(moved, natives, ROBFIG).holds
            wanted[f"{number}-{zone}"] = names = moved, []
            for native in natives:
                names[1].append(f"x{len(steps)}")
                spec = {"concurrencyPolicy": draw.choice(POLICIES), "seconds": draw.uniform(1, 50)}
                if draw.random() < 0.7:
                    spec["startingDeadlineSeconds"] = draw.choice((60, 300, HOUR, DAY))
                steps.append(create(CREATED, names[1][-1], native.text, native.timezone, **spec))
    lives = {name: life for answer in simulate(_shared(steps)) for name, life in answer.items()}
    for title, (when, names) in wanted.items():
        runs = [run for name in names for run in lives[name].runs]
        ticks = sorted(int(run.tick.timestamp()) for run in runs)
        assert _seconds(when.between(START, STOP)) == ticks, title
        assert max(run.start - run.tick for run in runs) < timedelta(seconds=0.2), title
    assert 80_000 < sum(len(life.runs) for life in lives.values())


def test_a_year_where_robfig_is_wrong(simulate):
    """
    Our reader of robfig's text agrees with the real one in zones where robfig itself errs.
    """
    draw, natives, wrong = random.Random(61), [], 0
    for when, written in itertools.islice(_written(seed=6), 40):
        zone = draw.choice(RISKY)
        natives += [attrs.evolve(native, timezone=zone) for native in written]
        if isinstance(when, Calendar):
            wrong += not prove(_moved(when, zone), natives[-len(written) :], ROBFIG).holds
    assert wrong >= 5
    steps = [
        create(CREATED, f"x{number}", native.text, native.timezone, concurrencyPolicy="Allow")
        for number, native in enumerate(natives)
    ]
    lives = {name: life for answer in simulate(_shared(steps)) for name, life in answer.items()}
    for number, native in enumerate(natives):
        ticks = [int(run.tick.timestamp()) for run in lives[f"x{number}"].runs]
        assert list(ROBFIG.fires(native, FIRST, LAST)) == ticks, native


def _spans(draw: random.Random, count: int, longest: int) -> list[Span]:
    """
    Times in order, from a minute on; half a second off, so never at an instant.
    """
    ends = sorted(draw.sample(range(FIRST // 60, LAST // 60), 2 * count))
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return [
        (60 * start + 30, min(60 * stop, 60 * start + draw.randrange(60, longest)) + 31)
        for start, stop in pairs
    ]


def _course(draw: random.Random, native: Native, outages: list[Span]) -> Course:
    runs = sum(1 for _ in ROBFIG.fires(native, FIRST, LAST))
    gap = (LAST - FIRST) // max(1, runs)
    return Course(
        native=native,
        created=FIRST - 1,
        until=LAST,
        policy=draw.choice(POLICIES),
        deadline=draw.choice((60, 300, HOUR, DAY, 30 * DAY, None)),
        seconds=int(min(10 * DAY, gap * draw.choice((0.01, 0.3, 0.9, 2.5)))) + 1.37,
        pauses=_spans(draw, 4, 20 * DAY),
        outages=outages,
    )


def test_a_disturbed_year_goes_by_the_rules(simulate):
    """
    With pauses, outages, deadlines and Jobs that outlast their gap, the real controller starts,
    ends and deletes the Jobs which the rules say, in ordinary zones and in the others.
    """
    draw, courses = random.Random(62), []
    away = [_spans(draw, 6, 4 * DAY) for _ in range(SHARES)]
    for when, _ in itertools.islice(_written(seed=7), 60):
        moved = _moved(when, draw.choice(ZONES + RISKY))
        for native in ROBFIG.write(moved):
            courses.append(_course(draw, native, away[len(courses) % SHARES]))
    expected = [rules.runs(course) for course in courses]
    assert 11_000 < sum(map(len, expected))
    steps = [
        [step for number in range(first, len(courses), SHARES)
         for step in courses[number].steps(f"x{number}")]
        + [step for span in away[first] for step in outage(*map(instant, span))]
        for first in range(SHARES)
    ]  # fmt: skip
    answers = simulate([Scenario(CREATED, STOP, share) for share in steps])
    for number, course in enumerate(courses):
        seen = answers[number % SHARES][f"x{number}"].runs
        assert rules.agree(expected[number], seen), course


def test_where_robfig_goes_round_in_a_circle(simulate):
    """
    After the second 03:45 on Chatham robfig answers the first 03:00. The controller gives the
    CronJob up for good, or hangs with all others when it was away; schedkit refuses such a
    schedule.
    """
    when = Cron("*/15 3 * * *", timezone="Pacific/Chatham")
    (native,) = ROBFIG.write(when)
    assert not prove(when, [native], ROBFIG).holds
    start, down, up, stop = (
        int(datetime.fromisoformat(f"2026-04-{text}:00Z").timestamp())
        for text in ("04T00:00", "04T12:00", "04T14:05", "08T00:00")
    )
    course = Course(native=native, created=start, until=stop)
    for each in (course, attrs.evolve(course, outages=[(down, up)])):
        with pytest.raises(rules.CircleError):
            rules.runs(each)
    first, last, steps = instant(start), instant(stop), course.steps("x")
    (lives,) = simulate([Scenario(first, last, steps)])
    assert [0, 15, 30] == [(run.tick - first).seconds // 60 - 795 for run in lives["x"].runs]
    assert ["InvalidSchedule"] == [event.reason for event in lives["x"].events]
    steps += outage(instant(down), instant(up))
    with pytest.raises(HangError, match=r"no end within 5 s"):
        simulate([Scenario(first, last, steps)], timeout=5)
