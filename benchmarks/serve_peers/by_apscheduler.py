"""
APScheduler 3 with its default executor; the second argument is the URL of a job store on SQLite.

No deadline: with the default of one second, runs of a burst are dropped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.events import EVENT_SCHEDULER_STARTED
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger


def triggers(rows: list[Mapping[str, object]]) -> Iterator[tuple[str, BaseTrigger]]:
    """
    Names of schedules, and when they fire.
    """
    for row in rows:
        if row["cron"]:
            yield row["name"], CronTrigger.from_crontab(row["cron"], timezone=UTC)
        else:
            start = datetime.fromtimestamp(row["anchor"], UTC)
            yield row["name"], IntervalTrigger(days=1, start_date=start, timezone=UTC)


def main(path: str, url: str | None = None) -> None:
    """
    Add all jobs, then start.
    """
    workload = json.loads(Path(path).read_text())
    scheduler = BlockingScheduler(timezone=UTC)
    if url:
        scheduler.add_jobstore("sqlalchemy", url=url)
    scheduler.add_listener(lambda _: print("ready", flush=True), EVENT_SCHEDULER_STARTED)
    for name, trigger in triggers(workload["schedules"]):
        command = [*workload["step"], name]
        scheduler.add_job(subprocess.call, trigger, [command], id=name, misfire_grace_time=None)
    scheduler.start()


main(*sys.argv[1:])
