# ruff: noqa: E501  a row is one case
"""
A platform's own text in portable words.
"""

from __future__ import annotations

import pytest

import schedkit as sk
from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    SpecError,
    TimeZoneError,
    UnknownBehaviourError,
    UnsupportedError,
)
from schedkit.recurrence.dialects import Native


BERLIN = "Europe/Berlin"
START = "2026-05-01T00:00:00Z"


def daily(minute: int, hour: int, timezone: str = "UTC", **more) -> sk.Calendar:
    return sk.Calendar(minutes=minute, hours=hour, timezone=timezone, **more)


READ = [
    ("robfig", "0 9 * * 1-5", {}, daily(0, 9, weekdays=[1, 2, 3, 4, 5])),
    ("robfig", "30 2 * * *", {"timezone": BERLIN}, daily(30, 2, BERLIN)),
    ("argo", "0 9 * * *\n0 10 * * 1", {}, sk.Union(daily(0, 9), daily(0, 10, weekdays=1))),
    ("pingsource", "0 0 9 * * *", {}, daily(0, 9)),
    ("cloud-scheduler", "0 9 * * SUN", {"timezone": BERLIN}, daily(0, 9, BERLIN, weekdays=0)),
    ("container-apps", "0 9 1 * *", {}, daily(0, 9, days=1)),
    ("github-actions", "0 9 * * MON", {}, daily(0, 9, weekdays=1)),
    ("vertex", "TZ=UTC 0 9 * * *", {"more": {"startTime": START}}, sk.Window(daily(0, 9), start=START)),
    ("vertex", "TZ=Asia/Tokyo 0 9 * * *", {"more": {"startTime": START, "maxRunCount": "1"}}, sk.Once(START)),
    ("vertex", "0 9 * * *", {"timezone": "UTC"}, daily(0, 9)),
    ("eventbridge-rules", "cron(0 9 ? * 2-6 *)", {}, daily(0, 9, weekdays=[1, 2, 3, 4, 5])),
    ("eventbridge", "rate(7 minutes)", {"more": {"StartDate": START}}, sk.Window(sk.Every("7m", START), start=START)),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text", "beside", "expected"), READ)
def test_read(source, text, beside, expected):
    """
    Text, zone and what else stands beside it become one portable schedule.
    """
    assert expected == sk.read(source, text, **beside)


def test_a_whole_native():
    """
    What `translate` wrote is read back as it is.
    """
    when = daily(0, 9, BERLIN, weekdays=[1, 3])
    for name in ("robfig", "argo", "cloud-scheduler", "eventbridge", "github-actions", "vertex"):
        (native,) = sk.translate(when, name).natives
        assert when == sk.read(name, native)


def test_the_platforms_policy_is_stated_where_it_matters():
    """
    A known way with gaps and repeated hours that departs from the wall clock becomes a `dst`
    policy, member by member, within a window too.
    """
    once = sk.Dst(gap="skip", fold="first")
    night = sk.read("eventbridge", "cron(30 2 * * ? *)", timezone=BERLIN)
    assert daily(30, 2, BERLIN, dst=once) == night
    assert daily(0, 9, BERLIN) == sk.read("eventbridge", "cron(0 9 * * ? *)", timezone=BERLIN)
    beside = {"timezone": BERLIN, "more": {"StartDate": START}}
    window = sk.read("eventbridge", "cron(30 2 * * ? *)", **beside)
    assert sk.Window(night, start=START) == window
    assert daily(30, 2, BERLIN) == sk.read("vertex", f"TZ={BERLIN} 30 2 * * *")


def test_a_defect_of_the_platform():
    """
    A text that its platform does not run when it says is refused, with the instants.
    """
    with pytest.raises(UnsupportedError) as caught:
        sk.read("robfig", "0 9 * * 5", timezone="Africa/Cairo")
    error = caught.value
    assert ("robfig", "robfig '0 9 * * 5'") == (error.backend, error.culprit)
    reason = "robfig would fire otherwise in Africa/Cairo: loses 10 runs such as 2026-04-24T09:00"
    assert error.findings[0].reason.startswith(reason)
    assert 10 == len(error.findings[0].instants)


WRONG = [
    (("robfig", "0 9 * * 7"), {}, CronSyntaxError, "7 is not within 0-6"),
    (("robfig", ""), {}, CronSyntaxError, "cron '': robfig rejects it"),
    (("github-actions", "0 9 * * 7"), {}, CronSyntaxError, "7 is out of range; weekdays go from 0 to 6"),
    (("robfig", "@every 1h"), {}, NotExpressibleError, "counts from whenever the controller asks"),
    (("eventbridge", "rate(7 minutes)"), {}, NotExpressibleError, "so it has no fixed instants"),
    (("robfig", "0 9 * * *"), {"timezone": "Mars/Olympus"}, TimeZoneError, "have no such name"),
    (("container-apps", "0 9 * * *"), {"timezone": BERLIN}, TimeZoneError, "the platform knows only UTC; leave it out"),
    (("vertex", "0 9 * * *"), {}, UnknownBehaviourError, "write TZ=UTC in front"),
    (("vertex", "TZ=UTC 0 9 1 * 1"), {}, UnknownBehaviourError, "two restricted day fields"),
    (("vertex", "TZ=UTC 0 9 * * *"), {"more": {"starTime": START}}, SpecError, "read, more 'starTime': vertex receives nothing of that name; did you mean 'startTime'?"),
    (("vertex", "TZ=UTC 0 9 * * *"), {"more": {"x": START}}, SpecError, "known: startTime, endTime, maxRunCount"),
    (("robfig", "0 9 * * *"), {"more": {"x": START}}, SpecError, "read, more 'x': robfig receives nothing of that name; leave it out"),
    (("robfi", "0 9 * * *"), {}, SpecError, "dialect 'robfi': is none that schedkit knows; did you mean 'robfig'?"),
    (("robfig", 17), {}, SpecError, "read, text: 17 is no text; pass the platform's own text"),
    (("robfig", "0 9 * * *"), {"timezone": 17}, SpecError, "read, timezone: 17 is no name of a zone; write it as the platform has it"),
    (("robfig", "0 9 * * *"), {"more": 17}, SpecError, "read, more: 17 is no mapping; write {'StartDate': "),
]  # fmt: skip


@pytest.mark.parametrize(("words", "beside", "kind", "sentence"), WRONG)
def test_wrong(words, beside, kind, sentence):
    """
    What the platform rejects, and what has no portable words, is told.
    """
    with pytest.raises(kind) as caught:
        sk.read(*words, **beside)
    assert kind is type(caught.value)
    assert sentence in str(caught.value)


def test_a_native_has_all_beside_it():
    """
    The text of a native is read with the zone of the native.
    """
    assert daily(0, 9, "Asia/Tokyo") == sk.read("robfig", Native("0 9 * * *", "Asia/Tokyo"))
