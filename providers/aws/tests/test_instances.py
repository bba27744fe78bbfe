from __future__ import annotations

import pytest
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from schedkit_aws.instance_table import REGIONS, ROWS, UNSIZED
from schedkit_aws.instances import FAMILIES, INSTANCES, NAMES, Instance, choose, legal, limits
from schedkit_aws.instances import nearest as told


GI = 1 << 30
ASKED = st.tuples(
    st.none() | st.floats(0.001, 500),
    st.none() | st.integers(1, 4000 * GI),
    st.integers(0, 10),
)


def fits(instance, cpu, memory, gpu):
    return instance.cpu >= (cpu or 0) and instance.memory >= (memory or 0) and instance.gpu >= gpu


def size(instance):
    return instance.gpu, instance.cpu, instance.memory


@pytest.mark.parametrize(
    ("cpu", "gib", "gpu", "name"),
    [
        (None, None, 0, "ml.t3.medium"),
        (0.5, None, 0, "ml.t3.medium"),
        (2, 4, 0, "ml.t3.medium"),
        (2, 8, 0, "ml.m5.large"),
        (None, 16, 0, "ml.r5.large"),
        (2.5, None, 0, "ml.c5.xlarge"),
        (4, 8, 0, "ml.c5.xlarge"),
        (4, 16, 0, "ml.m5.xlarge"),
        (4, 32, 0, "ml.r5.xlarge"),
        (32, 64, 0, "ml.c6i.8xlarge"),
        (100, None, 0, "ml.c6i.32xlarge"),
        (200, None, 0, "ml.c8i.96xlarge"),
        (None, 1024, 0, "ml.r8i.32xlarge"),
        (384, 3072, 0, "ml.r8i.96xlarge"),
        (None, None, 1, "ml.g4dn.xlarge"),
        (8, 32, 1, "ml.g4dn.2xlarge"),
        (None, None, 2, "ml.g4dn.12xlarge"),
        (None, None, 4, "ml.g4dn.12xlarge"),
        (None, None, 8, "ml.g5.48xlarge"),
        (None, 1024, 1, "ml.g7e.24xlarge"),
    ],
)
def test_smallest(cpu, gib, gpu, name):
    """
    The smallest machine that fits is taken, of the usual families where sizes are equal.
    """
    assert name == choose(cpu, gib and gib * GI, gpu).name


def test_one_byte_more():
    """
    Memory is compared in bytes: one more than a machine has takes the next.
    """
    chosen = [choose(4, 16 * GI + more, 0).name for more in (0, 1)]
    assert ["ml.m5.xlarge", "ml.r5.xlarge"] == chosen


@given(ASKED)
def test_nothing_smaller_fits(asked):
    """
    The chosen one fits, and none that is as widely sold and smaller fits; None is never wrong.
    """
    chosen = choose(*asked)
    fitting = [i for i in INSTANCES.values() if fits(i, *asked)]
    wide = [i for i in fitting if i.regions >= REGIONS / 2]
    assert (chosen is None) == (not fitting)
    if chosen is not None:
        assert fits(chosen, *asked)
        assert (chosen in wide) == bool(wide)
        assert [] == [i.name for i in wide or fitting if size(i) < size(chosen)]


@given(ASKED)
def test_limits_lead_out(asked):
    """
    There are limits just where nothing fits, and asking for them instead gets a machine.
    """
    most = limits(*asked)
    assert (choose(*asked) is None) == bool(most)
    named = dict(zip(("cpu", "memory", "gpu"), asked, strict=True))
    assert all(named[name] > limit for name, limit in most.items())
    assert choose(**{**named, **most}) is not None
    assert most.get("memory", 0) % GI == 0  # a refusal writes it in GiB


@pytest.mark.parametrize(
    ("cpu", "gib", "gpu", "sentence"),
    [
        (385, None, 0, "at most 384 cores: cpu=384"),
        (None, 3073, 0, "at most 3072 GiB: memory='3072Gi'"),
        (2, 4, 9, "at most 8 GPUs: gpu=8"),
        (200, None, 1, "with 1 GPU at most 192 cores: cpu=192"),
        (96, 2049, 4, "with 4 GPUs at most 2048 GiB: memory='2048Gi'"),
        (
            200,
            3000,
            9,
            "at most 8 GPUs and 192 cores and 2048 GiB: gpu=8, cpu=192, memory='2048Gi'",
        ),
    ],
)
def test_refusal(cpu, gib, gpu, sentence):
    """
    What no machine has is told with the most that can be had, and what to write.
    """
    memory = gib and gib * GI
    assert choose(cpu, memory, gpu) is None
    assert sentence == told(cpu, memory, gpu)


def test_names_are_the_apis():
    """
    Every type of the table, with a size or without, is in botocore's enum.
    """
    model = Session().get_service_model("sagemaker")
    enum = model.shape_for("ProcessingInstanceType").enum
    assert [] == [name for name in NAMES if name not in enum]


def test_table_counts():
    """
    The table holds the whole enum that it was made from, each name once.
    """
    assert (201, 6, 38) == (len(ROWS), len(UNSIZED), REGIONS)
    assert len(NAMES) == len(set(NAMES))


def test_gpus_have_models():
    """
    A machine tells its GPU's model just when it has GPUs.
    """
    assert [] == [i.name for i in INSTANCES.values() if bool(i.gpu) != bool(i.gpu_model)]
    expected = Instance("ml.g4dn.12xlarge", 48, 192 * GI, 4, "T4", 23, 900)
    assert expected == INSTANCES["ml.g4dn.12xlarge"]


def test_families_exist():
    """
    Every family that is preferred has machines, sold in at least half of the regions.
    """
    wide = {i.name.split(".")[1] for i in INSTANCES.values() if i.regions >= REGIONS / 2}
    assert [] == [family for family in FAMILIES if family not in wide]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ml.m5.xlarge", True),
        ("ml.c4.xlarge", True),
        ("ml.p3.2xlarge", True),
        ("m5.xlarge", False),
        ("ml.m6g.large", False),
        ("ML.M5.XLARGE", False),
        ("", False),
    ],
)
def test_legal(name, expected):
    """
    A user may take any type of the API, written as the API writes it.
    """
    assert expected == legal(name)
