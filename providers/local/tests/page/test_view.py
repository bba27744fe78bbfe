"""
What stands on the page: words, lanes, lines, problems.
"""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from schedkit_local.serve.page import overview, timeline, view, words
from schedkit_local.serve.page.queries import Bar
from schedkit_local.serve.rows import ProgramRow, Request, Run, ScheduleRow, StepRow


NOW = 1_795_457_400  # 2026-11-23T18:10:00Z
BERLIN = ZoneInfo("Europe/Berlin")


def row(when="Cron('0 1 * * *', timezone='Europe/Berlin')", *, paused=False, since=0, **more):
    document = {"pipeline": "train", "when": when} | more
    return ScheduleRow(
        name="nightly",
        pipeline="train",
        document=json.dumps(document),
        since=since,
        paused=paused,
    )


def a_run(**more):
    given = {"seq": 1, "id": "nightly-1", "schedule": "nightly", "pipeline": "train"}
    given |= {"scheduled": NOW - 60, "due": NOW - 60, "state": "running", "started": NOW - 50.0}
    return Run(**given | more)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "now"),
        (-9, "now"),
        (59, "in 59 s"),
        (-60, "1 min ago"),
        (7_199, "in 1 h"),
        (-200_000, "2 d ago"),
    ],
)
def test_distance(seconds, expected) -> None:
    """
    A distance is told by its largest unit, rounded down.
    """
    assert expected == words.distance(seconds)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, "0.0 s"), (1.25, "1.2 s"), (59.9, "59 s"), (3_600, "1 h 0 min"), (90_061, "1 d 1 h")],
)
def test_took(seconds, expected) -> None:
    """
    A duration is told by its two largest units.
    """
    assert expected == words.took(seconds)


def test_moment() -> None:
    """
    An instant stands on the clocks of its zone, with the year where it is another one.
    """
    here = words.moment(NOW, NOW, BERLIN)
    assert ("Mon 23 Nov 19:10 CET", "2026-11-23T18:10:00Z", "now") == (
        here.text,
        here.iso,
        here.distance,
    )
    assert "Fri 23 Apr 2027 20:10:05 CEST" == words.moment(NOW + 13_046_405, NOW, BERLIN).text


def test_schedule_line() -> None:
    """
    A schedule shows its cron text, its sentence and its next instants in its own zone.
    """
    line = view.schedule_line(row(), None, NOW)
    assert "0 1 * * *" == line.text
    assert "At 01:00 every day, Europe/Berlin time." == line.sentence
    assert [
        "Tue 24 Nov 01:00 CET",
        "Wed 25 Nov 01:00 CET",
        "Thu 26 Nov 01:00 CET",
    ] == [each.text for each in line.coming]
    assert (("starting deadline", "5m"), ("catch-up", "none")) == line.facts


def test_schedule_line_goes_on_from_what_is_undecided() -> None:
    """
    Instants that the server has decided already are not shown as coming.
    """
    line = view.schedule_line(row(since=NOW + 90_000), None, NOW)
    assert "Wed 25 Nov 01:00 CET" == line.coming[0].text


def test_window_shows_the_cron_inside() -> None:
    """
    A schedule with a start and an end shows its cron text, and ends.
    """
    when = "Window(Cron('0 1 * * *'), end='2026-11-25T00:00:00Z')"
    line = view.schedule_line(row(when), None, NOW)
    assert ("0 1 * * *", 1) == (line.text, len(line.coming))


@pytest.mark.parametrize(
    ("by_hand", "by_program", "expected"),
    [
        (True, False, "by you"),
        (False, True, "by the program"),
        (True, True, "by you and by the program"),
    ],
)
def test_paused_says_by_whom(by_hand, by_program, expected) -> None:
    """
    A paused schedule has no next runs, and says who paused it.
    """
    document = {"pipeline": "train", "when": "Cron('0 1 * * *')", "paused": by_program}
    asked = ScheduleRow(name="n", pipeline="train", document=document, since=0, paused=by_hand)
    line = view.schedule_line(asked, None, NOW)
    assert (expected, ()) == (line.paused, line.coming)


@pytest.mark.parametrize(
    "when", ["Cron('99 * * * *')", "import os", "", "Cron('* * * * *', timezone='X/Y')"]
)
def test_schedule_that_cannot_be_read_says_why(when) -> None:
    """
    A schedule of another version or another time zone database is shown with its error.
    """
    line = view.schedule_line(row(when), None, NOW)
    assert line.error
    assert (when, ()) == (line.text, line.coming)


def test_run_line() -> None:
    """
    A run that goes on says how long it has; one that started late says so.
    """
    line = view.run_line(a_run(), NOW)
    assert ("50 s", "10 s late", True) == (line.took, line.late, line.is_going)
    ended = view.run_line(a_run(state="succeeded", started=NOW - 60.0, ended=NOW - 55.0), NOW)
    assert ("5.0 s", "", False) == (ended.took, ended.late, ended.is_open)


def test_run_line_of_one_that_never_started() -> None:
    """
    A missed run took no time, and one that waits is open.
    """
    missed = view.run_line(a_run(state="missed", started=None), NOW)
    assert ("", None, False) == (missed.took, missed.started, missed.is_open)
    assert view.run_line(a_run(state="waiting", started=None), NOW).is_open


def test_lost_run_has_no_duration() -> None:
    """
    Nobody knows how long a lost run without an end took.
    """
    assert "" == view.run_line(a_run(state="lost"), NOW).took


def test_triggered_run_has_no_schedule() -> None:
    """
    A run that was started by hand names no schedule.
    """
    assert "" == view.run_line(a_run(schedule="@train"), NOW).schedule


def program(error=""):
    return ProgramRow(folder="/p", stack="s", document={}, loaded=NOW - 60.0, error=error)


def test_no_problems() -> None:
    """
    A server with a good program has nothing to say.
    """
    assert [] == view.problems(program(), 7, [], "2026b", NOW)


def test_problems() -> None:
    """
    Each trouble is one banner, the gravest first.
    """
    late = Request(id=1, verb="pause", arguments={}, made=NOW - 30.0)
    titles = [each.title for each in view.problems(program("bad"), None, [late], "2024a", NOW)]
    assert [
        "No server is running.",
        "The program is broken; the one of Mon 23 Nov 18:09 UTC goes on.",
        "The time zone data is of 2024a.",
    ] == titles
    titles = [each.title for each in view.problems(None, 7, [late], "unknown", NOW)]
    assert ["No program is served yet.", "The server has not answered 1 request."] == titles


def test_overdue() -> None:
    """
    A server has ten seconds to answer.
    """
    requests = [Request(id=n, verb="reload", arguments={}, made=NOW - n) for n in (5.0, 11.0)]
    assert [11.0] == [each.id for each in view.overdue(requests, NOW)]


def test_steps_stand_in_the_order_of_the_program() -> None:
    """
    Steps that the program has no more come last.
    """
    document = {"pipelines": {"p": {"run": {"steps": {"prep": {}, "fit": {}}}}}}
    steps = [StepRow(run=1, name=name, state="waiting") for name in ("fit", "old", "prep")]
    found = view.in_order(steps, document, "p")
    assert ["prep", "fit", "old"] == [each.name for each in found]


@pytest.mark.parametrize(
    ("default", "text", "expected"),
    [(1, "2", 2), (0.5, "1", 1.0), (True, "false", False), ("a", "1", "1")],
)
def test_converted(default, text, expected) -> None:
    """
    What a form says becomes a value of the default's type.
    """
    found = view.converted(default, text)
    assert (expected, type(expected)) == (found, type(found))


@pytest.mark.parametrize(("default", "text"), [(1, "1.5"), (0.5, ""), (True, "yes"), (1, "x")])
def test_not_converted(default, text) -> None:
    """
    A text that is no value of the default's type is refused.
    """
    with pytest.raises(ValueError):  # noqa: PT011, its text is Python's
        view.converted(default, text)


def test_places() -> None:
    """
    A day back is at the left, now in the middle, a day on at the right.
    """
    found = [timeline.place(NOW + hours * 3600, NOW) for hours in (-30, -24, -12, 0, 24, 30)]
    assert [0.0, 0.0, 25.0, 50.0, 100.0, 100.0] == found


def test_lane() -> None:
    """
    What went wrong is drawn over what went well; what never started is a point.
    """
    bars = [
        Bar("failed", 1, NOW - 43_200, NOW - 39_600),
        Bar("succeeded", 2, NOW - 43_200, NOW - 36_000),
        Bar("missed", 1, NOW - 3_600, NOW - 3_600),
    ]
    lane = timeline.lane("n", "/n", bars, [NOW + 3_600], NOW, paused=False)
    assert [
        ("bar", "succeeded", 25.0, 4.167),
        ("point", "missed", 47.917, 0.0),
        ("bar", "failed", 25.0, 2.083),
        ("tick", "", 52.083, 0.0),
    ] == [(each.kind, each.state, each.x, each.width) for each in lane.shapes]
    assert (
        "n: 4 runs in the past 24 hours (1 failed, 1 missed, 2 succeeded); "
        "1 run due in the coming 24 hours"
    ) == lane.words
    assert "2 runs succeeded, Mon 23 Nov 06:10 UTC" == lane.shapes[0].title


def test_lane_without_runs() -> None:
    """
    A paused schedule that did not run says both.
    """
    lane = timeline.lane("n", "", [], [], NOW, paused=True)
    assert "n: no run in the past 24 hours; paused" == lane.words


@pytest.mark.parametrize(
    ("count", "kinds", "told"),
    [(96, 96, "96 runs"), (97, 1, "97 runs"), (2_000, 1, "2000 runs or more")],
)
def test_many_instants_are_a_band(count, kinds, told) -> None:
    """
    More than 96 coming instants are one band.
    """
    coming = [NOW + 10 * n for n in range(1, count + 1)]
    lane = timeline.lane("n", "", [], coming, NOW, paused=False)
    assert kinds == len(lane.shapes)
    assert f"; {told} due in the coming 24 hours" in lane.words


def test_figures() -> None:
    """
    What is wrong has a colour only when there is some of it.
    """
    found = overview.figures({"succeeded": 3, "running": 1, "starting": 1, "failed": 2}, 5)
    assert [
        (5, "schedules", ""),
        (2, "running", "running"),
        (0, "waiting", ""),
        (3, "succeeded in 24 h", ""),
        (2, "failed in 24 h", "failed"),
        (0, "lost in 24 h", ""),
        (0, "missed in 24 h", ""),
    ] == found
