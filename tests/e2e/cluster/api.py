"""
The API server over HTTP: documents in, documents out.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from typing import TYPE_CHECKING, Any

import httpx


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Document = dict[str, Any]
MANAGER = "schedkit-tests"
STRICT = {"fieldValidation": "Strict"}
_MERGE = {"content-type": "application/merge-patch+json"}
_APPLY = {"content-type": "application/apply-patch+yaml"}


class ApiError(Exception):
    """
    The API server said no.

    Attributes:
        code: HTTP's.
        message: The server's sentence.
    """

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


class Api:
    """
    One user's connection.
    """

    def __init__(self, address: str, folder: Path, token: str = "") -> None:
        """
        The administrator, or the owner of a token.
        """
        context = ssl.create_default_context(cafile=folder / "ca.crt")
        if not token:
            context.load_cert_chain(folder / "admin.crt", folder / "admin.key")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=address, verify=context, headers=self._headers, timeout=30, trust_env=False
        )
        self._paths: dict[tuple[str, str], tuple[str, bool]] = {}

    def close(self) -> None:
        """
        Close every connection, also those of watches.
        """
        self._http.close()

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> Document:
        """
        One request.

        Raises:
            ApiError: The answer is no success.
        """
        return self.answer(method, path, body, **more).json()

    def answer(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> httpx.Response:
        """
        The whole answer, with headers.
        """
        content = None if body is None else json.dumps(body)
        sort = {"content-type": "application/json"} | (headers or {})
        found = self._http.request(method, path, content=content, headers=sort, params=params)
        if found.is_error:
            try:
                raise ApiError(found.status_code, found.json()["message"])
            except (ValueError, KeyError):
                raise ApiError(found.status_code, found.text) from None
        return found

    def collection(self, kind: str, version: str, namespace: str = "") -> str:
        """
        Where the objects of a kind stand, found by discovery; all namespaces without one.
        """
        if (version, kind) not in self._paths:
            top = f"/apis/{version}" if "/" in version else f"/api/{version}"
            for each in self.ask("GET", top)["resources"]:
                if "/" not in each["name"]:
                    found = f"{top}/{{}}{each['name']}", each["namespaced"]
                    self._paths[version, each["kind"]] = found
        path, namespaced = self._paths[version, kind]
        return path.format(f"namespaces/{namespace}/" if namespaced and namespace else "")

    def path(self, document: Document) -> str:
        """
        Where a document stands, or shall stand.
        """
        metadata = document["metadata"]
        kind, version = document["kind"], document["apiVersion"]
        top = self.collection(kind, version, metadata.get("namespace", "default"))
        return f"{top}/{metadata['name']}"

    def apply(self, document: Document, manager: str = MANAGER, **params: Any) -> Document:
        """
        Server-side apply; an unknown or doubled field is an error.
        """
        ask = {"fieldManager": manager, **STRICT, **params}
        return self.ask("PATCH", self.path(document), document, headers=_APPLY, **ask)

    def judge(self, document: Document) -> httpx.Response:
        """
        What the server would say to the creation of it, without creating it.
        """
        top = self.path(document).rpartition("/")[0]
        return self.answer("POST", top, document, dryRun="All", **STRICT)

    def get(self, kind: str, version: str, namespace: str, name: str) -> Document:
        """
        One object.
        """
        return self.ask("GET", f"{self.collection(kind, version, namespace)}/{name}")

    def patch(self, path: str, change: Document) -> Document:
        """
        A merge patch; of a status, when the path ends so.
        """
        return self.ask("PATCH", path, change, headers=_MERGE)

    def delete(self, path: str, propagation: str = "Background") -> None:
        """
        Delete one object.
        """
        self.ask("DELETE", path, {"propagationPolicy": propagation})

    def items(self, kind: str, version: str, namespace: str = "") -> list[Document]:
        """
        All objects of a kind.
        """
        return self.ask("GET", self.collection(kind, version, namespace))["items"]

    def watch(self, path: str, since: str) -> Iterator[Document]:
        """
        What changes from a resource version on, until the server is gone.
        """
        ask = {"watch": "1", "resourceVersion": since, "timeoutSeconds": "9999999"}
        waits = httpx.Timeout(30, read=None)
        with self._http.stream("GET", path, params=ask, timeout=waits) as answer:
            for line in answer.iter_lines():
                yield json.loads(line)


class History:
    """
    Every object of a kind that ever was, also the deleted, as last seen.

    Attributes:
        seen: By uid, in the order of creation.
        deleted: Uids.
    """

    def __init__(self, api: Api, kind: str, version: str) -> None:
        self.seen: dict[str, Document] = {}
        self.deleted: set[str] = set()
        self._api = api
        self._path = api.collection(kind, version)
        since = api.ask("GET", self._path)["metadata"]["resourceVersion"]
        self._thread = threading.Thread(target=self._follow, args=(since,), daemon=True)
        self._thread.start()

    def _follow(self, since: str) -> None:
        # It ends with the API server.
        with contextlib.suppress(httpx.HTTPError, json.JSONDecodeError):
            for event in self._api.watch(self._path, since):
                uid = event["object"]["metadata"]["uid"]
                self.seen[uid] = event["object"]
                if event["type"] == "DELETED":
                    self.deleted.add(uid)

    def of(self, namespace: str) -> list[Document]:
        """
        Those of one namespace, oldest first.
        """
        every = list(self.seen.values())
        return [each for each in every if each["metadata"]["namespace"] == namespace]

    def join(self) -> None:
        """
        Wait for the end of the API server.
        """
        self._thread.join(10)
