"""
Which instants start a run, and which are missed: by cases, and against a simulator that steps
second by second through plain lists.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import schedkit as sk
from schedkit.due import Due, Miss, Rule, Start, Stop, Wait
from schedkit.exceptions import SpecError
from schedkit.starting import Desk
from schedkit.testing.examples import pipeline, schedule
from schedkit.testing.virtual import virtual_time


MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
ZERO = int(MIDNIGHT.timestamp())


def spec(name="a", of="p", every="10m", overlap="allow", timeout=86_400, when=None, **policies):
    what = attrs.evolve(pipeline(overlap=overlap, timeout=timeout), name=of)
    return sk.ScheduleSpec(name, what, when or sk.Every(every, MIDNIGHT), **policies)


def desk_of(specs, since, **more):
    return Desk(map(Rule.of, specs), since, **more)


def clock_text(instant):
    return "-" if instant is None else f"{instant:%H:%M:%S}".removesuffix(":00")


def told(clock):
    """
    `a 00:10 00:10-00:25 done`: schedule, instant, start and end of every run, in order.
    """
    return [
        f"{run.schedule} {clock_text(run.scheduled)} "
        f"{clock_text(run.started)}-{clock_text(run.ended).strip('-')} {run.state}"
        for run in clock.runs
    ]


def play(specs, moves, lasts=None, most=None):
    """
    Start just after midnight; `+1h` passes by, `-1h` with the machine off.
    """
    clock = virtual_time(MIDNIGHT + timedelta(seconds=1), specs, lasts=lasts, most=most)
    for move in moves.split():
        (clock.advance if move[0] == "+" else clock.off)(move[1:])
    return clock


ON_TIME = ["a 00:10 00:10-00:11 done", "a 00:20 00:20-00:21 done", "a 00:30 00:30-00:31 done"]
CASES = {
    # overlap
    "runs that end before the next do not meet": (
        [spec(overlap="forbid")],
        {},
        "+35m",
        ON_TIME,
    ),
    "allow lets both run": (
        [spec()],
        {"p": "15m"},
        "+35m",
        ["a 00:10 00:10-00:25 done", "a 00:20 00:20-00:35 done", "a 00:30 00:30- running"],
    ),
    "forbid starts the later one when there is room within its deadline": (
        [spec(overlap="forbid")],
        {"p": "13m"},
        "+25m",
        ["a 00:10 00:10-00:23 done", "a 00:20 00:23- running"],
    ),
    "forbid starts in the last second of the deadline": (
        [spec(overlap="forbid", starting_deadline="3m")],
        {"p": "13m"},
        "+25m",
        ["a 00:10 00:10-00:23 done", "a 00:20 00:23- running"],
    ),
    "forbid misses the later one a second after its deadline": (
        [spec(overlap="forbid", starting_deadline="2m59s")],
        {"p": "13m"},
        "+35m",
        ["a 00:10 00:10-00:23 done", "a 00:20 -- missed", "a 00:30 00:30- running"],
    ),
    "replace ends the earlier one": (
        [spec(overlap="replace")],
        {"p": "15m"},
        "+35m",
        ["a 00:10 00:10-00:20 replaced", "a 00:20 00:20-00:30 replaced", "a 00:30 00:30- running"],
    ),
    "replace lets the latest of several that are caught up with run": (
        [spec(overlap="replace", catch_up=sk.CatchUp("all", "1h"))],
        {},
        "-37m +1m",
        ["a 00:10 -- missed", "a 00:20 -- missed", "a 00:30 00:37:01-00:38:01 done"],
    ),
    "queue starts all, however late": (
        [spec(overlap="queue", starting_deadline=1)],
        {"p": "17m"},
        "+50m",
        ["a 00:10 00:10-00:27 done", "a 00:20 00:27-00:44 done", "a 00:30 00:44- running"],
    ),
    "a run that ends when the next is due makes room for it": (
        [spec(overlap="forbid", starting_deadline=1)],
        {"p": "10m"},
        "+25m",
        ["a 00:10 00:10-00:20 done", "a 00:20 00:20- running"],
    ),
    "replace leaves a run alone that ends as the next is due": (
        [spec(overlap="replace")],
        {"p": "10m"},
        "+25m",
        ["a 00:10 00:10-00:20 done", "a 00:20 00:20- running"],
    ),
    # several schedules of one pipeline
    "of a tie under forbid the first by name starts": (
        [spec("b", overlap="forbid"), spec("a", overlap="forbid")],
        {"p": "6m"},
        "+17m",
        ["a 00:10 00:10-00:16 done", "b 00:10 -- missed"],
    ),
    "of a tie under replace the last by name starts, and nothing before it": (
        [spec("b", overlap="replace"), spec("a", overlap="replace")],
        {},
        "+12m",
        ["a 00:10 -- missed", "b 00:10 00:10-00:11 done"],
    ),
    "of a tie under queue the first by name starts first": (
        [spec("b", overlap="queue"), spec("a", overlap="queue")],
        {},
        "+12m",
        ["a 00:10 00:10-00:11 done", "b 00:10 00:11-00:12 done"],
    ),
    "pipelines do not wait for each other": (
        [spec("a", overlap="forbid"), spec("b", of="q", overlap="forbid")],
        {"p": "6m"},
        "+15m",
        ["a 00:10 00:10- running", "b 00:10 00:10-00:11 done"],
    ),
    # late and missed
    "a run as late as its deadline starts": (
        [spec(every="20m")],
        {},
        "-24m59s +1m",
        ["a 00:20 00:25-00:26 done"],
    ),
    "a run later than its deadline is missed": (
        [spec(every="20m")],
        {},
        "-25m +1m",
        ["a 00:20 -- missed"],
    ),
    "latest catches up with one": (
        [spec(catch_up=sk.CatchUp("latest", "1h"))],
        {},
        "-37m +1m",
        ["a 00:10 -- missed", "a 00:20 -- missed", "a 00:30 00:37:01-00:38:01 done"],
    ),
    "latest is the latest of those missed, beside a run that is on time": (
        [spec(catch_up=sk.CatchUp("latest", "1h"))],
        {},
        "-31m +2m",
        [
            "a 00:10 -- missed",
            "a 00:20 00:31:01-00:32:01 done",
            "a 00:30 00:31:01-00:32:01 done",
        ],
    ),
    "all catches up within the window, oldest first": (
        [spec(catch_up=sk.CatchUp("all", "20m"), overlap="queue")],
        {},
        "-37m +2m",
        ["a 00:10 -- missed", "a 00:20 00:37:01-00:38:01 done", "a 00:30 00:38:01-00:39:01 done"],
    ),
    "a window shorter than the deadline brings nothing back": (
        [spec(every="20m", catch_up=sk.CatchUp("all", "1m"))],
        {},
        "-26m +1m",
        ["a 00:20 -- missed"],
    ),
    "forbid starts the oldest that is caught up with, and the rest have no room": (
        [spec(catch_up=sk.CatchUp("all", "1h"), overlap="forbid")],
        {},
        "-37m +1m",
        ["a 00:10 00:37:01-00:38:01 done", "a 00:20 -- missed", "a 00:30 -- missed"],
    ),
    "what waited for room when the machine went off is missed by its deadline": (
        [spec(overlap="forbid")],
        {"p": "1h"},
        "+21m -8m",
        ["a 00:10 00:10-00:21:01 lost", "a 00:20 -- missed"],
    ),
    "what queued when the machine went off starts when it is on": (
        [spec(overlap="queue")],
        {"p": "1h"},
        "+21m -8m",
        ["a 00:10 00:10-00:21:01 lost", "a 00:20 00:29:01- running"],
    ),
    # how many at a time
    "with room for one, who waits longest starts": (
        [spec("a", of="p"), spec("b", of="q"), spec("c", of="r")],
        {"p": "2m", "q": "2m"},
        "+16m",
        ["a 00:10 00:10-00:12 done", "b 00:10 00:12-00:14 done", "c 00:10 00:14-00:15 done"],
        1,
    ),
    "the second of a queue waits behind the first of another": (
        [spec("a", overlap="queue"), spec("b", of="q"), spec("c", overlap="queue")],
        {},
        "+14m",
        ["a 00:10 00:10-00:11 done", "b 00:10 00:11-00:12 done", "c 00:10 00:12-00:13 done"],
        1,
    ),
    "without room a run is missed, whatever its overlap": (
        [spec("a", of="p"), spec("b", of="q", starting_deadline="1m")],
        {"p": "2m"},
        "+13m",
        ["a 00:10 00:10-00:12 done", "b 00:10 -- missed"],
        1,
    ),
    "a run that waits for room is replaced": (
        [spec("a", of="p"), spec("b", of="q", every="5m", overlap="replace")],
        {"p": "9m"},
        "+21m",
        [
            "b 00:05 00:05-00:06 done",
            "a 00:10 00:10-00:19 done",
            "b 00:10 -- missed",
            "b 00:15 00:19-00:20 done",
            "a 00:20 00:20- running",
        ],
        1,
    ),
    "a pipeline that is busy does not stand in the way of others": (
        [spec("a", overlap="queue"), spec("b", overlap="queue"), spec("c", of="q")],
        {"p": "3m"},
        "+17m",
        ["a 00:10 00:10-00:13 done", "c 00:10 00:10-00:11 done", "b 00:10 00:13-00:16 done"],
        2,
    ),
    # when
    "start is the first instant, end is none": (
        [spec(start=MIDNIGHT + timedelta(minutes=20), end=MIDNIGHT + timedelta(minutes=30))],
        {},
        "+1h",
        ["a 00:20 00:20-00:21 done"],
    ),
    "a start in the past brings nothing of it back": (
        [spec(start=MIDNIGHT - timedelta(hours=5))],
        {},
        "+12m",
        ["a 00:10 00:10-00:11 done"],
    ),
    "a window in the schedule and one around it both hold": (
        [
            attrs.evolve(
                spec(start=MIDNIGHT + timedelta(minutes=20)),
                when=sk.Window(sk.Every("10m", MIDNIGHT), end=MIDNIGHT + timedelta(minutes=30)),
            )
        ],
        {},
        "+1h",
        ["a 00:20 00:20-00:21 done"],
    ),
    "paused is neither run nor missed": ([spec(paused=True)], {}, "+1h -1h", []),
    "a single instant": (
        [schedule(sk.Once(MIDNIGHT + timedelta(minutes=5)))],
        {},
        "+24h",
        ["nightly 00:05 00:05-00:06 done"],
    ),
    "jitter delays each run by its own": (
        [spec(jitter="9m")],
        {},
        "+40m",
        [
            "a 00:10 00:13:54-00:14:54 done",
            "a 00:20 00:22:14-00:23:14 done",
            "a 00:30 00:38:55-00:39:55 done",
        ],
    ),
    "jitter may turn the order round": (
        [spec(jitter="30m", overlap="queue")],
        {},
        "+40m",
        ["a 00:20 00:27:40-00:28:40 done", "a 00:10 00:34:52-00:35:52 done"],
    ),
    "lateness counts from the jittered instant": (
        [spec(jitter="9m", starting_deadline="1m")],
        {},
        "-14m +2m",
        ["a 00:10 00:14:01-00:15:01 done"],
    ),
    # how long
    "a run of no time": (
        [spec(overlap="forbid"), spec("b", overlap="forbid")],
        {"p": "0s"},
        "+10m",
        ["a 00:10 00:10-00:10 done", "b 00:10 00:10-00:10 done"],
    ),
    "a run ends with its timeout": (
        [spec(timeout="2m")],
        {"p": "2m1s"},
        "+15m",
        ["a 00:10 00:10-00:12 timeout"],
    ),
    "a run may last as long as its timeout": (
        [spec(timeout="2m")],
        {"p": "2m"},
        "+15m",
        ["a 00:10 00:10-00:12 done"],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_cases(case):
    """
    What a table of small cases says.
    """
    specs, lasts, moves, expected, *most = case
    assert expected == told(play(specs, moves, lasts, *most))


REASONS = {
    "40m1s late, and its starting deadline is 5m": (spec(), "-50m"),
    "40m1s late, and runs are caught up with for 15m": (
        spec(catch_up=sk.CatchUp("all", "15m")),
        "-50m",
    ),
    "a later run was missed too, and the latest alone is caught up with": (
        spec(catch_up=sk.CatchUp("latest", "2h")),
        "-50m",
    ),
    "no room within its starting deadline of 1m": (
        spec(overlap="forbid", starting_deadline="1m"),
        "+30m",
    ),
    "another run replaced it before it could start": (
        spec(overlap="replace", catch_up=sk.CatchUp("all", "2h")),
        "-50m",
    ),
}


@pytest.mark.parametrize(("reason", "case"), REASONS.items(), ids=REASONS)
def test_reasons(reason, case):
    """
    Who is missed knows why.
    """
    one, moves = case
    missed = [run for run in play([one], moves, {"p": "1h"}).runs if run.state == "missed"]
    assert reason == missed[0].reason


def test_desk_of_nothing():
    """
    Nothing scheduled is nothing to wake for.
    """
    desk = desk_of([], ZERO)
    assert (None, [], []) == (desk.wakes(), desk.at(ZERO), desk.waiting)


def test_instants_since():
    """
    The first second counts, what was before does not.
    """
    due = Due(ZERO, "a", ZERO)
    assert [Start(due)] == desk_of([spec()], ZERO).at(ZERO)
    assert [] == desk_of([spec()], ZERO + 1).at(ZERO + 1)


def test_clock_set_back():
    """
    A clock that is set back starts nothing twice, and nothing early.
    """
    desk = desk_of([spec(overlap="forbid")], ZERO)
    first, second = Due(ZERO, "a", ZERO), Due(ZERO + 600, "a", ZERO + 600)
    assert [Start(first)] == desk.at(ZERO)
    assert [Wait(second)] == desk.at(ZERO + 600)
    assert [] == desk.at(ZERO - 3_600)
    assert [second] == desk.waiting
    desk.ended(first)
    assert [Start(second)] == desk.at(ZERO - 1_800)
    assert ([], [], {second: "p"}) == (desk.at(ZERO), desk.waiting, desk.running)


def test_stop_is_said_once():
    """
    Who is told to stop may take its time: it is not told again, and its room is not given away.
    """
    desk = desk_of([spec(overlap="replace")], ZERO)
    first, second, third = (Due(at, "a", at) for at in (ZERO, ZERO + 600, ZERO + 1_200))
    assert [Start(first)] == desk.at(ZERO)
    assert [Stop(first), Wait(second)] == desk.at(ZERO + 600)
    reason = "another run replaced it before it could start"
    assert [Miss(second, reason), Wait(third)] == desk.at(ZERO + 1_200)
    desk.ended(first)
    assert [Start(third)] == desk.at(ZERO + 1_201)
    fourth = Due(ZERO + 1_800, "a", ZERO + 1_800)
    assert [Stop(third), Wait(fourth)] == desk.at(ZERO + 1_800)
    assert {third} == desk._stopping


def test_stop_of_one_pipeline():
    """
    A run replaces one of its own pipeline, not of another.
    """
    desk = desk_of([spec(overlap="replace"), spec("b", of="q", every="1h")], ZERO)
    first = Due(ZERO, "a", ZERO)
    assert [Start(first), Start(Due(ZERO, "b", ZERO))] == desk.at(ZERO)
    second = Due(ZERO + 600, "a", ZERO + 600)
    assert [Stop(first), Wait(second)] == desk.at(ZERO + 600)


def test_wakes():
    """
    The desk wakes for the next instant, the end of a delay and the end of a deadline.
    """
    desk = desk_of([spec(overlap="forbid"), spec("b", overlap="forbid")], ZERO)
    assert ZERO == desk.wakes()
    desk.at(ZERO)
    assert ZERO + 301 == desk.wakes()
    (missed,) = desk.at(ZERO + 301)
    assert Due(ZERO, "b", ZERO) == missed.due
    assert ZERO + 600 == desk.wakes()
    late = desk_of([spec(jitter="9m")], ZERO)
    late.at(ZERO)
    assert ZERO + _jitter("a", ZERO, 540) == late.wakes()
    once = desk_of([schedule(sk.Once(MIDNIGHT))], ZERO)
    once.at(ZERO)
    assert once.wakes() is None


def test_ahead():
    """
    What comes soon, one run of each schedule, with the pipelines that have room for it.
    """
    late = sk.Once(MIDNIGHT + timedelta(seconds=40))
    one = spec("b", of="q", when=late, overlap="forbid")
    desk = desk_of([spec(every="1m"), spec("c", every="7s"), one], ZERO + 1)
    assert (["p"], ZERO + 40) == desk.ahead(ZERO + 7)
    assert (["p", "q"], ZERO + 60) == (sorted(desk.ahead(ZERO + 40)[0]), desk.ahead(ZERO + 40)[1])
    assert desk.has_room("q")
    desk.at(ZERO + 40)
    assert not desk.has_room("q")
    assert desk.has_room("p")
    assert ([], None) == desk_of([], ZERO).ahead(ZERO)


def test_ahead_with_jitter_and_limit():
    """
    Jitter counts, and so does the number of runs that may go on.
    """
    desk = desk_of([spec(jitter="5m")], ZERO + 1, most=1, seed="x")
    twin = desk_of([spec(jitter="5m")], ZERO + 1, seed="x")
    started = (each for at in range(ZERO, ZERO + 1_200) for each in twin.at(at))
    due = next(each.due for each in started if isinstance(each, Start))
    assert ([], due.at) == desk.ahead(due.at - 1)
    assert ["p"] == desk.ahead(due.at)[0]
    desk.at(due.at)
    assert not desk.has_room("p")


def test_long_sleep():
    """
    A year of missed instants is decided, each once.
    """
    desk = desk_of([spec(every="1h", catch_up=sk.CatchUp("all", "24h"))], ZERO)
    decisions = desk.at(ZERO + 8_760 * 3_600)
    assert [8_736, 25] == [sum(isinstance(each, k) for each in decisions) for k in (Miss, Start)]
    assert 8_761 == len({each.due for each in decisions})
    assert [] == desk.at(ZERO + 8_760 * 3_600)


def test_seed_draws_another_jitter():
    """
    Two places with schedules of one name do not start at one second.
    """
    once, starts = schedule(sk.Once(MIDNIGHT), jitter="10h"), set()
    for seed in ("", "shop-dev", "shop-prod"):
        desk = desk_of([once], ZERO, seed=seed)
        desk.at(ZERO)
        starts.add(desk.wakes())
    assert 3 == len(starts)
    assert all(ZERO <= at <= ZERO + 36_000 for at in starts)


def test_jitter_reaches_its_limit():
    """
    Every delay from none up to the limit is drawn, and none above it.
    """
    due = desk_of([spec(every="1m", jitter="4s", starting_deadline="2h")], ZERO).at(ZERO + 3_600)
    assert {0, 1, 2, 3, 4} == {each.due.at - each.due.scheduled for each in due}


def test_goes_on_behind_jitter():
    """
    A desk that goes on where another ended decides nothing twice of which jitter turned the order
    round, and what was asked for waits longer than a deadline.
    """
    held = spec(every="1m", jitter="4m", overlap="forbid", starting_deadline="5m")
    past = {"a": {ZERO + 60, ZERO + 180}}
    asked = Due(ZERO, "a", ZERO - 60)
    own = Due(ZERO, "a", ZERO - 120)
    more = {"running": {Due(ZERO, "@p", ZERO): "p"}, "waiting": {asked: "p", own: "p"}}
    desk = desk_of([held], {"a": ZERO}, asked={asked}, decided=past, **more)
    said = [each.due for each in desk.at(ZERO + 3_600) if isinstance(each, Miss)]
    assert own in said
    assert {ZERO, ZERO + 120, ZERO + 240} < {due.scheduled for due in said}
    assert set() == past["a"] & {due.scheduled for due in said}
    assert asked in desk.waiting


def test_waits_in_the_order_of_the_queue():
    """
    Who waits is told of in the order of the queue, which is that of what is due.
    """
    first = spec("a", every="1m", overlap="queue", starting_deadline=1)
    desk = desk_of([first, spec("b", every="1m", overlap="queue")], ZERO)
    desk.at(ZERO)
    told = [each.due for each in desk.at(ZERO + 120) if isinstance(each, Wait)]
    found = [(each.at - ZERO, each.schedule) for each in told]
    assert [(60, "b"), (120, "a"), (120, "b")] == found


REFUSALS = {
    "Schedule 'a': two have this name; rename one": ([spec(), spec(of="q")], None),
    "Pipeline 'p': two that differ have this name; rename one": (
        [spec(), spec("b", overlap="queue")],
        None,
    ),
    "most=0: is no count of runs; give 1 or more, or None": ([spec()], 0),
    "most=-1: is no count of runs; give 1 or more, or None": ([spec()], -1),
    "most=True: is no count of runs; give 1 or more, or None": ([spec()], True),
    "most=1.5: is no count of runs; give 1 or more, or None": ([spec()], 1.5),
    "most='2': is no count of runs; give 1 or more, or None": ([spec()], "2"),
}


@pytest.mark.parametrize(("sentence", "case"), REFUSALS.items(), ids=REFUSALS)
def test_refusals(sentence, case):
    """
    Names are unique, and `most` is a count.
    """
    specs, most = case
    with pytest.raises(SpecError) as error:
        desk_of(specs, ZERO, most=most)
    culprit, rest = sentence.split(": ", 1)
    told_of = (error.value.culprit, error.value.reason, error.value.cure)
    assert (SpecError, culprit, *rest.split("; ")) == (error.type, *told_of)
    assert sentence == str(error.value)


def test_who_is_not_running_cannot_end():
    """
    An end is heard once.
    """
    desk = desk_of([spec()], ZERO)
    desk.at(ZERO)
    desk.ended(Due(ZERO, "a", ZERO))
    with pytest.raises(KeyError):
        desk.ended(Due(ZERO, "a", ZERO))


# The same again, as plainly as can be.


@attrs.frozen
class Story:
    """
    Schedules, and what befalls them; all times are seconds.
    """

    specs: tuple
    lasts: dict
    moves: tuple
    most: int | None


def _jitter(name, scheduled, limit):
    drawn = int.from_bytes(sha256(f"/{name}/{scheduled}".encode()).digest()[:8], "big")
    return drawn % (limit + 1) if limit else 0


class Simulator:
    """
    Second by second, through lists that are searched from end to end.
    """

    def __init__(self, story):
        self.story, self.now = story, 0
        self.horizon = sum(length for _, length in story.moves)
        self.specs = {one.name: one for one in story.specs}
        self.coming = [self.item(*each) for each in self.instants()]
        self.waiting, self.running, self.over = [], [], []

    def instants(self):
        for one in self.story.specs:
            low = -1 if one.start is None else one.start.timestamp() - ZERO
            high = 1e9 if one.end is None else one.end.timestamp() - ZERO
            for second in range(self.horizon + 1):
                if self.fires(one.when, second) and low <= second < high and not one.paused:
                    yield one, second

    @staticmethod
    def fires(when, second):
        if isinstance(when, sk.Every):
            return (second - (when.anchor.timestamp() - ZERO)) % when.interval == 0
        step = int(when.text.split()[0].removeprefix("*/"))
        return second % 60 == 0 and second // 60 % 60 % step == 0

    @staticmethod
    def item(one, second):
        due = second + _jitter(one.name, ZERO + second, one.jitter)
        return {"name": one.name, "at": second, "due": due, "started": None, "ended": None}

    def overlap(self, item):
        return self.specs[item["name"]].pipeline.overlap

    def same(self, one, other):
        names = [self.specs[item["name"]].pipeline.name for item in (one, other)]
        return names[0] == names[1]

    def lasts(self, item):
        own = self.specs[item["name"]].pipeline
        return min(self.story.lasts[own.name], own.timeout)

    def close(self, item, state):
        for each in (self.coming, self.waiting, self.running):
            if item in each:
                each.remove(item)
        if item["started"] is not None:
            item["ended"] = self.now
        self.over.append({**item, "state": state})

    def play(self):
        self.second()
        for kind, length in self.story.moves:
            if kind == "off":
                for item in list(self.running):
                    self.close(item, "lost")
                self.now += length
                self.second()
            else:
                for _ in range(length):
                    self.now += 1
                    self.second()
        return [*self.over, *({**item, "state": "running"} for item in self.running)]

    def second(self):
        while True:
            self.end()
            self.expire()
            self.arrive()
            if not self.start():
                break

    def end(self):
        for item in list(self.running):
            if item["started"] + self.lasts(item) <= self.now:
                pipeline = self.specs[item["name"]].pipeline
                slow = self.story.lasts[pipeline.name] > pipeline.timeout
                self.close(item, "timeout" if slow else "done")

    def expire(self):
        for item in list(self.waiting):
            if self.overlap(item) in ("allow", "forbid") and item["until"] < self.now:
                self.close(item, "missed")

    def arrive(self):
        for item in sorted(self.due(), key=lambda i: (i["due"], i["name"], i["at"])):
            self.coming.remove(item)
            item["until"] = max(self.now, item["due"] + self.specs[item["name"]].starting_deadline)
            others = [*self.waiting, *self.running] if self.overlap(item) == "replace" else []
            for other in others:
                if self.same(item, other):
                    self.close(other, "missed" if other in self.waiting else "replaced")
            self.waiting.append(item)

    def due(self):
        due = [item for item in self.coming if item["due"] <= self.now]
        kept = []
        for name, one in self.specs.items():
            mine = sorted((i for i in due if i["name"] == name), key=lambda i: i["due"])
            late = [i for i in mine if self.now - i["due"] > one.starting_deadline]
            window = one.catch_up.window
            back = [i for i in late if window and self.now - i["due"] <= window]
            if one.catch_up.policy == "latest":
                back = [i for i in back if i is back[-1]]
            for item in mine:
                if item in late and item not in back:
                    self.close(item, "missed")
                else:
                    kept.append(item)
        return kept

    def start(self):
        found = False
        for item in sorted(self.waiting, key=lambda i: (i["due"], i["name"], i["at"])):
            busy = any(self.same(item, other) for other in self.running)
            full = self.story.most is not None and len(self.running) >= self.story.most
            if not full and (self.overlap(item) == "allow" or not busy):
                self.waiting.remove(item)
                item["started"] = self.now
                self.running.append(item)
                found = True
        return found


OVERLAPS = ("allow", "forbid", "queue", "replace")
BOUNDS = st.none() | st.integers(0, 40).map(lambda minutes: MIDNIGHT + timedelta(minutes=minutes))


@st.composite
def whens(draw):
    step = draw(st.sampled_from([1, 2, 3, 5, 7]))
    phase = MIDNIGHT + timedelta(seconds=draw(st.sampled_from([0, 20, 119])))
    return draw(st.sampled_from([sk.Cron(f"*/{step} * * * *"), sk.Every(f"{step}m", phase)]))


@st.composite
def stories(draw):
    """
    Up to three schedules of up to two pipelines, for up to 45 minutes.
    """
    pipelines = [
        attrs.evolve(
            pipeline(overlap=draw(st.sampled_from(OVERLAPS)), timeout=draw(timeouts)), name=name
        )
        for name in ("p", "q")
        for timeouts in [st.just(86_400) | st.sampled_from([30, 200])]
    ]
    catch_up = st.builds(
        sk.CatchUp, st.sampled_from(["latest", "all"]), st.sampled_from([60, 400, 1_500])
    )
    specs = []
    for name in draw(st.sampled_from(["a", "ab", "abc"])):
        start, end = draw(BOUNDS), draw(BOUNDS)
        specs.append(
            sk.ScheduleSpec(
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
        )
    used = {one.pipeline.name for one in specs}
    lengths = st.sampled_from([0, 1, 59, 60, 130, 299, 700])
    return Story(
        tuple(specs),
        {name: draw(lengths) for name in sorted(used)},
        tuple(
            draw(
                st.lists(
                    st.tuples(st.sampled_from(["on", "on", "off"]), st.integers(0, 600)),
                    min_size=1,
                    max_size=3,
                )
            )
        ),
        draw(st.sampled_from([None, None, 1, 2])),
    )


def lived(story):
    """
    The virtual clock's account of a story.
    """
    lasts = {name: timedelta(seconds=length) for name, length in story.lasts.items()}
    clock = virtual_time(MIDNIGHT, story.specs, lasts=lasts, most=story.most)
    for kind, length in story.moves:
        (clock.off if kind == "off" else clock.advance)(timedelta(seconds=length))
    return clock


def second(instant):
    return None if instant is None else int(instant.timestamp()) - ZERO


TIE = Story(
    tuple(spec(name, every="1m", overlap="replace") for name in "ab"),
    {"p": 0},
    (("on", 300), ("off", 90), ("on", 60)),
    1,
)


@settings(max_examples=120)
@given(stories())
@example(TIE)
def test_the_simulator_agrees(story):
    """
    Every instant starts, ends and is missed as in a simulator of plain lists.
    """
    fields = ("name", "at", "started", "ended", "state")
    expected = sorted(
        str(tuple(item[field] for field in fields)) for item in Simulator(story).play()
    )
    actual = [
        (run.schedule, second(run.scheduled), second(run.started), second(run.ended), run.state)
        for run in lived(story).runs
    ]
    assert expected == sorted(map(str, actual))


@settings(max_examples=60)
@given(stories())
def test_laws(story):
    """
    Every instant is decided once or waits; two runs meet under `allow` alone, and never more than
    `most`; a queue is served in order.
    """
    clock = lived(story)
    now = second(clock.now)
    desk = clock._desk
    delayed = [due for line in desk._lines.values() for due in line._delayed]
    decided = [(run.schedule, second(run.scheduled)) for run in clock.runs]
    known = sorted([*decided, *((d.schedule, d.scheduled - ZERO) for d in desk.waiting + delayed)])
    simulator = Simulator(story)
    assert sorted((one.name, at) for one, at in simulator.instants() if at <= now) == known
    specs = {one.name: one for one in story.specs}
    ran = [run for run in clock.runs if run.started]
    spans = [(run.started, run.ended or clock.now + timedelta(1), run.pipeline) for run in ran]
    for start, end, name in spans:
        meet = [other for s, e, other in spans if s <= start < e and start < end]
        assert story.most is None or len(meet) <= story.most
        overlap = next(o.pipeline.overlap for o in story.specs if o.pipeline.name == name)
        assert overlap == "allow" or meet.count(name) <= 1
        if overlap == "queue" and not any(one.jitter for one in story.specs):
            own = [run.scheduled for run in ran if run.pipeline == name]
            assert own == sorted(own) or any(specs[r.schedule].catch_up.window for r in ran)


@settings(max_examples=30)
@given(stories())
def test_looking_more_often_changes_nothing(story):
    """
    Who looks every seven seconds sees what a look at the right seconds sees.
    """
    clock, often = (
        lived(story),
        virtual_time(
            MIDNIGHT,
            story.specs,
            lasts={name: timedelta(seconds=length) for name, length in story.lasts.items()},
            most=story.most,
        ),
    )
    for kind, length in story.moves:
        if kind == "off":
            often.off(timedelta(seconds=length))
            continue
        for _ in range(length // 7):
            often.advance("7s")
            assert [] == often._desk.at(second(often.now) + ZERO)
        often.advance(timedelta(seconds=length % 7))
    assert clock.runs == often.runs
