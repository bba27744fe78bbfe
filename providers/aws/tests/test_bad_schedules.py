"""
Schedules that EventBridge cannot keep, as such or by an override, and what only
`schedkit:strict` refuses.
"""

from __future__ import annotations

import pytest
from refusals import backend, check

import schedkit as sk
from schedkit.backend import Target
from schedkit.exceptions import OverrideError, SpecError
from schedkit.findings import Feature, refused
from schedkit.planning import plan_for, verdict
from schedkit.testing.examples import pipeline, schedule, step


DATA = pipeline(parameters={"data": "a"})
START = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html"
CREATE = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"
RETRY = "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html"
TYPES = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"
RULES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html"
A_FILE = "put it into a file of the image, or into S3"
ANOTHER = "write another text, such as 'none'"
PHYSICAL = "pass physical_name= with letters, digits, hyphens, dots and _, at most 64"
WHOLE_MINUTES = "a flexible window has 1 to 1440 whole minutes"
NO_DEFINITION = "pipeline 'train' has no definition that could be started"
ITS_OWN = "its own refusal says what would work"

# Options, schedule, physical name, what is refused.
SCHEDULES = [
    (
        {},
        lambda: schedule(starting_deadline="59s"),
        None,
        [
            refused(
                Feature.STARTING_DEADLINE,
                "a request is tried again for 60 s to 24 hours, not 59s",
                "starting_deadline='1m'",
                RETRY,
            )
        ],
    ),
    (
        {},
        lambda: schedule(starting_deadline="24h1s"),
        None,
        [
            refused(
                Feature.STARTING_DEADLINE,
                "a request is tried again for 60 s to 24 hours, not 24h1s",
                "starting_deadline='24h'",
                RETRY,
            )
        ],
    ),
    (
        {},
        lambda: schedule(jitter="90s"),
        None,
        [refused(Feature.JITTER, WHOLE_MINUTES, "jitter='1m'", CREATE)],
    ),
    (
        {},
        lambda: schedule(jitter="30s"),
        None,
        [refused(Feature.JITTER, WHOLE_MINUTES, "jitter='1m'", CREATE)],
    ),
    (
        {},
        lambda: schedule(jitter="24h1m"),
        None,
        [refused(Feature.JITTER, WHOLE_MINUTES, "jitter='1440m'", CREATE)],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(jitter="10m"),
        None,
        [
            refused(
                Feature.JITTER,
                "a rule has no flexible window",
                "leave jitter, or `scheduler: rules`, out",
            )
        ],
    ),
    (
        {},
        lambda: schedule(catch_up=sk.CatchUp("all", "25h")),
        None,
        [
            refused(
                Feature.CATCH_UP_ALL,
                "a request that fails is tried again for 24 hours at most",
                (
                    "window='24h', or start missed runs by hand: aws sagemaker "
                    "start-pipeline-execution"
                ),
                RETRY,
            )
        ],
    ),
    (
        {},
        lambda: schedule(catch_up=sk.CatchUp("latest", "48h")),
        None,
        [
            refused(
                Feature.CATCH_UP_LATEST,
                "a request that fails is tried again for 24 hours at most",
                (
                    "window='24h', or start missed runs by hand: aws sagemaker "
                    "start-pipeline-execution"
                ),
                RETRY,
            )
        ],
    ),
    (
        {},
        lambda: schedule(sk.Cron("0 * * * *"), catch_up=sk.CatchUp("latest", "2h")),
        None,
        [
            refused(
                Feature.CATCH_UP_LATEST,
                "runs come as close as 1h, and each would be tried again",
                "window='1h', or catch_up=CatchUp('all', ...)",
                RETRY,
            )
        ],
    ),
    (
        {},
        schedule,
        "every night",
        [
            refused(
                Feature.SCHEDULE, "'every night' is no legal name of a schedule", PHYSICAL, CREATE
            )
        ],
    ),
    (
        {},
        schedule,
        "n" * 65,
        [
            refused(
                Feature.SCHEDULE,
                f"the schedule's name '{'n' * 65}' has 65 characters, and at most 64 fit",
                PHYSICAL,
                CREATE,
            )
        ],
    ),
    (
        {},
        lambda: schedule(sk.Union(sk.Cron("0 9 * * *"), sk.Cron("30 17 * * *"))),
        "n" * 63,
        [
            refused(
                Feature.SCHEDULE,
                f"the schedule's name '{'n' * 63}-2' has 65 characters, and at most 64 fit",
                PHYSICAL,
                CREATE,
            )
        ],
    ),
    (
        {},
        lambda: schedule(of=DATA, parameters={"data": ""}),
        None,
        [
            refused(
                Feature.SCHEDULE_PARAMETERS,
                "parameter 'data' has 0 characters, and 1 to 256 fit",
                ANOTHER,
                START,
            )
        ],
    ),
    (
        {},
        lambda: schedule(of=DATA, parameters={"data": "x" * 257}),
        None,
        [
            refused(
                Feature.SCHEDULE_PARAMETERS,
                "parameter 'data' has 257 characters, and 1 to 256 fit",
                A_FILE,
                START,
            )
        ],
    ),
    (
        {},
        lambda: schedule(of=DATA, parameters={"data": "at <aws.scheduler.attempt-number>"}),
        None,
        [
            refused(
                Feature.SCHEDULE_PARAMETERS,
                "parameter 'data' holds <aws.scheduler., which EventBridge Scheduler replaces",
                ANOTHER,
                START,
            )
        ],
    ),
    (
        {},
        lambda: schedule(of=pipeline(step(image=None))),
        None,
        [refused(Feature.SCHEDULE, NO_DEFINITION, ITS_OWN)],
    ),
    (
        {},
        lambda: schedule(of=pipeline(step(image="python:3.13"))),
        None,
        [refused(Feature.SCHEDULE, NO_DEFINITION, ITS_OWN)],
    ),
    (
        {},
        lambda: schedule(sk.Every("90s", "2026-01-01T00:00:00Z")),
        None,
        [
            refused(
                Feature.EVERY,
                "a rate counts whole minutes: Every('1m30s')",
                "the nearest: 1m",
                TYPES,
            )
        ],
    ),
    (
        {},
        lambda: schedule(sk.Every("7h", "2026-01-01T00:00:00Z")),
        None,
        [
            refused(
                Feature.EVERY,
                (
                    "a rate counts from its StartDate, and AWS does not document one that is "
                    "past: Every('7h')"
                ),
                (
                    "give it a start that is yet to come, Window(every, start=...); the nearest "
                    "intervals that do: 6h or 8h"
                ),
                TYPES,
            )
        ],
    ),
    (
        {},
        lambda: schedule(
            sk.Cron("30 2 * * *", timezone="Europe/Berlin", dst=sk.Dst(gap="shift", fold="first"))
        ),
        None,
        [
            refused(
                Feature.DST,
                (
                    "eventbridge would fire otherwise in Europe/Berlin: loses 10 runs such as "
                    "2025-03-30T03:30:00+02:00 (2025-03-30T01:30Z), 2026-03-29T03:30:00+02:00 "
                    "(2026-03-29T01:30Z), 2027-03-28T03:30:00+02:00 (2027-03-28T01:30Z)"
                ),
                "a wall time that no offset change touches, another zone, or timezone='UTC'",
            )
        ],
    ),
    (
        {},
        lambda: schedule(sk.Cron("0 0 1 * 1", day_rule="all")),
        None,
        [
            refused(
                Feature.DAY_INTERSECTION,
                "one of the two day fields of AWS is always ?: Calendar, day_rule 'all'",
                "name a weekday by its place, NthWeekday('MON', 1), or say day_rule='any'",
                TYPES,
            )
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(sk.Cron("0 9 * * *", timezone="Europe/Berlin")),
        None,
        [
            refused(
                Feature.TIMEZONE,
                (
                    "its offset from UTC changes, first at 2025-03-30T01:00Z from +01:00 to "
                    "+02:00: At 09:00 every day, Europe/Berlin time"
                ),
                (
                    "take a backend that knows time zones, or timezone='UTC': 09:00 there is "
                    "08:00 while +01:00 holds, 07:00 while +02:00 holds"
                ),
                RULES,
            )
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(sk.Union(sk.Cron("0 9 * * *"), sk.Cron("30 17 * * *"))),
        None,
        [
            refused(
                Feature.UNION,
                "it takes 2 rules, and nothing makes one run of two",
                "leave `scheduler: rules` of schedkit:aws out, or make it several schedules",
            )
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(sk.Cron("0 0 1 * 1", day_rule="any")),
        None,
        [
            refused(
                Feature.UNION,
                "it takes 2 rules, and nothing makes one run of two",
                "leave `scheduler: rules` of schedkit:aws out, or make it several schedules",
            ),
            refused(
                Feature.UNION,
                (
                    "two of the native schedules would each start a run at "
                    "2025-09-01T00:00:00+00:00 (2025-09-01T00:00Z), 2025-12-01T00:00:00+00:00 "
                    "(2025-12-01T00:00Z), 2026-06-01T00:00:00+00:00 (2026-06-01T00:00Z)"
                ),
                "schedules of two pipelines, or one time that holds for all",
            ),
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(start="2027-01-01T00:00:00Z"),
        None,
        [
            refused(
                Feature.START,
                "a rule runs from when it is made to when it is deleted: start and end",
                "leave them out, or use EventBridge Scheduler, which has StartDate and EndDate",
                RULES,
            )
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(end="2027-01-01T00:00:00Z"),
        None,
        [
            refused(
                Feature.END,
                "a rule runs from when it is made to when it is deleted: start and end",
                "leave them out, or use EventBridge Scheduler, which has StartDate and EndDate",
                RULES,
            )
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(sk.Once("2027-05-01T09:30:01Z")),
        None,
        [
            refused(
                Feature.ONCE,
                (
                    "a cron fires on whole minutes of the years 1970 to 2199: "
                    "Once(2027-05-01T09:30:01+00:00)"
                ),
                "round it to a whole minute of one of these years",
                RULES,
            )
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(sk.Every("7h", "2026-01-01T00:00:00Z")),
        None,
        [
            refused(
                Feature.EVERY,
                "a cron starts anew each day, and the interval does not divide one: Every('7h')",
                "the nearest intervals that do: 6h or 8h",
                RULES,
            )
        ],
    ),
    (
        {"scheduler": "rules"},
        lambda: schedule(
            sk.Cron("30 2 * * *", timezone="Europe/Berlin", dst=sk.Dst(gap="skip", fold="first"))
        ),
        None,
        [
            refused(
                Feature.DST,
                (
                    "its offset from UTC changes, first at 2025-03-30T01:00Z from +01:00 to "
                    "+02:00: At 02:30 every day, Europe/Berlin time; a time that the clocks skip "
                    "does not run, a repeated time runs the first time"
                ),
                (
                    "take a backend that knows time zones, or timezone='UTC': 02:30 there is "
                    "01:30 while +01:00 holds, 00:30 while +02:00 holds"
                ),
                RULES,
            ),
            refused(
                Feature.TIMEZONE,
                (
                    "its offset from UTC changes, first at 2025-03-30T01:00Z from +01:00 to "
                    "+02:00: At 02:30 every day, Europe/Berlin time; a time that the clocks skip "
                    "does not run, a repeated time runs the first time"
                ),
                (
                    "take a backend that knows time zones, or timezone='UTC': 02:30 there is "
                    "01:30 while +01:00 holds, 00:30 while +02:00 holds"
                ),
                RULES,
            ),
        ],
    ),
    (
        {},
        lambda: schedule(sk.Once("2027-05-01T09:30:00Z"), start="2028-01-01T00:00:00Z"),
        None,
        [
            refused(
                Feature.ONCE,
                (
                    "nothing of it lies between start and end, so it never runs: "
                    "Once(2027-05-01T09:30:00+00:00)"
                ),
                "widen the window",
                TYPES,
            )
        ],
    ),
]
OVERRIDES = [
    (
        {"schedul": {}},
        OverrideError,
        "Schedule 'nightly', resource 'schedul'",
        "aws makes none of that name here",
        "did you mean 'schedule'?",
    ),
    (
        "schedule",
        SpecError,
        "Schedule 'nightly', overrides='schedule'",
        "is no mapping",
        "write {resource: {input: value}}",
    ),
    (
        {"schedule": "PT1H"},
        SpecError,
        "Schedule 'nightly', overrides={'schedule': 'PT1H'}",
        "is no mapping of inputs by the key of a resource",
        "write {resource: {input: value}}",
    ),
]


EXPRESSIONS = [
    (
        {"scheduleExpression": "every night"},
        Feature.CRON,
        (
            "the text that stands in the plan cannot be read back: cron 'every night': is"
            " neither cron(...) nor rate(...) nor at(...); write cron(0 9 * * ? *), "
            "rate(5 minutes) or at(2027-01-01T09:00:00)"
        ),
        "mend the override that put it there",
    ),
    (
        {"scheduleExpression": "cron(0 9 * * *)"},
        Feature.CRON,
        (
            "the text that stands in the plan cannot be read back: cron 'cron(0 9 * * "
            "*)': the grammar that AWS documents reads 6 fields, and this has 5; write "
            "minute hour day month weekday year"
        ),
        "mend the override that put it there",
    ),
    (
        {"scheduleExpression": "cron(0 9 1 * 1 *)"},
        Feature.CRON,
        (
            "the text that stands in the plan cannot be read back: cron 'cron(0 9 1 * 1 "
            "*)', day (column 10): exactly one of day and weekday has to be ?; write ? "
            "for the one that restricts nothing"
        ),
        "mend the override that put it there",
    ),
    (
        {"scheduleExpression": "rate(0 minutes)"},
        Feature.CRON,
        (
            "the text that stands in the plan cannot be read back: cron 'rate(0 "
            "minutes)': the grammar that AWS documents has no such rate; write a positive"
            " number and minute, minutes, hour, hours, day or days"
        ),
        "mend the override that put it there",
    ),
    (
        {"scheduleExpressionTimezone": "Berlin"},
        Feature.CRON,
        (
            "the text that stands in the plan cannot be read back: timezone 'Berlin': is "
            "not an Area/City name, so machines and releases disagree on what it means; "
            "did you mean 'Europe/Berlin'?"
        ),
        "mend the override that put it there",
    ),
    (
        {"scheduleExpression": "cron(0 10 * * ? *)"},
        Feature.CRON,
        (
            "eventbridge would fire otherwise in UTC: loses 500 runs such as "
            "2024-12-31T09:30:00+00:00 (2024-12-31T09:30Z), 2025-01-01T09:30:00+00:00 "
            "(2025-01-01T09:30Z), 2025-01-02T09:30:00+00:00 (2025-01-02T09:30Z) and adds "
            "500 runs such as 2024-12-31T10:00:00+00:00 (2024-12-31T10:00Z), "
            "2025-01-01T10:00:00+00:00 (2025-01-01T10:00Z), 2025-01-02T10:00:00+00:00 "
            "(2025-01-02T10:00Z)"
        ),
        "a wall time that no offset change touches, another zone, or timezone='UTC'",
    ),
    (
        {"scheduleExpression": "rate(1 day)"},
        Feature.CRON,
        (
            "eventbridge would fire otherwise in UTC: loses 500 runs such as "
            "2024-12-31T09:30:00+00:00 (2024-12-31T09:30Z), 2025-01-01T09:30:00+00:00 "
            "(2025-01-01T09:30Z), 2025-01-02T09:30:00+00:00 (2025-01-02T09:30Z) and adds "
            "500 runs such as 2024-12-31T23:59:59+00:00 (2024-12-31T23:59Z), "
            "2025-01-01T23:59:59+00:00 (2025-01-01T23:59Z), 2025-01-02T23:59:59+00:00 "
            "(2025-01-02T23:59Z)"
        ),
        "a wall time that no offset change touches, another zone, or timezone='UTC'",
    ),
]


STRICT = [
    (pipeline(step(resources=sk.Resources(gpu=1))), [Feature.GPU]),
    (pipeline(step(secrets={"TOKEN": sk.Secret("hub", "token")})), [Feature.SECRETS]),
    (pipeline(step(retry=sk.Retry(2, "5m"))), [Feature.RETRY, Feature.BACKOFF]),
    (pipeline(step("a", timeout="1h"), step("b", needs=["a"], timeout="1h")), [Feature.CHAIN]),
    (pipeline(keep=sk.Keep(days=3)), [Feature.KEEP]),
    (pipeline(overlap="forbid"), [Feature.FORBID]),
    (pipeline(overlap="queue"), [Feature.QUEUE]),
    (schedule(catch_up=sk.CatchUp("all", "2h")), [Feature.CATCH_UP_ALL]),
]


@pytest.mark.parametrize(("options", "make", "name", "expected"), SCHEDULES)
def test_schedules(options, make, name, expected):
    """
    So is a schedule that EventBridge cannot keep.
    """
    check(plan_for(backend(**options), make(), Target(physical_name=name)), expected)


@pytest.mark.parametrize(("overrides", "kind", "culprit", "reason", "cure"), OVERRIDES)
def test_overrides(overrides, kind, culprit, reason, cure):
    """
    An override of a resource that is not there, or that is no mapping, is refused.
    """
    with pytest.raises(kind) as caught:
        plan_for(backend(), schedule(), Target(), overrides)
    assert (culprit, reason, cure) == (
        caught.value.culprit,
        caught.value.reason,
        caught.value.cure,
    )
    assert f"{culprit}: {reason}; {cure}" == str(caught.value)


@pytest.mark.parametrize(("changes", "feature", "reason", "nearest"), EXPRESSIONS)
def test_override_of_the_expression(changes, feature, reason, nearest):
    """
    An override by which the schedule cannot be read, or fires otherwise, is refused.
    """
    plan = plan_for(backend(), schedule(), Target(), {"schedule": changes})
    check(plan, [refused(feature, reason, nearest)])


@pytest.mark.parametrize(("spec", "features"), STRICT)
def test_strict(spec, features):
    """
    What is kept by other means is refused under `schedkit:strict`, and only then.
    """
    plan = plan_for(backend(), spec, Target())
    assert verdict(plan, strict=False) is None
    error = verdict(plan, strict=True)
    assert features == [finding.feature for finding in error.findings]
    assert {"emulated"} == {finding.verdict for finding in error.findings}
