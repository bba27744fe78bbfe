"""
Bad input for every reader, and what every reader owes it.

An *input* is a target (a dialect, `cron` or `windows`), a text, a time zone and what else a
platform receives. `ask` passes it on and raises AssertionError, or whatever escaped, where the
answer is neither readers that work nor one short error of schedkit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice, product
from typing import NamedTuple, TypeVar

import schedkit as sk
import schedkit.recurrence
from schedkit.exceptions import SchedkitError
from schedkit.recurrence import Cron, When
from schedkit.recurrence.dialects import Reader
from schedkit.recurrence.spell import spelled
from schedkit.recurrence.windows import iana_of, windows_id
from schedkit.translation import dialect, dialects


Answer = TypeVar("Answer")

START = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
STOP = int(datetime(2028, 1, 1, tzinfo=UTC).timestamp())
MANY = 1_000  # instants of one reader that are looked at
LONGEST = 1_000  # characters of an error's sentence
SIZE = 10_000  # characters of a nasty text
KINDS = tuple(product(range(7), (False, True)))
TARGETS = (*dialects(), "cron", "windows")


class Input(NamedTuple):
    """
    One question.
    """

    target: str
    text: str
    timezone: str | None = None
    more: Mapping[str, str] = {}


_DAILY = '"frequency":"Day","interval":1,"startTime":"2026-01-01T09:00:00'
_GUARD = (
    "@or(contains(createArray(1,7),dayOfMonth(trigger().scheduledTime)),not(contains(createArr\
ay(1),dayOfWeek(trigger().scheduledTime))))"
)
_MONTHLY = '{"frequency":"Month","interval":1,"startTime":"2026-01-01T00:00:00Z","schedule":{"hour\
s":[6],"minutes":[0],"monthlyOccurrences":[{"day":"friday","occurrence":-1}]}}'
_BERLIN = "Europe/Berlin"
_UNIX = ("*/15 9-17 * * 1-5", "0 0 1,15 jan-jun *", "30 6 1 * mon")
_BOUNDS = ("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z")


def _of(target: str, *texts: str, timezone: str | None = None, **more: str) -> list[Input]:
    return [Input(target, text, timezone, more) for text in texts]


SEEDS = (  # what each target accepts
    *_of("adf", f'{{{_DAILY}Z","schedule":{{"hours":[5,17],"minutes":[15]}}}}', guard=_GUARD),
    *_of(
        "adf", f'{{{_DAILY}","timeZone":"Romance Standard Time","endTime":"2027-01-01T00:00:00"}}'
    ),
    *_of("adf", '{"frequency":"Hour","interval":7,"startTime":"2026-01-01T00:00:00Z"}', _MONTHLY),
    *_of(
        "adf",
        '{"frequency":"Hour","interval":3,"startTime":"2026-01-01T00:00:00Z","delay":"00:10:00"}',
        type="TumblingWindowTrigger",
    ),
    *_of("argo", *_UNIX, "0 9 * * 1\n30 9 * * 2\n@daily", timezone=_BERLIN),
    *_of("cloud-scheduler", *_UNIX, timezone=_BERLIN),
    *_of("container-apps", *_UNIX),
    *_of("cron", *_UNIX, "@weekly", timezone=_BERLIN),
    *_of("eventbridge", "cron(0/15 9-17 ? * MON-FRI 2026-2030)", "cron(0 9 L * ? *)"),
    *_of("eventbridge", "cron(0 9 ? * 6#2 *)", "cron(0 9 15W 1,6 ? *)", timezone=_BERLIN),
    *_of("eventbridge", "at(2027-01-01T09:00:00)", "rate(5 minutes)", StartDate=_BOUNDS[0]),
    *_of("eventbridge", "rate(7 days)", StartDate=_BOUNDS[0], EndDate=_BOUNDS[1]),
    *_of("eventbridge-rules", "cron(0/15 9-17 ? * MON-FRI *)", "rate(5 minutes)"),
    *_of("github-actions", *_UNIX),
    *_of("pingsource", *_UNIX, "@daily", timezone=_BERLIN),
    *_of("quartz", "0 0/15 9-17 ? * MON-FRI 2026-2030", "0 0 9 LW * ?", "*/10 * * * * ?"),
    *_of("quartz", "0 0 9 ? * 6#2", "0 0 9 L-3 * ?", timezone=_BERLIN, startAt=_BOUNDS[0]),
    *_of("robfig", *_UNIX, "@every 1h30m", "? * ? * *", timezone=_BERLIN),
    *_of(
        "systemd", "Mon..Fri *-*-* 09..17:00/15 UTC", "*-02~03 12:00:00 Europe/Berlin", "daily UTC"
    ),
    *_of(
        "systemd", "2026..2030-*-01,15 *:*:00/20 UTC", "Fri *-*~07/1 18:00 UTC", "@1798761600 UTC"
    ),
    *_of("vertex", *(f"TZ=Europe/Berlin {text}" for text in _UNIX), startTime=_BOUNDS[0]),
    *_of("vertex", "CRON_TZ=UTC 0 9 1 1 *", startTime=_BOUNDS[0], maxRunCount="1"),
    *_of("windows", "W. Europe Standard Time", "Romance Standard Time", "Europe/Berlin"),
)
WORDS = (
    *("0", "1", "7", "9", "23", "31", "59", "60", "366", "2026", "2199", "-1", "1e9", "1.5"),
    *("00000000000000000005", "99999999999999999999", "\N{ARABIC-INDIC DIGIT FIVE}", "²"),
    *("*", "?", "/", "-", ",", "#", "L", "W", "LW", "L-3", "31W", "6L", "2#5", "~", "..", ":"),
    *(" ", "\t", "\n", "\0", "\N{NO-BREAK SPACE}", "\N{LINE SEPARATOR}", "\ud800", "\N{BELL}"),
    *("*/5", "*/0", "/5", "1-5", "5-1", "22-2", "1-31/2", "9/7", "MON", "sun", "FEB", "ı", "ſat"),
    *("@every 1h", "@daily", "@reboot", "TZ=UTC ", "CRON_TZ=", "cron(", "rate(", "at(", ")"),
    *("5 minutes", "1ns", "daily", "UTC", "Europe/Berlin", "*-*-*", "2027-01-01T00:00:00"),
    *("{", "}", "[]", '"', '":', "null", "true", "NaN", "-0", "1e999", '"hours":', '"interval":'),
    *('"schedule":{', '"timeZone":', '"monthDays":', '"Month"', '"Minute"', '"occurrence":'),
    *("@and(", "not(", "contains(createArray(", "dayOfMonth(trigger().scheduledTime)", "''"),
)  # fmt: skip
ZONES = (
    *(None, "", "UTC", "Etc/UTC", _BERLIN, "Australia/Lord_Howe", "America/New_York"),
    *("Africa/Casablanca", "Asia/Kathmandu", "Local", "localtime", "EST5EDT", "Middle/Earth"),
    *("../../etc/passwd", "/etc/localtime", "Europe", "europe/berlin", "UTC\0", "\ud800", "."),
)
NAMES = (
    *("StartDate", "EndDate", "startTime", "endTime", "maxRunCount", "startAt", "endAt"),
    *("guard", "type", "when", "stopStrategy", "startdate", ""),
)
VALUES = (
    *(*_BOUNDS, "2026-06-01T12:00:01.5Z", "2026-02-30T00:00:00Z", "2026-01-01", "soon", ""),
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "1969-12-31T23:59:59Z"),
    *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "1", "9999", "0", "9" * 30),
    *(_GUARD, "@and()", "TumblingWindowTrigger", "ScheduleTrigger"),
)
NASTY = (  # what is repeated
    *(" ", "\t", "\n", ",", "-", "/", "#", "9", "0", "1,", "*,", "*/", "*/2,", "1-5/2,", "L"),
    *("W,", "* ", "0 0 1 1 *\n", "@every ", "1h", "1ns", "TZ=", "TZ=UTC ", "cron(", "at(2"),
    *(")", "Europe/", "A", "é", "\U0001f552", "\0", "mon..", "Mon,", "1..5,", "*-", "~", ":", "."),
    *("[", '{"a":', "[[],", '"', '\\"', "-1,", "1e9", '"hours":[1],', "{}", "@and(", "not(", "''"),
    *("contains(createArray(1),dayOfWeek(trigger().scheduledTime))", "and(or(", "(a|", "a+"),
)  # fmt: skip


def ask(asked: Input) -> str:
    """
    Pass an input on; return `accepted`, or the type of the error.
    """
    if asked.target == "windows":
        found = [answer(iana_of, asked.text), answer(windows_id, asked.text)]
        return next((name for name in found if name == "accepted"), found[0])
    if asked.target == "cron":
        zone = "UTC" if asked.timezone is None else asked.timezone
        return answer(Cron, asked.text, zone, check=_when)
    language = dialect(asked.target)
    native = language.native(asked.text, asked.timezone, asked.more)
    answer(language.read, native, check=_when)
    return answer(language.readers, native, check=_readers)


def read(asked: Input) -> str:
    """
    As `ask`, with all that `sk.read` proves.
    """
    if asked.target not in dialects():
        return "no dialect"

    def call() -> When:
        return sk.read(asked.target, asked.text, timezone=asked.timezone, more=dict(asked.more))

    return answer(call, check=_when)


def answer(
    call: Callable[..., Answer], *args: str, check: Callable[[Answer], None] = lambda _: None
) -> str:
    """
    Return `accepted` where an answer passes the check, or the type of a proper error.
    """
    try:
        found = call(*args)
    except SchedkitError as caught:
        error = caught
    else:
        check(found)
        return "accepted"
    sentence = str(error)
    assert error.culprit
    assert error.reason
    assert len(sentence) < LONGEST, f"{len(sentence)} characters: {sentence[:300]}"
    return type(error).__name__


def _readers(readers: tuple[Reader, ...]) -> None:
    assert readers
    for reader in readers:
        assert 0 <= reader.minutes < 1 << 1_440
        for first_weekday, leap in KINDS:
            assert 0 <= reader.year_days(first_weekday, leap) < 1 << 365 + leap
        first = reader.next(START - 1)
        runs = list(islice(reader.fires(START, STOP), MANY))
        assert sorted(set(runs)) == runs
        assert all(START <= run < STOP for run in runs)
        if not reader.searches:
            assert runs[:1] == [first for first in (first,) if first is not None and first < STOP]


def _when(when: When) -> None:
    assert when.explain()
    again = eval(spelled(when), vars(schedkit.recurrence))
    wanted, found = (list(islice(each.epochs(START, STOP), 20)) for each in (when, again))
    assert wanted == found
