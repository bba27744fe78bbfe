"""
Shipped tests: what every backend and every dialect must keep, and Hypothesis strategies.
"""

from __future__ import annotations

import pytest


# pytest explains the asserts of test files, not those of libraries, unless told.
pytest.register_assert_rewrite(
    "schedkit.testing.plans", "schedkit.testing.programs", "schedkit.testing.dialects"
)
del pytest

from schedkit.testing.conformance import BackendConformance  # noqa: E402
from schedkit.testing.dialects import DialectConformance  # noqa: E402
from schedkit.testing.virtual import virtual_time  # noqa: E402


__all__ = ["BackendConformance", "DialectConformance", "virtual_time"]
