"""
What a schedule becomes on this machine.
"""

from __future__ import annotations

import pytest

from schedkit.backend import Target
from schedkit.exceptions import CronSyntaxError, OutputError, RunFailedError
from schedkit.findings import Feature
from schedkit.pipeline import Parameter, PipelineSpec, Step
from schedkit.planning import plan_for, verdict
from schedkit.recurrence import Calendar, Cron, Dst, Every, LastDay, Once, Union, Window
from schedkit.schedule import CatchUp, ScheduleSpec
from schedkit_local.backend import Local
from schedkit_local.schedule import read_schedule


DAILY = Cron("0 1 * * *", timezone="Europe/Berlin")
SMALL = {
    "pipeline": "demo",
    "when": "Cron('0 1 * * *', timezone='Europe/Berlin')",
    "startingDeadlineSeconds": 300,
}
CURE = "correct overrides={'schedule': {...}}"


class Later:
    """
    Known to the engine only.
    """

    def __await__(self):
        yield


def compiled(when=DAILY, overrides=None, **keywords):
    step = Step("a", command=["fit", Parameter("epochs")])
    of = PipelineSpec("demo", steps=[step], parameters={"epochs": 3})
    return plan_for(Local(), ScheduleSpec("nightly", of, when, **keywords), Target(), overrides)


def refusals(plan):
    found = verdict(plan, strict=True)
    return [finding.sentence for finding in found.findings] if found else []


def test_small_document():
    """A plan holds what was asked for and nothing else, is proved, and has the schedule's name."""
    plan = compiled()
    assert SMALL == plan.node("schedule").inputs
    assert ("schedule", "schedkit:local:Schedule") == (plan.nodes[0].key, plan.nodes[0].token)
    assert ("nightly", True) == (plan.schedule_id, plan.proof.holds)
    expected = [Feature.SCHEDULE, Feature.CRON, Feature.TIMEZONE, Feature.STARTING_DEADLINE]
    assert expected == [finding.feature for finding in plan.findings]
    assert {"exact"} == {finding.verdict for finding in plan.findings}


def test_full_document():
    """Every value of a schedule stands in the document by its wire name."""
    plan = compiled(
        Union(Cron("0 9 * * *"), Calendar(minutes=0, hours=17, days=LastDay())),
        parameters={"epochs": 9},
        catch_up=CatchUp("latest", "20h"),
        starting_deadline="1h",
        jitter="10m",
        start="2027-01-01T00:00:00Z",
        end="2028-01-01T00:00:00+01:00",
        paused=True,
    )
    expected = {
        "pipeline": "demo",
        "when": (
            "Window(Union(Cron('0 9 * * *'), Calendar(minutes=0, hours=17, days=LastDay())),"
            " start='2027-01-01T00:00:00Z', end='2027-12-31T23:00:00Z')"
        ),
        "startingDeadlineSeconds": 3600,
        "parameters": {"epochs": 9},
        "catchUp": {"policy": "latest", "windowSeconds": 72000},
        "jitterSeconds": 600,
        "paused": True,
    }
    assert expected == plan.node("schedule").inputs
    assert (True, []) == (plan.proof.holds, refusals(plan))
    found = read_schedule(plan.node("schedule").inputs, "Schedule 'nightly'")
    assert plan.proves.explain() == found.instants().explain()
    assert ("latest", 72000) == (found.catch_up.policy, found.catch_up.window_seconds)
    assert (3600, 600, True) == (
        found.starting_deadline_seconds,
        found.jitter_seconds,
        found.paused,
    )


def test_defaults_of_a_document():
    """What was not asked for is read as the specs have it."""
    found = read_schedule(SMALL, "Schedule 'nightly'")
    assert ({}, "none", None) == (
        found.parameters,
        found.catch_up.policy,
        found.catch_up.window_seconds,
    )
    assert (0, False) == (found.jitter_seconds, found.paused)


@pytest.mark.parametrize(
    ("feature", "asked"),
    [
        (Feature.DST, {"when": Cron("30 2 * * *", timezone="Europe/Berlin", dst=Dst())}),
        (Feature.EVERY, {"when": Every("90m", "2027-01-01T00:00:00Z")}),
        (Feature.ONCE, {"when": Once("2027-01-01T00:00:00Z")}),
        (Feature.UNION, {"when": Union(DAILY, Once("2027-01-01T00:00:00Z"))}),
        (Feature.UNION, {"when": Window(Union(DAILY, Cron("@daily")), "2027-01-01T00:00:00Z")}),
        (Feature.LAST_DAY, {"when": Calendar(minutes=0, hours=0, days=-2)}),
        (Feature.CATCH_UP_LATEST, {"catch_up": CatchUp("latest", "1h")}),
        (Feature.CATCH_UP_ALL, {"catch_up": CatchUp("all", "1h")}),
        (Feature.JITTER, {"jitter": "1m"}),
        (Feature.START, {"start": "2027-01-01T00:00:00Z"}),
        (Feature.START, {"when": Window(DAILY, "2027-01-01T00:00:00Z")}),
        (Feature.END, {"end": "2027-01-01T00:00:00Z"}),
        (Feature.END, {"when": Window(DAILY, end="2027-01-01T00:00:00Z")}),
        (Feature.PAUSED, {"paused": True}),
        (Feature.SCHEDULE_PARAMETERS, {"parameters": {"epochs": 9}}),
    ],
)
def test_findings(feature, asked):
    """A feature that is asked for is kept exactly and said to be; one that is not has no word."""
    findings = {finding.feature: finding.verdict for finding in compiled(**asked).findings}
    assert {"exact"} == set(findings.values())
    assert feature in findings
    assert feature not in {finding.feature for finding in compiled().findings}


def test_output_as_parameter():
    """What the engine alone knows may stand in the plan; a server asks for its value."""
    value = Later()
    plan = compiled(parameters={"epochs": value})
    assert value is plan.at("schedule", ("parameters", "epochs"))
    with pytest.raises(OutputError) as caught:
        read_schedule(plan.node("schedule").inputs, "Schedule 'nightly'")
    assert caught.value.culprit.startswith("Schedule 'nightly'")


def test_override_is_proved():
    """`overrides=` changes the document before the proof, which sees another time."""
    plan = compiled(overrides={"schedule": {"paused": True, "jitterSeconds": 5}})
    assert {**SMALL, "paused": True, "jitterSeconds": 5} == plan.node("schedule").inputs
    assert [] == refusals(plan)
    other = {"schedule": {"when": "Cron('0 2 * * *', timezone='Europe/Berlin')"}}
    plan = compiled(overrides=other)
    (sentence,) = refusals(plan)
    assert sentence.startswith(
        "schedule.timezone refused: local would fire otherwise in Europe/Berlin: loses "
    )


@pytest.mark.parametrize("text", ["0 1 * * *", "Cron('61 * * * *')", "Cron('@daily', 'Nowhere')"])
def test_override_that_cannot_be_read(text):
    """A text that is none is refused in the plan."""
    plan = compiled(overrides={"schedule": {"when": text}})
    (sentence,) = refusals(plan)
    assert "schedule.cron refused: the text that stands in the plan cannot be read" in sentence


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"paused": "false"}, "'false': is not true or false @ schedule.paused"),
        ({"jitterSeconds": -1}, "'jitter_seconds' must be >= 0: -1 @ schedule"),
        ({"jitterSeconds": True}, "True: is not a whole number @ schedule.jitter_seconds"),
        ({"jitterSeconds": "5"}, "'5': is not a whole number @ schedule.jitter_seconds"),
        ({"startingDeadlineSeconds": 0}, "'starting_deadline_seconds' must be >= 1: 0"),
        ({"catchUp": {"policy": "all"}}, "does not say how far back missed runs count"),
        ({"catchUp": {"policy": "none", "windowSeconds": 5}}, "has no use for a window"),
        ({"catchUp": {"policy": "sometimes"}}, "sometimes not in literal"),
        ({"catchUp": {"window": 5}}, "extra fields found (window) @ schedule.catch_up"),
        ({"catchUp": 5}, "expected CatchUpDocument @ schedule.catch_up"),
        ({"nonsense": 1}, "extra fields found (nonsense) @ schedule"),
        ({"parameters": 7}, "expected a mapping @ schedule.parameters"),
        ({"when": 7}, "7: is not a text @ schedule.when"),
        ({"pipeline": 7}, "7: is not a text @ schedule.pipeline"),
    ],
)
def test_nonsense_documents(over, reason):
    """A document that an override made senseless is refused before it is served."""
    with pytest.raises(RunFailedError) as caught:
        read_schedule({**SMALL, **over}, "Schedule 'nightly'")
    assert ("Schedule 'nightly'", CURE) == (caught.value.culprit, caught.value.cure)
    assert caught.value.reason.startswith("has a plan that cannot be served: ")
    assert reason in caught.value.reason


def test_incomplete_document():
    """All that is missing is named at once."""
    with pytest.raises(RunFailedError) as caught:
        read_schedule({}, "Schedule 'nightly'")
    assert 3 == caught.value.reason.count("required field missing")


def test_parameter_that_is_none():
    """A parameter is a text, a number or a bool."""
    with pytest.raises(RunFailedError) as caught:
        read_schedule({**SMALL, "parameters": {"epochs": [1]}}, "Schedule 'nightly'")
    expected = (
        "Schedule 'nightly': has [1] for parameter 'epochs'; give a text, a number or a bool"
    )
    assert expected == str(caught.value)


def test_text_is_read_when_it_is_needed():
    """A document with a bad text has no instants."""
    document = read_schedule({**SMALL, "when": "0 1 * * *"}, "Schedule 'nightly'")
    with pytest.raises(CronSyntaxError):
        document.instants()
