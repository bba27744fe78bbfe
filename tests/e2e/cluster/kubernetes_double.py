"""
A stand-in for Pulumi's kubernetes provider that keeps its objects on a real API server.

As the real one does, it refuses to take over what is there already, applies on the server's side,
deletes with the foreground propagation policy and waits until the object is gone. The kinds that
schedkit makes, Namespace, ServiceAccount and CronJob, need no waiting after their creation.
"""

from __future__ import annotations

import time
from typing import Any

from api import Api, ApiError, Document
from double import Call, Double, Failed


MANAGER = "pulumi-kubernetes"
NOT_FOUND = 404
SECONDS = 60  # real ones, until an object must be gone


class KubernetesDouble(Double):
    """
    The administrator's; `objects` holds what was applied, the server what has become of it.
    """

    def __init__(self, api: Api) -> None:
        super().__init__("kubernetes")
        self.api = api

    def make(self, call: Call, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """
        Apply an object that is not there yet.
        """
        if self._live(inputs) is not None:
            raise Failed(f"{call.type} {inputs['metadata']['name']!r} already exists")
        live = self._apply(inputs)
        id_, _ = super().make(call, inputs)
        return id_, live

    def change(self, call: Call, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """
        Apply an object anew: fields that are left out are taken away.
        """
        super().change(call, id_, inputs)
        return self._apply(inputs)

    def remove(self, call: Call, id_: str) -> None:
        """
        Delete it after all that it owns, and wait for that.
        """
        thing = self.objects.get(f"{call.type}::{id_}")
        if thing is None:
            return
        try:
            self.api.delete(self.api.path(thing.inputs), "Foreground")
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise Failed(error.message) from None
        end = time.monotonic() + SECONDS
        while self._live(thing.inputs) is not None:
            if time.monotonic() > end:
                raise Failed(f"{call.type} {id_!r} is not gone after {SECONDS} s")
            time.sleep(0.1)
        super().remove(call, id_)

    def look(self, call: Call, id_: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """
        Its inputs are the live values of what was applied.
        """
        thing = self.objects.get(f"{call.type}::{id_}")
        live = self._live(thing.inputs) if thing else None
        return (_alike(live, thing.inputs), live) if live is not None else None

    def _live(self, inputs: Document) -> Document | None:
        try:
            return self.api.ask("GET", self.api.path(inputs))
        except ApiError as error:
            if error.code == NOT_FOUND:
                return None
            raise Failed(error.message) from None

    def _apply(self, inputs: Document) -> Document:
        try:
            return self.api.apply(inputs, MANAGER)
        except ApiError as error:
            raise Failed(error.message) from None


def _alike(live: Any, applied: Any) -> Any:
    """
    The live value without what the server has added.
    """
    if isinstance(live, dict) and isinstance(applied, dict):
        return {key: _alike(live[key], applied[key]) for key in applied if key in live}
    if isinstance(live, list) and isinstance(applied, list) and len(live) == len(applied):
        return [_alike(*pair) for pair in zip(live, applied, strict=True)]
    return live
