"""SNS through boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    """The error's code."""
    return str(error.value.response["Error"]["Code"])


def queue_of(sqs: Any, name: str, **attributes: str) -> tuple[str, str]:
    """URL and ARN of a new queue."""
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, told["Attributes"]["QueueArn"]


def messages(sqs: Any, url: str) -> list[dict[str, Any]]:
    """What lies in the queue."""
    told = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
    )
    return list(told.get("Messages", []))


def test_a_message_reaches_its_queue(aws: Aws) -> None:
    """As a notification with all its members."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="plain")["TopicArn"]
    url, arn = queue_of(sqs, "plain")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    kind = {"DataType": "String", "StringValue": "x"}
    told = sns.publish(
        TopicArn=topic, Message="hello", Subject="s", MessageAttributes={"kind": kind}
    )
    [message] = messages(sqs, url)
    body = json.loads(message["Body"])
    assert body["MessageId"] == told["MessageId"]
    assert (body["Type"], body["TopicArn"], body["Subject"]) == ("Notification", topic, "s")
    assert body["Message"] == "hello"
    assert body["MessageAttributes"] == {"kind": {"Type": "String", "Value": "x"}}
    assert {"Timestamp", "SignatureVersion", "SigningCertURL", "UnsubscribeURL"} <= body.keys()
    assert "Signature" in body
    assert "MessageAttributes" not in message


def test_raw_delivery(aws: Aws) -> None:
    """The message as it is, with its attributes as those of the queue's message."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="raw")["TopicArn"]
    url, arn = queue_of(sqs, "raw")
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    attributes: dict[str, Any] = {"text": {"DataType": "String", "StringValue": "x"}}
    if not aws.is_moto:  # whose queues break on binary attributes from topics
        attributes["bytes"] = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}
    sns.publish(TopicArn=topic, Message="as it is", MessageAttributes=attributes)
    [message] = messages(sqs, url)
    assert message["Body"] == "as it is"
    assert message["MessageAttributes"] == attributes


def test_filters(aws: Aws) -> None:
    """A subscription gets what its policy wants."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="filtered")["TopicArn"]
    url, arn = queue_of(sqs, "filtered")
    policy = {"kind": ["a", {"prefix": "b"}], "size": [{"numeric": [">=", 10]}]}
    wanted = {"FilterPolicy": json.dumps(policy), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=wanted)
    for message, kind, size in (
        ("1", "a", "10"),
        ("2", "a", "9"),
        ("3", "bx", "11"),
        ("4", "c", "12"),
    ):
        attributes = {
            "kind": {"DataType": "String", "StringValue": kind},
            "size": {"DataType": "Number", "StringValue": size},
        }
        sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)
    assert sorted(m["Body"] for m in messages(sqs, url)) == ["1", "3"]


def test_filters_on_the_body(aws: Aws) -> None:
    """FilterPolicyScope MessageBody looks into the message."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="body")["TopicArn"]
    url, arn = queue_of(sqs, "body")
    wanted = {
        "FilterPolicyScope": "MessageBody",
        "FilterPolicy": json.dumps({"a": {"b": ["x"]}}),
        "RawMessageDelivery": "true",
    }
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=wanted)
    for body in ('{"a":{"b":"x"}}', '{"a":{"b":"y"}}', "no json"):
        sns.publish(TopicArn=topic, Message=body)
    assert [m["Body"] for m in messages(sqs, url)] == ['{"a":{"b":"x"}}']


def test_a_message_for_each_protocol(aws: Aws) -> None:
    """MessageStructure json: the member of the protocol, else the default."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="structure")["TopicArn"]
    url, arn = queue_of(sqs, "structure")
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    for parts in ({"default": "d", "sqs": "s"}, {"default": "d"}):
        sns.publish(TopicArn=topic, Message=json.dumps(parts), MessageStructure="json")
    assert sorted(m["Body"] for m in messages(sqs, url)) == ["d", "s"]


def test_fifo(aws: Aws) -> None:
    """Groups and deduplication ids go on to the queue; a repeated id is handed on once."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(
        Name="line.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    )["TopicArn"]
    url, arn = queue_of(sqs, "line.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    # moto publishes a repeated id again.
    for message in ("one", "two") if aws.is_moto else ("one", "one", "two"):
        sns.publish(TopicArn=topic, Message=message, MessageGroupId="g")
    got = messages(sqs, url)
    assert [json.loads(m["Body"])["Message"] for m in got] == ["one", "two"]
    assert {m["Attributes"]["MessageGroupId"] for m in got} == {"g"}


def test_fifo_needs_group_and_deduplication(aws: Aws) -> None:
    """Without them a message is refused."""
    sns = aws("sns")
    attributes = {"FifoTopic": "true"}
    topic = sns.create_topic(Name="strict.fifo", Attributes=attributes)["TopicArn"]
    with pytest.raises(ClientError, match="ContentBasedDeduplication enabled"):
        sns.publish(TopicArn=topic, Message="m", MessageGroupId="g")
    if aws.is_moto:
        return  # moto answers MissingParameter, in SQS's words
    with pytest.raises(ClientError, match="MessageGroupId parameter is required for FIFO"):
        sns.publish(TopicArn=topic, Message="m")


def test_batches(aws: Aws) -> None:
    """Every entry has its answer; a batch that cannot be is refused as a whole."""
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="batch")["TopicArn"]
    url, arn = queue_of(sqs, "batch")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    entries = [{"Id": str(n), "Message": f"m{n}"} for n in range(3)]
    told = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [each["Id"] for each in told["Successful"]] == ["0", "1", "2"]
    assert len(messages(sqs, url)) == 3
    with pytest.raises(ClientError) as refused:
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[entries[0], entries[0]])
    assert code_of(refused) == "BatchEntryIdsNotDistinct"
    many = [{"Id": str(n), "Message": "m"} for n in range(11)]
    with pytest.raises(ClientError) as refused:
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=many)
    assert code_of(refused) == "TooManyEntriesInBatchRequest"


def test_topics(aws: Aws) -> None:
    """Created twice it is the same; attributes and tags are shown; deleted it is gone."""
    sns = aws("sns")
    tags = [{"Key": "team", "Value": "x"}]
    topic = sns.create_topic(Name="life", Attributes={"DisplayName": "d"}, Tags=tags)["TopicArn"]
    assert sns.create_topic(Name="life")["TopicArn"] == topic
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="e")
    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (shown["DisplayName"], shown["TopicArn"]) == ("e", topic)
    assert shown["SubscriptionsConfirmed"] == "0"
    assert json.loads(shown["Policy"])["Statement"][0]["Resource"] == topic
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == tags
    sns.untag_resource(ResourceArn=topic, TagKeys=["team"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == []
    assert topic in [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    sns.delete_topic(TopicArn=topic)
    with pytest.raises(ClientError) as refused:
        sns.get_topic_attributes(TopicArn=topic)
    assert code_of(refused) == "NotFound"


def test_subscriptions(aws: Aws) -> None:
    """Subscribed twice it is one; its attributes can be changed; ended it is gone."""
    sns = aws("sns")
    topic = sns.create_topic(Name="subscribed")["TopicArn"]
    queue = "arn:aws:sqs:eu-west-1:000000000000:anything"
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    again = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    assert made == again
    sns.set_subscription_attributes(
        SubscriptionArn=made, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    shown = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert (shown["RawMessageDelivery"], shown["PendingConfirmation"]) == ("true", "false")
    [listed] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (listed["Protocol"], listed["Endpoint"], listed["TopicArn"]) == ("sqs", queue, topic)
    sns.unsubscribe(SubscriptionArn=made)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    with pytest.raises(ClientError) as refused:
        sns.get_subscription_attributes(SubscriptionArn=made)
    assert code_of(refused) == "NotFound"


def test_permissions(aws: Aws) -> None:
    """A statement more, and one less."""
    sns = aws("sns")
    topic = sns.create_topic(Name="permitted")["TopicArn"]
    given = {"AWSAccountId": ["999999999999"], "ActionName": ["Publish"]}
    sns.add_permission(TopicArn=topic, Label="l", **given)
    text = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    assert [each["Sid"] for each in json.loads(text)["Statement"]][1:] == ["l"]
    with pytest.raises(ClientError, match="Statement already exists"):
        sns.add_permission(TopicArn=topic, Label="l", **given)
    sns.remove_permission(TopicArn=topic, Label="l")
    text = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    assert len(json.loads(text)["Statement"]) == 1


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"FilterPolicy": '{"a":[{"foo":1}]}'}, "Unrecognized match type foo"),
        ({"FilterPolicy": '{"a":1}'}, '"a" must be an object or an array'),
        ({"FilterPolicy": '{"a":[{"numeric":["<"]}]}'}, "Value of < must be numeric"),
        ({"Nothing": "x"}, "AttributeName"),
    ],
)
def test_bad_attributes_of_subscriptions(
    aws: Aws, attributes: dict[str, str], message: str
) -> None:
    """They are refused, and there is no subscription."""
    sns = aws("sns")
    topic = sns.create_topic(Name="refusing")["TopicArn"]
    queue = "arn:aws:sqs:eu-west-1:000000000000:anything"
    with pytest.raises(ClientError) as refused:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)
    assert code_of(refused) == "InvalidParameter"
    assert message in refused.value.response["Error"]["Message"]


def test_what_is_not_here(aws: Aws) -> None:
    """Text messages, mobile push and archives are refused by name; nothing is made of them."""
    if aws.is_moto:
        return  # moto takes them
    sns = aws("sns")
    topic = sns.create_topic(Name="elsewhere")["TopicArn"]
    for protocol in ("sms", "application", "firehose"):
        with pytest.raises(ClientError, match=f"Stepwell does not support the protocol {protocol}"):
            sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint="+15550100")
    with pytest.raises(ClientError, match="does not support this protocol string: pigeon"):
        sns.subscribe(TopicArn=topic, Protocol="pigeon", Endpoint="x")
    with pytest.raises(ClientError, match="PhoneNumber"):
        sns.publish(PhoneNumber="+15550100", Message="m")
    with pytest.raises(ClientError, match="Stepwell does not implement SNS GetSMSAttributes"):
        sns.get_sms_attributes()
    with pytest.raises(ClientError, match="does not support DataProtectionPolicy"):
        sns.create_topic(Name="protected", DataProtectionPolicy="{}")


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"Message": ""}, "InvalidParameter", "Invalid parameter: Empty message"),
        ({"Message": "m" * 262_145}, "InvalidParameter", "Invalid parameter: Message too long"),
        ({"Message": "m", "Subject": "s" * 101}, "InvalidParameter", "Invalid parameter: Subject"),
        (
            {"Message": "m", "MessageStructure": "json"},
            "InvalidParameter",
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            {"Message": "{}", "MessageStructure": "json"},
            "InvalidParameter",
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        (
            {"Message": "m", "MessageAttributes": {"k": {"DataType": "S", "StringValue": "x"}}},
            "ParameterValueInvalid",
            "The message attribute 'k' has an invalid message attribute type, the set of supported "
            "type prefixes is Binary, Number, and String.",
        ),
    ],
)
def test_messages_that_cannot_be(aws: Aws, params: dict[str, Any], code: str, message: str) -> None:
    """AWS's code and sentence for each."""
    if aws.is_moto:
        return  # moto's codes and sentences are its own
    sns = aws("sns")
    topic = sns.create_topic(Name="picky")["TopicArn"]
    with pytest.raises(ClientError) as refused:
        sns.publish(TopicArn=topic, **params)
    assert code_of(refused) == code
    assert refused.value.response["Error"]["Message"] == message
