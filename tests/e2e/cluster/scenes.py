"""
Small programs, what schedkit makes of them for Kubernetes, and what became of it on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import attrs
import yaml
from api import Api, Document, History

import schedkit as sk
from schedkit import preview, render
from schedkit.testing.engine import registered
from schedkit_kubernetes.backend import Kubernetes
from schedkit_kubernetes.options import Options


EXAMPLES = Path(__file__).parents[3] / "examples"
IMAGE = "ghcr.io/acme/ml:1.4"
CRON_JOB, JOB, POD = ("CronJob", "batch/v1"), ("Job", "batch/v1"), ("Pod", "v1")
STAGES = "stage.kwok.x-k8s.io"
FAILS = f"pod-container-running-failed.{STAGES}"
# What kwok is told by labels and annotations of a pod. "0": else it may succeed all the same.
FAILING = {
    "labels": {FAILS: "true"},
    "annotations": {f"{FAILS}/exit-code": "3", f"pod-complete.{STAGES}/weight": "0"},
}


def lasting(seconds: int) -> dict[str, dict[str, str]]:
    """
    Options under which every pod runs so long.
    """
    return {"annotations": {f"pod-complete.{STAGES}/delay": f"{seconds}s"}}


@attrs.frozen(kw_only=True)
class Scene:
    """
    One pipeline of one step and its schedule, in a namespace of its own that schedkit makes.
    """

    name: str
    cron: str = "* * * * *"
    timezone: str = "UTC"
    step: dict[str, object] = attrs.field(factory=dict)
    pipeline: dict[str, object] = attrs.field(factory=dict)
    schedule: dict[str, object] = attrs.field(factory=dict)
    options: dict[str, object] = attrs.field(factory=dict)

    @property
    def cron_job(self) -> str:
        """
        The physical name.
        """
        return "often-dev"

    def program(self) -> None:
        """
        What a user would write.
        """
        options = Options(namespace=self.name, create_namespace=True, **self.options)
        step = sk.Step("fit", **{"image": IMAGE, **self.step})
        kubernetes = Kubernetes(options)
        train = sk.Pipeline("train", steps=[step], backend=kubernetes, **self.pipeline)
        sk.Schedule("often", train, sk.Cron(self.cron, timezone=self.timezone), **self.schedule)


def manifests(found: preview.Preview) -> list[Document]:
    """
    What `schedkit plan --manifests` prints.
    """
    return list(yaml.safe_load_all(render.manifests(found)))


def compiled(program: Callable[[], None]) -> list[Document]:
    """
    The manifests of a program of which nothing is refused.
    """
    _, found = registered(program)
    assert [] == [report.refusal for report in found.reports if report.refusal]
    return manifests(found)


def deploy(api: Api, documents: Iterable[Document]) -> None:
    """
    Apply them in their order, as `kubectl apply --server-side` does.
    """
    for document in documents:
        api.apply(document)


def jobs(history: History, namespace: str, cron_job: str = "often-dev") -> dict[int, Document]:
    """
    The Jobs that a CronJob has ever started, by their instant in unix seconds.
    """
    found = {}
    for job in history.of(namespace):
        owner, _, minute = job["metadata"]["name"].rpartition("-")
        if owner == cron_job:
            found[int(minute) * 60] = job
    return dict(sorted(found.items()))


def lateness(history: History, namespace: str, first: int) -> dict[int, float]:
    """
    How many seconds late each run from *first* on was started, by the minute after it.
    """
    found = jobs(history, namespace).items()
    return {(at - first) // 60: born(job) - at for at, job in found if at >= first}


def unix(stamp: str) -> float:
    """
    An instant of an API object as unix seconds.
    """
    return datetime.fromisoformat(stamp).timestamp()


def born(document: Document) -> float:
    """
    When an object was created.
    """
    return unix(document["metadata"]["creationTimestamp"])


def condition(document: Document, kind: str) -> Document | None:
    """
    A condition that holds, or None.
    """
    found = document.get("status", {}).get("conditions", [])
    return next((c for c in found if c["type"] == kind and c["status"] == "True"), None)


def ended(job: Document) -> float | None:
    """
    When a Job ended, well or not; None while it runs.
    """
    end = condition(job, "Complete") or condition(job, "Failed")
    return unix(end["lastTransitionTime"]) if end else None


def environment(pod: Document, container: Document) -> dict[str, str]:
    """
    What a container finds, as a kubelet works it out: fields of the pod and `$$` resolved.
    """
    found = {}
    for each in container["env"]:
        if "value" in each:
            found[each["name"]] = each["value"].replace("$$", "$")
        elif "fieldRef" in each.get("valueFrom", {}):
            path = each["valueFrom"]["fieldRef"]["fieldPath"]
            label = path.removeprefix("metadata.labels['").removesuffix("']")
            found[each["name"]] = pod["metadata"]["labels"][label]
    return found
