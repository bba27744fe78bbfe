"""
The laws that any backend keeps, ours or a stranger's.
"""

from __future__ import annotations

from typing import Any, ClassVar

from schedkit.testing.carriers import CarrierLaws
from schedkit.testing.plans import PlanLaws
from schedkit.testing.programs import ProgramLaws


class BackendConformance(PlanLaws, ProgramLaws, CarrierLaws):
    """
    Subclass it in a test module, under a name that begins with `Test`, and write `make_backend`.

    Attributes:
        own_laws: Names of laws that the subclass replaces with its own; any other replacement is
            an error, since a law that is gone fails no test.
    """

    own_laws: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name in vars(cls):
            is_law = name.startswith("test_") and hasattr(BackendConformance, name)
            if is_law and name not in cls.own_laws:
                msg = f"{cls.__name__} replaces the law {name}; name it in `own_laws` to mean it"
                raise TypeError(msg)
