"""
Azure Container Apps jobs: five fields, always in UTC.
"""

from __future__ import annotations

import pytest
from unixlaws import UnixLaws, refused

from schedkit.exceptions import (
    CronSyntaxError,
    NotExpressibleError,
    TimeZoneError,
    UnknownBehaviourError,
)
from schedkit.recurrence import Calendar, Cron, Every, Once, Union, Window
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.container_apps import CONTAINER_APPS
from schedkit.recurrence.proof import prove


NEW_YEAR = "2026-01-01T00:00:00Z"
FACT = "container-apps.day_rule"


class TestContainerApps(UnixLaws):
    zones = ("Etc/GMT+3", "Asia/Kolkata", "Asia/Tokyo", "Europe/Berlin")
    beside = ""

    def make_dialect(self):
        return CONTAINER_APPS


WRITTEN = (
    (Cron("0 9 * * 1-5"), ["0 9 * * 1-5"]),
    (Cron("0 9 * * *", "Asia/Tokyo"), ["0 0 * * *"]),
    (Cron("0 9 1 * *", "Asia/Tokyo"), ["0 0 1 * *"]),
    (Cron("30 5 * * 1", "Asia/Kolkata"), ["0 0 * * 1"]),
    (Cron("0 3 * * 1", "Asia/Tokyo"), ["0 18 * * 0"]),
    (Cron("0 * * * *", "Europe/Berlin"), ["0 * * * *"]),
    (Every("4h", NEW_YEAR), ["0 */4 * * *"]),
    (Union(Cron("0 9 * * *", "Asia/Tokyo"), Cron("30 0 * * *")), ["*/30 0 * * *"]),
)


@pytest.mark.parametrize(("when", "texts"), WRITTEN)
def test_writes_in_utc(when, texts):
    """
    What has one offset is moved, over midnight with its days; all of it is proved.
    """
    natives = CONTAINER_APPS.write(when)
    assert [Native(text, "") for text in texts] == list(natives)
    proof = prove(when, natives, CONTAINER_APPS)
    assert (True, ()) == (proof.holds, proof.unknown)


def test_the_day_rule_is_written_when_vouched_for():
    """
    Both day fields rest on a fact that nobody documents; `assume` names it.
    """
    when = Cron("0 9 1 * 1")
    sentence = (
        "days and weekdays together: whether two restricted day fields are OR is not documented; "
        "restrict one of days and weekdays"
    )
    told = {"feature": "schedule.day_rule.any", "fact": FACT}
    refused(UnknownBehaviourError, sentence, CONTAINER_APPS.write, when, **told)
    natives = CONTAINER_APPS.write(when, frozenset({FACT}))
    assert (Native("0 9 1 * 1", ""),) == natives
    assert prove(when, natives, CONTAINER_APPS).holds
    refused(UnknownBehaviourError, sentence, CONTAINER_APPS.read, natives[0], **told)
    assert {FACT, "container-apps.stepped_day"} == set(CONTAINER_APPS.unknown)


def test_refuses_a_zone_with_changes():
    """
    Nine o'clock in Berlin is no time of UTC, and both times are told.
    """
    with pytest.raises(NotExpressibleError) as caught:
        CONTAINER_APPS.write(Cron("0 9 * * *", "Europe/Berlin"))
    assert "schedule.timezone" == caught.value.feature
    assert "its offset from UTC changes, first at" in caught.value.reason
    assert "09:00 there is 08:00 while +01:00 holds" in caught.value.cure


REFUSED = (
    (Calendar(minutes=0, hours=9, days=-1), "schedule.last_day"),
    (Every("36h", NEW_YEAR), "schedule.every"),
    (Once(NEW_YEAR), "schedule.once"),
    (Window(Cron("0 9 * * *"), start=NEW_YEAR), "schedule.start"),
    (Window(Cron("0 9 * * *"), end=NEW_YEAR), "schedule.end"),
    (Cron("0 9 1-7 * 1", day_rule="all"), "schedule.day_rule.all"),
)


@pytest.mark.parametrize(("when", "feature"), REFUSED)
def test_refuses_what_five_fields_cannot_say(when, feature):
    """
    By feature, with a cure.
    """
    with pytest.raises(NotExpressibleError) as caught:
        CONTAINER_APPS.write(when)
    assert feature == caught.value.feature
    assert caught.value.cure


def test_takes_no_zone():
    """
    UTC by any name is none; another is refused.
    """
    for utc in ("", "UTC", "Etc/UTC"):
        assert Cron("0 9 * * *").calendar == CONTAINER_APPS.read(Native("0 9 * * *", utc))
    assert Native("0 9 * * *", "") == CONTAINER_APPS.native("0 9 * * *", None, {})
    native = CONTAINER_APPS.native("0 9 * * *", "Asia/Tokyo", {})
    sentence = "timezone 'Asia/Tokyo': the platform knows only UTC; leave it out"
    refused(TimeZoneError, sentence, CONTAINER_APPS.readers, native)


def test_rejects_by_field_and_column():
    """
    The platform is named.
    """
    sentence = (
        "cron '0 9 * * 8', weekday (column 9): container-apps rejects '8': 8 is out of range; "
        "weekdays go from 0 to 7, or SUN to SAT"
    )
    where = {"field": "weekday", "column": 9}
    refused(CronSyntaxError, sentence, CONTAINER_APPS.readers, Native("0 9 * * 8", ""), **where)
