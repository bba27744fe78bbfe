"""
What only a program shows: Outputs that turn out wrong, look-ups that nobody answers.
"""

from __future__ import annotations

from functools import partial

import pytest
from refusals import backend

import schedkit as sk
from schedkit import preview
from schedkit.exceptions import OverrideError, ProgramError, SpecError
from schedkit.findings import Feature
from schedkit.testing.engine import output, registered
from schedkit.testing.examples import step


LOOKUPS = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
    "aws:index/getRegion:getRegion": {"region": "eu-central-1"},
}
# What a step or pipeline is filled with: plain it is refused, and as an Output fails its deploy.
FILLS = {
    "image": lambda wrap: {"image": wrap("python:3.13")},
    "argument": lambda wrap: {"args": [wrap("x" * 257)]},
    "command": lambda wrap: {"command": ["run", wrap("x" * 257)]},
    "variable": lambda wrap: {"env": {"DATA": wrap("x" * 257)}},
    "no parameter": lambda wrap: {"parameter": wrap("")},
    "long parameter": lambda wrap: {"parameter": wrap("x" * 257)},
    "keyword": lambda wrap: {"parameter": wrap("<aws.scheduler.scheduled-time>")},
    "schedule's parameter": lambda wrap: {"parameter": "a", "over": wrap("x" * 257)},
}


def declared(fill, wrap):
    """
    A pipeline and its schedule, filled by a row of `FILLS`; to be called in a program.
    """
    filled = FILLS[fill](wrap)
    parameters = {"data": filled.pop("parameter")} if "parameter" in filled else {}
    over = {"data": filled.pop("over")} if "over" in filled else {}
    own = sk.Pipeline("train", steps=[step(**filled)], parameters=parameters, backend=backend())
    return own, sk.Schedule("nightly", own, sk.Cron("0 9 * * *"), parameters=over)


@pytest.mark.parametrize("fill", FILLS)
def test_output_that_turns_out_wrong(fill, monkeypatch):
    """
    What a deployment finds wrong fails it by the sentence that refuses the plain value; a preview,
    which cannot know it, does not.
    """
    monkeypatch.setattr(preview, "run", partial(preview.run, answers=LOOKUPS))
    plain, _ = registered(lambda: declared(fill, str))
    (finding,) = [
        found
        for each in plain
        for found in (each.refusal.findings if each.refusal else ())
        if found.feature is not Feature.SCHEDULE
    ]
    with pytest.raises(ProgramError) as caught:
        registered(lambda: declared(fill, output))
    error = caught.value
    while type(error) is not SpecError:  # Pulumi may lay the name of the resource over it
        error = error.__cause__
    assert finding.reason == f"{error.culprit} {error.reason}"
    assert finding.nearest == error.cure
    assert f"{error.culprit}: {error.reason}; {error.cure}" == str(error)
    assert f"{error.culprit}: {error.reason}" in caught.value.reason
    _, seen = registered(lambda: declared(fill, output), dry_run=True)
    assert [None, None] == [report.refusal for report in seen.reports]


def test_output_that_turns_out_right(monkeypatch):
    """
    An image that ECR has, told late, becomes its URI in this account and region; a text that fits
    stays as it is.
    """
    monkeypatch.setattr(preview, "run", partial(preview.run, answers=LOOKUPS))

    long = "x" * 256

    def program():
        late = step(image=output("ghcr.io/acme/ml:1"), args=[output(long)])
        sk.Pipeline("train", steps=[late], backend=backend())

    _, seen = registered(program)
    (made,) = seen.by_type("aws:sagemaker/pipeline:Pipeline")
    uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ghcr/acme/ml:1"
    assert f'"ContainerArguments":["{long}"]' in made.inputs["pipelineDefinition"]
    assert f'"ImageUri":"{uri}"' in made.inputs["pipelineDefinition"]
    (policy,) = [each for each in seen.resources if each.name == "train-job-policy"]
    assert (
        "arn:aws:ecr:eu-central-1:123456789012:repository/ghcr/acme/ml" in policy.inputs["policy"]
    )


def test_missing_region():
    """
    Where nobody tells account and region, as in a preview without an engine, what is made of them
    is unknown, and nothing fails.
    """
    _, seen = registered(lambda: declared("image", lambda _: "ghcr.io/acme/ml:1"), dry_run=True)
    assert (*LOOKUPS,) == seen.unanswered
    (made,) = seen.by_type("aws:sagemaker/pipeline:Pipeline")
    assert preview.UNKNOWN == made.inputs["pipelineDefinition"]


def test_override_of_no_input():
    """
    An input that the SDK's class does not have is refused by a hint.
    """

    def program():
        own = sk.Pipeline("train", steps=[step()], backend=backend())
        over = {"schedule": {"scheduleExpresion": "rate(1 hour)"}}
        sk.Schedule("nightly", own, sk.Cron("0 9 * * *"), overrides=over)

    with pytest.raises(ProgramError) as caught:
        registered(program)
    error = caught.value.__cause__
    assert OverrideError is type(error)
    assert "Schedule 'nightly', resource 'schedule', 'scheduleExpresion'" == error.culprit
    assert "pulumi_aws.scheduler:Schedule has no such input" == error.reason
    assert "did you mean 'scheduleExpression'?" == error.cure
