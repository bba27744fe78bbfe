"""
Write an ML pipeline and its schedule once, in a Pulumi program; run it on any platform, exactly or
not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from schedkit.backend import Backend, Target
    from schedkit.components import Pipeline, Schedule
    from schedkit.exceptions import SchedkitError, UnsupportedError
    from schedkit.findings import Feature, Finding
    from schedkit.pipeline import Keep, Parameter, PipelineSpec, Resources, Retry, Secret, Step
    from schedkit.plan import Apply, Json, Lookup, Node, Plan, Ref, Text, Timing
    from schedkit.recurrence import (
        Calendar,
        Cron,
        Dst,
        Every,
        LastDay,
        LastWeekday,
        NearestWeekday,
        NthWeekday,
        Once,
        Union,
        When,
        Window,
    )
    from schedkit.recurrence.diff import Diff, diff
    from schedkit.schedule import CatchUp, ScheduleSpec
    from schedkit.translation import Translation, attempt, dialects, read, translate

_HOMES = {
    "backend": ("Backend", "Target"),
    "components": ("Pipeline", "Schedule"),
    "exceptions": ("SchedkitError", "UnsupportedError"),
    "findings": ("Feature", "Finding"),
    "pipeline": ("Keep", "Parameter", "PipelineSpec", "Resources", "Retry", "Secret", "Step"),
    "plan": ("Apply", "Json", "Lookup", "Node", "Plan", "Ref", "Text", "Timing"),
    "recurrence": (
        "Calendar",
        "Cron",
        "Dst",
        "Every",
        "LastDay",
        "LastWeekday",
        "NearestWeekday",
        "NthWeekday",
        "Once",
        "Union",
        "When",
        "Window",
    ),
    "recurrence.diff": ("Diff", "diff"),
    "schedule": ("CatchUp", "ScheduleSpec"),
    "translation": ("Translation", "attempt", "dialects", "read", "translate"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Apply",
    "Backend",
    "Calendar",
    "CatchUp",
    "Cron",
    "Diff",
    "Dst",
    "Every",
    "Feature",
    "Finding",
    "Json",
    "Keep",
    "LastDay",
    "LastWeekday",
    "Lookup",
    "NearestWeekday",
    "Node",
    "NthWeekday",
    "Once",
    "Parameter",
    "Pipeline",
    "PipelineSpec",
    "Plan",
    "Ref",
    "Resources",
    "Retry",
    "SchedkitError",
    "Schedule",
    "ScheduleSpec",
    "Secret",
    "Step",
    "Target",
    "Text",
    "Timing",
    "Translation",
    "Union",
    "UnsupportedError",
    "When",
    "Window",
    "attempt",
    "dialects",
    "diff",
    "read",
    "translate",
]


def __getattr__(name: str) -> object:
    """
    Import what is asked for when it is asked for: values and recurrence need no pulumi.
    """
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("schedkit")
    if name not in _HOME_OF:
        msg = f"module 'schedkit' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"schedkit.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """
    The public names, loaded or not.
    """
    return [*__all__, "__version__"]
