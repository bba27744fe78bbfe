"""
What is drawn of a server on a terminal, the loading of its program, and the program as values.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest
import serve_stage
from rich.console import Console
from serve_stage import ZERO, spec

import schedkit as sk
from schedkit.exceptions import ProgramError, RunFailedError
from schedkit.pipeline import Keep
from schedkit_local.serve import loading
from schedkit_local.serve.install import install
from schedkit_local.serve.live import COLOURS, draw
from schedkit_local.serve.loading import Loading, command
from schedkit_local.serve.program import Program, text
from schedkit_local.serve.rows import State


# The terminal


def drawn(ledger, now):
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(draw(ledger, now))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_draw(life):
    """
    Schedules by their next instants, without those that are paused, and runs with the latest last.
    """
    far = spec("far", when=sk.Once("2026-01-02T00:00:00Z"))
    over = spec("over", when=sk.Once("2025-01-01T00:00:00Z"))
    one = life(far, spec(), over, spec("held", paused=True), spec("told", every="1m"))
    one.ask("pause", {"schedule": "told"})
    one.live(599.5)
    one.stage._plain.write("UPDATE run SET started = started + 0.25")
    lines = drawn(one.stage._plain, ZERO + 610)
    assert ["schedule", "next", "in"] == lines[0].split()
    assert ["nightly", "2026-01-01T00:20:00+00:00", "9m50s"] == lines[1].split()
    assert ["far", "2026-01-02T00:00:00+00:00", "23h49m50s"] == lines[2].split()
    assert ["run", "state", "late", "seconds"] == lines[4].split()
    name = "nightly-20260101t001000z"
    assert [[name, "running", "0.25", "s", "9.8"]] == [line.split() for line in lines[5:]]


def test_draw_reasons(life):
    """
    What was missed says why, has no lateness and no length; no sentence takes a second line.
    """
    one = life(spec())
    one.live(1_300)
    change = "UPDATE run SET state = :state, reason = 'why\nso', ended = 7 WHERE seq = :seq"
    for seq, state in ((1, "missed"), (2, "waiting")):
        one.stage._plain.write(change, seq=seq, state=state)
    lines = [line.split() for line in drawn(one.stage._plain, ZERO + 1_301)[-2:]]
    assert [["missed", "why"], ["waiting"]] == [line[1:] for line in lines]


def test_draw_nothing(ledger):
    """
    Before the first program there are no schedules to be drawn.
    """
    assert ["", " run  state  late  seconds"] == drawn(ledger, ZERO)


def test_colours():
    """
    Every state of a run has a colour.
    """
    assert set(State.__args__) <= set(COLOURS)


def test_live_ends_on_its_own(state):
    """
    What draws ends with SIGTERM, and draws once more before.
    """
    words = [sys.executable, "-m", "schedkit_local.serve.live", str(state)]
    env = {**os.environ, "COLUMNS": "80", "TERM": "xterm", "FORCE_COLOR": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=env) as live:
        assert live.stdout.read(1)
        live.send_signal(signal.SIGTERM)
        assert b"seconds" in live.stdout.read()
    assert 0 == live.returncode


# Loading


def loaded(code):
    return Loading([sys.executable, "-c", code]).document()


def test_loading():
    """
    A document may be longer than a pipe, and may come in parts.
    """
    code = "import json, sys, time\ntext = json.dumps({'a': 'x' * 300_000})\n"
    code += "print(text[:9], end='', flush=True); time.sleep(0.1); print(text[9:])"
    assert {"a": "x" * 300_000} == loaded(code)


def test_loading_is_read_in_parts():
    """
    Who serves meanwhile reads what is there, and is told of the end.
    """
    found = Loading([sys.executable, "-c", "print('{}')"])
    deadline = time.monotonic() + 9
    while not found.read():
        assert time.monotonic() < deadline
    assert {} == found.document()


def test_loading_is_refused():
    """
    What was wrong is told in the words of the one who found it.
    """
    error = {"culprit": "shop", "reason": "declares no pipeline", "cure": "write one"}
    with pytest.raises(ProgramError, match="shop: declares no pipeline; write one") as found:
        loaded(f"print({str({'error': error})!r}.replace(chr(39), chr(34)))")
    assert tuple(error.values()) == (found.value.culprit, found.value.reason, found.value.cure)


@pytest.mark.parametrize(
    ("code", "end"),
    [("", 0), ("import os; os._exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9)],
)
def test_loading_without_a_word(code, end):
    """
    A program that takes its process along is no program, whatever it ended with.
    """
    with pytest.raises(ProgramError) as found:
        loaded(code)
    expected = ("the program", f"loading it ended with exit code {end} and no word")
    assert expected == (found.value.culprit, found.value.reason)
    assert "try: schedkit plan DIR" == found.value.cure


def test_command():
    """
    A later load has the stack and the config of the first.
    """
    plain = [sys.executable, "-m", "schedkit_local.serve.load", "/srv/shop", "--timeout"]
    plain += [str(loading.SECONDS)]
    assert plain == command(Path("/srv/shop"), None, {})
    chosen = [*plain, "--stack", "prod", "--config", "a=1", "--config", "b=x=y"]
    assert chosen == command(Path("/srv/shop"), "prod", {"a": "1", "b": "x=y"})


# Values


def test_program():
    """
    A document is read back as the specs that it was made from.
    """
    one = spec(
        overlap="queue", jitter="1m", parameters={"epochs": 9}, catch_up=sk.CatchUp("all", "2h")
    )
    program = Program.read(serve_stage.document_of([one], "/srv/shop"))
    served = program.schedules["nightly"]
    assert {"epochs": 9} == served.parameters
    rule = served.rule
    assert ("train", "queue", one.when) == (rule.pipeline, rule.overlap, rule.when)
    assert (one.catch_up, 300, 60) == (rule.catch_up, rule.starting_deadline, rule.jitter)
    assert ("demo", "dev", Path("/srv/shop")) == (program.project, program.stack, program.folder)


def test_text():
    """
    Equal documents have one text, in whatever order they were written; others have others.
    """
    document = serve_stage.document_of([spec()])
    turned = dict(reversed(document.items()))
    assert text(document) == text(turned)
    assert text(document) != text(document | {"stack": "prod"})


def test_kept():
    """
    Rows are kept as long as the most patient pipeline asks for, files as long as their own does.
    """
    short, plain = spec(of="short"), spec("other", of="plain")
    short = attrs.evolve(short, pipeline=attrs.evolve(short.pipeline, keep=Keep(days=2)))
    document = serve_stage.document_of([short, plain])
    document["pipelines"]["plain"]["options"] = {"history": 7}
    document["pipelines"]["short"]["options"] = {"history": 3}
    before, files = Program.read(document).kept(ZERO)
    assert (7, {"short": 2}) == (
        (ZERO - before) / 86_400,
        {name: (ZERO - at) / 86_400 for name, at in files.items()},
    )


def test_program_of_another_version(ledger):
    """
    A document with words that this schedkit does not know is refused, and nothing is installed.
    """
    document = serve_stage.document_of([spec()])
    document["schedules"]["nightly"]["startingDeadlineSeconds"] = 0
    with pytest.raises(RunFailedError, match="Schedule 'nightly'"):
        install(ledger, document, ZERO)
    assert ledger.program() is None
