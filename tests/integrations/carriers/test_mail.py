"""The way to mail addresses, with a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from stepwell.errors import ServiceError
from stepwell.integrations.carriers.mail import MailCarrier, MailSettings, read_mail_settings
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery
from stepwell.testing.server import free_port
from stepwell.values import JsonObject


class Inbox(MessageHandler):
    """Keeps what comes; refuses a few addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[Message] = []

    def handle_message(self, message: Message) -> None:
        """One letter."""
        self.letters.append(message)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Refuse `nobody` for good and `later` for now."""
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if address.startswith("later"):
            return "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A mail server's inbox and its port."""
    handler = Inbox()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller.port
    controller.stop()


async def send(port: int, address: str) -> None:
    """A letter to that address."""
    settings = read_mail_settings(f"smtp://127.0.0.1:{port}", "topics@example.com")
    request: JsonObject = {"Subject": "Grüße", "Body": "line one\nline two"}
    delivery = Delivery(f"mailto:{address}", request, "0", "us-east-1", "test")
    await MailCarrier(settings).carry(Turn(), delivery, "17")()


async def test_a_letter(inbox: tuple[Inbox, int]) -> None:
    """Sender, receiver, subject and text arrive; the id stays the same when it is sent again."""
    handler, port = inbox
    await send(port, "someone@example.com")
    [letter] = handler.letters
    assert (letter["From"], letter["To"]) == ("topics@example.com", "someone@example.com")
    assert letter["Message-ID"] == "<17@stepwell>"
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().splitlines()[:2] == ["line one", "line two"]


@pytest.mark.parametrize(("address", "again"), [("nobody@x.org", False), ("later@x.org", True)])
async def test_refusals(inbox: tuple[Inbox, int], address: str, again: bool) -> None:
    """A refusal for good is not tried again, one for now is."""
    with pytest.raises(ServiceError) as refused:
        await send(inbox[1], address)
    assert (refused.value.fields.get("retryable") is not False) is again


async def test_no_server() -> None:
    """When nobody listens it is tried again."""
    with pytest.raises(ServiceError) as refused:
        await send(free_port(), "someone@example.com")
    assert "retryable" not in refused.value.fields


def test_settings() -> None:
    """From a URL, with or without a login."""
    assert read_mail_settings("smtp://mail:2525") == MailSettings("mail", 2525)
    encrypted = read_mail_settings("smtps://me:a%20b@mail")
    assert (encrypted.port, encrypted.encrypted) == (465, True)
    assert (encrypted.user, encrypted.password) == ("me", "a b")


@pytest.mark.parametrize("url", ["mail:25", "smtp:///me:secret@", "smtp://me:secret/1@mail:25"])
def test_a_bad_url_is_not_repeated(url: str) -> None:
    """It may hold a password."""
    with pytest.raises(ValueError, match="is no mail server") as refused:
        read_mail_settings(url)
    assert "secret" not in str(refused.value)
