"""
`schedkit next` and `schedkit explain`.
"""

from __future__ import annotations

import pytest


AFTER = ("--after", "2026-03-28T00:00:00Z")


def test_next(cli) -> None:
    """
    One instant per line, on the wall clock of the zone.
    """
    answer = cli("next", "0 1 * * *", "--timezone", "Europe/Berlin", "-n", 3, *AFTER)
    assert (0, "") == (answer.code, answer.err)
    assert [
        "2026-03-29T01:00:00+01:00",
        "2026-03-30T01:00:00+02:00",
        "2026-03-31T01:00:00+02:00",
    ] == answer.out.splitlines()


def test_next_json(cli) -> None:
    """
    The same as one document.
    """
    answer = cli("next", "@daily", "-n", 1, *AFTER, "--json")
    expected = {"cron": "@daily", "timezone": "UTC", "next": ["2026-03-29T00:00:00+00:00"]}
    assert (0, expected) == (answer.code, answer.json)


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ([], "2026-03-30T02:30:00+02:00"),
        (["--gap", "next"], "2026-03-29T03:00:00+02:00"),
        (["--gap", "shift"], "2026-03-29T03:30:00+02:00"),
    ],
)
def test_gap(cli, options: list[str], first: str) -> None:
    """
    What becomes of a time that clocks skip is an option.
    """
    after = "2026-03-28T12:00:00Z"
    asked = ("30 2 * * *", "--timezone", "Europe/Berlin", "-n", 1, "--after", after)
    assert f"{first}\n" == cli("next", *asked, *options).out


def test_fold(cli) -> None:
    """
    What becomes of a time that clocks repeat is an option.
    """
    asked = ("30 2 25 10 *", "--timezone", "Europe/Berlin", "-n", 2, *AFTER)
    both = cli("next", *asked).out.splitlines()
    assert ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"] == both
    first = cli("next", *asked, "--fold", "first").out.splitlines()
    assert ["2026-10-25T02:30:00+02:00", "2027-10-25T02:30:00+02:00"] == first


def test_day_rule(cli) -> None:
    """
    The question that an ambiguous text raises is answered by --day-rule.
    """
    refused = cli("next", "0 0 */2 * 1", *AFTER)
    assert 2 == refused.code
    assert "error: cron '0 0 */2 * 1'" in refused.err
    answer = cli("next", "0 0 */2 * 1", "--day-rule", "all", "-n", 1, *AFTER)
    assert (0, "2026-04-13T00:00:00+00:00\n") == (answer.code, answer.out)


def test_explain(cli) -> None:
    """
    One English sentence that names the zone.
    """
    answer = cli("explain", "*/15 9-17 * * 1-5", "--timezone", "Europe/Berlin")
    sentence = "Every 15 minutes from 09:00 to 17:45 on Monday to Friday, Europe/Berlin time.\n"
    assert (0, sentence) == (answer.code, answer.out)


def test_explain_json(cli) -> None:
    """
    The same as one document.
    """
    answer = cli("explain", "@daily", "--json")
    assert ["cron", "timezone", "sentence"] == list(answer.json)


@pytest.mark.parametrize("command", ["next", "explain"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["61 * * * *"], "error: cron '61 * * * *', minute (column 1): 61 is out of range"),
        ([""], "error: cron '': "),
        (["0 0 30 2 *"], "error: cron '0 0 30 2 *'"),
        (["@daily", "--timezone", "Europe/Berln"], "Europe/Berln"),
        (["@daily", "--timezon", "UTC"], "error: No such option '--timezon'"),
        (["@daily", "--gap", "nex"], "error: Invalid value for '--gap': 'nex' is not one of"),
        ([], "error: Missing argument 'CRON'."),
        (["@daily", "x"], "error: Got unexpected extra argument"),
    ],
)
def test_wrong(cli, command: str, words: list[str], sentence: str) -> None:
    """
    Bad input ends with 2 and one sentence on stderr.
    """
    answer = cli(command, *words)
    assert (2, "") == (answer.code, answer.out)
    assert sentence in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--after", "tomorrow"], "--after 'tomorrow': is no RFC 3339 instant; write it as 2026-"),
        (["--after", "2026-01-01T00:00:00"], "has no offset from UTC; write 2026-01-01T00:00:00Z"),
        (["-n", "0"], "Invalid value for '-n': 0 is not in the range 1<=x<=10000."),
        (["-n", "many"], "Invalid value for '-n': 'many' is not a valid integer range."),
    ],
)
def test_wrong_next(cli, words: list[str], sentence: str) -> None:
    """
    What only `next` asks for is checked as well.
    """
    answer = cli("next", "@daily", *words)
    assert 2 == answer.code
    assert sentence in answer.err


def test_error_as_json(cli) -> None:
    """
    With --json an error is a document too.
    """
    answer = cli("next", "61 * * * *", "--json")
    error = answer.json["error"]
    assert (2, "CronSyntaxError") == (answer.code, error["type"])
    assert "cron '61 * * * *', minute (column 1)" == error["culprit"]
    assert answer.err == f"error: {error['sentence']}\n"


def test_end_of_time(cli) -> None:
    """
    A schedule that is over has no next run, which is an answer.
    """
    answer = cli("next", "@yearly", "--after", "9999-06-01T00:00:00Z")
    assert (0, "none\n") == (answer.code, answer.out)
