"""
Deliberate faults in the writers, which a proof alone has to catch: how they are made and asked.

A fault replaces one function or constant; schedules are written with it, and proved without it.
Run as a script it prints what caught each of `faults.py`.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import NotExpressibleError, SchedkitError
from schedkit.recurrence import (
    midnight,
    rewrite,
)
from schedkit.recurrence.dialects import (
    adf,
    adf_write,
    aws_write,
    eventbridge,
    eventbridge_rules,
    quartz,
    robfig,
    systemd,
)
from schedkit.recurrence.proof import prove


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schedkit.recurrence import When
    from schedkit.recurrence.dialects import Dialect, Native

WRITERS = (  # modules that remember what they wrote
    adf, adf_write, aws_write, eventbridge, eventbridge_rules, midnight, quartz, rewrite, robfig,
    systemd,
)  # fmt: skip


@attrs.frozen
class Fault:
    """
    One fault: `owner.attribute` is replaced by `faulty(original)`.
    """

    name: str
    dialect: Dialect
    owner: object
    attribute: str
    faulty: Callable[[object], object]
    cases: tuple[When, ...]
    assume: frozenset[str] = frozenset()

    @contextmanager
    def active(self) -> Iterator[None]:
        """
        Replace, and put back.
        """
        original = getattr(self.owner, self.attribute)
        setattr(self.owner, self.attribute, self.faulty(original))
        forget()
        try:
            yield
        finally:
            setattr(self.owner, self.attribute, original)
            forget()

    def write(self, when: When) -> tuple[Native, ...]:
        """
        Return what the dialect writes at this moment.
        """
        return self.dialect.write(when, self.assume)

    def right(self, when: When) -> tuple[Native, ...] | None:
        """
        Return what it writes without the fault; None where it refuses.
        """
        try:
            return self.write(when)
        except NotExpressibleError:
            return None


def forget() -> None:
    """
    Let the writers forget what they wrote.
    """
    for module in WRITERS:
        for found in vars(module).values():
            if hasattr(found, "cache_clear"):
                found.cache_clear()


def caught(when: When, natives: tuple[Native, ...], dialect: Dialect) -> str:
    """
    Say what of a proof refuses some natives; nothing if nothing does.
    """
    try:
        proof = prove(when, natives, dialect)
    except SchedkitError as error:
        return f"the reader: {type(error).__name__}"
    if not proof.holds:
        ways = ("loses", proof.missing_count), ("adds", proof.extra_count)
        found = [f"{way} {count}{'+' * (count >= 1_000)}" for way, count in ways if count]
        return f"instants: {' and '.join(found)}"
    if proof.doubled and not proof.token:
        return "two natives at one instant"
    return ""


def changes(fault: Fault) -> dict[When, str]:
    """
    Return for each schedule whose natives the fault changes, what catches it.
    """
    right = {when: fault.right(when) for when in fault.cases}
    with fault.active():
        wrong = {when: fault.write(when) for when in fault.cases}
    return {
        when: caught(when, natives, fault.dialect)
        for when, natives in wrong.items()
        if natives != right[when]
    }


if __name__ == "__main__":
    from faults import FAULTS

    for each in FAULTS:
        told = "; ".join(dict.fromkeys(changes(each).values()))
        sys.stdout.write(f"| {each.dialect.name} | {each.name} | {told} |\n")
