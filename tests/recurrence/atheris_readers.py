"""
Coverage-guided input for every reader of schedkit, one second for each.

    python tests/recurrence/atheris_readers.py --seconds 600 [--seed 1] [TARGET ...]

An input is the number of a target, a text, and perhaps a time zone and names and values, with the
byte 255 between them, which no text has in UTF-8. Findings are printed as they come, each place
once; the exit status is 1 if there is any. Needs the package `atheris`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from types import FrameType

import atheris


sys.path.insert(0, str(Path(__file__).parent))

with atheris.instrument_imports(include=["schedkit"]):
    import hostile

    for name in hostile.dialects():
        hostile.dialect(name)

LIMIT = 1.0  # seconds of processor time, the counting of branches included
BETWEEN = b"\xff"


class TooSlow(BaseException):
    """
    No error that a reader would catch.
    """


class Hunt:
    """
    Counts answers, and ends the process after so many seconds.
    """

    def __init__(self, targets: list[str], seconds: int) -> None:
        self.targets = targets
        self.answers: Counter[tuple[str, str]] = Counter()
        self.places: Counter[str] = Counter()
        self.begin, self.seconds = perf_counter(), seconds

    def input(self, data: bytes) -> hostile.Input:
        target = self.targets[data[0] % len(self.targets)] if data else self.targets[0]
        parts = [part.decode(errors="surrogateescape") for part in data[1:].split(BETWEEN)]
        text, *rest = parts
        timezone, *pairs = rest or [""]
        more = dict(zip(pairs[::2], pairs[1::2], strict=False))
        return hostile.Input(target, text, timezone or None, more)

    def data(self, asked: hostile.Input) -> bytes:
        pairs = (word for pair in asked.more.items() for word in pair)
        words = (asked.text, asked.timezone or "", *pairs)
        encoded = BETWEEN.join(word.encode(errors="surrogateescape") for word in words)
        return bytes([self.targets.index(asked.target)]) + encoded

    def one(self, data: bytes) -> None:
        asked = self.input(data)
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
        try:
            self.answers[asked.target, hostile.ask(asked)] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001, that is what is looked for
            self.found(asked, error)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if perf_counter() - self.begin > self.seconds:  # libFuzzer's own end runs no Python
            self.report()
            os._exit(1 if self.places else 0)

    def found(self, asked: hostile.Input, error: BaseException) -> None:
        frames = [
            frame for frame in extract_tb(error.__traceback__) if "schedkit" in frame.filename
        ]
        line = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "hostile"
        kind = type(error).__name__
        place = f"{asked.target} {kind}" + ("" if kind == "TooSlow" else f" at {line}")
        self.places[place] += 1
        if self.places[place] == 1:
            print(f"FINDING {place}: {str(error)[:300]}\n  {asked!r}", flush=True)

    def report(self) -> None:
        spent = perf_counter() - self.begin
        count = self.answers.total() + self.places.total()
        print(f"{count} inputs in {spent:.0f} s, {count / spent:.0f} a second")
        for target in self.targets:
            told = {kind: n for (name, kind), n in self.answers.items() if name == target}
            print(f"  {target}: {told.pop('accepted', 0)} accepted, {sum(told.values())} refused")
        print(f"{len(self.places)} findings {dict(self.places)}", flush=True)


def too_slow(_: int, __: FrameType | None) -> None:
    raise TooSlow(f"more than {LIMIT} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(hostile.TARGETS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    unknown = sorted({*asked.targets} - {*hostile.TARGETS})
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    hunt = Hunt(asked.targets or list(hostile.TARGETS), asked.seconds)
    signal.signal(signal.SIGVTALRM, too_slow)
    with tempfile.TemporaryDirectory() as folder:
        corpus, words = Path(folder, "corpus"), Path(folder, "words")
        corpus.mkdir()
        for number, seed in enumerate(hostile.SEEDS):
            if seed.target in hunt.targets:
                (corpus / str(number)).write_bytes(hunt.data(seed))
        words.write_text("".join(map(entry, DICTIONARY)))
        options = [
            f"-seed={asked.seed}",
            f"-max_len={hostile.SIZE}",
            f"-dict={words}",
            "-len_control=10",  # long ones soon
            "-timeout=60",
        ]
        atheris.Setup([sys.argv[0], *options, str(corpus)], hunt.one)
        atheris.Fuzz()


DICTIONARY = (*hostile.WORDS, *filter(None, hostile.ZONES), *hostile.NAMES[:-1])


def entry(word: str) -> str:
    """
    A line of libFuzzer's dictionary, every byte escaped.
    """
    escaped = "".join(rf"\x{byte:02x}" for byte in word.encode(errors="replace"))
    return f'"{escaped}"\n'


if __name__ == "__main__":
    main()
