# ruff: noqa: E501  a row is one refusal

from __future__ import annotations

import asyncio
import pickle

import pytest

from schedkit.exceptions import (
    AmbiguousCronError,
    CronSyntaxError,
    NeverFiresError,
    OutputError,
    SpecError,
)
from schedkit.recurrence import ANY, Calendar, Cron
from schedkit.recurrence.parse import MACROS


ALL_HOURS = tuple(range(24))

READ = [
    ("0 1 * * *", {"minutes": 0, "hours": 1}),
    ("  0\t1 * *  * ", {"minutes": 0, "hours": 1}),
    ("*/15 9-17 * * 1-5", {"minutes": (0, 15, 30, 45), "hours": range(9, 18), "weekdays": range(1, 6)}),
    ("5-59/20 * * * *", {"minutes": (5, 25, 45), "hours": ANY}),
    ("*/7 * * * *", {"minutes": range(0, 60, 7), "hours": ANY}),
    ("0,30 0 1,15 * *", {"minutes": (0, 30), "hours": 0, "days": (1, 15)}),
    ("0 0 */10 */2 *", {"minutes": 0, "hours": 0, "days": (1, 11, 21, 31), "months": range(1, 13, 2)}),
    ("0 0 */31 * *", {"minutes": 0, "hours": 0, "days": 1}),
    ("0 0 * * 7", {"minutes": 0, "hours": 0, "weekdays": 0}),
    ("0 0 * * */7", {"minutes": 0, "hours": 0, "weekdays": 0}),
    ("0 0 * * 5-7", {"minutes": 0, "hours": 0, "weekdays": (5, 6, 0)}),
    ("0 0 * * sun-Tue", {"minutes": 0, "hours": 0, "weekdays": (0, 1, 2)}),
    ("0 0 * * 1-5/2", {"minutes": 0, "hours": 0, "weekdays": (1, 3, 5)}),
    ("0 0 * jan,MAR-may *", {"minutes": 0, "hours": 0, "months": (1, 3, 4, 5)}),
    ("00 09 * * *", {"minutes": 0, "hours": 9}),
    ("*/60 */24 * * *", {"minutes": 0, "hours": 0}),
    ("*/1 */1 */1 */1 */1", {"minutes": ANY, "hours": ANY}),
    ("0 0 */1 * 1", {"minutes": 0, "hours": 0, "weekdays": 1}),
    ("0 0 1-31 * *", {"minutes": 0, "hours": 0}),
    ("0 0 13 * 5", {"minutes": 0, "hours": 0, "days": 13, "weekdays": 5, "day_rule": "any"}),
    *((name, {"minutes": 0, "hours": 0, **fields}) for name, fields in [
        ("@hourly", {"hours": ANY}),
        ("@daily", {}),
        ("@midnight", {}),
        ("@weekly", {"weekdays": 0}),
        ("@monthly", {"days": 1}),
        ("@yearly", {"days": 1, "months": 1}),
        (" @annually ", {"days": 1, "months": 1}),
    ]),
]  # fmt: skip

_RULE = "does a day need one of the two, or both; say day_rule='any' or day_rule='all'"
REFUSED = [
    # text, type, field, column, the sentence after "cron '...'"
    ("", CronSyntaxError, "", 1, "is empty; write five fields: minute hour day month weekday"),
    (" \t", CronSyntaxError, "", 1, "is empty; write five fields: minute hour day month weekday"),
    ("* * * *", CronSyntaxError, "", 1, "has 4 of five fields; write five fields: minute hour day month weekday"),
    ("* * * * * * * *", CronSyntaxError, "", 1, "has 8 of five fields; write five fields: minute hour day month weekday"),
    ("0 0 9 * * 1", AmbiguousCronError, "", 1, "has 6 fields: is the first one seconds, or the last one years; write five fields: minute hour day month weekday"),
    ("0 0 9 * * 1 *", AmbiguousCronError, "", 1, "has 7 fields: is the first one seconds, or the last one years; write five fields: minute hour day month weekday"),
    ("TZ=Europe/Paris 0 9 * * 1", CronSyntaxError, "", 1, "only some platforms read a time zone in the text; pass timezone='Europe/Paris'"),
    ("CRON_TZ=UTC 0 9 * * 1", CronSyntaxError, "", 1, "only some platforms read a time zone in the text; pass timezone='UTC'"),
    ("@Daily", CronSyntaxError, "", 1, "'@Daily' is not a macro; did you mean '@daily'?"),
    ("@q", CronSyntaxError, "", 1, f"'@q' is not a macro; known macros: {', '.join(MACROS)}"),
    ("@every 90s", CronSyntaxError, "", 1, "@every counts from an unknown start; use Every('90m', anchor='2026-01-01T00:00:00Z')"),
    ("@reboot", CronSyntaxError, "", 1, "@reboot is no time, it depends on a machine; write a time"),
    ("60 0 * * *", CronSyntaxError, "minute", 1, "60 is out of range; minutes go from 0 to 59"),
    ("0 24 * * *", CronSyntaxError, "hour", 3, "24 is out of range; hours go from 0 to 23"),
    ("0 0 0 * *", CronSyntaxError, "day", 5, "0 is out of range; days go from 1 to 31"),
    ("0 0 1-32 * *", CronSyntaxError, "day", 7, "32 is out of range; days go from 1 to 31"),
    ("0 0 * 0 *", CronSyntaxError, "month", 7, "0 is out of range; months go from 1 to 12, or JAN to DEC"),
    ("0 0 * 13 *", CronSyntaxError, "month", 7, "13 is out of range; months go from 1 to 12, or JAN to DEC"),
    ("0 0 * * 8", CronSyntaxError, "weekday", 9, "8 is out of range; weekdays go from 0 to 7, or SUN to SAT"),
    ("*/0 * * * *", CronSyntaxError, "minute", 3, "'*/0' has a step of 0; give a step of 1 or more"),
    ("1-5/0 * * * *", CronSyntaxError, "minute", 5, "'1-5/0' has a step of 0; give a step of 1 or more"),
    ("*/100 * * * *", AmbiguousCronError, "minute", 3, "'*/100' steps over all of the 60 values: is it the first one alone, or a mistake; write a step up to 60, or the value alone"),
    ("0 0 * * */8", AmbiguousCronError, "weekday", 11, "'*/8' steps over all of the 7 values: is it the first one alone, or a mistake; write a step up to 7, or the value alone"),
    ("5/15 * * * *", AmbiguousCronError, "minute", 1, "is '5/15' the value 5 alone, or every 15 from 5 on; write 5-59/15, or 5"),
    ("0 0 * * 1,MON/2", AmbiguousCronError, "weekday", 11, "is 'MON/2' the value 1 alone, or every 2 from 1 on; write 1-6/2, or 1"),
    ("0 0 * * FRI-MON", AmbiguousCronError, "weekday", 9, "does 'FRI-MON' go round past the end, or is it empty; write FRI,SAT,SUN,MON"),
    ("0 22-2 * * *", AmbiguousCronError, "hour", 3, "does '22-2' go round past the end, or is it empty; write 22,23,0,1,2"),
    ("0 0 ? * *", AmbiguousCronError, "day", 5, "'?': does ? mean every value, or none; write *"),
    ("0 0 L * *", AmbiguousCronError, "day", 5, "'L': is it the last day of the month, or Saturday; use Calendar(days=LastDay()) or weekday 6"),
    ("0 0 L-3 * *", AmbiguousCronError, "day", 5, "'L-3': is it the last day of the month, or Saturday; use Calendar(days=LastDay()) or weekday 6"),
    ("0 0 * * 5L", AmbiguousCronError, "weekday", 9, "'5L': not every platform has a last weekday; use Calendar(weekdays=LastWeekday('FRI'))"),
    ("0 0 * * FRIL", CronSyntaxError, "weekday", 9, "'FRIL' is not a three-letter name; did you mean 'FRI'?"),
    ("0 0 15W * *", AmbiguousCronError, "day", 5, "'15W': not every platform has a nearest weekday, nor do they agree at the ends of a month; use Calendar(days=NearestWeekday(15))"),
    ("0 0 LW * *", AmbiguousCronError, "day", 5, "'LW': not every platform has a nearest weekday, nor do they agree at the ends of a month; use Calendar(days=NearestWeekday(15))"),
    ("0 0 * * MON#2", AmbiguousCronError, "weekday", 9, "'MON#2': some platforms ignore an nth weekday and some refuse it; use Calendar(weekdays=NthWeekday('MON', 2))"),
    (", * * * *", AmbiguousCronError, "minute", 1, "is an empty item nothing, or every value; remove the comma"),
    ("1,,2 * * * *", AmbiguousCronError, "minute", 3, "is an empty item nothing, or every value; remove the comma"),
    ("*-5 * * * *", AmbiguousCronError, "minute", 1, "'*-5': is it every value, or a range; write *, or a range such as 1-5"),
    ("+5 * * * *", AmbiguousCronError, "minute", 1, "'+5': is the plus a sign, or a step; write the number alone"),
    ("-5 * * * *", CronSyntaxError, "minute", 1, "'-5' is not cron; write *, 5, 1-5, */15 or 1-5/2"),
    ("1-5-7 * * * *", CronSyntaxError, "minute", 1, "'1-5-7' is not cron; write *, 5, 1-5, */15 or 1-5/2"),
    ("1.5 * * * *", CronSyntaxError, "minute", 1, "'1.5' is not cron; write *, 5, 1-5, */15 or 1-5/2"),
    ("H * * * *", CronSyntaxError, "minute", 1, "'H' is not cron; write *, 5, 1-5, */15 or 1-5/2"),
    ("٣ * * * *", CronSyntaxError, "minute", 1, "'٣' is not cron; write *, 5, 1-5, */15 or 1-5/2"),
    ("0 0\u00a0 * * *", CronSyntaxError, "hour", 3, "'0\\xa0' is not cron; write *, 5, 1-5, */15 or 1-5/2"),
    ("0 MON * * *", CronSyntaxError, "hour", 3, "'MON' is not a number; hours go from 0 to 23"),
    ("0 0 * * MONDAY", CronSyntaxError, "weekday", 9, "'MONDAY' is not a three-letter name; did you mean 'MON'?"),
    ("0 0 * FEV *", CronSyntaxError, "month", 7, "'FEV' is not a three-letter name; did you mean 'FEB'?"),
    ("0 0 * XYZ *", CronSyntaxError, "month", 7, "'XYZ' is not a three-letter name; months go from 1 to 12, or JAN to DEC"),
    ("0 0 */2 * 1", AmbiguousCronError, "day", 5, f"'*/2' beside another restricted day field: {_RULE}"),
    ("0 0 1 * */2", AmbiguousCronError, "weekday", 9, f"'*/2' beside another restricted day field: {_RULE}"),
    ("0 0 */2 * */2", AmbiguousCronError, "day", 5, f"'*/2' beside another restricted day field: {_RULE}"),
    ("0 0 1-31 * 1", AmbiguousCronError, "day", 5, f"'1-31' beside another restricted day field: {_RULE}"),
    ("0 0 1 * 0-6", AmbiguousCronError, "weekday", 9, f"'0-6' beside another restricted day field: {_RULE}"),
    ("0 0 1 * SUN-SAT", AmbiguousCronError, "weekday", 9, f"'SUN-SAT' beside another restricted day field: {_RULE}"),
    ("0 0 13,* * 5", AmbiguousCronError, "day", 5, f"'13,*' beside another restricted day field: {_RULE}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fields"), READ, ids=[text for text, _ in READ])
def test_read(text, fields):
    """
    A portable text is the calendar of its sets.
    """
    assert Calendar(**fields) == Cron(text).calendar


@pytest.mark.parametrize(
    ("text", "kind", "field", "column", "sentence"), REFUSED, ids=[row[0] for row in REFUSED]
)
def test_refused(text, kind, field, column, sentence):
    """
    A text that is wrong or has two meanings is refused with its place, the question and a cure.
    """
    with pytest.raises(SpecError) as caught:
        Cron(text)
    error = caught.value
    where = f", {field} (column {column})" if field else ""
    assert kind is type(error)
    assert (text, field, column) == (error.text, error.field, error.column)
    assert f"cron {text!r}{where}: {sentence}" == str(error)
    assert str(error) == str(pickle.loads(pickle.dumps(error)))


@pytest.mark.parametrize(
    ("text", "rule", "fields"),
    [
        ("0 9 */2 * 1", "any", {"days": range(1, 32, 2), "weekdays": 1, "day_rule": "any"}),
        ("0 9 */2 * 1", "all", {"days": range(1, 32, 2), "weekdays": 1, "day_rule": "all"}),
        ("0 9 1-31 * 1", "any", {}),
        ("0 9 1-31 * 1", "all", {"weekdays": 1}),
        ("0 9 1 * 0-6", "any", {}),
        ("0 9 1 * 0-6", "all", {"days": 1}),
        ("0 9 1 * *", "all", {"days": 1}),
    ],
)
def test_day_rule(text, rule, fields):
    """
    `day_rule` answers the question that both day fields raise.
    """
    assert Calendar(minutes=0, hours=9, **fields) == Cron(text, day_rule=rule).calendar


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("0 0 30 2 *", "29 Feb"),
        ("0 0 31 4,6,9,11 *", "30 Apr, 30 Jun, 30 Sep, 30 Nov"),
        ("0 0 31 FEB *", "29 Feb"),
    ],
)
def test_never_fires(text, last):
    """
    A text whose days never occur is refused with the last day that does.
    """
    with pytest.raises(NeverFiresError) as caught:
        Cron(text)
    assert f"cron {text!r}" == caught.value.culprit
    assert "no year has such a day" == caught.value.reason
    cure = f"the last valid day is {last}; days=-1 is the last day of any month"
    assert cure == caught.value.cure


def test_not_a_text():
    """
    What is no text is refused by type.
    """
    with pytest.raises(SpecError) as caught:
        Cron(5)
    sentence = "Cron, text: 5 is int, not a text; write five fields: minute hour day month weekday"
    assert sentence == str(caught.value)


def test_unknown_day_rule():
    """
    A `day_rule` that is no word is refused with the words there are.
    """
    with pytest.raises(SpecError) as caught:
        Cron("0 0 * * *", day_rule="al")
    assert "Cron, day_rule: 'al' is not a word here; did you mean 'all'?" == str(caught.value)


def test_awaitable_is_refused():
    """
    An awaitable is refused as an Output would be, whether or not pulumi is there.
    """

    async def later():
        return "0 0 * * *"

    waiting = later()
    with pytest.raises(OutputError) as caught:
        Cron(waiting)
    asyncio.run(waiting)
    assert "Cron, text" == caught.value.culprit
    assert "is a pulumi.Output, and a schedule decides which resources there are" == (
        caught.value.reason
    )
    cure = "pass a plain value, for instance one read from the stack's config"
    assert cure == caught.value.cure


def test_output_is_refused(monkeypatch):
    """
    A `pulumi.Output` is known by its type, and pulumi is not imported to ask.
    """
    pulumi = type("module", (), {"Output": type("Output", (), {})})
    monkeypatch.setitem(__import__("sys").modules, "pulumi", pulumi)
    with pytest.raises(OutputError):
        Cron("0 0 * * *", timezone=pulumi.Output())


def test_cron_keeps_its_text():
    """
    A Cron is its text and its arguments; the normal form is beside.
    """
    cron = Cron("@daily", "Europe/Berlin")
    assert "Cron(text='@daily', timezone='Europe/Berlin', dst=None, day_rule=None)" == repr(cron)
    assert Cron("0 0 * * *", "Europe/Berlin") != cron
    assert Cron("0 0 * * *", "Europe/Berlin").calendar == cron.calendar
    assert cron == pickle.loads(pickle.dumps(cron))
    assert hash(cron) == hash(Cron("@daily", "Europe/Berlin"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{} * * * *", "is out of range; minutes go from 0 to 59"),
        ("*/{} * * * *", "or a mistake; write a step up to 60, or the value alone"),
    ],
)
def test_numbers_that_python_does_not_take(text, sentence):
    """
    Python reads no more than 4 300 digits of a number.
    """
    with pytest.raises(SpecError) as caught:
        Cron(text.format("9" * 5_000))
    assert str(caught.value).endswith(sentence)
    assert len(str(caught.value)) < 600
    assert Cron("5 * * * *").calendar == Cron(f"{'0' * 5_000}5 * * * *").calendar
