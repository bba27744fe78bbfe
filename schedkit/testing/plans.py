"""
The laws that need no program: what a backend compiles.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import pytest
from hypothesis import given, settings

from schedkit import config
from schedkit.backend import Backend, Target
from schedkit.exceptions import ConfigError
from schedkit.findings import Feature, Finding
from schedkit.pipeline import PipelineSpec
from schedkit.plan import Plan, show, walk
from schedkit.planning import natives, plan_for, verdict
from schedkit.recurrence import When, Zone
from schedkit.testing import strategies
from schedkit.testing.examples import EXAMPLES, Spec, schedule
from schedkit.testing.shapes import mistakes


if TYPE_CHECKING:
    from types import FrameType

    from schedkit.recurrence.dialects import Native
    from schedkit.schedule import ScheduleSpec

_YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
_SPRING = (datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 5, 10, tzinfo=UTC))
_DAY = timedelta(days=1)
Window: TypeAlias = tuple[datetime, datetime]
_TARGET = Target()
_TIMES = [feature for feature in Feature if feature.startswith("schedule")]
_ANSWERS = {  # owner of a C function -> those that answer differently next time
    datetime: {"now", "utcnow", "today"},
    date: {"today"},
    time: {"time", "time_ns", "localtime", "gmtime", "monotonic"},
    getattr(random.random, "__self__", None): {"random", "getrandbits"},
    sys.modules[os.name]: {"urandom", "getpid", "uname"},
}
_ENVIRONMENT = type(os.environ).__getitem__.__code__
_SENTENCE_PART = re.compile(r"(?![A-Z][a-z]+\b)\S.*[^.\s]", re.DOTALL)
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ELSEWHERE = """
import importlib, sys
from schedkit.testing.plans import dumped
module, name = sys.argv[1:]
print(dumped(getattr(importlib.import_module(module), name)()))
"""


def plans(backend: Backend, spec: Spec, target: Target = _TARGET) -> tuple[Plan, ...]:
    """
    The plans that a spec leads to: the pipeline's, and that of a schedule which starts it.
    """
    made = schedule(of=spec) if isinstance(spec, PipelineSpec) else spec
    own = spec if isinstance(spec, PipelineSpec) else spec.pipeline
    return plan_for(backend, own, target), plan_for(backend, made, target)


def dumped(backend: Backend) -> str:
    """
    Every plan of every example as one text.
    """
    every = [plan for example in EXAMPLES.values() for plan in plans(backend, example.spec)]
    return json.dumps([show(attrs.asdict(plan, recurse=False)) for plan in every], default=repr)


class PlanLaws:
    """
    Part of `schedkit.testing.BackendConformance`.
    """

    def make_backend(self) -> Backend:
        """
        A new backend, with the options that the laws shall hold under.
        """
        raise NotImplementedError

    def check_nodes(self, plan: Plan) -> None:
        """
        What more must be true of the nodes of every plan, such as a schema of the platform's.

        Called with every plan that is not refused; fails by `assert`.
        """

    @pytest.mark.parametrize("feature", list(Feature))
    def test_keeps_or_refuses(self, feature: Feature) -> None:
        """
        A feature asked for alone changes the plan, or a finding names it; there is no third way.
        """
        backend, example = self.make_backend(), EXAMPLES[feature]
        made = plans(backend, example.spec)
        base = plans(backend, example.base) if example.base else ()
        findings = [finding for plan in made for finding in plan.findings]
        named = any(_names(finding, feature) for finding in findings)
        assert named or _carried(made) != _carried(base), f"{feature} is dropped without a word"

    def test_every_feature_has_an_example(self) -> None:
        """
        The suite asks for every feature that there is.
        """
        assert set(Feature) == set(EXAMPLES)

    @pytest.mark.parametrize("feature", list(Feature))
    def test_compiles_the_same_twice(self, feature: Feature) -> None:
        """
        Two compilations give equal plans, and leave the spec as it was.
        """
        spec = _copy(EXAMPLES[feature].spec)
        before = repr(spec)
        backend = self.make_backend()
        first, second = plans(backend, spec), plans(backend, spec)
        assert first == second
        assert first == plans(self.make_backend(), spec)
        assert before == repr(spec)

    @pytest.mark.parametrize("feature", list(Feature))
    def test_asks_no_clock(self, feature: Feature) -> None:
        """
        No compilation asks the clock, chance or the environment.
        """
        backend, spec = self.make_backend(), EXAMPLES[feature].spec
        plans(backend, spec)  # what is imported or cached at first use may ask
        with _asked() as questions:
            _compiled(backend, spec)
        assert [] == questions

    def test_compiles_the_same_in_another_zone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        The machine's own time zone changes no plan.
        """
        here = dumped(self.make_backend())
        monkeypatch.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        try:
            assert here == dumped(self.make_backend())
        finally:
            monkeypatch.undo()
            time.tzset()

    def test_compiles_the_same_in_another_process(self) -> None:
        """
        The order of sets, which each process draws anew, changes no plan; with default options.
        """
        kind = type(self.make_backend())
        command = [sys.executable, "-c", _ELSEWHERE, kind.__module__, kind.__qualname__]
        path = os.pathsep.join(sys.path)
        processes = [
            subprocess.Popen(
                command,
                env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
                stdout=subprocess.PIPE,
                text=True,
            )
            for seed in ("1", "2")
        ]
        texts = [process.communicate()[0] for process in processes]
        assert [0, 0] == [process.returncode for process in processes]
        assert texts[0] == texts[1]

    @pytest.mark.parametrize("feature", _TIMES)
    def test_fires_when_the_schedule_fires(self, feature: Feature) -> None:
        """
        The native texts, read by their dialect, fire when the schedule does; or it is refused.
        """
        fires_as_asked(self.make_backend(), EXAMPLES[feature].spec)

    def test_fires_when_any_schedule_fires(self) -> None:
        """
        Whatever is asked for is compiled and proved, or refused; and it never raises.
        """
        backend = self.make_backend()

        @settings(max_examples=40, deadline=None, database=None)
        @given(strategies.whens())
        def alone(when: When) -> None:
            fires_as_asked(backend, schedule(when), _SPRING)

        @settings(max_examples=40, deadline=None, database=None)
        @given(strategies.schedules())
        def with_all_else(spec: ScheduleSpec) -> None:
            fires_as_asked(backend, spec, _SPRING)

        alone()
        with_all_else()

    @pytest.mark.parametrize("feature", list(Feature))
    def test_findings_are_sentences(self, feature: Feature) -> None:
        """
        A reason is part of a sentence; an emulation says how, a refusal what works instead.
        """
        for plan in plans(self.make_backend(), EXAMPLES[feature].spec):
            for finding in plan.findings:
                assert _SENTENCE_PART.fullmatch(finding.reason), finding
                assert not finding.url or finding.url.startswith("https://"), finding
                if finding.verdict == "emulated":
                    assert len(finding.reason.split()) > 1, finding
                if finding.verdict == "refused":
                    assert _SENTENCE_PART.fullmatch(finding.nearest), finding

    def test_unknown_options_are_refused(self) -> None:
        """
        The stack config takes the options by camelCase names, and refuses others with a hint.
        """
        kind = type(self.make_backend())
        assert attrs.has(kind.options), f"{kind.options} is no attrs class"
        assert kind.options() == config.options(kind, {})
        fields = [field.name for field in attrs.fields(kind.options)]
        assert [name for name in fields if _SNAKE_CASE.fullmatch(name)] == fields
        names = [config.camel(name) for name in fields]
        for wrong in ("noSuchOption", *(f"{name}s" for name in names)):
            with pytest.raises(ConfigError) as caught:
                config.options(kind, {wrong: 1})
            assert caught.value.cure

    @pytest.mark.parametrize("feature", list(Feature))
    def test_nodes_have_the_shape_of_the_sdk(self, feature: Feature) -> None:
        """
        Every node has a class, and holds what the SDK declares, by name, nesting and type.
        """
        backend = self.make_backend()
        for plan in plans(backend, EXAMPLES[feature].spec):
            if verdict(plan, strict=False):
                continue
            for node in (*plan.nodes, *plan.shared):
                assert node.token in backend.classes, f"{node.key}: {node.token} has no class"
                path = backend.classes[node.token]
                assert [] == (mistakes(path, node.inputs) if path else []), node.key
            self.check_nodes(plan)

    def test_secrets_are_references(self) -> None:
        """
        A secret is handed over by name and key.
        """
        made = plans(self.make_backend(), EXAMPLES[Feature.SECRETS].spec)
        findings = [finding for plan in made for finding in plan.findings]
        texts = [str(leaf) for plan in made for node in plan.nodes for leaf in walk(node.inputs)]
        refused = any(_names(f, Feature.SECRETS) and f.verdict == "refused" for f in findings)
        assert refused or {"hub", "token"} <= {word for text in texts for word in text.split("/")}


def fires_as_asked(backend: Backend, spec: Spec, window: Window = _YEAR) -> None:
    """
    Assert that a schedule is refused, or fires at its instants through a window of time.
    """
    assert not isinstance(spec, PipelineSpec)
    plan = plan_for(backend, spec, _TARGET)
    if verdict(plan, strict=False) or verdict(
        plan_for(backend, spec.pipeline, _TARGET), strict=False
    ):
        return
    assert plan.timings, "nothing is refused, and nothing carries the schedule"
    assert plan.proof is not None
    assert plan.proves is not None
    assert backend.dialect is not None
    assert (0, 0) == (plan.proof.missing_count, plan.proof.extra_count)
    assert backend.dialect.token or () == plan.proof.doubled
    read = [instant for native in natives(plan) for instant in _fires(backend, native, window)]
    read = list(set(read)) if backend.dialect.token else read
    wanted = [_epoch(instant) for instant in plan.proves.between(*window)]
    blurred = _changes(plan, window) if plan.proof.departures or plan.proof.unknown else ()
    assert _away_from(blurred, wanted) == _away_from(blurred, sorted(read))
    first, last = max(spec.start or window[0], window[0]), min(spec.end or window[1], window[1])
    if first < last:
        asked = [_epoch(instant) for instant in spec.when.between(first, last)]
        kept = [_epoch(instant) for instant in plan.proves.between(first, last)]
        _late_at_most(spec.jitter, asked, kept, (first, last))


def _late_at_most(seconds: int, asked: list[int], kept: list[int], window: Window) -> None:
    """
    Assert that each run is kept up to so many seconds late, and that there is no other.
    """
    if not seconds:
        assert asked == kept
    first, last = _epoch(window[0]) + seconds, _epoch(window[1]) - seconds
    for instants, others, early, late in ((kept, asked, seconds, 0), (asked, kept, 0, seconds)):
        for instant in instants:
            index = bisect_left(others, instant - early)
            inside = first <= instant < last
            assert not inside or others[index : index + 1] <= [instant + late]
            assert not inside or index < len(others)


def _fires(backend: Backend, native: Native, window: Window) -> Iterator[int]:
    assert backend.dialect is not None
    return backend.dialect.fires(native, _epoch(window[0]), _epoch(window[1]))


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())


def _changes(plan: Plan, window: Window) -> tuple[int, ...]:
    zones = plan.proof.zones if plan.proof else ()
    bounds = [_epoch(each) for each in window]
    return tuple(c.epoch for zone in zones for c in Zone.of(zone).changes(*bounds))


def _away_from(changes: tuple[int, ...], instants: list[int]) -> list[int]:
    reach = _DAY.total_seconds()
    return [i for i in instants if all(abs(i - change) > reach for change in changes)]


def _copy(spec: Spec) -> Spec:
    """
    Another one, so that a backend that writes to it spoils no other law.
    """
    if isinstance(spec, PipelineSpec):
        return attrs.evolve(spec)
    return attrs.evolve(spec, pipeline=attrs.evolve(spec.pipeline))


def _names(finding: Finding, feature: Feature) -> bool:
    whole = finding.feature in (Feature.PIPELINE, Feature.SCHEDULE)
    kind = "schedule" if finding.feature is Feature.SCHEDULE else ("pipeline", "step")
    return finding.feature is feature or (
        whole and finding.verdict == "refused" and feature.startswith(kind)
    )


def _carried(made: tuple[Plan, ...]) -> list[object]:
    return [part for plan in made for part in (*plan.nodes, *plan.shared, *plan.timings)]


def _compiled(backend: Backend, spec: Spec) -> None:
    if isinstance(spec, PipelineSpec):
        backend.compile_pipeline(spec, _TARGET)
        backend.compile_schedule(schedule(of=spec), _TARGET)
    else:
        backend.compile_schedule(spec, _TARGET)


@contextmanager
def _asked() -> Iterator[list[str]]:
    """
    Note what is called that may answer differently elsewhere or next time.
    """
    questions: list[str] = []

    def note(frame: FrameType, event: str, function: Any) -> None:
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        asks = any(owner is each and name in names for each, names in _ANSWERS.items())
        if event == "call" and frame.f_code is _ENVIRONMENT:
            name, asks = "os.environ", True
        if asks:
            questions.append(f"{name} in {frame.f_code.co_filename}:{frame.f_lineno}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield questions
    finally:
        sys.setprofile(before)
