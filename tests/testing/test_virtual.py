"""
The virtual clock, as a user's tests would use it.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pulumi
import pytest

import schedkit as sk
from schedkit.exceptions import OutputError, ProgramError, SpecError
from schedkit.schedule import ScheduleSpec
from schedkit.testing import virtual_time
from schedkit.testing.examples import EXAMPLES, pipeline, schedule


ROOT = Path(__file__).parents[2]
EXAMPLE_FOLDERS = sorted(path.parent for path in ROOT.glob("examples/*/Pulumi.yaml"))
STACKS = ("aws", "kubernetes", "local")
START = datetime(2026, 3, 1, tzinfo=UTC)
OUTPUT = pulumi.Output.from_input("2026-03-01T00:00:00Z")  # while there is an event loop
HOURLY = sk.Cron("0 * * * *")


def hourly(overlap="allow", **policies):
    return schedule(HOURLY, pipeline(overlap=overlap), **policies)


def instants(when, start, stop):
    """
    In UTC: a wall-clock time that is repeated equals no instant of another zone, says PEP 495.
    """
    return [found.astimezone(UTC) for found in when.between(start, stop)]


def at(hours, minutes=0):
    return START + timedelta(hours=hours, minutes=minutes)


# Programs


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("folder", EXAMPLE_FOLDERS, ids=lambda path: path.name)
def test_examples(folder, stack):
    """
    The examples run every day of March, on every platform at the same instants.
    """
    hour = {"hello": 9, "nightly-training": 1}[folder.name]
    clock = virtual_time("2026-03-01T00:00:00+01:00", folder, stack=stack)
    runs = clock.advance("2026-04-01T00:00:00+02:00")
    berlin = sk.Cron(f"0 {hour} * * *", timezone="Europe/Berlin")
    start, stop = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert instants(berlin, start, stop) == [run.scheduled for run in runs]
    assert {"done": 31} == Counter(run.state for run in runs)


def test_folder_as_text():
    """
    A folder may be a text, and its schedule's run has the pipeline's parameters.
    """
    folder = str(ROOT / "examples" / "nightly-training")
    (run,) = virtual_time(START, folder, stack="local").advance("24h")
    assert ("nightly", "training") == (run.schedule, run.pipeline)
    assert {"holdout": 0.25, "strength": 0.01} == run.parameters


def test_page():
    """
    The tests of the page on testing pass beside the program of an example.
    """
    page = (ROOT / "docs" / "how-to" / "test-your-program.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {"__file__": str(ROOT / "examples" / "nightly-training" / "test_schedules.py")}
    exec(compile(code.replace('"prod"', '"local"'), "page", "exec"), names)
    tests = [test for name, test in names.items() if name.startswith("test_")]
    assert 2 == len(tests)
    for test in tests:
        test()


def test_broken_program(program):
    """
    A program that fails says so.
    """
    with pytest.raises(ProgramError, match="no luck"):
        virtual_time(START, program("raise ValueError('no luck')"))


def test_program_without_schedules(program):
    """
    Nothing scheduled is nothing that runs.
    """
    clock = virtual_time(START, program("import schedkit"))
    assert ([], at(24)) == (clock.advance("24h"), clock.now)


# Instants


CHANGES = [
    # zone, the night of the change, runs more or less than without it
    ("Europe/Berlin", "2026-03-29", -2),
    ("Europe/Berlin", "2026-10-25", 2),
    ("America/New_York", "2026-03-08", -2),
    ("America/New_York", "2026-11-01", 2),
    ("Australia/Lord_Howe", "2026-10-04", -1),
    ("Australia/Lord_Howe", "2026-04-05", 1),
    ("Africa/Cairo", "2026-04-24", -2),
    ("Africa/Cairo", "2026-10-30", 2),
]


@pytest.mark.parametrize(("zone", "day", "change"), CHANGES)
def test_months_in_which_clocks_change(zone, day, change):
    """
    Skipped times do not run, repeated ones run twice, and `between` says the same.
    """
    when = sk.Cron("15,45 0-2,23 * * *", timezone=zone)
    middle = datetime.fromisoformat(f"{day}T12:00:00Z")
    start, stop = middle - timedelta(days=15), middle + timedelta(days=15)
    runs = virtual_time(start, [schedule(when)]).advance(stop)
    assert 30 * 8 + change == len(runs)
    assert instants(when, start, stop) == [run.scheduled for run in runs]
    assert all(run.started == run.scheduled for run in runs)


@pytest.mark.parametrize(("zone", "day", "change"), CHANGES)
def test_policies_for_changing_clocks(zone, day, change):
    """
    With `next` and `first` every day has its run of a single time, whatever clocks do.
    """
    dst = sk.Dst(gap="next", fold="first")
    hour = {"Africa/Cairo": "15 0"}.get(zone, "15 2")
    when = sk.Cron(f"{hour} * * *", timezone=zone, dst=dst)
    middle = datetime.fromisoformat(f"{day}T12:00:00Z")
    runs = virtual_time(middle - timedelta(days=15), [schedule(when)]).advance("720h")
    assert 30 == len(runs)


SCHEDULES = {
    feature: example.spec
    for feature, example in EXAMPLES.items()
    if isinstance(example.spec, ScheduleSpec)
}


@pytest.mark.parametrize("feature", SCHEDULES, ids=lambda feature: feature.value)
def test_every_feature_of_schedules(feature):
    """
    The example of each feature runs at its instants, in its window, with its parameters.
    """
    spec = SCHEDULES[feature]
    start, stop = datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)
    clock = virtual_time(start, [spec])
    clock.advance(stop - timedelta(seconds=1))
    clock.advance("1h")
    runs = [run for run in clock.runs if run.scheduled < stop]
    low, high = max(start, spec.start or start), min(stop, spec.end or stop)
    expected = [] if spec.paused else instants(spec.when, low, high)
    assert expected == sorted(run.scheduled for run in runs)
    limit = timedelta(seconds=spec.jitter)
    assert all(run.scheduled <= run.started <= run.scheduled + limit for run in runs)
    assert all(("done", spec.filled()) == (run.state, run.parameters) for run in runs)


def test_month_of_a_hundred_schedules():
    """
    A hundred schedules over a month are each run as often as they should.
    """
    overlaps = ("allow", "forbid", "queue", "replace")
    specs = [
        sk.ScheduleSpec(
            f"s{number}",
            attrs.evolve(pipeline(overlap=overlaps[number % 4]), name=f"p{number}"),
            sk.Cron(f"{number % 60} */4 * * *"),
        )
        for number in range(100)
    ]
    runs = virtual_time(START, specs).advance("744h")
    assert {f"s{number}": 186 for number in range(100)} == Counter(run.schedule for run in runs)
    assert {"done"} == {run.state for run in runs if run.scheduled < at(744)}


# The clock


def test_advance():
    """
    A clock is moved for a while or to an instant, and tells what was decided meanwhile.
    """
    clock = virtual_time("2026-03-01T00:30:00Z", [hourly()])
    assert [] == clock.advance("29m")
    assert [at(1)] == [run.started for run in clock.advance(timedelta(minutes=1))]
    assert [] == clock.advance(at(1))
    assert [at(2)] == [run.started for run in clock.advance("2026-03-01T03:00:00+01:00")]
    assert (at(2), 2) == (clock.now, len(clock.runs))


def test_starts_with_the_first_second():
    """
    What is due at the start has started before the clock is moved, and its end is seen later.
    """
    clock = virtual_time(START, [hourly()])
    (run,) = clock.runs
    assert ("running", START, None) == (run.state, run.started, run.ended)
    assert [] == clock.advance("59s")
    assert "running" == run.state
    clock.advance("1s")
    assert ("done", at(0, 1)) == (run.state, run.ended)


def test_replaced():
    """
    A run that is replaced ends when the next starts, and never again.
    """
    clock = virtual_time(at(0, 1), [hourly("replace")], lasts={"train": "90m"})
    first, second, third = clock.advance("180m")
    assert ("replaced", at(2)) == (first.state, first.ended)
    assert ("replaced", at(3)) == (second.state, second.ended)
    assert ("running", at(3)) == (third.state, third.started)


def test_many_that_are_replaced():
    """
    Runs end in the order of their ends, whichever of them were replaced.
    """
    ends = {"p0": 1, "p1": 200, "p2": 5, "p3": 210, "p4": 220, "p5": 30, "p6": 40}
    specs = [
        sk.ScheduleSpec(
            f"s-{name}",
            attrs.evolve(pipeline(overlap="replace"), name=name),
            sk.Every("100m" if name == "p1" else "24h", START),
        )
        for name in ends
    ]
    lasts = {name: timedelta(minutes=length) for name, length in ends.items()}
    clock = virtual_time(START, specs, lasts=lasts)
    clock.advance("99m")
    clock.advance("141m")
    first = {run.pipeline: run for run in reversed(clock.runs)}
    over = {name: length for name, length in ends.items() if name != "p1"}
    assert {name: at(0, n) for name, n in over.items()} == {n: first[n].ended for n in over}
    assert ("replaced", at(0, 100)) == (first["p1"].state, first["p1"].ended)


def test_off():
    """
    With the machine off what went on is lost, and what was due is caught up with or missed.
    """
    clock = virtual_time(at(0, 1), [hourly()], lasts={"train": "30m"})
    (lost,) = clock.advance("69m")
    two, three, four = clock.off(at(4, 2))
    assert ("lost", at(1, 10)) == (lost.state, lost.ended)
    assert ["missed", "missed", "running"] == [two.state, three.state, four.state]
    assert (None, None, at(4, 2)) == (three.started, three.ended, four.started)
    assert "1h2m late, and its starting deadline is 5m" == three.reason
    assert (at(4, 2), at(4, 32)) == (clock.now, clock.advance("1h") and four.ended)


def test_caught_up():
    """
    The latest missed run is brought back.
    """
    clock = virtual_time(at(0, 1), [hourly(catch_up=sk.CatchUp("latest", "3h"))])
    states = [(run.scheduled, run.state) for run in clock.off(at(3, 30))]
    assert [(at(1), "missed"), (at(2), "missed"), (at(3), "running")] == states


def test_off_for_no_time():
    """
    A machine that is restarted at once loses what went on, and starts nothing again.
    """
    clock = virtual_time(START, [hourly()])
    assert ([], "lost") == (clock.off("0s"), clock.runs[0].state)
    clock.advance("10m")
    assert (1, START) == (len(clock.runs), clock.runs[0].ended)


def test_most():
    """
    No more runs than that go on at a time.
    """
    specs = [
        sk.ScheduleSpec(f"s{n}", attrs.evolve(pipeline(), name=f"p{n}"), HOURLY) for n in range(5)
    ]
    runs = virtual_time(at(0, 1), specs, most=2).advance("1h5m")
    assert [at(1), at(1), at(1, 1), at(1, 1), at(1, 2)] == [run.started for run in runs]


def test_parameters():
    """
    Runs have the pipeline's parameters with the schedule's own laid over them.
    """
    of = sk.PipelineSpec("train", steps=[sk.Step("fit")], parameters={"epochs": 3, "seed": 1})
    spec = schedule(HOURLY, of, parameters={"epochs": 9})
    assert {"epochs": 9, "seed": 1} == virtual_time(START, [spec]).runs[0].parameters


def test_schedules_from_a_generator():
    """
    Schedules may come one by one.
    """
    assert 1 == len(virtual_time(START, (each for each in [hourly()])).runs)


# Bad input


def given(*arguments, **more):
    return lambda: virtual_time(*arguments, **more)


def moved(way, to):
    return lambda: getattr(virtual_time(START, [hourly()]), way)(to)


INSTANT = "write '2026-01-31T09:00:00Z', or an aware datetime"
DURATION = "write hours, minutes and seconds, such as '1h30m', '90m' or '30s'"
NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001
REFUSALS = [
    # call, culprit, reason, cure
    (given("now", []), "virtual_time, start", "'now' is not an RFC 3339 instant", INSTANT),
    (given(0, []), "virtual_time, start", "0 is int, not an instant", INSTANT),
    (
        given(NAIVE, []),
        "virtual_time, start",
        f"{NAIVE!r} has no time zone",
        "give it tzinfo=datetime.timezone.utc",
    ),
    (
        given(START.replace(microsecond=1), []),
        "virtual_time, start",
        "has a fraction of a second",
        "write 2026-03-01T00:00:00+00:00",
    ),
    (
        given(START, [hourly(), hourly("queue")]),
        "Schedule 'nightly'",
        "two have this name",
        "rename one",
    ),
    (
        given(START, 3),
        "virtual_time, 3",
        "is no sk.ScheduleSpec",
        "give the folder of a program, or schedules",
    ),
    (
        given(START, [HOURLY]),
        f"virtual_time, {HOURLY!r}",
        "is no sk.ScheduleSpec",
        "give the folder of a program, or schedules",
    ),
    (
        given(START, [hourly()], lasts={"tarin": "1h"}),
        "virtual_time, lasts, 'tarin'",
        "is no pipeline here",
        "did you mean 'train'?",
    ),
    (
        given(START, [hourly()], lasts={3: "1h"}),
        "virtual_time, lasts, 3",
        "is no pipeline here",
        "known: train",
    ),
    (
        given(START, [hourly()], lasts={"train": 60}),
        "virtual_time, lasts, 'train'",
        "60 is int, not a duration",
        DURATION,
    ),
    (
        given(START, [hourly()], lasts="1h"),
        "virtual_time, lasts='1h'",
        "is no mapping",
        "write {'train': '90m'}",
    ),
    (given(START, [hourly()], most=0), "most=0", "is no count of runs", "give 1 or more, or None"),
    (moved("advance", 60), "advance", "60 is int, not an instant", INSTANT),
    (moved("advance", None), "advance", "None is NoneType, not an instant", INSTANT),
    (moved("advance", ""), "advance", "'' is not a duration", DURATION),
    (moved("advance", "tomorrow"), "advance", "'tomorrow' is not a duration", DURATION),
    (moved("off", "2026-03-02"), "off", "'2026-03-02' is not an RFC 3339 instant", INSTANT),
    (
        moved("off", "1d"),
        "off",
        "'1d': how long is a day? 23 to 25 hours when the clocks change",
        "write '24h'",
    ),
    (
        moved("advance", timedelta(seconds=-1)),
        "advance",
        "-1 day, 23:59:59 is not a whole number of seconds from 0 upwards",
        "round it",
    ),
    (
        moved("off", "2026-02-28T23:59:59Z"),
        "off, 2026-02-28T23:59:59Z",
        "is before 2026-03-01T00:00:00+00:00",
        "give a later instant",
    ),
    (
        moved("advance", "999999999h"),
        "advance, 999999999h",
        "is after the year 9999",
        "give a shorter time",
    ),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case[1]}: {case[2]}"[:80])
def test_refusals(case):
    """
    What is no instant, no duration, no schedule and no pipeline.
    """
    call, culprit, reason, cure = case
    with pytest.raises(SpecError) as error:
        call()
    assert SpecError is error.type
    assert (culprit, reason, cure) == (error.value.culprit, error.value.reason, error.value.cure)
    assert f"{culprit}: {reason}; {cure}" == str(error.value)


def test_outputs():
    """
    A time that only a deployment knows is refused.
    """
    with pytest.raises(OutputError) as error:
        virtual_time(OUTPUT, [hourly()])
    assert "virtual_time, start" == error.value.culprit


@pytest.mark.parametrize("way", ["advance", "off"])
def test_refusal_changes_nothing(way):
    """
    After a refusal the clock stands where it stood, and what went on goes on.
    """
    clock = virtual_time(START, [hourly()])
    with pytest.raises(SpecError):
        getattr(clock, way)("2026-02-01T00:00:00Z")
    assert (START, "running") == (clock.now, clock.runs[0].state)
