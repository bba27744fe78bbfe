"""
One schedule in another platform's words, with the proof; and back.

Knows no backend and needs no Pulumi: it is useful to whoever moves a schedule from one platform to
another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import UnionType
from typing import TYPE_CHECKING, cast

import attrs

from schedkit.exceptions import (
    NotExpressibleError,
    SpecError,
    TimeZoneError,
    UnknownBehaviourError,
    UnsupportedError,
)
from schedkit.findings import Feature, Finding, emulated, exact, refused
from schedkit.judging import judged
from schedkit.recurrence.base import When
from schedkit.recurrence.checks import hint, plain
from schedkit.recurrence.compare import bounds, policy_instants
from schedkit.recurrence.compare import horizon as proof_horizon
from schedkit.recurrence.dialects import Dialect, Native
from schedkit.recurrence.dialects.fields import parts
from schedkit.recurrence.proof import prove
from schedkit.recurrence.when import Every, Once, Union, Window
from schedkit.recurrence.zones import POINTWISE


if TYPE_CHECKING:
    from schedkit.recurrence import Calendar
    from schedkit.recurrence.nearest import Nearest
    from schedkit.recurrence.proof import Proof

_DIALECTS: Mapping[str, str] = {
    "adf": "adf:ADF",
    "argo": "argo:ARGO",
    "cloud-scheduler": "cloud_scheduler:CLOUD_SCHEDULER",
    "container-apps": "container_apps:CONTAINER_APPS",
    "eventbridge": "eventbridge:EVENTBRIDGE",
    "eventbridge-rules": "eventbridge_rules:EVENTBRIDGE_RULES",
    "github-actions": "github_actions:GITHUB_ACTIONS",
    "pingsource": "pingsource:PINGSOURCE",
    "quartz": "quartz:QUARTZ",
    "robfig": "robfig:ROBFIG",
    "systemd": "systemd:SYSTEMD",
    "vertex": "vertex:VERTEX",
}


_SPLIT = (Feature.CRON, Feature.EVERY)  # what is told of several natives, once


def dialects() -> tuple[str, ...]:
    """
    The names of all schedule languages.
    """
    return tuple(_DIALECTS)


def dialect(name: str) -> Dialect:
    """
    The schedule language of that name.

    Raises:
        SpecError: There is none.
    """
    plain(name, "dialect")
    if name not in _DIALECTS:
        cure = hint(str(name), _DIALECTS) or f"known: {', '.join(_DIALECTS)}"
        raise SpecError(f"dialect {name!r}", "is none that schedkit knows", cure)
    module, _, constant = _DIALECTS[name].partition(":")
    found = getattr(import_module(f"schedkit.recurrence.dialects.{module}"), constant)
    return cast("Dialect", found)


@attrs.frozen(kw_only=True)
class Translation:
    """
    What became of a schedule in one platform's words.

    Attributes:
        dialect: The language's name.
        when: What was asked for.
        natives: The fewest native schedules that together mean it; none where it is refused.
        proof: What comparing them showed; None where nothing could be written.
        findings: What is exact, what is emulated and what is refused, each with its reason.
        assumed: Undocumented facts that the user vouched for and the natives rest on.
    """

    dialect: str
    when: When
    natives: tuple[Native, ...]
    proof: Proof | None
    findings: tuple[Finding, ...]
    assumed: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """
        Whether nothing is refused.
        """
        return all(finding.verdict != "refused" for finding in self.findings)

    @property
    def sentence(self) -> str:
        """
        The proof or the refusal in one line, for people.
        """
        bad = [finding.reason for finding in self.findings if finding.verdict == "refused"]
        if bad or self.proof is None:
            return f"refused: {'; '.join(bad)}"
        parts = (self.proof.sentence, self.proof.coincidence)
        assumed = f"assuming {', '.join(self.assumed)}" if self.assumed else ""
        return "; ".join(filter(None, (*parts, assumed)))

    def to_dict(self) -> dict[str, object]:
        """
        The translation as plain data for JSON.
        """
        return {
            "dialect": self.dialect,
            "holds": self.holds,
            "sentence": self.sentence,
            "natives": [native.to_dict() for native in self.natives],
            "proof": self.proof.to_dict() if self.proof else None,
            "findings": [finding.to_dict() for finding in self.findings],
            "assumed": list(self.assumed),
        }


def translate(when: When, to: str, *, assume: Iterable[str] = ()) -> Translation:
    """
    Write *when* in the language named *to*, read it back, and prove both equal.

    Args:
        when: Any schedule.
        to: One of `dialects()`.
        assume: Undocumented facts of the platform that you vouch for, by the names that a refusal
            gives them.

    Raises:
        UnsupportedError: It cannot be kept; `findings` say why, `alternatives` what would work.
        SpecError: No such dialect, no schedule, or no such fact.
    """
    found = attempt(when, to, assume=assume)
    if found.holds:
        return found
    bad = [finding for finding in found.findings if finding.verdict == "refused"]
    near = nearest(found, assume=assume)
    raise UnsupportedError(to, bad, f"schedule for {to}", near.alternatives, near.reason)


def attempt(when: When, to: str, *, assume: Iterable[str] = ()) -> Translation:
    """
    `translate`, which returns what it refuses too: with its findings, and without natives.

    Raises:
        SpecError: No such dialect, no schedule, or no such fact.
    """
    plain(when, "translate, when")
    if not isinstance(when, When):
        cure = "pass Cron, Calendar, Every, Once, Union or Window"
        raise SpecError("translate, when", f"{when!r} is no schedule", cure)
    language, used = dialect(to), set[str]()
    allowed = _facts(language, assume)
    while True:
        try:
            natives = language.write(when, frozenset(used))
            break
        except UnknownBehaviourError as error:
            if error.fact in used or error.fact not in allowed:
                opt_in = f"or say assume={{{error.fact!r}}} if you know better"
                cure = "; ".join(filter(None, (error.cure, opt_in)))
                return _refused(when, language, error, cure)
            used.add(error.fact)
        except (NotExpressibleError, TimeZoneError) as error:
            return _refused(when, language, error, error.cure)
    proof = prove(when, natives, language)
    found = (*_asked(when, len(natives)), *judged(when, proof))
    worse = {finding.feature for finding in found if finding.verdict != "exact"}
    findings = tuple(f for f in found if f.verdict != "exact" or f.feature not in worse)
    return Translation(
        dialect=to,
        when=when,
        natives=natives,
        proof=proof,
        findings=findings,
        assumed=tuple(sorted(used)),
    )


def nearest(found: Translation, *, assume: Iterable[str] = ()) -> Nearest:
    """
    The schedules nearest to one that was refused which the language can keep.
    """
    from schedkit.recurrence.nearest import search

    stated = any(calendar.dst for calendar in found.when.calendars())

    def natives_of(other: When) -> tuple[Native, ...]:
        near = attempt(other, found.dialect, assume=assume)
        departs = stated and near.proof is not None and near.proof.departures
        return near.natives if near.holds and not departs else ()

    return search(found.when, natives_of)


def read(
    source: str,
    text: str | Native,
    *,
    timezone: str | None = None,
    more: Mapping[str, str] | None = None,
) -> When:
    """
    What a platform's own text means, in portable words.

    Where the platform's way with gaps and repeated hours is known, differs from the pointwise
    reading and matters, the schedule states it as its `dst` policy.

    Args:
        source: One of `dialects()`.
        text: As the platform receives it, or a whole `Native`.
        timezone: The time zone beside it; the platform's default when left out.
        more: What else the platform receives, by its own names.

    Raises:
        CronSyntaxError: The platform rejects the text.
        TimeZoneError: No such zone.
        NotExpressibleError: There are no portable words for it.
        UnsupportedError: The platform does not run when its text says, as its own defects go.
        SpecError: No such dialect.
    """
    language = dialect(source)
    _check("text", text, str | Native, "text", "pass the platform's own text")
    _check("timezone", timezone, str | None, "name of a zone", "write it as the platform has it")
    _check("more", more, Mapping | None, "mapping", "write {'StartDate': '2026-01-01T00:00:00Z'}")
    native = text if isinstance(text, Native) else language.native(text, timezone, more or {})
    for name, _ in native.more:
        if name not in language.beside:
            known = f"known: {', '.join(language.beside)}" if language.beside else "leave it out"
            reason = f"{source} receives nothing of that name"
            raise SpecError(f"read, more {name!r}", reason, hint(name, language.beside) or known)
    when = _stating(language.read(native), language)
    bad = [f for f in judged(when, prove(when, [native], language)) if f.verdict == "refused"]
    if bad:
        raise UnsupportedError(source, bad, f"{source} {native.text!r}")
    return when


def _check(name: str, value: object, kind: type | UnionType, noun: str, cure: str) -> None:
    plain(value, f"read, {name}")
    if not isinstance(value, kind):
        raise SpecError(f"read, {name}", f"{value!r} is no {noun}", cure)


def _stating(when: When, language: Dialect) -> When:
    """
    The schedule with the platform's DST policy in words, where it is known and matters.
    """
    inside, start, end = bounds(when)
    found: list[When] = []
    for part in parts(inside):
        for calendar in map(_plain_utc, part.calendars()):
            policy = language.policy(calendar)
            meant = attrs.evolve(calendar, dst=policy)
            matters = policy not in {None, POINTWISE} and any(
                policy_instants([meant], language, *proof_horizon(), stated=False)
            )
            found.append(meant if matters else calendar)
        found += () if part.calendars() else (part,)
    whole = found[0] if len(found) == 1 else Union(*found)
    return whole if when is inside else Window(whole, start, end)


def _plain_utc(calendar: Calendar) -> Calendar:
    utc = calendar.timezone == "Etc/UTC"
    return attrs.evolve(calendar, timezone="UTC") if utc else calendar


def _facts(language: Dialect, assume: Iterable[str]) -> frozenset[str]:
    plain(assume, "translate, assume")
    given = [assume] if isinstance(assume, str) or not isinstance(assume, Iterable) else [*assume]
    for fact in given:
        cure = "write DIALECT.FACT, as the refusal does"
        if not isinstance(fact, str):
            raise SpecError("translate, assume", f"{fact!r} is no name of a fact", cure)
        owner = fact.partition(".")[0]
        if owner == language.name and fact not in language.unknown:
            known = f"known: {', '.join(language.unknown)}" if language.unknown else "leave it out"
            cure = hint(fact, language.unknown) or known
            raise SpecError(f"assume {fact!r}", f"{language.name} has no such unknown fact", cure)
        if owner not in _DIALECTS:
            raise SpecError(f"assume {fact!r}", "names no dialect", hint(owner, _DIALECTS) or cure)
    return frozenset(given)


def _refused(
    when: When, language: Dialect, error: NotExpressibleError | TimeZoneError, cure: str
) -> Translation:
    feature = Feature(getattr(error, "feature", Feature.TIMEZONE))
    reason = f"{error.culprit}: {error.reason}"
    findings = (refused(feature, reason, cure, language.url),)
    return Translation(dialect=language.name, when=when, natives=(), proof=None, findings=findings)


def _asked(when: When, count: int) -> Iterable[Finding]:
    """
    A finding for what the schedule asks for; the proof judges the instants.
    """
    inside, start, end = bounds(when)
    members = parts(inside)
    calendars = inside.calendars()
    rules = {calendar.day_rule for calendar in calendars}
    asks = {
        Feature.CRON: bool(calendars),
        Feature.EVERY: any(isinstance(member, Every) for member in members),
        Feature.ONCE: any(isinstance(member, Once) for member in members),
        Feature.UNION: len(members) > 1,
        Feature.DAY_UNION: "any" in rules,
        Feature.DAY_INTERSECTION: "all" in rules,
        Feature.TIMEZONE: inside.timezone != "UTC",
        Feature.START: start is not None,
        Feature.END: end is not None,
    }
    together = f"{count} native schedules together"
    for feature, asked in asks.items():
        if asked and count > 1 and feature in _SPLIT:
            yield emulated(feature, f"by {together}, each with a state of its own")
        elif asked:
            yield exact(feature, f"by {together if count > 1 else 'one native schedule'}")
