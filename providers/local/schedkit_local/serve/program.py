"""
The program that is served, as values: read from the document that `schedkit_local.serve.load`
prints and the ledger keeps.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from schedkit import config
from schedkit.due import Rule
from schedkit.exceptions import StateError
from schedkit.pipeline import Overlap
from schedkit.schedule import CatchUp
from schedkit_local.backend import Local
from schedkit_local.document import RunDocument, read
from schedkit_local.options import LocalOptions
from schedkit_local.schedule import read_schedule


if TYPE_CHECKING:
    from schedkit_local.serve.ledger import Ledger

DAY = 86_400


@attrs.frozen(kw_only=True)
class Piped:
    """
    A pipeline: what runs, and how.
    """

    document: RunDocument
    options: LocalOptions


@attrs.frozen(kw_only=True)
class Served:
    """
    A schedule: when it starts, and with what.
    """

    rule: Rule
    parameters: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Program:
    """
    All of one program.

    Attributes:
        folder: In which steps work.
    """

    folder: Path
    project: str
    stack: str
    pipelines: Mapping[str, Piped]
    schedules: Mapping[str, Served]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Program:
        """
        Read the document.

        Raises:
            SchedkitError: It is of another version of schedkit.
        """
        return cls._read(document, document["schedules"].items())

    @classmethod
    def of(cls, ledger: Ledger) -> Program:
        """
        Read what the ledger keeps: one schedule after the other, which leaves few holes in memory.

        Raises:
            StateError: It keeps none.
            SchedkitError: It is of another version of schedkit.
        """
        found = ledger.count("SELECT json_remove(document, '$.schedules') FROM program")
        if not found:
            raise StateError(f"state file {ledger.path}", "has lost its program", "start anew")
        rows = ledger.count("SELECT name, document FROM schedule WHERE removed IS NULL")
        schedules = ((name, json.loads(inputs)) for name, inputs in rows)
        return cls._read(json.loads(found[0][0]), schedules)

    @classmethod
    def _read(cls, document: Mapping[str, Any], schedules: Iterable[tuple[str, Any]]) -> Program:
        pipelines = {
            name: Piped(
                document=read(each["run"], f"Pipeline {name!r}"),
                options=_options(json.dumps(each["options"])),
            )
            for name, each in document["pipelines"].items()
        }
        overlaps: dict[str, Overlap] = {n: each.document.overlap for n, each in pipelines.items()}
        return cls(
            folder=Path(document["folder"]),
            project=document["project"],
            stack=document["stack"],
            pipelines=pipelines,
            schedules={name: _served(name, inputs, overlaps) for name, inputs in schedules},
        )

    def kept(self, now: float) -> tuple[float, dict[str, float]]:
        """
        Return the end of a run before which its row and logs go, and by pipeline that before
        which its files go.
        """
        days = max((each.options.history for each in self.pipelines.values()), default=0)
        files = {
            name: now - each.document.keep_days * DAY
            for name, each in self.pipelines.items()
            if each.document.keep_days is not None
        }
        return now - days * DAY, files


def text(document: Mapping[str, Any]) -> str:
    """
    Return what is equal for equal documents.
    """
    return json.dumps(document, sort_keys=True)


@cache
def _options(text: str) -> LocalOptions:
    found = config.options(Local, json.loads(text))
    if not isinstance(found, LocalOptions):
        raise TypeError(found)
    return found


def _served(name: str, inputs: Mapping[str, Any], overlaps: Mapping[str, Overlap]) -> Served:
    found = read_schedule(inputs, f"Schedule {name!r}")
    rule = Rule(
        name=name,
        pipeline=found.pipeline,
        overlap=overlaps[found.pipeline],
        when=found.instants(),
        catch_up=CatchUp(found.catch_up.policy, found.catch_up.window_seconds),
        starting_deadline=found.starting_deadline_seconds,
        jitter=found.jitter_seconds,
        paused=found.paused,
    )
    return Served(rule=rule, parameters=found.parameters)
