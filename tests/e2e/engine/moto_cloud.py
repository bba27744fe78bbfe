"""
The AWS provider's stand-in, whose cloud is moto: what the engine asks for is really made there.

Of the provider it knows what forces a replacement, which ids it gives and which names it makes up;
not its checks of arguments, its waits or its retries.
"""

# ruff: noqa: N802  (gRPC names the methods)
from __future__ import annotations

import importlib
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import boto3
import moto
from botocore.exceptions import BotoCoreError, ClientError
from double import Call, Double, Failed, Thing
from google.protobuf import json_format, struct_pb2
from moto_kinds import KINDS, LOOK_UPS, NOT_STORED, TAGS, Kind
from moto_words import arguments, at, clean, fields, pairs
from pulumi.runtime.proto import provider_pb2

from schedkit.testing.shapes import input_class, shape_of


ACCOUNT, REGION = "123456789012", "eu-central-1"
_GONE = re.compile(r"NotFound|NoSuch|NonExist|not found|not exist|Could not find", re.IGNORECASE)


@contextmanager
def cloud(region: str = REGION, *, config: Any = None) -> Iterator[MotoCloud]:
    """
    An empty account in moto, and the provider in front of it.

    Args:
        region: Of all that is made.
        config: For `moto.mock_aws`.
    """
    with moto.mock_aws(config=config):
        yield MotoCloud(region)


class MotoCloud(Double):
    """
    `objects` holds what was asked for; what is there, `held` and `names` ask moto.
    """

    def __init__(self, region: str = REGION) -> None:
        super().__init__("aws")
        with warnings.catch_warnings():  # it warns of its own old classes
            warnings.simplefilter("ignore", DeprecationWarning)
            _ = importlib.import_module("pulumi_aws.s3").Bucket  # what is lazy loads now
        self.region = region
        self._session = boto3.Session("test", "test", region_name=region)
        self._clients: dict[str, Any] = {}
        self._one = threading.Lock()  # moto is not made for threads

    def client(self, service: str) -> Any:
        """
        The boto3 client of a service.
        """
        if service not in self._clients:
            self._clients[service] = self._session.client(service)
        return self._clients[service]

    # What is in the cloud.

    def held(self, key: str) -> dict[str, Any] | None:
        """
        What moto says of an object, called as the provider's inputs are; None if it is not there.
        """
        type_, _, id_ = key.partition("::")
        kind, inputs = KINDS[type_], self.objects[key].inputs
        answer = self._read(kind, id_, inputs)
        if answer is None:
            return None
        types = self._inputs(type_)
        known = {**kind.defaults, **inputs}
        heard = {field: known[field] for field in kind.key if field in known}
        heard |= {k: v for k, v in fields(kind, answer).items() if k in types}
        if "tags" in types:
            heard["tags"] = self._tags(kind, id_, inputs, answer)
        return clean(heard, kind)

    def _inputs(self, type_: str) -> Mapping[str, Any]:
        return shape_of(input_class(str(self.path(type_)))).types

    @property
    def asked(self) -> set[tuple[str, str]]:
        """
        What `names` says when nobody else made or deleted anything.
        """
        things = [(each, KINDS[each.type]) for each in self.objects.values()]
        return {(each.type, each.inputs[kind.key[0]]) for each, kind in things if kind.listed}

    def names(self) -> set[tuple[str, str]]:
        """
        Type and name of all that the lists of moto show, whoever made it.
        """
        found = set()
        for type_, kind in KINDS.items():
            if kind.listed:
                operation, path = kind.listed
                pages = self.client(kind.service).get_paginator(operation).paginate()
                named = at(pages.build_full_result(), path) or []
                named = [each.rpartition("/")[2] for each in named]  # a queue's is a URL
                found |= {(type_, name) for name in named if name not in kind.there}
        return found

    # What the engine asks for.

    def make(self, call: Call, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """
        Make it in moto.

        Raises:
            Failed: AWS says no, or there is one of that name.
        """
        kind = KINDS[call.type]
        inputs = {**invented(kind, call), **inputs}
        if "{" in kind.id and not kind.by:
            id_ = kind.id.format_map({**kind.defaults, **inputs})
            known = f"{call.type}::{id_}" in self.objects
            if known and self._read(kind, id_, inputs) is not None:
                raise Failed(f"{call.type} {id_!r} already exists")
        made = self._run(kind, kind.create, self._bag(kind, "", inputs))
        id_ = kind.id.format_map({**kind.defaults, **inputs, **made})
        answer = self._read(kind, id_, inputs)
        if answer is None:
            raise Failed(f"{call.type} {id_!r} was not made")
        self.objects[f"{call.type}::{id_}"] = Thing(call.type, inputs)
        return id_, self._outputs(kind, id_, inputs, answer)

    def change(self, call: Call, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """
        Change it in moto.

        Raises:
            Failed: AWS says no, or it is not there.
        """
        kind, thing = KINDS[call.type], self.objects.get(f"{call.type}::{id_}")
        answer = self._read(kind, id_, thing.inputs) if thing else None
        if thing is None or answer is None:
            raise Failed(f"{call.type} {id_!r} not found")
        inputs = {**{field: thing.inputs[field] for field in kind.invented}, **inputs}
        others = {k: v for k, v in fields(kind, answer).items() if k in kind.elsewhere}
        bag = self._bag(kind, id_, {**others, **inputs}, answer)  # or moto forgets them
        operations = kind.update
        if "tags" in self._inputs(call.type):
            bag["TagKeys"] = bag["tagKeys"] = list(self._tags(kind, id_, inputs, answer))
            operations += f" {TAGS[kind.service][1]}"
        self._run(kind, operations, bag)
        thing.inputs = inputs
        return self._outputs(kind, id_, inputs, answer)

    def remove(self, call: Call, id_: str) -> None:
        """
        Delete it from moto.

        Raises:
            Failed: AWS says no.
        """
        kind, thing = KINDS[call.type], self.objects.get(f"{call.type}::{id_}")
        if thing and self._read(kind, id_, thing.inputs) is not None:
            blank = dict.fromkeys(kind.blanked, "")
            self._run(kind, kind.delete, self._bag(kind, id_, {**thing.inputs, **blank}))
        super().remove(call, id_)

    def look(self, call: Call, id_: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """
        The inputs as they were, with what moto says where it says something else.
        """
        key = f"{call.type}::{id_}"
        held = self.held(key) if key in self.objects else None
        if held is None:
            return None
        kind, old = KINDS[call.type], self.objects[key].inputs
        silent = {field for type_, field in NOT_STORED if type_ == call.type}
        found = {k: v for k, v in old.items() if k in silent or not clean({k: v}, kind)}
        made_up = invented(kind, call)
        given = {field for field, value in old.items() if made_up.get(field) != value}
        usual = {**kind.defaults, **made_up}
        for field, value in held.items():
            if field in given or (value != usual.get(field) and field not in kind.elsewhere):
                same = clean({field: old.get(field)}, kind) == {field: value}
                found[field] = old[field] if same else value
        answer = self._read(kind, id_, old) or {}
        return found, self._outputs(kind, id_, old, answer)

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        """
        As the bridge: what is given no name gets one, and keeps it.
        """
        kind = KINDS[request.type]
        if kind.listed and (field := kind.key[0]) not in request.news:
            made_up = f"{request.name}-{request.randomSeed.hex()[:7]}"
            request.news[field] = json_format.MessageToDict(request.olds).get(field, made_up)
        return super().Check(request, context)

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        """
        As the bridge: what an input that nothing changes asks for, and the old one first where the
        name stays.
        """
        response, kind = super().Diff(request, context), KINDS[request.type]
        forced = [field for field in kind.replaces if field in response.diffs]
        for field in forced:
            response.detailedDiff[field].kind = provider_pb2.PropertyDiff.UPDATE_REPLACE
        response.replaces[:] = forced
        response.deleteBeforeReplace = bool(forced) and not {*forced} & {*kind.key}
        return response

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        """
        A preview knows what an update leaves as it is.
        """
        for field in KINDS[request.type].outputs if request.preview else ():
            if field in request.olds and field not in request.news:
                request.news[field] = request.olds[field]
        return super().Update(request, context)

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        """
        Who and where we are.
        """
        if request.tok not in LOOK_UPS:
            return super().Invoke(request, context)
        said = {"account": ACCOUNT, "region": self.region}
        answer = {key: text.format_map(said) for key, text in LOOK_UPS[request.tok].items()}
        struct = json_format.ParseDict(answer, struct_pb2.Struct())
        return provider_pb2.InvokeResponse(**{"return": struct})

    # How moto is asked.

    def _run(self, kind: Kind, operations: str, bag: Mapping[str, Any]) -> dict[str, Any]:
        """
        Call the operations that have all they require; what the last one answered.
        """
        client, answer = self.client(kind.service), {}
        for name in operations.split():
            model = self._model(client, name)
            shape = model.input_shape
            if {*shape.required_members} <= bag.keys() | {*model.idempotent_members}:
                picked = {key: bag[key] for key in shape.members if key in bag}
                try:
                    with self._one:
                        answer = getattr(client, name)(**picked)
                except (BotoCoreError, ClientError) as error:
                    raise Failed(str(error)) from error
        return answer

    def _model(self, client: Any, operation: str) -> Any:
        name = client.meta.method_to_api_mapping[operation]
        return client.meta.service_model.operation_model(name)

    def _read(self, kind: Kind, id_: str, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            answer = self._run(kind, kind.read, self._bag(kind, id_, inputs))
        except Failed as error:
            if _GONE.search(str(error)):
                return None
            raise
        found = at(answer, kind.answer) if kind.answer else answer
        if isinstance(found, list):
            wanted = inputs.get("targetId")
            found = next((each for each in found if each.get("Id") == wanted), None)
        return found

    def _tags(
        self, kind: Kind, id_: str, inputs: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> dict[str, str]:
        try:
            bag = self._bag(kind, id_, inputs, answer)
            said = self._run(kind, TAGS[kind.service][0], bag)
        except Failed as error:
            if _GONE.search(str(error)):
                return {}
            raise
        return pairs(said.get("Tags") or said.get("tags") or said.get("TagSet") or {})

    def _bag(
        self,
        kind: Kind,
        id_: str,
        inputs: Mapping[str, Any],
        answer: Mapping[str, Any] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """
        All arguments that some operation about an object may take.
        """
        bag = arguments(kind, {**kind.defaults, **inputs} if id_ else inputs)
        bag["AttributeNames"] = ["All"]
        if self.region != "us-east-1":
            bag["CreateBucketConfiguration"] = {"LocationConstraint": self.region}
        if kind.by and id_:
            bag[kind.by] = id_
        if arn := self._outputs(kind, id_, inputs, answer).get("arn") if answer else None:
            bag["ResourceArn"] = bag["ResourceARN"] = bag["resourceArn"] = arn
        return bag

    def _outputs(
        self, kind: Kind, id_: str, inputs: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> dict[str, Any]:
        known = {**inputs, **answer, "id": id_}
        return {name: text.format_map(known) for name, text in kind.outputs.items()}


def invented(kind: Kind, call: Call) -> dict[str, str]:
    """
    What the provider makes up.
    """
    return dict.fromkeys(kind.invented, f"pulumi-{call.name}")


def differences(cloud: MotoCloud, resources: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """
    Where moto holds other than what the engine's state says was asked for: id, field, both values.

    Args:
        cloud: Where they are.
        resources: Of the state; those of other packages are left out.
    """
    found: list[tuple[str, ...]] = []
    for resource in resources:
        if (type_ := resource["type"]) not in KINDS:
            continue
        kind, held = KINDS[type_], cloud.held(f"{type_}::{resource['id']}") or {}
        silent = {field for each, field in NOT_STORED if each == type_}
        inputs = {k: v for k, v in resource["inputs"].items() if k != "__defaults"}
        made_up = {field: held.get(field) for field in (*kind.invented, *kind.elsewhere)}
        asked = clean({**kind.defaults, **made_up, **inputs}, kind)
        found += [
            (resource["id"], field, repr(asked.get(field)), repr(held.get(field)))
            for field in sorted(asked.keys() | held.keys())
            if (asked.get(field) == held.get(field)) == (field in silent)
        ]
    return found
