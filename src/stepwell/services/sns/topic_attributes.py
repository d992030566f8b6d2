"""Attributes of topics: which there are, what they may be, what GetTopicAttributes shows."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.services.sns import limits, retry_policies
from stepwell.services.sns.arns import TopicName
from stepwell.services.sns.errors import invalid_parameter, not_here
from stepwell.values import BadJson, decode_payload, encode_text

_PROTOCOLS = ("HTTP", "Firehose", "Lambda", "Application", "SQS", "SMS")
_FEEDBACK = frozenset(
    f"{protocol}{kind}"
    for protocol in _PROTOCOLS
    for kind in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
)
"""Logging of deliveries: kept and shown."""
_KNOWN = _FEEDBACK | {
    "DisplayName",
    "Policy",
    "DeliveryPolicy",
    "KmsMasterKeyId",
    "TracingConfig",
    "SignatureVersion",
    "FifoTopic",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
}
_FIFO_ONLY = ("ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy")
_CHOICES = {
    "TracingConfig": ("PassThrough", "Active"),
    "SignatureVersion": ("1", "2"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
}
OWNER_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


def check(name: str, value: str, *, fifo: bool) -> str:
    """One attribute as it is kept. Raises InvalidParameter."""
    if name == "ArchivePolicy":
        raise not_here("ArchivePolicy: messages are not archived")
    if name == "DataProtectionPolicy":
        raise not_here("DataProtectionPolicy")
    if name not in _KNOWN:
        raise invalid_parameter("AttributeName")
    if name in _FIFO_ONLY and not fifo and value.lower() != "false":
        raise invalid_parameter(f"AttributeName Reason: {name} is only valid for FIFO topics")
    if name in ("FifoTopic", "ContentBasedDeduplication"):
        if value.lower() not in ("true", "false"):
            raise invalid_parameter(f"Attributes Reason: {name} must be either true or false")
        return value.lower()
    if name in _CHOICES and value not in _CHOICES[name]:
        raise invalid_parameter(f"{name} Reason: must be one of {', '.join(_CHOICES[name])}")
    if name == "DisplayName" and len(value) > 100:
        raise invalid_parameter("DisplayName Reason: must be at most 100 characters long")
    if name == "Policy" and value:
        _check_policy(value)
    if name == "DeliveryPolicy" and value:
        retry_policies.check_topic_policy(value)
    return value


def _check_policy(text: str) -> None:
    try:
        policy = decode_payload(text)
    except BadJson:
        raise invalid_parameter("Policy Error: failed to parse JSON") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list | dict) or len(text) > limits.POLICY_BYTES_MAX:
        raise invalid_parameter("Policy statement must be specified")


def shown(
    topic: TopicName, given: Mapping[str, str], confirmed: int, pending: int, ended: int
) -> dict[str, str]:
    """What GetTopicAttributes answers."""
    delivery = given.get("DeliveryPolicy") or None
    answer = {
        "TopicArn": topic.arn,
        "Owner": topic.account,
        "Policy": given.get("Policy") or default_policy(topic),
        "DisplayName": given.get("DisplayName", ""),
        "SubscriptionsConfirmed": str(confirmed),
        "SubscriptionsPending": str(pending),
        "SubscriptionsDeleted": str(ended),
        "EffectiveDeliveryPolicy": encode_text(retry_policies.effective_of_topic(delivery)),
    }
    if topic.name.endswith(".fifo"):
        answer |= {
            "FifoTopic": "true",
            "ContentBasedDeduplication": "false",
            "FifoThroughputScope": "Topic",
        }
    return answer | {name: value for name, value in given.items() if value != ""}


def default_policy(topic: TopicName) -> str:
    """The policy of a topic that was given none."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in OWNER_ACTIONS],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
    }
    return encode_text(
        {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    )
