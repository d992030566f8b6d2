"""Queue attributes: which there are, what values they take, and what they mean.

Attributes are kept as the texts that were set. `Rules` is what the hot paths read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.services.sqs import limits
from stepwell.services.sqs.errors import invalid_attribute_value, invalid_value, unknown_attribute
from stepwell.values import JsonObject

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "DelaySeconds": (0, limits.DELAY_SECONDS_MAX),
    "MaximumMessageSize": (limits.MESSAGE_BYTES_MIN, limits.MESSAGE_BYTES_MAX),
    "MessageRetentionPeriod": (limits.RETENTION_SECONDS_MIN, limits.RETENTION_SECONDS_MAX),
    "ReceiveMessageWaitTimeSeconds": (0, limits.WAIT_SECONDS_MAX),
    "VisibilityTimeout": (0, limits.VISIBILITY_SECONDS_MAX),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "FifoQueue": ("true", "false"),
    "ContentBasedDeduplication": ("true", "false"),
    "SqsManagedSseEnabled": ("true", "false"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_FIFO_ONLY: Final = frozenset(
    {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}
)
_TEXTS: Final = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"})
_CLEARED_BY_EMPTY: Final = _TEXTS
COMPUTED: Final = (
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
)
_DEFAULTS: Final[Mapping[str, str]] = {
    "VisibilityTimeout": "30",
    "MaximumMessageSize": str(limits.MESSAGE_BYTES_MAX),
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
}
_FIFO_DEFAULTS: Final[Mapping[str, str]] = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
NAMES: Final = frozenset({*_RANGES, *_CHOICES, *_TEXTS, *COMPUTED})


@dataclass(frozen=True, slots=True)
class Rules:
    """What a queue's attributes mean, in units that need no more thought."""

    delay_ms: int
    visibility_ms: int
    retention_ms: int
    wait_ms: int
    message_bytes_max: int
    content_deduplication: bool
    deduplication_per_group: bool
    receive_count_max: int
    """0: no redrive policy."""
    dead_letter_arn: str


def rules(attributes: Mapping[str, str]) -> Rules:
    """The meaning of checked attributes."""
    redrive = _object(attributes.get("RedrivePolicy", ""))

    def number(name: str) -> int:
        return int(attributes.get(name, _DEFAULTS.get(name, "0")))

    return Rules(
        delay_ms=number("DelaySeconds") * 1000,
        visibility_ms=number("VisibilityTimeout") * 1000,
        retention_ms=number("MessageRetentionPeriod") * 1000,
        wait_ms=number("ReceiveMessageWaitTimeSeconds") * 1000,
        message_bytes_max=number("MaximumMessageSize"),
        content_deduplication=attributes.get("ContentBasedDeduplication") == "true",
        deduplication_per_group=attributes.get("DeduplicationScope") == "messageGroup",
        receive_count_max=int(str(redrive["maxReceiveCount"])) if redrive else 0,
        dead_letter_arn=str(redrive["deadLetterTargetArn"]) if redrive else "",
    )


def shown(attributes: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    """The attributes as GetQueueAttributes shows them, without the computed ones."""
    answer = dict(_DEFAULTS)
    if fifo:
        answer.update(_FIFO_DEFAULTS)
    answer["SqsManagedSseEnabled"] = "true"
    answer["KmsDataKeyReusePeriodSeconds"] = "300"
    answer.update(attributes)
    if not attributes.get("KmsMasterKeyId"):
        del answer["KmsDataKeyReusePeriodSeconds"]
    return answer


def check_created(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a new queue, or AWS's refusal."""
    if attributes.get("FifoQueue") == "false":
        # FIFO is asked for or not mentioned; AWS does not know the attribute on other queues.
        raise unknown_attribute("FifoQueue")
    fifo = attributes.get("FifoQueue") == "true"
    checked = _check_each(attributes, fifo=fifo)
    _check_together(checked)
    if checked.get("KmsMasterKeyId"):
        checked["SqsManagedSseEnabled"] = "false"
    return checked


def check_changed(
    current: Mapping[str, str], changes: Mapping[str, str], *, fifo: bool
) -> dict[str, str]:
    """All attributes of the queue after the change, or AWS's refusal."""
    if "FifoQueue" in changes and changes["FifoQueue"] != ("true" if fifo else "false"):
        if not fifo:
            raise unknown_attribute("FifoQueue")
        raise ServiceError(
            "InvalidAttributeValue",
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not "
            "supported.",
        )
    checked = _check_each(changes, fifo=fifo)
    after = {**current, **checked}
    if checked.get("KmsMasterKeyId"):
        after["SqsManagedSseEnabled"] = "false"
    elif checked.get("SqsManagedSseEnabled") == "true":
        after.pop("KmsMasterKeyId", None)
    for name in _CLEARED_BY_EMPTY:
        if after.get(name) == "":
            del after[name]
    _check_together(after)
    return after


def _check_each(given: Mapping[str, str], *, fifo: bool) -> dict[str, str]:
    for name in given:
        if name in ("DeduplicationScope", "FifoThroughputLimit") and not fifo:
            raise ServiceError(
                "InvalidAttributeName",
                f"You can specify the {name} only when FifoQueue is set to true.",
            )
        if name not in NAMES or name in COMPUTED or (name in _FIFO_ONLY and not fifo):
            raise unknown_attribute(name)
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        raise ServiceError(
            "InvalidAttributeName",
            "You can use one type of server-side encryption (SSE) at one time. You can either "
            "enable KMS SSE or SQS SSE.",
        )
    return {name: _check_one(name, value) for name, value in given.items()}


def _check_one(name: str, value: str) -> str:
    if name in _RANGES:
        return _check_range(name, value)
    if name in _CHOICES:
        if value.lower() in ("true", "false"):
            value = value.lower()
        if value not in _CHOICES[name]:
            raise invalid_attribute_value(name)
        return value
    if name in ("Policy", "RedrivePolicy", "RedriveAllowPolicy") and value:
        _check_document(name, value)
    return value


def _check_range(name: str, value: str) -> str:
    low, high = _RANGES[name]
    if not (value.isascii() and value.isdigit() and len(value) <= 10 and low <= int(value) <= high):
        raise invalid_attribute_value(name)
    return str(int(value))


def _check_together(attributes: Mapping[str, str]) -> None:
    if (
        attributes.get("FifoThroughputLimit") == "perMessageGroupId"
        and attributes.get("DeduplicationScope", "queue") != "messageGroup"
    ):
        raise invalid_value(
            "perMessageGroupId",
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope "
            "is messageGroup.",
        )


def _object(text: str) -> JsonObject | None:
    if not text:
        return None
    try:
        value = values.decode(text)
    except values.BadJson:
        return None
    return value if isinstance(value, dict) else None


def _check_document(name: str, text: str) -> None:
    document = _object(text)
    if name == "Policy":
        if document is None or not isinstance(document.get("Statement"), (list, dict)):
            raise invalid_attribute_value(name)
    elif name == "RedrivePolicy":
        _check_redrive(document, text)
    else:
        _check_redrive_allow(document, text)


def _check_redrive(policy: JsonObject | None, text: str) -> None:
    def refuse(reason: str) -> ServiceError:
        return invalid_value(text, "RedrivePolicy", reason)

    if policy is None:
        raise refuse(
            "Amazon SQS can't create the redrive policy, as it’s in an unsupported format."
        )
    for name in ("deadLetterTargetArn", "maxReceiveCount"):
        if name not in policy or policy[name] in ("", None):
            raise refuse(f"Redrive policy does not contain mandatory attribute: {name}.")
    count = str(policy["maxReceiveCount"])
    if not (count.isascii() and count.isdigit() and len(count) <= 10):
        raise refuse(
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 "
            "both inclusive."
        )
    if not 1 <= int(count) <= limits.RECEIVE_COUNT_MAX:
        raise refuse(
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 "
            "both inclusive."
        )
    if not str(policy["deadLetterTargetArn"]).startswith("arn:"):
        raise refuse("Invalid value for deadLetterTargetArn.")


def _check_redrive_allow(policy: JsonObject | None, text: str) -> None:
    def refuse(reason: str) -> ServiceError:
        return invalid_value(text, "RedriveAllowPolicy", reason)

    if policy is None:
        raise refuse(
            "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format."
        )
    permission = policy.get("redrivePermission")
    if permission not in ("allowAll", "denyAll", "byQueue"):
        raise refuse(
            "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format."
        )
    sources = policy.get("sourceQueueArns")
    if permission == "byQueue":
        if not isinstance(sources, list) or not 1 <= len(sources) <= 10:
            raise refuse(
                "Amazon SQS can't create the redrive allow policy. Specify between 1 and 10 "
                "source queue ARNs in sourceQueueArns when redrivePermission is byQueue."
            )
    elif sources is not None:
        raise refuse(
            "Amazon SQS can't create the redrive allow policy. Specify sourceQueueArns only when "
            "redrivePermission is byQueue."
        )


def allows_source(dead_letter_attributes: Mapping[str, str], source_arn: str) -> bool:
    """Whether a queue with these attributes may be the dead-letter queue of that source."""
    policy = _object(dead_letter_attributes.get("RedriveAllowPolicy", ""))
    if policy is None or policy["redrivePermission"] == "allowAll":
        return True
    sources = policy.get("sourceQueueArns")
    return (
        policy["redrivePermission"] == "byQueue"
        and isinstance(sources, list)
        and source_arn in sources
    )
