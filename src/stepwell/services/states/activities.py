"""CreateActivity, DescribeActivity, ListActivities, DeleteActivity."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.states.arns import activity_arn, parse_activity
from stepwell.services.states.configuration import AWS_OWNED_KEY, ENCRYPTION, encryption
from stepwell.services.states.paging import page_by_name, page_size
from stepwell.services.states.records import ACTIVITY, ActivityRow
from stepwell.services.states.refusals import activity_missing, check_name
from stepwell.services.states.states import States
from stepwell.services.states.tags import new_tags
from stepwell.values import JsonObject, decode, encode_text


async def create_activity(states: States, call: Call, params: Params) -> Answer:
    """Create an activity, or answer with the one of that name (other tags are ignored)."""
    await states.registry.ready()
    check_name(params["name"])
    arn = activity_arn(call.scope, params["name"])
    key = encode_text(encryption(params.get(ENCRYPTION) or {"type": AWS_OWNED_KEY}))
    tags = new_tags(arn, {}, params.get("tags") or [])
    row = states.registry.activities.get(arn)
    if row is None:
        _check_room(states, call)
        row = ActivityRow(call.scope, params["name"], states.clock.now(), key)
        with states.ledger.stage() as turn:
            turn.put(ACTIVITY, row)
            states.registry.activities[arn] = row
            states.registry.put_tags(turn, arn, tags)
    elif row.encryption != key:
        raise ServiceError("ActivityAlreadyExists", f"Activity Already Exists: '{arn}'")
    await states.ledger.committed()
    return {"activityArn": arn, "creationDate": row.created_at / 1000}


def _check_room(states: States, call: Call) -> None:
    """The account's quota, where there is one."""
    most = states.settings.activities_max
    if most is None or len(states.registry.activities) < most:
        return
    if len(states.registry.activities_of(call.scope)) >= most:
        raise ServiceError(
            "ActivityLimitExceeded",
            "The maximum number of activities has been reached. Existing activities must be "
            "deleted before a new activity can be created.",
        )


async def describe_activity(states: States, call: Call, params: Params) -> Answer:
    """Describe an activity."""
    await states.registry.ready()
    row = find_activity(states, call, params["activityArn"])
    return {**_shown(row), ENCRYPTION: decode(row.encryption)}


async def list_activities(states: States, call: Call, params: Params) -> Answer:
    """A page of the scope's activities in the order of their names."""
    await states.registry.ready()
    activities = states.registry.activities_of(call.scope)
    names, token = page_by_name(
        list(activities),
        params.get("nextToken"),
        page_size(params.get("maxResults")),
        now=states.clock.now(),
        bound_to=["ListActivities", call.scope],
    )
    answer: JsonObject = {"activities": [_shown(activities[name]) for name in names]}
    if token is not None:
        answer["nextToken"] = token
    return answer


async def delete_activity(states: States, call: Call, params: Params) -> Answer:
    """Delete an activity. One that does not exist is no error."""
    await states.registry.ready()
    arn = params["activityArn"]
    scope, name = parse_activity(arn)
    if scope == call.scope and arn in states.registry.activities:
        with states.ledger.stage() as turn:
            turn.delete(ACTIVITY, (scope, name))
            del states.registry.activities[arn]
            states.registry.put_tags(turn, arn, {})
        await states.ledger.committed()
        states.executions.activity_deleted(arn)
    return {}


def find_activity(states: States, call: Call, arn: str) -> ActivityRow:
    """The activity of an ARN. Raises ServiceError InvalidArn, ActivityDoesNotExist."""
    scope, _ = parse_activity(arn)
    row = states.registry.activities.get(arn)
    if row is None or scope != call.scope:
        raise activity_missing(arn)
    return row


def _shown(row: ActivityRow) -> JsonObject:
    return {
        "activityArn": activity_arn(row.scope, row.name),
        "name": row.name,
        "creationDate": row.created_at / 1000,
    }
