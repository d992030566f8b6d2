"""Pages. A token names the last thing shown."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.services.api import Params
from stepwell.services.paging import name_in, page_after
from stepwell.services.ssm.records import ParameterRow


def cut(
    rows: list[ParameterRow], params: Params, most: int
) -> tuple[list[ParameterRow], str | None]:
    """The page that MaxResults and NextToken ask for, of rows ordered by name."""
    size = params.get("MaxResults") or most
    try:
        return page_after(rows, params.get("NextToken"), size, lambda row: row.name)
    except ValueError:
        raise _invalid() from None


def number_of(token: str | None) -> int:
    """The version a token names; 0 without one."""
    try:
        return int(name_in(token)) if token else 0
    except ValueError:
        raise _invalid() from None


def _invalid() -> ServiceError:
    return ServiceError("InvalidNextToken", "The specified token isn't valid.")
