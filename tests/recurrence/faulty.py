"""
What deliberate faults put in the place of writers' functions.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import attrs

from schedkit.recurrence import (
    ANY,
    Union,
    rewrite,
)


def result(change):
    """
    Change what a function returns.
    """
    return lambda original: lambda *args, **more: change(original(*args, **more))


def given(change):
    """
    Change the first argument of a function.
    """
    return lambda original: lambda first, *args, **more: original(change(first), *args, **more)


def instead(value):
    """
    Another value.
    """
    return lambda _: value


def spelled(change):
    """
    Change a dataclass of days before its text is made.
    """
    return lambda original: lambda self: original(change(self))


def text(old, new):
    """
    Replace a part of the text of each native.
    """
    return lambda native: attrs.evolve(native, text=native.text.replace(old, new))


def each_box(change):
    """
    Change minutes, hours and days of each box.
    """
    return result(lambda found: tuple(change(*box) for box in found))


def whole(found):
    """
    One box instead of all: every minute in every hour.
    """
    minutes, hours = ({value for box in found for value in box[side]} for side in (0, 1))
    return ((tuple(sorted(minutes)), tuple(sorted(hours)), found[0][2]),)


def apart(found):
    """
    Two boxes for days and weekdays of each.
    """
    return tuple(
        (minutes, hours, attrs.evolve(days, **{field: ()}))
        for minutes, hours, days in found
        for field in ("days", "weekdays")
    )


def next_in(values, size, first=0):
    """
    Each value plus one, from the end to the start.
    """
    return tuple(sorted((value - first + 1) % size + first for value in values))


def json_changed(change):
    """
    Change the recurrence of a Data Factory trigger before it becomes text.
    """

    def faulty(original):
        def written(value):
            found = json.loads(original(value))
            change(found)
            return original(found)

        return written

    return faulty


def without(name):
    """
    Leave out one of the things beside a text, or one key of a dict.
    """
    return result(lambda found: {key: value for key, value in found.items() if key != name})


def star_always(original):
    """
    Write steps in every field.
    """
    return lambda values, whole, **_: original(values, whole, star=True)


def cut_range(original):
    """
    End ranges one early.
    """
    return lambda values, whole, **more: original(
        values[:-1] if len(values) > 2 and len(values) < len(whole) else values, whole, **more
    )


def stepped_from_one(original):
    """
    Start steps at 1.
    """
    return lambda values, whole, **more: original(values, whole, **more).replace(
        "*/", f"1-{whole[-1]}/"
    )


def nearly_all(original):
    """
    Write `*` where one value is missing.
    """
    return lambda values, whole, **more: (
        "*" if len(values) == len(whole) - 1 else original(values, whole, **more)
    )


def one_offset(shift):
    """
    Bake one offset into UTC, whatever the zone does: a `to_utc` or `steadied`.
    """

    def baked(when, *_):
        found = [each for c in when.calendars() for each in rewrite.shifted(c, shift)]
        return found[0] if len(found) == 1 else Union(*found)

    return instead(baked)


def any_for_all(original):
    """
    Take `day_rule="all"` for `"any"`.
    """
    return lambda calendar, *args: original(attrs.evolve(calendar, day_rule="any"), *args)


def only_days(original):
    """
    Forget the weekdays where there are days.
    """
    return lambda calendar, *args: original(
        calendar if calendar.days is ANY else attrs.evolve(calendar, weekdays=ANY, day_rule=None),
        *args,
    )


def moved_too_far(original):
    """
    Move days over one midnight more.
    """
    return lambda calendar, move: original(calendar, move + (move > 0) - (move < 0))


def later(name, **by):
    """
    Move a time that stands beside a text.
    """

    def change(found):
        more = dict(found)
        if name in more:
            at = datetime.fromisoformat(more[name]) + timedelta(**by)
            more[name] = at.isoformat().replace("+00:00", "Z")
        return more

    return result(change)


def every_evolved(change):
    """
    Change the interval of a rate.
    """
    return given(change)
