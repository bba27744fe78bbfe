"""
What schedkit's Kubernetes backend writes and promises, on the real CronJob controller.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import random_schedules
from virtual import Scenario, Step, outage

import schedkit as sk
from schedkit.backend import Target
from schedkit.plan import show
from schedkit.recurrence import Calendar, When
from schedkit_kubernetes.backend import Kubernetes


pytestmark = pytest.mark.cluster

START = datetime(2026, 3, 20, tzinfo=UTC)
STOP = START + timedelta(days=20)  # over the change of Berlin's clocks
NINE = sk.Cron("0 9 * * *", timezone="Europe/Berlin")
TEN = sk.Cron("0 10 * * *", timezone="Europe/Berlin")
# Without a change of clocks, or the window is refused: one gap is shorter than the others.
NINE_UTC, TEN_UTC = sk.Cron("0 9 * * *"), sk.Cron("0 10 * * *")
DAY = sk.CatchUp("latest", window="24h")
SHARE = 30  # CronJobs of one scenario


def _spec(when: When, *, seconds: float | None = None, overlap="allow", timeout=None, **fields):
    """
    The spec of the CronJob; None where the backend refuses. Without *seconds* its Jobs never end.
    """
    limits = {} if timeout is None else {"timeout": timeout}
    step = sk.Step("fit", image="ghcr.io/acme/ml:1.4")
    pipeline = sk.PipelineSpec("train", steps=[step], overlap=overlap, **limits)
    schedule = sk.ScheduleSpec("nightly", pipeline, when, **fields)
    plan = Kubernetes().compile_schedule(schedule, Target())
    if len(plan.nodes) != 1 or any(found.verdict == "refused" for found in plan.findings):
        return None
    spec = show(plan.nodes[0].inputs)["spec"]
    annotations = {} if seconds is None else {"seconds": str(seconds)}
    spec["jobTemplate"]["metadata"]["annotations"] = annotations
    return spec


def _made(spec: dict[str, object] | None, name: str = "x") -> Step:
    assert spec
    return Step(START, {"CronJob": name, "Create": {"spec": spec}})


def test_a_pod_that_never_starts_does_not_block_forbid(simulate):
    """
    The pipeline's timeout ends the Job, so every day runs, and fails.
    """
    spec = _spec(NINE, overlap="forbid", timeout="2h")
    (answer,) = simulate([Scenario(START, STOP, [_made(spec)])])
    runs = answer["x"].runs
    assert list(NINE.between(START, STOP)) == [run.tick for run in runs]
    assert {("Failed", timedelta(hours=2))} == {(run.how, run.end - run.start) for run in runs}


@pytest.mark.parametrize(
    ("old", "new", "fields", "extra"),
    [
        (NINE, TEN, {}, []),
        (TEN, NINE, {}, []),
        (NINE, TEN, {"starting_deadline": "1h"}, []),
        (TEN_UTC, NINE_UTC, {"catch_up": DAY}, []),
        (NINE_UTC, TEN_UTC, {"catch_up": DAY}, [23]),
    ],
)
def test_an_edit_adds_no_run_unless_missed_runs_are_caught_up_with(
    simulate, old, new, fields, extra
):
    """
    With what the backend writes by default, a new hour runs from the next day on; a window for
    missed runs takes an hour before the edit for one, unless a later one ran.
    """
    edited = START + timedelta(days=3, hours=12)
    specs = [_spec(when, seconds=1.5, **fields) for when in (old, new)]
    change = Step(edited, {"CronJob": "x", "Merge": {"spec": specs[1]}})
    (answer,) = simulate([Scenario(START, STOP, [_made(specs[0]), change])])
    expected = [*old.between(START, edited), *new.between(edited, STOP)]
    late = [run for run in answer["x"].runs if run.start - run.tick > timedelta(minutes=1)]
    assert extra == [(run.start - run.tick).seconds // 3_600 for run in late]
    assert expected == [run.tick for run in answer["x"].runs if run not in late]


def _promised(seed: int) -> Iterator[tuple[When, dict[str, object], int]]:
    """
    Schedules whose latest missed run the backend promises to start, and for how many seconds.
    """
    draw = random.Random(seed)
    for when in random_schedules.schedules(10_000, seed):
        window = draw.choice((600, 3_600, 43_200, 86_400))
        if not isinstance(when, Calendar):
            continue
        if not 5 <= sum(1 for _ in when.between(START, STOP)) <= 1_000:
            continue
        spec = _spec(when, seconds=1.5, catch_up=sk.CatchUp("latest", window=window))
        if spec:
            yield when, spec, window


def test_the_latest_missed_run_starts_where_it_is_promised(simulate):
    """
    After each of 20 outages the latest missed instant starts if it is within the window, for
    ninety random schedules that the backend does not refuse.
    """
    draw, found = random.Random(3), _promised(seed=3)
    scenarios, expected = [], {}
    for share in range(3):
        ends = sorted(draw.sample(range(1_440, 20 * 1_440), 40))
        away = [
            (
                START + timedelta(minutes=one, seconds=30),
                START + timedelta(minutes=two, seconds=30),
            )
            for one, two in zip(ends[::2], ends[1::2], strict=True)
        ]
        steps = [step for span in away for step in outage(*span)]
        for number in range(SHARE):
            when, spec, window = next(found)
            steps.append(_made(spec, f"x{number}"))
            expected[share, f"x{number}"] = _caught_up(when, window, away)
        scenarios.append(Scenario(START, STOP, steps))
    answers = simulate(scenarios)
    assert 3 * SHARE == len(expected)
    caught = 0
    for (share, name), ticks in expected.items():
        late = [run.tick for run in answers[share][name].runs if _is_late(run)]
        assert ticks == late
        caught += len(ticks)
    assert 293 == caught


def _is_late(run) -> bool:
    return run.start - run.tick > timedelta(seconds=1)


def _caught_up(when: When, window: int, away) -> list[datetime]:
    """
    The latest instant of each outage, where its window is not over.
    """
    missed = [(list(when.between(down, up))[-1:], up) for down, up in away]
    return [run for runs, up in missed for run in runs if up - run < timedelta(seconds=window)]
