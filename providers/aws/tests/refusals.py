"""
What the tests of refusals share.
"""

from __future__ import annotations

import re

from schedkit.exceptions import UnsupportedError
from schedkit.findings import refused
from schedkit.planning import verdict
from schedkit_aws.backend import Aws
from schedkit_aws.options import Options


REGISTRIES = {"ghcr.io": "ghcr"}
INSTANT = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]+(Z|[+-][0-9:]+)")


def backend(**options):
    return Aws(Options(**{"registries": REGISTRIES, **options}))


def check(plan, expected):
    """
    What is refused, by attributes and as a whole sentence; the first instant that differs follows
    the year of the time zone data, so instants are not compared.
    """
    error = verdict(plan, strict=False)
    assert UnsupportedError is type(error)
    assert [timeless(f) for f in expected] == [timeless(f) for f in error.findings]
    assert (f"{plan.kind} {plan.name!r}", "") == (error.culprit, error.cure)
    lines = "".join(f"\n  - {finding.sentence}" for finding in expected)
    sentence = f"{plan.kind} {plan.name!r}: aws cannot keep this:{lines}"
    assert INSTANT.sub("*", sentence) == INSTANT.sub("*", str(error))


def timeless(finding):
    reason = INSTANT.sub("*", finding.reason)
    return refused(finding.feature, reason, finding.nearest, finding.url)
