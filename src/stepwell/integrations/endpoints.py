"""HTTP requests of tasks: to APIs and to anything else; those to APIs of this server in process."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import urlsplit

from stepwell.runtime.ports import Clock, Ids
from stepwell.services.api import HttpRequest
from stepwell.services.apigateway.ports import BackendAnswer, Outbound
from stepwell.services.apigateway.serving.door import LABEL, Entrance
from stepwell.values import BadJson, JsonObject, JsonValue, decode

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


class Endpoints:
    """Sends requests (`Outbound`)."""

    def __init__(self, entrance: Entrance, outbound: Outbound, clock: Clock, ids: Ids) -> None:
        self._entrance = entrance
        self._outbound = outbound
        self._clock = clock
        self._ids = ids

    async def send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout_seconds: float,
    ) -> BackendAnswer:
        """The answer. Raises TooSlow, Unreachable."""
        parts = urlsplit(url)
        if LABEL in parts.netloc.split(".")[1:]:
            request = HttpRequest(
                method=method,
                host=parts.netloc.lower(),
                path=parts.path or "/",
                query=parts.query,
                headers=[(name.lower(), value) for name, value in headers],
                body=body,
                base_url=f"{parts.scheme}://{parts.netloc}",
                request_id=self._ids.uuid(),
            )
            if await self._entrance.knows(request):
                answer = await self._entrance.answer(request)
                if answer is not None:
                    added = [
                        ("Content-Length", str(len(answer.body))),
                        ("Date", formatdate(self._clock.now() // 1000, usegmt=True)),
                    ]
                    return BackendAnswer(answer.status, [*added, *answer.headers], answer.body)
        return await self._outbound.send(method, url, headers, body, timeout_seconds)


def is_local(url: str) -> bool:
    """Whether a URL leads to this machine."""
    name = urlsplit(url).hostname or ""
    return name in _LOCAL_NAMES or name.endswith(".localhost")


def shown(answer: BackendAnswer) -> JsonObject:
    """An answer as tasks get it."""
    headers: dict[str, JsonValue] = {}
    for name, value in answer.headers:
        values = headers.setdefault(name, [])
        if isinstance(values, list):
            values.append(value)
    return {
        "Headers": headers,
        "ResponseBody": read_body(answer),
        "StatusCode": answer.status,
        "StatusText": status_text(answer.status),
    }


def read_body(answer: BackendAnswer) -> JsonValue:
    """The body: JSON as what it stands for, anything else as text."""
    text = answer.body.decode("utf-8", "replace")
    if not text:
        return None
    kind = media(answer)
    if kind and "json" not in kind and not kind.startswith("text/plain"):
        return text
    try:
        return decode(text)
    except BadJson:
        return text


def media(answer: BackendAnswer) -> str:
    """The media type of an answer, without its parameters."""
    for name, value in answer.headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""


def status_text(status: int) -> str:
    """The words that belong to a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
