"""What subscribers get to see, letter by letter."""

from __future__ import annotations

import json

from stepwell.services.sns import notifications
from stepwell.services.sns.message_attributes import AttributeValue
from stepwell.services.sns.notifications import Notification

TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
SUBSCRIPTION = f"{TOPIC}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"
NOTIFICATION = Notification(
    TOPIC,
    "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "My First Message",
    "Hello\nworld!",
    1_335_983_354_054,
    "http://localhost:4566",
    {"kind": AttributeValue("String", "x"), "size": AttributeValue("Number", "1")},
    {"sqs": "for queues"},
)


def test_the_document() -> None:
    """The members in AWS's order, one to a line."""
    lines = notifications.document(NOTIFICATION, "http", SUBSCRIPTION).splitlines()
    assert lines[:7] == [
        "{",
        '  "Type" : "Notification",',
        '  "MessageId" : "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",',
        f'  "TopicArn" : "{TOPIC}",',
        '  "Subject" : "My First Message",',
        '  "Message" : "Hello\\nworld!",',
        '  "Timestamp" : "2012-05-02T18:29:14.054Z",',
    ]
    assert [line.split('"')[1] for line in lines[7:11]] == [
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
    ]
    assert lines[11:] == [
        '  "MessageAttributes" : {',
        '    "kind" : {"Type":"String","Value":"x"},',
        '    "size" : {"Type":"Number","Value":"1"}',
        "  }",
        "}",
    ]


def test_each_protocol_has_its_message() -> None:
    """A structure's member for the protocol, else the default."""
    for protocol, message in (("sqs", "for queues"), ("https", "Hello\nworld!")):
        document = json.loads(notifications.document(NOTIFICATION, protocol, SUBSCRIPTION))
        assert document["Message"] == message


def test_the_event_of_a_function() -> None:
    """One record, with the names that differ from those of the document."""
    [record] = json.loads(notifications.lambda_event(NOTIFICATION, SUBSCRIPTION))["Records"]
    assert record.keys() == {"EventSource", "EventVersion", "EventSubscriptionArn", "Sns"}
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", SUBSCRIPTION)
    assert record["Sns"].keys() == {
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertUrl",
        "UnsubscribeUrl",
        "MessageAttributes",
    }
    assert record["Sns"]["MessageAttributes"]["kind"] == {"Type": "String", "Value": "x"}
