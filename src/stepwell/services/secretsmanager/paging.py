"""Pages. A token names the last thing shown."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode

from stepwell.errors import ServiceError
from stepwell.services.api import Params


def cut(names: list[str], params: Params, most: int) -> tuple[list[str], str | None]:
    """The page that MaxResults and NextToken ask for: what stands after the name in the token."""
    token = params.get("NextToken")
    start = names.index(_read(token, names)) + 1 if token else 0
    page = names[start : start + min(params.get("MaxResults") or most, most)]
    more = start + len(page) < len(names)
    return page, urlsafe_b64encode(page[-1].encode()).decode() if more and page else None


def _read(token: str, names: list[str]) -> str:
    try:
        name = b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        name = ""
    if name not in names:
        raise ServiceError("InvalidNextTokenException", "Invalid token.")
    return name
