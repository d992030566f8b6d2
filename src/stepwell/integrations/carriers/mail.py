"""Deliveries to mail addresses, through the operator's mail server."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote, urlsplit

import aiosmtplib

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery, Work

TIMEOUT_SECONDS = 15.0
SENDER = "no-reply@sns.amazonaws.com"
_NO_SERVER = "this is no mail server: write smtp://host:port or smtps://host:port"
"""Does not repeat what was given, which may hold a password."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail server, and who letters are from."""

    host: str
    port: int
    encrypted: bool = False
    """TLS from the first byte (`smtps`); else STARTTLS where the server offers it."""
    user: str | None = None
    password: str | None = None
    sender: str = SENDER


def read_mail_settings(url: str, sender: str | None = None) -> MailSettings:
    """The settings of `smtp://user:password@host:port`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError(_NO_SERVER)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(_NO_SERVER) from None
    encrypted = parts.scheme == "smtps"
    return MailSettings(
        parts.hostname,
        port or (465 if encrypted else 25),
        encrypted,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        sender or SENDER,
    )


class MailCarrier:
    """Sends letters; the target is `mailto:address`, the request `Subject` and `Body`."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def carry(self, turn: Turn, delivery: Delivery, identity: str) -> Work:
        """The letter, to be sent after the commit. `identity` becomes its Message-ID."""
        letter = EmailMessage(policy=SMTP)
        letter["From"] = self._settings.sender
        letter["To"] = delivery.target.removeprefix("mailto:")
        letter["Subject"] = str(delivery.request["Subject"])
        letter["Message-ID"] = f"<{identity}@stepwell>"
        letter.set_content(str(delivery.request["Body"]))

        async def work() -> None:
            await self._send(letter)

        return work

    async def _send(self, letter: EmailMessage) -> None:
        settings = self._settings
        try:
            await aiosmtplib.send(
                letter,
                hostname=settings.host,
                port=settings.port,
                use_tls=settings.encrypted,
                username=settings.user,
                password=settings.password,
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0]) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ServiceError("MailServerUnreachable", str(error), status=504) from error


def _refused(error: aiosmtplib.SMTPResponseException) -> ServiceError:
    """Codes from 500 are final."""
    fields = {"retryable": False} if error.code >= 500 else {}
    return ServiceError("MailRefused", error.message, status=502, fields=fields)
