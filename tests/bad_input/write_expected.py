"""
Write `expected.json` anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import attrs
import programs


def main() -> None:
    """
    Run every case.
    """
    rows = []
    for case in programs.cases():
        with tempfile.TemporaryDirectory() as folder:
            answer = programs.masked(attrs.asdict(programs.answer(case, Path(folder))))
        rows.append({"section": case.section, "label": case.label, **answer})
    programs.EXPECTED.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
