"""CreateStateMachine, UpdateStateMachine, DeleteStateMachine.

Creation is idempotent as on AWS: the same name with the same text of the definition, type and
configurations answers with the machine that is there (another role or other tags are ignored).
A machine with running executions is DELETING until they have ended.
"""

from __future__ import annotations

import re

from stepwell.errors import ServiceError
from stepwell.language.program import Program
from stepwell.runtime.ledger import Turn
from stepwell.runtime.off_loop import off_loop
from stepwell.runtime.records import REVISION, RevisionRow
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.arns import machine_arn, parse_machine
from stepwell.services.states.configuration import (
    ENCRYPTION,
    LOGGING,
    TRACING,
    changed_settings,
    new_settings,
    read_settings,
)
from stepwell.services.states.deletion import finish_deletion
from stepwell.services.states.records import (
    ACTIVE,
    ALIAS,
    DELETING,
    VERSION,
    MachineRow,
    VersionRow,
)
from stepwell.services.states.refusals import (
    check_name,
    conflict,
    invalid,
    labels_not_supported,
    machine_deleting,
)
from stepwell.services.states.registry import Machine
from stepwell.services.states.review import log_warnings
from stepwell.services.states.states import States
from stepwell.services.states.tags import new_tags
from stepwell.services.states.versions import (
    check_room_for_version,
    publish_current,
    version_arn,
)
from stepwell.values import JsonObject, encode_text

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")


async def create_state_machine(states: States, call: Call, params: Params) -> Answer:
    """Create a state machine, or answer with the equal one that exists."""
    await states.registry.ready()
    check_name(params["name"])
    _check_version_description(params)
    _check_role(params["roleArn"])
    machine_type = params.get("type") or "STANDARD"
    settings = new_settings(machine_type, params, states.log_group_exists)
    tags = new_tags(machine_arn(call.scope, params["name"]), {}, params.get("tags") or [])
    program = await _compiled(states, params["definition"], machine_type)
    await finish_deletion(states, states.registry.machines.get(_arn_of(call, params)))
    existing = states.registry.machines.get(_arn_of(call, params))
    if existing is not None:
        return await _created_before(states, existing, params, settings)
    _check_room(states, call)
    now = states.clock.now()
    row = MachineRow(
        call.scope, params["name"], states.ids.next_id(), machine_type, 1, "", 1, now, now, ACTIVE
    )
    machine = Machine(_arn_of(call, params), row)
    revision = RevisionRow(
        machine=row.id,
        revision=1,
        revision_id="",
        arn=machine.arn,
        name=row.name,
        role_arn=params["roleArn"],
        definition=params["definition"],
        created_at=now,
        settings=encode_text(settings),
    )
    with states.ledger.stage() as turn:
        _put_revision(states, turn, machine, revision, program)
        states.registry.put_tags(turn, machine.arn, tags)
        version = _publish(states, turn, machine, params) if params.get("publish") else None
    await states.ledger.committed()
    await log_warnings(states, call, machine.arn, revision.definition)
    return _created(machine, version)


async def update_state_machine(states: States, call: Call, params: Params) -> Answer:
    """Give a state machine a new revision; running executions stay on theirs."""
    await states.registry.ready()
    asked = params["stateMachineArn"]
    machine = states.registry.active_machine(asked, call.scope)
    if all(params.get(member) is None for member in _CHANGEABLE):
        raise ServiceError(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the "
            "TracingConfiguration must be specified",
        )
    _check_version_description(params)
    if params.get("roleArn") is not None:
        _check_role(params["roleArn"])
    given = params.get("definition")
    program = await _compiled(states, given, machine.row.type) if given else None
    machine, revision = await _current(states, machine, call, asked)
    while program is None:
        # The definition stays: what was taken once is not checked again.
        program = states.programs.cached(machine.row.id, revision.revision)
        if program is None:
            await states.programs.get(machine.row.id, revision.revision)
            machine, revision = await _current(states, machine, call, asked)
    settings = changed_settings(read_settings(revision.settings), params, states.log_group_exists)
    changed = revision._replace(
        role_arn=params.get("roleArn") or revision.role_arn,
        definition=given or revision.definition,
        settings=encode_text(settings),
    )
    if params.get("publish") and (
        changed != revision or machine.version_of(revision.revision) is None
    ):
        check_room_for_version(machine)
    now = states.clock.now()
    with states.ledger.stage() as turn:
        if changed != revision:
            changed = changed._replace(
                revision=revision.revision + 1, revision_id=states.ids.uuid(), created_at=now
            )
            _put_revision(states, turn, machine, changed, program)
        version = _publish(states, turn, machine, params) if params.get("publish") else None
    await states.ledger.committed()
    answer: JsonObject = {"updateDate": now / 1000}
    if changed.revision != revision.revision:
        answer["revisionId"] = changed.revision_id
    if changed.definition != revision.definition:
        await log_warnings(states, call, machine.arn, changed.definition)
    if version is not None:
        answer["stateMachineVersionArn"] = version_arn(machine, version)
    return answer


async def delete_state_machine(states: States, call: Call, params: Params) -> Answer:
    """Delete a state machine with its versions and aliases; its executions end at their next
    transition. A machine that does not exist is no error."""
    await states.registry.ready()
    arn = parse_machine(params["stateMachineArn"])
    if arn.label:
        raise labels_not_supported()
    machine = states.registry.machines.get(arn.base)
    if machine is None or arn.scope != call.scope or arn.qualified:
        return {}
    with states.ledger.stage() as turn:
        for version in machine.versions:
            turn.delete(VERSION, (machine.row.id, version))
        for alias in machine.aliases:
            turn.delete(ALIAS, (machine.row.id, alias))
        machine.versions, machine.aliases = {}, {}
        states.registry.put_tags(turn, machine.arn, {})
        states.registry.put_machine(turn, machine, machine.row._replace(status=DELETING))
    await states.ledger.committed()
    await states.executions.delete_machine(machine.row.id)
    await finish_deletion(states, machine)
    return {}


_CHANGEABLE = ("definition", "roleArn", LOGGING, TRACING, ENCRYPTION)


async def _compiled(states: States, definition: str, machine_type: str) -> Program:
    """The program of a new definition. Nobody waits while a large one is read."""
    return await off_loop(len(definition), states.programs.compile, definition, machine_type)


def _arn_of(call: Call, params: Params) -> str:
    return machine_arn(call.scope, params["name"])


def _check_room(states: States, call: Call) -> None:
    """The account's quota, where there is one."""
    most = states.settings.machines_max
    if most is None or len(states.registry.machines) < most:
        return
    if len(states.registry.machines_of(call.scope)) >= most:
        raise ServiceError(
            "StateMachineLimitExceeded",
            "The maximum number of state machines has been reached. Existing state machines must "
            "be deleted before a new state machine can be created.",
        )


def _check_version_description(params: Params) -> None:
    if params.get("versionDescription") is not None and not params.get("publish"):
        raise invalid("Version description can only be set when publish is true")


def _check_role(arn: str) -> None:
    if _ROLE.fullmatch(arn) is None:
        raise ServiceError("InvalidArn", f"Invalid Role Arn: '{arn}'")


async def _created_before(
    states: States, machine: Machine, params: Params, settings: JsonObject
) -> Answer:
    if machine.deleting:
        raise machine_deleting(machine.arn)
    revision = await states.programs.revision(machine.row.id, machine.row.revision)
    version = machine.version_of(machine.row.revision)
    same_version = not params.get("publish") or (
        version is not None and version.description == params.get("versionDescription")
    )
    same = revision.definition == params["definition"] and same_version
    if not same or read_settings(revision.settings) != settings:
        raise ServiceError(
            "StateMachineAlreadyExists", f"State Machine Already Exists: '{machine.arn}'"
        )
    await states.ledger.committed()
    return _created(machine, version if params.get("publish") else None)


def _created(machine: Machine, version: VersionRow | None) -> Answer:
    answer: JsonObject = {
        "stateMachineArn": machine.arn,
        "creationDate": machine.row.created_at / 1000,
    }
    if version is not None:
        answer["stateMachineVersionArn"] = version_arn(machine, version)
    return answer


async def _current(
    states: States, machine: Machine, call: Call, asked: str
) -> tuple[Machine, RevisionRow]:
    """The machine and its current revision, still current after the wait for it."""
    for _ in range(100):
        revision = await states.programs.revision(machine.row.id, machine.row.revision)
        await states.registry.ready()
        machine = states.registry.active_machine(asked, call.scope)
        if (machine.row.id, machine.row.revision) == (revision.machine, revision.revision):
            return machine, revision
    raise conflict("The state machine is being updated by others. Try again.")


def _put_revision(
    states: States, turn: Turn, machine: Machine, revision: RevisionRow, program: Program
) -> None:
    turn.put(REVISION, revision)
    states.programs.remember(revision, program)
    states.registry.put_machine(
        turn,
        machine,
        machine.row._replace(
            revision=revision.revision,
            revision_id=revision.revision_id,
            updated_at=revision.created_at,
        ),
    )


def _publish(states: States, turn: Turn, machine: Machine, params: Params) -> VersionRow:
    return publish_current(states, turn, machine, params.get("versionDescription"))
