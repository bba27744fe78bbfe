"""
One stack of the real Pulumi engine: an inline program, a folder for the state, doubles as clouds.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import build
import langhost
import psutil
import tally
from double import Double
from pulumi import automation


EXAMPLES = Path(__file__).parents[3] / "examples"
PASSPHRASE = "correct horse"


def environment(box: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """
    What keeps the engine in the box: its home, its state, no network, our providers and host.
    """
    for folder in ("bin", "state"):
        (box / folder).mkdir(exist_ok=True)
    programs = build.folder("pulumi") / "bin"
    langhost.write(box / "bin", programs / "pulumi-language-python-exec")
    path = [str(programs), str(box / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(box),
        "PULUMI_HOME": str(box / "home"),
        "PULUMI_BACKEND_URL": f"file://{box}/state",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in ports.items()),
    }


@cache
def _command() -> automation.PulumiCommand:
    """
    It asks `pulumi version` with this process's environment; PULUMI_HOME keeps its logs away.
    """
    return automation.PulumiCommand(root=str(build.folder("pulumi")))


def kill() -> None:
    """
    End the engine that this process runs, at once and without a word.
    """
    for child in psutil.Process().children():
        if child.name() == "pulumi":
            child.send_signal(signal.SIGKILL)


def interrupt() -> None:
    """
    Ask the engine that this process runs to end.
    """
    for child in psutil.Process().children():
        if child.name() == "pulumi":
            child.send_signal(signal.SIGINT)


class Stack:
    """
    What a test does with the stack; the Automation API's own stack is `.api`.
    """

    def __init__(
        self,
        box: Path,
        doubles: Mapping[str, Double],
        ports: Mapping[str, int],
        program: Callable[[], object],
        *,
        config: Mapping[str, str | automation.ConfigValue] | None = None,
        folder: Path | None = None,
        project: str = "demo",
        name: str = "dev",
    ) -> None:
        """
        Make the stack.

        Args:
            box: Holds all that the engine writes.
            doubles: By package.
            ports: Where they are served.
            program: Runs in this process, at every preview and up.
            config: Written to the stack's file.
            folder: With Pulumi.yaml; by default an empty one.
            project: As in Pulumi.yaml.
            name: The stack's.
        """
        self.box, self.doubles = box, doubles
        self._loops: list[asyncio.AbstractEventLoop] = []
        work = folder or box / "work"
        work.mkdir(exist_ok=True)
        self.api = automation.create_or_select_stack(
            stack_name=name,
            project_name=project,
            program=lambda: self._program(program),
            opts=automation.LocalWorkspaceOptions(
                env_vars=environment(box, ports),
                pulumi_home=str(box / "home"),
                work_dir=str(work),
                pulumi_command=_command(),
            ),
        )
        if config:
            self.configure(config)

    def configure(self, config: Mapping[str, str | automation.ConfigValue]) -> None:
        """
        `pulumi config set` for each.
        """
        values = {
            key: value
            if isinstance(value, automation.ConfigValue)
            else automation.ConfigValue(value)
            for key, value in config.items()
        }
        self.api.set_all_config(values)

    def up(self, **options: Any) -> dict[str, int]:
        """
        `pulumi up` without a preview; how many resources of each fate.
        """
        return dict(self._done("up", options).summary.resource_changes or {})

    def preview(self, **options: Any) -> dict[str, int]:
        """
        `pulumi preview`; how many resources of each fate.
        """
        found = self._done("preview", options).change_summary
        return {str(getattr(fate, "value", fate)): count for fate, count in found.items()}

    def refresh(self, **options: Any) -> dict[str, int]:
        """
        `pulumi refresh`; how many resources of each fate.
        """
        return dict(self._done("refresh", options).summary.resource_changes or {})

    def destroy(self, **options: Any) -> dict[str, int]:
        """
        `pulumi destroy`; how many resources of each fate.
        """
        return dict(self._done("destroy", options).summary.resource_changes or {})

    def _done(self, verb: str, options: Mapping[str, Any]) -> Any:
        tally.COUNTS["operations"] += 1
        try:
            return getattr(self.api, verb)(color="never", **options)
        finally:
            self._close()

    def _program(self, program: Callable[[], object]) -> None:
        self._loops.append(asyncio.get_running_loop())
        program()

    def _close(self) -> None:
        """
        Take away what the Automation API leaves of a program that failed: its loop and tasks.
        """
        while self._loops:
            loop = self._loops.pop()
            while loop.is_running():
                time.sleep(0.01)
            if loop.is_closed():
                continue
            loop.set_exception_handler(lambda *_: None)  # the SDK's stops the loop
            pending = asyncio.all_tasks(loop)
            for task in pending:
                task.cancel()
            if pending:
                loop.call_soon(loop.stop)
                loop.run_forever()  # until the stop that the SDK may have asked for twice
                loop.run_until_complete(asyncio.wait(pending))
            loop.close()

    def run(self, *words: str) -> automation.CommandResult:
        """
        Any other command about this stack.
        """
        return self.api._run_pulumi_cmd_sync(list(words))

    @property
    def state(self) -> dict[str, Any]:
        """
        What the engine knows.
        """
        return self.api.export_stack().deployment or {}

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """
        Logical name -> resource of the state; neither the stack nor providers.
        """
        left_out = ("pulumi:pulumi:Stack", "pulumi:providers:")
        return {
            f"{found['type'].rpartition(':')[2]} {found['urn'].rpartition('::')[2]}": found
            for found in self.state.get("resources", [])
            if not found["type"].startswith(left_out)
        }

    @property
    def pending(self) -> list[tuple[str, str]]:
        """
        Operations that the engine did not see the end of: kind and URN.
        """
        return [
            (found["type"], found["resource"]["urn"])
            for found in self.state.get("pending_operations", [])
        ]

    @property
    def cloud(self) -> list[str]:
        """
        What is there, by type and id.
        """
        return sorted(id_ for double in self.doubles.values() for id_ in double.objects)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """
        What changed the clouds since `forget`.
        """
        return [change for double in self.doubles.values() for change in double.changes]

    def forget(self) -> None:
        """
        Begin new lists of calls.
        """
        for double in self.doubles.values():
            double.forget()

    def written(self) -> dict[Path, bytes]:
        """
        Every file that the engine wrote.
        """
        return {
            path.relative_to(self.box): path.read_bytes()
            for path in self.box.rglob("*")
            if path.is_file()
        }


class Engine:
    """
    Makes stacks in one box; every one speaks to the same doubles.
    """

    def __init__(self, box: Path, doubles: Mapping[str, Double]) -> None:
        self.box, self.doubles = box, dict(doubles)
        self.ports: dict[str, int] = {}

    def stack(self, program: Callable[[], object], **options: Any) -> Stack:
        """
        A stack with an inline program.
        """
        return Stack(self.box, self.doubles, self.ports, program, **options)

    def example(self, name: str, stack: str) -> Stack:
        """
        A stack of an example, with a copy of its files.
        """
        folder = copied(EXAMPLES / name, self.box)
        program = str(folder)
        return self.stack(
            lambda: runpy.run_path(program, run_name="__main__"),
            folder=folder,
            project=name,
            name=stack,
        )


def copied(folder: Path, box: Path) -> Path:
    """
    A copy of a project's folder: the engine writes its salt into the stack's file.
    """
    left_out = shutil.ignore_patterns(".schedkit", ".venv", "__pycache__")
    return Path(shutil.copytree(folder, box / folder.name, ignore=left_out))


@contextmanager
def served(double: Double) -> Iterator[int]:
    """
    Serve it on a free port of 127.0.0.1.
    """
    with futures.ThreadPoolExecutor(16) as pool:
        double.start(pool)
        try:
            yield double.port
        finally:
            double.die().wait()


@contextmanager
def running(box: Path, *doubles: Double) -> Iterator[Engine]:
    """
    An engine whose doubles are served; nothing of it outlives this.
    """
    engine = Engine(box, {double.package: double for double in doubles})
    before = os.environ.get("PULUMI_HOME")
    os.environ["PULUMI_HOME"] = str(box / "home")
    try:
        with ExitStack() as open_:
            for double in doubles:
                engine.ports[double.package] = open_.enter_context(served(double))
            yield engine
    finally:
        if before is None:
            del os.environ["PULUMI_HOME"]
        else:
            os.environ["PULUMI_HOME"] = before
