"""
`schedkit diff`.
"""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from schedkit.cli import main


START = ("--start", "2026-01-01T00:00:00Z")
WINDOW = "from 2026-01-01T00:00:00+00:00 to 2027-01-01T00:00:00+00:00"
COUNTS = "364 moved (largest shift 1h later), 1 lost, 1 added, 0 kept"
NIGHTLY = ("0 1 * * *", "0 2 * * *", *START)


def test_equal(cli) -> None:
    """
    Schedules that run at the same instants are equal however they are written: exit 0.
    """
    answer = cli("diff", "@hourly", "0 * * * *", "--old-timezone", "Europe/Berlin", *START)
    assert (0, "") == (answer.code, answer.err)
    assert [
        "old: Every hour, Europe/Berlin time.",
        "new: Every hour, UTC.",
        f"No run differs, 8760 kept, {WINDOW}.",
    ] == answer.out.splitlines()


def test_different(cli) -> None:
    """
    Counts, rates a year and the first five runs of each kind: exit 1, as with diff(1).
    """
    answer = cli("diff", *NIGHTLY, "--timezone", "Europe/Berlin")
    assert (1, "") == (answer.code, answer.err)
    days = [f"2026-01-0{day}" for day in range(1, 6)]
    assert [
        "old: At 01:00 every day, Europe/Berlin time.",
        "new: At 02:00 every day, Europe/Berlin time.",
        f"{COUNTS}, {WINDOW}; the first difference is at 2026-01-01T01:00:00+01:00.",
        "moved  364.2 a year",
        "lost     1.0 a year",
        "added    1.0 a year",
        "kept     0.0 a year",
        "- 2026-03-29T01:00:00+01:00",
        "+ 2026-10-25T02:00:00+01:00",
        *[f"~ {day}T01:00:00+01:00 -> {day}T02:00:00+01:00" for day in days],
        "~ and 359 more moved",
    ] == answer.out.splitlines()


@pytest.mark.parametrize(("color", "marked"), [(True, True), (False, False)])
def test_colour(color: bool, marked: bool) -> None:
    """
    Moved runs are yellow on a terminal, and plain elsewhere.
    """
    result = CliRunner().invoke(main, ["diff", *NIGHTLY], color=color)
    assert marked is ("\x1b[33m~ 2026-01-01" in result.stdout)
    assert marked is ("\x1b" in result.stdout)


def test_zones(cli) -> None:
    """
    --old-timezone and --new-timezone win over --timezone, which both use else.
    """
    asked = ("0 1 * * *", "0 1 * * *", *START, "--timezone", "Asia/Tokyo", "--json")
    for option, zones in (
        ((), ("Asia/Tokyo", "Asia/Tokyo")),
        (("--old-timezone", "UTC"), ("UTC", "Asia/Tokyo")),
        (("--new-timezone", "UTC"), ("Asia/Tokyo", "UTC")),
    ):
        told = cli("diff", *asked, *option).json
        assert zones == (told["old"]["timezone"], told["new"]["timezone"])


def test_json(cli) -> None:
    """
    One document: both schedules, counts, rates, and the first 20 runs.
    """
    answer = cli("diff", "*/15 * * * *", "*/10 * * * *", *START, "--json")
    told = answer.json
    assert (1, 17_520, 35_040, 0, 17_520) == (
        answer.code,
        *(told[kind] for kind in ("lost", "added", "moved", "kept")),
    )
    first = {"cron": "*/15 * * * *", "timezone": "UTC", "sentence": "Every 15 minutes, UTC."}
    assert (first, 20, "2026-01-01T00:10:00+00:00") == (
        told["old"],
        len(told["first_lost"]),
        told["first"],
    )


@pytest.mark.parametrize(
    ("start", "years", "stop"),
    [
        ("2026-01-01T00:00:00Z", 2, "2028-01-01T00:00:00+00:00"),
        ("2028-02-29T12:00:00+01:00", 1, "2029-02-28T12:00:00+01:00"),
        ("2026-05-01T00:00:00.5+00:00", 1, "2027-05-01T00:00:00+00:00"),
    ],
)
def test_window(cli, start: str, years: int, stop: str) -> None:
    """
    --years counts calendar years from --start; from 29 February to 28 February.
    """
    answer = cli("diff", "@daily", "@daily", "--start", start, "--years", years, "--json")
    assert (0, stop) == (answer.code, answer.json["stop"])


def test_from_now(cli) -> None:
    """
    Without --start the coming year counts.
    """
    told = cli("diff", "@daily", "@daily", "--json").json
    assert (True, True) == (told["same"], told["kept"] in {365, 366})


def test_day_rule(cli) -> None:
    """
    The question that an ambiguous text raises is answered by --day-rule, for both.
    """
    asked = ("diff", "0 0 */2 * 1", "0 0 * * *", *START)
    assert 2 == cli(*asked).code
    answer = cli(*asked, "--day-rule", "all", "--json")
    assert (1, 0) == (answer.code, answer.json["lost"])


@pytest.mark.parametrize(
    ("name", "begins"), [("change.svg", b"<?xml version"), ("change.PNG", b"\x89PNG\r\n")]
)
def test_picture(cli, tmp_path, name: str, begins: bytes) -> None:
    """
    --picture draws both schedules, and changes nothing of the answer.
    """
    file = tmp_path / name
    answer = cli("diff", *NIGHTLY, "--picture", file)
    assert (cli("diff", *NIGHTLY).out, 1) == (answer.out, answer.code)
    assert file.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["61 * * * *", "@daily"], "error: cron '61 * * * *', minute (column 1): 61 is out of"),
        (["@daily", "0 0 30 2 *"], "error: cron '0 0 30 2 *'"),
        (["@daily"], "error: Missing argument 'NEW'."),
        (["@daily", "@daily", "--new-timezone", "Europe/Berln"], "did you mean 'Europe/Berlin'?"),
        (["@daily", "@daily", "--old-timezon", "UTC"], "No such option '--old-timezon'"),
        (["@daily", "@daily", "--years", "0"], "0 is not in the range 1<=x<=100."),
        (
            ["@daily", "@daily", "--start", "9990-01-01T00:00:00Z", "--years", "10"],
            "error: --years: 10 after 9990 is past 9999; compare fewer",
        ),
        (["@daily", "@daily", "--start", "soon"], "error: --start 'soon': is no RFC 3339 instant"),
        (
            ["@daily", "@daily", "--start", "2026-01-01T00:00:00"],
            "error: --start '2026-01-01T00:00:00': has no offset from UTC; write 2026-",
        ),
        (
            ["@daily", "@daily", "--picture", "change.gif"],
            "error: picture 'change.gif': is neither PNG nor SVG; end it in .png or .svg",
        ),
    ],
)
def test_wrong(cli, words: list[str], sentence: str) -> None:
    """
    Bad input ends with 2 and one sentence on stderr.
    """
    answer = cli("diff", *words)
    assert (2, "") == (answer.code, answer.out)
    assert sentence in answer.err
    assert "Traceback" not in answer.err
