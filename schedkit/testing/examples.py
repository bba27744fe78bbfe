"""
For every feature a spec that asks for it, and beside it the same spec that does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import attrs

from schedkit.findings import Feature
from schedkit.pipeline import Keep, Parameter, PipelineSpec, Resources, Retry, Secret, Step
from schedkit.recurrence import (
    Calendar,
    Cron,
    Dst,
    Every,
    LastDay,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    When,
)
from schedkit.schedule import CatchUp, ScheduleSpec


Spec: TypeAlias = PipelineSpec | ScheduleSpec


@attrs.frozen
class Example:
    """
    A feature asked for alone.

    Attributes:
        spec: Asks for it.
        base: Differs in nothing else; None where the feature is the whole kind.
    """

    spec: Spec
    base: Spec | None


def step(name: str = "fit", **changes: Any) -> Step:
    """
    A step that every backend can run.
    """
    plain = {"image": "ghcr.io/acme/ml:1", "command": ["python", "-m", "acme"]}
    return Step(name, **{**plain, **changes})


def pipeline(*steps: Step, **changes: Any) -> PipelineSpec:
    """
    A pipeline called `train`; of one step, unless told otherwise.
    """
    return PipelineSpec("train", steps=steps or [step()], **changes)


def schedule(
    when: When | None = None, of: PipelineSpec | None = None, **changes: Any
) -> ScheduleSpec:
    """
    A schedule called `nightly`; at 9:30 UTC, unless told otherwise.
    """
    return ScheduleSpec("nightly", of or pipeline(), when or Cron("30 9 * * *"), **changes)


def _one(**changes: Any) -> PipelineSpec:
    return pipeline(step(**changes))


def _steps(*needs: tuple[str, tuple[str, ...]]) -> PipelineSpec:
    return pipeline(*(step(name, needs=before) for name, before in needs))


_PREPARE, _FIT = ("prepare", ()), ("fit", ("prepare",))
_TUNED = step(args=["--epochs", Parameter("epochs")])
_EPOCHS = pipeline(_TUNED, parameters={"epochs": 3})
_AT: dict[str, Any] = {"minutes": 30, "hours": 9}
_START, _END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)

EXAMPLES: Mapping[Feature, Example] = {
    Feature.PIPELINE: Example(_one(), None),
    Feature.IMAGE: Example(_one(image="ghcr.io/acme/ml:2"), _one()),
    Feature.COMMAND: Example(_one(command=["/bin/fit"]), _one()),
    Feature.ARGS: Example(_one(args=["--fast"]), _one()),
    Feature.ENV: Example(_one(env={"MODE": "fast"}), _one()),
    Feature.SECRETS: Example(_one(secrets={"TOKEN": Secret("hub", "token")}), _one()),
    Feature.CPU: Example(_one(resources=Resources(cpu=2)), _one()),
    Feature.MEMORY: Example(_one(resources=Resources(memory="4Gi")), _one()),
    Feature.GPU: Example(_one(resources=Resources(gpu=1)), _one()),
    Feature.EPHEMERAL_STORAGE: Example(_one(resources=Resources(ephemeral_storage="9Gi")), _one()),
    Feature.RETRY: Example(_one(retry=Retry(limit=2)), _one()),
    Feature.BACKOFF: Example(_one(retry=Retry(2, "5m", factor=1.5)), _one(retry=Retry(2))),
    Feature.STEP_TIMEOUT: Example(_one(timeout="20m"), _one()),
    Feature.CHAIN: Example(_steps(_PREPARE, _FIT), _one()),
    Feature.GRAPH: Example(
        _steps(_PREPARE, _FIT, ("score", ("prepare",)), ("report", ("fit", "score"))),
        _steps(_PREPARE, _FIT),
    ),
    Feature.PARAMETERS: Example(_EPOCHS, pipeline(step(args=["--epochs", 3]))),
    Feature.TIMEOUT: Example(pipeline(timeout="2h"), pipeline()),
    Feature.KEEP: Example(pipeline(keep=Keep(days=30)), pipeline()),
    Feature.FORBID: Example(pipeline(overlap="forbid"), pipeline()),
    Feature.REPLACE: Example(pipeline(overlap="replace"), pipeline()),
    Feature.QUEUE: Example(pipeline(overlap="queue"), pipeline()),
    Feature.SCHEDULE: Example(schedule(), None),
    Feature.CRON: Example(schedule(Cron("15 */6 * * 1-5")), schedule()),
    Feature.TIMEZONE: Example(schedule(Cron("30 9 * * *", timezone="Europe/Berlin")), schedule()),
    Feature.DAY_UNION: Example(
        schedule(Calendar(**_AT, days=1, weekdays="MON", day_rule="any")),
        schedule(Calendar(**_AT, days=1)),
    ),
    Feature.DAY_INTERSECTION: Example(
        schedule(Calendar(**_AT, days=[1, 2, 3], weekdays="MON", day_rule="all")),
        schedule(Calendar(**_AT, days=[1, 2, 3])),
    ),
    Feature.LAST_DAY: Example(schedule(Calendar(**_AT, days=LastDay())), schedule()),
    Feature.NTH_WEEKDAY: Example(
        schedule(Calendar(**_AT, weekdays=NthWeekday("TUE", 2))), schedule()
    ),
    Feature.NEAREST_WEEKDAY: Example(
        schedule(Calendar(**_AT, days=NearestWeekday(15))), schedule()
    ),
    Feature.EVERY: Example(schedule(Every("90m", _START)), schedule()),
    Feature.ONCE: Example(schedule(Once("2027-05-01T09:30:00Z")), schedule()),
    Feature.UNION: Example(schedule(Union(Cron("30 9 * * *"), Cron("0 17 * * 5"))), schedule()),
    Feature.DST: Example(
        schedule(Cron("30 2 * * *", timezone="Europe/Berlin", dst=Dst(gap="shift", fold="first"))),
        schedule(Cron("30 2 * * *", timezone="Europe/Berlin")),
    ),
    Feature.SCHEDULE_PARAMETERS: Example(
        schedule(of=_EPOCHS, parameters={"epochs": 9}), schedule(of=_EPOCHS)
    ),
    Feature.CATCH_UP_LATEST: Example(schedule(catch_up=CatchUp("latest", "20h")), schedule()),
    Feature.CATCH_UP_ALL: Example(schedule(catch_up=CatchUp("all", "72h")), schedule()),
    Feature.STARTING_DEADLINE: Example(schedule(starting_deadline="1h"), schedule()),
    Feature.JITTER: Example(schedule(jitter="10m"), schedule()),
    Feature.START: Example(schedule(start=_START), schedule()),
    Feature.END: Example(schedule(end=_END), schedule()),
    Feature.PAUSED: Example(schedule(paused=True), schedule()),
}
