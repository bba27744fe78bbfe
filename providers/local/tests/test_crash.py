"""
`schedkit serve` is killed at random moments; the long form is `nox -s crash`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


SCRIPT = Path(__file__).parent / "crash" / "crash.py"


def test_nothing_is_lost_or_twice(tmp_path):
    """
    Of 300 instants under 15 kills and a moving clock each is run once, or missed by its policy.
    """
    words = [sys.executable, str(SCRIPT), "--seed", "1", "--instants", "300", "--kills", "15"]
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONSAFEPATH": ""}  # it has neighbours
    given = {"capture_output": True, "text": True, "cwd": tmp_path, "env": env}
    done = subprocess.run(words, check=False, **given)
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    told = json.loads(done.stdout)
    assert 300 == told["instants"] == sum(told["states"].values())
    assert told["done"]["killed"] >= 15
    assert told["states"]["succeeded"] > 150
