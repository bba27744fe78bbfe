"""
What a deployment changes: the schedules in a stack's state against those of the program.

Pure: the state and the instant are given. https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_export/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from schedkit import registry
from schedkit.exceptions import SchedkitError, SpecError
from schedkit.plan import at
from schedkit.recurrence import Once, Union, When
from schedkit.recurrence.checks import EPOCH, epoch
from schedkit.recurrence.dialects import Native
from schedkit.recurrence.diff import Diff, diff


if TYPE_CHECKING:
    from schedkit.backend import Backend
    from schedkit.plan import Timing

Kind: TypeAlias = Literal["created", "removed", "replaced", "changed", "same"]
Resources: TypeAlias = Iterable[Mapping[str, Any]]

COMPONENT = "schedkit:index:Schedule"
YEAR = timedelta(days=365)
NEVER = Once("1970-01-01T00:00:00Z")  # no run from now on


@attrs.frozen
class Late:
    """
    A past instant that the platform takes for a missed run when it sees the new schedule.

    Attributes:
        run: The instant.
        until: Before then it may still start: it gets too late, or the next one comes.
        avoidable: Whether a deployment after that instant starts nothing.
    """

    run: datetime
    until: datetime
    avoidable: bool

    @property
    def sentence(self) -> str:
        """
        What may happen, and how to avoid it.
        """
        until = self.until.isoformat()
        cure = f"; deploy after {until} to avoid it" if self.avoidable else f", before {until}"
        return (
            f"the run of {self.run.isoformat()} counts as missed and may start after the "
            f"deployment{cure}"
        )


@attrs.frozen(kw_only=True)
class Change:
    """
    What becomes of one schedule.

    Attributes:
        name: The component's name.
        kind: `replaced` is deleted and made anew.
        old: The native texts that are deployed; `paused` where none of them runs.
        new: Those that would be.
        diff: The runs of a year that are lost, added and moved; None where nothing changes, or
            where a deployed text cannot be read.
        late: Past instants that may start once.
        notes: What else there is to know.
    """

    name: str
    kind: Kind
    old: tuple[str, ...]
    new: tuple[str, ...]
    diff: Diff | None = None
    late: tuple[Late, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """
        The whole change for people, a line each.
        """
        texts = " -> ".join(" + ".join(side) or "nothing" for side in (self.old, self.new))
        head = f"Schedule {self.name!r} {'stays the same' if self.kind == 'same' else self.kind}"
        found = [f"{head}: {texts}"] if self.old != self.new else [head]
        found += [self.diff.sentence] if self.diff else []
        return (*found, *(late.sentence for late in self.late), *self.notes)

    def to_dict(self) -> dict[str, object]:
        """
        The change as plain data for JSON.
        """
        return {
            "name": self.name,
            "kind": self.kind,
            "old": list(self.old),
            "new": list(self.new),
            "diff": self.diff.to_dict() if self.diff else None,
            "late": [
                {
                    **attrs.asdict(late),
                    "run": late.run.isoformat(),
                    "until": late.until.isoformat(),
                }
                for late in self.late
            ],
            "notes": list(self.notes),
        }


@attrs.frozen(kw_only=True)
class _Part:
    """
    One native resource of a schedule.
    """

    native: Native
    paused: bool
    late: int
    identity: tuple[object, ...]
    backend: Backend

    @property
    def text(self) -> str:
        paused = ", paused" if self.paused else ""
        return f"{self.native.text} ({self.native.timezone}{paused})"

    @property
    def when(self) -> When:
        if self.backend.dialect is None:
            raise SpecError(self.backend.name, "has no dialect", "give the backend a `dialect`")
        return self.backend.dialect.read(self.native)

    def same(self, other: _Part) -> bool:
        """
        Whether both run at the same times, and late ones as late, without a look at the clock.
        """
        mine, theirs = (attrs.evolve(part, backend=self.backend) for part in (self, other))
        return mine == theirs


_Schedule: TypeAlias = dict[str, _Part]  # by type, and name below the component's


def state_of(document: object) -> Resources:
    """
    The resources in what `pulumi stack export` prints.

    Raises:
        SpecError: It is something else.
    """
    deployment = document.get("deployment") if isinstance(document, Mapping) else None
    if not isinstance(deployment, Mapping):
        cure = "pass what `pulumi stack export` prints"
        raise SpecError("the state", "is no exported stack", cure)
    found = deployment.get("resources") or []
    return [resource for resource in found if not resource.get("delete")]


def changes(
    old: Resources, new: Resources, now: datetime, backends: Iterable[Backend] = ()
) -> tuple[Change, ...]:
    """
    What a deployment at *now* does to each schedule, for a year; by component, new ones last.

    Args:
        old: As `state_of` gives them.
        new: What the program declares: `type`, `urn`, `parent` and `inputs`, as in a state.
        now: Aware.
        backends: Those of the program; others are loaded by name.

    Raises:
        UnknownBackendError: One that made what is deployed is not installed.
    """
    own = {backend.name: backend for backend in backends}
    before = _schedules(old, own, {})
    after = _schedules(new, own, before)
    urns = dict.fromkeys((*before, *after))
    now = now.astimezone(UTC).replace(microsecond=0)
    return tuple(_change(urn, before.get(urn), after.get(urn), now) for urn in urns)


def _schedules(
    resources: Resources, own: Mapping[str, Backend], known: Mapping[str, object]
) -> dict[str, _Schedule]:
    """
    The native resources of every schedule, by the component's URN; by its alias where that is
    the one that is known.
    """
    found: dict[str, _Schedule] = {}
    components: dict[str, tuple[str, Backend]] = {}
    for resource in resources:
        kind, urn, inputs = (resource.get(name) for name in ("type", "urn", "inputs"))
        parent = str(resource.get("parent"))
        if kind == COMPONENT:
            names = [str(urn), *resource.get("aliases", ())]
            home = next((name for name in names if name in known), names[0])
            name = str(at(inputs, ("backend",)))
            components[str(urn)] = home, own.get(name) or registry.load(name)()
            found[home] = {}
        elif parent in components and kind in components[parent][1].timings:
            home, backend = components[parent]
            key = f"{kind}{_name(str(urn)).removeprefix(_name(parent))}"
            found[home][key] = _part(inputs, backend.timings[str(kind)], backend)
    return found


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _part(inputs: object, timing: Timing, backend: Backend) -> _Part:
    late = at(inputs, timing.late) if timing.late else 0
    return _Part(
        native=timing.native(inputs),
        paused=timing.is_paused(inputs),
        late=int(late) if isinstance(late, int | float) else 0,
        identity=tuple(at(inputs, path) for path in timing.identity),
        backend=backend,
    )


def _change(urn: str, before: _Schedule | None, after: _Schedule | None, now: datetime) -> Change:
    old, new = before or {}, after or {}
    change = Change(
        name=_name(urn),
        kind=_kind(before, after),
        old=_texts(old.values()),
        new=_texts(new.values()),
        notes=_notes(old, new),
    )
    if change.kind == "same" or not (old or new):
        return change
    try:
        found = diff(_runs(old.values()), _runs(new.values()), now, now + YEAR)
        late = tuple(_late(old, new, now))
    except SchedkitError as error:
        unread = f"what is deployed cannot be read: {error}"
        return attrs.evolve(change, notes=(*change.notes, unread))
    return attrs.evolve(change, diff=found, late=late)


def _kind(old: _Schedule | None, new: _Schedule | None) -> Kind:
    if not old and not new:  # no resource carries it, as on this machine
        return "created" if old is None else "removed" if new is None else "same"
    if not old:
        return "created"
    if not new:
        return "removed"
    if _backends(old) != _backends(new):
        return "replaced"
    if any(old[key].identity != new[key].identity for key in old.keys() & new.keys()):
        return "replaced"
    same = old.keys() == new.keys() and all(old[key].same(new[key]) for key in old)
    return "same" if same else "changed"


def _texts(parts: Iterable[_Part]) -> tuple[str, ...]:
    return tuple(part.text for part in parts)


def _runs(parts: Iterable[_Part]) -> When:
    found = dict.fromkeys(part.when for part in parts if not part.paused)
    return Union(*found) if len(found) > 1 else next(iter(found), NEVER)


def _late(old: _Schedule, new: _Schedule, now: datetime) -> Iterable[Late]:
    """
    What an updated resource may still start: its latest instant, when that is later than all that
    the old one may have started. One made anew looks back to its creation only.
    """
    for key in new.keys() & old.keys():
        before, after = old[key], new[key]
        if after.paused or not after.late or before.identity != after.identity:
            continue
        stop = epoch(now) + 1
        window = stop - after.late - 1, stop
        latest = max(after.when.epochs(*window), default=None)
        started = () if before.paused else before.when.epochs(*window)
        if latest is not None and latest > max(started, default=-1):
            end = latest + after.late
            later = next(iter(after.when.epochs(stop, end + 1)), None)
            until = end if later is None else later
            run, before_then = (EPOCH + timedelta(seconds=each) for each in (latest, until))
            yield Late(run, before_then, avoidable=later is None)


def _notes(old: _Schedule, new: _Schedule) -> tuple[str, ...]:
    gone = [
        part.backend.removal
        for key, part in old.items()
        if key not in new or new[key].identity != part.identity
    ]
    return tuple(dict.fromkeys(filter(None, (*gone, _move(old, new)))))


def _backends(schedule: _Schedule) -> str:
    return ", ".join(dict.fromkeys(part.backend.name for part in schedule.values()))


def _move(old: _Schedule, new: _Schedule) -> str:
    """
    What a switch of platforms does to a run that is due meanwhile.
    """
    before, after = _backends(old), _backends(new)
    if not before or not after or before == after:
        return ""
    return (
        f"it moves from {before} to {after}: Pulumi makes the new one before it deletes the old "
        "one, so what is due during the deployment runs on both; paused before, it runs on neither"
    )
