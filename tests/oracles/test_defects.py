"""
The table of defects is true, and names all that the oracles disagree about.
"""

from __future__ import annotations

import random

import pytest
from defects import SPOILED, changes, same, spoiled, told, undisputed, vectors
from runner import Broken, Question, Rejected


ROWS = vectors()
SAFE_ZONES = (  # robfig is right in these
    "America/New_York",
    "America/St_Johns",
    "Asia/Tokyo",
    "Europe/Dublin",
    "Europe/Paris",
)
HALF_HOUR = "Australia/Lord_Howe"


@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.oracle} {row.text} {row.zone}")
def test_the_defect_is_there(row, oracle):
    """
    The pinned version still says what the table says; a row that fails was repaired upstream.
    """
    asked = oracle(row.oracle)
    answer = asked.ask([row.question()])[0]
    assert row.says == told(answer, row.zone, grammar=asked.grammar_only)


def test_each_row_is_a_defect():
    """
    No row calls right what the oracle says, and no two rows are the same question.
    """
    assert [] == [row for row in ROWS if row.says == row.right]
    assert len(ROWS) == len({(row.oracle, row.text, row.zone, row.start) for row in ROWS})


def test_each_rule_has_a_vector():
    """
    Each rule that spoils questions spoils a vector of the table that gives the same reason.
    """
    shown = {(row.oracle, row.why) for row in ROWS if spoiled(row.oracle, row.text)}
    rules = {(name, why) for name, rows in SPOILED.items() for _, why in rows}
    assert set() == rules - shown


def number(chance, low, high, star):
    first, last = sorted(chance.sample(range(low, high + 1), 2))
    listed = ",".join(map(str, sorted(chance.sample(range(low, high + 1), 3))))
    step = chance.randint(2, 9)
    shapes = (f"{first}", f"{first}-{last}", listed, f"*/{step}", f"{first}-{last}/{step}")
    return "*" if chance.random() < star else chance.choice(shapes)


def cron(chance):
    day, month = number(chance, 1, 31, 0.5), number(chance, 1, 12, 0.6)
    weekday = chance.choice(("*", "*", number(chance, 0, 6, 0), "MON-FRI", "sun,wed"))
    return f"{number(chance, 0, 59, 0.2)} {number(chance, 0, 23, 0.2)} {day} {month} {weekday}"


def aws(chance):
    day, weekday = chance.choice(("L", "L-2", "LW", "31W", number(chance, 1, 31, 0.2))), "?"
    if chance.random() < 0.5:
        day = "?"
        names = ",".join(chance.sample(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 3))
        shapes = (names, f"{chance.randint(1, 7)}L", f"{chance.randint(1, 7)}#2", "MON-FRI", "*")
        weekday = chance.choice(shapes)
    times = f"{number(chance, 0, 59, 0.2)} {number(chance, 0, 23, 0.2)}"
    return f"cron({times} {day} {number(chance, 1, 12, 0.6)} {weekday} *)"


def near_changes(chance, write, zones, count):
    for _ in range(count):
        zone = chance.choice(zones)
        epochs = [epoch for epoch, _ in changes(zone) if 1_767_225_600 < epoch]
        near = chance.choice(epochs) if epochs else chance.randrange(1_767_225_600, 1_924_992_000)
        yield Question(write(chance), zone, near + chance.randint(-259_200, 86_400), 25)


def disagreements(oracle, base, other, questions):
    first, second = oracle(base), oracle(other)
    questions = [ask for ask in questions if not spoiled(other, ask.text)]
    answers = zip(questions, first.ask(questions), second.ask(questions), strict=True)
    return len(questions), [row for row in answers if not same(*row[1:], row[0].zone)]


@pytest.mark.oracle
@pytest.mark.parametrize("other", ["croniter", "cronsim", "cron-parser", "croner"])
def test_readers_of_cron_agree(oracle, other):
    """
    Outside the table no reader of Unix cron differs from robfig, around changes of clocks too.
    """
    questions = list(near_changes(random.Random(4), cron, SAFE_ZONES, 400))
    asked, found = disagreements(oracle, "robfig", other, questions)
    assert asked > 300
    assert [] == found


@pytest.mark.oracle
@pytest.mark.parametrize("other", ["pyawscron", "aws-cron-parser"])
def test_readers_of_amazons_cron_agree(oracle, other):
    """
    Outside the table no reader of Amazon's cron differs from Quartz.
    """
    questions = list(near_changes(random.Random(5), aws, ["UTC"], 800))
    asked, found = disagreements(oracle, "quartz-aws", other, questions)
    assert asked > 300
    assert [] == found


@pytest.mark.oracle
def test_grammar_of_amazon_takes_what_quartz_takes(oracle):
    """
    The validator accepts each text that Quartz runs, outside the table.
    """
    validator = "aws-cron-expression-validator"
    questions = [Question(aws(random.Random(seed))) for seed in range(800)]
    kept = [ask for ask in questions if not spoiled(validator, ask.text) if "L-" not in ask.text]
    assert [[]] * len(kept) == oracle(validator).ask(kept)
    assert all(isinstance(runs, list) for runs in oracle("quartz-aws").ask(kept))
    assert len(kept) > 500


def test_changes_of_clocks():
    """
    Each change has its instant and its width, also one of half an hour and a missing day.
    """
    assert (1_774_746_000, 3_600) in changes("Europe/Paris")
    assert (1_775_314_800, -1_800) in changes(HALF_HOUR)
    assert (1_325_239_200, 86_400) in changes("Pacific/Apia")
    assert () == changes("Asia/Tokyo")


def test_undisputed_runs():
    """
    Both passes of an overlap and the hour after a gap, its ends included, are in dispute.
    """
    gap, overlap = 1_774_746_000, 1_792_890_000  # of 2026 in Paris
    runs = [gap - 1, gap, gap + 3_600, gap + 3_601]
    assert [gap - 1, gap + 3_601] == undisputed(runs, "Europe/Paris")
    runs = [overlap - 3_601, overlap - 3_600, overlap + 3_599, overlap + 3_600]
    assert [overlap - 3_601, overlap + 3_600] == undisputed(runs, "Europe/Paris")


def test_answers_are_the_same_as_far_as_both_go():
    """
    A run that one lost in dispute moves the end of its list; other differences count.
    """
    overlap, day = 1_792_890_000, 86_400
    both = [overlap - 1_800, overlap + 1_800, overlap + day]
    once = [overlap + 1_800, overlap + day, overlap + 2 * day]
    assert same(both, once, "Europe/Paris")
    assert not same(both, once, "UTC")
    assert not same([], both, "UTC")
    assert same(Rejected("one"), Rejected("other"), "UTC")
    assert not same(Rejected("one"), Broken("other"), "UTC")
