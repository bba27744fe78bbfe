"""
One control plane for all tests of this folder, and what it has to say when a test fails.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import build
import pytest
from controlplane import ControlPlane
from figures import COUNTS


START = datetime(2027, 1, 12, 9, tzinfo=UTC)
SPEED = 10


@pytest.fixture(scope="session")
def binaries():
    """
    The folder of the programs that build.py has built.
    """
    if why := build.missing():
        pytest.skip(why)
    if not build.built("kubernetes"):
        pytest.skip("the control plane is not built: run `nox -s cluster`")
    return build.folder("kubernetes")


@pytest.fixture(scope="session")
def cluster(binaries, tmp_path_factory):
    """
    A control plane ten times as fast as the world.
    """
    with ControlPlane(tmp_path_factory.mktemp("cluster"), binaries, (START, SPEED)) as plane:
        COUNTS["seconds to start a cluster"] = round(plane.started, 1)
        yield plane
        COUNTS["MB at its end"] = sum(plane.memory().values())


@pytest.fixture(scope="session")
def lead(cluster):
    """
    How early a cluster must be started for something to be deployed in time, in minutes of its
    clock: longer where this machine was slow to start the first one.
    """

    def lead(work):
        return timedelta(minutes=min(12, max(2, work * cluster.started * SPEED / 60)))

    return lead


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and item.get_closest_marker("cluster"):
        for plane in ControlPlane.running:
            report.sections.append((f"control plane {plane.folder.name}", plane.complaints()))
    return report


def pytest_terminal_summary(terminalreporter):
    """
    Say what was done.
    """
    if COUNTS:
        figures = ", ".join(f"{count} {what}" for what, count in sorted(COUNTS.items()))
        terminalreporter.write_line(f"cluster: {figures}")
