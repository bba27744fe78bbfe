"""
Two nodes that kwok plays, and how it plays pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import yaml


if TYPE_CHECKING:
    from pathlib import Path

    from api import Document

GPU = "nvidia.com/gpu"
NODES = {"plain": {}, "gpu": {GPU: "8"}}
# What a kubelet does and kwok's stages do not: the containers of a deleted pod are stopped.
_STOPPED = {
    "apiVersion": "kwok.x-k8s.io/v1alpha1",
    "kind": "Stage",
    "metadata": {"name": "pod-stopped"},
    "spec": {
        "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
        "selector": {
            "matchExpressions": [
                {"key": ".metadata.deletionTimestamp", "operator": "Exists"},
                {"key": ".status.phase", "operator": "In", "values": ["Pending", "Running"]},
            ]
        },
        "next": {"statusTemplate": "phase: Failed\n"},
    },
}


def documents() -> Iterator[Document]:
    """
    A plain node, and one with GPUs and the taint that keeps others away from them.
    """
    for name, more in NODES.items():
        room = {"cpu": "1k", "memory": "1Ti", "ephemeral-storage": "1Ti", "pods": "1M", **more}
        taint = {"key": GPU, "value": "present", "effect": "NoSchedule"}
        yield {
            "metadata": {"name": name},
            "spec": {"taints": [taint] if more else []},
            "status": {"allocatable": room, "capacity": room},
        }


def ready(found: Iterable[Document]) -> bool:
    """
    Whether kwok has taken care of all of them.
    """
    conditions = [node["status"].get("conditions", []) for node in found]
    states = [{each["type"]: each["status"] for each in every} for every in conditions]
    return all(state.get("Ready") == "True" for state in states)


def write_stages(source: Path, target: Path) -> None:
    """
    kwok's stages without delays of their own, so that only the annotations of a pod count.

    A jitter that is not longer than the delay is taken instead of the delay, so it goes too.
    """
    stages = list(yaml.safe_load_all(source.read_text()))
    for stage in stages:
        delay = stage["spec"].get("delay", {})
        for name in ("jitterDurationMilliseconds", "jitterDurationFrom"):
            delay.pop(name, None)
        if delay:
            delay["durationMilliseconds"] = 0
    target.write_text(yaml.safe_dump_all([*stages, _STOPPED]))
