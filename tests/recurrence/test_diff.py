"""
`schedkit.diff`: hand-made vectors, laws, refusals, and how long it takes.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedkit.exceptions import OutputError, SpecError
from schedkit.recurrence import Cron, Dst, Every, Once, Union
from schedkit.recurrence.diff import Diff, Move, diff
from schedkit.recurrence.moves import pairs, typical_gap
from schedkit.testing.strategies import whens


START, STOP = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
INSTANTS = st.sets(st.integers(0, 60), max_size=10).map(sorted)


def compare(old: str, new: str, zone: str = "UTC", new_zone: str | None = None) -> Diff:
    """
    Two crons over 2026.
    """
    return diff(Cron(old, zone), Cron(new, new_zone or zone), START, STOP)


def counts(found: Diff) -> tuple[int, int, int, int]:
    """
    Moved, lost, added, kept.
    """
    return found.moved, found.lost, found.added, found.kept


@pytest.mark.parametrize(
    ("old", "new", "expected", "shift"),
    [
        ("0 1 * * *", "0 1 * * *", (0, 0, 0, 365), 0),
        ("0 1 * * *", "0 2 * * *", (365, 0, 0, 0), 1),
        ("0 2 * * *", "0 1 * * *", (365, 0, 0, 0), -1),
        ("0 1 * * *", "0 20 * * *", (364, 1, 1, 0), -5),  # 20:00 is nearer to the next 01:00
        ("0 0 * * *", "0 12 * * *", (0, 365, 365, 0), 0),  # exactly half: earlier or later?
        ("*/15 * * * *", "*/10 * * * *", (0, 17_520, 35_040, 17_520), 0),
        ("0 9 * * 1-5", "0 9 * * 2-6", (0, 52, 52, 209), 0),
        ("0 9 * * 1-5", "0 10 * * 1-5", (261, 0, 0, 0), 1),
        ("0 9 * * *", "0 9,17 * * *", (0, 0, 365, 365), 0),
        ("0 9,17 * * *", "0 9 * * *", (0, 365, 0, 365), 0),
        ("0 9,17 * * *", "0 9,18 * * *", (365, 0, 0, 365), 1),
        ("0 1 1 * *", "0 1 2 * *", (12, 0, 0, 0), 24),
        ("0 0 1 1 *", "0 0 1 2 *", (1, 0, 0, 0), 31 * 24),  # one run: the window is its gap
        ("0 0 1 1 *", "0 0 1 12 *", (0, 1, 1, 0), 0),
    ],
)
def test_counts(old: str, new: str, expected: tuple[int, ...], shift: int) -> None:
    """
    Each run is moved, lost, added or kept, and the largest shift has a direction.
    """
    found = compare(old, new)
    assert (expected, shift * HOUR) == (counts(found), found.largest_shift)


def test_a_nightly_job_through_the_changes_of_the_clocks() -> None:
    """
    02:30 is skipped in March and runs twice in October; 03:30 does neither.
    """
    found = compare("30 2 * * *", "30 3 * * *", "Europe/Berlin")
    assert (364, 1, 1, 0) == counts(found)
    assert ["2026-10-25T02:30:00+02:00"] == [run.isoformat() for run in found.first_lost]
    assert ["2026-03-29T03:30:00+02:00"] == [run.isoformat() for run in found.first_added]
    around = diff(
        Cron("30 2 * * *", "Europe/Berlin"),
        Cron("30 3 * * *", "Europe/Berlin"),
        datetime(2026, 10, 24, 12, tzinfo=BERLIN),
        datetime(2026, 10, 27, 12, tzinfo=BERLIN),
    )
    told = [(move.old.isoformat(), move.new.isoformat()) for move in around.first_moved]
    assert [
        ("2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"),
        ("2026-10-26T02:30:00+01:00", "2026-10-26T03:30:00+01:00"),
        ("2026-10-27T02:30:00+01:00", "2026-10-27T03:30:00+01:00"),
    ] == told
    assert "2026-10-25T02:30:00+02:00" == around.first.isoformat()


def test_a_move_inside_a_repeated_hour() -> None:
    """
    Wall clocks say 02:50 to 02:10, elapsed time says 20 minutes later.
    """
    old, new = Once("2026-10-25T02:50:00+02:00"), Once("2026-10-25T02:10:00+01:00")
    found = diff(old, new, START, STOP)
    assert (1, timedelta(minutes=20)) == (found.moved, found.first_moved[0].shift)
    here = [moment.astimezone(BERLIN) for moment in (found.first_moved[0].old, new.instant)]
    assert timedelta(minutes=20) == Move(*here).shift


def test_a_policy_changes_two_runs_of_a_year() -> None:
    """
    What the clocks do to a schedule is a difference too, and told in its zone.
    """
    old = Cron("30 2 * * *", "Europe/Berlin")
    new = Cron("30 2 * * *", "Europe/Berlin", dst=Dst(gap="next", fold="first"))
    found = diff(old, new, START, STOP)
    assert (0, 1, 1, 364) == counts(found)
    assert ("2026-03-29T03:00:00+02:00", 1) == (found.first.isoformat(), found.first_lost[0].fold)


def test_another_zone_moves_a_daily_run() -> None:
    """
    Each end of a move is told in its own schedule's zone; the shift is larger in summer.
    """
    found = compare("0 1 * * *", "0 1 * * *", "Europe/Berlin", "UTC")
    assert ((365, 0, 0, 0), 2 * HOUR) == (counts(found), found.largest_shift)
    assert 12 * HOUR == found.limit
    first = found.first_moved[0]
    assert ("2026-01-01T01:00:00+01:00", "2026-01-01T01:00:00+00:00", HOUR) == (
        first.old.isoformat(),
        first.new.isoformat(),
        first.shift,
    )


def test_another_zone_keeps_an_hourly_run() -> None:
    """
    Zones that differ by whole hours run an hourly schedule at the same instants.
    """
    found = compare("0 * * * *", "0 * * * *", "Europe/Berlin", "UTC")
    assert (True, (0, 0, 0, 8760), None) == (found.same, counts(found), found.first)


def test_twenty_of_each_are_listed() -> None:
    """
    Counts are whole, lists hold the first 20, in order.
    """
    found = compare("*/15 * * * *", "*/10 * * * *")
    assert (20, 20, 0) == tuple(map(len, (found.first_lost, found.first_added, found.first_moved)))
    assert START + timedelta(minutes=15) == found.first_lost[0]
    assert START + timedelta(minutes=10) == found.first_added[0] == found.first
    moved = compare("0 1 * * *", "0 2 * * *").first_moved
    assert [START + day * 24 * HOUR + HOUR for day in range(20)] == [move.old for move in moved]


def test_per_year() -> None:
    """
    A year is 365.2425 days, also when start and stop lie in one zone.
    """
    years = timedelta(days=10 * 365.2425)
    found = diff(Cron("0 1 * * *"), Cron("0 2 * * *"), START, START + years)
    assert {"moved": 365.3, "lost": 0.0, "added": 0.0, "kept": 0.0} == found.per_year
    start, stop = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)
    day = diff(Cron("0 * * * *"), Cron("0 * * * *"), start, stop)
    assert 23 == day.kept
    assert 24 * 365.2425 == pytest.approx(day.per_year["kept"])


def test_no_runs() -> None:
    """
    Schedules that do not run in the window do not differ there; one that does is all added.
    """
    never, once = Once("2030-01-01T00:00:00Z"), Once("2026-05-01T00:00:00Z")
    assert diff(never, never, START, STOP).same
    found = diff(never, once, START, STOP)
    assert ((0, 0, 1, 0), once.instant) == (counts(found), found.first)


def test_every_by_seconds() -> None:
    """
    Elapsed time is compared by the second.
    """
    old, new = (Every("1m", f"2026-01-01T00:00:{phase}Z") for phase in ("00", "20"))
    found = diff(old, new, START, START + HOUR)
    assert ((60, 0, 0, 0), timedelta(seconds=20)) == (counts(found), found.largest_shift)
    assert timedelta(seconds=30) == found.limit


def test_sentences() -> None:
    """
    One line says it all, whether anything differs or not.
    """
    window = "from 2026-01-01T00:00:00+00:00 to 2027-01-01T00:00:00+00:00"
    assert f"No run differs, 365 kept, {window}." == compare("0 0 * * *", "@daily").sentence
    assert (
        f"364 moved (largest shift 5h earlier), 1 lost, 1 added, 0 kept, {window};"
        " the first difference is at 2026-01-01T01:00:00+00:00."
    ) == compare("0 1 * * *", "0 20 * * *").sentence
    assert (
        f"0 moved, 365 lost, 0 added, 365 kept, {window};"
        " the first difference is at 2026-01-01T17:00:00+00:00."
    ) == compare("0 9,17 * * *", "0 9 * * *").sentence


def test_to_dict() -> None:
    """
    Everything as JSON: instants as text, durations as seconds.
    """
    found = diff(Cron("0 1 * * *"), Cron("0 2 1 * *"), START, START + 48 * HOUR)
    told = json.loads(json.dumps(found.to_dict()))
    assert {"moved": 182.62125, "lost": 182.62125, "added": 0, "kept": 0} == told.pop("per_year")
    assert found.sentence == told.pop("sentence")
    assert {
        "same": False,
        "start": "2026-01-01T00:00:00+00:00",
        "stop": "2026-01-03T00:00:00+00:00",
        "moved": 1,
        "lost": 1,
        "added": 0,
        "kept": 0,
        "limit": 43_200,
        "first": "2026-01-01T01:00:00+00:00",
        "largest_shift": 3600,
        "first_lost": ["2026-01-02T01:00:00+00:00"],
        "first_added": [],
        "first_moved": [
            {
                "old": "2026-01-01T01:00:00+00:00",
                "new": "2026-01-01T02:00:00+00:00",
                "shift": 3600,
            }
        ],
    } == told


@pytest.mark.parametrize(
    ("old", "new", "gap", "expected"),
    [
        ([0], [3], 10, [(0, 3)]),
        ([0], [5], 10, [(0, None), (None, 5)]),  # half is too far
        ([10], [9, 11], 10, [(None, 9), (10, 11)]),  # a tie: the later
        ([10], [7, 12], 10, [(None, 7), (10, 12)]),
        ([0, 4], [2], 10, [(0, None), (4, 2)]),
        ([0, 1], [2, 3], 10, [(0, None), (1, 2), (None, 3)]),  # neighbours only
        ([0, 1], [1, 2], 10, [(0, None), (1, 1), (None, 2)]),  # a kept run lies between
        ([0, 4, 8], [3, 7], 10, [(0, None), (4, 3), (8, 7)]),
        ([0, 8], [3, 9], 10, [(0, 3), (8, 9)]),
        ([], [], 10, []),
    ],
)
def test_pairs(
    old: list[int], new: list[int], gap: int, expected: list[tuple[int | None, int | None]]
) -> None:
    """
    Neighbours nearer than half the gap are one run: as many as possible, with the least shift.
    """
    assert expected == list(pairs(iter(old), iter(new), gap))


def brute(old: list[int], new: list[int], gap: int) -> tuple[int, int]:
    """
    How many runs can be moved, and with what shift in all: every choice is tried.
    """
    line = sorted({*old, *new})
    edges = [
        (one, other)
        for one, other in pairwise(line)
        if {(one in old) - (one in new), (other in old) - (other in new)} == {1, -1}
        and 2 * (other - one) < gap
    ]
    for size in range(len(edges), 0, -1):
        shifts = [
            sum(other - one for one, other in chosen)
            for chosen in combinations(edges, size)
            if len({run for edge in chosen for run in edge}) == 2 * size
        ]
        if shifts:
            return size, min(shifts)
    return 0, 0


@given(INSTANTS, INSTANTS, st.integers(1, 40))
def test_pairs_are_the_best_there_are(old: list[int], new: list[int], gap: int) -> None:
    """
    Nobody finds more moved runs, nor as many with less shift; every run is told once.
    """
    found = list(pairs(iter(old), iter(new), gap))
    assert old == [one for one, _ in found if one is not None]
    assert new == [other for _, other in found if other is not None]
    shifts = [abs(a - b) for a, b in found if a is not None and b is not None and a != b]
    assert brute(old, new, gap) == (len(shifts), sum(shifts))


@pytest.mark.parametrize(
    ("runs", "gap"),
    [([], 99), ([5], 99), ([0, 5], 5), ([0, 1, 6], 1), ([0, 1, 6, 11], 5), ([0, 9, 10, 19], 9)],
)
def test_typical_gap(runs: list[int], gap: int) -> None:
    """
    The median of the gaps, the lower one of two; the window where there is no gap.
    """
    assert gap == typical_gap(iter(runs), 99)


@given(whens(), whens())
def test_laws(old: object, new: object) -> None:
    """
    Nothing differs from itself, every instant is counted once, and a swap only changes names.
    """
    stop = START + timedelta(days=4)
    there, back = diff(old, new, START, stop), diff(new, old, START, stop)
    assert diff(old, old, START, stop).same
    olds, news = (set(when.between(START, stop)) for when in (old, new))
    olds, news = ({each.astimezone(UTC) for each in found} for found in (olds, news))
    assert (len(olds), len(news)) == (
        there.kept + there.moved + there.lost,
        there.kept + there.moved + there.added,
    )
    assert len(olds & news) == there.kept
    assert min(olds ^ news, default=None) == there.first
    assert (there.same, there.moved, there.kept) == (back.same, back.moved, back.kept)
    assert (there.lost, there.added) == (back.added, back.lost)
    assert there.largest_shift == -back.largest_shift
    assert [(move.old, move.new) for move in there.first_moved] == [
        (move.new, move.old) for move in back.first_moved
    ]
    assert all(abs(move.shift) < there.limit for move in there.first_moved)


CRON = Cron("0 1 * * *")
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  naive on purpose
AN_INSTANT = "write '2026-01-31T09:00:00Z', or an aware datetime"
BACKWARDS = f"{START.isoformat()} is not after the start, {STOP.isoformat()}; give a later one"
NO_SCHEDULE = "is str, not a schedule; pass Cron, Calendar, Every, Once or Union"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("0 1 * * *", CRON, START, STOP), f"diff, old: '0 1 * * *' {NO_SCHEDULE}"),
        ((CRON, "0 1 * * *", START, STOP), f"diff, new: '0 1 * * *' {NO_SCHEDULE}"),
        (
            (CRON, CRON, NAIVE, STOP),
            f"diff, start: {NAIVE!r} has no time zone; give it tzinfo=datetime.timezone.utc",
        ),
        ((CRON, CRON, START, 2027), f"diff, stop: 2027 is int, not an instant; {AN_INSTANT}"),
        ((CRON, CRON, STOP, START), f"diff, stop: {BACKWARDS}"),
    ],
)
def test_refusals(arguments: tuple, sentence: str) -> None:
    """
    What is no schedule, no instant or no window is refused.
    """
    with pytest.raises(SpecError) as caught:
        diff(*arguments)
    assert sentence == str(caught.value)
    assert sentence.partition(":")[0] == caught.value.culprit


def test_an_output_is_refused() -> None:
    """
    What is not known yet cannot be compared.
    """

    async def later() -> None: ...

    waiting = later()
    with pytest.raises(OutputError) as caught:
        diff(CRON, waiting, START, STOP)
    waiting.close()
    assert "diff, new" == caught.value.culprit


def test_text_instants() -> None:
    """
    RFC 3339 text is an instant too.
    """
    found = diff(CRON, Union(CRON, CRON), "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    assert (True, 1, START) == (found.same, found.kept, found.start)


def test_a_year_of_minutes_takes_seconds() -> None:
    """
    525 600 runs on one side and half of them on the other: measured 0.8 s, held to ten.
    """
    began = time.perf_counter()
    found = compare("* * * * *", "*/2 * * * *", "Europe/Berlin")
    assert (0, 262_800, 0, 262_800) == counts(found)
    assert time.perf_counter() - began < 10
