"""
Hypothesis strategies for schedkit's values; all that they draw is legal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import assume
from hypothesis import strategies as st

from schedkit.exceptions import AmbiguousCronError, NeverFiresError
from schedkit.pipeline import Overlap, Parameter, PipelineSpec, Resources, Retry, Secret, Step
from schedkit.recurrence import (
    ANY,
    Calendar,
    Cron,
    Dst,
    Every,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    When,
)
from schedkit.schedule import CatchUp, ScheduleSpec


ZONES = (
    "UTC",
    "Etc/GMT+3",  # a fixed offset
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # clocks change at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Chatham",
    "Africa/Cairo",
    "Africa/Casablanca",
)
_ANYWHERE = st.sampled_from(ZONES)
_GRAPHS: tuple[dict[str, tuple[str, ...]], ...] = (
    {"a": ()},
    {"a": (), "b": ("a",)},
    {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")},
)
_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_SHORT = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
_WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_./ $'\"", max_size=12)
_INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001
_INSTANTS = _INSTANTS.map(lambda found: found.replace(microsecond=0, tzinfo=UTC))


def zones() -> st.SearchStrategy[str]:
    """
    Zones of every manner of changing clocks.
    """
    return _ANYWHERE


@st.composite
def crons(draw: st.DrawFn, timezones: st.SearchStrategy[str] = _ANYWHERE) -> Cron:
    """
    Five fields of numbers, ranges, steps and lists.
    """
    text = " ".join(draw(_field(low, high)) for low, high in _FIELDS)
    zone = draw(timezones)
    try:
        return Cron(text, timezone=zone, day_rule="any")
    except (AmbiguousCronError, NeverFiresError):
        return Cron("30 9 * * *", timezone=zone)


@st.composite
def _field(draw: st.DrawFn, low: int, high: int) -> str:
    numbers = st.integers(low, high)
    pair = st.tuples(numbers, numbers).map(sorted)
    steps = st.integers(1, max(1, (high - low) // 2))
    item = st.one_of(
        numbers.map(str),
        pair.map(lambda found: f"{found[0]}-{found[1]}"),
        st.tuples(pair, steps).map(lambda found: f"{found[0][0]}-{found[0][1]}/{found[1]}"),
    )
    every = st.one_of(st.just("*"), steps.map(lambda step: f"*/{step}"))
    return draw(st.one_of(every, st.lists(item, min_size=1, max_size=3).map(",".join)))


@st.composite
def calendars(draw: st.DrawFn, timezones: st.SearchStrategy[str] = _ANYWHERE) -> Calendar:
    """
    Sets of minutes, hours, days, months and weekdays, with the words that cron text lacks.
    """
    day = st.one_of(st.integers(1, 31), st.just(-1), st.builds(NearestWeekday, st.integers(1, 31)))
    nth = st.builds(NthWeekday, st.integers(0, 6), st.sampled_from([1, 2, 3, 4, 5, -1]))
    days = draw(_some(day))
    weekdays = draw(_some(st.one_of(st.integers(0, 6), nth)))
    both = days is not ANY and weekdays is not ANY
    try:
        return Calendar(
            minutes=draw(_some(st.integers(0, 59), least=1)),
            hours=draw(_some(st.integers(0, 23), least=1)),
            days=days,
            weekdays=weekdays,
            months=draw(_some(st.integers(1, 12))),
            day_rule=draw(st.sampled_from(["any", "all"])) if both else None,
            timezone=draw(timezones),
            dst=draw(st.none() | _policies()),
        )
    except NeverFiresError:
        assume(False)
        raise


def _some(items: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[Any]:
    found = st.lists(items, min_size=1, max_size=4)
    return found if least else st.just(ANY) | found


def _policies() -> st.SearchStrategy[Dst]:
    gaps, folds = ("skip", "next", "shift"), ("first", "second", "both")
    return st.builds(Dst, gap=st.sampled_from(gaps), fold=st.sampled_from(folds))


def whens(timezones: st.SearchStrategy[str] = _ANYWHERE) -> st.SearchStrategy[When]:
    """
    Every kind of schedule; in `zones()`, unless told otherwise.
    """
    every = st.builds(Every, st.sampled_from(["15m", "90m", "6h", "36h"]), _INSTANTS)
    once = st.builds(Once, _INSTANTS)
    single = st.one_of(crons(timezones), calendars(timezones), every, once)
    return st.one_of(single, st.builds(Union, single, single))


@st.composite
def steps(draw: st.DrawFn, name: str = "fit", needs: tuple[str, ...] = ()) -> Step:
    """
    A step with a bit of everything, that uses the parameter `epochs`.
    """
    cpu, memory = draw(st.sampled_from([None, 0.5, 2])), draw(st.sampled_from([None, "2Gi"]))
    word = st.one_of(_WORD, st.integers(), st.booleans(), st.just(Parameter("epochs")))
    retries = st.builds(Retry, st.integers(0, 5), st.integers(0, 600))
    return Step(
        name,
        image=draw(st.sampled_from(["ghcr.io/acme/ml:1", "registry:5000/ml@sha256:" + "0" * 64])),
        command=draw(st.just(["python", "-m", "acme"]) | st.just(["/bin/fit"])),
        args=draw(st.lists(word, max_size=3)),
        env=draw(st.dictionaries(st.sampled_from(["MODE", "debug", "A_1"]), word)),
        secrets=draw(st.just({}) | st.just({"TOKEN": Secret("hub", "token")})),
        needs=needs,
        resources=Resources(cpu=cpu, memory=memory, gpu=draw(st.integers(0, 2))),
        retry=draw(st.none() | retries),
        timeout=draw(st.none() | st.integers(1, 86_400)),
    )


@st.composite
def pipelines(draw: st.DrawFn) -> PipelineSpec:
    """
    One step, a chain of two, or a graph with fan-out and fan-in.
    """
    graph = draw(st.sampled_from(_GRAPHS))
    return PipelineSpec(
        draw(_SHORT),
        steps=[draw(steps(name, needs)) for name, needs in graph.items()],
        parameters={"epochs": draw(st.integers(1, 9) | _WORD)},
        overlap=draw(
            st.sampled_from(cast("list[Overlap]", ["allow", "forbid", "replace", "queue"]))
        ),
        timeout=draw(st.integers(60, 86_400)),
    )


@st.composite
def schedules(draw: st.DrawFn) -> ScheduleSpec:
    """
    Any pipeline at any time, with any policies.
    """
    window = st.sampled_from([CatchUp("latest", "2h"), CatchUp("all", "2h")])
    return ScheduleSpec(
        draw(_SHORT),
        draw(pipelines()),
        draw(whens()),
        parameters=draw(st.just({}) | st.just({"epochs": 5})),
        catch_up=draw(st.just(CatchUp()) | window),
        starting_deadline=draw(st.integers(1, 7200)),
        jitter=draw(st.just(0) | st.integers(1, 900)),
        start=draw(st.none() | st.just(datetime(2027, 3, 1, tzinfo=UTC))),
        paused=draw(st.booleans()),
    )
