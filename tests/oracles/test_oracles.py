"""
Each oracle answers what was worked out by hand, and the way of asking survives what they do.
"""

from __future__ import annotations

import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from defects import told
from oracles import ORACLES
from runner import Broken, Lines, Question, Rejected


PARIS, YORK, CAIRO = "Europe/Paris", "America/New_York", "Africa/Cairo"
SKIP_BOTH = ("robfig",)  # nothing in a gap, both runs of an overlap
SKIP_ONE = ("quartz", "systemd")  # nothing in a gap
FIRST = ("systemd", "cronsim", "cron-parser", "croner")
ALL = ("robfig", "croniter", "cronsim", "cron-parser", "croner", "quartz", "systemd")
EVERY_REAL_HOUR = ("robfig", "croniter", "cronsim", "cron-parser", "croner")

CLOCKS = (  # who is right, cron, zone, from, runs
    (
        (*SKIP_BOTH, *SKIP_ONE),
        "30 2 * * *",
        PARIS,
        "2026-03-28",
        "2026-03-28T02:30+01 2026-03-30T02:30+02",
    ),
    (
        (*SKIP_BOTH, "croniter"),
        "30 2 * * *",
        PARIS,
        "2026-10-24",
        "2026-10-24T02:30+02 2026-10-25T02:30+02 2026-10-25T02:30+01 2026-10-26T02:30+01",
    ),
    (
        FIRST,
        "30 2 * * *",
        PARIS,
        "2026-10-24",
        "2026-10-24T02:30+02 2026-10-25T02:30+02 2026-10-26T02:30+01",
    ),
    (
        ("quartz",),
        "30 2 * * *",
        PARIS,
        "2026-10-24",
        "2026-10-24T02:30+02 2026-10-25T02:30+01 2026-10-26T02:30+01",
    ),
    (
        EVERY_REAL_HOUR,
        "30 * * * *",
        PARIS,
        "2026-10-25T01:00",
        "2026-10-25T01:30+02 2026-10-25T02:30+02 2026-10-25T02:30+01 2026-10-25T03:30+01",
    ),
    (
        (*SKIP_BOTH, *SKIP_ONE, "cronsim", "croner"),
        "0 */2 * * *",
        PARIS,
        "2026-03-29",
        "2026-03-29T00:00+01 2026-03-29T04:00+02",
    ),
    (
        (*SKIP_BOTH, *SKIP_ONE),
        "30 2 * * *",
        YORK,
        "2026-03-07",
        "2026-03-07T02:30-05 2026-03-09T02:30-04",
    ),
    (
        (*SKIP_BOTH, "croniter"),
        "30 1 * * *",
        YORK,
        "2026-11-01",
        "2026-11-01T01:30-04 2026-11-01T01:30-05",
    ),
    (
        (*SKIP_BOTH, *SKIP_ONE),
        "0 0 * * *",
        CAIRO,
        "2026-04-23",
        "2026-04-23T00:00+02 2026-04-25T00:00+03",
    ),
    (
        (*SKIP_BOTH, "croniter"),
        "45 1 * * *",
        "Australia/Lord_Howe",
        "2026-04-05",
        "2026-04-05T01:45+11 2026-04-05T01:45+10:30",
    ),
    (
        (*SKIP_BOTH, "croniter"),
        "30 1 * * *",
        "Antarctica/Troll",
        "2026-10-25",
        "2026-10-25T01:30+02 2026-10-25T01:30Z",
    ),
    (
        ("robfig", "quartz", "systemd", "cron-parser", "croner"),
        "0 9 * * *",
        "Pacific/Apia",
        "2011-12-29",
        "2011-12-29T09:00-10 2011-12-31T09:00+14",
    ),
    (ALL, "0 9 * * *", PARIS, "2026-03-28", "2026-03-28T09:00+01 2026-03-29T09:00+02"),
    (
        (*SKIP_BOTH, *SKIP_ONE, "cronsim", "croner"),
        "0 */2 * * *",
        YORK,
        "2026-03-08",
        "2026-03-08T00:00-05 2026-03-08T04:00-04",
    ),
)

ODD_DAYS = (*range(1, 32, 2),)
SUN_TO_SAT = (1, 3, 4, 6, 8, 10, 11, 13, 15, 17, 18, 20, 22, 24, 25, 27, 29, 31)
MON_WED_FRI = (2, 5, 7, 9, 12, 14, 16, 19, 21, 23, 26, 28, 30)
SUN_WED_SAT = (3, 4, 7, 10, 11, 14, 17, 18, 21, 24, 25, 28, 31)
SUNDAYS = (4, 11, 18, 25)
WORKDAYS = (1, 2, *range(5, 10), *range(12, 17), *range(19, 24), *range(26, 31))
EVERY_DAY = (*range(1, 32),)

# What Unix cron means, and what peers made of it: Amazon's text, its days in January 2026.
AMAZON = (
    ("A1", "cron(0 0 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * ? *)", ODD_DAYS),
    ("A1 Nitric", "cron(0 0 * * ? *)", EVERY_DAY),
    ("A2", "cron(0 9 ? * SUN,TUE,THU,SAT *)", SUN_TO_SAT),
    ("A3 Wing", "cron(0 9 ? * */3 *)", SUN_WED_SAT),
    ("A4", "cron(0 9 ? * MON,WED,FRI *)", MON_WED_FRI),
    ("A4 Nitric", "cron(0 9 ? * 2-6/3 *)", (1, 5, 8, 12, 15, 19, 22, 26, 29)),
    ("A5 Wing", "cron(0 9 ? * 3-6/2 *)", (1, 6, 8, 13, 15, 20, 22, 27, 29)),
    ("A6", "cron(0 9 ? * SUN,WED,SAT *)", SUN_WED_SAT),
    ("A6 Nitric and Wing", "cron(0 9 ? * 1-7/4 *)", (1, 4, 8, 11, 15, 18, 22, 25, 29)),
    ("A7 Nitric", "cron(0 9 ? * 2 *)", (5, 12, 19, 26)),
    ("A8", "cron(0 0 1,11,21,31 1,3,5,7,9,11 ? *)", (1, 11, 21, 31)),
    ("A8 Nitric", "cron(0 0 * */2 ? *)", EVERY_DAY),
    ("A9", "cron(0 0 1 * ? *)", (1,)),
    ("A10", "cron(0 0 ? * SUN *)", SUNDAYS),
    ("A14", "cron(0 9 ? * FRI,SAT,SUN *)", (2, 3, 4, 9, 10, 11, 16, 17, 18, 23, 24, 25, 30, 31)),
    ("A15", "cron(0 9 ? * MON,TUE *)", (5, 6, 12, 13, 19, 20, 26, 27)),
    ("A15 Wing", "cron(0 9 ? * 3-2 *)", EVERY_DAY),
    ("A16", "cron(0 9 ? * SUN,MON *)", (4, 5, 11, 12, 18, 19, 25, 26)),
    ("A16 Wing", "cron(0 9 ? * 2-1 *)", EVERY_DAY),
    ("A18", "cron(15 12 ? * SUN *)", SUNDAYS),
    ("A20", "cron(0 9 ? * MON-FRI *)", WORKDAYS),
    (
        "A20 copied",
        "cron(0 9 ? * 1-5 *)",
        (1, *(day for day in range(4, 30) if day % 7 not in (2, 3))),
    ),
)

AMAZON_REFUSES = (
    ("A11 Nitric", "cron(CRON_TZ=Europe/Paris 0 9 * ? 1 *)"),
    ("A13 Wing", "cron(0 9 ? * 8 *)"),
    ("A14 Wing", "cron(0 9 ? * 6-8 *)"),
    ("A17 Wing", "cron(0 0 1 * * *)"),
    ("A18 Wing", "cron(15 12 ? * -1 *)"),
)


def written(cron, name):
    """
    A daily cron as Quartz or systemd writes it.
    """
    minute, hour, *_ = cron.split()
    if name == "quartz":
        return f"0 {minute} {hour} * * ?"
    return f"*-*-* {hour.replace('*/', '0/')}:{minute}" if name == "systemd" else cron


def asked(oracle, name, text, zone, start, count):
    after = int(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp()) - 1
    return told(oracle(name).runs(text, zone, after, count), zone)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "row"), [(name, row) for row in CLOCKS for name in row[0]], ids=str
)
def test_changes_of_clocks(oracle, name, row):
    """
    Around a change of clocks, who is right gives the runs worked out by hand.
    """
    _, cron, zone, start, runs = row
    count = len(runs.split())
    assert runs == asked(oracle, name, written(cron, name), zone, start, count)


@pytest.mark.oracle
@pytest.mark.parametrize(("row", "text", "days"), AMAZON, ids=[row[0] for row in AMAZON])
def test_amazons_cron(oracle, row, text, days):
    """
    Quartz runs Amazon's text on the days of the table of wrong translations.
    """
    runs = oracle("quartz-aws").ask([Question(text, after=1_767_225_599, n=60)])[0]
    january = [run for run in runs if run < 1_769_904_000]
    assert list(days) == [(run - 1_767_225_600) // 86_400 + 1 for run in january]


@pytest.mark.oracle
@pytest.mark.parametrize(("row", "text"), AMAZON_REFUSES, ids=[row[0] for row in AMAZON_REFUSES])
def test_what_amazon_refuses(oracle, row, text):
    """
    Texts that peers wrote and Amazon refuses are refused by Quartz and by the grammar.
    """
    question = Question(text)
    assert isinstance(oracle("quartz-aws").ask([question])[0], Rejected)
    assert isinstance(oracle("aws-cron-expression-validator").ask([question])[0], Rejected)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ORACLES)
def test_many_questions_at_once(oracle, name):
    """
    A thousand questions to one process come back in order, one without sense among them.
    """
    texts = {
        "eventbridge": "cron({0} 9 * * ? *)",
        "quartz": "0 {0} 9 * * ?",
        "systemd": "*-*-* 9:{0}",
    }
    chosen = oracle(name)
    text = texts.get(chosen.dialect, "{0} 9 * * *")
    questions = [Question(text.format(number % 60), n=3) for number in range(1_000)]
    questions[500] = Question(text.format("x"), n=3)
    answers = chosen.ask(questions)
    assert isinstance(answers.pop(500), Rejected | Broken)
    starts = [1_767_258_000 + 60 * (number % 60) for number in range(1_000) if number != 500]
    runs = [] if chosen.grammar_only else [0, 86_400, 172_800]
    assert [[start + run for run in runs] for start in starts] == answers


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["robfig", "quartz", "systemd", "croniter", "croner"])
def test_unknown_zone(oracle, name):
    """
    A zone nobody knows is refused, and never taken for UTC.
    """
    text = {"quartz": "0 0 9 * * ?", "systemd": "*-*-* 9:00"}.get(name, "0 9 * * *")
    answer = oracle(name).runs(text, "Europe/Atlantis", 0, 1)
    assert isinstance(answer, Rejected | Broken)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ORACLES)
def test_version(oracle, name):
    """
    Each tells its version and that of its time zones.
    """
    version, zones = oracle(name).version().split()
    assert version[0].isdecimal()
    assert zones.startswith("20")


@pytest.mark.oracle
def test_an_oracle_that_hangs_is_asked_on(oracle):
    """
    After an endless search the next question gets its answer.
    """
    endless = Question("0 9 31 * *", "Pacific/Apia", 1_325_200_000, 1)
    plain = Question("0 9 * * *", after=0, n=1)
    assert [[32_400], Broken("no end"), [32_400]] == oracle("robfig").ask([plain, endless, plain])


def scripted(body):
    return Lines(
        name="script",
        dialect="cron",
        command=lambda: [sys.executable, "-c", f"import sys\nfor line in sys.stdin:\n    {body}"],
        needs=lambda: True,
    )


def test_an_oracle_that_dies_is_started_again():
    """
    A question that kills the process is broken; those behind it are put to a new one.
    """
    body = "('die' in line) and sys.exit(); print('{\"runs\": [7]}', flush=True)"
    with scripted(body) as script:
        answers = script.ask([Question("live"), Question("die"), Question("live")])
    assert [[7], Broken("crashed"), [7]] == answers
    assert script._process is None


def test_an_oracle_that_says_nothing_has_no_end(monkeypatch):
    """
    Who gives no answer in time is ended.
    """
    monkeypatch.setattr("runner.PATIENCE", 0.2)
    with scripted("pass") as script:
        assert Broken("no end") == script.runs("text", "UTC", 0, 1)
        assert script._process is None


@pytest.mark.parametrize(
    ("name", "question", "message"),
    [
        ("robfig", Question("* * * * *", n=0), "n 0: ask for one run or more"),
        ("pyawscron", Question("cron(* * * * ? *)", PARIS), "pyawscron knows UTC only"),
        (
            "quartz-aws",
            Question("rate(1 day)"),
            r"'rate\(1 day\)': only cron\(...\) has an oracle",
        ),
    ],
)
def test_questions_without_sense(name, question, message):
    """
    A question that an oracle cannot be asked raises, and is no answer of the oracle.
    """
    with pytest.raises(ValueError, match=message):
        ORACLES[name].ask([question])


def test_missing_tool(monkeypatch):
    """
    Who lacks a program says which.
    """
    monkeypatch.setenv("PATH", "")
    assert "not on the PATH: java" == ORACLES["quartz"].missing()
    assert "not on the PATH: systemd-analyze" == ORACLES["systemd"].missing()


def test_not_installed():
    """
    Who is not installed says how to install it, and does not start.
    """
    script = scripted("pass")
    script.needs = lambda: False
    assert "not installed: `nox -s oracles` installs it" == script.missing()
    with pytest.raises(RuntimeError, match="script: not installed"):
        script.start()
