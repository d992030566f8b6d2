"""Function URLs: HTTP in, HTTP out."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from stepwell.services.api import Door, HttpAnswer, HttpRequest
from tests.services.lambda_.world import ZIP, World

_SIGNED = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/lambda/aws4_request, x"
Play = Callable[[World, str], Awaitable[None]]


def _door(world: World, path: str) -> Door:
    doors = [door for part in world.simulation.core.embedded for door in part.doors()]
    return next(door for door in doors if path.startswith(door.path_prefixes))


async def _send(
    world: World,
    path: str,
    method: str = "GET",
    *,
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    host: str = "localhost:4566",
) -> HttpAnswer:
    request = HttpRequest(
        method, host, path, query, headers, body, "http://localhost:4566", "request-1"
    )
    door = _door(world, path if path.startswith("/_aws/") else "/_aws/lambda-url/")
    answer = await door.answer(request)
    assert answer is not None
    return answer


def _run(handler: Any, play: Play, **config: Any) -> None:
    async def whole(world: World) -> None:
        await world.function("web")
        given = {"AuthType": "NONE"} | config
        created = await world.call("CreateFunctionUrlConfig", FunctionName="web", **given)
        await play(world, created["FunctionUrl"].removeprefix("http://localhost:4566"))

    World({"web": handler}).run(whole)


def test_the_event_has_payload_format_2() -> None:
    """The event has payload format 2."""

    async def play(world: World, path: str) -> None:
        headers = (
            ("cookie", "a=1; b=2"),
            ("x-many", "1"),
            ("x-many", "2"),
            ("content-type", "application/json"),
            ("user-agent", "test"),
        )
        await _send(
            world,
            f"{path}some/thing",
            "POST",
            query="x=1&x=2&y=%20",
            headers=headers,
            body=b'{"n":1}',
        )
        (event,) = world.runner.events_of("web")
        assert event["version"] == "2.0"
        assert event["rawPath"] == "/some/thing"
        assert event["rawQueryString"] == "x=1&x=2&y=%20"
        assert event["queryStringParameters"] == {"x": "1,2", "y": " "}
        assert event["cookies"] == ["a=1", "b=2"]
        assert event["headers"]["x-many"] == "1,2"
        assert event["body"] == '{"n":1}'
        assert event["isBase64Encoded"] is False
        assert event["requestContext"]["http"]["method"] == "POST"
        assert event["requestContext"]["http"]["path"] == "/some/thing"
        assert event["requestContext"]["accountId"] == "anonymous"

    _run(lambda event: None, play)


def test_a_binary_body_comes_in_base_64() -> None:
    """A binary body comes in base 64."""

    async def play(world: World, path: str) -> None:
        await _send(world, path, "POST", body=b"\xff\x00")
        (event,) = world.runner.events_of("web")
        assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)

    _run(lambda event: None, play)


def test_an_answer_without_a_status_is_a_body_of_json() -> None:
    """An answer without a status is a body of json."""

    async def play(world: World, path: str) -> None:
        answer = await _send(world, path)
        assert (answer.status, answer.body) == (200, b'{"ok":true}')
        assert ("content-type", "application/json") in list(answer.headers)

    _run(lambda event: {"ok": True}, play)


def test_an_answer_has_status_headers_cookies_and_a_binary_body() -> None:
    """An answer has status headers cookies and a binary body."""

    async def play(world: World, path: str) -> None:
        answer = await _send(world, path)
        assert (answer.status, answer.body) == (201, b"\x00\x01")
        headers = list(answer.headers)
        assert ("content-type", "image/x") in headers
        assert [value for name, value in headers if name == "set-cookie"] == ["a=1", "b=2"]

    returned = {
        "statusCode": 201,
        "headers": {"Content-Type": "image/x"},
        "cookies": ["a=1", "b=2"],
        "body": base64.b64encode(b"\x00\x01").decode(),
        "isBase64Encoded": True,
    }
    _run(lambda event: returned, play)


def test_an_error_of_the_function_is_a_bad_gateway() -> None:
    """An error of the function is a bad gateway."""

    def fail(event: Any) -> Any:
        raise ValueError("secret")

    async def play(world: World, path: str) -> None:
        answer = await _send(world, path)
        assert answer.status == 502
        assert b"secret" not in answer.body

    _run(fail, play)


def test_a_header_of_two_lines_is_not_passed_on() -> None:
    """A header of two lines is not passed on."""

    async def play(world: World, path: str) -> None:
        assert (await _send(world, path)).status == 502

    _run(lambda event: {"statusCode": 200, "headers": {"x": "a\r\nevil: 1"}}, play)


def test_an_unsigned_request_is_refused_where_a_signature_is_asked_for() -> None:
    """An unsigned request is refused where a signature is asked for."""

    async def play(world: World, path: str) -> None:
        assert (await _send(world, path)).status == 403
        signed = (("authorization", _SIGNED),)
        assert (await _send(world, path, headers=signed)).status == 200
        (event,) = world.runner.events_of("web")
        assert event["requestContext"]["authorizer"]["iam"]["accountId"] == "123456789012"

    _run(lambda event: None, play, AuthType="AWS_IAM")


def test_other_origins_are_answered_as_the_settings_say() -> None:
    """Other origins are answered as the settings say."""

    async def play(world: World, path: str) -> None:
        origin = ("origin", "https://example.org")
        asked = (origin, ("access-control-request-method", "PUT"))
        answer = await _send(world, path, "OPTIONS", headers=asked)
        shown = dict(answer.headers)
        assert shown["access-control-allow-origin"] == "https://example.org"
        assert shown["access-control-allow-methods"] == "PUT"
        assert shown["access-control-max-age"] == "60"
        assert world.runner.calls == []
        answer = await _send(world, path, headers=(origin,))
        shown = dict(answer.headers)
        assert shown["access-control-allow-origin"] == "https://example.org"
        assert shown["access-control-expose-headers"] == "x-a"
        answer = await _send(world, path, headers=(("origin", "https://else"),))
        assert "access-control-allow-origin" not in dict(answer.headers)

    cors = {
        "AllowOrigins": ["https://example.org"],
        "AllowMethods": ["PUT"],
        "ExposeHeaders": ["x-a"],
        "MaxAge": 60,
    }
    _run(lambda event: None, play, Cors=cors)


def test_the_name_of_the_host_leads_to_the_function_too() -> None:
    """The name of the host leads to the function too."""

    async def play(world: World, path: str) -> None:
        identity = path.rstrip("/").rpartition("/")[2]
        host = f"{identity}.lambda-url.us-east-1.localhost:4566"
        assert (await _send(world, "/a/b", host=host)).status == 200
        (event,) = world.runner.events_of("web")
        assert event["rawPath"] == "/a/b"

    _run(lambda event: None, play)


def test_an_unknown_url_is_not_found() -> None:
    """An unknown url is not found."""

    async def play(world: World, path: str) -> None:
        assert (await _send(world, "/_aws/lambda-url/none/")).status == 404

    _run(lambda event: None, play)


def test_the_location_of_code_gives_the_zip_file_to_whoever_knows_its_hash() -> None:
    """The location of code gives the zip file to whoever knows its hash."""

    async def play(world: World, path: str) -> None:
        found = await world.call("GetFunction", FunctionName="web")
        location = found["Code"]["Location"].removeprefix("http://localhost:4566")
        answer = await _send(world, location)
        assert answer.body == ZIP
        door = _door(world, location)
        wrong = HttpRequest("GET", "h", f"{location[:-4]}0000", "", (), b"", "", "request-1")
        assert await door.answer(wrong) is None
        for number in ("9" * 19, "9" * 30, "9" * 5_000, "\u00b2", "\u0663"):
            odd = replace(wrong, path=f"/_aws/lambda-code/{number}/00")
            assert await door.answer(odd) is None

    _run(lambda event: None, play)


def test_the_id_of_a_url_is_shown_in_the_url_only() -> None:
    """The id of a url is shown in the url only."""

    async def play(world: World, path: str) -> None:
        shown = await world.call("GetFunctionUrlConfig", FunctionName="web")
        assert set(shown) == {
            "FunctionUrl",
            "FunctionArn",
            "AuthType",
            "InvokeMode",
            "CreationTime",
            "LastModifiedTime",
        }
        assert shown["InvokeMode"] == "BUFFERED"

    _run(lambda event: None, play)


def test_a_request_larger_than_an_invocation_takes_is_refused() -> None:
    """A request larger than an invocation takes is refused."""

    async def play(world: World, path: str) -> None:
        assert (await _send(world, path, "POST", body=b"x" * 5_000_000)).status == 413
        assert world.runner.calls == []

    _run(lambda event: None, play)
