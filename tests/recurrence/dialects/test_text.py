"""
The parser that dialects give a table of their grammar.
"""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unixlaws import TEXTS, at, refused

from schedkit.exceptions import (
    CronSyntaxError,
    NeverFiresError,
    NotExpressibleError,
    SchedkitError,
)
from schedkit.recurrence import Calendar, Dst, NearestWeekday, NthWeekday
from schedkit.recurrence.dialects.text import (
    MONTHS,
    WEEKDAYS,
    Field,
    Parsed,
    calendar,
    minutes_of,
    parse,
)
from schedkit.recurrence.dialects.wall import Days


MINUTE, HOUR = Field("minute", 0, 59), Field("hour", 0, 23, wraps=True)
DAY = Field("day", 1, 31, marks=("?", "LW", "L-", "L", "W"), kind="day")
MONTH = Field("month", 1, 12, MONTHS)
WEEKDAY = Field(
    "weekday",
    1,
    7,
    {name: number for number, name in enumerate(WEEKDAYS, 1)},
    marks=("?", "L", "wL", "#"),
    kind="weekday",
    ours=lambda number: number - 1,
)
STRICT = attrs.evolve(MINUTE, open_step=False, star_step=False)


def one(word: str, field: Field) -> Parsed:
    (found,) = parse(word, [field], "a test")
    return found


VALUES = (
    ("7", MINUTE, [7]),
    ("007", MINUTE, [7]),
    ("3,1,1", MINUTE, [1, 3]),
    ("10-12", MINUTE, [10, 11, 12]),
    ("10-20/5", MINUTE, [10, 15, 20]),
    ("40/15", MINUTE, [40, 55]),
    ("*/25", MINUTE, [0, 25, 50]),
    ("*/100", MINUTE, [0]),
    ("5,*/30", MINUTE, [0, 5, 30]),
    ("22-2", HOUR, [0, 1, 2, 22, 23]),
    ("20-4/3", HOUR, [2, 20, 23]),
    ("jan-MAR,Dec", MONTH, [1, 2, 3, 12]),
    ("SUN,2", WEEKDAY, [1, 2]),
    ("10-12", STRICT, [10, 11, 12]),
    ("10-20/5", STRICT, [10, 15, 20]),
    ("/20", attrs.evolve(MINUTE, bare_step=True), [0, 20, 40]),
)


@pytest.mark.parametrize(("word", "field", "values"), VALUES)
def test_reads_values(word, field, values):
    """
    Numbers, names, ranges and steps, as sorted sets of the platform's own numbers.
    """
    found = one(word, field)
    assert (tuple(values), False, False) == (found.values, found.star, found.free)


ITEMS = (
    ("15", DAY, [("day", 15)]),
    ("L", DAY, [("last", 1)]),
    ("L-3", DAY, [("last", 4)]),
    ("LW", DAY, [("workday", 0)]),
    ("15W", DAY, [("nearest", 15)]),
    ("1,7", WEEKDAY, [("weekday", 0), ("weekday", 6)]),
    ("MON", WEEKDAY, [("weekday", 1)]),
    ("L", WEEKDAY, [("weekday", 6)]),
    ("6L", WEEKDAY, [("final", 5)]),
    ("friL", WEEKDAY, [("final", 5)]),
    ("2#1", WEEKDAY, [("nth", 1, 1)]),
    ("SUN#5", WEEKDAY, [("nth", 0, 5)]),
)


@pytest.mark.parametrize(("word", "field", "items"), ITEMS)
def test_reads_days(word, field, items):
    """
    Numbers and marks, as days that count weekdays from Sunday = 0.
    """
    assert tuple(items) == one(word, field).items


def test_free_fields_restrict_nothing():
    """
    `*` and `*/1` are stars, `?` is a blank where the field takes it.
    """
    for word in ("*", "*/1"):
        found = one(word, DAY)
        assert (True, False, True) == (found.star, found.blank, found.free)
        assert tuple(range(1, 32)) == found.values
    assert Parsed(blank=True) == one("?", DAY)
    assert one("?", DAY).free


BAD = (
    ("60", MINUTE, "60 is out of range", "minutes go from 0 to 59"),
    ("x", MINUTE, "'X' is nothing that it knows", "minutes go from 0 to 59"),
    ("1,", MINUTE, "an item is empty", "minutes go from 0 to 59"),
    ("1-2-3", MINUTE, "'1-2-3' is nothing that it knows", "minutes go from 0 to 59"),
    ("*-5", MINUTE, "'*-5' is nothing that it knows", "minutes go from 0 to 59"),
    ("+5", MINUTE, "'+5' is nothing that it knows", "minutes go from 0 to 59"),
    ("5-1", MINUTE, "the range is turned round", "minutes go from 0 to 59"),
    ("*/0", MINUTE, "a step of 0 leads nowhere", "minutes go from 0 to 59"),
    ("/5", MINUTE, "nothing stands before the step", "minutes go from 0 to 59"),
    ("JAN", MINUTE, "'JAN' is no name that it knows", "minutes go from 0 to 59"),
    ("?", MINUTE, "'?' is nothing that it knows", "minutes go from 0 to 59"),
    ("L", MINUTE, "'L' is nothing that it knows", "minutes go from 0 to 59"),
    ("5/15", STRICT, "it knows a step only after a range or *", "minutes go from 0 to 59"),
    ("*/15", STRICT, "it knows no step after *", "minutes go from 0 to 59"),
    ("32W", DAY, "32 is out of range", "days go from 1 to 31"),
    ("1,15W", DAY, "'15W' is nothing that it knows", "days go from 1 to 31"),
    ("MOOL", WEEKDAY, "'MOO' is no name that it knows", "weekdays go from 1 to 7, or SUN to SAT"),
    ("2#0", WEEKDAY, "a month has a first to a fifth weekday",
     "weekdays go from 1 to 7, or SUN to SAT"),
    ("2#6", WEEKDAY, "a month has a first to a fifth weekday",
     "weekdays go from 1 to 7, or SUN to SAT"),
    ("9" * 50, MINUTE, "'99999999999999999999' is nothing that it knows",
     "minutes go from 0 to 59"),
    ("\N{ARABIC-INDIC DIGIT FIVE}", MINUTE, ("'\N{ARABIC-INDIC DIGIT FIVE}' is nothing that it "
     "knows"), "minutes go from 0 to 59"),
)  # fmt: skip


@pytest.mark.parametrize(("word", "field", "reason", "cure"), BAD)
def test_rejects_with_the_range(word, field, reason, cure):
    """
    The word, why, and what the field takes; the column counts within the whole text.
    """
    shown = word.upper()[:40] if len(word) > 40 else word
    told = f"a test rejects {shown!r}: {reason}"
    with pytest.raises(CronSyntaxError) as caught:
        parse(f"7 {word}", [MINUTE, field], "a test", f"in front 7 {word}")
    error = caught.value
    assert (told, cure) == (error.reason, error.cure)
    assert (field.name, 12) == (error.field, error.column)


def test_rejects_other_numbers_of_fields():
    """
    With the names of those that it reads; nothing at all is none.
    """
    told = "a test reads 2 fields, and this has"
    for text, count in (("1", 1), ("", 0), (" \t ", 0), ("1 2 3", 3)):
        sentence = f"cron {text!r}: {told} {count}; write minute hour"
        refused(CronSyntaxError, sentence, parse, text, [MINUTE, HOUR], "a test")


def test_rejects_what_is_too_long():
    """
    Ten thousand characters are read, one more is not.
    """
    text = "1," * 4_999 + "10"
    assert (1, 10) == one(text, MINUTE).values
    with pytest.raises(CronSyntaxError) as caught:
        one(f"{text} ", MINUTE)
    assert "a test takes no text of 10001 characters" == caught.value.reason


@given(TEXTS, st.sampled_from([MINUTE, HOUR, DAY, MONTH, WEEKDAY, STRICT]))
def test_any_word_is_read_or_refused(text, field):
    """
    Values are within the field, whatever the word.
    """
    try:
        (found,) = parse(text, [field], "a test")
    except SchedkitError:
        return
    assert all(field.low <= value <= field.high for value in found.values)


def test_minutes_are_a_product():
    """
    Of minutes and hours.
    """
    minute, hour = parse("0,30 9-10", [MINUTE, HOUR], "a test")
    wanted = sum(1 << 60 * hours + minutes for hours in (9, 10) for minutes in (0, 30))
    assert wanted == minutes_of(minute, hour)


NINE = 1 << 540
WORDS = (
    (Days(), {}),
    (Days(doms=(("day", 1), ("day", 15))), {"days": [1, 15]}),
    (Days(doms=(("last", 1),), months=(2,)), {"days": -1, "months": 2}),
    (Days(doms=(("last", 4),)), {"days": -4}),
    (Days(doms=(("nearest", 15),)), {"days": NearestWeekday(15)}),
    (Days(dows=(("weekday", 0),)), {"weekdays": 0}),
    (Days(dows=(("nth", 1, 2),)), {"weekdays": NthWeekday("MON", 2)}),
    (Days(dows=(("final", 5),)), {"weekdays": NthWeekday("FRI", -1)}),
    (
        Days(doms=(("day", 1),), dows=(("weekday", 1),)),
        {"days": 1, "weekdays": 1, "day_rule": "any"},
    ),
    (
        Days(doms=(("day", 13),), dows=(("weekday", 5),), rule="all"),
        {"days": 13, "weekdays": 5, "day_rule": "all"},
    ),
)


@pytest.mark.parametrize(("days", "fields"), WORDS)
def test_portable_words(days, fields):
    """
    For what a platform names, in a zone, with a policy.
    """
    dst = Dst(gap="skip", fold="first")
    found = calendar(NINE, days, "Europe/Berlin", dst)
    zoned = {"timezone": "Europe/Berlin", "dst": dst}
    assert Calendar(minutes=0, hours=9, **fields, **zoned) == found


def test_last_workday_has_portable_words():
    """
    The last day from Monday to Friday, else the Friday before: 30 January and 27 February 2026.
    """
    found = calendar(NINE, Days(doms=(("workday", 0),)), "UTC")
    runs = list(found.epochs(at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00Z")))
    assert [at(f"2026-{day}T09:00:00Z") for day in ("01-30", "02-27", "03-31")] == runs


@pytest.mark.parametrize(
    "days",
    [
        Days(doms=(("workday", 0), ("day", 1))),
        Days(doms=(("workday", 0),), dows=(("weekday", 1),)),
    ],
)
def test_last_workday_beside_others_has_none(days):
    """
    By feature, naming the text.
    """
    sentence = "'LW,1': nothing portable names the last Monday to Friday beside other days"
    told = {"feature": "schedule.nearest_weekday"}
    asked = (NINE, days, "UTC", None, "'LW,1'")
    refused(NotExpressibleError, sentence, calendar, *asked, **told)


def test_days_that_never_come_have_none():
    """
    30 February.
    """
    with pytest.raises(NeverFiresError):
        calendar(NINE, Days(doms=(("day", 30),), months=(2,)), "UTC")
