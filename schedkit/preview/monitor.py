"""
The engine's stand-in: records every registration and answers as an engine would.

All private names of Pulumi's SDK that a preview needs are in this file.
"""

from __future__ import annotations

import asyncio
import logging
import runpy
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import pulumi
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.sync_await import _ensure_event_loop, _sync_await

from schedkit.preview.result import SECRET, UNKNOWN, Resource


if TYPE_CHECKING:
    from collections.abc import Awaitable

    from schedkit.preview.stackfile import Project

STACK = "pulumi:pulumi:Stack"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105, a mark
_OPTIONS = (
    "protect",
    "deleteBeforeReplace",
    "ignoreChanges",
    "replaceOnChanges",
    "retainOnDelete",
    "importId",
    "version",
    "deletedWith",
)

Answers = Mapping[str, Mapping[str, object]]


class Recorder(mocks.MockMonitor):
    """
    Pulumi's own mock monitor, with real URNs, and unknowns in preview.
    """

    def __init__(self, answers: Answers, *, preview: bool) -> None:
        self.unanswered: list[str] = []
        super().__init__(_Replies(answers, self.unanswered, preview=preview))
        self.preview = preview
        self.recorded: dict[str, Resource] = {}
        self.exports: dict[str, object] = {}
        self.invokes: list[tuple[str, Mapping[str, object]]] = []
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """
        As the engine: all types from the stack down, the stack's own left out.
        """
        above = parent.split("::")[2] if parent else ""
        qualified = type_ if above in ("", STACK) else f"{above}${type_}"
        return f"urn:pulumi:{settings.get_stack()}::{settings.get_project()}::{qualified}::{name}"

    def _aliases(self, request: Any) -> Iterator[str]:
        """
        What a resource may have been called before; the engine adds what its parent was called.
        """
        yield from getattr(request, "aliasURNs", ())
        for alias in getattr(request, "aliases", ()):
            spec = alias.spec
            parent = "" if spec.noParent else spec.parentUrn or request.parent
            kind, name = spec.type or request.type, spec.name or request.name
            yield alias.urn or self.make_urn(parent, kind, name)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """
        Record, then answer; an empty id is an unknown one to the SDK.
        """
        if request.type != STACK:
            self._record(request, request.object, request.custom, read=False)
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if self.preview and request.custom:
            response.id = ""
        return response

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """
        Record what `get` looks up.
        """
        self._record(request, request.properties, True, read=True)
        return super().ReadResource(request)  # type: ignore[no-untyped-call]

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """
        Note a look-up.
        """
        self.invokes.append((request.tok, json_format.MessageToDict(request.args)))
        return super().Invoke(request)  # type: ignore[no-untyped-call]

    def Call(self, request: Any) -> Any:  # noqa: N802
        """
        Answer a method of a resource; Pulumi's mock has none.
        """
        _ensure_event_loop()  # type: ignore[no-untyped-call]
        arguments = rpc.deserialize_properties(request.args)
        call = pulumi.runtime.MockCallArgs(request.tok, arguments, request.provider)
        answer: Any = self.mocks.call(call)
        answer = _sync_await(rpc.serialize_properties(answer, {}))
        return provider_pb2.CallResponse(**{"return": answer})

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """
        The outputs of a component, or the exports of the stack.
        """
        outputs = masked(json_format.MessageToDict(request.outputs))
        if request.urn.split("::")[2] == STACK:
            self.exports = outputs
        elif request.urn in self.recorded:
            known = self.recorded[request.urn]
            self.recorded[request.urn] = attrs.evolve(known, outputs=outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def _record(self, request: Any, properties: Any, custom: bool, *, read: bool) -> None:
        secrets: list[str] = []
        unknowns: list[str] = []
        urn = self.make_urn(request.parent, request.type, request.name)
        parent = request.parent if request.parent.split("::")[2:3] != [STACK] else ""
        edges = getattr(request, "propertyDependencies", {})
        resource = Resource(
            type=request.type,
            name=request.name,
            urn=urn,
            parent=parent or None,
            aliases=tuple(self._aliases(request)),
            custom=custom,
            read=read,
            inputs=_walk(json_format.MessageToDict(properties), "", secrets, unknowns),
            secrets=tuple(secrets),
            unknowns=tuple(unknowns),
            dependencies=tuple(sorted(request.dependencies)),
            property_dependencies={key: tuple(sorted(edges[key].urns)) for key in edges},
            provider=request.provider,
            providers=dict(getattr(request, "providers", {})),
            options=_options(request),
        )
        with self._lock:
            if urn in self.recorded and not read:
                msg = f"two resources have one URN, {urn}; give one of them another name"
                raise pulumi.RunError(msg)
            self.recorded[urn] = resource


class _Replies(pulumi.runtime.Mocks):
    """
    A resource answers its own inputs, a look-up what the caller gave.
    """

    def __init__(self, answers: Answers, unanswered: list[str], *, preview: bool) -> None:
        self.answers = answers
        self.unanswered = unanswered
        self.preview = preview

    def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
        outputs = dict(args.inputs)
        if args.typ == "pulumi:pulumi:StackReference":
            found = self.answers.get(args.name)
            if found is not None or not self.preview:
                outputs |= {"outputs": dict(found or {}), "secretOutputNames": []}
        if args.typ.startswith("kubernetes:") and isinstance(outputs.get("metadata"), Mapping):
            # The provider names what has no name.
            outputs["metadata"] = {"name": f"{args.name}-0123abcd", **outputs["metadata"]}
        return args.resource_id or f"{args.name}-id", outputs

    def call(self, args: Any) -> Any:
        if args.token not in self.answers and args.token not in self.unanswered:
            self.unanswered.append(args.token)
        return dict(self.answers.get(args.token, {}))


def _options(request: Any) -> dict[str, object]:
    found = {name: getattr(request, name, None) for name in _OPTIONS}
    return {
        name: list(value) if hasattr(value, "append") else value
        for name, value in found.items()
        if value
    }


def masked(value: Any) -> Any:
    """
    A message's value as plain data, with masks for secrets and unknowns.
    """
    return _walk(value, "", [], [])


def _walk(value: Any, path: str, secrets: list[str], unknowns: list[str]) -> Any:
    match value:
        case dict() if value.get(_SIGNATURE) == _SECRET_SIGNATURE:
            secrets.append(path)
            return SECRET
        case dict():
            below = f"{path}." if path else ""
            return {k: _walk(v, f"{below}{k}", secrets, unknowns) for k, v in value.items()}
        case list():
            return [_walk(v, f"{path}[{i}]", secrets, unknowns) for i, v in enumerate(value)]
        case rpc.UNKNOWN:
            unknowns.append(path)
            return UNKNOWN
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


class Log(logging.Handler):
    """
    Keeps what goes to the engine's log.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """
        Keep one line.
        """
        self.lines.append((record.levelname.lower(), record.getMessage()))


def configure(project: Project, recorder: Recorder, log: Log) -> None:
    """
    Make this context the one of a program that runs.
    """
    logger = logging.Logger("program", logging.INFO)  # noqa: LOG001, one per run
    logger.addHandler(log)
    settings.ROOT.set(None)
    pulumi.runtime.configure(
        settings.Settings(
            project=project.name,
            stack=project.stack,
            monitor=recorder,
            engine=mocks.MockEngine(logger),
            dry_run=recorder.preview,
            organization="organization",
            root_directory=str(project.folder),
        )
    )
    pulumi.runtime.set_all_config(dict(project.config), list(project.secrets))


def program(project: Project) -> Awaitable[object]:
    """
    The run of the program, as Pulumi's language host starts it.
    """

    def main() -> None:
        runpy.run_path(str(project.main), run_name="__main__")

    return pulumi.runtime.run_in_stack(main)


async def settled(output: pulumi.Output[object]) -> tuple[object, bool, bool]:
    """
    Value, whether it is known, whether it is secret.
    """
    known, secret = await asyncio.gather(output.is_known(), output.is_secret())
    return (await output.future() if known else None), known, secret
