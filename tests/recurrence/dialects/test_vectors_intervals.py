"""
Intervals and windows that other tools run at other times: what they run, what is right, and what
becomes of them here. Runs are those of January 2026 in UTC, unless said otherwise.

Peers: ZenML 0.98.0, Wing @winglang/sdk 0.85.49, Nitric at 155d9f06, dapr, Encore, Couler. What a
peer runs is written as the schedule that runs then.
"""

from __future__ import annotations

import pytest
from unixlaws import at

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    SpecError,
    UnknownBehaviourError,
)
from schedkit.recurrence import Cron, Every, Window
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.adf import ADF
from schedkit.recurrence.dialects.argo import ARGO
from schedkit.recurrence.dialects.cloud_scheduler import CLOUD_SCHEDULER
from schedkit.recurrence.dialects.container_apps import CONTAINER_APPS
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.dialects.github_actions import GITHUB_ACTIONS
from schedkit.recurrence.dialects.pingsource import PINGSOURCE
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.dialects.vertex import VERTEX
from schedkit.recurrence.proof import prove


NEW_YEAR = "2026-01-01T00:00:00Z"
START, STOP = at(NEW_YEAR), at("2026-02-01T00:00:00Z")
UNIX = (ROBFIG, ARGO, PINGSOURCE, CLOUD_SCHEDULER, CONTAINER_APPS, GITHUB_ACTIONS, VERTEX)


def count(when) -> int:
    return sum(1 for _ in when.epochs(START, STOP))


# Intervals: id and peer, the interval, what the peer runs instead and how often, what is written
# on clocks of five fields, and how often that is.
INTERVALS = (
    ("C1 Wing", "90m", Cron("0 * * * *"), 744,
     ["0 */3 * * *", "30 1,4,7,10,13,16,19,22 * * *"], 496),
    ("C2 Wing", "24h", Cron("0 * * * *"), 744, ["0 0 * * *"], 31),
    ("C3 Wing", "2h", Cron("* */2 * * *"), 22_320, ["0 */2 * * *"], 372),
    ("C4 Wing", "1h", Cron("* * * * *"), 44_640, ["0 * * * *"], 744),
)  # fmt: skip


@pytest.mark.parametrize(
    ("interval", "peer", "wrong", "texts", "right"),
    [row[1:] for row in INTERVALS],
    ids=[row[0] for row in INTERVALS],
)
def test_intervals_are_written_by_the_day(interval, peer, wrong, texts, right):
    """
    Lines that never coincide, on every clock of five fields.
    """
    when = Every(interval, NEW_YEAR)
    assert (wrong, right) == (count(peer), count(when))
    assert texts == [native.text for native in ROBFIG.write(when)]
    assert texts == [native.text for native in CLOUD_SCHEDULER.write(when)]
    assert texts == ARGO.write(when)[0].text.split("\n")
    for dialect in UNIX:
        natives = dialect.write(when)
        proof = prove(when, natives, dialect)
        assert (True, ()) == (proof.holds, proof.doubled)
        assert not prove(peer, natives, dialect).holds


# id and peer, the interval, what the peer runs instead and how often, how often is right, the
# nearest that is offered.
REFUSED = (
    ("C5 Wing", "7m", Cron("*/7 * * * *"), 6_696, 6_378, "6m or 8m"),
    ("C7 ZenML", "36h", Every("12h", NEW_YEAR), 62, 21, "24h"),
    ("C7 ZenML 30 h", "30h", Every("6h", NEW_YEAR), 124, 25, "24h"),
    ("C8 ZenML", "90s", Cron("* * * * *"), 44_640, 29_760, "1m or 2m"),
    ("C14 Encore", "7h", None, 0, 107, "6h or 8h"),
)


@pytest.mark.parametrize(
    ("interval", "peer", "wrong", "right", "nearest"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_intervals_that_do_not_divide_a_day_are_refused(interval, peer, wrong, right, nearest):
    """
    By every clock of five fields alike, with the nearest that do.
    """
    when = Every(interval, NEW_YEAR)
    assert (wrong, right) == (count(peer) if peer else 0, count(when))
    sentences = set()
    for dialect in UNIX:
        with pytest.raises(NotExpressibleError) as caught:
            dialect.write(when)
        assert "schedule.every" == caught.value.feature
        assert f"the nearest intervals that do: {nearest}" == caught.value.cure
        sentences.add(str(caught.value))
    assert 1 == len(sentences)


def test_c5_a_rate_keeps_seven_minutes():
    """
    Of AWS with a start that is yet to come, and of Data Factory; Wing's `*/7` starts anew each
    hour.
    """
    when = Window(Every("7m", NEW_YEAR), start="2030-01-01T00:00:00Z")
    natives = EVENTBRIDGE.write(when)
    assert "rate(7 minutes)" == natives[0].text
    assert prove(when, natives, EVENTBRIDGE).holds
    assert prove(when.when, ADF.write(when.when), ADF).holds
    assert not prove(Cron("*/7 * * * *"), ADF.write(when.when), ADF).holds


def test_c6_every_seventh_minute_is_no_rate():
    """
    Data Factory's Minute/7 runs 6378 times: right are 6696, by lists of minutes and hours.
    """
    when = Cron("*/7 * * * *")
    assert (6_696, 6_378) == (count(when), count(Every("7m", NEW_YEAR)))
    (native,) = ADF.write(when)
    assert '"minutes":[0,7,14,21,28,35,42,49,56]' in native.text
    assert prove(when, [native], ADF).holds


@pytest.mark.parametrize("hours", [36, 30])
def test_c7_days_count(hours):
    """
    ZenML hands on `timedelta.seconds`, which leaves days out.
    """
    when = Window(Every(f"{hours}h", NEW_YEAR), start="2030-01-01T00:00:00Z")
    assert f"rate({hours} hours)" == EVENTBRIDGE.write(when)[0].text


def test_c8_half_minutes_are_refused_by_rates_too():
    """
    ZenML makes `int(1.5)` minutes of 90 seconds.
    """
    for dialect in (EVENTBRIDGE, ADF):
        with pytest.raises(NotExpressibleError) as caught:
            dialect.write(Every("90s", NEW_YEAR))
        assert "schedule.every" == caught.value.feature


def test_c9_one_minute_is_singular():
    """
    ZenML writes `rate(1 minutes)`, which AWS rejects: right are 44640 runs.
    """
    with pytest.raises(CronSyntaxError, match="the unit is singular after 1"):
        EVENTBRIDGE.readers(Native("rate(1 minutes)", "UTC"))
    when = Every("1m", NEW_YEAR)
    assert 44_640 == count(when)
    assert (Native("cron(* * * * ? *)", "UTC"),) == EVENTBRIDGE.write(when)


@pytest.mark.parametrize("interval", ["1 month", "1mo", "1M"])
def test_c10_a_month_is_no_interval(interval):
    """
    Nitric takes the first letter and writes `@every 1m`: 44640 runs.
    """
    with pytest.raises(SpecError):
        Every(interval, NEW_YEAR)
    assert 44_640 - 1 == sum(1 for _ in ROBFIG.fires(Native("@every 1m"), START + 1, STOP))


def test_c11_a_day_is_no_24_hours():
    """
    D11: from 27 March 2026 `0 9 * * *` of Paris stays at nine, and 24 hours run at ten.
    """
    when = Cron("0 9 * * *", "Europe/Paris")
    rate = Every("24h", "2026-03-27T09:00:00+01:00")
    start, stop = at("2026-03-27T00:00:00Z"), at("2026-03-30T00:00:00Z")
    nine = ["2026-03-27T09:00:00+01:00", "2026-03-28T09:00:00+01:00"]
    assert [*map(at, nine), at("2026-03-29T09:00:00+02:00")] == list(when.epochs(start, stop))
    assert [*map(at, nine), at("2026-03-29T10:00:00+02:00")] == list(rate.epochs(start, stop))
    natives = EVENTBRIDGE.write(when)
    assert (Native("cron(0 9 * * ? *)", "Europe/Paris"),) == natives
    assert not prove(rate, natives, EVENTBRIDGE).holds


@pytest.mark.parametrize("dialect", [ROBFIG, ARGO], ids=lambda dialect: dialect.name)
def test_c12_c13_every_is_never_read_nor_written(dialect):
    """
    `@every` counts from when it is asked: dapr's and Nitric's runs move with each restart, and a
    CronJob with a deadline of 60 seconds never runs. Every hour is `0 * * * *`, 744 runs.
    """
    hourly = Every("1h", NEW_YEAR)
    assert (744, "0 * * * *") == (count(hourly), dialect.write(hourly)[0].text)
    native = Native("@every 1h")
    assert dialect.next(native, START + 7) == dialect.next(native, START) + 7
    with pytest.raises(NotExpressibleError) as caught:
        dialect.read(native)
    assert "schedule.every" == caught.value.feature
    assert not prove(hourly, [native], dialect).holds


@pytest.mark.parametrize("dialect", UNIX[:-1], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("bound", ["start", "end"])
def test_p1_windows_are_kept_or_refused(dialect, bound):
    """
    ZenML drops the end on SageMaker and Kubernetes, and the start on Kubernetes.
    """
    with pytest.raises(NotExpressibleError) as caught:
        dialect.write(Window(Cron("0 9 * * *"), **{bound: NEW_YEAR}))
    assert f"schedule.{bound}" == caught.value.feature


@pytest.mark.parametrize("dialect", [VERTEX, EVENTBRIDGE, ADF], ids=lambda dialect: dialect.name)
def test_p1_windows_are_native(dialect):
    """
    Where the platform has them, both bounds are written and proved.
    """
    when = Window(Cron("0 9 * * *"), start="2030-01-01T00:00:00Z", end="2031-01-01T00:00:00Z")
    natives = dialect.write(when)
    assert prove(when, natives, dialect).holds
    assert 365 == sum(len(list(dialect.fires(each, 0, 1 << 33))) for each in natives)


def test_p4_the_zone_is_always_told():
    """
    None given is UTC and is written: unset means the controller's zone on Kubernetes, the
    machine's on Argo, Asia/Shanghai in Couler.
    """
    when = Cron("0 9 * * *")
    for dialect in (ROBFIG, ARGO, PINGSOURCE, CLOUD_SCHEDULER):
        assert (Native("0 9 * * *", "Etc/UTC"),) == dialect.write(when)
    assert (Native("TZ=UTC 0 9 * * *", ""),) == VERTEX.write(when)
    with pytest.raises(UnknownBehaviourError):
        VERTEX.readers(Native("0 9 * * *", ""))
