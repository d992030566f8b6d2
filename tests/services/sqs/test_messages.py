"""What may be sent, what is shown, batches, and what handles are good for."""

from __future__ import annotations

import pytest

from stepwell.services.sqs.sweeping import sweep
from tests.services.sqs.world import World

TEXT = {"DataType": "String", "StringValue": "Kenobi"}


async def test_the_md5_of_attributes_is_that_of_aws(world: World) -> None:
    """Recorded values, for text and for binary attributes."""
    url = await world.queue()
    attributes = {
        "Help.Me": {"DataType": "String", "StringValue": "Me"},
        "Hello": {"DataType": "String", "StringValue": "There"},
        "General": TEXT,
    }
    sent = await world.send(url, "msg", MessageAttributes=attributes)
    assert sent["MD5OfMessageAttributes"] == "4c360f3fdafd970e05fae2f149d997f5"
    trace = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    binary = {"attr1": {"DataType": "Binary", "BinaryValue": trace}}
    sent = await world.send(url, "test", MessageAttributes=binary)
    assert sent["MD5OfMessageAttributes"] == "8cbe4db156db8a94db8b801b7addb984"
    await world.restart()
    messages = await world.receive(url, MessageAttributeNames=["All"])
    assert [message["MessageAttributes"] for message in messages] == [attributes, binary]


@pytest.mark.parametrize(
    ("names", "md5", "shown"),
    [
        ([], None, set()),
        (["All"], "4c360f3fdafd970e05fae2f149d997f5", {"Help.Me", "Hello", "General"}),
        ([".*"], "4c360f3fdafd970e05fae2f149d997f5", {"Help.Me", "Hello", "General"}),
        (["Foo", "Help"], None, set()),
        (["General", "Hello"], "fca026605781cb4126a1e9044df24232", {"General", "Hello"}),
        (["Foo", "Hello"], "a311262e065454b75da111d535b8dacd", {"Hello"}),
        (["Hel.*"], "83fee93c1bcd8b9a5a923ffacdc636c7", {"Hello", "Help.Me"}),
    ],
)
async def test_attributes_are_filtered_by_name(
    world: World, names: list[str], md5: str | None, shown: set[str]
) -> None:
    """Recorded answers for all, wildcard, prefix and exact names; the MD5 is of what is shown."""
    url = await world.queue()
    attributes = {
        "Help.Me": {"DataType": "String", "StringValue": "Me"},
        "Hello": {"DataType": "String", "StringValue": "There"},
        "General": TEXT,
    }
    await world.send(url, "msg", MessageAttributes=attributes)
    [message] = await world.receive(url, MessageAttributeNames=names)
    assert message.get("MD5OfMessageAttributes") == md5
    assert set(message.get("MessageAttributes", {})) == shown


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (
            {"E": {"DataType": "String", "StringValue": ""}},
            "Message (user) attribute 'E' must contain a non-empty value of type 'String'.",
        ),
        (
            {"E": {"DataType": "Text", "StringValue": "x"}},
            "The type of message (user) attribute 'E' is invalid. You must use only the "
            "following supported type prefixes: Binary, Number, String.",
        ),
        (
            {"E": {"DataType": "Number", "StringValue": "ten"}},
            "Can't cast the value of message (user) attribute 'E' to a number.",
        ),
        (
            {str(number): TEXT for number in range(11)},
            "Number of message attributes [11] exceeds the allowed maximum [10].",
        ),
    ],
)
async def test_attributes_are_checked(world: World, attributes: object, text: str) -> None:
    """InvalidParameterValue with AWS's sentence, and nothing is sent."""
    url = await world.queue()
    assert await world.refused(
        "SendMessage", QueueUrl=url, MessageBody="m", MessageAttributes=attributes
    ) == ("InvalidParameterValue", text)
    assert await world.counts(url) == (0, 0, 0)


@pytest.mark.parametrize(
    "params",
    [
        {"MessageAttributes": ["x"]},
        {"MessageAttributes": {"a": "x"}},
        {"MessageAttributes": {"a": {"DataType": 1}}},
        {"MessageAttributes": {"a": {"DataType": "String", "StringValue": 1}}},
        {"MessageAttributes": {"a": {"DataType": "Number", "StringValue": "\0"}}},
        {"MessageAttributes": {"a": {"DataType": "String.\ud800", "StringValue": "x"}}},
        {"MessageSystemAttributes": "x"},
        {"MessageSystemAttributes": {"AWSTraceHeader": "x"}},
        {"DelaySeconds": "soon"},
        {"DelaySeconds": 1.5},
        {"DelaySeconds": True},
        {"MessageBody": 5},
        {"MessageGroupId": 5},
    ],
)
async def test_values_of_wrong_types_are_refused(world: World, params: dict[str, object]) -> None:
    """The engine sends what a definition says, which no model has checked."""
    url = await world.queue()
    code, _ = await world.refused("SendMessage", **{"QueueUrl": url, "MessageBody": "m", **params})
    assert code in ("InvalidParameterValue", "InvalidMessageContents")
    assert await world.counts(url) == (0, 0, 0)


@pytest.mark.parametrize("name", ["AWS.x", "amazon.x", ".x", "x.", "a..b", "a b", "x" * 257])
async def test_attribute_names_are_checked(world: World, name: str) -> None:
    """Reserved prefixes, periods in wrong places, other characters, length."""
    url = await world.queue()
    code, _ = await world.refused(
        "SendMessage", QueueUrl=url, MessageBody="m", MessageAttributes={name: TEXT}
    )
    assert code == "InvalidParameterValue"


async def test_the_trace_header_travels(world: World) -> None:
    """A system attribute has its own MD5 and is shown when asked for."""
    url = await world.queue()
    value = {"DataType": "String", "StringValue": "Root=1-5759e988"}
    sent = await world.send(url, MessageSystemAttributes={"AWSTraceHeader": value})
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    await world.restart()
    [message] = await world.receive(url, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1-5759e988"}
    code, _ = await world.refused(
        "SendMessage", QueueUrl=url, MessageBody="m", MessageSystemAttributes={"Other": value}
    )
    assert code == "InvalidParameterValue"


async def test_bodies_are_checked(world: World) -> None:
    """Empty, missing, with characters that XML has not, too long."""
    url = await world.queue(MaximumMessageSize="1024")
    missing = ("MissingParameter", "The request must contain the parameter MessageBody.")
    assert await world.refused("SendMessage", QueueUrl=url) == missing
    assert await world.refused("SendMessage", QueueUrl=url, MessageBody=None) == missing
    assert await world.refused("SendMessage", QueueUrl=url, MessageBody="") == missing
    for bad in ("a\0b", "a\x0bb", "\ud800", "\uffff"):
        code, _ = await world.refused("SendMessage", QueueUrl=url, MessageBody=bad)
        assert code == "InvalidMessageContents"
    assert await world.refused("SendMessage", QueueUrl=url, MessageBody="ä" * 513) == (
        "InvalidParameterValue",
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    )
    await world.send(url, "\t\r\n😀" + "x" * 1017)


@pytest.mark.parametrize("group", ["", "group 123", "x" * 129])
async def test_group_ids_are_checked_on_standard_queues_too(world: World, group: str) -> None:
    """Fair queues take a group; deduplication ids are not for them."""
    url = await world.queue()
    assert await world.refused(
        "SendMessage", QueueUrl=url, MessageBody="m", MessageGroupId=group
    ) == (
        "InvalidParameterValue",
        f"Value {group} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only "
        "include alphanumeric and punctuation characters. 1 to 128 in length.",
    )
    code, _ = await world.refused(
        "SendMessage", QueueUrl=url, MessageBody="m", MessageDeduplicationId="d"
    )
    assert code == "InvalidParameterValue"
    await world.send(url, MessageGroupId="tenant")
    [message] = await world.receive(url, AttributeNames=["MessageGroupId"])
    assert message["Attributes"] == {"MessageGroupId": "tenant"}


async def test_a_batch_succeeds_entry_by_entry(world: World) -> None:
    """The good entries are sent, the bad ones say why."""
    url = await world.queue(MaximumMessageSize="1024")
    answer = await world.call(
        "SendMessageBatch",
        QueueUrl=url,
        Entries=[
            {"Id": "1", "MessageBody": "one"},
            {"Id": "2", "MessageBody": "x" * 1025},
            {"Id": "3", "MessageBody": "three", "DelaySeconds": 901},
            {"Id": "4", "MessageBody": "four", "DelaySeconds": 1},
        ],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["1", "4"]
    assert answer["Failed"][0] == {
        "Id": "2",
        "SenderFault": True,
        "Code": "InvalidParameterValue",
        "Message": "One or more parameters cannot be validated. Reason: Message must be shorter "
        "than 1024 bytes.",
    }
    assert answer["Failed"][1]["Id"] == "3"
    assert await world.counts(url) == (1, 0, 1)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("SendMessageBatch", "SendMessageBatchRequestEntry"),
        ("DeleteMessageBatch", "DeleteMessageBatchRequestEntry"),
        ("ChangeMessageVisibilityBatch", "ChangeMessageVisibilityBatchRequestEntry"),
    ],
)
async def test_batches_are_checked(world: World, operation: str, kind: str) -> None:
    """Empty, too many, ids twice, ids of wrong characters."""
    url = await world.queue()

    async def refused(*ids: str) -> tuple[str, str]:
        entries = [
            {"Id": each, "MessageBody": "m", "ReceiptHandle": "h", "VisibilityTimeout": 1}
            for each in ids
        ]
        return await world.refused(operation, QueueUrl=url, Entries=entries)

    assert await refused() == (
        "EmptyBatchRequest",
        f"There should be at least one {kind} in the request.",
    )
    assert await refused(*(str(number) for number in range(20))) == (
        "TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 20.",
    )
    assert await refused("a", "b", "a") == ("BatchEntryIdsNotDistinct", "Id a repeated.")
    for bad in ("", "a:b", "x" * 81):
        assert await refused(bad) == (
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long.",
        )


async def test_a_batch_has_the_size_limit_of_a_message(world: World) -> None:
    """One byte too many, together, and nothing is sent."""
    url = await world.queue()
    entries = [{"Id": str(n), "MessageBody": "x" * 524_288} for n in range(2)]
    entries.append({"Id": "last", "MessageBody": "x"})
    assert await world.refused("SendMessageBatch", QueueUrl=url, Entries=entries) == (
        "BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    )
    assert await world.counts(url) == (0, 0, 0)


async def test_receives_are_checked(world: World) -> None:
    """The recorded sentences for each number out of range."""
    url = await world.queue()
    for name, value, reason in (
        ("MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
        ("MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
        ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
        ("WaitTimeSeconds", -1, "Must be >= 0 and <= 20, if provided."),
        ("VisibilityTimeout", 43201, "Must be >= 0 and <= 43200, if provided."),
    ):
        assert await world.refused("ReceiveMessage", QueueUrl=url, **{name: value}) == (
            "InvalidParameterValue",
            f"Value {value} for parameter {name} is invalid. Reason: {reason}",
        )
    assert await world.refused("ReceiveMessage", QueueUrl=url, AttributeNames=["Colour"]) == (
        "InvalidAttributeName",
        "Unknown Attribute Colour.",
    )


async def test_an_older_handle_still_deletes_on_a_standard_queue(world: World) -> None:
    """And deleting twice, or what is gone, is no error."""
    url = await world.queue(VisibilityTimeout="1")
    await world.send(url)
    [old] = await world.receive(url)
    await world.time.advance(1)
    [new] = await world.receive(url)
    assert old["ReceiptHandle"] != new["ReceiptHandle"]
    for message in (old, new, old):
        await world.delete(url, message)
    assert await world.counts(url) == (0, 0, 0)
    assert await world.rows() == 0


async def test_texts_that_are_no_handles_are_refused(world: World) -> None:
    """Also handles of another queue; in batches the entry fails."""
    url, other = await world.queue("q"), await world.queue("other")
    await world.send(other)
    [message] = await world.receive(other)
    for handle in ("x", "é" * 52, "AQEB" + "x" * 48, "AQEB" + " " * 48, message["ReceiptHandle"]):
        assert await world.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=handle) == (
            "ReceiptHandleIsInvalid",
            f'The input receipt handle "{handle}" is not a valid receipt handle.',
        )
    answer = await world.call(
        "DeleteMessageBatch", QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": "x"}]
    )
    assert answer["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"


async def test_visibility_can_be_changed(world: World) -> None:
    """Longer, shorter, at once; not past twelve hours; not for what is gone; counts from now."""
    url = await world.queue()
    await world.send(url)
    [message] = await world.receive(url)
    change = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    await world.call("ChangeMessageVisibility", **change, VisibilityTimeout=100)
    await world.time.advance(99)
    assert await world.receive(url) == []
    code, text = await world.refused("ChangeMessageVisibility", **change, VisibilityTimeout=43200)
    assert code == "InvalidParameterValue"
    assert "Total VisibilityTimeout for the message is beyond the limit" in text
    code, _ = await world.refused("ChangeMessageVisibility", **change, VisibilityTimeout=43201)
    assert code == "InvalidParameterValue"
    answer = await world.call(
        "ChangeMessageVisibilityBatch",
        QueueUrl=url,
        Entries=[{"Id": "1", "VisibilityTimeout": 0, **change}],
    )
    assert answer == {"Successful": [{"Id": "1"}]}
    [again] = await world.receive(url, VisibilityTimeout=1)
    await world.time.advance(1)
    # Its time ran out: recorded as a success that changes nothing.
    change["ReceiptHandle"] = again["ReceiptHandle"]
    await world.call("ChangeMessageVisibility", **change, VisibilityTimeout=50)
    [message] = await world.receive(url)
    await world.delete(url, message)
    assert await world.refused("ChangeMessageVisibility", **change, VisibilityTimeout=5) == (
        "InvalidParameterValue",
        f"Value {again['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: Message "
        "does not exist or is not available for visibility timeout change.",
    )


async def test_messages_expire(world: World) -> None:
    """After the retention period they are neither received nor, after a sweep, stored."""
    url = await world.queue(MessageRetentionPeriod="60")
    await world.send(url, "old")
    await world.time.advance(59)
    await world.send(url, "young")
    await world.time.advance(1)
    await sweep(world.queues, world.time.now())
    assert await world.rows() == 1
    assert await world.bodies(url, VisibilityTimeout=0) == ["young"]
    await world.time.advance(59)
    assert await world.bodies(url) == []
    await world.settle()
    assert await world.rows() == 0
