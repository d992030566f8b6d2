"""From phase to phase: the statuses of stacks, and how operations end."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation import events
from stepwell.services.cloudformation.documents import (
    CLEANUP,
    HELD,
    NEW,
    REMOVE,
    RESTORE,
    RETAINING,
    Operation,
    read_operation,
    read_rules,
    read_snapshot,
    snapshot_of,
    write,
)
from stepwell.services.cloudformation.errors import invalid
from stepwell.services.cloudformation.goal import Shown
from stepwell.services.cloudformation.records import (
    ExportRow,
    ImportRow,
    LeftoverRow,
    ResourceRow,
    StackRow,
)
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import decode, encode_text

BEGUN_MAX = 32
"""How many resources are begun at once; then others have their turn."""


def enter(
    stacks: Stacks,
    turn: Turn,
    stack: StackRow,
    operation: Operation,
    status: str,
    reason: str = "",
    *,
    event: bool = True,
) -> StackRow:
    """Begin the operation's phase with that status."""
    row = stack._replace(
        operation=write(operation), status=status, reason=reason, phase=stack.phase + 1
    )
    stacks.put(turn, row)
    if event:
        events.stack_event(stacks, turn, row)
    turn.after_commit(lambda: stacks.deployments.poke(stack.id))
    if row.parent:
        turn.after_commit(lambda: stacks.deployments.poke(row.parent))
    return row


def end(stacks: Stacks, turn: Turn, stack: StackRow, status: str, reason: str = "") -> StackRow:
    """The operation is over."""
    row = stack._replace(status=status, reason=reason)
    events.stack_event(stacks, turn, row)
    row = row._replace(operation="")
    stacks.put(turn, row)
    stacks.versions.prune(turn, row)
    if row.parent:
        turn.after_commit(lambda: stacks.deployments.poke(row.parent))
    return row


def note(stacks: Stacks, stack: StackRow, operation: Operation) -> StackRow:
    """The operation goes on, but with another document."""
    row = stack._replace(operation=write(operation))
    with stacks.parts.ledger.stage() as turn:
        stacks.put(turn, row)
    return row


# -- the way forward


def applied(
    stacks: Stacks, stack: StackRow, operation: Operation, outputs: list[Shown], imports: set[str]
) -> None:
    """Everything is as the version wants it: clean up, or be done."""
    with stacks.parts.ledger.stage() as turn:
        _publish(stacks, turn, stack, outputs, imports)
        before = stack.outputs
        stack = stack._replace(outputs=encode_text([_output(shown) for shown in outputs]))
        if operation.kind == "CREATE":
            _settle(stacks, turn, stack)
            end(stacks, turn, stack._replace(settled=0), "CREATE_COMPLETE")
            return
        status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        if operation.hold:
            held = replace(operation, phase=HELD, outputs=operation.outputs or before)
            enter(stacks, turn, stack, held, status)
            return
        clean_up(stacks, turn, stack, operation)


def clean_up(stacks: Stacks, turn: Turn, stack: StackRow, operation: Operation) -> None:
    """The update is irrevocable: what it left over is deleted, in nested stacks too."""
    _put_aside_old(stacks, turn, stack, operation)
    was_held = operation.phase == HELD
    cleaning = replace(operation, phase=CLEANUP)
    status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    enter(stacks, turn, stack._replace(settled=0), cleaning, status, event=not was_held)
    for child, held in held_children(stacks, stack):
        clean_up(stacks, turn, child, held)


def held_children(stacks: Stacks, stack: StackRow) -> list[tuple[StackRow, Operation]]:
    """The nested stacks whose update waits for the end of this one."""
    found = []
    for child in children_of(stacks, stack):
        operation = read_operation(child)
        if operation is not None and operation.phase == HELD:
            found.append((child, operation))
    return found


def children_of(stacks: Stacks, stack: StackRow) -> list[StackRow]:
    """The nested stacks of a stack."""
    children = (
        stacks.stacks.get(row.physical_id)
        for row in stacks.resources.of(stack.id)
        if row.type == events.STACK_TYPE
    )
    return [child for child in children if child is not None]


def _output(shown: Shown) -> dict[str, str]:
    members = {
        "OutputKey": shown.key,
        "OutputValue": shown.value,
        "Description": shown.description,
        "ExportName": shown.export,
    }
    return {name: text for name, text in members.items() if text or name == "OutputValue"}


def _publish(
    stacks: Stacks, turn: Turn, stack: StackRow, outputs: list[Shown], imports: set[str]
) -> None:
    """Exports and imports become those of the version."""
    shown = encode_text([_output(each) for each in outputs])
    _publish_again(stacks, turn, stack._replace(outputs=shown))
    set_imports(stacks, turn, stack, imports)


def _publish_again(stacks: Stacks, turn: Turn, stack: StackRow) -> None:
    """The exports become those of the outputs that the stack has again."""
    outputs = cast("list[dict[str, str]]", decode(stack.outputs))
    exported = {
        each["ExportName"]: each["OutputValue"] for each in outputs if each.get("ExportName")
    }
    for row in stacks.exports.of(stack.scope):
        if row.stack == stack.id and row.name not in exported:
            stacks.exports.delete(turn, row.scope, row.name)
    for name, value in exported.items():
        stacks.exports.put(turn, ExportRow(stack.scope, name, stack.id, value))


def set_imports(stacks: Stacks, turn: Turn, stack: StackRow, names: set[str]) -> None:
    """Note what a stack imports: its exporters cannot go."""
    for row in stacks.imports.of(stack.scope):
        if row.stack == stack.id and row.name not in names:
            stacks.imports.delete(turn, *row)
    for name in names:
        stacks.imports.put(turn, ImportRow(stack.scope, name, stack.id))


def _settle(stacks: Stacks, turn: Turn, stack: StackRow) -> None:
    """There is no way back from here: what was before is forgotten."""
    for row in stacks.resources.of(stack.id):
        if row.before:
            stacks.resources.put(turn, row._replace(before=""))


def _put_aside_old(stacks: Stacks, turn: Turn, stack: StackRow, operation: Operation) -> None:
    """What the version does not have any more, and what was replaced, is left over.

    A resource was settled on the way forward, or the version does not want it.
    """
    forward = stack.phase - (operation.phase == HELD)
    for row in stacks.resources.of(stack.id):
        if row.phase != forward:
            kept = read_rules(row.rules).deletion_policy in RETAINING
            put_aside(stacks, turn, stack, row, retained=kept)
            stacks.resources.delete(turn, stack.id, row.logical_id)
        if row.before not in ("", NEW):
            before = read_snapshot(row.before)
            if before.physical_id and before.physical_id != row.physical_id:
                kept = before.rules.replace_policy == "Retain"
                _leave(stacks, turn, stack, row.logical_id, row.before, retained=kept)
        if row.before and row.phase == forward:
            stacks.resources.put(turn, row._replace(before=""))


def put_aside(
    stacks: Stacks, turn: Turn, stack: StackRow, row: ResourceRow, *, retained: bool = False
) -> None:
    """A resource as it is now is left over."""
    if row.physical_id:
        snapshot = write(snapshot_of(row))
        _leave(stacks, turn, stack, row.logical_id, snapshot, retained=retained)


def _leave(
    stacks: Stacks,
    turn: Turn,
    stack: StackRow,
    logical_id: str,
    snapshot: str,
    *,
    retained: bool = False,
) -> None:
    number = stacks.parts.ids.next_id()
    row = LeftoverRow(stack.id, number, logical_id, snapshot, int(retained), "", 0, "")
    stacks.leftovers.put(turn, row)


def check_exports(stacks: Stacks, stack: StackRow, outputs: list[Shown]) -> None:
    """Raises ServiceError for a name that is taken, or an export that somebody still needs."""
    exported = {shown.export: shown.value for shown in outputs if shown.export}
    for name in exported:
        row = stacks.exports.get(stack.scope, name)
        if row is not None and row.stack != stack.id:
            owner = stacks.stacks.get(row.stack)
            shown = row.stack if owner is None else owner.name
            raise invalid(f"Export with name {name} is already exported by stack {shown}.")
    for row in stacks.exports.of(stack.scope):
        if row.stack != stack.id or exported.get(row.name) == row.value:
            continue
        what = "updated" if row.name in exported else "deleted"
        refuse_used(stacks, row, what)


def refuse_used(stacks: Stacks, row: ExportRow, what: str) -> None:
    """Raises ValidationError for an export that another stack uses."""
    users = [
        used.stack
        for used in stacks.imports.of(row.scope)
        if used.name == row.name and used.stack != row.stack
    ]
    if users:
        user = stacks.stacks.get(users[0])
        name = users[0] if user is None else user.name
        raise invalid(f"Export {row.name} cannot be {what} as it is in use by {name}")


# -- the way back


def failed(stacks: Stacks, stack: StackRow, operation: Operation) -> None:
    """The way forward ends here: go back, or stay where it failed."""
    reason = (operation.trouble and f"{operation.trouble} ") or _failures(stacks, stack)
    with stacks.parts.ledger.stage() as turn:
        if operation.on_failure == "DO_NOTHING":
            end(stacks, turn, stack, f"{operation.kind}_FAILED", reason)
        elif operation.kind == "UPDATE":
            go_back(stacks, turn, stack, operation, reason)
        elif operation.on_failure == "DELETE":
            remove(stacks, turn, stack, operation, f"{reason}Delete requested by user.")
        else:
            remove(stacks, turn, stack, operation, f"{reason}Rollback requested by user.")


def _failures(stacks: Stacks, stack: StackRow) -> str:
    rows = [row for row in stacks.resources.of(stack.id) if row.phase == stack.phase]
    text = ""
    for verb in ("create", "update"):
        names = [row.logical_id for row in rows if row.status == f"{verb.upper()}_FAILED"]
        if names:
            text += f"The following resource(s) failed to {verb}: [{', '.join(names)}]. "
    return text


def go_back(
    stacks: Stacks, turn: Turn, stack: StackRow, operation: Operation, reason: str
) -> StackRow:
    """Undo an update."""
    back = replace(operation, phase=RESTORE, rolling_back=True, trouble="", deadline=0)
    return enter(stacks, turn, stack, back, "UPDATE_ROLLBACK_IN_PROGRESS", reason)


def restored(stacks: Stacks, stack: StackRow, operation: Operation) -> None:
    """Everything that was touched is as it was: delete what was made."""
    with stacks.parts.ledger.stage() as turn:
        for row in stacks.resources.of(stack.id):
            if row.before == NEW:
                policy = read_rules(row.rules).deletion_policy
                kept = policy == "Retain" and not operation.retain_except_on_create
                put_aside(stacks, turn, stack, row, retained=kept)
                stacks.resources.delete(turn, stack.id, row.logical_id)
            elif row.before:
                stacks.resources.put(turn, row._replace(before=""))
        back = stack._replace(version=stack.settled, settled=0)
        if operation.outputs:
            back = back._replace(outputs=operation.outputs)
            _publish_again(stacks, turn, back)
        cleaning = replace(operation, phase=CLEANUP)
        status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
        enter(stacks, turn, back, cleaning, status)


def remove(
    stacks: Stacks, turn: Turn, stack: StackRow, operation: Operation, reason: str
) -> StackRow:
    """Delete everything: the stack goes, or its creation is undone."""
    for row in stacks.resources.of(stack.id):
        if row.before not in ("", NEW):
            before = read_snapshot(row.before)
            if before.physical_id and before.physical_id != row.physical_id:
                kept = before.rules.replace_policy == "Retain"
                _leave(stacks, turn, stack, row.logical_id, row.before, retained=kept)
        stacks.resources.put(turn, row._replace(before=""))
    undoing = operation.kind == "CREATE"
    keeps_stack = undoing and operation.on_failure != "DELETE"
    gone = replace(operation, phase=REMOVE, rolling_back=undoing, trouble="", deadline=0)
    status = "ROLLBACK_IN_PROGRESS" if keeps_stack else "DELETE_IN_PROGRESS"
    return enter(stacks, turn, stack, gone, status, reason)


def removed(stacks: Stacks, stack: StackRow, operation: Operation) -> None:
    """Everything that could be deleted is: so is the stack, or it has failed to be."""
    names = [
        row.logical_id
        for row in stacks.resources.of(stack.id)
        if row.phase == stack.phase and row.status == "DELETE_FAILED"
    ]
    keeps_stack = operation.rolling_back and operation.on_failure != "DELETE"
    status = "ROLLBACK" if keeps_stack else "DELETE"
    with stacks.parts.ledger.stage() as turn:
        if names and not operation.force:
            reason = f"The following resource(s) failed to delete: [{', '.join(names)}]. "
            end(stacks, turn, stack, f"{status}_FAILED", reason)
            return
        _publish(stacks, turn, stack, [], set())
        stack = stack._replace(outputs="[]")
        if not keeps_stack:
            stack = stack._replace(deleted_at=stacks.parts.clock.now())
            if (named := stacks.names.get(stack.scope, stack.name)) and named.stack == stack.id:
                stacks.names.delete(turn, stack.scope, stack.name)
        end(stacks, turn, stack, f"{status}_COMPLETE")


def cleaned(stacks: Stacks, stack: StackRow, operation: Operation, left: list[str]) -> None:
    """The update is over, or its rollback."""
    with stacks.parts.ledger.stage() as turn:
        if operation.rolling_back:
            end(stacks, turn, stack, "UPDATE_ROLLBACK_COMPLETE")
            return
        reason = "Update successful. One or more resources could not be deleted." if left else ""
        end(stacks, turn, stack, "UPDATE_COMPLETE", reason)
