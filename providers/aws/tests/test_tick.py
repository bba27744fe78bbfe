"""
A tick, acted out: the schedules as moto holds them, expanded as documented, and the runs that
they start.

What moto cannot do, so that it is asserted or played here:

- it fires no schedule and delivers no event to SageMaker or Step Functions: `deliveries` does;
- it starts a second run for a token that it has seen: the token is asserted;
- it looks at no name, length or undeclared parameter: botocore's model and the definition do;
- it asks no role and no retry policy; flexible windows and dead letters are only kept;
- its runs end at once, and none can be stopped: busy gates are in `test_gate.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import deliveries
import pytest
from deliveries import deploy, runs_by_token, written
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)

from schedkit.backend import Target
from schedkit.findings import Feature
from schedkit.pipeline import Parameter, PipelineSpec
from schedkit.planning import plan_for, verdict
from schedkit.recurrence import Calendar, Cron, Union
from schedkit.testing.examples import EXAMPLES, pipeline, schedule, step
from schedkit_aws import names, timeouts
from schedkit_aws.backend import Aws
from schedkit_aws.options import Options


DEV, PROD = (Target(project="shop", stack=stack) for stack in ("dev", "prod"))
REGISTRIES = {"ghcr.io": "ghcr"}
SCHEDULER = Aws(Options(registries=REGISTRIES))
RULES = Aws(Options(registries=REGISTRIES, scheduler="rules"))
REFUSED = {
    SCHEDULER: {Feature.DAY_INTERSECTION, Feature.DST, Feature.CATCH_UP_ALL},
    RULES: {
        *(Feature.TIMEZONE, Feature.DST, Feature.START, Feature.END, Feature.JITTER),
        *(Feature.DAY_UNION, Feature.DAY_INTERSECTION, Feature.UNION, Feature.EVERY),
        Feature.CATCH_UP_ALL,
    },
}
EVERY_BACKEND = pytest.mark.parametrize("backend", REFUSED, ids=["scheduler", "rules"])
KEPT = pytest.mark.parametrize(
    ("backend", "feature"),
    [
        pytest.param(backend, feature, id=f"{backend.settings.scheduler}-{feature}")
        for backend, refused in REFUSED.items()
        for feature in Feature
        if feature not in refused
    ],
)
# Clocks of Berlin move on the 28th.
AFTER = datetime(2027, 3, 25, 12, tzinfo=UTC)
FIRST = datetime(2027, 3, 26, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
TUNED = pipeline(
    step(args=[Parameter("epochs"), Parameter("learning_rate")]),
    parameters={"epochs": 3, "learning_rate": 0.1},
)


@pytest.fixture(autouse=True)
def _cloud(monkeypatch):
    """
    An empty account, at a time before every example, where waits take no time.
    """
    monkeypatch.setattr("moto.scheduler.models.utcnow", lambda: datetime(2026, 1, 1))  # noqa: DTZ001
    sagemaker = deliveries.client("sagemaker")
    service, name = state_task_service_aws_sdk, "boto_client_for"
    monkeypatch.setattr(service, name, lambda **_: sagemaker)
    monkeypatch.setattr(WaitFunction, "_wait_interval", lambda *_, **__: None)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield


def asked(feature):
    """
    The example as a schedule.
    """
    spec = EXAMPLES[feature].spec
    return schedule(of=spec) if isinstance(spec, PipelineSpec) else spec


def deliver(deployed, start=FIRST, stop=FIRST, attempt=1):
    """
    Make all calls of these ticks; what was called.
    """
    calls = deployed.calls(start, stop, attempt)
    for call in calls:
        assert [] == call.wrong
        call.make()
    assert [] == deployed.wrong
    return calls


def token(at="2027-03-26T09:30:00Z", name="nightly", target=DEV):
    """
    Of the run at that tick.
    """
    return f"{names.token(name, target)}-{at}"


@EVERY_BACKEND
def test_only_the_refused_are_not_acted_out(backend):
    """
    The examples that are missing below are those that this backend refuses.
    """
    refused = {
        feature
        for feature in Feature
        for spec in [asked(feature)]
        if verdict(plan_for(backend, spec.pipeline, DEV), strict=False)
        or verdict(plan_for(backend, spec, DEV), strict=False)
    }
    assert REFUSED[backend] == refused


@KEPT
def test_runs_are_those_of_the_plan(backend, feature):
    """
    Every tick of `between` starts one run, with its time, parameters and token, and nothing else
    does; a rule that goes to the pipeline directly hands over no token.
    """
    spec = asked(feature)
    ticks = spec.when.next(3, after=AFTER)
    (deployed,) = deploy(backend, DEV, spec)
    calls = deliver(deployed, ticks[0], ticks[-1])
    expected = [] if spec.paused else list(map(written, ticks))
    assert expected == sorted({call.at for call in calls})
    own = {name: str(value) for name, value in spec.parameters.items()}
    wanted = [{"ScheduledTime": at, "Schedule": "nightly", **own} for at in expected]
    found = runs_by_token(deployed.runs)
    assert wanted == [run for run, *_ in found.values()]
    assert all(run == same for run, *others in found.values() for same in others)
    assert all(each.keys() <= deployed.declared for each in wanted)
    if backend is SCHEDULER or timeouts.is_gated(spec.pipeline):
        assert [token(at) for at in expected] == list(found)


@pytest.mark.parametrize("overlap", ["allow", "forbid", "queue", "replace"])
def test_a_tick_delivered_twice_asks_with_one_token(overlap):
    """
    A second attempt asks for the same, though its execution id is another; a gate asks once.
    """
    (deployed,) = deploy(SCHEDULER, DEV, schedule(of=pipeline(overlap=overlap)))
    first = deliver(deployed)
    assert first == deliver(deployed, attempt=2)
    ((found, runs),) = runs_by_token(deployed.runs).items()
    assert (token(), 2 if overlap == "allow" else 1) == (found, len(runs))


def test_a_gated_rule_asks_once():
    """
    Through a gate a rule has a token as well.
    """
    (deployed,) = deploy(RULES, DEV, schedule(of=pipeline(overlap="forbid")))
    assert deliver(deployed) == deliver(deployed)
    assert [token()] == [run.client_request_token for run in deployed.runs]


@pytest.mark.parametrize("overlap", ["allow", "forbid"])
@pytest.mark.parametrize(
    "when",
    [
        Calendar(minutes=30, hours=9, days=1, weekdays="MON", day_rule="any"),
        Union(Cron("30 9 1 * *"), Cron("30 9 * * MON")),
    ],
    ids=["calendar", "union"],
)
def test_halves_of_a_union_share_a_token(when, overlap):
    """
    On Monday the 1st both natives fire with one token; on all other days one fires, with its own.
    """
    spec = schedule(when, pipeline(overlap=overlap))
    (deployed,) = deploy(SCHEDULER, DEV, spec)
    start, stop = datetime(2027, 2, 24, tzinfo=UTC), datetime(2027, 4, 2, tzinfo=UTC)
    calls = deliver(deployed, start, stop)
    days = ["03-01", "03-01", "03-08", "03-15", "03-22", "03-29", "04-01"]
    assert [f"2027-{day}T09:30:00Z" for day in days] == [call.at for call in calls]
    assert calls[0] == calls[1]
    found = runs_by_token(deployed.runs)
    assert [f"2027-{day}T09:30:00Z" for day in days[1:]] == [key[-20:] for key in found]
    assert [2 if overlap == "allow" else 1, 1, 1, 1, 1, 1] == [*map(len, found.values())]
    assert list(map(written, when.between(start, stop))) == [key[-20:] for key in found]


@pytest.mark.parametrize("overlap", ["allow", "forbid"])
def test_two_schedules_start_two_runs(overlap):
    """
    At one tick each has its token and its parameters; what it leaves alone has its default.
    """
    tuned = attrs.evolve(TUNED, overlap=overlap)
    specs = [
        schedule(of=tuned, parameters={"learning_rate": 0.5}),
        attrs.evolve(schedule(of=tuned, parameters={"epochs": 9}), name="weekly"),
    ]
    every = deploy(SCHEDULER, DEV, *specs)
    for deployed in every:
        deliver(deployed)
    at = "2027-03-26T09:30:00Z"
    common = [{"ScheduledTime": at, "Schedule": name} for name in ("nightly", "weekly")]
    assert {
        token(): [{**common[0], "learning-rate": "0.5"}],
        token(name="weekly"): [{**common[1], "epochs": "9"}],
    } == runs_by_token(every[0].runs)


def test_two_stacks_start_two_runs():
    """
    The same program in another stack of one account has another pipeline and another token.
    """
    every = [
        deployed for stack in (DEV, PROD) for deployed in deploy(SCHEDULER, stack, schedule())
    ]
    for deployed in every:
        deliver(deployed)
    assert ["train-dev", "train-prod"] == [deployed.pipeline for deployed in every]
    found = [list(runs_by_token(deployed.runs)) for deployed in every]
    assert [[token()], [token(target=PROD)]] == found
    assert token() != token(target=PROD)


def test_a_window_keeps_its_tick():
    """
    With a flexible window the token is the tick's; moto holds the window.
    """
    (deployed,) = deploy(SCHEDULER, DEV, schedule(jitter="10m"))
    (call,) = deliver(deployed)
    assert token() == call.request["ClientRequestToken"]
    held = deliveries.client("scheduler").get_schedule(Name="nightly-dev", GroupName="shop-dev")
    assert {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10} == held["FlexibleTimeWindow"]


def test_nothing_starts_outside_of_start_and_end():
    """
    Neither before the first instant nor from the last one on.
    """
    spec = schedule(start="2027-03-27T00:00:00Z", end="2027-03-29T09:30:00Z")
    (deployed,) = deploy(SCHEDULER, DEV, spec)
    calls = deployed.calls(FIRST - 9 * DAY, FIRST + 9 * DAY)
    assert ["2027-03-27T09:30:00Z", "2027-03-28T09:30:00Z"] == [call.at for call in calls]
