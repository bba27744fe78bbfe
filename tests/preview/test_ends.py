"""
How programs end badly, and what is said about it.
"""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from schedkit.exceptions import ProgramError, ProgramTimeoutError
from schedkit.preview import run
from schedkit.preview.runner import THREAD


MEND = "mend the program"


@pytest.mark.parametrize(
    ("source", "line", "reason", "cure"),
    [
        ("x = 1\n1 / 0", 2, "ZeroDivisionError: division by zero", MEND),
        ("raise ValueError", 1, "ValueError", MEND),
        ("raise ValueError('a\\n  b')", 1, "ValueError: a b", MEND),
        ("import sys\nsys.exit(3)", 2, "the program called sys.exit(3)", "let it end by itself"),
        ("raise SystemExit('no')", 1, "the program called sys.exit('no')", "let it end by itself"),
        ("x = 1\nx = = 2", 2, "SyntaxError: invalid syntax", MEND),
        ("raise KeyboardInterrupt", 1, "KeyboardInterrupt", MEND),
        ("def f(): f()\nf()", 1, "RecursionError: maximum recursion depth exceeded", MEND),
        ("input()", 1, "EOFError: EOF when reading a line", MEND),
        (
            "import nowhere_at_all",
            1,
            "ModuleNotFoundError: No module named 'nowhere_at_all'",
            "install what holds it beside schedkit",
        ),
        (
            "import pulumi\npulumi.Config().require('k')",
            2,
            "config shop:k is not set",
            "give it: --config shop:k=VALUE",
        ),
        ("import pulumi\nraise pulumi.RunError('so\\nand so')", 2, "so\nand so", ""),
        (
            "import pulumi\npulumi.Output.from_input(1).apply(lambda v: 1 / 0)",
            2,
            "ZeroDivisionError: division by zero",
            MEND,
        ),
        (
            "import pulumi\nasync def main():\n  raise OSError('late')\npulumi.run(main)",
            3,
            "OSError: late",
            MEND,
        ),
        (
            "import schedkit as sk\nsk.Cron('61 * * * *')",
            2,
            "CronSyntaxError: cron '61 * * * *', minute (column 1): 61 is out of range",
            "minutes go from 0 to 59",
        ),
    ],
)
def test_failure(program, monkeypatch, source: str, line: int, reason: str, cure: str) -> None:
    """
    A failure names the line of the user's own code, what it was, and a cure where there is one.
    """
    folder = program(source)
    monkeypatch.chdir(folder.parent)
    with pytest.raises(ProgramError) as caught:
        run(folder)
    assert type(caught.value) is ProgramError
    assert f"{folder.name}/__main__.py:{line}" == caught.value.culprit
    assert (reason, cure) == (caught.value.reason, caught.value.cure)


@pytest.mark.parametrize("call", ["sys.exit()", "sys.exit(0)"])
def test_exit_without_a_code(program, call: str) -> None:
    """
    A program that leaves by `sys.exit(0)` has done what it wanted.
    """
    source = f"import sys, pulumi\npulumi.export('x', 1)\n{call}"
    assert {"x": 1} == run(program(source)).exports


def test_failure_in_a_helper(program, monkeypatch) -> None:
    """
    The line is the innermost one in the program's own folder.
    """
    files = {"helper.py": "import json\ndef go():\n    json.loads('{')\n"}
    folder = program("import helper\nhelper.go()", files=files)
    monkeypatch.chdir(folder)
    with pytest.raises(ProgramError, match=r"^helper.py:3: JSONDecodeError: Expecting property"):
        run(folder)


def test_syntax_error_in_a_helper(program, monkeypatch) -> None:
    """
    A syntax error names the file that has it.
    """
    folder = program("import helper", files={"helper.py": "x = 1\ny = = 1"})
    monkeypatch.chdir(folder)
    with pytest.raises(ProgramError, match=r"^helper.py:2: SyntaxError"):
        run(folder)


def test_long_message(program) -> None:
    """
    A message of megabytes is cut.
    """
    with pytest.raises(ProgramError) as caught:
        run(program("raise ValueError('x' * 10_000_000)"))
    assert 503 == len(caught.value.reason)


def test_what_was_printed_goes_with_the_error(program) -> None:
    """
    The end of what was printed is a note of the error.
    """
    with pytest.raises(ProgramError) as caught:
        run(program("print('before')\nraise ValueError"))
    assert ["before\n"] == caught.value.__notes__


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("while True: pass", 1),
        ("while True: print('x' * 1000)", 1),
        (
            "import asyncio as a, pulumi\nasync def go():\n  await a.sleep(99)\npulumi.run(go)",
            0,
        ),
        ("import time\nwhile True:\n  time.sleep(0.01)", 3),
        ("import asyncio\nwhile True:\n  try: asyncio.run(None)\n  except Exception: pass", 3),
    ],
)
def test_program_that_never_ends(program, monkeypatch, source: str, line: int) -> None:
    """
    After the time limit the program is stopped, and the error says where it was.
    """
    folder = program(source)
    monkeypatch.chdir(folder)
    threads = threading.active_count()
    start = time.monotonic()
    with pytest.raises(ProgramTimeoutError) as caught:
        run(folder, timeout=0.3)
    assert time.monotonic() - start < 5
    assert "did not end within 0.3 s" == caught.value.reason
    assert "mend the program, or give it more time: --timeout" == caught.value.cure
    assert caught.value.culprit.startswith("__main__.py")
    if line:
        assert caught.value.culprit in {f"__main__.py:{n}" for n in (line, line - 1, line + 1)}
    assert threads == threading.active_count()
    assert {} == run(program("")).exports


def test_program_that_waits_for_a_thread(program) -> None:
    """
    It is told to stop, cannot be, and is left alone: it holds nothing that the next one needs.
    """
    folder = program("import builtins, queue\nbuiltins.held = queue.Queue()\nheld.get()")
    with pytest.raises(ProgramTimeoutError) as caught:
        run(folder, timeout=0.3)
    assert caught.value.culprit.endswith("__main__.py:3")
    assert {} == run(program("")).exports
    builtins.held.put(None)  # let it end
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(timeout=10)
    del builtins.held


def test_interrupt(program) -> None:
    """
    Ctrl-C reaches the caller as KeyboardInterrupt and stops the program.
    """
    folder = program("print('up')\nwhile True: pass")
    code = f"""
import os, signal, threading
from schedkit.preview import run
from schedkit.preview.runner import THREAD
threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    run({str(folder)!r})
except KeyboardInterrupt:
    print("interrupted", [t.name for t in threading.enumerate() if "program" in t.name])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert ("interrupted []\n", "", 0) == (done.stdout, done.stderr, done.returncode)


def test_signal_handlers_stay(program) -> None:
    """
    A program cannot take the caller's signal handlers; it is told so by Python.
    """
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ProgramError, match="ValueError: signal only works in main thread"):
        run(program("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    assert before is signal.getsignal(signal.SIGTERM)
    assert os.getpid()
