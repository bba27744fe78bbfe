"""
The API server as judge of what schedkit writes, and of what it would have to refuse.
"""

from __future__ import annotations

import attrs
import pytest
from api import ApiError
from figures import COUNTS
from hypothesis import given, seed, settings
from scenes import IMAGE

import schedkit as sk
from schedkit.backend import Target
from schedkit.exceptions import SchedkitError
from schedkit.findings import Feature
from schedkit.plan import merged, show
from schedkit.planning import plan_for, verdict
from schedkit.testing import strategies
from schedkit.testing.examples import EXAMPLES, pipeline, schedule
from schedkit.testing.plans import plans
from schedkit_kubernetes.backend import Kubernetes
from schedkit_kubernetes.options import Options, Toleration


pytestmark = pytest.mark.cluster
NAMESPACE = "bodies"
OPTIONS = {
    "plain": Options(namespace=NAMESPACE),
    "all": Options(
        namespace=NAMESPACE,
        create_namespace=True,
        service_account="given",
        successful_jobs_history_limit=0,
        failed_jobs_history_limit=9,
        run_as_user=1000,
        gpu_resource="amd.com/gpu",
        node_selector={"disk": "fast", "node.example/kind": "big"},
        tolerations=(
            Toleration(key="spot"),
            Toleration(key="team", operator="Equal", value="ml", effect="NoExecute"),
        ),
        priority_class_name="high",
        labels={"team": "ml", "app.kubernetes.io/name": "own"},
        annotations={"example.org/why": "because, {it} is: so"},
        image_pull_secrets=("hub", "other.hub"),
    ),
}


@pytest.fixture(scope="module")
def judge(cluster):
    """
    Ask for a dry run of a document; returns the server's warnings.
    """
    warn = {"pod-security.kubernetes.io/warn": "restricted"}
    metadata = {"name": NAMESPACE, "labels": warn}
    cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def judged(document):
        if document["kind"] == "Namespace":  # there is one of that name
            document = merged(document, {"metadata": {"name": f"{NAMESPACE}-other"}})
        return cluster.api.judge(document).headers.get_list("warning")

    return judged


def bodies(backend, spec):
    """
    Every document of the plans that a spec leads to, none where one is refused.
    """
    made = plans(backend, spec)
    if any(verdict(plan, strict=False) for plan in made):
        return []
    return [show(node.inputs) for plan in made for node in (*plan.shared, *plan.nodes)]


def test_takes_what_the_conformance_suite_asks_for(judge):
    """
    Every feature alone, under no options and under all: each body is accepted without a warning.
    """
    accepted = 0
    kinds = set()
    for options in OPTIONS.values():
        for feature in Feature:
            for body in bodies(Kubernetes(options), EXAMPLES[feature].spec):
                assert [] == judge(body), feature
                accepted += 1
                kinds.add(body["kind"])
    COUNTS["bodies accepted"] += accepted
    assert {"CronJob", "ServiceAccount", "Namespace"} == kinds
    assert accepted > 100


def simpler(spec, cron):
    """
    Without what Kubernetes cannot keep, so that few are refused.
    """
    overlap = spec.pipeline.overlap.replace("queue", "allow")
    steps = [attrs.evolve(step, retry=None, timeout=None) for step in spec.pipeline.steps[:2]]
    return attrs.evolve(
        spec,
        pipeline=attrs.evolve(spec.pipeline, overlap=overlap, steps=steps),
        when=cron,
        catch_up="none",
        starting_deadline=max(spec.starting_deadline, 10),
        jitter=0,
        start=None,
    )


@pytest.mark.parametrize("options", OPTIONS)
def test_takes_random_schedules(judge, options):
    """
    Whatever the conformance suite makes up and schedkit does not refuse is accepted.
    """
    backend, accepted = Kubernetes(OPTIONS[options]), []

    @seed(5)
    @settings(max_examples=80, deadline=None, database=None)
    @given(strategies.schedules(), strategies.crons())
    def run(spec, cron):
        for body in bodies(backend, simpler(spec, cron)):
            assert [] == judge(body)
            accepted.append(body)

    run()
    COUNTS["bodies accepted"] += len(accepted)
    assert len(accepted) > 60


def test_takes_the_longest_names(judge):
    """
    52 characters for a CronJob, 63 for a label value, and schedkit refuses one more.
    """
    backend = Kubernetes(OPTIONS["plain"])
    for length, refused in ((52, False), (53, True)):
        plan = plan_for(backend, schedule(), Target(physical_name="x" * length))
        assert refused == bool(verdict(plan, strict=False))
        if not refused:
            assert [] == judge(show(plan.nodes[0].inputs))
            continue
        with pytest.raises(ApiError, match="must be no more than 52 characters"):
            judge(show(plan.nodes[0].inputs))


def body():
    """
    A good CronJob.
    """
    spec = schedule(of=pipeline(sk.Step("fit", image=IMAGE)))
    return show(plan_for(Kubernetes(OPTIONS["plain"]), spec, Target()).nodes[0].inputs)


def job(**changes):
    return {"spec": {"jobTemplate": {"spec": changes}}}


def pod(**changes):
    return job(template={"spec": changes})


EXIT_CODES = {
    "action": "FailJob",
    "onExitCodes": {"containerName": "fit", "operator": "In", "values": [3, 2]},
}
WRONG = {
    "unknown field of the spec": ({"spec": {"timezone": "UTC"}}, 'unknown field "spec.timezone"'),
    "unknown field of the Job": (
        job(backOffLimit=1),
        'unknown field "spec.jobTemplate.spec.backOffLimit"',
    ),
    "field of another level": (
        pod(backoffLimit=1),
        'unknown field "spec.jobTemplate.spec.template.spec.backoffLimit"',
    ),
    "text for a flag": ({"spec": {"suspend": "no"}}, "cannot unmarshal string"),
    "text for a number": ({"spec": {"startingDeadlineSeconds": "300"}}, "cannot unmarshal string"),
    "no schedule": ({"spec": {"schedule": ""}}, "spec.schedule: Required value"),
    "weekday 7": ({"spec": {"schedule": "0 0 * * 7"}}, "above maximum"),
    "L": ({"spec": {"schedule": "0 0 L * *"}}, "failed to parse int"),
    "six fields": ({"spec": {"schedule": "0 0 0 * * *"}}, "expected exactly 5 fields"),
    "zone in the text": (
        {"spec": {"schedule": "CRON_TZ=UTC 0 0 * * *"}},
        "cannot use TZ or CRON_TZ in schedule",
    ),
    "unknown zone": ({"spec": {"timeZone": "Europe/Berlim"}}, "unknown time zone"),
    "the machine's zone": ({"spec": {"timeZone": "Local"}}, "must be an explicit time zone"),
    "no policy": ({"spec": {"concurrencyPolicy": "Queue"}}, "Unsupported value"),
    "restart policy": (pod(restartPolicy="Always"), 'valid values: "OnFailure", "Never"'),
    "restart with podFailurePolicy": (pod(restartPolicy="OnFailure"), "Invalid value"),
    "unsorted exit codes": (
        job(podFailurePolicy={"rules": [EXIT_CODES]}),
        "must be ordered",
    ),
    "selector": (job(selector={"matchLabels": {"a": "b"}}), "selector"),
    "negative limit": (job(backoffLimit=-1), "must be greater than or equal to 0"),
    "no image": (
        {
            "spec": {
                "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}
            }
        },
        "image: Required value",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_refuses_wrong_bodies(judge, wrong):
    """
    A strict server names the field: the judge of this file can say no.
    """
    change, sentence = WRONG[wrong]
    assert [] == judge(body())
    with pytest.raises(ApiError) as caught:
        judge(merged(body(), change))
    assert sentence in caught.value.message
    assert caught.value.code in (400, 422)


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("0 0 30 2 *", "never"),
        (", * * * *", "empty"),
        ("@every 90s", "Every"),
        ("* * * * 1-0", ""),
    ],
)
def test_refuses_what_a_server_takes_and_never_runs(judge, cron, why):
    """
    A server accepts texts that never fire or drift; schedkit refuses them.
    """
    if why:
        assert [] == judge(merged(body(), {"spec": {"schedule": cron}}))
    with pytest.raises(SchedkitError):
        sk.Cron(cron)


def test_refuses_a_deadline_that_loses_all_runs(judge):
    """
    startingDeadlineSeconds 0 is accepted by the server and never starts anything.
    """
    assert [] == judge(merged(body(), {"spec": {"startingDeadlineSeconds": 0}}))
    with pytest.raises(SchedkitError):
        schedule(starting_deadline=0)
    plan = plan_for(Kubernetes(), attrs.evolve(schedule(), starting_deadline=9), Target())
    assert verdict(plan, strict=False)


def test_warns_of_careless_pods(judge):
    """
    Pod Security's warnings reach the judge, which sees none for the bodies of schedkit.
    """
    (warning,) = judge(merged(body(), pod(securityContext={"runAsNonRoot": False})))
    assert "runAsNonRoot" in warning
