from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from brute_cover import Box, cells, fewest, may_not_meet, meet

from schedkit.exceptions import SpecError
from schedkit.recurrence import cover, grid
from schedkit.recurrence.cover import boxes
from schedkit.recurrence.dialects.fields import Days, rectangles


EVERY = {40: 2, 90: 2, 36: 3, 45: 3, 80: 3, 160: 3, 48: 4, 72: 5, 96: 5, 144: 5, 288: 5, 32: 8}
MONDAY, TUESDAY, FIRST = Days(weekdays=(1,)), Days(weekdays=(2,)), Days(days=(1,))
FULL = tuple(range(60))


def never(_one, _other):
    """
    A dialect without a word for two kinds of days.
    """


def at(*times):
    """
    The mask of times of the day like `9:05`.
    """
    clock = [time.split(":") for time in times]
    return sum(1 << 60 * int(hour) + int(minute) for hour, minute in clock)


def every(minutes):
    """
    The mask of a fixed rate.
    """
    return sum(1 << minute for minute in range(0, 1440, minutes))


def masked(found):
    """
    The minutes of the day of all boxes, and how many they are when each box counts its own.
    """
    times = [
        60 * hour + minute for minutes, hours, _ in found for hour in hours for minute in minutes
    ]
    return sum(1 << time for time in {*times}), len(times)


def random_target(random, *, compound=False):
    """
    Random rules on at most 4 minutes, 4 hours and 3 kinds of days, and the words of a dialect.
    """
    labels = "abc"[: random.randint(1, 3)]
    words = {frozenset(label) for label in labels}
    pairs = [frozenset(pair) for pair in combinations(labels, 2)]
    words |= {pair for pair in pairs if compound or random.random() < 0.6}
    if any(len(word) == 2 for word in words) and (compound or random.random() < 0.6):
        words.add(frozenset(labels))
    most = {1: 4, 2: 3, 3: 2}[len(labels)]  # brute force takes seconds for 4 x 4 x 3
    sizes = [random.randint(2, 4), random.randint(2, most)]
    random.shuffle(sizes)
    minutes, hours = random.sample(range(60), sizes[0]), random.sample(range(24), sizes[1])
    density = random.choice((0.3, 0.5, 0.8))
    days = sorted(words, key=sorted) if compound else [frozenset(label) for label in labels]
    rules = [
        (sum(1 << 60 * h + m for h in hours for m in minutes if random.random() < density), day)
        for day in days
    ]
    return rules, words


def target_of(rules):
    """
    What rules mean: (minute, hour, kind of day).
    """
    return {
        (time % 60, time // 60, label)
        for mask, days in rules
        for time in range(1440)
        if mask >> time & 1
        for label in days
    }


def joined(words):
    """
    The `either` of a dialect that has just these words.
    """
    return lambda one, other: one | other if one | other in words else None


def check(rules, words, *, disjoint, apart=False):
    """
    The boxes of rules, which say neither more nor less, and meet only where they may.
    """
    known = (lambda _one, _other: True) if apart else None
    found = boxes(rules, joined(words), disjoint=disjoint, apart=known)
    made = [Box(*box) for box in found]
    assert target_of(rules) == set().union(*map(cells, made))
    assert made == sorted(made, key=lambda box: (box.hours[0], box.minutes[0]))
    if disjoint:
        assert [] == [
            (one, other)
            for one, other in combinations(made, 2)
            if meet(one, other) and may_not_meet(one.days, other.days, words, apart=apart)
        ]
    return made


@pytest.mark.parametrize("part", range(20))
@pytest.mark.parametrize(
    ("disjoint", "apart"),
    [(True, False), (True, True), (False, False)],
    ids=["one", "apart", "any"],
)
def test_fewest(part, disjoint, apart):
    """
    Boxes are as few as brute force finds: 2 000 targets, 100 in each part.
    """
    for seed in range(100 * part, 100 * part + 100):
        rules, words = random_target(Random(seed))
        made = check(rules, words, disjoint=disjoint, apart=apart)
        truth = fewest(target_of(rules), words, disjoint=disjoint, apart=apart)
        assert (seed, truth) == (seed, len(made))


@pytest.mark.parametrize("disjoint", [True, False])
def test_days_that_contain_days(disjoint):
    """
    Rules on days that contain those of another rule are said neither twice nor by half.
    """
    for seed in range(300):
        rules, words = random_target(Random(seed), compound=True)
        check(rules, words, disjoint=disjoint)


@pytest.mark.parametrize(("minutes", "count"), EVERY.items())
@pytest.mark.parametrize("disjoint", [True, False])
def test_fixed_rates(minutes, count, disjoint):
    """
    The known splits of fixed rates are kept, and no fewer are possible: their rank is as high.
    """
    mask = every(minutes)
    found = boxes([(mask, "*")], never, disjoint=disjoint)
    assert (count, (mask, 1440 // minutes)) == (len(found), masked(found))
    rows = [mask >> 60 * hour & (1 << 60) - 1 for hour in range(24)]
    rank = 0
    while any(rows):
        pivot = max(rows)
        rows = [min(row, row ^ pivot) for row in rows]
        rank += 1
    assert count == rank


def test_fewer_than_the_cuts():
    """
    Three hours that no cut makes fewer than three are two boxes, when these may overlap.
    """
    times = at("1:0", "1:1", "2:0", "2:1", "2:2", "3:1", "3:2")
    assert 3 == len(rectangles(times))
    found = boxes([(times, "*")], never, disjoint=False)
    assert (((0, 1), (1, 2), "*"), ((1, 2), (2, 3), "*")) == found
    assert 3 == len(boxes([(times, "*")], never, disjoint=True))


@pytest.mark.parametrize("disjoint", [True, False])
def test_product(disjoint):
    """
    One product on one kind of days is one box, even if several rules say it.
    """
    rules = [(at("9:0", "9:30"), "x"), (at("17:0", "17:30"), "x"), (0, "y")]
    assert (((0, 30), (9, 17), "x"),) == boxes(rules, never, disjoint=disjoint)


def test_all_day():
    """
    Every minute of the day is one box of 60 minutes and 24 hours.
    """
    found = boxes([((1 << 1440) - 1, "x")], never, disjoint=True)
    assert ((FULL, tuple(range(24)), "x"),) == found


@pytest.mark.parametrize("disjoint", [True, False])
@pytest.mark.parametrize("rules", [[], [(0, "x")]])
def test_nothing(rules, disjoint):
    """
    Rules without a minute are no box.
    """
    assert () == boxes(rules, never, disjoint=disjoint)


def test_shared_minute():
    """
    A minute of two rules is said once, on either's days, where one text can say them.
    """
    rules = [(at("9:0"), FIRST), (at("9:0", "10:0"), MONDAY)]
    either = Days(days=(1,), weekdays=(1,))
    expected = (((0,), (9,), either), ((0,), (10,), MONDAY))
    assert expected == boxes(rules, Days.either, disjoint=True)


def test_apart():
    """
    Days known to share none may share a minute, which saves a box.
    """
    rules = [(at("9:0", "10:0"), MONDAY), (at("10:0", "11:0"), TUESDAY)]
    assert 3 == len(boxes(rules, Days.either, disjoint=True))
    expected = (((0,), (9, 10), MONDAY), ((0,), (10, 11), TUESDAY))
    assert expected == boxes(rules, Days.either, disjoint=True, apart=lambda _a, _b: True)
    assert expected == boxes(rules, Days.either, disjoint=False)


def test_no_word_for_both():
    """
    A minute of two rules whose days no text can say at once is in both boxes.
    """
    rules = [(at("9:0"), "x"), (at("9:0"), "y")]
    expected = (((0,), (9,), "x"), ((0,), (9,), "y"))
    assert expected == boxes(rules, never, disjoint=True)


def test_sum_of_others():
    """
    A rule on the days of two others is said by theirs, when boxes may overlap.
    """
    both = Days(weekdays=(1, 2))
    rules = [(at("9:0"), MONDAY), (at("11:0"), TUESDAY), (at("10:0"), both)]
    expected = (((0,), (9, 10), MONDAY), ((0,), (10, 11), TUESDAY))
    assert expected == boxes(rules, Days.either, disjoint=False)
    assert 3 == len(boxes(rules, Days.either, disjoint=True))


def test_part_of_two():
    """
    Days within those of two others that no text can say at once are said by these.
    """
    mondays, january = Days(weekdays=(1,)), Days(months=(1,))
    both = Days(months=(1,), weekdays=(1,))
    rules = [(at("9:0"), day) for day in (mondays, january, both)]
    expected = (((0,), (9,), mondays), ((0,), (9,), january))
    assert expected == boxes(rules, Days.either, disjoint=True)


@pytest.mark.parametrize("disjoint", [True, False])
def test_a_week_of_rules(disjoint):
    """
    Seven rules are one box although their days have more sums than are tried.
    """
    rules = [(at("9:0"), frozenset([day])) for day in range(7)]
    assert 2**7 - 1 > cover.WORDS
    found = boxes(rules, lambda one, other: one | other, disjoint=disjoint)
    assert (((0,), (9,), frozenset(range(7))),) == found


@pytest.mark.parametrize("disjoint", [True, False])
@pytest.mark.parametrize("limit", ["CELLS", "NODES", "CHOICES"])
def test_limits(monkeypatch, limit, disjoint):
    """
    At a limit the result is no minimum, yet the same minutes, and no more boxes than a cut.
    """
    monkeypatch.setattr(grid, limit, 0)
    random = Random(4)
    mask = sum(1 << 60 * h + m for h in range(9) for m in range(9) if random.random() < 0.6)
    found = boxes([(mask, "*")], never, disjoint=disjoint)
    assert mask == masked(found)[0]
    assert len(found) <= len(rectangles(mask))
    assert not disjoint or masked(found)[1] == mask.bit_count()


def test_large():
    """
    Random minutes of a day on three kinds of days are cut by hours for each of four words.
    """
    random = Random(1)
    rules = [(random.getrandbits(1440), frozenset(label)) for label in "abc"]
    words = {frozenset(word) for word in ("a", "b", "c", "ab")}
    assert 4 * 24 == len(check(rules, words, disjoint=True))


def test_stable():
    """
    The same rules are always the same boxes, however often they are asked for.
    """
    for seed in range(50):
        rules, words = random_target(Random(seed))
        first = boxes(rules, joined(words), disjoint=False)
        assert first == boxes(list(rules), joined(set(words)), disjoint=False)


@pytest.mark.parametrize(
    ("mask", "culprit"),
    [(1 << 1440, "minutes 0x1000"), (-1, "minutes -0x1"), (1 << 9999, "minutes 0x8000")],
    ids=["next-day", "negative", "long"],
)
def test_no_such_minute(mask, culprit):
    """
    A minute that no day has is refused, with at most 100 characters of the mask.
    """
    with pytest.raises(SpecError) as caught:
        boxes([(mask, "x")], never, disjoint=True)
    error = caught.value
    assert error.culprit.startswith(culprit)
    assert 100 >= len(error.culprit)
    assert ("a day has 1440", "set only bits 0 to 1439") == (error.reason, error.cure)
    assert f"{error.culprit}: {error.reason}; {error.cure}" == str(error)
