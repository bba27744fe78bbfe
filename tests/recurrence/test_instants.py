from __future__ import annotations

import struct
import tracemalloc
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

import pytest
from brute import Window
from croniter import croniter
from cronsim import CronSim
from fuzz import FOLDS, GAPS, random_cron
from hypothesis import given, settings
from hypothesis import strategies as st

from schedkit.exceptions import NeverFiresError
from schedkit.recurrence import Cron, Dst, Zone


SOME = st.integers(0, 2**32)
STARTS = st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def cron_of(seed):
    """
    A random cron in UTC, None when it never fires.
    """
    text, sets, rule = random_cron(Random(seed))
    try:
        return Cron(text, day_rule=rule), sets
    except NeverFiresError:
        return None, sets


def numbers(sets):
    """
    The sets as a text that croniter and cronsim read alike: lists of numbers, else `*`.
    """
    days = "*" if sets.days is None else ",".join(map(str, sorted(sets.days)))
    weekdays = "*" if sets.weekdays is None else ",".join(map(str, sorted(sets.weekdays)))
    rest = (",".join(map(str, sorted(part))) for part in (sets.minutes, sets.hours, sets.months))
    minutes, hours, months = rest
    return f"{minutes} {hours} {days} {months} {weekdays}"


def test_croniter_agrees_in_utc():
    """
    In UTC, croniter fires at the same instants for the day rules it knows.
    """

    @settings(max_examples=60, deadline=None)
    @given(SOME, STARTS)
    def agree(seed, start):
        cron, sets = cron_of(seed)
        both = sets.days is not None and sets.weekdays is not None
        if cron is None or (both and sets.day_rule == "all"):
            return
        start = start.replace(microsecond=0)
        search = croniter(numbers(sets), start)
        assert [search.get_next(datetime) for _ in range(20)] == cron.next(20, after=start)

    agree()


def test_cronsim_agrees_in_utc():
    """
    In UTC, cronsim fires at the same instants where it reads both day fields as `any`.
    """

    @settings(max_examples=60, deadline=None)
    @given(SOME, STARTS)
    def agree(seed, start):
        cron, sets = cron_of(seed)
        both = sets.days is not None and sets.weekdays is not None
        if cron is None or (both and sets.day_rule == "all"):
            return
        found = cron.next(20, after=start)
        if found[-1] - start < timedelta(days=50 * 365):  # cronsim gives up after 50 years
            assert list(islice(CronSim(numbers(sets), start), 20)) == found

    agree()


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", date(2026, 3, 27)),
        ("America/St_Johns", date(1988, 4, 2)),  # two hours
        ("Antarctica/Troll", date(2026, 10, 23)),
        ("Pacific/Apia", date(2011, 12, 28)),  # a day left out
        ("Pacific/Kwajalein", date(1993, 8, 19)),  # another
        ("Pacific/Chatham", date(2026, 4, 3)),
        ("Asia/Gaza", date(2026, 3, 27)),
        ("Africa/Casablanca", date(2026, 2, 14)),
        ("America/Sao_Paulo", date(2018, 11, 3)),  # at midnight
        ("America/Toronto", date(1919, 3, 29)),  # late in the evening
    ],
)
def test_every_minute_agrees(zone, first):
    """
    Around odd changes, instants and their datetimes are those found by looking at every minute.
    """
    every_policy_agrees(zone, Window(zone, first, 5))


def test_changes_close_together_agree(tmp_path):
    """
    Changes whose days overlap, which no zone has had so far, are told apart.
    """
    spring, offsets = 1_774_746_000, [3600, 7200, 5400, 3600]
    changes = [spring, spring + 4 * 3600, spring + 30 * 3600]
    (tmp_path / "Test").mkdir()
    (tmp_path / "Test" / "Restless").write_bytes(tzif(changes, offsets))
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[str(tmp_path), *before])
    try:
        zone = Zone.of("Test/Restless")
        assert changes == [change.epoch for change in zone.changes(0, 2**31)]
        every_policy_agrees("Test/Restless", Window("Test/Restless", date(2026, 3, 27), 6))
    finally:
        zoneinfo.reset_tzpath(to=before)


def tzif(changes, offsets):
    """
    A time zone file (RFC 9636, version 1) that begins with the first offset.
    """
    header = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, len(changes), len(offsets), 4)
    kinds = b"".join(struct.pack(">lbB", offset, 0, 0) for offset in offsets)
    times = struct.pack(f">{len(changes)}l", *changes) + bytes(range(1, len(changes) + 1))
    return header + times + kinds + b"TST\0"


def test_offsets_with_seconds():
    """
    A clock that is not whole minutes from UTC is read to the second.
    """
    found = Cron("0 0 * * *", "Africa/Monrovia").next(after=datetime(1971, 6, 1, tzinfo=UTC))
    assert ["1971-06-01T00:00:00-00:44:30"] == [moment.isoformat() for moment in found]


def every_policy_agrees(zone, window):
    """
    Instants, and the datetimes made of them, are those of the window under every policy.
    """

    @settings(max_examples=60, deadline=None)
    @given(SOME, st.sampled_from(GAPS), st.sampled_from(FOLDS))
    def agree(seed, gap, fold):
        text, sets, rule = random_cron(Random(seed))
        try:
            cron = Cron(text, zone, Dst(gap=gap, fold=fold), rule)
        except NeverFiresError:
            return
        expected = window.fires(sets, gap, fold)
        assert expected == list(cron.epochs(window.start, window.stop))
        found = list(cron.datetimes(window.start, window.stop))
        tzinfo = ZoneInfo(zone)
        back = [datetime.fromtimestamp(epoch, tzinfo) for epoch in expected]
        assert [(m, m.fold, m.utcoffset()) for m in back] == [
            (m, m.fold, m.utcoffset()) for m in found
        ]

    agree()


def test_any_cut_is_the_same():
    """
    Windows that end anywhere, also within a change, join without loss or doubles.
    """
    start, stop = 1_774_500_000, 1_774_900_000  # around 29 March 2026

    @settings(max_examples=100, deadline=None)
    @given(
        st.sampled_from(["* * * * *", "30 2 * * *", "0 * * * *", "*/20 1-3 29 * *"]),
        st.sampled_from(GAPS),
        st.integers(start, stop),
    )
    def agree(text, gap, cut):
        for zone in ("Europe/Berlin", "Africa/Cairo", "UTC"):
            cron = Cron(text, zone, Dst(gap=gap))
            whole = list(cron.epochs(start, stop))
            assert whole == [*cron.epochs(start, cut), *cron.epochs(cut, stop)]

    agree()


def test_far_apart():
    """
    Leap days are found over the century that has none.
    """
    after = datetime(2096, 3, 1, tzinfo=UTC)
    assert [datetime(2104, 2, 29, tzinfo=UTC)] == Cron("0 0 29 2 *").next(after=after)
    rare = Cron("0 0 29 2 1", day_rule="all").next(2, after=after)
    assert [2112, 2140] == [moment.year for moment in rare]


def test_end_of_time():
    """
    With the year 9999 instants end, and before the year 1 there are none.
    """
    end = datetime(9999, 12, 27, tzinfo=UTC)
    counts = {"UTC": (1, 4), "Pacific/Kiritimati": (2, 5), "America/Los_Angeles": (2, 5)}
    for zone, (last, first) in counts.items():
        cron = Cron("0 0 * * *", zone)
        assert last == len(cron.next(5, after=end))
        assert first == len(list(cron.epochs(-(10**12), -62_135_000_000)))


def test_little_is_kept():
    """
    A walk through centuries holds a few years of days at a time.
    """
    cron = Cron("0 0 * * *", "Asia/Tokyo")
    list(islice(cron.datetimes(0, 10**11), 5000))
    tracemalloc.start()
    count = sum(1 for _ in cron.epochs(0, 10**10))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 115_741 == count
    assert peak < 1_000_000
