"""
What all components of one run of a Pulumi program share: config, refusals, shared nodes, the gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import attrs
import pulumi
from pulumi.runtime import config as pulumi_config

from schedkit import config, registry
from schedkit.backend import Backend
from schedkit.exceptions import ConfigError, UnsupportedError
from schedkit.planning import verdict


if TYPE_CHECKING:
    from schedkit.pipeline import PipelineSpec
    from schedkit.plan import Node, Plan
    from schedkit.schedule import ScheduleSpec


@attrs.frozen
class Report:
    """
    One component, as `schedkit.preview` sees it.

    Attributes:
        kind: `Pipeline` or `Schedule`.
        name: The component's name.
        spec: What was asked for.
        backend: Who translated it.
        plan: What became of it.
        refusal: What cannot be kept, or None.
    """

    kind: str
    name: str
    spec: PipelineSpec | ScheduleSpec
    backend: Backend
    plan: Plan
    refusal: UnsupportedError | None


COLLECTOR: ContextVar[list[Report] | None] = ContextVar("schedkit_collector", default=None)
"""Set by a preview: components report here, and the gate lets them pass."""


class Program:
    """
    One run of a Pulumi program.
    """

    def __init__(self) -> None:
        self.settings = config.read(_raw_config(), registry.installed())
        self.refusals: list[UnsupportedError] = []
        self.shared: dict[tuple[object, ...], pulumi.Resource] = {}
        self.shared_nodes: dict[tuple[object, ...], Node] = {}
        self.error: pulumi.RunError | None = None
        self._backends: dict[str, Backend] = {}

    def backend(self, chosen: str | Backend | None) -> Backend:
        """
        The backend of a component: its own argument wins over the config.

        Raises:
            ConfigError: Neither names one, or its options are wrong.
            UnknownBackendError: The one named is not installed.
        """
        if isinstance(chosen, Backend):
            return chosen
        name = chosen or self.settings.backend
        if not name:
            there = ", ".join(registry.installed()) or "none; try: pip install schedkit[local]"
            cure = f"run: pulumi config set schedkit:backend NAME (installed: {there})"
            raise ConfigError("config schedkit:backend", "is not set, and no backend= is given", cure)
        if name not in self._backends:
            kind = registry.load(name)
            options = config.options(kind, self.settings.options.get(name, {}))
            self._backends[name] = kind(options)
        return self._backends[name]

    def judge(self, report_of: Plan) -> UnsupportedError | None:
        """
        Note what the plan refuses; the gate raises it later, together with all the rest.
        """
        refusal = verdict(report_of, strict=self.settings.strict)
        if refusal:
            self.refusals.append(refusal)
        return refusal

    def check(self) -> None:
        """
        Raise all refusals of the program as one error without a traceback.
        """
        if self.refusals and COLLECTOR.get() is None:
            if self.error is None:
                text = "\n".join(str(refusal) for refusal in self.refusals)
                self.error = pulumi.RunError(f"nothing was registered:\n{text}")
            raise self.error


class Gate:
    """
    An input that every component waits for: its value, once the program's top-level code has ended without a refusal.

    A component is registered only after its inputs are known, and its children only after it: so a refusal anywhere
    means that nothing of schedkit is registered. An async main, or resources that are not schedkit's, are not held back.
    """

    def __init__(self, program: Program, value: str) -> None:
        self.program = program
        self.value = value

    def __await__(self) -> Generator[Any, None, str]:
        return self._pass().__await__()

    async def _pass(self) -> str:
        root = pulumi.runtime.get_root_resource()
        while not getattr(root, "_async_program_registration_closed", True):
            await asyncio.sleep(0.001)
        self.program.check()
        return self.value


_PROGRAMS: WeakKeyDictionary[pulumi.Resource, Program] = WeakKeyDictionary()


def current() -> Program:
    """
    The program that runs now; its config is read once.
    """
    root = pulumi.runtime.get_root_resource()
    if root is None:
        return Program()
    if root not in _PROGRAMS:
        _PROGRAMS[root] = Program()
    return _PROGRAMS[root]


def _raw_config() -> Mapping[str, object]:
    """
    Every config value by its full key; pulumi has no public way to list them.
    """
    return {**(pulumi_config.get_config_env() or {}), **pulumi_config.CONFIG.get()}
