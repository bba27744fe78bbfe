"""
Who may ask the page for what: names of hosts, origins, sessions, and the headers of answers.
"""

from __future__ import annotations

import hmac
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse


if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost", "[::1]")
SAFE = frozenset({"GET", "HEAD"})
LASTS = 12 * 3600  # seconds of a session
SESSIONS = 100
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    # `no-referrer` would make browsers send `Origin: null` with our own forms, too.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@attrs.define
class Sessions:
    """
    Who has shown the token. Nothing of it outlives the process.
    """

    token: bytes
    port: int
    _key: bytes = attrs.field(factory=lambda: secrets.token_bytes(32), repr=False, init=False)
    _ends: dict[str, float] = attrs.field(factory=dict, repr=False, init=False)

    @property
    def cookie(self) -> str:
        """
        The cookie's name; browsers send it to every port of a host.
        """
        return f"schedkit-{self.port}"

    def begin(self, token: str) -> str | None:
        """
        Return a new session for whoever knows the token.
        """
        if not (self.token and hmac.compare_digest(token.encode(), self.token)):
            return None
        while len(self._ends) >= SESSIONS:
            del self._ends[next(iter(self._ends))]
        session = secrets.token_urlsafe(32)
        self._ends[session] = time.monotonic() + LASTS
        return session

    def of(self, headers: Headers) -> str | None:
        """
        Return the session of a request, if it has one that still lasts.
        """
        session = cookie_parser(headers.get("cookie", "")).get(self.cookie, "")
        end = self._ends.get(session)
        return session if end is not None and time.monotonic() < end else None

    def end(self, session: str) -> None:
        """
        Forget a session.
        """
        self._ends.pop(session, None)

    def proof(self, session: str) -> str:
        """
        Return what a form of a session must hold.
        """
        return hmac.new(self._key, session.encode(), "sha256").hexdigest()

    def proves(self, session: str, proof: str) -> bool:
        """
        Whether a form came from a page of this session.
        """
        return hmac.compare_digest(self.proof(session).encode(), proof.encode())


@attrs.frozen
class Guard:
    """
    The door: refuses what another site sent, and puts `HEADERS` on every answer.

    A site whose name was made to point at this machine is told from us by the name (DNS
    rebinding); one whose page sends a form here, by its origin.
    """

    app: ASGIApp
    sessions: Sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Let a request through, or answer it.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, dressed)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if len(headers.getlist("host")) != 1 or headers["host"].lower() not in self.names():
            text = "this page answers to 127.0.0.1 and localhost and its own port alone\n"
            return PlainTextResponse(text, 421)
        if scope["method"] in SAFE:
            return None
        if not self.sessions.token:
            text = "this page can be read only: start the server with a token to change things\n"
            return PlainTextResponse(text, 403)
        if not self._is_own(headers):
            return PlainTextResponse("this was sent by another page than this one\n", 403)
        if scope["path"] != "/login" and self.sessions.of(headers) is None:
            return PlainTextResponse("log in first: /login\n", 403)
        return None

    def names(self) -> set[str]:
        """
        Return what the `Host` header may say.
        """
        bare = set(HOSTS) if self.sessions.port == 80 else set()
        return bare | {f"{host}:{self.sessions.port}" for host in HOSTS}

    def _is_own(self, headers: Headers) -> bool:
        sent = headers.get("origin") or headers.get("referer") or ""
        parts = urlsplit(sent)
        return parts.scheme == "http" and parts.netloc.lower() == headers["host"].lower()
