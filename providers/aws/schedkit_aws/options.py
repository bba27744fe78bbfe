"""
What `schedkit:aws` in the stack config may hold; its keys are these names in camelCase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, cast

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import at_least, mapping, matches, of_type, one_of, sequence, shape
from schedkit.recurrence import checks
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.eventbridge_rules import EVENTBRIDGE_RULES
from schedkit_aws import instances


Texts: TypeAlias = Mapping[str, str]


DOMAINS = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}
"""Partition -> the domain of its registries."""

MOST_GROUPS, MOST_SUBNETS, MOST_TAGS = 5, 16, 50
LARGEST_VOLUME = 16_384
_REGIONAL = r"arn:aws[a-z-]*:{}:[a-z0-9-]+:[0-9]{{12}}:{}"
_ROLE = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+"
_POLICY = r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+"
_KEY = _REGIONAL.format("kms", r"key/[\w-]+")  # a policy cannot name an alias
_TOPIC = _REGIONAL.format("sns", r"[\w-]+")
_NAMED = (
    "pipeline_role",
    "job_role",
    "scheduler_role",
    "gate_role",
    "permissions_boundary",
    "kms_key",
)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9._/-]+)?")
_TAG = re.compile(r"(?!aws:)[\w\s.:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[\w\s.:/=+@-]{0,256}")
_optional = attrs.validators.optional
_read_only = cast("Callable[[Texts], Texts]", mapping)
_in_order = cast("Callable[[tuple[str, ...]], tuple[str, ...]]", sequence)
_tuple = shape(of_type(tuple, cure="write (item, ...), in YAML a list"))
_flag = shape(of_type(bool))


def _arn(pattern: str, example: str) -> Callable[..., None]:
    return shape(_optional(matches(pattern, f"an ARN such as {example}", 2048)))


_ROLE_ARN = _arn(_ROLE, "arn:aws:iam::123456789012:role/train")


def _pairs(
    legal_key: Callable[[str], bool],
    rule: str,
    legal_value: Callable[[str], bool],
    value_rule: str,
) -> Callable[..., None]:
    """
    An attrs validator: a mapping of texts to texts, each of which is legal.
    """

    def validate(instance: object, field: attrs.Attribute[Texts], value: Texts) -> None:
        culprit = f"{type(instance).__name__}, {field.name}"
        if not isinstance(value, Mapping):
            raise SpecError(f"{culprit}={value!r}", "is no mapping", "write {key: text}")
        for key, text in value.items():
            if not isinstance(key, str) or not legal_key(key):
                raise SpecError(f"{culprit}, {key!r}", "is no legal key", rule)
            if not isinstance(text, str) or not legal_value(text):
                raise SpecError(f"{culprit}, {key}={text!r}", "is no legal value", value_rule)

    return shape(validate)


def _is_host(text: str) -> bool:
    return bool(_HOST.fullmatch(text))


_registries = _pairs(
    _is_host,
    "write a registry, as ghcr.io or docker.io/acme",
    _is_host,
    "write the prefix of a repository in ECR, as ghcr, or a whole registry",
)
_types = _pairs(
    lambda key: bool(re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", key)),
    "write the name of a step",
    instances.legal,
    "write an instance type of Processing, as ml.m5.xlarge",
)
_tags = _pairs(
    lambda key: bool(_TAG.fullmatch(key)),
    "at most 128 letters, digits, spaces and . : / = + @ -, not starting with aws:",
    lambda text: bool(_TAG_VALUE.fullmatch(text)),
    "at most 256 letters, digits, spaces and . : / = + @ -",
)


def _instance(instance: object, field: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or not instances.legal(value):
        culprit = f"{type(instance).__name__}, {field.name}={value!r}"
        near = checks.hint(f"ml.{str(value).removeprefix('ml.')}", sorted(instances.INSTANCES))
        cure = near or "write it as ml.m5.xlarge"
        raise SpecError(culprit, "is no instance type of Processing", cure)


def _volume(instance: object, field: attrs.Attribute[int], value: int) -> None:
    if value > LARGEST_VOLUME:
        culprit = f"{type(instance).__name__}, {field.name}={value}"
        raise SpecError(culprit, "is more than a volume has", f"at most {LARGEST_VOLUME} GiB fit")


def _ids(pattern: str, example: str, most: int) -> Callable[..., None]:
    """
    An attrs validator: so many ids of things that exist.
    """
    each = attrs.validators.deep_iterable(
        shape(matches(pattern, f"an id such as {example}", 64)), _tuple
    )

    def validate(instance: object, field: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
        each(instance, field, value)
        if len(value) > most:
            culprit = f"{type(instance).__name__}, {field.name}"
            raise SpecError(culprit, f"has {len(value)}", f"at most {most} fit")

    return validate


@attrs.frozen(kw_only=True)
class Options:
    """
    Where and as whom the jobs of all pipelines run.

    Attributes:
        engine: `classic` makes everything by pulumi-aws; `native` makes the SageMaker pipeline by
            pulumi-aws-native, which `schedkit-aws[native]` brings.
        scheduler: `scheduler` is EventBridge Scheduler; `rules` are rules of EventBridge, which
            know UTC only.
        assume: What AWS does not document and you vouch for: `eventbridge.past-start`.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        registries: Registry, or a prefix of images -> where ECR has them: `{ghcr.io: ghcr}` reads
            `ghcr.io/acme/ml:1` from the repository `ghcr/acme/ml` of this account and region, such
            as a pull through cache makes.
        bucket: An existing bucket for the files of all runs; None makes one per pipeline.
        force_destroy: Whether `pulumi destroy` deletes a bucket that still holds files.
        pipeline_role, job_role, scheduler_role, gate_role: ARNs of existing roles; None makes one
            of each per pipeline, with the least rights.
        role_path: Of the roles that are made.
        permissions_boundary: ARN of a policy, for the roles that are made.
        instance_type: Of steps that ask for no resources.
        instance_types: By step; wins over what its resources ask for.
        volume_size: GiB of a step that asks for no ephemeral storage.
        max_parallel_steps: Of one run; None leaves it to SageMaker.
        subnets, security_groups: Ids; both or none. Jobs then run in this VPC.
        network_isolation: No network for the steps at all; then no secrets either.
        encrypt_traffic: Between containers of a job.
        kms_key: ARN of a key for volumes, files and dead letters; None: AWS's own keys.
        alarm_topics: ARNs of SNS topics that alarms notify; without any, alarms only show.
        tags: Laid over schedkit's on all that it makes.
    """

    engine: Literal["classic", "native"] = attrs.field(
        default="classic", validator=shape(one_of("classic", "native"))
    )
    scheduler: Literal["scheduler", "rules"] = attrs.field(
        default="scheduler", validator=shape(one_of("scheduler", "rules"))
    )
    assume: tuple[str, ...] = attrs.field(
        default=(),
        converter=_in_order,
        validator=attrs.validators.deep_iterable(
            shape(one_of(*EVENTBRIDGE.unknown, *EVENTBRIDGE_RULES.unknown)), _tuple
        ),
    )
    partition: str = attrs.field(default="aws", validator=shape(one_of(*DOMAINS)))
    registries: Texts = attrs.field(
        factory=dict, converter=_read_only, validator=_registries, hash=False
    )
    bucket: str | None = attrs.field(
        default=None,
        validator=shape(
            _optional(matches(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name", 63))
        ),
    )
    force_destroy: bool = attrs.field(default=False, validator=_flag)
    pipeline_role: str | None = attrs.field(default=None, validator=_ROLE_ARN)
    job_role: str | None = attrs.field(default=None, validator=_ROLE_ARN)
    scheduler_role: str | None = attrs.field(default=None, validator=_ROLE_ARN)
    gate_role: str | None = attrs.field(default=None, validator=_ROLE_ARN)
    role_path: str = attrs.field(
        default="/", validator=shape(matches(r"/([\w+=,.@-]+/)*", "a path such as /ml/", 512))
    )
    permissions_boundary: str | None = attrs.field(
        default=None, validator=_arn(_POLICY, "arn:aws:iam::123456789012:policy/boundary")
    )
    instance_type: str = attrs.field(default="ml.t3.medium", validator=shape(_instance))
    instance_types: Texts = attrs.field(
        factory=dict, converter=_read_only, validator=_types, hash=False
    )
    volume_size: int = attrs.field(default=30, validator=shape(of_type(int), at_least(1), _volume))
    max_parallel_steps: int | None = attrs.field(
        default=None, validator=shape(_optional([of_type(int), at_least(1)]))
    )
    subnets: tuple[str, ...] = attrs.field(
        default=(),
        converter=_in_order,
        validator=_ids(r"subnet-[0-9a-z]+", "subnet-0a1b2c3d", MOST_SUBNETS),
    )
    security_groups: tuple[str, ...] = attrs.field(
        default=(),
        converter=_in_order,
        validator=_ids(r"sg-[0-9a-z]+", "sg-0a1b2c3d", MOST_GROUPS),
    )
    network_isolation: bool = attrs.field(default=False, validator=_flag)
    encrypt_traffic: bool = attrs.field(default=False, validator=_flag)
    kms_key: str | None = attrs.field(
        default=None, validator=_arn(_KEY, "arn:aws:kms:eu-central-1:123456789012:key/1234")
    )
    alarm_topics: tuple[str, ...] = attrs.field(
        default=(),
        converter=_in_order,
        validator=attrs.validators.deep_iterable(
            shape(
                matches(_TOPIC, "an ARN such as arn:aws:sns:eu-central-1:123456789012:ops", 1024)
            ),
            _tuple,
        ),
    )
    tags: Texts = attrs.field(factory=dict, converter=_read_only, validator=_tags, hash=False)

    def __attrs_post_init__(self) -> None:
        if bool(self.subnets) != bool(self.security_groups):
            lacking = "security_groups" if self.subnets else "subnets"
            raise SpecError(f"Options, {lacking}", "is empty", "give both or none")
        if len(self.tags) > MOST_TAGS - 3:
            raise SpecError("Options, tags", f"has {len(self.tags)}", "at most 47 fit beside ours")
        named = [getattr(self, name) for name in _NAMED]
        for arn in filter(None, [*named, *self.alarm_topics]):
            if arn.split(":")[1] != self.partition:
                reason = f"is in another partition than {self.partition!r}"
                raise SpecError(f"Options, {arn!r}", reason, "set `partition` to that of all ARNs")

    @property
    def in_vpc(self) -> bool:
        """
        Whether jobs run in a VPC of the user's.
        """
        return bool(self.subnets)
