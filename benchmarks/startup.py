"""
What starting costs: `import schedkit` over `import pulumi`, `schedkit next` over bare imports, and
the part of pulumi-aws that schedkit-aws uses over all of it.

Whole processes, interleaved, medians; run it as `python benchmarks/startup.py [repetitions]`.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time

from schedkit_aws.backend import Aws


NEXT = ["-m", "schedkit.cli", "next", "0 1 * * *", "--timezone", "Europe/Berlin", "-n", "5"]
PROGRAMS = {
    "import pulumi": ["-c", "import pulumi"],
    "import pulumi, schedkit": ["-c", "import pulumi, schedkit"],
    "... and its components": ["-c", "import pulumi, schedkit; schedkit.Pipeline"],
    "import attrs, click, zoneinfo": ["-c", "import attrs, click, zoneinfo"],
    "schedkit next": NEXT,
}
CLASSES = [path for path in Aws.classes.values() if path and path.startswith("pulumi_aws.")]
MODULES = sorted({path.partition(":")[0] for path in CLASSES})
# pulumi-aws loads a module when it is first asked for an attribute; older classes warn then.
_ASK = "import warnings; warnings.simplefilter('ignore', DeprecationWarning); import pulumi_aws\n"
SOME = _ASK + "\n".join(f"getattr({module}, 'any', None)" for module in MODULES)
ALL = (
    f"{_ASK}import importlib, pkgutil\n"
    "for each in pkgutil.iter_modules(pulumi_aws.__path__):\n"
    "    if each.ispkg: getattr(importlib.import_module('pulumi_aws.' + each.name), 'any', None)"
)
USED = (
    "from schedkit.deploy import load; from schedkit_aws.backend import Aws\n"
    "for path in Aws.classes.values():\n"
    "    if path.startswith('pulumi_aws.'): load(path)"
)
AWS = {
    "import pulumi": PROGRAMS["import pulumi"],
    "import pulumi_aws": ["-c", "import pulumi_aws"],
    "... the modules that a plan uses": ["-c", SOME],
    "... as schedkit loads its classes": ["-c", USED],
    "... and everything in it": ["-c", ALL],
}


def cost(arguments: list[str]) -> tuple[float, float]:
    """
    Wall seconds of one process, and its MB at most.
    """
    start = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, *arguments], **quiet) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"exit {process.returncode}: {arguments}")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def measured(programs: dict[str, list[str]], repetitions: int) -> dict[str, tuple[float, float]]:
    """
    Print, and return, the median seconds and MB of each.
    """
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for arguments in programs.values():
        cost(arguments)
    for _ in range(repetitions):
        for name in random.sample(list(programs), len(programs)):
            found[name].append(cost(programs[name]))
    middle = {
        name: (statistics.median(s for s, _ in costs), statistics.median(mb for _, mb in costs))
        for name, costs in found.items()
    }
    for name, (seconds, megabytes) in middle.items():
        print(f"{name:34} {seconds * 1e3:8.1f} ms {megabytes:6.0f} MB")
    return middle


def main(repetitions: int = 21) -> None:
    """
    Print medians and the figures that are promised.
    """
    middle = {name: s for name, (s, _) in measured(PROGRAMS, repetitions).items()}
    over = (middle["import pulumi, schedkit"] - middle["import pulumi"]) * 1e3
    whole = (middle["... and its components"] - middle["import pulumi"]) * 1e3
    ratio = middle["schedkit next"] / middle["import attrs, click, zoneinfo"]
    print(f"import schedkit over import pulumi: {over:+.1f} ms (promised: at most 30)")
    print(f"... with its components:            {whole:+.1f} ms")
    print(f"schedkit next over bare imports:    {ratio:.2f}x (promised: at most 2)")
    print(f"\n{len(CLASSES)} classes of {', '.join(MODULES)}:")
    base, _, modules, classes, everything = measured(AWS, max(3, repetitions // 4)).values()
    for name, part in (("the modules", modules), ("the classes", classes)):
        seconds, megabytes = (
            (its - own) / (all_ - own)
            for its, all_, own in zip(part, everything, base, strict=True)
        )
        what = f"{seconds:.3f} of the time, {megabytes:.3f} of the memory of everything"
        print(f"{name}, over import pulumi: {what}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
