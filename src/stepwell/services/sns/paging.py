"""Pages of a hundred. A token names the last thing shown."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode

from stepwell.services.sns.errors import invalid_parameter
from stepwell.services.sns.limits import PAGE


def cut(names: list[str], token: str | None) -> tuple[list[str], str | None]:
    """The page after the token of names in order, and the token of the next one."""
    after = _read(token) if token else ""
    rest = [name for name in names if name > after]
    page = rest[:PAGE]
    more = urlsafe_b64encode(page[-1].encode()).decode() if len(rest) > PAGE else None
    return page, more


def _read(token: str) -> str:
    try:
        return b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise invalid_parameter("NextToken") from None
