"""
Seven minutes of a cluster, lived through once: each schedule in a namespace of its own.
"""

from __future__ import annotations

import attrs
import pytest
from api import ApiError, History
from figures import COUNTS
from scenes import (
    FAILING,
    JOB,
    POD,
    Scene,
    born,
    compiled,
    condition,
    deploy,
    ended,
    environment,
    jobs,
    lasting,
)

import schedkit as sk


pytestmark = pytest.mark.cluster
MINUTE = 60
LENGTH = 6.5 * MINUTE
EVERY = range(7)


def plain():
    """
    Each minute a pod of two seconds, with parameters and an environment.
    """
    parameters = {"epochs": 3, "rate": 0.01, "data": "s3://acme/$raw"}
    step = {
        "args": ["--epochs", sk.Parameter("epochs"), "--data", sk.Parameter("data")],
        "env": {"MODE": "fast", "PRICE": "$5 $(MODE)"},
    }
    return Scene(
        name="plain",
        step=step,
        pipeline={"parameters": parameters},
        schedule={"parameters": {"epochs": 9}},
        options={"successful_jobs_history_limit": 2, **lasting(2)},
    )


def scenes(first):
    """
    All that is deployed before the minute *first*, in unix seconds.
    """
    once = f"{first // MINUTE % 60} * * * *"
    short = {"starting_deadline": "30s"}
    return [
        plain(),
        Scene(name="forbid", pipeline={"overlap": "forbid"}, options=lasting(200)),
        Scene(
            name="forbid-short",
            pipeline={"overlap": "forbid"},
            schedule=short,
            options=lasting(215),
        ),
        Scene(name="replace", pipeline={"overlap": "replace"}, options=lasting(150)),
        Scene(name="allow", pipeline={"overlap": "allow"}, options=lasting(130)),
        Scene(name="paused"),
        Scene(name="paused-short", schedule=short),
        Scene(name="failing", options={"failed_jobs_history_limit": 1, **FAILING}),
        Scene(name="retried", cron=once, step={"retry": sk.Retry(limit=2)}, options=FAILING),
        Scene(name="drained", cron=once, options=lasting(60)),
        Scene(
            name="drained-retried",
            cron=once,
            step={"retry": sk.Retry(limit=1)},
            options=lasting(60),
        ),
        Scene(
            name="stuck",
            step={"resources": sk.Resources(gpu=99)},
            pipeline={"overlap": "forbid", "timeout": "70s"},
        ),
        Scene(name="gpu", cron=once, step={"resources": sk.Resources(gpu=1)}),
    ]


@attrs.frozen
class Lived:
    """
    What became of it.
    """

    first: int
    made: dict[str, list]
    jobs: History
    pods: History

    def ticks(self, name):
        """
        The minutes after the first for which a Job was ever started.
        """
        return [(at - self.first) // MINUTE for at in jobs(self.jobs, name)]

    def late(self, name):
        """
        How many seconds after its instant each Job was started.
        """
        return [born(job) - at for at, job in jobs(self.jobs, name).items()]


def evict(api, history, name, count):
    """
    Have so many pods of a namespace evicted, as draining their nodes does.
    """

    def done():
        for pod in history.of(name):
            if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]:
                metadata = {"name": pod["metadata"]["name"], "namespace": name}
                path = f"/api/v1/namespaces/{name}/pods/{metadata['name']}/eviction"
                body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
                api.ask("POST", path, body)
                gone.add(pod["metadata"]["uid"])
        return len(gone) >= count

    gone = set()
    return done


@pytest.fixture(scope="module")
def lived(cluster):
    """
    Deploy everything, pause, resume, drain, and live on.
    """
    api = cluster.api
    plans = {scene.name: compiled(scene.program) for scene in scenes(0)}
    first = (int(cluster.now()) + 90) // MINUTE * MINUTE + MINUTE
    every = scenes(first)
    plans |= {s.name: compiled(s.program) for s in every if s.cron != "* * * * *"}
    ways = {s.name: attrs.evolve(s, schedule={**s.schedule, "paused": True}) for s in every}
    paused = {name: compiled(ways[name].program) for name in ("paused", "paused-short")}
    found = Lived(first, plans, History(api, *JOB), History(api, *POD))
    cluster.sleep_until(first - 55)
    for documents in plans.values():
        deploy(api, documents)
    assert cluster.now() < first, "too busy a machine: deploying took more than five seconds"
    cluster.sleep_until(first + 20)
    cluster.wait(evict(api, found.pods, "drained", 1), "a pod to drain")
    cluster.wait(evict(api, found.pods, "drained-retried", 2), "two pods to drain")
    cluster.sleep_until(first + 90)
    for documents in paused.values():
        deploy(api, documents)
    cluster.sleep_until(first + 200)
    deploy(api, plans["paused"])
    cluster.sleep_until(first + 225)
    deploy(api, plans["paused-short"])
    cluster.sleep_until(first + LENGTH)
    COUNTS["instants seen"] += sum(len(found.ticks(name)) for name in plans)
    COUNTS["pods seen"] += len(found.pods.seen)
    yield found
    for documents in plans.values():
        api.delete(api.path(documents[-1]))


def test_what_stands_there_is_what_was_planned(lived, cluster):
    """
    Each CronJob holds every field that the plan has, and nothing of the plan is changed.
    """
    compared = 0
    for name, documents in lived.made.items():
        for document in documents:
            place = document["metadata"].get("namespace", "")
            found = cluster.api.get(
                document["kind"], document["apiVersion"], place, document["metadata"]["name"]
            )
            assert holds(found, document), name
            compared += 1
    assert 3 * 13 == compared


def holds(found, planned):
    """
    Whether all that is planned was found; a server adds its defaults.
    """
    if isinstance(planned, dict):
        return all(key in found and holds(found[key], planned[key]) for key in planned)
    if isinstance(planned, list):
        return len(found) == len(planned) and all(map(holds, found, planned))
    return found == planned


def test_fires_each_minute(lived):
    """
    `* * * * *` starts one Job for each minute, named after it, within seconds.
    """
    assert [*EVERY] == lived.ticks("plain")
    assert all(0 <= late < MINUTE for late in lived.late("plain")), lived.late("plain")
    names = [job["metadata"]["name"] for job in jobs(lived.jobs, "plain").values()]
    assert [f"often-dev-{lived.first // 60 + tick}" for tick in EVERY] == names


def test_a_pod_finds_its_run(lived):
    """
    Each pod has the parameters, the environment, the run id and the identity that were planned,
    and no token.
    """
    assert 7 == len(lived.pods.of("plain"))
    for pod in lived.pods.of("plain"):
        (container,) = pod["spec"]["containers"]
        found = environment(pod, container)
        job = pod["metadata"]["ownerReferences"][0]["name"]
        assert job.startswith("often-dev-")
        assert {
            "SCHEDKIT_RUN_ID": job,
            "SCHEDKIT_PIPELINE": "train",
            "SCHEDKIT_SCHEDULE": "often",
            "SCHEDKIT_STEP": "fit",
            "SCHEDKIT_PARAMETER_EPOCHS": "9",
            "SCHEDKIT_PARAMETER_RATE": "0.01",
            "SCHEDKIT_PARAMETER_DATA": "s3://acme/$raw",
            "SCHEDKIT_OUTPUT": "/schedkit/output",
            "SCHEDKIT_INPUT": "/schedkit/input",
            "MODE": "fast",
            "PRICE": "$5 $(MODE)",
        } == found
        assert ["--epochs", "9", "--data", "s3://acme/$$raw"] == container["args"]
        assert "train-dev" == pod["spec"]["serviceAccountName"]
        assert ["output-fit"] == [volume["name"] for volume in pod["spec"]["volumes"]]
        assert "plain" == pod["spec"]["nodeName"]
        assert "Succeeded" == pod["status"]["phase"]


def test_forbid_starts_the_latest_skipped_run_late(lived):
    """
    A pod of 200 s skips at least three minutes; of these the last one starts when it ends.
    """
    before, after = jobs(lived.jobs, "forbid").values()
    assert ended(before) <= born(after)
    first, skipped = lived.ticks("forbid")
    assert 0 == first
    assert skipped in (3, 4)  # 4 where a pod takes long to end
    assert 0 <= lived.late("forbid")[1] < 80


def test_forbid_under_a_short_deadline_waits_for_the_next_minute(lived):
    """
    When a pod of 215 s ends, the minute before is more than 30 s old and lost.
    """
    assert [0, 4] == lived.ticks("forbid-short")


def test_replace_ends_the_run_before(lived):
    """
    Each minute has its Job, and the Job before is deleted, its pod too.
    """
    assert [*EVERY] == lived.ticks("replace")
    started = list(jobs(lived.jobs, "replace").values())
    gone = [job["metadata"]["uid"] in lived.jobs.deleted for job in started]
    assert [True] * 6 + [False] == gone
    assert [None] * 7 == [ended(job) for job in started]
    pods = [pod["metadata"]["uid"] in lived.pods.deleted for pod in lived.pods.of("replace")]
    assert [True] * 6 + [False] == pods


def test_allow_runs_side_by_side(lived):
    """
    Pods of 130 s started each minute: three at a time.
    """
    assert [*EVERY] == lived.ticks("allow")
    spans = [(born(job), ended(job) or 1e12) for job in jobs(lived.jobs, "allow").values()]
    alive = [sum(begin <= at < end for begin, end in spans) for at, _ in spans]
    assert [1, 2, 3, 3, 3, 3, 3] == alive


def test_a_pause_loses_what_falls_into_it(lived):
    """
    Resumed 20 s after a minute, that minute still starts within the deadline of 300 s.
    """
    assert [0, 1, 3, 4, 5, 6] == lived.ticks("paused")
    assert 20 <= lived.late("paused")[2] < 60


def test_a_pause_under_a_short_deadline_adds_nothing(lived):
    """
    Resumed 45 s after a minute, under a deadline of 30 s, only later minutes start.
    """
    assert [0, 1, 4, 5, 6] == lived.ticks("paused-short")


def test_retries_and_then_fails(lived):
    """
    limit=2 is three pods, the pauses between them are 10 s and 20 s; then the Job fails.
    """
    (job,) = jobs(lived.jobs, "retried").values()
    pods = lived.pods.of("retried")
    assert ["Failed"] * 3 == [pod["status"]["phase"] for pod in pods]
    codes = [
        c["state"]["terminated"]["exitCode"]
        for p in pods
        for c in p["status"]["containerStatuses"]
    ]
    assert [3, 3, 3] == codes
    assert "BackoffLimitExceeded" == condition(job, "Failed")["reason"]
    first, second, third = map(born, pods)
    assert 10 <= second - first < 60
    assert 20 <= third - second < 80


def test_without_retry_one_pod_is_all(lived):
    """
    A failed pod is the end of its run, and the next minute is not touched by it.
    """
    assert [*EVERY] == lived.ticks("failing")
    assert 7 == len(lived.pods.of("failing"))
    ends = [condition(job, "Failed") for job in jobs(lived.jobs, "failing").values()]
    assert ["BackoffLimitExceeded"] * 7 == [end["reason"] for end in ends]


def test_a_drained_node_ends_a_run_without_retry(lived):
    """
    podFailurePolicy: a run that may not be repeated fails when its pod is evicted.
    """
    (job,) = jobs(lived.jobs, "drained").values()
    (pod,) = lived.pods.of("drained")
    assert condition(pod, "DisruptionTarget")
    assert "PodFailurePolicy" == condition(job, "Failed")["reason"]


def test_a_drained_node_costs_no_retry(lived):
    """
    podFailurePolicy: two evictions under limit=1 are not counted, and the third pod succeeds.
    """
    (job,) = jobs(lived.jobs, "drained-retried").values()
    phases = [pod["status"]["phase"] for pod in lived.pods.of("drained-retried")]
    assert ["Failed", "Failed", "Succeeded"] == phases
    assert condition(job, "Complete")
    assert 0 == job["status"].get("failed", 0)


def test_history_is_kept_short(lived, cluster):
    """
    Two succeeded and one failed Job stay, as the options say; the rest is deleted.
    """
    for name, kept in (("plain", 2), ("failing", 1)):
        cluster.wait(lambda n=name, k=kept: stay(lived, n) == k, f"{kept} Jobs of {name}", 20)
        left = [job for job in cluster.api.items(*JOB, name) if ended(job)]
        assert kept == len(left)


def stay(lived, name):
    """
    How many Jobs of a namespace are not deleted.
    """
    return sum(job["metadata"]["uid"] not in lived.jobs.deleted for job in lived.jobs.of(name))


def test_a_stuck_pod_blocks_forbid_only_until_the_timeout(lived):
    """
    No node has 99 GPUs: the Job is ended by its timeout of 70 s, and the next run starts.
    """
    assert [0, 1] == lived.ticks("stuck")[:2]
    stuck, *_ = jobs(lived.jobs, "stuck").values()
    assert "DeadlineExceeded" == condition(stuck, "Failed")["reason"]
    assert {"Pending"} == {
        pod["spec"].get("nodeName", "Pending") for pod in lived.pods.of("stuck")
    }


def test_a_gpu_leads_to_its_node(lived):
    """
    A step with a GPU tolerates the taint of GPU nodes, and runs there.
    """
    (pod,) = lived.pods.of("gpu")
    assert "gpu" == pod["spec"]["nodeName"]
    assert "Succeeded" == pod["status"]["phase"]


def test_the_namespace_is_restricted(lived, cluster):
    """
    The namespaces that schedkit made refuse a pod that asks for nothing, and took all of ours.
    """
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "careless", "namespace": "plain"},
        "spec": {"containers": [{"name": "main", "image": "x"}]},
    }
    with pytest.raises(ApiError) as caught:
        cluster.api.judge(pod)
    assert 403 == caught.value.code
    assert 'violates PodSecurity "restricted:latest"' in caught.value.message
    events = [e["message"] for e in cluster.api.items("Event", "v1") if e["type"] == "Warning"]
    assert [] == [message for message in events if "PodSecurity" in message]
