"""
Run a Pulumi program, and print what of it is to be served, as one JSON document:
`python -m schedkit_local.serve.load DIR --stack S`.

A process of its own: whatever the program does ends with it.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from schedkit import preview, registry
from schedkit.cli.group import DONE, REFUSED, WRONG, pairs
from schedkit.config import camel
from schedkit.exceptions import (
    ProgramError,
    RunFailedError,
    SchedkitError,
    SpecError,
    UnsupportedError,
)
from schedkit.inputs import hint
from schedkit_local.document import read
from schedkit_local.schedule import read_schedule
from schedkit_local.serve.program import text


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from schedkit.findings import Finding
    from schedkit.plan import Plan
    from schedkit.preview import Preview
    from schedkit.program import Report

SECONDS = 60.0  # that a program may take


def load(
    folder: Path, stack: str | None, config: Mapping[str, str], timeout: float = SECONDS
) -> dict[str, Any]:
    """
    Return the document of a program.

    Args:
        folder: Where Pulumi.yaml is.
        stack: None is the one called `local`, the only one, or `dev`.
        config: Laid over the files.
        timeout: Seconds.

    Raises:
        ProgramError: It fails, declares no pipeline, or has several refusals.
        UnsupportedError: This machine cannot keep what it asks for.
        RunFailedError: It needs what only a deployment knows, or an override made nonsense of it.
    """
    registry.load("local")
    chosen = preview.stack_for(folder, stack, "local")
    found = preview.run(
        folder, stack=chosen, config=config, backend="local", timeout=timeout, preview=True
    )
    _check(found)
    pipelines, schedules = _documents(found)
    return {
        "project": found.project,
        "stack": found.stack,
        "folder": str(folder.resolve()),
        "pipelines": pipelines,
        "schedules": schedules,
        "findings": [
            _told(each, finding) for each in found.reports for finding in each.plan.findings
        ],
    }


def _check(found: Preview) -> None:
    for report in found.reports:
        if report.backend.name != "local":
            reason = f"asks for backend {report.backend.name!r}, and this machine serves its own"
            raise SpecError(_name(report), reason, "leave its backend= out")
    refusals = [report.refusal for report in found.reports if report.refusal]
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise ProgramError(
            found.project, "\n".join(["cannot be served here:", *map(str, refusals)])
        )


def _documents(found: Preview) -> tuple[dict[str, Any], dict[str, Any]]:
    pipelines: dict[str, Any] = {}
    schedules: dict[str, Any] = {}
    for report, plan in found.opened():
        inputs, known = _inputs(report, plan), pipelines
        if report.kind == "Pipeline":
            read(inputs, _name(report))
            settings = attrs.asdict(report.backend.settings)  # type: ignore[call-overload]
            made = {"run": inputs, "options": {camel(key): v for key, v in settings.items()}}
        else:
            made, known = inputs, schedules
            _check_schedule(inputs, pipelines, _name(report))
        if report.name in known:
            reason = "is there twice, and a server tells them apart by name alone"
            raise SpecError(_name(report), reason, "give one of them another name")
        known[report.name] = made
    if not pipelines:
        cure = "write sk.Pipeline(...) and sk.Schedule(...)"
        raise ProgramError(found.project, "declares no pipeline", cure)
    return pipelines, schedules


def _check_schedule(
    inputs: Mapping[str, object], pipelines: Mapping[str, Any], culprit: str
) -> None:
    """
    Refuse what only an override can have done.
    """
    document = read_schedule(inputs, culprit)
    document.instants()
    if document.pipeline not in pipelines:
        reason = f"starts pipeline {document.pipeline!r}, which is not there"
        raise RunFailedError(culprit, reason, hint(document.pipeline, pipelines))
    parameters = pipelines[document.pipeline]["run"].get("parameters", {})
    for name in document.parameters:
        if name not in parameters:
            reason = f"sets parameter {name!r}, which pipeline {document.pipeline!r} does not have"
            raise RunFailedError(culprit, reason, hint(name, parameters))


def _inputs(report: Report, plan: Plan) -> dict[str, Any]:
    """
    The inputs of the one node, secrets included: the state file is its owner's alone.
    """
    for path in preview.missing(plan):
        reason = f"is {preview.UNKNOWN}, so this machine cannot have it"
        cure = "make it depend on plain values, or on config"
        raise RunFailedError(f"{_name(report)}, {path}", reason, cure)
    try:
        return json.loads(json.dumps(plan.nodes[0].inputs))  # type: ignore[no-any-return]
    except (TypeError, ValueError) as error:
        reason = f"holds a value that is no text, number or bool: {error}"
        raise RunFailedError(_name(report), reason, "write it as text") from None


def _told(report: Report, finding: Finding) -> dict[str, str]:
    told = {name: str(getattr(finding, name)) for name in ("feature", "verdict", "reason")}
    return {"component": report.name, **told}


def _name(report: Report) -> str:
    return f"{report.kind} {report.name!r}"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--stack")
@click.option("--config", multiple=True, callback=pairs)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=SECONDS)
def _asked(**values: Any) -> dict[str, Any]:
    return values


def main(words: Sequence[str]) -> int:
    """
    Print the document of a program, or what is wrong; return the exit code.
    """
    with _only_ours() as out:
        try:
            found = load(**_asked.main(list(words), standalone_mode=False))
            code = DONE
        except Exception as error:  # noqa: BLE001, whoever started this reads the document alone
            found, code = {"error": _error(error)}, _code(error)
            print(*getattr(error, "__notes__", ()), sep="\n", end="", file=sys.stderr)  # noqa: T201
        out.write(text(found) + "\n")
    return code


def _error(error: Exception) -> dict[str, str]:
    reason = str(error)
    if isinstance(error, click.ClickException):
        reason = " ".join(error.format_message().split())
    elif not isinstance(error, SchedkitError):
        reason = f"{type(error).__name__}: {error}; this is a bug of schedkit"
    told = {"culprit": "loading the program", "reason": reason, "cure": ""}
    told |= {name: getattr(error, name) for name in told if hasattr(error, name)}
    return {"type": type(error).__name__, "sentence": reason, **told}


def _code(error: Exception) -> int:
    return (
        REFUSED if isinstance(error, UnsupportedError | RunFailedError | ProgramError) else WRONG
    )


@contextmanager
def _only_ours() -> Iterator[TextIO]:
    """
    Yield the standard output of this process; what else writes there is on standard error.
    """
    ours = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(ours), "w", encoding="utf-8") as out:
            yield out
    finally:
        os.dup2(ours, 1)
        os.close(ours)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)  # past a program that cannot be stopped
