"""
What holds for every value, tried on random ones.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedkit.exceptions import SpecError
from schedkit.pipeline import (
    Keep,
    Parameter,
    PipelineSpec,
    Resources,
    Retry,
    Secret,
    Step,
    bytes_of,
    fill,
    with_parameters,
)
from schedkit.recurrence import Cron
from schedkit.recurrence.durations import duration
from schedkit.schedule import CatchUp, ScheduleSpec


UNITS = ("", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti")
SIZES = [1, 10**3, 10**6, 10**9, 10**12, 2**10, 2**20, 2**30, 2**40]
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
SCALARS = st.one_of(TEXTS, st.integers(), st.floats(), st.booleans())
PARAMETERS = st.dictionaries(NAMES, SCALARS, max_size=4)


@st.composite
def retries(draw):
    """
    Any way to run again, the wildest included.
    """
    return Retry(
        draw(st.integers(0, 10**6)),
        draw(st.integers(0, 10**9)),
        factor=draw(st.integers(1, 10**6) | st.floats(1, 1.7e308)),
        maximum=draw(st.integers(0, 10**9)),
    )


@st.composite
def graphs(draw):
    """
    Steps without a circle, in any order.
    """
    count = draw(st.integers(1, 9))
    steps = [
        Step(f"s{number}", needs=draw(needs(number)) if number else ()) for number in range(count)
    ]
    return draw(st.permutations(steps))


def needs(number):
    return st.lists(st.sampled_from([f"s{one}" for one in range(number)]), unique=True)


def earliest(steps):
    """
    Again and again the first step given whose needs are done.
    """
    waiting, done = list(steps), []
    while waiting:
        names = {step.name for step in done}
        step = next(step for step in waiting if names.issuperset(step.needs))
        waiting.remove(step)
        done.append(step)
    return tuple(done)


@given(retries(), st.integers(1, 3_000))
def test_pauses_grow_and_end(retry, repetition):
    """
    A pause is never shorter than the one before, never longer than the maximum.
    """
    one, two = retry.pause(repetition), retry.pause(repetition + 1)
    assert 0 <= one <= two <= retry.maximum
    assert min(retry.backoff, retry.maximum) == retry.pause(1)
    assert retry.backoff or not one


@given(st.integers(0, 10**18 - 1), st.none() | st.integers(0, 999_999_999), st.sampled_from(UNITS))
def test_bytes_are_counted_exactly(whole, part, unit):
    """
    A quantity is the whole bytes of its exact fraction; below one byte it is refused.
    """
    number = f"{whole}" if part is None else f"{whole}.{part}"
    expected = int(Fraction(number) * dict(zip(UNITS, SIZES, strict=True))[unit])
    assert expected == bytes_of(f"{number}{unit}")
    if expected:
        assert f"{number}{unit}" == Resources(memory=f"{number}{unit}").memory
    else:
        with pytest.raises(SpecError, match="is no quantity of bytes"):
            Resources(ephemeral_storage=f"{number}{unit}")


@given(st.integers(1, 10**9 * 3600 - 1))
def test_durations_have_one_meaning(total):
    """
    A text, a timedelta and seconds of one length make equal values.
    """
    same = [total, duration(total), timedelta(seconds=total)]
    assert 1 == len({Step("fit", timeout=each) for each in same})
    assert 1 == len({Retry(1, each, maximum=each) for each in same})
    assert 1 == len({PipelineSpec("p", steps=[Step("fit")], timeout=each) for each in same})
    assert 1 == len({CatchUp("all", each) for each in same})
    assert {total} == {schedule(each).jitter for each in same}
    assert {total} == {schedule(each).starting_deadline for each in same}


def schedule(length):
    spec = PipelineSpec("p", steps=[Step("fit")])
    return ScheduleSpec("s", spec, Cron("0 9 * * *"), jitter=length, starting_deadline=length)


@given(graphs())
def test_order_is_legal_and_stable(steps):
    """
    Every step comes once and after its needs; where needs leave a choice, as given.
    """
    spec = PipelineSpec("p", steps=steps)
    order = spec.order()
    assert earliest(steps) == order
    assert order == PipelineSpec("p", steps=order).order()
    assert order is spec.order()


@given(graphs())
def test_chain_is_a_line(steps):
    """
    A pipeline is a chain when its steps in their order each need just the one before.
    """
    spec = PipelineSpec("p", steps=steps)
    names = [step.name for step in spec.order()]
    line = [()] + [(name,) for name in names[:-1]]
    assert spec.is_chain is ([step.needs for step in spec.order()] == line)


@given(graphs(), st.data())
def test_a_circle_is_named(steps, data):
    """
    When a step needs one that needs it, the error names a circle of real needs.
    """
    steps = {step.name: step for step in steps}
    name = data.draw(st.sampled_from(sorted(steps)))
    above = data.draw(st.sampled_from(sorted(ancestors(steps, name))))
    needs = dict.fromkeys([*steps[above].needs, name])
    steps[above] = attrs.evolve(steps[above], needs=list(needs))
    with pytest.raises(SpecError) as caught:
        PipelineSpec("p", steps=list(steps.values()))
    assert "Pipeline 'p', steps" == caught.value.culprit
    circle = caught.value.reason.removeprefix("need each other in a circle: ").split(" -> ")
    assert circle[0] == circle[-1]
    assert len(circle) > 1
    for step, need in pairwise(circle):
        assert need in steps[step].needs


def ancestors(steps, name):
    """
    The step and all that it needs, directly or not.
    """
    return {name}.union(*(ancestors(steps, need) for need in steps[name].needs))


@given(SCALARS, PARAMETERS)
def test_fill_writes_scalars(value, parameters):
    """
    A text stays, a bool is a lower-case word, a number is as Python writes it; the same out of a
    parameter.
    """
    text = fill(value, parameters)
    assert str is type(text)
    if isinstance(value, bool):
        assert {True: "true", False: "false"}[value] == text
    elif isinstance(value, str):
        assert value == text
    else:
        assert repr(value) == text
    assert text == fill(Parameter("it"), {**parameters, "it": value})


@given(PARAMETERS, st.data())
def test_with_parameters(defaults, data):
    """
    What is laid over wins, the rest stays, nothing is added, and the spec does not change.
    """
    spec = PipelineSpec("p", steps=[Step("fit")], parameters=defaults)
    before = dict(spec.parameters)
    some = st.dictionaries(st.sampled_from(sorted(defaults)), SCALARS) if defaults else st.just({})
    over = data.draw(some)
    result = with_parameters(spec, over, "run")
    assert list(before) == list(result)
    assert all(result[name] is over.get(name, before[name]) for name in result)
    assert list(before.items()) == list(spec.parameters.items())
    filled = ScheduleSpec("s", spec, Cron("0 9 * * *"), parameters=over).filled()
    assert list(result.items()) == list(filled.items())


@given(PARAMETERS, NAMES)
def test_unknown_parameters_are_refused(defaults, name):
    """
    A parameter that the pipeline does not have is refused, whatever else is right.
    """
    defaults.pop(name, None)
    spec = PipelineSpec("p", steps=[Step("fit")], parameters=defaults)
    with pytest.raises(SpecError) as caught:
        with_parameters(spec, {**defaults, name: 1}, "run")
    assert f"run, parameter {name!r}" == caught.value.culprit
    assert "pipeline 'p' has no parameter of that name" == caught.value.reason


def rich(image="i"):
    """
    Every kind of value at once, made anew.
    """
    step = Step(
        "fit",
        image=image,
        command=["python", Parameter("n")],
        args=["-v", 1],
        env={"A": 1},
        secrets={"B": Secret("hf", "token")},
        resources=Resources(cpu=2, memory="1Gi", gpu=1, ephemeral_storage="2G"),
        retry=Retry(2, "10s"),
        timeout="1h",
    )
    spec = PipelineSpec("p", steps=[step], parameters={"n": 1}, keep=Keep(days=3))
    catch_up = CatchUp("all", "1h")
    return ScheduleSpec(
        "s",
        spec,
        Cron("0 9 * * *"),
        parameters={"n": 2},
        catch_up=catch_up,
        end="2027-01-01T00:00:00Z",
    )


def parts(nightly):
    step = nightly.pipeline.steps[0]
    inner = (step.resources, step.retry, step.secrets["B"], step.command[1])
    return (nightly, nightly.catch_up, nightly.pipeline, nightly.pipeline.keep, step, *inner)


@pytest.mark.parametrize("number", range(9))
def test_values_are_equal_hashable_and_frozen(number):
    """
    Equal values are equal and have one hash; no field of any can be set or removed.
    """
    one, two = parts(rich())[number], parts(rich())[number]
    assert one == two
    assert one is not two
    assert 1 == len({one, two})
    for field in attrs.fields(type(one)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(one, field.name, None)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(one, field.name)
    assert attrs.evolve(one) == one


def test_a_difference_deep_inside_is_seen():
    """
    Values that differ in one field of one step differ.
    """
    assert rich() != rich("j")
    assert rich().pipeline != rich("j").pipeline


def test_later_changes_do_not_reach_a_value():
    """
    Who changes a list or dict after the call does not change the value.
    """
    words, env, secrets = ["a"], {"A": 1}, {"B": Secret("hf")}
    before, parameters, over = ["load"], {"n": 1}, {"n": 2}
    step = Step("fit", command=words, args=words, env=env, secrets=secrets, needs=before)
    steps = [Step("load"), step]
    spec = PipelineSpec("p", steps=steps, parameters=parameters)
    nightly = ScheduleSpec("s", spec, Cron("0 9 * * *"), parameters=over)
    for each in (words, before, steps, env, secrets, parameters, over):
        each.clear()
    assert ("a",) == step.command == step.args
    assert ({"A": 1}, {"B": Secret("hf")}, ("load",)) == (step.env, step.secrets, step.needs)
    assert ((Step("load"), step), {"n": 1}) == (spec.steps, spec.parameters)
    assert {"n": 2} == nightly.parameters == nightly.filled()


@pytest.mark.parametrize(
    ("holder", "field"),
    [("step", "env"), ("step", "secrets"), ("pipeline", "parameters"), ("schedule", "parameters")],
)
def test_mappings_are_read_only(holder, field):
    """
    A mapping of a value cannot be written to; what `filled` returns belongs to the caller.
    """
    nightly = rich()
    step = nightly.pipeline.steps[0]
    value = {"step": step, "pipeline": nightly.pipeline, "schedule": nightly}[holder]
    with pytest.raises(TypeError, match="item assignment"):
        getattr(value, field)["C"] = 1
    filled = nightly.filled()
    filled["n"] = 3
    assert {"n": 2} == nightly.filled()
