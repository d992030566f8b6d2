"""A web server of the tests' own, that remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes


@dataclass
class Endpoint:
    """The server: where it is, what it was asked, what it answers by path."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    """Path without a query -> status, media type, body. Anything else is 200 and JSON."""

    def told(self, path: str) -> list[Asked]:
        """The requests to a path."""
        return [each for each in self.asked if each.path.partition("?")[0] == path]


@contextmanager
def serving() -> Iterator[Endpoint]:
    """Serve until the block ends."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            endpoint.asked.append(Asked(self.command, self.path, headers, body))
            plain = self.path.partition("?")[0]
            ok = (200, "application/json", json.dumps({"path": plain}).encode())
            status, kind, content = endpoint.answers.get(plain, ok)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
