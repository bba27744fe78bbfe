"""
What the tests of plans share.
"""

from __future__ import annotations

from refusals import backend

import schedkit as sk
from schedkit.backend import Target
from schedkit.plan import show
from schedkit.planning import plan_for
from schedkit.testing.examples import pipeline, step


TARGET = Target(project="shop", stack="dev")
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"
VPC = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
TAGS = {"schedkit:project": "shop", "schedkit:stack": "dev", "schedkit:pipeline": "train"}
ACCOUNT, REGION = "${getCallerIdentity.accountId}", "${getRegion.region}"
TIME = "<aws.scheduler.scheduled-time>"


def compiled(spec, target=TARGET, **options):
    return plan_for(backend(**options), spec, target)


def inputs(plan, key):
    return show(plan.node(key).inputs)


def document(plan, key, name):
    """
    What stands as JSON in an input.
    """
    return show(plan.node(key).inputs[name].document)


def definition(plan):
    return document(plan, "pipeline", "pipelineDefinition")


def arguments(spec, number=0, **options):
    """
    Of the job of one step.
    """
    return definition(compiled(spec, **options))["Steps"][number]["Arguments"]


def statements(plan, kind):
    """
    Of the policy of one kind of role: Sid -> actions, resource and condition.
    """
    found = document(plan, f"{kind}_policy", "policy")["Statement"]
    return {each["Sid"]: each for each in found}


def findings(plan):
    """
    Feature -> verdict and reason.
    """
    return {each.feature: (each.verdict, each.reason) for each in plan.findings}


def chain(**changes):
    """
    prep, then fit: with a parameter, a secret, a retry and a limit that add up to the run's.
    """
    prep = step(
        "prep",
        command=["prep"],
        resources=sk.Resources(cpu=3, ephemeral_storage="40Gi"),
        retry=sk.Retry(2, "5s"),
        secrets={"TOKEN": sk.Secret("hub", "token")},
    )
    rate = sk.Parameter("learning_rate")
    fit = step("fit", command=["fit", rate], args=["--fast"], env={"RATE": rate}, needs=["prep"])
    fields = {"parameters": {"learning_rate": 0.1}, "timeout": "2h", **changes}
    return pipeline(prep, fit, **fields)
