# ruff: noqa: E501  a row is one case
"""
Every error: its place in the tree, its sentence, its way through pickle.
"""

from __future__ import annotations

import builtins
import copy
import pickle
import re
from datetime import UTC, datetime

import attrs
import pytest

from schedkit import exceptions
from schedkit.exceptions import (
    AmbiguousCronError,
    CronError,
    CronSyntaxError,
    NotExpressibleError,
    SchedkitError,
    SpecError,
    UnknownBehaviourError,
    UnsupportedError,
)
from schedkit.findings import Feature, Finding


KINDS = {
    kind.__name__: kind
    for kind in vars(exceptions).values()
    if isinstance(kind, type) and issubclass(kind, SchedkitError)
}
LONG = "0 9 * * *," * 11
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FINDINGS = (
    Finding(Feature.QUEUE, "refused", "a CronJob has no queue", "write overlap='forbid'"),
    Finding(Feature.JITTER, "emulated", "a stable offset", url="https://example.org"),
    Finding(Feature.DST, "refused", "robfig skips it", instants=(NOON,)),
)
REFUSED = "Once: vertex cannot keep this:\n  - pipeline.overlap.queue refused: a CronJob has no queue; write overlap='forbid'"


@attrs.frozen
class Near:
    """
    What works instead, in a sentence.
    """

    sentence: str


ALL_FINDINGS = """kubernetes cannot keep this:
  - pipeline.overlap.queue refused: a CronJob has no queue; write overlap='forbid'
  - schedule.jitter emulated: a stable offset (https://example.org)
  - schedule.dst refused: robfig skips it"""

SENTENCES = [
    (CronError("0 9", "has 2 fields"), "cron '0 9': has 2 fields"),
    (CronError("0 9", "has 2 fields", "write 5"), "cron '0 9': has 2 fields; write 5"),
    (CronSyntaxError("a 9 * * *", "is no number", "write 0", field="minute"), "cron 'a 9 * * *', minute (column 1): is no number; write 0"),
    (AmbiguousCronError("0 9 5/2 * *", "to the end?", field="day", column=5), "cron '0 9 5/2 * *', day (column 5): to the end?"),
    (CronSyntaxError("x", "is no field", column=1), "cron 'x': is no field"),
    (CronSyntaxError(LONG[:100], "is long"), f"cron {LONG[:100]!r}: is long"),
    (CronSyntaxError(LONG, "is long", field="day", column=105), f"cron {LONG[:100]!r}..., day (column 105): is long"),
    (NotExpressibleError("Once", "cron has no year", "use Every", feature="schedule.once"), "Once: cron has no year; use Every"),
    (NotExpressibleError("Once", "cron has no year", feature=Feature.ONCE), "Once: cron has no year"),
    (UnknownBehaviourError("'0 9 1 * 1'", "is not documented", "restrict one", feature="schedule.cron", fact="vertex.day_rule"), "'0 9 1 * 1': is not documented; restrict one"),
    (UnknownBehaviourError("'0 9 1 * 1'", "is not documented", feature=Feature.CRON, fact="vertex.day_rule"), "'0 9 1 * 1': is not documented"),
    (UnsupportedError("vertex", FINDINGS[:1], "Once", [Near("every year"), Near("later")]), f"{REFUSED}\n  nearest: every year\n  nearest: later"),
    (UnsupportedError("vertex", FINDINGS[:1], "Once", none="nothing helps"), f"{REFUSED}\n  nearest: none, for nothing helps"),
    (UnsupportedError("kubernetes", FINDINGS, "Schedule 'nightly'"), f"Schedule 'nightly': {ALL_FINDINGS}"),
    (UnsupportedError("kubernetes", list(FINDINGS)), f"kubernetes: {ALL_FINDINGS}"),
    (UnsupportedError("local", FINDINGS[2:], "Pipeline 'p'"), "Pipeline 'p': local cannot keep this:\n  - schedule.dst refused: robfig skips it"),
]  # fmt: skip
PLAIN = sorted(set(KINDS) - {type(error).__name__ for error, _ in SENTENCES})
SENTENCES += [
    (KINDS[name](*words), sentence)
    for name in PLAIN
    for words, sentence in (
        (("Step 'fit'", "is wrong", "put it right"), "Step 'fit': is wrong; put it right"),
        (("Step 'fit'", "is wrong"), "Step 'fit': is wrong"),
    )
]
IDS = [f"{type(error).__name__}-{number}" for number, (error, _) in enumerate(SENTENCES)]
WAYS = [copy.copy, copy.deepcopy] + [
    lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
]


def test_every_error_has_a_sentence_here():
    """
    No error is left out of the table.
    """
    assert set(KINDS.values()) == {type(error) for error, _ in SENTENCES}


@pytest.mark.parametrize(("error", "sentence"), SENTENCES, ids=IDS)
def test_sentence(error, sentence):
    """
    The sentence is culprit, reason and cure; without a cure it ends with the reason.
    """
    assert sentence == str(error)
    assert sentence == f"{error.culprit}: {error.reason}" + (
        f"; {error.cure}" if error.cure else ""
    )
    assert (error.culprit, error.reason, error.cure) == error.args


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("error", "sentence"), SENTENCES, ids=IDS)
def test_copies(error, sentence, way):
    """
    A pickled or copied error has the same type, attributes, arguments and sentence.
    """
    other = way(error)
    assert other is not error
    assert type(error) is type(other)
    assert vars(error) == vars(other)
    assert error.args == other.args
    assert sentence == str(other)


def test_attributes():
    """
    What a program may want to know stands in attributes.
    """
    cron = CronSyntaxError(LONG, "is long", field="day", column=105)
    assert (LONG, "day", 105) == (cron.text, cron.field, cron.column)
    assert ("", 1) == (CronError("x", "y").field, CronError("x", "y").column)
    assert "schedule.once" == NotExpressibleError("a", "b", feature="schedule.once").feature
    unknown = UnknownBehaviourError("a", "b", feature=Feature.CRON, fact="vertex.day_rule")
    assert (Feature.CRON, "vertex.day_rule") == (unknown.feature, unknown.fact)
    near = UnsupportedError("vertex", FINDINGS, "Once", [Near("every year")])
    assert ((Near("every year"),), "") == (near.alternatives, near.none)
    assert ((), "so") == tuple(
        getattr(UnsupportedError("vertex", FINDINGS, none="so"), name)
        for name in ("alternatives", "none")
    )
    refused = UnsupportedError("kubernetes", list(FINDINGS), "Schedule 'nightly'")
    assert ("kubernetes", FINDINGS) == (refused.backend, refused.findings)
    assert "Schedule 'nightly'" == refused.culprit
    assert "kubernetes" == UnsupportedError("kubernetes", FINDINGS).culprit
    assert len(FINDINGS) == str(refused).count("\n  - ")


def drawn():
    """
    The tree as the module draws it: name, its parent, the built-in it is too.
    """
    line = re.compile(r"([| ]*)(\+-- )?(\w+)(?:\((\w+)\))?(?:  .*)?")
    above: dict[int, str] = {}
    for text in exceptions.__doc__.split("\n\n")[1].strip().splitlines():
        indent, branch, name, builtin = line.fullmatch(text).groups()
        depth = len(indent) // 4 + bool(branch)
        above[depth] = name
        yield name, above.get(depth - 1), builtin


def test_tree():
    """
    The tree at the top of the file is the tree of the classes.
    """
    expected = {
        name: (KINDS.get(parent, Exception), *([getattr(builtins, builtin)] if builtin else []))
        for name, parent, builtin in drawn()
    }
    assert expected == {name: kind.__bases__ for name, kind in KINDS.items()}


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"SchedkitError"}))
def test_caught_by_the_built_in(name):
    """
    Every error is caught by SchedkitError and by a built-in of its kind.
    """
    error = next(error for error, _ in SENTENCES if type(error) is KINDS[name])
    assert isinstance(error, SchedkitError)
    bases = {base for base in KINDS[name].__mro__ if base.__module__ == "builtins"}
    assert bases - {object, BaseException, Exception}


def test_a_refused_value_is_a_value_error():
    """
    Who catches ValueError catches every refused value; nobody who catches OSError does.
    """
    assert issubclass(SpecError, ValueError)
    assert ["ProgramTimeoutError"] == [n for n, kind in KINDS.items() if issubclass(kind, OSError)]


def test_sentences_are_short():
    """
    Each line of culprit, reason and cure loses its middle where it is too long to read.
    """
    error = SpecError("a" * 301, f"{'b' * 300}\n{'c' * 5_000}d", "e" * 10_000)
    culprit = f"{'a' * 150}...{'a' * 150}"
    reason = f"{'b' * 300}\n{'c' * 150}...{'c' * 149}d"
    assert f"{culprit}: {reason}; {'e' * 150}...{'e' * 150}" == str(error)
    assert 301 == len(error.culprit)
