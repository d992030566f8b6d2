"""Begins what waits, looks what came of it, and breaks off what nobody wants any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

from stepwell.deploy.dynamic import resolve_dynamic
from stepwell.deploy.resource_type import Made
from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation import events
from stepwell.services.cloudformation.deployment import attempts, removing
from stepwell.services.cloudformation.deployment.tried import (
    Failed,
    internal_failure,
    reason_of,
)
from stepwell.services.cloudformation.documents import (
    Attempt,
    read_attempt,
    read_snapshot,
    snapshot_of,
    write,
)
from stepwell.services.cloudformation.records import LeftoverRow, ResourceRow, StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.waiting.conditions import Conditions, Handles
from stepwell.services.cloudformation.waiting.custom import CustomResources
from stepwell.services.cloudformation.waiting.nested import NestedStacks
from stepwell.services.cloudformation.waiting.work import Begin, Waiting, Work

_KINDS: dict[str, Waiting] = {
    "AWS::CloudFormation::Stack": NestedStacks(),
    "AWS::CloudFormation::WaitCondition": Conditions(),
    "AWS::CloudFormation::WaitConditionHandle": Handles(),
}
_CUSTOM = CustomResources()
_log = logging.getLogger("stepwell.cloudformation")


def _kind(type_name: str) -> Waiting:
    return _KINDS.get(type_name, _CUSTOM)


def _of_row(stacks: Stacks, stack: StackRow, row: ResourceRow, attempt: Attempt) -> Work:
    existing = None if attempt.action in ("create", "replace") else snapshot_of(row)
    deleting = attempt.action == "delete" and existing is not None
    return Work(
        stacks,
        stack,
        row.logical_id,
        attempt.type,
        attempt.action,
        attempt.number,
        attempt.suffix,
        existing.properties if deleting and existing else attempt.properties,
        existing,
        attempt.tags,
        attempt.rules,
    )


def _of_leftover(stacks: Stacks, stack: StackRow, row: LeftoverRow) -> Work:
    before = read_snapshot(row.snapshot)
    return Work(
        stacks,
        stack,
        row.logical_id,
        before.type,
        "delete",
        row.number,
        before.suffix,
        before.properties,
        before,
    )


class Collecting:
    """See the module."""

    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks

    async def start(self, stack: StackRow, row: ResourceRow) -> Callable[[], None] | None:
        """Begin the attempt at a resource; the answer records that."""
        stacks = self._stacks
        attempt = read_attempt(row)
        if attempt is None or attempt.token:
            return None
        work = _of_row(stacks, stack, row, attempt)
        begun = await _begun(work)
        if isinstance(begun, (Made, Failed)):
            return lambda: attempts.finish(stacks, stack.id, row.logical_id, attempt.number, begun)

        def record() -> None:
            current = stacks.resources.get(stack.id, row.logical_id)
            if current is None or current.attempt != row.attempt:
                return
            with stacks.parts.ledger.stage() as turn:
                token = _token(turn, work, begun)
                if isinstance(token, Failed):
                    attempts.finish(stacks, stack.id, row.logical_id, attempt.number, token)
                    return
                waits = current._replace(attempt=write(replace(attempt, token=token)))
                if work.type == events.STACK_TYPE and work.action == "create":
                    # Tools follow the nested stack by what the event says.
                    waits = waits._replace(physical_id=token)
                    status, reason = waits.status, attempts.INITIATED
                    events.resource_event(stacks, turn, stack, waits, status, reason)
                stacks.resources.put(turn, waits)

        return record

    async def start_leftover(self, stack: StackRow, row: LeftoverRow) -> Callable[[], None] | None:
        """Begin the deletion of a leftover; the answer records that."""
        stacks = self._stacks
        work = _of_leftover(stacks, stack, row)
        begun = await _begun(work)
        if isinstance(begun, (Made, Failed)):
            reason = begun.reason if isinstance(begun, Failed) else ""
            return lambda: removing.finish_leftover(stacks, stack.id, row.number, reason)

        def record() -> None:
            current = stacks.leftovers.get(stack.id, row.number)
            if current is None or current.status != removing.BEGUN:
                return
            with stacks.parts.ledger.stage() as turn:
                token = _token(turn, work, begun)
                if isinstance(token, Failed):
                    removing.finish_leftover(stacks, stack.id, row.number, token.reason)
                    return
                stacks.leftovers.put(turn, current._replace(status=removing.WAITS, token=token))

        return record

    def collect(self, stack: StackRow) -> None:
        """Record whatever came since the last look."""
        for work, token in self._waited_for(stack):
            made = _checked(work, token)
            if made is not None:
                self._end(work, token, made)
        for leftover in self._stacks.leftovers.of(stack.id):
            if leftover.status == removing.WAITS:
                self._collect_leftover(stack, leftover)

    def _collect_leftover(self, stack: StackRow, row: LeftoverRow) -> None:
        stacks = self._stacks
        work = _of_leftover(stacks, stack, row)
        made = _checked(work, row.token)
        if made is None:
            return
        with stacks.parts.ledger.stage() as turn:
            _kind(work.type).ended(turn, work, row.token)
        reason = made.reason if isinstance(made, Failed) else ""
        removing.finish_leftover(stacks, stack.id, row.number, reason)

    def cancel(self, stack: StackRow) -> None:
        """The way forward has failed: what can be broken off is, and counts as failed."""
        for work, token in self._waited_for(stack):
            if not _kind(work.type).cancel(work, token):
                continue
            what = "creation" if work.action == "create" else "update"
            wait = self._stacks.waits.get(token)
            physical_id = "" if wait is None else wait.physical_id
            self._end(work, token, Failed(f"Resource {what} cancelled", physical_id))

    def _waited_for(self, stack: StackRow) -> Iterator[tuple[Work, str]]:
        """What a stack waits for, each with its token."""
        for row in self._stacks.resources.of(stack.id):
            attempt = read_attempt(row) if row.attempt else None
            if attempt is not None and attempt.token:
                yield _of_row(self._stacks, stack, row, attempt), attempt.token

    def _end(self, work: Work, token: str, made: Made | Failed) -> None:
        stacks = self._stacks
        with stacks.parts.ledger.stage() as turn:
            _kind(work.type).ended(turn, work, token)
        attempts.finish(stacks, work.stack.id, work.logical_id, work.number, made)


def _checked(work: Work, token: str) -> Made | Failed | None:
    """What came of it. A bug must not keep others from being looked at."""
    try:
        return _kind(work.type).check(work, token)
    except Exception as bug:
        _log.exception("%s: the answer for %s broke", work.stack.id, work.logical_id)
        return Failed(internal_failure(bug))


def _token(turn: Turn, work: Work, begun: Begin) -> str | Failed:
    """Stage the beginning. Since it was looked at something may have come in between."""
    try:
        return begun(turn)
    except ServiceError as error:
        return Failed(reason_of(error, work.number))


async def _begun(work: Work) -> Made | Failed | Begin:
    account, _, region = work.stack.scope.partition(":")
    try:
        cloud = work.stacks.clouds.at(account, region)
        properties = await resolve_dynamic(work.properties, cloud)
        return await _kind(work.type).start(replace(work, properties=properties))
    except ServiceError as error:
        return Failed(reason_of(error, work.number))
    except StorageTrouble:
        raise
    except Exception as bug:
        _log.exception("%s: %s of %s broke", work.stack.id, work.action, work.logical_id)
        return Failed(internal_failure(bug))
