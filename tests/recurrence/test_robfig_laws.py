from __future__ import annotations

from schedkit.recurrence.dialects.robfig import Robfig
from schedkit.testing import DialectConformance


class TestRobfig(DialectConformance):
    def make_dialect(self):
        """
        The dialect of Kubernetes.
        """
        return Robfig()
