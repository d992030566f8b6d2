"""Requests to what a stack made: to the stages of its APIs."""

from __future__ import annotations

from stepwell.services.api import HttpAnswer, HttpRequest
from tests.deploy.world import REGION, Deployed


async def ask(
    deployed: Deployed, api: str, method: str, path: str, body: str = "", **headers: str
) -> HttpAnswer:
    """The answer of an API's stage; `path` begins with the stage, names of headers with `_`."""
    host = f"{api}.execute-api.{REGION}.localhost:4566"
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    bare, _, query = path.partition("?")
    request = HttpRequest(
        method, host, bare, query, named, body.encode(), "http://localhost:4566", "request-1"
    )
    for door in deployed.core.doors():
        if "execute-api" in door.host_labels:
            answer = await door.answer(request)
            assert answer is not None
            return answer
    raise AssertionError("the server has no way in to APIs")
