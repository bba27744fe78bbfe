# ruff: noqa: ISC004  a row is one sentence

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

import schedkit.recurrence
from schedkit.exceptions import SpecError
from schedkit.recurrence import Calendar, Cron, Every, Once, Union


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def iso(found):
    return [moment.isoformat() for moment in found]


def test_public_names():
    """
    `__all__` is sorted and every name is there.
    """
    names = schedkit.recurrence.__all__
    assert sorted(names) == names
    assert all(hasattr(schedkit.recurrence, name) for name in names)


def test_every_counts_elapsed_time():
    """
    An interval keeps its distance while clocks change, unlike a cron.
    """
    daily = Every("24h", datetime(2026, 3, 27, 9, tzinfo=BERLIN))
    found = daily.next(4, after=datetime(2026, 3, 27, tzinfo=UTC))
    assert [9, 9, 10, 10] == [moment.astimezone(BERLIN).hour for moment in found]
    cron = Cron("0 9 * * *", "Europe/Berlin").next(4, after=datetime(2026, 3, 27, tzinfo=UTC))
    assert [9, 9, 9, 9] == [moment.hour for moment in cron]


def test_anchor_is_a_phase():
    """
    Whole intervals before the anchor run too, and the anchor itself.
    """
    every = Every("90m", "2026-01-01T00:00:00Z")
    assert [-5400, 0, 5400] == [t - 1767225600 for t in every.epochs(1767220200, 1767231001)]
    assert [1767225600] == list(every.epochs(1767225600, 1767225601))
    assert [] == list(every.epochs(1767225601, 1767225602))
    assert [] == list(every.epochs(5, 0))
    assert every == Every(timedelta(minutes=90), datetime(2026, 1, 1, 1, tzinfo=BERLIN))
    assert (5400, NEW_YEAR, "UTC", ()) == (
        every.interval,
        every.anchor,
        every.timezone,
        every.calendars(),
    )


@pytest.mark.parametrize(
    ("interval", "anchor", "sentence"),
    [
        ("0s", NEW_YEAR, "Every, interval: is no time at all; give one second or more"),
        (
            "1d",
            NEW_YEAR,
            "Every, interval: '1d': how long is a day? 23 to 25 hours when the clocks change;"
            " write '24h'",
        ),
        (
            "1h",
            datetime(2026, 1, 1),  # noqa: DTZ001  naive on purpose
            "Every, anchor: datetime.datetime(2026, 1, 1, 0, 0) has no time zone;"
            " give it tzinfo=datetime.timezone.utc",
        ),
        (
            "1h",
            "2026-01-01",
            "Every, anchor: '2026-01-01' is not an RFC 3339 instant;"
            " write '2026-01-31T09:00:00Z', or an aware datetime",
        ),
        (
            "1h",
            "2026-02-30T00:00:00Z",
            "Every, anchor: '2026-02-30T00:00:00Z' is not on the calendar"
            " (day is out of range for month);"
            " write '2026-01-31T09:00:00Z', or an aware datetime",
        ),
        (
            "1h",
            5,
            "Every, anchor: 5 is int, not an instant;"
            " write '2026-01-31T09:00:00Z', or an aware datetime",
        ),
        (
            "1h",
            "2026-01-01T00:00:00.5Z",
            "Every, anchor: has a fraction of a second; write 2026-01-01T00:00:00+00:00",
        ),
    ],
)
def test_every_refused(interval, anchor, sentence):
    """
    An interval of no length and an anchor that is no instant are refused.
    """
    with pytest.raises(SpecError) as caught:
        Every(interval, anchor)
    assert sentence == str(caught.value)


def test_once():
    """
    One instant, in UTC, once.
    """
    once = Once("2026-01-01T02:00:00+02:00")
    assert Once(NEW_YEAR) == once
    assert [NEW_YEAR] == once.next(5, after=NEW_YEAR - timedelta(microseconds=1))
    assert [] == once.next(after=NEW_YEAR)
    assert [NEW_YEAR] == list(once.between(NEW_YEAR, NEW_YEAR + timedelta(microseconds=1)))
    assert [] == list(once.between(NEW_YEAR - timedelta(days=1), NEW_YEAR))
    assert ("UTC", ()) == (once.timezone, once.calendars())


def test_once_refused():
    """
    An instant between two seconds is refused.
    """
    with pytest.raises(SpecError) as caught:
        Once(NEW_YEAR + timedelta(milliseconds=1))
    assert "Once, instant: has a fraction of a second; write 2026-01-01T00:00:00+00:00" == str(
        caught.value
    )


def test_union_has_each_instant_once():
    """
    Instants that members share run once, in order.
    """
    union = Union(Cron("0 0 * * *"), Cron("0 */12 * * *"), Every("24h", NEW_YEAR), Once(NEW_YEAR))
    found = iso(union.next(3, after=NEW_YEAR - timedelta(seconds=1)))
    assert [
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T12:00:00+00:00",
        "2026-01-02T00:00:00+00:00",
    ] == found
    assert 2 == len(union.calendars())


def test_union_dissolves():
    """
    A union in a union dissolves, and equal members are one.
    """
    day, night = Cron("0 12 * * *"), Cron("0 0 * * *")
    union = Union(Union(day, night), day)
    assert (day, night) == union.members
    assert Union(day, night) == union
    assert union == pickle.loads(pickle.dumps(union))
    assert hash(union) == hash(Union(day, night))


def test_union_zone():
    """
    Members of one zone are shown in it, others in UTC.
    """
    here, there = Cron("0 0 * * *", "Europe/Berlin"), Cron("0 0 * * *", "Asia/Tokyo")
    assert "Europe/Berlin" == Union(here, Cron("5 0 * * *", "Europe/Berlin")).timezone
    assert "UTC" == Union(here, there).timezone
    shown = Union(here, here).next(after=NEW_YEAR)[0]
    assert (BERLIN, 0) == (shown.tzinfo, shown.hour)


def test_union_sets_fold():
    """
    Instants of a union convert back, also in a repeated hour.
    """
    union = Union(Cron("0 2 * * *", "Europe/Berlin"), Cron("30 2 * * *", "Europe/Berlin"))
    found = list(
        union.between(datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC))
    )
    assert [0, 0, 1, 1] == [moment.fold for moment in found]


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ((), "Union: has no members, so nothing ever runs; pass at least one"),
        (
            ("0 0 * * *",),
            "Union: '0 0 * * *' is no schedule; pass Cron, Calendar, Every or Once",
        ),
    ],
)
def test_union_refused(members, sentence):
    """
    A union of nothing, or of what is no schedule, is refused.
    """
    with pytest.raises(SpecError) as caught:
        Union(*members)
    assert sentence == str(caught.value)


EVERYTHING = [
    Cron("*/7 1-3 * * *", "Europe/Berlin"),
    Calendar(minutes=30, hours=2, days=-1, timezone="Africa/Cairo"),
    Every("7h", NEW_YEAR),
    Once("2027-05-01T00:00:00Z"),
    Union(Cron("0 1 * * *", "Europe/Berlin"), Cron("0 1 * * *", "America/New_York")),
]


@pytest.mark.parametrize("when", EVERYTHING, ids=[type(when).__name__ for when in EVERYTHING])
def test_all_ways_agree(when):
    """
    `next`, `between` and `epochs` tell the same instants, in the schedule's own zone.
    """
    stop = datetime(2028, 1, 1, tzinfo=UTC)
    between = list(when.between(NEW_YEAR, stop))
    epochs = list(when.epochs(int(NEW_YEAR.timestamp()), int(stop.timestamp())))
    assert epochs == [moment.timestamp() for moment in between]
    assert sorted(set(epochs)) == epochs
    steps, after = [], NEW_YEAR - timedelta(seconds=1)
    for _ in range(min(50, len(between))):
        steps += when.next(after=after)
        after = steps[-1]
    assert iso(between[:50]) == iso(steps)
    assert iso(steps) == iso(when.next(50, after=NEW_YEAR - timedelta(seconds=1))[: len(steps)])


@pytest.mark.parametrize("when", EVERYTHING, ids=[type(when).__name__ for when in EVERYTHING])
def test_between_is_lazy(when):
    """
    The first instants come at once, however far the horizon is.
    """
    horizon = datetime(9999, 12, 31, tzinfo=UTC)
    iterator = when.between(NEW_YEAR, horizon)
    assert iter(iterator) is iterator
    assert len(list(islice(iterator, 3))) in (1, 3)


def test_next_is_strictly_after():
    """
    An instant is not after itself, and is after any fraction of a second before.
    """
    cron = Cron("* * * * *")
    minute = timedelta(minutes=1)
    assert [NEW_YEAR + minute] == cron.next(after=NEW_YEAR)
    assert [NEW_YEAR] == cron.next(after=NEW_YEAR - timedelta(microseconds=1))
    assert [NEW_YEAR + minute] == cron.next(after=NEW_YEAR + timedelta(microseconds=1))
    assert [NEW_YEAR] == cron.next(after=(NEW_YEAR - minute).astimezone(BERLIN))


def test_between_has_its_start_and_not_its_stop():
    """
    start <= t < stop, to the microsecond.
    """
    cron, minute, blink = Cron("* * * * *"), timedelta(minutes=1), timedelta(microseconds=1)
    assert [NEW_YEAR] == list(cron.between(NEW_YEAR, NEW_YEAR + minute))
    assert [NEW_YEAR, NEW_YEAR + minute] == list(cron.between(NEW_YEAR, NEW_YEAR + minute + blink))
    assert [] == list(cron.between(NEW_YEAR + blink, NEW_YEAR + minute))
    assert [] == list(cron.between(NEW_YEAR, NEW_YEAR))
    assert [] == list(cron.between(NEW_YEAR + minute, NEW_YEAR))


@pytest.mark.parametrize("n", [0, -1, 1.0, True, "2"])
def test_next_wants_a_count(n):
    """
    A count below one, or that is no int, is refused.
    """
    with pytest.raises(SpecError) as caught:
        Cron("* * * * *").next(n, after=NEW_YEAR)
    assert f"next({n!r}): is not a count of runs; give 1 or more" == str(caught.value)


def test_naive_datetimes_are_refused():
    """
    A datetime without a zone is refused at the call, before anything is drawn.
    """
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  naive on purpose
    cron = Cron("* * * * *")
    for name, call in {
        "next, after": lambda: cron.next(after=naive),
        "between, start": lambda: cron.between(naive, NEW_YEAR),
        "between, stop": lambda: cron.between(NEW_YEAR, naive),
    }.items():
        with pytest.raises(SpecError) as caught:
            call()
        assert (
            f"{name}: datetime.datetime(2026, 1, 1, 0, 0) has no time zone;"
            " give it tzinfo=datetime.timezone.utc"
        ) == str(caught.value)
