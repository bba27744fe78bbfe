"""
`schedkit plan` and `schedkit run`: what needs a Pulumi program.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schedkit.cli.cron import instant_of
from schedkit.cli.group import DONE, REFUSED, json_option, pairs, print_json
from schedkit.exceptions import RunFailedError, SpecError


if TYPE_CHECKING:
    from schedkit.deployed import Change
    from schedkit.plan import Plan
    from schedkit.preview import Preview
    from schedkit.program import Report


folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
config = click.option(
    "--config", multiple=True, callback=pairs, metavar="KEY=VALUE", help="Wins over both files."
)
stack = click.option("--stack", metavar="S", help="Reads Pulumi.S.yaml.")
timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the program may take.",
)


@click.command()
@folder
@stack
@config
@click.option("--backend", "backends", multiple=True, metavar="B", help="Any number of them.")
@click.option("--pulumi-yaml", "form", flag_value="pulumi_yaml", help="Print a Pulumi program.")
@click.option("--manifests", "form", flag_value="manifests", help="Print Kubernetes manifests.")
@click.option("--strict", is_flag=True, help="Refuse what is emulated, too.")
@click.option("--deployed", is_flag=True, help="Compare with what `pulumi stack export` says.")
@click.option(
    "--state",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Compare with what it said, `-` for stdin.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show what is exact, and what was printed.")
@timeout
@json_option
def plan(
    folder: Path, backends: tuple[str, ...], form: str | None, *, as_json: bool, **asked: Any
) -> int:
    """
    What the Pulumi program in DIR would make: native schedules, proofs, findings, resources.

    Exits with 1 when anything is refused.

    \b
    schedkit plan . --stack prod
    schedkit plan . --backend kubernetes --backend local
    schedkit plan . --manifests > manifests.yaml
    schedkit plan . --stack prod --deployed    # runs that a deployment adds, loses or moves
    """  # noqa: D301
    verbose, deployed, state = (asked.pop(name) for name in ("verbose", "deployed", "state"))
    previews = [_preview(folder, backend, **asked) for backend in backends or (None,)]
    refusals = [r.refusal for p in previews for r in p.reports if r.refusal]
    if form:
        if refusals:
            raise refusals[0]
        from schedkit import render

        click.echo("---\n".join(getattr(render, form)(each) for each in previews), nl=False)
        return DONE
    given = None if state is None else state.read()  # once, for all backends
    asks = (given is not None or deployed) and not refusals
    pairs = [(p, _changes(p, folder, given) if asks else None) for p in previews]
    if as_json:
        print_json({"ok": not refusals, "plans": [_plan_data(*each) for each in pairs]})
    else:
        click.echo("\n\n".join(_plan_text(*each, verbose=verbose) for each in pairs))
    return REFUSED if refusals else DONE


def _changes(preview: Preview, folder: Path, given: str | None) -> tuple[Change, ...]:
    """
    What a deployment changes in the state that is given, or else in the one that pulumi exports.
    """
    import attrs

    from schedkit.deployed import changes, state_of

    text = exported(folder, preview.stack) if given is None else given
    try:
        document = json.loads(text)
    except ValueError as error:
        cure = "pass what `pulumi stack export` prints"
        raise SpecError("the state", f"is no JSON: {error}", cure) from None
    new = [attrs.asdict(each, recurse=False) for each in preview.resources]
    backends = [report.backend for report in preview.reports]
    return changes(state_of(document), new, instant_of(None), backends)


def exported(folder: Path, stack: str) -> str:
    """
    What `pulumi stack export` prints, secrets encrypted.

    Raises:
        SpecError: There is no pulumi, or it failed.
    """
    command = ["pulumi", "stack", "export", "--stack", stack, "--cwd", str(folder)]
    culprit = " ".join(command[:5])
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        cure = "install it from https://www.pulumi.com/docs/install, or pass --state FILE"
        raise SpecError(culprit, "there is no pulumi on the PATH", cure) from None
    if done.returncode:
        reason = " ".join(done.stderr.split())
        raise SpecError(culprit, f"failed: {reason}", "mend that, or pass --state FILE")
    return done.stdout


def _plan_text(preview: Preview, changes: tuple[Change, ...] | None, *, verbose: bool) -> str:
    from schedkit import render

    now = instant_of(None)
    parts = [f"project {preview.project}, stack {preview.stack}"]
    parts += [render.describe(each, now, verbose=verbose) for each in preview.reports]
    refused = sum(each.refusal is not None for each in preview.reports)
    if not preview.reports:
        parts.append("the program declares nothing of schedkit")
    elif refused:
        parts.append(f"refused: {refused} of {len(preview.reports)}; nothing would be registered")
    if preview.resources and not refused:
        parts.append(f"resources\n{render.tree(preview.resources)}")
    if changes is not None:
        told = ["\n    ".join(each.sentences) for each in changes]
        parts.append("what a deployment changes\n  " + "\n  ".join(told or ["no schedule"]))
    own = _own_lookups(preview) if preview.unanswered else set()
    asked = (token for token in preview.unanswered if token not in own)
    parts += [f"look-up {token} was answered with nothing" for token in asked]
    if verbose and preview.printed:
        parts.append(f"the program printed\n{preview.printed.rstrip()}")
    return "\n\n".join(parts)


def _own_lookups(preview: Preview) -> set[str]:
    """
    The tokens of what plans ask the provider at deploy.
    """
    from schedkit.plan import Lookup

    nodes = (node for each in preview.reports for node in each.plan.nodes)
    return {leaf.token for node in nodes for leaf in node.symbols if isinstance(leaf, Lookup)}


def _plan_data(preview: Preview, changes: tuple[Change, ...] | None) -> dict[str, object]:
    import attrs

    from schedkit import render

    now = instant_of(None)
    return {
        "project": preview.project,
        "stack": preview.stack,
        "components": [render.data(each, now) for each in preview.reports],
        "resources": [attrs.asdict(each) for each in preview.resources],
        "exports": preview.exports,
        "unanswered": preview.unanswered,
        "logs": preview.logs,
        **({} if changes is None else {"changes": [each.to_dict() for each in changes]}),
    }


@click.command()
@folder
@stack
@config
@click.option("--pipeline", metavar="P", help="Its name, when there are several.")
@click.option(
    "--parameter", "parameters", multiple=True, callback=pairs, metavar="KEY=VALUE",
    help="Wins over the pipeline's default.",
)  # fmt: skip
@timeout
@json_option
def run(
    folder: Path,
    pipeline: str | None,
    parameters: dict[str, str],
    *,
    as_json: bool,
    **asked: Any,
) -> int:
    """
    Run the pipeline of the Pulumi program in DIR now, on this machine.

    Exits with 1 when the run fails or cannot be kept here, whatever becomes of schedules.

    \b
    schedkit run . --parameter day=2026-01-01
    """  # noqa: D301
    from schedkit.backend import Runs

    preview = _preview(folder, "local", strict=False, **asked)
    report = _chosen(preview, pipeline)
    if report.refusal:
        raise report.refusal
    backend = report.backend
    if not isinstance(backend, Runs):
        culprit = f"Pipeline {report.name!r}"
        cure = "leave its backend= out"
        raise SpecError(culprit, f"asks for backend {backend.name!r}, which cannot run it", cure)
    ready = preview.revealed(report)
    _check_known(report, ready)
    result = backend.run(ready, folder=folder, parameters=parameters, show=not as_json)
    if as_json:
        print_json(result.to_dict())
    elif result.error is not None:
        click.echo(f"error: {result.error}", err=True)
    return result.exit_code


def _chosen(preview: Preview, name: str | None) -> Report:
    from schedkit.inputs import hint

    found = {each.name: each for each in preview.reports if each.kind == "Pipeline"}
    if not found:
        raise SpecError(preview.project, "declares no pipeline", "write sk.Pipeline(...)")
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name is None:
        raise SpecError(
            preview.project, "has several pipelines", f"--pipeline {' | '.join(found)}"
        )
    if name not in found:
        raise SpecError(f"--pipeline {name!r}", "is not in the program", hint(name, found))
    return found[name]


def _check_known(report: Report, ready: Plan) -> None:
    """
    Refuse to run with what only a deployment knows.
    """
    from schedkit.preview import UNKNOWN, missing

    for path in missing(ready):
        cure = "make it depend on plain values, or on config"
        reason = f"is {UNKNOWN}, so this machine cannot have it"
        raise RunFailedError(f"Pipeline {report.name!r}, {path}", reason, cure)


def _preview(
    folder: Path,
    backend: str | None,
    *,
    stack: str | None,
    config: dict[str, str],
    timeout: float,
    strict: bool,
) -> Preview:
    from schedkit import preview, registry

    over = {**config, **({"schedkit:strict": "true"} if strict else {})}
    if backend:
        registry.load(backend)
    chosen = preview.stack_for(folder, stack, backend or config.get("schedkit:backend"))
    with _stdout_kept():
        return preview.run(
            folder, stack=chosen, config=over, backend=backend, timeout=timeout, preview=True
        )


@contextmanager
def _stdout_kept() -> Iterator[None]:
    """
    Send to stderr what processes that the program starts write to stdout: ours may be JSON.
    """
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
