# ruff: noqa: E501  a row is one case
"""
One schedule in another platform's words: natives with a proof, or a refusal that helps.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import ClassVar

import pulumi
import pytest

import schedkit as sk
from schedkit import translation
from schedkit.exceptions import (
    NotExpressibleError,
    OutputError,
    SpecError,
    UnknownBehaviourError,
    UnsupportedError,
)
from schedkit.recurrence import tzdata_version
from schedkit.recurrence.dialects import NOTHING, Dialect, Native
from schedkit.recurrence.dialects.robfig import ROBFIG, Robfig


NINE = sk.Cron("0 9 * * *")
EITHER = sk.Cron("0 9 1 * 1")
PROVED = "proved: 14 kinds of year, 1440 minutes, no offset changes of UTC to 2036 (tzdata {})"
VERTEX_RULE = "whether two restricted day fields are OR is not documented"


class Doubtful(Robfig):
    """
    Rests on two facts that nobody documents, and tells them one after the other.
    """

    name = "robfig"
    unknown: ClassVar = {"robfig.one": "One.", "robfig.two": "Two."}

    def write(self, when: sk.When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        for fact in self.unknown:
            if fact not in assume:
                raise UnknownBehaviourError("it", "is unknown", feature="schedule.cron", fact=fact)
        return ROBFIG.write(when)


class Stubborn(Robfig):
    """
    Asks for a fact that it has been given.
    """

    name = "robfig"
    unknown: ClassVar = {"robfig.one": "One."}

    def write(self, when: sk.When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        raise UnknownBehaviourError(
            "it", "is unknown", "ask", feature="schedule.cron", fact="robfig.one"
        )


@pytest.fixture
def language(monkeypatch):
    """
    Make a dialect the only one.
    """

    def use(found: Dialect) -> None:
        monkeypatch.setattr(translation, "dialect", lambda _: found)

    return use


def refusal(when, to, **more):
    with pytest.raises(UnsupportedError) as caught:
        sk.translate(when, to, **more)
    return caught.value


def test_natives_and_proof():
    """
    A translation holds what the platform receives, what was compared and what is said of it.
    """
    found = sk.translate(sk.Cron("0 9 * * 1-5", timezone="Asia/Tokyo"), "eventbridge")
    assert (Native("cron(0 9 ? * MON-FRI *)", "Asia/Tokyo"),) == found.natives
    assert (True, True, "eventbridge", ()) == (
        found.holds,
        found.proof.holds,
        found.dialect,
        found.assumed,
    )
    assert PROVED.format(tzdata_version()).replace("UTC", "Asia/Tokyo") == found.sentence
    assert {"schedule.cron": "exact", "schedule.timezone": "exact"} == {
        str(finding.feature): finding.verdict for finding in found.findings
    }


def test_several_natives_are_said():
    """
    What takes two natives is emulated, and the sentence tells what happens where they coincide.
    """
    found = sk.translate(EITHER, "eventbridge")
    assert ["cron(0 9 1 * ? *)", "cron(0 9 ? * MON *)"] == [n.text for n in found.natives]
    token = "where native schedules coincide, as at 2026-06-01T09:00:00+00:00, ClientRequestToken"
    assert f"{PROVED.format(tzdata_version())}; {token} starts one run" == found.sentence
    said = {str(finding.feature): finding.reason for finding in found.findings}
    assert "by 2 native schedules together, each with a state of its own" == said["schedule.cron"]
    assert f"{token} starts one run" == said["schedule.union"]
    emulated = {str(f.feature) for f in found.findings if f.verdict == "emulated"}
    assert {"schedule.cron", "schedule.union"} == emulated


def test_what_is_asked_for_is_found():
    """
    Each thing that a schedule asks for has a finding.
    """
    window = {"start": "2027-01-01T00:00:00Z", "end": "2028-01-01T00:00:00Z"}
    tokyo = sk.Cron("0 9 * * *", timezone="Asia/Tokyo")
    found = sk.translate(sk.Window(tokyo, **window), "eventbridge")
    features = ["schedule.cron", "schedule.timezone", "schedule.start", "schedule.end"]
    assert features == [str(finding.feature) for finding in found.findings]
    every = sk.translate(sk.Every("90m", "2026-01-01T00:00:00Z"), "adf")
    assert ["schedule.every"] == [str(finding.feature) for finding in every.findings]
    once = sk.translate(sk.Once("2027-01-01T00:00:00Z"), "vertex")
    assert ["schedule.once"] == [str(finding.feature) for finding in once.findings]
    union = sk.Union(sk.Cron("0 9 * * *"), sk.Cron("30 17 * * 5"))
    both = sk.translate(union, "argo")
    assert ["schedule.cron", "schedule.union"] == [str(f.feature) for f in both.findings]
    both = sk.Calendar(minutes=0, hours=9, days=[2], weekdays=1, day_rule="all")
    guarded = sk.attempt(both, "robfig")
    assert ["schedule.day_rule.all"] == [str(finding.feature) for finding in guarded.findings]


def test_a_refusal_says_why_and_what_would_work():
    """
    The error names the schedule's language, each reason, and the nearest schedules with a price.
    """
    error = refusal(sk.Cron("0 9 * * *", timezone="Europe/Berlin"), "container-apps")
    assert ("container-apps", "schedule for container-apps") == (error.backend, error.culprit)
    (finding,) = error.findings
    assert ("schedule.timezone", "refused") == (str(finding.feature), finding.verdict)
    assert "its offset from UTC changes, first at 2026-03-29T01:00Z" in finding.reason
    assert "09:00 there is 08:00 while +01:00 holds, 07:00 while +02:00 holds" in finding.nearest
    told = [line for line in str(error).splitlines() if line.startswith("  nearest: ")]
    assert "  nearest: +2 h from UTC all year: At 09:00 every day, Etc/GMT-2 time" in told[0]
    assert 3 == len(told) == len(error.alternatives)
    assert "" == error.none
    for other in error.alternatives:
        assert sk.attempt(other.when, "container-apps").natives == other.natives != ()


def test_a_refusal_survives_pickling():
    """
    Alternatives and all.
    """
    error = refusal(EITHER, "vertex")
    again = pickle.loads(pickle.dumps(error))
    assert str(error) == str(again)
    assert error.alternatives == again.alternatives


def test_no_alternative_is_said(language):
    """
    Where none of the neighbours can be kept, the error says that.
    """
    language(Stubborn())
    error = refusal(NINE, "robfig")
    reason = "none of its neighbours in time, days, zone or interval can be kept either"
    assert ((), reason) == (error.alternatives, error.none)
    assert str(error).endswith(f"\n  nearest: none, for {reason}")


def test_a_refused_attempt_is_data():
    """
    `attempt` returns what `translate` raises, without natives.
    """
    found = sk.attempt(EITHER, "vertex")
    assert (False, (), None) == (found.holds, found.natives, found.proof)
    assert f"refused: days and weekdays together: {VERTEX_RULE}" == found.sentence
    cure = (
        "restrict one of days and weekdays; or say assume={'vertex.day_rule'} if you know better"
    )
    assert cure == found.findings[0].nearest


def test_a_zone_that_cannot_be_said():
    """
    A zone that the platform lacks is a refusal, not an error of another kind.
    """
    found = sk.attempt(sk.Cron("0 9 * * *", timezone="Antarctica/Troll"), "adf")
    assert ["schedule.timezone"] == [str(finding.feature) for finding in found.findings]
    assert not found.holds


def test_a_proof_that_fails_refuses():
    """
    Text that could be written is refused where the platform would run it otherwise.
    """
    found = sk.attempt(sk.Cron("0 9 * * 5", timezone="Africa/Cairo"), "robfig")
    assert (False, False) == (found.holds, found.proof.holds)
    assert found.sentence.startswith("refused: robfig would fire otherwise in Africa/Cairo: loses")


@pytest.mark.parametrize("assume", ["vertex.day_rule", ["vertex.day_rule"], {"vertex.day_rule"}])
def test_assume(assume):
    """
    A fact that the user vouches for is used, and told.
    """
    found = sk.translate(EITHER, "vertex", assume=assume)
    assert (Native("TZ=UTC 0 9 1 * 1", ""),) == found.natives
    assert ("vertex.day_rule",) == found.assumed
    assert f"{PROVED.format(tzdata_version())}; assuming vertex.day_rule" == found.sentence


def test_only_used_facts_are_told():
    """
    A fact that nothing rests on, and one of another dialect, change nothing.
    """
    facts = ["vertex.day_rule", "eventbridge.past-start"]
    found = sk.translate(NINE, "vertex", assume=facts)
    assert sk.translate(NINE, "vertex") == found


def test_facts_one_after_the_other(language):
    """
    Each fact that a dialect asks for must be vouched for.
    """
    language(Doubtful())
    assert "or say assume={'robfig.two'} if you know better" == (
        sk.attempt(NINE, "robfig", assume=["robfig.one"]).findings[0].nearest
    )
    found = sk.attempt(NINE, "robfig", assume=["robfig.two", "robfig.one"])
    assert (True, ("robfig.one", "robfig.two")) == (found.holds, found.assumed)


def test_a_dialect_that_asks_twice(language):
    """
    A fact that was given and does not help is a refusal, not a loop without end.
    """
    language(Stubborn())
    found = sk.attempt(NINE, "robfig", assume=["robfig.one"])
    assert (False, "refused: it: is unknown") == (found.holds, found.sentence)


WRONG = [
    ((NINE, "eventbrigde"), {}, "dialect 'eventbrigde'", "is none that schedkit knows", "did you mean 'eventbridge'?"),
    ((NINE, 17), {}, "dialect 17", "is none that schedkit knows", f"known: {', '.join(sk.dialects())}"),
    (("0 9 * * *", "robfig"), {}, "translate, when", "'0 9 * * *' is no schedule", "pass Cron, Calendar, Every, Once, Union or Window"),
    ((NINE, "vertex"), {"assume": "vertex.day_rul"}, "assume 'vertex.day_rul'", "vertex has no such unknown fact", "did you mean 'vertex.day_rule'?"),
    ((NINE, "vertex"), {"assume": ["vertex.qqqqqqqqqqq"]}, "assume 'vertex.qqqqqqqqqqq'", "vertex has no such unknown fact", "known: vertex.day_rule, vertex.default_zone, vertex.stepped_day"),
    ((NINE, "argo"), {"assume": ["argo.x"]}, "assume 'argo.x'", "argo has no such unknown fact", "leave it out"),
    ((NINE, "vertex"), {"assume": ["vertx.day_rule"]}, "assume 'vertx.day_rule'", "names no dialect", "did you mean 'vertex'?"),
    ((NINE, "vertex"), {"assume": ["zzz"]}, "assume 'zzz'", "names no dialect", "write DIALECT.FACT, as the refusal does"),
    ((NINE, "vertex"), {"assume": None}, "translate, assume", "None is no name of a fact", "write DIALECT.FACT, as the refusal does"),
    ((NINE, "vertex"), {"assume": [17]}, "translate, assume", "17 is no name of a fact", "write DIALECT.FACT, as the refusal does"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "more", "culprit", "reason", "cure"), WRONG)
def test_wrong(words, more, culprit, reason, cure):
    """
    What is no schedule, no dialect and no fact is told with a cure.
    """
    with pytest.raises(SpecError) as caught:
        sk.translate(*words, **more)
    assert (culprit, reason, cure) == (
        caught.value.culprit,
        caught.value.reason,
        caught.value.cure,
    )


@pytest.mark.parametrize(
    ("call", "culprit"),
    [
        (lambda output: sk.translate(output, "robfig"), "translate, when"),
        (lambda output: sk.translate(NINE, output), "dialect"),
        (lambda output: sk.translate(NINE, "robfig", assume=output), "translate, assume"),
        (lambda output: sk.read("robfig", output), "read, text"),
        (lambda output: sk.read("robfig", "0 9 * * *", timezone=output), "read, timezone"),
        (lambda output: sk.read("robfig", "0 9 * * *", more=output), "read, more"),
    ],
)
def test_outputs(call, culprit):
    """
    What is known only while Pulumi runs is refused by name.
    """
    with pytest.raises(OutputError) as caught:
        call(pulumi.Output.from_input("x"))
    assert culprit == caught.value.culprit


def test_dialects():
    """
    Each name leads to the dialect that bears it, sorted.
    """
    assert sorted(sk.dialects()) == list(sk.dialects())
    assert 12 == len(sk.dialects())
    assert sk.dialects() == tuple(translation.dialect(name).name for name in sk.dialects())


@pytest.mark.parametrize("when", [NINE, EITHER])
def test_as_json(when):
    """
    Translations and refusals are plain data.
    """
    for name in ("eventbridge", "vertex"):
        found = sk.attempt(when, name)
        data = json.loads(json.dumps(found.to_dict()))
        assert [name, found.holds, found.sentence, []] == [
            data[key] for key in ("dialect", "holds", "sentence", "assumed")
        ]
        assert [native.to_dict() for native in found.natives] == data["natives"]
        assert [finding.to_dict() for finding in found.findings] == data["findings"]
        assert (found.proof is None) is (data["proof"] is None)


def test_needs_no_pulumi():
    """
    Translating, refusing and reading load no pulumi and no dialect that is not asked for.
    """
    code = """
import sys
from typing import ClassVar
import schedkit as sk
sk.translate(sk.Cron("0 9 * * *"), "eventbridge")
sk.read("eventbridge", "cron(0 9 * * ? *)")
try:
    sk.translate(sk.Once("2027-01-01T00:00:00Z"), "robfig")
except sk.UnsupportedError:
    print(sorted(m for m in sys.modules if m.split(".")[0] in {"pulumi", "grpc"} or "adf" in m))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ("[]\n", "", 0) == (done.stdout, done.stderr, done.returncode)


def test_errors_of_writers_are_findings():
    """
    What a dialect cannot say is the reason of a finding that names the feature.
    """
    last = sk.Calendar(minutes=0, hours=9, days=-1)
    with pytest.raises(NotExpressibleError) as caught:
        ROBFIG.write(last)
    (finding,) = sk.attempt(last, "robfig").findings
    assert (caught.value.feature, ROBFIG.url) == (str(finding.feature), finding.url)
    assert f"{caught.value.culprit}: {caught.value.reason}" == finding.reason
    assert caught.value.cure == finding.nearest


@pytest.mark.parametrize("name", translation.dialects())
@pytest.mark.parametrize("zone", ["UTC", "Africa/Cairo"])
def test_a_date_that_never_comes_beside_weekdays(name, zone) -> None:
    """
    `30 February or Mondays` is Mondays; every dialect writes it or refuses it in words.
    """
    when = sk.Cron("30 0 30 2 1", timezone=zone, day_rule="any")
    found = translation.attempt(when, name)
    assert (found.holds, found.holds) == (bool(found.natives), found.proof is not None)
