"""
Run a Pulumi program, and print what of it is to be served, as one JSON document:
`python -m schedkit_local.serve.load DIR --stack S`.

A process of its own: whatever the program does ends with it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from schedkit import preview, registry
from schedkit.config import camel
from schedkit.exceptions import ProgramError, RunFailedError, SchedkitError, SpecError
from schedkit_local.document import read
from schedkit_local.options import LocalOptions
from schedkit_local.schedule import read_schedule


if TYPE_CHECKING:
    from collections.abc import Mapping

    from schedkit.preview import Preview
    from schedkit.program import Report

SECONDS = 60.0  # that a program may take


def load(
    folder: Path, stack: str | None, config: Mapping[str, str], timeout: float = SECONDS
) -> dict[str, Any]:
    """
    Return the document of a program.

    Raises:
        ProgramError: It fails, or declares no pipeline.
        UnsupportedError: This machine cannot keep what it asks for.
        RunFailedError: It needs what only a deployment knows.
    """
    registry.load("local")
    chosen = preview.stack_for(folder, stack, "local")
    found = preview.run(
        folder, stack=chosen, config=config, backend="local", timeout=timeout, preview=True
    )
    for report in found.reports:
        _check(report)
    pipelines = {r.name: _pipeline(r, found) for r in found.reports if r.kind == "Pipeline"}
    schedules = {r.name: _schedule(r, found) for r in found.reports if r.kind == "Schedule"}
    if not pipelines:
        cure = "write sk.Pipeline(...) and sk.Schedule(...)"
        raise ProgramError(f"program {folder}", "declares no pipeline", cure)
    findings = [
        {"component": report.name, **_told(finding)}
        for report in found.reports
        for finding in report.plan.findings
    ]
    return {
        "project": found.project,
        "stack": found.stack,
        "folder": str(folder.resolve()),
        "pipelines": pipelines,
        "schedules": schedules,
        "findings": findings,
    }


def _check(report: Report) -> None:
    if report.refusal:
        raise report.refusal
    if report.backend.name != "local":
        culprit = f"{report.kind} {report.name!r}"
        reason = f"asks for backend {report.backend.name!r}, and this machine serves its own"
        raise SpecError(culprit, reason, "leave its backend= out")


def _pipeline(report: Report, found: Preview) -> dict[str, object]:
    inputs = _inputs(report, found)
    read(inputs, f"Pipeline {report.name!r}")
    options = report.backend.settings
    fields = attrs.fields(LocalOptions)
    values = {camel(f.name): getattr(options, f.name) for f in fields}
    usual = LocalOptions()
    kept = {
        camel(f.name): values[camel(f.name)]
        for f in fields
        if getattr(options, f.name) != getattr(usual, f.name)
    }
    return {"run": inputs, "options": kept}


def _schedule(report: Report, found: Preview) -> dict[str, object]:
    inputs = _inputs(report, found)
    read_schedule(inputs, f"Schedule {report.name!r}").instants()
    return inputs


def _inputs(report: Report, found: Preview) -> dict[str, object]:
    """
    The inputs of the one node, secrets included: the state file is its owner's alone.
    """
    ready = found.revealed(report)
    for path in preview.missing(ready):
        reason = f"is {preview.UNKNOWN}, so this machine cannot have it"
        cure = "make it depend on plain values, or on config"
        raise RunFailedError(f"{report.kind} {report.name!r}, {path}", reason, cure)
    return json.loads(json.dumps(ready.nodes[0].inputs, default=dict))  # type: ignore[no-any-return]


def _told(finding: Any) -> dict[str, str]:
    return {name: str(getattr(finding, name)) for name in ("feature", "verdict", "reason")}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--stack")
@click.option("--config", multiple=True)
@click.option("--timeout", type=float, default=SECONDS)
def main(folder: Path, stack: str | None, config: tuple[str, ...], timeout: float) -> None:
    """
    Print the document of the program in FOLDER, or what is wrong with it.
    """
    out = os.dup(1)
    os.dup2(2, 1)  # what the program prints is no part of the document
    try:
        pairs = dict(each.split("=", 1) for each in config)
        found: dict[str, Any] = load(folder, stack, pairs, timeout)
    except SchedkitError as error:
        parts = {name: getattr(error, name) for name in ("culprit", "reason", "cure")}
        sentence = str(error)
        found = {"error": {"type": type(error).__name__, "sentence": sentence, **parts}}
    with os.fdopen(out, "w") as stream:
        stream.write(json.dumps(found))
    sys.stdout.flush()
    os._exit(1 if "error" in found else 0)  # past a program that cannot be stopped


if __name__ == "__main__":
    main()
