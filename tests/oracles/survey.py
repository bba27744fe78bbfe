"""
Translate random schedules into every dialect, count what becomes of them, and ask the oracles.

    python tests/oracles/survey.py --schedules 100000 --jobs 2

Each must be proved or refused with a reason. What is proved and has an oracle is compared with it:
25 runs around every change of its zone's clocks from 2026 to 2030. Ends with 1 if anything is
neither, or an oracle differs. Needs the oracles of `nox -s oracles`; `--oracles ""` asks none.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import attrs
from oracles import ORACLES
from runner import Broken, Question, Rejected

from schedkit.recurrence.dialects.wall import Wall
from schedkit.recurrence.zones import Dst, Zone
from schedkit.translation import attempt, dialect, dialects


sys.path.append(str(Path(__file__).parents[1] / "recurrence"))
from random_schedules import schedules


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.dialects import Native, Reader
    from schedkit.translation import Translation

CHUNK = 1_000
DAY = 86_400
RUNS = 25
BEFORE = 12  # of the runs lie before a change
START, STOP = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2031))
NEAR = 900 * DAY  # from a question on, in which runs are compared
ORACLE_OF = {
    "robfig": "robfig",
    "quartz": "quartz",
    "eventbridge": "quartz-aws",
    "systemd": "systemd",
}
# Where an oracle is known to differ from the platform it stands for: Quartz runs a repeated time
# the second time, EventBridge the first (facts in `defects.py`).
POLICIES = {"quartz-aws": Dst(gap="skip", fold="second")}
# Quartz loses runs where clocks change by or at no whole hour, EventBridge is not Quartz.
UNSAFE = {"quartz-aws": {"Australia/Lord_Howe", "Pacific/Chatham"}}
# ... and does not end where the nearest weekday lacks its midnight (`defects.md`).
ENDLESS = {("quartz-aws", "Africa/Cairo"): re.compile(r"cron\(\S+ 0\b\S* \S*W")}


@attrs.define
class Tally:
    """
    What became of some schedules in one dialect.
    """

    outcomes: Counter[str] = attrs.field(factory=Counter)
    plain: list[float] = attrs.field(factory=list)  # CPU seconds, zones that never change
    changing: list[float] = attrs.field(factory=list)
    asked: int = 0
    compared: int = 0
    wrong: list[str] = attrs.field(factory=list)

    def add(self, other: Tally) -> None:
        self.outcomes += other.outcomes
        self.plain += other.plain
        self.changing += other.changing
        self.asked += other.asked
        self.compared += other.compared
        self.wrong += other.wrong


class Ask(NamedTuple):
    """
    A question to an oracle with the answer that it should give.
    """

    question: Question
    expected: list[int]


def survey(
    first: int, count: int, seed: int, names: tuple[str, ...], asks: frozenset[str]
) -> dict[str, Tally]:
    """
    One chunk of schedules through every dialect.
    """
    found = {name: Tally() for name in names}
    chunk = list(schedules(count, seed * 1_000_003 + first))
    for name in names:
        tally, questions = found[name], []
        for when in chunk:
            begin = time.process_time()
            try:
                translation = attempt(when, name)
            except Exception as error:  # noqa: BLE001  whatever it is, it is told
                tally.outcomes["raised"] += 1
                tally.wrong.append(f"{name} {when!r}: {type(error).__name__}: {error}")
                continue
            spent = time.process_time() - begin
            zones = {each.timezone for each in when.calendars()} or {"UTC"}
            fixed = all(Zone.of(zone).is_fixed(START, STOP) for zone in zones)
            (tally.plain if fixed else tally.changing).append(spent)
            tally.outcomes[outcome(translation)] += 1
            oracle = ORACLE_OF.get(name, "")
            if translation.holds and oracle in asks:
                for native in translation.natives:
                    questions += list(asked(name, oracle, native))
        if questions:
            compare(ORACLE_OF[name], questions, tally)
    return found


def outcome(translation: Translation) -> str:
    if translation.holds:
        count = len(translation.natives)
        sure = "" if not translation.proof.unknown else ", but for clock changes"
        return f"proved in {count if count < 8 else '8 or more'}{sure}"
    bad = [finding for finding in translation.findings if finding.verdict == "refused"]
    return f"refused, {bad[0].feature}"


def asked(name: str, oracle: str, native: Native) -> Iterator[Ask]:
    """
    The questions of one native: each of its lines, around each change of the clocks.
    """
    language = dialect(name)
    for line in native.text.splitlines():
        if line.startswith(("rate(", "at(")):
            continue
        alone = attrs.evolve(native, text=line, more=())
        (reader,) = language.readers(alone)
        if oracle in POLICIES and isinstance(reader, Wall):
            reader.dst = POLICIES[oracle]
        endless = ENDLESS.get((oracle, reader.zone.name))
        if reader.zone.name in UNSAFE.get(oracle, ()) or (endless and endless.match(line)):
            continue
        text, zone = split(name, line, native.timezone, reader.zone.name)
        for change in changes(zone):
            # systemd answers many texts at once for one instant only
            after = change - DAY if name == "systemd" else _twelfth_before(reader, change)
            expected = list(islice(reader.fires(after + 1, after + NEAR), RUNS))
            count = next((size for size in (RUNS, 5, 1) if size <= len(expected)), 0)
            if count:  # what runs seldom is asked for less: systemd looks for it day by day
                yield Ask(Question(text, zone, after, count), expected[:count])


@cache
def changes(zone: str) -> tuple[int, ...]:
    """
    When a zone's clocks change; one instant where they never do.
    """
    return tuple(change.epoch for change in Zone.of(zone).changes(START, STOP)) or (START,)


def _twelfth_before(reader: Reader, epoch: int) -> int:
    """
    The second before the twelfth last run before an instant, of those of 45 days.
    """
    for days in (1, 45):
        before = list(reader.fires(epoch - days * DAY, epoch))
        if len(before) >= BEFORE:
            return before[-BEFORE] - 1
    return epoch - 45 * DAY


def split(name: str, line: str, timezone: str, zone: str) -> tuple[str, str]:
    """
    What the oracle takes as text and as zone.
    """
    if name == "systemd":
        return line.rpartition(" ")[0], zone
    return line, "UTC" if timezone == "Etc/UTC" else timezone or zone


def compare(name: str, questions: list[Ask], tally: Tally) -> None:
    oracle = ORACLES[name]
    answers = oracle.ask([ask.question for ask in questions])
    for ask, says in zip(questions, answers, strict=True):
        tally.asked += 1
        if isinstance(says, Rejected | Broken):
            tally.wrong.append(f"{name} {ask.question}: {says}")
            continue
        tally.compared += len(says)
        if says != ask.expected:
            tally.wrong.append(f"{name} {ask.question}: {says} instead of {ask.expected}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--dialects", default=",".join(dialects()))
    parser.add_argument("--oracles", default=",".join(sorted({*ORACLE_OF.values()})))
    told = parser.parse_args()
    names = tuple(told.dialects.split(","))
    asks = frozenset(filter(None, told.oracles.split(",")))
    for name in asks:
        if lacking := ORACLES[name].missing():
            sys.exit(f"{name}: {lacking}")
    begin, total = time.perf_counter(), {name: Tally() for name in names}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    done = 0
    with ProcessPoolExecutor(told.jobs) as pool:
        jobs = {}
        for first in range(0, told.schedules, CHUNK):
            count = min(CHUNK, told.schedules - first)
            jobs[pool.submit(survey, first, count, told.seed, names, asks)] = count
        try:
            for job in as_completed(jobs):
                for name, tally in job.result().items():
                    total[name].add(tally)
                done += jobs[job]
                print(f"{done} schedules, {time.perf_counter() - begin:.0f} s", file=sys.stderr)
        except KeyboardInterrupt:  # what is done is reported; what runs is waited for after it
            pool.shutdown(wait=False, cancel_futures=True)
        for name, tally in total.items():
            report(name, tally)
        sys.stdout.flush()
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    spent = time.perf_counter() - begin
    print(f"{done} schedules x {len(names)} dialects in {spent:.0f} s, {most} MB at most")
    return int(any(tally.wrong for tally in total.values()))


def report(name: str, tally: Tally) -> None:
    for label, spent in (("one offset", tally.plain), ("clock changes", tally.changing)):
        if spent:
            middle, most = statistics.median(spent) * 1e3, max(spent) * 1e3
            print(f"{name}, {label}: median {middle:.2f} ms, slowest {most:.0f} ms")
    for outcome, count in sorted(tally.outcomes.items()):
        print(f"    {count:7} {outcome}")
    if tally.asked:
        print(f"    {tally.asked:7} questions to {ORACLE_OF[name]}, {tally.compared} runs")
    print(f"    {len(tally.wrong):7} wrong")
    for wrong in tally.wrong[:10]:
        print(f"    WRONG {wrong}")


if __name__ == "__main__":
    sys.exit(main())
