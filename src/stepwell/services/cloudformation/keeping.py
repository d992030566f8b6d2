"""What is set at a stack without an update: protection from deletion, its policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.cloudformation.errors import invalid, no_such_stack
from stepwell.services.cloudformation.fetching import fetch
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.settings import Settings, read_settings, write_settings
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import BadJson, decode


def _alive(stacks: Stacks, call: Call, name: str) -> StackRow:
    row = stacks.named(call.scope, name)
    if row is None or row.deleted_at:
        raise no_such_stack(name)
    return row


async def _keep(stacks: Stacks, row: StackRow, settings: Settings) -> None:
    with stacks.parts.ledger.stage() as turn:
        stacks.put(turn, row._replace(settings=write_settings(settings)))
    await stacks.parts.ledger.committed()


async def set_protection(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """UpdateTerminationProtection."""
    row = _alive(stacks, call, params["StackName"])
    if row.parent:
        raise invalid(
            "Termination protection can only be enabled or disabled at the root stack level "
            f"[{row.root}]"
        )
    enabled = bool(params["EnableTerminationProtection"])
    await _keep(stacks, row, replace(read_settings(row), termination_protection=enabled))
    return {"StackId": row.id}


async def set_policy(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """SetStackPolicy: kept and shown."""
    row = _alive(stacks, call, params["StackName"])
    body, url = params.get("StackPolicyBody"), params.get("StackPolicyURL")
    if (body is None) == (url is None):
        raise invalid("You must specify either StackPolicyBody or StackPolicyURL, but not both.")
    if url is not None:
        body = await fetch(url, stacks.clouds.at(call.account, call.region))
        await stacks.ready()
        row = _alive(stacks, call, row.id)
    check_policy(str(body))
    await _keep(stacks, row, replace(read_settings(row), policy=str(body)))
    return {}


def check_policy(text: str) -> None:
    """Raises ValidationError for a text that is no policy."""
    try:
        policy = decode(text)
    except BadJson:
        policy = None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise invalid("Error validating stack policy: Invalid stack policy")


async def get_policy(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """GetStackPolicy."""
    row = _alive(stacks, call, params["StackName"])
    policy = read_settings(row).policy
    return {"StackPolicyBody": policy} if policy else {}
