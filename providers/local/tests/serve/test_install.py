"""
A newer program takes the place of an older one: what goes on, and what begins anew.
"""

from __future__ import annotations

import attrs
import pytest
import serve_stage
from serve_stage import ZERO, ZERO_TEXT, spec

import schedkit as sk
from schedkit.exceptions import CronSyntaxError
from schedkit_local.serve.install import install


def changed(life, old, new, seconds=601, lasts=60):
    """
    Install a newer program after a while; return what is said and the rows.
    """
    one = life(*old, lasts=lasts)
    one.live(seconds)
    told = install(one.stage._plain, serve_stage.document_of(new), one.stage.now)
    rows = {row.name: row for row in one.stage._plain.schedules(removed=True)}
    return one, told, {name: row.since - ZERO for name, row in rows.items()}, rows


SAME = {
    "names of days": (sk.Cron("0 9 * * 1-5"), sk.Cron("0 9 * * MON-FRI")),
    "another class": (
        sk.Cron("30 9 * * *", timezone="Europe/Berlin"),
        sk.Calendar(minutes=30, hours=9, timezone="Europe/Berlin"),
    ),
    "another anchor": (sk.Every("1h", ZERO_TEXT), sk.Every("60m", "2020-05-05T05:00:00Z")),
    "a zone of the same clock": (
        sk.Cron("0 9 * * *", timezone="UTC"),
        sk.Cron("0 9 * * *", timezone="Etc/UTC"),
    ),
    "a union of the same": (
        sk.Cron("0 9,17 * * *"),
        sk.Union(sk.Cron("0 9 * * *"), sk.Cron("0 17 * * *")),
    ),
}


@pytest.mark.parametrize("whens", SAME.values(), ids=SAME)
def test_spelled_anew(life, whens):
    """
    A schedule that means the same keeps its next instant, and nothing is said.
    """
    old, new = ([spec(when=when)] for when in whens)
    _, told, sinces, rows = changed(life, old, new)
    assert [] == told
    assert {"nightly": rows["nightly"].since - ZERO} == sinces
    assert ZERO + 601 != rows["nightly"].since


def test_policies_change_in_place(life):
    """
    Other policies are no other instants: nothing begins anew, and the document is the new one.
    """
    new = spec(jitter="1m", starting_deadline="1h", catch_up=sk.CatchUp("all", "2h"))
    _, told, sinces, rows = changed(life, [spec()], [new])
    assert ([], {"nightly": 1_200}) == (told, sinces)
    assert 60 == rows["nightly"].document["jitterSeconds"]


def test_begins_anew(life):
    """
    A schedule with other instants begins now, and the difference is told.
    """
    _, told, sinces, _ = changed(
        life, [spec(when=sk.Cron("0 9 * * *"))], [spec(when=sk.Cron("0 10 * * *"))]
    )
    assert {"nightly": 602} == sinces
    (sentence,) = told
    assert sentence.startswith("schedule 'nightly' begins anew: ")
    assert "366 moved (largest shift 1h later), 0 lost, 0 added, 0 kept" in sentence


def test_new_and_removed(life):
    """
    A schedule that is gone keeps its rows, and what waits of it is missed; a new one begins now.
    """
    long = [spec(overlap="queue"), spec("other", every="1h", when=sk.Cron("* * * * *"))]
    long[1] = attrs.evolve(long[1], pipeline=long[0].pipeline)
    one, told, sinces, rows = changed(life, long, [spec("fresh", overlap="queue")], 400, 90)
    assert {
        "schedule 'fresh' is new",
        "schedule 'nightly' is removed",
        "schedule 'other' is removed",
    } == set(told)
    assert 401 == sinces["fresh"]
    assert [None, 401.0, 401.0] == [
        rows[name].removed and rows[name].removed - ZERO for name in ("fresh", "nightly", "other")
    ]
    ends = {run.state for run in one.stage.runs()}
    assert {"succeeded", "running", "missed"} >= ends
    assert {"its schedule was removed from the program"} == {
        run.reason for run in one.stage.runs() if run.state == "missed"
    }
    again = install(one.stage._plain, serve_stage.document_of(long), one.stage.now + 50)
    assert {
        "schedule 'fresh' is removed",
        "schedule 'nightly' is new",
        "schedule 'other' is new",
    } == set(again)
    back = {row.name: row.since - ZERO for row in one.stage._plain.schedules()}
    assert {"nightly": 451, "other": 451} == back


def test_pauses_of_the_program(life):
    """
    What passes while the program pauses a schedule is not caught up with afterwards.
    """
    running, paused = (
        spec(catch_up=sk.CatchUp("all", "9h"), paused=paused) for paused in (False, True)
    )
    one, told, sinces, _ = changed(life, [running], [paused])
    assert (["schedule 'nightly' is paused by the program"], {"nightly": 602}) == (told, sinces)
    one.live(3_000)
    told = install(one.stage._plain, serve_stage.document_of([running]), one.stage.now)
    assert ["schedule 'nightly' is resumed by the program"] == told
    one.live(600)
    assert [600, 4_200] == [run.scheduled - ZERO for run in one.stage.runs()]


def test_a_broken_document_changes_nothing(life):
    """
    All of a program is taken, or nothing.
    """
    one = life(spec())
    document = serve_stage.document_of([spec(), spec("zz")])
    document["schedules"]["zz"]["when"] = "Cron('61 * * * *')"
    before = one.stage._plain.program()
    with pytest.raises(CronSyntaxError):
        install(one.stage._plain, document, ZERO)
    assert before == one.stage._plain.program()
    assert ["nightly"] == [row.name for row in one.stage._plain.schedules()]
