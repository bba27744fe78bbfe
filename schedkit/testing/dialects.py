"""
The laws that any dialect keeps.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.findings import Feature
from schedkit.recurrence import Cron, Every, Once, Union, When
from schedkit.recurrence.dialects import Dialect, Native
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


_ANCHOR = datetime(2027, 1, 1, tzinfo=UTC)
_START = int(_ANCHOR.timestamp())
_STOP = int(datetime(2027, 2, 1, tzinfo=UTC).timestamp())


class DialectConformance:
    """
    Subclass it in a test module, under a name that begins with `Test`, and write `make_dialect`.
    """

    def make_dialect(self) -> Dialect:
        """
        A new dialect.
        """
        raise NotImplementedError

    def test_says_what_it_is(self) -> None:
        """
        It has a name of one word, hyphens allowed, and the address of its definition.
        """
        dialect = self.make_dialect()
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", dialect.name)
        assert dialect.url.startswith("https://")

    def test_means_what_it_writes(self) -> None:
        """
        What is written fires like the schedule; what cannot be written is refused as a whole.
        """
        dialect = self.make_dialect()

        @settings(max_examples=60, deadline=None, database=None)
        @given(strategies.whens(st.just("UTC")))
        @example(Union(Cron("0 9 * * *"), Cron("30 17 * * 5")))
        @example(Every("36h", _ANCHOR))
        @example(Once(_ANCHOR))
        def holds(when: When) -> None:
            natives = _written(dialect, when)
            if natives:
                proof = prove(when, natives, dialect)
                assert (0, 0) == (proof.missing_count, proof.extra_count), natives

        holds()

    def test_clock_moves_on(self) -> None:
        """
        In UTC each run is later than the one before, in the window asked for, and asked for.
        """
        dialect = self.make_dialect()
        when = Cron("*/20 3-5 * * *")
        for native in dialect.write(when):
            fires = list(dialect.fires(native, _START, _STOP))
            assert sorted(set(fires)) == fires
            assert list(when.epochs(_START, _STOP)) == fires
            assert fires[0] == dialect.next(native, _START)
            assert fires[1] == dialect.next(native, fires[0])

    def test_refuses_what_the_platform_refuses(self) -> None:
        """
        A text that is none, and a zone that is none, are refused.
        """
        dialect = self.make_dialect()
        (native,) = dialect.write(Cron("30 9 * * *"))
        with pytest.raises(CronSyntaxError):
            dialect.readers(dialect.native("no schedule", "UTC", {}))
        with pytest.raises(TimeZoneError):
            dialect.readers(attrs.evolve(native, timezone="Middle/Earth"))


def _written(dialect: Dialect, when: When) -> tuple[Native, ...]:
    try:
        return dialect.write(when)
    except NotExpressibleError as caught:
        error = caught
    assert error.feature in set(Feature)
    assert error.reason
    assert error.cure
    return ()
