"""
A stand-in for any Pulumi resource provider: the engine speaks to it as to the real one.

It holds every input to the SDK's own type metadata, keeps the objects that it made (the cloud),
and refuses a second object of one name. It can fail, hang or kill the engine at any call. What
it does not know is what the real provider's own checks, defaults and diffs are.
"""

# ruff: noqa: N802  (gRPC names the methods)
from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import attrs
import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from schedkit.plan import Ref
from schedkit.testing.shapes import mistakes


MUTATING = ("Create", "Update", "Delete")
_SIZE = 400 * 1024 * 1024  # bytes of a message
_REPLACING = (("kind",), ("metadata", "name"), ("metadata", "namespace"), ("name",))


class Failed(Exception):  # noqa: N818  it is what happened, not a mistake
    """
    Raised by a deed: the operation fails, and nothing has happened.
    """


@attrs.frozen
class Call:
    """
    One question of the engine's.

    Attributes:
        number: From 1 on, over all calls since `forget`.
        op: The method of the protocol: `Create`, `Check`, `Configure`.
        type: The resource's type token.
        name: Its logical name.
        dry: Whether it belongs to a preview.
        time: When it came, in seconds of the monotonic clock.
    """

    number: int
    op: str
    type: str = ""
    name: str = ""
    dry: bool = False
    time: float = attrs.field(factory=time.monotonic, eq=False)

    @property
    def mutates(self) -> bool:
        """
        Whether it changes the cloud.
        """
        return self.op in MUTATING and not self.dry


@attrs.frozen
class Fault:
    """
    What happens at one call instead, or after its effect.

    Attributes:
        hits: Whether this is the call.
        deed: Raises `Failed`, waits, or kills the engine.
        after: Whether the call has its effect first.
    """

    hits: Callable[[Call], bool]
    deed: Callable[[], object]
    after: bool = False


@attrs.define
class Thing:
    """
    One object of the cloud.
    """

    type: str
    inputs: dict[str, Any]

    @property
    def physical(self) -> tuple[str, str, str] | None:
        """
        Kind, namespace and name; None where nothing names it.
        """
        return physical(self.type, self.inputs)


def physical(type_: str, inputs: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """
    What must be unique in the cloud.
    """
    meta = inputs.get("metadata") or {}
    name = meta.get("name") or inputs.get("name")
    return (type_, meta.get("namespace", ""), name) if name else None


class Double(provider_pb2_grpc.ResourceProviderServicer):
    """
    `objects` is the cloud (id -> thing), `calls` all that the engine asked for, in order.

    Keep one over all commands of a test. With `takes_secrets`, as the real provider, the engine
    says what is secret; without it, it marks whole lists. A refresh would then bare them: for
    previews only.
    """

    def __init__(
        self, package: str, *, version: str = "", classes: Mapping[str, str] | None = None
    ) -> None:
        """
        Stand in for the provider of a package.

        Args:
            package: As in type tokens.
            version: Empty for that of the installed SDK.
            classes: Token -> `"module:Class"`, for an SDK that is not installed as one.
        """
        self.package = package
        self.version = version or metadata.version(f"pulumi-{package}")
        self.classes = classes
        self.objects: dict[str, Thing] = {}
        self.calls: list[Call] = []
        self.fault: Fault | None = None
        self.port = 0
        self.takes_secrets = False
        self._lock = threading.Lock()
        if classes is None:
            importlib.import_module(f"pulumi_{package.replace('-', '_')}")

    @property
    def changes(self) -> list[tuple[str, str]]:
        """
        What changed the cloud: operation and logical name.
        """
        return [(call.op, call.name) for call in self.calls if call.mutates]

    def start(self, pool: futures.ThreadPoolExecutor) -> None:
        """
        Answer, on the port of the time before; any free one at first.
        """
        size = [(f"grpc.max_{way}_message_length", _SIZE) for way in ("receive", "send")]
        self.pool, self._server = pool, grpc.server(pool, options=size)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def die(self) -> threading.Event:
        """
        Answer no more, not even what is asked now; the cloud stays.
        """
        return self._server.stop(None)

    def forget(self) -> None:
        """
        Begin a new list of calls.
        """
        self.calls = []

    def path(self, token: str) -> str | None:
        """
        `kubernetes:batch/v1:CronJob` -> `pulumi_kubernetes.batch.v1:CronJob`.
        """
        if self.classes is not None:
            return self.classes.get(token)
        package, module, _ = token.split(":")
        for found in rpc._RESOURCE_MODULES.get(f"{package}:{module}", []):
            if name := found.mod_info["classes"].get(token):
                return f"{found.mod_info['fqn']}:{name}"
        return None

    def judge(self, token: str, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
        """
        What is wrong with the inputs: top-level input and sentence.
        """
        path = self.path(token)
        if path is None:
            return [("", f"{token}: the SDK of {self.package} {self.version} has no such type")]
        found = mistakes(path, _known(inputs))
        return [(text.split(".")[1].split(":")[0].split("[")[0], text) for text in found]

    def make(self, call: Call, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """
        Bring an object into being: its id and what it has beside its inputs.

        Raises:
            Failed: There is one of that name.
        """
        name = physical(call.type, inputs)
        with self._lock:
            if name and any(name == thing.physical for thing in self.objects.values()):
                raise Failed(f"{call.type} {'/'.join(filter(None, name[1:]))!r} already exists")
            id_ = "/".join(filter(None, name[1:])) if name else f"{call.name}-{call.number}"
            kept = f"{call.type}::{id_}"
            self.objects[kept] = Thing(call.type, inputs)
        return id_, {}

    def change(self, call: Call, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """
        Give an object other inputs: what it has beside them.

        Raises:
            Failed: It is not there.
        """
        key = f"{call.type}::{id_}"
        if key not in self.objects:
            raise Failed(f"{call.type} {id_!r} not found")
        self.objects[key].inputs = inputs
        return {}

    def remove(self, call: Call, id_: str) -> None:
        """
        Take an object away; one that is not there is gone already.
        """
        self.objects.pop(f"{call.type}::{id_}", None)

    def look(self, call: Call, id_: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """
        The inputs of an object and what it has beside them; None when it is not there.
        """
        thing = self.objects.get(f"{call.type}::{id_}")
        return (thing.inputs, {}) if thing else None

    # The protocol, in the order in which the engine asks; what is not here it does without.

    def Handshake(self, request, context):
        self._note("Handshake", request, context)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=self.takes_secrets, supports_autonaming_configuration=True
        )

    def Attach(self, request, context):
        self._note("Attach", request, context)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request, context):
        self._note("GetPluginInfo", request, context)
        return plugin_pb2.PluginInfo(version=self.version)

    def Configure(self, request, context):
        self._note("Configure", request, context)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.takes_secrets, supportsPreview=True
        )

    def Check(self, request, context):
        self._note("Check", request, context)
        inputs = _plain(request.news)
        failures = [
            provider_pb2.CheckFailure(property=name, reason=sentence)
            for name, sentence in self.judge(request.type, inputs)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request, context):
        self._note("Diff", request, context)
        old, new = _plain(request.old_inputs), _plain(request.news)
        changed = sorted(
            key
            for key in old.keys() | new.keys()
            if old.get(key) != new.get(key) and key not in request.ignoreChanges
        )
        kinds = dict.fromkeys(changed, provider_pb2.PropertyDiff.UPDATE)
        replaced = [path for path in _REPLACING if _at(old, path) != _at(new, path)]
        kinds |= {".".join(path): provider_pb2.PropertyDiff.UPDATE_REPLACE for path in replaced}
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some if changed else none,
            diffs=changed,
            replaces=sorted({path[0] for path in replaced}),
            detailedDiff={
                key: provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
                for key, kind in kinds.items()
            },
            hasDetailedDiff=True,
        )

    def Create(self, request, context):
        with self._struck("Create", request, context) as call:
            if call.dry:
                return provider_pb2.CreateResponse(properties=request.properties)
            inputs = _plain(request.properties)
            id_, more = self.make(call, inputs)
            request.properties.update(more)
            return provider_pb2.CreateResponse(id=id_, properties=request.properties)

    def Update(self, request, context):
        with self._struck("Update", request, context) as call:
            if call.dry:
                return provider_pb2.UpdateResponse(properties=request.news)
            inputs = _plain(request.news)
            request.news.update(self.change(call, request.id, inputs))
            return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):
        with self._struck("Delete", request, context) as call:
            self.remove(call, request.id)
            return empty_pb2.Empty()

    def Read(self, request, context):
        call = self._note("Read", request, context)
        found = self.look(call, request.id)
        if found is None:
            return provider_pb2.ReadResponse()  # an empty id: it is gone
        inputs, more = found
        return provider_pb2.ReadResponse(
            id=request.id, inputs=_struct(inputs), properties=_struct(inputs | more)
        )

    def Invoke(self, request, context):
        context.abort(grpc.StatusCode.UNKNOWN, f"{request.tok}: no look-up is answered here")

    def Cancel(self, request, context):
        self._note("Cancel", request, context)
        return empty_pb2.Empty()

    def _note(self, op: str, request: Any, context: Any) -> Call:
        with self._struck(op, request, context) as call:
            return call

    @contextmanager
    def _struck(self, op: str, request: Any, context: Any) -> Iterator[Call]:
        """
        Note a call, and let the fault strike before or after what is done in it.
        """
        with self._lock:
            name, type_ = getattr(request, "name", ""), getattr(request, "type", "")
            dry = getattr(request, "preview", False)
            call = Call(len(self.calls) + 1, op, type_, name, dry)
            self.calls.append(call)
        fault = self.fault if self.fault and self.fault.hits(call) else None
        try:
            if fault and not fault.after:
                fault.deed()
            yield call
            if fault and fault.after:
                fault.deed()
        except Failed as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    return _whole(json_format.MessageToDict(struct))


def _whole(value: Any) -> Any:
    """
    Every number crosses as a float; a whole one was an integer. A secret is its value.
    """
    match value:
        case {rpc._special_sig_key: rpc._special_secret_sig}:
            return _whole(value["value"])
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _known(value: Any) -> Any:
    """
    With a reference, which is right anywhere, for what only the engine will know.
    """
    match value:
        case dict():
            return {key: _known(item) for key, item in value.items() if key != "__defaults"}
        case list():
            return [_known(item) for item in value]
        case rpc.UNKNOWN:
            return Ref("unknown")
        case _:
            return value


def _struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(value, struct_pb2.Struct())


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
