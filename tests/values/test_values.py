"""
Steps, pipelines and schedules: what they hold.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pulumi
import pytest

import schedkit as sk
from schedkit.pipeline import bytes_of, fill, with_parameters


IMAGE = "ghcr.io/acme/ml:1"
DAILY = sk.Cron("0 9 * * *")


def chain(*names):
    """
    Steps, each of which needs the one before.
    """
    return [sk.Step(name, needs=names[max(0, i - 1) : i]) for i, name in enumerate(names)]


def test_defaults_of_a_step():
    """
    A step asks for nothing that it is not told to.
    """
    step = sk.Step("fit")
    assert (None, None, (), {}, {}, ()) == (
        step.image,
        step.command,
        step.args,
        step.env,
        step.secrets,
        step.needs,
    )
    assert (sk.Resources(), None, None) == (step.resources, step.retry, step.timeout)
    assert sk.Resources(cpu=None, memory=None, gpu=0, ephemeral_storage=None) == sk.Resources()


def test_defaults_of_pipeline_and_schedule():
    """
    A run may last a day and start five minutes late; nothing else is asked for.
    """
    spec = sk.PipelineSpec("train", steps=[sk.Step("fit")])
    assert ("allow", 86_400, None, {}) == (spec.overlap, spec.timeout, spec.keep, spec.parameters)
    schedule = sk.ScheduleSpec("nightly", spec, DAILY)
    assert (300, 0, None, None, False) == (
        schedule.starting_deadline,
        schedule.jitter,
        schedule.start,
        schedule.end,
        schedule.paused,
    )
    assert sk.CatchUp("none", None) == schedule.catch_up


def test_values_are_frozen():
    """
    No field can be set again, and no mapping written to.
    """
    step = sk.Step("fit", env={"A": "1"})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        step.timeout = 3
    with pytest.raises(TypeError, match="item assignment"):
        step.env["A"] = "2"


def test_a_mapping_is_copied():
    """
    Who changes the dict later does not change the step.
    """
    env = {"A": "1"}
    step = sk.Step("fit", env=env)
    env["A"] = "2"
    assert {"A": "1"} == step.env


def test_equal_values_have_equal_hashes():
    """
    Values can be compared and used as keys, mappings in them included.
    """
    one, two = (sk.PipelineSpec("p", steps=[sk.Step("a", env={"A": "1"})]) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != sk.PipelineSpec("p", steps=[sk.Step("a", env={"A": "2"})])


def test_needs_takes_steps_and_names():
    """
    A need is kept by name, in any order of steps.
    """
    fit = sk.Step("fit")
    assert ("fit", "load") == sk.Step("score", needs=[fit, "load"]).needs


def test_evolve_takes_what_is_kept():
    """
    What a value holds is legal input again.
    """
    step = sk.Step("fit", retry=sk.Retry(2, "10s"), timeout="2h")
    assert attrs.evolve(step, image=IMAGE) == sk.Step(
        "fit", image=IMAGE, retry=sk.Retry(2, 10), timeout=7200
    )


@pytest.mark.parametrize("value", ["2h", "120m", 7200, timedelta(hours=2)])
def test_durations(value):
    """
    Text, a timedelta and seconds are kept as seconds.
    """
    assert 7200 == sk.Step("fit", timeout=value).timeout
    assert 7200 == sk.ScheduleSpec("s", pipeline(), DAILY, jitter=value).jitter
    assert 7200 == sk.CatchUp("all", value).window


def pipeline(**fields):
    """
    A pipeline of one step.
    """
    return sk.PipelineSpec("train", **{"steps": [sk.Step("fit")], **fields})


def test_pauses_grow():
    """
    Each pause is longer by the factor, and none is longer than the maximum.
    """
    assert [10, 20, 40, 80, 160, 320, 360, 360] == [sk.Retry(8).pause(n) for n in range(1, 9)]
    assert [360, 0] == [sk.Retry(1, first).pause(5000) for first in (10, 0)]
    assert [60, 60] == [sk.Retry(2, "1m", factor=1).pause(n) for n in (1, 2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512", 512),
        ("1.5Gi", 1_610_612_736),
        ("3k", 3000),
        ("2T", 2 * 10**12),
        ("1Ki", 1024),
        ("0.3Ki", 307),
    ],
)
def test_bytes(text, expected):
    """
    Quantities are read as Kubernetes reads them.
    """
    assert expected == bytes_of(sk.Resources(memory=text).memory)


def test_order():
    """
    Steps come after all they need, however they are given.
    """
    steps = [
        sk.Step("report", needs=["fit", "score"]),
        sk.Step("score", needs=["fit"]),
        sk.Step("fit"),
    ]
    spec = sk.PipelineSpec("train", steps=steps)
    assert ["fit", "score", "report"] == [step.name for step in spec.order()]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (chain("a"), True),
        (chain("a", "b", "c"), True),
        (chain("a", "b", "c")[::-1], True),
        ([sk.Step("a"), sk.Step("b")], False),
        ([sk.Step("a"), sk.Step("b", needs=["a"]), sk.Step("c", needs=["a"])], False),
        ([sk.Step("a"), sk.Step("b", needs=["a"]), sk.Step("c", needs=["a", "b"])], False),
    ],
)
def test_is_chain(steps, expected):
    """
    A chain is a line: each step needs just the one before.
    """
    assert expected is sk.PipelineSpec("train", steps=steps).is_chain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (3, "3"),
        (0.5, "0.5"),
        (True, "true"),
        (False, "false"),
        (sk.Parameter("epochs"), "9"),
    ],
)
def test_fill(value, expected):
    """
    Parameters are looked up, numbers and bools written as JSON writes them.
    """
    assert expected == fill(value, {"epochs": 9})


def test_fill_leaves_outputs_alone():
    """
    What only the engine knows passes through untouched, out of a parameter too.
    """
    output = pulumi.Output.from_input("x")
    assert output is fill(output, {})
    assert output is fill(sk.Parameter("image"), {"image": output})


def test_outputs_fill():
    """
    Images, arguments, variables and parameters may be Outputs.
    """
    output = pulumi.Output.from_input("x")
    step = sk.Step("fit", image=output, command=[output], args=[output], env={"A": output})
    spec = sk.PipelineSpec("train", steps=[step], parameters={"data": output})
    schedule = sk.ScheduleSpec("s", spec, DAILY, parameters={"data": output})
    assert output is schedule.filled()["data"]
    assert (output, (output,), (output,)) == (step.image, step.command, step.args)


def test_parameters_of_a_schedule_win():
    """
    A schedule's parameters are laid over the defaults.
    """
    spec = pipeline(parameters={"epochs": 3, "rate": 0.1})
    schedule = sk.ScheduleSpec("s", spec, DAILY, parameters={"epochs": 9})
    assert {"epochs": 9, "rate": 0.1} == schedule.filled()
    assert {"epochs": 3, "rate": 0.5} == with_parameters(spec, {"rate": 0.5}, "run")


def test_instants():
    """
    Start and end are kept in UTC, from text or datetime.
    """
    start = datetime(2027, 1, 1, tzinfo=UTC)
    schedule = sk.ScheduleSpec(
        "s", pipeline(), DAILY, start=start, end="2027-02-01T01:00:00+01:00"
    )
    assert (start, datetime(2027, 2, 1, tzinfo=UTC)) == (schedule.start, schedule.end)


def test_catch_up_by_word():
    """
    A policy without a window may be written as its word.
    """
    assert sk.CatchUp() == sk.ScheduleSpec("s", pipeline(), DAILY, catch_up="none").catch_up
