from __future__ import annotations

from typing import ClassVar

from schedkit.backend import Target
from schedkit.planning import plan_for
from schedkit.testing import BackendConformance
from schedkit.testing.examples import schedule
from schedkit_local.backend import Local


class TestLocal(BackendConformance):
    own_laws: ClassVar = frozenset({"test_what_carries_a_schedule_has_a_fixed_name"})

    def make_backend(self):
        """
        The backend with its default options.
        """
        return Local()

    def test_what_carries_a_schedule_has_a_fixed_name(self):
        """
        A schedule has its own name in a state file of its own stack, and the plan says of another
        that it names nothing.
        """
        plan = plan_for(Local(), schedule(), Target(stack="dev"))
        chosen = plan_for(Local(), schedule(), Target(stack="prod", physical_name="chosen"))
        assert ("nightly", "nightly") == (plan.schedule_id, chosen.schedule_id)
        assert plan.nodes == chosen.nodes
        told = [
            finding.reason for finding in chosen.findings if "physical_name=" in finding.reason
        ]
        assert ["physical_name= names nothing here"] == [text.split(", ")[-1] for text in told]
        assert not any("physical_name=" in finding.reason for finding in plan.findings)
