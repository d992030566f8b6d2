"""The way forward: resources are made, changed and replaced until they are what the version wants.

A resource is begun once everything that it depends on is settled in this phase. After the first
failure nothing more is begun; what is under way is waited for, and then the way back begins.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from stepwell.deploy.catalog import find_type
from stepwell.deploy.resource_type import Made, ResourceType
from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation import events
from stepwell.services.cloudformation.deployment import attempts, phases
from stepwell.services.cloudformation.deployment.phases import BEGUN_MAX
from stepwell.services.cloudformation.documents import (
    HIDDEN,
    NEW,
    RETAINING,
    Attempt,
    Operation,
    Rules,
    read_object,
    snapshot_of,
    write,
)
from stepwell.services.cloudformation.goal import Goal
from stepwell.services.cloudformation.records import ResourceRow, StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import JsonObject

_NEW_PHYSICAL = (
    "Requested update requires the creation of a new physical resource; hence creating one."
)
_TIMED_OUT = "Stack creation time exceeded the specified timeout."


async def advance(stacks: Stacks, stack: StackRow, operation: Operation) -> None:
    """Begin what is ready; when nothing is left, go on to the next phase."""
    if _is_late(stacks, operation) and not operation.trouble:
        operation = replace(operation, trouble=_TIMED_OUT)
        stack = phases.note(stacks, stack, operation)
    if attempts.is_failing(stacks, stack):
        stacks.waiting.cancel(stack)
        if not any(row.attempt for row in stacks.resources.of(stack.id)):
            phases.failed(stacks, stack, operation)
        return
    goal = await stacks.versions.goal(stack, stack.version)
    await stacks.ready()
    current = stacks.stacks.get(stack.id)
    if current is None or (current.phase, current.operation) != (stack.phase, stack.operation):
        # Whoever changed it has it looked at again.
        return
    if attempts.is_failing(stacks, current):
        return
    rows = {row.logical_id: row for row in stacks.resources.of(stack.id)}
    done = {name for name, row in rows.items() if row.phase == stack.phase and not row.attempt}
    if done.issuperset(goal.wanted):
        _complete(stacks, current, operation, goal, rows)
        return
    if not done and not _imports(stacks, current, operation, goal):
        return
    _begin_ready(stacks, current, operation, goal, rows, done)


def _imports(stacks: Stacks, stack: StackRow, operation: Operation, goal: Goal) -> bool:
    """Note at the beginning what is imported, so that it stays. False: it is not there."""
    try:
        names = goal.imports(exports_of(stacks, stack))
    except ServiceError as error:
        phases.failed(stacks, stack, replace(operation, trouble=error.message))
        return False
    held = {row.name for row in stacks.imports.of(stack.scope) if row.stack == stack.id}
    if not names <= held:
        with stacks.parts.ledger.stage() as turn:
            phases.set_imports(stacks, turn, stack, names | held)
    return True


def _is_late(stacks: Stacks, operation: Operation) -> bool:
    return bool(operation.deadline) and stacks.parts.clock.now() >= operation.deadline


def _begin_ready(
    stacks: Stacks,
    stack: StackRow,
    operation: Operation,
    goal: Goal,
    rows: Mapping[str, ResourceRow],
    done: set[str],
) -> None:
    exports = exports_of(stacks, stack)
    made = made_of(rows, done)
    ready = [
        name
        for name in goal.wanted
        if name not in done
        and not (name in rows and rows[name].attempt)
        and goal.needs[name] <= done
    ]
    step = _Step(stacks, stack, operation, goal, made, exports)
    with stacks.parts.ledger.stage() as turn:
        settled = [step.begin(turn, name, rows.get(name)) for name in ready[:BEGUN_MAX]]
    if any(settled) or len(ready) > BEGUN_MAX:
        stacks.deployments.poke(stack.id)


def exports_of(stacks: Stacks, stack: StackRow) -> dict[str, str]:
    """What a stack may import: everything exported but its own."""
    rows = stacks.exports.of(stack.scope)
    return {row.name: row.value for row in rows if row.stack != stack.id}


def made_of(
    rows: Mapping[str, ResourceRow], done: Collection[str], *, shown: bool = False
) -> Mapping[str, Made]:
    """The resources that are there, as functions see them; what must not be `shown` is hidden."""
    return _MadeOf(rows, done, shown=shown)


class _MadeOf(Mapping[str, Made]):
    """Reads the attributes of a resource when somebody asks: mostly few of many are asked for."""

    def __init__(
        self, rows: Mapping[str, ResourceRow], done: Collection[str], *, shown: bool
    ) -> None:
        self._rows = rows
        self._done = done
        self._shown = shown

    def __getitem__(self, name: str) -> Made:
        if name not in self._done:
            raise KeyError(name)
        row = self._rows[name]
        return Made(row.physical_id, _attributes(row, shown=self._shown))

    def __iter__(self) -> Iterator[str]:
        return iter(self._done)

    def __len__(self) -> int:
        return len(self._done)


def _attributes(row: ResourceRow, *, shown: bool) -> JsonObject:
    attributes = read_object(row.attributes)
    if shown and HIDDEN in attributes:
        return dict.fromkeys(attributes, "*****")
    return attributes


def new_suffix(stacks: Stacks) -> str:
    """Twelve capitals and digits."""
    return b32encode(stacks.parts.ids.secret(10)).decode()[:12]


class _Step:
    """Begins resources, all in one turn."""

    def __init__(
        self,
        stacks: Stacks,
        stack: StackRow,
        operation: Operation,
        goal: Goal,
        made: Mapping[str, Made],
        exports: Mapping[str, str],
    ) -> None:
        self._stacks = stacks
        self._stack = stack
        self._operation = operation
        self._goal = goal
        self._scope = goal.at(made, exports)
        self._details = stacks.versions.details(stack.id, stack.version)

    def begin(self, turn: Turn, name: str, row: ResourceRow | None) -> bool:
        """Begin a resource. True: it is settled already."""
        resource = self._goal.wanted[name]
        known = find_type(resource.type)
        properties: JsonObject = {}
        rules = Rules()
        reason = ""
        try:
            properties = self._goal.properties(name, self._scope)
            rules = self._goal.rules(name, self._scope)
        except ServiceError as error:
            reason = error.message
        if known is None:
            reason = f"Unrecognized resource types: [{resource.type}]"
        row, action = self._row(turn, name, resource.type, known, properties, row)
        if not action and not reason:
            self._unchanged(turn, row, rules)
            return True
        self._begin(turn, row, action or "update", properties, rules, reason)
        return bool(reason)

    def _row(
        self,
        turn: Turn,
        name: str,
        kind: str,
        known: ResourceType | None,
        properties: JsonObject,
        row: ResourceRow | None,
    ) -> tuple[ResourceRow, str]:
        """The row to begin with, and what is to be done; nothing, if all is as it should be."""
        if row is not None and row.status in ("CREATE_FAILED", "DELETE_COMPLETE"):
            phases.put_aside(self._stacks, turn, self._stack, row)
            row = None
        if row is None:
            before = NEW if self._operation.kind == "UPDATE" else ""
            empty = write(Rules())
            return (
                ResourceRow(
                    self._stack.id, name, kind, "", "", "", 0, "{}", "{}", "", empty, 0, "", before
                ),
                "create",
            )
        return row, change_of(known, kind, row, properties, self._tags_changed(row))

    def _tags_changed(self, row: ResourceRow) -> bool:
        settled = self._stack.settled
        if not settled:
            return False
        before = self._stacks.versions.details(self._stack.id, settled).tags
        return before != self._details.tags

    def _unchanged(self, turn: Turn, row: ResourceRow, rules: Rules) -> None:
        settled = row._replace(phase=self._stack.phase, rules=write(rules))
        self._stacks.resources.put(turn, settled)

    def _begin(
        self,
        turn: Turn,
        row: ResourceRow,
        action: str,
        properties: JsonObject,
        rules: Rules,
        reason: str,
    ) -> None:
        stacks, stack = self._stacks, self._stack
        verb = "CREATE" if action == "create" else "UPDATE"
        attempt = Attempt(
            stacks.parts.ids.next_id(),
            action,
            self._goal.wanted[row.logical_id].type,
            properties,
            row.suffix if action == "update" else new_suffix(stacks),
            rules,
            tags=self._details.tags,
            adopts=self._adopts(action, rules),
        )
        before = row.before
        if not before and action != "create":
            before = write(snapshot_of(row))
        begun = row._replace(
            status=f"{verb}_IN_PROGRESS",
            reason="",
            updated_at=stacks.parts.clock.now(),
            phase=stack.phase,
            attempt=write(attempt),
            before=before,
            # A new one is deleted by its rules, even if it never comes to be.
            rules=write(rules) if action == "create" else row.rules,
        )
        stacks.resources.put(turn, begun)
        remark = _NEW_PHYSICAL if action == "replace" else ""
        status = begun.status
        events.resource_event(stacks, turn, stack, begun, status, remark, properties)
        if reason:
            attempts.fail(stacks, turn, stack, begun, attempt, reason)
        else:
            stacks.deployments.begin(turn, (stack.id, row.logical_id, 0))

    def _adopts(self, action: str, rules: Rules) -> bool:
        """As on AWS, only what a stack would leave behind can come to it."""
        return self._operation.adopts and action == "create" and rules.deletion_policy in RETAINING


def change_of(
    known: ResourceType | None,
    kind: str,
    row: ResourceRow,
    properties: JsonObject,
    tags_changed: bool = False,
) -> str:
    """What must be done to a resource: nothing, `update` or `replace`."""
    before = read_object(row.properties)
    changed = changed_properties(before, properties)
    if row.type != kind or known is None:
        return "replace"
    if not changed:
        takes_tags = "Tags" in known.optional and known.update is not None
        failed = row.status == "UPDATE_FAILED"
        return "update" if failed or (tags_changed and takes_tags) else ""
    if known.update is None or known.replaces.intersection(changed):
        return "replace"
    if known.must_replace is not None and known.must_replace(before, properties):
        return "replace"
    return "update"


def changed_properties(before: JsonObject, after: JsonObject) -> list[str]:
    """The properties that differ, in the order of their names."""
    names = {*before, *after}
    return sorted(name for name in names if before.get(name) != after.get(name))


def _complete(
    stacks: Stacks,
    stack: StackRow,
    operation: Operation,
    goal: Goal,
    rows: Mapping[str, ResourceRow],
) -> None:
    """All resources are settled: the outputs, and on."""
    exports = exports_of(stacks, stack)
    try:
        scope = goal.at(made_of(rows, rows, shown=True), exports)
        outputs = goal.outputs(scope)
        imports = goal.imports(exports)
        phases.check_exports(stacks, stack, outputs)
    except ServiceError as error:
        phases.failed(stacks, stack, replace(operation, trouble=error.message))
        return
    phases.applied(stacks, stack, operation, outputs, imports)
