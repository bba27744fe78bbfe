"""
Schedules as pictures: the days of a year, and the minutes of a day.

Needs the extra `schedkit[pictures]`. The same schedule gives the same file, byte by byte, with the
same matplotlib: settings of the machine are left alone, and no date is written.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, NamedTuple

from schedkit.exceptions import MissingExtraError, SpecError
from schedkit.recurrence import When, Zone


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["change", "year"]

SUFFIXES = (".png", ".svg")
YEARS = (1902, 2199)
_DAY = timedelta(days=1)
_COLOURS = ("#1f6f8b", "#c8553d")  # the first time a clock shows a time, and the second time
_GREY = "#e9ecef"
_STYLE: dict[Any, Any] = {  # the key is a literal type that differs between versions
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.spines.bottom": False,
    "svg.hashsalt": "schedkit",
}


class _Line(NamedTuple):
    """
    One day on its wall clock: hours at which it runs the first and the second time that the clock
    shows them, and the hours that the clock skips or repeats.
    """

    label: str
    runs: tuple[list[float], list[float]]
    skipped: tuple[float, float] | None = None
    repeated: tuple[float, float] | None = None


class _Year(NamedTuple):
    """
    What is drawn of one schedule.
    """

    title: str
    per_day: dict[date, int]
    lines: list[_Line]


def year(when: When, year: int, file: str | PathLike[str]) -> None:
    """
    Draw one year of a schedule: runs per day, and when they are on a typical day and on the days
    on which its clocks change.

    Args:
        year: 1902 to 2199.
        file: Ends in `.svg` or `.png`; an older file is replaced.

    Raises:
        SpecError: Another ending, another year, no schedule, or a file that cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    _draw({"": when}, year, file)


def change(old: When, new: When, year: int, file: str | PathLike[str]) -> None:
    """
    Draw one year of two schedules below each other, in the same colours.

    Arguments and errors are those of `year`.
    """
    _draw({"old: ": old, "new: ": new}, year, file)


def _draw(schedules: dict[str, When], year: int, file: str | PathLike[str]) -> None:
    name = fspath(file)
    if not name.lower().endswith(SUFFIXES):
        raise SpecError(f"picture {name!r}", "is neither PNG nor SVG", "end it in .png or .svg")
    if type(year) is not int or not YEARS[0] <= year <= YEARS[1]:
        reason = f"{year!r} is not a year from {YEARS[0]} to {YEARS[1]}"
        raise SpecError("picture, year", reason, "write one such as 2026")
    for when in schedules.values():
        if not isinstance(when, When):
            reason = f"{when!r} is {type(when).__name__}, not a schedule"
            raise SpecError("picture", reason, "pass Cron, Calendar, Every, Once or Union")
    try:
        import matplotlib as mpl
    except ImportError as error:
        cure = "pip install 'schedkit[pictures]'"
        raise MissingExtraError("pictures", "matplotlib is not installed", cure) from error
    found = [_of(when, year, prefix) for prefix, when in schedules.items()]
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        figure = _figure(found, year)
        metadata = {"Date": None} if name.lower().endswith(".svg") else {"Software": None}
        try:
            figure.savefig(name, dpi=150, metadata=metadata)
        except OSError as error:
            reason = f"cannot be written ({error.strerror or error})"
            raise SpecError(
                f"picture {name!r}", reason, "name a file in a folder of yours"
            ) from None


def _of(when: When, year: int, prefix: str) -> _Year:
    zone = Zone.of(when.timezone)
    start, stop = (datetime(each, 1, 1, tzinfo=zone.tzinfo) for each in (year, year + 1))
    days: dict[date, tuple[list[float], list[float]]] = {}
    for run in when.between(start, stop):
        hour = run.hour + run.minute / 60 + run.second / 3600
        days.setdefault(run.date(), ([], []))[run.fold].append(hour)
    changes = list(_changes(zone, year, days))
    changing = {day for day, _ in changes}
    alike = Counter(tuple(runs[0]) for day, runs in days.items() if day not in changing)
    lines = [
        _Line(_like(days, changing, hours, count), (list(hours), []))
        for hours, count in alike.most_common(3)
    ]
    lines += [line for _, line in changes]
    title = textwrap.shorten(prefix + when.explain(), 300, placeholder=" ...")
    return _Year(
        title=textwrap.fill(title, 95),
        per_day={day: len(first) + len(second) for day, (first, second) in days.items()},
        lines=lines or [_Line(f"no run in {year}", ([], []))],
    )


def _like(
    days: dict[date, tuple[list[float], list[float]]],
    changing: set[date],
    hours: tuple[float, ...],
    count: int,
) -> str:
    """
    "Thu 1 Jan and 364 more days".
    """
    first = next(d for d, runs in days.items() if d not in changing and tuple(runs[0]) == hours)
    more = f" and {count - 1} more day{'s'[: count - 2]}" if count > 1 else ""
    return f"{first:%a} {first.day} {first:%b}{more}"


def _changes(
    zone: Zone, year: int, days: dict[date, tuple[list[float], list[float]]]
) -> Iterator[tuple[date, _Line]]:
    """
    The days on which clocks change, with what they skip or repeat.
    """
    start, stop = (int(datetime(each, 1, 1, tzinfo=UTC).timestamp()) for each in (year, year + 1))
    for change in zone.changes(start, stop):
        low, high = sorted((change.epoch + change.before, change.epoch + change.after))
        wall = datetime.fromtimestamp(low, UTC)
        begin = wall.hour + wall.minute / 60 + wall.second / 3600
        skips = change.after > change.before
        what = "skipped" if skips else "twice"
        span = (begin, min(begin + (high - low) / 3600, 24))
        until = datetime.fromtimestamp(high, UTC)
        line = _Line(
            label=f"{wall:%a} {wall.day} {wall:%b}, {wall:%H:%M} to {until:%H:%M} {what}",
            runs=days.get(wall.date(), ([], [])),
            skipped=span if skips else None,
            repeated=None if skips else span,
        )
        yield wall.date(), line


def _figure(found: Sequence[_Year], year: int) -> Figure:
    from matplotlib.figure import Figure

    heights = [part for each in found for part in (2.1, 0.5 + 0.36 * len(each.lines))]
    figure = Figure(figsize=(11, sum(heights) + 0.4), layout="constrained")
    axes = figure.subplots(len(heights), 1, height_ratios=heights)
    most = max([1, *(count for each in found for count in each.per_day.values())])
    for index, each in enumerate(found):
        _heat_map(axes[2 * index], each, year, most)
        _day_lines(axes[2 * index + 1], each.lines)
    return figure


def _heat_map(axes: Axes, found: _Year, year: int, most: int) -> None:
    """
    A column per week, a row per weekday, a colour per number of runs.
    """
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.ticker import FixedLocator, MaxNLocator

    first = date(year, 1, 1)
    days = [first + _DAY * number for number in range((date(year + 1, 1, 1) - first).days)]
    weeks = [(number + first.weekday()) // 7 for number in range(len(days))]
    table = np.full((7, weeks[-1] + 1), np.nan)
    for day, week in zip(days, weeks, strict=True):
        table[day.weekday(), week] = found.per_day.get(day, 0)
    scale = LinearSegmentedColormap.from_list("runs", ["#b8dbe6", _COLOURS[0], "#0b2f3d"])
    colours = scale.with_extremes(under=_GREY)
    mesh = axes.pcolormesh(
        table, cmap=colours, norm=Normalize(0.5, most), edgecolors="white", linewidth=1.5
    )
    axes.set_title(found.title, pad=8)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    firsts = [number for number, day in enumerate(days) if day.day == 1]
    months = [f"{days[n]:%b}" for n in firsts]
    months[0] += f"\n{year}"
    axes.set_xticks([weeks[n] + 0.5 for n in firsts], months)
    axes.set_yticks([0.5, 2.5, 4.5, 6.5], ["Mon", "Wed", "Fri", "Sun"])
    axes.tick_params(length=0)
    counts = sorted({*found.per_day.values(), most})
    apart = min([most, *(after - before for before, after in pairwise(counts))])
    ticks = FixedLocator(counts) if apart * 12 >= most else MaxNLocator(5, integer=True)
    bar = axes.figure.colorbar(mesh, ax=axes, ticks=ticks, shrink=0.8, pad=0.01, aspect=12)
    bar.set_label("runs per day")
    bar.outline.set_visible(False)


def _day_lines(axes: Axes, lines: Sequence[_Line]) -> None:
    """
    A row per day, a mark per run; what a clock shows twice has its second time below.
    """
    for row, line in enumerate(lines):
        axes.barh(row, 24, height=0.7, color=_GREY, zorder=1)
        for span, hatch in ((line.skipped, "//////"), (line.repeated, "")):
            if span is not None:
                axes.barh(
                    row,
                    span[1] - span[0],
                    left=span[0],
                    height=0.7,
                    color="white" if hatch else "#f6dcc0",
                    edgecolor="#adb5bd" if hatch else "none",
                    hatch=hatch,
                    zorder=2,
                )
        low, high = line.repeated or (0, 0)
        first, second = line.runs
        ends = [row + (0 if low <= hour < high else 0.35) for hour in first]
        axes.vlines(first, row - 0.35, ends, _COLOURS[0], lw=1.4, zorder=3)
        axes.vlines(second, row, row + 0.35, _COLOURS[1], lw=1.4, zorder=3)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xlim(0, 24)
    axes.set_yticks(range(len(lines)), [line.label for line in lines])
    axes.set_xticks(range(0, 25, 3), [f"{hour:02}:00" for hour in range(0, 25, 3)])
    axes.tick_params(length=0)
