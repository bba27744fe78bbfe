"""
What schedkit costs in a program of many schedules, against the same resources written by hand.

Three programs in one process declare the same resources: **A** by hand and flat, **B** in
hand-written components with the same properties and outputs as schedkit's (the fair baseline),
**C** with schedkit. First it is proved that all resources are equal, byte for
byte; else there is nothing to compare. Then: counters that never vary (Outputs, RPCs, Python
calls), CPU time in random order with the collector off, and the pure layer by itself.

Run it as `python benchmarks/overhead.py BACKEND [schedules] [repetitions] [per pipeline]`, where
BACKEND is `kubernetes` or `aws`, and the last number says how many schedules a pipeline has.
"""

from __future__ import annotations

import asyncio
import contextvars
import cProfile
import gc
import importlib
import pstats
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest

import pulumi
from pulumi.runtime import mocks, set_all_config, settings
from pulumi.runtime.proto import resource_pb2

import schedkit as sk
from schedkit import config
from schedkit.planning import plan_for
from schedkit.recurrence.proof import _prove
from schedkit.registry import installed, load


BACKEND, *NUMBERS = sys.argv[1:] or ["kubernetes"]
SCHEDULES, REPETITIONS, PER_PIPELINE = (
    int(given or usual) for given, usual in zip_longest(NUMBERS, (500, 11, 50))
)
by_hand = importlib.import_module(f"by_hand_{BACKEND}")
CRONS = (
    "0 1 * * *",
    "30 3 * * 1-5",
    "*/15 * * * *",
    "0 */2 * * *",
    "0 6,18 * * *",
    "0 9 1 * *",
    "0 0 * * 0",
    "5 4 * * 6",
    "0 12 1,15 * *",
    "45 23 * * *",
    "0 8 * 1,4,7,10 1",
    "20 5 * * 2,4",
)
IMAGE = "ghcr.io/acme/ml:1.4"
Program = Callable[[int], None]


class Nothing(pulumi.runtime.Mocks):
    """
    Answers look-ups, and nothing else of its own.
    """

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, object]:
        return by_hand.ANSWERS[args.token]

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, object]]:
        return args.name, args.inputs


class Monitor(mocks.MockMonitor):
    """
    Echoes the inputs and makes up what a cloud names, so that what is measured is the SDK and the
    program.
    """

    def __init__(self) -> None:
        super().__init__(Nothing())
        self.seen: list[tuple[str, str, bytes]] = []
        self.outputs_rpcs = self.invokes = 0

    def Invoke(self, request: object) -> object:  # noqa: N802
        self.invokes += 1
        return super().Invoke(request)

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> object:  # noqa: N802
        body = request.object.SerializeToString(deterministic=True)
        self.seen.append((request.type, request.name, body))
        if request.type.startswith("aws:"):
            request.object.update({"arn": f"arn:aws:{request.name}"})
            if "bucket" not in request.object:
                request.object.update({"bucket": request.name})
        return resource_pb2.RegisterResourceResponse(
            urn=f"urn:pulumi:s::p::{request.type}::{request.name}",
            id=request.name if request.custom else "",
            object=request.object,
        )

    def RegisterResourceOutputs(self, request: object) -> object:  # noqa: N802
        self.outputs_rpcs += 1
        return super().RegisterResourceOutputs(request)


def names(schedules: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """
    Pipeline name -> schedule names and crons.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for i in range(schedules):
        rows = found.setdefault(f"train-{i // PER_PIPELINE}", [])
        rows.append((f"nightly-{i}", CRONS[i % len(CRONS)]))
    return list(found.items())


def with_schedkit(schedules: int) -> None:
    """
    C: the library.
    """
    for name, rows in names(schedules):
        fit = sk.Step(
            "fit", image=IMAGE, args=["fit"], resources=sk.Resources(cpu=4, memory="16Gi")
        )
        train = sk.Pipeline(name, steps=[fit])
        for schedule, cron in rows:
            sk.Schedule(schedule, train, sk.Cron(cron))


class Component(pulumi.ComponentResource):
    """
    What a careful user writes.
    """

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"schedkit:index:{kind}", name, {"backend": BACKEND})


def in_components(schedules: int) -> None:
    """
    B: by hand, one component for each pipeline and schedule.
    """
    common = None
    if by_hand.SHARED:
        owner = Component("Shared", by_hand.SHARED)
        common = by_hand.shared(owner)
        owner.register_outputs({})
    for name, rows in names(schedules):
        owner = Component("Pipeline", name)
        made = by_hand.pipeline(name, BODIES, common, owner)
        owner.register_outputs({})
        for schedule, _ in rows:
            parent = Component("Schedule", schedule)
            child = by_hand.schedule(schedule, BODIES, made, parent)
            parent.register_outputs({"scheduleId": child.id})


def flat(schedules: int) -> None:
    """
    A: by hand, no components.
    """
    common = by_hand.shared(None)
    for name, rows in names(schedules):
        made = by_hand.pipeline(name, BODIES, common, None)
        for schedule, _ in rows:
            by_hand.schedule(schedule, BODIES, made, None)


BODIES: dict[str, Mapping] = {}
PROGRAMS: dict[str, Program] = {
    "A by hand": flat,
    "B components": in_components,
    "C schedkit": with_schedkit,
}


def write_bodies(schedules: int) -> None:
    """
    The literal bodies that A and B use; equality with what C registers is checked, not assumed.
    """
    translator, target = translated(), sk.Target(project="p", stack="s")
    for name, rows in names(schedules):
        spec = fitting(name)
        BODIES[name] = plan_for(translator, spec, target).nodes[0].inputs
        for schedule, cron in rows:
            plan = plan_for(translator, sk.ScheduleSpec(schedule, spec, sk.Cron(cron)), target)
            BODIES[schedule] = plan.nodes[0].inputs


def fitting(name: str) -> sk.PipelineSpec:
    """
    A pipeline of one step.
    """
    resources = sk.Resources(cpu=4, memory="16Gi")
    fit = sk.Step("fit", image=IMAGE, args=["fit"], resources=resources)
    return sk.PipelineSpec(name, steps=[fit])


def translated() -> sk.Backend:
    """
    The backend, with the options of the benchmark.
    """
    settings = config.read(by_hand.CONFIG, installed())
    kind = load(BACKEND)
    return kind(config.options(kind, settings.options.get(BACKEND, {})))


def run(
    program: Program, schedules: int, around: Callable = lambda go: go()
) -> tuple[float, Monitor]:
    """
    CPU seconds and the monitor of one run, in a fresh thread, Context and event loop.
    """
    out: list[tuple[float, Monitor]] = []

    def body() -> None:
        loop, monitor = asyncio.new_event_loop(), Monitor()
        asyncio.set_event_loop(loop)
        loop.set_default_executor(ThreadPoolExecutor(8))
        settings.ROOT.set(None)
        engine = mocks.MockEngine(None)
        pulumi.runtime.configure(
            settings.Settings(
                project="p", stack="s", monitor=monitor, engine=engine, dry_run=False
            )
        )
        set_all_config(by_hand.CONFIG)
        gc.collect()
        gc.disable()
        start = time.process_time()
        main = lambda: pulumi.runtime.run_in_stack(lambda: program(schedules))  # noqa: E731
        around(lambda: loop.run_until_complete(main()))
        out.append((time.process_time() - start, monitor))
        gc.enable()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=lambda: contextvars.Context().run(body))
    thread.start()
    thread.join()
    return out[0]


def leaves(monitor: Monitor) -> list[tuple[str, str, bytes]]:
    """
    What was registered, but for components and the stack.
    """
    return sorted(x for x in monitor.seen if x[0].startswith(f"{BACKEND}:"))


def count(program: Program, schedules: int) -> dict[str, float]:
    """
    The counters that do not vary from run to run.
    """
    made = [0]
    original = pulumi.Output._track  # noqa: SLF001  what every way to make one calls

    def counting(self: pulumi.Output) -> None:
        made[0] += 1
        original(self)

    profile = cProfile.Profile()
    pulumi.Output._track = counting  # noqa: SLF001
    try:
        _, monitor = run(program, schedules, around=profile.runcall)
    finally:
        pulumi.Output._track = original  # noqa: SLF001
    return {
        "Outputs": made[0],
        "RegisterResource": len(monitor.seen),
        "RegisterResourceOutputs": monitor.outputs_rpcs,
        "Invoke": monitor.invokes,
        "Python calls": pstats.Stats(profile).total_calls,
    }


def pure(schedules: int) -> None:
    """
    Print what the pure layer costs by itself.
    """
    translator, target = translated(), sk.Target(project="p", stack="s")
    pipelines = [fitting(f"train-{i}") for i in range(schedules)]
    specs = [
        sk.ScheduleSpec(f"nightly-{i}", spec, sk.Cron(CRONS[i % len(CRONS)]))
        for i, spec in enumerate(pipelines)
    ]
    each: Callable[[object], object]
    for what, values, each in (
        ("pipeline -> plan", pipelines, lambda x: plan_for(translator, x, target)),
        ("schedule -> plan, unproved", specs, lambda x: translator.compile_schedule(x, target)),
        ("schedule -> proved plan", specs, lambda x: plan_for(translator, x, target)),
    ):
        _prove.cache_clear()
        start = time.process_time()
        for value in values:
            each(value)
        taken = (time.process_time() - start) / schedules
        print(f"{what + ':':28} {taken * 1e6:.0f} us")


def main(schedules: int, repetitions: int) -> None:
    """
    Prove equality, count, time, and print ratios.
    """
    write_bodies(schedules)
    found = {name: leaves(run(program, schedules)[1]) for name, program in PROGRAMS.items()}
    first, *rest = found.values()
    for other in rest:
        for mine, its in zip(first, other, strict=True):
            if mine != its:
                sys.exit(f"not the same resources: nothing to compare\n{mine}\n{its}")
    said = f"{schedules} schedules of {len(names(schedules))} pipelines on {BACKEND}"
    print(f"{said}, {len(first)} native resources, equal in all three programs")
    for name, program in PROGRAMS.items():
        figures = count(program, schedules)
        print(f"  {name:14}", ", ".join(f"{key} {value}" for key, value in figures.items()))
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for done in range(repetitions):
        for name in random.sample(list(PROGRAMS), len(PROGRAMS)):
            times[name].append(run(PROGRAMS[name], schedules)[0])
        print(f"\r  repetition {done + 1} of {repetitions}", end="", file=sys.stderr)
    print(file=sys.stderr)
    for name, values in times.items():
        print(
            f"  {name:14} median {statistics.median(values) / schedules * 1e3:.2f} ms per schedule"
        )
    for over, base in (("B components", "A by hand"), ("C schedkit", "B components")):
        ratios = sorted(x / y for x, y in zip(times[over], times[base], strict=True))
        tenth = len(ratios) // 10
        band = f"[{ratios[tenth]:.3f}, {ratios[-1 - tenth]:.3f}]"
        fastest = min(times[over]) / min(times[base])
        middle = statistics.median(ratios)
        figures = f"median {middle:.3f} {band}, of the fastest runs {fastest:.3f}"
        print(f"CPU {over} / {base}: {figures}")
    pure(schedules)


if __name__ == "__main__":
    main(SCHEDULES, REPETITIONS)
