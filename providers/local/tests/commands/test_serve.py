"""
`schedkit serve`: what it hands on, what it refuses, and its unit file.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schedkit_local.cli import serve as command
from schedkit_local.cli import unit
from schedkit_local.serve import server


TOKEN = "0123456789abcdef"
MAKE = "make one: openssl rand -hex 16 > FILE"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """
    The folder of a program, as the working folder.
    """
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "token").write_text(f"{TOKEN}\n")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SCHEDKIT_STATE", raising=False)
    return folder


@pytest.fixture
def served(monkeypatch):
    """
    What the server is called with.
    """
    found = []

    def serve(folder, **options):
        found.append({"folder": folder, **options})
        return 0

    monkeypatch.setattr(server, "serve", serve)
    return found


DEFAULTS = {
    "folder": Path(),
    "stack": None,
    "config": {},
    "state": None,
    "port": 4178,
    "token": None,
    "most": None,
    "runs": None,
    "live": False,
    "lean": True,
}


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--stack", "prod"], {"stack": "prod"}),
        (["--config", "a:b=c=d", "--config", "e=f"], {"config": {"a:b": "c=d", "e": "f"}}),
        (["--state", "x.db"], {"state": Path("x.db")}),
        (["--port", "0"], {"port": 0}),
        (["--no-page"], {"port": None}),
        (["--token-file", "token"], {"token": TOKEN}),
        (["--most", "2", "--runs", "3", "--live"], {"most": 2, "runs": 3, "live": True}),
    ],
)
def test_options(cli, shop, served, words, options) -> None:
    """
    Each option reaches the server.
    """
    answer = cli("serve", ".", *words)
    assert (0, "", "") == (answer.code, answer.out, answer.err)
    assert [DEFAULTS | options] == served


def test_variable(cli, shop, served, monkeypatch) -> None:
    """
    SCHEDKIT_STATE names the state file, as for all commands.
    """
    monkeypatch.setenv("SCHEDKIT_STATE", "/var/x.db")
    cli("serve", ".")
    assert [Path("/var/x.db")] == [each["state"] for each in served]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "nowhere: is no folder; name the folder of a Pulumi program"),
        (["empty"], "empty: has no Pulumi.yaml; name the folder of a Pulumi program"),
        ([".", "--most", "0"], "Invalid value for '--most': 0 is not in the range x>=1."),
        ([".", "--runs", "0"], "Invalid value for '--runs': 0 is not in the range x>=1."),
        (
            [".", "--port", "65536"],
            "Invalid value for '--port': 65536 is not in the range 0<=x<=65535.",
        ),
        ([".", "--config", "x"], "--config 'x': write KEY=VALUE"),
        (
            [".", "--no-page", "--port", "1"],
            "--no-page leaves no use for --port and --token-file",
        ),
        (
            [".", "--no-page", "--token-file", "token"],
            "--no-page leaves no use for --port and --token-file",
        ),
        (
            [".", "--token-file", "x"],
            f"--token-file 'x': cannot be read (No such file or directory); {MAKE}",
        ),
        (
            [".", "--token-file", "bytes"],
            f"--token-file 'bytes': cannot be read (no text); {MAKE}",
        ),
        (
            [".", "--token-file", "short"],
            f"--token-file 'short': holds fewer than 16 characters, which can be guessed; {MAKE}",
        ),
        (
            [".", "--token-file", "lines"],
            f"--token-file 'lines': holds more than one line of printable ASCII; {MAKE}",
        ),
        ([".", "--systemd", "--live"], "--live has no meaning for a service"),
        ([".", "--systemd", "--runs", "3"], "--runs has no meaning for a service"),
        ([], "Missing argument 'DIR'."),
    ],
)
def test_refused(cli, shop, served, words, sentence) -> None:
    """
    Bad options end with 2 and a sentence; nothing is served, and no file is made.
    """
    Path("empty").mkdir()
    Path("bytes").write_bytes(b"\xff" * 20)
    Path("short").write_text(TOKEN[1:])
    Path("lines").write_text(f"{TOKEN}\n{TOKEN}")
    answer = cli("serve", *words)
    assert (2, "", sentence) == (answer.code, answer.out, answer.error)
    assert [] == served
    assert not any(Path.cwd().rglob(".schedkit"))


def test_one_measure_of_a_token() -> None:
    """
    The command asks of a token and a port what the page does.
    """
    page = Path(server.__file__).with_name("page") / "__main__.py"
    text = page.read_text()
    assert f"SHORTEST = {command.SHORTEST} " in text
    assert f"default={command.PORT}," in text


def test_command_is_light(shop) -> None:
    """
    The command brings nothing into the server's process that is large.
    """
    code = (
        "import sys\nfrom types import SimpleNamespace\nfrom schedkit.cli import main\n"
        "server = SimpleNamespace(serve=lambda *_, **__: 0)\n"
        "sys.modules['schedkit_local.serve.server'] = server\n"
        "main(['serve', '.'], standalone_mode=False)\n"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    large = {"alembic", "grpc", "jinja2", "pulumi", "rich", "sqlalchemy", "starlette", "uvicorn"}
    assert set() == large & set(done.stdout.split())


def parsed(text: str) -> dict[str, dict[str, list[str]]]:
    """
    A unit file: section -> name -> its values.
    """
    found: dict[str, dict[str, list[str]]] = {}
    section = None
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
            continue
        name, equals, value = line.partition("=")
        assert equals
        assert name.isidentifier()
        section.setdefault(name, []).append(value)
    return found


def test_unit(cli, shop) -> None:
    """
    The unit runs this very schedkit, begins again after whatever end, and leaves runs alone.
    """
    answer = cli("serve", ".", "--stack", "prod", "--systemd")
    assert (0, "") == (answer.code, answer.err)
    found = parsed(answer.out)
    assert ["Unit", "Service", "Install"] == list(found)
    service = found["Service"]
    script = Path(sys.executable).parent / "schedkit"
    state = shop / ".schedkit" / "serve.db"
    expected = {
        "Type": ["exec"],
        "User": [getpass.getuser()],
        "WorkingDirectory": [str(shop)],
        "ExecStart": [f"{script} serve {shop} --stack=prod --state={state}"],
        "ExecReload": ["kill -HUP $MAINPID"],
        "Restart": ["always"],
        "KillMode": ["process"],
        "OOMPolicy": ["continue"],
        "ProtectSystem": ["strict"],
        "ReadWritePaths": [str(shop), "/tmp /var/tmp"],
        "NoNewPrivileges": ["yes"],
        "CapabilityBoundingSet": [""],
        "EnvironmentFile": ["-/etc/schedkit/schedkit-shop-prod.env"],
    }
    assert expected == {name: service[name] for name in expected}
    harmful = {"MemoryDenyWriteExecute", "PrivateDevices", "PrivateTmp", "ProtectClock"}
    assert set() == harmful & set(service)
    assert ["multi-user.target"] == found["Install"]["WantedBy"]
    assert not (shop / ".schedkit").exists()


def test_unit_with_all_options(cli, shop, tmp_path) -> None:
    """
    Options are in the command, files by their whole path; the state's folder can be written.
    """
    words = ("--state", tmp_path / "state" / "s.db", "--port", 99, "--token-file", "token")
    out = cli("serve", ".", *words, "--most", 3, "--config", "a:b=c", "--systemd").out
    service = parsed(out)["Service"]
    (start,) = service["ExecStart"]
    options = f"--state={tmp_path}/state/s.db --port=99 --token-file={shop}/token --most=3"
    assert start.endswith(f" serve {shop} {options} --config=a:b=c")
    assert f"{shop} {tmp_path}/state" == service["ReadWritePaths"][0]
    (start,) = parsed(cli("serve", ".", "--no-page", "--systemd").out)["Service"]["ExecStart"]
    assert start.endswith(" --no-page")


ODD = 'my "shop" 100% $HOME'


@pytest.fixture
def odd(shop, tmp_path):
    """
    The same program where no path should be.
    """
    return Path(shutil.copytree(shop, tmp_path / ODD))


def test_unit_quotes(cli, odd) -> None:
    """
    Spaces, quotes, percent and dollar signs of a path and of a value survive systemd.
    """
    out = cli("serve", odd, "--config", "a=b 'c'\\", "--systemd").out
    service = parsed(out)["Service"]
    inside = str(odd).replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    (start,) = service["ExecStart"]
    assert f' serve "{inside}" "--state={inside}/.schedkit/serve.db" ' in start
    assert start.endswith(""" "--config=a=b 'c'\\\\\"""")
    assert f'"{inside.replace("$$", "$")}"' == service["ReadWritePaths"][0]
    assert "schedkit-my--shop--100---HOME" in out


def test_program_without_a_script(monkeypatch) -> None:
    """
    Without the script beside the interpreter, the unit runs the module.
    """
    monkeypatch.setattr(sys, "executable", "/usr/bin/python9")
    assert ["/usr/bin/python9", "-m", "schedkit.cli"] == unit._program()


def test_owner_without_a_name(monkeypatch, tmp_path) -> None:
    """
    A folder whose owner has no name is served by the number.
    """

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(unit.pwd, "getpwuid", nobody)
    assert str(os.getuid()) == unit._owner(tmp_path)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_accepts_the_unit(cli, odd, tmp_path) -> None:
    """
    systemd finds no fault in the unit, and calls its exposure no worse than OK.
    """
    file = tmp_path / "shop.service"
    file.write_text(cli("serve", odd, "--stack", "prod", "--systemd").out)
    done = subprocess.run(
        ["systemd-analyze", "verify", file], capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode
    assert file.name not in done.stderr
    words = ["systemd-analyze", "security", "--offline=yes", "--threshold=40", "--no-pager", file]
    assert 0 == subprocess.run(words, capture_output=True, check=False).returncode
