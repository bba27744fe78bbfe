"""
The components inside whole programs, under the recording engine.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from schedkit.exceptions import ProgramError, UnsupportedError
from schedkit.preview import UNKNOWN, run


HEAD = """\
import pulumi
import schedkit as sk
step = sk.Step("fit", image="ml:1")
train = sk.Pipeline("train", steps=[step])
cron = sk.Cron("0 1 * * *", timezone="Europe/Berlin")
"""
NIGHTLY = 'nightly = sk.Schedule("nightly", train, cron)\n'
BAD = 'bad = sk.Schedule("bad", train, cron, start="2027-01-01T00:00:00Z")\n'
KUBERNETES = {"schedkit:backend": "kubernetes"}
ACCOUNT, CRON_JOB = "kubernetes:core/v1:ServiceAccount", "kubernetes:batch/v1:CronJob"


@pytest.fixture
def up(program):
    """
    Run a program as `pulumi up` does: refusals fail it.
    """

    def start(source: str, *, config=KUBERNETES, **more):
        return run(program(HEAD + source), config=config, collect=False, **more)

    return start


def names(found) -> list[tuple[str, str]]:
    """
    Type and name of all that was registered.
    """
    return sorted((each.type, each.name) for each in found.resources)


def test_registrations(up) -> None:
    """
    Two components, each with its native resource below it, named after it.
    """
    found = up(NIGHTLY)
    assert [
        (CRON_JOB, "nightly"),
        (ACCOUNT, "train"),
        ("schedkit:index:Pipeline", "train"),
        ("schedkit:index:Schedule", "nightly"),
    ] == names(found)
    parents = {each.type: each.parent for each in found.resources}
    assert "urn:pulumi:dev::shop::schedkit:index:Schedule::nightly" == parents[CRON_JOB]
    assert "urn:pulumi:dev::shop::schedkit:index:Pipeline::train" == parents[ACCOUNT]
    (job,) = found.by_type(CRON_JOB)
    assert (
        "urn:pulumi:dev::shop::schedkit:index:Schedule$kubernetes:batch/v1:CronJob::nightly"
        == job.urn
    )
    assert {"deleteBeforeReplace": True} == {
        key: value for key, value in job.options.items() if key != "version"
    }


def test_schedule_depends_on_its_pipeline(up) -> None:
    """
    What a schedule makes waits for what its pipeline made.
    """
    found = up(NIGHTLY)
    (job,), (account,) = found.by_type(CRON_JOB), found.by_type(ACCOUNT)
    assert account.urn in job.dependencies


def test_outputs(up) -> None:
    """
    The schedule's id is an output, `resources` hands out the native resources by key.
    """
    found = up(
        NIGHTLY
        + """
pulumi.export("id", nightly.schedule_id)
pulumi.export("name", nightly.resources["cron_job"].metadata.name)
pulumi.export("keys", [*train.resources, *nightly.resources])
"""
    )
    assert {
        "id": "nightly-id",
        "name": "nightly-dev",
        "keys": ["service_account", "cron_job"],
    } == found.exports
    outputs = {each.type: each.outputs for each in found.resources if each.outputs}
    assert {"schedkit:index:Schedule": {"scheduleId": "nightly-id"}} == outputs


def test_backend_is_an_input(up) -> None:
    """
    The token names no backend, an input does.
    """
    found = up(NIGHTLY)
    ours = [each for each in found.resources if each.type.startswith("schedkit:")]
    assert [{"backend": "kubernetes"}] * 2 == [each.inputs for each in ours]


@pytest.mark.parametrize("preview", [True, False])
def test_gate_holds_everything_back(up, preview: bool) -> None:
    """
    One refusal anywhere, and nothing of schedkit is registered; the error holds all refusals.
    """
    worse = 'sk.Schedule("worse", train, cron, end="2027-01-01T00:00:00Z", catch_up="none")\n'
    with pytest.raises(ProgramError) as caught:
        up(NIGHTLY + BAD + worse, preview=preview)
    sentence = str(caught.value)
    assert "nothing was registered:\nSchedule 'bad': kubernetes cannot keep this:" in sentence
    assert "\nSchedule 'worse': kubernetes cannot keep this:" in sentence
    assert 1 == sentence.count("schedule.start refused")
    assert 1 == sentence.count("schedule.end refused")


@pytest.fixture
def registered(monkeypatch):
    """
    The types that reach the engine, also from a program that fails.
    """
    from schedkit.preview import monitor

    seen: list[str] = []
    before = monitor.Recorder.RegisterResource

    def note(self, request):
        seen.append(request.type)
        return before(self, request)

    monkeypatch.setattr(monitor.Recorder, "RegisterResource", note)
    return seen


INVOKE = 'pulumi.runtime.invoke("test:index:get", {})\n'


@pytest.mark.parametrize(
    "source",
    [
        NIGHTLY + BAD,
        BAD + NIGHTLY,
        NIGHTLY + INVOKE + BAD,
        NIGHTLY + BAD + "pulumi.export('id', bad.schedule_id)\n",
        NIGHTLY + "raise ValueError\n",
        NIGHTLY + INVOKE + "sk.Cron('nonsense')\n",
    ],
)
def test_failure_registers_nothing(up, registered, source: str) -> None:
    """
    No refusal and no exception leaves a registration of ours, whatever the order.
    """
    with pytest.raises(ProgramError):
        up(source)
    assert {*registered} <= {"pulumi:pulumi:Stack"}


def test_success_registers_all(up, registered) -> None:
    """
    The gate opens for a program without a refusal, also past a synchronous look-up.
    """
    up(NIGHTLY + INVOKE)
    assert 5 == len(registered)


def test_collected_refusals(program) -> None:
    """
    A preview has the plans and refusals of all components, the good ones too.
    """
    source = HEAD + NIGHTLY + BAD + "pulumi.export('id', bad.schedule_id)\n"
    found = run(program(source), config=KUBERNETES)
    assert [("train", False), ("nightly", False), ("bad", True)] == [
        (each.name, each.refusal is not None) for each in found.reports
    ]
    refusal = found.reports[2].refusal
    assert isinstance(refusal, UnsupportedError)
    assert ["schedule.start"] == [finding.feature for finding in refusal.findings]
    assert {"id": ""} == found.exports


def test_strict(program) -> None:
    """
    Under schedkit:strict what is emulated is refused.
    """
    folder = program("""
    import schedkit as sk
    a = sk.Step("a", image="ml:1")
    sk.Pipeline("chain", steps=[a, sk.Step("b", image="ml:1", needs=[a])])
    """)
    (report,) = run(folder, config=KUBERNETES).reports
    assert report.refusal is None
    (report,) = run(folder, config={**KUBERNETES, "schedkit:strict": "true"}).reports
    assert {"emulated"} == {finding.verdict for finding in report.refusal.findings}


def test_overrides(up) -> None:
    """
    An override changes the native resource and is proved with it.
    """
    found = up("""
over = {"cron_job": {"spec": {"suspend": True, "schedule": "00 1 * * *"}}}
nightly = sk.Schedule("nightly", train, cron, overrides=over)
pulumi.export("holds", nightly.plan.proof.holds)
""")
    (job,) = found.by_type(CRON_JOB)
    assert (True, "00 1 * * *") == (job.inputs["spec"]["suspend"], job.inputs["spec"]["schedule"])
    assert {"holds": True} == found.exports


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ('{"cron_job": {"spec": {"schedule": "0 2 * * *"}}}', "robfig would fire otherwise in"),
        ('{"cron_job": {"spec": {"schedule": "61 * * * *"}}}', "cannot be read back"),
        ('{"cronjob": {"spec": {}}}', "did you mean 'cron_job'?"),
        (
            '{"cron_job": {"spec": {"schedule": pulumi.Output.from_input("0 1 * * *")}}}',
            "is a pulumi.Output, and it decides which resources there are",
        ),
    ],
)
def test_overrides_that_break_the_proof(up, over: str, sentence: str) -> None:
    """
    An override that changes when the schedule fires, or names nothing, is refused.
    """
    with pytest.raises(ProgramError) as caught:
        up(f'sk.Schedule("nightly", train, cron, overrides={over})\n')
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({}, "ConfigError: config schedkit:backend: is not set, and no backend= is given; run: "),
        ({"schedkit:backend": "kubernets"}, "UnknownBackendError: backend 'kubernets': is not"),
        ({**KUBERNETES, "schedkit:backnd": "x"}, "did you mean 'backend'?"),
        ({**KUBERNETES, "schedkit:strict": "on"}, "is neither true nor false; write true or"),
        (
            {**KUBERNETES, "schedkit:kubernetes": "x"},
            "config schedkit:kubernetes='x': is no object",
        ),
        ({**KUBERNETES, "schedkit:kubernetes": {"namespac": "x"}}, "did you mean 'namespace'?"),
        ({**KUBERNETES, "schedkit:kubernetes": {"namespace": 1}}, "1 is int, not str; quote it"),
    ],
)
def test_wrong_config(up, config: dict[str, object], sentence: str) -> None:
    """
    Wrong config names the key, the reason and the cure.
    """
    with pytest.raises(ProgramError) as caught:
        up("", config=config)
    assert sentence in str(caught.value)


def test_backend_argument_wins(program) -> None:
    """
    `backend=` wins over the config, by name or as a value with options of its own.
    """
    folder = program("""
    import schedkit as sk
    from schedkit_kubernetes.backend import Kubernetes
    from schedkit_kubernetes.options import Options
    step = sk.Step("fit", image="ml:1")
    sk.Pipeline("here", steps=[step])
    sk.Pipeline("there", steps=[step], backend="kubernetes")
    sk.Pipeline("ml", steps=[step], backend=Kubernetes(Options(namespace="ml")))
    """)
    found = run(folder, config={"schedkit:backend": "local"})
    assert ["local", "kubernetes", "kubernetes"] == [each.backend.name for each in found.reports]
    spaces = [each.inputs["metadata"]["namespace"] for each in found.by_type(ACCOUNT)]
    assert ["default", "ml"] == sorted(spaces)


def test_backend_of_a_stranger(program) -> None:
    """
    A backend is a class that anyone writes; what it makes is made, by reference in order.
    """
    toy = """
    import attrs
    import pulumi
    import schedkit as sk

    class Thing(pulumi.CustomResource):
        arn: pulumi.Output[str]
        size: pulumi.Output[int]
        def __init__(self, name, opts=None, size=None, of=None, doc=None):
            props = {"size": size, "of": of, "doc": doc, "arn": None}
            super().__init__("toy:index:Thing", name, props, opts)

    @pulumi.input_type
    class ThingArgs:
        size: pulumi.Input[int]
        of: pulumi.Input[str]
        doc: pulumi.Input[str]

    @attrs.frozen
    class Options:
        pass

    class Toy(sk.Backend):
        name = "toy"
        options = Options
        classes = {"toy:index:Thing": "toy:Thing", "toy:index:Paper": None}

        def compile_pipeline(self, spec, target):
            of = {"of": sk.Ref("base"), "doc": sk.Json({"up": sk.Ref("base", "size")})}
            token = "toy:index:Thing"
            nodes = (sk.Node("main", token, of), sk.Node("base", token, {"size": 2}))
            paper = sk.Node("paper", "toy:index:Paper", {})
            return sk.Plan("toy", "Pipeline", spec.name, nodes=(*nodes, paper))
    """
    source = """
    import schedkit as sk, toy
    step = sk.Step("fit", image="ml:1")
    train = sk.Pipeline("train", steps=[step], backend=toy.Toy())
    sk.Schedule("nightly", train, sk.Cron("@daily"))
    """
    found = run(program(source, files={"toy.py": toy}))
    base, main = found.by_type("toy:index:Thing")
    assert ("train-base", {"size": 2}) == (base.name, base.inputs)
    assert ("train", {"of": "train-base-id", "doc": '{"up":2}'}) == (main.name, main.inputs)
    assert (base.urn,) == main.dependencies
    assert "toy makes no schedules" in str(found.reports[1].refusal)


def test_unit_tests_under_mocks() -> None:
    """
    A user's unit test under pulumi's mocks sees the components and their outputs, and ends.
    """
    source = """
import pulumi
class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return args.name + "-id", args.inputs
    def call(self, args):
        return {}
pulumi.runtime.set_mocks(Mocks(), preview=False)
pulumi.runtime.set_all_config({"schedkit:backend": "kubernetes"})
import schedkit as sk
@pulumi.runtime.test
def program():
    train = sk.Pipeline("train", steps=[sk.Step("fit", image="ml:1")])
    return sk.Schedule("nightly", train, sk.Cron("0 9 * * *")).schedule_id.apply(print)
program()
"""
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ("nightly-id\n", 0) == (done.stdout, done.returncode)


def test_merged_options_ask_for_nothing(up) -> None:
    """
    `ResourceOptions.merge` leaves an empty binding of hooks, which is none; a real one is refused.
    """
    merged = "pulumi.ResourceOptions.merge(None, pulumi.ResourceOptions(protect=True))"
    found = up(f'sk.Schedule("nightly", train, cron, opts={merged})')
    assert [True] == [each.options.get("protect") for each in found.by_type(CRON_JOB)]
    hook = "pulumi.ResourceHookBinding(before_create=[lambda args: None])"
    with pytest.raises(ProgramError, match=r"opts\.hooks: has no effect"):
        up(f'sk.Schedule("n", train, cron, opts=pulumi.ResourceOptions(hooks={hook}))')


def test_providers_keep_clusters_apart(up) -> None:
    """
    Each explicit provider has a namespace of its own, and a schedule stands beside its pipeline.
    """
    found = up(
        """
import pulumi_kubernetes as k8s
for name in ("blue", "green"):
    where = pulumi.ResourceOptions(providers=[k8s.Provider(name)])
    made = sk.Pipeline(f"train-{name}", steps=[step], opts=where)
    sk.Schedule(f"nightly-{name}", made, cron)
""",
        config={
            **KUBERNETES,
            "schedkit:kubernetes": '{"namespace": "ml", "createNamespace": true}',
        },
    )
    kinds = ("schedkit-kubernetes-{}-namespace", "train-{}", "nightly-{}")
    for name in ("blue", "green"):
        for kind in kinds:
            (native,) = (
                each
                for each in found.resources
                if each.name == kind.format(name) and each.type.startswith("kubernetes:")
            )
            assert f"::{name}::" in (native.provider or "")
    (default,) = (each for each in found.resources if (each.name, each.type) == ("train", ACCOUNT))
    assert default.provider == ""


def test_shared_nodes(up) -> None:
    """
    What components share is made once, below a component of its own.
    """
    config = {**KUBERNETES, "schedkit:kubernetes": {"namespace": "ml", "createNamespace": True}}
    found = up(NIGHTLY + 'sk.Pipeline("other", steps=[step])\n', config=config)
    (space,) = found.by_type("kubernetes:core/v1:Namespace")
    assert "urn:pulumi:dev::shop::schedkit:index:Shared::schedkit-kubernetes" == space.parent
    assert "schedkit-kubernetes-namespace" == space.name
    dependent = [each for each in found.resources if space.urn in each.dependencies]
    assert {CRON_JOB, ACCOUNT} == {each.type for each in dependent}


def test_two_of_one_name(up) -> None:
    """
    Two components of one kind and name are refused before the engine sees them.
    """
    with pytest.raises(ProgramError, match="declares two schedules of that name"):
        up(NIGHTLY + NIGHTLY)


def test_two_schedules_of_one_pipeline(up) -> None:
    """
    A pipeline may have several schedules; each knows those declared before.
    """
    found = up(NIGHTLY + 'sk.Schedule("weekly", train, sk.Cron("0 1 * * 1"))\n')
    assert ["nightly", "weekly"] == sorted(each.name for each in found.by_type(CRON_JOB))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("ignore_changes", '["x"]'),
        ("replace_on_changes", '["x"]'),
        ("additional_secret_outputs", '["x"]'),
        ("custom_timeouts", "pulumi.CustomTimeouts(create='1m')"),
    ],
)
def test_options_without_effect(up, option: str, value: str) -> None:
    """
    An option that Pulumi drops in silence on a component is refused.
    """
    opts = f"opts=pulumi.ResourceOptions({option}={value})"
    with pytest.raises(ProgramError) as caught:
        up(f'sk.Schedule("nightly", train, cron, {opts})\n')
    assert f"SpecError: Schedule 'nightly', opts.{option}: has no effect" in caught.value.reason


def test_options_that_reach_the_children(up) -> None:
    """
    A provider and protection reach the native resource.
    """
    found = up("""
import pulumi_kubernetes
other = pulumi_kubernetes.Provider("other")
opts = pulumi.ResourceOptions(providers=[other], protect=True)
sk.Schedule("nightly", train, cron, opts=opts)
""")
    (job,) = found.by_type(CRON_JOB)
    assert job.provider.startswith("urn:pulumi:dev::shop::pulumi:providers:kubernetes::other::")
    assert job.options["protect"] is True


def test_pipeline_must_be_one(up) -> None:
    """
    A schedule starts a component, not a value.
    """
    with pytest.raises(ProgramError, match=r"pipeline: is PipelineSpec; pass an sk.Pipeline"):
        up('sk.Schedule("nightly", train.spec, cron)\n')


def test_preview_logs_findings_and_next_runs(up) -> None:
    """
    In a preview the engine's log has findings, proof and the next runs; an update logs nothing.
    """
    pipeline, schedule = sorted(text for _, text in up(NIGHTLY, preview=True).logs)
    assert "Pipeline 'train' on kubernetes" == pipeline.splitlines()[0]
    first, *_, proof, runs = schedule.splitlines()
    assert "Schedule 'nightly' on kubernetes" == first
    assert proof.startswith("proved: 14 kinds of year, 1440 minutes")
    assert runs.startswith("next runs: ")
    assert 3 == runs.count("T01:00:00+0")
    assert () == up(NIGHTLY).logs


def test_clock_is_not_in_the_state(up) -> None:
    """
    No input, output or export holds a next run: a second `up` changes nothing.
    """
    found = up(NIGHTLY + "pulumi.export('id', nightly.schedule_id)\n")
    seen = repr([(each.inputs, each.outputs) for each in found.resources]) + repr(found.exports)
    runs = found.reports or ()
    assert "T01:00:00" not in seen
    assert () == runs


def test_inputs_in_bodies(up) -> None:
    """
    An image and an environment value may be Outputs: unknown ones stay, secrets stay secret.
    """
    found = up(
        """
class Repo(pulumi.CustomResource):
    url: pulumi.Output[str]
    def __init__(self, name):
        super().__init__("test:index:Repo", name, {"url": None})
env = {"KEY": pulumi.Output.secret("hush")}
live = sk.Step("fit", image=Repo("r").url, env=env)
sk.Schedule("live", sk.Pipeline("live", steps=[live]), cron)
""",
        preview=True,
    )
    (job,) = found.by_type(CRON_JOB)
    pod = job.inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert UNKNOWN == container["image"]
    values = {each["name"]: each.get("value") for each in container["env"]}
    assert "[secret]" == values["KEY"]
    assert "hush" not in repr(found)
    assert "urn:pulumi:dev::shop::test:index:Repo::r" in job.dependencies
