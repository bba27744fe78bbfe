"""
A real Kubernetes control plane on 127.0.0.1, without containers and without a network.

etcd, kube-apiserver, kube-controller-manager and kube-scheduler are the real ones; kwok plays the
nodes. Every process ends with the thread that started it, so start it from the main thread.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import certificates
import httpx
import nodes
import yaml
from api import Api, ApiError


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

SECONDS = 90  # real ones, which a part has to get ready
# Runs before the program: the kernel shall kill it with us. `preexec_fn` is not safe with threads.
_LAUNCH = (
    "import ctypes, os, sys; "
    "ctypes.CDLL(None).prctl(1, 9); "  # PR_SET_PDEATHSIG, SIGKILL
    "os.getppid() == int(sys.argv[1]) and os.execv(sys.argv[2], sys.argv[2:])"
)
# Of the controllers these are enough for CronJobs whose Jobs nobody runs.
_FEW = "cronjob-controller,serviceaccount-controller"
_NOISE = "manifest file is empty|object has been modified|not as new as written version"
_COMPLAINT = re.compile(
    rf"[EF]\d{{4}} (?!.*({_NOISE}))"
    r'|.*("level":"(error|fatal|panic)"|level=ERROR|panic:)'
)


class ControlPlaneError(Exception):
    """
    A part died or never got ready; the message names it and ends with the tail of its log.
    """


class ControlPlane:
    """
    All parts of one cluster, as a context manager.

    Args:
        folder: Holds logs, keys and the state of etcd; made anew.
        binaries: What build.py has built.
        clock: The cluster's first instant and its speed, a whole number; 10 is safe, 20 on idle
            cores.
        pods: Whether Jobs run. Else there are etcd and the API server only, until somebody calls
            `start_controllers`, which then looks after CronJobs, and Jobs stay as they are.

    Attributes:
        address: Of the API server.
        api: The administrator's connection.
        started: Seconds until the first pod could run.
    """

    running: list[ControlPlane] = []  # noqa: RUF012  for who reports a failed test

    def __init__(
        self,
        folder: Path,
        binaries: Path,
        clock: tuple[datetime, int] | None = None,
        *,
        pods: bool = True,
    ) -> None:
        self.folder = folder.resolve()
        self.address = ""
        self.started = 0.0
        self._binaries = binaries.resolve()
        self._clock = clock
        self._pods = pods
        self._set(clock)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        began = time.monotonic()
        self._set(self._clock)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        ControlPlane.running.append(self)
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        self.started = time.monotonic() - began
        return self

    def __exit__(self, *_: object) -> None:
        ControlPlane.running.remove(self)
        for process in self._processes.values():
            process.kill()  # an API server that is asked politely waits for etcd
        for process in self._processes.values():
            process.wait()
        self._processes.clear()
        if hasattr(self, "api"):
            self.api.close()
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)

    # ---- time

    def now(self) -> float:
        """
        The cluster's clock, in unix seconds.
        """
        return self._shown + (time.time() - self._real) * self.speed

    def sleep_until(self, instant: float) -> None:
        """
        Sleep until the cluster's clock shows it; unix seconds.

        Raises:
            ControlPlaneError: A part died.
        """
        self._check("sleeping")
        while (left := instant - self.now()) > 0:
            time.sleep(min(1, left / self.speed))
            self._check("sleeping")

    def wait(self, ready: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
        """
        Wait until *ready* returns something true; so many real seconds.

        Raises:
            ControlPlaneError: A part died, or the time is over.
        """
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(httpx.TransportError, ApiError):
                if ready():
                    return
            self._check(what)
            if time.monotonic() > end:
                raise ControlPlaneError(f"{what}: not within {seconds} s\n{self.complaints()}")
            time.sleep(0.05)

    # ---- parts

    def start_controllers(self, clock: tuple[datetime, int] | None = None) -> None:
        """
        Start the controller manager.

        Args:
            clock: Its own, which is that of the cluster from now on. The others' timeouts stay as
                they are, so it may be 60 times as fast as the world.
        """
        folder = self.folder
        if clock:
            self._set(clock)
        self._start(
            "kube-controller-manager",
            *self._client(),
            f"--root-ca-file={folder}/ca.crt",
            f"--service-account-private-key-file={folder}/sa.key",
            f"--controllers={'*' if self._pods else _FEW}",
            "--node-monitor-grace-period=8760h",  # nothing renews the nodes
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        )

    def stop_controllers(self) -> None:
        """
        Stop the controller manager alone.
        """
        process = self._processes.pop("kube-controller-manager")
        process.kill()
        process.wait()

    @property
    def pids(self) -> dict[str, int]:
        """
        Process ids by part.
        """
        return {name: process.pid for name, process in self._processes.items()}

    def memory(self) -> dict[str, int]:
        """
        Megabytes by part, shared pages counted once (PSS).
        """
        found = {}
        for name, pid in self.pids.items():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            found[name] = int(re.findall(r"Pss: +(\d+)", text)[0]) // 1024
        return found

    def complaints(self, count: int = 8) -> str:
        """
        The last errors in the logs, and the cluster's last events.
        """
        found = []
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()
            errors = [line for line in lines if _COMPLAINT.match(line)][-count:]
            found += [f"-- {log.stem}", *errors] if errors else []
        return "\n".join([*found, *self._events(3 * count)])

    def _events(self, count: int) -> Iterator[str]:
        try:
            events = self.api.items("Event", "v1")
        except (AttributeError, ApiError, httpx.HTTPError):
            return
        yield "-- events"
        for event in sorted(events, key=lambda e: e["metadata"]["creationTimestamp"])[-count:]:
            about, metadata = event["involvedObject"], event["metadata"]
            name = f"{metadata['namespace']}/{about.get('name')}"
            yield f"{metadata['creationTimestamp']} {name} {event['reason']}: {event['message']}"

    def _start_all(self) -> None:
        folder = self.folder
        certificates.write(folder)
        client, peer, server = _free_ports(3)
        self._start_etcd(f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}")
        self._start(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{client}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={server}",
            f"--tls-cert-file={folder}/apiserver.crt",
            f"--tls-private-key-file={folder}/apiserver.key",
            f"--client-ca-file={folder}/ca.crt",
            "--authorization-mode=Node,RBAC",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={folder}/sa.pub",
            f"--service-account-signing-key-file={folder}/sa.key",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--endpoint-reconciler-type=none",
            "--event-ttl=72h",
        )
        self.address = f"https://127.0.0.1:{server}"
        self._write_kubeconfig()
        self.api = Api(self.address, folder)
        self.wait(lambda: self.api.answer("GET", "/readyz"), "kube-apiserver")
        if not self._pods:
            return
        self.start_controllers()
        self._start("kube-scheduler", *self._client())
        self._start_nodes()
        place = "default", "default"  # a namespace is ready when it has a ServiceAccount
        self.wait(lambda: self.api.get("ServiceAccount", "v1", *place), "kube-controller-manager")

    def _start_etcd(self, client: str, peer: str) -> None:
        beat = min(100 * self.speed, 5000)  # milliseconds of the cluster's clock
        self._start(
            "etcd",
            "--name=one",
            f"--data-dir={self.folder}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=one={peer}",
            f"--heartbeat-interval={beat}",
            f"--election-timeout={10 * beat}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        # An API server gives up after 20 s of its own clock.
        with httpx.Client(trust_env=False) as http:
            self.wait(lambda: http.get(f"{client}/health").is_success, "etcd")

    def _start_nodes(self) -> None:
        nodes.write_stages(self._binaries / "stages.yaml", self.folder / "stages.yaml")
        kubeconfig, *_ = self._client()
        settings = f"--config={self.folder}/stages.yaml"
        self._start("kwok", kubeconfig, "--manage-all-nodes=true", settings)
        for node in nodes.documents():
            self.api.ask("POST", "/api/v1/nodes", node)
        self.wait(lambda: nodes.ready(self.api.items("Node", "v1")), "kwok")

    def _client(self) -> tuple[str, ...]:
        # Port 0 is none at all.
        return f"--kubeconfig={self.folder}/kubeconfig", "--leader-elect=false", "--secure-port=0"

    def _write_kubeconfig(self) -> None:
        folder = self.folder
        server = {"server": self.address, "certificate-authority": f"{folder}/ca.crt"}
        admin = {"client-certificate": f"{folder}/admin.crt", "client-key": f"{folder}/admin.key"}
        written = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "tests",
            "clusters": [{"name": "tests", "cluster": server}],
            "users": [{"name": "admin", "user": admin}],
            "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "admin"}}],
        }
        (folder / "kubeconfig").write_text(yaml.safe_dump(written))

    def _set(self, clock: tuple[datetime, int] | None) -> None:
        self._real = int(time.time())
        self._shown, self.speed = (
            (int(clock[0].timestamp()), clock[1]) if clock else (self._real, 1)
        )

    def _start(self, name: str, *arguments: str) -> None:
        env = {key: value for key, value in os.environ.items() if key != "SCHEDKIT_CLOCK"}
        if (self._shown, self.speed) != (self._real, 1):
            env["SCHEDKIT_CLOCK"] = f"{self._real},{self._shown},{self.speed}"
        # Else a connection that is quiet for 30 s of the cluster's clock is given up.
        env |= {"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "86400", "HTTP2_PING_TIMEOUT_SECONDS": "86400"}
        launch = [sys.executable, "-S", "-E", "-c", _LAUNCH, str(os.getpid())]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [*launch, str(self._binaries / name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                cwd=self.folder,
                start_new_session=True,
            )

    def _check(self, doing: str) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                tail = "\n".join(log.splitlines()[-12:])
                raise ControlPlaneError(f"{doing}: {name} died ({process.returncode})\n{tail}")


def _free_ports(count: int) -> list[int]:
    """
    Ports below those that connections take for themselves, so that none is lost until it is used.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            found += [] if port in found else [port]
    return found
