"""What time does to topics: attempts at a web address, dead letters, deduplication."""

from __future__ import annotations

import json

import httpx
import pytest

from stepwell.errors import ServiceError
from stepwell.integrations.carriers.http import HttpCarrier
from stepwell.testing.simulation import Simulation

QUEUE = "arn:aws:sqs:us-east-1:000000000000:dead"
URL = "http://localhost:4566/000000000000/dead"
POLICY = json.dumps(
    {"healthyRetryPolicy": {"numRetries": 3, "minDelayTarget": 10, "maxDelayTarget": 30}}
)


class Web:
    """An endpoint that answers with statuses in turn; the last one again and again."""

    def __init__(self, simulation: Simulation, *statuses: int) -> None:
        self._simulation = simulation
        self._statuses = list(statuses)
        self.seen: list[tuple[int, str]] = []

    def listen(self) -> None:
        """Be what web addresses of this process lead to."""
        carrier = HttpCarrier(httpx.MockTransport(self._answer))
        deliveries = self._simulation.core.deliveries
        deliveries.plug_in({**self._simulation.core._carriers(), "http": carrier})

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        now = self._simulation.clock.now()
        if body["Type"] != "Notification":
            return httpx.Response(200, stream=httpx.ByteStream(b""))
        self.seen.append((now, body["Message"]))
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return httpx.Response(status, stream=httpx.ByteStream(b""))


async def subscribed(simulation: Simulation, web: Web) -> str:
    """A topic with the endpoint as its confirmed subscription, and a queue for dead letters."""
    web.listen()
    await simulation.call("CreateQueue", QueueName="dead")
    topic = (await simulation.call("CreateTopic", Name="t"))["TopicArn"]
    redrive = json.dumps({"deadLetterTargetArn": QUEUE})
    await simulation.call(
        "Subscribe",
        TopicArn=topic,
        Protocol="http",
        Endpoint="http://endpoint.example/",
        Attributes={"DeliveryPolicy": POLICY, "RedrivePolicy": redrive},
    )
    [row] = simulation.core.topics.subscriptions.of(topic)
    await simulation.call("ConfirmSubscription", TopicArn=topic, Token=row.token)
    return str(topic)


async def dead(simulation: Simulation) -> list[str]:
    """The messages of the dead letters."""
    told = await simulation.call("ReceiveMessage", QueueUrl=URL, MaxNumberOfMessages=10)
    return [json.loads(message["Body"])["Message"] for message in told.get("Messages", ())]


async def test_attempts_as_the_policy_says() -> None:
    """Three more, 10, 20 and 30 seconds apart; then it is a dead letter."""

    async def client(simulation: Simulation) -> None:
        web = Web(simulation, 500)
        topic = await subscribed(simulation, web)
        begun = simulation.clock.now()
        await simulation.call("Publish", TopicArn=topic, Message="m")
        await simulation.sleep(70_000)
        assert [at - begun for at, _ in web.seen] == [0, 10_000, 30_000, 60_000]
        assert await dead(simulation) == ["m"]

    await Simulation(seed=3).run(client)


async def test_an_endpoint_that_comes_back() -> None:
    """Attempts go on after a crash; what arrived is no dead letter."""

    async def client(simulation: Simulation) -> None:
        web = Web(simulation, 503, 503, 200)
        topic = await subscribed(simulation, web)
        await simulation.call("Publish", TopicArn=topic, Message="m")
        await simulation.sleep(15_000)
        simulation._crash_seen.set()
        await simulation.sleep(1)
        assert simulation.crashes == 1
        web.listen()
        await simulation.sleep(70_000)
        assert len(web.seen) == 3
        assert await dead(simulation) == []

    await Simulation(seed=3).run(client)


async def test_refused_for_good() -> None:
    """404 is tried once."""

    async def client(simulation: Simulation) -> None:
        web = Web(simulation, 404)
        topic = await subscribed(simulation, web)
        await simulation.call("Publish", TopicArn=topic, Message="m")
        await simulation.sleep(70_000)
        assert len(web.seen) == 1
        assert await dead(simulation) == ["m"]

    await Simulation(seed=3).run(client)


async def test_deduplication_lasts_five_minutes() -> None:
    """Within them the first answer is given again; by group if the topic says so."""

    async def client(simulation: Simulation) -> None:
        topic = (
            await simulation.call("CreateTopic", Name="t.fifo", Attributes={"FifoTopic": "true"})
        )["TopicArn"]

        async def published(group: str) -> tuple[str, str]:
            told = await simulation.call(
                "Publish",
                TopicArn=topic,
                Message="m",
                MessageGroupId=group,
                MessageDeduplicationId="d",
            )
            return told["MessageId"], told["SequenceNumber"]

        first = await published("a")
        assert await published("b") == first
        await simulation.sleep(299_000)
        assert await published("a") == first
        await simulation.sleep(2_000)
        later = await published("a")
        assert later != first
        assert later[1] > first[1]
        await simulation.call(
            "SetTopicAttributes",
            TopicArn=topic,
            AttributeName="FifoThroughputScope",
            AttributeValue="MessageGroup",
        )
        assert await published("c") != await published("d")

    await Simulation(seed=3).run(client)


async def test_a_topic_takes_its_subscriptions_along() -> None:
    """Made again it has none."""

    async def client(simulation: Simulation) -> None:
        topic = await subscribed(simulation, Web(simulation, 200))
        await simulation.call("DeleteTopic", TopicArn=topic)
        with pytest.raises(ServiceError) as refused:
            await simulation.call("Publish", TopicArn=topic, Message="m")
        assert (refused.value.code, refused.value.status) == ("NotFound", 404)
        await simulation.call("CreateTopic", Name="t")
        told = await simulation.call("ListSubscriptionsByTopic", TopicArn=topic)
        assert told["Subscriptions"] == []

    await Simulation(seed=3).run(client)
