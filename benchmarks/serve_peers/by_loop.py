"""
The floor: what cron does, as a loop over a heap. It keeps nothing and forgets all when it ends.
"""

from __future__ import annotations

import heapq
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from croniter import croniter


DAY = 86400


def following(row: Mapping[str, object], now: float) -> float:
    """
    The first instant of a schedule after *now*.
    """
    if row["cron"]:
        return croniter(row["cron"], now).get_next(float)
    return now + DAY - (now - row["anchor"]) % DAY


def main(path: str) -> None:
    """
    Start what is due, for ever.
    """
    workload = json.loads(Path(path).read_text())
    rows = workload["schedules"]
    now = time.time()
    heap = [(following(row, now), n) for n, row in enumerate(rows)]
    heapq.heapify(heap)
    print("ready", flush=True)
    while True:
        instant, n = heap[0]
        if (wait := instant - time.time()) > 0:
            time.sleep(wait)
        subprocess.Popen([*workload["step"], rows[n]["name"]])  # the next one reaps the last ones
        heapq.heapreplace(heap, (following(rows[n], instant), n))


main(sys.argv[1])
