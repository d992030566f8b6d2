"""A home for functions' requests: an HTTP server that remembers who asked for what."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Home(ThreadingHTTPServer):
    """Listens on loopback; every request gets an empty document."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str, str]] = []
        """Host in small letters, operation or path, `region/service` signed for."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://localhost:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Home

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(size)
        target = self.headers.get("X-Amz-Target", "")
        scope = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")
        host = self.headers["Host"].partition(":")[0].lower()
        self.server.seen.append((host, target or self.path, "/".join(scope[2:4])))
        body = b"{}" if target else b""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, format: str, *given: object) -> None:
        """Say nothing."""


@contextmanager
def home() -> Iterator[Home]:
    """A running home."""
    server = Home()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
