"""
The CronJobs and ServiceAccounts of `overhead.py`, written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob
from pulumi_kubernetes.core.v1 import ServiceAccount


CONFIG = {"schedkit:backend": "kubernetes"}
SHARED = ""
ANSWERS: Mapping[str, dict[str, object]] = {}
Bodies = Mapping[str, Mapping]


def shared(parent: pulumi.Resource | None) -> None:
    """
    Pipelines share nothing.
    """


def pipeline(name: str, bodies: Bodies, _: None, parent: pulumi.Resource | None) -> ServiceAccount:
    """
    The ServiceAccount of a pipeline.
    """
    body = bodies[name]
    return ServiceAccount(
        name,
        api_version=body["apiVersion"],
        kind=body["kind"],
        metadata=body["metadata"],
        automount_service_account_token=body["automountServiceAccountToken"],
        opts=pulumi.ResourceOptions(parent=parent),
    )


def schedule(
    name: str, bodies: Bodies, made: ServiceAccount, parent: pulumi.Resource | None
) -> CronJob:
    """
    The CronJob of a schedule.
    """
    body = bodies[name]
    return CronJob(
        name,
        api_version=body["apiVersion"],
        kind=body["kind"],
        metadata=body["metadata"],
        spec=body["spec"],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[made], delete_before_replace=True),
    )
