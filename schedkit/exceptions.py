"""
Every error that schedkit raises.

SchedkitError
+-- SpecError(ValueError)                     a value that no schedule or pipeline may have
|   +-- CronError                             one cron text is wrong; knows field and column
|   |   +-- CronSyntaxError                   the text is outside the portable grammar
|   |   +-- AmbiguousCronError                the text means two things on two platforms
|   +-- NeverFiresError                       no instant, ever, matches
|   +-- TimeZoneError                         no safe IANA time zone of that name
|   +-- OutputError(TypeError)                a pulumi.Output where a plain value decides the shape
+-- NotExpressibleError(ValueError)           a dialect has no words for a schedule
|   +-- UnknownBehaviourError                 ... or nobody says what the platform makes of it
+-- ConfigError(ValueError)                   stack config under `schedkit:`
+-- UnknownBackendError(LookupError)          no backend of that name is installed
+-- BackendLoadError(ImportError)             a backend is installed and broken
+-- CommandLoadError(ImportError)             a command is installed and broken
+-- MissingExtraError(ImportError)            an extra of schedkit is needed and not installed
+-- OverrideError(LookupError)                `overrides=` names what is not in the plan
+-- PlanError(ValueError)                     a backend returned a plan that contradicts itself
+-- UnsupportedError(NotImplementedError)     what the backend cannot keep, all of it at once
+-- ProgramError(RuntimeError)                a Pulumi program failed while it was previewed
|   +-- ProgramTimeoutError(TimeoutError)     ... or did not end in time
+-- RunFailedError(RuntimeError)              a run on this machine ended without success
+-- StateError(RuntimeError)                  the state file of a server cannot be used
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol


if TYPE_CHECKING:
    from collections.abc import Sequence

    from schedkit.findings import Finding


_SHOWN = 100  # characters of a text that an error repeats
_LINE = 300  # characters of a line of a sentence, which may hold what the user wrote


class SchedkitError(Exception):
    """
    Base of all errors of schedkit.

    Args:
        culprit: What is wrong, as the user wrote it.
        reason: Why it is wrong, without a final stop.
        cure: What to write instead; empty when there is none.
    """

    _whole: ClassVar[bool] = False  # whether no line of the sentence is too long

    def __init__(self, culprit: str, reason: str, cure: str = "") -> None:
        super().__init__(culprit, reason, cure)
        self.culprit = culprit
        self.reason = reason
        self.cure = cure

    def __str__(self) -> str:
        told = (self.culprit, self.reason, self.cure)
        culprit, reason, cure = told if self._whole else map(_cut, told)
        return f"{culprit}: {reason}{'; ' if cure else ''}{cure}"


class SpecError(SchedkitError, ValueError):
    """
    A value that no schedule, step or pipeline may have.
    """


class CronError(SpecError):
    """
    Something is wrong with one cron text.

    Args:
        text: The whole text.
        field: `minute`, `hour`, `day`, `month` or `weekday`; empty for the whole text.
        column: Where in *text* the trouble starts, from 1.
    """

    def __init__(
        self, text: str, reason: str, cure: str = "", *, field: str = "", column: int = 1
    ) -> None:
        shown = f"cron {text!r}" if len(text) <= _SHOWN else f"cron {text[:_SHOWN]!r}..."
        where = f"{shown}, {field} (column {column})" if field else shown
        super().__init__(where, reason, cure)
        self.text = text
        self.field = field
        self.column = column

    def __reduce__(self) -> tuple[object, ...]:
        state = {"field": self.field, "column": self.column}
        return (_rebuild, (type(self), (self.text, self.reason, self.cure), state))


class CronSyntaxError(CronError):
    """
    The text is outside the portable grammar.
    """


class AmbiguousCronError(CronError):
    """
    The text means different things on different platforms: the reason is the question it raises,
    the cure names the argument that answers it.
    """


class NeverFiresError(SpecError):
    """
    No instant, ever, matches the schedule.
    """


class TimeZoneError(SpecError):
    """
    No safe IANA time zone of that name.
    """


class OutputError(SpecError, TypeError):
    """
    A `pulumi.Output` (or another awaitable) where a plain value decides the shape.
    """


class NotExpressibleError(SchedkitError, ValueError):
    """
    A dialect has no words for a schedule.

    Args:
        culprit: The schedule, as the user wrote it.
        reason: Why the dialect cannot say it.
        cure: The nearest schedule that it can say.
        feature: The value of the `schedkit.backend.Feature` that is lacking.
    """

    def __init__(self, culprit: str, reason: str, cure: str = "", *, feature: str) -> None:
        super().__init__(culprit, reason, cure)
        self.feature = feature

    def __reduce__(self) -> tuple[object, ...]:
        arguments = (self.culprit, self.reason, self.cure)
        return (_rebuild, (type(self), arguments, {"feature": self.feature}))


class UnknownBehaviourError(NotExpressibleError):
    """
    The text could be written, but the platform does not document what it makes of it.

    Args:
        fact: The name by which a user who knows better may say so, in `assume=`.
    """

    def __init__(
        self, culprit: str, reason: str, cure: str = "", *, feature: str, fact: str
    ) -> None:
        super().__init__(culprit, reason, cure, feature=feature)
        self.fact = fact

    def __reduce__(self) -> tuple[object, ...]:
        arguments = (self.culprit, self.reason, self.cure)
        state = {"feature": self.feature, "fact": self.fact}
        return (_rebuild, (type(self), arguments, state))


class ConfigError(SchedkitError, ValueError):
    """
    A value or key of the stack config under `schedkit:`.
    """


class UnknownBackendError(SchedkitError, LookupError):
    """
    No backend of that name is installed.
    """


class BackendLoadError(SchedkitError, ImportError):
    """
    A backend is installed and cannot be loaded.
    """


class CommandLoadError(SchedkitError, ImportError):
    """
    A command of another distribution is installed and cannot be loaded.
    """


class MissingExtraError(SchedkitError, ImportError):
    """
    An extra of schedkit, such as `schedkit[pictures]`, is needed and not installed.
    """


class OverrideError(SchedkitError, LookupError):
    """
    `overrides=` names a node or a property that the plan does not have.
    """


class PlanError(SchedkitError, ValueError):
    """
    A backend returned a plan that contradicts itself: a mistake of the backend's author.
    """


class Told(Protocol):
    """
    What can be told in one line, such as a `schedkit.recurrence.nearest.Alternative`.
    """

    @property
    def sentence(self) -> str:
        """
        That line.
        """


class UnsupportedError(SchedkitError, NotImplementedError):
    """
    What the backend cannot keep, all of it at once.

    Args:
        backend: The backend's name.
        findings: Every finding that is refused, under `schedkit:strict` the emulated ones too.
        culprit: The component or the schedule that asked.
        alternatives: Schedules that can be kept instead, the nearest first.
        none: Why there are none, where they were looked for in vain.
    """

    _whole = True

    def __init__(
        self,
        backend: str,
        findings: Sequence[Finding],
        culprit: str = "",
        alternatives: Sequence[Told] = (),
        none: str = "",
    ) -> None:
        lines = "".join(f"\n  - {finding.sentence}" for finding in findings)
        lines += "".join(f"\n  nearest: {other.sentence}" for other in alternatives)
        lines += f"\n  nearest: none, for {none}" if none else ""
        super().__init__(culprit or backend, f"{backend} cannot keep this:{lines}")
        self.backend = backend
        self.findings = tuple(findings)
        self.alternatives = tuple(alternatives)
        self.none = none

    def __reduce__(self) -> tuple[object, ...]:
        arguments = (self.backend, self.findings, self.culprit, self.alternatives, self.none)
        return (_rebuild, (type(self), arguments, {}))


class ProgramError(SchedkitError, RuntimeError):
    """
    A Pulumi program failed while it was previewed.
    """

    _whole = True


class ProgramTimeoutError(ProgramError, TimeoutError):
    """
    A Pulumi program did not end in time.
    """


class RunFailedError(SchedkitError, RuntimeError):
    """
    A run on this machine ended without success.
    """


class StateError(SchedkitError, RuntimeError):
    """
    The file in which a server keeps its runs cannot be used.
    """


def _cut(text: str) -> str:
    """
    Take the middle out of lines that are too long to read.
    """
    half = _LINE // 2
    lines = text.split("\n")
    return "\n".join(
        line if len(line) <= _LINE else f"{line[:half]}...{line[-half:]}" for line in lines
    )


def _rebuild(
    kind: type[SchedkitError], arguments: tuple[object, ...], keywords: dict[str, object]
) -> SchedkitError:
    return kind(*arguments, **keywords)  # type: ignore[arg-type]
