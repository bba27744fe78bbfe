"""
Fills the marked places of the pages with what the code itself says.
"""

from __future__ import annotations

import click

from schedkit import config, registry
from schedkit.backend import Backend, Target
from schedkit.cli import main
from schedkit.findings import Feature, Finding
from schedkit.planning import plan_for
from schedkit.testing.examples import EXAMPLES


OPTIONS = {"aws": {"registries": {"ghcr.io": "ghcr"}}}  # where ECR has the examples' image
KINDS = (Feature.PIPELINE, Feature.SCHEDULE)  # whoever refuses one refuses all of its kind


def on_page_markdown(markdown: str, **_: object) -> str:
    """
    Called by mkdocs for every page.
    """
    for marker, make in (("<!-- support -->", support), ("<!-- commands -->", commands)):
        if marker in markdown:
            markdown = markdown.replace(marker, make())
    return markdown


def commands() -> str:
    """
    What `--help` says, command by command.
    """
    lines = []
    names = main.list_commands(click.Context(main))
    for name in [*main.commands, *(name for name in names if name not in main.commands)]:
        command = main.get_command(click.Context(main), name)
        context = click.Context(command, info_name=f"schedkit {name}", max_content_width=90)
        lines += [f"## `schedkit {name}`", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines)


def support() -> str:
    """
    One table of verdicts, then for each backend the reasons of all that is not exact.
    """
    kinds = {name: registry.load(name) for name in registry.installed()}
    backends = {
        name: kind(config.options(kind, OPTIONS.get(name, {}))) for name, kind in kinds.items()
    }
    answers = {
        name: {feature: answer(backend, feature) for feature in Feature}
        for name, backend in backends.items()
    }
    lines = [f"| feature | {' | '.join(backends)} |", f"|---|{'---|' * len(backends)}"]
    for feature in Feature:
        verdicts = [found[feature].verdict for found in answers.values()]
        lines.append(f"| `{feature}` | {' | '.join(verdicts)} |")
    for name, found in answers.items():
        lines += ["", f"## {name}", ""]
        inexact = [one.sentence for one in found.values() if one.verdict != "exact"]
        lines += [f"- {sentence}" for sentence in dict.fromkeys(inexact)]
    return "\n".join(lines)


def answer(backend: Backend, feature: Feature) -> Finding:
    """
    What a backend does with a feature; one that its plan carries without a word is exact.
    """
    plan = plan_for(backend, EXAMPLES[feature].spec, Target())
    for finding in plan.findings:
        if finding.verdict == "refused" and finding.feature in KINDS:
            return finding
    order = ("refused", "emulated", "exact")
    said = [finding for finding in plan.findings if finding.feature == feature]
    carried = Finding(feature, "exact", "carried by the plan")
    return min([*said, carried], key=lambda finding: order.index(finding.verdict))
