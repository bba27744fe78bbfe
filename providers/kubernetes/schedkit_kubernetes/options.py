"""
What `schedkit:kubernetes` in the stack config may hold; its keys are these names in camelCase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import at_least, mapping, matches, of_type, one_of, sequence, shape


Texts: TypeAlias = Mapping[str, str]

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL_KEY = re.compile(rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_RESERVED = "schedkit.dev/"
_OPERATORS, _EFFECTS = ("Equal", "Exists"), ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
_ALWAYS_THERE = ("default", "kube-node-lease", "kube-public", "kube-system")

_label = shape(matches(DNS_LABEL.pattern, "lower-case letters, digits and hyphens", 63))
_subdomain = shape(matches(_SUBDOMAIN, "lower-case letters, digits, hyphens and dots", 253))
_key = shape(matches(_LABEL_KEY.pattern, "a name such as vendor.example/kind", 317))
_count = shape(of_type(int), at_least(0))
_flag = shape(of_type(bool))
_tuple = shape(of_type(tuple, cure="write (item, ...), in YAML a list"))
_optional = attrs.validators.optional
_read_only = cast("Callable[[Texts], Texts]", mapping)
_in_order = cast("Callable[[tuple[str, ...]], tuple[str, ...]]", sequence)


def _texts(instance: object, field: attrs.Attribute[Texts], value: Texts) -> None:
    culprit = f"{type(instance).__name__}, {field.name}"
    if not isinstance(value, Mapping):
        raise SpecError(f"{culprit}={value!r}", "is no mapping", "write {key: text}")
    for key, text in value.items():
        if not isinstance(key, str) or not _LABEL_KEY.fullmatch(key):
            raise SpecError(
                f"{culprit}, {key!r}", "is no legal key", "write it as team.example/name"
            )
        if key.startswith(_RESERVED):
            raise SpecError(f"{culprit}, {key!r}", "is schedkit's own", "choose another prefix")
        if not isinstance(text, str):
            raise SpecError(f"{culprit}, {key}={text!r}", "is no text", "quote it")


def _labels(instance: object, field: attrs.Attribute[Texts], value: Texts) -> None:
    _texts(instance, field, value)
    for key, text in value.items():
        if not LABEL_VALUE.fullmatch(text):
            culprit = f"{type(instance).__name__}, {field.name}, {key}={text!r}"
            cure = "at most 63 letters, digits, hyphens, underscores and dots"
            raise SpecError(culprit, "is no legal label value", cure)


@attrs.frozen(kw_only=True)
class Toleration:
    """
    A taint that the pods put up with.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/

    Attributes:
        key: The taint's key.
        operator: `Equal` compares the value too, `Exists` does not.
        value: Only with `Equal`.
        effect: `NoSchedule`, `PreferNoSchedule` or `NoExecute`; empty for all three.
    """

    key: str = attrs.field(validator=_key)
    operator: str = attrs.field(default="Exists", validator=shape(one_of(*_OPERATORS)))
    value: str = attrs.field(default="", validator=shape(of_type(str)))
    effect: str = attrs.field(default="", validator=shape(one_of(*_EFFECTS)))

    def __attrs_post_init__(self) -> None:
        if self.value and self.operator == "Exists":
            culprit = f"Toleration, value={self.value!r}"
            raise SpecError(
                culprit, "means nothing with operator='Exists'", "write operator='Equal'"
            )


@attrs.frozen(kw_only=True)
class Options:
    """
    Where and as whom the pods of all pipelines run.

    Attributes:
        namespace: Where everything stands; it must exist, unless `create_namespace`.
        create_namespace: Make the namespace, under the *restricted* Pod Security Standard.
        service_account: An existing one for all pods; None makes one per pipeline, without rights.
        successful_jobs_history_limit: How many finished Jobs of a CronJob stay, with their logs.
        failed_jobs_history_limit: How many failed ones.
        run_as_user: Numeric user of all containers; None leaves it to the images, which must then
            name a numeric user that is not root.
        gpu_resource: What the cluster calls a GPU; also the key of the taint on its nodes.
        node_selector: Labels that a node must have.
        tolerations: Taints that the pods put up with, beside the one of GPU nodes.
        priority_class_name: An existing PriorityClass.
        labels: Laid over schedkit's on all that it makes.
        annotations: On CronJobs, Jobs and pods.
        image_pull_secrets: Names of Secrets in the namespace.
    """

    namespace: str = attrs.field(default="default", validator=_label)
    create_namespace: bool = attrs.field(default=False, validator=_flag)
    service_account: str | None = attrs.field(default=None, validator=_optional(_subdomain))
    successful_jobs_history_limit: int = attrs.field(default=3, validator=_count)
    failed_jobs_history_limit: int = attrs.field(default=3, validator=_count)
    run_as_user: int | None = attrs.field(
        default=None, validator=_optional(shape(of_type(int), at_least(1)))
    )
    gpu_resource: str = attrs.field(default="nvidia.com/gpu", validator=_key)
    node_selector: Texts = attrs.field(
        factory=dict, converter=_read_only, validator=shape(_labels), hash=False
    )
    tolerations: tuple[Toleration, ...] = attrs.field(
        default=(),
        validator=attrs.validators.deep_iterable(
            shape(of_type(Toleration, cure="write Toleration(key='spot')")), _tuple
        ),
    )
    priority_class_name: str | None = attrs.field(default=None, validator=_optional(_subdomain))
    labels: Texts = attrs.field(
        factory=dict, converter=_read_only, validator=shape(_labels), hash=False
    )
    annotations: Texts = attrs.field(
        factory=dict, converter=_read_only, validator=shape(_texts), hash=False
    )
    image_pull_secrets: tuple[str, ...] = attrs.field(
        default=(),
        converter=_in_order,
        validator=attrs.validators.deep_iterable(_subdomain, _tuple),
    )

    def __attrs_post_init__(self) -> None:
        if self.create_namespace and self.namespace in _ALWAYS_THERE:
            culprit = f"Options, create_namespace, namespace={self.namespace!r}"
            raise SpecError(culprit, "every cluster has it", "name a namespace of your own")
