from __future__ import annotations

import pytest
from kit import ACCOUNT, KEY, REGION, TARGET, VPC, chain, compiled, document, inputs, statements

import schedkit as sk
from schedkit.backend import Target
from schedkit.testing.examples import pipeline, step
from schedkit_aws import names


ROLE = "arn:aws:iam::123456789012:role/given"
GIVEN = {"pipeline": "pipeline", "job": "job", "scheduler": "scheduler", "gate": "gate"}
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


@pytest.mark.parametrize(
    ("kind", "options", "service", "operator", "source"),
    [
        ("pipeline", {}, "sagemaker", "ArnLike", arn("sagemaker", "pipeline/train-dev/*")),
        ("job", {}, "sagemaker", "ArnLike", arn("sagemaker", "processing-job/*")),
        (
            "scheduler",
            {},
            "scheduler",
            "StringEquals",
            arn("scheduler", "schedule-group/shop-dev"),
        ),
        ("events", {"scheduler": "rules"}, "events", "ArnLike", arn("events", "rule/*")),
        ("gate", {}, "states", "ArnLike", arn("states", "stateMachine:train-dev-gate")),
    ],
)
def test_trust(kind, options, service, operator, source):
    """
    Only its service may assume a role, for this account and this pipeline.
    """
    plan = compiled(pipeline(overlap="queue"), **options)
    (statement,) = document(plan, f"{kind}_role", "assumeRolePolicy")["Statement"]
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    condition.setdefault(operator, {})["aws:SourceArn"] = source
    assert {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    } == statement


def test_role():
    """
    A role has the path and the boundary that the options name.
    """
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    made = inputs(
        compiled(pipeline(), role_path="/ml/", permissions_boundary=boundary), "job_role"
    )
    assert ("train-dev-job", "/ml/", boundary) == (
        made["name"],
        made["path"],
        made["permissionsBoundary"],
    )
    assert "permissionsBoundary" not in inputs(compiled(pipeline()), "job_role")


@pytest.mark.parametrize("kind", GIVEN)
def test_given_roles(kind):
    """
    An existing role is used, and neither it nor a policy of it is made.
    """
    plan = compiled(pipeline(overlap="forbid"), **{f"{kind}_role": ROLE})
    assert {f"{kind}_role", f"{kind}_policy"}.isdisjoint(node.key for node in plan.nodes)
    after = {each for node in plan.nodes for each in node.after}
    assert f"{kind}_policy" not in after
    if kind in {"pipeline", "gate"}:
        assert ROLE == inputs(plan, kind)["roleArn"]
    if kind == "job":
        assert ROLE == statements(plan, "pipeline")["JobRole"]["Resource"]


def test_pipeline_may():
    """
    A pipeline may run its own jobs, under the job's role only.
    """
    assert {
        "Jobs": arn("sagemaker", "processing-job/pipelines-*"),
        "JobRole": "${job_role.arn}",
    } == {
        sid: each["Resource"] for sid, each in statements(compiled(pipeline()), "pipeline").items()
    }


def test_job_may():
    """
    A job may write its logs and metrics, pull its image, and use its own files.
    """
    found = statements(compiled(pipeline()), "job")
    assert ["Logs", "Metrics", "Registry", "Pull", "Cache", "ListFiles", "Files"] == [*found]
    assert ["Metrics", "Registry"] == [s for s, each in found.items() if each["Resource"] == "*"]
    assert ([arn("ecr", "repository/ghcr/acme/ml")], PULL) == (
        found["Pull"]["Resource"],
        found["Pull"]["Action"],
    )
    assert {"StringLike": {"s3:prefix": ["train-dev/*"]}} == found["ListFiles"]["Condition"]


def test_job_may_more():
    """
    Secrets by name, the key, and network interfaces come only where they are asked for; two steps
    of one image pull it once.
    """
    found = statements(compiled(chain(), kms_key=KEY, **VPC), "job")
    assert [arn("secretsmanager", "secret:hub-??????")] == found["Secrets"]["Resource"]
    assert [arn("ecr", "repository/ghcr/acme/ml")] == found["Pull"]["Resource"]
    assert (KEY, "*") == (found["Key"]["Resource"], found["Network"]["Resource"])


def test_images_of_several_places():
    """
    Each repository stands once; only those of this account's prefixes may be made by a pull.
    """
    ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    spec = pipeline(step("a"), step("b", image=f"{ecr}/own:1"), step("c"))
    found = statements(compiled(spec), "job")
    cached = arn("ecr", "repository/ghcr/acme/ml")
    own = "arn:aws:ecr:eu-central-1:123456789012:repository/own"
    assert ([cached, own], [cached]) == (found["Pull"]["Resource"], found["Cache"]["Resource"])


@pytest.mark.parametrize(
    ("fields", "options", "kind", "sids"),
    [
        ({}, {}, "scheduler", ["Start", "DeadLetters"]),
        ({}, {"kms_key": KEY}, "scheduler", ["Start", "DeadLetters", "Key"]),
        ({"overlap": "queue"}, {}, "scheduler", ["Gate", "DeadLetters"]),
        ({}, {"scheduler": "rules"}, "events", ["Start"]),
        ({"overlap": "queue"}, {"scheduler": "rules"}, "events", ["Gate"]),
    ],
)
def test_starter_may(fields, options, kind, sids):
    """
    Who keeps the time may start the pipeline or its gate, and put letters away.
    """
    found = statements(compiled(pipeline(**fields), **options), kind)
    assert sids == [*found]
    started = "${gate.arn}" if "Gate" in found else arn("sagemaker", "pipeline/train-dev")
    assert started == found[sids[0]]["Resource"]


@pytest.mark.parametrize(
    ("overlap", "runs"),
    [("forbid", None), ("queue", None), ("replace", ["sagemaker:StopPipelineExecution"])],
)
def test_gate_may(overlap, runs):
    """
    A gate may list and start, and stops runs only where it has to.
    """
    found = statements(compiled(pipeline(overlap=overlap)), "gate")
    assert ["sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution"] == (
        found["Pipeline"]["Action"]
    )
    assert runs == found.get("Runs", {}).get("Action")
    if runs:
        assert arn("sagemaker", "pipeline/train-dev/execution/*") == found["Runs"]["Resource"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: names.plain("My_Stack--1!"), "my-stack-1"),
        (lambda: names.fitted("n" * 64, 64), "n" * 64),
        (lambda: names.fitted("n" * 65, 64), f"{'n' * 55}-1e3fb6d5"),
        (lambda: names.parameter("learning_rate"), "learning-rate"),
        (lambda: names.schedule("nightly", TARGET, 2), "nightly-dev-2"),
        (lambda: names.schedule("nightly", Target(physical_name="own"), 1), "own"),
        (lambda: names.group(Target(project="Shop", stack="dev")), "shop-dev"),
    ],
)
def test_names(make, expected):
    """
    Names are what AWS takes; one that is too long ends with a hash of the whole.
    """
    assert expected == make()


def test_long_names_fit():
    """
    Roles of a pipeline with a long name and stack stay apart, within 64 characters.
    """
    spec = sk.PipelineSpec("p" * 50, steps=[step()], overlap="queue")
    plan = compiled(spec, Target(project="shop", stack="s" * 40))
    made = [node.inputs["name"] for node in plan.nodes if node.key.endswith("_role")]
    assert 4 == len(set(made))
    assert {64} == {len(name) for name in made}
