"""What was configured, as documents: read, put, deleted, in the turn of an operation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Store
from stepwell.runtime.turn import Turn
from stepwell.services.apigateway.records import ITEM, ItemRow
from stepwell.services.shelf import Shelf
from stepwell.values import decode, encode_text

Document = dict[str, Any]


class Documents:
    """Documents by owner, kind and id. Await `ready` first; readers may keep what they get but
    must not change it, unless they took it with `change`."""

    def __init__(self, store: Store, ledger: Ledger, next_id: Callable[[], int]) -> None:
        self._shelf = Shelf(ITEM, store, ledger)
        self._next_id = next_id
        self._decoded: dict[tuple[str, str, str], tuple[str, Document]] = {}
        self._owners: dict[tuple[str, str], str] = {}
        ledger.on_rollback(self._owners.clear)

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await self._shelf.ready()

    def get(self, owner: str, kind: str, name: str) -> Document | None:
        """A document."""
        row = self._shelf.get(owner, kind, name)
        return None if row is None else self._document(row)

    def change(self, owner: str, kind: str, name: str) -> Document | None:
        """A document of one's own, to be changed and put back."""
        return copy.deepcopy(self.get(owner, kind, name))

    def all(self, owner: str, kind: str) -> list[Document]:
        """The documents of a kind, in the order in which they were made."""
        rows = [row for row in self._shelf.of(owner) if row.kind == kind]
        return [self._document(row) for row in sorted(rows, key=lambda row: row.number)]

    def names(self, owner: str, kind: str) -> list[str]:
        """The ids of a kind, in the order in which they were made."""
        rows = [row for row in self._shelf.of(owner) if row.kind == kind]
        return [row.id for row in sorted(rows, key=lambda row: row.number)]

    def owner_of(self, kind: str, name: str) -> str | None:
        """Whose a thing is that has its id for itself among all owners."""
        owner = self._owners.get((kind, name))
        if owner is None or self._shelf.get(owner, kind, name) is None:
            for row in self._shelf.everything():
                if row.kind == kind and row.id == name:
                    self._owners[kind, name] = row.owner
                    return row.owner
            return None
        return owner

    def put(self, turn: Turn, owner: str, kind: str, name: str, document: Document) -> None:
        """Insert or replace a document; one that is replaced keeps its place."""
        before = self._shelf.get(owner, kind, name)
        number = self._next_id() if before is None else before.number
        self._shelf.put(turn, ItemRow(owner, kind, name, number, encode_text(document)))

    def delete(self, turn: Turn, owner: str, kind: str, name: str) -> None:
        """Delete a document, if there is one."""
        self._shelf.delete(turn, owner, kind, name)
        self._decoded.pop((owner, kind, name), None)

    def delete_all(self, turn: Turn, owner: str, *kinds: str) -> None:
        """Delete everything an owner has, or all of some kinds."""
        for row in self._shelf.of(owner):
            if not kinds or row.kind in kinds:
                self.delete(turn, owner, row.kind, row.id)

    def _document(self, row: ItemRow) -> Document:
        known = self._decoded.get((row.owner, row.kind, row.id))
        if known is None or known[0] is not row.document:
            known = (row.document, decode(row.document))  # type: ignore[assignment]
            self._decoded[row.owner, row.kind, row.id] = known  # type: ignore[assignment]
        return known[1]  # type: ignore[index]


def shown(document: Document) -> Document:
    """A document as it is shown: without what is kept for ourselves."""
    return {name: value for name, value in document.items() if not name.startswith("_")}
