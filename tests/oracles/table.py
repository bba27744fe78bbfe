"""
Ask every oracle something and print a table: version, time zones, answers per second.
"""

from __future__ import annotations

import random
import time

from oracles import ORACLES
from runner import Broken, Oracle, Question


COUNT, RUNS = 2_000, 25
SHAPES = {  # from minute and hour to a text
    "cron": "{} {} * * 1-5",
    "robfig": "{} {} * * 1-5",
    "eventbridge": "cron({} {} ? * MON-FRI *)",
    "quartz": "0 {} {} ? * MON-FRI",
    "systemd": "Mon..Fri *-*-* {1}:{0}",
}


def row(oracle: Oracle) -> tuple[str, ...]:
    """
    The cells of one oracle.
    """
    if lacking := oracle.missing():
        return (oracle.name, oracle.dialect, "", "", f"MISSING: {lacking}")
    chance = random.Random(1)
    texts = [
        SHAPES[oracle.dialect].format(chance.randrange(60), chance.randrange(24))
        for _ in range(COUNT)
    ]
    with oracle:
        oracle.runs(texts[0], "UTC", 0, 1)
        begin = time.perf_counter()
        answers = oracle.ask(Question(text, n=RUNS) for text in texts)
        rate = COUNT / (time.perf_counter() - begin)
    broken = sum(isinstance(found, Broken) for found in answers)
    version, _, zones = oracle.version().partition(" ")
    ran = f"{rate:,.0f} answers/s" + (f", {broken} broken" if broken else "")
    return (oracle.name, oracle.dialect, version, zones, ran)


if __name__ == "__main__":
    table = [("oracle", "dialect", "version", "tzdata", f"ran ({RUNS} runs an answer)")]
    table += map(row, ORACLES.values())
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        line = "  ".join(map(str.ljust, cells, widths))
        print(line.rstrip())
