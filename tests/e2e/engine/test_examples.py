"""
Every example, deployed and taken away again by the real engine.
"""

from __future__ import annotations

import pytest
import tally
from stack import EXAMPLES


pytestmark = pytest.mark.engine

NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/Pulumi.kubernetes.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_example(engine, name: str) -> None:
    """
    An `up` makes one CronJob and one ServiceAccount, a second preview is empty, a refresh finds
    them as they were made, and `destroy` leaves nothing.
    """
    stack = engine.example(name, "kubernetes")
    assert {"create": 5} == stack.up()
    kinds = [each.partition("::")[0] for each in stack.cloud]
    assert ["kubernetes:batch/v1:CronJob", "kubernetes:core/v1:ServiceAccount"] == kinds
    schedule = stack.api.outputs()["schedule"].value
    assert f"kubernetes:batch/v1:CronJob::{schedule}" == stack.cloud[0]
    assert {"same": 5} == stack.preview(expect_no_changes=True)
    assert {"same": 5} == stack.refresh(expect_no_changes=True)
    assert {"delete": 5} == stack.destroy()
    assert [] == stack.cloud
    assert {} == stack.resources
    tally.COUNTS["examples deployed and destroyed"] += 1
