"""
schedkit on AWS, by the real engine in front of moto: what the plan promises is what is there.
"""

from __future__ import annotations

import json

import attrs
import moto_cloud
import pulumi
import pytest
import tally
from moto_cloud import differences
from shell import Shell
from stack import EXAMPLES as FOLDERS
from stack import running

import schedkit as sk
from schedkit.backend import Target
from schedkit.findings import Feature
from schedkit.pipeline import PipelineSpec
from schedkit.planning import plan_for, verdict
from schedkit.program import current
from schedkit.testing.examples import EXAMPLES, Spec, schedule


pytestmark = pytest.mark.engine

NAMES = sorted(path.parent.name for path in FOLDERS.glob("*/Pulumi.aws.yaml"))
REGISTRIES = {"ghcr.io": "ghcr", "docker.io": "docker-hub"}
REFUSED = {
    "scheduler": {Feature.DAY_INTERSECTION, Feature.DST, Feature.CATCH_UP_ALL},
    "rules": {
        Feature.TIMEZONE,
        Feature.DAY_UNION,
        Feature.DAY_INTERSECTION,
        Feature.EVERY,
        Feature.UNION,
        Feature.DST,
        Feature.CATCH_UP_ALL,
        Feature.JITTER,
        Feature.START,
        Feature.END,
    },
}
AT_THE_END = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""
Lets the engine write the state once: of hundreds of resources, else, at each of them.
"""

UNRELATED = """
import pulumi_aws, pulumi_kubernetes

pulumi_aws.sqs.Queue("bystander", name="bystander")
pulumi_kubernetes.core.v1.ConfigMap("bystander", metadata={"name": "bystander"})
"""


@pytest.fixture
def cloud():
    """
    An empty account.
    """
    with moto_cloud.cloud() as made:
        yield made


@pytest.fixture
def engine(binaries, cloud, tmp_path):
    """
    The real engine in front of it.
    """
    with running(tmp_path, cloud) as made:
        yield made


@pytest.fixture
def both(binaries, cloud, provider_double, tmp_path):
    """
    The real engine in front of it, and of Kubernetes.
    """
    with running(tmp_path, cloud, provider_double) as made:
        yield made


def config(**options: object) -> dict[str, str]:
    """
    Of a stack on AWS.
    """
    options = {"registries": REGISTRIES, **options}
    return {"schedkit:backend": "aws", "schedkit:aws": json.dumps(options)}


def as_promised(stack, cloud) -> None:
    """
    Moto holds each resource of the state, field by field, and no other.
    """
    custom = [each for each in stack.resources.values() if each["custom"]]
    found = differences(cloud, custom)
    assert [] == found, {(each[1], *each[2:]) for each in found}
    assert sorted(f"{each['type']}::{each['id']}" for each in custom) == sorted(cloud.objects)
    assert cloud.asked == cloud.names()
    tally.COUNTS["resources that moto holds as promised"] += len(custom)


@pytest.mark.parametrize("name", NAMES)
def test_example(engine, cloud, name: str) -> None:
    """
    An `up` makes what is promised, a second one and a refresh change nothing, and `destroy` leaves
    nothing.
    """
    stack = engine.example(name, "aws")
    made = stack.up()["create"]
    as_promised(stack, cloud)
    assert stack.api.outputs()["schedule"].value in {id_.partition("::")[2] for id_ in stack.cloud}
    assert {"same": made} == stack.up(expect_no_changes=True)
    assert {"same": made} == stack.refresh(expect_no_changes=True)
    assert {"delete": made} == stack.destroy()
    assert set() == cloud.names()
    assert [] == stack.cloud
    tally.COUNTS["examples deployed and destroyed"] += 1


@attrs.define
class Cases:
    """
    Every example of the conformance suite that the backend keeps.
    """

    base: bool = False
    kept: list[Feature] = attrs.field(factory=list)

    def __call__(self) -> None:
        """
        Declare a pipeline for each that is about pipelines, and schedules on those they share.
        """
        self.kept = []
        shared: list[sk.Pipeline] = []
        for feature, example in EXAMPLES.items():
            spec = (example.base or example.spec) if self.base else example.spec
            name = feature.replace(".", "-").replace("_", "-")
            if not (keeps(spec) and keeps(example.spec)):
                continue
            self.kept.append(feature)
            if isinstance(spec, PipelineSpec):
                declare(f"{name}-at", schedule(of=spec), declared(name, spec))
                continue
            above = next((each for each in shared if like(each.spec, spec.pipeline)), None)
            if above is None:
                above = declared(f"shared-{len(shared)}", spec.pipeline)
                shared.append(above)
            declare(name, spec, above)


def keeps(spec: Spec) -> bool:
    """
    Whether the backend refuses nothing of it.
    """
    target = Target(project=pulumi.get_project(), stack=pulumi.get_stack())
    return verdict(plan_for(current().backend(None), spec, target), strict=False) is None


def like(some: PipelineSpec, other: PipelineSpec) -> bool:
    """
    Whether they differ in their names only.
    """
    return some == attrs.evolve(other, name=some.name)


def declared(name: str, spec: PipelineSpec) -> sk.Pipeline:
    """
    The component of a spec.
    """
    fields = {field.name: getattr(spec, field.name) for field in attrs.fields(PipelineSpec)}
    del fields["name"]
    return sk.Pipeline(name, **fields)


def declare(name: str, spec: sk.ScheduleSpec, above: sk.Pipeline) -> None:
    """
    The component of a spec, on this pipeline.
    """
    fields = {field.name: getattr(spec, field.name) for field in attrs.fields(sk.ScheduleSpec)}
    del fields["name"], fields["pipeline"]
    sk.Schedule(name, above, fields.pop("when"), **fields)


def test_every_case(engine, cloud) -> None:
    """
    Every case of the conformance suite is in moto as promised: made, changed to the case that does
    not ask for the feature, moved from EventBridge Scheduler to rules, and taken away.
    """
    program = Cases()
    stack = engine.stack(program, config=config())
    stack.api.workspace.env_vars |= AT_THE_END
    made = stack.up()["create"]
    assert set(EXAMPLES) - REFUSED["scheduler"] == set(program.kept)
    as_promised(stack, cloud)
    stack.forget()
    assert {"same": made} == stack.up(expect_no_changes=True)
    assert [] == stack.changes

    program.base = True
    fates = stack.up()
    assert {"update", "delete", "same"} <= set(fates)
    as_promised(stack, cloud)

    program.base = False
    stack.configure(config(scheduler="rules"))
    stack.up()
    assert set(EXAMPLES) - REFUSED["rules"] == set(program.kept)
    as_promised(stack, cloud)
    assert "aws:scheduler/schedule:Schedule" not in {type_ for type_, _ in cloud.names()}

    stack.destroy()
    assert set() == cloud.names()
    assert [] == stack.cloud
    cases = 2 * len(EXAMPLES) - sum(len(each) for each in REFUSED.values())
    tally.COUNTS["conformance cases deployed and destroyed"] += cases


def test_switch_and_back(both, cloud, provider_double, tmp_path) -> None:
    """
    Nothing but `schedkit:backend` moves the unchanged example: all of the new is made, then all of
    the old goes, and what else the program made stays; `schedkit plan --deployed` says before what
    happens to a run that is due meanwhile. The way back is the same.
    """
    stack = both.example("nightly-training", "dev")
    main = tmp_path / "nightly-training" / "__main__.py"
    main.write_text(main.read_text() + UNRELATED)
    stack.configure({"schedkit:backend": "kubernetes"})
    stack.up()
    kubernetes = set(provider_double.objects)
    bystanders = {each for each in stack.cloud if each.endswith("bystander")}
    assert 2 == len(bystanders)
    for old, new in (("kubernetes", "aws"), ("aws", "kubernetes")):
        before = set(stack.cloud) - bystanders
        stack.configure({"schedkit:backend": new})
        shell = Shell(both, main.parent)
        plan = shell("schedkit", "plan", ".", "--stack", "dev", "--deployed")
        assert f"it moves from {old} to {new}: " in plan.said
        assert "runs on both; paused before, it runs on neither" in plan.said
        stack.forget()
        stack.up()
        after = set(stack.cloud) - bystanders
        assert bystanders <= set(stack.cloud)
        assert set() == before & after
        ops = [op for op, _ in in_time(stack)]
        assert ["Create"] * len(after) + ["Delete"] * len(before) == ops
        assert "bystander" not in {name for _, name in stack.changes}
        assert [] == differences(cloud, stack.resources.values())
    assert kubernetes == set(provider_double.objects)
    assert {("aws:sqs/queue:Queue", "bystander")} == cloud.names()


def in_time(stack) -> list[tuple[str, str]]:
    """
    What changed both clouds, in the order in which it happened.
    """
    calls = [call for double in stack.doubles.values() for call in double.calls if call.mutates]
    return [(call.op, call.name) for call in sorted(calls, key=lambda call: call.time)]
