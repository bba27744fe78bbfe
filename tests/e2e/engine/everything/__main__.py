"""
Every example of the conformance suite that the backend keeps, and what only the engine can fill.
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

import schedkit as sk
from schedkit.backend import Target
from schedkit.pipeline import PipelineSpec
from schedkit.planning import plan_for, verdict
from schedkit.program import current
from schedkit.testing.examples import EXAMPLES, Spec, schedule


BACKEND = current().backend(None)
TARGET = Target(project=pulumi.get_project(), stack=pulumi.get_stack())


def kept(spec: Spec) -> bool:
    """
    Whether the backend refuses nothing of it.
    """
    return verdict(plan_for(BACKEND, spec, TARGET), strict=False) is None


def declare(name: str, spec: Spec) -> None:
    """
    A pipeline and its schedule.
    """
    made = schedule(of=spec) if isinstance(spec, PipelineSpec) else spec
    of = made.pipeline
    if not (kept(of) and kept(made)):
        return
    above = sk.Pipeline(
        name,
        steps=of.steps,
        parameters=of.parameters,
        overlap=of.overlap,
        timeout=of.timeout,
        keep=of.keep,
    )
    sk.Schedule(
        f"{name}-at",
        above,
        made.when,
        parameters=made.parameters,
        catch_up=made.catch_up,
        starting_deadline=made.starting_deadline,
        jitter=made.jitter,
        paused=made.paused,
    )


for feature, example in EXAMPLES.items():
    declare(feature.replace(".", "-").replace("_", "-"), example.spec)

settings = k8s.core.v1.ConfigMap("settings", data={"mode": "fast"})
token = pulumi.Config().require_secret("token")
env = {"SETTINGS": settings.id, "TOKEN": token, "HUSH": pulumi.Output.secret("hush")}
step = sk.Step("fit", image=pulumi.Output.concat("ml:", settings.id), env=env)
filled = sk.Pipeline("filled", steps=[step], opts=pulumi.ResourceOptions(protect=True))
sk.Schedule(
    "filled-at",
    filled,
    sk.Every("90m", "2027-01-01T00:00:00Z"),
    opts=pulumi.ResourceOptions(retain_on_delete=True, depends_on=[settings]),
)
