"""
Steps as containers, against a Docker that only remembers what it was asked for.

No daemon is needed: what these tests cannot tell is whether a real one would do as it is told.
"""

from __future__ import annotations

import os
import sys
import threading
from types import ModuleType, SimpleNamespace

import pytest

from schedkit.exceptions import RunFailedError
from schedkit.pipeline import Resources, Retry, Step


class Container:
    """
    Ends when told to, or at once.
    """

    def __init__(self, docker, arguments):
        self.docker, self.arguments = docker, arguments
        self.ended = threading.Event()
        self.code = 0

    def start(self):
        if self.docker.refuses:
            raise OSError(self.docker.refuses)
        self.docker.calls.append("start")
        if not self.docker.endless:
            self.code = self.docker.codes.pop(0)
            self.ended.set()

    def logs(self, *, stream, follow):
        assert (True, True) == (stream, follow)
        yield b"said \xff\n"
        self.ended.wait()

    def wait(self):
        self.ended.wait()
        return {"StatusCode": self.code}

    def stop(self, *, timeout):
        self.docker.calls.append(f"stop {timeout}")
        self.code = 143
        self.ended.set()

    def remove(self, *, force):
        assert force
        self.docker.calls.append("remove")


class Docker:
    """
    A daemon that has no image until it is pulled.
    """

    def __init__(self):
        self.calls, self.made, self.codes = [], [], []
        self.endless = False
        self.missing = self.refuses = ""
        self.images = self.containers = self
        self.known = set()

    def ping(self):
        return True

    def get(self, image):
        if image not in self.known:
            raise LookupError(image)

    def pull(self, image):
        if image == self.missing:
            raise LookupError("no such image")
        self.calls.append(f"pull {image}")
        self.known.add(image)

    def create(self, **arguments):
        self.made.append(arguments)
        return Container(self, arguments)


@pytest.fixture
def docker(monkeypatch):
    """
    What `import docker` finds.
    """
    daemon = Docker()
    module, types = ModuleType("docker"), ModuleType("docker.types")
    module.from_env = lambda: daemon
    types.DeviceRequest = SimpleNamespace
    monkeypatch.setitem(sys.modules, "docker", module)
    monkeypatch.setitem(sys.modules, "docker.types", types)
    return daemon


AUTO = {"container": "auto"}


def test_container(run, docker):
    """An image runs with its words, variables, limits and folders, and is removed."""
    docker.codes = [0, 0]
    first = Step("first", image="img:1", args=["go"])
    second = Step(
        "second",
        image="img:1",
        command=["python", "x.py"],
        args=["a b"],
        env={"A": 1},
        needs=[first],
        resources=Resources(cpu=0.5, memory="1Gi", gpu=2),
    )
    result = run(first, second, options=AUTO)
    assert result.ok
    assert ["pull img:1", "start", "remove", "start", "remove"] == docker.calls
    one, two = docker.made
    environment = two.pop("environment")
    (request,) = two.pop("device_requests")
    assert (2, [["gpu"]]) == (request.count, request.capabilities)
    expected = {
        "image": "img:1",
        "name": f"{result.run_id}-second-1",
        "volumes": {
            f"{result.folder}/second/output": {"bind": "/schedkit/output", "mode": "rw"},
            f"{result.folder}/first/output": {"bind": "/schedkit/input/first", "mode": "ro"},
        },
        "user": f"{os.getuid()}:{os.getgid()}",
        "init": True,
        "entrypoint": ["python", "x.py"],
        "command": ["a b"],
        "nano_cpus": 500_000_000,
        "mem_limit": 1 << 30,
    }
    assert expected == two
    assert ("/schedkit/output", "/schedkit/input", "1", "1") == tuple(
        environment[name]
        for name in ("SCHEDKIT_OUTPUT", "SCHEDKIT_INPUT", "SCHEDKIT_ATTEMPT", "A")
    )
    assert "PATH" not in environment
    assert ("entrypoint" not in one, ["go"]) == (True, one["command"])
    assert b"said \xff\n" == result.steps[0].log.read_bytes()


def test_failing_container_is_retried(run, docker):
    """A container that fails is made anew for the next attempt."""
    docker.codes = [5, 0]
    result = run(Step("a", image="i", retry=Retry(1, "0s")), options=AUTO)
    assert ("succeeded", 2, 0) == attrs_of(result)
    assert ["1", "2"] == [made["name"][-1] for made in docker.made]


def test_container_timeout(run, docker):
    """When time is up the container is stopped and removed."""
    docker.endless = True
    result = run(Step("a", image="i", timeout="1s"), options=AUTO)
    assert ("failed", 1, 143) == attrs_of(result)
    assert "attempt 1 did not end within its timeout of 1 s" in result.error.reason
    assert ["pull i", "start", "stop 5", "remove"] == docker.calls


def test_container_is_stopped_with_the_run(run, docker):
    """When the run ends, so do its containers."""
    docker.endless = True
    result = run(Step("a", image="i"), options=AUTO, timeout="1s")
    assert "stopped" == result.steps[0].state
    assert ["pull i", "start", "stop 5", "remove"] == docker.calls


@pytest.mark.parametrize(("lack", "removed"), [("missing", 0), ("refuses", 1)])
def test_image_that_cannot_be_run(run, docker, lack, removed):
    """An image that cannot be pulled or started is a failed step that says so."""
    setattr(docker, lack, "i")
    result = run(Step("a", image="i"), options=AUTO)
    assert ("failed", 1, None) == attrs_of(result)
    assert "attempt 1 could not be started" in result.error.reason
    assert "schedkit: image 'i' cannot be run: " in result.steps[0].log.read_text()
    assert removed == docker.calls.count("remove")


def test_step_without_an_image_is_a_process(run, docker):
    """Docker is asked for images only."""
    assert run(Step("a", command=["true"]), options=AUTO).ok
    assert [] == docker.made


def test_never_asks_no_docker(run, docker):
    """container: never runs the command and passes the image over."""
    assert run(Step("a", image="i", command=["true"])).ok
    assert [] == docker.made


def test_no_answer(run, docker):
    """Where Docker does not answer, `auto` runs a process and `always` refuses to start."""
    docker.ping = lambda: (_ for _ in ()).throw(ConnectionError("no socket"))
    step = Step("a", image="i", command=["true"])
    assert run(step, options=AUTO).ok
    with pytest.raises(RunFailedError) as caught:
        run(step, options={"container": "always"})
    expected = (
        "Docker, schedkit:local container: always: does not answer (no socket); pip install"
        " 'schedkit-local[docker]' and start Docker, or set container: auto"
    )
    assert expected == str(caught.value)


def test_no_sdk(run, monkeypatch):
    """Without Docker's SDK `always` refuses to start."""
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(RunFailedError) as caught:
        run(Step("a", image="i"), options={"container": "always"})
    assert "has no SDK here" == caught.value.reason


def attrs_of(result):
    (step,) = result.steps
    return step.state, step.attempts, step.exit_code
