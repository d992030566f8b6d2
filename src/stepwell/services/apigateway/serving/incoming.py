"""A request to a stage of an API, read once: names, values, the context that templates see."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from stepwell.services.api import Call, HttpRequest
from stepwell.services.apigateway.documents import Document

QUERY_FIELDS_MAX = 1_000


@dataclass(slots=True)
class Incoming:
    """One request, and what became of it so far."""

    call: Call
    request: HttpRequest
    api: str
    owner: str
    stage: Document
    stage_name: str
    path: str
    """Below the stage, as it is routed: decoded where the API does so."""
    raw_path: str
    """As sent, with the stage where the caller's URL has it."""
    extended_id: str
    now_ms: int
    headers: Sequence[tuple[str, str]] = ()
    """As the API shows them."""
    query: Sequence[tuple[str, str]] = ()
    path_parameters: dict[str, str] = field(default_factory=dict)
    resource: str = ""
    """The path of the resource, or the route's key."""
    resource_id: str = ""
    authorizer: dict[str, Any] | None = None
    api_key: Document | None = None
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The stage's variables."""
        return self.stage.get("variables") or self.stage.get("StageVariables") or {}

    @property
    def domain(self) -> str:
        """The name the caller used, without a port."""
        return self.request.host.partition(":")[0]

    @property
    def protocol(self) -> str:
        """As requests tell it."""
        return "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The last value of a header."""
        wanted = name.lower()
        found = None
        for key, value in self.headers:
            if key.lower() == wanted:
                found = value
        return found

    def header_values(self, name: str) -> list[str]:
        """All values of a header."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def query_values(self, name: str) -> list[str]:
        """All values of a query parameter."""
        return [value for key, value in self.query if key == name]

    @property
    def user_agent(self) -> str:
        """What the caller says it is."""
        return self.header("user-agent") or ""

    @property
    def content_type(self) -> str:
        """The media type alone, in small letters."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    def moment(self) -> str:
        """The time in the form of access logs."""
        moment = datetime.fromtimestamp(self.now_ms // 1000, UTC)
        return moment.strftime("%d/%b/%Y:%H:%M:%S +0000")

    def text_body(self) -> str:
        """The body as text."""
        return self.request.body.decode("utf-8", "replace")


def read_query(query: str) -> list[tuple[str, str]]:
    """The parameters of a query, in their order, as many as are looked at; `+` is a blank."""
    fields = "&".join(query.split("&", QUERY_FIELDS_MAX)[:QUERY_FIELDS_MAX])
    return parse_qsl(fields, keep_blank_values=True)


def read_path(path: str) -> str:
    """A path without percent signs; a slash that was escaped stays so, not to be taken for one."""
    return "/".join(unquote(part).replace("/", "%2F") for part in path.split("/"))


def with_forwarding(request: HttpRequest) -> list[tuple[str, str]]:
    """The headers with those that the gateway's front adds."""
    names = {name for name, _ in request.headers}
    scheme, _, host = request.base_url.partition("://")
    port = host.rpartition(":")[2] if ":" in host else ("443" if scheme == "https" else "80")
    digits = request.request_id.replace("-", "").ljust(32, "0")
    added = {
        "host": request.host,
        "x-amzn-trace-id": f"Root=1-{digits[:8]}-{digits[8:32]}",
        "x-forwarded-for": request.source_ip,
        "x-forwarded-port": port,
        "x-forwarded-proto": scheme or "http",
    }
    headers = list(request.headers)
    return headers + [(name, value) for name, value in added.items() if name not in names]


def extended_request_id(drawn: bytes) -> str:
    """An `x-amz-apigw-id`."""
    return base64.b64encode(drawn).decode().replace("/", "_").replace("+", "-")


def titled(name: str) -> str:
    """A header's name as clients mostly write it."""
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-"))


def last_values(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """One value for each name: the last."""
    return dict(pairs)


def all_values(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def media_fits(media: str, wanted: Sequence[str]) -> bool:
    """Whether a media type is one of a list, in which `*/*` and `image/*` stand for many."""
    main = media.partition("/")[0]
    return any(each in (media, "*/*", f"{main}/*") for each in wanted)
