"""Topics, subscriptions and policies of stacks."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from tests.deploy.world import Deployed, reviewed

TOPIC = "AWS::SNS::Topic"
SUBSCRIPTION = "AWS::SNS::Subscription"
QUEUE = "AWS::SQS::Queue"
ORDERS = "arn:aws:sns:eu-west-1:000000000000:orders"


async def attributes(deployed: Deployed, arn: str) -> dict[str, str]:
    """What the topic is set to."""
    shown = await deployed.call("sns", "GetTopicAttributes", TopicArn=arn)
    return dict(shown["Attributes"])


async def subscribed(deployed: Deployed, arn: str) -> set[str]:
    """The endpoints of the topic."""
    shown = await deployed.call("sns", "ListSubscriptionsByTopic", TopicArn=arn)
    return {each["Endpoint"] for each in shown["Subscriptions"]}


async def of_subscription(deployed: Deployed, arn: str) -> dict[str, str]:
    """What the subscription is set to."""
    shown = await deployed.call("sns", "GetSubscriptionAttributes", SubscriptionArn=arn)
    return dict(shown["Attributes"])


async def test_a_topic_has_its_arn_as_reference(deployed: Deployed) -> None:
    """A topic has its ARN as reference, and attributes for ARN and name."""
    topic = await deployed.make(TOPIC, {"TopicName": "orders", "DisplayName": "Orders"})
    assert topic.id == ORDERS
    assert topic.attributes == {"TopicArn": ORDERS, "TopicName": "orders"}
    assert (await attributes(deployed, ORDERS))["DisplayName"] == "Orders"


async def test_a_fifo_topic_gets_a_name_that_says_so(deployed: Deployed) -> None:
    """A FIFO topic without a name gets one that ends with .fifo."""
    topic = await deployed.make(TOPIC, {"FifoTopic": "true", "ContentBasedDeduplication": True})
    assert topic.attributes["TopicName"] == "shop-Thing-ABCDEF123456.fifo"
    assert (await attributes(deployed, topic.id))["ContentBasedDeduplication"] == "true"


async def test_attributes_that_a_template_drops_are_as_by_default(deployed: Deployed) -> None:
    """Attributes that a template drops are as by default."""
    given = {
        "DisplayName": "Orders",
        "KmsMasterKeyId": "alias/aws/sns",
        "SignatureVersion": 2,
        "TracingConfig": "Active",
    }
    topic = await deployed.make(TOPIC, given)
    assert (await attributes(deployed, topic.id))["SignatureVersion"] == "2"
    await deployed.change(TOPIC, topic, {})
    shown = await attributes(deployed, topic.id)
    assert shown["DisplayName"] == ""
    assert shown["TracingConfig"] == "PassThrough"
    assert shown["SignatureVersion"] == "1"
    assert "KmsMasterKeyId" not in shown


async def test_the_subscriptions_in_a_topic_follow_the_template(deployed: Deployed) -> None:
    """The subscriptions that a topic lists come and go with the template."""
    one, two, three = [
        (await deployed.make(QUEUE, {"QueueName": name})).attributes["Arn"]
        for name in ("one", "two", "three")
    ]
    listed = [{"Protocol": "sqs", "Endpoint": arn} for arn in (one, two)]
    topic = await deployed.make(TOPIC, {"Subscription": [*listed]})
    assert await subscribed(deployed, topic.id) == {one, two}
    listed = [{"Protocol": "sqs", "Endpoint": arn} for arn in (two, three)]
    await deployed.change(TOPIC, topic, {"Subscription": [*listed]})
    assert await subscribed(deployed, topic.id) == {two, three}


async def test_a_topic_with_a_strange_subscription_is_not_left_behind(deployed: Deployed) -> None:
    """A topic one of whose subscriptions is refused is not there afterwards."""
    listed = [{"Protocol": "sms", "Endpoint": "+3161234567"}]
    with pytest.raises(ServiceError, match="text messages"):
        await deployed.make(TOPIC, {"TopicName": "orders", "Subscription": listed})
    await deployed.make(TOPIC, {"TopicName": "orders"})


async def test_a_subscription_delivers_what_its_filter_lets_through(deployed: Deployed) -> None:
    """A subscription has the attributes of the template, and delivers."""
    topic = await deployed.make(TOPIC, {}, "Topic")
    queue = await deployed.make(QUEUE, {}, "Queue")
    subscription = await deployed.make(
        SUBSCRIPTION,
        {
            "TopicArn": topic.id,
            "Protocol": "sqs",
            "Endpoint": queue.attributes["Arn"],
            "RawMessageDelivery": True,
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": {"kind": ["wanted"]},
        },
    )
    assert subscription.id.startswith(f"{topic.id}:")
    assert subscription.attributes == {"Arn": subscription.id}
    for kind in ("other", "wanted"):
        message = f'{{"kind": "{kind}"}}'
        await deployed.call("sns", "Publish", TopicArn=topic.id, Message=message)
    received = await deployed.call(
        "sqs", "ReceiveMessage", QueueUrl=queue.id, MaxNumberOfMessages=10
    )
    assert [each["Body"] for each in received["Messages"]] == ['{"kind": "wanted"}']


async def test_a_subscription_changes_its_filter_and_scope_together(deployed: Deployed) -> None:
    """Filter and scope change together, even when the old filter has no meaning in the new scope;
    what is dropped is gone."""
    topic = await deployed.make(TOPIC, {}, "Topic")
    queue = await deployed.make(QUEUE, {}, "Queue")
    dead = await deployed.make(QUEUE, {}, "Dead")
    common = {"TopicArn": topic.id, "Protocol": "sqs", "Endpoint": queue.attributes["Arn"]}
    redrive = {"deadLetterTargetArn": dead.attributes["Arn"]}
    subscription = await deployed.make(
        SUBSCRIPTION,
        {
            **common,
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": {"order": {"kind": ["wanted"]}},
            "RedrivePolicy": redrive,
        },
    )
    assert "RedrivePolicy" in await of_subscription(deployed, subscription.id)
    subscription = await deployed.change(
        SUBSCRIPTION, subscription, {**common, "FilterPolicy": {"kind": ["wanted"]}}
    )
    shown = await of_subscription(deployed, subscription.id)
    assert shown["FilterPolicy"] == '{"kind":["wanted"]}'
    assert shown["FilterPolicyScope"] == "MessageAttributes"
    assert "RedrivePolicy" not in shown
    await deployed.change(SUBSCRIPTION, subscription, common)
    assert "FilterPolicy" not in await of_subscription(deployed, subscription.id)


async def test_a_subscription_that_must_be_confirmed_has_an_arn(deployed: Deployed) -> None:
    """A subscription that its endpoint must confirm has an ARN, too, and can be deleted."""
    topic = await deployed.make(TOPIC, {}, "Topic")
    mail = {"TopicArn": topic.id, "Protocol": "email", "Endpoint": "a@example.org"}
    subscription = await deployed.make(SUBSCRIPTION, mail)
    assert subscription.id.startswith(f"{topic.id}:")
    await deployed.drop(SUBSCRIPTION, subscription)
    assert await subscribed(deployed, topic.id) == set()


async def test_a_subscription_goes_after_its_topic_too(deployed: Deployed) -> None:
    """A subscription whose topic was deleted is deleted without complaint."""
    topic = await deployed.make(TOPIC, {}, "Topic")
    queue = await deployed.make(QUEUE, {}, "Queue")
    given = {"TopicArn": topic.id, "Protocol": "sqs", "Endpoint": queue.attributes["Arn"]}
    subscription = await deployed.make(SUBSCRIPTION, given)
    await deployed.drop(TOPIC, topic)
    await deployed.drop(SUBSCRIPTION, subscription)


def test_protocols_that_leave_aws_only_are_told_beforehand() -> None:
    """A review names the subscriptions that will be refused; functions are left alone."""
    listed = [{"Protocol": "sqs"}, {"Protocol": "sms"}, {"Protocol": {"Ref": "P"}}]
    assert reviewed(TOPIC, {"Subscription": listed}) == [
        "Subscription[1].Protocol sms: text messages leave AWS only."
    ]
    assert reviewed(SUBSCRIPTION, {"Protocol": "firehose"}) == [
        "Protocol firehose: there is no Firehose."
    ]
    assert reviewed(SUBSCRIPTION, {"Protocol": "lambda"}) == []


async def test_a_topic_policy_moves_from_topic_to_topic(deployed: Deployed) -> None:
    """A policy is put on its topics, and a topic that is not named any more has its own again."""
    one = await deployed.make(TOPIC, {"TopicName": "one"})
    two = await deployed.make(TOPIC, {"TopicName": "two"})
    document = {"Version": "2012-10-17", "Id": "mine", "Statement": []}
    given = {"Topics": [one.id], "PolicyDocument": document}
    policy = await deployed.make("AWS::SNS::TopicPolicy", given, "Policy")
    assert policy.id == "shop-Policy-ABCDEF123456"
    assert '"mine"' in (await attributes(deployed, one.id))["Policy"]
    given = {"Topics": [two.id], "PolicyDocument": document}
    policy = await deployed.change("AWS::SNS::TopicPolicy", policy, given)
    assert "__default_policy_ID" in (await attributes(deployed, one.id))["Policy"]
    assert '"mine"' in (await attributes(deployed, two.id))["Policy"]
    await deployed.drop("AWS::SNS::TopicPolicy", policy)
    assert "__default_policy_ID" in (await attributes(deployed, two.id))["Policy"]


async def test_an_inline_policy_takes_no_topic_that_has_one(deployed: Deployed) -> None:
    """An inline policy is put on a topic that has none, and on no other."""
    kind = "AWS::SNS::TopicInlinePolicy"
    topic = await deployed.make(TOPIC, {}, "Topic")
    given = {"TopicArn": topic.id, "PolicyDocument": {"Id": "mine", "Statement": []}}
    policy = await deployed.make(kind, given)
    assert policy.id == topic.id
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(kind, given, "Other")
    assert await deployed.make(kind, given, repeated=True) == policy
    changed = {**given, "PolicyDocument": {"Id": "yours", "Statement": []}}
    policy = await deployed.change(kind, policy, changed)
    assert '"yours"' in (await attributes(deployed, topic.id))["Policy"]
    await deployed.drop(kind, policy)
    assert "__default_policy_ID" in (await attributes(deployed, topic.id))["Policy"]
    await deployed.drop(TOPIC, topic)
    await deployed.drop(kind, policy)
