"""
What a previewed program declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs


if TYPE_CHECKING:
    from schedkit.plan import Plan
    from schedkit.program import Report

SECRET = "[secret]"  # noqa: S105, it is the mask
"""Stands wherever a secret value would."""

UNKNOWN = "<known at deploy>"
"""Stands wherever a value is that only an engine can know."""


@attrs.frozen(kw_only=True)
class Resource:
    """
    One registration, as the engine would get it.

    Attributes:
        type: Pulumi's type token.
        urn: As the engine makes it.
        parent: The parent's URN; None below the stack.
        aliases: URNs that it may have had before.
        custom: Whether a provider makes it; a component is not.
        read: Whether it was looked up by `get`, not declared.
        inputs: By wire name, secrets and unknown values masked.
        outputs: What a component handed to `register_outputs`, masked too.
        secrets: Paths of the secrets in the inputs, such as `spec.env[0].value`.
        unknowns: Paths of what is not known yet.
        dependencies: URNs.
        property_dependencies: Input -> URNs.
        provider: `<urn>::<id>` of an explicit provider, else empty.
        providers: Of a component: package -> provider.
        options: What else was asked for, in the engine's words: `protect`, `deleteBeforeReplace`.
    """

    type: str
    name: str
    urn: str
    parent: str | None
    aliases: tuple[str, ...] = ()
    custom: bool
    read: bool = False
    inputs: Mapping[str, object]
    outputs: Mapping[str, object] = attrs.field(factory=dict)
    secrets: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    provider: str = ""
    providers: Mapping[str, str] = attrs.field(factory=dict)
    options: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Preview:
    """
    All that one run of a program declared.

    Attributes:
        project: The name in Pulumi.yaml.
        reports: One per component of schedkit, in the order of the program; Outputs in the plans
            resolved where they are known, secrets masked.
        resources: In the order of registration.
        exports: The stack's outputs, masked.
        invokes: Token and arguments of every look-up.
        unanswered: Tokens of the look-ups that were answered with nothing.
        logs: Severity and text.
        printed: The end of what the program wrote to stdout and stderr.
    """

    project: str
    stack: str
    reports: tuple[Report, ...]
    resources: tuple[Resource, ...]
    exports: Mapping[str, object]
    invokes: tuple[tuple[str, Mapping[str, object]], ...] = ()
    unanswered: tuple[str, ...] = ()
    logs: tuple[tuple[str, str], ...] = ()
    printed: str = ""
    _open: tuple[Plan, ...] = attrs.field(default=(), repr=False)

    def revealed(self, report: Report) -> Plan:
        """
        The plan of a report with the secrets in it; for a run on this machine only.
        """
        return self._open[self.reports.index(report)]

    def opened(self) -> Iterator[tuple[Report, Plan]]:
        """
        Yield every report and its plan with the secrets in it, as `revealed` does.
        """
        return zip(self.reports, self._open, strict=True)

    def by_type(self, token: str) -> list[Resource]:
        """
        The resources of one type.
        """
        return [resource for resource in self.resources if resource.type == token]
