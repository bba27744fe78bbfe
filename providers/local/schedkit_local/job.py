"""
One run while it goes on: steps in order, independent ones at the same time.

After a failure what runs may finish, and nothing more starts. SIGINT, SIGTERM and SIGHUP end
everything; a second one ends it at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from schedkit.backend import RunResult, StepResult
from schedkit.exceptions import RunFailedError
from schedkit_local.container import Box, Docker, run_container
from schedkit_local.document import RunDocument, StepDocument, text
from schedkit_local.files import StepFiles, tail, write_json
from schedkit_local.options import LocalOptions
from schedkit_local.process import Outcome, run_process, sleep, until


if TYPE_CHECKING:
    from schedkit_local.progress import Watcher

SOON = 0.05  # seconds: what lasts shorter is not written down as running, which would hold it up
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@attrs.define(kw_only=True)
class Job:
    """
    One run while it goes on.

    Attributes:
        program: The folder in which processes work.
        folder: Of the run.
        scheduled: Its instant; that at which it started, where no schedule started it.
        signals: Which end it.
        at: When its first steps begin, in Unix seconds, if that is near.
    """

    document: RunDocument
    options: LocalOptions
    program: Path
    folder: Path
    started: datetime
    scheduled: datetime
    parameters: Mapping[str, Any]
    secrets: Mapping[str, Mapping[str, str]]
    docker: Docker | None
    progress: Watcher
    results: dict[str, StepResult] = attrs.field(
        init=False, default=attrs.Factory(lambda job: _waiting(job.document), takes_self=True)
    )
    signals: Collection[signal.Signals] = SIGNALS
    at: float = 0.0
    error: RunFailedError | None = None
    interrupted: bool = False

    def run(self, runner: asyncio.Runner | None = None) -> RunResult:
        """
        Run all steps, and write down what became of them.

        Args:
            runner: Of several runs; one of its own when left out.
        """
        with self.progress:
            for step in self.results.values():
                self.progress.update(step)
            (runner.run if runner else asyncio.run)(self._guarded())
            for name, step in self.results.items():
                if step.state == "waiting":
                    self._set(name, state="skipped")
        result = RunResult(
            run_id=self.folder.name,
            pipeline=self.document.pipeline,
            folder=self.folder,
            steps=tuple(self.results.values()),
            error=self.error,
            interrupted=self.interrupted,
        )
        self._write("succeeded" if result.ok else "failed", result)
        needed = {need for step in self.document.steps.values() for need in step.needs}
        self.progress.finish(result, [name for name in self.results if name not in needed])
        return result

    async def _guarded(self) -> None:
        work = asyncio.ensure_future(self._steps())
        note = asyncio.ensure_future(self._noted())
        loop = asyncio.get_running_loop()

        def stop() -> None:
            self.interrupted = True
            self._fail("was interrupted", "start it again")
            work.cancel()

        heard = []
        if threading.current_thread() is threading.main_thread():
            heard = [n for n in self.signals if signal.getsignal(n) is not signal.SIG_IGN]
        for number in heard:
            loop.add_signal_handler(number, stop)
        seconds = self.document.timeout_seconds
        await asyncio.wait([work], timeout=seconds and seconds + until(self.at))
        if not work.done():
            self._fail(f"did not end within its timeout of {seconds:g} s", "give it more")
            work.cancel()
            await asyncio.wait([work])
        for number in heard:
            loop.remove_signal_handler(number)
        note.cancel()
        try:
            await asyncio.wait([note])
            if not note.cancelled():
                note.result()
            if not work.cancelled():
                work.result()
        except OSError as error:
            self._fail(f"lost its files: {error}", "give the folder of runs room and rights")

    async def _noted(self) -> None:
        """
        Write down that it runs, unless it ends at once.
        """
        await asyncio.sleep(SOON)
        self._write("running")

    async def _steps(self) -> None:
        steps = self.document.steps
        sorter = TopologicalSorter({name: step.needs for name, step in steps.items()})
        sorter.prepare()
        most = self.options.parallel
        gate = asyncio.Semaphore(most) if most else nullcontext()
        running: dict[asyncio.Task[None], str] = {}
        try:
            while sorter.is_active():
                for name in sorter.get_ready():
                    running[asyncio.ensure_future(self._gated(name, gate))] = name
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    name = running.pop(task)
                    task.result()
                    if self.results[name].state == "succeeded":
                        sorter.done(name)
                if self.error and not running:
                    return
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _gated(self, name: str, gate: Any) -> None:
        async with gate:
            if self.error is None:
                await self._step(name, self.document.steps[name])

    async def _step(self, name: str, step: StepDocument) -> None:
        files = StepFiles(self.folder / name)
        limit = 1 + (step.retry.limit if step.retry else 0)
        start = time.monotonic() + until(self.at)
        outcome = Outcome(None)
        try:
            for attempt in range(1, limit + 1):
                if attempt > 1 and step.retry:
                    await asyncio.sleep(step.retry.pause(attempt - 1))
                log = files.log(attempt)
                self._set(name, state="running", attempts=attempt, log=log)
                outcome = await self._attempt(name, step, files, attempt)
                spent = time.monotonic() - start
                self.results[name] = attrs.evolve(
                    self.results[name], exit_code=outcome.code, seconds=spent
                )
                if outcome.ok:
                    files.seal()
                    self._set(name, state="succeeded")
                    return
        except asyncio.CancelledError:
            self._set(name, state="stopped", seconds=time.monotonic() - start)
            raise
        self._set(name, state="failed")
        self._blame(self.results[name], outcome, step)

    async def _attempt(
        self, name: str, step: StepDocument, files: StepFiles, attempt: int
    ) -> Outcome:
        files.prepare(step.needs)
        variables = self._variables(name, step, files, attempt)
        command = (
            None if step.command is None else [text(w, self.parameters) for w in step.command]
        )
        args = [text(word, self.parameters) for word in step.args]
        log, seconds = files.log(attempt), step.timeout_seconds
        if self.docker is None or step.image is None:
            words = [*(command or ()), *args]
            run = partial(run_process, words, variables, folder=self.program)
            return await run(log=log, seconds=seconds, at=self.at)
        await sleep(self.at)
        box = Box(
            name=f"{self.folder.name}-{name}-{attempt}",
            image=step.image,
            command=command,
            args=args,
            variables=variables,
            resources=step.resources,
            files=files,
            needs=step.needs,
        )
        return await run_container(self.docker, box, log=log, seconds=seconds)

    def _variables(
        self, name: str, step: StepDocument, files: StepFiles, attempt: int
    ) -> dict[str, str]:
        values = self.parameters
        return {
            **{key: text(value, values) for key, value in step.env.items()},
            **self.secrets[name],
            **{f"SCHEDKIT_PARAMETER_{k.upper()}": text(v, values) for k, v in values.items()},
            "SCHEDKIT_PIPELINE": self.document.pipeline,
            "SCHEDKIT_STEP": name,
            "SCHEDKIT_RUN_ID": self.folder.name,
            "SCHEDKIT_SCHEDULED_TIME": f"{self.scheduled:%Y-%m-%dT%H:%M:%SZ}",
            "SCHEDKIT_ATTEMPT": str(attempt),
            "SCHEDKIT_INPUT": str(files.input),
            "SCHEDKIT_OUTPUT": str(files.output),
        }

    def _set(self, name: str, **changes: object) -> None:
        self.results[name] = attrs.evolve(self.results[name], **changes)
        self.progress.update(self.results[name])

    def _blame(self, result: StepResult, outcome: Outcome, step: StepDocument) -> None:
        reason = _reason(outcome, step)
        last = tail(result.log) if result.log else ""
        said = "".join(f"\n  | {line}" for line in last.splitlines())
        culprit = f"Pipeline {self.document.pipeline!r}, Step {result.name!r}"
        reason = f"attempt {result.attempts} {reason}{said}"
        self.error = self.error or RunFailedError(culprit, reason, f"read {result.log}")

    def _fail(self, reason: str, cure: str) -> None:
        culprit = f"Pipeline {self.document.pipeline!r}"
        self.error = self.error or RunFailedError(culprit, reason, cure)

    def _write(self, state: str, result: RunResult | None = None) -> None:
        document: dict[str, object] = {
            "pipeline": self.document.pipeline,
            "state": state,
            "process": os.getpid(),
            "started": self.started.isoformat(),
            "parameters": dict(self.parameters),
        }
        if result:
            document |= {"ended": datetime.now(UTC).isoformat(), **result.to_dict()}
        write_json(self.folder / "run.json", document)


def _waiting(document: RunDocument) -> dict[str, StepResult]:
    return {name: StepResult(name=name) for name in document.steps}


def _reason(outcome: Outcome, step: StepDocument) -> str:
    if outcome.timed_out:
        return f"did not end within its timeout of {step.timeout_seconds:g} s"
    if outcome.code is None:
        return "could not be started"
    if outcome.code < 0:
        return f"was ended by {signal.Signals(-outcome.code).name}"
    return f"ended with exit code {outcome.code}"
