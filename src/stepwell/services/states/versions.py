"""PublishStateMachineVersion, ListStateMachineVersions, DeleteStateMachineVersion.

A version is a name for a revision: publishing the same revision again answers with the version it
has, and a number never comes back after its version was deleted.
"""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.runtime.ledger import Turn
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.arns import invalid_arn, parse_machine
from stepwell.services.states.paging import page_size, page_token, read_token
from stepwell.services.states.records import VERSION, VersionRow
from stepwell.services.states.refusals import conflict
from stepwell.services.states.registry import Machine, read_routing
from stepwell.services.states.states import States
from stepwell.values import JsonObject

VERSIONS_MAX = 1_000


async def publish_state_machine_version(states: States, call: Call, params: Params) -> Answer:
    """Give the current revision a version."""
    await states.registry.ready()
    machine = states.registry.active_machine(params["stateMachineArn"], call.scope)
    asked, current = params.get("revisionId"), machine.row.revision_id or "INITIAL"
    if asked is not None and asked != current:
        raise conflict(
            f"Failed to publish the State Machine version for revision {asked}. "
            f"The current State Machine revision is {current}."
        )
    if machine.version_of(machine.row.revision) is None:
        check_room_for_version(machine)
    with states.ledger.stage() as turn:
        version = publish_current(states, turn, machine, params.get("description"))
    await states.ledger.committed()
    return _shown(machine, version)


async def list_state_machine_versions(states: States, call: Call, params: Params) -> Answer:
    """A page of a machine's versions, newest first."""
    await states.registry.ready()
    asked = params["stateMachineArn"]
    machine = states.registry.machine(parse_machine(asked), call.scope, asked)
    now, bound_to = states.clock.now(), ["ListStateMachineVersions", machine.arn]
    before = read_token(params.get("nextToken"), now=now, bound_to=[*bound_to])
    numbers = sorted(machine.versions, reverse=True)
    if before is not None:
        numbers = [number for number in numbers if number < int(before)]
    size = page_size(params.get("maxResults"))
    page = [_shown(machine, machine.versions[number]) for number in numbers[:size]]
    answer: JsonObject = {"stateMachineVersions": [*page]}
    if len(numbers) > size:
        answer["nextToken"] = page_token(numbers[size - 1], now=now, bound_to=[*bound_to])
    return answer


async def delete_state_machine_version(states: States, call: Call, params: Params) -> Answer:
    """Delete a version no alias points to. One that does not exist is no error."""
    await states.registry.ready()
    asked = params["stateMachineVersionArn"]
    arn = parse_machine(asked)
    if arn.version is None:
        raise invalid_arn(f"Resource type not valid in this context: {asked}")
    machine = states.registry.machines.get(arn.base)
    if machine is None or arn.scope != call.scope or arn.version not in machine.versions:
        return {}
    holders = [
        alias.name
        for alias in machine.aliases.values()
        if any(version == arn.version for version, _ in read_routing(alias))
    ]
    if holders:
        raise conflict(
            "Version to be deleted must not be referenced by an alias. "
            f"Current list of aliases referencing this version: [{', '.join(sorted(holders))}]"
        )
    with states.ledger.stage() as turn:
        turn.delete(VERSION, (machine.row.id, arn.version))
        del machine.versions[arn.version]
    await states.ledger.committed()
    return {}


def version_arn(machine: Machine, version: VersionRow) -> str:
    """The ARN of a version."""
    return f"{machine.arn}:{version.version}"


def publish_current(
    states: States, turn: Turn, machine: Machine, description: str | None
) -> VersionRow:
    """The version of the current revision; made now if there is none."""
    version = machine.version_of(machine.row.revision)
    if version is not None:
        return version
    version = VersionRow(
        machine=machine.row.id,
        version=machine.row.next_version,
        revision=machine.row.revision,
        revision_id=machine.row.revision_id,
        description=description,
        created_at=states.clock.now(),
    )
    turn.put(VERSION, version)
    machine.versions[version.version] = version
    row = machine.row._replace(next_version=machine.row.next_version + 1)
    states.registry.put_machine(turn, machine, row)
    return version


def check_room_for_version(machine: Machine) -> None:
    """Refuse the version that would be one too many. Raises ServiceQuotaExceededException."""
    if len(machine.versions) >= VERSIONS_MAX:
        raise ServiceError(
            "ServiceQuotaExceededException",
            f"The number of published versions has reached its limit of {VERSIONS_MAX}",
        )


def _shown(machine: Machine, version: VersionRow) -> JsonObject:
    return {
        "stateMachineVersionArn": version_arn(machine, version),
        "creationDate": version.created_at / 1000,
    }
