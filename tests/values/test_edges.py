# ruff: noqa: DTZ001, E501  a row is one case, one of them without a time zone
"""
Just outside each door: what no value may be, beside the plain cases of test_refusals.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from schedkit.exceptions import SpecError
from schedkit.pipeline import Keep, Parameter, PipelineSpec, Resources, Retry, Secret, Step
from schedkit.recurrence import Cron
from schedkit.schedule import CatchUp, ScheduleSpec


FIT = Step("fit")
TRAIN = PipelineSpec("train", steps=[FIT], parameters={"epochs": 10})
DAILY = Cron("0 9 * * *")

# what many of them say
NAME = "write lower-case letters, digits and hyphens, a letter first and no hyphen last"
SECRET = "write an existing secret's name, of lower-case letters, digits, hyphens and dots"
KEY = "write an entry's key, of letters, digits, hyphens, dots and _"
PARAMETER = "write lower-case letters, digits and _, a letter first"
VARIABLE = "is no name of an environment variable"
LETTERS = "letters, digits and _, no digit first"
IMAGE = "write image='registry/name:tag' or leave it out"
NUL = "holds a NUL, which no process can be given"
NO_SECRET = "only variables hold secrets; write secrets={'NAME': sk.Secret(...)}"
DURATION = "write hours, minutes and seconds, such as '1h30m', '90m' or '30s'"
BYTES = "is no quantity of bytes"
QUANTITY = "write it as '512Mi' or '16Gi'"
PARAMETERS = "lower-case letters, digits and _, a letter first, at most 50"
OVERLAPS = "known: allow, forbid, queue, replace"
INSTANT = "write '2026-01-31T09:00:00Z', or an aware datetime"


NAMES = [
    (lambda: Step("fit_model"), SpecError, "Step, name='fit_model'", "is not a legal name here", NAME),
    (lambda: Step("-fit"), SpecError, "Step, name='-fit'", "is not a legal name here", NAME),
    (lambda: Step("1fit"), SpecError, "Step, name='1fit'", "is not a legal name here", NAME),
    (lambda: Step("fit-"), SpecError, "Step, name='fit-'", "is not a legal name here", NAME),
    (lambda: Step("fít"), SpecError, "Step, name='fít'", "is not a legal name here", NAME),
    (lambda: Step("f" * 51), SpecError, f"Step, name={'f' * 51!r}", "has 51 characters", "at most 50 fit everywhere"),
    (lambda: Step(None), SpecError, "Step, name=None", "is NoneType, not a text", NAME),
    (lambda: Step(b"fit"), SpecError, "Step, name=b'fit'", "is bytes, not a text", NAME),
    (lambda: PipelineSpec("Train", steps=[FIT]), SpecError, "Pipeline, name='Train'", "is not a legal name here", NAME),
    (lambda: PipelineSpec(17, steps=[FIT]), SpecError, "Pipeline, name=17", "is int, not a text", NAME),
    (lambda: ScheduleSpec("nightly run", TRAIN, DAILY), SpecError, "Schedule, name='nightly run'", "is not a legal name here", NAME),
    (lambda: ScheduleSpec("s" * 51, TRAIN, DAILY), SpecError, f"Schedule, name={'s' * 51!r}", "has 51 characters", "at most 50 fit everywhere"),
    (lambda: Secret("HF"), SpecError, "Secret, name='HF'", "is not a legal name here", SECRET),
    (lambda: Secret("hf-"), SpecError, "Secret, name='hf-'", "is not a legal name here", SECRET),
    (lambda: Secret("h" * 254), SpecError, f"Secret, name={'h' * 254!r}", "has 254 characters", "at most 253 fit everywhere"),
    (lambda: Secret(None), SpecError, "Secret, name=None", "is NoneType, not a text", SECRET),
    (lambda: Secret("hf", "a/b"), SpecError, "Secret, key='a/b'", "is not a legal name here", KEY),
    (lambda: Secret("hf", ""), SpecError, "Secret, key=''", "is not a legal name here", KEY),
    (lambda: Secret("hf", "k" * 254), SpecError, f"Secret, key={'k' * 254!r}", "has 254 characters", "at most 253 fit everywhere"),
    (lambda: Secret("hf", 1), SpecError, "Secret, key=1", "is int, not a text", KEY),
    (lambda: Parameter("1st"), SpecError, "Parameter, name='1st'", "is not a legal name here", PARAMETER),
    (lambda: Parameter("a-b"), SpecError, "Parameter, name='a-b'", "is not a legal name here", PARAMETER),
    (lambda: Parameter("p" * 51), SpecError, f"Parameter, name={'p' * 51!r}", "has 51 characters", "at most 50 fit everywhere"),
    (lambda: Parameter(None), SpecError, "Parameter, name=None", "is NoneType, not a text", PARAMETER),
]  # fmt: skip


STEPS = [
    (lambda: Step("fit", image=" "), SpecError, "Step 'fit', image=' '", "names no image", IMAGE),
    (lambda: Step("fit", image=17), SpecError, "Step 'fit', image=17", "names no image", IMAGE),
    (lambda: Step("fit", image=Parameter("tag")), SpecError, "Step 'fit', image=Parameter(name='tag')", "names no image", IMAGE),
    (lambda: Step("fit", command="python fit.py"), SpecError, "Step 'fit', command='python fit.py'", "is one text; no shell splits it", "write command=['python', 'fit.py']"),
    (lambda: Step("fit", command=""), SpecError, "Step 'fit', command=''", "is one text; no shell splits it", "write a list"),
    (lambda: Step("fit", command=17), SpecError, "Step 'fit', command=17", "is no list of texts", "write a list"),
    (lambda: Step("fit", command={"python"}), SpecError, "Step 'fit', command={'python'}", "is no list of texts", "write a list"),
    (lambda: Step("fit", command={"python": 1}), SpecError, "Step 'fit', command={'python': 1}", "is no list of texts", "write a list"),
    (lambda: Step("fit", command=b"python"), SpecError, "Step 'fit', command=b'python'", "is no list of texts", "write a list"),
    (lambda: Step("fit", command=["a\0b"]), SpecError, "Step 'fit', command[0]", NUL, "take it out"),
    (lambda: Step("fit", args=None), SpecError, "Step 'fit', args=None", "is no list of texts", "write a list"),
    (lambda: Step("fit", args="--epochs 3"), SpecError, "Step 'fit', args='--epochs 3'", "is one text; no shell splits it", "write args=['--epochs', '3']"),
    (lambda: Step("fit", args=17), SpecError, "Step 'fit', args=17", "is no list of texts", "write a list"),
    (lambda: Step("fit", args=[["a"]]), SpecError, "Step 'fit', args[0]", "is list, not a text, number or bool", "write it as a text"),
    (lambda: Step("fit", args=[b"a"]), SpecError, "Step 'fit', args[0]", "is bytes, not a text, number or bool", "write it as a text"),
    (lambda: Step("fit", env=None), SpecError, "Step 'fit', env=None", "is no mapping", "write {'NAME': value}"),
    (lambda: Step("fit", env=["A=1"]), SpecError, "Step 'fit', env=['A=1']", "is no mapping", "write {'NAME': value}"),
    (lambda: Step("fit", env={"A-B": "x"}), SpecError, "Step 'fit', env, 'A-B'", VARIABLE, LETTERS),
    (lambda: Step("fit", env={"A\n": "x"}), SpecError, "Step 'fit', env, 'A\\n'", VARIABLE, LETTERS),
    (lambda: Step("fit", env={"": "x"}), SpecError, "Step 'fit', env, ''", VARIABLE, LETTERS),
    (lambda: Step("fit", env={1: "x"}), SpecError, "Step 'fit', env, 1", VARIABLE, LETTERS),
    (lambda: Step("fit", env={"SCHEDKIT_OUTPUT": "/tmp"}), SpecError, "Step 'fit', env, 'SCHEDKIT_OUTPUT'", "is schedkit's own", "choose another name"),
    (lambda: Step("fit", env={"A": None}), SpecError, "Step 'fit', env, 'A'", "is NoneType, not a text, number or bool", "write it as a text"),
    (lambda: Step("fit", env={"A": "a\0"}), SpecError, "Step 'fit', env, 'A'", NUL, "take it out"),
    (lambda: Step("fit", env={"TOKEN": Secret("hf")}), SpecError, "Step 'fit', env, 'TOKEN'", "is a secret", "write secrets={'TOKEN': ...}"),
    (lambda: Step("fit", secrets=None), SpecError, "Step 'fit', secrets=None", "is no mapping", "write {'NAME': value}"),
    (lambda: Step("fit", secrets=[Secret("hf")]), SpecError, "Step 'fit', secrets=[Secret(name='hf', key='value')]", "is no mapping", "write {'NAME': value}"),
    (lambda: Step("fit", secrets={"TOKEN": "hunter2"}), SpecError, "Step 'fit', secrets, 'TOKEN'", "is no sk.Secret", "write sk.Secret('name', 'key'); a secret's text never enters a plan"),
    (lambda: Step("fit", secrets={"A B": Secret("hf")}), SpecError, "Step 'fit', secrets, 'A B'", VARIABLE, LETTERS),
    (lambda: Step("fit", secrets={"SCHEDKIT_A": Secret("hf")}), SpecError, "Step 'fit', secrets, 'SCHEDKIT_A'", "is schedkit's own", "choose another name"),
    (lambda: Step("fit", env={"B": 1, "A": 2}, secrets={"A": Secret("a"), "B": Secret("b")}), SpecError, "Step 'fit'", "has A, B in env and in secrets", "keep one"),
    (lambda: Step("fit", needs="prepare"), SpecError, "Step 'fit', needs='prepare'", "is no list of steps", "write needs=[prepare]"),
    (lambda: Step("fit", needs=None), SpecError, "Step 'fit', needs=None", "is no list of steps", "write needs=[prepare]"),
    (lambda: Step("fit", needs={"prepare"}), SpecError, "Step 'fit', needs={'prepare'}", "is no list of steps", "write needs=[prepare]"),
    (lambda: Step("fit", needs=Secret("prepare")), SpecError, "Step 'fit', needs=Secret(name='prepare', key='value')", "is no list of steps", "write needs=[prepare]"),
    (lambda: Step("fit", needs=[17]), SpecError, "Step 'fit', needs=(17,)", "is no list of steps", "write needs=[prepare]"),
    (lambda: Step("fit", resources=None), SpecError, "Step 'fit', resources=None", "is NoneType, not Resources", "write sk.Resources(...)"),
    (lambda: Step("fit", resources={"cpu": 4}), SpecError, "Step 'fit', resources={'cpu': 4}", "is dict, not Resources", "write sk.Resources(...)"),
    (lambda: Step("fit", retry=3), SpecError, "Step 'fit', retry=3", "is int, not Retry", "write retry=sk.Retry(limit=2)"),
    (lambda: Step("fit", timeout="1d"), SpecError, "Step 'fit', timeout", "'1d': how long is a day? 23 to 25 hours when the clocks change", "write '24h'"),
    (lambda: Step("fit", timeout="9" * 10 + "h"), SpecError, "Step 'fit', timeout", "'9999999999h' is not a duration", DURATION),
    (lambda: Step("fit", timeout=1.5), SpecError, "Step 'fit', timeout", "1.5 is float, not a duration", DURATION),
    (lambda: Step("fit", timeout=[1]), SpecError, "Step 'fit', timeout", "[1] is list, not a duration", DURATION),
    (lambda: Step("fit", timeout=timedelta(microseconds=1)), SpecError, "Step 'fit', timeout", "0:00:00.000001 is not a whole number of seconds from 0 upwards", "round it"),
]  # fmt: skip


RESOURCES = [
    (lambda: Resources(cpu=-1), SpecError, "Resources, cpu=-1", "is no finite number from 0.001", "give 0.001 or more"),
    (lambda: Resources(cpu="4"), SpecError, "Resources, cpu='4'", "is str, not int or float", "give int or float"),
    (lambda: Resources(memory="16GB"), SpecError, "Resources, memory='16GB'", BYTES, QUANTITY),
    (lambda: Resources(memory="-1Gi"), SpecError, "Resources, memory='-1Gi'", BYTES, QUANTITY),
    (lambda: Resources(memory="1e3"), SpecError, "Resources, memory='1e3'", BYTES, QUANTITY),
    (lambda: Resources(memory="1.Gi"), SpecError, "Resources, memory='1.Gi'", BYTES, QUANTITY),
    (lambda: Resources(memory=""), SpecError, "Resources, memory=''", BYTES, QUANTITY),
    (lambda: Resources(memory="0Gi"), SpecError, "Resources, memory='0Gi'", BYTES, QUANTITY),
    (lambda: Resources(memory="0.5"), SpecError, "Resources, memory='0.5'", BYTES, QUANTITY),
    (lambda: Resources(memory="1" * 19), SpecError, "Resources, memory='1111111111111111111'", BYTES, QUANTITY),
    (lambda: Resources(memory="٣Gi"), SpecError, "Resources, memory='٣Gi'", BYTES, QUANTITY),
    (lambda: Resources(gpu=True), SpecError, "Resources, gpu=True", "is bool, not int", "give int"),
    (lambda: Resources(gpu=None), SpecError, "Resources, gpu=None", "is NoneType, not int", "give int"),
    (lambda: Resources(ephemeral_storage="lots"), SpecError, "Resources, ephemeral_storage='lots'", BYTES, QUANTITY),
    (lambda: Retry("two"), SpecError, "Retry, limit='two'", "is str, not int", "give int"),
    (lambda: Retry(1.0), SpecError, "Retry, limit=1.0", "is float, not int", "give int"),
    (lambda: Retry(True), SpecError, "Retry, limit=True", "is bool, not int", "give int"),
    (lambda: Retry(None), SpecError, "Retry, limit=None", "is NoneType, not int", "give int"),
    (lambda: Retry(2, backoff="fast"), SpecError, "Retry, backoff", "'fast' is not a duration", DURATION),
    (lambda: Retry(2, backoff=-1), SpecError, "Retry, backoff=-1", "is no finite number from 0", "give 0 or more"),
    (lambda: Retry(2, factor="2"), SpecError, "Retry, factor='2'", "is str, not int or float", "give int or float"),
    (lambda: Retry(2, factor=float("nan")), SpecError, "Retry, factor=nan", "is no finite number from 1", "give 1 or more"),
    (lambda: Retry(2, maximum=-1), SpecError, "Retry, maximum=-1", "is no finite number from 0", "give 0 or more"),
    (lambda: Retry(2, maximum="1w"), SpecError, "Retry, maximum", "'1w': how long is a week? 167 to 169 hours when the clocks change", "write '168h'"),
    (lambda: Keep(days=1.5), SpecError, "Keep, days=1.5", "is float, not int", "give int"),
    (lambda: Keep(days="30"), SpecError, "Keep, days='30'", "is str, not int", "give int"),
    (lambda: Keep(days=False), SpecError, "Keep, days=False", "is bool, not int", "give int"),
]  # fmt: skip


PIPELINES = [
    (lambda: PipelineSpec("train", steps=["fit"]), SpecError, "Pipeline 'train', steps", "holds 'fit', which is no sk.Step", "write steps=[sk.Step(...)]"),
    (lambda: PipelineSpec("train", steps=[Step("a", needs=["a"])]), SpecError, "Pipeline 'train', steps", "need each other in a circle: a -> a", "take one of these needs out"),
    (lambda: PipelineSpec("train", steps=[Step("a", needs=["b"]), Step("b", needs=["c"]), Step("c", needs=["a"])]), SpecError, "Pipeline 'train', steps", "need each other in a circle: a -> b -> c -> a", "take one of these needs out"),
    (lambda: PipelineSpec("train", steps=[Step("fit", needs=["prepair"]), Step("prepare")]), SpecError, "Pipeline 'train', Step 'fit'", "needs 'prepair', no step here", "add it to steps=; did you mean 'prepare'?"),
    (lambda: PipelineSpec("train", steps=[Step("fit", needs=["x"])]), SpecError, "Pipeline 'train', Step 'fit'", "needs 'x', no step here", "add it to steps=; known: fit"),
    (lambda: PipelineSpec("train", steps=[FIT], parameters=None), SpecError, "Pipeline 'train', parameters=None", "is no mapping", "write {'epochs': 10}"),
    (lambda: PipelineSpec("train", steps=[FIT], parameters=["epochs"]), SpecError, "Pipeline 'train', parameters=['epochs']", "is no mapping", "write {'epochs': 10}"),
    (lambda: PipelineSpec("train", steps=[FIT], parameters={"e\n": 1}), SpecError, "Pipeline 'train', parameters, 'e\\n'", "is no name of a parameter", PARAMETERS),
    (lambda: PipelineSpec("train", steps=[FIT], parameters={1: 1}), SpecError, "Pipeline 'train', parameters, 1", "is no name of a parameter", PARAMETERS),
    (lambda: PipelineSpec("train", steps=[FIT], parameters={"p" * 51: 1}), SpecError, f"Pipeline 'train', parameters, {'p' * 51!r}", "is no name of a parameter", PARAMETERS),
    (lambda: PipelineSpec("train", steps=[FIT], parameters={"epochs": None}), SpecError, "Pipeline 'train', parameters, 'epochs'", "is NoneType, not a text, number or bool", "write it as a text"),
    (lambda: PipelineSpec("train", steps=[FIT], parameters={"epochs": "a\0"}), SpecError, "Pipeline 'train', parameters, 'epochs'", NUL, "take it out"),
    (lambda: PipelineSpec("train", steps=[FIT], parameters={"epochs": Parameter("n")}), SpecError, "Pipeline 'train', parameters, 'epochs'", "is another parameter", "give the value itself"),
    (lambda: PipelineSpec("train", steps=[FIT], parameters={"token": Secret("hf")}), SpecError, "Pipeline 'train', parameters, 'token'", "is a secret", NO_SECRET),
    (lambda: PipelineSpec("train", steps=[Step("fit", args=[Parameter("n")])], parameters={"epochs": 1, "rate": 2}), SpecError, "Pipeline 'train', Step 'fit'", "uses parameter 'n', which the pipeline does not have", "known: epochs, rate"),
    (lambda: PipelineSpec("train", steps=[Step("fit", env={"N": Parameter("n")})]), SpecError, "Pipeline 'train', Step 'fit'", "uses parameter 'n', which the pipeline does not have", "known: none"),
    (lambda: PipelineSpec("train", steps=[FIT], overlap="forbit"), SpecError, "Pipeline 'train', overlap='forbit'", "is not a word known here", "did you mean 'forbid'?"),
    (lambda: PipelineSpec("train", steps=[FIT], overlap="Skip"), SpecError, "Pipeline 'train', overlap='Skip'", "is not a word known here", OVERLAPS),
    (lambda: PipelineSpec("train", steps=[FIT], overlap=None), SpecError, "Pipeline 'train', overlap=None", "is not a word known here", OVERLAPS),
    (lambda: PipelineSpec("train", steps=[FIT], overlap=["forbid"]), SpecError, "Pipeline 'train', overlap=['forbid']", "is not a word known here", "did you mean 'forbid'?"),
    (lambda: PipelineSpec("train", steps=[FIT], timeout="0s"), SpecError, "Pipeline 'train', timeout=0", "is no finite number from 1", "give 1 or more"),
]  # fmt: skip


SCHEDULES = [
    (lambda: CatchUp("everything"), SpecError, "CatchUp, policy='everything'", "is not a word known here", "known: all, latest, none"),
    (lambda: CatchUp(None), SpecError, "CatchUp, policy=None", "is not a word known here", "did you mean 'none'?"),
    (lambda: CatchUp("latest"), SpecError, "CatchUp, policy='latest'", "does not say how far back missed runs count", "write sk.CatchUp('latest', window='24h')"),
    (lambda: CatchUp("all", "1d"), SpecError, "CatchUp, window", "'1d': how long is a day? 23 to 25 hours when the clocks change", "write '24h'"),
    (lambda: ScheduleSpec("nightly", None, DAILY), SpecError, "Schedule 'nightly', pipeline=None", "is NoneType, not PipelineSpec", "write sk.PipelineSpec(...)"),
    (lambda: ScheduleSpec("nightly", TRAIN, None), SpecError, "Schedule 'nightly', when=None", "is NoneType, not When", "write sk.Cron('0 9 * * *', timezone='UTC')"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, parameters=None), SpecError, "Schedule 'nightly', parameters=None", "is no mapping", "write {'epochs': 10}"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, parameters={"E": 1}), SpecError, "Schedule 'nightly', parameters, 'E'", "is no name of a parameter", PARAMETERS),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, parameters={"x": 3}), SpecError, "Schedule 'nightly', parameter 'x'", "pipeline 'train' has no parameter of that name", "known: epochs"),
    (lambda: ScheduleSpec("nightly", PipelineSpec("train", steps=[FIT]), DAILY, parameters={"x": 3}), SpecError, "Schedule 'nightly', parameter 'x'", "pipeline 'train' has no parameter of that name", "known: none"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, catch_up="latests"), SpecError, "CatchUp, policy='latests'", "is not a word known here", "did you mean 'latest'?"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, catch_up=None), SpecError, "Schedule 'nightly', catch_up=None", "is NoneType, not CatchUp", "write sk.CatchUp(...)"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, starting_deadline=None), SpecError, "Schedule 'nightly', starting_deadline", "None is NoneType, not a duration", DURATION),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, jitter="-5m"), SpecError, "Schedule 'nightly', jitter", "'-5m' is not a duration", DURATION),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, jitter=None), SpecError, "Schedule 'nightly', jitter", "None is NoneType, not a duration", DURATION),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, start="tomorrow"), SpecError, "Schedule 'nightly', start", "'tomorrow' is not an RFC 3339 instant", INSTANT),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, start=17), SpecError, "Schedule 'nightly', start", "17 is int, not an instant", INSTANT),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, start=datetime(2026, 1, 1)), SpecError, "Schedule 'nightly', start", "datetime.datetime(2026, 1, 1, 0, 0) has no time zone", "give it tzinfo=datetime.timezone.utc"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, start="2026-01-01T00:00:00.5Z"), SpecError, "Schedule 'nightly', start", "has a fraction of a second", "write 2026-01-01T00:00:00+00:00"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, start="0001-01-01T00:00:00+01:00"), SpecError, "Schedule 'nightly', start", "0001-01-01T00:00:00+01:00 is not in the years 1 to 9999 of UTC", "give one in our time"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, end="9999-12-31T23:59:59-01:00"), SpecError, "Schedule 'nightly', end", "9999-12-31T23:59:59-01:00 is not in the years 1 to 9999 of UTC", "give one in our time"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, end="2026-01-01T00:00:00"), SpecError, "Schedule 'nightly', end", "'2026-01-01T00:00:00' is not an RFC 3339 instant", INSTANT),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, start="2026-01-01T00:00:00Z", end="2026-01-01T00:00:00Z"), SpecError, "Schedule 'nightly', end=2026-01-01T00:00:00+00:00", "is not after start=2026-01-01T00:00:00+00:00", "give a later end"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, start="2026-01-01T00:00:00Z", end="2026-01-01T00:30:00+01:00"), SpecError, "Schedule 'nightly', end=2025-12-31T23:30:00+00:00", "is not after start=2026-01-01T00:00:00+00:00", "give a later end"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, paused="yes"), SpecError, "Schedule 'nightly', paused='yes'", "is str, not bool", "give bool"),
    (lambda: ScheduleSpec("nightly", TRAIN, DAILY, paused=0), SpecError, "Schedule 'nightly', paused=0", "is int, not bool", "give bool"),
]  # fmt: skip


REFUSALS = [*NAMES, *STEPS, *RESOURCES, *PIPELINES, *SCHEDULES]


@pytest.mark.parametrize(("make", "kind", "culprit", "reason", "cure"), REFUSALS)
def test_refused(make, kind, culprit, reason, cure):
    """
    The value is refused at its door, with this type, culprit, reason and cure.
    """
    with pytest.raises(SpecError) as caught:
        make()
    assert kind is caught.type
    assert (culprit, reason, cure) == (
        caught.value.culprit,
        caught.value.reason,
        caught.value.cure,
    )
    assert f"{culprit}: {reason}; {cure}" == str(caught.value)
