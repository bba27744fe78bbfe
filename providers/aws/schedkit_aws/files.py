"""
Where the files of runs stand: a bucket of the pipeline's own, or an existing one.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from schedkit.backend import Target
from schedkit.findings import Feature, Finding, emulated, refused
from schedkit.plan import Json, Node, Ref, Text
from schedkit_aws import names


if TYPE_CHECKING:
    from schedkit.pipeline import PipelineSpec
    from schedkit_aws.options import Options

BUCKET = "aws:s3/bucket:Bucket"
ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OUTPUT, INPUT = "/opt/ml/processing/output", "/opt/ml/processing/input"
_URL = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html"
_NAME_URL = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
_LONGEST_NAME = 63 - len("-files-1234567")
_DAY = 86_400
_RUN = {"Get": "Execution.PipelineExecutionId"}


def prefix(spec: PipelineSpec, target: Target) -> str:
    """
    Below it every run has a folder of its own.
    """
    return names.pipeline(spec, target)


def bucket(options: Options) -> object:
    """
    The bucket's name.
    """
    return options.bucket or Ref("files", "bucket")


def bucket_arn(options: Options) -> Text:
    """
    The bucket's ARN.
    """
    return Text(f"arn:{options.partition}:s3:::", bucket(options))


def place(step: str, spec: PipelineSpec, target: Target, options: Options) -> dict[str, object]:
    """
    The URI of a step's folder in a run, which SageMaker joins when the run starts.
    """
    root = Text("s3://", bucket(options), f"/{prefix(spec, target)}")
    return {"Std:Join": {"On": "/", "Values": [root, _RUN, step]}}


def days(spec: PipelineSpec) -> int:
    """
    After how many days S3 deletes a file: it counts from the file, not from the end of the run.
    """
    run = -(-spec.timeout // _DAY)
    return run + (spec.keep.days if spec.keep else 0)


def findings(spec: PipelineSpec, options: Options) -> Iterator[Finding]:
    """
    How long files stay, and whether the bucket can have a name.
    """
    if options.bucket is None and len(spec.name) > _LONGEST_NAME:
        reason = f"Pulumi names the bucket {spec.name}-files-1234567, and 63 characters fit"
        nearest = f"a name of at most {_LONGEST_NAME}, or `bucket` in schedkit:aws"
        yield refused(Feature.PIPELINE, reason, nearest, _NAME_URL)
    if spec.keep is None:
        return
    if options.bucket:
        reason = f"the bucket {options.bucket} is not schedkit's, and has one lifecycle for all"
        nearest = "give that bucket a lifecycle rule, or leave `bucket` of schedkit:aws out"
        yield refused(Feature.KEEP, reason, nearest, _URL)
    else:
        reason = (
            f"S3 deletes each file {days(spec)} days after it was written, at the midnight of "
            "UTC that follows: the run's own time is added"
        )
        yield emulated(Feature.KEEP, reason, _URL)


def nodes(spec: PipelineSpec, target: Target, options: Options) -> tuple[Node, ...]:
    """
    A bucket that is private, encrypted and takes TLS only; files end with their days.
    """
    if options.bucket:
        return ()
    name = Ref("files", "bucket")
    closed = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    made = {"forceDestroy": options.force_destroy, "tags": names.tags(spec, target, options)}
    alone = ("files_access",)  # S3 answers a conflict to a policy put at the same time
    return (
        Node("files", BUCKET, made),
        Node("files_access", ACCESS, {"bucket": name, **dict.fromkeys(closed, True)}),
        Node("files_encryption", ENCRYPTION, {"bucket": name, "rules": [_encryption(options)]}),
        Node(
            "files_policy",
            POLICY,
            {"bucket": name, "policy": Json(_tls_only(options))},
            after=alone,
        ),
        Node("files_lifecycle", LIFECYCLE, {"bucket": name, "rules": [_rule(spec, target)]}),
    )


def _encryption(options: Options) -> dict[str, object]:
    if options.kms_key is None:
        return {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    key = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": options.kms_key}
    return {"applyServerSideEncryptionByDefault": key, "bucketKeyEnabled": True}


def _tls_only(options: Options) -> dict[str, object]:
    whole = bucket_arn(options)
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [whole, Text(*whole.parts, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _rule(spec: PipelineSpec, target: Target) -> dict[str, object]:
    return {
        "id": "runs",
        "status": "Enabled",
        "filter": {"prefix": f"{prefix(spec, target)}/"},
        "expiration": {"days": days(spec)},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
    }
