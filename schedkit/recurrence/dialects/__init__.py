"""
Schedule languages of the platforms: what each can say, and when it really fires.

One file per language. A dialect *writes* native text from sets, and *reads* native text back with
a parser and a search of its own, which share nothing with ours: that is what makes a proof worth
its name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import attrs


if TYPE_CHECKING:
    from collections.abc import Iterator

    from schedkit.recurrence.when import When
    from schedkit.recurrence.zones import Dst, Zone


@attrs.frozen
class Native:
    """
    One schedule in a platform's own words.

    Args:
        text: The expression, as the platform receives it.
        timezone: The time zone beside it, as the platform receives it.
    """

    text: str = attrs.field(validator=attrs.validators.instance_of(str))
    timezone: str = attrs.field(default="Etc/UTC", validator=attrs.validators.instance_of(str))

    def __str__(self) -> str:
        return f"{self.text} ({self.timezone})"


class Reader(ABC):
    """
    What the platform makes of one `Native`.

    `minutes` and `year_days` say which wall clocks match; `next` is the platform's real search,
    with its defects. A native that is no set of wall clocks has `minutes = 0`.

    Attributes:
        zone: The zone whose wall clock it reads.
        minutes: Bit set of the minutes of a day, bit 0 = midnight.
    """

    zone: Zone
    minutes: int

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


class Dialect(ABC):
    """
    One platform's schedule language.

    Attributes:
        name: One word.
        url: Where the language is defined.
        dst: What the platform does in gaps and repeated hours; None is unknown.
    """

    name: ClassVar[str]
    url: ClassVar[str]
    dst: ClassVar[Dst | None]

    @abstractmethod
    def write(self, when: When) -> tuple[Native, ...]:
        """
        Return the fewest natives that together mean *when* on every wall clock.

        Gaps and repeated hours are not looked at: `schedkit.recurrence.proof.prove` decides those
        by instants.

        Raises:
            NotExpressibleError: The language has no words for it; the cure is the nearest that it
                can say.
        """

    @abstractmethod
    def read(self, native: Native) -> Reader:
        """
        Return what the platform makes of *native*.

        Raises:
            CronSyntaxError: The platform rejects the text.
            TimeZoneError: No such zone.
        """

    def fires(self, native: Native, start: int, stop: int) -> Iterator[int]:
        """
        Yield the runs of *native* in `start <= t < stop` (Unix seconds).
        """
        return self.read(native).fires(start, stop)

    def next(self, native: Native, epoch: int) -> int | None:
        """
        Return the platform's answer for the next run of *native* after *epoch*.
        """
        return self.read(native).next(epoch)
