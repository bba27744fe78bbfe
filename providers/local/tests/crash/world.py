"""
What the crash test serves: many fast schedules with every policy, whose steps leave a witness.

All of it is a table, from which the program is written and by which the oracle judges.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import attrs


WITNESS = "starts.log"
_WRITE = "echo $SCHEDKIT_RUN_ID $SCHEDKIT_STEP $SCHEDKIT_ATTEMPT $SCHEDKIT_SCHEDULED_TIME $$"
_WRITE += f" >> {WITNESS}; "
SCRIPTS = {  # kind -> what each step does after it left its witness
    "quick": ["true"],
    "nap": ["exec sleep 0.3"],
    "flaky": ["test $SCHEDKIT_ATTEMPT = 2"],
    "broken": ["exit 3"],
    "pair": ["true", "exec sleep 0.1"],
    "long": ["exec sleep 1.2"],
    "stubborn": ["trap '' TERM; sleep 0.4; sleep 0.4"],
}
OVERLAPS = ("allow", "forbid", "queue", "replace")
CATCH_UPS = (("none", None), ("latest", 20), ("all", 20))
TWO, JITTERS, DEADLINES = 2, (0, 0, 3), (5, 8)


@attrs.frozen(kw_only=True)
class Line:
    """
    One schedule: every so many seconds from *first*; *kind* is of its pipeline's steps.
    """

    name: str
    pipeline: str
    overlap: str
    kind: str
    every: int
    first: int
    catch_up: str
    window: int | None
    deadline: int
    jitter: int
    stays: bool = True

    def instants(self, end: int) -> range:
        """
        Return what must be written down.
        """
        return range(self.first, end, self.every)


def end_of(found: list[Line], instants: int) -> int:
    """
    Return when so many instants of those that stay are over.
    """
    staying = [line for line in found if line.stays]
    end = min(line.first for line in staying)
    while sum(len(line.instants(end)) for line in staying) < instants:
        end += 1
    return end


def lines(start: int) -> list[Line]:
    """
    Return the schedules: those that stay, and two that newer programs change or remove.
    """
    found = []
    policies = itertools.product(OVERLAPS, CATCH_UPS, range(TWO))
    for number, (overlap, (catch_up, window), _) in enumerate(policies):
        shared = number % 6 < TWO  # two schedules of one pipeline
        found.append(
            Line(
                name=f"s{number}",
                pipeline=f"p{number - number % 6 if shared else number}",
                overlap=overlap,
                kind="nap" if shared else list(SCRIPTS)[number % len(SCRIPTS)],
                every=2,
                first=start + number % 4,
                catch_up=catch_up,
                window=window,
                deadline=DEADLINES[number % len(DEADLINES)],
                jitter=JITTERS[number % len(JITTERS)],
            )
        )
    moving = attrs.evolve(found[0], stays=False, overlap="allow", kind="quick")
    return found + [
        attrs.evolve(moving, name=f"moving{n}", pipeline="moving", every=every)
        for n, every in enumerate((2, 3))
    ]


def program(found: list[Line], end: int) -> str:
    """
    Write the program.
    """
    text = ["import schedkit as sk", "", f"END = {_iso(end)!r}"]
    for line in {line.pipeline: line for line in found}.values():
        steps = []
        for number, script in enumerate(SCRIPTS[line.kind]):
            after = f", needs=[{line.pipeline}_{number - 1}]" if number else ""
            retry = ", retry=sk.Retry(limit=1, backoff='0s')" if line.kind == "flaky" else ""
            words = ["/bin/sh", "-c", _WRITE + script]
            name = f"{line.pipeline}_{number}"
            text.append(f"{name} = sk.Step('step{number}', command={words!r}{after}{retry})")
            steps.append(name)
        given = f"steps=[{', '.join(steps)}], overlap={line.overlap!r}"
        text.append(f"{line.pipeline} = sk.Pipeline({line.pipeline!r}, {given})")
    for line in found:
        every = f"sk.Every('{line.every}s', {_iso(line.first)!r})"
        policy = [line.catch_up, f"{line.window}s"] if line.window else [line.catch_up]
        given = {"starting_deadline": line.deadline, "jitter": line.jitter}
        more = ", ".join(f"{key}='{value}s'" for key, value in given.items() if value)
        catch_up = f"catch_up=sk.CatchUp(*{policy!r}), start={_iso(line.first)!r}, end=END, {more}"
        text.append(f"sk.Schedule({line.name!r}, {line.pipeline}, {every}, {catch_up})")
    return "\n".join(text) + "\n"


def documents(folder: Path, found: list[Line], end: int) -> list[str]:
    """
    Load the program; return its document, that of a changed one, and two broken ones.
    """
    folder.joinpath("__main__.py").write_text(program(found, end))
    config = "name: crash\nruntime: python\nconfig: {schedkit:backend: {value: local}}\n"
    folder.joinpath("Pulumi.yaml").write_text(config)
    folder.joinpath("Pulumi.dev.yaml").write_text("config: {}\n")
    words = [sys.executable, "-m", "schedkit_local.serve.load", str(folder)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    document = json.loads(done.stdout)
    if "error" in document:
        raise SystemExit(document["error"]["sentence"])
    changed = json.loads(done.stdout)
    changed["schedules"]["moving0"]["when"] = changed["schedules"].pop("moving1")["when"]
    error = {"culprit": "program", "reason": "is broken", "cure": "mend it"}
    return [json.dumps(each) for each in (document, changed, {"error": error})] + ["Traceback"]


def put(path: Path, text: str) -> None:
    """
    Write a file that others read at any moment.
    """
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def _iso(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()
