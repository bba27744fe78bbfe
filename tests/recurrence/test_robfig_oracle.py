"""
Our reading of robfig/cron against the real thing, near the offset changes of every zone it is
known to get wrong.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import subprocess
import zoneinfo
from pathlib import Path

import pytest

from schedkit.exceptions import CronSyntaxError
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.robfig import ROBFIG
from schedkit.recurrence.dialects.robfig_parse import delay, fields
from schedkit.recurrence.zones import Zone


SOURCE = Path(__file__).parents[1] / "oracles" / "robfig"
CASES = 24_000
RUNS = 4
START, STOP = 1_767_225_600, 1_924_992_000  # 2026 to 2030
RISKY = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/Nuuk",
    "America/Santiago",
    "America/Scoresbysund",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Chile/EasterIsland",
    "Pacific/Chatham",
)
ORDINARY = (
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Australia/Adelaide",
    "Etc/UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Norfolk",
)
PAST = (  # zone, an instant near an odd change of the past
    ("America/Sao_Paulo", 1_541_300_400),
    ("Asia/Amman", 1_616_709_600),
    ("Asia/Pyongyang", 1_525_446_000),
    ("Pacific/Apia", 1_333_200_000),
    ("Asia/Tehran", 1_648_000_000),
)
TOKENS = (
    "0 1 5 7 12 29 30 31 59 60 * ? / - , + jan MON sun * */2 1-5 FRI-SUN @daily"
    " @every 90s TZ= L # W \t \u00a0"
)


def _data() -> str:
    """
    The folder of time zone data that `zoneinfo` reads, so that both sides read the same.
    """
    for folder in zoneinfo.TZPATH:
        if (Path(folder) / "Europe" / "London").is_file():
            return str(folder)
    origin = importlib.util.find_spec("tzdata").origin
    return str(Path(origin).parent / "zoneinfo")


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """
    Put questions to the real robfig.
    """
    if not shutil.which("go"):
        pytest.skip(
            "Go is missing: install it from https://go.dev/dl to compare with robfig itself"
        )
    program = tmp_path_factory.mktemp("robfig") / "oracle"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=SOURCE, check=True)

    def answers(questions):
        lines = "\n".join(map(json.dumps, questions)) + "\n"
        env = {**os.environ, "ZONEINFO": _data()}
        done = subprocess.run(
            [str(program)], input=lines, capture_output=True, text=True, check=True, env=env
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return answers


def _number(chance: random.Random, low: int, high: int) -> str:
    kind = chance.randrange(8)
    one, two = sorted(chance.sample(range(low, high + 1), 2))
    shapes = ("*", "*", f"{one}", f"{one}", f"{one},{two}", f"{one}-{two}", f"*/{one + 1}", "?")
    return f"{one}/{two}" if kind == 7 and chance.random() < 0.5 else shapes[kind]


def _cron(chance: random.Random) -> str:
    minute = chance.choice(("0", "15", "30", "45", "50", _number(chance, 0, 59)))
    hour = chance.choice((str(chance.randrange(5)), _number(chance, 0, 23)))
    day = chance.choice(("*", "*", _number(chance, 1, 31)))
    month = chance.choice(("*", "*", "*", _number(chance, 1, 12)))
    weekday = chance.choice(("*", "*", _number(chance, 0, 6)))
    return f"{minute} {hour} {day} {month} {weekday}"


def _questions(chance: random.Random):
    for _ in range(CASES):
        zone = chance.choice(RISKY if chance.random() < 0.75 else ORDINARY)
        changes = Zone.of(zone).changes(START, STOP)
        near = chance.choice(changes).epoch if changes else chance.randrange(START, STOP)
        if chance.random() < 0.04:
            zone, near = chance.choice(PAST)
        reach = chance.choice((7_200, 86_400, 3 * 86_400, 40 * 86_400))
        after = near + chance.randint(-reach, reach)
        if chance.random() < 0.5:
            after -= after % 60 + chance.choice((0, 1))
        yield {"text": _cron(chance), "zone": zone, "after": after, "n": RUNS}


def _runs(question) -> list[int]:
    reader, found = ROBFIG.readers(Native(question["text"], question["zone"]))[0], []
    after = question["after"]
    while len(found) < RUNS and (after := reader.next(after)) is not None:
        found.append(after)
    return found


@pytest.mark.go
def test_same_runs_as_the_real_search(ask):
    """
    Each of 24 000 searches near offset changes gives the four runs that robfig gives, the wrong
    ones too.
    """
    questions = list(_questions(random.Random(2026)))
    differing = [
        (question, answer.get("runs", []), _runs(question))
        for question, answer in zip(questions, ask(questions), strict=True)
        if answer.get("runs", []) != _runs(question)
    ]
    assert [] == differing


@pytest.mark.go
def test_same_chain_as_the_real_clock(ask):
    """
    `fires`, which leaps over the rest of a day, yields what searching from run to run yields.
    """
    questions = [{**question, "n": 60} for question in _questions(random.Random(7))][:6_000]
    for question, answer in zip(questions, ask(questions), strict=True):
        runs = answer.get("runs", [])
        stop = question["after"] + 6 * 86_400
        rising = []
        for run in runs:
            if run <= (rising[-1] if rising else question["after"]):
                break
            rising.append(run)
        expected = [run for run in rising if run < stop]
        native = Native(question["text"], question["zone"])
        actual = list(ROBFIG.fires(native, question["after"] + 1, stop))
        assert expected == actual[: len(expected)], question
        assert len(expected) == 60 or expected == actual, question


@pytest.mark.go
def test_a_search_that_never_ends_is_never(ask):
    """
    Where the real search hangs (Samoa's missing day), ours answers None.
    """
    question = {"text": "0 9 31 * *", "zone": "Pacific/Apia", "after": 1_325_000_000, "n": 1}
    assert [{"endless": True}] == ask([question])
    assert [] == _runs(question)


@pytest.mark.go
def test_accepts_what_the_real_parser_accepts(ask):
    """
    Random texts are taken or refused as robfig does, with the same bit masks.
    """
    chance, tokens = random.Random(3), TOKENS.split(" ")
    texts = [_cron(chance) for _ in range(500)]
    for _ in range(6_000):
        parts = (
            "".join(chance.choices(tokens, k=chance.choice((1, 1, 1, 2, 3)))) for _ in range(5)
        )
        texts.append(" ".join(parts))
    texts += [
        "@every " + "".join(chance.choices(("1", ".", "5", "h", "m", "s", "ms", "-", "0"), k=4))
        for _ in range(2_000)
    ]
    texts += [
        "",
        " ",
        "@daily",
        "@Daily",
        "@daily ",
        "@reboot",
        "@every 0",
        "@every -3h",
        "@every 9223372037s",
    ]
    texts = [text for text in texts if "TZ" not in text]
    for text, answer in zip(texts, ask([{"text": text} for text in texts]), strict=True):
        assert _masks(answer) == _ours(text), text


def _masks(answer):
    if "error" in answer:
        return "refused"
    return answer.get("delay") or tuple(map(int, answer["fields"]))


def _ours(text: str):
    try:
        return delay(text) or fields(text)
    except CronSyntaxError:
        return "refused"
