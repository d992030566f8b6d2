"""Calling what a stack's outputs name: any host name is this server's."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from stepwell.testing.server import ServerProcess

_SECONDS_MAX = 30


def get(server: ServerProcess, url: str) -> str:
    """The body of a 2xx answer to GET."""
    return _asked(server, url, "GET", None)


def post(server: ServerProcess, url: str, body: str) -> str:
    """The body of a 2xx answer to POST of a JSON text."""
    return _asked(server, url, "POST", body)


def _asked(server: ServerProcess, url: str, method: str, body: str | None) -> str:
    """The server finds an API by the host's name, which need not resolve anywhere."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_SECONDS_MAX)
    try:
        headers = {"Host": place.netloc, "Content-Type": "application/json"}
        connection.request(method, place.path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    assert answer.status // 100 == 2, f"{answer.status}: {text}"
    return text
