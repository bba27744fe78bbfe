"""
Which machine a step gets: the smallest that has what the step asks for.

A Processing job has its instance for itself, and nothing limits it to what the step asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import attrs

from schedkit_aws.instance_table import REGIONS, ROWS, UNSIZED


# Of two machines alike, the one of the earlier family; those not named follow, the most widely
# sold first. t3 comes last: it is as fast as its name only now and then.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html
FAMILIES = ("m5", "c5", "r5", "g4dn", "g5", "t3")

# What a limit is called, and what the step writes instead.
_TOLD = {
    "gpu": ("{} GPUs", "gpu={}"),
    "cpu": ("{} cores", "cpu={}"),
    "memory": ("{} GiB", "memory='{}Gi'"),
}


@attrs.frozen
class Instance:
    """
    One machine that a Processing job may have.

    Attributes:
        name: With the prefix: `ml.m5.xlarge`.
        cpu: Virtual cores.
        memory: Bytes.
        gpu: Whole devices.
        gpu_model: `T4`; empty without one.
        regions: In how many regions it is sold, by a price list that has holes.
        disk: GB (of 10^9 bytes) of disks of its own, which replace the volume; 0 without any.
    """

    name: str
    cpu: int
    memory: int
    gpu: int
    gpu_model: str = ""
    regions: int = 0
    disk: int = 0

    def holds(self, size: int) -> bool:
        """
        Whether so many bytes fit on its own disks, if it has any.
        """
        return not self.disk or size <= self.disk * 10**9


INSTANCES: Mapping[str, Instance] = {
    name: Instance(name, cpu, mib << 20, gpu, model, regions, disk)
    for name, (cpu, mib, gpu, model, regions, disk) in ROWS.items()
}
NAMES = (*INSTANCES, *UNSIZED)


@cache
def choose(cpu: float | None, memory: int | None, gpu: int, storage: int = 0) -> Instance | None:
    """
    The machine with the fewest GPUs, then cores, then bytes, that has at least what is asked for.

    One that half of the regions lack is taken only where no other fits. None: nothing fits.
    *storage* is bytes that its own disks must hold, if it has any.
    """
    fits = [
        i
        for i in INSTANCES.values()
        if i.gpu >= gpu and i.cpu >= (cpu or 0) and i.memory >= (memory or 0) and i.holds(storage)
    ]
    wide = [i for i in fits if 2 * i.regions >= REGIONS]
    return min(wide or fits, key=_rank, default=None)


def _rank(instance: Instance) -> tuple[int, int, int, int, int]:
    family = instance.name.split(".")[1]
    place = FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)
    return instance.gpu, instance.cpu, instance.memory, place, -instance.regions


def has_disk(name: str | None) -> bool:
    """
    Whether disks of its own replace the volume; none of the types without a size has such.
    """
    return name is not None and name in INSTANCES and INSTANCES[name].disk > 0


def limits(cpu: float | None, memory: int | None, gpu: int) -> dict[str, int]:
    """
    The most there is of each thing (`gpu`, `cpu`, `memory` in bytes) that is asked for in excess.

    A step that asks for that much instead gets a machine. Empty where `choose` finds one.
    """
    left, found = list(INSTANCES.values()), {}
    for name, asked in {"gpu": gpu, "cpu": cpu or 0, "memory": memory or 0}.items():
        most = max(getattr(i, name) for i in left)
        if asked > most:
            found[name] = most
        left = [i for i in left if getattr(i, name) >= min(asked, most)]
    return found


def nearest(cpu: float | None, memory: int | None, gpu: int) -> str:
    """
    What to ask for instead where `choose` finds none: `with 1 GPU at most 192 cores: cpu=192`.
    """
    found = limits(cpu, memory, gpu)
    most = {name: n >> 30 if name == "memory" else n for name, n in found.items()}
    told = " and ".join(_TOLD[name][0].format(n) for name, n in most.items())
    written = ", ".join(_TOLD[name][1].format(n) for name, n in most.items())
    given = f"with {gpu} GPU{'s' * (gpu > 1)} " if gpu and "gpu" not in most else ""
    return f"{given}at most {told}: {written}"


def legal(name: str) -> bool:
    """
    Whether a Processing job takes this type, even one that `choose` never takes.
    """
    return name in NAMES
