from __future__ import annotations

import copy

import kubernetes_validate
import pytest

from schedkit.deploy import load
from schedkit_kubernetes.backend import Kubernetes


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (["spec"], "timezone", "Europe/Berlin"),
        (["spec"], "startingDeadlineSeconds", "300"),
        (["spec"], "suspend", "no"),
        (["spec"], "schedule", None),
        (["spec", "jobTemplate", "spec"], "backOffLimit", 1),
        (["spec", "jobTemplate", "spec", "template", "spec"], "serviceAccountToken", False),
    ],
)
def test_schemas_catch_mistakes(kit, path, name, value):
    """
    A wrong field name, a wrong type and a missing field all fail the strict schema.
    """
    (document,) = copy.deepcopy(kit.manifests(kit.compile(kit.schedule())))
    place = document
    for key in path:
        place = place[key]
    place[name] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kit.validate(document)


def test_classes_take_the_inputs(kit):
    """
    Every node's class is there in the SDK and knows every property of the node.
    """
    options = {"namespace": "ml", "create_namespace": True}
    pipeline = kit.compile(kit.pipeline(), **options)
    nodes = [*pipeline.shared, *pipeline.nodes, *kit.compile(kit.schedule(), **options).nodes]
    assert {*Kubernetes.classes} == {node.token for node in nodes}
    for node in nodes:
        _, names = load(Kubernetes.classes[node.token])
        assert node.inputs.keys() <= names.keys()
