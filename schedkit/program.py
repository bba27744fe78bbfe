"""
What all components of one run of a Pulumi program share: config, refusals, shared nodes, the gate.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import attrs
import pulumi
from pulumi.runtime import config as pulumi_config

from schedkit import config, registry
from schedkit.backend import Backend
from schedkit.exceptions import ConfigError, SpecError, UnsupportedError
from schedkit.inputs import plain
from schedkit.planning import verdict


if TYPE_CHECKING:
    from schedkit.deploy import Lookups
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
        self.shared: dict[tuple[str, str], pulumi.Resource] = {}
        self.shared_nodes: dict[tuple[str, str], Node] = {}
        self.lookups: Lookups = {}
        self.failure: pulumi.RunError | None = None
        self._backends: dict[str, Backend] = {}
        self._claimed: set[tuple[str, str, pulumi.Resource | None]] = set()
        self._gates: dict[str, asyncio.Task[str]] = {}

    def backend(self, chosen: str | Backend | None) -> Backend:
        """
        The backend of a component: its own argument wins over the config.

        Raises:
            SpecError: The argument is neither a name nor a `Backend`.
            ConfigError: Neither names one, or its options are wrong.
            UnknownBackendError: The one named is not installed.
        """
        if isinstance(chosen, Backend):
            return chosen
        plain(chosen, "backend")
        if not isinstance(chosen, str | None):
            cure = "write backend='local', or backend=Local(Options(...))"
            raise SpecError(f"backend={chosen!r}", "is neither a name nor a Backend", cure)
        name = chosen or self.settings.backend
        if not name:
            there = ", ".join(registry.installed()) or "none; try: pip install schedkit[local]"
            cure = f"run: pulumi config set schedkit:backend NAME (installed: {there})"
            reason = "is not set, and no backend= is given"
            raise ConfigError("config schedkit:backend", reason, cure)
        if name not in self._backends:
            kind = registry.load(name)
            options = config.options(kind, self.settings.options.get(name, {}))
            self._backends[name] = kind(options)
        return self._backends[name]

    def claim(self, kind: str, name: str, parent: pulumi.Resource | None) -> None:
        """
        Refuse a second component of one kind and name: both would have one URN.
        """
        if (kind, name, parent) in self._claimed:
            reason = f"the program declares two {kind.lower()}s of that name"
            raise SpecError(f"{kind} {name!r}", reason, "give one of them another name")
        self._claimed.add((kind, name, parent))

    def judge(self, report_of: Plan) -> UnsupportedError | None:
        """
        Note what the plan refuses; the gate raises it later, together with all the rest.
        """
        refusal = verdict(report_of, strict=self.settings.strict)
        if refusal:
            self.refusals.append(refusal)
        return refusal

    def gate(self, value: str) -> asyncio.Future[str]:
        """
        An input that every component waits for: its value, once the program's top-level code has
        ended without a failure and a refusal.

        A component is registered only after its inputs are known, and its children only after it:
        so a refusal anywhere means that nothing of schedkit is registered. An async main, or
        resources that are not schedkit's, are not held back; nor, where pulumi has no async main,
        is what stands before a synchronous look-up.

        All that wait at one time share one task; what comes after it opened is checked anew.
        """
        if value not in self._gates:
            self._gates[value] = asyncio.ensure_future(self._pass(value))
        return self._gates[value]

    async def _pass(self, value: str) -> str:
        root = pulumi.runtime.get_root_resource()
        try:
            while not getattr(root, "_async_program_registration_closed", True):  # noqa: ASYNC110, no event
                await asyncio.sleep(0.001)
            self.check()
        finally:
            del self._gates[value]
        return value

    def check(self) -> None:
        """
        Raise what keeps the program from being registered: its own failure, or all refusals.

        Both are a `pulumi.RunError`, which Pulumi shows as it is.
        """
        if self.failure is None and self.refusals and COLLECTOR.get() is None:
            text = "\n".join(str(refusal) for refusal in self.refusals)
            self.failure = pulumi.RunError(f"nothing was registered:\n{text}")
        if self.failure is not None:
            raise self.failure

    def watch(self, root: pulumi.ComponentResource) -> None:
        """
        Learn whether the program's top-level code ends by an exception.

        Pulumi registers the stack's outputs in a `finally`; without this, all that was declared
        before the exception would be registered.
        """
        register = root.register_outputs

        def watched(outputs: pulumi.Inputs) -> None:
            error = sys.exception()
            if error is not None and not (isinstance(error, SystemExit) and not error.code):
                text = "".join(traceback.format_exception(error))
                text = f"nothing was registered, the program failed:\n{text}"
                self.failure = pulumi.RunError(text)
                self.failure.__cause__ = error
            register(outputs)

        root.register_outputs = watched  # type: ignore[method-assign]


_PROGRAMS: WeakKeyDictionary[pulumi.Resource, Program] = WeakKeyDictionary()


def current() -> Program:
    """
    The program that runs now; its config is read once.
    """
    root = pulumi.runtime.get_root_resource()
    if root is None:
        return Program()
    if root not in _PROGRAMS:
        _PROGRAMS[root] = program = Program()
        if isinstance(root, pulumi.ComponentResource):
            program.watch(root)
    return _PROGRAMS[root]


def _raw_config() -> Mapping[str, object]:
    """
    Every config value by its full key; pulumi has no public way to list them.
    """
    return {**(pulumi_config.get_config_env() or {}), **pulumi_config.CONFIG.get()}
