# ruff: noqa: E501  a row is one case
"""
What fills may be an Output or any other awaitable; what shapes may not, at any depth.
"""

from __future__ import annotations

import subprocess
import sys

import attrs
import pulumi
import pytest

from schedkit.exceptions import OutputError, SpecError
from schedkit.inputs import is_live
from schedkit.pipeline import (
    Keep,
    Parameter,
    PipelineSpec,
    Resources,
    Retry,
    Secret,
    Step,
    fill,
)
from schedkit.recurrence import Cron
from schedkit.schedule import CatchUp, ScheduleSpec


class Promise:
    """
    An awaitable that is no Output.
    """

    def __await__(self):
        yield


FIT = Step("fit")
TRAIN = PipelineSpec("train", steps=[FIT], parameters={"epochs": 10})
DAILY = Cron("0 9 * * *")
REASON = "is a pulumi.Output, and it decides which resources there are"
CURE = "pass a plain value; images, arguments, variables and parameters may be Outputs"
TIME_REASON = "is a pulumi.Output, and a schedule decides which resources there are"
TIME_CURE = "pass a plain value, for instance one read from the stack's config"

SHAPES = [
    (Step, "name", Step, "Step, name"),
    (Step, "command", lambda x: Step("fit", command=x), "Step 'fit', command"),
    (Step, "args", lambda x: Step("fit", args=x), "Step 'fit', args"),
    (Step, "env", lambda x: Step("fit", env=x), "Step 'fit', env"),
    (Step, "env", lambda x: Step("fit", env={x: 1}), "Step 'fit', env"),
    (Step, "secrets", lambda x: Step("fit", secrets=x), "Step 'fit', secrets"),
    (Step, "secrets", lambda x: Step("fit", secrets={x: Secret("hf")}), "Step 'fit', secrets"),
    (Step, "secrets", lambda x: Step("fit", secrets={"A": x}), "Step 'fit', secrets, 'A'"),
    (Step, "needs", lambda x: Step("fit", needs=x), "Step 'fit', needs"),
    (Step, "needs", lambda x: Step("fit", needs=["a", x]), "Step 'fit', needs"),
    (Step, "needs", lambda x: Step("fit", needs=(y for y in [x])), "Step 'fit', needs"),
    (Step, "needs", lambda x: Step("fit", needs={x}), "Step 'fit', needs"),
    (Step, "needs", lambda x: Step("fit", needs=[[{"a": (x,)}]]), "Step 'fit', needs"),
    (Step, "resources", lambda x: Step("fit", resources=x), "Step 'fit', resources"),
    (Step, "resources", lambda x: Step("fit", resources={"cpu": x}), "Step 'fit', resources"),
    (Step, "resources", lambda x: Step("fit", resources={x: 1}), "Step 'fit', resources"),
    (Step, "retry", lambda x: Step("fit", retry=x), "Step 'fit', retry"),
    (Step, "timeout", lambda x: Step("fit", timeout=x), "Step 'fit', timeout"),
    (Resources, "cpu", lambda x: Resources(cpu=x), "Resources, cpu"),
    (Resources, "memory", lambda x: Resources(memory=x), "Resources, memory"),
    (Resources, "gpu", lambda x: Resources(gpu=x), "Resources, gpu"),
    (Resources, "ephemeral_storage", lambda x: Resources(ephemeral_storage=x), "Resources, ephemeral_storage"),
    (Retry, "limit", Retry, "Retry, limit"),
    (Retry, "backoff", lambda x: Retry(1, backoff=x), "Retry, backoff"),
    (Retry, "factor", lambda x: Retry(1, factor=x), "Retry, factor"),
    (Retry, "maximum", lambda x: Retry(1, maximum=x), "Retry, maximum"),
    (Secret, "name", Secret, "Secret, name"),
    (Secret, "key", lambda x: Secret("hf", x), "Secret 'hf', key"),
    (Parameter, "name", Parameter, "Parameter, name"),
    (Keep, "days", lambda x: Keep(days=x), "Keep, days"),
    (PipelineSpec, "name", lambda x: PipelineSpec(x, steps=[FIT]), "Pipeline, name"),
    (PipelineSpec, "steps", lambda x: PipelineSpec("train", steps=x), "Pipeline 'train', steps"),
    (PipelineSpec, "steps", lambda x: PipelineSpec("train", steps=[FIT, x]), "Pipeline 'train', steps"),
    (PipelineSpec, "parameters", lambda x: PipelineSpec("train", steps=[FIT], parameters=x), "Pipeline 'train', parameters"),
    (PipelineSpec, "parameters", lambda x: PipelineSpec("train", steps=[FIT], parameters={x: 1}), "Pipeline 'train', parameters"),
    (PipelineSpec, "overlap", lambda x: PipelineSpec("train", steps=[FIT], overlap=x), "Pipeline 'train', overlap"),
    (PipelineSpec, "timeout", lambda x: PipelineSpec("train", steps=[FIT], timeout=x), "Pipeline 'train', timeout"),
    (PipelineSpec, "keep", lambda x: PipelineSpec("train", steps=[FIT], keep=x), "Pipeline 'train', keep"),
    (CatchUp, "policy", CatchUp, "CatchUp, policy"),
    (CatchUp, "window", lambda x: CatchUp("all", x), "CatchUp, window"),
    (ScheduleSpec, "name", lambda x: ScheduleSpec(x, TRAIN, DAILY), "Schedule, name"),
    (ScheduleSpec, "pipeline", lambda x: ScheduleSpec("daily", x, DAILY), "Schedule 'daily', pipeline"),
    (ScheduleSpec, "when", lambda x: ScheduleSpec("daily", TRAIN, x), "Schedule 'daily', when"),
    (ScheduleSpec, "parameters", lambda x: ScheduleSpec("daily", TRAIN, DAILY, parameters=x), "Schedule 'daily', parameters"),
    (ScheduleSpec, "parameters", lambda x: ScheduleSpec("daily", TRAIN, DAILY, parameters={x: 1}), "Schedule 'daily', parameters"),
    (ScheduleSpec, "catch_up", lambda x: ScheduleSpec("daily", TRAIN, DAILY, catch_up=x), "Schedule 'daily', catch_up"),
    (ScheduleSpec, "starting_deadline", lambda x: ScheduleSpec("daily", TRAIN, DAILY, starting_deadline=x), "Schedule 'daily', starting_deadline"),
    (ScheduleSpec, "jitter", lambda x: ScheduleSpec("daily", TRAIN, DAILY, jitter=x), "Schedule 'daily', jitter"),
    (ScheduleSpec, "start", lambda x: ScheduleSpec("daily", TRAIN, DAILY, start=x), "Schedule 'daily', start"),
    (ScheduleSpec, "end", lambda x: ScheduleSpec("daily", TRAIN, DAILY, end=x), "Schedule 'daily', end"),
    (ScheduleSpec, "paused", lambda x: ScheduleSpec("daily", TRAIN, DAILY, paused=x), "Schedule 'daily', paused"),
]  # fmt: skip

FILLS = [
    (Step, "image", lambda x: Step("fit", image=x).image),
    (Step, "command", lambda x: Step("fit", command=["python", x]).command[1]),
    (Step, "args", lambda x: Step("fit", args=(x, 1)).args[0]),
    (Step, "env", lambda x: Step("fit", env={"A": x}).env["A"]),
    (
        PipelineSpec,
        "parameters",
        lambda x: PipelineSpec("train", steps=[FIT], parameters={"n": x}).parameters["n"],
    ),
    (
        ScheduleSpec,
        "parameters",
        lambda x: ScheduleSpec("daily", TRAIN, DAILY, parameters={"epochs": x}).filled()["epochs"],
    ),
]


@pytest.fixture(params=["output", "awaitable"])
def live(request):
    """
    What only an engine knows.
    """
    return pulumi.Output.from_input("x") if request.param == "output" else Promise()


def ids(rows):
    return [f"{row[0].__name__}.{row[1]}" for row in rows]


@pytest.mark.parametrize(("kind", "field", "make", "culprit"), SHAPES, ids=ids(SHAPES))
def test_what_shapes_is_plain(kind, field, make, culprit, live):
    """
    An Output or awaitable where the shape is decided is refused, however deep it lies.
    """
    with pytest.raises(OutputError) as caught:
        make(live)
    error = caught.value
    assert OutputError is caught.type
    assert isinstance(error, (SpecError, TypeError))
    expected = (TIME_REASON, TIME_CURE) if field in {"start", "end"} else (REASON, CURE)
    assert (culprit, *expected) == (error.culprit, error.reason, error.cure)


@pytest.mark.parametrize(("kind", "field", "make"), FILLS, ids=ids(FILLS))
def test_what_fills_may_be_live(kind, field, make, live):
    """
    An Output or awaitable that fills a body is taken and kept untouched.
    """
    assert live is make(live)
    assert live is fill(live, {})


def test_every_field_is_tried():
    """
    Each field of each value shapes or fills; an image fills whole, all others shape whole.
    """
    values = (Step, Resources, Retry, Secret, Parameter, Keep, PipelineSpec, CatchUp, ScheduleSpec)
    fields = {(value, field.name) for value in values for field in attrs.fields(value)}
    assert fields - {(Step, "image")} == {row[:2] for row in SHAPES}
    assert (Step, "image") in {row[:2] for row in FILLS}


def test_a_coroutine_is_live():
    """
    A coroutine fills and does not shape; a function that makes one is no value.
    """

    async def image():
        return "busybox"

    coroutine = image()
    step = Step("fit", image=coroutine)
    with pytest.raises(OutputError):
        Step(coroutine)
    assert coroutine is step.image
    coroutine.close()
    with pytest.raises(SpecError) as caught:
        Step("fit", image=image)
    assert SpecError is caught.type


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, Promise, pulumi.Output, object()])
def test_plain_values_are_not_live(value):
    """
    What is known now is not live, a class whose instances are live included.
    """
    assert not is_live(value)


def test_without_pulumi():
    """
    A program that never imported pulumi has no Output, and awaitables are known all the same.
    """
    code = """
import sys
from schedkit.inputs import is_live
class Promise:
    def __await__(self):
        yield
assert is_live(Promise()) and not is_live("x")
assert "pulumi" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (0, "") == (done.returncode, done.stderr)
