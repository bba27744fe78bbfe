"""
What the strategies draw.
"""

from __future__ import annotations

from hypothesis import Phase, find, given, settings

from schedkit.recurrence import Calendar, Cron, Every, Once, Union
from schedkit.schedule import ScheduleSpec
from schedkit.testing import strategies


def test_every_kind_is_drawn():
    """
    All kinds of schedules and shapes of pipelines come up.
    """
    once = settings(phases=[Phase.generate], database=None)
    for kind in (Cron, Calendar, Every, Once, Union):
        find(strategies.whens(), lambda when, kind=kind: isinstance(when, kind), settings=once)
    for count in (1, 2, 4):
        find(strategies.pipelines(), lambda spec, n=count: len(spec.steps) == n, settings=once)


@given(strategies.schedules())
def test_schedules_are_legal(spec):
    """
    What is drawn is a checked value, and its steps stand after those they need.
    """
    assert isinstance(spec, ScheduleSpec)
    seen = set()
    for step in spec.pipeline.order():
        assert set(step.needs) <= seen
        seen.add(step.name)
