"""
`import schedkit`: what it promises, and what it does not load.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module, metadata

import pytest

import schedkit as sk


def fresh(code):
    """
    What a new interpreter prints as JSON, warnings being errors.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return json.loads(done.stdout)


def test_all_is_sorted():
    """
    The promised names are sorted and each is there once.
    """
    assert sorted(set(sk.__all__)) == sk.__all__
    assert 44 == len(sk.__all__)


@pytest.mark.parametrize("name", sk.__all__)
def test_every_name_is_there(name):
    """
    A promised name is what its own module calls so, and is kept once it was asked for.
    """
    value = getattr(sk, name)
    assert getattr(import_module(f"schedkit.{sk._HOME_OF[name]}"), name) is value
    assert vars(sk)[name] is value


def test_homes_hold_what_is_promised():
    """
    Every promised name has one home, and no home holds more.
    """
    names = [name for names in sk._HOMES.values() for name in names]
    assert sk.__all__ == sorted(names)
    assert list(sk._HOMES) == sorted(sk._HOMES)


def test_dir():
    """
    `dir(schedkit)` is the promised names and the version, loaded or not.
    """
    code = "import json, schedkit; print(json.dumps(dir(schedkit)))"
    assert sorted([*sk.__all__, "__version__"]) == dir(sk) == fresh(code)


def test_version():
    """
    The version is that of the installed distribution.
    """
    assert metadata.version("schedkit") == sk.__version__


@pytest.mark.parametrize("name", ["Stepp", "CronSyntaxError", "fill", "_nothing"])
def test_unknown_name(name):
    """
    What is not promised is missing, as from any module.
    """
    with pytest.raises(AttributeError) as caught:
        getattr(sk, name)
    assert f"module 'schedkit' has no attribute {name!r}" == str(caught.value)
    with pytest.raises(ImportError, match=f"cannot import name {name!r}"):
        exec(f"from schedkit import {name}", {})


def test_star():
    """
    `from schedkit import *` brings the promised names and nothing else.
    """
    code = "import json\nbefore = {*globals(), 'before'}\nfrom schedkit import *\n"
    code += "print(json.dumps(sorted(set(globals()) - before)))"
    assert sk.__all__ == fresh(code)


LOADED = "print(json.dumps(sorted(m for m in sys.modules if m.split('.')[0] in families)))"
FAMILIES = "import json, sys; families = {'pulumi', 'grpc', 'google', 'schedkit'}\n"


def test_import_loads_nothing():
    """
    `import schedkit` loads neither pulumi nor a module of its own.
    """
    assert ["schedkit"] == fresh(f"{FAMILIES}import schedkit\n{LOADED}")


def test_values_need_no_pulumi():
    """
    Specs are made, ordered and filled without pulumi, and a wrong one is refused.
    """
    code = """
import schedkit as sk
load = sk.Step("load", image="busybox", env={"A": 1}, timeout="1h")
fit = sk.Step("fit", needs=[load], args=[sk.Parameter("n")], retry=sk.Retry(2))
spec = sk.PipelineSpec("train", steps=[fit, load], parameters={"n": 1}, keep=sk.Keep(days=1))
schedule = sk.ScheduleSpec("nightly", spec, sk.Cron("0 9 * * *"), parameters={"n": 2})
assert (load, fit) == spec.order() and {"n": 2} == schedule.filled()
try:
    sk.Step("Fit")
except sk.SchedkitError:
    pass
"""
    loaded = fresh(FAMILIES + code + LOADED)
    assert {"schedkit"} == {name.split(".")[0] for name in loaded}
    assert {"schedkit.step", "schedkit.pipeline", "schedkit.schedule"} <= set(loaded)
