"""
Serve the status page of a state file: `python -m schedkit_local.serve.page FILE --port 4178`.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import uvicorn

from schedkit.exceptions import SpecError, StateError
from schedkit_local.serve.page.app import make


HOST = "127.0.0.1"
SHORTEST = 16  # characters of a token
TOKEN = "SCHEDKIT_PAGE_TOKEN"  # noqa: S105, a variable's name


def main(arguments: list[str] | None = None) -> int:
    """
    Serve until SIGTERM, or until the process that began this one has died; return the exit code.
    """
    token = os.environ.pop(TOKEN, "")
    parser = argparse.ArgumentParser(prog="python -m schedkit_local.serve.page")
    parser.add_argument("state", type=Path, metavar="FILE", help="the state file")
    parser.add_argument("--port", type=int, default=4178, help="0 is any that is free")
    parser.add_argument("--host", default=HOST, help=f"{HOST}, nothing else")
    parser.add_argument("--stay", action="store_true", help="outlive the process that began it")
    asked = parser.parse_args(arguments)
    try:
        _check(asked.host, token)
        listening = _listening(asked.port)
    except (SpecError, StateError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    port = listening.getsockname()[1]
    server = _server(make(asked.state, port=port, token=token, clock=time.time), stay=asked.stay)
    print(f"status page: http://{HOST}:{port}/", flush=True)  # noqa: T201
    with suppress(KeyboardInterrupt):  # the terminal's, which ends the server as well
        server.run(sockets=[listening])
    return 0


def _check(host: str, token: str) -> None:
    if host != HOST:
        cure = "leave --host out; reach it from elsewhere by a tunnel: ssh -L"
        raise SpecError(f"--host {host}", f"the page is for {HOST} alone", cure)
    if token and len(token) < SHORTEST:
        reason = f"is shorter than {SHORTEST} characters, so it can be guessed"
        raise SpecError(TOKEN, reason, "make one: openssl rand -hex 16")


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        reason = f"cannot be listened at ({os.strerror(number) if number else error})"
        raise StateError(f"port {port}", reason, "give another --port") from None


def _server(app: object, *, stay: bool) -> uvicorn.Server:
    parent = os.getppid()

    async def look() -> None:
        if os.getppid() != parent and not stay:
            server.should_exit = True

    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        callback_notify=look,
        h11_max_incomplete_event_size=32 * 1024,
        http="h11",
        lifespan="off",
        limit_concurrency=64,
        log_level="warning",
        loop="asyncio",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_notify=1,
        ws="none",
    )
    server = uvicorn.Server(config)
    return server


if __name__ == "__main__":
    sys.exit(main())
