"""
The list of deliberate faults in the writers.
"""

from __future__ import annotations

from datetime import timedelta

import attrs
from faulty import (
    any_for_all,
    apart,
    cut_range,
    each_box,
    given,
    instead,
    json_changed,
    later,
    moved_too_far,
    nearly_all,
    next_in,
    one_offset,
    only_days,
    result,
    spelled,
    star_always,
    stepped_from_one,
    whole,
    without,
)
from mutations import (
    Fault,
)

from schedkit.recurrence import (
    Calendar,
    Cron,
    Every,
    LastWeekday,
    NearestWeekday,
    NthWeekday,
    Once,
    Union,
    Window,
    midnight,
    rewrite,
)
from schedkit.recurrence.dialects import (
    adf,
    adf_write,
    argo,
    aws_write,
    cloud_scheduler,
    container_apps,
    eventbridge,
    eventbridge_rules,
    fields,
    github_actions,
    pingsource,
    quartz,
    robfig,
    systemd,
    unix,
    vertex,
)


BERLIN = "Europe/Berlin"
START, END = "2027-01-01T00:00:00Z", "2027-03-01T00:00:00Z"

PLAIN = (
    Cron("30 9-17 * * 1-5"),
    Cron("0 6 1,15 * *"),
    Cron("15 0 28-31 2,3 *"),
    Cron("0 4 * 6 0"),
)
EITHER = (Cron("0 9 1 * 1"), Cron("0 9 1-31/2 * 5"))
STEPPED = (Cron("*/20 */6 * * *"),)
SEVERAL = (
    Every("90m", START),
    Union(Cron("0 9 * * 1"), Cron("30 17 1 * *")),
)
LOCAL = (Cron("30 8 * * 1-5", timezone=BERLIN), Cron("0 9 1 * *", timezone=BERLIN))
KOLKATA = (
    Cron("30 3 * * 1-5", timezone="Asia/Kolkata"),
    Cron("0 3 2 * *", timezone="Asia/Kolkata"),
    Cron("0 3 15 * *", timezone="Asia/Kolkata"),
)


STAIRS = (Union(Cron("0,15 9,10 * * *"), Cron("15,30 10,11 * * *")),)


def days(*values, **more):
    """
    At nine on some days, in UTC.
    """
    return Calendar(minutes=0, hours=9, days=values, **more)


def weekdays(*values, **more):
    """
    At nine on some weekdays, in UTC.
    """
    return Calendar(minutes=0, hours=9, weekdays=values, **more)


MONDAYS = (weekdays(NthWeekday("MON", 2)), weekdays(NthWeekday("MON", 4)))
LAST = (days(-1), days(15, -1))
RATE = (Window(Every("7h", START), start=START), Window(Every("48h", START), start=START))
BOUNDED = (
    Window(Cron("0 9 * * *"), start=START, end=END),
    Window(Cron("0 0 * * 1-5"), start=START, end=END),
)
ONCE = (Once("2027-05-01T10:30:00Z"),)
GUARDED = (Cron("0 9 * 1,2 *"), Cron("0 9 1 * 1"))
SCHEDULED = frozenset({"adf.scheduled_time"})
ROBFIG, CLOUD, APPS = robfig.ROBFIG, cloud_scheduler.CLOUD_SCHEDULER, container_apps.CONTAINER_APPS
EVENTBRIDGE, RULES = eventbridge.EVENTBRIDGE, eventbridge_rules.EVENTBRIDGE_RULES
QUARTZ, ADF, VERTEX = quartz.QUARTZ, adf.ADF, vertex.VERTEX
SYSTEMD = systemd.SYSTEMD
GITHUB, ARGO, PING = github_actions.GITHUB_ACTIONS, argo.ARGO, pingsource.PINGSOURCE

# fmt: off
UNIX_FAULTS = (
    Fault("last value dropped", ROBFIG, fields, "listed", given(lambda v: v[:-1] or v), PLAIN),
    Fault("first value dropped", ROBFIG, fields, "listed", given(lambda v: v[1:] or v), PLAIN),
    Fault("range ends one early", PING, fields, "listed", cut_range, PLAIN),
    Fault("all but one is *", ROBFIG, fields, "listed", nearly_all, (Cron("0 9 * * 1-6"),)),
    Fault("*/n in a day field", CLOUD, fields, "listed", star_always, (EITHER[1],)),
    Fault("steps from 1", CLOUD, fields, "listed", stepped_from_one, STEPPED),
    Fault("ranges of gaps", ROBFIG, fields, "_runs", instead(lambda v: [f"{v[0]}-{v[-1]}"]),
          (*STEPPED, PLAIN[1])),
    Fault("months dropped", ROBFIG, fields.Days, "__str__",
          spelled(lambda d: attrs.evolve(d, months=tuple(range(1, 13)))), PLAIN),
    Fault("months one later", GITHUB, fields.Days, "__str__",
          spelled(lambda d: attrs.evolve(d, months=next_in(d.months, 12, 1))), PLAIN),
    Fault("weekdays 1 = SUN", ROBFIG, fields.Days, "__str__",
          spelled(lambda d: attrs.evolve(d, weekdays=next_in(d.weekdays, 7))), PLAIN),
    Fault("Sunday dropped", ROBFIG, fields.Days, "__str__",
          spelled(lambda d: attrs.evolve(d, weekdays=tuple(filter(None, d.weekdays)))),
          (PLAIN[3], Cron("0 9 * * 0,6"))),
    Fault("Sunday is 7", GITHUB, fields.Days, "__str__",
          result(lambda found: found.replace(" 0", " 7")), PLAIN),
    Fault("days one later", VERTEX, fields.Days, "__str__",
          spelled(lambda d: attrs.evolve(d, days=next_in(d.days, 31, 1))), PLAIN),
    Fault("days and months swapped", ROBFIG, fields.Days, "__str__",
          result(lambda found: " ".join([found.split()[i] for i in (1, 0, 2)])), PLAIN),
    Fault("days OR weekdays: weekdays lost", ROBFIG, fields.Days, "__str__",
          spelled(lambda d: attrs.evolve(d, weekdays=() if d.days else d.weekdays)), EITHER),
    Fault("days OR weekdays: written apart", ROBFIG, fields, "boxes", result(apart), EITHER),
    Fault("days beside * instead of OR", CLOUD, fields.Days, "either",
          instead(lambda one, other: fields.Days(one.days or other.days)),
          (Union(Cron("0 9 1 * *"), Cron("0 9 * * 1")),)),
    Fault("months of two rules joined", ROBFIG, fields.Days, "either",
          instead(lambda one, other: attrs.evolve(one, months=(*one.months, *other.months))),
          (Union(Cron("0 9 1 1 *"), Cron("0 9 2 3 *")),)),
    Fault("minutes and hours swapped", ROBFIG, fields, "boxes",
          each_box(lambda m, h, d: (h, m, d)), (Cron("5 9 * * *"), Cron("0 9-17 * * *"))),
    Fault("an hour late", CLOUD, fields, "boxes", each_box(lambda m, h, d: (m, next_in(h, 24), d)),
          PLAIN),
    Fault("a minute late", ROBFIG, fields, "boxes",
          each_box(lambda m, h, d: (next_in(m, 60), h, d)), PLAIN),
    Fault("one of several dropped", ROBFIG, fields, "boxes", result(lambda found: found[:1]),
          SEVERAL),
    Fault("one line of several dropped", ARGO, fields, "boxes", result(lambda found: found[1:]),
          SEVERAL),
    Fault("one written twice", ROBFIG, fields, "boxes", result(lambda found: (*found, found[0])),
          (*PLAIN, *SEVERAL)),
    Fault("several as one product", ROBFIG, fields, "boxes", result(whole), SEVERAL),
    Fault("overlapping natives", ROBFIG, unix, "texts",
          lambda original: lambda rules, **_: original(rules, disjoint=False),
          STAIRS),
    Fault("phase dropped", ROBFIG, unix, "every_minutes",
          given(lambda every: Every("2h", START)), (Every("2h", "2026-01-01T01:00:00Z"),)),
    Fault("interval rounded", ROBFIG, unix, "every_minutes",
          given(lambda every: Every("60m", START)), (Every("48m", START),)),
    Fault("zone lost", ROBFIG, robfig, "Native", instead(lambda t, _: unix.Native(t)), LOCAL),
    Fault("neighbouring zone", ROBFIG, robfig, "Native",
          instead(lambda t, _: unix.Native(t, "Europe/London")), LOCAL),
    Fault("zone without summer time", ROBFIG, robfig, "Native",
          instead(lambda t, _: unix.Native(t, "Africa/Algiers")), LOCAL),
    Fault("offset for the zone", ROBFIG, robfig, "Native",
          instead(lambda t, _: unix.Native(t, "Etc/GMT-1")), LOCAL),
    Fault("zone of a later summer time", ROBFIG, robfig, "Native",
          instead(lambda t, _: unix.Native(t, "Africa/Ceuta" if "9" in t else "Asia/Beirut")),
          (LOCAL[0],)),
    Fault("zone without summer time, way unknown", CLOUD, unix, "Native",
          instead(lambda t, _: robfig.Native(t, "Africa/Algiers")), LOCAL),
    Fault("one offset for ever, way unknown", CLOUD, unix, "steadied", one_offset(-60), LOCAL),
    Fault("zone of the prefix", VERTEX, vertex.Vertex, "spelled",
          instead(lambda self, t, z: vertex.Native(f"TZ=Europe/Athens {t}", "")), LOCAL),
    Fault("prefix dropped", VERTEX, vertex.Vertex, "spelled",
          instead(lambda self, t, z: vertex.Native(t, "")), LOCAL),
    Fault("key of the zone dropped", GITHUB, github_actions.GithubActions, "spelled",
          instead(lambda self, t, z: github_actions.Native(t, "")), LOCAL),
    Fault("start a day late", VERTEX, vertex, "_rfc",
          given(lambda at: at + timedelta(days=1)), BOUNDED[:1]),
    Fault("start dropped", VERTEX, vertex, "_START", instead("endTime"), BOUNDED),
    Fault("one run is two", VERTEX, vertex.Vertex, "_once",
          result(lambda n: attrs.evolve(n, more={**dict(n.more), "maxRunCount": "2"})), ONCE),
)
UTC_FAULTS = (
    Fault("shift the other way", APPS, rewrite, "shifted",
          lambda original: lambda calendar, minutes: original(calendar, -minutes), KOLKATA),
    Fault("half hour dropped", APPS, rewrite, "shifted",
          lambda original: lambda calendar, minutes: original(calendar, minutes + 30), KOLKATA),
    Fault("day border not moved", APPS, rewrite, "moved",
          lambda original: lambda calendar, move: (calendar,), KOLKATA),
    Fault("day moved the other way", APPS, rewrite, "moved",
          lambda original: lambda calendar, move: original(calendar, -move), KOLKATA),
    Fault("day moved too far", RULES, rewrite, "moved", moved_too_far, KOLKATA),
    Fault("1st to a 31st", RULES, midnight, "_spelled",
          result(lambda found: tuple((list(range(1, 13)), [31]) for _ in found)),
          (Cron("0 3 1 * *", timezone="Asia/Kolkata"),)),
    Fault("minutes across midnight dropped", APPS, rewrite, "_OTHER_DAY", instead({0: ""}),
          (Cron("0 3,9 * * *", timezone="Asia/Kolkata"),)),
    Fault("one offset for ever", APPS, container_apps, "to_utc", one_offset(-60), LOCAL),
    Fault("summer offset for ever", RULES, eventbridge_rules, "to_utc", one_offset(-120), LOCAL),
    Fault("half hour of summer time ignored", CLOUD, unix, "steadied", one_offset(-630),
          (Cron("0 * * * *", timezone="Australia/Lord_Howe"),)),
    Fault("zone ignored", RULES, eventbridge_rules, "to_utc", instead(
          lambda when: attrs.evolve(when.calendars()[0], timezone="UTC")), (*LOCAL, *KOLKATA)),
)
AWS_FAULTS = (
    Fault("weekdays by digit, 0 = SUN", EVENTBRIDGE, aws_write, "WEEKDAYS", instead("0123456"),
          PLAIN),
    Fault("names one off", EVENTBRIDGE, aws_write, "WEEKDAYS",
          lambda names: (*names[1:], names[0]), PLAIN),
    Fault("AWS */n in a day field", EVENTBRIDGE, aws_write, "listed", star_always, EITHER[1:]),
    Fault("? on the wrong field", EVENTBRIDGE, aws_write.Days, "__str__",
          result(lambda found: found.replace("?", "*") if found[0] == "?" else f"? {found[:-2]}"),
          PLAIN),
    Fault("AWS months dropped", RULES, aws_write.Days, "__str__",
          spelled(lambda d: attrs.evolve(d, months=aws_write.MONTHS)), PLAIN),
    Fault("L is the 31st", EVENTBRIDGE, aws_write.Days, "__str__",
          result(lambda found: found.replace("L ", "31 ")), LAST),
    Fault("L dropped beside days", EVENTBRIDGE, aws_write, "_days",
          given(lambda found: tuple(d for d in found if d != -1) or found), (LAST[1],)),
    Fault("W dropped", EVENTBRIDGE, aws_write.Days, "__str__",
          result(lambda found: found.replace("W", "")), (days(NearestWeekday(15)),)),
    Fault("nth one off", EVENTBRIDGE, aws_write, "_place",
          lambda original: lambda day, n, months: original(day, n + 1, months), MONDAYS),
    Fault("nth on the day before", RULES, aws_write, "_place",
          lambda original: lambda day, n, months: original(day - 1, n, months), MONDAYS),
    Fault("last is the fifth", EVENTBRIDGE, aws_write, "_place",
          lambda original: lambda day, n, months: original(day, 5 if n < 0 else n, months),
          (weekdays(LastWeekday("FRI")),)),
    Fault("all is any", EVENTBRIDGE, eventbridge, "days_of", any_for_all,
          (days(*range(1, 8), weekdays="MON", day_rule="all"),)),
    Fault("any is days", EVENTBRIDGE, eventbridge, "days_of", only_days, EITHER),
    Fault("the last but one as in January", EVENTBRIDGE, aws_write, "_by_length",
          instead(lambda months: [(1,)]), (days(-2, months=(1, 4)),)),
    Fault("week one short", EVENTBRIDGE, aws_write, "PLACES",
          lambda places: {place: range(week[0], week[-1]) for place, week in places.items()},
          (days(*range(1, 7), weekdays="MON", day_rule="all"),)),
    Fault("every day without the 31st", RULES, aws_write, "MONTH", instead(tuple(range(1, 31))),
          (Cron("0 9 * * *"),)),
    Fault("AWS one of several dropped", EVENTBRIDGE, aws_write, "boxes",
          result(lambda found: found[1:]), (*SEVERAL, *EITHER)),
    Fault("AWS one written twice", RULES, eventbridge_rules, "Native",
          lambda original: lambda t, z: original(t.replace("30 1,4", "0,30 1,4"), z), SEVERAL[:1]),
    Fault("AWS overlap without a token", RULES, eventbridge_rules, "texts",
          lambda original: lambda rules, **_: original(rules, disjoint=False),
          STAIRS),
    Fault("AWS zone lost", EVENTBRIDGE, eventbridge, "Native",
          lambda original: lambda t, z, *more: original(t, "UTC", *more), LOCAL),
    Fault("AWS neighbouring zone", EVENTBRIDGE, eventbridge, "Native",
          lambda original: lambda t, z, *more: original(t, "Europe/Athens", *more), LOCAL),
    Fault("rate in the next unit", EVENTBRIDGE, eventbridge, "UNITS",
          instead(((86_400, "day"), (3_600, "minute"), (60, "minute"))), RATE),
    Fault("StartDate dropped", EVENTBRIDGE, eventbridge, "_more", without("StartDate"), RATE),
    Fault("StartDate an hour late", EVENTBRIDGE, eventbridge, "_more",
          later("StartDate", hours=1), RATE),
    Fault("first run lost", EVENTBRIDGE, eventbridge, "_more",
          later("StartDate", hours=7), RATE[:1]),
    Fault("rate rounded to hours", EVENTBRIDGE, eventbridge, "_rate",
          given(lambda every: Every("11h", every.anchor)),
          (Window(Every("630m", START), start=START),)),
    Fault("EndDate a day late", EVENTBRIDGE, eventbridge, "_more", later("EndDate", days=1),
          BOUNDED),
    Fault("EndDate dropped", EVENTBRIDGE, eventbridge, "_more", without("EndDate"), BOUNDED),
    Fault("EndDate at a run", EVENTBRIDGE, eventbridge, "_more", later("EndDate", seconds=1),
          BOUNDED[1:]),
    Fault("at an hour late", EVENTBRIDGE, eventbridge, "_once",
          lambda original: lambda once, *more: original(
              Once(once.instant + timedelta(hours=1)), *more), ONCE),
)
QUARTZ_FAULTS = (
    Fault("seconds every second", QUARTZ, quartz, "Native",
          lambda original: lambda t, *more: original("*" + t[1:], *more), PLAIN),
    Fault("Quartz L-2 is L-1", QUARTZ, aws_write.Days, "__str__",
          result(lambda found: found.replace("L-2", "L-1")), (days(-3),)),
    Fault("Quartz nth one off", QUARTZ, quartz, "_place",
          given(lambda value: NthWeekday(value.weekday, value.n % 5 + 1)), MONDAYS),
    Fault("Quartz weekdays 0 = SUN", QUARTZ, aws_write, "WEEKDAYS", instead("0123456"), PLAIN),
    Fault("Quartz ? twice", QUARTZ, aws_write.Days, "__str__",
          result(lambda found: found.replace("*", "?")), PLAIN),
    Fault("Quartz last is the fourth", QUARTZ, quartz, "_place",
          given(lambda value: NthWeekday(value.weekday, 4)), (weekdays(LastWeekday("FRI")),)),
    Fault("Quartz zone lost", QUARTZ, quartz, "Native",
          lambda original: lambda t, z, *more: original(t, "UTC", *more), LOCAL),
    Fault("Quartz overlap", QUARTZ, quartz, "fewest",
          lambda original: lambda rules, **_: original(rules, disjoint=False),
          STAIRS),
    Fault("endAt a second late", QUARTZ, quartz, "_SECOND", instead(timedelta(0)), BOUNDED[1:]),
    Fault("Quartz once a day late", QUARTZ, quartz, "_once", result(
          lambda found: [(t.replace(" 1 5 ", " 2 5 "), z) for t, z in found]), ONCE),
    Fault("Quartz phase dropped", QUARTZ, quartz, "ticks",
          given(lambda every: Every(f"{every.interval}s", START)),
          (Every("2h", "2026-01-01T01:00:00Z"),)),
)
ADF_FAULTS = (
    Fault("Windows id of a neighbour", ADF, adf, "windows_id",
          instead(lambda *_: "GMT Standard Time"), LOCAL),
    Fault("Windows id without summer time", ADF, adf, "windows_id",
          instead(lambda *_: "W. Central Africa Standard Time"), LOCAL),
    Fault("Windows id unknown", ADF, adf, "windows_id", instead(lambda *_: BERLIN), LOCAL),
    Fault("timeZone dropped", ADF, adf_write, "_json",
          json_changed(lambda found: found.pop("timeZone")), LOCAL),
    Fault("guard dropped", ADF, adf_write, "_expression", result(lambda _: ""), GUARDED),
    Fault("guard negated", ADF, adf_write, "_expression",
          result(lambda found: f"@not({found[1:]})" if found else found), GUARDED[:1]),
    Fault("guard one month late", ADF, adf_write, "_box",
          given(lambda box: attrs.evolve(box, months=next_in(box.months, 12, 1))), GUARDED[:1]),
    Fault("guard minutes for months", ADF, adf_write, "_box",
          result(lambda found: found.replace("'MM'", "'mm'")), GUARDED[:1]),
    Fault("guard in UTC", ADF, adf_write, "_expression",
          lambda original: lambda guard, _: original(guard, "UTC"),
          (Cron("30 0 * 1,2 *", timezone=BERLIN),), SCHEDULED),
    Fault("frequency Day for Week", ADF, adf_write, "_days",
          result(lambda found: ("Day", {}) if found[0] == "Week" else found), PLAIN[:1]),
    Fault("weekdays one off", ADF, adf_write, "NAMES", lambda names: (*names[1:], names[0]),
          (PLAIN[0], *MONDAYS)),
    Fault("occurrence one off", ADF, adf_write, "_occurrence",
          given(lambda v: NthWeekday(v.weekday, v.n + 1)), MONDAYS),
    Fault("month days dropped", ADF, adf_write, "_days",
          result(lambda found: ("Day", {}) if found[0] == "Month" else found), PLAIN[1:2]),
    Fault("hours dropped", ADF, adf_write, "_json",
          json_changed(lambda found: found["schedule"].pop("hours")), PLAIN[:2]),
    Fault("last hour dropped", ADF, adf, "boxes",
          each_box(lambda m, h, d: (m, h[:-1] or h, d)), PLAIN),
    Fault("ADF one of several dropped", ADF, adf, "boxes", result(lambda found: found[1:]),
          (Union(Cron("0 9 * * *"), Cron("30 17 * * *")),)),
    Fault("startTime of a rate an hour late", ADF, adf_write, "epoch",
          result(lambda at: at + 3_600), (Every("7h", START),)),
    Fault("rate in minutes", ADF, adf_write, "UNITS",
          instead({"Minute": 3_600}), (Every("7h", START),)),
    Fault("endTime a day late", ADF, adf_write, "_end",
          given(lambda span: attrs.evolve(span, end=span.end and span.end + 86_400)), BOUNDED),
    Fault("startTime a day late", ADF, adf_write, "MINUTE", instead(-86_400), BOUNDED[:1]),
    Fault("once for ever", ADF, adf_write, "_end", result(lambda _: {}), ONCE),
)
# fmt: on
SYSTEMD_FAULTS = (
    Fault(
        "systemd weekdays one off",
        SYSTEMD,
        systemd,
        "NAMES",
        lambda names: (*names[1:], names[0]),
        PLAIN,
    ),
    Fault(
        "systemd Sunday dropped",
        SYSTEMD,
        systemd,
        "WEEK",
        instead((1, 2, 3, 4, 5, 6)),
        (Cron("0 9 * * 0,6"),),
    ),
    Fault(
        "days from the start, not the end",
        SYSTEMD,
        systemd,
        "_dates",
        result(lambda found: [date.replace("~", "-") for date in found]),
        LAST,
    ),
    Fault(
        "one day more from the end",
        SYSTEMD,
        systemd,
        "_dates",
        result(lambda found: [date.replace("~01", "~02") for date in found]),
        LAST,
    ),
    Fault(
        "steps of one more",
        SYSTEMD,
        systemd,
        "_listed",
        result(lambda found: found.replace("/6", "/7")),
        STEPPED,
    ),
    Fault(
        "systemd months dropped",
        SYSTEMD,
        systemd,
        "_dates",
        given(lambda days: attrs.evolve(days, months=tuple(range(1, 13)))),
        PLAIN,
    ),
    Fault(
        "systemd all is any",
        SYSTEMD,
        systemd,
        "days_of",
        any_for_all,
        (days(*range(1, 8), weekdays="MON", day_rule="all"),),
    ),
    Fault(
        "systemd any is all",
        SYSTEMD,
        systemd,
        "days_of",
        given(lambda calendar: attrs.evolve(calendar, day_rule="all")),
        EITHER,
    ),
    Fault(
        "one systemd line dropped",
        SYSTEMD,
        systemd,
        "fewer",
        result(lambda found: found[1:]),
        SEVERAL,
    ),
    Fault(
        "systemd minutes and hours swapped",
        SYSTEMD,
        systemd,
        "fewer",
        each_box(lambda m, h, d: (h, m, d)),
        (Cron("5 9 * * *"),),
    ),
    Fault(
        "systemd year too many",
        SYSTEMD,
        systemd,
        "_years",
        result(lambda years: years.replace("2028", "2029")),
        (Window(Cron("0 9 * * *"), start=START, end="2029-01-01T00:00:00Z"),),
    ),
    Fault(
        "systemd zone lost",
        SYSTEMD,
        systemd,
        "Native",
        instead(lambda text, zone: robfig.Native(text.replace(BERLIN, "UTC"), zone)),
        LOCAL,
    ),
    Fault(
        "systemd neighbouring zone",
        SYSTEMD,
        systemd,
        "Native",
        instead(lambda text, zone: robfig.Native(text.replace(BERLIN, "Europe/Athens"), zone)),
        LOCAL,
    ),
)
FAULTS = (*UNIX_FAULTS, *UTC_FAULTS, *AWS_FAULTS, *QUARTZ_FAULTS, *ADF_FAULTS, *SYSTEMD_FAULTS)
