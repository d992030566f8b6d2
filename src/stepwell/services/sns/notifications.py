"""What subscribers get to see: the JSON notification, Lambda's event, headers, letters.

Nothing here is signed: `Signature` has the form of one and cannot be verified.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha512
from urllib.parse import quote

from stepwell.services.sns import message_attributes
from stepwell.services.sns.message_attributes import AttributeValue
from stepwell.values import JsonObject, JsonValue, encode_text

USER_AGENT = "Amazon Simple Notification Service Agent"
CERTIFICATE = "SimpleNotificationService-0000000000000000000000000000000.pem"
_EMAIL_FOOT = (
    "\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit "
    "the link below to unsubscribe:\n{link}\n"
)


@dataclass(frozen=True, slots=True)
class Notification:
    """One published message."""

    topic_arn: str
    message_id: str
    subject: str | None
    message: str
    """What goes to protocols that `by_protocol` does not name."""
    made_at: int
    base_url: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    by_protocol: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    deduplication: str | None = None
    sequence: str | None = None
    signature_version: str = "1"

    def text(self, protocol: str) -> str:
        """The message for a protocol."""
        return self.by_protocol.get(protocol, self.message)


def timestamp(epoch_ms: int) -> str:
    """ISO 8601 in UTC, always with milliseconds."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def unsubscribe_link(base_url: str, subscription_arn: str) -> str:
    """The link that ends a subscription."""
    return f"{base_url}/?Action=Unsubscribe&SubscriptionArn={quote(subscription_arn, safe=':')}"


def confirm_link(base_url: str, topic_arn: str, token: str) -> str:
    """The link that confirms a subscription."""
    topic = quote(topic_arn, safe=":")
    return f"{base_url}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}"


def document(notification: Notification, protocol: str, subscription_arn: str) -> str:
    """The JSON of a notification, laid out as AWS does."""
    fields: JsonObject = {"Type": "Notification", "MessageId": notification.message_id}
    if notification.sequence is not None:
        fields["SequenceNumber"] = notification.sequence
    fields["TopicArn"] = notification.topic_arn
    if notification.subject is not None:
        fields["Subject"] = notification.subject
    fields["Message"] = notification.text(protocol)
    fields["Timestamp"] = timestamp(notification.made_at)
    if notification.sequence is None:
        fields |= signed(notification, fields)
    fields["UnsubscribeURL"] = unsubscribe_link(notification.base_url, subscription_arn)
    if notification.attributes:
        fields["MessageAttributes"] = message_attributes.shown(notification.attributes)
    return laid_out(fields)


def signed(notification: Notification, fields: Mapping[str, JsonValue]) -> JsonObject:
    """The members of a signature."""
    digest = sha512(encode_text(fields).encode()).digest()
    return {
        "SignatureVersion": notification.signature_version,
        "Signature": b64encode(digest * 4).decode(),
        "SigningCertURL": f"{notification.base_url}/{CERTIFICATE}",
    }


def laid_out(fields: Mapping[str, JsonValue]) -> str:
    """One member to a line, as AWS writes notifications."""
    lines = [f"  {encode_text(name)} : {_member(value)}" for name, value in fields.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _member(value: JsonValue) -> str:
    if not isinstance(value, dict):
        return encode_text(value)
    lines = [f"    {encode_text(name)} : {encode_text(each)}" for name, each in value.items()]
    return "{\n" + ",\n".join(lines) + "\n  }"


def confirmation(topic_arn: str, token: str, message_id: str, now: int, base_url: str) -> str:
    """The JSON that asks an endpoint to confirm its subscription."""
    link = confirm_link(base_url, topic_arn, token)
    fields: JsonObject = {
        "Type": "SubscriptionConfirmation",
        "MessageId": message_id,
        "Token": token,
        "TopicArn": topic_arn,
        "Message": f"You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the "
        "subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": link,
        "Timestamp": timestamp(now),
    }
    asked = Notification(topic_arn, message_id, None, "", now, base_url)
    return laid_out(fields | signed(asked, fields))


def lambda_event(notification: Notification, subscription_arn: str) -> str:
    """The event of a function: one record."""
    asked: JsonObject = {
        "Type": "Notification",
        "MessageId": notification.message_id,
        "TopicArn": notification.topic_arn,
        "Subject": notification.subject,
        "Message": notification.text("lambda"),
        "Timestamp": timestamp(notification.made_at),
    }
    signature = signed(notification, asked)
    record: JsonObject = {
        **asked,
        "SignatureVersion": signature["SignatureVersion"],
        "Signature": signature["Signature"],
        "SigningCertUrl": signature["SigningCertURL"],
        "UnsubscribeUrl": unsubscribe_link(notification.base_url, subscription_arn),
        "MessageAttributes": message_attributes.shown(notification.attributes),
    }
    return encode_text(
        {
            "Records": [
                {
                    "EventSource": "aws:sns",
                    "EventVersion": "1.0",
                    "EventSubscriptionArn": subscription_arn,
                    "Sns": record,
                }
            ]
        }
    )


def http_headers(
    kind: str, message_id: str, topic_arn: str, subscription_arn: str, content_type: str
) -> dict[str, str]:
    """The headers of a request to an endpoint. `kind` is the message's Type."""
    headers = {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": topic_arn,
        "Content-Type": content_type,
        "User-Agent": USER_AGENT,
    }
    if subscription_arn:
        headers["x-amz-sns-subscription-arn"] = subscription_arn
    return headers


def letter(notification: Notification, protocol: str, subscription_arn: str) -> JsonObject:
    """Subject and body of a mail."""
    subject = notification.subject or "AWS Notification Message"
    if protocol == "email-json":
        return {"Subject": subject, "Body": document(notification, protocol, subscription_arn)}
    foot = _EMAIL_FOOT.format(link=unsubscribe_link(notification.base_url, subscription_arn))
    return {"Subject": subject, "Body": notification.text(protocol) + foot}


def confirmation_letter(
    protocol: str, topic_arn: str, token: str, message_id: str, now: int, base_url: str
) -> JsonObject:
    """The mail that asks for a confirmation."""
    subject = "AWS Notification - Subscription Confirmation"
    if protocol == "email-json":
        text = confirmation(topic_arn, token, message_id, now, base_url)
        return {"Subject": subject, "Body": text}
    link = confirm_link(base_url, topic_arn, token)
    text = (
        f"You have chosen to subscribe to the topic:\n{topic_arn}\n\n"
        "To confirm this subscription, click or visit the link below (If this was in error no "
        f"action is necessary):\n{link}\n"
    )
    return {"Subject": subject, "Body": text}
