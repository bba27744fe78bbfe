from __future__ import annotations

import pytest

from schedkit import config
from schedkit.exceptions import ConfigError, OverrideError, SpecError
from schedkit.planning import plan_for
from schedkit_kubernetes.backend import Kubernetes
from schedkit_kubernetes.options import Options, Toleration


def test_config_keys_are_camel_case():
    """
    Stack config becomes typed options, nested ones too.
    """
    values = {
        "namespace": "ml",
        "createNamespace": True,
        "serviceAccount": "runner",
        "failedJobsHistoryLimit": 5,
        "runAsUser": 1000,
        "gpuResource": "amd.com/gpu",
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "spot", "effect": "NoSchedule"}],
        "priorityClassName": "batch",
        "labels": {"team": "ml"},
        "annotations": {"example.com/owner": "ml@example.com"},
        "imagePullSecrets": ["pull"],
    }
    expected = Options(
        namespace="ml",
        create_namespace=True,
        service_account="runner",
        failed_jobs_history_limit=5,
        run_as_user=1000,
        gpu_resource="amd.com/gpu",
        node_selector={"disk": "fast"},
        tolerations=(Toleration(key="spot", effect="NoSchedule"),),
        priority_class_name="batch",
        labels={"team": "ml"},
        annotations={"example.com/owner": "ml@example.com"},
        image_pull_secrets=["pull"],
    )
    assert expected == config.options(Kubernetes, values)


def test_unknown_key():
    """
    A key that is no option is refused with the one that was meant.
    """
    with pytest.raises(ConfigError) as caught:
        config.options(Kubernetes, {"namspace": "ml"})
    assert "config schedkit:kubernetes.namspace: is no option; did you mean 'namespace'?" == str(
        caught.value
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"namespace": "Not_A_Label"},
            (
                "Options, namespace='Not_A_Label': is not a legal name here; "
                "write lower-case letters, digits and hyphens"
            ),
        ),
        (
            {"namespace": "n" * 64},
            f"Options, namespace='{'n' * 64}': has 64 characters; at most 63 fit everywhere",
        ),
        (
            {"create_namespace": True},
            (
                "Options, create_namespace, namespace='default': every cluster has it; "
                "name a namespace of your own"
            ),
        ),
        (
            {"create_namespace": "yes"},
            "Options, create_namespace='yes': is str, not bool; give bool",
        ),
        (
            {"service_account": "A b"},
            (
                "Options, service_account='A b': is not a legal name here; "
                "write lower-case letters, digits, hyphens and dots"
            ),
        ),
        (
            {"failed_jobs_history_limit": "3"},
            "Options, failed_jobs_history_limit='3': is str, not int; give int",
        ),
        (
            {"gpu_resource": "two words"},
            (
                "Options, gpu_resource='two words': is not a legal name here; "
                "write a name such as vendor.example/kind"
            ),
        ),
        ({"labels": ["a"]}, "Options, labels=['a']: is no mapping; write {key: text}"),
        (
            {"labels": {"a b": "c"}},
            "Options, labels, 'a b': is no legal key; write it as team.example/name",
        ),
        ({"labels": {"a": 1}}, "Options, labels, a=1: is no text; quote it"),
        (
            {"labels": {"a": "x" * 64}},
            (
                f"Options, labels, a='{'x' * 64}': is no legal label value; "
                "at most 63 letters, digits, hyphens, underscores and dots"
            ),
        ),
        (
            {"labels": {"schedkit.dev/step": "x"}},
            "Options, labels, 'schedkit.dev/step': is schedkit's own; choose another prefix",
        ),
        (
            {"node_selector": {"disk": "very fast"}},
            (
                "Options, node_selector, disk='very fast': is no legal label value; "
                "at most 63 letters, digits, hyphens, underscores and dots"
            ),
        ),
        ({"annotations": {"a": 1}}, "Options, annotations, a=1: is no text; quote it"),
        (
            {"tolerations": ({"key": "a"},)},
            (
                "Options, tolerations={'key': 'a'}: is dict, not Toleration; "
                "write Toleration(key='spot')"
            ),
        ),
        (
            {"tolerations": []},
            "Options, tolerations=[]: is list, not tuple; write (item, ...), in YAML a list",
        ),
        (
            {"image_pull_secrets": "pull"},
            (
                "Options, image_pull_secrets='pull': is str, not tuple; "
                "write (item, ...), in YAML a list"
            ),
        ),
    ],
)
def test_refused_options(options, sentence):
    """
    What no cluster would take is refused at the door.
    """
    with pytest.raises(SpecError) as caught:
        Options(**options)
    assert sentence == str(caught.value)


@pytest.mark.parametrize("name", ["successful_jobs_history_limit", "run_as_user"])
def test_refused_numbers(name):
    """
    No history is shorter than none, and no container runs as root.
    """
    least = 1 if name == "run_as_user" else 0
    with pytest.raises(SpecError) as caught:
        Options(**{name: least - 1})
    assert f"Options, {name}={least - 1}" == caught.value.culprit
    assert f"give {least} or more" == caught.value.cure


@pytest.mark.parametrize(
    ("toleration", "sentence"),
    [
        (
            {"key": "a", "operator": "Exist"},
            "Toleration, operator='Exist': is not a word known here; did you mean 'Exists'?",
        ),
        (
            {"key": "a", "effect": "NoSchedul"},
            "Toleration, effect='NoSchedul': is not a word known here; did you mean 'NoSchedule'?",
        ),
        (
            {"key": "a", "value": "b"},
            "Toleration, value='b': means nothing with operator='Exists'; write operator='Equal'",
        ),
    ],
)
def test_refused_tolerations(toleration, sentence):
    """
    A toleration that the API server would refuse is refused at the door.
    """
    with pytest.raises(SpecError) as caught:
        Toleration(**toleration)
    assert sentence == str(caught.value)


def test_name_of_the_account_is_no_override(kit):
    """
    The CronJobs name the ServiceAccount as text: an override of its name would not reach them.
    """
    for path, cure in (("name", "serviceAccount"), ("namespace", "namespace")):
        overrides = {"service_account": {"metadata": {path: "mine"}}}
        with pytest.raises(OverrideError) as caught:
            plan_for(Kubernetes(), kit.pipeline(), kit.target, overrides)
        error = caught.value
        assert f"Pipeline 'train', overrides, service_account.metadata.{path}" == error.culprit
        assert error.cure.endswith(f"{cure} in schedkit:kubernetes")
    marked = {"service_account": {"metadata": {"annotations": {"team": "ml"}}}}
    plan_for(Kubernetes(), kit.pipeline(), kit.target, marked)
