"""
What `schedkit:local` in the stack config may hold.
"""

from __future__ import annotations

from typing import Literal

import attrs

from schedkit.inputs import at_least, of_type, one_of, shape


@attrs.frozen(kw_only=True)
class LocalOptions:
    """
    How pipelines run on this machine.

    Attributes:
        runs: The folder that holds one folder per run; relative to the program's.
        container: `auto` runs a step that has an image as a container when Docker answers, else
            as a process; `never` asks no Docker; `always` fails without one.
        parallel: How many steps run at the same time; None: all that can.
        history: Days for which `schedkit serve` remembers a run that ended, and keeps its logs.
    """

    runs: str = attrs.field(default=".schedkit/runs", validator=shape(of_type(str)))
    container: Literal["auto", "never", "always"] = attrs.field(
        default="auto", validator=shape(one_of("auto", "never", "always"))
    )
    parallel: int | None = attrs.field(
        default=None, validator=shape(attrs.validators.optional([of_type(int), at_least(1)]))
    )
    history: int = attrs.field(default=90, validator=shape(of_type(int), at_least(1)))
