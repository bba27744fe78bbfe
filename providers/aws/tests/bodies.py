"""
What schedkit-aws makes of a spec under several kinds of options, as plain data.
"""

from __future__ import annotations

from functools import cache

import templates

from schedkit.backend import Target
from schedkit.pipeline import PipelineSpec
from schedkit.testing.examples import EXAMPLES
from schedkit_aws.backend import Aws
from schedkit_aws.options import Options


ROLE = "arn:aws:iam::123456789012:role/"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:ops"
TARGET = Target(project="shop", stack="dev")
PLAIN = {"registries": {"ghcr.io": "ghcr"}}
OPTIONS = {
    "plain": PLAIN,
    "boundary": {
        **PLAIN,
        "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
        "role_path": "/ml/",
    },
    "bucket": {**PLAIN, "bucket": "acme-runs", "max_parallel_steps": 4, "alarm_topics": [TOPIC]},
    "given": {
        **PLAIN,
        "pipeline_role": f"{ROLE}pipeline",
        "job_role": f"{ROLE}job",
        "scheduler_role": f"{ROLE}scheduler",
        "gate_role": f"{ROLE}gate",
    },
    "isolated": {**PLAIN, "network_isolation": True, "encrypt_traffic": True},
    "key": {**PLAIN, "kms_key": KEY},
    "native": {**PLAIN, "engine": "native"},
    "rules": {**PLAIN, "scheduler": "rules"},
    "vpc": {**PLAIN, "subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]},
}


def plans(spec, options):
    """
    The pipeline's plan, and the schedule's where the spec is one.
    """
    backend = Aws(Options(**options))
    if isinstance(spec, PipelineSpec):
        return [backend.compile_pipeline(spec, TARGET)]
    pipeline = backend.compile_pipeline(spec.pipeline, TARGET)
    return [pipeline, backend.compile_schedule(spec, TARGET)]


@cache
def judged(options):
    """
    Feature -> the nodes of its example; None where the backend refuses it.
    """
    found = {}
    for feature, example in EXAMPLES.items():
        made = plans(example.spec, OPTIONS[options])
        refused = any(f.verdict == "refused" for plan in made for f in plan.findings)
        found[feature] = None if refused else templates.resolved(*made)
    return found


def nodes(options, *tokens):
    """
    `(where, node)` of all nodes, or of all of these types, over all examples.
    """
    return [
        (f"{feature.name}, {address}", node)
        for feature, resolved in judged(options).items()
        for address, node in (resolved or {}).items()
        if not tokens or node.token in tokens
    ]
