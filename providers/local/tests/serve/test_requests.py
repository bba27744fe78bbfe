"""
What is asked of a server, verb by verb, and what is refused.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serve_stage import ZERO, spec

import schedkit as sk
from schedkit_local.serve import requests


# Trigger


def test_trigger(life):
    """
    A run that is asked for starts at once, with what was given over the pipeline's own.
    """
    one = life(spec())
    assert (True, "train.20260101t000001z is asked for") == one.ask(
        "trigger", {"pipeline": "train", "parameters": {"epochs": 5}}
    )
    expected = [("train.20260101t000001z", "running", "trigger", {"epochs": 5}, "")]
    assert expected == one.told()
    one.live(100)
    assert {"train.20260101t000001z": "succeeded"} == one.states()


def test_two_in_a_second(life):
    """
    Each that is asked for has a second of its own for a name, and both run.
    """
    one = life(spec(overlap="queue"))
    names = [one.ask("trigger", {"pipeline": "train"})[1].split()[0] for _ in range(3)]
    assert [f"train.20260101t00000{second}z" for second in (1, 2, 3)] == names
    assert ["running", "waiting", "waiting"] == list(one.states().values())
    one.live(200)
    assert {"succeeded"} == set(one.states().values())
    assert [0, 60, 120] == [run.started - ZERO - 1 for run in one.stage.runs()]


def test_trigger_replaces(life):
    """
    A run by hand keeps the overlap of its pipeline.
    """
    one = life(spec(overlap="replace"))
    for _ in range(2):
        one.ask("trigger", {"pipeline": "train"})
    first, second = one.told()
    assert ("stopped", "a later run replaced it") == (first[1], first[4])
    assert "running" == second[1]


def test_trigger_waits_for_room(life):
    """
    What somebody asked for is not missed, however long it waits.
    """
    one = life(spec(overlap="forbid", when=sk.Once("2030-01-01T00:00:00Z")), lasts=4_000)
    for _ in range(2):
        one.ask("trigger", {"pipeline": "train"})
    one.live(3_000).live(1_500)
    assert ["succeeded", "running"] == list(one.states().values())


def test_triggered_again_after_a_cancel(life):
    """
    A run that was cancelled before it started is not brought back by the next one.
    """
    one = life(spec(overlap="queue"))
    for epochs in (1, 2):
        one.ask("trigger", {"pipeline": "train", "parameters": {"epochs": epochs}})
    cancelled = "train.20260101t000002z"
    assert (True, f"{cancelled} is cancelled before it started") == one.ask(
        "cancel", {"run": cancelled}
    )
    one.ask("trigger", {"pipeline": "train", "parameters": {"epochs": 3}})
    assert [
        ("running", {"epochs": 1}, ""),
        ("missed", {"epochs": 2}, "cancelled"),
        ("waiting", {"epochs": 3}, ""),
    ] == [(state, given, reason) for _, state, _, given, reason in one.told()]


# Pause and resume


def test_pause(life):
    """
    A schedule that is paused starts nothing, also for a later server, until it is resumed.
    """
    one = life(spec(catch_up=sk.CatchUp("all", "9h")))
    text = "schedule 'nightly' is paused; what passes meanwhile is not caught up with"
    assert (True, text) == one.ask("pause", {"schedule": "nightly"})
    one.live(3_000)
    assert (True, "schedule 'nightly' is paused already") == one.ask(
        "pause", {"schedule": "nightly"}
    )
    assert {} == one.states()
    assert (True, "schedule 'nightly' is resumed") == one.ask("resume", {"schedule": "nightly"})
    one.live(700)
    assert ["nightly-20260101t010000z"] == list(one.states())


def test_a_pause_forgets_nothing(life):
    """
    What was due before a pause is decided, also where the server was down meanwhile.
    """
    one = life(spec(jitter="4m"))
    one.live(0)
    one.stage.now += 1_500
    one.ask("pause", {"schedule": "nightly"})
    found = [run.scheduled - ZERO for run in one.stage.runs()]
    assert [600, 1_200] == found


def test_resume_of_what_goes_on(life):
    """
    Nothing is lost by resuming what was not paused.
    """
    one = life(spec(jitter="9m"))
    one.live(600)
    said = one.ask("resume", {"schedule": "nightly"})
    assert (True, "schedule 'nightly' was not paused") == said
    one.live(600)
    assert "nightly-20260101t001000z" in one.states()


def test_resume_of_what_the_program_pauses(life):
    """
    The program has its own pause, which a word to the server does not end.
    """
    one = life(spec(paused=True))
    said = [one.ask(verb, {"schedule": "nightly"})[1] for verb in ("resume", "pause", "resume")]
    assert "schedule 'nightly' is paused by the program" == said[0]
    assert "schedule 'nightly' is resumed, and still paused by the program" == said[2]
    one.live(700)
    assert {} == one.states()


# Backfill


def backfill(one, start, stop):
    return one.ask("backfill", {"schedule": "nightly", "from": ZERO + start, "to": ZERO + stop})


@pytest.mark.parametrize("overlap", ["allow", "forbid", "queue"])
def test_backfill(life, overlap):
    """
    Past instants run, oldest first, and none is missed because it waits for another.
    """
    one = life(spec(overlap=overlap, starting_deadline=1), lasts=100)
    said = (True, "schedule 'nightly': 3 runs are asked for")
    assert said == backfill(one, -1_800, 0)
    one.live(400)
    runs = one.stage.runs()
    assert [-1_800, -1_200, -600] == [run.scheduled - ZERO for run in runs]
    assert [("succeeded", "backfill")] * 3 == [(run.state, run.cause) for run in runs]
    step = 0 if overlap == "allow" else 100
    assert [0, step, 2 * step] == [run.started - ZERO - 1 for run in runs]


def test_backfill_survives(life):
    """
    What waits goes on waiting, behind the one that runs, when the server begins again.
    """
    one = life(spec(overlap="forbid", when=sk.Every("10m", "2026-01-01T00:05:00Z")), lasts=900)
    backfill(one, -1_800, 0)
    for _ in range(4):
        one.live(700)
    states = {one.states()[run.id] for run in one.stage.runs() if run.cause == "backfill"}
    assert {"succeeded"} == states


def test_backfill_of_what_ran(life):
    """
    What has had its run has no second one; what was missed or lost has.
    """
    one = life(spec())
    one.live(1_300)
    for number, state in enumerate(("succeeded", "missed")):
        one.stage._plain.write(
            "UPDATE run SET state = :state, reason = 'why', due = 7 WHERE seq = :seq",
            state=state,
            seq=number + 1,
        )
    said = "schedule 'nightly': 1 runs are asked for; 1 have had their run"
    assert (True, said) == backfill(one, 1, 9_000)
    first, second = one.stage.runs()
    assert ("succeeded", "schedule") == (first.state, first.cause)
    assert ("running", "backfill", "") == (second.state, second.cause, second.reason)
    assert ZERO + 1_301 == second.due


def test_backfill_of_nothing(life):
    """
    There is nothing in a time without instants, nor in the future.
    """
    one = life(spec())
    for start, stop in ((1, 2), (100, 50), (90_000, 99_000)):
        assert (True, "schedule 'nightly': 0 runs are asked for") == backfill(one, start, stop)


def test_backfill_of_too_much(life, monkeypatch):
    """
    A slip of the year does not start ten thousand runs.
    """
    monkeypatch.setattr(requests, "MOST", 3)
    one = life(spec())
    assert (True, "schedule 'nightly': 3 runs are asked for") == backfill(one, -1_800, 0)
    reason = "schedule 'nightly': has more than 3 runs in that time; give a shorter time"
    assert (False, reason) == backfill(one, -2_400, 0)


# Cancel


def test_cancel(life):
    """
    A run that goes on is told to end, and its row says who did that.
    """
    one = life(spec())
    one.ask("trigger", {"pipeline": "train"})
    name = "train.20260101t000001z"
    assert (True, f"{name} is told to end") == one.ask("cancel", {"run": name})
    assert [(name, "stopped", "trigger", {}, "cancelled")] == one.told()
    reason = f"run {name!r}: is over: stopped; trigger another one"
    assert (False, reason) == one.ask("cancel", {"run": name})


# Refusals


REFUSALS = {
    "request 'trigge': is not known; did you mean 'trigger'?": ("trigge", {}),
    "pipeline 'trian': is not served; did you mean 'train'?": ("trigger", {"pipeline": "trian"}),
    "parameter 'epoch': pipeline 'train' has none of that name; did you mean 'epochs'?": (
        "trigger",
        {"pipeline": "train", "parameters": {"epoch": 1}},
    ),
    "schedule 'nighty': is not served; did you mean 'nightly'?": (
        "pause",
        {"schedule": "nighty"},
    ),
    "schedule 'x': is not served; there is only 'nightly'": ("resume", {"schedule": "x"}),
    "schedule 'nighty' : is not served; did you mean 'nightly'?": (
        "backfill",
        {"schedule": "nighty", "from": 0, "to": 1},
    ),
    "run 'nightly-1': is not known; schedkit runs lists them": ("cancel", {"run": "nightly-1"}),
    "run {'id': 1}: is not known; schedkit runs lists them": ("cancel", {"run": {"id": 1}}),
}


@pytest.mark.parametrize(("sentence", "asked"), REFUSALS.items(), ids=REFUSALS)
def test_refusals(life, sentence, asked):
    """
    What cannot be done is answered with a sentence, and changes nothing.
    """
    one = life(spec())
    ok, text = one.ask(*asked)
    assert not ok
    if "there is only" not in sentence:
        assert sentence.replace("' :", "':") == text
    else:
        assert text.startswith("schedule 'x': is not served; ")
    assert [] == one.told()


NONSENSE = {
    "nothing": ("trigger", {}),
    "too much": ("reload", {"now": True}),
    "no bounds": ("backfill", {"schedule": "nightly"}),
    "no number": ("backfill", {"schedule": "nightly", "from": "x", "to": 5}),
    "for ever": ("backfill", {"schedule": "nightly", "from": float("-inf"), "to": 5}),
    "no time": ("backfill", {"schedule": "nightly", "from": float("nan"), "to": 5}),
    "no name": ("pause", {"schedule": ["nightly"]}),
    "no mapping": ("trigger", {"pipeline": "train", "parameters": 5}),
}


@pytest.mark.parametrize("asked", NONSENSE.values(), ids=NONSENSE)
def test_nonsense(life, asked):
    """
    A request that no command of ours writes is refused, and the server goes on.
    """
    one = life(spec())
    ok, text = one.ask(*asked)
    assert not ok
    assert text.startswith(f"request {asked[0]!r}: cannot be read: ")
    assert [] == one.told()
    assert one.ask("trigger", {"pipeline": "train"})[0]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(["pipeline", "parameters", "schedule", "from", "to", "run", "x"])
NAMES = st.sampled_from(["train", "nightly", "nightly-20260101t001000z"])


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    verb=st.sampled_from([*sorted(set(requests.VERBS) - {"reload"}), "", "x"]),
    arguments=st.dictionaries(KEYS, NAMES | VALUES, max_size=3),
)
def test_any_request_has_an_answer(life, verb, arguments):
    """
    Nothing in a request ends the server, and every request is answered.
    """
    one = life(spec())
    number = one.stage._plain.ask(verb, arguments)
    one.live(60)
    answer = one.stage._plain.request(number).answer
    assert {"ok", "text"} == set(answer)
    assert [] == one.stage._plain.requests()


def test_conclude_of_several(ledger):
    """
    One load answers all who waited for it, and is said once.
    """
    said = []
    server = SimpleNamespace(
        ledger=ledger, clock=SimpleNamespace(now=lambda: 5.0), say=said.append
    )
    numbers = [ledger.ask("reload"), ledger.ask("reload")]
    requests.conclude(server, numbers, "it is as it was")
    assert ["it is as it was"] == said
    answers = [(each.done, each.answer["text"]) for each in map(ledger.request, numbers)]
    assert [(5.0, "it is as it was")] * 2 == answers


def test_when():
    """
    An instant is told in UTC.
    """
    assert "2026-01-01T00:00:00Z" == requests.when(ZERO + 0.9)
