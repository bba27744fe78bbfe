from __future__ import annotations

import pytest
from kit import KEY, TAGS, arguments, compiled, document, findings, inputs, statements

import schedkit as sk
from schedkit.findings import Feature
from schedkit.testing.examples import pipeline


def parts(plan):
    return [node.key for node in plan.nodes if node.key.startswith("files")]


def test_bucket():
    """
    A pipeline's own bucket is private, encrypted, and takes TLS only.
    """
    plan = compiled(pipeline())
    assert {"forceDestroy": False, "tags": TAGS} == inputs(plan, "files")
    assert {
        "bucket": "${files.bucket}",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    } == inputs(plan, "files_access")
    (rule,) = inputs(plan, "files_encryption")["rules"]
    assert {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}} == rule
    (statement,) = document(plan, "files_policy", "policy")["Statement"]
    assert {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::${files.bucket}", "arn:aws:s3:::${files.bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    } == statement


def test_key():
    """
    With a key of the user's the bucket asks KMS once per object key, not once per object.
    """
    (rule,) = inputs(compiled(pipeline(), kms_key=KEY), "files_encryption")["rules"]
    assert {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
    } == rule


def test_force_destroy():
    """
    A full bucket is deleted only where the user said so.
    """
    assert inputs(compiled(pipeline(), force_destroy=True), "files")["forceDestroy"]


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({}, 1),
        ({"timeout": "24h1s"}, 2),
        ({"timeout": "2h", "keep": sk.Keep(days=30)}, 31),
        ({"timeout": "49h", "keep": sk.Keep(days=1)}, 4),
    ],
)
def test_lifecycle(fields, days):
    """
    Files end with the days that are kept, and the run's own time.
    """
    plan = compiled(pipeline(**fields))
    (rule,) = inputs(plan, "files_lifecycle")["rules"]
    assert {
        "id": "runs",
        "status": "Enabled",
        "filter": {"prefix": "train-dev/"},
        "expiration": {"days": days},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
    } == rule
    told = findings(plan).get(Feature.KEEP)
    reason = (
        f"S3 deletes each file {days} days after it was written, at the midnight of UTC that "
        "follows: the run's own time is added"
    )
    assert told == (("emulated", reason) if "keep" in fields else None)


def test_given_bucket():
    """
    In an existing bucket nothing is made; files stand below the pipeline's name.
    """
    plan = compiled(pipeline(), bucket="acme-runs")
    assert [] == parts(plan)
    assert "arn:aws:s3:::acme-runs/train-dev/*" == statements(plan, "job")["Files"]["Resource"]
    output = arguments(pipeline(), bucket="acme-runs")["ProcessingOutputConfig"]["Outputs"][0]
    assert [
        "s3://acme-runs/train-dev",
        {"Get": "Execution.PipelineExecutionId"},
        "fit",
    ] == output["S3Output"]["S3Uri"]["Std:Join"]["Values"]
