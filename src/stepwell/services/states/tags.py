"""TagResource, UntagResource, ListTagsForResource: tags of state machines and activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.arns import parse_machine, resource_kind
from stepwell.services.states.refusals import resource_missing
from stepwell.services.states.states import States

TAGS_MAX = 50


async def tag_resource(states: States, call: Call, params: Params) -> Answer:
    """Set tags; a key that is there gets the new value."""
    await states.registry.ready()
    arn = _resource(states, call, params)
    tags = new_tags(arn, states.registry.tags.get(arn, {}), params["tags"])
    with states.ledger.stage() as turn:
        states.registry.put_tags(turn, arn, tags)
    await states.ledger.committed()
    return {}


async def untag_resource(states: States, call: Call, params: Params) -> Answer:
    """Take tags away; a key that is not there is no error."""
    await states.registry.ready()
    arn = _resource(states, call, params)
    gone = set(params["tagKeys"])
    tags = {k: v for k, v in states.registry.tags.get(arn, {}).items() if k not in gone}
    with states.ledger.stage() as turn:
        states.registry.put_tags(turn, arn, tags)
    await states.ledger.committed()
    return {}


async def list_tags_for_resource(states: States, call: Call, params: Params) -> Answer:
    """All tags of a resource, in the order in which they were set."""
    await states.registry.ready()
    tags = states.registry.tags.get(_resource(states, call, params), {})
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def new_tags(
    arn: str, tags: Mapping[str, str], added: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """The tags with more of them set. Raises ServiceError TooManyTags."""
    changed = dict(tags)
    for tag in added:
        changed[tag.get("key") or ""] = tag.get("value") or ""
    # What CloudFormation sets does not count, but is no way around the bound either.
    theirs = sum(key.startswith("aws:") for key in changed)
    if max(theirs, len(changed) - theirs) > TAGS_MAX:
        raise ServiceError("TooManyTags", f"Too many tags: '{arn}'", fields={"resourceName": arn})
    return changed


def _resource(states: States, call: Call, params: Params) -> str:
    asked: str = params["resourceArn"]
    kind = resource_kind(asked)
    if kind == "activity" and asked in states.registry.activities:
        if states.registry.activities[asked].scope == call.scope:
            return asked
    elif kind == "stateMachine":
        arn = parse_machine(asked)
        machine = states.registry.machines.get(asked)
        if machine is not None and not machine.deleting and arn.scope == call.scope:
            return asked
    raise resource_missing(asked)
