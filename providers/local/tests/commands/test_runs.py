"""
`schedkit runs` and `schedkit logs`.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from schedkit_local.serve.process import birth


DAY = 86_400
AT = 1_767_229_200  # 2026-01-01T01:00:00Z
NO_SERVER = (
    "warning: no server runs, so nothing starts; "
    "start it: schedkit serve '/srv/my shop' --stack prod --state {}\n"
)


@pytest.fixture
def many(book):
    """
    A run of every kind.
    """
    book.run("run-1", parameters='{"day": "friday"}')
    book.run(
        "run-2",
        scheduled=AT + DAY,
        due=AT + DAY + 60,
        started=AT + DAY + 60.5,
        ended=AT + DAY + 4000.5,
        state="failed",
        exit_code=3,
        cause="backfill",
        reason="fit: \x1b[31mexit\nand more",
    )
    book.run(
        "run-3",
        scheduled=AT + 2 * DAY,
        due=AT + 2 * DAY,
        state="missed",
        reason="10m late",
        started=None,
    )
    book.run(
        "run-4",
        schedule="@sync",
        pipeline="sync",
        scheduled=AT + 3 * DAY,
        due=AT + 3 * DAY,
        state="waiting",
        cause="trigger",
        started=None,
        ended=None,
    )
    return book


def ids(answer):
    """
    The runs of a table.
    """
    return [line.split()[0] for line in answer.out.splitlines()[1:]]


def test_table(cli, many, server) -> None:
    """
    The latest first, aligned, times in UTC; of a reason its first line, which commands nothing.
    """
    with server(lambda *_: None):
        answer = cli("runs")
    assert (0, "") == (answer.code, answer.err)
    assert [
        "run    state      scheduled             by        late   took        why",
        "run-4  waiting    2026-01-04T01:00:00Z  trigger",
        "run-3  missed     2026-01-03T01:00:00Z  schedule                     10m late",
        "run-2  failed     2026-01-02T01:00:00Z  backfill  0.5 s  1 h 5 min   fit: �[31mexit",
        "run-1  succeeded  2026-01-01T01:00:00Z  schedule  0.2 s  1 min 30 s",
    ] == answer.out.splitlines()


def test_colour(cli, many) -> None:
    """
    States have their colours on a terminal, and columns stay where they are.
    """
    coloured = cli("runs", color=True).out
    for state, code in (("failed   ", 31), ("succeeded", 32), ("missed   ", 33)):
        assert f"\x1b[{code}m{state}\x1b[0m  2026" in coloured
    assert "\x1b" not in cli("runs").out


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ([], "4321"),
        (["nightly"], "321"),
        (["--pipeline", "sync"], "4"),
        (["--state-of", "failed,missed"], "32"),
        (["nightly", "--state-of", "succeeded", "--pipeline", "train"], "1"),
        (["--limit", "2"], "43"),
    ],
)
def test_choice(cli, many, words, days) -> None:
    """
    Runs are chosen by schedule, pipeline, state and number.
    """
    assert list(days) == [name[-1] for name in ids(cli("runs", *words))]


def test_none_of_the_kind(cli, many) -> None:
    """
    A choice that nothing meets is no error.
    """
    answer = cli("runs", "nightly", "--state-of", "lost")
    assert (0, "no such run; `schedkit runs` shows all\n") == (answer.code, answer.out)


def test_removed_schedule(cli, many) -> None:
    """
    A schedule that the program has no more still has its runs.
    """
    many.write("UPDATE schedule SET removed = 1 WHERE name = 'nightly'")
    assert 3 == len(ids(cli("runs", "nightly")))


def test_json(cli, many, tmp_path) -> None:
    """
    One document: the state file, the server, what is wrong with the program, runs with steps.
    """
    many.log("run-1", "prep", tmp_path / "r", "one\n")
    answer = cli("runs", "--json")
    assert (0, "") == (answer.code, answer.err)
    assert ["state", "server", "error", "runs"] == list(answer.json)
    assert (str(many.path), None, "") == tuple(
        answer.json[k] for k in ("state", "server", "error")
    )
    assert {
        "id": "run-1",
        "schedule": "nightly",
        "pipeline": "train",
        "cause": "schedule",
        "state": "succeeded",
        "reason": "",
        "scheduled": "2026-01-01T01:00:00Z",
        "due": "2026-01-01T01:00:00Z",
        "started": "2026-01-01T01:00:00.250Z",
        "ended": "2026-01-01T01:01:30.250Z",
        "exitCode": 0,
        "parameters": {"day": "friday"},
        "folder": str(tmp_path / "r"),
        "steps": [
            {
                "name": "prep",
                "state": "succeeded",
                "attempts": 1,
                "exitCode": 0,
                "seconds": 1.5,
                "log": str(tmp_path / "r" / "prep" / "attempt-1.log"),
            }
        ],
    } == answer.json["runs"][3]
    by_hand = answer.json["runs"][0]
    nothing = (by_hand["schedule"], by_hand["started"], by_hand["ended"], by_hand["steps"])
    assert (None, None, None, []) == nothing


def test_json_of_nothing(cli, book, server) -> None:
    """
    Without a run the document has the same keys.
    """
    book.write("UPDATE program SET error = 'it is broken'")
    with server(lambda *_: None):
        told = cli("runs", "--json").json
    expected = {"state": str(book.path), "server": os.getpid(), "error": "it is broken"}
    assert expected | {"runs": []} == told


def test_warnings(cli, many) -> None:
    """
    Whoever looks at runs is told of a broken program, and that no server runs.
    """
    assert NO_SERVER.format(many.path) == cli("runs").err
    many.write("UPDATE program SET error = 'the program is broken'")
    broken = "warning: the program is broken\n"
    assert broken + NO_SERVER.format(many.path) == cli("runs").err


def test_no_run_yet(cli, book) -> None:
    """
    Without a run it is said what comes, what does not, and how to have one now.
    """
    book.write(
        "INSERT INTO schedule SELECT 'held', pipeline, document, since, 1, NULL FROM schedule "
        "WHERE name = 'nightly'"
    )
    lines = cli("runs").out.splitlines()
    assert "no run yet" == lines[0]
    assert [
        "halted is paused by the program",
        "held is paused: schedkit resume held",
        "run train now: schedkit trigger train",
        "run sync now: schedkit trigger sync",
    ] == [*lines[1:3], *lines[4:]]
    tomorrow = time.strftime("%Y-%m-%dT01:00:00Z", time.gmtime(time.time() + DAY - 3600))
    assert f"nightly runs next at {tomorrow}" == lines[3]


def test_no_program_yet(cli, blank) -> None:
    """
    Without a program it is said how to begin.
    """
    answer = cli("runs")
    start = f"schedkit serve DIR --state {blank.path}"
    assert (0, f"no program yet; start its server: {start}\n") == (answer.code, answer.out)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nightl"], "schedule 'nightl': is not served; did you mean 'nightly'?"),
        (["--pipeline", "syn"], "pipeline 'syn': is not served; did you mean 'sync'?"),
        (
            ["--state-of", "failed,succeded"],
            "--state-of 'succeded' is no state of a run; did you mean 'succeeded'?",
        ),
        (["--limit", "0"], "Invalid value for '--limit': 0 is not in the range 1<=x<=10000."),
    ],
)
def test_refused(cli, many, words, sentence) -> None:
    """
    A misspelt word says which was meant.
    """
    answer = cli("runs", *words)
    assert (2, "", sentence) == (answer.code, answer.out, answer.error)


@pytest.fixture
def run(book, tmp_path):
    """
    A run with two steps, of which one was tried twice.
    """
    book.run("r")
    book.log("r", "fit", tmp_path / "r", "first\n", "second", state="failed", exit_code=3)
    book.log("r", "prep", tmp_path / "r", "ready\x1b[0m\n\xe9")
    return book


def test_logs(cli, run) -> None:
    """
    What the last attempt of each step printed, in the order of the pipeline, byte by byte.
    """
    answer = cli("logs", "r")
    assert (0, "") == (answer.code, answer.err)
    assert (
        "==> prep, attempt 1: succeeded <==\nready\x1b[0m\n\xe9\n"
        "==> fit, attempt 2: failed, exit code 3 <==\nsecond"
    ) == answer.out


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["--step", "fit"], "second"),
        (["--step", "fit", "--attempt", "1"], "first\n"),
        (["--step", "prep", "--follow"], "ready\x1b[0m\n\xe9"),
        (["--attempt", "2"], "==> fit, attempt 2: failed, exit code 3 <==\nsecond"),
    ],
)
def test_logs_of_a_step(cli, run, words, out) -> None:
    """
    One step's log comes alone, without a header.
    """
    answer = cli("logs", "r", *words)
    assert (0, out, "") == (answer.code, answer.out, answer.err)


def test_long_log(cli, run, tmp_path) -> None:
    """
    A log that is longer than what is read at once is whole.
    """
    text = "".join(f"line {number} of many\n" for number in range(20_000))
    run.log("r", "prep", tmp_path / "r", text)
    assert text == cli("logs", "r", "--step", "prep").out


def test_empty_log(cli, run, tmp_path) -> None:
    """
    A step that printed nothing is no error.
    """
    run.log("r", "prep", tmp_path / "r", "")
    answer = cli("logs", "r", "--step", "prep")
    assert (0, "", "") == (answer.code, answer.out, answer.err)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["q"], 2, "run 'q': is not known; `schedkit runs` lists them"),
        (["nightly"], 2, "run 'nightly': is not known; its latest run: late"),
        (["r", "--step", "ft"], 2, "step 'ft': run 'r' has none; did you mean 'fit'?"),
        (
            ["r", "--step", "fit", "--attempt", "3"],
            1,
            "run 'r': step 'fit' has no log in attempt 3; see all: schedkit logs r",
        ),
        (
            ["r", "--attempt", "9"],
            1,
            "run 'r': no step has a log in attempt 9; see all: schedkit logs r",
        ),
        (["r", "--attempt", "0"], 2, "Invalid value for '--attempt': 0 is not in the range x>=1."),
        (["wait"], 1, "run 'wait': has not started; --follow waits for it"),
        (["late"], 1, "run 'late': never started: late; schedkit backfill runs what was missed"),
        (["dead"], 1, "run 'dead': lost, without a log: its process was killed"),
        (["wait", "--step", "prep"], 1, "run 'wait': has not started; --follow waits for it"),
    ],
)
def test_no_logs(cli, run, words, code, sentence) -> None:
    """
    Where there is no log it is said why.
    """
    run.run("wait", scheduled=1, due=1, state="waiting")
    run.run("dead", scheduled=2, due=2, state="lost", reason="its process was killed")
    run.run("late", scheduled=AT + 9, due=AT + 9, state="missed", reason="late")
    answer = cli("logs", *words)
    assert (code, "", sentence) == (answer.code, answer.out, answer.error)


def test_logs_outside_of_the_run(cli, run, tmp_path) -> None:
    """
    A log that leads out of the run's folder, or is a pipe, is not read.
    """
    secret = tmp_path / "secret"
    secret.write_text("never shown")
    for change in ("unlink", "fifo"):
        log = tmp_path / "r" / "prep" / "attempt-1.log"
        log.unlink()
        log.symlink_to(secret) if change == "unlink" else os.mkfifo(log)
        answer = cli("logs", "r", "--step", "prep")
        assert (1, "") == (answer.code, answer.out)
        assert "run 'r': step 'prep' has no log; see all: schedkit logs r" == answer.error


def test_follow(cli, run, tmp_path) -> None:
    """
    --follow prints whole lines as they come, every attempt to its end, and ends with the run.
    """
    folder, said = tmp_path / "f", []
    born = birth(os.getpid())
    run.run("f", scheduled=7, due=7, state="running", pid=os.getpid(), birth=born, ended=None)
    run.log("f", "prep", folder, "one\nhal", state="running")
    thread = threading.Thread(target=lambda: said.append(cli("logs", "f", "--follow")))
    thread.start()
    time.sleep(0.5)
    with Path(folder, "prep", "attempt-1.log").open("a") as log:
        log.write("f\ntwo")
    run.log("f", "prep", folder, "one\nhalf\ntwo", "again\n", state="running")
    run.log("f", "fit", folder, "", "other\n", state="running")
    time.sleep(0.5)
    assert [] == said
    run.write("UPDATE run SET state = 'succeeded' WHERE id = 'f'")
    thread.join(10)
    assert [
        "==> prep, attempt 1: running <==",
        "one",
        "half",
        "two",
        "==> prep, attempt 2: running <==",
        "again",
        "==> fit, attempt 1 <==",
        "==> fit, attempt 2: running <==",
        "other",
    ] == said[0].out.splitlines()
    assert 0 == said[0].code


def test_follow_what_nobody_ends(cli, run, tmp_path) -> None:
    """
    --follow ends where the process of the run is dead, and no server is there to say so.
    """
    run.run("f", scheduled=7, due=7, state="running", pid=os.getpid(), birth="long ago")
    run.log("f", "prep", tmp_path / "f", "one\nhal", state="running")
    assert "one\nhal" == cli("logs", "f", "--follow", "--step", "prep").out
