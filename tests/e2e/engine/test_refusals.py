"""
A program that a backend refuses changes nothing, previewed or not, and says why once.
"""

from __future__ import annotations

from functools import partial

import pulumi
import pytest
from programs import Nightly
from pulumi import automation

import schedkit as sk


pytestmark = pytest.mark.engine

KUBERNETES = {"schedkit:backend": "kubernetes"}
QUEUE = "pipeline.overlap.queue refused"
END = "schedule.end refused"


class Refused(Nightly):
    """
    Two refusals beside what could be deployed.
    """

    refuse = True

    def __call__(self) -> None:
        """
        Declare it.
        """
        super().__call__()
        step = sk.Step("fit", image="ghcr.io/acme/ml:1.4")
        if self.refuse:
            sk.Pipeline("locked", steps=[step], overlap="queue")
            open_ = sk.Pipeline("open", steps=[step])
            sk.Schedule("ending", open_, sk.Cron("0 1 * * *"), end="2027-01-01T00:00:00Z")


@pytest.mark.parametrize("command", ["preview", "up"])
def test_refused_on_a_new_stack(engine, command: str) -> None:
    """
    Nothing is registered; both refusals stand in one message without a traceback, which the
    Automation API logs and hands back, so twice; `test_command_line.py` sees it once.
    """
    stack = engine.stack(Refused(), config=KUBERNETES)
    said = refused(stack, command)
    assert [2, 2] == [said.count(QUEUE), said.count(END)], said
    assert "Traceback" not in said
    assert [] == stack.changes
    assert {} == stack.resources


@pytest.mark.parametrize("command", ["preview", "up"])
def test_refused_on_a_deployed_stack(engine, command: str) -> None:
    """
    What is deployed stays as it is, although the program now asks for less and for other things.
    """
    program = Refused()
    program.refuse = False
    stack = engine.stack(program, config=KUBERNETES)
    stack.up()
    before = stack.resources
    stack.forget()
    program.refuse, program.weekly, program.cron = True, False, "0 5 * * *"
    refused(stack, command)
    assert [] == stack.changes
    assert before == stack.resources
    program.refuse = False
    assert {"update": 1, "delete": 2, "same": 4} == stack.up()


def test_failing_program_changes_nothing(engine) -> None:
    """
    An exception behind the declarations keeps them from being registered, and shows itself.
    """

    def program() -> None:
        Nightly()()
        raise ValueError("no good")

    stack = engine.stack(program, config=KUBERNETES)
    with pytest.raises(automation.CommandError, match="ValueError: no good"):
        stack.up()
    assert [] == stack.changes
    assert {} == stack.resources


def test_provider_refuses_wrong_inputs(engine, provider_double) -> None:
    """
    The double tells the engine of what the SDK does not have, lacks and types otherwise.
    """
    import pulumi_kubernetes as k8s

    bad = {
        "schedule": 17,
        "jobTemplate": {"spec": {"backofLimit": 1, "template": {}}},
        "concurency": "Forbid",
    }
    for spec, sentences in (
        (
            bad,
            [
                "CronJob.spec.schedule: 17 is no str",
                "CronJob.spec.jobTemplate.spec.backofLimit: no property of JobSpecArgs",
                "CronJob.spec.concurency: no property of CronJobSpecArgs",
            ],
        ),
        (
            {"schedule": "0 1 * * *"},
            ["CronJob.spec.jobTemplate: missing, CronJobSpecArgs requires it"],
        ),
    ):
        stack = engine.stack(partial(k8s.batch.v1.CronJob, "bad", spec=spec))
        with pytest.raises(automation.CommandError) as caught:
            stack.preview()
        assert [] == [sentence for sentence in sentences if sentence not in str(caught.value)]
    assert [] == provider_double.changes


def test_names_are_unique(engine, provider_double) -> None:
    """
    A second object of one kind, namespace and name is refused; another kind is none.
    """
    import pulumi_kubernetes as k8s

    def program() -> None:
        metadata = {"name": "one", "namespace": "default"}
        first = k8s.core.v1.ConfigMap("a", metadata=metadata)
        k8s.core.v1.ServiceAccount("b", metadata=metadata)
        k8s.core.v1.ConfigMap(
            "c", metadata=metadata, opts=pulumi.ResourceOptions(depends_on=[first])
        )

    stack = engine.stack(program)
    with pytest.raises(automation.CommandError, match="'default/one' already exists"):
        stack.up()
    assert 2 == len(stack.cloud)


def refused(stack, command: str) -> str:
    """
    All that a failing command said.
    """
    with pytest.raises(automation.CommandError) as caught:
        getattr(stack, command)()
    return str(caught.value)
