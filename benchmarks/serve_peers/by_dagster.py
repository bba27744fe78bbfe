"""
Dagster: one job, a schedule definition per schedule. Its crons have no seconds.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import dagster


WORKLOAD = json.loads(Path(os.environ["SCHEDKIT_BENCH_WORKLOAD"]).read_text())


@dagster.op(config_schema={"name": str})
def start(context) -> None:  # noqa: ANN001, refused in the name of annotations from future
    """
    Write the time and the name of the schedule.
    """
    with Path(WORKLOAD["out"]).open("a") as stream:
        stream.write(f"{time.time():.6f} {context.op_config['name']}\n")


@dagster.job(executor_def=dagster.in_process_executor)
def one() -> None:
    """
    One op, in the process of the run.
    """
    start()


defs = dagster.Definitions(
    schedules=[
        dagster.ScheduleDefinition(
            name=row["name"],
            job=one,
            cron_schedule=row["cron"],
            execution_timezone="UTC",
            run_config={"ops": {"start": {"config": {"name": row["name"]}}}},
            default_status=dagster.DefaultScheduleStatus.RUNNING,
        )
        for row in WORKLOAD["schedules"]
    ]
)
