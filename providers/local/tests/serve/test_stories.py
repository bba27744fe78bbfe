"""
The server keeps every policy: random stories over a real ledger, told by `virtual_time` as well.

The server may be killed at any use of its ledger, before and after a commit and a fork, and begins
again at once: that changes nothing. A machine that is off, and a server that is down while its
runs go on, are moves of the story.

One thing may change: who is caught up with and finds no room waits for what is left of that
second. A server that begins again in that very second does not know, and calls it missed at once.
So where servers are killed, no run ends in the second in which it starts, and none is replaced
where `most` is given.

Differences that are meant: a run that was lost ends in the ledger when that was found out, and
`timeout` and `replaced` are `failed` and `stopped` there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
import serve_stage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import schedkit as sk
from schedkit.due import Rule
from schedkit.starting import Desk
from schedkit.testing.examples import pipeline
from schedkit.testing.virtual import VirtualTime


MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
ZERO = int(MIDNIGHT.timestamp())
STATES = {"done": "succeeded", "timeout": "failed", "replaced": "stopped"}
OVERLAPS = ("allow", "forbid", "queue", "replace")
BOUNDS = st.none() | st.integers(0, 40).map(lambda minutes: MIDNIGHT + timedelta(minutes=minutes))
QUIET = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@attrs.frozen
class Story:
    """
    Schedules, and what befalls them; all times are seconds.
    """

    specs: tuple
    lasts: dict
    moves: tuple
    most: int | None = None
    kills: tuple = ()


def spec(name="a", of="p", every="10m", overlap="allow", timeout=86_400, **policies):
    what = attrs.evolve(pipeline(overlap=overlap, timeout=timeout), name=of)
    return sk.ScheduleSpec(name, what, sk.Every(every, MIDNIGHT), **policies)


class Told(VirtualTime):
    """
    The virtual clock, of this project and stack, with a server that may be down.
    """

    def __init__(self, story):
        desk = Desk(map(Rule.of, story.specs), ZERO, most=story.most, seed="demo/dev")
        super().__init__(story.specs, story.lasts, desk, ZERO)

    def down(self, length):
        """
        Runs go on and end, and nobody decides.
        """
        stop = self._now + int(length.total_seconds())
        for at, due in sorted(self._ends):
            if at <= stop:
                self._now = at
                self._end(due)
        self._ends = [each for each in self._ends if each[0] > stop]
        self._now = stop
        self._live()


def told(story):
    clock = Told(story)
    calls = {"on": clock.advance, "off": clock.off, "down": clock.down, "kill": clock.advance}
    for kind, length in story.moves:
        calls[kind](timedelta(seconds=length))
    return sorted(
        (
            run.schedule,
            second(run.scheduled),
            second(run.started),
            None if run.state == "lost" else second(run.ended),
            STATES.get(run.state, run.state),
            run.reason,
        )
        for run in clock.runs
    )


def second(instant):
    return -1 if instant is None else int(instant.timestamp()) - ZERO


def relative(at):
    return -1 if at is None else at - ZERO


def lived(story, empty, monkeypatch):
    """
    What stands in the ledger at the end of a story.
    """
    more = {"most": story.most, "kills": list(story.kills), "lasts": story.lasts}
    with serve_stage.staged(empty, monkeypatch, story.specs, ZERO, **more) as stage:
        stage.play(story.moves)
        return sorted(map(_told_of, (run for run in stage.runs() if run.state != "waiting")))


def _told_of(run):
    ended = {"missed": -1, "lost": None}.get(run.state, relative(run.ended))
    reason = run.reason if run.state == "missed" else ""
    began = relative(run.started)
    return run.schedule, relative(run.scheduled), began, ended, run.state, reason


@st.composite
def whens(draw):
    step = draw(st.sampled_from([1, 2, 3, 5, 7]))
    phase = MIDNIGHT + timedelta(seconds=draw(st.sampled_from([0, 20, 119])))
    return draw(st.sampled_from([sk.Cron(f"*/{step} * * * *"), sk.Every(f"{step}m", phase)]))


@st.composite
def schedules(draw, name, pipelines):
    start, end = draw(BOUNDS), draw(BOUNDS)
    catch_up = st.builds(
        sk.CatchUp, st.sampled_from(["latest", "all"]), st.sampled_from([60, 400, 1_500])
    )
    return sk.ScheduleSpec(
        name,
        draw(st.sampled_from(pipelines)),
        draw(whens()),
        jitter=draw(st.sampled_from([0, 0, 30, 240])),
        starting_deadline=draw(st.sampled_from([1, 45, 60, 300])),
        catch_up=draw(st.just(sk.CatchUp()) | catch_up),
        start=start,
        end=end if start is None or end is None or end > start else None,
        paused=draw(st.sampled_from([False] * 9 + [True])),
    )


@st.composite
def stories(draw, kinds):
    """
    Up to three schedules of up to two pipelines, for up to 40 minutes.
    """
    timeouts = st.just(86_400) | st.sampled_from([30, 200])
    pipelines = [
        attrs.evolve(
            pipeline(overlap=draw(st.sampled_from(OVERLAPS)), timeout=draw(timeouts)), name=name
        )
        for name in ("p", "q")
    ]
    names = draw(st.sampled_from(["a", "ab", "abc"]))
    specs = [draw(schedules(name, pipelines)) for name in names]
    moves = st.tuples(st.sampled_from(kinds), st.integers(0, 600))
    return Story(
        tuple(specs),
        {
            name: draw(st.sampled_from([0, 1, 59, 60, 130, 299, 700]))
            for name in sorted({one.pipeline.name for one in specs})
        },
        tuple(draw(st.lists(moves, min_size=1, max_size=4))),
        draw(st.sampled_from([None, None, 1, 2])),
    )


KILLS = (("on", 77), ("kill", 45)) * 8
TURNED = [
    # jitter turns the order round: what is decided stands behind what is not
    Story((spec(every="1m", jitter="4m", overlap=overlap),), {"p": 150}, KILLS)
    for overlap in OVERLAPS
]
QUEUED = Story(
    # who waits keeps the place in the queue
    (
        spec("a", "q", "1m", "queue", starting_deadline=1),
        spec("b", "q", "1m", "queue", starting_deadline=60),
    ),
    {"q": 1},
    (("down", 300), ("down", 1)),
)


@pytest.mark.parametrize("story", [*TURNED, QUEUED], ids=[*OVERLAPS, "queued"])
def test_begun_again(story, empty, monkeypatch):
    """
    A server that is replaced while jitter holds a run back, or runs wait, goes on where it was.
    """
    assert told(story) == lived(story, empty, monkeypatch)


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_the_dead_are_buried_first(overlap, empty, monkeypatch):
    """
    A run that the machine took along is lost, whatever replaces it, and the one that is caught up
    with waits for its room even where ending what is left of the first takes longer than a second.
    """
    one = spec(overlap=overlap, starting_deadline=1, catch_up=sk.CatchUp("latest", "1h"))
    more = {"lasts": {"p": 100}, "mourning": 3}
    with serve_stage.staged(empty, monkeypatch, [one], ZERO, **more) as stage:
        stage.play([("on", 60), ("off", 900), ("on", 300)])
        found = [(run.scheduled - ZERO, run.started - ZERO, run.state) for run in stage.runs()]
    assert [(0, 0.0, "lost"), (600, 963.0, "succeeded"), (1_200, 1_200.0, "running")] == found


@QUIET
@given(story=stories(["on", "on", "off"]))
def test_as_the_virtual_clock_tells(story, empty, monkeypatch):
    """
    Runs, instants, states and reasons are those of `virtual_time`, also after the machine was off.
    """
    assert told(story) == lived(story, empty, monkeypatch)


@QUIET
@given(story=stories(["on", "on", "down", "off"]))
def test_down(story, empty, monkeypatch):
    """
    Runs that go on while the server is down are adopted, and their ends found.
    """
    assert told(story) == lived(story, empty, monkeypatch)


@QUIET
@given(
    story=stories(["on", "on", "kill", "down", "off"]),
    kills=st.lists(st.integers(0, 60), min_size=1, max_size=12),
)
def test_killed_at_any_moment(story, kills, empty, monkeypatch):
    """
    A server that is killed anywhere, and begun again in the same second, changes nothing.
    """
    lasts = {name: max(1, seconds) for name, seconds in story.lasts.items()}
    replaces = any(each.pipeline.overlap == "replace" for each in story.specs)
    most = None if replaces else story.most
    moves = (*story.moves, ("on", 1))
    story = attrs.evolve(story, kills=tuple(kills), lasts=lasts, most=most, moves=moves)
    assert told(story) == lived(story, empty, monkeypatch)
