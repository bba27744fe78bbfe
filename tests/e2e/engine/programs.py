"""
The Pulumi programs that the tests of this folder deploy.
"""

from __future__ import annotations

import attrs
import pulumi

import schedkit as sk


@attrs.define
class Nightly:
    """
    A pipeline with two schedules; a test changes what it declares between two commands.
    """

    cron: str = "0 1 * * *"
    name: str = "nightly"
    pipeline: str = "train"
    physical_name: str | None = None
    weekly: bool = True
    env: dict[str, object] = attrs.field(factory=dict)
    schedule: pulumi.ResourceOptions | None = None
    overrides: dict[str, dict[str, object]] | None = None
    options: pulumi.ResourceOptions | None = None

    def __call__(self) -> None:
        """
        Declare it.
        """
        step = sk.Step("fit", image="ghcr.io/acme/ml:1.4", args=["fit"], env=self.env)
        train = sk.Pipeline(
            self.pipeline, steps=[step], opts=self.options, overrides=self.overrides
        )
        nightly = sk.Schedule(
            self.name,
            train,
            sk.Cron(self.cron, timezone="Europe/Berlin"),
            physical_name=self.physical_name,
            opts=self.schedule,
        )
        if self.weekly:
            sk.Schedule("weekly", train, sk.Cron("0 6 * * 1"))
        pulumi.export("schedule", nightly.schedule_id)
