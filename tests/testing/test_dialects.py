"""
The laws of dialects pass robfig's, and catch what breaks them.
"""

from __future__ import annotations

import pytest

from schedkit.exceptions import NotExpressibleError
from schedkit.recurrence import Cron, Union
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.robfig import Robfig
from schedkit.testing import DialectConformance


class TestRobfig(DialectConformance):
    def make_dialect(self):
        """
        The dialect of Kubernetes.
        """
        return Robfig()


class Shouts(Robfig):
    name = "Rob Fig"


class WritesHalf(Robfig):
    """
    Of a union only the first part.
    """

    def write(self, when):
        return super().write(when.members[0] if isinstance(when, Union) else when)[:1]


class RefusesBlankly(Robfig):
    def write(self, when):
        try:
            return super().write(when)
        except NotExpressibleError as error:
            raise NotExpressibleError(error.culprit, "", feature=error.feature) from None


class StandsStill(Robfig):
    def next(self, native, epoch):
        return epoch


class Stutters(Robfig):
    def fires(self, native, start, stop):
        for instant in super().fires(native, start, stop):
            yield instant
            yield instant


class ReadsAnything(Robfig):
    def readers(self, native):
        return super().readers(Native("0 0 * * *", native.timezone))


class KnowsEveryZone(Robfig):
    def readers(self, native):
        return super().readers(Native(native.text, "UTC"))


BROKEN = {
    Shouts: "test_says_what_it_is",
    WritesHalf: "test_means_what_it_writes",
    RefusesBlankly: "test_means_what_it_writes",
    StandsStill: "test_clock_moves_on",
    Stutters: "test_clock_moves_on",
    ReadsAnything: "test_refuses_what_the_platform_refuses",
    KnowsEveryZone: "test_refuses_what_the_platform_refuses",
}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_catches(kind, generate_only):
    """
    The law that a dialect breaks fails.
    """

    class Suite(DialectConformance):
        def make_dialect(self):
            return kind()

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        getattr(Suite(), BROKEN[kind])()


def test_every_law_catches_somebody():
    """
    Each law has a dialect that breaks it.
    """
    laws = {name for name in dir(DialectConformance) if name.startswith("test_")}
    assert laws == set(BROKEN.values())


def test_partial_text_is_caught():
    """
    The half that is written of a union does not fire like the whole.
    """
    when = Union(Cron("0 9 * * *"), Cron("30 17 * * *"))
    assert 1 == len(WritesHalf().write(when))
    assert 2 == len(Robfig().write(when))
