"""
A process that runs runs, one after the other, as it is told.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import attrs

from schedkit_local.serve import fork
from schedkit_local.serve.process import birth


if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.frozen
class Hand:
    """
    The process, and the socket by which it is told, and tells when it is done.

    It ends when its server does, or when it is told no more, but not before its run.

    Attributes:
        pid: Its number.
        birth: Tells it from a later process of that number.
    """

    pid: int
    birth: str
    _socket: socket.socket

    @classmethod
    def fork(cls, work: Callable[[], object]) -> Hand:
        """
        Begin one; its work has the other end as `fork.WORD`.
        """
        own, its = socket.socketpair()
        with its:
            try:
                pid = fork.fork(work, its.fileno())
            except OSError:
                own.close()
                raise
        own.setblocking(False)
        return cls(pid, birth(pid), own)

    @property
    def file(self) -> int:
        """
        To be read when it is done, or dead.
        """
        return self._socket.fileno()

    def tell(self, seq: int) -> None:
        """
        Have it run the run of that number, whose row names it: it looks there when it can be told
        no more.
        """
        try:
            self._socket.send(b"%d\n" % seq)
        except OSError:
            return

    def heard(self) -> bool:
        """
        Whether it is done and can be told again.
        """
        try:
            return bool(self._socket.recv(1))
        except OSError:
            return False

    def dismiss(self) -> None:
        """
        Tell it no more.
        """
        self._socket.close()
