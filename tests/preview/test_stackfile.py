"""
Pulumi.yaml and Pulumi.<stack>.yaml.
"""

from __future__ import annotations

import pytest

from schedkit.exceptions import ProgramError
from schedkit.preview import stack_for, stackfile, stacks


def test_layers(program) -> None:
    """
    What the caller gives wins over the stack's file, which wins over the project's.
    """
    project = "config:\n  a: 1\n  b: {value: 1}\n  c: {type: integer, default: 1}\n  other:d: 1\n"
    files = {"Pulumi.dev.yaml": "config:\n  b: 2\n  shop:c: 2\n"}
    folder = program("", project, files)
    read = stackfile.read(folder, "dev", {"c": 3, "x:y": True})
    expected = {"shop:a": "1", "shop:b": "2", "shop:c": "3", "other:d": "1", "x:y": "true"}
    assert expected == read.config
    assert ("shop", "dev", folder.resolve()) == (read.name, read.stack, read.main)


def test_secrets_are_masked(program) -> None:
    """
    An encrypted value is a mask, at any depth, and its key is a secret one.
    """
    folder = program()
    text = "config:\n  a: {secure: v1:abc}\n  b: {user: me, password: {secure: v1:abc}}\n  c: 1\n"
    (folder / "Pulumi.dev.yaml").write_text(text)
    read = stackfile.read(folder, "dev", {})
    assert "[secret]" == read.config["shop:a"]
    assert '{"password":"[secret]","user":"me"}' == read.config["shop:b"]
    assert {"shop:a", "shop:b"} == read.secrets


def test_declared_key_gets_a_value(program) -> None:
    """
    A key that Pulumi.yaml declares without a value gets one from the stack or the caller.
    """
    project = "config:\n  a: {type: string, description: x}\n  b: {value: ~}\n"
    folder = program("", project, {"Pulumi.dev.yaml": "config: {a: ~}\n"})
    name = stackfile.read(folder, "dev", {"b": "1"}).name
    expected = {f"{name}:a": "", f"{name}:b": "1"}
    assert expected == stackfile.read(folder, "dev", {"b": "1"}).config


@pytest.mark.parametrize(
    ("entry", "reason", "cure"),
    [
        ("a: {type: string}", "declares a, which has no value", "run: pulumi config set a VALUE"),
        ("a: {value: ~}", "declares a, which has no value", "run: pulumi config set a VALUE"),
        ("aws:a: {description: x}", "gives aws:a no value", "write aws:a: {value: ...}"),
        ("aws:a: ~", "gives aws:a no value", "write aws:a: {value: ...}"),
    ],
)
def test_declared_key_without_a_value(program, entry: str, reason: str, cure: str) -> None:
    """
    As the CLI, which runs no program then.
    """
    folder = program("", f"config:\n  {entry}\n")
    with pytest.raises(ProgramError) as caught:
        stackfile.read(folder, "dev", {})
    assert (reason, cure) == (caught.value.reason, caught.value.cure)
    assert str(caught.value).endswith(f"Pulumi.yaml: {reason}; {cure}")


def test_main_and_stack_config_folder(program) -> None:
    """
    `main:` may be a folder or a file, `stackConfigDir:` is where the stacks' files are.
    """
    files = {"app/__main__.py": "", "stacks/Pulumi.prod.yaml": "config: {a: 1}\n"}
    folder = program("", "main: app\nstackConfigDir: stacks\n", files)
    assert ["prod"] == stacks(folder)
    read = stackfile.read(folder, "prod", {})
    assert (folder.resolve() / "app", {"shop:a": "1"}) == (read.main, read.config)


def test_json_project(tmp_path) -> None:
    """
    The project's file may be JSON, and `runtime:` a mapping.
    """
    (tmp_path / "Pulumi.json").write_text('{"name": "j", "runtime": {"name": "python"}}')
    (tmp_path / "__main__.py").touch()
    assert "j" == stackfile.read(tmp_path, "dev", {}).name


@pytest.mark.parametrize(
    ("text", "culprit", "sentence"),
    [
        ("name: p\nruntime: nodejs\n", "Pulumi.yaml", "has runtime 'nodejs'"),
        ("name: p\n", "Pulumi.yaml", "names no runtime"),
        ("runtime: python\n", "Pulumi.yaml", "names no project"),
        ("", "Pulumi.yaml", "names no project"),
        ("a: [1\n", "Pulumi.yaml:2", "is no YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\na: 2\n", "Pulumi.yaml:2", "is no YAML: key 'a' is there twice"),
        ("a: !!python/object:os.system {}\n", "Pulumi.yaml:1", "is no YAML: could not determine"),
        ("- 1\n", "Pulumi.yaml", "is a list, not a mapping"),
        ("name: p\nruntime: python\nmain: nope\n", "Pulumi.yaml", "names main: nope"),
        ("name: p\nruntime: python\nmain: sub\n", "sub", "has no __main__.py"),
        ("name: p\nruntime: python\nconfig: [1]\n", "Pulumi.yaml", "has a config: that is a list"),
        (
            "name: p\nruntime: python\nconfig:\n  aws:region: {default: x}\n",
            "Pulumi.yaml",
            "gives aws:region a 'default', which only the project's own keys may have; write aws",
        ),
        (
            "name: p\nruntime: python\nconfig:\n  a: {valeu: x}\n",
            "Pulumi.yaml",
            "says 'valeu' of p:a; did you mean 'value'?",
        ),
    ],
)
def test_refused_project(tmp_path, text: str, culprit: str, sentence: str) -> None:
    """
    What the CLI refuses is refused, with the file and the line.
    """
    (tmp_path / "__main__.py").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(ProgramError) as caught:
        stackfile.read(tmp_path, "dev", {})
    assert str(tmp_path.resolve() / culprit) == caught.value.culprit
    assert sentence in str(caught.value)


def test_bytes_that_are_no_text(program) -> None:
    """
    A file that is no UTF-8 is an error that names it.
    """
    folder = program()
    (folder / "Pulumi.dev.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProgramError, match="is no YAML"):
        stackfile.read(folder, "dev", {})


def test_no_project(tmp_path) -> None:
    """
    A folder without Pulumi.yaml, and no folder at all.
    """
    for folder, reason in ((tmp_path, "has no Pulumi.yaml"), (tmp_path / "x", "is no folder")):
        with pytest.raises(ProgramError) as caught:
            stackfile.read(folder, "dev", {})
        assert reason == caught.value.reason
        assert "name the folder of a Pulumi program" == caught.value.cure


@pytest.mark.parametrize(
    ("files", "asked", "backend", "chosen"),
    [
        ([], None, None, "dev"),
        ([], "dev", None, "dev"),
        (["prod"], None, None, "prod"),
        (["dev", "prod"], None, None, "dev"),
        (["kubernetes", "local"], None, "local", "local"),
        (["prod", "test"], None, "local", "dev"),
        (["prod", "test"], "test", "local", "test"),
        (["a.b"], None, None, "a.b"),
    ],
)
def test_stack_for(program, files: list[str], asked, backend, chosen: str) -> None:
    """
    The stack that is asked for, else the backend's own, the only one, or dev.
    """
    folder = program()
    for name in files:
        (folder / f"Pulumi.{name}.yaml").touch()
    assert chosen == stack_for(folder, asked, backend)


def test_unknown_stack(program) -> None:
    """
    An unknown stack is an error with a hint; several stacks want one to be named.
    """
    folder = program()
    for name in ("prod", "test"):
        (folder / f"Pulumi.{name}.yaml").touch()
    with pytest.raises(ProgramError) as caught:
        stack_for(folder, "prd", None)
    assert ("stack 'prd'", "did you mean 'prod'?") == (caught.value.culprit, caught.value.cure)
    with pytest.raises(ProgramError, match=r"has several stacks; --stack prod \| test"):
        stack_for(folder, None, None)
