"""
A healthy backend of one file and, for each law, one that breaks it.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs
import pulumi

from schedkit.backend import Backend
from schedkit.exceptions import NotExpressibleError
from schedkit.findings import Feature, emulated, refused
from schedkit.plan import Node, Plan, Ref, Timing
from schedkit.recurrence.dialects.robfig import Robfig
from schedkit.step import Parameter


TIMER, ACCOUNT = "toy:index:Timer", "toy:index:Account"
HERE = "toys"
TIMING = Timing("", ("cron",), ("timeZone",))


@pulumi.input_type
class RunArgs:
    def __init__(self, *, image: pulumi.Input[str], words=None, env=None, seconds=None) -> None:
        pulumi.set(self, "image", image)
        for name, value in (("words", words), ("env", env), ("seconds", seconds)):
            if value is not None:
                pulumi.set(self, name, value)

    @property
    @pulumi.getter
    def image(self) -> pulumi.Input[str]:
        return pulumi.get(self, "image")

    @property
    @pulumi.getter
    def words(self) -> pulumi.Input[list[pulumi.Input[str]]] | None:
        return pulumi.get(self, "words")

    @property
    @pulumi.getter
    def env(self) -> pulumi.Input[Mapping[str, pulumi.Input[str]]] | None:
        return pulumi.get(self, "env")

    @property
    @pulumi.getter
    def seconds(self) -> pulumi.Input[int] | None:
        return pulumi.get(self, "seconds")


@pulumi.input_type
class TimerArgs:
    def __init__(self, *, name, cron, time_zone, run, paused=None, account=None) -> None:
        pulumi.set(self, "name", name)
        pulumi.set(self, "cron", cron)
        pulumi.set(self, "time_zone", time_zone)
        pulumi.set(self, "run", run)
        if paused is not None:
            pulumi.set(self, "paused", paused)
        if account is not None:
            pulumi.set(self, "account", account)

    @property
    @pulumi.getter
    def name(self) -> pulumi.Input[str]:
        return pulumi.get(self, "name")

    @property
    @pulumi.getter
    def cron(self) -> pulumi.Input[str]:
        return pulumi.get(self, "cron")

    @property
    @pulumi.getter(name="timeZone")
    def time_zone(self) -> pulumi.Input[str]:
        return pulumi.get(self, "time_zone")

    @property
    @pulumi.getter
    def run(self) -> pulumi.Input[RunArgs]:
        return pulumi.get(self, "run")

    @property
    @pulumi.getter
    def paused(self) -> pulumi.Input[bool] | None:
        return pulumi.get(self, "paused")

    @property
    @pulumi.getter
    def account(self) -> pulumi.Input[str] | None:
        return pulumi.get(self, "account")


@pulumi.input_type
class AccountArgs:
    def __init__(self, *, role) -> None:
        pulumi.set(self, "role", role)

    @property
    @pulumi.getter
    def role(self) -> pulumi.Input[str]:
        return pulumi.get(self, "role")


class Timer(pulumi.CustomResource):
    def __init__(self, resource_name, opts=None, **inputs) -> None:
        wire = {"time_zone": "timeZone"}
        props = {wire.get(key, key): value for key, value in inputs.items()}
        super().__init__(TIMER, resource_name, props, opts)


class Account(pulumi.CustomResource):
    def __init__(self, resource_name, opts=None, **inputs) -> None:
        super().__init__(ACCOUNT, resource_name, inputs, opts)


@attrs.frozen(kw_only=True)
class Options:
    role: str = "nobody"


class Toy(Backend):
    """
    Keeps one-step pipelines and what robfig can say, refuses the rest.
    """

    name = "toy"
    options = Options
    classes: ClassVar = {TIMER: f"{HERE}:Timer", ACCOUNT: f"{HERE}:Account"}
    dialect = Robfig()
    timings: ClassVar = {TIMER: TIMING}

    def compile_pipeline(self, spec, target):
        node = Node("account", ACCOUNT, {"role": self.settings.role})
        return Plan(self.name, "Pipeline", spec.name, (node,), tuple(self.judged(spec)))

    def judged(self, spec):
        way_out = "choose another backend"
        step = spec.steps[0]
        resources = step.resources
        for feature, asks in (
            (Feature.CPU, resources.cpu),
            (Feature.MEMORY, resources.memory),
            (Feature.GPU, resources.gpu),
            (Feature.EPHEMERAL_STORAGE, resources.ephemeral_storage),
            (Feature.RETRY, step.retry and step.retry.limit),
            (Feature.BACKOFF, step.retry),
            (Feature.KEEP, spec.keep),
            (Feature.CHAIN if spec.is_chain else Feature.GRAPH, len(spec.steps) > 1),
        ):
            if asks:
                yield refused(feature, "a toy has none", way_out)
        if spec.overlap != "allow":
            yield refused(Feature(f"pipeline.overlap.{spec.overlap}"), "a toy is alone", way_out)
        if step.timeout:
            yield emulated(Feature.STEP_TIMEOUT, "the shorter one of run and step")

    def compile_schedule(self, spec, target):
        bad = tuple(self.refusals(spec))
        try:
            natives = self.dialect.write(self.when(spec))
        except NotExpressibleError as error:
            bad += (refused(Feature(error.feature), "robfig has no words for it", error.cure),)
            natives = ()
        nodes = tuple(self.timer(spec, target, *pair) for pair in enumerate(natives))
        return Plan(
            self.name,
            "Schedule",
            spec.name,
            nodes,
            bad,
            timings=tuple(attrs.evolve(TIMING, node=n.key) for n in nodes),
            proves=self.when(spec) if nodes else None,
            schedule_id=self.identity(nodes),
        )

    def when(self, spec):
        return spec.when

    def identity(self, nodes):
        return Ref(nodes[0].key) if nodes else None

    def refusals(self, spec):
        for feature, asks in (
            (Feature.CATCH_UP_LATEST, spec.catch_up.policy == "latest"),
            (Feature.CATCH_UP_ALL, spec.catch_up.policy == "all"),
            (Feature.JITTER, spec.jitter),
            (Feature.START, spec.start),
            (Feature.END, spec.end),
        ):
            if asks:
                yield refused(feature, "a toy cannot wait", "leave it out")
        if spec.starting_deadline != 300:
            yield refused(Feature.STARTING_DEADLINE, "a toy is patient", "leave it out")

    def timer(self, spec, target, number, native):
        name = target.fixed_name(spec.name) + (f"-{number}" if number else "")
        inputs = {
            "name": name,
            "cron": native.text,
            "timeZone": native.timezone,
            "run": self.run(spec),
            "paused": spec.paused,
            "account": Ref("pipeline/account"),
        }
        return Node(f"timer_{number}" if number else "timer", TIMER, inputs)

    def run(self, spec) -> dict[str, Any]:
        step, values = spec.pipeline.steps[0], spec.filled()

        def text(value):
            value = values[value.name] if isinstance(value, Parameter) else value
            return str(value) if isinstance(value, int) else value

        own = {f"SECRET_{k}": f"{s.name}/{s.key}" for k, s in step.secrets.items()}
        own |= {f"SCHEDKIT_PARAMETER_{k.upper()}": text(v) for k, v in values.items()}
        return {
            "image": step.image,
            "words": [text(word) for word in (*(step.command or ()), *step.args)],
            "env": {**{k: text(v) for k, v in step.env.items()}, **own},
            "seconds": min(step.timeout or spec.pipeline.timeout, spec.pipeline.timeout),
        }


def changed(node, **inputs):
    return attrs.evolve(node, inputs={**node.inputs, **inputs})


class DropsEnv(Toy):
    def run(self, spec):
        return {**super().run(spec), "env": {}}


class DropsPause(Toy):
    def timer(self, *args):
        return changed(super().timer(*args), paused=False)


class CountsCalls(Toy):
    calls = 0

    def timer(self, *args):
        CountsCalls.calls += 1
        return changed(super().timer(*args), name=f"{args[1].fixed_name('x')}-{CountsCalls.calls}")


class ChangesTheSpec(Toy):
    def compile_pipeline(self, spec, target):
        object.__setattr__(spec, "timeout", spec.timeout + 1)
        return super().compile_pipeline(spec, target)


class AsksTheClock(Toy):
    def compile_pipeline(self, spec, target):
        dt.datetime.now(dt.UTC)
        return super().compile_pipeline(spec, target)


class AsksTheEnvironment(Toy):
    def compile_pipeline(self, spec, target):
        os.environ.get("HOME")
        return super().compile_pipeline(spec, target)


class AsksChance(Toy):
    def compile_pipeline(self, spec, target):
        random.random()
        return super().compile_pipeline(spec, target)


class ReadsTheZone(Toy):
    def compile_pipeline(self, spec, target):
        plan = super().compile_pipeline(spec, target)
        hour = dt.datetime(2027, 1, 1, tzinfo=dt.UTC).astimezone().hour
        return attrs.evolve(plan, nodes=(changed(plan.nodes[0], role=f"at-{hour}"),))


class TrustsSets(Toy):
    def compile_pipeline(self, spec, target):
        plan = super().compile_pipeline(spec, target)
        role = "-".join({"one", "two", "three", "four", "five", "six", "seven"})
        return attrs.evolve(plan, nodes=(changed(plan.nodes[0], role=role),))


class FiresEarly(Toy):
    def timer(self, *args):
        return changed(super().timer(*args), cron="0 9 * * *")


class ProvesAnother(FiresEarly):
    """
    Writes another schedule, and lets schedkit prove that one.
    """

    def when(self, spec):
        from schedkit.recurrence import Cron

        return Cron("0 9 * * *")


class ProvesAnotherFromAStart(ProvesAnother):
    """
    Keeps the start, of another schedule.
    """

    def refusals(self, spec):
        return [bad for bad in super().refusals(spec) if bad.feature is not Feature.START]


class ForgetsToTime(Toy):
    def compile_schedule(self, spec, target):
        plan = super().compile_schedule(spec, target)
        return attrs.evolve(plan, timings=(), proves=None)


class NamesTwins(Toy):
    def compile_pipeline(self, spec, target):
        plan = super().compile_pipeline(spec, target)
        twins = [Node(key, ACCOUNT, {"role": "r"}) for key in ("the_twin", "the-twin")]
        return attrs.evolve(plan, nodes=(*plan.nodes, *twins))


class Stray(pulumi.CustomResource):
    def __init__(self, resource_name, opts=None, **inputs) -> None:
        super().__init__(ACCOUNT, f"my-{resource_name}", inputs, pulumi.ResourceOptions())


StrayArgs = AccountArgs


class LosesItsParent(Toy):
    classes: ClassVar = {TIMER: f"{HERE}:Timer", ACCOUNT: f"{HERE}:Stray"}


class PrintsOutputs(Toy):
    def run(self, spec):
        run = super().run(spec)
        return {**run, "image": "x" if isinstance(run["image"], pulumi.Output) else run["image"]}


class WritesOutputs(Toy):
    def run(self, spec):
        run = super().run(spec)
        return {**run, "words": [f"{word}" for word in run["words"]]}


class TellsSecrets(Toy):
    def run(self, spec):
        run = super().run(spec)
        env = {
            key: pulumi.Output.unsecret(value) if isinstance(value, pulumi.Output) else value
            for key, value in run["env"].items()
        }
        return {**run, "env": env}


class ForgetsTheId(Toy):
    def identity(self, nodes):
        return None


class Shouts(Toy):
    def refusals(self, spec):
        for finding in super().refusals(spec):
            yield attrs.evolve(finding, reason="A toy cannot wait.")


class OffersNothing(Toy):
    def refusals(self, spec):
        for finding in super().refusals(spec):
            yield attrs.evolve(finding, nearest="")


class NamesABadUrl(Toy):
    def refusals(self, spec):
        for finding in super().refusals(spec):
            yield attrs.evolve(finding, url="see the docs")


class SaysNotHow(Toy):
    def judged(self, spec):
        yield from super().judged(spec)
        yield emulated(Feature.TIMEOUT, "emulated")


@attrs.frozen
class OddOptions:
    role_: str = "nobody"


class NamesOptionsOddly(Toy):
    options = OddOptions

    def compile_pipeline(self, spec, target):
        node = Node("account", ACCOUNT, {"role": self.settings.role_})
        return Plan(self.name, "Pipeline", spec.name, (node,), tuple(self.judged(spec)))


class InventsATimer(Toy):
    classes: ClassVar = {ACCOUNT: f"{HERE}:Account"}


class MisspellsAProperty(Toy):
    def run(self, spec):
        run = super().run(spec)
        return {**run, "secnds": run.pop("seconds")}


class WritesNumbersAsText(Toy):
    def run(self, spec):
        return {**super().run(spec), "seconds": "60"}


class LeavesOutTheImage(Toy):
    def run(self, spec):
        return {k: v for k, v in super().run(spec).items() if k != "image"}


class CopiesSecrets(Toy):
    def run(self, spec):
        run = super().run(spec)
        env = {k: "hunter2" if k.startswith("SECRET_") else v for k, v in run["env"].items()}
        return {**run, "env": env}


class NamesAllAlike(Toy):
    def timer(self, *args):
        return changed(super().timer(*args), name="the-timer")


class LosesItsZone(Toy):
    timings: ClassVar = {TIMER: Timing("", ("cron",))}


class ForgetsTheStack(Toy):
    def timer(self, spec, target, number, native):
        name = target.physical_name or spec.name
        return changed(super().timer(spec, target, number, native), name=name)
