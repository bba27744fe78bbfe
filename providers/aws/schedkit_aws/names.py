"""
What things are called: physical names, names of parameters, the token of a run.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from schedkit.findings import Feature, Finding, refused
from schedkit.plan import Lookup, Text


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.backend import Target
    from schedkit.pipeline import PipelineSpec
    from schedkit_aws.options import Options

LONGEST = {"role": 64, "schedule": 64, "queue": 80, "state machine": 80, "pipeline": 256}
"""Characters of physical names."""

SCHEDULED_TIME, SCHEDULE = "ScheduledTime", "Schedule"
"""Parameters of every pipeline; a user's begin with a lower-case letter."""

ACCOUNT = Lookup("aws:index/getCallerIdentity:getCallerIdentity", "accountId")
REGION = Lookup("aws:index/getRegion:getRegion", "region")
_LEGAL = re.compile(r"[0-9a-zA-Z._-]+")
_HASHED = 24


def plain(text: str) -> str:
    """
    Lower-case letters, digits and single hyphens: SageMaker lowers names in its ARNs.
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def fitted(text: str, longest: int) -> str:
    """
    The text, or its beginning and a hash of all of it.
    """
    if len(text) <= longest:
        return text
    return f"{text[: longest - 9].rstrip('-')}-{_hash(text)[:8]}"


def pipeline(spec: PipelineSpec, target: Target) -> str:
    """
    The name of the SageMaker pipeline, and the beginning of all names beside it.
    """
    return plain(f"{spec.name}-{target.stack}")


def beside(spec: PipelineSpec, target: Target, kind: str, what: str) -> str:
    """
    The name of something that belongs to the pipeline: `train-dev-job`.
    """
    return fitted(f"{pipeline(spec, target)}-{kind}", LONGEST[what])


def group(target: Target) -> str:
    """
    The schedule group of the stack.
    """
    return fitted(plain(f"{target.project}-{target.stack}"), LONGEST["schedule"])


def schedule(name: str, target: Target, number: int) -> str:
    """
    The name of a schedule's first, second ... native one.
    """
    fixed = target.fixed_name(name)
    return fixed if number == 1 else f"{fixed}-{number}"


def check_schedule(name: str) -> Iterator[Finding]:
    """
    Refuse a name that EventBridge would refuse.
    """
    nearest = "pass physical_name= with letters, digits, hyphens, dots and _, at most 64"
    url = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"
    if not _LEGAL.fullmatch(name):
        yield refused(Feature.SCHEDULE, f"{name!r} is no legal name of a schedule", nearest, url)
    elif len(name) > LONGEST["schedule"]:
        reason = f"the schedule's name {name!r} has {len(name)} characters, and at most 64 fit"
        yield refused(Feature.SCHEDULE, reason, nearest, url)


def parameter(name: str) -> str:
    """
    A parameter of the user's: rules of EventBridge take no underscore.
    """
    return name.replace("_", "-")


def token(name: str, target: Target) -> str:
    """
    What `ClientRequestToken` begins with: all natives of one schedule share it, no other does.
    """
    identity = f"{target.project}/{target.stack}/{target.fixed_name(name)}"
    return f"{name}-{_hash(identity)[:_HASHED]}"


def tags(spec: PipelineSpec, target: Target, options: Options) -> dict[str, str]:
    """
    On all that a pipeline makes; the user's are laid over them.
    """
    named = {"project": target.project, "stack": target.stack, "pipeline": spec.name}
    return {**{f"schedkit:{key}": value for key, value in named.items()}, **options.tags}


def arn(options: Options, service: str, resource: object, *, account: object = ACCOUNT) -> Text:
    """
    The ARN of something in this region and account.
    """
    parts = resource.parts if isinstance(resource, Text) else (resource,)
    return Text(f"arn:{options.partition}:{service}:", REGION, ":", account, ":", *parts)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
