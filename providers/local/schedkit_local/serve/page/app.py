"""
The pages: what is at which address.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from schedkit.exceptions import StateError
from schedkit.recurrence import tzdata_version
from schedkit_local.serve.ledger import Ledger, is_served
from schedkit_local.serve.page import logs, metrics, overview, queries, view
from schedkit_local.serve.page.actions import Actions
from schedkit_local.serve.page.guard import Guard, Sessions


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

HERE = Path(__file__).parent
PER_PAGE = 50
HISTORY = 20
NEXT = 20
NAMES = 200  # that a field suggests
TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@attrs.frozen
class Page:
    """
    The status page of one state file.
    """

    state: Path
    sessions: Sessions
    clock: Callable[[], float]

    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        """
        Open the ledger for one request: the file may be replaced meanwhile.
        """
        ledger = Ledger.open(self.state)
        try:
            yield ledger
        finally:
            ledger.close()

    def render(
        self, request: Request, name: str, ledger: Ledger | None, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """
        Return a page in the frame that all share.
        """
        session = self.sessions.of(request.headers)
        now = self.clock()
        program = queries.program(ledger) if ledger else None
        pid = is_served(self.state)
        late = view.overdue(ledger.requests(), now) if ledger else []
        tzdata = tzdata_version()
        frame = {
            "program": program and {"project": program.document.get("project", "")},
            "stack": program.stack if program else "",
            "pid": pid,
            "problems": view.problems(program, pid, late, tzdata, now) if ledger else [],
            "asked": self._asked(request, ledger),
            "has_token": bool(self.sessions.token),
            "may_act": session is not None,
            "proof": self.sessions.proof(session) if session else "",
            "here": _here(request),
            "path": request.url.path,
            "tzdata": tzdata,
            "marks": view.MARKS,
            "every": 0,
            "done": "",
        }
        html = TEMPLATES.get_template(name).render(frame | values)
        return HTMLResponse(html, status)

    def _asked(self, request: Request, ledger: Ledger | None) -> Any:
        number = request.query_params.get("asked", "")
        return ledger.request(int(number)) if ledger and number.isdecimal() else None

    def overview(self, request: Request) -> Response:
        """
        Schedules, the timeline and the latest runs.
        """
        with self.opened() as ledger:
            wanted = request.query_params.get("find", "").strip()
            values = overview.values(ledger, self.clock(), wanted, number(request))
            return self.render(request, "overview.html", ledger, **values)

    def runs(self, request: Request) -> Response:
        """
        All runs, by schedule and state.
        """
        asked = {name: request.query_params.get(name, "") for name in ("schedule", "state")}
        page, now = number(request), self.clock()
        with self.opened() as ledger:
            offset = (page - 1) * PER_PAGE
            found = queries.filtered(ledger, **asked, offset=offset, limit=PER_PAGE + 1)
            return self.render(
                request,
                "runs.html",
                ledger,
                runs=[view.run_line(each, now) for each in found[:PER_PAGE]],
                names=queries.schedule_names(ledger, NAMES),
                states=view.STATES,
                page=page,
                more=len(found) > PER_PAGE,
                schedule=asked["schedule"],
                state=asked["state"],
            )

    def run(self, request: Request) -> Response:
        """
        One run and what its steps say.
        """
        with self.opened() as ledger:
            run = ledger.run(request.path_params["id"])
            if run is None:
                raise HTTPException(404, "No run of that name is in the ledger, or not any more.")
            row = queries.schedule(ledger, run.schedule)
            line = view.run_line(run, self.clock(), view.zone_of(row) if row else UTC)
            program = ledger.program()
            document = program.document if program else {}
            steps = [
                (view.step_line(each), logs.tail(logs.path_of(run, each, each.attempts)))
                for each in view.in_order(ledger.steps(run), document, run.pipeline)
            ]
            every = 1000 if line.is_open else 0
            return self.render(request, "run.html", ledger, run=line, steps=steps, every=every)

    def log(self, request: Request) -> Response:
        """
        The whole log of one attempt of a step, as plain text.
        """
        with self.opened() as ledger:
            run = ledger.run(request.path_params["id"])
            steps = {each.name: each for each in ledger.steps(run)} if run else {}
        step = steps.get(request.path_params["step"])
        attempt = request.query_params.get("attempt", str(step.attempts if step else 0))
        path = None
        if run and step and attempt.isdecimal():
            path = logs.path_of(run, step, int(attempt))
        try:
            with logs.opened(path):
                pass
        except OSError:
            raise HTTPException(404, "That log is not there, or not any more.") from None
        return StreamingResponse(logs.chunks(path), media_type="text/plain; charset=utf-8")

    def schedule(self, request: Request) -> Response:
        """
        One schedule: what it says, its next runs and its past ones.
        """
        name, now = request.path_params["name"], self.clock()
        with self.opened() as ledger:
            row = queries.schedule(ledger, name)
            if row is None:
                raise HTTPException(404, "No schedule of that name is served, or ever was.")
            zone = view.zone_of(row)
            history = ledger.runs(schedule=name, limit=HISTORY)
            return self.render(
                request,
                "schedule.html",
                ledger,
                schedule=view.schedule_line(row, queries.last_run(ledger, name), now, NEXT),
                is_removed=row.removed is not None,
                lane=overview.lane_of(ledger, row, now),
                runs=[view.run_line(each, now, zone) for each in history],
                every=5000,
            )

    def health(self, _: Request) -> Response:
        """
        Whether a server is there and the ledger can be read.
        """
        try:
            with self.opened() as ledger:
                program = queries.program(ledger)
        except StateError as error:
            return JSONResponse({"status": "down", "reason": str(error)}, 503)
        pid = is_served(self.state)
        if pid is None:
            reason = f"state file {self.state}: no server holds it; start it: schedkit serve DIR"
            return JSONResponse({"status": "down", "reason": reason}, 503)
        broken = "broken" if program and program.error else "loaded" if program else "none"
        return JSONResponse({"status": "ok", "server": pid, "program": broken})

    def metrics(self, _: Request) -> Response:
        """
        The same in numbers.
        """
        with self.opened() as ledger:
            text = metrics.exposed(ledger, is_served(self.state), self.clock())
        return Response(text, media_type=metrics.TYPE)

    def problem(self, request: Request, error: Exception) -> Response:
        """
        Say in a sentence why there is no such page.
        """
        if isinstance(error, HTTPException):
            status, text = error.status_code, error.detail
        else:
            status, text = 503, str(error)
        title = HTTPStatus(status).phrase
        values = {"title": title, "text": text}
        return self.render(request, "problem.html", None, status, **values)


def make(state: Path, *, port: int, token: str, clock: Callable[[], float]) -> Starlette:
    """
    Return the page of a state file, to be served at *port* of this machine.
    """
    sessions = Sessions(token.encode(), port)
    page = Page(state, sessions, clock)
    actions = Actions(page)
    routes = [
        Route("/", page.overview),
        Route("/runs", page.runs),
        Route("/runs/{id}", page.run),
        Route("/runs/{id}/steps/{step}/log", page.log),
        Route("/schedules/{name}", page.schedule),
        Route("/health", page.health),
        Route("/metrics", page.metrics),
        Route("/login", actions.login, methods=["GET", "POST"]),
        Route("/logout", actions.logout, methods=["POST"]),
        Route("/do/{verb}", actions.ask, methods=["POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, sessions=sessions)],  # type: ignore[arg-type]
        exception_handlers={HTTPException: page.problem, StateError: page.problem},
    )


def number(request: Request) -> int:
    """
    Return which page of a long table is asked for, from 1.
    """
    text = request.query_params.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _here(request: Request) -> str:
    """
    Return the address of this page, without the answer that it shows.
    """
    url = request.url.remove_query_params("asked")
    return f"{url.path}?{url.query}" if url.query else url.path
