"""
What README.md says of options, resources and rights is so.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import iam
import pytest

from schedkit.backend import Target
from schedkit.config import camel
from schedkit.testing.examples import pipeline, schedule
from schedkit_aws.backend import Aws
from schedkit_aws.options import Options


README = (Path(__file__).parents[1] / "README.md").read_text()
HERE = "eu-central-1:123456789012"
CALLS = {
    "aws:sagemaker/pipeline:Pipeline": (
        "sagemaker:CreatePipeline sagemaker:DescribePipeline sagemaker:DeletePipeline",
        f"sagemaker:{HERE}:pipeline/",
    ),
    "aws:iam/role:Role": (
        "iam:CreateRole iam:GetRole iam:DeleteRole iam:PutRolePolicy",
        "iam::123456789012:role/",
    ),
    "aws:sqs/queue:Queue": (
        "sqs:CreateQueue sqs:GetQueueAttributes sqs:DeleteQueue",
        f"sqs:{HERE}:",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        "cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms cloudwatch:DeleteAlarms",
        f"cloudwatch:{HERE}:alarm:",
    ),
    "aws:s3/bucket:Bucket": (
        "s3:CreateBucket s3:ListBucket s3:GetBucketAcl s3:PutBucketPolicy s3:DeleteBucket",
        "s3:::",
    ),
    "aws:sfn/stateMachine:StateMachine": (
        "states:CreateStateMachine states:DescribeStateMachine states:DeleteStateMachine",
        f"states:{HERE}:stateMachine:",
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": (
        "scheduler:CreateScheduleGroup scheduler:GetScheduleGroup scheduler:DeleteScheduleGroup",
        f"scheduler:{HERE}:schedule-group/",
    ),
    "aws:scheduler/schedule:Schedule": (
        "scheduler:CreateSchedule scheduler:GetSchedule scheduler:DeleteSchedule",
        f"scheduler:{HERE}:schedule/project-dev/",
    ),
}
"""Token -> calls of its life, and the beginning of its ARN."""

PLACES = {
    "ACCOUNT": "123456789012",
    "PIPELINE": "train",
    "PROJECT": "project",
    "REGION": "eu-central-1",
    "STACK": "dev",
}


def section(title: str) -> str:
    """
    What stands below a heading of the second or third level, up to the next one.
    """
    return re.split(r"^##", README.partition(f"# {title}\n")[2], flags=re.MULTILINE)[0]


def rights() -> list[dict[str, object]]:
    """
    The statements of the policy, for the stack `dev`.
    """
    text = re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0]
    for word, value in PLACES.items():
        text = text.replace(word, value)
    return json.loads(text)["Statement"]


def test_each_option_has_a_row() -> None:
    """
    The table of options names each of them once, and nothing else.
    """
    first = re.findall(r"^\| (`.*?) \|", section("Options"), re.MULTILINE)
    named = [word for cell in first for word in re.findall(r"`(\w+)`", cell)]
    assert sorted(camel(field.name) for field in attrs.fields(Options)) == sorted(named)


@pytest.mark.parametrize("scheduler", ["scheduler", "rules"])
def test_each_resource_is_named(scheduler: str) -> None:
    """
    Every node of a plan with a gate stands in the section on resources.
    """
    told = section("What stands in the account")
    backend = Aws(Options(registries={"ghcr.io": "ghcr"}, scheduler=scheduler))
    spec = pipeline(overlap="forbid")
    plans = (
        backend.compile_pipeline(spec, Target()),
        backend.compile_schedule(schedule(of=spec), Target()),
    )
    keys = {node.key for plan in plans for node in (*plan.nodes, *plan.shared)}
    short = {key for key in keys if f"`{key}`" not in told}
    assert {f"{kind}_policy" for kind in ("pipeline", "job", "scheduler", "events")} >= short


def test_the_rights_are_on_what_a_plan_makes() -> None:
    """
    Each resource that the plans name may be made, read and deleted.
    """
    backend, spec = Aws(Options(registries={"ghcr.io": "ghcr"})), pipeline(overlap="forbid")
    plans = (
        backend.compile_pipeline(spec, Target()),
        backend.compile_schedule(schedule(of=spec), Target()),
    )
    policy = {"Version": "2012-10-17", "Statement": rights()}
    lost, seen = [], set()
    for node in {node.key: node for p in plans for node in (*p.nodes, *p.shared)}.values():
        if node.token in CALLS:
            seen.add(node.token)
            calls, place = CALLS[node.token]
            name = node.inputs.get("name", node.inputs.get("pipelineName", "train-files-1234567"))
            arn = f"arn:aws:{place}{name}"
            lost += [call for call in calls.split() if not iam.allows([policy], call, arn, {})]
    assert set(CALLS) == seen
    assert [] == lost


def test_the_rights_are_actions_that_exist() -> None:
    """
    parliament knows every action; a state machine is validated before it has a name.
    """
    policy = {"Version": "2012-10-17", "Statement": rights()}
    found = {
        finding.issue
        for finding in iam.parliament.analyze_policy_string(json.dumps(policy)).findings
    }
    # Whoever makes a bucket may also open it.
    assert found <= {"RESOURCE_POLICY_PRIVILEGE_ESCALATION"}
