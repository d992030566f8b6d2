"""A deployment ends as it would have, and leaves no orphan, whatever commit the process dies at."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.services.api import Door, HttpRequest
from stepwell.testing.simulation import Faults, Simulation
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit, random_faults

REGION = "us-east-1"
ACCOUNT = "000000000000"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:asked"
URL = f"http://localhost:4566/{ACCOUNT}/inbox"
CHILD_URL = "https://templates.s3.amazonaws.com/child.json"


@dataclass(slots=True)
class Record:
    """What is left of a run: how each operation ended, what happened, which queues there were."""

    statuses: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    queues: list[list[str]] = field(default_factory=list)
    done: bool = False


def queue(name: Any, **other: Any) -> dict[str, Any]:
    """A queue."""
    properties = {"QueueName": name, **other.pop("properties", {})}
    return {"Type": "AWS::SQS::Queue", "Properties": properties, **other}


def nameless(**properties: Any) -> dict[str, Any]:
    """A queue whose name the stack makes."""
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def child(name: str) -> dict[str, Any]:
    """A nested stack with one queue."""
    properties = {"TemplateURL": CHILD_URL, "Parameters": {"Name": name}}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": properties}


def custom(size: int) -> dict[str, Any]:
    """A custom resource, asked for through the topic."""
    return {"Type": "Custom::Thing", "Properties": {"ServiceToken": TOPIC, "Size": size}}


async def prepare(simulation: Simulation) -> None:
    """What the stacks need: a bucket with a template, a topic whose messages end in a queue."""
    inner = {
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {"Q": queue({"Ref": "Name"})},
        "Outputs": {"Url": {"Value": {"Ref": "Q"}}},
    }
    await simulation.insist("s3.CreateBucket", Bucket="templates")
    body = json.dumps(inner).encode()
    await simulation.insist("PutObject", Bucket="templates", Key="child.json", Body=body)
    await simulation.insist("CreateQueue", QueueName="inbox")
    await simulation.insist("CreateQueue", QueueName="taken")
    await simulation.insist("CreateTopic", Name="asked")
    await simulation.insist(
        "Subscribe",
        TopicArn=TOPIC,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox",
        Attributes={"RawMessageDelivery": "true"},
    )


async def answers(simulation: Simulation, record: Record) -> None:
    """Whoever makes custom resources: answers each request until all is over."""
    await simulation.sleep(1)
    while not record.done:
        try:
            got = await simulation.insist("ReceiveMessage", QueueUrl=URL, WaitTimeSeconds=1)
        except ServiceError:
            await simulation.sleep(10)
            continue
        for message in got.get("Messages") or ():
            request = json.loads(message["Body"])
            size = request["ResourceProperties"]["Size"]
            kept = request.get("PhysicalResourceId")
            identity = kept if request["RequestType"] == "Delete" else f"thing-{size}"
            await put(simulation, request["ResponseURL"], identity)
            handle = message["ReceiptHandle"]
            await simulation.insist("DeleteMessage", QueueUrl=URL, ReceiptHandle=handle)


async def put(simulation: Simulation, url: str, identity: str) -> None:
    """Answer at the door until it is taken. Refused means that it was taken before."""
    path = "/" + url.split("/", 3)[3]
    body = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": identity}).encode()
    request = HttpRequest("PUT", "localhost", path, "", [], body, "http://localhost", "r")
    while True:
        doors = [door for door in simulation.core.doors() if path.startswith(door.path_prefixes)]
        going = asyncio.ensure_future(_through(doors[0], request))
        await asyncio.wait([going])
        if not going.cancelled() and going.exception() is None:
            return
        await simulation.sleep(10)


async def _through(door: Door, request: HttpRequest) -> None:
    await door.answer(request)


async def ended(simulation: Simulation, name: str, record: Record) -> None:
    """Wait until a stack's operation is over, and note how."""
    for _ in range(2_000):
        try:
            shown = await simulation.insist("DescribeStacks", StackName=name)
        except ServiceError:
            record.statuses.append("GONE")
            break
        status = str(shown["Stacks"][0]["StackStatus"])
        if not status.endswith("_IN_PROGRESS"):
            record.statuses.append(status)
            break
        await simulation.sleep(50)
    else:
        raise AssertionError("the stack never comes to an end")
    record.queues.append(await queues(simulation))


async def queues(simulation: Simulation) -> list[str]:
    """The queues that there are; what a stack made up at the end of a name is left out."""
    urls = (await simulation.insist("ListQueues")).get("QueueUrls") or ()
    names = (url.rpartition("/")[2] for url in urls)
    return sorted(name.rpartition("-")[0] or name for name in names)


async def workload(simulation: Simulation, record: Record) -> None:
    """Made, changed with replacements, failed and back again, deleted; and one that fails."""
    await prepare(simulation)
    arn = {"Fn::GetAtt": ["Dead", "Arn"]}
    user = {"RedrivePolicy": {"deadLetterTargetArn": arn, "maxReceiveCount": 2}}
    first = {
        "Dead": queue("dead"),
        "User": nameless(**user),
        "Nested": child("inner"),
        "Thing": custom(1),
    }
    second = {
        "Dead": queue("dead2"),
        "User": nameless(**user, DelaySeconds=1),
        "Nested": child("inner2"),
        "Thing": custom(2),
        "More": nameless(),
    }
    third = {
        "Dead": queue("dead3"),
        "User": nameless(**user, DelaySeconds=2),
        "Nested": child("inner3"),
        "Thing": custom(3),
        "Taken": queue("taken", DependsOn=["User", "Nested", "Thing"]),
    }
    for token, operation, resources in (
        ("a", "CreateStack", first),
        ("b", "UpdateStack", second),
        ("c", "UpdateStack", third),
    ):
        body = json.dumps({"Resources": resources})
        await simulation.insist(
            operation, StackName="shop", TemplateBody=body, ClientRequestToken=token
        )
        await ended(simulation, "shop", record)
    await simulation.insist("DeleteStack", StackName="shop")
    await ended(simulation, "shop", record)
    body = json.dumps({"Resources": third})
    await simulation.insist(
        "CreateStack", StackName="fails", TemplateBody=body, ClientRequestToken="d"
    )
    await ended(simulation, "fails", record)
    for stack in (await simulation.insist("ListStacks"))["StackSummaries"]:
        await note_events(simulation, stack, record)
    record.events.sort()
    record.done = True


async def note_events(simulation: Simulation, stack: Any, record: Record) -> None:
    """All events of a stack, without what is different each time."""
    token: dict[str, str] = {}
    for _ in range(100):
        shown = await simulation.insist("DescribeStackEvents", StackName=stack["StackId"], **token)
        name = str(stack["StackName"]).partition("-Nested-")[0]
        record.events += [
            f"{name} {event['LogicalResourceId'].partition('-Nested-')[0]} "
            f"{event['ResourceStatus']} {_reason(event)}"
            for event in shown["StackEvents"]
        ]
        if "NextToken" not in shown:
            return
        token = {"NextToken": shown["NextToken"]}


def _reason(event: Any) -> str:
    """The reason without what is different each time."""
    return str(event.get("ResourceStatusReason", "")).partition(" (RequestToken")[0]


async def play(faults: Sequence[Faults] = ()) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    simulation = Simulation(seed=3, faults=faults)

    both = (functools.partial(workload, record=record), functools.partial(answers, record=record))
    await simulation.run(*both)
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits of a run in which nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def check(record: Record) -> None:
    """Asserts that a disturbed run left what an undisturbed one leaves."""
    expected, _ = undisturbed()
    assert record.statuses == expected.statuses
    assert record.queues == expected.queues
    assert record.events == expected.events


def test_undisturbed() -> None:
    """Each operation ends as it should, and what is left is only what was there before."""
    record, _ = undisturbed()
    assert record.statuses == [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "GONE",
        "ROLLBACK_COMPLETE",
    ]
    before = ["inbox", "taken"]
    assert record.queues == [
        sorted(["dead", "inner", "shop-User", *before]),
        sorted(["dead2", "inner2", "shop-More", "shop-User", *before]),
        sorted(["dead2", "inner2", "shop-More", "shop-User", *before]),
        before,
        before,
    ]


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A crash before or after any commit, or a full disk at it, changes nothing that is left."""
    _, commits = undisturbed()
    play_every_commit(where, block, commits, play, check)


@pytest.mark.parametrize("seed", range(12))
def test_many_crashes(seed: int) -> None:
    """Several faults one after another change nothing either."""
    record, _ = asyncio.run(play(random_faults(seed)))
    check(record)
