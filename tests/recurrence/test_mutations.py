"""
A proof alone refuses what a writer with a fault writes.
"""

from __future__ import annotations

import pytest
from faults import FAULTS
from mutations import caught, changes


FEWEST = 40


def test_faults_are_many_and_different():
    """
    At least forty, each with a name of its own.
    """
    assert len(FAULTS) == len({(fault.dialect.name, fault.name) for fault in FAULTS})
    assert len(FAULTS) >= FEWEST


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.dialect.name}: {fault.name}")
def test_proof_catches(fault):
    """
    Without the fault nothing is refused; with it some natives change, and all of these are.
    """
    right = {when: fault.right(when) for when in fault.cases}
    refused = {when: caught(when, found, fault.dialect) for when, found in right.items() if found}
    assert set(refused.values()) <= {""}
    found = changes(fault)
    assert found, "a fault that changes nothing"
    assert [when for when, how in found.items() if not how] == []
