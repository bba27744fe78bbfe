from __future__ import annotations

import pytest

import schedkit as sk
from schedkit.backend import Target
from schedkit.findings import Feature


DOCS = "https://kubernetes.io/docs/"


def test_service_account(kit):
    """
    A pipeline is one ServiceAccount without a token, named by pipeline and stack.
    """
    plan = kit.compile(kit.pipeline())
    expected = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "train-dev",
            "namespace": "default",
            "labels": {
                "app.kubernetes.io/name": "train",
                "app.kubernetes.io/part-of": "shop",
                "app.kubernetes.io/managed-by": "schedkit",
                "schedkit.dev/pipeline": "train",
            },
        },
        "automountServiceAccountToken": False,
    }
    assert [expected] == kit.manifests(plan)
    assert {"delete_before_replace": True} == plan.node("service_account").options


def test_given_service_account(kit):
    """
    An existing ServiceAccount is used as it is: none is made, and nothing waits for one.
    """
    assert () == kit.compile(kit.pipeline(), service_account="ml").nodes
    plan = kit.compile(kit.schedule(), service_account="ml")
    assert "ml" == kit.pod(plan)["serviceAccountName"]
    assert () == plan.node("cron_job").after


def test_namespace(kit):
    """
    A namespace of one's own is shared by all components, restricted, and made before the rest.
    """
    options = {"namespace": "ml", "create_namespace": True}
    plan = kit.compile(kit.pipeline(), **options)
    labels = {
        f"pod-security.kubernetes.io/{k}": "restricted" for k in ("enforce", "warn", "audit")
    }
    assert {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "ml",
            "labels": {"app.kubernetes.io/managed-by": "schedkit", **labels},
        },
    } == kit.manifests(plan)[0]
    schedule = kit.compile(kit.schedule(), **options)
    assert plan.shared == schedule.shared
    assert ("shared/namespace",) == plan.node("service_account").after
    after = ("shared/namespace", "pipeline/service_account")
    assert after == schedule.node("cron_job").after
    assert "ml" == schedule.node("cron_job").inputs["metadata"]["namespace"]


def test_everything_exact(kit):
    """
    A pipeline of one step that asks for all a pod can carry is exact in every feature.
    """
    step = kit.step(
        command=["fit"],
        args=[sk.Parameter("p")],
        env={"A": 1},
        secrets={"B": sk.Secret("s")},
        resources=sk.Resources(cpu=1, memory="1Gi", gpu=1, ephemeral_storage="1Gi"),
        retry=sk.Retry(limit=2),
        timeout="1h",
    )
    plan = kit.compile(kit.pipeline(step, parameters={"p": 1}, overlap="forbid"))
    assert {
        Feature.PIPELINE,
        Feature.IMAGE,
        Feature.COMMAND,
        Feature.ARGS,
        Feature.ENV,
        Feature.SECRETS,
        Feature.CPU,
        Feature.MEMORY,
        Feature.GPU,
        Feature.EPHEMERAL_STORAGE,
        Feature.RETRY,
        Feature.STEP_TIMEOUT,
        Feature.PARAMETERS,
        Feature.TIMEOUT,
        Feature.FORBID,
    } == kit.findings(plan, "exact").keys()
    assert len(plan.findings) == len(kit.findings(plan, "exact"))


def test_only_what_is_asked_for(kit):
    """
    The plainest pipeline has findings for itself, its image and its timeout, no others.
    """
    plan = kit.compile(kit.pipeline())
    assert [Feature.PIPELINE, Feature.IMAGE, Feature.TIMEOUT] == [f.feature for f in plan.findings]


def test_chain_is_emulated(kit):
    """
    A chain says how it is kept: on one node, with the largest resources held throughout.
    """
    plan = kit.compile(kit.chain())
    assert (
        "pipeline.chain emulated: init containers, the last step as main container: one node for "
        "all steps, which holds the largest resources of any step throughout; a failed step ends "
        f"the run ({DOCS}concepts/workloads/pods/init-containers/)"
    ) == kit.findings(plan, "emulated")[Feature.CHAIN].sentence
    assert {} == kit.findings(plan, "refused")


@pytest.mark.parametrize(
    "retry",
    [
        sk.Retry(limit=1, factor=3),
        sk.Retry(limit=1, maximum="10s"),
        sk.Retry(limit=6, maximum="5m20s"),
    ],
)
def test_other_backoff_with_the_same_pauses(kit, retry):
    """
    A backoff whose pauses are just those of a Job is exact, however it is written.
    """
    plan = kit.compile(kit.pipeline(kit.step(retry=retry)))
    assert "just the pauses that a Job makes" == (
        kit.findings(plan, "exact")[Feature.BACKOFF].reason
    )


BACKOFF = (
    "a Job pauses 10 s, then doubles, at most 6 min, and takes no other order; "
    "write retry=sk.Retry(limit={}) "
    f"({DOCS}concepts/workloads/controllers/job/#pod-backoff-failure-policy)"
)
GRAPH = (
    "pipeline.graph refused: a Job runs one pod, whose init containers run in a line: no fan-out, "
    "no fan-in; use the backend `argo`, or let each step need just the one before it "
    f"({DOCS}concepts/workloads/controllers/job/)"
)
IN_CHAIN = f"({DOCS}concepts/workloads/pods/init-containers/)"


@pytest.mark.parametrize(
    ("steps", "fields", "sentence"),
    [
        pytest.param(
            [("a", {"image": None})],
            {},
            "step.image refused: step 'a' names no image, and a pod runs nothing else; "
            "write image='registry/name:tag'",
            id="no image",
        ),
        pytest.param(
            [("a", {"resources": sk.Resources(cpu=0.0015)})],
            {},
            "step.resources.cpu refused: step 'a' asks for 0.0015 cores, and the finest share is "
            f"0.001; cpu=0.002 ({DOCS}concepts/configuration/manage-resources-containers/"
            "#meaning-of-cpu)",
            id="cpu too fine",
        ),
        pytest.param(
            [("a", {"retry": sk.Retry(limit=2, backoff="30s")})],
            {},
            f"step.retry.backoff refused: {BACKOFF.format(2)}",
            id="backoff",
        ),
        pytest.param(
            [("a", {"retry": sk.Retry(limit=7, maximum="5m20s")})],
            {},
            f"step.retry.backoff refused: {BACKOFF.format(7)}",
            id="seventh pause",
        ),
        pytest.param(
            [("a", {}), ("b", {"needs": ["a"]}), ("c", {"needs": ["a"]})],
            {},
            GRAPH,
            id="fan-out",
        ),
        pytest.param(
            [("a", {}), ("b", {}), ("c", {"needs": ["a", "b"]})],
            {},
            GRAPH,
            id="fan-in",
        ),
        pytest.param([("a", {}), ("b", {})], {}, GRAPH, id="two steps side by side"),
        pytest.param(
            [("a", {}), ("b", {"needs": ["a"], "retry": sk.Retry(limit=1)})],
            {},
            "step.retry refused: step 'b' is a container of a pod, and a Job repeats whole pods; "
            "use the backend `argo`, or leave retry out "
            f"({DOCS}concepts/workloads/controllers/job/#pod-backoff-failure-policy)",
            id="retry in a chain",
        ),
        pytest.param(
            [("a", {"timeout": "1h"}), ("b", {"needs": ["a"]})],
            {},
            "step.timeout refused: step 'a' is a container of a pod, and only a pod has a "
            "deadline; use the backend `argo`, or set the pipeline's timeout= " + IN_CHAIN,
            id="timeout in a chain",
        ),
        pytest.param(
            [("a", {})],
            {"keep": sk.Keep(days=30)},
            "pipeline.keep refused: files between steps stand in emptyDir volumes, which end with "
            "the pod; leave keep out, and let the last step store what shall stay "
            f"({DOCS}concepts/storage/volumes/#emptydir)",
            id="keep",
        ),
        pytest.param(
            [("a", {})],
            {"overlap": "queue"},
            "pipeline.overlap.queue refused: a CronJob keeps no queue: of several skipped runs at "
            "most the latest starts; overlap='forbid' with a long starting_deadline starts the "
            "latest skipped run when the running one ends "
            f"({DOCS}concepts/workloads/controllers/cron-jobs/#concurrency-policy)",
            id="queue",
        ),
    ],
)
def test_refusals(kit, steps, fields, sentence):
    """
    What a pod or a Job cannot do is refused, with the reason and the nearest that works.
    """
    made = [kit.step(name, **step) for name, step in steps]
    plan = kit.compile(kit.pipeline(*made, **fields))
    assert [sentence] == [finding.sentence for finding in kit.findings(plan, "refused").values()]


def test_retry_in_a_chain_twice(kit):
    """
    Each step of a chain that asks for a retry is refused by name.
    """
    a = kit.step("a", retry=sk.Retry(limit=1))
    b = kit.step("b", needs=[a], retry=sk.Retry(limit=1))
    found = [f for f in kit.compile(kit.pipeline(a, b)).findings if f.verdict == "refused"]
    assert ["step 'a'", "step 'b'"] == [finding.reason[:8] for finding in found]


@pytest.mark.parametrize("stack", ["Dev", "my_stack", "x" * 250])
def test_stack_that_is_no_name(kit, stack):
    """
    A stack whose name no ServiceAccount may bear is refused, unless an account is given.
    """
    target = Target(project="shop", stack=stack)
    (finding,) = kit.findings(kit.compile(kit.pipeline(), target), "refused").values()
    assert (
        f"pipeline refused: 'train-{stack}' is no legal name of a ServiceAccount; name an "
        "existing one in `serviceAccount` of schedkit:kubernetes "
        f"({DOCS}concepts/overview/working-with-objects/names/)"
    ) == finding.sentence
    given = kit.compile(kit.pipeline(), target, service_account="ml")
    assert {} == kit.findings(given, "refused")


def test_project_that_is_no_label(kit):
    """
    A project whose name is too long for a label is refused, unless the label is given.
    """
    target = Target(project="p" * 64, stack="dev")
    (finding,) = kit.findings(kit.compile(kit.pipeline(), target), "refused").values()
    assert (
        f"pipeline refused: '{'p' * 64}' is no legal value of the label "
        "app.kubernetes.io/part-of; give a value of at most 63 characters: "
        "labels: {app.kubernetes.io/part-of: ...} "
        f"({DOCS}concepts/overview/working-with-objects/labels/)"
    ) == finding.sentence
    labels = {"app.kubernetes.io/part-of": "p"}
    given = kit.compile(kit.pipeline(), target, labels=labels)
    assert {} == kit.findings(given, "refused")
