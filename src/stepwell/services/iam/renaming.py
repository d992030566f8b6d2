"""UpdateUser and UpdateGroup: another path, another name. What hangs on it follows."""

from __future__ import annotations

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.iam.errors import already_exists
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import GROUP, USER, EntityRow, owner_of


async def update_user(iam: Iam, call: Call, params: Params) -> None:
    """UpdateUser."""
    row = iam.find(call.account, USER, params["UserName"])
    await _move(iam, row, params.get("NewUserName"), params.get("NewPath"))


async def update_group(iam: Iam, call: Call, params: Params) -> None:
    """UpdateGroup."""
    row = iam.find(call.account, GROUP, params["GroupName"])
    await _move(iam, row, params.get("NewGroupName"), params.get("NewPath"))


async def _move(iam: Iam, row: EntityRow, name: str | None, path: str | None) -> None:
    later = row._replace(name=name or row.name, path=path or row.path)
    others = (each for each in iam.all_of(row.account, row.kind) if each.name != row.name)
    if any(each.name.lower() == later.name.lower() for each in others):
        raise already_exists(f"{row.kind.capitalize()} with name {later.name} already exists.")
    with iam.parts.ledger.stage() as turn:
        if later.name != row.name:
            iam.entities.delete(turn, row.account, row.kind, row.name)
            _move_policies(iam, turn, row, later)
            _move_members(iam, turn, row, later)
            _move_keys(iam, turn, row, later)
        iam.entities.put(turn, later)
    await iam.parts.ledger.committed()


def _move_policies(iam: Iam, turn: Turn, row: EntityRow, later: EntityRow) -> None:
    owner = owner_of(row)
    for inline in iam.inline.of(row.account):
        if inline.owner == owner:
            iam.inline.delete(turn, row.account, owner, inline.name)
            iam.inline.put(turn, inline._replace(owner=owner_of(later)))
    for attached in iam.attachments.of(row.account):
        if attached.owner == owner:
            iam.attachments.delete(turn, row.account, owner, attached.arn)
            iam.attachments.put(turn, attached._replace(owner=owner_of(later)))


def _move_members(iam: Iam, turn: Turn, row: EntityRow, later: EntityRow) -> None:
    for each in iam.members.of(row.account):
        changed = each
        if row.kind == GROUP and each.container == owner_of(row):
            changed = each._replace(container=owner_of(later))
        elif row.kind == USER and each.container.startswith(f"{GROUP}/"):
            changed = each._replace(member=later.name) if each.member == row.name else each
        if changed != each:
            iam.members.delete(turn, row.account, each.container, each.member)
            iam.members.put(turn, changed)


def _move_keys(iam: Iam, turn: Turn, row: EntityRow, later: EntityRow) -> None:
    for key in iam.keys.of(row.account) if row.kind == USER else ():
        if key.user == row.name:
            iam.keys.delete(turn, row.account, key.user, key.id)
            iam.keys.put(turn, key._replace(user=later.name))
