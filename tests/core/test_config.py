"""
Stack config under `schedkit:`, as typed values.
"""

from __future__ import annotations

import attrs
import pytest

from schedkit import Backend, config
from schedkit.exceptions import BackendLoadError, ConfigError, SpecError


@attrs.frozen
class Inner:
    key: str
    max_count: int = 1


def _even(_: object, field: attrs.Attribute[int], value: int) -> None:
    if value % 2:
        raise SpecError(f"Options, {field.name}={value}", "is odd", "write an even number")


@attrs.frozen
class Options:
    name: str = "n"
    run_as_user: int | None = None
    share: float = 0.5
    is_open: bool = False
    even: int = attrs.field(default=0, validator=_even)
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    words: tuple[str, ...] = ()
    by_name: dict[str, Inner] = attrs.field(factory=dict)


class Toy(Backend):
    name = "toy"
    options = Options


def refusal(values: dict[str, object]) -> ConfigError:
    """
    The error of these options.
    """
    with pytest.raises(ConfigError) as caught:
        config.options(Toy, values)
    return caught.value


def test_nothing_set() -> None:
    """
    Without a key of ours there is no backend, no strictness and no option.
    """
    assert config.Settings("", False, {}) == config.read({"aws:region": "x"}, {"toy": None})


def test_every_key() -> None:
    """
    `backend`, `strict` and one key per backend; an object comes as one, or as its JSON text.
    """
    raw = {
        "schedkit:backend": "toy",
        "schedkit:strict": "true",
        "schedkit:toy": '{"name": "x"}',
        "schedkit:other": {"a": 1},
        "shop:backend": "not ours",
    }
    expected = config.Settings("toy", True, {"toy": {"name": "x"}, "other": {"a": 1}})
    assert expected == config.read(raw, {"toy": None, "other": None, "third": None})


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("True", True), (True, True), ("false", False), (False, False)],
)
def test_strict(value: object, expected: bool) -> None:
    """
    Truth comes as YAML's, or as text in any case.
    """
    assert expected == config.read({"schedkit:strict": value}, {}).strict


@pytest.mark.parametrize("value", [{"namespace": "ml"}, '{"namespace":"ml"}'])
def test_options_of_a_backend_that_is_not_installed(value: object) -> None:
    """
    A project may hold options of several backends; a name that resembles a known one is a typo.
    """
    raw = {"schedkit:backend": "toy", "schedkit:nomad": value}
    assert {} == config.read(raw, {"toy": None}).options
    with pytest.raises(ConfigError) as caught:
        config.read({"schedkit:toys": value}, {"toy": None})
    error = caught.value
    assert "config schedkit:toys" == error.culprit
    assert ("is no key of schedkit", "did you mean 'toy'?") == (error.reason, error.cure)


@pytest.mark.parametrize(
    ("key", "value", "culprit", "reason", "cure"),
    [
        (
            "backnd",
            "x",
            "config schedkit:backnd",
            "is no key of schedkit",
            "did you mean 'backend'?",
        ),
        (
            "zzz",
            "x",
            "config schedkit:zzz",
            "is no key of schedkit",
            "known: backend, strict, toy",
        ),
        (
            "strict",
            "on",
            "config schedkit:strict='on'",
            "is neither true nor false",
            "write true or false",
        ),
        (
            "toy",
            "x",
            "config schedkit:toy='x'",
            "is no object",
            "write schedkit:toy: {key: value}",
        ),
        (
            "toy",
            "[1]",
            "config schedkit:toy=[1]",
            "is no object",
            "write schedkit:toy: {key: value}",
        ),
        (
            "toy",
            None,
            "config schedkit:toy=None",
            "is no object",
            "write schedkit:toy: {key: value}",
        ),
    ],
)
def test_refused_keys(key: str, value: object, culprit: str, reason: str, cure: str) -> None:
    """
    A key that is none of ours, and a value of the wrong kind.
    """
    with pytest.raises(ConfigError) as caught:
        config.read({f"schedkit:{key}": value}, {"toy": None})
    error = caught.value
    assert (culprit, reason, cure) == (error.culprit, error.reason, error.cure)
    assert f"{culprit}: {reason}; {cure}" == str(error)
    assert isinstance(error, ValueError)


def test_options_of_every_kind() -> None:
    """
    Keys are camelCase at every depth; null is None, and a whole number is a share too.
    """
    found = config.options(
        Toy,
        {
            "name": "x",
            "runAsUser": None,
            "share": 1,
            "isOpen": True,
            "even": 2,
            "inner": {"key": "a", "maxCount": 3},
            "many": [{"key": "b"}],
            "words": ["c", "d"],
            "byName": {"runAs": {"key": "e"}},
        },
    )
    expected = Options(
        name="x",
        share=1,
        is_open=True,
        even=2,
        inner=Inner("a", 3),
        many=(Inner("b"),),
        words=("c", "d"),
        by_name={"runAs": Inner("e")},
    )
    assert expected == found


def test_no_options() -> None:
    """
    An empty object is all defaults.
    """
    assert Options() == config.options(Toy, {})


@pytest.mark.parametrize(
    ("values", "culprit", "reason"),
    [
        ({"name": 1}, ".name", "1 is int, not str; quote it in YAML"),
        ({"name": None}, ".name", "None is NoneType, not str; quote it in YAML"),
        ({"runAsUser": "5"}, ".runAsUser", "'5' is str, not int"),
        ({"runAsUser": True}, ".runAsUser", "True is bool, not int"),
        ({"runAsUser": 1.5}, ".runAsUser", "1.5 is float, not int"),
        ({"share": True}, ".share", "True is bool, not float"),
        ({"share": "1"}, ".share", "'1' is str, not float"),
        ({"isOpen": "true"}, ".isOpen", "'true' is str, not bool"),
        ({"isOpen": 1}, ".isOpen", "1 is int, not bool"),
        ({"words": ["a", 2]}, ".words[1]", "2 is int, not str; quote it in YAML"),
        ({"inner": {"key": 1}}, ".inner.key", "1 is int, not str; quote it in YAML"),
        ({"inner": "x"}, ".inner", "'x' is no object"),
        ({"many": ["x"]}, ".many[0]", "'x' is no object"),
        ({"many": [{"key": "a", "maxCount": "2"}]}, ".many[0].maxCount", "'2' is str, not int"),
        ({"byName": {"k": {"key": 1}}}, ".byName['k'].key", "1 is int, not str; quote it in YAML"),
    ],
)
def test_kinds(values: dict[str, object], culprit: str, reason: str) -> None:
    """
    A value of the wrong kind is named with its path; nothing is converted in silence.
    """
    error = refusal(values)
    cure = "see the backend's options in its README"
    expected = (f"config schedkit:toy{culprit}", reason, cure)
    assert expected == (error.culprit, error.reason, error.cure)


@pytest.mark.parametrize(
    ("values", "culprit", "reason", "cure"),
    [
        ({"nam": 1}, ".nam", "is no option", "did you mean 'name'?"),
        ({"run_as_user": 1}, ".run_as_user", "is no option", "did you mean 'runAsUser'?"),
        ({"inner": {"kye": "a"}}, ".inner.kye", "is no option", "did you mean 'key'?"),
        ({"many": [{"key": "a"}, {"q": 1}]}, ".many[1].q", "is no option", "known: key, maxCount"),
        ({"inner": {"maxCount": 1}}, ".inner.key", "is missing", "write key: VALUE"),
    ],
)
def test_keys(values: dict[str, object], culprit: str, reason: str, cure: str) -> None:
    """
    An unknown key is refused with a hint at every depth, and so is one that is missing.
    """
    error = refusal(values)
    assert (f"config schedkit:toy{culprit}", reason, cure) == (
        error.culprit,
        error.reason,
        error.cure,
    )


@pytest.mark.parametrize("date", ["2026-01-02 00:00:00 +0000 UTC", "2026-01-02T00:00:00Z"])
def test_dates(date: str) -> None:
    """
    What Pulumi's YAML makes of an unquoted date is refused where a text is wanted.
    """
    error = refusal({"words": [date]})
    assert "config schedkit:toy.words[0]" == error.culprit
    assert f"{date!r} is a date that YAML made of unquoted text; quote it" == error.reason


def test_quoted_date() -> None:
    """
    A date that was quoted is a text like any other.
    """
    assert "2026-01-02" == config.options(Toy, {"name": "2026-01-02"}).name


def test_refused_by_the_backend() -> None:
    """
    What the option itself refuses keeps its culprit, reason and cure.
    """
    error = refusal({"even": 3})
    expected = ("config schedkit:toy: Options, even=3", "is odd", "write an even number")
    assert expected == (error.culprit, error.reason, error.cure)
    assert error.__cause__ is not None


def test_options_are_no_attrs_class() -> None:
    """
    A backend whose options are no attrs class is broken.
    """

    class Broken(Backend):
        name = "broken"
        options = dict

    with pytest.raises(BackendLoadError) as caught:
        config.options(Broken, {})
    expected = "backend 'broken': <class 'dict'> is no attrs class; tell its author"
    assert expected == str(caught.value)


def test_kubernetes() -> None:
    """
    The options of a real backend, tolerations and pull secrets among them.
    """
    from schedkit_kubernetes.backend import Kubernetes
    from schedkit_kubernetes.options import Options as Real
    from schedkit_kubernetes.options import Toleration

    values = {
        "namespace": "ml",
        "tolerations": [{"key": "spot", "operator": "Equal", "value": "yes"}],
        "imagePullSecrets": ["regcred"],
        "nodeSelector": {"disk": "ssd"},
    }
    expected = Real(
        namespace="ml",
        tolerations=(Toleration(key="spot", operator="Equal", value="yes"),),
        image_pull_secrets=("regcred",),
        node_selector={"disk": "ssd"},
    )
    assert expected == config.options(Kubernetes, values)


@pytest.mark.parametrize(
    ("name", "expected"), [("name", "name"), ("run_as_user", "runAsUser"), ("gpu_2", "gpu2")]
)
def test_camel(name: str, expected: str) -> None:
    """
    snake_case becomes camelCase.
    """
    assert expected == config.camel(name)
