"""
Scheduled rules of EventBridge: the crons of EventBridge Scheduler, in UTC, without a token.
"""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    SchedkitError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence import (
    Calendar,
    Cron,
    Every,
    NearestWeekday,
    Once,
    Union,
    Window,
)
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.eventbridge_rules import EVENTBRIDGE_RULES
from schedkit.recurrence.proof import prove
from schedkit.testing import DialectConformance, strategies


NEW_YEAR = "2026-01-01T00:00:00Z"
DAILY = Cron("0 9 * * *")


class TestEventBridgeRules(DialectConformance):
    def make_dialect(self):
        return EVENTBRIDGE_RULES


WRITTEN = (
    (Cron("0 9 * * 1-5"), ["cron(0 9 ? * MON-FRI *)"]),
    (Cron("0 9 * * 1-5", "Asia/Tokyo"), ["cron(0 0 ? * MON-FRI *)"]),
    (Cron("0 8 * * 1", "Asia/Tokyo"), ["cron(0 23 ? * SUN *)"]),
    (Cron("0 8,9 * * 1", "Asia/Tokyo"), ["cron(0 0 ? * MON *)", "cron(0 23 ? * SUN *)"]),
    (Cron("0 8 1 * *", "Asia/Tokyo"), ["cron(0 23 L * ? *)"]),
    (Cron("*/30 * * * *", "Europe/Berlin"), ["cron(0,30 * * * ? *)"]),
    (
        Every("90m", NEW_YEAR),
        [
            "cron(0 0,3,6,9,12,15,18,21 * * ? *)",
            "cron(30 1,4,7,10,13,16,19,22 * * ? *)",
        ],
    ),
    (Once("2027-03-05T09:30:00Z"), ["cron(30 9 5 3 ? 2027)"]),
    (Union(DAILY, Every("24h", "2026-01-01T09:00:00Z")), ["cron(0 9 * * ? *)"]),
)


@pytest.mark.parametrize(("when", "texts"), WRITTEN)
def test_writes_in_utc(when, texts):
    """
    The fewest texts, moved to UTC where the offset never changes; none shares a run.
    """
    natives = EVENTBRIDGE_RULES.write(when)
    assert [Native(text, "") for text in texts] == list(natives)
    proof = prove(when, natives, EVENTBRIDGE_RULES)
    assert (True, ()) == (proof.holds, proof.doubled)


def test_coinciding_halves_are_found():
    """
    Without a token the first that is a Monday would start two runs, and the proof tells.
    """
    when = Cron("0 9 1 * 1")
    proof = prove(when, EVENTBRIDGE_RULES.write(when), EVENTBRIDGE_RULES)
    assert (True, "", 20) == (proof.holds, proof.token, len(proof.doubled))


REFUSED = (
    (
        Window(DAILY, start=NEW_YEAR),
        "schedule.start",
        (
            "start and end: a rule runs from when it is made to when it is deleted; "
            "leave them out, "
            "or use EventBridge Scheduler, which has StartDate and EndDate"
        ),
    ),
    (
        Window(DAILY, end=NEW_YEAR),
        "schedule.end",
        (
            "start and end: a rule runs from when it is made to when it is deleted; "
            "leave them out, "
            "or use EventBridge Scheduler, which has StartDate and EndDate"
        ),
    ),
    (
        Once("2027-03-05T09:30:01Z"),
        "schedule.once",
        (
            "Once(2027-03-05T09:30:01+00:00): a cron fires on whole minutes of the years 1970 to "
            "2199; round it to a whole minute of one of these years"
        ),
    ),
    (
        Once("2200-01-01T00:00:00Z"),
        "schedule.once",
        (
            "Once(2200-01-01T00:00:00+00:00): a cron fires on whole minutes of the years 1970 to "
            "2199; round it to a whole minute of one of these years"
        ),
    ),
    (
        Every("7m", NEW_YEAR),
        "schedule.every",
        (
            "Every('7m'): a cron starts anew each day, and the interval does not divide one; the "
            "nearest intervals that do: 6m or 8m"
        ),
    ),
)


@pytest.mark.parametrize(("when", "feature", "sentence"), REFUSED)
def test_refuses_what_it_cannot_say(when, feature, sentence):
    """
    Each refusal names the feature, the reason and the nearest that works.
    """
    with pytest.raises(NotExpressibleError) as caught:
        EVENTBRIDGE_RULES.write(when)
    assert NotExpressibleError is type(caught.value)
    assert (feature, sentence) == (caught.value.feature, str(caught.value))


def test_never_bakes_a_shift_for_a_zone_with_dst():
    """
    A fixed time in Berlin is no fixed time in UTC.
    """
    with pytest.raises(NotExpressibleError, match="its offset from UTC changes") as caught:
        EVENTBRIDGE_RULES.write(Cron("0 9 * * *", "Europe/Berlin"))
    assert "schedule.timezone" == caught.value.feature


def test_nearest_weekday_at_the_border_of_a_month_is_unknown():
    """
    The fact has the name of this dialect, and the text is written for who vouches for it.
    """
    when = Calendar(minutes=0, hours=9, days=NearestWeekday(1))
    with pytest.raises(UnknownBehaviourError) as caught:
        EVENTBRIDGE_RULES.write(when)
    assert "eventbridge-rules.nearest-border" == caught.value.fact
    assert [caught.value.fact] == list(EVENTBRIDGE_RULES.unknown)
    natives = EVENTBRIDGE_RULES.write(when, frozenset({caught.value.fact}))
    assert (Native("cron(0 9 1W * ? *)", ""),) == natives


def test_reads_crons_in_utc():
    """
    Weekdays count from Sunday = 1; a single date of a single year is one instant.
    """
    assert Cron("0 9 * * 1-5").calendar == EVENTBRIDGE_RULES.read(
        EVENTBRIDGE_RULES.native("cron(0 9 ? * 2-6 *)", None, {})
    )
    assert Once("2027-03-05T09:30:00Z") == EVENTBRIDGE_RULES.read(
        Native("cron(30 9 5 3 ? 2027)", "UTC")
    )


def test_rate_has_no_fixed_instants():
    """
    It counts from whenever the rule was made.
    """
    native = Native("rate(1 hour)", "")
    assert 3_601 == EVENTBRIDGE_RULES.next(native, 1)
    with pytest.raises(NotExpressibleError, match="counts from whenever it is made") as caught:
        EVENTBRIDGE_RULES.read(native)
    assert "schedule.every" == caught.value.feature


def test_rejects_other_texts_and_zones():
    """
    No single instants, no bare cron, no zone but UTC.
    """
    for text in ("at(2027-01-01T00:00:00)", "0 9 * * ? *", "rate(5 minutes"):
        with pytest.raises(CronSyntaxError) as caught:
            EVENTBRIDGE_RULES.readers(Native(text, ""))
        assert str(caught.value) == (
            f"cron {text!r}: is neither cron(...) nor rate(...); write cron(0 9 * * ? *) or "
            "rate(5 minutes)"
        )
    with pytest.raises(TimeZoneError) as zone:
        EVENTBRIDGE_RULES.readers(Native("rate(1 hour)", "Europe/Berlin"))
    assert str(zone.value) == (
        "timezone 'Europe/Berlin': rules of EventBridge run in UTC; leave it out, or use "
        "EventBridge Scheduler"
    )


@settings(max_examples=60, deadline=None)
@given(strategies.calendars(st.sampled_from(["UTC", "Asia/Kolkata", "Etc/GMT+3"])))
def test_is_read_as_it_was_meant(calendar):
    """
    Days and minutes of fixed offsets are proved for all kinds of year.
    """
    try:
        natives = EVENTBRIDGE_RULES.write(calendar, frozenset(EVENTBRIDGE_RULES.unknown))
    except NotExpressibleError:
        assume(False)
    proof = prove(calendar, natives, EVENTBRIDGE_RULES)
    assert (True, 14) == (proof.holds, proof.year_kinds)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"\A(rate|cron)\([-0-9 A-Z?*/#,]{0,30}\)\Z"))
def test_any_text_is_read_or_refused(text):
    """
    Nothing but errors of schedkit comes out of any text.
    """
    try:
        readers = EVENTBRIDGE_RULES.readers(Native(text, ""))
        EVENTBRIDGE_RULES.read(Native(text, ""))
    except SchedkitError:
        return
    assert readers
