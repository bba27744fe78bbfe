"""
Write `providers/aws/schedkit_aws/instance_table.py`: `python scripts/aws_instances.py`.

Joins what three installed packages publish (`pip install botocore moto cfn-lint`, the newest): the
names that a Processing job may have, the sizes of EC2 types, and AWS's price list by region.
With `--check` nothing is written; it fails and shows the rows that are no longer right.
"""

from __future__ import annotations

import difflib
import gzip
import json
import pathlib
import sys
from importlib import metadata, resources

from botocore.session import Session


SOURCES = ("botocore", "cfn-lint", "moto")
TABLE = pathlib.Path(__file__).parents[1] / "providers" / "aws" / "schedkit_aws"
TABLE /= "instance_table.py"
HEAD = '''\
"""
The types that a SageMaker Processing job may have, all x86_64, as `scripts/aws_instances.py`
wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping


'''


def names() -> list[str]:
    """
    Every type that the API takes.
    """
    model = Session().get_service_model("sagemaker")
    return model.shape_for("ProcessingInstanceType").enum


def ec2() -> dict[str, dict]:
    """
    What EC2's DescribeInstanceTypes answers, by type.
    """
    packed = resources.files("moto") / "ec2" / "resources" / "instance_types.json.gz"
    return json.loads(gzip.decompress(packed.read_bytes()))


def regions() -> list[set[str]]:
    """
    The types that each region sells. The list has holes: good for a preference, not for a refusal.
    """
    folder = resources.files("cfnlint") / "data" / "schemas" / "extensions"
    listed = folder / "aws_sagemaker_processing" / "instancetype_enum.json"
    return [set(r["enum"]) for r in json.loads(listed.read_text()).values() if "enum" in r]


def row(name: str, told: dict, sold: list[set[str]]) -> tuple[int, int, int, str, int, int]:
    """
    Cores, MiB, GPUs, the GPU's model, the number of regions, GB of disks of its own.
    """
    if told["ProcessorInfo"]["SupportedArchitectures"] not in (["x86_64"], ["i386", "x86_64"]):
        sys.exit(f"{name} is no x86_64 machine: the table needs a column for that")
    gpus = told.get("GpuInfo", {}).get("Gpus", [])
    return (
        told["VCpuInfo"]["DefaultVCpus"],
        told["MemoryInfo"]["SizeInMiB"],
        sum(gpu["Count"] for gpu in gpus),
        " ".join(gpu["Name"] for gpu in gpus),
        sum(name in region for region in sold),
        told.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
    )


def literal(value: object) -> str:
    """
    A Python literal with the quotes that the formatter wants.
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))})"
    return json.dumps(value)


def text() -> str:
    """
    The module.
    """
    sizes, sold = ec2(), regions()
    rows = {name: sizes.get(name.removeprefix("ml.")) for name in names()}
    sized = {name: row(name, told, sold) for name, told in rows.items() if told}
    sources = {source: metadata.version(source) for source in SOURCES}
    unsized = tuple(name for name, told in rows.items() if not told)
    return (
        f"{HEAD}SOURCES = {literal(sources)}\n"
        f"REGIONS = {len(sold)}  # that the price list knows\n\n"
        "# Legal, but EC2 no longer tells their sizes, and no region sells them.\n"
        "UNSIZED = (\n" + "".join(f"    {literal(name)},\n" for name in unsized) + ")\n\n"
        "# Cores, MiB, GPUs, the GPU's model, regions that sell it, GB of its own disks.\n"
        "ROWS: Mapping[str, tuple[int, int, int, str, int, int]] = {\n"
        + "".join(f"    {literal(name)}: {literal(told)},\n" for name, told in sized.items())
        + "}\n"
    )


def main() -> None:
    """
    Write the table, or with `--check` compare it.
    """
    new = text()
    if "--check" not in sys.argv[1:]:
        TABLE.write_text(new, encoding="ascii")
        return
    old = TABLE.read_text(encoding="ascii")
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "written", "now", n=0)
    if told := "\n".join(lines):
        sys.exit(told)


if __name__ == "__main__":
    main()
