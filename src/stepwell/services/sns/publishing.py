"""Publish and PublishBatch: what may be published, deduplication, the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.ports import Caller
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.sns import limits, message_attributes
from stepwell.services.sns.arns import TopicName
from stepwell.services.sns.errors import invalid_parameter, not_here
from stepwell.services.sns.fan_out import fan_out
from stepwell.services.sns.notifications import Notification
from stepwell.services.sns.records import PublishedRow, TopicRow, attributes_of
from stepwell.services.sns.topics import Topics
from stepwell.values import BadJson, decode_payload

_IDENTIFIER = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_\-]{1,80}")
_NO_DEDUPLICATION = (
    "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
    "provided explicitly"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that may be published."""

    notification: Notification
    size_bytes: int


async def publish_one(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """Publish."""
    with topics.parts.ledger.stage() as turn:
        answer = publish(topics, turn, call, params, call.base_url)
    await topics.parts.ledger.committed()
    return answer


def publish(
    topics: Topics, turn: Turn, call: Caller, params: Params, base_url: str | None = None
) -> dict[str, Any]:
    """Check one message and hand it to the subscriptions as part of the caller's turn.

    The answer is that of Publish. Synchronous, so that the engine and other services publish in
    their own turn. Raises ServiceError before anything is changed, and StorageTrouble while the
    topics are being read again. The caller must stage `turn` after it returns.
    """
    topics.check_ready()
    topic, row = _target(topics, params)
    draft = compose(topics, topic, row, params, base_url or topics.base_url())
    return accept(topics, turn, topic, row, draft)


async def publish_many(topics: Topics, call: Call, params: Params) -> dict[str, Any]:
    """PublishBatch."""
    with topics.parts.ledger.stage() as turn:
        answer = publish_batch(topics, turn, params, call.base_url)
    await topics.parts.ledger.committed()
    return answer


def publish_batch(
    topics: Topics, turn: Turn, params: Params, base_url: str | None = None
) -> dict[str, Any]:
    """Publish a batch likewise: every entry succeeds or fails by itself."""
    topics.check_ready()
    topic, row = topics.find(params.get("TopicArn"))
    entries = _check_batch(params.get("PublishBatchRequestEntries") or [])
    here = base_url or topics.base_url()
    fifo = topic.name.endswith(".fifo")
    drafts: list[tuple[str, Draft]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        if fifo and not entry.get("MessageGroupId"):
            raise invalid_parameter("The MessageGroupId parameter is required for FIFO topics")
        try:
            drafts.append((entry["Id"], compose(topics, topic, row, entry, here)))
        except ServiceError as error:
            told = {"Code": error.code, "Message": error.message, "SenderFault": True}
            failed.append({"Id": entry["Id"], **told})
    if sum(draft.size_bytes for _, draft in drafts) > limits.MESSAGE_BYTES_MAX:
        raise ServiceError(
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        )
    successful = [
        {"Id": entry_id, **accept(topics, turn, topic, row, draft)} for entry_id, draft in drafts
    ]
    return {"Successful": successful, "Failed": failed}


def _check_batch(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not entries:
        raise ServiceError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > limits.BATCH_ENTRIES_MAX:
        raise ServiceError(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
        )
    names = [entry.get("Id", "") for entry in entries]
    if any(not _ENTRY_ID.fullmatch(name) for name in names):
        raise ServiceError(
            "InvalidBatchEntryId",
            "The Id of a batch entry in a batch request doesn't abide by the specification.",
        )
    if len(set(names)) < len(names):
        raise ServiceError(
            "BatchEntryIdsNotDistinct",
            "Two or more batch entries in the request have the same Id.",
        )
    return entries


def _target(topics: Topics, params: Mapping[str, Any]) -> tuple[TopicName, TopicRow]:
    if params.get("PhoneNumber"):
        raise not_here("PhoneNumber: text messages leave AWS only")
    arn = params.get("TopicArn") or params.get("TargetArn")
    if not arn:
        raise invalid_parameter("TopicArn or TargetArn Reason: no value for required parameter")
    parts = str(arn).split(":")
    if len(parts) == 6 and parts[2] == "sns" and "/" in parts[5]:
        raise not_here("platform endpoints: mobile push leaves AWS only")
    return topics.find(arn, "TopicArn" if params.get("TopicArn") else "TargetArn")


def compose(
    topics: Topics, topic: TopicName, row: TopicRow, params: Mapping[str, Any], base_url: str
) -> Draft:
    """The message that the parameters describe, or AWS's refusal."""
    message = params.get("Message")
    if not isinstance(message, str) or message == "":
        raise invalid_parameter("Empty message")
    attributes = message_attributes.check(params.get("MessageAttributes"))
    default, by_protocol = _structure(params.get("MessageStructure"), message)
    size = len(message.encode("utf-8", "surrogatepass")) + message_attributes.size_bytes(attributes)
    if size > limits.MESSAGE_BYTES_MAX:
        raise invalid_parameter("Message too long")
    group = _identifier(params, "MessageGroupId")
    settings = attributes_of(row)
    notification = Notification(
        topic_arn=topic.arn,
        message_id="",
        subject=_subject(params.get("Subject")),
        message=default,
        made_at=topics.parts.clock.now(),
        base_url=base_url,
        attributes=attributes,
        by_protocol=by_protocol,
        group=group,
        deduplication=_deduplication(topic, settings, params, group, message),
        signature_version=settings.get("SignatureVersion", "1"),
    )
    return Draft(notification, size)


def _subject(subject: object) -> str | None:
    if subject is None or subject == "":
        return None
    text = str(subject)
    if len(text) > limits.SUBJECT_CHARACTERS_MAX or "\n" in text or "\r" in text:
        raise invalid_parameter("Subject")
    return text


def _structure(structure: object, message: str) -> tuple[str, dict[str, str]]:
    """The message for everybody, and those for single protocols."""
    if structure is None or structure == "":
        return message, {}
    if structure != "json":
        raise invalid_parameter("MessageStructure")
    try:
        parts = decode_payload(message)
    except BadJson:
        parts = None
    if not isinstance(parts, dict):
        raise invalid_parameter("Message Structure - JSON message body failed to parse")
    if not isinstance(parts.get("default"), str):
        raise invalid_parameter("Message Structure - No default entry in JSON message body")
    texts = {name: text for name, text in parts.items() if isinstance(text, str)}
    return texts["default"], texts


def _identifier(params: Mapping[str, Any], name: str) -> str | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise invalid_parameter(
            f"{name} Reason: {name} can only include alphanumeric and punctuation characters. "
            "1 to 128 in length"
        )
    return value


def _deduplication(
    topic: TopicName,
    settings: Mapping[str, str],
    params: Mapping[str, Any],
    group: str | None,
    message: str,
) -> str | None:
    given = _identifier(params, "MessageDeduplicationId")
    if not topic.name.endswith(".fifo"):
        if given is not None:
            raise invalid_parameter(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId "
                "parameter that is not valid for this topic type"
            )
        return None
    if group is None:
        raise invalid_parameter("The MessageGroupId parameter is required for FIFO topics")
    if given is not None:
        return given
    if settings.get("ContentBasedDeduplication") != "true":
        raise invalid_parameter(_NO_DEDUPLICATION)
    return sha256(message.encode("utf-8", "surrogatepass")).hexdigest()


def accept(
    topics: Topics, turn: Turn, topic: TopicName, row: TopicRow, draft: Draft
) -> dict[str, Any]:
    """Hand a checked message to the subscriptions, unless it is a duplicate."""
    asked = draft.notification
    message_id = topics.parts.ids.uuid()
    settings = attributes_of(row)
    answer = {"MessageId": message_id}
    notification = replace(asked, message_id=message_id)
    if asked.deduplication is not None:
        identity = asked.deduplication
        if settings.get("FifoThroughputScope") == "MessageGroup":
            identity = f"{asked.group} {identity}"
        seen = _recall(topics, turn, topic.arn, identity, asked.made_at)
        if seen is not None:
            return {"MessageId": seen.message_id, "SequenceNumber": _shown(seen.sequence)}
        sequence = topics.parts.ids.next_id()
        expires_at = asked.made_at + limits.DEDUPLICATION_MILLISECONDS
        topics.published.put(
            turn, PublishedRow(topic.arn, identity, message_id, sequence, expires_at)
        )
        answer["SequenceNumber"] = _shown(sequence)
        notification = replace(notification, sequence=_shown(sequence))
    fan_out(topics, turn, notification, settings.get("DeliveryPolicy"))
    return answer


def _shown(sequence: int) -> str:
    """The sequence number as FIFO topics show it: twenty digits, growing."""
    return str(10**19 + sequence)


def _recall(
    topics: Topics, turn: Turn, topic_arn: str, identity: str, now: int
) -> PublishedRow | None:
    """What was published under this id within the interval; old ids are let go on the way."""
    for row in topics.published.first(topic_arn, limits.FORGOTTEN_PER_PUBLISH):
        if row.expires_at <= now:
            topics.published.delete(turn, row.topic_arn, row.identity)
    seen = topics.published.get(topic_arn, identity)
    return seen if seen is not None and seen.expires_at > now else None
