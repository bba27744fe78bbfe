from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedkit as sk
from schedkit_kubernetes.options import Toleration
from schedkit_kubernetes.pod import escaped


def expanded(text, variables):
    """
    What Kubernetes makes of a text: a port of its `expansion.Expand`.
    """
    return re.sub(
        r"\$(\$|\(([^)]*)\))",
        lambda found: "$" if found[1] == "$" else variables.get(found[2], found[0]),
        text,
    )


@given(st.text(st.sampled_from("a$()é ") | st.characters(exclude_categories=["Cs"])))
def test_escaped_text_arrives_exactly(text):
    """
    Whatever dollars a text holds, Kubernetes hands the container just that text.
    """
    assert text == expanded(escaped(text), {"a": "replaced", "": "replaced"})


def test_dollars_are_escaped_everywhere(kit):
    """
    `$(` in a command, an argument, a variable and a parameter is text, not a reference.
    """
    step = kit.step(
        command=["sh", "-c", "echo $(date) $HOME"],
        args=["$(A)", sk.Parameter("mark")],
        env={"PRICE": "5$$", "MARK": sk.Parameter("mark")},
    )
    plan = kit.compile(kit.schedule(pipeline=kit.pipeline(step, parameters={"mark": "$(x)"})))
    (container,) = kit.pod(plan)["containers"]
    assert ["sh", "-c", "echo $$(date) $$HOME"] == container["command"]
    assert ["$$(A)", "$$(x)"] == container["args"]
    values = {item["name"]: item.get("value") for item in container["env"]}
    assert "5$$$$" == values["PRICE"]
    assert "$$(x)" == values["MARK"]
    assert "$$(x)" == values["SCHEDKIT_PARAMETER_MARK"]


def test_parameters_are_filled(kit):
    """
    Numbers and bools are written out, and a schedule's own values win.
    """
    step = kit.step(args=["--epochs", sk.Parameter("epochs"), sk.Parameter("fast"), 3])
    pipeline = kit.pipeline(step, parameters={"epochs": 10, "fast": True})
    plan = kit.compile(kit.schedule(pipeline=pipeline, parameters={"epochs": 0.5}))
    (container,) = kit.pod(plan)["containers"]
    assert ["--epochs", "0.5", "true", "3"] == container["args"]
    env = {item["name"]: item.get("value") for item in container["env"]}
    assert ("0.5", "true") == (env["SCHEDKIT_PARAMETER_EPOCHS"], env["SCHEDKIT_PARAMETER_FAST"])


def test_inputs_pass_untouched(kit):
    """
    An awaitable image, argument, variable or parameter stands in the plan as the same object.
    """

    class Later:
        def __await__(self):
            yield

    later = Later()
    step = kit.step(image=later, args=[later, sk.Parameter("p")], env={"A": later})
    plan = kit.compile(kit.schedule(pipeline=kit.pipeline(step, parameters={"p": later})))
    (container,) = kit.pod(plan)["containers"]
    env = {item["name"]: item.get("value") for item in container["env"]}
    found = [container["image"], *container["args"], env["A"], env["SCHEDKIT_PARAMETER_P"]]
    assert [later] * 5 == found


def test_secrets_are_references(kit):
    """
    A secret is a secretKeyRef; its text is in no manifest, for nobody told it.
    """
    step = kit.step(secrets={"TOKEN": sk.Secret("registry", "token")})
    (container,) = kit.pod(kit.compile(kit.schedule(pipeline=kit.pipeline(step))))["containers"]
    reference = {"secretKeyRef": {"name": "registry", "key": "token"}}
    assert {"name": "TOKEN", "valueFrom": reference} == container["env"][-1]


def test_run_id_is_the_name_of_the_job(kit):
    """
    SCHEDKIT_RUN_ID comes from the label that the Job controller puts on each pod.
    """
    (container,) = kit.pod(kit.compile(kit.schedule()))["containers"]
    field = {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}
    wanted = {"name": "SCHEDKIT_RUN_ID", "valueFrom": {"fieldRef": field}}
    assert [wanted] == [item for item in container["env"] if item["name"] == "SCHEDKIT_RUN_ID"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, None),
        ({"cpu": 0.5}, {"requests": {"cpu": "500m"}, "limits": {"cpu": "500m"}}),
        ({"cpu": 4}, {"requests": {"cpu": "4"}, "limits": {"cpu": "4"}}),
        ({"cpu": 1.25}, {"requests": {"cpu": "1250m"}, "limits": {"cpu": "1250m"}}),
        ({"cpu": 0.001}, {"requests": {"cpu": "1m"}, "limits": {"cpu": "1m"}}),
        ({"memory": "16Gi"}, {"requests": {"memory": "16Gi"}, "limits": {"memory": "16Gi"}}),
        (
            {"ephemeral_storage": "20G"},
            {"requests": {"ephemeral-storage": "20G"}, "limits": {"ephemeral-storage": "20G"}},
        ),
        ({"gpu": 2}, {"limits": {"nvidia.com/gpu": "2"}}),
        (
            {"cpu": 1, "gpu": 1},
            {"requests": {"cpu": "1"}, "limits": {"cpu": "1", "nvidia.com/gpu": "1"}},
        ),
    ],
)
def test_resources(kit, asked, expected):
    """
    What is asked for is a request and a limit; a GPU is a limit only.
    """
    step = kit.step(resources=sk.Resources(**asked))
    (container,) = kit.pod(kit.compile(kit.schedule(pipeline=kit.pipeline(step))))["containers"]
    assert expected == container.get("resources")


def test_gpu_tolerates_its_taint(kit):
    """
    A pod with a GPU tolerates the taint of GPU nodes, whatever the cluster calls them.
    """
    step = kit.step(resources=sk.Resources(gpu=1))
    plan = kit.compile(kit.schedule(pipeline=kit.pipeline(step)), gpu_resource="amd.com/gpu")
    assert [{"key": "amd.com/gpu", "operator": "Exists", "effect": "NoSchedule"}] == (
        kit.pod(plan)["tolerations"]
    )
    assert {"amd.com/gpu": "1"} == kit.pod(plan)["containers"][0]["resources"]["limits"]


def test_placement(kit):
    """
    Node selector, tolerations, priority class, pull secrets and user stand in every pod.
    """
    plan = kit.compile(
        kit.schedule(),
        node_selector={"disk": "fast"},
        tolerations=(Toleration(key="spot", operator="Equal", value="yes", effect="NoExecute"),),
        priority_class_name="batch",
        image_pull_secrets=["pull"],
        run_as_user=1000,
    )
    pod = kit.pod(plan)
    assert {"disk": "fast"} == pod["nodeSelector"]
    assert "batch" == pod["priorityClassName"]
    assert [{"name": "pull"}] == pod["imagePullSecrets"]
    assert 1000 == pod["securityContext"]["runAsUser"]
    assert [{"key": "spot", "operator": "Equal", "value": "yes", "effect": "NoExecute"}] == pod[
        "tolerations"
    ]


def test_pods_satisfy_restricted(kit):
    """
    Every container, init containers too, keeps the rules of the restricted Pod Security Standard.
    """
    pod = kit.pod(kit.compile(kit.schedule(pipeline=kit.chain())))
    containers = [*pod["initContainers"], *pod["containers"]]
    assert 3 == len(containers)
    for container in containers:
        security = container["securityContext"]
        assert {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}} == security
    assert {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}} == (
        pod["securityContext"]
    )
    assert {"emptyDir"} == {key for volume in pod["volumes"] for key in volume} - {"name"}
    assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(pod)


def test_files_between_steps(kit):
    """
    A step writes its own directory and reads those of the steps it needs, no others.
    """
    pod = kit.pod(kit.compile(kit.schedule(pipeline=kit.chain())))
    mounts = {
        container["name"]: [(m["name"], m["mountPath"], m.get("readOnly")) for m in found]
        for container in (*pod["initContainers"], *pod["containers"])
        for found in [container["volumeMounts"]]
    }
    assert {
        "prep": [("output-prep", "/schedkit/output", None)],
        "fit": [
            ("output-fit", "/schedkit/output", None),
            ("output-prep", "/schedkit/input/prep", True),
        ],
        "score": [
            ("output-score", "/schedkit/output", None),
            ("output-fit", "/schedkit/input/fit", True),
        ],
    } == mounts


def test_chain_runs_in_order(kit):
    """
    The order of the steps is that of their needs, not that of the list.
    """
    prep = kit.step("prep")
    fit = kit.step("fit", needs=[prep])
    pod = kit.pod(kit.compile(kit.schedule(pipeline=kit.pipeline(fit, prep))))
    assert ["prep"] == [container["name"] for container in pod["initContainers"]]
    assert ["fit"] == [container["name"] for container in pod["containers"]]


def test_timeout_of_a_single_step(kit):
    """
    The timeout of one step is the pod's, that of the pipeline the Job's.
    """
    pipeline = kit.pipeline(kit.step(timeout="2h"), timeout="5h")
    plan = kit.compile(kit.schedule(pipeline=pipeline))
    assert 7200 == kit.pod(plan)["activeDeadlineSeconds"]
    assert 18000 == kit.cron_job(plan)["jobTemplate"]["spec"]["activeDeadlineSeconds"]


@pytest.mark.parametrize(
    ("retry", "limit", "action"),
    [(None, 0, "FailJob"), (sk.Retry(0), 0, "FailJob"), (sk.Retry(limit=2), 2, "Ignore")],
)
def test_retry(kit, retry, limit, action):
    """
    Retry is the Job's backoffLimit; only a step that may run again is made again after a drain.
    """
    plan = kit.compile(kit.schedule(pipeline=kit.pipeline(kit.step(retry=retry))))
    job = kit.cron_job(plan)["jobTemplate"]["spec"]
    assert limit == job["backoffLimit"]
    assert [action] == [rule["action"] for rule in job["podFailurePolicy"]["rules"]]


def env(step, **more):
    """
    The environment of a step of the golden chain.
    """
    values = {
        "SCHEDKIT_PIPELINE": "train",
        "SCHEDKIT_SCHEDULE": "nightly",
        "SCHEDKIT_PARAMETER_EPOCHS": "10",
        "SCHEDKIT_STEP": step,
        "SCHEDKIT_OUTPUT": "/schedkit/output",
        "SCHEDKIT_INPUT": "/schedkit/input",
    }
    field = {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}
    run = {"name": "SCHEDKIT_RUN_ID", "valueFrom": {"fieldRef": field}}
    return [*({"name": k, "value": v} for k, v in {**more, **values}.items()), run]


SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
LABELS = {
    "app.kubernetes.io/name": "train",
    "app.kubernetes.io/part-of": "shop",
    "app.kubernetes.io/managed-by": "schedkit",
    "schedkit.dev/pipeline": "train",
    "schedkit.dev/schedule": "nightly",
}
GOLDEN = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "nightly-dev", "namespace": "default", "labels": LABELS},
    "spec": {
        "schedule": "0 1 * * *",
        "timeZone": "Europe/Berlin",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 300,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "suspend": False,
        "jobTemplate": {
            "metadata": {"labels": LABELS},
            "spec": {
                "backoffLimit": 0,
                "activeDeadlineSeconds": 86400,
                "podReplacementPolicy": "Failed",
                "podFailurePolicy": {
                    "rules": [
                        {
                            "action": "FailJob",
                            "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                        }
                    ]
                },
                "template": {
                    "metadata": {"labels": LABELS},
                    "spec": {
                        "restartPolicy": "Never",
                        "serviceAccountName": "train-dev",
                        "automountServiceAccountToken": False,
                        "enableServiceLinks": False,
                        "securityContext": {
                            "runAsNonRoot": True,
                            "seccompProfile": {"type": "RuntimeDefault"},
                        },
                        "initContainers": [
                            {
                                "name": "prepare",
                                "image": "acme:1",
                                "args": ["prepare"],
                                "env": env("prepare"),
                                "volumeMounts": [
                                    {"name": "output-prepare", "mountPath": "/schedkit/output"}
                                ],
                                "securityContext": SECURITY,
                            },
                            {
                                "name": "fit",
                                "image": "acme:1",
                                "args": ["fit", "--epochs", "10"],
                                "env": env("fit", SEED="7"),
                                "volumeMounts": [
                                    {"name": "output-fit", "mountPath": "/schedkit/output"},
                                    {
                                        "name": "output-prepare",
                                        "mountPath": "/schedkit/input/prepare",
                                        "readOnly": True,
                                    },
                                ],
                                "securityContext": SECURITY,
                                "resources": {
                                    "requests": {"cpu": "2", "memory": "1Gi"},
                                    "limits": {"cpu": "2", "memory": "1Gi"},
                                },
                            },
                        ],
                        "containers": [
                            {
                                "name": "evaluate",
                                "image": "acme:1",
                                "args": ["evaluate"],
                                "env": env("evaluate"),
                                "volumeMounts": [
                                    {"name": "output-evaluate", "mountPath": "/schedkit/output"},
                                    {
                                        "name": "output-fit",
                                        "mountPath": "/schedkit/input/fit",
                                        "readOnly": True,
                                    },
                                ],
                                "securityContext": SECURITY,
                            }
                        ],
                        "volumes": [
                            {"name": "output-prepare", "emptyDir": {}},
                            {"name": "output-fit", "emptyDir": {}},
                            {"name": "output-evaluate", "emptyDir": {}},
                        ],
                    },
                },
            },
        },
    },
}


def test_golden_chain(kit):
    """
    The whole CronJob of a chain of three steps, to the letter.
    """
    prepare = sk.Step("prepare", image="acme:1", args=["prepare"])
    fit = sk.Step(
        "fit",
        image="acme:1",
        args=["fit", "--epochs", sk.Parameter("epochs")],
        env={"SEED": 7},
        needs=[prepare],
        resources=sk.Resources(cpu=2, memory="1Gi"),
    )
    evaluate = sk.Step("evaluate", image="acme:1", args=["evaluate"], needs=[fit])
    pipeline = kit.pipeline(prepare, fit, evaluate, parameters={"epochs": 10}, overlap="forbid")
    plan = kit.compile(kit.schedule(pipeline=pipeline))
    assert [GOLDEN] == kit.manifests(plan)
