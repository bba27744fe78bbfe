from __future__ import annotations

import pytest

from schedkit.testing import BackendConformance
from schedkit_kubernetes.backend import Kubernetes


class TestKubernetes(BackendConformance):
    @pytest.fixture(autouse=True)
    def _kit(self, kit):
        self.kit = kit

    def make_backend(self):
        """
        The backend with its default options.
        """
        return Kubernetes()

    def check_nodes(self, plan):
        """
        Every node passes the strict published schemas, oldest and newest.
        """
        for document in self.kit.manifests(plan):
            self.kit.validate(document)
