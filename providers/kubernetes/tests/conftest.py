"""
Every plan that a test compiles is held against the strict published schemas, oldest and newest.
"""

from __future__ import annotations

import kubernetes_validate
import pytest

import schedkit as sk
from schedkit.backend import Target
from schedkit.plan import show
from schedkit_kubernetes.backend import Kubernetes
from schedkit_kubernetes.options import Options


OLDEST, NEWEST = "1.33", "1.37"
IMAGE = "ghcr.io/acme/ml:1.4"


class Kit:
    """
    What the tests build specs and plans with.
    """

    target = Target(project="shop", stack="dev")
    when = sk.Cron("0 1 * * *", timezone="Europe/Berlin")

    def step(self, name="fit", **fields):
        return sk.Step(name, **{"image": IMAGE, **fields})

    def pipeline(self, *steps, **fields):
        return sk.PipelineSpec("train", steps=steps or [self.step()], **fields)

    def chain(self, **fields):
        """
        prep, fit, score: each needs the one before.
        """
        prep = self.step("prep")
        fit = self.step("fit", needs=[prep])
        return self.pipeline(prep, fit, self.step("score", needs=[fit]), **fields)

    def schedule(self, when=None, pipeline=None, **fields):
        return sk.ScheduleSpec("nightly", pipeline or self.pipeline(), when or self.when, **fields)

    def compile(self, spec, target=None, **options):
        """
        The backend's plan, each node of it valid.
        """
        backend = Kubernetes(Options(**options))
        made = isinstance(spec, sk.PipelineSpec)
        verb = backend.compile_pipeline if made else backend.compile_schedule
        plan = verb(spec, target or self.target)
        for document in self.manifests(plan):
            self.validate(document)
        return plan

    def cron_job(self, plan, key="cron_job"):
        return plan.node(key).inputs["spec"]

    def pod(self, plan):
        return self.cron_job(plan)["jobTemplate"]["spec"]["template"]["spec"]

    def findings(self, plan, verdict):
        """
        The features of that verdict, each with its finding.
        """
        return {f.feature: f for f in plan.findings if f.verdict == verdict}

    def manifests(self, plan):
        return [show(node.inputs) for node in (*plan.shared, *plan.nodes)]

    def validate(self, document):
        for version in (OLDEST, NEWEST):
            kubernetes_validate.validate(document, version, strict=True)


@pytest.fixture
def kit():
    return Kit()
