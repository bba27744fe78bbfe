"""
What compiling and proving one schedule costs, for 50 crons of the real world.

Every figure is of a first time: what schedkit remembers of schedules and proofs is forgotten
before each one; what it knows of zones stays. Run it as `python benchmarks/proof.py`.
"""

from __future__ import annotations

import statistics
import sys
import time

from crons import REAL_WORLD

import schedkit as sk
from schedkit.planning import plan_for
from schedkit.recurrence import proof, when
from schedkit.recurrence.dialects import robfig
from schedkit.registry import load


PROMISED = {"UTC": 10, "Europe/Berlin": 40, "America/New_York": 40}
"""Milliseconds, by zone."""

CACHES = (proof._prove, robfig._write, when._normal)  # noqa: SLF001
SPEC = sk.PipelineSpec("train", steps=[sk.Step("fit", image="ghcr.io/acme/ml:1.4")])


def milliseconds(backend: sk.Backend, text: str, timezone: str) -> float:
    """
    From cron text to a proved plan of a CronJob.
    """
    for cache in CACHES:
        cache.cache_clear()
    start = time.perf_counter()
    spec = sk.ScheduleSpec("nightly", SPEC, sk.Cron(text, timezone=timezone))
    plan = plan_for(backend, spec, sk.Target())
    took = time.perf_counter() - start
    if plan.proof is None or not plan.proof.holds:
        sys.exit(f"{text} in {timezone} is not proved: nothing to measure")
    return took * 1e3


def main() -> None:
    """
    Print mean and maximum of each zone; exit with 1 when a promise is broken.
    """
    backend = load("kubernetes")()
    broken = False
    for timezone, most in PROMISED.items():
        milliseconds(backend, "0 1 * * *", timezone)
        times = [
            min(milliseconds(backend, text, timezone) for _ in range(3)) for text in REAL_WORLD
        ]
        worst = REAL_WORLD[times.index(max(times))]
        print(
            f"{timezone:18} mean {statistics.mean(times):6.2f} ms, "
            f"max {max(times):6.2f} ms ({worst}), promised at most {most}"
        )
        broken |= max(times) > most
    sys.exit(broken)


if __name__ == "__main__":
    main()
