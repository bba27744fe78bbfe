"""
Unix crons that other tools translate to AWS in silence and wrongly: what they emit, when that
fires, and what is right. Runs are those of January 2026 in UTC.

Peers: Nitric `cloud/aws/deploy/cron.go` at 155d9f06, Wing @winglang/sdk 0.85.49, Metaflow at
d2dd7f95, pulumi/pulumi-cloud, aws-cron-parser 1.1.12, pyawscron 1.0.7.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schedkit.exceptions import AmbiguousCronError, CronSyntaxError, NotExpressibleError
from schedkit.recurrence import Cron
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.eventbridge import EVENTBRIDGE
from schedkit.recurrence.proof import prove


START, STOP = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in (1, 2))
ODD = [*range(1, 32, 2)]
MONDAYS = [5, 12, 19, 26]
WEEKEND = [2, 3, 4, 9, 10, 11, 16, 17, 18, 23, 24, 25, 30, 31]  # from Friday on
SUNDAYS = [4, 11, 18, 25]
SUN_TUE_THU_SAT = [1, 3, 4, 6, 8, 10, 11, 13, 15, 17, 18, 20, 22, 24, 25, 27, 29, 31]
MON_WED_FRI = [2, 5, 7, 9, 12, 14, 16, 19, 21, 23, 26, 28, 30]
SUN_WED_SAT = [3, 4, 7, 10, 11, 14, 17, 18, 21, 24, 25, 28, 31]
WORKDAYS = [day for day in range(1, 32) if datetime(2026, 1, day, tzinfo=UTC).isoweekday() < 6]
BY_TWO = "cron(0 9 ? * SUN,TUE,THU,SAT *)"
LISTED = "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31"


def days(natives, start: int = START, stop: int = STOP) -> list[int]:
    runs = {run for native in natives for run in EVENTBRIDGE.fires(native, start, stop)}
    return [datetime.fromtimestamp(run, UTC).day for run in sorted(runs)]


RIGHT = (  # id, cron, what is written, the days on which it runs
    ("A1", "0 0 */2 * *", [f"cron(0 0 {LISTED} * ? *)"], ODD),
    ("A2 A3", "0 9 * * */2", [BY_TWO], SUN_TUE_THU_SAT),
    ("A4 A5", "0 9 * * 1-5/2", ["cron(0 9 ? * MON,WED,FRI *)"], MON_WED_FRI),
    ("A6", "0 9 * * 0-6/3", ["cron(0 9 ? * SUN,WED,SAT *)"], SUN_WED_SAT),
    ("A8", "0 0 */10 */2 *", ["cron(0 0 1,11,21,31 1,3,5,7,9,11 ? *)"], [1, 11, 21, 31]),
    ("A9", "0 0 */31 * *", ["cron(0 0 1 * ? *)"], [1]),
    ("A10", "0 0 * * */7", ["cron(0 0 ? * SUN *)"], SUNDAYS),
    ("A12 A13", "0 9 * * 7", ["cron(0 9 ? * SUN *)"], SUNDAYS),
    ("A14", "0 9 * * 5-7", ["cron(0 9 ? * SUN,FRI,SAT *)"], WEEKEND),
    ("A15", "0 9 * * 1-2", ["cron(0 9 ? * MON,TUE *)"], [5, 6, 12, 13, 19, 20, 26, 27]),
    ("A16", "0 9 * * 0-1", ["cron(0 9 ? * SUN,MON *)"], [4, 5, 11, 12, 18, 19, 25, 26]),
    ("A17", "0 0 1 * *", ["cron(0 0 1 * ? *)"], [1]),
    ("A18", "15 12 * * 0", ["cron(15 12 ? * SUN *)"], SUNDAYS),
    ("A19", "0 9 1 * 1", ["cron(0 9 1 * ? *)", "cron(0 9 ? * MON *)"], [1, *MONDAYS]),
    ("A20", "0 9 * * 1-5", ["cron(0 9 ? * MON-FRI *)"], WORKDAYS),
    ("A23", "30 7 * * *", ["cron(30 7 * * ? *)"], [*range(1, 32)]),
)


@pytest.mark.parametrize(("cron", "texts", "right"), [row[1:] for row in RIGHT],
                         ids=[row[0] for row in RIGHT])  # fmt: skip
def test_right_translation(cron, texts, right):
    """
    The text, its runs, the runs of the source, and the proof agree.
    """
    when = Cron(cron)
    natives = EVENTBRIDGE.write(when)
    assert [Native(text, "UTC") for text in texts] == list(natives)
    assert right == days(natives)
    assert right == [datetime.fromtimestamp(run, UTC).day for run in when.epochs(START, STOP)]
    assert prove(when, natives, EVENTBRIDGE).holds


WRONG = (  # id, the cron, what the peer emits, how often that fires
    ("A1 Nitric", "0 0 */2 * *", "cron(0 0 * * ? *)", 31),
    ("A2 Nitric", "0 9 * * */2", "cron(0 9 * * ? *)", 31),
    ("A7 Nitric", "0 9 */2 * 1", "cron(0 9 ? * 2 *)", 4),
    ("A9 Nitric", "0 0 */31 * *", "cron(0 0 * * ? *)", 31),
    ("A10 Nitric", "0 0 * * */7", "cron(0 0 * * ? *)", 31),
    ("A20 copied", "0 9 * * 1-5", "cron(0 9 ? * 1-5 *)", 21),
)


@pytest.mark.parametrize(("cron", "emitted", "fires"), [row[1:] for row in WRONG],
                         ids=[row[0] for row in WRONG])  # fmt: skip
def test_wrong_translation_of_a_peer_is_caught(cron, emitted, fires):
    """
    What the peer emits fires as often as was measured, and the proof does not hold.
    """
    when = Cron(cron, day_rule="any" if cron == "0 9 */2 * 1" else None)
    native = Native(emitted, "UTC")
    assert fires == len(days([native]))
    assert not prove(when, [native], EVENTBRIDGE).holds


REJECTED = (  # id, what the peer emits, the field that the documented grammar does not have
    ("A3 Wing", "cron(0 9 ? * */3 *)", "weekday"),
    ("A4 Nitric", "cron(0 9 ? * 2-6/3 *)", "weekday"),
    ("A5 Wing", "cron(0 9 ? * 3-6/2 *)", "weekday"),
    ("A6 Nitric, Wing", "cron(0 9 ? * 1-7/4 *)", "weekday"),
    ("A8 Nitric", "cron(0 0 * */2 ? *)", "month"),
    ("A11 Nitric", "cron(CRON_TZ=Europe/Paris 0 9 * ? 1 *)", ""),
    ("A13 Wing", "cron(0 9 ? * 8 *)", "weekday"),
    ("A14 Wing", "cron(0 9 ? * 6-8 *)", "weekday"),
    ("A15 Wing", "cron(0 9 ? * 3-2 *)", "weekday"),
    ("A16 Wing", "cron(0 9 ? * 2-1 *)", "weekday"),
    ("A17 Wing", "cron(0 0 1 * * *)", "day"),
    ("A18 Wing", "cron(15 12 ? * -1 *)", "weekday"),
    ("A23 pulumi-cloud", "cron(30 7 * * * *)", "day"),
)


@pytest.mark.parametrize(("emitted", "field"), [row[1:] for row in REJECTED],
                         ids=[row[0] for row in REJECTED])  # fmt: skip
def test_text_of_a_peer_is_not_documented(emitted, field):
    """
    What the peer emits is outside the grammar that AWS documents; the field is named.
    """
    with pytest.raises(CronSyntaxError) as caught:
        EVENTBRIDGE.readers(Native(emitted, "UTC"))
    assert field == caught.value.field


def test_a7_asks_which_day_rule():
    """
    Nitric drops the days of `0 9 */2 * 1`: the text is ambiguous, and each answer is exact or
    refused.
    """
    with pytest.raises(AmbiguousCronError):
        Cron("0 9 */2 * 1")
    natives = EVENTBRIDGE.write(Cron("0 9 */2 * 1", day_rule="any"))
    assert (2, sorted({*ODD, *MONDAYS})) == (len(natives), days(natives))
    every = Cron("0 9 */2 * 1", day_rule="all")
    assert [5, 19] == [datetime.fromtimestamp(run, UTC).day for run in every.epochs(START, STOP)]
    with pytest.raises(NotExpressibleError) as caught:
        EVENTBRIDGE.write(every)
    assert "schedule.day_rule.all" == caught.value.feature


def test_a11_takes_a_zone_beside_the_text():
    """
    Nitric shifts the fields of `CRON_TZ=...` and Wing drops one: the zone is no part of a cron.
    """
    with pytest.raises(CronSyntaxError):
        Cron("CRON_TZ=Europe/Paris 0 9 * * 1")
    natives = EVENTBRIDGE.write(Cron("0 9 * * 1", "Europe/Paris"))
    assert (Native("cron(0 9 ? * MON *)", "Europe/Paris"),) == natives
    assert MONDAYS == days(natives)


def test_a19_starts_one_run_where_both_halves_meet():
    """
    Nitric and Wing refuse `0 9 1 * 1`: of the two natives, Monday 1 June 2026 is one run by token.
    """
    when = Cron("0 9 1 * 1")
    proof = prove(when, EVENTBRIDGE.write(when), EVENTBRIDGE)
    doubled = [found for found in proof.doubled if found.year == 2026]
    assert [datetime(2026, 6, 1, 9, tzinfo=UTC)] == doubled
    assert "ClientRequestToken" == proof.token


def test_a21_reads_weekdays_as_aws_counts_them():
    """
    Metaflow keeps the numbers of `0 9 ? * 2-6 *` for Argo, where they are Tuesday to Saturday.
    """
    native = Native("cron(0 9 ? * 2-6 *)", "UTC")
    assert Cron("0 9 * * 1-5").calendar == EVENTBRIDGE.read(native)
    assert WORKDAYS == days([native])
    tuesday_on = [datetime.fromtimestamp(run, UTC).day
                  for run in Cron("0 9 * * 2-6").epochs(START, STOP)]  # fmt: skip
    assert (23, 22) == (len(tuesday_on), len(WORKDAYS))


def test_a22_six_fields_are_no_portable_cron():
    """
    Metaflow hands `0 9 ? * MON-FRI *` to Airflow, whose sixth field is seconds: 1320 runs.
    """
    with pytest.raises(AmbiguousCronError):
        Cron("0 9 ? * MON-FRI *")
    found = EVENTBRIDGE.read(Native("cron(0 9 ? * MON-FRI *)", "UTC"))
    assert 22 == len(list(found.epochs(START, STOP)))


def test_a24_skips_a_31st_that_is_none():
    """
    aws-cron-parser rolls `0 0 18,22,31 * *` from 2027-02-22 into 2027-03-03; right is 2027-03-18.
    """
    (native,) = EVENTBRIDGE.write(Cron("0 0 18,22,31 * *"))
    after = int(datetime(2027, 2, 22, tzinfo=UTC).timestamp())
    assert int(datetime(2027, 3, 18, tzinfo=UTC).timestamp()) == EVENTBRIDGE.next(native, after)


def test_a25_runs_on_the_31st_of_the_months_that_have_one():
    """
    pyawscron raises ValueError on `* * 11,12,31 * *`; right are 31 days of 2026, each minute.
    """
    (native,) = EVENTBRIDGE.write(Cron("* * 11,12,31 * *"))
    stop = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    assert 31 * 1_440 == len(list(EVENTBRIDGE.fires(native, START, stop)))
