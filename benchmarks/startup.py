"""
What starting costs: `import schedkit` over `import pulumi`, and `schedkit next` over bare imports.

Whole processes, interleaved, medians; run it as `python benchmarks/startup.py [repetitions]`.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time


NEXT = ["-m", "schedkit.cli", "next", "0 1 * * *", "--timezone", "Europe/Berlin", "-n", "5"]
PROGRAMS = {
    "import pulumi": ["-c", "import pulumi"],
    "import pulumi, schedkit": ["-c", "import pulumi, schedkit"],
    "... and its components": ["-c", "import pulumi, schedkit; schedkit.Pipeline"],
    "import attrs, click, zoneinfo": ["-c", "import attrs, click, zoneinfo"],
    "schedkit next": NEXT,
}


def seconds(arguments: list[str]) -> float:
    """
    Wall seconds of one process.
    """
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def main(repetitions: int = 21) -> None:
    """
    Print medians and the two figures that are promised.
    """
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for arguments in PROGRAMS.values():
        seconds(arguments)
    for _ in range(repetitions):
        for name in random.sample(list(PROGRAMS), len(PROGRAMS)):
            times[name].append(seconds(PROGRAMS[name]))
    middle = {name: statistics.median(found) for name, found in times.items()}
    for name, found in middle.items():
        print(f"{name:32} {found * 1e3:8.1f} ms")
    over = (middle["import pulumi, schedkit"] - middle["import pulumi"]) * 1e3
    whole = (middle["... and its components"] - middle["import pulumi"]) * 1e3
    ratio = middle["schedkit next"] / middle["import attrs, click, zoneinfo"]
    print(f"import schedkit over import pulumi: {over:+.1f} ms (promised: at most 30)")
    print(f"... with its components:            {whole:+.1f} ms")
    print(f"schedkit next over bare imports:    {ratio:.2f}x (promised: at most 2)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
