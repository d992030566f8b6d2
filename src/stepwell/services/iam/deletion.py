"""Deleting entities, once nothing hangs on them."""

from __future__ import annotations

from stepwell.services.iam.errors import delete_conflict
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import EntityRow, owner_of


def refuse_while_used(iam: Iam, row: EntityRow, further: str = "") -> None:
    """Raises DeleteConflict while policies hang on it, or for the further reason."""
    owner = owner_of(row)
    if any(each.owner == owner for each in iam.attachments.of(row.account)):
        raise delete_conflict("Cannot delete entity, must detach all policies first.")
    if any(each.owner == owner for each in iam.inline.of(row.account)):
        raise delete_conflict("Cannot delete entity, must delete policies first.")
    if further:
        raise delete_conflict(f"Cannot delete entity, {further}.")


async def delete_entity(iam: Iam, row: EntityRow) -> None:
    """Delete its row."""
    with iam.parts.ledger.stage() as turn:
        iam.entities.delete(turn, row.account, row.kind, row.name)
    await iam.parts.ledger.committed()
