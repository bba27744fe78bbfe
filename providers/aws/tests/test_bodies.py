"""
What schedkit-aws would send, held against what others know of AWS: every example of the contract,
under every kind of options.
"""

from __future__ import annotations

import json

import definitions
import models
import pytest
import templates
from bodies import OPTIONS, judged, nodes, plans

from schedkit.findings import Feature
from schedkit.testing.examples import pipeline, schedule
from schedkit_aws.backend import Aws


EVERY_OPTIONS = pytest.mark.parametrize("options", OPTIONS)
PIPELINES = ("aws:sagemaker/pipeline:Pipeline", "aws-native:sagemaker:Pipeline")
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
ALWAYS = {"CATCH_UP_ALL", "DAY_INTERSECTION"}
REFUSED = {
    "bucket": {"KEEP"},
    "isolated": {"SECRETS"},
    "rules": {"DAY_UNION", "DST", "END", "EVERY", "JITTER", "START", "TIMEZONE", "UNION"},
}


def wrong(mistakes):
    """
    Only the places where something is wrong.
    """
    return {place: found for place, found in mistakes.items() if found}


@EVERY_OPTIONS
def test_only_the_refused_have_no_bodies(options):
    """
    Of 41 examples, these alone are not judged below.
    """
    refused = {feature.name for feature, found in judged(options).items() if found is None}
    assert ALWAYS | REFUSED.get(options, set()) == refused


def test_all_types_are_judged():
    """
    Every type of resource that the backend knows is made by some example.
    """
    made = {node.token for options in OPTIONS for _, node in nodes(options)}
    assert {*Aws.classes} == made


@EVERY_OPTIONS
def test_definitions_have_no_mistakes(options):
    """
    The definition of every example passes the schema, botocore's model and the checks of the DAG.
    """
    mistakes = {}
    for place, node in nodes(options, *PIPELINES):
        body = node.inputs["pipelineDefinition"]
        body = body["pipelineDefinitionBody"] if options == "native" else body
        mistakes[place] = definitions.mistakes(body.document)
    assert sum(found is not None for found in judged(options).values()) == len(mistakes)
    assert {} == wrong(mistakes)


@EVERY_OPTIONS
def test_schedules_have_no_mistakes(options):
    """
    Every schedule fits Scheduler's model, and what it sends the model of what it calls.
    """
    found = {place: schedule_mistakes(node) for place, node in nodes(options, SCHEDULE)}
    assert (0 if options == "rules" else 21) == len(found)
    assert {} == wrong(found)


def test_targets_of_rules_have_no_mistakes():
    """
    Every target fits EventBridge's model.
    """
    found = {place: target_mistakes(node) for place, node in nodes("rules", TARGET)}
    assert 10 == len(found)
    assert {} == wrong(found)


@pytest.mark.parametrize(("options", "key"), [("plain", "schedule"), ("rules", "target")])
def test_what_gates_receive_has_no_mistakes(options, key):
    """
    So it is where a state machine stands between; cfn-lint finds nothing in the whole either.
    """
    made = plans(schedule(of=pipeline(overlap="queue")), OPTIONS[options])
    found = templates.resolved(*made)
    judge = {"schedule": schedule_mistakes, "target": target_mistakes}[key]
    assert [] == judge(found[key])
    assert [] == templates.lint(templates.template(found))


def schedule_mistakes(node):
    """
    What is wrong with a schedule of Scheduler and with what it sends.
    """
    body = templates.properties(node)
    found = models.mistakes("scheduler", "CreateScheduleInput", body)
    return found + request_mistakes(body["Target"]["Input"])


def target_mistakes(node):
    """
    What is wrong with a target of a rule and with what it sends to a gate.
    """
    body = templates.properties(node)
    del body["Rule"]
    found = models.mistakes("events", "Target", body)
    if "InputTransformer" in body:
        made = body["InputTransformer"]["InputTemplate"]
        found += request_mistakes(made.replace("<time>", "2026-11-22T03:00:00Z"))
    return found


def request_mistakes(text):
    """
    What is wrong with a request to start a pipeline, or with what a gate makes one of.
    """
    request = json.loads(text)
    if "token" in request:
        assert {"token", "parameters"} == request.keys()
        token, parameters = request["token"], request["parameters"]
        request = {"ClientRequestToken": token, "PipelineParameters": parameters}
        request["PipelineName"] = "train"
    return models.mistakes("sagemaker", "StartPipelineExecutionRequest", request)


def test_resources_lint_clean():
    """
    cfn-lint finds nothing in any resource of any example under any options.

    Equal ones are shown to it once, and all together: so ids and names are there twice. The text
    of a definition is taken out; cfn-lint does not read it.
    """
    seen = {}
    for options in OPTIONS:
        for feature, found in judged(options).items():
            made = templates.template(found or {})["Resources"]
            for name, resource in made.items():
                if "PipelineDefinition" in resource["Properties"]:
                    resource["Properties"]["PipelineDefinition"]["PipelineDefinitionBody"] = "{}"
                where = f"{options}{feature.name.replace('_', '')}{name}"
                seen.setdefault(json.dumps(resource, sort_keys=True), where)
    resources = {where: json.loads(text) for text, where in seen.items()}
    assert [] == templates.lint({"Resources": resources}, "E3019")


@pytest.mark.parametrize(
    ("options", "feature"),
    [
        *((options, Feature.SCHEDULE) for options in OPTIONS),
        ("plain", Feature.DAY_UNION),
        ("plain", Feature.REPLACE),
    ],
)
def test_wholes_lint_clean(options, feature):
    """
    Nor in the whole of a pipeline and its schedule, where names and ids are unique.
    """
    assert [] == templates.lint(templates.template(judged(options)[feature]))
