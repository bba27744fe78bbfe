"""
Pictures of schedules: what is drawn, that it is the same each time, and what is refused.
"""

from __future__ import annotations

import sys
from datetime import date

import matplotlib as mpl
import pytest

from schedkit import pictures
from schedkit.exceptions import MissingExtraError, SpecError
from schedkit.recurrence import Cron, Once, Union


CRON = Cron("*/30 2-4 * * *", timezone="Europe/Berlin")
ORDINARY = [2, 2.5, 3, 3.5, 4, 4.5]


def test_what_is_drawn() -> None:
    """
    Runs per day, the most usual day, and the days on which clocks change.
    """
    found = pictures._of(CRON, 2026, "new: ")
    assert f"new: {CRON.explain()}" == found.title
    assert (365, 2190) == (len(found.per_day), sum(found.per_day.values()))
    skips, repeats = date(2026, 3, 29), date(2026, 10, 25)
    assert (4, 8) == (found.per_day[skips], found.per_day[repeats])
    assert [
        ("Thu 1 Jan and 362 more days", (ORDINARY, []), None, None),
        ("Sun 29 Mar, 02:00 to 03:00 skipped", (ORDINARY[2:], []), (2, 3), None),
        ("Sun 25 Oct, 02:00 to 03:00 twice", (ORDINARY, [2, 2.5]), None, (2, 3)),
    ] == found.lines


def test_several_usual_days() -> None:
    """
    The three most usual days are told apart, the most usual first.
    """
    members = [Cron("0 9 * * 1-5"), Cron("0 12 1 1,2 *"), Cron("0 6 2 * *"), Cron("0 7 3 3 *")]
    found = pictures._of(Union(*members), 2026, "")
    assert [
        ("Mon 5 Jan and 248 more days", [9]),
        ("Fri 2 Jan and 9 more days", [6, 9]),
        ("Sat 2 May and 1 more day", [6]),
    ] == [(line.label, line.runs[0]) for line in found.lines]


def test_midnight() -> None:
    """
    A change that begins or ends at midnight stays on its day.
    """
    lines = pictures._of(Cron("30 * * * *", timezone="America/Santiago"), 2026, "").lines
    assert ["Sat 4 Apr, 23:00 to 00:00 twice", "Sun 6 Sep, 00:00 to 01:00 skipped"] == [
        line.label for line in lines[1:]
    ]
    assert ((23, 24), [23.5], (0, 1), 1.5) == (
        lines[1].repeated,
        lines[1].runs[1],
        lines[2].skipped,
        lines[2].runs[0][0],
    )


def test_no_run() -> None:
    """
    A year without a run says so.
    """
    found = pictures._of(Once("2025-01-01T00:00:00Z"), 2026, "")
    assert ({}, [("no run in 2026", ([], []), None, None)]) == (found.per_day, found.lines)


@pytest.mark.parametrize("name", ["a.svg", "a.png", "A.SVG"])
def test_same_bytes_each_time(tmp_path, name: str) -> None:
    """
    The same schedule gives the same file, whatever the settings of the machine.
    """
    pictures.change(CRON, Cron("0 1 * * *"), 2026, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": None, "savefig.dpi": 20}):
        pictures.change(CRON, Cron("0 1 * * *"), 2026, str(tmp_path / name))
        assert 30 == mpl.rcParams["font.size"]
    assert first == (tmp_path / name).read_bytes()
    assert b"dc:date" not in first


def test_each_schedule_has_two_axes_and_a_scale() -> None:
    """
    Heat map, day line and colour scale for each schedule; one scale for both.
    """
    found = [pictures._of(when, 2026, "") for when in (CRON, Cron("0 1 * * *"))]
    figure = pictures._figure(found, 2026)
    assert 6 == len(figure.axes)
    limits = [mesh.get_clim() for axes in figure.axes[:4:2] for mesh in axes.collections]
    assert [(0.5, 8), (0.5, 8)] == limits


@pytest.mark.parametrize("when", [Cron("* * * * *"), Once("2025-01-01T00:00:00Z"), CRON])
def test_year(tmp_path, when) -> None:
    """
    Dense, empty and ordinary years are drawn.
    """
    pictures.year(when, 2026, tmp_path / "year.png")
    assert (tmp_path / "year.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((CRON, 2026, "a.pdf"), "picture 'a.pdf': is neither PNG nor SVG; end it in .png or .svg"),
        ((CRON, 1492, "a.png"), "picture, year: 1492 is not a year from 1902 to 2199;"),
        ((CRON, "2026", "a.png"), "picture, year: '2026' is not a year from 1902 to 2199;"),
        (("@daily", 2026, "a.png"), "picture: '@daily' is str, not a schedule; pass Cron,"),
    ],
)
def test_refusals(arguments: tuple, sentence: str) -> None:
    """
    Another kind of file, another year or no schedule is refused before anything is drawn.
    """
    with pytest.raises(SpecError) as caught:
        pictures.year(*arguments)
    assert str(caught.value).startswith(sentence)


def test_no_such_folder(tmp_path) -> None:
    """
    A file that cannot be written is a refusal that names it.
    """
    file = tmp_path / "none" / "a.svg"
    with pytest.raises(SpecError) as caught:
        pictures.year(CRON, 2026, file)
    assert (f"picture {str(file)!r}", "cannot be written (No such file or directory)") == (
        caught.value.culprit,
        caught.value.reason,
    )


def test_without_matplotlib(monkeypatch, tmp_path) -> None:
    """
    A missing matplotlib is an error whose cure is the extra.
    """
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError) as caught:
        pictures.year(CRON, 2026, tmp_path / "a.svg")
    sentence = "pictures: matplotlib is not installed; pip install 'schedkit[pictures]'"
    assert sentence == str(caught.value)
    assert isinstance(caught.value, ImportError)
