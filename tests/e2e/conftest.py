"""
Lets the tests of this folder import its scripts, and the doubles that they share.
"""

from __future__ import annotations

import sys
from pathlib import Path


HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), *(str(HERE / room) for room in ("engine", "cluster", "virtual"))]
