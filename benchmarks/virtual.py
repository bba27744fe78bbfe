"""
How long `schedkit.testing.virtual_time` takes for a month of 100 schedules, best of five.

All policies are in it: overlap, catch-up, jitter, zones, parameters, a day with the machine off.
"""

from __future__ import annotations

import time
from collections import Counter

import schedkit as sk
from schedkit.testing import virtual_time


OVERLAPS = ("allow", "forbid", "queue", "replace")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
LIMIT = 1.0  # seconds


def schedules() -> list[sk.ScheduleSpec]:
    step = sk.Step("fit", image="ghcr.io/acme/ml:1", command=["fit"])
    return [
        sk.ScheduleSpec(
            f"s{number}",
            sk.PipelineSpec(f"p{number}", steps=[step], overlap=OVERLAPS[number % 4]),
            sk.Cron(f"{number % 60} */4 * * *", timezone=ZONES[number // 4 % 4]),
            jitter="10m" if number % 3 else 0,
            catch_up=sk.CatchUp("all", "24h") if number % 5 else sk.CatchUp(),
        )
        for number in range(100)
    ]


def month() -> tuple[float, Counter[str]]:
    specs = schedules()
    began = time.perf_counter()
    clock = virtual_time("2026-03-01T00:00:00Z", specs, lasts={"p0": "5h"})
    clock.advance("360h")
    clock.off("24h")
    clock.advance("2026-04-01T00:00:00Z")
    return time.perf_counter() - began, Counter(run.state for run in clock.runs)


if __name__ == "__main__":
    times, states = zip(*(month() for _ in range(5)), strict=True)
    told = ", ".join(f"{count} {state}" for state, count in sorted(states[0].items()))
    print(f"a month of 100 schedules: {min(times) * 1_000:.0f} ms ({told})")
    assert min(times) < LIMIT, f"more than {LIMIT:g} s"
