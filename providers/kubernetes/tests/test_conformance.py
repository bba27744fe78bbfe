from __future__ import annotations

import attrs
import pytest

from schedkit.plan import merged
from schedkit.testing import BackendConformance
from schedkit.testing.examples import EXAMPLES
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"spec": {"timezone": "UTC"}},
        {"spec": {"timeZone": None, "time_zone": "UTC"}},
        {"spec": {"suspend": "no"}},
        {"spec": {"startingDeadlineSeconds": "300"}},
        {"spec": {"jobTemplate": {"spec": {"backOffLimit": 1}}}},
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": {}}}}}}},
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"backoffLimit": 1}}}}}},
        {"metadata": {"labels": ["a"]}},
        {"meta": {"name": "x"}},
    ],
    ids=str,
)
def test_a_wrong_body_fails(wrong):
    """
    A field with a wrong name, of a wrong type or at a wrong level fails the suite.
    """

    class Wrong(Kubernetes):
        def compile_schedule(self, spec, target):
            plan = super().compile_schedule(spec, target)
            bent = [attrs.evolve(n, inputs=merged(n.inputs, wrong)) for n in plan.nodes]
            return attrs.evolve(plan, nodes=tuple(bent), timings=())

    class Suite(BackendConformance):
        def make_backend(self):
            return Wrong()

    with pytest.raises(AssertionError):
        Suite().test_nodes_have_the_shape_of_the_sdk(next(iter(EXAMPLES)))
