"""
The laws that every backend keeps, under several options.
"""

from __future__ import annotations

from schedkit.testing import BackendConformance
from schedkit_aws.backend import Aws
from schedkit_aws.options import Options


REGISTRIES = {"ghcr.io": "ghcr"}


class TestScheduler(BackendConformance):
    """
    EventBridge Scheduler, as by default.
    """

    def make_backend(self) -> Aws:
        return Aws(Options(registries=REGISTRIES))


class TestRules(BackendConformance):
    """
    Rules of EventBridge.
    """

    def make_backend(self) -> Aws:
        return Aws(Options(registries=REGISTRIES, scheduler="rules"))


class TestEverythingGiven(BackendConformance):
    """
    Existing roles and bucket, in a VPC, with a key; the pipeline by pulumi-aws-native.
    """

    def make_backend(self) -> Aws:
        role = "arn:aws:iam::123456789012:role"
        return Aws(
            Options(
                engine="native",
                registries=REGISTRIES,
                bucket="acme-runs",
                pipeline_role=f"{role}/pipeline",
                job_role=f"{role}/job",
                scheduler_role=f"{role}/scheduler",
                gate_role=f"{role}/gate",
                subnets=["subnet-1"],
                security_groups=["sg-1"],
                kms_key="arn:aws:kms:eu-central-1:123456789012:key/1",
                assume=["eventbridge.past-start"],
            )
        )
