"""
Values that no stack on AWS may have: refused when they are made, before any plan.
"""

from __future__ import annotations

import pulumi
import pytest

import schedkit as sk
from schedkit import config
from schedkit.backend import Target
from schedkit.exceptions import ConfigError, OutputError, SpecError, TimeZoneError
from schedkit.testing.examples import pipeline, schedule, step
from schedkit_aws.backend import Aws
from schedkit_aws.options import Options


ROLE = "arn:aws:iam::123456789012:role/train"
WORD = "is not a word known here"
NAME = "is not a legal name here"
A_ROLE = "write an ARN such as arn:aws:iam::123456789012:role/train"
A_POLICY = "write an ARN such as arn:aws:iam::123456789012:policy/boundary"
A_KEY = "write an ARN such as arn:aws:kms:eu-central-1:123456789012:key/1234"
A_TOPIC = "write an ARN such as arn:aws:sns:eu-central-1:123456789012:ops"
A_LIST = "write (item, ...), in YAML a list"
A_MAPPING = "write {key: text}"
LIVE = "is a pulumi.Output, and it decides which resources there are"
PLAIN = "pass a plain value; images, arguments, variables and parameters may be Outputs"
LIVE_TIME = "is a pulumi.Output, and a schedule decides which resources there are"
PLAIN_TIME = "pass a plain value, for instance one read from the stack's config"
README = "see the backend's options in its README"
TAG_VALUE = "at most 256 letters, digits, spaces and . : / = + @ -"
TAG_KEY = "at most 128 letters, digits, spaces and . : / = + @ -, not starting with aws:"
A_PREFIX = "write the prefix of a repository in ECR, as ghcr, or a whole registry"
A_TYPE = "write an instance type of Processing, as ml.m5.xlarge"

# Field, value, reason, cure; the culprit is `Options, field=value`.
FIELDS = [
    ("engine", "nativ", WORD, "did you mean 'native'?"),
    ("engine", 1, WORD, "known: classic, native"),
    ("scheduler", "rule", WORD, "did you mean 'rules'?"),
    ("scheduler", None, WORD, "known: rules, scheduler"),
    ("assume", "eventbridge.past-start", "is str, not tuple", A_LIST),
    ("partition", "aws-eu", WORD, "did you mean 'aws-cn'?"),
    ("registries", "ghcr.io", "is no mapping", A_MAPPING),
    ("bucket", "Acme", NAME, "write a bucket's name"),
    ("bucket", "ab", NAME, "write a bucket's name"),
    ("bucket", "b" * 64, NAME, "write a bucket's name"),
    ("bucket", 5, "is int, not a text", "write a bucket's name"),
    ("force_destroy", "yes", "is str, not bool", "give bool"),
    ("pipeline_role", "train", NAME, A_ROLE),
    ("pipeline_role", "arn:aws:iam::1234:role/train", NAME, A_ROLE),
    ("pipeline_role", 3, "is int, not a text", A_ROLE),
    ("job_role", "arn:aws:iam::123456789012:user/train", NAME, A_ROLE),
    ("job_role", "arn:aws:iam:eu-central-1:123456789012:role/train", NAME, A_ROLE),
    ("scheduler_role", "arn:aws:sts::123456789012:role/train", NAME, A_ROLE),
    ("gate_role", "arn:aws:iam::123456789012:role/", NAME, A_ROLE),
    ("gate_role", f"{ROLE}{'n' * 2048}", "has 2084 characters", "at most 2048 fit everywhere"),
    ("role_path", "ml", NAME, "write a path such as /ml/"),
    ("role_path", "/m l/", NAME, "write a path such as /ml/"),
    ("role_path", f"/{'m' * 512}/", "has 514 characters", "at most 512 fit everywhere"),
    ("permissions_boundary", ROLE, NAME, A_POLICY),
    ("permissions_boundary", "AdministratorAccess", NAME, A_POLICY),
    (
        "instance_type",
        "m5.xlarge",
        "is no instance type of Processing",
        "did you mean 'ml.m5.xlarge'?",
    ),
    (
        "instance_type",
        "ml.m5.xlage",
        "is no instance type of Processing",
        "did you mean 'ml.m5.xlarge'?",
    ),
    ("instance_type", 4, "is no instance type of Processing", "write it as ml.m5.xlarge"),
    ("instance_type", "m5", "is no instance type of Processing", "did you mean 'ml.m5.large'?"),
    ("instance_types", ["ml.m5.xlarge"], "is no mapping", A_MAPPING),
    ("volume_size", 0, "is no finite number from 1", "give 1 or more"),
    ("volume_size", "30", "is str, not int", "give int"),
    ("volume_size", True, "is bool, not int", "give int"),
    ("volume_size", 16_385, "is more than a volume has", "at most 16384 GiB fit"),
    ("max_parallel_steps", 0, "is no finite number from 1", "give 1 or more"),
    ("max_parallel_steps", "2", "is str, not int", "give int"),
    ("subnets", "subnet-1", "is str, not tuple", A_LIST),
    ("network_isolation", 1, "is int, not bool", "give bool"),
    ("encrypt_traffic", "no", "is str, not bool", "give bool"),
    ("kms_key", "1234", NAME, A_KEY),
    ("kms_key", "arn:aws:kms:eu-central-1:123456789012:alias/ml", NAME, A_KEY),
    ("kms_key", "arn:aws:kms::123456789012:key/1234", NAME, A_KEY),
    ("alarm_topics", "arn:aws:sns:eu-central-1:123456789012:ops", "is str, not tuple", A_LIST),
    ("tags", ["team"], "is no mapping", A_MAPPING),
]
# What makes it, type, culprit, reason, cure.
later = pulumi.Output.from_input("later")
VALUES = [
    (
        lambda: Options(assume=["eventbridge.pastt-start"]),
        SpecError,
        "Options, assume='eventbridge.pastt-start'",
        WORD,
        "did you mean 'eventbridge.past-start'?",
    ),
    (
        lambda: Options(registries={"GHCR.io": "ghcr"}),
        SpecError,
        "Options, registries, 'GHCR.io'",
        "is no legal key",
        "write a registry, as ghcr.io or docker.io/acme",
    ),
    (
        lambda: Options(registries={"ghcr.io": "Ghcr!"}),
        SpecError,
        "Options, registries, ghcr.io='Ghcr!'",
        "is no legal value",
        A_PREFIX,
    ),
    (
        lambda: Options(registries={"ghcr.io": 1}),
        SpecError,
        "Options, registries, ghcr.io=1",
        "is no legal value",
        A_PREFIX,
    ),
    (
        lambda: Options(registries={"ghcr.io": later}),
        OutputError,
        "Options, registries",
        LIVE,
        PLAIN,
    ),
    (lambda: Options(bucket=later), OutputError, "Options, bucket", LIVE, PLAIN),
    (
        lambda: Options(pipeline_role="arn:aws-cn:iam::123456789012:role/train"),
        SpecError,
        "Options, 'arn:aws-cn:iam::123456789012:role/train'",
        "is in another partition than 'aws'",
        "set `partition` to that of all ARNs",
    ),
    (
        lambda: Options(instance_types={"fit": "m5.xlarge"}),
        SpecError,
        "Options, instance_types, fit='m5.xlarge'",
        "is no legal value",
        A_TYPE,
    ),
    (
        lambda: Options(instance_types={"Fit": "ml.m5.xlarge"}),
        SpecError,
        "Options, instance_types, 'Fit'",
        "is no legal key",
        "write the name of a step",
    ),
    (
        lambda: Options(subnets=["sg-1"], security_groups=["sg-1"]),
        SpecError,
        "Options, subnets='sg-1'",
        NAME,
        "write an id such as subnet-0a1b2c3d",
    ),
    (
        lambda: Options(subnets=[1]),
        SpecError,
        "Options, subnets=1",
        "is int, not a text",
        "write an id such as subnet-0a1b2c3d",
    ),
    (
        lambda: Options(subnets=[f"subnet-{n}" for n in range(17)]),
        SpecError,
        "Options, subnets",
        "has 17",
        "at most 16 fit",
    ),
    (
        lambda: Options(subnets=["subnet-1"]),
        SpecError,
        "Options, security_groups",
        "is empty",
        "give both or none",
    ),
    (
        lambda: Options(subnets=[later], security_groups=["sg-1"]),
        OutputError,
        "Options, subnets",
        LIVE,
        PLAIN,
    ),
    (
        lambda: Options(security_groups=["sg-1"]),
        SpecError,
        "Options, subnets",
        "is empty",
        "give both or none",
    ),
    (
        lambda: Options(security_groups=["subnet-1"]),
        SpecError,
        "Options, security_groups='subnet-1'",
        NAME,
        "write an id such as sg-0a1b2c3d",
    ),
    (
        lambda: Options(security_groups=[f"sg-{n}" for n in range(6)]),
        SpecError,
        "Options, security_groups",
        "has 6",
        "at most 5 fit",
    ),
    (lambda: Options(kms_key=later), OutputError, "Options, kms_key", LIVE, PLAIN),
    (
        lambda: Options(alarm_topics=["ops"]),
        SpecError,
        "Options, alarm_topics='ops'",
        NAME,
        A_TOPIC,
    ),
    (
        lambda: Options(alarm_topics=["arn:aws-cn:sns:cn-north-1:123456789012:ops"]),
        SpecError,
        "Options, 'arn:aws-cn:sns:cn-north-1:123456789012:ops'",
        "is in another partition than 'aws'",
        "set `partition` to that of all ARNs",
    ),
    (
        lambda: Options(tags={"aws:team": "ml"}),
        SpecError,
        "Options, tags, 'aws:team'",
        "is no legal key",
        TAG_KEY,
    ),
    (
        lambda: Options(tags={"k" * 129: "ml"}),
        SpecError,
        f"Options, tags, '{'k' * 129}'",
        "is no legal key",
        TAG_KEY,
    ),
    (
        lambda: Options(tags={"team": 1}),
        SpecError,
        "Options, tags, team=1",
        "is no legal value",
        TAG_VALUE,
    ),
    (
        lambda: Options(tags={"team": "v" * 257}),
        SpecError,
        f"Options, tags, team='{'v' * 257}'",
        "is no legal value",
        TAG_VALUE,
    ),
    (
        lambda: Options(tags={"team": "a;b"}),
        SpecError,
        "Options, tags, team='a;b'",
        "is no legal value",
        TAG_VALUE,
    ),
    (
        lambda: Options(tags={str(n): "" for n in range(48)}),
        SpecError,
        "Options, tags",
        "has 48",
        "at most 47 fit beside ours",
    ),
    (lambda: Options(tags={"team": later}), OutputError, "Options, tags", LIVE, PLAIN),
    (lambda: sk.Cron(later), OutputError, "Cron, text", LIVE_TIME, PLAIN_TIME),
    (lambda: sk.Cron("0 9 * * *", timezone=later), OutputError, "timezone", LIVE_TIME, PLAIN_TIME),
    (
        lambda: sk.Cron("0 9 * * *", timezone="CET+1"),
        TimeZoneError,
        "timezone 'CET+1'",
        "is not an Area/City name, so machines and releases disagree on what it means",
        "write a name like 'Europe/Berlin', or 'UTC'",
    ),
    (
        lambda: sk.Every(later, "2026-01-01T00:00:00Z"),
        OutputError,
        "Every, interval",
        LIVE_TIME,
        PLAIN_TIME,
    ),
    (lambda: sk.Once(later), OutputError, "Once, instant", LIVE_TIME, PLAIN_TIME),
    (lambda: schedule(jitter=later), OutputError, "Schedule 'nightly', jitter", LIVE, PLAIN),
    (
        lambda: schedule(starting_deadline=later),
        OutputError,
        "Schedule 'nightly', starting_deadline",
        LIVE,
        PLAIN,
    ),
    (
        lambda: schedule(start=later),
        OutputError,
        "Schedule 'nightly', start",
        LIVE_TIME,
        PLAIN_TIME,
    ),
    (lambda: schedule(paused=later), OutputError, "Schedule 'nightly', paused", LIVE, PLAIN),
    (lambda: pipeline(overlap=later), OutputError, "Pipeline 'train', overlap", LIVE, PLAIN),
    (lambda: pipeline(timeout=later), OutputError, "Pipeline 'train', timeout", LIVE, PLAIN),
    (lambda: step(retry=sk.Retry(later)), OutputError, "Retry, limit", LIVE, PLAIN),
    (
        lambda: step(resources=sk.Resources(memory=later)),
        OutputError,
        "Resources, memory",
        LIVE,
        PLAIN,
    ),
    (
        lambda: pipeline(parameters={later: 1}),
        OutputError,
        "Pipeline 'train', parameters",
        LIVE,
        PLAIN,
    ),
    (lambda: Target(physical_name=later), OutputError, "Target, physical_name", LIVE, PLAIN),
]
# The object under `schedkit:aws`, culprit, reason, cure.
CONFIGS = [
    (
        {"forceDestory": True},
        "config schedkit:aws.forceDestory",
        "is no option",
        "did you mean 'forceDestroy'?",
    ),
    (
        {"force_destroy": True},
        "config schedkit:aws.force_destroy",
        "is no option",
        "did you mean 'forceDestroy'?",
    ),
    (
        {"region": "eu-central-1"},
        "config schedkit:aws.region",
        "is no option",
        "did you mean 'engine'?",
    ),
    (
        {"engine": "native2"},
        "config schedkit:aws.engine",
        "native2 not in literal typing.Literal['classic', 'native']",
        README,
    ),
    (
        {"forceDestroy": "true"},
        "config schedkit:aws.forceDestroy",
        "'true' is str, not bool",
        README,
    ),
    ({"volumeSize": "30"}, "config schedkit:aws.volumeSize", "'30' is str, not int", README),
    ({"volumeSize": 30.5}, "config schedkit:aws.volumeSize", "30.5 is float, not int", README),
    (
        {"subnets": "subnet-1"},
        "config schedkit:aws: Options, subnets='subnet-1'",
        "is str, not tuple",
        A_LIST,
    ),
    (
        {"subnets": ["subnet-1"]},
        "config schedkit:aws: Options, security_groups",
        "is empty",
        "give both or none",
    ),
    (
        {"subnets": [1], "securityGroups": ["sg-1"]},
        "config schedkit:aws: Options, subnets=1",
        "is int, not a text",
        "write an id such as subnet-0a1b2c3d",
    ),
    (
        {"tags": {"team": 1}},
        "config schedkit:aws: Options, tags, team=1",
        "is no legal value",
        TAG_VALUE,
    ),
    ({"bucket": 7}, "config schedkit:aws.bucket", "7 is int, not str; quote it in YAML", README),
    (
        {"pipelineRole": "train"},
        "config schedkit:aws: Options, pipeline_role='train'",
        NAME,
        A_ROLE,
    ),
    (
        {"assume": ["past"]},
        "config schedkit:aws: Options, assume='past'",
        WORD,
        (
            "known: eventbridge-rules.nearest-border, eventbridge.nearest-border, "
            "eventbridge.past-start"
        ),
    ),
    (
        {"instanceTypes": {"fit": "m5"}},
        "config schedkit:aws: Options, instance_types, fit='m5'",
        "is no legal value",
        A_TYPE,
    ),
]


def check(error, culprit, reason, cure):
    """
    Its attributes and its whole sentence; no line of it is too long to read.
    """
    assert (culprit, reason, cure) == (error.culprit, error.reason, error.cure)
    shown = culprit if len(culprit) <= 300 else f"{culprit[:150]}...{culprit[-150:]}"
    assert f"{shown}: {reason}; {cure}" == str(error)


@pytest.mark.parametrize(("field", "value", "reason", "cure"), FIELDS)
def test_options(field, value, reason, cure):
    """
    An option of a wrong kind, word, pattern or size is refused with what to write instead.
    """
    with pytest.raises(SpecError) as caught:
        Options(**{field: value})
    assert SpecError is caught.type
    check(caught.value, f"Options, {field}={value!r}", reason, cure)


@pytest.mark.parametrize(("make", "kind", "culprit", "reason", "cure"), VALUES)
def test_values(make, kind, culprit, reason, cure):
    """
    Entries of options, options that contradict each other, zones, and Outputs where a plain value
    is needed, are refused.
    """
    with pytest.raises(SpecError) as caught:
        make()
    assert kind is caught.type
    check(caught.value, culprit, reason, cure)


@pytest.mark.parametrize(("values", "culprit", "reason", "cure"), CONFIGS)
def test_config(values, culprit, reason, cure):
    """
    The stack config refuses unknown keys and wrong kinds, and says where they stand.
    """
    with pytest.raises(ConfigError) as caught:
        config.options(Aws, values)
    check(caught.value, culprit, reason, cure)


def test_unknown_zone():
    """
    A zone that does not exist is refused with the one that was meant.
    """
    with pytest.raises(TimeZoneError) as caught:
        sk.Cron("0 9 * * *", timezone="Europe/Berln")
    assert ("timezone 'Europe/Berln'", "did you mean 'Europe/Berlin'?") == (
        caught.value.culprit,
        caught.value.cure,
    )


def test_there_are_enough():
    """
    At least 80 values are refused here alone.
    """
    assert len(FIELDS) + len(VALUES) + len(CONFIGS) >= 80
