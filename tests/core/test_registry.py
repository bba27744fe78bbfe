"""
The backends that are installed, found through entry points.
"""

from __future__ import annotations

import sys
from importlib import metadata
from types import ModuleType, SimpleNamespace

import pytest

from schedkit import Backend, registry
from schedkit.exceptions import BackendLoadError, UnknownBackendError


class Toy(Backend):
    name = "toy"
    options = object


class Nameless(Backend):
    options = object


def entry(name: str, value: str, distribution: str | None = None) -> metadata.EntryPoint:
    """
    An entry point, of a distribution or of none.
    """
    made = metadata.EntryPoint(name, value, registry.GROUP)
    dist = SimpleNamespace(name=distribution) if distribution else None
    vars(made)["dist"] = dist
    return made


@pytest.fixture
def install(monkeypatch):
    """
    Make these entry points the ones that are installed; `toyland` holds the classes.
    """
    module = ModuleType("toyland")
    module.Toy, module.Nameless, module.thing = Toy, Nameless, 5
    monkeypatch.setitem(sys.modules, "toyland", module)

    def clear() -> None:
        registry.installed.cache_clear()
        registry.load.cache_clear()

    def put(*entries: metadata.EntryPoint) -> None:
        def found(*, group: str) -> tuple[metadata.EntryPoint, ...]:
            assert "schedkit.backends" == group
            return entries

        monkeypatch.setattr(registry, "entry_points", found)
        clear()

    clear()
    yield put
    clear()


def test_listing_loads_nothing(install) -> None:
    """
    A list is sorted by name, and knows backends that cannot even be imported.
    """
    install(entry("toy", "nowhere:Toy"), entry("best", "nowhere:Best"))
    assert ["best", "toy"] == list(registry.installed())
    assert "nowhere" not in sys.modules


def test_load(install) -> None:
    """
    A backend is loaded by its name, once.
    """
    install(entry("toy", "toyland:Toy", "schedkit-toy"))
    assert Toy is registry.load("toy")
    assert registry.load("toy") is registry.load("toy")
    assert 1 == registry.load.cache_info().misses


def test_real_ones() -> None:
    """
    The backends of this repository are found and load.
    """
    assert {"kubernetes", "local"} <= set(registry.installed())
    assert "local" == registry.load("local").name


def test_one_name_twice(install) -> None:
    """
    Two distributions of one name are refused, whichever comes first.
    """
    install(entry("toy", "toyland:Toy", "schedkit-toy"), entry("toy", "other:Toy", "rival"))
    with pytest.raises(BackendLoadError) as caught:
        registry.installed()
    error = caught.value
    assert "backend 'toy'" == error.culprit
    assert "is claimed by schedkit-toy and by rival" == error.reason
    assert "uninstall one of them" == error.cure
    assert isinstance(error, ImportError)


def test_one_distribution_seen_twice(install) -> None:
    """
    A distribution that is on the path twice, as editable ones may be, is one.
    """
    install(entry("toy", "toyland:Toy", "schedkit-toy"), entry("toy", "toyland:Toy"))
    assert ["toy"] == list(registry.installed())


@pytest.mark.parametrize(
    ("name", "cure"),
    [("tyo", "did you mean 'toy'?"), ("nomad", "try: pip install schedkit-nomad")],
)
def test_unknown(install, name: str, cure: str) -> None:
    """
    A typo gets a hint, any other name the way to install it.
    """
    install(entry("toy", "toyland:Toy"), entry("best", "toyland:Best"))
    with pytest.raises(UnknownBackendError) as caught:
        registry.load(name)
    expected = f"backend {name!r}: is not installed (installed: best, toy); {cure}"
    assert expected == str(caught.value)
    assert isinstance(caught.value, LookupError)


def test_none_installed(install) -> None:
    """
    With no backend at all the sentence says so.
    """
    install()
    with pytest.raises(UnknownBackendError, match=r"is not installed \(installed: none\)"):
        registry.load("toy")


def test_broken_import(install) -> None:
    """
    A backend that cannot be imported is named with its distribution and the cause.
    """
    install(entry("toy", "toy_missing.backend:Toy", "schedkit-toy"))
    with pytest.raises(BackendLoadError) as caught:
        registry.load("toy")
    error = caught.value
    assert "backend 'toy' of schedkit-toy" == error.culprit
    reason = "cannot be loaded: ModuleNotFoundError: No module named 'toy_missing'"
    assert reason == error.reason
    assert "reinstall schedkit-toy" == error.cure
    assert isinstance(error.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("name", "value"),
    [("toy", "toyland:thing"), ("toy", "toyland:Nameless"), ("play", "toyland:Toy")],
)
def test_wrong_class(install, name: str, value: str) -> None:
    """
    What is no Backend, has no name or another one, is its author's mistake.
    """
    install(entry(name, value))
    with pytest.raises(BackendLoadError) as caught:
        registry.load(name)
    error = caught.value
    assert f"backend {name!r} of {value}" == error.culprit
    assert f"{value} is no schedkit.Backend of that name" == error.reason
    assert f"tell the author of {value}" == error.cure
