"""The ways in for requests that are not AWS API calls: an API's stage, a function's URL.

A door is found by a label of the host's name or by the beginning of the path. Doors are public
endpoints, as they are at AWS: no signature is asked for here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from stepwell.gateway.messages import Request, Response, header_lines
from stepwell.services.api import Door, HttpAnswer, HttpRequest

_OURS = frozenset({"content-length", "date", "connection", "transfer-encoding", "keep-alive"})
"""Headers that belong to the connection."""
_FINAL_MIN = 200
_BODILESS = (204, 205, 304)
"""Behind these a client takes the next bytes for the next answer."""
_NO_ANSWER = b'{"message":"Internal server error"}'


class Doors:
    """All doors of one server."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._labels = {label: door for door in doors for label in door.host_labels}
        self._prefixes = [(prefix, door) for door in doors for prefix in door.path_prefixes]
        self._by_host = lru_cache(maxsize=256)(self._of_host)

    def find(self, request: Request) -> Door | None:
        """The door a request comes to."""
        door = self._by_host(request.headers.get(b"host", b""))
        if door is not None:
            return door
        for prefix, candidate in self._prefixes:
            if request.path.startswith(prefix):
                return candidate
        return None

    def _of_host(self, host: bytes) -> Door | None:
        name = host.decode("latin-1").lower().partition(":")[0]
        for label in name.split("."):
            if label in self._labels:
                return self._labels[label]
        return None


def through_door(request: Request, base_url: str, request_id: str) -> HttpRequest:
    """The request as a door sees it."""
    headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in _pairs(request)]
    host = request.headers.get(b"host", b"").decode("latin-1").lower()
    query = request.query.decode("latin-1")
    return HttpRequest(
        request.method, host, request.path, query, headers, request.body, base_url, request_id
    )


def _pairs(request: Request) -> Sequence[tuple[bytes, bytes]]:
    return request.header_list or list(request.headers.items())


def out_of_door(answer: HttpAnswer) -> Response:
    """A door's answer as the connection sends it: final, and without a body where none can be."""
    if answer.status < _FINAL_MIN:
        # Clients would go on waiting for an answer after this one.
        return Response(502, b"content-type: application/json\r\n", _NO_ANSWER)
    kept = [(name, value) for name, value in answer.headers if name.lower() not in _OURS]
    body = b"" if answer.status in _BODILESS else answer.body
    return Response(answer.status, header_lines(kept), body)
