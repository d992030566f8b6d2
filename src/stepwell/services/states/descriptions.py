"""DescribeStateMachine, DescribeStateMachineForExecution, ListStateMachines."""

from __future__ import annotations

from stepwell.language.diagnostics import InvalidDefinition
from stepwell.language.labels import labelled
from stepwell.language.program import Program
from stepwell.runtime.records import MAP_RUN, RevisionRow
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.arns import MachineArn, machine_of_execution, parse_machine
from stepwell.services.states.configuration import read_settings, shown_settings
from stepwell.services.states.deletion import finish_deletion
from stepwell.services.states.executions import find_execution
from stepwell.services.states.paging import page_by_name, page_size
from stepwell.services.states.records import STATUSES, VersionRow
from stepwell.services.states.refusals import machine_missing
from stepwell.services.states.registry import Machine
from stepwell.services.states.states import States
from stepwell.values import JsonObject


async def describe_state_machine(states: States, call: Call, params: Params) -> Answer:
    """Describe a state machine or one of its versions."""
    await states.registry.ready()
    asked = params["stateMachineArn"]
    arn = parse_machine(asked)
    await finish_deletion(states, states.registry.machines.get(arn.base))
    machine = states.registry.machine(arn, call.scope, asked)
    version = _version(machine, arn, asked)
    number = machine.row.revision if version is None else version.revision
    answer: JsonObject = {
        "stateMachineArn": asked,
        "name": machine.row.name,
        "status": STATUSES[machine.row.status],
        "type": machine.row.type,
        "creationDate": (machine.row if version is None else version).created_at / 1000,
        **await _described(states, machine.row.id, number, params),
    }
    if arn.label:
        await _check_label(states, machine, number, arn.label, asked)
        answer["label"] = arn.label
    if version is not None and version.description:
        answer["description"] = version.description
    return answer


async def _described(states: States, machine: int, number: int, params: Params) -> JsonObject:
    """What all Describe operations say about a revision."""
    revision = await states.programs.revision(machine, number)
    program = await _program(states, revision)
    references = {} if program is None else program.variable_references
    metadata_only = params.get("includedData") == "METADATA_ONLY"
    answer: JsonObject = {
        "definition": "{}" if metadata_only else revision.definition,
        "roleArn": revision.role_arn,
        **shown_settings(
            read_settings(revision.settings), with_encryption=_newer_features(revision)
        ),
    }
    if revision.revision_id:
        answer["revisionId"] = revision.revision_id
    if references and not metadata_only:
        answer["variableReferences"] = {name: [*found] for name, found in references.items()}
    return answer


async def list_state_machines(states: States, call: Call, params: Params) -> Answer:
    """A page of the scope's state machines in the order of their names."""
    await states.registry.ready()
    for machine in states.registry.machines_of(call.scope).values():
        await finish_deletion(states, machine)
    machines = states.registry.machines_of(call.scope)
    names, token = page_by_name(
        list(machines),
        params.get("nextToken"),
        page_size(params.get("maxResults")),
        now=states.clock.now(),
        bound_to=["ListStateMachines", call.scope],
    )
    answer: JsonObject = {"stateMachines": [_listed(machines[name]) for name in names]}
    if token is not None:
        answer["nextToken"] = token
    return answer


async def describe_state_machine_for_execution(
    states: States, call: Call, params: Params
) -> Answer:
    """Describe the revision an execution runs on, also when the machine is gone."""
    execution = await find_execution(states, call, params["executionArn"])
    revision = await states.programs.revision(execution.machine, execution.revision)
    answer: JsonObject = {
        "stateMachineArn": machine_of_execution(execution.arn),
        "name": revision.name.partition("/")[0],
        "updateDate": revision.created_at / 1000,
        **await _described(states, execution.machine, execution.revision, params),
    }
    run = await states.store.get(MAP_RUN, (execution.machine,))
    if run is not None:
        answer["mapRunArn"], answer["label"] = run.arn, run.label
    return answer


async def _check_label(
    states: States, machine: Machine, number: int, label: str, asked: str
) -> None:
    """There must be a distributed Map of that label."""
    program = await _program(states, await states.programs.revision(machine.row.id, number))
    try:
        if program is not None:
            labelled(program, label)
    except LookupError:
        raise machine_missing(asked) from None


def _version(machine: Machine, arn: MachineArn, asked: str) -> VersionRow | None:
    if arn.alias is not None:
        raise machine_missing(asked)
    if arn.version is None:
        return None
    version = machine.versions.get(arn.version)
    if version is None:
        raise machine_missing(asked)
    return version


async def _program(states: States, revision: RevisionRow) -> Program | None:
    """The compiled revision; None when it was created under rules that no longer allow it."""
    try:
        return await states.programs.get(revision.machine, revision.revision)
    except InvalidDefinition:
        return None


def _newer_features(revision: RevisionRow) -> bool:
    """Whether the definition uses variables or JSONata.

    AWS's recorded answers show the default encryptionConfiguration for such machines; the
    recordings of plain ones are older and do not have the member.
    """
    return '"JSONata"' in revision.definition or '"Assign"' in revision.definition


def _listed(machine: Machine) -> JsonObject:
    return {
        "stateMachineArn": machine.arn,
        "name": machine.row.name,
        "type": machine.row.type,
        "creationDate": machine.row.created_at / 1000,
    }
