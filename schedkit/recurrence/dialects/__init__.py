"""
Schedule languages of the platforms: what each can say, and when it really fires.

One file per language. A dialect *writes* native text from sets, and reads native text back with
a parser and a search of its own, which share nothing with ours: that is what makes a proof worth
its name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import attrs


if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schedkit.recurrence.sets import Calendar
    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Dst, Zone

NOTHING: frozenset[str] = frozenset()


def _pairs(fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    found = fields.items() if isinstance(fields, Mapping) else fields
    return tuple(sorted((str(name), str(value)) for name, value in found))


@attrs.frozen
class Native:
    """
    One schedule in a platform's own words.

    Args:
        text: The expression, as the platform receives it; several lines where one resource of the
            platform takes several expressions and starts one run where they coincide.
        timezone: The time zone beside it, as the platform receives it; empty where the text names
            it, or the platform knows only UTC.
        more: What else the platform receives, by its own names: a `StartDate`, a guard.
    """

    text: str = attrs.field(validator=attrs.validators.instance_of(str))
    timezone: str = attrs.field(default="Etc/UTC", validator=attrs.validators.instance_of(str))
    more: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)

    def __str__(self) -> str:
        zone = f" ({self.timezone})" if self.timezone else ""
        more = "".join(f", {name}={value}" for name, value in self.more)
        return f"{'; '.join(self.text.splitlines())}{zone}{more}"

    def to_dict(self) -> dict[str, object]:
        """
        The native as plain data for JSON.
        """
        return {"text": self.text, "timezone": self.timezone, "more": dict(self.more)}


def course(interval: int, phase: int, start: int, end: int | None) -> tuple[int, int, int | None]:
    """
    Return the interval, the first run from *start* on, and the last one before *end*, or None.

    Args:
        interval: Seconds.
        phase: Any run, before the start or after it.
        start: Unix seconds.
        end: Unix seconds; None is never.
    """
    last = None if end is None else end - 1 - (end - 1 - phase) % interval
    return interval, start + (phase - start) % interval, last


class Reader(ABC):
    """
    What the platform makes of one expression.

    `minutes` and `year_days` say which wall clocks match; `next` is the platform's real search,
    with its defects. An expression that is no set of wall clocks has `minutes = 0`.

    Attributes:
        zone: The zone whose wall clock it reads.
        minutes: Bit set of the minutes of a day, bit 0 = midnight.
        searches: Whether the answer of `next` may depend on more than a fixed set of instants, as
            that of a search with defects does.
        begins: The Unix second of the first instant that may run, or None.
        ends: The Unix second from which on nothing runs, or None.
        pace: Of a steady interval, its seconds and its phase: runs are at the Unix seconds which
            leave that remainder.
        course: Of a steady interval with a beginning, as `course` returns it.
    """

    zone: Zone
    minutes: int
    searches: ClassVar[bool] = True
    begins: int | None = None
    ends: int | None = None
    pace: tuple[int, int] | None = None
    course: tuple[int, int, int | None] | None = None

    @abstractmethod
    def year_days(self, first_weekday: int, leap: bool) -> int:
        """
        Return the days of one kind of year as a bit set: bit 0 = 1 January, *first_weekday* 0 =
        Sunday.
        """

    @abstractmethod
    def next(self, epoch: int) -> int | None:
        """
        Return what the platform answers for the next run after *epoch* (Unix seconds).

        None is "never". A defective search may answer *epoch* itself or something earlier.
        """

    def fires(self, start: int, stop: int) -> Iterator[int]:
        """
        Yield the runs of `start <= t < stop`, each searched from the one before, as a platform's
        clock does.

        Ends where the search no longer advances.
        """
        last, found = start - 1, self.next(start - 1)
        while found is not None and last < found < stop:
            yield found
            last, found = found, self.next(found)


def together(readers: Iterable[Reader], start: int, stop: int) -> Iterator[int]:
    """
    Yield the runs of several readers in `start <= t < stop`, those that coincide once.
    """
    runs = merge(*(reader.fires(start, stop) for reader in readers))
    return (instant for instant, _ in groupby(runs))


class Dialect(ABC):
    """
    One platform's schedule language.

    Attributes:
        name: One word, hyphens allowed.
        url: Where the language is defined.
        dst: What the platform does in gaps and repeated hours; None is unknown.
        token: What makes two natives that run at one instant start one run, such as
            `ClientRequestToken`; empty is nothing.
        unknown: What the platform does not document: a name, for `assume`, and a sentence.
        beside: What else than text and zone it receives, by its own names.
    """

    name: ClassVar[str]
    url: ClassVar[str]
    dst: ClassVar[Dst | None]
    token: ClassVar[str] = ""
    unknown: ClassVar[Mapping[str, str]] = {}
    beside: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def write(self, when: When, assume: frozenset[str] = NOTHING) -> tuple[Native, ...]:
        """
        Return the fewest natives that together mean *when* on every wall clock.

        Gaps and repeated hours are not looked at: `schedkit.recurrence.proof.prove` decides those
        by instants.

        Args:
            when: What shall run.
            assume: Names of `unknown` that the user vouches for.

        Raises:
            NotExpressibleError: The language has no words for it; the cure is the nearest that it
                can say.
            UnknownBehaviourError: It would rest on something unknown that *assume* does not name.
        """

    @abstractmethod
    def readers(self, native: Native) -> tuple[Reader, ...]:
        """
        Return what the platform makes of *native*, a reader for each of its expressions.

        Raises:
            CronSyntaxError: The platform rejects the text.
            TimeZoneError: No such zone.
        """

    @abstractmethod
    def read(self, native: Native) -> When:
        """
        Return what *native* means, in portable words.

        Raises:
            CronSyntaxError: The platform rejects the text.
            TimeZoneError: No such zone.
            NotExpressibleError: There are no portable words for it.
        """

    def native(self, text: str, timezone: str | None, more: Mapping[str, str]) -> Native:
        """
        Return what the platform receives, where only its *text* may be given.
        """
        return Native(text, "Etc/UTC" if timezone is None else timezone, more)

    def policy(self, calendar: Calendar) -> Dst | None:  # noqa: ARG002, some dialects look at it
        """
        Return what the platform does with *calendar* in gaps and repeated hours; None is unknown.
        """
        return self.dst

    def fires(self, native: Native, start: int, stop: int) -> Iterator[int]:
        """
        Yield the runs of *native* in `start <= t < stop` (Unix seconds).
        """
        return together(self.readers(native), start, stop)

    def next(self, native: Native, epoch: int) -> int | None:
        """
        Return the platform's answer for the next run of *native* after *epoch*.
        """
        answers = (reader.next(epoch) for reader in self.readers(native))
        return min((answer for answer in answers if answer is not None), default=None)
