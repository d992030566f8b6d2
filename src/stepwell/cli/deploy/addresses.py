"""Where an address of AWS's that a stack puts out answers on this server."""

from __future__ import annotations

import re

_API = re.compile(
    r"(?:https?|wss?)://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(/[^\s]*)?", re.I
)
_FUNCTION_URL = re.compile(r"https://([a-z0-9]+)\.lambda-url\.[a-z0-9-]+\.on\.aws(/[^\s]*)?", re.I)


def local_address(text: str, endpoint: str) -> str | None:
    """The address on the server at `endpoint` of an API or a function URL; None for other texts."""
    text = text.strip()
    api = _API.fullmatch(text)
    if api is not None:
        return f"{endpoint}/_aws/execute-api/{api[1]}{api[2] or '/'}"
    url = _FUNCTION_URL.fullmatch(text)
    if url is not None:
        return f"{endpoint}/_aws/lambda-url/{url[1]}{url[2] or '/'}"
    return None
