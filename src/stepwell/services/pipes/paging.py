"""Pages of pipes. A token names the last one shown."""

from __future__ import annotations

from stepwell.services.api import Params
from stepwell.services.paging import page_after
from stepwell.services.pipes.errors import invalid
from stepwell.services.pipes.records import PipeRow

PAGE_MAX = 100


def cut(rows: list[PipeRow], params: Params) -> tuple[list[PipeRow], str | None]:
    """The page that Limit and NextToken ask for, of rows ordered by name."""
    size = params.get("Limit") or PAGE_MAX
    try:
        return page_after(rows, params.get("NextToken"), size, lambda row: row.name)
    except ValueError:
        raise invalid("Invalid NextToken.") from None
