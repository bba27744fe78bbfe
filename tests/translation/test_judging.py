"""
What a proof says becomes findings.
"""

from __future__ import annotations

import schedkit as sk
from schedkit.judging import judged
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.dialects.argo import ARGO
from schedkit.recurrence.dialects.robfig import ROBFIG, Robfig
from schedkit.recurrence.dialects.vertex import VERTEX
from schedkit.recurrence.proof import prove


NIGHT = sk.Cron("30 2 * * *", timezone="Europe/Berlin")


class Token(Robfig):
    """
    Starts one run where two natives coincide.
    """

    token = "run name"


class Once(Robfig):
    """
    Says that it runs a repeated time once.
    """

    dst = sk.Dst(gap="skip", fold="first")


def findings(when, natives=None, dialect=ROBFIG):
    proof = prove(when, dialect.write(when) if natives is None else natives, dialect)
    return [(str(f.feature), f.verdict, f.reason, f.nearest) for f in judged(when, proof)]


def test_nothing_to_say():
    """
    A proof that holds without a remark has no finding.
    """
    assert [] == findings(NIGHT)


def test_a_kept_policy_is_exact():
    """
    A stated policy that the platform keeps is told.
    """
    kept = sk.Cron("30 2 * * *", timezone="Europe/Berlin", dst=sk.Dst())
    reason = "robfig does what the policy says in Europe/Berlin"
    assert [("schedule.dst", "exact", reason, "")] == findings(kept)


def test_differences_are_refused():
    """
    The reason counts runs lost and added, and names the first three of each, in local time and
    in UTC.
    """
    wrong = [Native("0 10 1 1 *")]
    ((feature, verdict, reason, nearest),) = findings(sk.Cron("0 9 1 1 *"), wrong)
    assert ("schedule.cron", "refused") == (feature, verdict)
    expected = (
        "robfig would fire otherwise in UTC: loses 40 runs such as "
        "2026-01-01T09:00:00+00:00 (2026-01-01T09:00Z), "
        "2027-01-01T09:00:00+00:00 (2027-01-01T09:00Z), "
        "2028-01-01T09:00:00+00:00 (2028-01-01T09:00Z) and adds 40 runs such as "
        "2026-01-01T10:00:00+00:00 (2026-01-01T10:00Z)"
    )
    assert reason.startswith(expected)
    assert nearest.endswith("another zone, or timezone='UTC'")


def test_the_feature_that_is_to_blame():
    """
    A stated policy is to blame before the zone, the zone before the text.
    """
    cairo = {"timezone": "Africa/Cairo"}
    policy = sk.Cron("0 9 * * 5", **cairo, dst=sk.Dst())
    assert ["schedule.timezone"] == [f[0] for f in findings(sk.Cron("0 9 * * 5", **cairo))]
    assert ["schedule.dst"] == [f[0] for f in findings(policy)]
    assert ["schedule.cron"] == [f[0] for f in findings(sk.Cron("0 9 1 * *"), [])]


def test_coincidence():
    """
    Two natives at one instant are refused, unless the platform starts one run.
    """
    twice = [Native("0 9 * * *"), Native("0 9 * * 1")]
    ((feature, verdict, reason, nearest),) = findings(sk.Cron("0 9 * * *"), twice)
    assert ("schedule.union", "refused") == (feature, verdict)
    start = "two of the native schedules would each start a run at 2026-01-05T09:00:00+00:00 (2026"
    assert reason.startswith(start)
    assert "schedules of two pipelines, or one time that holds for all" == nearest
    ((feature, verdict, reason, nearest),) = findings(sk.Cron("0 9 * * *"), twice, Token())
    assert ("schedule.union", "emulated", "") == (feature, verdict, nearest)
    told = "where native schedules coincide, as at 2026-01-05T09:00:00+00:00, run name starts one"
    assert f"{told} run" == reason


def test_lines_of_one_native_do_not_coincide():
    """
    Argo starts one run where two lines of a CronWorkflow coincide.
    """
    assert [] == findings(sk.Cron("0 9 * * *"), [Native("0 9 * * *\n0 9 * * 1")], ARGO)


def test_departures_are_told():
    """
    A platform's own way is told with the first instants on which it departs.
    """
    found = findings(NIGHT, None, Once())
    departing = [each for each in found if each[1] == "emulated"]
    ((feature, _, reason, _),) = departing
    assert "schedule.dst" == feature
    start = "robfig reads gaps and repeated hours its own way: 2026-10-25T02:30:00+01:00 (2026-10"
    assert reason.startswith(start)


def test_what_is_unknown():
    """
    Unknown instants are told; under a stated policy they are refused.
    """
    ((feature, verdict, reason, nearest),) = findings(NIGHT, None, VERTEX)
    assert ("schedule.dst", "emulated", "") == (feature, verdict, nearest)
    assert reason.startswith("what vertex does is not known for 2026-03-29T03:00:00+02:00 (2026")
    stated = sk.Cron("30 2 * * *", timezone="Europe/Berlin", dst=sk.Dst())
    ((feature, verdict, _, nearest),) = findings(stated, None, VERTEX)
    assert ("schedule.dst", "refused") == (feature, verdict)
    assert nearest.startswith("a wall time that no offset change touches")
