"""
From spec to proved plan: overrides, what stands in the nodes, and the findings of the proof.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import attrs
import pulumi
import pytest

import schedkit as sk
from schedkit import Backend, Feature, Finding, Node, Plan, planning
from schedkit.backend import Target
from schedkit.exceptions import (
    OutputError,
    OverrideError,
    PlanError,
    SpecError,
    UnsupportedError,
)
from schedkit.plan import Timing
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.robfig import ROBFIG, Robfig


TRAIN = sk.PipelineSpec("train", steps=[sk.Step("fit", image="ml:1")])
BERLIN = sk.Cron("0 1 * * *", timezone="Europe/Berlin")


@attrs.frozen
class Options:
    pass


class Toy(Backend):
    """
    One node per native text, with a policy of its own about time zones: it says they are exact.
    """

    name = "toy"
    options = Options
    dialect = ROBFIG
    fixed: ClassVar = {"toy:index:Job": {("spec", "account"): "rename the pipeline"}}

    def compile_pipeline(self, spec, target):
        return Plan("toy", "Pipeline", spec.name, nodes=(Node("role", "toy:index:Role", {}),))

    def compile_schedule(self, spec, target):
        nodes, timings = [], []
        for i, native in enumerate(ROBFIG.write(spec.when)):
            inputs = {"spec": {"cron": native.text, "zone": native.timezone}}
            nodes.append(Node(f"job{i}", "toy:index:Job", inputs))
            timings.append(Timing(f"job{i}", ("spec", "cron"), ("spec", "zone")))
        return Plan(
            "toy",
            "Schedule",
            spec.name,
            nodes=tuple(nodes),
            timings=tuple(timings),
            proves=spec.when,
            findings=(
                Finding(Feature.TIMEZONE, "exact", "the job has a zone"),
                Finding(Feature.PAUSED, "emulated", "by a label"),
            ),
        )


class Unknowing(Robfig):
    """
    Robfig, if nobody knew what it does in gaps and folds.
    """

    name = "unknowing"
    dst = None


class Shifting(Robfig):
    """
    Robfig, if it were said to start skipped times later.
    """

    name = "shifting"
    dst = sk.Dst(gap="next", fold="both")


def planned(when, overrides=None, dialect=ROBFIG, **more) -> Plan:
    """
    The toy's plan of a schedule.
    """
    backend = Toy()
    backend.dialect = dialect
    spec = sk.ScheduleSpec("nightly", TRAIN, when, **more)
    return planning.plan_for(backend, spec, Target(), overrides)


def refused(plan: Plan) -> list[Finding]:
    """
    What the plan refuses.
    """
    return [finding for finding in plan.findings if finding.verdict == "refused"]


def test_pipeline() -> None:
    """
    A plan without a schedule text needs no proof.
    """
    plan = planning.plan_for(Toy(), TRAIN, Target())
    assert ("Pipeline", "train", None) == (plan.kind, plan.name, plan.proof)
    assert () == plan.findings


def test_proved() -> None:
    """
    A plan whose texts mean what was asked for carries the proof, and its findings as they were.
    """
    plan = planned(BERLIN)
    assert plan.proof.holds
    assert (Native("0 1 * * *", "Europe/Berlin"),) == plan.proof.natives
    assert ["exact", "emulated"] == [finding.verdict for finding in plan.findings]


def test_refusing_backend() -> None:
    """
    A backend without verbs refuses both kinds, without a proof.
    """

    class Mute(Backend):
        name = "mute"
        options = Options

    for spec, feature in (
        (TRAIN, Feature.PIPELINE),
        (sk.ScheduleSpec("nightly", TRAIN, BERLIN), Feature.SCHEDULE),
    ):
        (finding,) = planning.plan_for(Mute(), spec, Target()).findings
        assert (feature, "refused") == (finding.feature, finding.verdict)


def test_override_is_laid_before_the_proof() -> None:
    """
    What is proved is what stands in the nodes after the overrides, other spellings included.
    """
    plan = planned(BERLIN, {"job0": {"spec": {"cron": "00 1 * * *", "note": "mine"}}})
    assert (Native("00 1 * * *", "Europe/Berlin"),) == plan.proof.natives
    assert plan.proof.holds
    assert "mine" == plan.at("job0", ("spec", "note"))


def test_override_of_a_pipeline() -> None:
    """
    A plan without schedule texts takes overrides too.
    """
    plan = planning.plan_for(Toy(), TRAIN, Target(), {"role": {"x": 1}})
    assert 1 == plan.at("role", ("x",))


def test_override_of_nothing() -> None:
    """
    Overrides name a node that is there.
    """
    with pytest.raises(OverrideError, match="did you mean 'job0'"):
        planned(BERLIN, {"job": {}})


def test_override_of_what_others_hold_as_text() -> None:
    """
    It would not reach them; the same value again, and anything beside it, is no change.
    """
    planned(BERLIN, {"job0": {"spec": {"account": None, "more": 1}}})
    with pytest.raises(OverrideError) as caught:
        planned(BERLIN, {"job0": {"spec": {"account": "mine"}}})
    error = caught.value
    assert "Schedule 'nightly', overrides, job0.spec.account" == error.culprit
    assert "cannot be changed here, for other resources hold it as text" == error.reason
    assert "rename the pipeline" == error.cure


@pytest.mark.parametrize(
    ("overrides", "culprit", "reason"),
    [
        (["job0"], "=['job0']", "is no mapping"),
        ("job0", "='job0'", "is no mapping"),
        ({"job0": None}, "={'job0': None}", "is no mapping of inputs by the key of a resource"),
        ({"job0": "x"}, "={'job0': 'x'}", "is no mapping of inputs by the key of a resource"),
        ({5: {}}, "={5: {}}", "is no mapping of inputs by the key of a resource"),
    ],
)
def test_override_of_the_wrong_shape(overrides: object, culprit: str, reason: str) -> None:
    """
    Overrides are a mapping of mappings.
    """
    with pytest.raises(SpecError) as caught:
        planned(BERLIN, overrides)
    error = caught.value
    assert f"Schedule 'nightly', overrides{culprit}" == error.culprit
    assert (reason, "write {resource: {input: value}}") == (error.reason, error.cure)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"cron": "61 * * * *"}, "cron '61 * * * *'"),
        ({"cron": None}, "cron 'None'"),
        ({"zone": None}, "timezone 'None'"),
        ({"zone": "Europe/Berln"}, "timezone 'Europe/Berln'"),
    ],
)
def test_unreadable(over: dict[str, object], said: str) -> None:
    """
    A text that the platform would reject, or a zone that does not exist, is refused.
    """
    plan = planned(BERLIN, {"job0": {"spec": over}})
    (finding,) = refused(plan)
    assert Feature.CRON == finding.feature
    start = "the text that stands in the plan cannot be read back: "
    assert finding.reason.startswith(f"{start}{said}")
    assert "mend the override that put it there" == finding.nearest
    assert plan.proof is None
    assert 3 == len(plan.findings)


@pytest.mark.parametrize("name", ["cron", "zone"])
def test_live_text(name: str) -> None:
    """
    A schedule text that is known at deploy only cannot be proved, so it is refused.
    """
    live = pulumi.Output.from_input("0 1 * * *")
    plan = planned(BERLIN, {"job0": {"spec": {name: live}}})
    (finding,) = refused(plan)
    assert f"Schedule 'nightly', job0.spec.{name}: is a pulumi.Output" in finding.reason
    with pytest.raises(OutputError) as caught:
        planning.natives(plan)
    assert f"Schedule 'nightly', job0.spec.{name}" == caught.value.culprit


def test_other_text() -> None:
    """
    A text that fires at other instants is refused with them.
    """
    when = sk.Cron("0 1 * * *", timezone="UTC")
    plan = planned(when, {"job0": {"spec": {"cron": "0 2 1 1 *"}}})
    (finding,) = refused(plan)
    assert (Feature.CRON, False) == (finding.feature, plan.proof.holds)
    assert finding.reason.startswith("robfig would fire otherwise in UTC: loses ")
    assert " and adds " in finding.reason
    assert (*plan.proof.missing, *plan.proof.extra) == finding.instants
    assert datetime(2025, 1, 1, 1, tzinfo=UTC) in finding.instants


def test_text_that_only_adds() -> None:
    """
    Runs too many are refused as well; none is said to be lost.
    """
    plan = planned(sk.Cron("0 1 * * *"), {"job0": {"spec": {"cron": "0 1,2 * * *"}}})
    (finding,) = refused(plan)
    assert "loses" not in finding.reason
    assert "in UTC: adds " in finding.reason
    assert finding.instants == plan.proof.extra


def test_zone_that_the_platform_reads_wrongly() -> None:
    """
    Robfig loses a morning after each midnight gap of Cairo: refused as a matter of the zone, with
    the instants, and the milder finding about zones is gone.
    """
    plan = planned(sk.Cron("0 9 * * 5", timezone="Africa/Cairo"))
    assert [Feature.PAUSED, Feature.TIMEZONE] == [each.feature for each in plan.findings]
    (finding,) = refused(plan)
    assert Feature.TIMEZONE == finding.feature
    assert plan.proof.missing == finding.instants
    assert "2025-04-25T09:00:00+03:00 (2025-04-25T06:00Z)" in finding.reason
    assert "loses 10 runs such as " in finding.reason
    assert "or timezone='UTC'" in finding.nearest


def test_policy_that_the_platform_keeps() -> None:
    """
    A stated policy that is the platform's own is exact.
    """
    dst = sk.Dst(gap="skip", fold="both")
    plan = planned(sk.Cron("30 2 * * *", timezone="Europe/Berlin", dst=dst))
    assert Finding(Feature.DST, "exact", "robfig does what the policy says in Europe/Berlin") in (
        plan.findings
    )
    assert [] == refused(plan)


def test_policy_that_the_platform_breaks() -> None:
    """
    A stated policy that is not the platform's is refused, as a matter of the policy.
    """
    dst = sk.Dst(gap="skip", fold="first")
    plan = planned(sk.Cron("30 2 * * *", timezone="Europe/Berlin", dst=dst))
    (finding,) = refused(plan)
    assert Feature.DST == finding.feature
    assert "adds 10 runs such as 2025-10-26T02:30:00+01:00 (2025-10-26T01:30Z)" in finding.reason
    assert Finding(Feature.TIMEZONE, "exact", "the job has a zone") in plan.findings


def test_doubled() -> None:
    """
    Two natives that would each start a run at one instant are refused.
    """
    when = sk.Union(sk.Cron("0 9 * * *", timezone="Europe/Berlin"), sk.Cron("0 8 * * *"))
    plan = planned(when)
    (finding,) = refused(plan)
    assert (Feature.UNION, plan.proof.doubled) == (finding.feature, finding.instants)
    expected = "two of the native schedules would each start a run at 2025-01-01T08:00:00+00:00"
    assert finding.reason.startswith(expected)
    assert "schedules of two pipelines, or one time that holds for all" == finding.nearest


def test_unknown_policy() -> None:
    """
    Where nobody knows what the platform does in gaps and folds, the plan says so.
    """
    plan = planned(sk.Cron("30 2 * * *", timezone="Europe/Berlin"), dialect=Unknowing())
    (finding,) = [each for each in plan.findings if each.feature is Feature.DST]
    assert ("emulated", plan.proof.unknown) == (finding.verdict, finding.instants)
    assert finding.reason.startswith("what unknowing does is not known for 2025-03-30T")


def test_departures() -> None:
    """
    Where the platform has a way of its own with gaps and folds, the plan says so.
    """
    plan = planned(sk.Cron("30 2 * * *", timezone="Europe/Berlin"), dialect=Shifting())
    (finding,) = [each for each in plan.findings if each.verdict == "emulated"][1:]
    assert (Feature.DST, plan.proof.departures) == (finding.feature, finding.instants)
    expected = "shifting reads gaps and repeated hours its own way: 2025-03-30T"
    assert finding.reason.startswith(expected)


@pytest.mark.parametrize("lack", ["proves", "dialect"])
def test_texts_that_nobody_proves(lack: str) -> None:
    """
    Schedule texts without what they must fire like, or without a language, are a mistake.
    """

    class Careless(Toy):
        dialect = None if lack == "dialect" else ROBFIG

        def compile_schedule(self, spec, target):
            plan = super().compile_schedule(spec, target)
            return attrs.evolve(plan, proves=None) if lack == "proves" else plan

    with pytest.raises(PlanError) as caught:
        planning.plan_for(Careless(), sk.ScheduleSpec("nightly", TRAIN, BERLIN), Target())
    expected = (
        "toy, schedule 'nightly': carries schedule texts that nobody can prove; fill `proves`"
    )
    assert expected == str(caught.value)


def test_natives() -> None:
    """
    A zone is a path into the node, or stands in the timing itself.
    """
    node = Node("job", "t", {"cron": "0 1 * * *", "zone": "Asia/Tokyo"})
    timings = (Timing("job", ("cron",), ("zone",)), Timing("job", ("cron",)))
    plan = Plan("toy", "Schedule", "n", nodes=(node,), timings=timings)
    expected = (Native("0 1 * * *", "Asia/Tokyo"), Native("0 1 * * *", "UTC"))
    assert expected == planning.natives(plan)


def test_verdict() -> None:
    """
    All refusals are one error; emulations join them under strict only.
    """
    plan = planned(BERLIN)
    assert planning.verdict(plan, strict=False) is None
    strict = planning.verdict(plan, strict=True)
    assert (Feature.PAUSED,) == tuple(finding.feature for finding in strict.findings)
    bad = planned(BERLIN, {"job0": {"spec": {"cron": "nonsense"}}})
    error = planning.verdict(bad, strict=False)
    assert isinstance(error, UnsupportedError)
    assert ("toy", "Schedule 'nightly'") == (error.backend, error.culprit)
    assert ["refused"] == [finding.verdict for finding in error.findings]
    assert str(error).startswith("Schedule 'nightly': toy cannot keep this:\n  - schedule.cron ")
    both = planning.verdict(bad, strict=True)
    assert ["emulated", "refused"] == [finding.verdict for finding in both.findings]
