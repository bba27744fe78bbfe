"""
No writer needs more natives than the fewest that its language has, found by trying all texts.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations
from random import Random

import pytest
from brute_natives import (
    DAYS,
    HOURS,
    MINUTES,
    MONTHS,
    WEEKDAYS,
    Universe,
    aws_texts,
    fewest,
    quartz_texts,
    some,
    systemd_texts,
    unix_texts,
    year,
)

from schedkit.recurrence import (
    ANY,
    Calendar,
    Every,
    LastWeekday,
    NearestWeekday,
    NthWeekday,
    Union,
)
from schedkit.recurrence.dialects.argo import ARGO
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.eventbridge_rules import EVENTBRIDGE_RULES
from schedkit.recurrence.dialects.quartz import QUARTZ
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.dialects.systemd import SYSTEMD


PARTS = 10
SIZE = int(os.environ.get("SCHEDKIT_MINIMAL", "40"))  # 2 400 schedules in all languages together
START = datetime(2026, 1, 1, tzinfo=UTC)
INTERVALS = (30, 60, 90, 180)  # minutes; their runs are whole blocks of the universe
PLACES = [NthWeekday("MON", 1), NthWeekday("MON", 5), LastWeekday("MON")]
LANGUAGES = {  # writer; its texts; marks; whether natives that coincide start two runs
    "robfig": (ROBFIG, unix_texts, ([], []), True),
    "argo": (ARGO, unix_texts, ([], []), False),
    "eventbridge": (EVENTBRIDGE, aws_texts, ([-1, NearestWeekday(15)], PLACES), False),
    "eventbridge-rules": (EVENTBRIDGE_RULES, aws_texts, ([-1, NearestWeekday(15)], PLACES), True),
    "systemd": (SYSTEMD, systemd_texts, ([-1], [LastWeekday("MON")]), False),
    "quartz": (QUARTZ, quartz_texts, ([-1, NearestWeekday(15)], PLACES), True),
}


def schedule(draw, marks):
    """
    One to three random members, in UTC.
    """
    members = [member(draw, marks) for _ in range(draw.choice((1, 1, 2, 2, 2, 3)))]
    return members[0] if len(members) == 1 else Union(*members)


def member(draw, marks):
    """
    Minutes, hours and days of the universe, or an interval.
    """
    if draw.random() < 0.15:
        interval = draw.choice(INTERVALS)
        phase = draw.randrange(0, interval, 30)
        return Every(f"{interval}m", START + timedelta(minutes=phase))
    days, weekdays = (chosen(draw, *each) for each in zip((DAYS, WEEKDAYS), marks, strict=True))
    return Calendar(
        minutes=draw.choice(some(MINUTES)),
        hours=draw.choice(some(HOURS)),
        days=days,
        months=draw.choice(some(MONTHS)) if draw.random() < 0.5 else ANY,
        weekdays=weekdays,
        day_rule="any",
    )


def chosen(draw, blocks, marks):
    """
    Some blocks and marks, or ANY.
    """
    if draw.random() < 0.4:
        return ANY
    found = [] if marks and draw.random() < 0.5 else list(draw.choice(some(blocks)))
    return found + [mark for mark in marks if draw.random() < 0.25] or ANY


@cache
def universe(name):
    """
    All texts of a language.
    """
    dialect, texts, *_ = LANGUAGES[name]
    return Universe(dialect, texts(), "" if name == "eventbridge-rules" else "UTC")


def target_of(when, cells):
    """
    What a schedule means, without a writer.
    """
    found = 0
    for part in when.members if isinstance(when, Union) else [when]:
        if isinstance(part, Every):
            step, phase = part.interval // 60, int(part.anchor.timestamp()) // 60
            minutes = sum(1 << minute for minute in range(phase % step, 1_440, step))
            found |= cells(minutes, year(lambda _, leap: (1 << 365 + leap) - 1))
        for calendar in part.calendars():
            found |= cells(calendar.minute_mask, year(calendar.year_days))
    return found


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", LANGUAGES)
def test_no_fewer_natives(name, part):
    """
    Of 2 000 schedules, each is written with as few texts as there can be; where coinciding texts
    start two runs with as few as can be without, and with such texts only where there is no other
    way.
    """
    dialect, _, marks, apart = LANGUAGES[name]
    every = universe(name)
    for seed in range(SIZE * part, SIZE * part + SIZE):
        when = schedule(Random(seed), marks)
        readers = [reader for native in dialect.write(when) for reader in dialect.readers(native)]
        made = [every.cells(reader.minutes, year(reader.year_days)) for reader in readers]
        target = target_of(when, every.cells)
        assert (seed, target) == (seed, union(made))
        doubled = apart and any(one & other for one, other in combinations(made, 2))
        limit = len(made) + 3 if doubled else len(made)
        assert (seed, None) == (seed, fewest(target, every.boxes, disjoint=apart, below=limit))
        if doubled:
            found = fewest(target, every.boxes, disjoint=False, below=len(made))
            assert (seed, None) == (seed, found)


def union(boxes):
    """
    What several boxes say.
    """
    found = 0
    for box in boxes:
        found |= box
    return found


def test_search_finds_what_is_fewer():
    """
    The search is no rubber stamp: it finds what is there and nothing else.
    """
    stair = [0b000011, 0b000110, 0b001100]
    boxes = {*stair, 0b000001, 0b000010, 0b000100, 0b001000}
    assert 2 == fewest(0b001111, boxes, disjoint=False, below=4)
    assert 2 == fewest(0b001111, boxes, disjoint=True, below=4)
    assert 2 == fewest(0b000111, boxes, disjoint=False, below=4)
    assert 3 == fewest(0b010101, {1, 4, 16, 5 << 1}, disjoint=True, below=9)
    assert None is fewest(0b001111, boxes, disjoint=True, below=2)
