"""AddPermission and RemovePermission: statements in the topic's Policy. Stored, not enforced."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.sns.arns import TopicName, partition_of
from stepwell.services.sns.errors import invalid_parameter
from stepwell.services.sns.records import attributes_of
from stepwell.services.sns.topic_attributes import OWNER_ACTIONS, default_policy
from stepwell.services.sns.topic_operations import replace_attribute
from stepwell.services.sns.topics import Topics
from stepwell.values import decode, encode_text


async def add_permission(topics: Topics, call: Call, params: Params) -> None:
    """AddPermission: one more statement under its label."""
    topic, row = topics.find(params.get("TopicArn"))
    policy, statements = _policy(topic, attributes_of(row))
    label = params["Label"]
    if any(statement.get("Sid") == label for statement in statements):
        raise invalid_parameter("Statement already exists")
    actions: list[str] = params.get("ActionName") or []
    if any(action not in OWNER_ACTIONS for action in actions):
        raise invalid_parameter("Policy statement action out of service scope!")
    principals = [
        f"arn:{partition_of(topic.region)}:iam::{account}:root"
        for account in params.get("AWSAccountId") or []
    ]
    names = [f"SNS:{action}" for action in actions]
    statements.append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
            "Action": names[0] if len(names) == 1 else names,
            "Resource": topic.arn,
        }
    )
    replace_attribute(topics, row, "Policy", encode_text({**policy, "Statement": statements}))
    await topics.parts.ledger.committed()


async def remove_permission(topics: Topics, call: Call, params: Params) -> None:
    """RemovePermission: a label that is not there is no error."""
    topic, row = topics.find(params.get("TopicArn"))
    policy, statements = _policy(topic, attributes_of(row))
    left = [statement for statement in statements if statement.get("Sid") != params["Label"]]
    if len(left) < len(statements):
        replace_attribute(topics, row, "Policy", encode_text({**policy, "Statement": left}))
    await topics.parts.ledger.committed()


def _policy(
    topic: TopicName, attributes: dict[str, str]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    text = attributes.get("Policy") or default_policy(topic)
    policy = cast("dict[str, Any]", decode(text))
    statements = policy.get("Statement", [])
    return policy, [statements] if isinstance(statements, dict) else list(statements)
