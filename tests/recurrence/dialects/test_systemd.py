"""
systemd timers: several `OnCalendar=` lines in one native, each with its zone.
"""

from __future__ import annotations

import pytest
from unixlaws import UnixLaws, at, refused

from schedkit.exceptions import CronSyntaxError, NotExpressibleError, TimeZoneError
from schedkit.recurrence import (
    Calendar,
    Cron,
    Dst,
    Every,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
)
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.systemd import SYSTEMD
from schedkit.recurrence.proof import prove
from schedkit.testing import strategies


NEW_YEAR = "2026-01-01T00:00:00Z"
NINE = {"minutes": 0, "hours": 9}
WORKDAYS = [1, 2, 3, 4, 5]


class TestSystemd(UnixLaws):
    zones = strategies.ZONES
    front = "*-*-* "
    beside = "UTC"

    def make_dialect(self):
        return SYSTEMD


WRITTEN = (
    (Cron("0 9 * * 1-5", "Europe/Berlin"), ["Mon..Fri *-*-* 09:00:00 Europe/Berlin"]),
    (Cron("*/20 9-17 * * 0,6,3"), ["Wed,Sat,Sun *-*-* 09..17:00..40/20:00 UTC"]),
    (Cron("0 9 1 * 1", day_rule="any"), ["*-*-01 09:00:00 UTC", "Mon *-*-* 09:00:00 UTC"]),
    (Cron("0 9 13 * 5", day_rule="all"), ["Fri *-*-13 09:00:00 UTC"]),
    (Calendar(**NINE, days=-1), ["*-*~01 09:00:00 UTC"]),
    (Calendar(**NINE, days=[-1, -2, -3, -28]), ["*-*~01..03 09:00:00 UTC", "*-*~28 09:00:00 UTC"]),
    (Calendar(**NINE, days=-30, months=[1, 4]), ["*-01-02 09:00:00 UTC", "*-04-01 09:00:00 UTC"]),
    (Calendar(**NINE, weekdays=NthWeekday("MON", 1)), ["Mon *-*-01..07 09:00:00 UTC"]),
    (Calendar(**NINE, weekdays=NthWeekday("MON", 5)), ["Mon *-*-29..31 09:00:00 UTC"]),
    (Calendar(**NINE, weekdays=NthWeekday("FRI", -1)), ["Fri *-*~01..07 09:00:00 UTC"]),
    (
        Calendar(**NINE, weekdays=[NthWeekday("FRI", 2), NthWeekday("TUE", 2)]),
        ["Tue,Fri *-*-08..14 09:00:00 UTC"],
    ),
    (
        Calendar(**NINE, days=NearestWeekday(15)),
        [
            "Fri *-*-14 09:00:00 UTC",
            "Mon..Fri *-*-15 09:00:00 UTC",
            "Mon *-*-16 09:00:00 UTC",
        ],
    ),
    (
        Calendar(**NINE, days=NearestWeekday(30), months=4),
        ["Mon..Fri *-04-30 09:00:00 UTC", "Fri *-04-28,29 09:00:00 UTC"],
    ),
    (
        Calendar(**NINE, days=NearestWeekday(1)),
        ["Mon..Fri *-*-01 09:00:00 UTC", "Mon *-*-02,03 09:00:00 UTC"],
    ),
    (
        Calendar(**NINE, days=NearestWeekday(31), months=[1, 4]),
        ["Mon..Fri *-01-31 09:00:00 UTC", "Fri *-01-29,30 09:00:00 UTC"],
    ),
    (
        Calendar(**NINE, days=NearestWeekday(15), weekdays=2, day_rule="all"),
        ["Tue *-*-15 09:00:00 UTC"],
    ),
    (
        Calendar(
            **NINE,
            days=[5, 6, 7],
            weekdays=[NthWeekday("MON", 1), NthWeekday("MON", 2)],
            day_rule="all",
        ),
        ["Mon *-*-05..07 09:00:00 UTC"],
    ),
    (
        Calendar(**NINE, days=[22, 23], weekdays=NthWeekday("FRI", -1), months=2, day_rule="all"),
        ["Fri *-02-23 09:00:00 UTC", "Fri *-02~07 09:00:00 UTC"],
    ),
    (
        Calendar(**NINE, days=range(24, 32), weekdays=NthWeekday("FRI", -1), day_rule="all"),
        [
            "Fri *-*-25..31 09:00:00 UTC",
            "Fri *-02,04,06,09,11-24..31 09:00:00 UTC",
        ],
    ),
    (Every("90m", NEW_YEAR), ["*-*-* 00..21/3:00:00 UTC", "*-*-* 01..22/3:30:00 UTC"]),
    (Every("20s", "2026-01-01T00:00:05Z"), ["*-*-* *:*:05..45/20 UTC"]),
    (Once("2026-03-01T09:30:15Z"), ["2026-03-01 09:30:15 UTC"]),
    (Window(Cron("0 9 * * *"), NEW_YEAR, "2027-01-01T00:00:00Z"), ["2026-*-* 09:00:00 UTC"]),
    (
        Window(Cron("0 9 * * *", "Asia/Tokyo"), end="2027-12-31T15:00:00Z"),
        ["1970..2027-*-* 09:00:00 Asia/Tokyo"],
    ),
    (Cron("0 * * * *", "Europe/Berlin"), ["*-*-* *:00:00 UTC"]),
    (
        Cron("0 * * * *", "Europe/Berlin", dst=Dst(gap="skip", fold="first")),
        ["*-*-* *:00:00 Europe/Berlin"],
    ),
    (
        Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("0 0 * * *")),
        ["*-*-* 09:00:00 Asia/Tokyo", "*-*-* 00:00:00 UTC"],
    ),
)


@pytest.mark.parametrize(("when", "lines"), WRITTEN, ids=str)
def test_writes_one_native_of_few_lines(when, lines):
    """
    In systemd's normal form; each is proved, and nothing runs twice.
    """
    natives = SYSTEMD.write(when)
    assert [Native("\n".join(natives[0].text.split("\n")), "")] == list(natives)
    assert sorted(lines) == sorted(natives[0].text.split("\n"))
    proof = prove(when, natives, SYSTEMD)
    assert (True, ()) == (proof.holds, proof.doubled)


READ = (
    ("Mon, 17:48 UTC", Calendar(minutes=48, hours=17, weekdays=1)),
    ("monday..FRIDAY *-*-* 9:0 utc", Calendar(**NINE, weekdays=WORKDAYS)),
    ("Sun-Sun 9:00 UTC", Calendar(**NINE, weekdays=0)),
    ("daily Europe/Berlin", Calendar(minutes=0, hours=0, timezone="Europe/Berlin")),
    ("weekly UTC", Calendar(minutes=0, hours=0, weekdays=1)),
    ("quarterly UTC", Calendar(minutes=0, hours=0, days=1, months=[1, 4, 7, 10])),
    ("semi-annually UTC", Calendar(minutes=0, hours=0, days=1, months=[1, 7])),
    ("*-*~3 UTC", Calendar(minutes=0, hours=0, days=-3)),
    ("Mon *-05~07/1 UTC", Calendar(
        minutes=0, hours=0, weekdays=1, days=range(-7, 0), months=5, day_rule="all"
    )),
    ("*-*~1..6/2 UTC", Calendar(minutes=0, hours=0, days=[-1, -3, -5])),
    ("10-15 UTC", Calendar(minutes=0, hours=0, days=15, months=10)),
    ("*:0/20 UTC", Calendar(minutes=[0, 20, 40], hours=range(24))),
    ("8..16/4,9:30 UTC", Calendar(minutes=30, hours=[8, 9, 12, 16])),
    ("7..8/60:00 UTC", Calendar(minutes=0, hours=7)),
    ("26..27-*-* 9:00 UTC", Window(Calendar(**NINE), NEW_YEAR, "2028-01-01T00:00:00Z")),
    (
        "2026-03-* 9:00 UTC",
        Window(Calendar(**NINE, months=3), NEW_YEAR, "2027-01-01T00:00:00Z"),
    ),
    ("2026-03-01 9:30:15 UTC", Once("2026-03-01T09:30:15Z")),
    ("@1772357415 Asia/Tokyo", Once("2026-03-01T09:30:15Z")),
    ("*:*:0/20 UTC", Every("20s", "1970-01-01T00:00:00Z")),
    ("9:00 UTC\nMon *:0 UTC", Union(Calendar(**NINE), Cron("0 * * * 1").calendar)),
)  # fmt: skip


@pytest.mark.parametrize(("text", "when"), READ)
def test_reads_the_documented_grammar(text, when):
    """
    Also what is never written: parts left out, names in full, steps without an end, two digits.
    """
    native = Native(text, "")
    assert when == SYSTEMD.read(native)
    assert prove(when, [native], SYSTEMD).holds


def test_a_line_without_a_zone_takes_the_machines():
    """
    Which has to be named beside the lines; nothing looks it up.
    """
    assert Calendar(**NINE, timezone="Asia/Tokyo") == SYSTEMD.read(Native("9:00", "Asia/Tokyo"))
    assert Calendar(**NINE) == SYSTEMD.read(Native("9:00 UTC", "Asia/Tokyo"))
    assert Native("9:00", "") == SYSTEMD.native("9:00", None, {})
    refused(
        TimeZoneError,
        "calendar event '9:00': names no time zone, so systemd would take that of the machine; "
        "write UTC at its end",
        SYSTEMD.readers,
        Native("9:00", ""),
    )
    with pytest.raises(TimeZoneError):
        SYSTEMD.readers(Native("9:00 Middle/Earth", ""))
    with pytest.raises(TimeZoneError):
        SYSTEMD.readers(Native("9:00 CET", ""))


FIRED = (  # recorded from systemd-analyze 252
    (
        "*:30 Europe/Berlin",
        "2026-10-24T23:00:00Z",
        [
            "2026-10-25T01:30:00+02:00",
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T03:30:00+01:00",
        ],
    ),
    (
        "2:30 Europe/Berlin",
        "2026-03-28T00:00:00Z",
        ["2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"],
    ),
    (
        "Mon *-*~01..7 UTC",
        "2026-10-24T00:00:00Z",
        ["2026-10-26T00:00:00Z", "2026-11-30T00:00:00Z"],
    ),
    (
        "Sat 22..23:58 America/Santiago",
        "2029-04-01T22:00:00Z",
        [
            "2029-04-07T22:58:00-03:00",
            "2029-04-07T23:58:00-03:00",
            "2029-04-14T22:58:00-04:00",
        ],
    ),
)


@pytest.mark.parametrize(("text", "after", "runs"), FIRED)
def test_fires_as_systemd_does(text, after, runs):
    """
    A skipped time does not run, a repeated one runs the first time.
    """
    (reader,) = SYSTEMD.readers(Native(text, ""))
    found = reader.fires(at(after), 1 << 33)
    assert [at(run) for run in runs] == [next(found) for _ in runs]


REJECTED = (  # by systemd-analyze 252, too
    ("", "", 1, "'': it begins with nothing"),
    (" 9:00", "", 1, "'': it begins with nothing"),
    ("10", "hour", 1, "'10': a time has hours, minutes, and perhaps seconds"),
    ("9:00 ", "", 1, "'9:00': nothing may follow the time"),
    ("9:00 Nowhere", "", 6, "'Nowhere': nothing may follow the time"),
    ("Sat..Mon 9:00", "weekday", 1, "'Sat..Mon': that is no weekday, and no range from Monday on"),
    ("Mon,,Tue", "weekday", 5, "'': that is no weekday, and no range from Monday on"),
    ("1-2-3-4", "day", 1, "'1-2-3-4': a date is a year, a month and a day"),
    ("2026~01-02", "day", 1, "'2026~01-02': a date is a year, a month and a day"),
    ("*-*~29", "day", 5, "'29': a day there goes from 1 to 28, and so do steps"),
    ("*-*~1,3,26", "day", 9, "'26': a day there goes from 1 to 22, and so do steps"),
    ("*-*~07..01", "day", 5, "'07..01': a day there goes from 1 to 28, and so do steps"),
    ("*:0/100", "minute", 3, "'0/100': a minute there goes from 0 to 59, and so do steps"),
    ("10/0:00", "hour", 1, "'10/0': a step of 0 leads nowhere"),
    ("2200-1-1", "year", 1, "'2200': a year there goes from 1970 to 2199, and so do steps"),
    ("*/2:00", "hour", 1, "'*/2': '*' is no number there"),
    ("9:0:30..30", "second", 5, "'30..30': the range is shorter than a second"),
    ("1..2..3:00", "hour", 1, "'1..2..3': '2..3' is no number there"),
    pytest.param(
        "9:0:" + ",".join(f"0.{number:03}" for number in range(242)),
        "second",
        5,
        "'0.000,0.001,0.002,0.003,0.004,0.005,0.00': it takes 241 values",
        id="242 values",
    ),
    pytest.param(
        "9:" + ",".join(["7"] * 242),
        "minute",
        3,
        f"'{','.join(['7'] * 20)},': it takes 241 values",
        id="242 repeats",
    ),
    ("@9999999999", "year", 1, "'@9999999999': its years end with 2199"),
    ("@12x", "", 1, "'@12x': after @ stand the seconds since 1970, and then nothing"),
)


@pytest.mark.parametrize(("text", "field", "column", "reason"), REJECTED)
def test_rejects_what_systemd_rejects(text, field, column, reason):
    """
    The error names field and column.
    """
    with pytest.raises(CronSyntaxError) as caught:
        SYSTEMD.readers(Native(text, "UTC"))
    error = caught.value
    assert (field, column, f"systemd rejects {reason}") == (
        error.field,
        error.column,
        error.reason,
    )


LEAP = "depends on the leap year, which no line can name for ever; leave February out, \
months=[1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]"
REFUSED = (
    (
        Calendar(**NINE, days=-29),
        f"days=-29: in February the 29th day from its end {LEAP}",
        "schedule.last_day",
    ),
    (
        Calendar(**NINE, days=NearestWeekday(28)),
        f"NearestWeekday(28): in February the last day {LEAP}",
        "schedule.nearest_weekday",
    ),
    (
        Calendar(**NINE, days=22, weekdays=NthWeekday("FRI", -1), day_rule="all"),
        f"Calendar, day_rule 'all': in February such a day {LEAP}",
        "schedule.day_rule.all",
    ),
    (
        Window(Cron("0 9 * * *"), "2026-02-01T00:00:00Z"),
        (
            "Window, start 2026-02-01T00:00:00+00:00: a timer has no start and no end, a line has "
            "years; take the beginning of a year in UTC"
        ),
        "schedule.start",
    ),
    (
        Window(Cron("0 9 * * *"), end="2026-02-01T00:00:00Z"),
        (
            "Window, end 2026-02-01T00:00:00+00:00: a timer has no start and no end, a line has "
            "years; take the beginning of a year in UTC"
        ),
        "schedule.end",
    ),
    (
        Window(Once(NEW_YEAR), "2027-01-01T00:00:00Z"),
        "Window: nothing of it lies between start and end, so it never runs; widen the window",
        "schedule.once",
    ),
    (
        Once("2200-01-01T00:00:00Z"),
        "Once(2200-01-01T00:00:00+00:00): years go from 1970 to 2199; take one of those",
        "schedule.once",
    ),
    (
        Every("90m", "2026-01-01T00:00:30Z"),
        (
            "Every('1h30m'), anchor 2026-01-01T00:00:30+00:00: within a window, or in several "
            "expressions, it is proved on whole minutes only; give an anchor with 0 seconds, and "
            "whole minutes"
        ),
        "schedule.every",
    ),
    (
        Window(Every("20s", NEW_YEAR), NEW_YEAR),
        (
            "Every('20s'), anchor 2026-01-01T00:00:00+00:00: within a window, or in several "
            "expressions, it is proved on whole minutes only; give an anchor with 0 seconds, and "
            "whole minutes"
        ),
        "schedule.every",
    ),
    (
        Every("7m", NEW_YEAR),
        (
            "Every('7m'): a cron starts anew each day, and the interval does not divide one; the "
            "nearest intervals that do: 6m or 8m"
        ),
        "schedule.every",
    ),
    (
        Calendar(minutes=0, hours=[1, 2], days=-1, timezone="Europe/Berlin"),
        (
            "'*-*~01 01,02:00:00 Europe/Berlin': systemd 252: with days from the end of a month "
            "it may take the second of equal hours; count from its start, or write UTC"
        ),
        "schedule.dst",
    ),
    (
        Cron("50 2 * * *", "Pacific/Chatham"),
        (
            "'*-*-* 02:50:00 Pacific/Chatham': systemd 252: a time that the clocks skip "
            "stops the timer, or loses the day; take another time, or write UTC"
        ),
        "schedule.dst",
    ),
)


@pytest.mark.parametrize(("when", "sentence", "feature"), REFUSED)
def test_refuses_what_it_has_no_words_for(when, sentence, feature):
    """
    The cure is the nearest that a line can say.
    """
    refused(NotExpressibleError, sentence, SYSTEMD.write, when, feature=feature)


STEPS = "give each step an end: 10..22/6"
LOST = (
    ("10/6:30 UTC", f"a step without an end loses runs at midnight; {STEPS}"),
    ("*:6/16 Asia/Tokyo", f"a step without an end loses runs at midnight; {STEPS}"),
    (
        "*-*-11/9 9:00 Asia/Gaza",
        f"a step without an end stops the timer for good when the clocks change; {STEPS}",
    ),
    (
        "*:0/15 America/Santiago",
        f"a step without an end stops the timer for good when the clocks change; {STEPS}",
    ),
    (
        "2..19:32 Africa/Casablanca",
        (
            "a time that the clocks skip stops the timer, or loses the day; take another time, or "
            "write UTC"
        ),
    ),
)


@pytest.mark.parametrize(("line", "reason"), LOST)
def test_refuses_lines_in_which_systemd_goes_astray(line, reason):
    """
    They are read, but have no runs to prove.
    """
    native = Native(line, "")
    sentence = f"{line!r}: systemd 252: {reason}"
    refused(NotExpressibleError, sentence, SYSTEMD.readers, native, feature="schedule.dst")
    assert line.endswith(SYSTEMD.read(native).timezone)


@pytest.mark.parametrize(
    "line",
    [
        "*-*-11/9 9:00 Asia/Tokyo",
        "*:0/15 Europe/Berlin",
        "0/6:30 Europe/Berlin",
        "2:32 Africa/Casablanca",
        "2:30..40 Europe/Dublin",
        "*-*~01 02:30 Europe/Berlin",
    ],
)
def test_takes_their_harmless_likes(line):
    """
    Where clocks stay, where steps end with the day, or a day has one time.
    """
    assert 1 == len(SYSTEMD.readers(Native(line, "")))


UNREAD = (
    (
        "Mon 9:00:30 UTC",
        "'Mon 9:00:30 UTC': its seconds are not just 0; write second 0",
        "schedule.cron",
    ),
    (
        "9:00:00.5 UTC",
        "'9:00:00.5': it runs between two seconds; write whole seconds",
        "schedule.cron",
    ),
    (
        "2026,2028-*-* 9:00 UTC",
        "'2026,2028-*-* 9:00 UTC': its years do not follow one another; write every year",
        "schedule.cron",
    ),
    (
        "2026..2027-*-* 9:00 UTC\n8:00 UTC",
        (
            "'2026..2027-*-* 9:00 UTC\\n8:00 UTC': its lines are for different years; read them "
            "one by one"
        ),
        "schedule.start",
    ),
)


@pytest.mark.parametrize(("text", "sentence", "feature"), UNREAD)
def test_refuses_to_read_what_has_no_portable_words(text, sentence, feature):
    """
    Single seconds, fractions, years with holes, lines of different years.
    """
    refused(NotExpressibleError, sentence, SYSTEMD.read, Native(text, ""), feature=feature)
