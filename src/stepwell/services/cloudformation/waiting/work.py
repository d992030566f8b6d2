"""What is to be done at a resource that waits, and how it is done: the port of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from stepwell.deploy.resource_type import Made
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.deployment.tried import Failed
from stepwell.services.cloudformation.documents import Rules, Snapshot
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import JsonObject

Begin = Callable[[Turn], str]
"""Stages the beginning; the answer is the token of what is waited for."""


@dataclass(frozen=True, slots=True)
class Work:
    """An attempt at a resource."""

    stacks: Stacks
    stack: StackRow
    logical_id: str
    type: str
    action: str
    """create, replace, update or delete."""
    number: int
    suffix: str
    properties: JsonObject
    """The new ones; of a deletion the ones it has."""
    existing: Snapshot | None
    """None: it is being made."""
    tags: dict[str, str] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)


class Waiting(Protocol):
    """One kind of resource that waits."""

    async def start(self, work: Work) -> Made | Failed | Begin:
        """Do it, or say how it begins. It may be asked again after a crash."""

    def check(self, work: Work, token: str) -> Made | Failed | None:
        """What came of it; None: nothing yet."""

    def ended(self, turn: Turn, work: Work, token: str) -> None:
        """Nobody waits any more: what was kept for it goes."""

    def cancel(self, work: Work, token: str) -> bool:
        """The stack will not wait. False: it must, this cannot be broken off."""
