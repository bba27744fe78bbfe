"""
A secret stands in clear in no file and no line that the engine writes.
"""

from __future__ import annotations

import base64
import gzip
import json

import pulumi
import pytest
from programs import Nightly
from pulumi import automation


pytestmark = pytest.mark.engine

TOKEN, PASSWORD = "t0k3n-hunter2", "passw0rd-hunter3"


def program() -> None:
    """
    A secret Output, and a secret of the stack's config.
    """
    password = pulumi.Config().require_secret("password")
    Nightly(env={"TOKEN": pulumi.Output.secret(TOKEN), "PASSWORD": password})()


def test_secrets_are_nowhere_in_clear(engine, tmp_path, provider_double) -> None:
    """
    State, backups, history, logs, plan and output of every command hold no secret, while the
    provider gets them.
    """
    config = {"schedkit:backend": "kubernetes"}
    secret = {"password": automation.ConfigValue(PASSWORD, secret=True)}
    stack = engine.stack(program, config={**config, **secret})
    said: list[str] = []
    told = {"on_output": said.append, "on_error": said.append}
    stack.preview(plan=str(tmp_path / "plan.json"), diff=True, **told)
    stack.up(diff=True, plan=str(tmp_path / "plan.json"), **told)
    stack.refresh(**told)
    stack.preview(expect_no_changes=True, diff=True, **told)
    given = json.dumps([thing.inputs for thing in provider_double.objects.values()])
    for text in (TOKEN, PASSWORD):
        assert 2 == given.count(text)
    stack.destroy(**told)
    written = stack.written()
    kinds = {path.parts[0] for path in written} | {part for p in written for part in p.parts[1:3]}
    assert {"state", "home", "plan.json", ".pulumi", "logs"} <= kinds, kinds
    folders = {part for path in written for part in path.parts}
    assert {"stacks", "history", "backups"} <= folders, folders
    assert any("[secret]" in line for line in said)
    for text in (TOKEN, PASSWORD):
        spelled = [text.encode(), base64.b64encode(text.encode()).rstrip(b"=")[:-1]]
        for path, content in written.items():
            plain = gzip.decompress(content) if path.suffix == ".gz" else content
            assert not any(each in plain for each in spelled), path
        assert not any(text in line for line in said)


def test_secrets_are_nowhere_in_clear_after_a_failure(engine, provider_double) -> None:
    """
    Nor when the provider fails, by when the engine shows and keeps more than usual.
    """
    from double import Failed, Fault

    def fail() -> None:
        raise Failed("no capacity")

    config = {"schedkit:backend": "kubernetes"}
    secret = {"password": automation.ConfigValue(PASSWORD, secret=True)}
    stack = engine.stack(program, config={**config, **secret})
    provider_double.fault = Fault(lambda call: call.name == "nightly" and call.mutates, fail)
    with pytest.raises(automation.CommandError, match="no capacity") as caught:
        stack.up(diff=True)
    for text in (TOKEN, PASSWORD):
        assert text not in str(caught.value)
        assert not any(text.encode() in content for content in stack.written().values())
