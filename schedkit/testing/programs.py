"""
The laws that need a program: what an engine would be told, without one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from schedkit.backend import Backend
from schedkit.components import Pipeline, Schedule
from schedkit.findings import Feature
from schedkit.plan import show
from schedkit.preview import SECRET, UNKNOWN, Preview
from schedkit.recurrence import Cron
from schedkit.step import Parameter
from schedkit.testing.engine import output, registered
from schedkit.testing.examples import step


Component: TypeAlias = Pipeline | Schedule

_FILLS: dict[str, tuple[Feature, Callable[[Any], dict[str, Any]]]] = {
    "image": (Feature.IMAGE, lambda text: {"image": text}),
    "args": (Feature.ARGS, lambda text: {"args": ["--data", text]}),
    "env": (Feature.ENV, lambda text: {"env": {"DATA": text}}),
    "parameter": (Feature.PARAMETERS, lambda text: {"parameter": text}),
    "parameter of a schedule": (
        Feature.SCHEDULE_PARAMETERS,
        lambda text: {"parameter": "default", "over": text},
    ),
}


def declared(
    backend: Backend, name: str = "train", *, parameter: Any = None, over: Any = None, **fill: Any
) -> list[Component]:
    """
    A pipeline and its schedule; to be called in a program.
    """
    if parameter is not None:
        fill["args"] = ["--data", Parameter("data")]
    parameters = {} if parameter is None else {"data": parameter}
    above = Pipeline(name, steps=[step(**fill)], parameters=parameters, backend=backend)
    own = {} if over is None else {"data": over}
    return [above, Schedule(f"{name}-nightly", above, Cron("30 9 * * *"), parameters=own)]


class ProgramLaws:
    """
    Part of `schedkit.testing.BackendConformance`.
    """

    def make_backend(self) -> Backend:
        """
        A new backend, with the options that the laws shall hold under.
        """
        raise NotImplementedError

    def test_children_are_named_from_their_component(self) -> None:
        """
        A resource's parent is its component, whose name begins its own; two of a kind can stand
        side by side.
        """
        backend = self.make_backend()
        _, seen = registered(lambda: [*declared(backend, "a"), *declared(backend, "b")])
        names = {each.urn: each.name for each in seen.resources if not each.custom}
        for resource in seen.resources:
            if resource.custom:
                parent = names.get(resource.parent or "", "no component")
                assert f"{resource.name}-".startswith(f"{parent}-"), resource.urn
        assert {"a", "a-nightly", "b", "b-nightly"} <= set(names.values())

    @pytest.mark.parametrize("dry_run", [False, True], ids=["up", "preview"])
    @pytest.mark.parametrize("fill", _FILLS)
    def test_takes_outputs(self, fill: str, dry_run: bool) -> None:
        """
        What fills a body may be an Output, in a preview too, and reaches the resources.
        """
        backend, (feature, made) = self.make_backend(), _FILLS[fill]

        home = "ghcr.io/acme/" if fill == "image" else ""

        def told(make: Callable[[], object]) -> tuple[str, bool]:
            _, seen = registered(lambda: declared(backend, **made(make())), dry_run=dry_run)
            return _told(seen), _refused(seen, feature)

        text = UNKNOWN if dry_run else "only-known-later"
        plain, _ = told(lambda: f"{home}known-at-once")
        filled, refused = told(lambda: output(f"{home}only-known-later"))
        places = plain.count("known-at-once")
        found = filled.count(text) - plain.count(text)  # an id may be unknown in a preview too
        assert refused or found == places > 0, f"{fill}: the Output got lost"

    def test_secret_outputs_stay_secret(self) -> None:
        """
        The text of a secret Output stands in no plan, and reaches the engine marked as secret.
        """
        backend = self.make_backend()
        _, seen = registered(
            lambda: declared(backend, env={"TOKEN": output("hunter2", secret=True)})
        )
        assert "hunter2" not in _told(seen)
        assert SECRET in _told(seen) or _refused(seen, Feature.ENV)

    def test_hands_everything_back(self) -> None:
        """
        Each node that has a class is in `resources` by its key, and a schedule has an id.
        """
        backend = self.make_backend()
        components, seen = registered(lambda: declared(backend))
        outputs = {each.name: each.outputs for each in seen.resources if not each.custom}
        for component in components:
            if component.refusal or components[0].refusal:
                continue
            keys = [n.key for n in component.plan.nodes if backend.classes[n.token] is not None]
            assert sorted(keys) == sorted(component.resources)
            if isinstance(component, Schedule):
                assert outputs[component.spec.name].get("scheduleId"), "schedule_id is empty"


def _told(seen: Preview) -> str:
    """
    All that stands in resources and plans, as one text.
    """
    inputs = [each.inputs for each in seen.resources if each.custom]
    nodes = [show(node.inputs) for report in seen.reports for node in report.plan.nodes]
    return json.dumps([inputs, nodes], default=str)


def _refused(seen: Preview, feature: Feature) -> bool:
    kind = Feature.SCHEDULE if feature.startswith("schedule") else Feature.PIPELINE
    findings = [finding for report in seen.reports for finding in report.plan.findings]
    return any(f.feature in (feature, kind) and f.verdict == "refused" for f in findings)
