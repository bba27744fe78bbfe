"""
What no step, pipeline or schedule may have: type, culprit, reason and cure.
"""

from __future__ import annotations

import math

import pulumi
import pytest

import schedkit as sk
from schedkit.exceptions import OutputError, SpecError


DAILY = sk.Cron("0 9 * * *")
FIT = sk.Step("fit")
TRAIN = sk.PipelineSpec("train", steps=[FIT], parameters={"epochs": 3})
NAME = "write lower-case letters, digits and hyphens, a letter first and no hyphen last"
DURATION = "write hours, minutes and seconds, such as '1h30m', '90m' or '30s'"


def step(**fields):
    return lambda: sk.Step("fit", **fields)


def train(*steps, **fields):
    return lambda: sk.PipelineSpec("train", **{"steps": steps or [FIT], **fields})


def nightly(when=DAILY, pipeline=TRAIN, **fields):
    return lambda: sk.ScheduleSpec("nightly", pipeline, when, **fields)


def resources(**fields):
    return lambda: sk.Resources(**fields)


CASES = {
    "Step, name='Fit': is not a legal name here; " + NAME: lambda: sk.Step("Fit"),
    "Step, name='': is not a legal name here; " + NAME: lambda: sk.Step(""),
    "Step, name='fit\\n': is not a legal name here; " + NAME: lambda: sk.Step("fit\n"),
    "Step, name=3: is int, not a text; " + NAME: lambda: sk.Step(3),
    f"Step, name='{'a' * 51}': has 51 characters; at most 50 fit everywhere": lambda: sk.Step(
        "a" * 51
    ),
    "Step 'fit', image='': names no image; write image='registry/name:tag' or leave it out": step(
        image=""
    ),
    "Step 'fit', image=3: names no image; write image='registry/name:tag' or leave it out": step(
        image=3
    ),
    "Step 'fit', command='python -m fit': is one text; no shell splits it; "
    "write command=['python', '-m', 'fit']": step(command="python -m fit"),
    "Step 'fit', command=(): names no program; leave it out to keep the image's own": step(
        command=[]
    ),
    "Step 'fit', args[0]: is a secret; "
    "only variables hold secrets; write secrets={'NAME': sk.Secret(...)}": step(
        args=[sk.Secret("hub")]
    ),
    "Step 'fit', args=3: is no list of texts; write a list": step(args=3),
    "Step 'fit', args={'a'}: is no list of texts; write a list": step(args={"a"}),
    "Step 'fit', args=b'a': is no list of texts; write a list": step(args=b"a"),
    "Step 'fit', args[1]: is NoneType, not a text, number or bool; write it as a text": step(
        args=["a", None]
    ),
    "Step 'fit', args[0]: holds a NUL, which no process can be given; take it out": step(
        args=["a\0"]
    ),
    "Step 'fit', env=['A']: is no mapping; write {'NAME': value}": step(env=["A"]),
    "Step 'fit', env, '1A': is no name of an environment variable; "
    "letters, digits and _, no digit first": step(env={"1A": ""}),
    "Step 'fit', env, 3: is no name of an environment variable; "
    "letters, digits and _, no digit first": step(env={3: ""}),
    "Step 'fit', env, 'SCHEDKIT_RUN_ID': is schedkit's own; choose another name": step(
        env={"SCHEDKIT_RUN_ID": ""}
    ),
    "Step 'fit', env, 'A': is dict, not a text, number or bool; write it as a text": step(
        env={"A": {}}
    ),
    "Step 'fit', env, 'A': is a secret; write secrets={'A': ...}": step(env={"A": sk.Secret("s")}),
    "Step 'fit', secrets, 'A': is no sk.Secret; "
    "write sk.Secret('name', 'key'); a secret's text never enters a plan": step(
        secrets={"A": "hunter2"}
    ),
    "Step 'fit': has A in env and in secrets; keep one": step(
        env={"A": ""}, secrets={"A": sk.Secret("s")}
    ),
    "Secret, name='Hub': is not a legal name here; write an existing secret's name, "
    "of lower-case letters, digits, hyphens and dots": lambda: sk.Secret("Hub"),
    "Parameter, name='Epochs': is not a legal name here; "
    "write lower-case letters, digits and _, a letter first": lambda: sk.Parameter("Epochs"),
    "Step 'fit', needs='load': is no list of steps; write needs=[prepare]": step(needs="load"),
    "Step 'fit', needs=(3,): is no list of steps; write needs=[prepare]": step(needs=[3]),
    "Step 'fit', needs=('a', 'a'): names a step twice; name it once": step(needs=["a", "a"]),
    "Step 'fit', resources={'cpu': 1}: is dict, not Resources; write sk.Resources(...)": step(
        resources={"cpu": 1}
    ),
    "Step 'fit', retry=2: is int, not Retry; write retry=sk.Retry(limit=2)": step(retry=2),
    "Step 'fit', timeout: 2.5 is float, not a duration; " + DURATION: step(timeout=2.5),
    "Step 'fit', timeout: True is bool, not a duration; " + DURATION: step(timeout=True),
    "Step 'fit', timeout: 'soon' is not a duration; " + DURATION: step(timeout="soon"),
    "Step 'fit', timeout=0: is no finite number from 1; give 1 or more": step(timeout="0s"),
    "Step 'fit', timeout=-1: is no finite number from 1; give 1 or more": step(timeout=-1),
    "Resources, cpu='2': is str, not int or float; give int or float": resources(cpu="2"),
    "Resources, cpu=True: is bool, not int or float; give int or float": resources(cpu=True),
    "Resources, cpu=0: is no finite number from 0.001; give 0.001 or more": resources(cpu=0),
    "Resources, cpu=nan: is no finite number from 0.001; give 0.001 or more": resources(
        cpu=math.nan
    ),
    "Resources, cpu=inf: is no finite number from 0.001; give 0.001 or more": resources(
        cpu=math.inf
    ),
    "Resources, gpu=0.5: is float, not int; give int": resources(gpu=0.5),
    "Resources, gpu=-1: is no finite number from 0; give 0 or more": resources(gpu=-1),
    "Resources, memory='16 GB': is no quantity of bytes; write it as '512Mi' or '16Gi'": resources(
        memory="16 GB"
    ),
    "Resources, memory='0Mi': is no quantity of bytes; write it as '512Mi' or '16Gi'": resources(
        memory="0Mi"
    ),
    "Resources, memory=16: is no quantity of bytes; write it as '512Mi' or '16Gi'": resources(
        memory=16
    ),
    "Resources, ephemeral_storage='١Gi': is no quantity of bytes; "
    "write it as '512Mi' or '16Gi'": resources(ephemeral_storage="١Gi"),
    "Retry, limit=-1: is no finite number from 0; give 0 or more": lambda: sk.Retry(-1),
    "Retry, limit='2': is str, not int; give int": lambda: sk.Retry("2"),
    "Retry, backoff: None is NoneType, not a duration; " + DURATION: lambda: sk.Retry(1, None),
    "Retry, factor=0.5: is no finite number from 1; give 1 or more": lambda: sk.Retry(
        1, factor=0.5
    ),
    "Keep, days=0: is no finite number from 1; give 1 or more": lambda: sk.Keep(days=0),
    "Pipeline 'train', steps: is no list of steps, or an empty one; "
    "write steps=[sk.Step(...)]": train(steps=[]),
    "Pipeline 'train', steps: two are called 'fit'; rename one": train(FIT, FIT),
    "Pipeline 'train', Step 'fit': needs 'lode', no step here; "
    "add it to steps=; did you mean 'load'?": train(
        sk.Step("fit", needs=["lode"]), sk.Step("load")
    ),
    "Pipeline 'train', Step 'fit': uses parameter 'epoch', which the pipeline does not have; "
    "did you mean 'epochs'?": train(
        sk.Step("fit", args=[sk.Parameter("epoch")]), parameters={"epochs": 3}
    ),
    "Pipeline 'train', Step 'fit': uses parameter 'epoch', which the pipeline does not have; "
    "known: none": train(sk.Step("fit", env={"A": sk.Parameter("epoch")})),
    "Pipeline 'train', parameters=3: is no mapping; write {'epochs': 10}": train(parameters=3),
    "Pipeline 'train', parameters, 'Epochs': is no name of a parameter; "
    "lower-case letters, digits and _, a letter first, at most 50": train(
        parameters={"Epochs": 3}
    ),
    "Pipeline 'train', parameters, 'epochs': is list, not a text, number or bool; "
    "write it as a text": train(parameters={"epochs": [3]}),
    "Pipeline 'train', parameters, 'a': is another parameter; give the value itself": train(
        parameters={"a": sk.Parameter("b")}
    ),
    "Pipeline 'train', overlap='forbidden': is not a word known here; "
    "did you mean 'forbid'?": train(overlap="forbidden"),
    "Pipeline 'train', overlap='x': is not a word known here; "
    "known: allow, forbid, queue, replace": train(overlap="x"),
    "Pipeline 'train', timeout: None is NoneType, not a duration; " + DURATION: train(
        timeout=None
    ),
    "Pipeline 'train', keep=30: is int, not Keep; write sk.Keep(days=30)": train(keep=30),
    "Schedule 'nightly', pipeline='train': is str, not PipelineSpec; "
    "write sk.PipelineSpec(...)": nightly(pipeline="train"),
    "Schedule 'nightly', when='0 9 * * *': is str, not When; "
    "write sk.Cron('0 9 * * *', timezone='UTC')": nightly("0 9 * * *"),
    "Schedule 'nightly', parameter 'epoch': pipeline 'train' has no parameter of that name; "
    "did you mean 'epochs'?": nightly(parameters={"epoch": 3}),
    "Schedule 'nightly', parameters=3: is no mapping; write {'epochs': 10}": nightly(parameters=3),
    "Schedule 'nightly', catch_up=3: is int, not CatchUp; write sk.CatchUp(...)": nightly(
        catch_up=3
    ),
    "CatchUp, policy='last': is not a word known here; did you mean 'latest'?": lambda: sk.CatchUp(
        "last"
    ),
    "CatchUp, policy='all': does not say how far back missed runs count; "
    "write sk.CatchUp('all', window='24h')": nightly(catch_up="all"),
    "CatchUp, policy='none': has no use for a window; leave the window out": lambda: sk.CatchUp(
        "none", "2h"
    ),
    "CatchUp, window=0: is no finite number from 1; give 1 or more": lambda: sk.CatchUp("all", 0),
    "Schedule 'nightly', starting_deadline=0: is no finite number from 1; give 1 or more": nightly(
        starting_deadline=0
    ),
    "Schedule 'nightly', jitter=-5: is no finite number from 0; give 0 or more": nightly(
        jitter=-5
    ),
    "Schedule 'nightly', start: '2027-01-01' is not an RFC 3339 instant; "
    "write '2026-01-31T09:00:00Z', or an aware datetime": nightly(start="2027-01-01"),
    "Schedule 'nightly', end=2027-01-01T00:00:00+00:00: is not after "
    "start=2027-01-01T00:00:00+00:00; give a later end": nightly(
        start="2027-01-01T00:00:00Z", end="2027-01-01T00:00:00Z"
    ),
    "Schedule 'nightly', paused='no': is str, not bool; give bool": nightly(paused="no"),
}


@pytest.mark.parametrize(("sentence", "make"), CASES.items(), ids=list(CASES))
def test_refused(sentence, make):
    """
    The error is a SpecError whose sentence is made of its culprit, reason and cure.
    """
    with pytest.raises(SpecError) as caught:
        make()
    error = caught.value
    assert SpecError is type(error)
    assert sentence == str(error)
    cure = f"; {error.cure}" if error.cure else ""
    assert sentence == f"{error.culprit}: {error.reason}{cure}"
    assert isinstance(error, ValueError)


def test_circle():
    """
    Steps that need each other are named in order.
    """
    steps = [sk.Step("a", needs=["b"]), sk.Step("b", needs=["a"])]
    with pytest.raises(SpecError) as caught:
        sk.PipelineSpec("train", steps=steps)
    assert "Pipeline 'train', steps" == caught.value.culprit
    assert caught.value.reason.startswith("need each other in a circle: ")


@pytest.mark.parametrize("steps", ["fit", 3, {FIT: 1}, None])
def test_no_list_of_steps(steps):
    """
    What is no list of steps is refused as an empty one is.
    """
    with pytest.raises(SpecError, match="is no list of steps, or an empty one"):
        sk.PipelineSpec("train", steps=steps)


def test_no_step():
    """
    A list that holds something else than steps is refused.
    """
    with pytest.raises(SpecError, match=r"holds 'fit', which is no sk\.Step"):
        sk.PipelineSpec("train", steps=["fit"])


def test_itself():
    """
    A step that needs itself is a circle too.
    """
    with pytest.raises(SpecError, match="in a circle: a -> a"):
        sk.PipelineSpec("train", steps=[sk.Step("a", needs=["a"])])


def test_secret_text_is_not_repeated():
    """
    An error about a secret that was written out does not show it.
    """
    with pytest.raises(SpecError) as caught:
        sk.Step("fit", secrets={"TOKEN": "hunter2"})
    assert "hunter2" not in str(caught.value)


OUTPUT = pulumi.Output.from_input("x")
SHAPES = {
    "Step, name": sk.Step,
    "Step 'fit', command": lambda v: sk.Step("fit", command=v),
    "Step 'fit', args": lambda v: sk.Step("fit", args=v),
    "Step 'fit', env": lambda v: sk.Step("fit", env=v),
    "Step 'fit', env, key": lambda v: sk.Step("fit", env={v: "x"}),
    "Step 'fit', secrets": lambda v: sk.Step("fit", secrets=v),
    "Step 'fit', secrets, 'A'": lambda v: sk.Step("fit", secrets={"A": v}),
    "Step 'fit', needs": lambda v: sk.Step("fit", needs=[v]),
    "Step 'fit', resources": lambda v: sk.Step("fit", resources=v),
    "Step 'fit', retry": lambda v: sk.Step("fit", retry=v),
    "Step 'fit', timeout": lambda v: sk.Step("fit", timeout=v),
    "Resources, cpu": lambda v: sk.Resources(cpu=v),
    "Resources, memory": lambda v: sk.Resources(memory=v),
    "Retry, limit": sk.Retry,
    "Retry, backoff": lambda v: sk.Retry(1, v),
    "Secret, name": sk.Secret,
    "Pipeline 'train', steps": lambda v: sk.PipelineSpec("train", steps=v),
    "Pipeline 'train', steps, one": lambda v: sk.PipelineSpec("train", steps=[v]),
    "Pipeline 'train', overlap": lambda v: sk.PipelineSpec("train", steps=[FIT], overlap=v),
    "Pipeline 'train', parameters": lambda v: sk.PipelineSpec("train", steps=[FIT], parameters=v),
    "Pipeline 'train', keep": lambda v: sk.PipelineSpec("train", steps=[FIT], keep=v),
    "Schedule 'nightly', when": lambda v: sk.ScheduleSpec("nightly", TRAIN, v),
    "Schedule 'nightly', jitter": lambda v: sk.ScheduleSpec("nightly", TRAIN, DAILY, jitter=v),
    "Schedule 'nightly', start": lambda v: sk.ScheduleSpec("nightly", TRAIN, DAILY, start=v),
    "Schedule 'nightly', paused": lambda v: sk.ScheduleSpec("nightly", TRAIN, DAILY, paused=v),
    "Schedule 'nightly', catch_up": lambda v: sk.ScheduleSpec("nightly", TRAIN, DAILY, catch_up=v),
}


@pytest.mark.parametrize(("culprit", "make"), SHAPES.items(), ids=list(SHAPES))
def test_outputs_where_the_shape_is_decided(culprit, make):
    """
    An Output that would decide which resources there are is a typed error that says so.
    """
    with pytest.raises(OutputError) as caught:
        make(OUTPUT)
    error = caught.value
    assert isinstance(error, TypeError)
    assert culprit.removesuffix(", one").removesuffix(", key") == error.culprit
    assert error.reason.startswith("is a pulumi.Output, and ")
    assert error.cure.startswith("pass a plain value")


def test_a_coroutine_is_no_value():
    """
    An awaitable is as unknown as an Output.
    """

    async def later():
        return "1h"

    coroutine = later()
    with pytest.raises(OutputError):
        sk.Step("fit", timeout=coroutine)
    coroutine.close()
