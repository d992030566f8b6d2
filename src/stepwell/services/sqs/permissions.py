"""AddPermission and RemovePermission: statements in the queue's Policy. Stored, not enforced."""

from __future__ import annotations

import re
from typing import Any, cast

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.sqs.administration import replace_attributes
from stepwell.services.sqs.errors import invalid_value, missing_parameter
from stepwell.services.sqs.limits import STATEMENT_ACTIONS_MAX
from stepwell.services.sqs.parameters import required
from stepwell.services.sqs.queue import Queue, partition_of
from stepwell.services.sqs.queues import Queues

_LABEL = re.compile(r"[A-Za-z0-9_\-]{1,80}")
_ACCOUNT = re.compile(r"\d{12}")
_ACTIONS = frozenset(
    {
        "*",
        "SendMessage",
        "ReceiveMessage",
        "DeleteMessage",
        "ChangeMessageVisibility",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
    }
)
_OWNER_ONLY = frozenset(
    {
        "AddPermission",
        "RemovePermission",
        "CreateQueue",
        "DeleteQueue",
        "ListQueues",
        "SetQueueAttributes",
        "TagQueue",
        "UntagQueue",
        "ListQueueTags",
        "StartMessageMoveTask",
        "CancelMessageMoveTask",
        "ListMessageMoveTasks",
    }
)


async def add_permission(queues: Queues, call: Call, params: Params) -> None:
    """AddPermission: one more statement under its label."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    label = _label(params)
    accounts: list[str] = params.get("AWSAccountIds") or []
    actions: list[str] = params.get("Actions") or []
    _check(accounts, actions)
    policy = _policy(queue)
    statements = _statements(policy)
    if any(statement.get("Sid") == label for statement in statements):
        raise invalid_value(label, "Label", "Already exists.")
    statements.append(_statement(queue, label, accounts, actions))
    policy["Statement"] = statements
    attributes = {**queue.attributes, "Policy": values.encode_text(policy)}
    replace_attributes(queues, queue, attributes)
    await queues.ledger.committed()


async def remove_permission(queues: Queues, call: Call, params: Params) -> None:
    """RemovePermission: without statements the policy is gone too."""
    queue = queues.find(call.account, call.region, required(params, "QueueUrl"))
    label = _label(params)
    policy = _policy(queue)
    statements = _statements(policy)
    left = [statement for statement in statements if statement.get("Sid") != label]
    if len(left) == len(statements):
        raise invalid_value(label, "Label", "can't find label.")
    attributes = dict(queue.attributes)
    if left:
        attributes["Policy"] = values.encode_text({**policy, "Statement": left})
    else:
        del attributes["Policy"]
    replace_attributes(queues, queue, attributes)
    await queues.ledger.committed()


def _label(params: Params) -> str:
    label = required(params, "Label")
    if not _LABEL.fullmatch(label):
        raise invalid_value(
            label,
            "Label",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
        )
    return label


def _check(accounts: list[str], actions: list[str]) -> None:
    if not actions:
        raise missing_parameter("Actions")
    if not accounts:
        raise missing_parameter("PrincipalId")
    if len(actions) > STATEMENT_ACTIONS_MAX:
        raise _too_many_actions(len(actions))
    for action in actions:
        if action in _OWNER_ONLY:
            raise invalid_value(
                f"SQS:{action}",
                "ActionName",
                "Only the queue owner is allowed to invoke this action.",
            )
        if action not in _ACTIONS:
            raise invalid_value(
                f"SQS:{action}",
                "ActionName",
                "Please refer to the appropriate WSDL for a list of valid actions.",
            )
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise invalid_value(f"[{account}]", "PrincipalId", "Unable to verify.")


def _too_many_actions(count: int) -> ServiceError:
    return ServiceError(
        "OverLimit",
        f"{count} Actions were found, maximum allowed is {STATEMENT_ACTIONS_MAX}.",
        status=403,
    )


def _policy(queue: Queue) -> dict[str, Any]:
    text = queue.attributes.get("Policy")
    if text:
        return cast("dict[str, Any]", values.decode(text))
    return {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy"}


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    statements = policy.get("Statement", [])
    return [statements] if isinstance(statements, dict) else list(statements)


def _statement(queue: Queue, label: str, accounts: list[str], actions: list[str]) -> dict[str, Any]:
    partition = partition_of(queue.region)
    principals = [f"arn:{partition}:iam::{account}:root" for account in accounts]
    names = [f"SQS:{action}" for action in actions]
    return {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
        "Action": names[0] if len(names) == 1 else names,
        "Resource": queue.arn,
    }
