"""
The laws of the resources that carry a schedule: how they are named, and found again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from schedkit.backend import Target
from schedkit.planning import plan_for
from schedkit.testing.examples import schedule


if TYPE_CHECKING:
    from schedkit.backend import Backend


class CarrierLaws:
    """
    Laws of `BackendConformance`.
    """

    def make_backend(self) -> Backend:
        """
        The backend under test.
        """
        raise NotImplementedError

    def test_what_carries_a_schedule_has_a_fixed_name(self) -> None:
        """
        Its physical name comes from component and stack, or is the user's own; no two are one.
        """
        backend, spec = self.make_backend(), schedule()
        chosen = plan_for(backend, spec, Target(physical_name="chosen"))
        plans = [
            plan_for(backend, spec, Target(stack="dev")),
            plan_for(backend, spec, Target(stack="prod")),
            plan_for(backend, attrs.evolve(spec, name="weekly"), Target(stack="dev")),
        ]
        for timing in chosen.timings:
            paths = list(_paths_to("chosen", chosen.node(timing.node).inputs))
            assert paths, f"{timing.node} has no physical name"
            names = [plan.at(timing.node, paths[0]) for plan in plans]
            assert len(names) == len(set(names)), f"two share one name: {names}"

    def test_a_deployed_schedule_can_be_read(self) -> None:
        """
        `Backend.timings` tells of each type what a plan's own `timings` tell.
        """
        backend = self.make_backend()
        plan = plan_for(backend, schedule(), Target())
        told = [
            attrs.evolve(backend.timings[token], node=timing.node)
            for timing in plan.timings
            if (token := plan.node(timing.node).token) in backend.timings
        ]
        assert list(plan.timings) == told


def _paths_to(text: str, value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _paths_to(text, item, (*path, key))
    elif isinstance(value, str) and value.startswith(text):
        yield path
