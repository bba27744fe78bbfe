"""
`python -m schedkit_local.serve DIR GIVEN`: how `schedkit serve` goes on, without what it needed to
begin.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from schedkit.exceptions import SchedkitError
from schedkit_local.serve.server import serve


def main(folder: str, given: str) -> int:
    """
    Serve with the arguments of `serve`, as JSON; return the exit code.
    """
    found = json.loads(given)
    try:
        return serve(Path(folder), **found | {"state": Path(found["state"])})
    except SchedkitError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
