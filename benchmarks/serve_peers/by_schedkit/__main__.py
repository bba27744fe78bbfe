"""
The workload as a program: one pipeline, a schedule per line.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import schedkit as sk


workload = json.loads(Path(os.environ["SCHEDKIT_BENCH_WORKLOAD"]).read_text())
step = sk.Step("start", command=[*workload["step"], sk.Parameter("name")])
pipeline = sk.Pipeline("starts", steps=[step], parameters={"name": "-"}, overlap="allow")
for row in workload["schedules"]:
    when = (
        sk.Cron(row["cron"], timezone="UTC")
        if row["cron"]
        else sk.Every("24h", datetime.fromtimestamp(row["anchor"], UTC))
    )
    sk.Schedule(row["name"], pipeline, when, parameters={"name": row["name"]})
