"""
Prefect 3: one flow, a deployment per schedule, served by one process beside the server.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect import flow, serve
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule


@flow
def start(out: str, name: str) -> None:
    """
    Write the time and the name of the schedule.
    """
    with Path(out).open("a") as stream:
        stream.write(f"{time.time():.6f} {name}\n")


def when(row: Mapping[str, object]) -> CronSchedule | IntervalSchedule:
    """
    When a schedule fires.
    """
    if row["cron"]:
        return CronSchedule(cron=row["cron"], timezone="UTC")
    anchor = datetime.fromtimestamp(row["anchor"], UTC)
    return IntervalSchedule(interval=timedelta(days=1), anchor_date=anchor, timezone="UTC")


def main(path: str) -> None:
    """
    Register every deployment, then poll for flow runs.
    """
    workload = json.loads(Path(path).read_text())
    deployments = (
        start.to_deployment(
            row["name"],
            schedule=when(row),
            parameters={"out": workload["out"], "name": row["name"]},
        )
        for row in workload["schedules"]
    )
    serve(*deployments, limit=64)  # 5 at a time unless told


if __name__ == "__main__":
    main(os.environ["SCHEDKIT_BENCH_WORKLOAD"])
