from __future__ import annotations

from random import Random

import fuzz
import pytest

from schedkit.recurrence import Cron


def test_random_crons_fire_as_their_minutes_say():
    """
    Two hundred random crons in six zones fire at exactly the minutes that a look at each finds.
    """
    counts = fuzz.run(200, seed=7)
    assert 200 == counts["crons"] + counts["never fires"]
    assert 6 * counts["crons"] == counts["cron x zone"]
    assert counts["instants"] > 100_000


def test_the_comparison_notices():
    """
    The comparison fails for a cron that runs a minute late.
    """
    every_month = frozenset(range(1, 13))
    sets = fuzz.Sets(frozenset({1}), frozenset({2}), None, every_month, None)
    with pytest.raises(AssertionError):
        fuzz.check("0 2 * * *", sets, None, "Europe/Berlin", None)


def test_dialect_checks_are_counted(monkeypatch):
    """
    What a dialect says of each cron is counted by its word.
    """
    seen = []
    monkeypatch.setattr(fuzz, "DIALECT_CHECKS", [lambda cron: seen.append(cron) or "seen"])
    counts = fuzz.run(2, seed=3)
    assert 12 == counts["seen"] == len(seen)
    assert isinstance(seen[0], Cron)


def test_never_fires_is_known_without_the_engine():
    """
    The fuzz knows by itself which sets name no day.
    """
    sets = fuzz.random_cron(Random(1))[1]
    empty = fuzz.Sets(sets.minutes, sets.hours, frozenset({31}), frozenset({2, 4}), None)
    assert fuzz.never_fires(empty)
