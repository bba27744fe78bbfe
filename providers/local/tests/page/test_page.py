"""
Every page, read over a filled ledger; health and metrics; the process itself.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import quote

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from schedkit_local.serve.ledger import Ledger
from schedkit_local.serve.page import logs, queries
from schedkit_local.serve.page.app import make
from schedkit_local.serve.page.guard import HEADERS, HOSTS
from schedkit_local.serve.rows import Run, StepRow


PORT = 4178
NOW = 1_795_457_400
HOSTILE = "<script>alert('x')</script>"
SECRET = "hunter2-never-shown"
TOKEN = "a token of some length"
PAGES = ("/", "/?find=ni", "/runs", "/runs?state=failed", "/schedules/nightly", "/schedules/sync")


@pytest.mark.parametrize("path", PAGES)
def test_page_is_there(client, ids, served, path) -> None:
    """
    Each page answers with the headers of the house, no secret and no button.
    """
    answer = client.get(path)
    assert (200, "text/html; charset=utf-8") == (
        answer.status_code,
        answer.headers["content-type"],
    )
    assert HEADERS.items() <= dict(answer.headers).items()
    assert SECRET not in answer.text
    assert "<button" not in answer.text.replace("<button>Show", "").replace("<button>Find", "")
    assert "No server is running" not in answer.text


def test_overview(client, ids, served) -> None:
    """
    The first page names schedules, sentences, instants, states and the text of each picture.
    """
    text = client.get("/").text
    for said in (
        "At 01:00 every day, Europe/Berlin time.",
        "<code>*/5 * * * *</code>",
        "Tue 24 Nov 01:00 CET",
        'paused</span> <span class="muted">by the program',
        "sync: 43 runs in the past 24 hours (3 missed, 40 succeeded)",
        "; 287 runs due in the coming 24 hours",
        "train, by hand",
        "step.resources.gpu",
        f"process {served}",
    ):
        assert said in text


def test_empty_ledger(client, state) -> None:
    """
    Before the first program each page says that there is nothing, and that no server runs.
    """
    text = client.get("/").text
    assert "No schedule is served yet." in text
    assert "Nothing has run yet." in text
    assert "No server is running." in text
    assert "No such run is in the ledger." in client.get("/runs").text


def test_find(client, ids) -> None:
    """
    Schedules are found by a part of their names.
    """
    text = client.get("/?find=NIGHT").text
    assert 'href="/schedules/nightly"' in text
    assert 'href="/schedules/release"' not in text
    assert "has a name with nowhere" in client.get("/?find=nowhere").text


def test_many_schedules_are_paged(client, book) -> None:
    """
    25 schedules are a page.
    """
    document = {"pipeline": "sync", "when": "Cron('0 1 * * *')"}
    names = {f"s{number:03}": document for number in range(30)}
    book.program({"project": "p", "stack": "s", "pipelines": {}, "schedules": names})
    first, second = client.get("/").text, client.get("/?page=2").text
    assert ("s024" in first, "s025" in first) == (True, False)
    assert ("s024" in second, "s025" in second, "s029" in second) == (False, True, True)
    assert 'rel="next"' in first
    assert 'rel="next"' not in second


def test_broken_program_is_a_banner(client, book, served) -> None:
    """
    A program that cannot be loaded is told in its own words, escaped.
    """
    book.program(error=f"program /p: {HOSTILE}")
    text = client.get("/runs").text
    assert "The program is broken; the one of Mon 23 Nov 17:10 UTC goes on." in text
    assert "program /p: &lt;script&gt;" in text


def test_runs_are_filtered(client, ids) -> None:
    """
    The table of runs is asked by schedule and state.
    """
    text = client.get("/runs?schedule=nightly&state=failed").text
    assert ids.failed in text
    assert 1 == text.count('<td role="cell" class="first">')
    assert "<option selected>failed</option>" in text


def test_runs_are_paged(client, book) -> None:
    """
    50 runs are a page; a page that is no number is the first.
    """
    book.program()
    for number in range(51):
        book.run("sync", NOW - 300 * number)
    first = client.get("/runs?page=x&state=succeeded").text
    assert 50 == first.count('<td role="cell" class="first">')
    assert 'href="?schedule=&amp;state=succeeded&amp;page=2"' in first
    second = client.get("/runs?page=2").text
    assert (1, True) == (second.count('<td role="cell" class="first">'), 'rel="prev"' in second)


def test_run(client, ids) -> None:
    """
    A run shows its reason, exit code, parameters, attempts and the end of each log, escaped.
    """
    text = client.get(f"/runs/{ids.failed}").text
    assert HOSTILE not in text
    for said in (
        "ended with exit code 2: &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;",
        "<code>20</code>",
        "epoch 1\n&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\nout of memory",
        "wrote prep.parquet",
        "/steps/fit/log?attempt=1",
        '<dt>Took</dt><dd class="number">1 h 30 min</dd>',
        "Mon 23 Nov 01:56:40 CET",
        'data-every="0"',
    ):
        assert said in text
    assert text.index("Log of prep") < text.index("Log of fit")


def test_run_that_goes_on_is_live(client, ids) -> None:
    """
    The page of a run that goes on asks again every second, and shows what its log says then.
    """
    path = f"/runs/{ids.running}"
    assert 'data-every="1000"' in client.get(path).text
    with ids.log.open("a") as stream:
        stream.write("epoch 60: done\n")
    assert "epoch 60: done" in client.get(path).text


def test_long_log_shows_its_end(client, ids) -> None:
    """
    Of a long log the last 200 lines are shown, and its size.
    """
    ids.log.write_text("".join(f"line {number}\n" for number in range(10_000)))
    text = client.get(f"/runs/{ids.running}").text
    assert "Its end; the whole has 98,890 bytes." in text
    assert "line 9800\n" in text
    assert "line 9799\n" not in text


def test_deleted_log_says_so(client, ids) -> None:
    """
    A log that retention or a user took away is a sentence, not an error.
    """
    ids.log.unlink()
    assert "The log is not there, or not any more." in client.get(f"/runs/{ids.running}").text
    answer = client.get(f"/runs/{ids.running}/steps/fit/log")
    assert (404, True) == (answer.status_code, "That log is not there" in answer.text)


def test_whole_log_is_plain_text(client, ids) -> None:
    """
    A whole log is text to every browser, whatever it holds.
    """
    answer = client.get(f"/runs/{ids.failed}/steps/fit/log")
    assert f"epoch 1\n{HOSTILE}\n\x1b[31mout of memory\x1b[0m\n" == answer.text
    assert "text/plain; charset=utf-8" == answer.headers["content-type"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "the first attempt\n" == client.get(f"/runs/{ids.failed}/steps/fit/log?attempt=1").text


@pytest.mark.parametrize("attempt", ["0", "3", "-1", "1/../../x", "9" * 30, "²"])
def test_attempt_that_was_not(client, ids, attempt) -> None:
    """
    An attempt that there was not has no log.
    """
    answer = client.get(f"/runs/{ids.failed}/steps/fit/log?attempt={quote(attempt)}")
    assert 404 == answer.status_code


@pytest.mark.parametrize("log", ["/etc/passwd", "../../../serve.db", ""])
def test_log_outside_of_the_run(tmp_path, log) -> None:
    """
    A path that leads out of the run's folder is no log.
    """
    run = _run(tmp_path)
    assert None is logs.path_of(run, StepRow(run=1, name="a", state="failed", log=log), 1)


def test_log_that_is_a_link_or_a_pipe(tmp_path) -> None:
    """
    A step that puts a link or a pipe in the place of its log gains and stops nothing.
    """
    step = StepRow(run=1, name="a", state="failed", attempts=1, log=str(tmp_path / "a.log"))
    (tmp_path / "a.log").symlink_to("/etc/passwd")
    assert None is logs.path_of(_run(tmp_path), step, 1)
    (tmp_path / "a.log").unlink()
    os.mkfifo(tmp_path / "a.log")
    assert logs.tail(logs.path_of(_run(tmp_path), step, 1)).error


def _run(folder):
    return Run(
        seq=1,
        id="r",
        schedule="s",
        pipeline="p",
        scheduled=0,
        due=0,
        state="failed",
        folder=str(folder),
    )


def test_schedule(client, ids) -> None:
    """
    A schedule shows its sentence, its facts, 20 instants and its history in its own zone.
    """
    text = client.get("/schedules/nightly").text
    assert 20 + 2 == text.count("<time ")
    for said in (
        "latest of 24h",
        "up to 1m30s",
        "<dt>Parameter epochs</dt><dd>20</dd>",
        "Times in Europe/Berlin.",
        ids.failed,
    ):
        assert said in text


def test_removed_schedule_keeps_its_page(client, ids, book) -> None:
    """
    A schedule that the program has no more says so, and has no next runs.
    """
    book.sql("UPDATE schedule SET removed = :now WHERE name = 'nightly'", now=NOW)
    text = client.get("/schedules/nightly").text
    assert "removed</span>" in text
    assert ids.failed in text
    assert "Tue 24 Nov 01:00" not in text
    assert 'href="/schedules/nightly"' not in client.get("/").text.split("Latest runs")[0]


@pytest.mark.parametrize("path", ["/runs/none", "/schedules/none", "/runs/x/steps/y/log", "/none"])
def test_nothing_there(client, state, path) -> None:
    """
    What is not there is a page that says so.
    """
    answer = client.get(path)
    assert (404, True) == (answer.status_code, "<h1>Not Found</h1>" in answer.text)


def test_hostile_names_are_escaped(client, book) -> None:
    """
    Names that no program may have are escaped all the same.
    """
    document = {"pipeline": HOSTILE, "when": "Cron('0 1 * * *')", "parameters": {HOSTILE: HOSTILE}}
    finding = {"component": HOSTILE, "feature": HOSTILE, "verdict": HOSTILE, "reason": HOSTILE}
    book.program(
        {
            "project": HOSTILE,
            "stack": "s",
            "pipelines": {HOSTILE: {"run": {"parameters": {HOSTILE: HOSTILE}}}},
            "schedules": {"bad\"'<b>": document},
            "findings": [finding],
        }
    )
    run = book.run("sync", NOW - 60, reason=HOSTILE, pipeline=HOSTILE, id="a<b>\"'")
    for path in ("/", "/runs", f"/runs/{quote(run)}", f"/schedules/{quote(chr(98))}ad%22'%3Cb%3E"):
        answer = client.get(path)
        assert (200, False, False) == (
            answer.status_code,
            "<script>alert" in answer.text,
            "<b>" in answer.text,
        )


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"0.0.0.0:{PORT}", ""],
)
def test_other_names_are_refused(client, ids, host) -> None:
    """
    A name that was made to point at this machine gets nothing (DNS rebinding).
    """
    for path in ("/", "/health", "/metrics", "/static/page.css"):
        answer = client.get(path, headers={"host": host})
        assert (421, False) == (answer.status_code, "nightly" in answer.text)


@pytest.mark.parametrize("host", HOSTS)
def test_own_names(client, ids, host) -> None:
    """
    The page answers to the names of this machine, whatever their case.
    """
    assert 200 == client.get("/", headers={"host": f"{host}:{PORT}".upper()}).status_code


def test_static_files(client, state) -> None:
    """
    Style and script are files of our own, with the headers of the house.
    """
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        answer = client.get(f"/static/{name}")
        assert 200 == answer.status_code
        assert answer.headers["content-type"].startswith(kind)
        assert "nosniff" == answer.headers["x-content-type-options"]
    assert 404 == client.get("/static/..%2fapp.py").status_code


def test_health(client, book, served) -> None:
    """
    With a server and a ledger that can be read all is well, also with a broken program.
    """
    assert {"status": "ok", "server": served, "program": "none"} == client.get("/health").json()
    book.program()
    assert "loaded" == client.get("/health").json()["program"]
    book.program(error="bad")
    answer = client.get("/health")
    assert (200, "broken") == (answer.status_code, answer.json()["program"])


def test_health_without_server(client, state) -> None:
    """
    Without a server the sentence says how to start one.
    """
    answer = client.get("/health")
    reason = f"state file {state}: no server holds it; start it: schedkit serve DIR"
    assert (503, {"status": "down", "reason": reason}) == (answer.status_code, answer.json())


def test_damaged_ledger(client, state, served) -> None:
    """
    A damaged state file is a sentence on every page, and ill health.
    """
    state.write_bytes(b"nonsense" * 1_000)
    answer = client.get("/health")
    assert (503, "down") == (answer.status_code, answer.json()["status"])
    assert "is no state file of schedkit" in answer.json()["reason"]
    answer = client.get("/")
    assert (503, True) == (answer.status_code, "is no state file of schedkit" in answer.text)


def test_missing_ledger(client, state) -> None:
    """
    A state file that is not there is not made.
    """
    state.unlink()
    assert (503, 503) == (client.get("/").status_code, client.get("/metrics").status_code)
    assert not state.exists()


def samples(client):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics(client, ids, served) -> None:
    """
    Prometheus' own parser reads the counts that are in the ledger.
    """
    found = samples(client)
    expected = {
        ("schedkit_server_up",): 1,
        ("schedkit_program_broken",): 0,
        ("schedkit_runs_running",): 1,
        ("schedkit_runs_waiting",): 1,
        ("schedkit_runs", "succeeded", "sync"): 40,
        ("schedkit_runs", "missed", "sync"): 3,
        ("schedkit_runs", "failed", "train"): 1,
        ("schedkit_schedule_paused", "release"): 1,
        ("schedkit_schedule_paused", "sync"): 0,
        ("schedkit_schedule_next_timestamp_seconds", "sync"): NOW + 300 - NOW % 300,
    }
    assert expected.items() <= found.items()
    assert ("schedkit_schedule_next_timestamp_seconds", "release") not in found
    late = [found["schedkit_start_lateness_seconds", each] for each in ("0.5", "0.99", "1")]
    assert [pytest.approx(0.2, abs=1e-5)] * 3 == late


def test_metrics_of_hostile_names(client, book) -> None:
    """
    Labels are escaped so that a parser reads what the ledger holds.
    """
    name = 'a"b\\c\nd'
    book.run("sync", NOW - 60, pipeline=name)
    assert 1 == samples(client)["schedkit_runs", name, "succeeded"]
    assert 1 == samples(client)["schedkit_program_broken",]


def test_bars_reach_into_the_day(book, ids) -> None:
    """
    A run that began before the day and ended in it is on the timeline, one that ended before it
    is not.
    """
    book.run("report", NOW - 90_000, took=7_000.0)
    book.run("report", NOW - 95_000, took=100.0)
    ledger = Ledger.open(book.path)
    try:
        found = queries.bars(ledger, "report", NOW - 86_400, NOW)
    finally:
        ledger.close()
    assert [("succeeded", 1), ("stopped", 1)] == [(each.state, each.count) for each in found]


def test_page_asks_by_address_only(state) -> None:
    """
    A page on port 80 answers to names without a port too.
    """
    app = make(state, port=80, token="", clock=lambda: NOW)
    assert 200 == TestClient(app, base_url="http://localhost").get("/").status_code


def start(state, *more, token="", **keywords):
    words = [sys.executable, "-m", "schedkit_local.serve.page", str(state), *more]
    env = {**os.environ, "SCHEDKIT_PAGE_TOKEN": token}
    return subprocess.Popen(
        words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **keywords
    )


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)]
)
def test_process(state, number, code) -> None:
    """
    The process says where it is, answers, and ends without a word by SIGTERM or Ctrl-C.
    """
    with start(state, "--port", "0", token=TOKEN) as page:
        line = page.stdout.readline()
        assert line.startswith("status page: http://127.0.0.1:")
        url = line.split()[-1]
        with urllib.request.urlopen(f"{url}runs", timeout=20) as answer:
            assert b"No such run" in answer.read()
        page.send_signal(number)
        out, err = page.communicate(timeout=20)
    assert ("", "", code) == (out, err, page.returncode)


@pytest.mark.parametrize(("more", "ends"), [([], True), (["--stay"], False)])
def test_process_ends_with_its_parent(state, more, ends) -> None:
    """
    A page whose parent was killed ends by itself; one that is told to stay does not.
    """
    words = [sys.executable, "-m", "schedkit_local.serve.page", str(state), "--port", "0", *more]
    code = (
        "import subprocess, time\n"
        f"page = subprocess.Popen({words!r}, stdout=subprocess.PIPE, text=True)\n"
        "print(page.pid, page.stdout.readline(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with parent:
        pid = int(parent.stdout.readline().split()[0])
        parent.kill()
    assert ends == _ended(pid, 10.0 if ends else 2.5)


def _ended(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:  # nobody reaps it here
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False


def refusal(state, *more, token=""):
    with start(state, *more, token=token) as page:
        out, err = page.communicate(timeout=20)
    assert ("", 2) == (out, page.returncode)
    return err


def test_port_that_is_taken(state) -> None:
    """
    A port that another process has is a sentence.
    """
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = refusal(state, "--port", str(port))
    expected = "cannot be listened at (Address already in use); give another --port\n"
    assert f"port {port}: {expected}" == told


def test_other_hosts_are_refused(state) -> None:
    """
    The page is for this machine alone.
    """
    told = refusal(state, "--host", "0.0.0.0")
    assert "--host 0.0.0.0: the page is for 127.0.0.1 alone; leave --host out; " in told


def test_short_token_is_refused(state) -> None:
    """
    A token that can be guessed is refused, and not repeated.
    """
    told = refusal(state, token="short")
    assert told.startswith("SCHEDKIT_PAGE_TOKEN: is shorter than 16 characters")
    assert "'short'" not in told


def test_environment_has_no_token() -> None:
    """
    The token leaves the environment before anything else happens.
    """
    code = (
        "import json, os\n"
        "from schedkit_local.serve.page.__main__ import main\n"
        "code = main(['x.db', '--host', 'other'])\n"
        "print(json.dumps([code, 'SCHEDKIT_PAGE_TOKEN' in os.environ]))"
    )
    env = {**os.environ, "SCHEDKIT_PAGE_TOKEN": TOKEN}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert [2, False] == json.loads(done.stdout)
