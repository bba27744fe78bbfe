"""
The SDKs' types as a schema.
"""

from __future__ import annotations

import inspect

import pulumi
import pytest
from pulumi import _types

from schedkit.plan import Json, Lookup, Ref, Text
from schedkit.testing.shapes import mistakes


JOB = "pulumi_kubernetes.batch.v1:CronJob"


def body(**spec):
    """
    The smallest CronJob, with *spec* laid over its spec.
    """
    pod = {"containers": [{"name": "fit", "image": "ml"}], "restartPolicy": "Never"}
    job = {"spec": {"template": {"spec": pod}}}
    return {"spec": {"schedule": "0 1 * * *", "jobTemplate": job, **spec}}


def test_right_body():
    """
    A right body has no mistakes.
    """
    assert [] == mistakes(JOB, body(timeZone="UTC", suspend=False, startingDeadlineSeconds=300))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"timezone": "UTC"},
            "CronJob.spec.timezone: no property of CronJobSpecArgs; did you mean 'timeZone'?",
        ),
        ({"suspend": "no"}, "CronJob.spec.suspend: 'no' is no bool"),
        ({"suspend": 1}, "CronJob.spec.suspend: 1 is no bool"),
        ({"startingDeadlineSeconds": "3"}, "CronJob.spec.startingDeadlineSeconds: '3' is no int"),
        (
            {"startingDeadlineSeconds": True},
            "CronJob.spec.startingDeadlineSeconds: True is no int",
        ),
        ({"schedule": 5}, "CronJob.spec.schedule: 5 is no str"),
        ({"jobTemplate": []}, "CronJob.spec.jobTemplate: [] is no JobTemplateSpecArgs"),
    ],
)
def test_wrong_body(spec, expected):
    """
    A wrong name, type or nesting is named with its path.
    """
    assert [expected] == mistakes(JOB, body(**spec))


def test_missing_property():
    """
    A required property that is not there is a mistake.
    """
    wrong = {"spec": {"schedule": "0 1 * * *"}}
    expected = "CronJob.spec.jobTemplate: missing, CronJobSpecArgs requires it"
    assert [expected] == mistakes(JOB, wrong)


def test_wrong_level_and_list():
    """
    What belongs to another level, and what is no list or mapping, is a mistake.
    """
    wrong = body()
    pod = wrong["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    pod |= {"containers": {}, "nodeSelector": "gpu", "backoffLimit": 1}
    found = mistakes(JOB, wrong)
    where = "CronJob.spec.jobTemplate.spec.template.spec"
    assert [
        f"{where}.containers: {{}} is no list",
        f"{where}.nodeSelector: 'gpu' is no mapping",
        f"{where}.backoffLimit: no property of PodSpecArgs",
    ] == [text.partition(";")[0] for text in found]


def test_literal():
    """
    A literal type takes its own text only.
    """
    wrong = {**body(), "kind": "Job"}
    assert ["CronJob.kind: 'Job' is no typing.Literal['CronJob']"] == mistakes(JOB, wrong)


@pytest.mark.parametrize("value", [Ref("a"), Lookup("t", "o"), None])
def test_unknown_values(value):
    """
    What is not known yet is right anywhere.
    """
    assert [] == mistakes(JOB, body(startingDeadlineSeconds=value))


@pytest.mark.parametrize("value", [Text("a", Ref("b")), Json({})])
def test_texts(value):
    """
    A text in parts, and a document, are texts.
    """
    assert [] == mistakes(JOB, body(schedule=value))
    assert 1 == len(mistakes(JOB, body(suspend=value)))


def test_private_names():
    """
    The names of pulumi that nobody promises are still there.
    """
    for name in ("input_type_py_to_pulumi_names", "input_type_types", "is_input_type"):
        assert inspect.isfunction(getattr(_types, name))
    assert "UNKNOWN" in dir(pulumi.output)
