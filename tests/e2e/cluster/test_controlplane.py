"""
The control plane itself: its clock, its end, and what it says when something breaks.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from api import ApiError
from controlplane import ControlPlane, ControlPlaneError
from nodes import GPU


pytestmark = pytest.mark.cluster
HERE = Path(__file__).parent
START = datetime(2031, 2, 3, 4, 5, tzinfo=UTC)
# Starts a cluster, tells the ids of its processes, and waits for its own end.
ABANDONED = """
import sys, time
from pathlib import Path
from controlplane import ControlPlane
with ControlPlane(Path(sys.argv[1]), Path(sys.argv[2]), pods=False) as plane:
    print(*plane.pids.values(), flush=True)
    time.sleep(600)
"""


def alive(pid):
    """
    Whether a process runs.
    """
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_the_clock_is_the_clusters(cluster):
    """
    What the server calls now is what we do, and it passes ten times as fast as here.
    """
    real, before = time.time(), cluster.now()
    said = parsedate_to_datetime(cluster.api.answer("GET", "/version").headers["date"])
    assert abs(said.timestamp() - before) < 20
    cluster.sleep_until(before + 20)
    assert 1.9 < time.time() - real < 8
    with pytest.raises(ApiError) as caught:
        cluster.api.get("Node", "v1", "", "other")
    assert (404, 'nodes "other" not found') == (caught.value.code, caught.value.message)


def test_has_a_node_with_a_gpu(cluster):
    """
    Two nodes, and only what tolerates its taint gets to the GPUs of one.
    """
    nodes = {node["metadata"]["name"]: node for node in cluster.api.items("Node", "v1")}
    assert {"plain", "gpu"} == set(nodes)
    assert "8" == nodes["gpu"]["status"]["allocatable"][GPU]
    assert [GPU] == [taint["key"] for taint in nodes["gpu"]["spec"]["taints"]]


def test_names_the_part_that_died(binaries, tmp_path):
    """
    Whoever waits for something learns which part died and reads the end of its log; then all other
    parts are ended.
    """
    plane = ControlPlane(tmp_path / "plane", binaries, (START, 1), pods=False)
    pids = {}

    def lose_etcd():
        with plane:
            pids.update(plane.pids)
            assert ["etcd", "kube-apiserver"] == sorted(pids)
            assert all(map(alive, pids.values()))
            os.kill(pids["etcd"], signal.SIGQUIT)  # Go says where it was, or crashes at that
            plane.wait(lambda: False, "the end", 20)

    with pytest.raises(ControlPlaneError) as caught:
        lose_etcd()
    message = str(caught.value)
    assert re.match(r"the end: etcd died \((2|-11)\)\n", message)
    assert len(message.splitlines()) == 13
    assert not any(map(alive, pids.values()))
    assert plane not in ControlPlane.running
    assert not (plane.folder / "etcd").exists()


def test_says_what_it_waited_for(cluster):
    """
    When nothing died, the message names the wish and the time, and ends with the last events.
    """
    with pytest.raises(ControlPlaneError) as caught:
        cluster.wait(lambda: False, "a miracle", 0.2)
    message = str(caught.value)
    assert message.startswith("a miracle: not within 0.2 s\n")
    assert "-- events\n" in message


def test_a_broken_start_leaves_nothing(binaries, tmp_path):
    """
    A program that cannot start is named, and what was started before it is ended.
    """
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "etcd").symlink_to(binaries / "etcd")
    (folder / "kube-apiserver").write_text("#!/bin/sh\necho out of order >&2\nexit 7\n")
    (folder / "kube-apiserver").chmod(0o755)
    plane = ControlPlane(tmp_path / "plane", folder, pods=False)
    with pytest.raises(ControlPlaneError) as caught, plane:
        pass
    assert "kube-apiserver: kube-apiserver died (7)\nout of order" == str(caught.value)
    assert {} == plane.pids
    assert plane not in ControlPlane.running


def test_ends_with_the_process_that_started_it(binaries, tmp_path):
    """
    Killed without a chance to clean up, nothing of the cluster stays behind.
    """
    command = [sys.executable, "-c", ABANDONED, str(tmp_path / "plane"), str(binaries)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True) as process:
        pids = [int(word) for word in process.stdout.readline().split()]
        assert 2 == len(pids)
        assert all(map(alive, pids))
        process.kill()
    end = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def test_skips_where_nothing_is_built(tmp_path):
    """
    Without the programs every test is skipped, and the reason says what to do.
    """
    env = {**os.environ, "SCHEDKIT_E2E": str(tmp_path)}
    options = ["-q", "-p", "no:cacheprovider", "-m", "cluster", "--rootdir", str(HERE.parents[2])]
    command = [sys.executable, "-m", "pytest", *options, str(HERE / "test_outage.py")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout
    assert "the control plane is not built: run `nox -s cluster`" in done.stdout
    assert "passed" not in done.stdout


def test_a_failed_test_shows_the_logs(cluster, tmp_path):
    """
    What a report of a failed test says under its own heading: errors of each part, then events.
    """
    (cluster.folder / "made-up.log").write_text("E0101 00:00:00 it hurts\nI0101 fine\n")
    try:
        text = cluster.complaints()
    finally:
        (cluster.folder / "made-up.log").unlink()
    assert "-- made-up\nE0101 00:00:00 it hurts\n" in text
    assert "fine" not in text
    assert "RegisteredNode" in text or "SuccessfulCreate" in text
