"""Subscriptions that confirm: what a web address and a mailbox get, and the links in it.

The server asks for signatures; the links need none.
"""

from __future__ import annotations

import email
import json
import queue
import re
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from aiosmtpd.controller import Controller
from botocore.config import Config

from stepwell.testing.server import ServerProcess, free_port

WAIT_SECONDS = 20


class Inbox:
    """Keeps letters."""

    def __init__(self) -> None:
        self.letters: queue.Queue[EmailMessage] = queue.Queue()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """One letter."""
        policy = email.policy.default
        self.letters.put(email.message_from_bytes(envelope.content, policy=policy))
        return "250 OK"


@pytest.fixture(scope="module")
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A mail server's inbox and its port."""
    handler = Inbox()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller.port
    controller.stop()


@pytest.fixture(scope="module")
def sns(tmp_path_factory: pytest.TempPathFactory, inbox: tuple[Inbox, int]) -> Iterator[Any]:
    """A client of a server that asks for signatures and has a mail server."""
    data: Path = tmp_path_factory.mktemp("links") / "data"
    arguments = ["--access-key", "key", "--secret-key", "secret"]
    arguments += ["--smtp", f"smtp://127.0.0.1:{inbox[1]}"]
    with ServerProcess(data, arguments=arguments) as server:
        yield boto3.client(
            "sns",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture
def hook() -> Iterator[tuple[str, queue.Queue[tuple[dict[str, str], str]]]]:
    """An address, and the headers and bodies posted to it."""
    posted: queue.Queue[tuple[dict[str, str], str]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            posted.put(({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", posted
    server.shutdown()
    thread.join()
    server.server_close()


def visit(link: str) -> str:
    """What the link answers."""
    with urlopen(link) as answer:
        return str(answer.read().decode())


def test_a_web_address(sns: Any, hook: tuple[str, queue.Queue[tuple[dict[str, str], str]]]) -> None:
    """It gets nothing before it has confirmed, and nothing after it has ended."""
    address, posted = hook
    topic = sns.create_topic(Name="web")["TopicArn"]
    told = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=address)
    assert told["SubscriptionArn"] == "pending confirmation"
    headers, body = posted.get(timeout=WAIT_SECONDS)
    asked = json.loads(body)
    assert headers["x-amz-sns-message-type"] == asked["Type"] == "SubscriptionConfirmation"
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    [listed] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    sns.publish(TopicArn=topic, Message="too early")
    confirmed = re.search("<SubscriptionArn>(.*)</SubscriptionArn>", visit(asked["SubscribeURL"]))
    assert confirmed is not None
    sns.publish(TopicArn=topic, Message="now", Subject="s")
    headers, body = posted.get(timeout=WAIT_SECONDS)
    got = json.loads(body)
    assert (got["Type"], got["Message"], got["Subject"]) == ("Notification", "now", "s")
    assert headers["x-amz-sns-subscription-arn"] == confirmed[1]
    assert headers["x-amz-sns-message-id"] == got["MessageId"]
    sns.set_subscription_attributes(
        SubscriptionArn=confirmed[1], AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    sns.publish(TopicArn=topic, Message="raw")
    headers, body = posted.get(timeout=WAIT_SECONDS)
    assert (headers["x-amz-sns-rawdelivery"], body) == ("true", "raw")
    visit(got["UnsubscribeURL"])
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (shown["SubscriptionsConfirmed"], shown["SubscriptionsDeleted"]) == ("0", "1")


def test_a_mailbox(sns: Any, inbox: tuple[Inbox, int]) -> None:
    """The first letter asks for confirmation, the next ones bring messages."""
    letters = inbox[0].letters
    topic = sns.create_topic(Name="mail")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    asking = letters.get(timeout=WAIT_SECONDS)
    assert asking["To"] == "ann@example.com"
    assert asking["Subject"] == "AWS Notification - Subscription Confirmation"
    link = re.search(r"http://\S+", asking.get_content())
    assert link is not None
    visit(link[0])
    sns.publish(TopicArn=topic, Message="hello", Subject="greeting")
    letter = letters.get(timeout=WAIT_SECONDS)
    assert letter["Subject"] == "greeting"
    assert letter.get_content().startswith("hello")
    assert "Action=Unsubscribe" in letter.get_content()


def test_only_the_right_token_confirms(sns: Any) -> None:
    """Any other one is refused, and everything else needs a signature."""
    topic = sns.create_topic(Name="guarded")["TopicArn"]
    here = sns.meta.endpoint_url
    for query, code in (
        (f"Action=ConfirmSubscription&TopicArn={topic}&Token={'0' * 256}", "InvalidParameter"),
        (f"Action=DeleteTopic&TopicArn={topic}", "MissingAuthenticationToken"),
    ):
        with pytest.raises(HTTPError) as refused:
            visit(f"{here}/?{query}")
        assert f"<Code>{code}</Code>" in refused.value.read().decode()
        refused.value.close()
