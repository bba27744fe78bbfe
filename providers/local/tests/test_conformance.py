from __future__ import annotations

from schedkit.testing import BackendConformance
from schedkit_local.backend import Local


class TestLocal(BackendConformance):
    def make_backend(self):
        """
        The backend with its default options.
        """
        return Local()
