"""
What a change of a CronJob, or no change for too long, does to its runs: the real controller.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from virtual import Life, Run, Scenario, Step, create, delete, edit, outage, touch


pytestmark = pytest.mark.cluster


def at(text: str) -> datetime:
    """
    `07 10:00` is in January 2026; so is `03-15 12:00`, but for its month.
    """
    month = "" if text[2] == "-" else "01-"
    return datetime.fromisoformat(f"2026-{month}{text}").replace(tzinfo=UTC)


def told(runs: list[Run]) -> list[str]:
    """
    `07 09:00` for a run on time, `07 09:00 late 08 03:00` for another; the end where it is bad.
    """
    return [f"{_text(run.tick)}{_late(run)}{_end(run)}" for run in runs]


def _end(run: Run) -> str:
    return "" if run.how == "Complete" else f" {run.how or 'runs'}"


def _late(run: Run) -> str:
    return "" if (run.start - run.tick).seconds < 1 else f" late {_text(run.start)}"


def _text(instant: datetime) -> str:
    return instant.strftime("%d %H:%M" if instant.month == 1 else "%m-%d %H:%M")


@pytest.fixture
def live(simulate):
    """
    What became of the CronJob `x` from one time to another.
    """

    def live(start: str, until: str, *steps: Step | tuple[Step, ...]) -> Life:
        flat = [each for step in steps for each in ([step] if isinstance(step, Step) else step)]
        (answer,) = simulate([Scenario(at(start), at(until), flat)])
        return answer["x"]

    return live


THREE, NINE = "0 3 * * *", "0 9 * * *"
TOKYO = "Asia/Tokyo"  # its 09:00 is 00:00 UTC
FIVE = {"startingDeadlineSeconds": 300}
DAY = {"startingDeadlineSeconds": 86_400}
EDITS = {  # title: schedule, zone, deadline, steps after that, runs
    "what lies in the past runs at the next look": (
        (THREE, "Etc/UTC", {}),
        [edit(at("02 10:00"), "x", schedule=NINE)],
        ["02 03:00", "02 09:00 late 03 03:00", "03 09:00", "04 09:00"],
    ),
    "a deadline of a day is one of 18 hours too": (
        (THREE, "Etc/UTC", DAY),
        [edit(at("02 10:00"), "x", schedule=NINE)],
        ["02 03:00", "02 09:00 late 03 03:00", "03 09:00", "04 09:00"],
    ),
    "a deadline of five minutes prevents it": (
        (THREE, "Etc/UTC", FIVE),
        [edit(at("02 10:00"), "x", schedule=NINE)],
        ["02 03:00", "03 09:00", "04 09:00"],
    ),
    "a zone is no different": (
        (NINE, TOKYO, {}),
        [edit(at("02 10:00"), "x", timeZone="Etc/UTC")],
        ["02 00:00", "02 09:00 late 03 00:00", "03 09:00", "04 09:00"],
    ),
    "nor is it with a deadline": (
        (NINE, TOKYO, FIVE),
        [edit(at("02 10:00"), "x", timeZone="Etc/UTC")],
        ["02 00:00", "03 09:00", "04 09:00"],
    ),
    "another change is a look": (
        (THREE, "Etc/UTC", {}),
        [edit(at("02 10:00"), "x", schedule=NINE), touch(at("02 10:01"), "x")],
        ["02 03:00", "02 09:00 late 02 10:01", "03 09:00", "04 09:00"],
    ),
    "an edit soon after the instant is no look": (
        (THREE, "Etc/UTC", FIVE),
        [edit(at("02 09:02"), "x", schedule=NINE)],
        ["02 03:00", "03 09:00", "04 09:00"],
    ),
    "but another change soon after it is": (
        (THREE, "Etc/UTC", FIVE),
        [edit(at("02 09:02"), "x", schedule=NINE), touch(at("02 09:04"), "x")],
        ["02 03:00", "02 09:00 late 02 09:04", "03 09:00", "04 09:00"],
    ),
    "not so soon": (
        (THREE, "Etc/UTC", FIVE),
        [edit(at("02 09:02"), "x", schedule=NINE), touch(at("02 09:06"), "x")],
        ["02 03:00", "03 09:00", "04 09:00"],
    ),
    "nor is one that changes more at once": (
        (THREE, "Etc/UTC", {}),
        [edit(at("02 10:00"), "x", schedule=NINE, failedJobsHistoryLimit=3)],
        ["02 03:00", "02 09:00 late 03 03:00", "03 09:00", "04 09:00"],
    ),
    "nor is one that ends a pause": (
        (THREE, "Etc/UTC", {}),
        [
            edit(at("02 08:00"), "x", suspend=True),
            edit(at("02 10:00"), "x", schedule=NINE, suspend=False),
        ],
        ["02 03:00", "02 09:00 late 03 03:00", "03 09:00", "04 09:00"],
    ),
    "a start of the controller is": (
        (THREE, "Etc/UTC", FIVE),
        [edit(at("02 09:02"), "x", schedule=NINE), *outage(at("02 09:03"), at("02 09:04"))],
        ["02 03:00", "02 09:00 late 02 09:04", "03 09:00", "04 09:00"],
    ),
    "the old instant soon after the new one is": (
        ("3 9 * * *", "Etc/UTC", FIVE),
        [edit(at("02 09:02"), "x", schedule=NINE)],
        ["02 09:00 late 02 09:03", "03 09:00", "04 09:00"],
    ),
    "an instant that both have runs once": (
        (THREE, "Etc/UTC", {}),
        [edit(at("02 10:00"), "x", schedule="0 3,9 * * *")],
        ["02 03:00", "03 03:00", "03 09:00", "04 03:00", "04 09:00"],
    ),
    "an instant between the edit and the old one is on time": (
        (NINE, "Etc/UTC", {}),
        [edit(at("02 10:00"), "x", schedule=THREE)],
        ["02 09:00", "03 03:00", "04 03:00"],
    ),
}


@pytest.mark.parametrize("title", EDITS)
def test_an_edit_runs_what_lies_in_the_past_at_the_next_look(live, title):
    """
    An edit of schedule or zone starts nothing, and no look follows it, but the next look starts
    what is missed by the new schedule.
    """
    (schedule, zone, spec), steps, expected = EDITS[title]
    first = create(at("02 00:00"), "x", schedule, zone, **spec)
    if zone == TOKYO:
        first = create(at("01 23:00"), "x", schedule, zone, **spec)
    assert expected == told(live("01 22:00", "04 12:00", first, *steps).runs)


WEEKDAYS, OFFICE, TWICE = "0 9 * * 1-5", "0 9-17 * * *", "0 0 1,2 * *"
PAUSES = {  # Wednesday is 07 January
    "the last one runs on resume": (
        (THREE, {}),
        ("07 12:00", "10 08:00"),
        ["07 03:00", "10 03:00 late 10 08:00", "11 03:00", "12 03:00"],
    ),
    "not with a deadline": (
        (THREE, FIVE),
        ("07 12:00", "10 08:00"),
        ["07 03:00", "11 03:00", "12 03:00"],
    ),
    "unless it was just now": (
        (THREE, FIVE),
        ("07 12:00", "10 03:04"),
        ["07 03:00", "10 03:00 late 10 03:04", "11 03:00", "12 03:00"],
    ),
    "Friday's on Saturday at 8": (
        (WEEKDAYS, {}),
        ("07 12:00", "10 08:00"),
        ["07 09:00", "09 09:00 late 10 08:00", "12 09:00"],
    ),
    "none on Saturday at 10": ((WEEKDAYS, {}), ("07 12:00", "10 10:00"), ["07 09:00", "12 09:00"]),
    "none on Sunday": ((WEEKDAYS, {}), ("07 12:00", "11 10:00"), ["07 09:00", "12 09:00"]),
    "none on Monday": ((WEEKDAYS, {}), ("07 12:00", "12 08:00"), ["07 09:00", "12 09:00"]),
    "none in the evening": (
        (OFFICE, {}),
        ("07 12:30", "07 20:00"),
        [f"{day:02} {hour:02}:00" for day in range(7, 13) for hour in range(9, 18)
         if (day, hour) <= (7, 12) or (day > 7 and (day, hour) < (12, 12))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", PAUSES)
@pytest.mark.parametrize("kind", ["suspend", "outage"])
def test_a_pause_loses_runs_or_adds_one(live, title, kind):
    """
    When a pause or an outage ends, the latest missed run starts if its deadline is not over, and
    sometimes none where gaps are uneven.
    """
    (schedule, spec), (start, stop), expected = PAUSES[title]
    steps = outage(at(start), at(stop))
    if kind == "suspend":
        steps = edit(at(start), "x", suspend=True), edit(at(stop), "x", suspend=False)
    first = create(at("07 00:00"), "x", schedule, **spec)
    assert expected == told(live("06 22:00", "12 12:00", first, *steps).runs)


def test_an_outage_of_months_may_lose_all(live):
    """
    Twice a month, down from January to March: the run of 2 March is lost, without a deadline.
    """
    away = outage(at("02 12:00"), at("03-15 12:00"))
    life = live("01 00:00", "04-02 12:00", create(at("01 00:00"), "x", TWICE), *away)
    assert ["02 00:00", "04-01 00:00", "04-02 00:00"] == told(life.runs)


@pytest.mark.parametrize(
    ("deadline", "resumed", "expected"),
    [
        ({}, "04 10:00", ["04 03:00 late 04 10:00", "05 03:00"]),
        (FIVE, "04 10:00", ["05 03:00"]),
        (FIVE, "04 03:04", ["04 03:00 late 04 03:04", "05 03:00"]),
    ],
)
def test_created_suspended_is_a_pause(live, deadline, resumed, expected):
    """
    A CronJob that was created suspended runs a tick of its suspended time when it is resumed.
    """
    first = create(at("02 00:00"), "x", THREE, suspend=True, **deadline)
    life = live("01 22:00", "05 12:00", first, edit(at(resumed), "x", suspend=False))
    assert expected == told(life.runs)


@pytest.mark.parametrize(("seconds", "count"), [(0, 0), (1, 11), (60, 11)])
def test_deadline_zero_never_runs(live, seconds, count):
    """
    A deadline of 0 s is over before the controller looks, and it says nothing about that.
    """
    spec = {"startingDeadlineSeconds": seconds}
    life = live("02 00:00", "02 00:12", create(at("02 00:00"), "x", "* * * * *", **spec))
    assert count == len(life.runs)
    assert count or life.events == []


@pytest.mark.parametrize(
    ("limit", "expected", "said"),
    [
        (None, ["02 03:00 runs"], ["JobAlreadyActive"]),
        (3_600, ["02 03:00 Failed", "03 03:00 Failed", "04 03:00 Failed"], []),
    ],
)
def test_a_job_that_never_ends_blocks_forbid(live, limit, expected, said):
    """
    A Job whose pod never starts blocks `Forbid` for good, unless `activeDeadlineSeconds` ends it.
    """
    first = create(at("02 00:00"), "x", THREE, seconds=None, limit=limit, **FIVE)
    life = live("01 22:00", "04 12:00", first)
    assert expected == told(life.runs)
    assert said == [event.reason for event in life.events][:1]


@pytest.mark.parametrize(("spec", "late"), [({}, True), (DAY, True), (FIVE, False)])
def test_what_forbid_skipped_waits(live, spec, late):
    """
    The latest instant that `Forbid` skipped starts when the Job ends, if its deadline is not over.
    """
    first = create(at("02 00:00"), "x", "0 3,4 * * *", seconds=5_000, **spec)
    runs = told(live("01 22:00", "02 12:00", first).runs)
    assert ["02 03:00", *["02 04:00 late 02 04:23"] * late] == runs


def test_an_edit_forgets_what_waits(live):
    """
    An instant of the old schedule that `Forbid` skipped does not run any more after an edit.
    """
    spec = {"startingDeadlineSeconds": 600}
    first = create(at("02 00:00"), "x", "0,10 3 * * *", seconds=900, **spec)
    assert ["02 03:00", "02 03:10 late 02 03:15"] == told(live("01 22:00", "02 04:00", first).runs)
    steps = first, edit(at("02 03:12"), "x", schedule=NINE)
    assert ["02 03:00", "02 09:00"] == told(live("01 22:00", "02 12:00", *steps).runs)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("02 03:30", ["02 03:00 Deleted", "03 09:00", "04 09:00"]),
        ("02 10:00", ["02 03:00", "03 09:00", "04 09:00"]),
    ],
)
def test_deleting_and_creating_anew_takes_jobs_along(live, made, expected):
    """
    A new CronJob of the same name runs nothing of the past, without a deadline too; a Job that
    runs is deleted together with the old one.
    """
    steps = (
        create(at("02 00:00"), "x", THREE, seconds=3_600),
        delete(at(made), "x"),
        create(at("02 10:00:05"), "x", NINE, seconds=3_600),
    )
    assert expected == told(live("01 22:00", "04 12:00", *steps).runs)
