"""Pages of a hundred. A token names the last thing shown."""

from __future__ import annotations

from stepwell.services.paging import page_after
from stepwell.services.sns.errors import invalid_parameter
from stepwell.services.sns.limits import PAGE


def cut(names: list[str], token: str | None) -> tuple[list[str], str | None]:
    """The page after the token of names in order, and the token of the next one."""
    try:
        return page_after(names, token, PAGE, str)
    except ValueError:
        raise invalid_parameter("NextToken") from None
