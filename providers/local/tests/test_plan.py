"""
What a pipeline becomes, before anything runs.
"""

from __future__ import annotations

import pytest

from schedkit.backend import Runs, Target
from schedkit.exceptions import OutputError, RunFailedError, SpecError
from schedkit.findings import Feature
from schedkit.pipeline import Keep, Parameter, PipelineSpec, Resources, Retry, Secret, Step
from schedkit_local.backend import Local
from schedkit_local.document import read, text
from schedkit_local.options import LocalOptions


PLAIN = Step("a", command=["true"])


def test_value_that_only_an_engine_knows():
    """A value that was not known when the program ran is no text to run with."""
    inputs = compiled(Step("a", command=["x"], env={"ID": "<known at deploy>"})).node("run").inputs
    with pytest.raises(RunFailedError) as caught:
        read(inputs, "Pipeline 'demo'")
    assert "holds a value that only an engine knows" in caught.value.reason


def test_image_that_only_an_engine_knows():
    """An image that a process does not need is left out; one that a container needs is refused."""
    unknown = "<known at deploy>"
    step = Step("a", command=["x"], image=unknown)
    assert read(compiled(step).node("run").inputs, "here").steps["a"].image is None
    with pytest.raises(RunFailedError):
        read(compiled(Step("a", image=unknown)).node("run").inputs, "here")


class Later:
    """
    Known to the engine only.
    """

    def __await__(self):
        yield


def compiled(*steps, options=None, **keywords):
    backend = Local(LocalOptions(**(options or {})))
    return backend.compile_pipeline(PipelineSpec("demo", steps=steps, **keywords), Target())


def verdicts(plan):
    return {finding.feature: finding.verdict for finding in plan.findings}


def test_small_document():
    """A plan holds what was asked for and nothing else."""
    plan = compiled(PLAIN)
    expected = {
        "pipeline": "demo",
        "steps": {"a": {"command": ["true"]}},
        "timeoutSeconds": 86400,
    }
    assert expected == plan.node("run").inputs
    assert ("run", "schedkit:local:Run") == (plan.nodes[0].key, plan.nodes[0].token)


def test_full_document():
    """Every value of a pipeline stands in the document, a parameter by its name."""
    first = Step(
        "first",
        image="img:1",
        command=["python", "x.py"],
        args=[1, True, Parameter("epochs")],
        env={"RATE": 0.5, "E": Parameter("epochs")},
        secrets={"TOKEN": Secret("hub", "token")},
        resources=Resources(cpu=2, memory="1Gi", gpu=1, ephemeral_storage="2Gi"),
        retry=Retry(2, "3s"),
        timeout="1m",
    )
    plan = compiled(
        first,
        Step("second", command=["true"], needs=[first]),
        parameters={"epochs": 3},
        overlap="queue",
        timeout="2h",
        keep=Keep(days=7),
    )
    expected = {
        "pipeline": "demo",
        "steps": {
            "first": {
                "image": "img:1",
                "command": ["python", "x.py"],
                "args": [1, True, {"parameter": "epochs"}],
                "env": {"RATE": 0.5, "E": {"parameter": "epochs"}},
                "secrets": {"TOKEN": {"name": "hub", "key": "token"}},
                "resources": {"cpu": 2, "memory": "1Gi", "gpu": 1, "ephemeralStorage": "2Gi"},
                "retry": {
                    "limit": 2,
                    "backoffSeconds": 3,
                    "factor": 2.0,
                    "maximumSeconds": 360,
                },
                "timeoutSeconds": 60,
            },
            "second": {"command": ["true"], "needs": ["first"]},
        },
        "parameters": {"epochs": 3},
        "overlap": "queue",
        "timeoutSeconds": 7200,
        "keepDays": 7,
    }
    assert expected == plan.node("run").inputs
    document = read(plan.node("run").inputs, "Pipeline 'demo'")
    assert 12.0 == document.steps["first"].retry.pause(3)


@pytest.mark.parametrize(
    ("feature", "verdict", "step", "pipeline"),
    [
        (Feature.ARGS, "exact", {"args": ["x"]}, {}),
        (Feature.ENV, "exact", {"env": {"A": 1}}, {}),
        (Feature.SECRETS, "emulated", {"secrets": {"A": Secret("s")}}, {}),
        (Feature.CPU, "emulated", {"resources": Resources(cpu=1)}, {}),
        (Feature.MEMORY, "emulated", {"resources": Resources(memory="1Gi")}, {}),
        (Feature.GPU, "emulated", {"resources": Resources(gpu=1)}, {}),
        (
            Feature.EPHEMERAL_STORAGE,
            "emulated",
            {"resources": Resources(ephemeral_storage="1Gi")},
            {},
        ),
        (Feature.RETRY, "exact", {"retry": Retry(1)}, {}),
        (Feature.BACKOFF, "exact", {"retry": Retry(1, "1s")}, {}),
        (Feature.STEP_TIMEOUT, "exact", {"timeout": "1m"}, {}),
        (Feature.IMAGE, "emulated", {"image": "i"}, {}),
        (Feature.PARAMETERS, "exact", {}, {"parameters": {"a": 1}}),
        (Feature.KEEP, "emulated", {}, {"keep": Keep(days=1)}),
        (Feature.FORBID, "exact", {}, {"overlap": "forbid"}),
        (Feature.REPLACE, "exact", {}, {"overlap": "replace"}),
        (Feature.QUEUE, "exact", {}, {"overlap": "queue"}),
    ],
)
def test_findings(feature, verdict, step, pipeline):
    """A feature that is asked for has a finding that names it; one that is not has none."""
    asked = compiled(Step("a", command=["true"], **step), **pipeline)
    assert verdict == verdicts(asked)[feature]
    assert feature not in verdicts(compiled(PLAIN))


def test_least_findings():
    """A pipeline of one command asks for three things."""
    expected = {Feature.PIPELINE: "exact", Feature.COMMAND: "exact", Feature.TIMEOUT: "exact"}
    assert expected == verdicts(compiled(PLAIN))


def test_chain_and_graph():
    """Several steps are a chain or a graph; both are exact."""
    chain = compiled(PLAIN, Step("b", command=["true"], needs=[PLAIN]))
    graph = compiled(PLAIN, Step("b", command=["true"]))
    assert {"exact"} == {verdicts(chain)[Feature.CHAIN], verdicts(graph)[Feature.GRAPH]}
    assert Feature.GRAPH not in verdicts(chain)


def test_containers_only():
    """With containers alone, images, cores, memory and devices are exact."""
    step = Step("a", image="i", resources=Resources(cpu=1, memory="1Gi", gpu=1))
    found = verdicts(compiled(step, options={"container": "always"}))
    asked = (Feature.IMAGE, Feature.CPU, Feature.MEMORY, Feature.GPU)
    assert ["exact"] * 4 == [found[feature] for feature in asked]


@pytest.mark.parametrize(
    ("mode", "step", "sentence"),
    [
        (
            "auto",
            Step("a"),
            (
                "step.image refused: step 'a' has no image to make a container of;"
                " give the step image= and command="
            ),
        ),
        (
            "always",
            PLAIN,
            (
                "step.image refused: step 'a' has no image to make a container of;"
                " give the step image= and command="
            ),
        ),
        (
            "never",
            Step("a", image="i"),
            (
                "step.image refused: step 'a' has no command to make a process of;"
                " give it command=, or leave schedkit:local container: never out"
            ),
        ),
    ],
)
def test_refused_steps(mode, step, sentence):
    """A step that can be neither process nor container is refused, with what would work."""
    plan = compiled(step, options={"container": mode})
    assert [sentence] == [f.sentence for f in plan.findings if f.verdict == "refused"]


def test_pure():
    """The same pipeline gives an equal plan twice."""
    assert compiled(PLAIN, keep=Keep(days=2)) == compiled(PLAIN, keep=Keep(days=2))


def test_overrides():
    """`overrides=` changes one property of one step."""
    plan = compiled(Step("a", command=["x"], env={"A": 1, "B": 2}))
    plan = plan.patched("run", {"steps": {"a": {"env": {"A": 5}}}})
    assert {"A": 5, "B": 2} == plan.at("run", ("steps", "a", "env"))


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"nonsense": 1}, "extra fields found (nonsense)"),
        ({"overlap": "sometimes"}, "overlap"),
        ({"timeoutSeconds": "soon"}, "timeout"),
        ({"steps": {"a": {"retry": {"limit": 1}}}}, "required field missing"),
        ({"steps": {"a": {"needs": ["b"]}}}, "needs 'b', no step here; known: a"),
        ({"steps": {"a": {"needs": ["a"]}}}, "steps that need each other: a -> a"),
        ({"steps": {"a": {"args": [{"parameter": "epoch"}]}}}, "uses parameter 'epoch'"),
    ],
)
def test_nonsense_overrides(over, words):
    """A document that an override made senseless is refused before the run, with the reason."""
    inputs = compiled(PLAIN).patched("run", over).node("run").inputs
    with pytest.raises(RunFailedError) as caught:
        read(inputs, "Pipeline 'demo'")
    assert words in str(caught.value)
    assert caught.value.culprit.startswith("Pipeline 'demo'")


def test_output_passes_into_the_plan_and_no_further():
    """What the engine alone knows may stand in the plan; a run asks for its value."""
    image = Later()
    plan = compiled(Step("a", image=image, command=["true"]))
    assert image is plan.at("run", ("steps", "a", "image"))
    with pytest.raises(OutputError) as caught:
        read(plan.node("run").inputs, "Pipeline 'demo'")
    assert "Pipeline 'demo'" == caught.value.culprit


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", "x"), (True, "true"), (3, "3"), (0.5, "0.5"), ({"parameter": "p"}, "false")],
)
def test_texts(value, expected):
    """Numbers and bools are written out, parameters looked up."""
    assert expected == text(value, {"p": False})


@pytest.mark.parametrize(
    "options", [{"container": "maybe"}, {"parallel": 0}, {"parallel": True}, {"runs": 3}]
)
def test_bad_options(options):
    """An option that makes no sense is refused by its name."""
    with pytest.raises(SpecError) as caught:
        LocalOptions(**options)
    assert f"LocalOptions, {next(iter(options))}=" in caught.value.culprit


def test_protocol():
    """Core finds that this backend runs pipelines."""
    assert isinstance(Local(), Runs)
