"""
What a Python library really does: one JSON question per line in, one JSON answer per line out.

    python ask.py cronsim    {"text": "0 9 * * 1", "zone": "Asia/Tokyo", "after": 0, "n": 3}
                             -> {"runs": [86400, ...]}, {"error": "..."} or {"broken": "..."}
    python ask.py cronsim --version
"""

from __future__ import annotations

import itertools
import json
import signal
import sys
import zoneinfo
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path


SECONDS = 2  # a longer search is endless


def croniter(text):
    from croniter import CroniterBadDateError, croniter

    croniter(text)

    def runs(start):
        cron = croniter(text, start)
        try:
            while True:
                yield cron.get_next(datetime)
        except CroniterBadDateError:  # no run in fifty years
            return

    return runs


def cronsim(text):
    from cronsim import CronSim

    CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    return lambda start: CronSim(text, start)


def pyawscron(text):
    from pyawscron import AWSCron

    cron = AWSCron(text)

    def runs(start):
        run = start.astimezone(UTC)
        while run := cron.occurrence(run).next():
            yield run

    return runs


def validator(text):
    from aws_cron_expression_validator.validator import AWSCronExpressionValidator

    AWSCronExpressionValidator.validate(text)
    return lambda start: ()


# Each takes the text and returns a function from start to runs; raises what the library raises.
LIBRARIES = {
    "aws-cron-expression-validator": validator,
    "croniter": croniter,
    "cronsim": cronsim,
    "pyawscron": pyawscron,
}


def answer(parse, question):
    try:
        runs = parse(question["text"])
        start = datetime.fromtimestamp(question["after"], zoneinfo.ZoneInfo(question["zone"]))
    except TimeoutError:
        return {"endless": True}
    except Exception as error:  # noqa: BLE001  a library may raise whatever it likes
        return {"error": f"{type(error).__name__}: {error}"}
    try:
        found = itertools.islice(runs(start), question["n"])
        return {"runs": [int(run.timestamp()) for run in found]}
    except TimeoutError:
        return {"endless": True}
    except Exception as error:  # noqa: BLE001
        return {"broken": f"{type(error).__name__}: {error}"}


def version(name: str) -> str:
    folders = [Path(folder, "tzdata.zi") for folder in zoneinfo.TZPATH]
    found = next((path for path in folders if path.is_file()), None)
    zones = found.open().readline().split()[-1] if found else metadata.version("tzdata")
    return f"{metadata.version(name)} {zones}"


def late(*_):
    raise TimeoutError


if __name__ == "__main__":
    library = sys.argv[1]
    if sys.argv[2:]:
        print(version(library))
        sys.exit()
    signal.signal(signal.SIGALRM, late)
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        reply = answer(LIBRARIES[library], json.loads(line))
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(reply), flush=True)
