"""The rows API Gateway keeps: documents, each by what owns it, its kind and its id.

An owner is a scope (`account:region`) or an API within one (`account:region:api`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table


class ItemRow(NamedTuple):
    """One thing that was configured."""

    owner: str
    kind: str
    id: str
    number: int
    """The order in which things were made."""
    document: str
    """JSON, as AWS shows it; what begins with an underscore is not shown."""


ITEM = Table("apigateway_item", ItemRow, ("owner", "kind", "id"))

TABLES: tuple[Table[Any], ...] = (ITEM,)
