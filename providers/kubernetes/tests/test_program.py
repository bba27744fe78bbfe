from __future__ import annotations

import pathlib

import pytest

from schedkit import preview


EXAMPLES = pathlib.Path(__file__).parents[3] / "examples"
PROGRAM = """
import schedkit as sk

pipeline = sk.Pipeline("train", steps=[sk.Step("fit", image="acme:1")])
nightly = sk.Schedule("nightly", pipeline, sk.Every("90m", "2026-01-01T00:00:00Z"))
"""
COMPONENTS = ("schedkit:", "pulumi:")


def native(result):
    """
    The registered resources that are no components.
    """
    return [r for r in result.resources if not r.type.startswith(COMPONENTS)]


def test_program(kit, tmp_path):
    """
    A program registers the namespace, the ServiceAccount and the CronJobs, in order and by name.
    """
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    options = {"namespace": "ml", "createNamespace": True}
    config = {"schedkit:backend": "kubernetes", "schedkit:kubernetes": options}
    found = native(preview.run(tmp_path, config=config))
    assert [
        ("kubernetes:core/v1:Namespace", "schedkit-kubernetes-namespace"),
        ("kubernetes:core/v1:ServiceAccount", "train"),
        ("kubernetes:batch/v1:CronJob", "nightly"),
        ("kubernetes:batch/v1:CronJob", "nightly-cron-job-2"),
    ] == [(resource.type, resource.name) for resource in found]
    namespace, account, *cron_jobs = found
    assert [True] * 3 == [r.options["deleteBeforeReplace"] for r in (account, *cron_jobs)]
    assert namespace.urn in account.dependencies
    for cron_job in cron_jobs:
        assert {namespace.urn, account.urn} <= {*cron_job.dependencies}
    for resource in found:
        kit.validate(resource.inputs)


@pytest.mark.parametrize("name", ["hello", "nightly-training"])
def test_examples(kit, name):
    """
    Every resource of the examples passes the strict published schemas.
    """
    result = preview.run(EXAMPLES / name, stack="kubernetes")
    assert [None, None] == [report.refusal for report in result.reports]
    found = native(result)
    assert ["ServiceAccount", "CronJob"] == [resource.inputs["kind"] for resource in found]
    for resource in found:
        kit.validate(resource.inputs)
