"""Pages. A token names the last thing shown."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.services.api import Params
from stepwell.services.paging import name_in, token_of


def cut(names: list[str], params: Params, most: int) -> tuple[list[str], str | None]:
    """The page that MaxResults and NextToken ask for: what stands after the name in the token."""
    token = params.get("NextToken")
    start = names.index(_read(token, names)) + 1 if token else 0
    page = names[start : start + min(params.get("MaxResults") or most, most)]
    more = start + len(page) < len(names)
    return page, token_of(page[-1]) if more and page else None


def _read(token: str, names: list[str]) -> str:
    try:
        name = name_in(token)
    except ValueError:
        name = ""
    if name not in names:
        raise ServiceError("InvalidNextTokenException", "Invalid token.")
    return name
