"""
Who a run is: names, labels, the ServiceAccount and the namespace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schedkit.backend import Target
from schedkit.findings import Feature, Finding, refused
from schedkit.plan import Node
from schedkit_kubernetes.options import DNS_LABEL, LABEL_VALUE, Options


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.pipeline import PipelineSpec

ACCOUNT = "kubernetes:core/v1:ServiceAccount"
NAMESPACE = "kubernetes:core/v1:Namespace"
LONGEST_CRON_JOB_NAME = 52  # the Job adds 11 characters
_LONGEST_ACCOUNT_NAME = 253
_STANDARD = "restricted"
_NAMES_URL = "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"
_LABELS_URL = "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"


def labels(pipeline: str, target: Target, options: Options, **more: str) -> dict[str, str]:
    """
    The labels of one object; the user's are laid over them. *more* goes below `schedkit.dev/`.
    """
    return {
        "app.kubernetes.io/name": pipeline,
        "app.kubernetes.io/part-of": target.project,
        "app.kubernetes.io/managed-by": "schedkit",
        "schedkit.dev/pipeline": pipeline,
        **{f"schedkit.dev/{key}": value for key, value in more.items()},
        **options.labels,
    }


def account_name(spec: PipelineSpec, target: Target, options: Options) -> str:
    """
    The ServiceAccount of the pipeline's pods, known without asking the engine.
    """
    return options.service_account or f"{spec.name}-{target.stack}"


def account(spec: PipelineSpec, target: Target, options: Options) -> Node:
    """
    A ServiceAccount without rights: a step talks to no API.
    """
    inputs = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": account_name(spec, target, options),
            "namespace": options.namespace,
            "labels": labels(spec.name, target, options),
        },
        "automountServiceAccountToken": False,
    }
    fixed = {"delete_before_replace": True}
    return Node("service_account", ACCOUNT, inputs, after=after(options), options=fixed)


def shared(options: Options) -> tuple[Node, ...]:
    """
    What all components of the program share: the namespace, when it is to be made.
    """
    if not options.create_namespace:
        return ()
    security = {
        f"pod-security.kubernetes.io/{mode}": _STANDARD for mode in ("enforce", "warn", "audit")
    }
    named = {"app.kubernetes.io/managed-by": "schedkit", **security, **options.labels}
    metadata = {"name": options.namespace, "labels": named}
    inputs = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    return (Node("namespace", NAMESPACE, inputs),)


def after(options: Options) -> tuple[str, ...]:
    """
    What must exist before anything in the namespace.
    """
    return ("shared/namespace",) if options.create_namespace else ()


def check_account(spec: PipelineSpec, target: Target, options: Options) -> Iterator[Finding]:
    """
    Refuse a ServiceAccount name or a label that the API server would refuse.
    """
    name = account_name(spec, target, options)
    legal = all(DNS_LABEL.fullmatch(part) for part in name.split("."))
    if not legal or len(name) > _LONGEST_ACCOUNT_NAME:
        reason = f"{name!r} is no legal name of a ServiceAccount"
        nearest = "name an existing one in `serviceAccount` of schedkit:kubernetes"
        yield refused(Feature.PIPELINE, reason, nearest, _NAMES_URL)
    for key, value in labels(spec.name, target, options).items():
        if not LABEL_VALUE.fullmatch(value):
            nearest = f"give a value of at most 63 characters: labels: {{{key}: ...}}"
            yield refused(
                Feature.PIPELINE,
                f"{value!r} is no legal value of the label {key}",
                nearest,
                _LABELS_URL,
            )


def check_cron_job(name: str) -> Iterator[Finding]:
    """
    Refuse a CronJob name that the API server, or the Job made of it, would refuse.
    """
    nearest = "pass physical_name= with lower-case letters, digits and hyphens, at most 52"
    if not DNS_LABEL.fullmatch(name):
        yield refused(
            Feature.SCHEDULE, f"{name!r} is no legal name of a CronJob", nearest, _NAMES_URL
        )
    elif len(name) > LONGEST_CRON_JOB_NAME:
        reason = f"the CronJob name {name!r} has {len(name)} characters, and at most 52 fit"
        url = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
        yield refused(Feature.SCHEDULE, reason, nearest, url)
