"""
Bad input for every reader: whatever is asked, it answers, or refuses in one short sentence.
"""

from __future__ import annotations

import hostile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import schedkit as sk
from schedkit.exceptions import SchedkitError


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = st.sampled_from(hostile.WORDS)
NUMBERS = st.sampled_from((4_301, 400, 25)).flatmap(
    lambda count: st.sampled_from(("9", "0", "1e", "-1")).map(lambda digit: digit * count)
)
PIECES = WORDS | NUMBERS | st.text(max_size=4)
ZONES = st.sampled_from(hostile.ZONES) | st.text(max_size=20) | NUMBERS
MORE = st.dictionaries(
    st.sampled_from(hostile.NAMES) | st.text(max_size=4),
    st.sampled_from(hostile.VALUES) | PIECES,
    max_size=3,
)


@st.composite
def mutated(draw, target: str) -> hostile.Input:
    """
    A text that is accepted, with a few pieces put in, taken out, or told twice.
    """
    seed = draw(st.sampled_from([seed for seed in hostile.SEEDS if seed.target == target]))
    text = seed.text
    for _ in range(draw(st.integers(0, 4))):
        low, high = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        piece = draw(st.just("") | PIECES | st.just(text[low:high] * 2))
        text = text[:low] + piece + text[high:]
    timezone = draw(st.just(seed.timezone) | ZONES)
    more = draw(st.just({}) | MORE)
    return seed._replace(text=text, timezone=timezone, more={**seed.more, **more})


def inputs(target: str) -> st.SearchStrategy[hostile.Input]:
    fields = st.lists(st.lists(PIECES, max_size=3).map("".join), max_size=8).map(" ".join)
    built = st.builds(hostile.Input, st.just(target), fields | st.text(), ZONES, MORE)
    return built | mutated(target)


@pytest.mark.parametrize("target", hostile.TARGETS)
def test_any_input_is_answered(target):
    """
    Built, mutated and arbitrary texts, zones and names.
    """

    @FUZZ
    @given(inputs(target))
    def holds(asked):
        assert hostile.ask(asked)

    holds()


@pytest.mark.parametrize("seed", hostile.SEEDS, ids=lambda seed: f"{seed.target} {seed.text[:30]}")
def test_ten_kilobytes_are_answered(seed):
    """
    Each of many shapes for a text, within one, for a zone, and for a name and a value.
    """
    middle = len(seed.text) // 2
    counts = dict.fromkeys(("accepted", "refused"), 0)
    for unit in hostile.NASTY:
        shape = (unit * hostile.SIZE)[: hostile.SIZE]
        texts = (shape, seed.text[:middle] + shape + seed.text[middle:], seed.text + shape)
        asked = [seed._replace(text=text) for text in texts]
        asked += [seed._replace(timezone=shape), seed._replace(more={**seed.more, shape: shape})]
        asked += [seed._replace(more={**seed.more, name: shape}) for name in seed.more]
        for each in asked:
            counts["accepted" if hostile.ask(each) == "accepted" else "refused"] += 1
    assert len(hostile.NASTY) * (5 + len(seed.more)) == sum(counts.values())
    assert counts["refused"] > 0


@pytest.mark.parametrize("seed", hostile.SEEDS, ids=lambda seed: f"{seed.target} {seed.text[:30]}")
def test_seeds_are_accepted(seed):
    """
    What the fuzz begins with is right: the bad input is near to good input.
    """
    assert "accepted" == hostile.ask(seed)


@pytest.mark.parametrize("target", sk.dialects())
def test_any_text_is_read_with_its_proof(target):
    """
    `sk.read`, which proves what it has read.
    """

    @settings(FUZZ, max_examples=25)
    @given(inputs(target))
    def holds(asked):
        assert hostile.read(asked)

    holds()


@pytest.mark.parametrize("target", sk.dialects())
@pytest.mark.parametrize(
    "wrong",
    [{"text": 5}, {"text": b"0 9 * * *"}, {"timezone": 5}, {"more": 5}, {"more": {"guard": 5}}],
    ids=str,
)
def test_other_types_are_refused(target, wrong):
    """
    What is no text is refused, wherever it stands.
    """
    with pytest.raises(SchedkitError) as caught:
        sk.read(target, **{"text": "0 9 * * *", **wrong})
    assert caught.value.culprit
    assert caught.value.reason


@pytest.mark.parametrize("size", [301, 10_000])
def test_the_checks_notice(monkeypatch, size):
    """
    A reader that lets another error out, or a sentence as long as its input, fails the check.
    """

    def fails(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="9"):
        hostile.answer(fails, "9")

    def tells(text: str) -> None:
        error = SchedkitError("text", "is wrong")
        monkeypatch.setattr(SchedkitError, "__str__", lambda _: text * size)
        raise error

    with pytest.raises(AssertionError):
        hostile.answer(tells, "ab" * 5)


@pytest.mark.parametrize(
    ("target", "text", "names"),
    [
        ("quartz", "0 0 9 * * ?", ("startAt", "endAt")),
        ("vertex", "TZ=Europe/Berlin 0 9 * * *", ("startTime", "endTime")),
        ("eventbridge", "cron(0 9 * * ? *)", ("StartDate", "EndDate")),
    ],
)
def test_all_years_there_are(target, text, names):
    """
    From the first second of a datetime to the last one.
    """
    years = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
    asked = hostile.Input(target, text, None, dict(zip(names, years, strict=True)))
    assert "accepted" == hostile.ask(asked)
