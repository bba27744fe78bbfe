"""
The unit file of `schedkit serve --systemd`.

What it forbids is what no step of a pipeline needs. What some steps need is left to them, although
`systemd-analyze security` counts it: devices (GPUs), memory that is written and run (PyTorch,
Numba), `/tmp`, more than one user's files.
"""

from __future__ import annotations

import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TEMPLATE = """\
# As root:
#   schedkit serve ... --systemd > /etc/systemd/system/{name}.service
#   systemctl daemon-reload && systemctl enable --now {name}
# After a change of the program: systemctl reload {name}

[Unit]
Description=schedkit: the schedules of {title}
Wants=network-online.target
# Instants are those of the clock, so it must be right first.
After=network-online.target time-sync.target

[Service]
Type=exec
# Who owns the program's folder; the folder, the state and the runs must be theirs.
User={user}
WorkingDirectory={folder}
ExecStart={command}
ExecReload=kill -HUP $MAINPID
Restart=always
RestartSec=5

# A stop or a restart ends the server alone. Each run is a process of its own that goes on, writes
# down its end, and is found again by the next server. `schedkit cancel RUN` ends one.
KillMode=process
# A step that takes too much memory ends alone, too.
OOMPolicy=continue

# SCHEDKIT_SECRET_<NAME>_<KEY>=..., mode 0600; read at a restart, not at a reload.
EnvironmentFile=-/etc/schedkit/{name}.env
# Models and packages that steps download; their home is read-only.
CacheDirectory={name}
Environment=XDG_CACHE_HOME=%C/{name}

# The whole disk is read-only but for these; they must exist. Add what else the steps write to.
ProtectSystem=strict
ReadWritePaths={writable}
# Not PrivateTmp=yes: it empties /tmp at every restart, under the runs that go on.
ReadWritePaths=/tmp /var/tmp
ProtectHome=read-only
UMask=0027

NoNewPrivileges=yes
PrivateMounts=yes
CapabilityBoundingSet=
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictRealtime=yes
# Take it out for steps that make sandboxes: browsers, Apptainer, rootless Podman.
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @mount @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
# Not ProtectClock, PrivateDevices or DevicePolicy: each takes the GPUs away.
# Not MemoryDenyWriteExecute: PyTorch and Numba make machine code.

[Install]
WantedBy=multi-user.target
"""


def text(
    folder: Path,
    state: Path,
    *,
    stack: str | None,
    config: Mapping[str, str],
    port: int | None,
    no_page: bool,
    token_file: Path | None,
    most: int | None,
) -> str:
    """
    The unit of a server with these options, run by the `schedkit` of this very interpreter.
    """
    folder, state = folder.resolve(), state.resolve()
    options = {
        "--stack": stack,
        "--state": state,
        "--port": port,
        "--token-file": token_file and token_file.resolve(),
        "--most": most,
    }
    words = [*_program(), "serve", str(folder)]
    words += [f"{name}={value}" for name, value in options.items() if value is not None]
    words += ["--no-page"] if no_page else []
    words += [f"--config={key}={value}" for key, value in config.items()]
    places = [folder] if state.is_relative_to(folder) else [folder, state.parent]
    return TEMPLATE.format(
        name="-".join(filter(None, ("schedkit", _safe(folder.name), _safe(stack or "")))),
        title=_specified(str(folder)),
        user=_owner(folder),
        folder=_specified(str(folder)),
        command=_command(words),
        writable=" ".join(_quoted(_specified(str(place))) for place in places),
    )


def _program() -> list[str]:
    script = Path(sys.executable).parent / "schedkit"
    return [str(script)] if script.is_file() else [sys.executable, "-m", "schedkit.cli"]


def _owner(folder: Path) -> str:
    number = folder.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _command(words: Iterable[str]) -> str:
    """
    https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    return " ".join(_quoted(_specified(word).replace("$", "$$")) for word in words)


def _specified(word: str) -> str:
    return word.replace("%", "%%")


def _quoted(word: str) -> str:
    if word and not set(word) & set(" \t\n\"'\\;"):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _safe(name: str) -> str:
    return "".join(each if each.isascii() and each.isalnum() else "-" for each in name).strip("-")
