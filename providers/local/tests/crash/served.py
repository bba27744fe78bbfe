"""
`schedkit serve` with a clock that a test sets: `python served.py FOLDER [PORT]`.

The program is read from the document that the test keeps in the folder: pulumi would need more of
each second than five hundred servers have. A `hook.py` there is run first.
"""

from __future__ import annotations

import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

from schedkit.exceptions import StateError
from schedkit_local.serve import server
from schedkit_local.serve.clock import Clock


REFUSED = 3


class Shifted(Clock):
    """
    This machine's clock, and an offset that a file holds.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        with path.open("r+b") as stream:
            self._offset = mmap.mmap(stream.fileno(), 8)

    def offset(self) -> float:
        """
        Seconds.
        """
        return struct.unpack("d", self._offset[:8])[0]

    def set_offset(self, seconds: float) -> None:
        """
        Set the clock, for all who have the file.
        """
        self._offset[:8] = struct.pack("d", seconds)

    def now(self) -> float:
        """
        Unix seconds.
        """
        return time.time() + self.offset()

    def begins(self, due: float) -> float:
        """
        Processes know nothing of the offset.
        """
        now, due = time.time(), due - self.offset()
        return due if now < due <= now + self.early else now

    def wait(self, until: float | None) -> float | None:
        """
        Who sets the offset pokes the server's pipe, as the kernel would end the wait.
        """
        return super().wait(None if until is None else until - self.offset())


def main(folder: Path, port: str | None = None) -> int:
    """
    Serve; return the exit code.
    """
    server.command = lambda *_: ["/bin/cat", str(folder / "document.json")]
    if (folder / "hook.py").exists():
        runpy.run_path(str(folder / "hook.py"))
    try:
        clock = Shifted(folder / "offset")
        return server.serve(folder, clock=clock, port=int(port) if port else None)
    except StateError as error:
        print(error, flush=True)
        return REFUSED


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
