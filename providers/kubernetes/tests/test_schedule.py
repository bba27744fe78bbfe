from __future__ import annotations

import itertools
import os
import time
from zoneinfo import available_timezones

import attrs
import pytest

import schedkit as sk
from schedkit.backend import Target
from schedkit.findings import Feature
from schedkit.plan import Ref, Timing
from schedkit.planning import plan_for
from schedkit.recurrence.dialects import Native
from schedkit_kubernetes.backend import Kubernetes
from schedkit_kubernetes.schedule import check_zone


URL = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
EVERY_90_MINUTES = sk.Every("90m", "2026-01-01T00:00:00Z")


def texts(plan):
    """
    The native texts and zones of a plan.
    """
    specs = [node.inputs["spec"] for node in plan.nodes]
    return [(spec["schedule"], spec["timeZone"]) for spec in specs]


def test_plan(kit):
    """
    A schedule is one CronJob of a fixed name, deleted before it is replaced, whose text is proved.
    """
    plan = kit.compile(kit.schedule())
    (node,) = plan.nodes
    assert "nightly-dev" == node.inputs["metadata"]["name"]
    assert {"delete_before_replace": True} == node.options
    assert ("pipeline/service_account",) == node.after
    expected = Timing(
        "cron_job",
        ("spec", "schedule"),
        ("spec", "timeZone"),
        paused=("spec", "suspend"),
        late=("spec", "startingDeadlineSeconds"),
        identity=(("metadata", "name"), ("metadata", "namespace")),
    )
    assert (expected,) == plan.timings
    assert kit.when == plan.proves
    assert Ref("cron_job") == plan.schedule_id


def test_proof_holds(kit):
    """
    The text in the CronJob, read back, fires as the schedule does.
    """
    plan = plan_for(Kubernetes(), kit.schedule(), kit.target)
    assert plan.proof.holds
    assert (Native("0 1 * * *", "Europe/Berlin"),) == plan.proof.natives
    assert {} == kit.findings(plan, "refused")


def test_wrong_override_is_caught(kit):
    """
    An override that changes when the CronJob fires is refused by the proof.
    """
    overrides = {"cron_job": {"spec": {"schedule": "0 2 * * *"}}}
    plan = plan_for(Kubernetes(), kit.schedule(), kit.target, overrides)
    assert not plan.proof.holds
    assert [Feature.TIMEZONE] == [*kit.findings(plan, "refused")]


def test_zone_that_robfig_gets_wrong(kit):
    """
    A Friday in Cairo is lost when the clocks change at midnight, so it is refused with instants.
    """
    when = sk.Cron("0 9 * * 5", timezone="Africa/Cairo")
    plan = plan_for(Kubernetes(), kit.schedule(when), kit.target)
    (finding,) = kit.findings(plan, "refused").values()
    assert Feature.TIMEZONE == finding.feature
    assert finding.instants


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (sk.Cron("0 1 * * *"), [("0 1 * * *", "Etc/UTC")]),
        (
            sk.Cron("*/15 9-17 * * MON-FRI", timezone="America/New_York"),
            [("*/15 9-17 * * 1-5", "America/New_York")],
        ),
        (sk.Cron("0 0 * * 7"), [("0 0 * * 0", "Etc/UTC")]),
        (sk.Cron("0 0 13 * 5", day_rule="any"), [("0 0 13 * 5", "Etc/UTC")]),
        (sk.Every("6h", "2026-01-01T00:00:00Z"), [("0 */6 * * *", "Etc/UTC")]),
        (
            EVERY_90_MINUTES,
            [
                ("0 0,3,6,9,12,15,18,21 * * *", "Etc/UTC"),
                ("30 1,4,7,10,13,16,19,22 * * *", "Etc/UTC"),
            ],
        ),
        (
            sk.Union(sk.Cron("0 1 * * *"), sk.Cron("30 5 * * *", timezone="Asia/Kolkata")),
            [("0 1 * * *", "Etc/UTC"), ("30 5 * * *", "Asia/Kolkata")],
        ),
    ],
)
def test_native_texts(kit, when, expected):
    """
    A recurrence becomes the fewest CronJobs, each with a text of five fields and a zone.
    """
    plan = kit.compile(kit.schedule(when))
    found = texts(plan)
    assert [zone for _, zone in expected] == [zone for _, zone in found]
    if len(expected) == 1:
        assert expected == found
    assert plan_for(Kubernetes(), kit.schedule(when), kit.target).proof.holds


def test_several_cron_jobs(kit):
    """
    Several CronJobs have numbered keys and names, say so, and are proved together.
    """
    plan = kit.compile(kit.schedule(EVERY_90_MINUTES))
    assert ["cron_job", "cron_job_2"] == [node.key for node in plan.nodes]
    assert ["nightly-dev", "nightly-dev-2"] == [
        node.inputs["metadata"]["name"] for node in plan.nodes
    ]
    assert ["cron_job", "cron_job_2"] == [timing.node for timing in plan.timings]
    assert "schedule.every emulated: 2 CronJobs, each with Jobs and a history of its own" == (
        kit.findings(plan, "emulated")[Feature.EVERY].sentence
    )


@pytest.mark.parametrize(
    ("when", "features"),
    [
        (sk.Cron("0 1 * * *"), {Feature.CRON, Feature.TIMEZONE}),
        (
            sk.Cron("0 0 13 * 5", day_rule="any"),
            {Feature.CRON, Feature.TIMEZONE, Feature.DAY_UNION},
        ),
        (sk.Every("6h", "2026-01-01T00:00:00Z"), {Feature.EVERY}),
        (
            sk.Union(sk.Cron("0 1 * * *"), sk.Cron("0 2 * * *")),
            {Feature.CRON, Feature.UNION, Feature.TIMEZONE},
        ),
    ],
)
def test_recurrence_exact(kit, when, features):
    """
    What one CronJob can say is exact, feature by feature.
    """
    plan = kit.compile(kit.schedule(when))
    always = {Feature.SCHEDULE, Feature.STARTING_DEADLINE}
    assert features | always == kit.findings(plan, "exact").keys()
    assert len(plan.findings) == len(features | always)


@pytest.mark.parametrize(
    ("when", "feature"),
    [
        (sk.Once("2026-01-01T00:00:00Z"), Feature.ONCE),
        (sk.Every("7h", "2026-01-01T00:00:00Z"), Feature.EVERY),
        (sk.Calendar(minutes=0, hours=1, days=[sk.LastDay()]), Feature.LAST_DAY),
        (sk.Calendar(minutes=0, hours=1, weekdays=[sk.NthWeekday("MON", 2)]), Feature.NTH_WEEKDAY),
        (sk.Calendar(minutes=0, hours=1, days=[sk.NearestWeekday(15)]), Feature.NEAREST_WEEKDAY),
        (
            sk.Calendar(minutes=0, hours=1, days=13, weekdays="FRI", day_rule="all"),
            Feature.DAY_INTERSECTION,
        ),
    ],
)
def test_no_native_form(kit, when, feature):
    """
    What no cron text can say is refused with the dialect's reason and cure, and makes no CronJob.
    """
    plan = kit.compile(kit.schedule(when, paused=True))
    assert () == plan.nodes
    assert plan.proves is None
    (finding,) = kit.findings(plan, "refused").values()
    assert feature == finding.feature
    assert finding.nearest
    assert "https://pkg.go.dev/github.com/robfig/cron/v3@v3.0.1" == finding.url
    assert Feature.PAUSED in kit.findings(plan, "exact")


@pytest.mark.parametrize(
    "steps", [[("a", {}), ("b", {})], [("a", {"image": None})]], ids=["graph", "no image"]
)
def test_no_pod_no_cron_job(kit, steps):
    """
    A schedule of a pipeline that no pod can run makes no CronJob and says why.
    """
    pipeline = kit.pipeline(*(kit.step(name, **fields) for name, fields in steps))
    plan = kit.compile(kit.schedule(pipeline=pipeline))
    assert () == plan.nodes
    assert [
        (
            "schedule refused: pipeline 'train' has no pod that a CronJob could start; "
            "its own refusal says what would work"
        )
    ] == [finding.sentence for finding in kit.findings(plan, "refused").values()]


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [("allow", "Allow"), ("forbid", "Forbid"), ("replace", "Replace"), ("queue", "Forbid")],
)
def test_overlap(kit, overlap, expected):
    """
    Overlap is the concurrency policy.
    """
    plan = kit.compile(kit.schedule(pipeline=kit.pipeline(overlap=overlap)))
    assert expected == kit.cron_job(plan)["concurrencyPolicy"]
    assert {} == kit.findings(plan, "refused")


@pytest.mark.parametrize("overlap", ["forbid", "replace"])
def test_overlap_over_several_cron_jobs(kit, overlap):
    """
    A concurrency policy sees only its own CronJob, so it cannot hold over two.
    """
    schedule = kit.schedule(EVERY_90_MINUTES, kit.pipeline(overlap=overlap))
    (finding,) = kit.findings(kit.compile(schedule), "refused").values()
    assert (
        f"pipeline.overlap.{overlap} refused: concurrencyPolicy sees only the Jobs of its own "
        "CronJob, and this schedule needs 2; overlap='allow', or a schedule that one cron text "
        f"can say ({URL}#concurrency-policy)"
    ) == finding.sentence


def test_overlap_over_several_schedules(kit):
    """
    Nor can it hold over what another schedule of the same pipeline starts.
    """
    target = attrs.evolve(kit.target, starters=("hourly", "weekly"))
    schedule = kit.schedule(pipeline=kit.pipeline(overlap="forbid"))
    (finding,) = kit.findings(kit.compile(schedule, target), "refused").values()
    assert (
        "pipeline.overlap.forbid refused: concurrencyPolicy sees only the Jobs of its own "
        "CronJob, and hourly, weekly start the same pipeline; overlap='allow', or one schedule "
        f"per pipeline ({URL}#concurrency-policy)"
    ) == finding.sentence
    assert {} == kit.findings(kit.compile(kit.schedule(), target), "refused")


@pytest.mark.parametrize(
    ("fields", "deadline"),
    [
        ({}, 300),
        ({"starting_deadline": "10s"}, 10),
        ({"catch_up": sk.CatchUp("latest", "2h")}, 7200),
        ({"catch_up": sk.CatchUp("latest", "2m")}, 300),
        ({"catch_up": sk.CatchUp("latest", "2h"), "starting_deadline": "5s"}, 7200),
    ],
)
def test_starting_deadline(kit, fields, deadline):
    """
    The deadline, or the longer window of a catch-up, is startingDeadlineSeconds.
    """
    plan = kit.compile(kit.schedule(**fields))
    assert deadline == kit.cron_job(plan)["startingDeadlineSeconds"]
    assert {} == kit.findings(plan, "refused")


@pytest.mark.parametrize(("deadline", "warned"), [("59s", True), ("60s", False)])
def test_short_deadline_is_warned_of(kit, deadline, warned):
    """
    A deadline that a busy control plane may miss is exact, and says so.
    """
    plan = kit.compile(kit.schedule(starting_deadline=deadline))
    reason = kit.findings(plan, "exact")[Feature.STARTING_DEADLINE].reason
    assert warned == reason.endswith("below 60 s a busy control plane loses runs")


@pytest.mark.parametrize(
    ("when", "window", "overlap", "verdict"),
    [
        # daily in Berlin: 23 h on the shortest day
        (sk.Cron("0 1 * * *", timezone="Europe/Berlin"), "23h", "allow", "exact"),
        (sk.Cron("0 1 * * *", timezone="Europe/Berlin"), "24h", "allow", "refused"),
        # in UTC all gaps are equal, so any window holds
        (sk.Cron("0 1 * * *"), "240h", "allow", "exact"),
        (sk.Cron("0 9 * * 1-5"), "24h", "allow", "exact"),
        (sk.Cron("0 9 * * 1-5"), "25h", "allow", "refused"),
        # two CronJobs would each start their latest
        (EVERY_90_MINUTES, "90m", "allow", "emulated"),
        (EVERY_90_MINUTES, "91m", "allow", "refused"),
        (sk.Cron("0 1 * * *"), "6h", "forbid", "emulated"),
        (sk.Cron("0 1 * * *"), "5m", "forbid", "exact"),
        (sk.Cron("0 1 * * *"), "6h", "replace", "exact"),
    ],
)
def test_catch_up_latest(kit, when, window, overlap, verdict):
    """
    `latest` holds where no two runs fit into the window, or all gaps of one CronJob are equal.
    """
    pipeline = kit.pipeline(overlap=overlap)
    plan = kit.compile(kit.schedule(when, pipeline, catch_up=sk.CatchUp("latest", window)))
    (found,) = [f.verdict for f in plan.findings if f.feature == Feature.CATCH_UP_LATEST]
    assert (verdict if len(plan.nodes) == 1 or verdict == "refused" else "exact") == found


def started(fires, now, deadline, since):
    """
    The run that the CronJob controller starts at *now*: a port of its `mostRecentScheduleTime`.
    """

    def after(instant):
        return next(found for found in fires if found > instant)

    earliest = max(since, now - deadline)
    first = after(earliest)
    second = after(first)
    if now < first:
        return None
    if now < second:
        return first
    missed = (now - first) // (second - first) + 1
    latest, found = None, after(first + (missed - 2) * (second - first))
    while found <= now:
        latest, found = found, after(found)
    return latest


@pytest.mark.parametrize("text", ["0 9 * * 1-5", "0 9-17 * * *", "30 */4 * * *", "0 0 1,2 * *"])
def test_catch_up_latest_against_the_controller(kit, text):
    """
    With the largest window that is called exact, the controller always starts the latest missed
    run of the window; with more it may start none.
    """
    when = sk.Cron(text)
    zero = 1_767_225_600  # 1 January 2026
    fires = [*when.epochs(zero, zero + 200 * 86400)]
    gaps = {later - earlier for earlier, later in itertools.pairwise(fires)}
    starts = range(zero, zero + 30 * 86400, 7 * 3600)
    outages = range(3600, 15 * 86400, 11 * 3600)

    def kept(window):
        return all(
            started(fires, since + outage, window, since)
            == max(
                (t for t in fires if max(since, since + outage - window) < t <= since + outage),
                default=None,
            )
            for since in starts
            for outage in outages
        )

    def verdict(window):
        plan = kit.compile(kit.schedule(when, catch_up=sk.CatchUp("latest", f"{window}s")))
        return next(f.verdict for f in plan.findings if f.feature == Feature.CATCH_UP_LATEST)

    assert kept(min(gaps))
    assert "exact" == verdict(min(gaps))
    uneven = len(gaps) > 1
    assert kept(12 * 86400) != uneven
    assert verdict(12 * 86400) == ("refused" if uneven else "exact")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"starting_deadline": "9s"},
            (
                "schedule.starting_deadline refused: the controller looks every 10 s, so a "
                f"deadline of 9 s loses runs; starting_deadline='60s' ({URL}#starting-deadline)"
            ),
        ),
        (
            {"catch_up": sk.CatchUp("all", window="6h")},
            (
                "schedule.catch_up.all refused: a CronJob starts at most the latest of several "
                f"missed runs; catch_up=CatchUp('latest', window='6h') ({URL}#starting-deadline)"
            ),
        ),
        (
            {"catch_up": sk.CatchUp("latest", window="48h")},
            (
                "schedule.catch_up.latest refused: runs come as close as 23h, and of several "
                f"missed ones perhaps none starts; window='23h' ({URL}#starting-deadline)"
            ),
        ),
        (
            {"catch_up": sk.CatchUp("latest", window="48h"), "starting_deadline": "30h"},
            (
                "schedule.catch_up.latest refused: runs come as close as 23h, and of several "
                "missed ones perhaps none starts; window='23h' and starting_deadline='23h' "
                f"({URL}#starting-deadline)"
            ),
        ),
        (
            {"catch_up": sk.CatchUp("all", window="48h")},
            (
                "schedule.catch_up.all refused: a CronJob starts at most the latest of several "
                f"missed runs; catch_up=CatchUp('latest', window='23h') ({URL}#starting-deadline)"
            ),
        ),
        (
            {"start": "2026-01-01T00:00:00Z"},
            (
                "schedule.start refused: a CronJob runs from its creation to its deletion; "
                f"declare the schedule when it shall start, or set paused=True until then ({URL})"
            ),
        ),
        (
            {"end": "2026-01-01T00:00:00Z"},
            (
                "schedule.end refused: a CronJob runs from its creation to its deletion; remove "
                f"the schedule when it shall end, or set paused=True from then on ({URL})"
            ),
        ),
    ],
)
def test_refusals(kit, fields, sentence):
    """
    What a CronJob cannot do is refused, with the reason and the nearest that works.
    """
    plan = kit.compile(kit.schedule(**fields))
    assert [sentence] == [finding.sentence for finding in kit.findings(plan, "refused").values()]


def test_paused(kit):
    """
    Paused is suspend; the finding says what may start when the pause ends.
    """
    plan = kit.compile(kit.schedule(paused=True, catch_up=sk.CatchUp("latest", "2h")))
    assert kit.cron_job(plan)["suspend"] is True
    assert "suspend; when it ends, the latest run of the 2h before may still start" == (
        kit.findings(plan, "exact")[Feature.PAUSED].reason
    )


def test_jitter(kit):
    """
    Jitter is one offset, made from the name, stated in the finding and proved.
    """
    schedule = kit.schedule(jitter="30m")
    plan = kit.compile(schedule)
    assert plan == kit.compile(schedule)
    (run,) = plan.proves.next(after=sk.Cron("0 0 1 1 *").next(after=EVERY_90_MINUTES.anchor)[0])
    offset = run.hour * 60 + run.minute - 60
    assert 1 <= offset <= 30
    assert f"{offset} 1 * * *" == kit.cron_job(plan)["schedule"]
    assert f"every run starts {offset}m late, an offset made from its name" == (
        kit.findings(plan, "emulated")[Feature.JITTER].reason
    )
    assert plan_for(Kubernetes(), schedule, kit.target).proof.holds


def test_jitter_differs_by_name(kit):
    """
    Schedules of one time do not all start in one minute.
    """
    targets = [attrs.evolve(kit.target, stack=f"s{number}") for number in range(12)]
    schedule = kit.schedule(jitter="30m")
    found = {kit.cron_job(kit.compile(schedule, target))["schedule"] for target in targets}
    assert len(found) > 1


def test_jitter_too_small(kit):
    """
    A jitter below a minute has no whole minute to offer.
    """
    plan = kit.compile(kit.schedule(jitter="30s"))
    (finding,) = kit.findings(plan, "refused").values()
    assert Feature.JITTER == finding.feature
    assert finding.nearest
    assert () == plan.nodes


def test_physical_name(kit):
    """
    The user's own name wins, and numbers are added to it.
    """
    target = attrs.evolve(kit.target, physical_name="mine")
    plan = kit.compile(kit.schedule(EVERY_90_MINUTES), target)
    assert ["mine", "mine-2"] == [node.inputs["metadata"]["name"] for node in plan.nodes]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("n" * 52, None),
        ("n" * 53, f"the CronJob name '{'n' * 53}' has 53 characters, and at most 52 fit"),
        ("Nightly", "'Nightly' is no legal name of a CronJob"),
        ("a.b", "'a.b' is no legal name of a CronJob"),
        ("-a", "'-a' is no legal name of a CronJob"),
    ],
)
def test_names(kit, name, reason):
    """
    A name that the API server, or a Job, would refuse is refused in the plan.
    """
    plan = kit.compile(kit.schedule(), attrs.evolve(kit.target, physical_name=name))
    found = kit.findings(plan, "refused")
    assert ((reason and {Feature.SCHEDULE: reason}) or {}) == {f: found[f].reason for f in found}
    cure = "pass physical_name= with lower-case letters, digits and hyphens, at most 52"
    assert [cure] * len(found) == [finding.nearest for finding in found.values()]


def test_number_makes_a_name_too_long(kit):
    """
    The number of the second CronJob counts too.
    """
    target = attrs.evolve(kit.target, physical_name="n" * 51)
    (finding,) = kit.findings(
        kit.compile(kit.schedule(EVERY_90_MINUTES), target), "refused"
    ).values()
    assert f"the CronJob name '{'n' * 51}-2' has 53 characters, and at most 52 fit" == (
        finding.reason
    )


def test_every_zone_of_the_data_is_taken():
    """
    The API server takes the name of every zone that the time zone data have.
    """
    assert [] == [name for name in available_timezones() for _ in check_zone(name)]


@pytest.mark.parametrize("name", ["Canada/East-Saskatchewan", "-a/b", "a/..", "a//b", "Ä/B"])
def test_zone_that_the_api_server_refuses(name):
    """
    A part longer than 14 characters, or one that is no plain word, is refused.
    """
    (finding,) = check_zone(name)
    assert (
        f"schedule.timezone refused: the API server takes no {name!r}: a part has at most 14 "
        f"plain characters; use another name of the same zone ({URL}#time-zones)"
    ) == finding.sentence


def test_schedule_parameters(kit):
    """
    A schedule's own parameters are a finding of their own.
    """
    pipeline = kit.pipeline(parameters={"epochs": 10})
    plan = kit.compile(kit.schedule(pipeline=pipeline, parameters={"epochs": 20}))
    assert Feature.SCHEDULE_PARAMETERS in kit.findings(plan, "exact")
    (container,) = kit.pod(plan)["containers"]
    assert {"name": "SCHEDKIT_PARAMETER_EPOCHS", "value": "20"} in container["env"]


def test_labels_and_annotations(kit):
    """
    CronJob, Job and pod share labels and annotations; the user's are laid over ours.
    """
    labels = {"team": "ml", "app.kubernetes.io/part-of": "house"}
    plan = kit.compile(kit.schedule(), labels=labels, annotations={"example.com/owner": "me"})
    node = plan.node("cron_job").inputs
    job = node["spec"]["jobTemplate"]
    expected = {
        "app.kubernetes.io/name": "train",
        "app.kubernetes.io/part-of": "house",
        "app.kubernetes.io/managed-by": "schedkit",
        "schedkit.dev/pipeline": "train",
        "schedkit.dev/schedule": "nightly",
        "schedkit.dev/step": "fit",
        "team": "ml",
    }
    for metadata in (node["metadata"], job["metadata"], job["spec"]["template"]["metadata"]):
        assert expected == metadata["labels"]
        assert {"example.com/owner": "me"} == metadata["annotations"]


def test_history(kit):
    """
    The history limits of the options stand in the CronJob.
    """
    limits = {"successful_jobs_history_limit": 0, "failed_jobs_history_limit": 9}
    spec = kit.cron_job(kit.compile(kit.schedule(), **limits))
    assert (0, 9) == (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"])


def test_compile_is_pure(kit, monkeypatch):
    """
    The same spec gives an equal plan under another time zone of the machine.
    """
    schedule = kit.schedule(EVERY_90_MINUTES, jitter="30m")
    before = kit.compile(schedule)
    old = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert before == kit.compile(schedule)
    finally:
        monkeypatch.setenv("TZ", old) if old else monkeypatch.delenv("TZ")
        time.tzset()
    assert before != kit.compile(schedule, Target(project="other", stack="dev"))


def test_refusal_of_a_dialect_names_the_culprit(kit):
    """
    The dialect's reason comes first, then what the user wrote.
    """
    plan = kit.compile(kit.schedule(sk.Once("2026-01-01T00:00:00Z")))
    assert "a cron has no year: Once(2026-01-01T00:00:00+00:00)" == (
        kit.findings(plan, "refused")[Feature.ONCE].reason
    )
