from __future__ import annotations

from schedkit.cli import main


main(prog_name="schedkit")
