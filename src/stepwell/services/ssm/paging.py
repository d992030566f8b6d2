"""Pages. A token names the last thing shown."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode

from stepwell.errors import ServiceError
from stepwell.services.api import Params
from stepwell.services.ssm.records import ParameterRow


def cut(
    rows: list[ParameterRow], params: Params, most: int
) -> tuple[list[ParameterRow], str | None]:
    """The page that MaxResults and NextToken ask for, of rows ordered by name."""
    token = params.get("NextToken")
    after = _read(token) if token else ""
    left = [row for row in rows if row.name > after]
    page = left[: params.get("MaxResults") or most]
    return page, token_of(page[-1].name) if len(left) > len(page) else None


def token_of(text: str) -> str:
    """The token that continues after it."""
    return urlsafe_b64encode(text.encode()).decode()


def number_of(token: str | None) -> int:
    """The version a token names; 0 without one."""
    if not token:
        return 0
    text = _read(token)
    if not text.isdecimal():
        raise _invalid()
    return int(text)


def _read(token: str) -> str:
    try:
        return b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise _invalid() from None


def _invalid() -> ServiceError:
    return ServiceError("InvalidNextToken", "The specified token isn't valid.")
