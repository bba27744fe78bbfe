"""
The shipped suite passes a healthy toy, and each broken one fails at its law.
"""

from __future__ import annotations

import inspect

import pytest
import toys

from schedkit.exceptions import SchedkitError
from schedkit.findings import Feature
from schedkit.testing import BackendConformance


LAWS = sorted(name for name in dir(BackendConformance) if name.startswith("test_"))

BROKEN = {
    toys.DropsEnv: "test_keeps_or_refuses",
    toys.DropsPause: "test_keeps_or_refuses",
    toys.CountsCalls: "test_compiles_the_same_twice",
    toys.ChangesTheSpec: "test_compiles_the_same_twice",
    toys.AsksTheClock: "test_asks_no_clock",
    toys.AsksTheEnvironment: "test_asks_no_clock",
    toys.AsksChance: "test_asks_no_clock",
    toys.ReadsTheZone: "test_compiles_the_same_in_another_zone",
    toys.TrustsSets: "test_compiles_the_same_in_another_process",
    toys.ProvesAnother: "test_fires_when_the_schedule_fires",
    toys.ForgetsToTime: "test_fires_when_the_schedule_fires",
    toys.NamesTwins: "test_children_are_named_from_their_component",
    toys.LosesItsParent: "test_children_are_named_from_their_component",
    toys.PrintsOutputs: "test_takes_outputs",
    toys.WritesOutputs: "test_takes_outputs",
    toys.TellsSecrets: "test_secret_outputs_stay_secret",
    toys.ForgetsTheId: "test_hands_everything_back",
    toys.Shouts: "test_findings_are_sentences",
    toys.OffersNothing: "test_findings_are_sentences",
    toys.NamesABadUrl: "test_findings_are_sentences",
    toys.SaysNotHow: "test_findings_are_sentences",
    toys.NamesOptionsOddly: "test_unknown_options_are_refused",
    toys.InventsATimer: "test_nodes_have_the_shape_of_the_sdk",
    toys.MisspellsAProperty: "test_nodes_have_the_shape_of_the_sdk",
    toys.WritesNumbersAsText: "test_nodes_have_the_shape_of_the_sdk",
    toys.LeavesOutTheImage: "test_nodes_have_the_shape_of_the_sdk",
    toys.CopiesSecrets: "test_secrets_are_references",
    toys.NamesAllAlike: "test_what_carries_a_schedule_has_a_fixed_name",
    toys.LosesItsZone: "test_a_deployed_schedule_can_be_read",
    toys.ForgetsTheStack: "test_what_carries_a_schedule_has_a_fixed_name",
}


class TestToy(BackendConformance):
    def make_backend(self):
        """
        The healthy toy.
        """
        return toys.Toy()


def suite(kind: type) -> BackendConformance:
    """
    The suite for a backend.
    """

    class Suite(BackendConformance):
        def make_backend(self):
            return kind()

    return Suite()


def cases(law: object) -> list[dict[str, object]]:
    """
    The arguments that pytest would call the law with.
    """
    found: list[dict[str, object]] = [{}]
    for mark in getattr(law, "pytestmark", ()):
        name, values = mark.args[:2]
        found = [{**case, name: value} for case in found for value in values]
    return found


def failures(kind: type, name: str) -> list[str]:
    """
    What the law says of a backend, a line for each of its cases that fails.
    """
    law, found = getattr(suite(kind), name), []
    with pytest.MonkeyPatch.context() as monkeypatch:
        fixtures = {"monkeypatch": monkeypatch}
        for case in cases(law):
            asked = {key: fixtures[key] for key in inspect.signature(law).parameters.keys() - case}
            try:
                law(**case, **asked)
            except (AssertionError, SchedkitError) as error:
                found.append(f"{type(error).__name__}: {error}")
            except pytest.fail.Exception as error:
                found.append(str(error))
    return found


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_catches(kind):
    """
    The law that a backend breaks fails.
    """
    assert failures(kind, BROKEN[kind])


def test_every_law_catches_somebody():
    """
    Each law but the two that no single backend can break has a backend that breaks it.
    """
    alone = {"test_every_feature_has_an_example", "test_fires_when_any_schedule_fires"}
    assert alone == set(LAWS) - set(BROKEN.values())


def test_any_schedule_catches(generate_only):
    """
    Random schedules find a backend that fires when nobody asked.
    """
    assert failures(toys.ProvesAnother, "test_fires_when_any_schedule_fires")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (toys.DropsEnv, "step.env is dropped without a word"),
        (toys.AsksTheClock, "now in"),
        (toys.AsksTheEnvironment, "os.environ in"),
        (toys.MisspellsAProperty, "Timer.run.secnds: no property of RunArgs"),
        (toys.WritesNumbersAsText, "Timer.run.seconds: '60' is no int"),
        (toys.LeavesOutTheImage, "Timer.run.image: missing, RunArgs requires it"),
        (toys.InventsATimer, "toy:index:Timer has no class"),
        (toys.NamesTwins, "two resources have one URN"),
        (toys.NamesAllAlike, "timer has no physical name"),
        (toys.ForgetsTheStack, "two share one name"),
        (toys.ForgetsTheId, "schedule_id is empty"),
        (toys.PrintsOutputs, "image: the Output got lost"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_says_what_is_wrong(kind, words):
    """
    The failure names the trouble.
    """
    assert [text for text in failures(kind, BROKEN[kind]) if words in text]


@pytest.mark.parametrize("dry_run", [False, True], ids=["up", "preview"])
def test_a_lost_output_is_caught_in_previews_too(dry_run):
    """
    Another value that a preview does not know stands for no lost Output.
    """
    with pytest.raises(AssertionError, match="image: the Output got lost"):
        suite(toys.PrintsOutputs).test_takes_outputs("image", dry_run)


def test_a_start_hides_no_other_schedule():
    """
    A schedule that starts some day is held to its instants from that day on.
    """
    law = suite(toys.ProvesAnotherFromAStart).test_fires_when_the_schedule_fires
    with pytest.raises(AssertionError):
        law(Feature.START)


def test_a_refused_text_is_no_failure():
    """
    A wrong text that schedkit's own proof refuses breaks no law of time.
    """
    assert [] == failures(toys.FiresEarly, "test_fires_when_the_schedule_fires")


def test_check_nodes_sees_every_plan():
    """
    The hook is called with each plan that is kept.
    """
    seen = []

    class Suite(BackendConformance):
        def make_backend(self):
            return toys.Toy()

        def check_nodes(self, plan):
            seen.append((plan.kind, plan.name))

    law = Suite().test_nodes_have_the_shape_of_the_sdk
    for case in cases(law):
        law(**case)
    assert {("Pipeline", "train"), ("Schedule", "nightly")} == set(seen)


def test_a_law_is_not_replaced_in_silence():
    """
    A subclass that overrides a law without saying so cannot be made.
    """
    law = {"test_keeps_or_refuses": lambda self: None}
    with pytest.raises(TypeError) as caught:
        type("TestMine", (BackendConformance,), law)
    words = "TestMine replaces the law test_keeps_or_refuses; name it in `own_laws` to mean it"
    assert words == str(caught.value)
    type("TestMine", (BackendConformance,), {**law, "own_laws": frozenset(law)})


def test_the_base_is_not_collected(pytestconfig):
    """
    Importing the suite collects no tests; a subclass called Test... does.
    """
    assert not BackendConformance.__name__.startswith("Test")
