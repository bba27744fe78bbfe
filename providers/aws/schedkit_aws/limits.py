"""
What SageMaker takes, said of plain values when a plan is made and of Outputs at deploy, in the
same words.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from schedkit.exceptions import SpecError
from schedkit.findings import Feature, Finding, refused
from schedkit.inputs import is_live
from schedkit.pipeline import Parameter, fill
from schedkit.plan import Apply


if TYPE_CHECKING:
    from schedkit.pipeline import Filling, PipelineSpec, Step, Value

URL = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html"
START_URL = (
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html"
)
MOST_WORDS, MOST_VARIABLES, MOST_INPUTS, MOST_PARAMETERS = 100, 100, 10, 200
LONGEST_RUN = 777_600
"""Seconds of a Processing job: 9 days."""

KEYWORD = "<aws.scheduler."


@attrs.frozen
class Length:
    """
    A rule on one text: how long it may be.

    Attributes:
        culprit: What is measured, as a sentence begins.
        least, most: Characters.
    """

    culprit: str
    most: int
    least: int = 0

    def fault(self, text: str) -> str:
        """
        What is wrong, or nothing.
        """
        if not self.least <= len(text) <= self.most:
            return (
                f"{self.culprit} has {len(text)} characters, and {self.least} to {self.most} fit"
            )
        if self.least and KEYWORD in text:
            return f"{self.culprit} holds {KEYWORD}, which EventBridge Scheduler replaces"
        return ""

    def cure(self, text: str) -> str:
        """
        What to do about it.
        """
        if len(text) > self.most:
            return "put it into a file of the image, or into S3"
        return "write another text, such as 'none'"

    def __call__(self, value: object) -> object:
        """
        The value, unless it is wrong.

        Raises:
            SpecError: It is.
        """
        if fault := self.fault(str(value)):
            reason = fault.removeprefix(f"{self.culprit} ")
            raise SpecError(self.culprit, reason, self.cure(str(value)))
        return value


def word(step: str) -> Length:
    """
    The rule for one argument of a step.
    """
    return Length(f"an argument of step {step!r}", 256)


def variable(step: str, name: str) -> Length:
    """
    The rule for the value of a variable.
    """
    return Length(f"variable {name} of step {step!r}", 256)


def parameter(name: str) -> Length:
    """
    The rule for a parameter's value, which also becomes a variable of each step.
    """
    return Length(f"parameter {name!r}", 256, 1)


def held(value: object, rule: Length) -> object:
    """
    The value; an Output is measured when it is known.
    """
    return Apply(rule, (value,)) if is_live(value) else value


def findings(spec: PipelineSpec) -> Iterator[Finding]:
    """
    Refuse what is too long or too much.
    """
    for step in spec.steps:
        words = [*(step.command or ()), *step.args]
        feature = Feature.ARGS if step.args else Feature.COMMAND
        yield from _too_long(feature, words, word(step.name))
        if len(words) > MOST_WORDS:
            reason = f"step {step.name!r} has {len(words)} arguments, and {MOST_WORDS} fit"
            yield refused(feature, reason, "put them into a file of the image", URL)
        for name, value in step.env.items():
            yield from _too_long(Feature.ENV, [value], variable(step.name, name))
        for name, secret in step.secrets.items():
            rule = variable(step.name, f"SCHEDKIT_SECRET_{name}")
            yield from _too_long(Feature.SECRETS, [f"{secret.name}/{secret.key}"], rule)
        yield from _counts(step, spec)
    yield from parameter_findings(spec.parameters, Feature.PARAMETERS)
    if len(spec.parameters) > MOST_PARAMETERS - 2:
        reason = f"there are {len(spec.parameters)}, and 198 fit beside schedkit's own"
        yield refused(Feature.PARAMETERS, reason, "put them into a file in S3", START_URL)


def parameter_findings(parameters: Mapping[str, Value], feature: Feature) -> Iterator[Finding]:
    """
    Refuse what is no value of a pipeline's parameter.
    """
    for name, value in parameters.items():
        yield from _too_long(feature, [value], parameter(name), START_URL)


def _too_long(
    feature: Feature, values: Iterable[Filling], rule: Length, url: str = URL
) -> Iterator[Finding]:
    for value in values:
        if not isinstance(value, Parameter) and not is_live(value):
            text = str(fill(value, {}))
            if fault := rule.fault(text):
                yield refused(feature, fault, rule.cure(text), url)


def _counts(step: Step, spec: PipelineSpec) -> Iterator[Finding]:
    own = 7 + len(spec.parameters) + len(step.secrets)
    if len(step.env) + own > MOST_VARIABLES:
        reason = (
            f"step {step.name!r} has {len(step.env)} variables beside {own} of schedkit's, "
            f"and {MOST_VARIABLES} fit"
        )
        yield refused(Feature.ENV, reason, "put them into a file in S3", URL)
    for name in step.env:
        if len(name) > 256:
            reason = f"the name of variable {name[:20]}... has {len(name)} characters"
            yield refused(Feature.ENV, reason, "at most 256 fit", URL)
    if len(step.needs) > MOST_INPUTS:
        reason = f"step {step.name!r} needs {len(step.needs)} steps, and {MOST_INPUTS} inputs fit"
        yield refused(Feature.GRAPH, reason, "let a step between them gather the files", URL)
