"""CreateStateMachineAlias and its four siblings.

An alias points to one or two versions of one machine, with weights; each start through it draws one
of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.arns import MachineArn, invalid_arn, parse_machine
from stepwell.services.states.paging import page_by_name, page_size
from stepwell.services.states.records import ALIAS, AliasRow
from stepwell.services.states.refusals import (
    conflict,
    invalid,
    machine_deleting,
    machine_missing,
    resource_missing,
)
from stepwell.services.states.registry import Machine, read_routing
from stepwell.services.states.states import States
from stepwell.values import JsonObject, encode_text

ALIASES_MAX = 100


async def create_state_machine_alias(states: States, call: Call, params: Params) -> Answer:
    """Create an alias, or answer with the equal one that exists."""
    await states.registry.ready()
    machine, routing = _routing(states, call, params["routingConfiguration"])
    if machine.deleting:
        raise machine_deleting(machine.arn)
    existing = machine.aliases.get(params["name"])
    if existing is not None:
        if existing.routing != routing or existing.description != params.get("description"):
            raise conflict(
                "Failed to create alias because an alias with the same name and a different "
                "routing configuration already exists."
            )
        await states.ledger.committed()
        return _created(machine, existing)
    if len(machine.aliases) >= ALIASES_MAX:
        raise ServiceError(
            "ServiceQuotaExceededException",
            f"The number of aliases has reached its limit of {ALIASES_MAX}",
        )
    now = states.clock.now()
    row = AliasRow(machine.row.id, params["name"], params.get("description"), routing, now, now)
    await _put(states, machine, row)
    return _created(machine, row)


async def update_state_machine_alias(states: States, call: Call, params: Params) -> Answer:
    """Change an alias's description or routing."""
    await states.registry.ready()
    machine, row = _find(states, call, params["stateMachineAliasArn"])
    description, given = params.get("description"), params.get("routingConfiguration")
    if description is None and given is None:
        raise invalid(
            "Either the description or the routingConfiguration must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    if given is not None:
        target, routing = _routing(states, call, given)
        if target is not machine:
            raise _invalid_routing(
                "Routing configuration must contain versions of the alias's state machine"
            )
        row = row._replace(routing=routing)
    if description is not None:
        row = row._replace(description=description)
    row = row._replace(updated_at=states.clock.now())
    await _put(states, machine, row)
    return {"updateDate": row.updated_at / 1000}


async def describe_state_machine_alias(states: States, call: Call, params: Params) -> Answer:
    """Describe an alias."""
    await states.registry.ready()
    machine, row = _find(states, call, params["stateMachineAliasArn"])
    answer: JsonObject = {
        "stateMachineAliasArn": f"{machine.arn}:{row.name}",
        "name": row.name,
        "creationDate": row.created_at / 1000,
        "updateDate": row.updated_at / 1000,
        "routingConfiguration": [
            {"stateMachineVersionArn": f"{machine.arn}:{version}", "weight": weight}
            for version, weight in read_routing(row)
        ],
    }
    if row.description is not None:
        answer["description"] = row.description
    return answer


async def list_state_machine_aliases(states: States, call: Call, params: Params) -> Answer:
    """A page of the aliases of a machine, or of those that point to a version."""
    await states.registry.ready()
    asked = params["stateMachineArn"]
    arn = parse_machine(asked)
    machine = states.registry.machine(arn, call.scope, asked)
    if arn.alias is not None or (arn.version is not None and arn.version not in machine.versions):
        raise machine_missing(asked)
    names, token = page_by_name(
        sorted(name for name, row in machine.aliases.items() if _points_to(row, arn)),
        params.get("nextToken"),
        page_size(params.get("maxResults")),
        now=states.clock.now(),
        bound_to=["ListStateMachineAliases", call.scope, asked],
    )
    aliases = [_created(machine, machine.aliases[name]) for name in names]
    answer: JsonObject = {"stateMachineAliases": [*aliases]}
    if token is not None:
        answer["nextToken"] = token
    return answer


async def delete_state_machine_alias(states: States, call: Call, params: Params) -> Answer:
    """Delete an alias. One that does not exist is no error."""
    await states.registry.ready()
    arn = _alias_arn(params["stateMachineAliasArn"])
    machine = states.registry.machines.get(arn.base)
    if machine is None or arn.scope != call.scope or arn.alias not in machine.aliases:
        return {}
    with states.ledger.stage() as turn:
        turn.delete(ALIAS, (machine.row.id, arn.alias))
        del machine.aliases[arn.alias]
    await states.ledger.committed()
    return {}


def choose_version(states: States, machine: Machine, alias: str, asked: str) -> int:
    """The version one start through an alias runs, drawn by the weights."""
    row = machine.aliases.get(alias)
    if row is None:
        raise machine_missing(asked)
    routing = read_routing(row)
    drawn = int.from_bytes(states.ids.secret(8)) % 100
    for version, weight in routing:
        if drawn < weight:
            return version
        drawn -= weight
    return routing[-1][0]


def _alias_arn(asked: str) -> MachineArn:
    arn = parse_machine(asked)
    if arn.alias is None:
        raise invalid_arn(f"Resource type not valid in this context: {asked}")
    return arn


def _find(states: States, call: Call, asked: str) -> tuple[Machine, AliasRow]:
    arn = _alias_arn(asked)
    machine = states.registry.machines.get(arn.base)
    if machine is None or arn.scope != call.scope or arn.alias not in machine.aliases:
        raise resource_missing(asked)
    return machine, machine.aliases[arn.alias]


def _routing(states: States, call: Call, given: Sequence[Mapping[str, Any]]) -> tuple[Machine, str]:
    """The machine a routing configuration is about, and the routing as it is stored."""
    asked = [str(entry["stateMachineVersionArn"]) for entry in given]
    weights = [int(entry["weight"]) for entry in given]
    arns = [parse_machine(arn) for arn in asked]
    if not 1 <= len(arns) <= 2:
        raise _invalid_routing(
            "Routing configuration must contain one or two state machine versions"
        )
    if any(arn.version is None for arn in arns):
        raise _invalid_routing(
            "Routing configuration must contain state machine version ARNs. "
            f"Received: [{', '.join(asked)}]"
        )
    if len(set(asked)) < len(asked):
        raise _invalid_routing(
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: [{', '.join(asked)}]"
        )
    if len({arn.base for arn in arns}) > 1:
        raise _invalid_routing(
            "Routing configuration must contain versions of one state machine. "
            f"Received: [{', '.join(asked)}]"
        )
    if sum(weights) != 100:
        raise _invalid_routing(
            f"Sum of routing configuration weights must equal 100. Received: {weights}"
        )
    machine = states.registry.machines.get(arns[0].base)
    for arn, text in zip(arns, asked, strict=True):
        if machine is None or arn.scope != call.scope or arn.version not in machine.versions:
            raise resource_missing(text)
    assert machine is not None
    pairs = [[arn.version, weight] for arn, weight in zip(arns, weights, strict=True)]
    return machine, encode_text(pairs)


def _invalid_routing(message: str) -> ServiceError:
    return invalid(message, "INVALID_ROUTING_CONFIGURATION")


async def _put(states: States, machine: Machine, row: AliasRow) -> None:
    with states.ledger.stage() as turn:
        turn.put(ALIAS, row)
        machine.aliases[row.name] = row
    await states.ledger.committed()


def _points_to(row: AliasRow, arn: MachineArn) -> bool:
    return arn.version is None or any(version == arn.version for version, _ in read_routing(row))


def _created(machine: Machine, row: AliasRow) -> JsonObject:
    return {
        "stateMachineAliasArn": f"{machine.arn}:{row.name}",
        "creationDate": row.created_at / 1000,
    }
