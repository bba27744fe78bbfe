"""
Every oracle there is, by its name.
"""

from __future__ import annotations

from oncalendar import Systemd
from runner import (
    Lines,
    fields_of_aws,
    node,
    python,
    quartz,
    robfig,
    rows,
    zone_data,
    zone_version,
)


ORACLES = rows(
    Lines(
        name="robfig",
        dialect="robfig",
        command=lambda: [str(robfig())],
        needs=lambda: robfig().is_file(),
        zones=lambda: zone_version(zone_data()),
    ),
    quartz("quartz", "quartz"),
    quartz("quartz-aws", "eventbridge", lambda text: f"0 {fields_of_aws(text)}"),
    Systemd(name="systemd", dialect="systemd", tools=("systemd-analyze",)),
    python("croniter", "cron"),
    python("cronsim", "cron"),
    node("cron-parser", "cron"),
    node("croner", "cron"),
    python("pyawscron", "eventbridge", utc_only=True, native=fields_of_aws),
    node("aws-cron-parser", "eventbridge", utc_only=True, native=fields_of_aws),
    python(
        "aws-cron-expression-validator", "eventbridge", grammar_only=True, native=fields_of_aws
    ),
)
