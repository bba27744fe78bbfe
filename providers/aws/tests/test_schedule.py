from __future__ import annotations

import pytest
from kit import ACCOUNT, KEY, REGION, TIME, chain, compiled, findings, inputs

import schedkit as sk
from schedkit.backend import Target
from schedkit.findings import Feature
from schedkit.plan import Ref
from schedkit.testing.examples import pipeline, schedule


TOKEN = f"nightly-525e049b71c1cff014b80849-{TIME}"
TOLD = [{"Name": "ScheduledTime", "Value": TIME}, {"Name": "Schedule", "Value": "nightly"}]
HALVES = sk.Cron("0 9 1 * 1", day_rule="any")


def target_of(plan, key="schedule"):
    return plan.node(key).inputs["target"]


def request(plan, key="schedule"):
    return target_of(plan, key)["input"].document


def test_schedule():
    """
    A schedule calls StartPipelineExecution with a token of its identity and the scheduled time.
    """
    plan = compiled(schedule(of=pipeline(), starting_deadline="1h"))
    (node,) = plan.nodes
    assert ("pipeline/pipeline", "pipeline/scheduler_policy") == node.after
    assert {
        "name": "nightly-dev",
        "description": "nightly: starts the pipeline train",
        "scheduleExpression": "cron(30 9 * * ? *)",
        "scheduleExpressionTimezone": "UTC",
        "state": "ENABLED",
        "groupName": "${shared/group.name}",
        "flexibleTimeWindow": {"mode": "OFF"},
        "actionAfterCompletion": "NONE",
        "target": {
            "arn": "arn:aws:scheduler:::aws-sdk:sagemaker:startPipelineExecution",
            "input": {
                "fn::toJSON": {
                    "PipelineName": "train-dev",
                    "ClientRequestToken": TOKEN,
                    "PipelineParameters": TOLD,
                }
            },
            "roleArn": "${pipeline/scheduler_role.arn}",
            "retryPolicy": {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": 185},
            "deadLetterConfig": {"arn": "${pipeline/dead_letters.arn}"},
        },
    } == inputs(plan, "schedule")
    assert Ref("schedule") == plan.schedule_id
    assert plan.proof.holds


def test_all_else():
    """
    Bounds, a window, a pause, a key and parameters stand where AWS wants them.
    """
    asked = schedule(
        of=pipeline(parameters={"learning_rate": 0.1, "epochs": 3}),
        parameters={"learning_rate": 0.5},
        jitter="10m",
        start="2027-01-01T00:00:00Z",
        end="2028-01-01T00:00:00Z",
        paused=True,
    )
    plan = compiled(asked, kms_key=KEY)
    made = inputs(plan, "schedule")
    assert ("2027-01-01T00:00:00Z", "2027-12-31T23:59:59Z") == (made["startDate"], made["endDate"])
    assert {"mode": "FLEXIBLE", "maximumWindowInMinutes": 10} == made["flexibleTimeWindow"]
    assert ("DISABLED", KEY) == (made["state"], made["kmsKeyArn"])
    own = {"Name": "learning-rate", "Value": "0.5"}
    assert [*TOLD, own] == request(plan)["PipelineParameters"]
    assert {
        Feature.START,
        Feature.END,
        Feature.JITTER,
        Feature.PAUSED,
        Feature.SCHEDULE_PARAMETERS,
    } <= {*findings(plan)}


def test_gate_is_the_target():
    """
    A pipeline with a gate is started through it, by the same token and parameters.
    """
    plan = compiled(schedule(of=chain(overlap="forbid")))
    assert Ref("pipeline/gate", "arn") == target_of(plan)["arn"]
    assert {"token": TOKEN, "parameters": TOLD} == request(plan)


def test_halves_share_a_token():
    """
    Both halves of a day-of-month OR day-of-week union carry one token: on a day that is both, one
    run starts.
    """
    plan = compiled(schedule(HALVES))
    assert ["schedule", "schedule_2"] == [node.key for node in plan.nodes]
    assert ["nightly-dev", "nightly-dev-2"] == [node.inputs["name"] for node in plan.nodes]
    assert {TOKEN} == {request(plan, node.key)["ClientRequestToken"] for node in plan.nodes}
    assert ("exact", "2 expressions, which share a token") == findings(plan)[Feature.DAY_UNION]


@pytest.mark.parametrize(
    ("name", "target", "same"),
    [
        ("nightly", Target(project="shop", stack="dev"), True),
        ("weekly", Target(project="shop", stack="dev"), False),
        ("nightly", Target(project="shop", stack="prod"), False),
        ("nightly", Target(project="till", stack="dev"), False),
        ("nightly", Target(project="shop", stack="dev", physical_name="other"), False),
    ],
)
def test_tokens_differ(name, target, same):
    """
    No two schedules share a token, and none is too short or too long for AWS.
    """
    spec = sk.ScheduleSpec(name, pipeline(), sk.Cron("30 9 * * *"))
    found = request(compiled(spec, target))["ClientRequestToken"]
    assert same == (found == TOKEN)
    assert 32 <= len(found.replace(TIME, "2027-01-01T00:00:00Z")) <= 128


@pytest.mark.parametrize(
    ("when", "options", "text", "zone", "feature"),
    [
        (sk.Once("2027-05-01T09:30:01Z"), {}, "at(2027-05-01T09:30:01)", "UTC", Feature.ONCE),
        (
            sk.Every("6h", "2026-01-01T00:00:00Z"),
            {},
            "cron(0 0,6,12,18 * * ? *)",
            "UTC",
            Feature.EVERY,
        ),
        (
            sk.Every("7h", "2026-01-01T00:00:00Z"),
            {"assume": ["eventbridge.past-start"]},
            "rate(7 hours)",
            "UTC",
            Feature.EVERY,
        ),
        (
            sk.Cron("0 9 * * 1-5", timezone="Europe/Berlin"),
            {},
            "cron(0 9 ? * MON-FRI *)",
            "Europe/Berlin",
            Feature.TIMEZONE,
        ),
    ],
)
def test_natives(when, options, text, zone, feature):
    """
    Instants, intervals and zones have words of their own.
    """
    plan = compiled(schedule(when), **options)
    made = inputs(plan, "schedule")
    assert (text, zone) == (made["scheduleExpression"], made["scheduleExpressionTimezone"])
    assert "exact" == findings(plan)[feature][0]


def test_catch_up():
    """
    A request that fails is tried again for the window of a catch-up, where that is longer.
    """
    plan = compiled(schedule(catch_up=sk.CatchUp("all", "2h")))
    assert 7200 == target_of(plan)["retryPolicy"]["maximumEventAgeInSeconds"]
    assert "emulated" == findings(plan)[Feature.CATCH_UP_ALL][0]


def test_given_role():
    """
    An existing role is assumed, and no policy of ours is waited for.
    """
    role = "arn:aws:iam::123456789012:role/start"
    plan = compiled(schedule(), scheduler_role=role)
    assert role == target_of(plan)["roleArn"]
    assert ("pipeline/pipeline",) == plan.node("schedule").after


def test_rule():
    """
    A rule runs in UTC, and its target hands the parameters to the pipeline itself.
    """
    plan = compiled(schedule(), scheduler="rules")
    rule, target = plan.nodes
    assert ("rule", "target") == (rule.key, target.key)
    assert ("nightly-dev", "cron(30 9 * * ? *)", "ENABLED") == (
        rule.inputs["name"],
        rule.inputs["scheduleExpression"],
        rule.inputs["state"],
    )
    assert ("pipeline/pipeline", "pipeline/events_policy") == target.after
    assert {
        "rule": "${rule.name}",
        "targetId": "pipeline",
        "arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/train-dev",
        "sagemakerPipelineTarget": {
            "pipelineParameterLists": [
                {"name": "ScheduledTime", "value": "$.time"},
                {"name": "Schedule", "value": "nightly"},
            ]
        },
        "roleArn": "${pipeline/events_role.arn}",
        "retryPolicy": {"maximumEventAgeInSeconds": 300, "maximumRetryAttempts": 185},
        "deadLetterConfig": {"arn": "${pipeline/dead_letters.arn}"},
    } == inputs(plan, "target")
    assert "emulated" == findings(plan)[Feature.SCHEDULE][0]


def test_rule_of_a_gate():
    """
    Through a gate the rule's time becomes part of the token, so a repeated delivery starts none.
    """
    plan = compiled(schedule(of=pipeline(overlap="queue")), scheduler="rules")
    made = plan.node("target").inputs
    assert Ref("pipeline/gate", "arn") == made["arn"]
    assert {"time": "$.time"} == made["inputTransformer"]["inputPaths"]
    assert {
        "token": TOKEN.replace(TIME, "<time>"),
        "parameters": [{"Name": "ScheduledTime", "Value": "<time>"}, TOLD[1]],
    } == made["inputTransformer"]["inputTemplate"].document
    assert "exact" == findings(plan)[Feature.SCHEDULE][0]
