"""
The texts that `schedkit serve` fires by: written, read back, and refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings

from schedkit.exceptions import (
    AmbiguousCronError,
    CronSyntaxError,
    NeverFiresError,
    SpecError,
    TimeZoneError,
)
from schedkit.recurrence import (
    ANY,
    Calendar,
    Cron,
    Dst,
    Every,
    LastDay,
    LastWeekday,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
)
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.proof import prove
from schedkit.recurrence.spell import spelled
from schedkit.testing import DialectConformance, strategies
from schedkit_local.dialect import DIALECT, LocalDialect, read_text


YEAR = (1_767_225_600, 1_798_761_600)  # 2026 in UTC
EXAMPLE = "write Cron('0 9 * * *', timezone='Europe/Berlin')"


class TestDialect(DialectConformance):
    def make_dialect(self):
        """
        A new dialect.
        """
        return LocalDialect()


WHENS = [
    Cron("0 1 * * *", timezone="Europe/Berlin"),
    Cron("30 2 * * *", timezone="America/New_York", dst=Dst(gap="next", fold="first")),
    Cron("30 2 * * *", timezone="Australia/Lord_Howe", dst=Dst(gap="shift", fold="second")),
    Cron("0 0 1 * 1", day_rule="all"),
    Calendar(minutes=0, hours=[8, 18], days=[LastDay(), -3, NearestWeekday(15)], months="MAR"),
    Calendar(minutes=5, hours=4, weekdays=[LastWeekday("FRI"), NthWeekday("MON", -2), "WED"]),
    Calendar(minutes=5, hours=ANY, days=LastDay(), weekdays=NthWeekday("SUN", 1), day_rule="any"),
    Every("90m", "2026-01-01T00:07:30Z"),
    Once("2026-05-01T09:30:15Z"),
    Union(Cron("0 9 * * *"), Every("36h", "2026-01-01T00:00:00Z"), Once("2026-05-01T09:30:15Z")),
    Window(Cron("0 0 * * *", timezone="Asia/Gaza"), start="2026-03-01T00:00:00Z"),
    Window(Every("1s", "2026-01-01T00:00:00Z"), end="2026-01-01T00:01:00Z"),
    Window(Every("7m", "2026-01-01T00:00:00Z"), "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"),
    Window(Once("2026-05-01T09:30:15Z"), end="2026-05-01T09:30:15Z"),
]


@pytest.mark.parametrize("when", WHENS, ids=spelled)
def test_reads_what_it_writes(when):
    """Every kind of schedule is one text, which fires at its instants, and that is proved."""
    (native,) = DIALECT.write(when)
    assert (spelled(when), "", ()) == (native.text, native.timezone, native.more)
    assert native.text == spelled(DIALECT.read(native))
    assert list(when.epochs(*YEAR)) == list(DIALECT.read(native).epochs(*YEAR))
    assert list(when.epochs(*YEAR)) == list(DIALECT.fires(native, *YEAR))
    proof = prove(when, [native], DIALECT)
    assert (True, (), ()) == (proof.holds, proof.departures, proof.unknown)


def test_reads_whatever_it_writes():
    """So it is for schedules that nobody thought of."""

    @settings(max_examples=60, database=None)
    @given(strategies.whens())
    def holds(when):
        (native,) = DIALECT.write(when)
        assert native.text == spelled(read_text(native.text))
        assert prove(when, [native], DIALECT).holds

    holds()


@pytest.mark.parametrize(
    ("when", "wrong"),
    [
        ("Cron('0 1 * * *')", "Cron('0 1 * * *', timezone='Europe/London')"),
        (
            "Cron('30 2 * * *', timezone='Europe/Berlin', dst=Dst(gap='next'))",
            "Cron('30 2 * * *', timezone='Europe/Berlin', dst=Dst(gap='shift'))",
        ),
        (
            "Every('1h', '2026-01-01T00:00:00Z')",
            "Window(Every('1h', '2026-01-01T00:00:00Z'), end='2030-01-01T00:00:00Z')",
        ),
        (
            "Window(Every('7m', '2026-01-01T00:00:00Z'), end='2030-01-01T00:00:00Z')",
            "Window(Every('7m', '2026-01-01T00:01:00Z'), end='2030-01-01T00:00:00Z')",
        ),
        ("Once('2026-05-01T09:30:15Z')", "Once('2026-05-01T09:30:16Z')"),
    ],
)
def test_proof_sees_the_difference(when, wrong):
    """Another text proves nothing."""
    assert not prove(read_text(when), [Native(wrong, "")], DIALECT).holds


def test_proves_intervals_with_an_end_at_once():
    """A steady interval that only ends is proved by arithmetic, however short it is."""
    when = Window(Every("1s", "2026-01-01T00:00:00Z"), end="2035-01-01T00:00:00Z")
    proof = prove(when, DIALECT.write(when), DIALECT)
    assert "proved: every run of 1 steady interval" == proof.sentence


def test_bounds_of_single_answers():
    """A search from any instant knows start and end."""
    window = "start='2026-01-02T00:00:00Z', end='2026-01-03T00:00:00Z'"
    first = int(datetime(2026, 1, 2, tzinfo=UTC).timestamp())
    last = first + int(timedelta(hours=23).total_seconds())
    for inside in ("Every('1h', '2020-01-01T00:00:00Z')", "Cron('0 * * * *')"):
        native = Native(f"Window({inside}, {window})", "")
        assert (first, first) == (DIALECT.next(native, 0), DIALECT.next(native, first - 1))
        assert (last, None) == (DIALECT.next(native, last - 1), DIALECT.next(native, last))
    once = Native("Once('2026-01-02T00:00:00Z')", "")
    assert (first, None) == (DIALECT.next(once, first - 1), DIALECT.next(once, first))


@pytest.mark.parametrize(
    ("text", "reason", "cure"),
    [
        ("", "cannot be read: invalid syntax", EXAMPLE),
        ("0 1 * * *", "cannot be read: invalid syntax", EXAMPLE),
        ("Cron('0 1 * * *'", "cannot be read: '(' was never closed", EXAMPLE),
        ("Cron('\0')", "cannot be read: source code string cannot contain null bytes", EXAMPLE),
        ("Union(" * 300 + ")" * 300, "cannot be read: too many nested parentheses", EXAMPLE),
        ("None", "column 1 is neither a word nor a plain value", EXAMPLE),
        ("'0 1 * * *'", "is no schedule", EXAMPLE),
        ("7", "is no schedule", EXAMPLE),
        ("Dst()", "is no schedule", EXAMPLE),
        ("LastDay()", "is no schedule", EXAMPLE),
        ("ANY", "is no schedule", EXAMPLE),
        ("Crom('0 1 * * *')", "'Crom' is no word here", "did you mean 'Cron'?"),
        ("Cron", "'Cron' is no word here", "did you mean 'Cron'?"),
        ("eval('1')", "'eval' is no word here", "known: "),
        ("__import__('os').system('true')", "column 1 is neither a word nor", EXAMPLE),
        ("sk.Cron('0 1 * * *')", "column 1 is neither a word nor a plain value", EXAMPLE),
        ("Cron('0 1' + ' * * *')", "column 6 is neither a word nor a plain value", EXAMPLE),
        ("Cron(f'0 1 * * *')", "column 6 is neither a word nor a plain value", EXAMPLE),
        ("Cron(*['0 1 * * *'])", "column 6 is neither a word nor a plain value", EXAMPLE),
        ("Cron(**{'text': '0 1 * * *'})", "Cron has ** in it", "write its names out"),
        ("Cron(True)", "column 6 is neither a word nor a plain value", EXAMPLE),
        ("Cron(b'0 1 * * *')", "column 6 is neither a word nor a plain value", EXAMPLE),
        ("[Cron('0 1 * * *')][0]", "column 1 is neither a word nor a plain value", EXAMPLE),
        ("lambda: Cron('0 1 * * *')", "column 1 is neither a word nor a plain value", EXAMPLE),
        ("1" + "+1" * 5_000, "c", EXAMPLE),
        ("Cron()", "cannot be read: Cron.__init__() missing 1 required positional", EXAMPLE),
        ("Cron('0 1 * * *', zone='UTC')", "cannot be read: Cron.__init__() got an unex", EXAMPLE),
        ("Calendar(minutes=[[1]], hours=1)", "cannot be read: unhashable type: 'list'", EXAMPLE),
    ],
)
def test_texts_that_are_none(text, reason, cure):
    """What is no call of schedkit's words is refused, and nothing of it is evaluated."""
    with pytest.raises(CronSyntaxError) as caught:
        read_text(text)
    assert text == caught.value.text
    assert caught.value.reason.startswith(reason)
    assert caught.value.cure.startswith(cure)
    assert str(caught.value).startswith("cron ")


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("Cron('61 * * * *')", CronSyntaxError, "minute"),
        ("Cron('0 1 */2 * 1')", AmbiguousCronError, "day_rule"),
        ("Cron('0 0 30 2 *')", NeverFiresError, "no year has such a day"),
        ("Cron('0 1 * * *', timezone='Europe/Berlim')", TimeZoneError, "'Europe/Berlin'"),
        ("Cron('0 1 * * *', dst='skip')", SpecError, "is no policy"),
        ("Cron(5)", SpecError, "5"),
        ("Every('1d', '2026-01-01T00:00:00Z')", SpecError, "how long is a day?"),
        ("Every('1h', '2026-01-01')", SpecError, "is not an RFC 3339 instant"),
        ("Once(5)", SpecError, "not an instant"),
        ("Union()", SpecError, "has no members"),
        ("Union(1)", SpecError, "1 is no schedule"),
        ("Window(Cron('0 1 * * *'))", SpecError, "neither start nor end"),
        ("Window(Window(1))", SpecError, "int is no schedule"),
        ("Calendar(minutes=60, hours=1)", SpecError, "60 is out of range"),
        ("Calendar(minutes=1, hours=1, days=LastWeekday('FRI'))", SpecError, "days"),
        ("NthWeekday('MON', 9)", SpecError, "9 is out of range"),
    ],
)
def test_values_that_are_none(text, error, words):
    """A value that no schedule may have is refused by the one who knows."""
    with pytest.raises(error) as caught:
        read_text(text)
    assert words in str(caught.value)


def test_nothing_stands_beside_a_text():
    """A time zone or a bound beside it is refused: the text names its own."""
    text = "Cron('0 1 * * *')"
    with pytest.raises(TimeZoneError) as zone:
        DIALECT.read(DIALECT.native(text, "Europe/Berlin", {}))
    assert (
        "timezone 'Europe/Berlin': a text names its own zones; write timezone= into the text"
    ) == str(zone.value)
    with pytest.raises(CronSyntaxError) as more:
        DIALECT.readers(DIALECT.native(text, None, {"StartDate": "2026-01-01T00:00:00Z"}))
    assert "'StartDate' stands beside it, and a text says all" == more.value.reason
    assert "write Window(...) around it" == more.value.cure
