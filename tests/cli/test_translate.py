"""
`schedkit translate` and `schedkit read`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

import schedkit as sk
from schedkit.cli import main


TZDATA = r"\(tzdata [^)]+\)"
PROVED = rf"proved: 14 kinds of year, 1440 minutes, no offset changes of UTC to 20\d\d {TZDATA}"
AFTER = ("--after", "2026-03-28T00:00:00Z")


def test_one_native(cli) -> None:
    """
    What the platform receives, and the proof in one line: exit 0.
    """
    answer = cli("translate", "0 9 * * 1-5", "--to", "eventbridge")
    assert (0, "") == (answer.code, answer.err)
    native, proof = answer.out.splitlines()
    assert "cron(0 9 ? * MON-FRI *) (UTC)" == native
    assert re.fullmatch(PROVED, proof)


def test_several_natives(cli) -> None:
    """
    Each native has a line; what is emulated is told below the proof.
    """
    answer = cli("translate", "0 9 1 * 1", "--to", "eventbridge")
    first, second, proof, *emulated = answer.out.splitlines()
    assert ["cron(0 9 1 * ? *) (UTC)", "cron(0 9 ? * MON *) (UTC)"] == [first, second]
    assert proof.endswith("ClientRequestToken starts one run")
    assert all(" emulated: " in line for line in emulated)
    assert 0 == answer.code


def test_refused(cli) -> None:
    """
    Why not, and the nearest schedules with their price and their natives: exit 1.
    """
    answer = cli("translate", "0 9 1 * 1", "--to", "vertex")
    assert (1, "") == (answer.code, answer.err)
    why, *near = answer.out.splitlines()
    assert why.startswith("schedule.day_rule.any refused: days and weekdays together: whether two")
    assert "say assume={'vertex.day_rule'} if you know better" in why
    assert near[0].startswith("nearest: by weekday alone: At 09:00 on Monday, UTC (1")
    assert "         TZ=UTC 0 9 * * 1" == near[1]
    assert near[2].startswith("nearest: by day of the month alone: ")
    assert "         TZ=UTC 0 9 1 * *" == near[3]
    assert "proved" not in answer.out


def test_refused_by_the_proof(cli) -> None:
    """
    Natives that the platform would run otherwise are not shown.
    """
    answer = cli("translate", "0 9 * * 5", "--timezone", "Africa/Cairo", "--to", "robfig")
    assert 1 == answer.code
    assert "0 9 * * 5 (Africa/Cairo)" not in answer.out.splitlines()
    assert answer.out.startswith(
        "schedule.timezone refused: robfig would fire otherwise in Africa"
    )


def test_nothing_near(cli, monkeypatch) -> None:
    """
    Where nothing near can be kept either, it says why.
    """
    monkeypatch.setattr("schedkit.recurrence.nearest.edited", lambda _: iter(()))
    answer = cli("translate", "0 9 1 * 1", "--to", "vertex")
    expected = "nearest: none, for none of its neighbours in time, days, zone or interval can be"
    assert (1, f"{expected} kept either") == (answer.code, answer.out.splitlines()[-1])


def test_options_of_the_schedule(cli) -> None:
    """
    Zone, day rule and policy are those of every command.
    """
    zone = ("--timezone", "Europe/Berlin", "--to", "robfig")
    assert "0 9 * * * (Europe/Berlin)" == cli("translate", "0 9 * * *", *zone).out.splitlines()[0]
    assert 0 == cli("translate", "30 2 * * *", *zone, "--gap", "skip").code
    assert 1 == cli("translate", "30 2 * * *", *zone, "--fold", "first").code
    assert 1 == cli("translate", "0 9 1 * 1", *zone, "--day-rule", "all").code


def test_window(cli) -> None:
    """
    --start and --end bound the schedule, where the platform can.
    """
    bounds = ("--start", "2027-01-01T00:00:00Z", "--end", "2028-01-01T00:00:00Z")
    answer = cli("translate", "0 9 * * *", "--to", "vertex", *bounds)
    native = "TZ=UTC 0 9 * * *, endTime=2028-01-01T00:00:00Z, startTime=2027-01-01T00:00:00Z"
    assert (0, native) == (answer.code, answer.out.splitlines()[0])
    only_end = cli("translate", "0 9 * * *", "--to", "vertex", *bounds[2:])
    assert "TZ=UTC 0 9 * * *, endTime=2028-01-01T00:00:00Z" == only_end.out.splitlines()[0]
    refused = cli("translate", "0 9 * * *", "--to", "robfig", *bounds)
    assert 1 == refused.code
    assert "nearest: without start and end: At 09:00 every day, UTC" in refused.out


def test_assume(cli) -> None:
    """
    A fact that the user vouches for is used, and told.
    """
    answer = cli("translate", "0 9 1 * 1", "--to", "vertex", "--assume", "vertex.day_rule")
    native, proof = answer.out.splitlines()
    assert (0, "TZ=UTC 0 9 1 * 1") == (answer.code, native)
    assert proof.endswith("; assuming vertex.day_rule")


def test_json(cli) -> None:
    """
    One document; a refusal has the nearest schedules in it.
    """
    told = cli("translate", "0 9 * * *", "--to", "github-actions", "--json")
    expected = sk.translate(sk.Cron("0 9 * * *"), "github-actions").to_dict()
    assert (0, json.loads(json.dumps(expected))) == (told.code, told.json)
    refused = cli("translate", "0 9 1 * 1", "--to", "vertex", "--json")
    assert (1, False, [], None, "") == (
        refused.code,
        *(refused.json[key] for key in ("holds", "natives", "proof", "none")),
    )
    assert ["Cron('0 9 * * 1')", "Cron('0 9 1 * *')"] == [
        near["portable"] for near in refused.json["nearest"]
    ]


def test_all(cli) -> None:
    """
    A row for each dialect: natives or "refused", and what is said of it.
    """
    answer = cli("translate", "0 9 1 * 1", "--to", "all")
    assert (0, "") == (answer.code, answer.err)
    rows = {line.split()[0]: line for line in answer.out.splitlines() if line[2:3].isalpha()}
    assert {"dialect", *sk.dialects()} == set(rows)
    assert "refused" in rows["vertex"]
    assert "0 9 1 * 1" in rows["github-actions"]


def test_all_as_json(cli) -> None:
    """
    The same as one document, a list.
    """
    told = cli("translate", "0 9 * * *", "--to", "all", "--json")
    assert (0, list(sk.dialects())) == (told.code, [each["dialect"] for each in told.json])


def test_all_refuse(cli, monkeypatch) -> None:
    """
    Exit 1 when no dialect can keep it.
    """
    monkeypatch.setattr("schedkit.translation.dialects", lambda: ("vertex", "container-apps"))
    answer = cli("translate", "0 9 1 * 1", "--to", "all")
    assert 1 == answer.code
    assert 2 == answer.out.count("whether two")
    assert 1 == cli("translate", "0 9 1 * 1", "--to", "all", "--json").code


@pytest.mark.parametrize(("color", "marked"), [(True, True), (False, False)])
def test_colour(color: bool, marked: bool) -> None:
    """
    A refusal is red on a terminal, and plain elsewhere.
    """
    result = CliRunner().invoke(main, ["translate", "0 9 1 * 1", "--to", "vertex"], color=color)
    assert marked is ("\x1b[31mschedule.day_rule.any refused" in result.stdout)
    assert marked is ("\x1b" in result.stdout)


@pytest.mark.parametrize(
    "words",
    [("translate", "0 9 * * *", "--to", "robfig"), ("read", "robfig", "0 9 * * *", *AFTER)],
)
@pytest.mark.parametrize(
    ("name", "begins"), [("year.svg", b"<?xml version"), ("year.png", b"\x89PNG\r\n")]
)
def test_picture(cli, tmp_path, words, name: str, begins: bytes) -> None:
    """
    --picture draws the year, and changes nothing of the answer.
    """
    file = tmp_path / name
    answer = cli(*words, "--picture", file)
    assert (0, cli(*words).out) == (answer.code, answer.out)
    assert file.read_bytes().startswith(begins)


def test_read(cli) -> None:
    """
    English, the next runs, and the Python that makes it.
    """
    answer = cli("read", "eventbridge", "cron(0 9 ? * 2-6 *)", "-n", 2, *AFTER)
    assert (0, "") == (answer.code, answer.err)
    assert [
        "At 09:00 on Monday to Friday, UTC.",
        "  2026-03-30T09:00:00+00:00",
        "  2026-03-31T09:00:00+00:00",
        "Cron('0 9 * * 1-5')",
    ] == answer.out.splitlines()


def test_read_what_stands_beside(cli) -> None:
    """
    --timezone and --with give what the platform receives beside the text.
    """
    beside = ("--timezone", "Europe/Berlin", "--with", "StartDate=2026-05-01T00:00:00Z")
    answer = cli("read", "eventbridge", "cron(30 2 * * ? *)", *beside, "-n", 1, *AFTER)
    sentence, run, portable = answer.out.splitlines()
    assert "  2026-05-01T02:30:00+02:00" == run
    cron = "Cron('30 2 * * *', timezone='Europe/Berlin', dst=Dst(gap='skip', fold='first'))"
    assert f"Window({cron}, start='2026-05-01T00:00:00Z')" == portable
    assert sentence.endswith("a repeated time runs the first time, from 2026-05-01T00:00:00Z on.")


def test_read_values_may_have_equals_signs(cli) -> None:
    """
    Of NAME=VALUE the first sign counts.
    """
    answer = cli("read", "vertex", "TZ=UTC 0 9 * * *", "--with", "startTime=a=b")
    assert (2, "") == (answer.code, answer.out)
    assert "vertex, startTime: 'a=b' is not an RFC 3339 instant" in answer.err


def test_read_what_is_over(cli) -> None:
    """
    A schedule without a further run says so.
    """
    beside = ("--with", "startTime=2026-01-01T00:00:00Z", "--with", "maxRunCount=1")
    answer = cli("read", "vertex", "TZ=UTC 0 9 * * *", *beside, *AFTER)
    assert (0, "  no further run") == (answer.code, answer.out.splitlines()[1])


def test_read_json(cli) -> None:
    """
    The same as one document.
    """
    answer = cli("read", "robfig", "@daily", "-n", 1, *AFTER, "--json")
    assert {
        "dialect": "robfig",
        "text": "@daily",
        "sentence": "At 00:00 every day, UTC.",
        "next": ["2026-03-29T00:00:00+00:00"],
        "portable": "Cron('0 0 * * *')",
    } == answer.json


def test_read_from_now(cli) -> None:
    """
    Without --after the next runs are those from now on.
    """
    assert 5 == len(cli("read", "robfig", "@daily", "--json").json["next"])


def test_read_what_the_platform_does_not_keep(cli) -> None:
    """
    A text that its platform runs at other times is a refusal: exit 1.
    """
    answer = cli("read", "robfig", "0 9 * * 5", "--timezone", "Africa/Cairo")
    assert (1, "") == (answer.code, answer.out)
    assert answer.err.startswith("error: robfig '0 9 * * 5': robfig cannot keep this:")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["61 * * * *", "--to", "robfig"], "cron '61 * * * *', minute (column 1): 61 is out of"),
        (["0 0 30 2 *", "--to", "all"], "error: cron '0 0 30 2 *'"),
        (["0 9 * * *"], "error: Missing option '--to'."),
        (["--to", "robfig"], "error: Missing argument 'CRON'."),
        (
            ["0 9 * * *", "--to", "robfg"],
            "dialect 'robfg': is none that schedkit knows; did you mean 'robfig'?",
        ),
        (
            ["0 9 * * *", "--to", "vertex", "--assume", "vertex.dayrule"],
            "assume 'vertex.dayrule': vertex has no such unknown fact; did you mean 'vertex.day_",
        ),
        (
            ["0 9 * * *", "--to", "vertex", "--start", "soon"],
            "Window, start: 'soon' is not an RFC 3339 instant; write '2026-",
        ),
        (
            ["0 9 * * *", "--to", "vertex", "--start", AFTER[1], "--end", AFTER[1]],
            "Window: ends at its start or before it, so nothing ever runs; give a later end",
        ),
        (
            ["0 9 * * *", "--to", "robfig", "--picture", "year.gif"],
            "picture 'year.gif': is neither PNG nor SVG; end it in .png or .svg",
        ),
        (["0 9 * * *", "--too", "robfig"], "error: No such option '--too'"),
    ],
)
def test_wrong_translate(cli, words: list[str], sentence: str) -> None:
    """
    Bad input ends with 2 and one sentence on stderr.
    """
    wrong(cli("translate", *words), sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["robfig", "0 9 * *"], "cron '0 9 * *': robfig rejects it: expected exactly 5 fields"),
        (["robfig"], "error: Missing argument 'TEXT'."),
        (["robfg", "0 9 * * *"], "dialect 'robfg': is none that schedkit knows; did you mean"),
        (["robfig", "0 9 * * *", "--timezone", "Mars/Olympus"], "timezone 'Mars/Olympus': the"),
        (["robfig", "0 9 * * *", "--with", "x"], "error: --with: write NAME=VALUE"),
        (["robfig", "0 9 * * *", "--after", "soon"], "--after 'soon': is no RFC 3339 instant"),
        (["robfig", "0 9 * * *", "-n", "0"], "0 is not in the range 1<=x<=10000."),
        (["robfig", "@every 1h"], "'@every 1h': counts from whenever the controller asks"),
        (["vertex", "0 9 * * *"], "'0 9 * * *': the zone of a text that names none is not docum"),
    ],
)
def test_wrong_read(cli, words: list[str], sentence: str) -> None:
    """
    Bad input ends with 2 and one sentence on stderr.
    """
    wrong(cli("read", *words), sentence)


def wrong(answer, sentence: str) -> None:
    """
    One sentence, no traceback.
    """
    assert (2, "") == (answer.code, answer.out)
    assert answer.err.startswith("error: ")
    assert sentence in answer.err
    assert "Traceback" not in answer.err
    assert "bug of schedkit" not in answer.err


def test_error_as_json(cli) -> None:
    """
    With --json an error is a document too.
    """
    answer = cli("translate", "0 9 * * *", "--to", "robfg", "--json")
    error = answer.json["error"]
    assert (2, "SpecError", "dialect 'robfg'") == (answer.code, error["type"], error["culprit"])


@pytest.mark.parametrize(
    "words",
    [
        ["translate", "30 2 * * *", "--timezone", "Europe/Berlin", "--to", "all"],
        ["translate", "0 9 1 * 1", "--to", "vertex", "--json"],
        ["read", "eventbridge", "cron(0 9 ? * 2-6 *)"],
    ],
)
def test_no_pulumi(words: list[str]) -> None:
    """
    Neither command imports pulumi.
    """
    code = f"""
import sys
from schedkit.cli import main
try:
    main({words!r})
except SystemExit as end:
    assert end.code in (0, 1), end.code
found = sorted(name for name in sys.modules if name.split(".")[0] in ("pulumi", "grpc"))
assert not found, found
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
