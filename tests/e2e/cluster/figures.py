"""
Figures of a run, shown at its end.
"""

from __future__ import annotations

from collections import Counter


COUNTS: Counter[str] = Counter()
