"""
What others ask of the server, by a row in its ledger: each verb, and the sentence it answers.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from schedkit.due import Due
from schedkit.exceptions import SchedkitError, SpecError, StateError
from schedkit.inputs import hint
from schedkit_local.serve.rows import BY_HAND, GOING
from schedkit_local.serve.writing import due_of


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schedkit.recurrence import When
    from schedkit_local.serve.loop import Server
    from schedkit_local.serve.rows import Request

MOST = 10_000  # runs of one backfill
_NO_ARGUMENTS = (TypeError, LookupError, ValueError, OverflowError, AttributeError)
_DONE = "UPDATE request SET done = :now, answer = :answer WHERE id = :id"


def answer(server: Server, request: Request) -> None:
    """
    Do what is asked, and write the answer down; a reload answers when it is over.
    """
    verb = VERBS.get(request.verb)
    try:
        if verb is None:
            raise SpecError(f"request {request.verb!r}", "is not known", hint(request.verb, VERBS))
        told = verb(server, **request.arguments)
    except StateError:
        raise  # nothing was done, and it is asked again
    except SchedkitError as error:
        conclude(server, [request.id], str(error), ok=False)
    except _NO_ARGUMENTS as error:
        text = f"request {request.verb!r}: cannot be read: {type(error).__name__}: {error}"
        conclude(server, [request.id], text, ok=False)
    else:
        if told is not None:
            conclude(server, [request.id], told)
        else:
            server.awaiting.append(request.id)


def conclude(server: Server, numbers: Iterable[int], text: str, *, ok: bool = True) -> None:
    """
    Write down what became of requests.
    """
    told = json.dumps({"ok": ok, "text": text})
    for number in numbers:
        server.ledger.write(_DONE, id=number, now=server.clock.now(), answer=told)
    server.say(text)


def _trigger(server: Server, pipeline: str, parameters: dict[str, Any] | None = None) -> str:
    known = server.program.pipelines
    if pipeline not in known:
        raise SpecError(f"pipeline {pipeline!r}", "is not served", hint(pipeline, known))
    document = known[pipeline].document
    for name in parameters or {}:
        if name not in document.parameters:
            culprit, reason = f"parameter {name!r}", f"pipeline {pipeline!r} has none of that name"
            raise SpecError(culprit, reason, hint(name, document.parameters))
    at = int(server.clock.now())
    due = Due(at, f"{BY_HAND}{pipeline}", at)
    while not server.book.offer(due, pipeline, "trigger", parameters or {}):
        due = Due(at, due.schedule, due.scheduled + 1)  # a second of its own is its identity
    server.desk.offer(due, pipeline)
    return f"{server.book.name(due)} is asked for"


def _pause(server: Server, schedule: str) -> str:
    if not _set_paused(server, schedule, paused=True):
        return f"schedule {schedule!r} is paused already"
    return f"schedule {schedule!r} is paused; what passes meanwhile is not caught up with"


def _resume(server: Server, schedule: str) -> str:
    changed = _set_paused(server, schedule, paused=False)
    if server.program.schedules[schedule].rule.paused:
        return f"schedule {schedule!r} is {'resumed, and still ' * changed}paused by the program"
    return f"schedule {schedule!r} {'is resumed' if changed else 'was not paused'}"


def _set_paused(server: Server, schedule: str, *, paused: bool) -> bool:
    """
    What is not so already begins with the next second; whether that was the case.
    """
    _known(server, schedule)
    change = """
        UPDATE schedule SET paused = :paused, since = :since
        WHERE name = :name AND paused != :paused
    """
    since = int(server.clock.now()) + 1
    changed = server.ledger.write(change, paused=int(paused), since=since, name=schedule)
    server.recover()
    return bool(changed)


def _backfill(server: Server, schedule: str, **bounds: float) -> str:
    _known(server, schedule)
    served = server.program.schedules[schedule]
    now = int(server.clock.now())
    start, stop = int(bounds["from"]), int(min(bounds["to"], now))
    instants = few(schedule, served.rule.when, start, stop)
    offered = []
    with server.ledger.writing():
        for instant in instants:
            due = Due(now, schedule, instant)  # its deadline counts from now
            if server.book.offer(due, served.rule.pipeline, "backfill", served.parameters):
                offered.append(due)
    server.recover()
    kept = len(instants) - len(offered)
    ran = f"; {kept} have had their run" if kept else ""
    return f"schedule {schedule!r}: {len(offered)} runs are asked for{ran}"


def few(schedule: str, when: When, start: int, stop: int) -> list[int]:
    """
    Return the instants of a time that a backfill may run.

    Raises:
        SpecError: There are too many.
    """
    found = list(islice(when.epochs(start, stop), MOST + 1))
    if len(found) > MOST:
        reason = f"has more than {MOST} runs in that time"
        raise SpecError(f"schedule {schedule!r}", reason, "give a shorter time")
    return found


def _cancel(server: Server, run: str) -> str:
    row = server.ledger.run(str(run))
    if row is None:
        raise SpecError(f"run {run!r}", "is not known", "schedkit runs lists them")
    due = due_of(row)
    if row.state == "waiting":
        server.book.drop(row, "cancelled", server.clock.now())
        server.desk.withdraw(due, row.pipeline)
        return f"{run} is cancelled before it started"
    if row.state not in GOING:
        raise SpecError(f"run {run!r}", f"is over: {row.state}", "trigger another one")
    server.crew.stop(due, "cancelled")
    return f"{run} is told to end"


def _reload(server: Server) -> None:
    server.reload()


def _known(server: Server, schedule: str) -> None:
    known = server.program.schedules
    if schedule not in known:
        raise SpecError(f"schedule {schedule!r}", "is not served", hint(schedule, known))


def when(at: float) -> str:
    """
    Return an instant as people read it, in UTC.
    """
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


VERBS: dict[str, Callable[..., str | None]] = {
    "trigger": _trigger,
    "pause": _pause,
    "resume": _resume,
    "backfill": _backfill,
    "cancel": _cancel,
    "reload": _reload,
}
