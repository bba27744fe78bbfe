# ruff: noqa: E501  a row is one case

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from schedkit.exceptions import OutputError, SpecError
from schedkit.recurrence import Calendar, Cron, Dst


SKIP, NEXT, SHIFT = Dst(gap="skip"), Dst(gap="next"), Dst(gap="shift")
FIRST, SECOND, BOTH = Dst(fold="first"), Dst(fold="second"), Dst(fold="both")

# zone, cron, policy, first and last local day, expected instants
VECTORS = {
    "D1 skip": ("Europe/Paris", "30 2 * * *", SKIP, "2026-03-28", "2026-03-30", ["03-28T02:30+01:00", "03-30T02:30+02:00"]),
    "D1 none": ("Europe/Paris", "30 2 * * *", None, "2026-03-28", "2026-03-30", ["03-28T02:30+01:00", "03-30T02:30+02:00"]),
    "D1 next": ("Europe/Paris", "30 2 * * *", NEXT, "2026-03-28", "2026-03-30", ["03-28T02:30+01:00", "03-29T03:00+02:00", "03-30T02:30+02:00"]),
    "D1 shift": ("Europe/Paris", "30 2 * * *", SHIFT, "2026-03-28", "2026-03-30", ["03-28T02:30+01:00", "03-29T03:30+02:00", "03-30T02:30+02:00"]),
    "D2 both": ("Europe/Paris", "30 2 * * *", BOTH, "2026-10-24", "2026-10-26", ["10-24T02:30+02:00", "10-25T02:30+02:00", "10-25T02:30+01:00", "10-26T02:30+01:00"]),
    "D2 none": ("Europe/Paris", "30 2 * * *", None, "2026-10-24", "2026-10-26", ["10-24T02:30+02:00", "10-25T02:30+02:00", "10-25T02:30+01:00", "10-26T02:30+01:00"]),
    "D2 first": ("Europe/Paris", "30 2 * * *", FIRST, "2026-10-24", "2026-10-26", ["10-24T02:30+02:00", "10-25T02:30+02:00", "10-26T02:30+01:00"]),
    "D2 second": ("Europe/Paris", "30 2 * * *", SECOND, "2026-10-24", "2026-10-26", ["10-24T02:30+02:00", "10-25T02:30+01:00", "10-26T02:30+01:00"]),
    "D3": ("Europe/Paris", "30 1-3 * * *", BOTH, "2026-10-25", "2026-10-25", ["10-25T01:30+02:00", "10-25T02:30+02:00", "10-25T02:30+01:00", "10-25T03:30+01:00"]),
    "D4": ("Europe/Paris", "0 */2 * * *", SKIP, "2026-03-29", "2026-03-29", [f"03-29T{hour:02}:00+0{1 + (hour > 2)}:00" for hour in (0, *range(4, 24, 2))]),
    "D5 skip": ("America/New_York", "30 2 * * *", SKIP, "2026-03-07", "2026-03-09", ["03-07T02:30-05:00", "03-09T02:30-04:00"]),
    "D5 next": ("America/New_York", "30 2 * * *", NEXT, "2026-03-08", "2026-03-08", ["03-08T03:00-04:00"]),
    "D5 shift": ("America/New_York", "30 2 * * *", SHIFT, "2026-03-08", "2026-03-08", ["03-08T03:30-04:00"]),
    "D6": ("America/New_York", "30 1 * * *", BOTH, "2026-11-01", "2026-11-01", ["11-01T01:30-04:00", "11-01T01:30-05:00"]),
    "D7 skip": ("Africa/Cairo", "0 0 * * *", SKIP, "2026-04-23", "2026-04-25", ["04-23T00:00+02:00", "04-25T00:00+03:00"]),
    "D7 next": ("Africa/Cairo", "0 0 * * *", NEXT, "2026-04-23", "2026-04-25", ["04-23T00:00+02:00", "04-24T01:00+03:00", "04-25T00:00+03:00"]),
    "D8": ("Australia/Lord_Howe", "45 1 * * *", BOTH, "2026-04-05", "2026-04-05", ["04-05T01:45+11:00", "04-05T01:45+10:30"]),
    "D9": ("Antarctica/Troll", "30 1 * * *", BOTH, "2026-10-25", "2026-10-25", ["10-25T01:30+02:00", "10-25T01:30+00:00"]),
    "D10 skip": ("Pacific/Apia", "0 9 * * *", SKIP, "2011-12-29", "2011-12-31", ["12-29T09:00-10:00", "12-31T09:00+14:00"]),
    "D10 next": ("Pacific/Apia", "0 9 * * *", NEXT, "2011-12-29", "2011-12-31", ["12-29T09:00-10:00", "12-31T00:00+14:00", "12-31T09:00+14:00"]),
    "D10 shift merges": ("Pacific/Apia", "0 9 * * *", SHIFT, "2011-12-29", "2011-12-31", ["12-29T09:00-10:00", "12-31T09:00+14:00"]),
    "D12": ("America/New_York", "0 0-4/2 * * *", SKIP, "2026-03-08", "2026-03-08", ["03-08T00:00-05:00", "03-08T04:00-04:00"]),
    "next merges": ("Europe/Paris", "0,30 2,3 * * *", NEXT, "2026-03-29", "2026-03-29", ["03-29T03:00+02:00", "03-29T03:30+02:00"]),
    "shift merges": ("Europe/Paris", "0,30 2,3 * * *", SHIFT, "2026-03-29", "2026-03-29", ["03-29T03:00+02:00", "03-29T03:30+02:00"]),
    "fold across midnight": ("Atlantic/Azores", "30 0 * * *", FIRST, "2026-10-25", "2026-10-25", ["10-25T00:30+00:00"]),
}  # fmt: skip


def days(zone, first, last):
    """
    The first local midnight and the one after the last day.
    """
    tz = (
        Cron("0 0 * * *", zone)
        .next(1, after=datetime.fromisoformat("2026-01-01T00:00Z"))[0]
        .tzinfo
    )
    start, stop = (datetime.fromisoformat(day).replace(tzinfo=tz) for day in (first, last))
    return start, stop + timedelta(days=1)


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name):
    """
    Around a change of the clocks exactly the listed instants run.
    """
    zone, text, dst, first, last, expected = VECTORS[name]
    start, stop = days(zone, first, last)
    cron = Cron(text, zone, dst)
    found = [moment.isoformat(timespec="minutes")[5:] for moment in cron.between(start, stop)]
    assert expected == found
    epochs = list(cron.epochs(int(start.timestamp()), int(stop.timestamp())))
    assert epochs == [int(moment.timestamp()) for moment in cron.between(start, stop)]


def test_fold_is_set_on_the_second_time():
    """
    Of two equal wall-clock times the second has fold 1, so that it converts back to its instant.
    """
    start, stop = days("Europe/Berlin", "2026-10-25", "2026-10-25")
    found = list(Cron("30 1-3 * * *", "Europe/Berlin").between(start, stop))
    assert [0, 0, 1, 0] == [moment.fold for moment in found]
    assert 3600 == found[2].timestamp() - found[1].timestamp()


def test_moved_run_may_cross_midnight():
    """
    A gap late in the evening moves a run into the next day, in order and once.
    """
    # Toronto sprang forward at 23:30 on 30 March 1919
    start, stop = days("America/Toronto", "1919-03-30", "1919-03-31")
    cron = Cron("45 0,23 * * *", "America/Toronto", SHIFT)
    found = [moment.isoformat() for moment in cron.between(start, stop)]
    assert [
        "1919-03-30T00:45:00-05:00",
        "1919-03-31T00:45:00-04:00",
        "1919-03-31T23:45:00-04:00",
    ] == found


def test_policy_belongs_to_the_calendar():
    """
    A calendar without a policy and one with the plain policy run alike and are not equal.
    """
    plain = Calendar(minutes=0, hours=2, timezone="Europe/Berlin")
    stated = Calendar(minutes=0, hours=2, timezone="Europe/Berlin", dst=Dst())
    assert plain != stated
    assert list(plain.epochs(0, 10**8)) == list(stated.epochs(0, 10**8))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"gap": "skp"}, "Dst, gap: 'skp' is not a word here; did you mean 'skip'?"),
        ({"gap": 5}, "Dst, gap: 5 is not a word here; known words: skip, next, shift"),
        ({"fold": "Both"}, "Dst, fold: 'Both' is not a word here; did you mean 'both'?"),
        ({"fold": "x"}, "Dst, fold: 'x' is not a word here; known words: first, second, both"),
    ],
)
def test_unknown_policy(arguments, sentence):
    """
    A policy that is no word is refused with the words there are.
    """
    with pytest.raises(SpecError) as caught:
        Dst(**arguments)
    assert sentence == str(caught.value)


def test_no_policy_object():
    """
    A text in the place of a policy is refused with the call to write.
    """
    with pytest.raises(SpecError) as caught:
        Cron("0 0 * * *", dst="skip")
    assert "Calendar, dst: 'skip' is no policy; write Dst(gap='next', fold='first')" == str(
        caught.value
    )
    assert OutputError is not type(caught.value)
