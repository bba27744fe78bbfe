"""
`schedkit trigger`, `pause`, `resume`, `backfill`, `cancel` and `reload`.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime

import pytest


DAY = 86_400
AT = 1_767_229_200  # 2026-01-01T01:00:00Z
MONTH = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-02-01T00:00:00Z")
WAITS = (
    "no server runs: request 1 waits in {} for it; "
    "start it: schedkit serve '/srv/my shop' --stack prod --state {}\n"
)


def good(_, request):
    return True, f"{request.verb} is done"


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["pause", "nightly"], {"schedule": "nightly"}),
        (["resume", "nightly"], {"schedule": "nightly"}),
        (
            ["backfill", "nightly", *MONTH],
            {"schedule": "nightly", "from": AT - 3600, "to": AT - 3600 + 31 * DAY},
        ),
        (["cancel", "going"], {"run": "going"}),
        (["reload"], {}),
        (["trigger", "sync"], {"pipeline": "sync", "parameters": {}}),
    ],
)
def test_asked_and_answered(cli, book, server, words, arguments) -> None:
    """
    The server gets the verb and its arguments, and its sentence is what is printed.
    """
    book.run("going", state="waiting", started=None, ended=None)
    with server(good) as asked:
        answer = cli(*words)
    assert (0, f"{words[0]} is done\n", "") == (answer.code, answer.out, answer.err)
    assert [(1, words[0], arguments)] == asked


def test_refused_by_the_server(cli, server) -> None:
    """
    What the server refuses ends with 1 and its sentence.
    """
    with server(lambda *_: (False, "no room")):
        answer = cli("pause", "nightly")
    assert (1, "", "error: no room\n") == (answer.code, answer.out, answer.err)


def test_answer_as_json(cli, server) -> None:
    """
    One document: the request, whether it was carried out, the sentence, the server.
    """
    with server(good):
        answer = cli("reload", "--json")
    assert (0, "") == (answer.code, answer.err)
    told = {"request": 1, "verb": "reload", "ok": True, "text": "reload is done"}
    assert told | {"server": os.getpid()} == answer.json
    with server(lambda *_: (False, "no")):
        answer = cli("reload", "--json")
    assert (1, False, "no") == (answer.code, answer.json["ok"], answer.json["text"])


@pytest.mark.parametrize(
    "words",
    [["pause", "nightly"], ["trigger", "train"], ["reload"], ["backfill", "nightly", *MONTH]],
)
def test_no_server(cli, book, words) -> None:
    """
    Without a server the request waits in the file, and it is said what starts one.
    """
    answer = cli(*words)
    assert (0, WAITS.format(book.path, book.path), "") == (answer.code, answer.out, answer.err)
    assert [(words[0],)] == book.read("SELECT verb FROM request WHERE done IS NULL")


def test_no_server_as_json(cli, book) -> None:
    """
    ... with --json, too.
    """
    answer = cli("trigger", "train", "--json")
    told = {"request": 1, "verb": "trigger", "ok": None, "server": None, "run": None}
    assert told | {"text": WAITS.format(book.path, book.path).rstrip()} == answer.json
    assert 0 == answer.code


def test_state_in_its_place_needs_no_option(cli, book, tmp_path) -> None:
    """
    The command that starts a server names the state file only where it is not the usual one.
    """
    book.write("UPDATE program SET folder = :folder, stack = ''", folder=str(tmp_path))
    assert cli("pause", "nightly").out.endswith(f"; start it: schedkit serve {tmp_path}\n")


def test_silent_server(cli, book, server) -> None:
    """
    A server that does not answer in time is an error, and the request stays.
    """
    with server(lambda *_: None):
        answer = cli("pause", "nightly", "--timeout", "0.2")
    sentence = (
        f"the server, process {os.getpid()}, has not answered in 0.2 s; "
        f"request 1 stays in {book.path}"
    )
    assert (1, "", sentence) == (answer.code, answer.out, answer.error)


def test_server_that_dies(cli, book, server) -> None:
    """
    Who asked a server that ends meanwhile does not wait for it.
    """
    said = []
    with server(lambda *_: None) as asked:
        thread = threading.Thread(target=lambda: said.append(cli("pause", "nightly")))
        thread.start()
        while not asked:
            time.sleep(0.01)
    thread.join(10)
    assert [0] == [answer.code for answer in said]
    assert said[0].out.startswith("no server runs: request 1 waits in ")


def test_forgotten_request(cli, server) -> None:
    """
    A request that vanishes is an error.
    """

    def forget(ledger, request):
        ledger.write("DELETE FROM request WHERE id = :id", id=request.id)

    with server(forget):
        answer = cli("pause", "nightly")
    sentence = "request 1: was forgotten before it was answered; ask again"
    assert (1, sentence) == (answer.code, answer.error)


def test_typed_parameters(cli, server) -> None:
    """
    A parameter is sent as the type of its default.
    """
    given = ("-p", "day=1", "-p", "epochs=20", "-p", "rate=1e-3", "--parameter", "hard=true")
    with server(good) as asked:
        assert 0 == cli("trigger", "train", *given).code
    expected = {"day": "1", "epochs": 20, "rate": 0.001, "hard": True}
    assert [(1, "trigger", {"pipeline": "train", "parameters": expected})] == asked


def runs_it(state, **more):
    def answer(ledger, request):
        assert "trigger" == request.verb
        values = {"state": state, "started": AT + 1.0, "ended": AT + 5.5} | more
        columns = "id, schedule, pipeline, scheduled, due, cause, state, started, ended, reason"
        ledger.write(
            f"INSERT INTO run ({columns}) VALUES ('train.now', '@train', 'train', {AT}, {AT}, "
            "'trigger', :state, :started, :ended, :reason)",
            **{"reason": ""} | values,
        )
        return True, "train.now is asked for"

    return answer


@pytest.mark.parametrize(
    ("state", "reason", "code"), [("succeeded", "", 0), ("failed", "it broke", 1)]
)
def test_wait(cli, server, state, reason, code) -> None:
    """
    --wait prints what became of the run, and fails with it.
    """
    with server(runs_it(state, reason=reason)):
        answer = cli("trigger", "train", "--wait")
    assert (code, "") == (answer.code, answer.err)
    lines = answer.out.splitlines()
    assert "train.now is asked for" == lines[0]
    expected = ["train.now", state, "2026-01-01T01:00:00Z", "trigger", "1.0", "s", "4.5", "s"]
    assert [*expected, *reason.split()] == lines[2].split()


def test_wait_as_json(cli, server) -> None:
    """
    With --json there is the run as `schedkit runs --json` has it.
    """
    with server(runs_it("failed", reason="it broke")):
        answer = cli("trigger", "train", "--wait", "--json")
    run = answer.json["run"]
    assert (1, "train.now", "failed", None) == (
        answer.code,
        run["id"],
        run["state"],
        run["schedule"],
    )


def test_wait_goes_on(cli, book, server) -> None:
    """
    --wait ends when the run does, and not before.
    """
    said = []
    with server(runs_it("waiting", started=None, ended=None)):
        thread = threading.Thread(target=lambda: said.append(cli("trigger", "train", "--wait")))
        thread.start()
        while not book.read("SELECT 1 FROM run"):
            time.sleep(0.01)
        time.sleep(0.2)
        assert [] == said
        book.write("UPDATE run SET state = 'succeeded', started = due, ended = due + 1")
        thread.join(10)
    assert [0] == [answer.code for answer in said]


def test_wait_without_a_server(cli, book, server) -> None:
    """
    --wait fails where nothing will become of the run.
    """
    said = []
    with server(runs_it("waiting", started=None, ended=None)):
        thread = threading.Thread(target=lambda: said.append(cli("trigger", "train", "--wait")))
        thread.start()
        while not book.read("SELECT 1 FROM request WHERE done IS NOT NULL"):
            time.sleep(0.01)
        time.sleep(0.2)
    thread.join(10)
    assert [1] == [answer.code for answer in said]
    assert said[0].error.startswith("its server has ended; start it: schedkit serve ")


def test_wait_for_nobody(cli, book) -> None:
    """
    --wait without a server does not wait, and fails.
    """
    answer = cli("trigger", "train", "--wait")
    assert (1, WAITS.format(book.path, book.path)) == (answer.code, answer.out)


def test_backfill_that_is_only_looked_at(cli, book) -> None:
    """
    --dry-run asks for nothing, and says what would run: what has had its run would not.
    """
    for number, state in enumerate(("succeeded", "missed", "lost", "failed", "waiting")):
        book.run(f"n{number}", scheduled=AT + number * DAY, state=state)
    asked = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-07T01:00:00+00:00", "--dry-run")
    answer = cli("backfill", "nightly", *asked)
    assert (0, "") == (answer.code, answer.err)
    assert [
        "2026-01-01T01:00:00Z  would not run, succeeded",
        "2026-01-02T01:00:00Z  would run, missed",
        "2026-01-03T01:00:00Z  would run, lost",
        "2026-01-04T01:00:00Z  would not run, failed",
        "2026-01-05T01:00:00Z  would not run, waiting",
        "2026-01-06T01:00:00Z  would run",
        "3 of 6 would run",
    ] == answer.out.splitlines()
    told = cli("backfill", "nightly", *asked, "--json").json
    assert ("nightly", 3, 6) == (told["schedule"], told["wouldRun"], len(told["instants"]))
    first = {"scheduled": "2026-01-01T01:00:00Z", "state": "succeeded", "wouldRun": False}
    assert first == told["instants"][0]
    assert [] == book.read("SELECT * FROM request")


def test_backfill_ends_now(cli, book) -> None:
    """
    What is still to come is no matter of a backfill, and is not counted.
    """
    inputs = '{"pipeline": "sync", "when": "Cron(\'0 1 1 1 *\')", "startingDeadlineSeconds": 300}'
    book.write("UPDATE schedule SET document = :inputs WHERE name = 'nightly'", inputs=inputs)
    asked = ("--from", "2025-06-01T00:00:00Z", "--to", "9999-01-01T00:00:00Z", "--dry-run")
    told = cli("backfill", "nightly", *asked, "--json").json
    assert datetime.now(UTC).year - 2025 == told["wouldRun"]


def test_backfill_of_too_much(cli, book) -> None:
    """
    --dry-run has the limit that the server has.
    """
    inputs = '{"pipeline": "sync", "when": "Cron(\'* * * * *\')", "startingDeadlineSeconds": 300}'
    book.write("UPDATE schedule SET document = :inputs WHERE name = 'nightly'", inputs=inputs)
    answer = cli("backfill", "nightly", *MONTH, "--dry-run")
    sentence = "schedule 'nightly': has more than 10000 runs in that time; give a shorter time"
    assert (2, sentence) == (answer.code, answer.error)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["pause", "nightl"], 2, "schedule 'nightl': is not served; did you mean 'nightly'?"),
        (["resume", "x"], 2, "schedule 'x': is not served; known: halted, nightly, over"),
        (
            ["backfill", "gone", *MONTH],
            2,
            "schedule 'gone': was removed from the program; known: halted, nightly, over",
        ),
        (["trigger", "trian"], 2, "pipeline 'trian': is not served; did you mean 'train'?"),
        (
            ["trigger", "train", "-p", "epoch=1"],
            2,
            "parameter 'epoch': the pipeline has none of that name; did you mean 'epochs'?",
        ),
        (
            ["trigger", "train", "-p", "epochs=1.5"],
            2,
            "parameter 'epochs': '1.5' is no int; write a number such as 3",
        ),
        (
            ["trigger", "train", "-p", "rate=nan"],
            2,
            "parameter 'rate': 'nan' is no float; write a number such as 0.5",
        ),
        (
            ["trigger", "train", "-p", "hard=yes"],
            2,
            "parameter 'hard': 'yes' is no bool; write true or false",
        ),
        (["trigger", "train", "-p", "day"], 2, "-p 'day': write KEY=VALUE"),
        (["cancel", "train.0x"], 2, "run 'train.0x': is not known; did you mean 'train.01'?"),
        (["cancel", "zzz"], 2, "run 'zzz': is not known; `schedkit runs` lists them"),
        (["cancel", "nightly"], 2, "run 'nightly': is not known; its latest run: train.01"),
        (["cancel", "train.01"], 1, "run 'train.01': is over: succeeded"),
        (
            ["backfill", "nightly", "--from", MONTH[3], "--to", MONTH[1]],
            2,
            f"--to '{MONTH[1]}': is not after --from '{MONTH[3]}'; give a later one",
        ),
        (
            ["backfill", "nightly", "--from", "9998-01-01T00:00Z", "--to", "9999-01-01T00:00Z"],
            2,
            "--from '9998-01-01T00:00Z': has not come yet; give an earlier one",
        ),
        (
            ["backfill", "nightly", "--from", "2026-01-01T00:00", "--to", MONTH[1]],
            2,
            "--from '2026-01-01T00:00': has no offset from UTC; write 2026-01-01T00:00Z",
        ),
        (
            ["backfill", "nightly", "--from", "monday", "--to", MONTH[1]],
            2,
            "--from 'monday': is no RFC 3339 instant; write it as 2026-01-01T09:00:00+01:00",
        ),
        (["backfill", "nightly", "--from", MONTH[1]], 2, "Missing option '--to'."),
        (["pause"], 2, "Missing argument 'SCHEDULE'."),
        (
            ["reload", "--timeout", "0"],
            2,
            "Invalid value for '--timeout': 0.0 is not in the range x>0.",
        ),
    ],
)
def test_refused(cli, book, words, code, sentence) -> None:
    """
    What cannot be asked for is refused before it is asked, and a misspelt name says which.
    """
    book.write(
        "INSERT INTO schedule (name, pipeline, document, since, removed) "
        "VALUES ('gone', 'train', '{}', 0, 5)"
    )
    book.run("train.01")
    answer = cli(*words)
    assert (code, "", sentence) == (answer.code, answer.out, answer.error)
    assert [] == book.read("SELECT * FROM request")


@pytest.mark.parametrize("words", [["trigger", "train"], ["reload"]])
def test_no_program(cli, blank, words) -> None:
    """
    A state file that never had a program can be asked for nothing.
    """
    answer = cli(*words)
    sentence = f"state file {blank.path}: has no program yet; start its server: schedkit serve DIR"
    assert (2, sentence) == (answer.code, answer.error)


@pytest.mark.parametrize(
    "words",
    [
        ["pause", "x"],
        ["resume", "x"],
        ["trigger", "x"],
        ["cancel", "x"],
        ["reload"],
        ["runs"],
        ["logs", "x"],
    ],
)
def test_no_state_file(cli, tmp_path, words) -> None:
    """
    Without a state file every command says how to name one, or to make one.
    """
    path = tmp_path / "nowhere.db"
    answer = cli(*words, "--state", path)
    cure = "name the one of a server by --state, or start it: schedkit serve DIR"
    assert (2, f"state file {path}: is not there; {cure}") == (answer.code, answer.error)
    assert not path.exists()


def test_variable(cli, book, tmp_path, monkeypatch) -> None:
    """
    SCHEDKIT_STATE names the state file for all commands; --state wins.
    """
    monkeypatch.chdir("/")
    monkeypatch.setenv("SCHEDKIT_STATE", str(book.path))
    assert 0 == cli("pause", "nightly").code
    assert 2 == cli("pause", "nightly", "--state", tmp_path / "other.db").code


def test_error_as_json(cli, book) -> None:
    """
    With --json an error is a document too.
    """
    error = cli("pause", "nightl", "--json").json["error"]
    assert ("SpecError", "schedule 'nightl'") == (error["type"], error["culprit"])
