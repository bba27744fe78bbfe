"""
What a translation costs: writing and proving, in every dialect, and how it grows.

First the median of random schedules for each dialect, those of zones with one offset and those of
zones with summer time apart. Then 1 000 schedules through all dialects in one process, with its
memory. Last the proof of one schedule over ever longer horizons.

Run it as `python benchmarks/translation.py [schedules]`.
"""

from __future__ import annotations

import pathlib
import resource
import statistics
import sys
import time


sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests" / "recurrence"))

from random_schedules import START, schedules

import schedkit as sk
from schedkit.recurrence.proof import _prove
from schedkit.recurrence.zones import Zone


FIRST, LAST = (int(START.timestamp()) + years * 31_557_600 for years in (0, 10))
YEARS = (5, 10, 20, 40)
GROWTH = (
    ("*/15 * * * *", "UTC"),
    ("30 2 * * *", "Europe/Berlin"),
    ("*/5 8-18 * * 1-5", "America/New_York"),
    ("0 9 1 * 1", "Africa/Casablanca"),
)


def changes(when: sk.When) -> bool:
    """
    Whether the clocks of a schedule change within ten years.
    """
    zones = {calendar.timezone for calendar in when.calendars()}
    return any(Zone.of(zone).changes(FIRST, LAST) for zone in zones)


def medians(count: int) -> None:
    """
    Print the milliseconds of one translation, dialect by dialect.
    """
    drawn = list(schedules(count, seed=7))
    for name in sk.dialects():
        spent: dict[bool, list[float]] = {False: [], True: []}
        for when in drawn:
            begin = time.perf_counter()
            sk.attempt(when, name)
            spent[changes(when)].append(time.perf_counter() - begin)
        told = [
            f"{label} {_figures(found)}"
            for label, found in (("one offset", spent[False]), ("summer time", spent[True]))
        ]
        print(f"{name:18} {'; '.join(told)}")


def _figures(seconds: list[float]) -> str:
    middle, mean = statistics.median(seconds) * 1e3, statistics.mean(seconds) * 1e3
    most = sorted(seconds)[-len(seconds) // 100] * 1e3
    return f"median {middle:6.2f} ms, mean {mean:6.2f}, 99 of 100 below {most:6.1f}"


def together(count: int) -> None:
    """
    Print the time and memory of many schedules through all dialects in this process.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin, kept = time.perf_counter(), 0
    for when in schedules(count, seed=8):
        kept += sum(sk.attempt(when, name).holds for name in sk.dialects())
    spent = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count} schedules x {len(sk.dialects())} dialects: {spent:.1f} s, {kept} kept, "
        f"{after:.0f} MB at most, {after - before:.0f} MB more than before"
    )


def growth() -> None:
    """
    Print the milliseconds of a proof over each horizon, and the ratio to the one before.
    """
    from schedkit.recurrence.dialects.robfig import ROBFIG

    for text, zone in GROWTH:
        when, found = sk.Cron(text, zone), []
        natives = ROBFIG.write(when)
        for years in YEARS:
            spent = []
            for _ in range(5):
                _prove.cache_clear()
                begin = time.perf_counter()
                _prove(when, natives, ROBFIG, years)
                spent.append(time.perf_counter() - begin)
            found.append(min(spent) * 1e3)
        told = ", ".join(
            f"{years} years {ms:.2f} ms" for years, ms in zip(YEARS, found, strict=True)
        )
        ratio = found[-1] / found[1]
        print(f"{text!r} {zone}: {told}; four times the years cost {ratio:.2f} times as much")


def main(count: int = 1_000) -> None:
    """
    Print all three.
    """
    medians(count)
    together(count)
    growth()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
