"""
Rows for tests of a state file, and what a refusal says.
"""

from __future__ import annotations

import pytest

from schedkit.exceptions import StateError


NAMES = ("id", "schedule", "pipeline", "scheduled", "due", "state", "cause")


def add(ledger, schedule, at, state="succeeded", pipeline="train", cause="schedule"):
    values = (f"{schedule}-{at}", schedule, pipeline, at, at + 1, state, cause)
    marks = ", ".join(f":{name}" for name in NAMES)
    row = dict(zip(NAMES, values, strict=True))
    ledger.write(f"INSERT INTO run ({', '.join(NAMES)}) VALUES ({marks})", **row)
    return row["id"]


def refused(call, *given, **more):
    with pytest.raises(StateError) as error:
        call(*given, **more)
    found = error.value
    assert f"{found.culprit}: {found.reason}; {found.cure}" == str(found)
    return found.culprit, found.reason, found.cure
