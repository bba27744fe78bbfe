"""
Instances with disks of their own have these instead of a volume.
"""

from __future__ import annotations

import gzip
import json
from importlib import resources

import pytest
from kit import KEY, arguments, compiled
from refusals import check

import schedkit as sk
from schedkit.findings import Feature, emulated, exact, refused
from schedkit.planning import verdict
from schedkit.testing.examples import pipeline, step
from schedkit_aws.instances import INSTANCES, UNSIZED, choose, has_disk
from schedkit_aws.options import Options


GB = 10**9
URL = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingClusterConfig.html"
OWN_KEY = ", whose own disk is encrypted by a key of its own, not by kmsKey"
OWN = sorted(name for name, found in INSTANCES.items() if found.disk)
LARGEST = "ml.g7e.48xlarge"


def cluster(spec, **options):
    return arguments(spec, **options)["ProcessingResources"]["ClusterConfig"]


def asking(**asked):
    return pipeline(step(resources=sk.Resources(**asked)))


def told(spec, *features, **options):
    return [found for found in compiled(spec, **options).findings if found.feature in features]


def test_table():
    """
    A machine has as much as the disks have that EC2 tells of; every GPU comes with one.
    """
    packed = resources.files("moto") / "ec2" / "resources" / "instance_types.json.gz"
    ec2 = json.loads(gzip.decompress(packed.read_bytes()))
    summed = {
        name: sum(
            disk["Count"] * disk["SizeInGB"]
            for disk in ec2[name.removeprefix("ml.")]
            .get("InstanceStorageInfo", {})
            .get("Disks", ())
        )
        for name in INSTANCES
    }
    assert {name: found.disk for name, found in INSTANCES.items()} == summed
    assert (51, 75) == (len(OWN), min(INSTANCES[name].disk for name in OWN))
    assert [] == [i.name for i in INSTANCES.values() if i.gpu and not i.disk]


def test_default_volume_fits_everywhere():
    """
    What a step has that asks for no storage is on every disk.
    """
    size = Options().volume_size << 30
    assert [] == [found.name for found in INSTANCES.values() if not found.holds(size)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ml.r5d.large", True), ("ml.r5.large", False), (UNSIZED[0], False), (None, False)],
)
def test_has_disk(name, expected):
    """
    A machine without a size, and none at all, have no disk.
    """
    assert expected == has_disk(name)


@pytest.mark.parametrize("name", OWN)
def test_the_whole_disk(name):
    """
    As much as the disk has is granted, and told in GiB, which are fewer; one byte more is refused.
    """
    disk = INSTANCES[name].disk
    found = cluster(asking(ephemeral_storage=f"{disk}G"), instance_type=name)
    assert (name, -(-disk * GB // 2**30)) == (found["InstanceType"], found["VolumeSizeInGB"])
    assert found["VolumeSizeInGB"] < disk
    plan = compiled(asking(ephemeral_storage=str(disk * GB + 1)), instance_type=name)
    (finding,) = verdict(plan, strict=False).findings
    assert Feature.EPHEMERAL_STORAGE == finding.feature


@pytest.mark.parametrize(
    ("options", "asked", "reason", "nearest"),
    [
        (
            {},
            {"gpu": 1, "ephemeral_storage": "500Gi"},
            "step 'fit' asks for 500Gi, and its ml.g4dn.xlarge has 125 GB",
            "ephemeral_storage='125G', or instanceTypes: {fit: ml.g5.4xlarge} in schedkit:aws",
        ),
        (
            {},
            {"gpu": 1, "ephemeral_storage": "125Gi"},
            "step 'fit' asks for 125Gi, and its ml.g4dn.xlarge has 125 GB",
            "ephemeral_storage='125G', or instanceTypes: {fit: ml.g5.xlarge} in schedkit:aws",
        ),
        (
            {"volume_size": 200},
            {"gpu": 1},
            "step 'fit' asks for the 200 GiB of `volumeSize`, and its ml.g4dn.xlarge has 125 GB",
            "ephemeral_storage='125G', or instanceTypes: {fit: ml.g5.xlarge} in schedkit:aws",
        ),
        (
            {"instance_type": "ml.r5d.large"},
            {"ephemeral_storage": "100Gi"},
            "step 'fit' asks for 100Gi, and its ml.r5d.large has 75 GB",
            "ephemeral_storage='75G', or instanceTypes: {fit: ml.r5.large} in schedkit:aws",
        ),
        (
            {"instance_types": {"fit": "ml.r5d.xlarge"}},
            {"cpu": 2, "ephemeral_storage": "1Ti"},
            "step 'fit' asks for 1Ti, and its ml.r5d.xlarge has 150 GB",
            "ephemeral_storage='150G', or instanceTypes: {fit: ml.r5.xlarge} in schedkit:aws",
        ),
        (
            {},
            {"gpu": 8, "ephemeral_storage": "16Ti"},
            "step 'fit' asks for 16Ti, and its ml.g5.48xlarge has 7600 GB",
            "ephemeral_storage='7600G'",
        ),
        (
            {"instance_type": "ml.r5d.large"},
            {"ephemeral_storage": "17Ti"},
            "step 'fit' asks for 17Ti, and its ml.r5d.large has 75 GB",
            "ephemeral_storage='75G'",
        ),
    ],
)
def test_more_than_the_disk(options, asked, reason, nearest):
    """
    Refused with the disk's size, and with a machine as large that has the room, if there is one.
    """
    plan = compiled(asking(**asked), **options)
    check(plan, [refused(Feature.EPHEMERAL_STORAGE, reason, nearest, URL)])


@pytest.mark.parametrize("name", [name for name in OWN if name != LARGEST])
def test_the_other_machine_works(name):
    """
    The machine that a refusal names is as large, and has the room.
    """
    has = INSTANCES[name]
    other = choose(has.cpu, has.memory, has.gpu, has.disk * GB + 1)
    assert other.cpu >= has.cpu
    assert other.memory >= has.memory
    assert other.gpu >= has.gpu
    spec = asking(ephemeral_storage=str(has.disk * GB + 1))
    options = {"instance_type": name, "instance_types": {"fit": other.name}}
    assert other.name == cluster(spec, **options)["InstanceType"]
    assert verdict(compiled(spec, **options), strict=False) is None


@pytest.mark.parametrize("name", ["ml.r5d.large", "ml.r5.large", "ml.p3.2xlarge"])
def test_key(name):
    """
    A key is for a volume, not for a disk; the files have it in any case.
    """
    made = arguments(pipeline(), instance_type=name, kms_key=KEY)
    found = made["ProcessingResources"]["ClusterConfig"]
    key = {} if name == "ml.r5d.large" else {"VolumeKmsKeyId": KEY}
    assert {"InstanceCount": 1, "InstanceType": name, "VolumeSizeInGB": 30, **key} == found
    assert KEY == made["ProcessingOutputConfig"]["KmsKeyId"]


def test_key_is_told_where_the_machine_is():
    """
    What led to a machine with a disk says that the key is not for it, and each of them does.
    """
    reason = "step 'fit' has the whole of an ml.g4dn.xlarge for itself"
    for options, more in (({}, ""), ({"kms_key": KEY}, OWN_KEY)):
        expected = [emulated(feature, reason + more) for feature in (Feature.CPU, Feature.GPU)]
        spec = asking(cpu=2, gpu=1)
        assert expected == told(spec, Feature.CPU, Feature.GPU, **options)
        assert 1 == len(told(spec, Feature.PIPELINE, **options))


def test_key_is_told_of_the_pipeline():
    """
    Where a step asks for no machine it is the pipeline's; so it is refused under `strict`.
    """
    whole = exact(Feature.PIPELINE, "a SageMaker Pipeline, one Processing job per step")
    reason = f"step 'fit' has the whole of an ml.r5d.large for itself{OWN_KEY}"
    own = {"instance_types": {"fit": "ml.r5d.large"}}
    plain = {"instance_type": "ml.r5.large"}
    assert [whole] == told(pipeline(), Feature.PIPELINE, **own)
    assert [whole] == told(pipeline(), Feature.PIPELINE, **plain, kms_key=KEY)
    expected = emulated(Feature.PIPELINE, reason, URL)
    assert [whole, expected] == told(pipeline(), Feature.PIPELINE, **own, kms_key=KEY)
    plan = compiled(pipeline(), **own, kms_key=KEY)
    assert Feature.PIPELINE in {f.feature for f in verdict(plan, strict=True).findings}
