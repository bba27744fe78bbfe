"""
Random crons against the slow truth of `brute.py`, around every change of the clocks.

    python tests/recurrence/fuzz.py --crons 20000 --seed 1
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter


sys.path.insert(0, str(Path(__file__).parent))

from brute import Sets, windows

from schedkit.exceptions import NeverFiresError, NotExpressibleError
from schedkit.recurrence import Cron, Dst
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.proof import prove


ZONES = (
    "UTC",
    "Asia/Kolkata",
    "Europe/Berlin",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
GAPS, FOLDS = ("skip", "next", "shift"), ("first", "second", "both")


def robfig(cron: Cron) -> str:
    """
    A proved cron runs on robfig as the engine says; any other truly differs where the proof says.
    """
    try:
        natives = ROBFIG.write(cron)
    except NotExpressibleError:
        assert cron.calendar.day_rule == "all", cron
        return "robfig cannot say"
    proof = prove(cron, natives, ROBFIG)
    fires = [partial(ROBFIG.fires, native) for native in natives]
    if proof.holds:
        for window in windows(cron.timezone):
            runs = sorted(run for each in fires for run in each(window.start, window.stop))
            assert runs == list(cron.epochs(window.start, window.stop)), (cron, window.start)
        return "robfig proved"
    missing = [int(each.timestamp()) for each in proof.missing]
    extra = [int(each.timestamp()) for each in proof.extra]
    assert missing or extra, cron
    assert all([at] == list(cron.epochs(at, at + 1)) for at in missing), cron
    assert all([] == list(cron.epochs(at, at + 1)) for at in extra), cron
    return "robfig refused with differing instants"


# What a dialect has to say of each cron: takes it, returns the word to count it under, such as
# "robfig proved" or "robfig refused", raises AssertionError when both would be wrong.
DIALECT_CHECKS: list[Callable[[Cron], str]] = [robfig]


def random_item(rng: Random, low: int, high: int, names: list[str]) -> tuple[str, set[int]]:
    """
    `a`, `a-b` or `a-b/n` and what it means.
    """

    def word(value: int) -> str:
        named = names and value - low < len(names) and rng.random() < 0.3
        name = names[value - low] if named else ""
        return rng.choice((name, name.lower())) if name else str(value)

    first, last = sorted((rng.randint(low, high), rng.randint(low, high)))
    if rng.random() < 0.5:
        return word(first), {first}
    if rng.random() < 0.5:
        return f"{word(first)}-{word(last)}", set(range(first, last + 1))
    step = rng.randint(1, max(1, (high - low) // 2))
    return f"{word(first)}-{word(last)}/{step}", set(range(first, last + 1, step))


def random_field(
    rng: Random, low: int, high: int, size: int, names: list[str], star: float
) -> tuple[str, set[int] | None]:
    """
    A field and what it means; None where it restricts nothing.
    """
    luck = rng.random()
    if luck < star:
        return rng.choice(("*", "*", "*/1")), None
    if luck < star + 0.15:
        step = rng.randint(2, size)
        return f"*/{step}", set(range(low, low + size, step))
    items = [random_item(rng, low, high, names) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    return ",".join(text for text, _ in items), set().union(*(values for _, values in items))


def random_cron(rng: Random) -> tuple[str, Sets, str | None]:
    """
    A text, what it means, and the `day_rule` it needs.
    """
    minute, minutes = random_field(rng, 0, 59, 60, [], 0.1)
    hour, hours = random_field(rng, 0, 23, 24, [], 0.3)
    day, days = random_field(rng, 1, 31, 31, [], 0.6)
    month, months = random_field(rng, 1, 12, 12, MONTHS, 0.6)
    weekday, weekdays = random_field(rng, 0, 7, 7, WEEKDAYS, 0.6)
    weekdays = None if weekdays is None else {value % 7 for value in weekdays}
    rule = rng.choice((None, "any", "all"))
    if days is not None and weekdays is not None and rule is None:
        odd = "*" in day + weekday or len(days) == 31 or len(weekdays) == 7
        rule = "any" if odd else None
    sets = Sets(
        frozenset(range(60) if minutes is None else minutes),
        frozenset(range(24) if hours is None else hours),
        None if days is None else frozenset(days),
        frozenset(range(1, 13) if months is None else months),
        None if weekdays is None else frozenset(weekdays),
        rule or "any",
    )
    return f"{minute} {hour} {day} {month} {weekday}", sets, rule


def check(text: str, sets: Sets, rule: str | None, zone: str, dst: Dst | None) -> int:
    """
    Compare one cron in one zone; how many instants agreed.
    """
    cron = Cron(text, zone, dst, rule)
    policy = dst or Dst()
    compared = 0
    for window in windows(zone):
        expected = window.fires(sets, policy.gap, policy.fold)
        actual = list(cron.epochs(window.start, window.stop))
        assert expected == actual, (text, zone, dst, rule, sorted(set(expected) ^ set(actual))[:5])
        compared += len(expected)
    return compared


def never_fires(sets: Sets) -> bool:
    """
    Whether the sets name only days such as 30 February.
    """
    if sets.days is None or (sets.weekdays is not None and sets.day_rule == "any"):
        return False
    return min(sets.days) > max(
        {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(m, 31) for m in sets.months
    )


def run(crons: int, seed: int, progress: bool = False) -> Counter[str]:
    """
    Check *crons* random crons in every zone; counts of what was compared.
    """
    rng = Random(seed)
    counts: Counter[str] = Counter()
    begin = perf_counter()
    for number in range(1, crons + 1):
        text, sets, rule = random_cron(rng)
        dst = rng.choice((None, Dst(gap=rng.choice(GAPS), fold=rng.choice(FOLDS))))
        try:
            cron = Cron(text, day_rule=rule)
        except NeverFiresError:
            assert never_fires(sets), text
            counts["never fires"] += 1
            continue
        assert not never_fires(sets), text
        counts["crons"] += 1
        for zone in ZONES:
            counts["instants"] += check(text, sets, rule, zone, dst)
            counts["cron x zone"] += 1
            for dialect_check in DIALECT_CHECKS:
                counts[dialect_check(Cron(text, zone, dst, rule))] += 1
        if progress and (number % 200 == 0 or number == crons):
            print(f"\r{number}/{crons} {perf_counter() - begin:.0f} s", end="", file=sys.stderr)
        assert cron.text == text
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--crons", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    counts = run(arguments.crons, arguments.seed, progress=True)
    print(file=sys.stderr)
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")


if __name__ == "__main__":
    main()
