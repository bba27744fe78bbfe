"""
What a run shows while it goes on: a live table on a terminal, plain lines elsewhere.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from schedkit_local.files import tail


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from schedkit.backend import RunResult, StepResult

STYLES = {
    "waiting": "dim",
    "running": "cyan",
    "succeeded": "green",
    "failed": "bold red",
    "skipped": "yellow",
    "stopped": "yellow",
}


class Watcher(Protocol):
    """
    Who is told how a run goes.
    """

    def __enter__(self) -> object:
        """
        The run begins.
        """
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """
        It is over.
        """
        ...

    def update(self, step: StepResult) -> None:
        """
        A step has changed.
        """
        ...

    def finish(self, result: RunResult, last: Iterable[str]) -> None:
        """
        What became of it; *last* are the steps that no other needs.
        """
        ...


class Progress:
    """
    Told about every change of a step; prints nothing when not asked to.
    """

    def __init__(self, *, show: bool, console: Console | None = None) -> None:
        self._console = console or Console(quiet=not show, highlight=False)
        self._steps: dict[str, StepResult] = {}
        self._since: dict[str, float] = {}
        self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=4)
        self._lively = self._console.is_terminal and show

    def __enter__(self) -> Self:
        if self._lively:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lively:
            self._live.stop()

    def update(self, step: StepResult) -> None:
        """
        Show that a step changed.
        """
        before = self._steps.get(step.name)
        self._steps[step.name] = step
        if before is None or before.state != step.state:
            self._since[step.name] = time.monotonic()
        if not self._lively and step.state != "waiting":
            self._line(" ".join(filter(None, _cells(step, step.seconds))))

    def finish(self, result: RunResult, last: Iterable[str]) -> None:
        """
        Show how the run ended, and what the steps that no other needs had to say last.
        """
        logs: Mapping[str, StepResult] = {step.name: step for step in result.steps}
        for name in last if result.ok else ():
            log = logs[name].log
            said = tail(log) if log else ""
            self._line(f"\n{name} says:\n{said}" if said else "")
        self._line(f"\n{result.run_id} {'succeeded' if result.ok else 'failed'}: {result.folder}")

    def _line(self, text: str) -> None:
        if text:
            self._console.print(Text(text), soft_wrap=True)

    def _table(self) -> Table:
        table = Table("step", "state", "attempt", "seconds", box=None, header_style="bold")
        now = time.monotonic()
        for step in self._steps.values():
            spent = now - self._since[step.name] if step.state == "running" else step.seconds
            name, state, attempt, seconds = _cells(step, spent)
            table.add_row(name, Text(state, STYLES[state]), attempt, seconds)
        return table


def _cells(step: StepResult, seconds: float) -> tuple[str, str, str, str]:
    attempt = f"attempt {step.attempts}" if step.attempts else ""
    return step.name, step.state, attempt, f"{seconds:.1f} s" if seconds else ""
