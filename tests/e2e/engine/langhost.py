"""
A stand-in for `pulumi-language-python`, whose Go module cannot be had: a language host of ours.

It starts programs with the SDK's real launcher, `pulumi-language-python-exec`, as the real host
does. It obeys one option of the runtime, `virtualenv`, and asks for no plugins; it has none of
the real host's rules about toolchains and required packages, and so proves nothing about them.
"""

# ruff: noqa: N802  (gRPC names the methods)
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2


SAID_IT_ITSELF = 32
"""The launcher's exit code when it has shown the error already."""

_SCRIPT = """\
#!{python}
import sys

sys.path.insert(0, {folder!r})
import langhost

langhost.main({launcher!r})
"""


def write(folder: Path, launcher: Path) -> None:
    """
    Put the host into a folder of the PATH, under the name that the engine looks for.
    """
    path = folder / "pulumi-language-python"
    here = str(Path(__file__).parent)
    path.write_text(_SCRIPT.format(python=sys.executable, folder=here, launcher=str(launcher)))
    path.chmod(0o755)


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """
    Runs one program for one engine.
    """

    def __init__(self, engine: str, launcher: str) -> None:
        self.engine, self.launcher = engine, launcher
        self.child: subprocess.Popen[bytes] | None = None

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="0.0.0")

    def About(self, request, context):
        return language_pb2.AboutResponse(executable=_python(request.info))

    def GetRequiredPackages(self, request, context):
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request, context):
        return language_pb2.GetProgramDependenciesResponse()

    def Cancel(self, request, context):
        if self.child and self.child.poll() is None:
            self.child.terminate()
        return empty_pb2.Empty()

    def Run(self, request, context):
        options = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
            "pwd": request.pwd,
            "parallel": str(request.parallel),
            "dry_run": "true" if request.dryRun else "false",
        }
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        command = [_python(request.info), "-u", self.launcher, *words]
        env = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        program = [request.info.program_directory, *request.args]
        with subprocess.Popen([*command, *program], cwd=request.pwd, env=env) as self.child:
            code = self.child.wait()
        said = code in (0, SAID_IT_ITSELF)
        error = "" if said else f"Program exited with non-zero exit code: {code}"
        return language_pb2.RunResponse(bail=code == SAID_IT_ITSELF, error=error)


def _python(info: language_pb2.ProgramInfo) -> str:
    folder = json_format.MessageToDict(info.options).get("virtualenv")
    return str(Path(info.root_directory, folder, "bin", "python")) if folder else sys.executable


def main(launcher: str) -> None:
    """
    Serve the engine whose address is the last argument, until it interrupts.
    """
    engine = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    server = grpc.server(futures.ThreadPoolExecutor(8))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(engine, launcher), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    print(port, flush=True)
    server.wait_for_termination()
