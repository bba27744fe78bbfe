"""
What may be asked of the server by whoever has shown the token: rows of the ledger, nothing more.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import attrs
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from schedkit.exceptions import SchedkitError, SpecError
from schedkit_local.serve.page import queries, reading, view


if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from schedkit_local.serve.ledger import Ledger
    from schedkit_local.serve.page.app import Page

LONGEST = 64 * 1024  # bytes of a form
FIELDS = 200
PAUSE = 0.5  # seconds that a wrong token costs
SOON = 2.0  # seconds to wait for the server's answer
LOOK = 0.05
PARAMETER = "parameter."


@attrs.define
class Actions:
    """
    The forms of a page.
    """

    page: Page
    _gate: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    async def login(self, request: Request) -> Response:
        """
        Show the form, or begin a session.
        """
        sessions = self.page.sessions
        if not sessions.token:
            raise HTTPException(404, "This page can be read only: the server has no token for it.")
        if request.method != "POST":
            return self._form(request, "")
        form = await fields(request)
        async with self._gate:  # one guess at a time
            session = sessions.begin(form.get("token", ""))
            if session is None:
                await asyncio.sleep(PAUSE)
                return self._form(request, "That is not the token of this server.")
        response = RedirectResponse(_back(form), 303)
        response.set_cookie(sessions.cookie, session, httponly=True, samesite="strict", path="/")
        return response

    async def logout(self, request: Request) -> Response:
        """
        End the session.
        """
        form = await self._proved(request)
        sessions = self.page.sessions
        session = sessions.of(request.headers)
        if session:
            sessions.end(session)
        response = RedirectResponse(_back(form), 303)
        response.delete_cookie(sessions.cookie, path="/", httponly=True, samesite="strict")
        return response

    async def ask(self, request: Request) -> Response:
        """
        Ask the server for what the form says; show its answer where the form was.
        """
        form = await self._proved(request)
        verb = request.path_params["verb"]
        if verb not in VERBS:
            raise HTTPException(404, "The server knows no such request.")
        try:
            number = await run_in_threadpool(self._ask, verb, form)
        except SpecError as error:
            raise HTTPException(400, str(error)) from None
        back = _back(form)
        mark = "&" if "?" in back else "?"
        return RedirectResponse(f"{back}{mark}asked={number}", 303)

    def _ask(self, verb: str, form: Mapping[str, str]) -> int:
        with self.page.opened() as ledger:
            number = ledger.ask(verb, VERBS[verb](ledger, form))
            end = time.monotonic() + SOON
            while time.monotonic() < end:
                found = ledger.request(number)
                if found is None or found.done is not None:
                    break
                time.sleep(LOOK)
        return number

    async def _proved(self, request: Request) -> dict[str, str]:
        form = await fields(request)
        sessions = self.page.sessions
        session = sessions.of(request.headers)
        if session is None or not sessions.proves(session, form.get("proof", "")):
            raise HTTPException(403, "This form is not of your session: load the page again.")
        return form

    def _form(self, request: Request, wrong: str) -> Response:
        back = _back(dict(request.query_params))
        status = 403 if wrong else 200
        return self.page.render(request, "login.html", None, status, wrong=wrong, back=back)


async def fields(request: Request) -> dict[str, str]:
    """
    Return the fields of a form that was sent.

    Raises:
        HTTPException: It is too long, or no form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Only the forms of this page are read.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise HTTPException(413, "That form is too long.")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError:
        raise HTTPException(400, "That form cannot be read.") from None
    return dict(pairs)


def _back(form: Mapping[str, str]) -> str:
    """
    Return the page to go back to: one of ours, whatever the form says.
    """
    back = form.get("back", "/")
    parts = urlsplit(back)
    ours = back.startswith("/") and not back.startswith("//") and back.isprintable()
    return back if ours and not (parts.scheme or parts.netloc or "\\" in back) else "/"


def _trigger(ledger: Ledger, form: Mapping[str, str]) -> dict[str, Any]:
    name = form.get("pipeline", "")
    program = ledger.program()
    pipelines = program.document.get("pipelines", {}) if program else {}
    if name not in pipelines:
        raise SpecError(f"pipeline {name!r}", "is not served", "load the page again")
    given: dict[str, object] = {}
    for key, default in reading.parameters(pipelines[name]).items():
        text = form.get(f"{PARAMETER}{key}")
        if text is None:
            continue
        try:
            value = view.converted(default, text)
        except ValueError:
            kind = type(default).__name__
            culprit = f"pipeline {name!r}, parameter {key!r}"
            raise SpecError(culprit, f"{text!r} is no {kind}", f"default: {default!r}") from None
        if value != default:
            given[key] = value
    return {"pipeline": name, "parameters": given}


def _named(key: str) -> Any:
    def arguments(_: Ledger, form: Mapping[str, str]) -> dict[str, Any]:
        if not form.get(key):
            raise SpecError(key, "is missing from the form", "load the page again")
        return {key: form[key]}

    return arguments


def _backfill(ledger: Ledger, form: Mapping[str, str]) -> dict[str, Any]:
    found = _named("schedule")(ledger, form)
    row = queries.schedule(ledger, found["schedule"])
    if row is None:
        raise SpecError(f"schedule {found['schedule']!r}", "is not served", "load the page again")
    zone = view.zone_of(row)
    for key in ("from", "to"):
        text = form.get(key, "")
        try:
            at = datetime.fromisoformat(text)
            found[key] = int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp())
        except (ValueError, OverflowError, SchedkitError):
            reason, cure = f"{text!r} is no date and time", "write 2026-01-31T09:00"
            raise SpecError(f"backfill, {key}", reason, cure) from None
    if found["from"] >= found["to"]:
        at = datetime.fromtimestamp(found["from"], UTC)
        raise SpecError("backfill, to", f"is not after from={at.isoformat()}", "give a later one")
    return found


VERBS = {
    "trigger": _trigger,
    "pause": _named("schedule"),
    "resume": _named("schedule"),
    "cancel": _named("run"),
    "backfill": _backfill,
    "reload": lambda *_: {},
}
