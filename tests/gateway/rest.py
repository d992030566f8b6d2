"""An application with REST services that answer what a test says, and requests for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from stepwell.gateway.app import Gateway, create_app
from stepwell.gateway.messages import Request, Response
from stepwell.gateway.settings import GatewaySettings
from stepwell.models.service_model import load
from stepwell.services.api import Answer, Door
from tests.gateway.served import CountedIds, Fake, FixedTime, request_of

SERVICES = ("s3", "lambda", "apigateway", "apigatewayv2", "scheduler", "sns", "iam", "sts")


class RestApp:
    """Send requests to it; `fake` remembers who was asked what."""

    def __init__(
        self, settings: GatewaySettings | None = None, *, doors: Sequence[Door] = ()
    ) -> None:
        self.fake = Fake()
        self.clock = FixedTime()
        services = [
            self.fake.service(name, *load(name).operations, checks_itself=name == "s3")
            for name in SERVICES
        ]
        self.app: Gateway = create_app(
            services,
            settings=settings or GatewaySettings(),
            health=dict,
            clock=self.clock,
            ids=CountedIds(),
            doors=doors,
        )

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: bytes = b"",
        scope: str = "",
        host: str = "localhost:4566",
        headers: dict[str, str] | None = None,
    ) -> Response:
        """The answer to one request; `scope` is the service that it is signed for."""
        pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        pairs.append((b"host", host.encode()))
        if scope:
            credential = f"Credential=test/20260101/us-east-1/{scope}/aws4_request, x=y"
            pairs.append((b"authorization", f"AWS4-HMAC-SHA256 {credential}".encode()))
        return self.ask(request_of(method, pairs, body, path=path, query=query))

    def ask(self, request: Request) -> Response:
        """The answer to a request."""

        async def run() -> Response:
            return await self.app(request)

        return asyncio.run(run())

    def asked(self, *args: Any, **options: Any) -> tuple[str, dict[str, Any]]:
        """Which operation a request reached, with which parameters."""
        self.fake.asked.clear()
        response = self.send(*args, **options)
        assert self.fake.asked, (response.status, response.body)
        name, _, params = self.fake.asked[-1]
        return name, params

    def answers(self, **answers: Answer | Exception) -> None:
        """What operations answer from now on."""
        self.fake.answers.update(answers)
