"""HTTP to anywhere: whole requests, whole answers, within a time and a size."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import httpx

from stepwell.services.apigateway.ports import BackendAnswer, TooSlow, Unreachable
from stepwell.services.deliveries.delivery import named

ANSWER_BYTES_MAX = 10 * 1024 * 1024
CONNECTIONS_MAX = 200


class Web:
    """Calls web addresses. `close` it at the end."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout_seconds: float,
    ) -> BackendAnswer:
        """Send it and read the whole answer; redirects are not followed, proxies of the
        environment not used. Raises TooSlow, Unreachable."""
        client = self._open()
        encoded = [(name.encode("latin-1", "replace"), value.encode()) for name, value in headers]
        try:
            async with asyncio.timeout(timeout_seconds):
                request = client.build_request(method, url, headers=encoded, content=body)
                answer = await client.send(request, stream=True)
                try:
                    content = await _read(answer)
                finally:
                    await answer.aclose()
        except TimeoutError as error:
            raise TooSlow(f"{named(url)}: no answer within {timeout_seconds:g} seconds") from error
        except httpx.TimeoutException as error:
            raise TooSlow(f"{named(url)}: {type(error).__name__}") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        pairs = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw
        ]
        return BackendAnswer(answer.status_code, pairs, content)

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            logging.getLogger("httpx").setLevel(logging.WARNING)
            self._client = httpx.AsyncClient(
                transport=self._transport,
                follow_redirects=False,
                trust_env=False,
                timeout=None,
                limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            )
        return self._client


async def _read(answer: httpx.Response) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in answer.aiter_bytes():
        size += len(piece)
        if size > ANSWER_BYTES_MAX:
            raise httpx.DecodingError(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
        pieces.append(piece)
    return b"".join(pieces)
