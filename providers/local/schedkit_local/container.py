"""
One attempt of a step as a container, through Docker's SDK (extra `schedkit-local[docker]`).

The image carries the step's program: of this machine it sees the output folder, the needed
outputs (read-only) and nothing else. https://docker-py.readthedocs.io/en/stable/containers.html
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from schedkit.exceptions import RunFailedError
from schedkit.pipeline import bytes_of
from schedkit_local.document import ResourcesDocument
from schedkit_local.files import StepFiles
from schedkit_local.process import GRACE, Outcome, note


if TYPE_CHECKING:
    from pathlib import Path

OUTPUT = "/schedkit/output"
INPUT = "/schedkit/input"


class Docker(Protocol):
    """
    The part of `docker.DockerClient` that is used here.
    """

    images: Any
    containers: Any

    def ping(self) -> bool:
        """
        Whether the daemon answers.
        """
        ...


@attrs.frozen(kw_only=True)
class Box:
    """
    What `docker create` is told about one attempt.
    """

    name: str
    image: str
    command: Sequence[str] | None
    args: Sequence[str]
    variables: Mapping[str, str]
    resources: ResourcesDocument
    files: StepFiles
    needs: Sequence[str]

    def arguments(self) -> dict[str, object]:
        """
        Keyword arguments of `docker.containers.create`; its files belong to the user.
        """
        resources = self.resources
        output = {str(self.files.output.resolve()): {"bind": OUTPUT, "mode": "rw"}}
        inputs = {
            str((self.files.input / need).resolve()): {"bind": f"{INPUT}/{need}", "mode": "ro"}
            for need in self.needs
        }
        wishes = {
            "entrypoint": None if self.command is None else [*self.command],
            "command": [*self.args] or None,
            "nano_cpus": resources.cpu and int(resources.cpu * 10**9),
            "mem_limit": resources.memory and bytes_of(resources.memory),
            "device_requests": resources.gpu and [_gpus(resources.gpu)],
        }
        return {
            "image": self.image,
            "name": self.name,
            "environment": {
                **self.variables,
                "SCHEDKIT_OUTPUT": OUTPUT,
                "SCHEDKIT_INPUT": INPUT,
            },
            "volumes": {**output, **inputs},
            "user": f"{os.getuid()}:{os.getgid()}",
            "init": True,
            **{key: value for key, value in wishes.items() if value},
        }


def connect(mode: str) -> Docker | None:
    """
    Docker, if the options want it and it answers.

    Raises:
        RunFailedError: The mode is `always` and there is none.
    """
    if mode == "never":
        return None
    reason = "does not answer"
    try:
        import docker  # type: ignore[import-not-found,import-untyped]

        client = docker.from_env()
        client.ping()
    except ImportError:
        reason = "has no SDK here"
    except Exception as error:  # noqa: BLE001  the SDK lets the errors of three libraries through
        reason = f"does not answer ({error})"
    else:
        return client
    if mode == "auto":
        return None
    cure = "pip install 'schedkit-local[docker]' and start Docker, or set container: auto"
    raise RunFailedError("Docker, schedkit:local container: always", reason, cure)


async def run_container(docker: Docker, box: Box, *, log: Path, seconds: float | None) -> Outcome:
    """
    Run one attempt to its end, its output into *log*; the container is removed.
    """
    making = asyncio.ensure_future(asyncio.to_thread(_create, docker, box))
    try:
        container = await asyncio.shield(making)
    except asyncio.CancelledError:
        with suppress(Exception):
            (await making).remove(force=True)
        raise
    except Exception as error:  # noqa: BLE001  see connect
        note(log, f"image {box.image!r} cannot be run: {error}")
        return Outcome(None)
    try:
        container.start()
        return await _ended(container, log, seconds)
    except Exception as error:  # noqa: BLE001  see connect
        note(log, f"image {box.image!r} cannot be run: {error}")
        return Outcome(None)
    finally:
        await asyncio.to_thread(container.remove, force=True)


async def _ended(container: Any, log: Path, seconds: float | None) -> Outcome:
    writing = asyncio.ensure_future(asyncio.to_thread(_write, container, log))
    waiting = asyncio.ensure_future(asyncio.to_thread(container.wait))
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(waiting)
    except TimeoutError:
        await asyncio.to_thread(container.stop, timeout=int(GRACE))
        return Outcome((await waiting)["StatusCode"], timed_out=True)
    except asyncio.CancelledError:
        await asyncio.to_thread(container.stop, timeout=int(GRACE))
        raise
    finally:
        await writing
    return Outcome((await waiting)["StatusCode"])


def _create(docker: Docker, box: Box) -> Any:
    arguments = box.arguments()
    try:
        docker.images.get(box.image)
    except Exception:  # noqa: BLE001  docker.errors.ImageNotFound, without importing docker
        docker.images.pull(box.image)
    return docker.containers.create(**arguments)


def _write(container: Any, log: Path) -> None:
    with log.open("wb") as stream, suppress(ConnectionError):
        for part in container.logs(stream=True, follow=True):
            stream.write(part)


def _gpus(count: int) -> object:
    from docker.types import DeviceRequest  # type: ignore[import-not-found,import-untyped]

    return DeviceRequest(count=count, capabilities=[["gpu"]])
