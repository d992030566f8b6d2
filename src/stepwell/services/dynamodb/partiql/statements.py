"""What a PartiQL statement can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from stepwell.services.dynamodb.attribute_values import Item
from stepwell.services.dynamodb.expressions.tree import Condition, Path, Update


@dataclass(frozen=True, slots=True)
class Select:
    """SELECT. `paths` is None for `*`; `order` has attributes and whether they fall."""

    table: str
    index: str | None
    paths: tuple[Path, ...] | None
    where: Condition | None
    order: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Insert:
    """INSERT"""

    table: str
    item: Item


@dataclass(frozen=True, slots=True)
class Change:
    """UPDATE, or DELETE where there is no update."""

    table: str
    update: Update | None
    where: Condition
    returning: str = "NONE"
    """As ReturnValues spells it."""


@dataclass(frozen=True, slots=True)
class Check:
    """EXISTS(SELECT ...), in transactions."""

    select: Select


Statement: TypeAlias = Select | Insert | Change | Check
