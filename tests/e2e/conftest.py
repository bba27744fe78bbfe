"""
Lets the tests of this folder import its scripts, and the doubles that they share.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


HERE = Path(__file__).parent
ROOMS = ("engine", "cluster", "virtual")
sys.path[:0] = [str(HERE), *(str(HERE / room) for room in ROOMS)]

# Whoever runs the other tests needs no package that only these import; nox installs them here.
collect_ignore = [] if importlib.util.find_spec("httpx") else [*ROOMS]
