"""
Who a run is: the roles of a pipeline, each with what it needs and no more.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from schedkit.backend import Target
from schedkit.plan import Json, Node, Ref, Text
from schedkit_aws import files, gate, images, names, timeouts
from schedkit_aws.names import ACCOUNT, arn


if TYPE_CHECKING:
    from schedkit.pipeline import PipelineSpec
    from schedkit_aws.options import Options

Statement: TypeAlias = dict[str, object]

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
SERVICES = {
    "pipeline": "sagemaker",
    "job": "sagemaker",
    "scheduler": "scheduler",
    "events": "events",
    "gate": "states",
}
"""Kind of role -> the service that assumes it."""

JOBS = "processing-job/pipelines-*"
"""SageMaker names a pipeline's jobs `pipelines-<execution>-<step>-<random>`."""

_LOGS = "log-group:/aws/sagemaker/ProcessingJobs"
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_CACHE = ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")


def given(kind: str, options: Options) -> str | None:
    """
    The existing role of that kind, where the options name one.
    """
    return {
        "pipeline": options.pipeline_role,
        "job": options.job_role,
        "scheduler": options.scheduler_role,
        "events": options.scheduler_role,
        "gate": options.gate_role,
    }[kind]


def role_arn(kind: str, options: Options, above: str = "") -> object:
    """
    The ARN of a role, given or made; *above* is `pipeline/` in the plan of a schedule.
    """
    return given(kind, options) or Ref(f"{above}{kind}_role", "arn")


def roles(
    spec: PipelineSpec, target: Target, options: Options, kinds: Sequence[str]
) -> list[Node]:
    """
    The roles that are to be made, each with one policy.
    """
    found = []
    for kind in kinds:
        if given(kind, options) is None:
            statements = _STATEMENTS[kind](spec, target, options)
            found += _role(kind, spec, target, options, statements)
    return found


def _role(
    kind: str, spec: PipelineSpec, target: Target, options: Options, statements: list[Statement]
) -> tuple[Node, Node]:
    name = names.beside(spec, target, kind, "role")
    inputs: dict[str, object] = {
        "name": name,
        "path": options.role_path,
        "assumeRolePolicy": Json(document(_trust(kind, spec, target, options))),
        "tags": names.tags(spec, target, options),
    }
    if options.permissions_boundary:
        inputs["permissionsBoundary"] = options.permissions_boundary
    fixed = {"delete_before_replace": True}
    policy = {
        "name": name,
        "role": Ref(f"{kind}_role", "name"),
        "policy": Json(document(*statements)),
    }
    return (
        Node(f"{kind}_role", ROLE, inputs, options=fixed),
        Node(f"{kind}_policy", POLICY, policy, options=fixed),
    )


def document(*statements: Statement) -> dict[str, object]:
    """
    A policy.
    """
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str,
    actions: Sequence[str],
    resource: object,
    condition: Mapping[str, object] | None = None,
) -> Statement:
    """
    One statement.
    """
    found: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": resource,
    }
    return {**found, "Condition": condition} if condition else found


def _trust(kind: str, spec: PipelineSpec, target: Target, options: Options) -> Statement:
    """
    Who may assume a role: its service, for this account and for what it is meant for.
    """
    name = names.pipeline(spec, target)
    sources: dict[str, tuple[str, Text]] = {
        "pipeline": ("ArnLike", arn(options, "sagemaker", f"pipeline/{name}/*")),
        "job": ("ArnLike", arn(options, "sagemaker", "processing-job/*")),
        "scheduler": (
            "StringEquals",
            arn(options, "scheduler", f"schedule-group/{names.group(target)}"),
        ),
        "events": ("ArnLike", arn(options, "events", "rule/*")),
        "gate": ("ArnLike", arn(options, "states", f"stateMachine:{gate_name(spec, target)}")),
    }
    operator, source = sources[kind]
    condition: dict[str, dict[str, object]] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    condition.setdefault(operator, {})["aws:SourceArn"] = source
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"{SERVICES[kind]}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }


def gate_name(spec: PipelineSpec, target: Target) -> str:
    """
    The name of the state machine.
    """
    return names.beside(spec, target, "gate", "state machine")


def pipeline_arn(spec: PipelineSpec, target: Target, options: Options) -> Text:
    """
    The ARN of the SageMaker pipeline, which pulumi-aws-native does not tell.
    """
    return arn(options, "sagemaker", f"pipeline/{names.pipeline(spec, target)}")


def _pipeline(spec: PipelineSpec, target: Target, options: Options) -> list[Statement]:
    del spec, target
    actions = ("AddTags", "CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob")
    passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    job = role_arn("job", options)
    return [
        allow("Jobs", [f"sagemaker:{each}" for each in actions], arn(options, "sagemaker", JOBS)),
        allow("JobRole", ["iam:PassRole"], job, passed),
    ]


def _job(spec: PipelineSpec, target: Target, options: Options) -> list[Statement]:
    logs = [arn(options, "logs", _LOGS), arn(options, "logs", f"{_LOGS}:*")]
    namespace = {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/ProcessingJobs"}}
    own = files.prefix(spec, target)
    streams = ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    return [
        allow("Logs", [f"logs:{each}" for each in streams], logs),
        allow("Metrics", ["cloudwatch:PutMetricData"], "*", namespace),
        allow("Registry", ["ecr:GetAuthorizationToken"], "*"),
        *_pulls(spec, options),
        allow(
            "ListFiles",
            ["s3:ListBucket"],
            files.bucket_arn(options),
            {"StringLike": {"s3:prefix": [f"{own}/*"]}},
        ),
        allow(
            "Files",
            ["s3:GetObject", "s3:PutObject"],
            Text(*files.bucket_arn(options).parts, f"/{own}/*"),
        ),
        *_secrets(spec, options),
        *_keys(options, ("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")),
        *([allow("Network", _NETWORK, "*")] if options.in_vpc else []),
    ]


def _pulls(spec: PipelineSpec, options: Options) -> Iterator[Statement]:
    """
    The repositories of the images; a pull through cache also makes them at the first pull.
    """
    for sid, actions, wanted in (("Pull", _PULL, False), ("Cache", _CACHE, True)):
        found = []
        for step in spec.steps:
            rule = images.source(step.name, options, "arn")
            if not wanted or images.may_be_cached(step.image, rule):
                found.append(images.located(step.image, rule))
        unique = [each for number, each in enumerate(found) if each not in found[:number]]
        if unique:
            yield allow(sid, actions, unique)


def _secrets(spec: PipelineSpec, options: Options) -> Iterator[Statement]:
    """
    Secrets Manager ends the ARN of a secret with six random characters.
    """
    secrets = {secret.name for step in spec.steps for secret in step.secrets.values()}
    if secrets:
        found = [
            arn(options, "secretsmanager", f"secret:{name}-??????") for name in sorted(secrets)
        ]
        yield allow("Secrets", ["secretsmanager:GetSecretValue"], found)


def _keys(options: Options, actions: Sequence[str]) -> Iterator[Statement]:
    if options.kms_key:
        yield allow("Key", actions, options.kms_key)


def _scheduler(spec: PipelineSpec, target: Target, options: Options) -> list[Statement]:
    """
    Of EventBridge Scheduler: start the pipeline or its gate, and put away what fails for good.
    """
    letters = allow("DeadLetters", ["sqs:SendMessage"], Ref("dead_letters", "arn"))
    keys = _keys(options, ("kms:Decrypt", "kms:GenerateDataKey"))
    return [*_events(spec, target, options), letters, *keys]


def _events(spec: PipelineSpec, target: Target, options: Options) -> list[Statement]:
    """
    Of rules: start the pipeline or its gate; the queue's own policy lets them put letters in.
    """
    if timeouts.is_gated(spec):
        return [allow("Gate", ["states:StartExecution"], Ref("gate", "arn"))]
    started = pipeline_arn(spec, target, options)
    return [allow("Start", ["sagemaker:StartPipelineExecution"], started)]


def _gate(spec: PipelineSpec, target: Target, options: Options) -> list[Statement]:
    on_pipeline, on_runs = gate.actions(spec.overlap, timeouts.watched(spec))
    own = pipeline_arn(spec, target, options)
    found = [allow("Pipeline", on_pipeline, own)]
    if on_runs:
        found.append(allow("Runs", on_runs, Text(*own.parts, "/execution/*")))
    return found


_STATEMENTS = {
    "pipeline": _pipeline,
    "job": _job,
    "scheduler": _scheduler,
    "events": _events,
    "gate": _gate,
}
