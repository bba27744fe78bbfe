"""
The start of a run: everything that can be refused is refused before the first step.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from schedkit.exceptions import RunFailedError, SpecError
from schedkit.inputs import hint
from schedkit_local.container import Docker, connect
from schedkit_local.files import new_run, oldest, prune, runs_folder
from schedkit_local.job import Job
from schedkit_local.overlap import turn


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from schedkit.backend import RunResult
    from schedkit_local.document import RunDocument
    from schedkit_local.options import LocalOptions


def run(
    document: RunDocument,
    options: LocalOptions,
    folder: Path,
    parameters: Mapping[str, Any],
    *,
    show: bool,
) -> RunResult:
    """
    Run a pipeline to its end.

    Args:
        document: What runs.
        options: How.
        folder: The program's folder, in which processes work.
        parameters: Laid over the document's.
        show: Whether to print progress.

    Raises:
        RunFailedError: The run cannot start.
        SpecError: The pipeline has no parameter of that name.
    """
    culprit = f"Pipeline {document.pipeline!r}"
    for name in parameters:
        if name not in document.parameters:
            reason = "the pipeline has no parameter of that name"
            cure = hint(name, document.parameters)
            raise SpecError(f"{culprit}, parameter {name!r}", reason, cure)
    if not folder.is_dir():
        raise RunFailedError(f"{culprit}, folder {folder}", "is no folder", "name the program's")
    from schedkit_local.progress import Progress  # rich, which the server does without

    secrets, docker = ready(document, options)
    runs = runs_folder(folder / options.runs)
    with turn(runs / f"{document.pipeline}.lock", document.pipeline, document.overlap):
        now = datetime.now(UTC)
        before = oldest(now, document.keep_days)
        if before:
            prune(runs, document.pipeline, before)
        job = Job(
            document=document,
            options=options,
            program=folder,
            folder=new_run(runs, document.pipeline, now),
            started=now,
            scheduled=now,
            parameters={**document.parameters, **parameters},
            secrets=secrets,
            docker=docker,
            progress=Progress(show=show),
        )
        return job.run()


def ready(
    document: RunDocument, options: LocalOptions
) -> tuple[dict[str, dict[str, str]], Docker | None]:
    """
    Return the secrets of each step, and Docker where it is needed.

    Raises:
        RunFailedError: Something that the run needs is not here.
    """
    secrets = _secrets(document)
    docker = connect(options.container) if _wants_docker(document, options) else None
    _check_images(document, docker)
    return secrets, docker


def _secrets(document: RunDocument) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {name: {} for name in document.steps}
    missing = set()
    for name, step in document.steps.items():
        for variable, secret in step.secrets.items():
            source = re.sub(
                r"[^A-Z0-9]", "_", f"SCHEDKIT_SECRET_{secret.name}_{secret.key}".upper()
            )
            if source in os.environ:
                found[name][variable] = os.environ[source]
            else:
                missing.add((secret.name, secret.key, source))
    if missing:
        names = ", ".join(f"{name}/{key}" for name, key, _ in sorted(missing))
        cure = f"set {', '.join(source for _, _, source in sorted(missing))} in the environment"
        raise RunFailedError(f"Pipeline {document.pipeline!r}, secrets {names}", "not found", cure)
    return found


def _wants_docker(document: RunDocument, options: LocalOptions) -> bool:
    images = any(step.image for step in document.steps.values())
    return options.container == "always" or images


def _check_images(document: RunDocument, docker: Docker | None) -> None:
    for name, step in document.steps.items():
        if step.command or (docker and step.image):
            continue
        culprit = f"Pipeline {document.pipeline!r}, Step {name!r}"
        if step.image:
            cure = "start Docker (pip install 'schedkit-local[docker]'), or give the step command="
            raise RunFailedError(
                culprit, "has an image and no command, and no Docker answers", cure
            )
        raise RunFailedError(culprit, "has no command to run", "give it command=")
