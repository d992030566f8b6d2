"""HTTP tasks and API destinations: what is sent, and what becomes of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from stepwell.engine.buckets import Rate
from stepwell.integrations.carriers.destinations import Destinations
from stepwell.integrations.carriers.events import EventsCarrier
from stepwell.integrations.connections import Connections
from stepwell.integrations.http import HttpIntegration
from stepwell.integrations.http_calls import HttpCalls
from stepwell.integrations.http_forms import form_pairs
from stepwell.integrations.turns import Turns
from stepwell.integrations.web import Web
from stepwell.language.program import Resource
from stepwell.runtime.ports import Answered, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.values import decode
from tests.services.events.world import ACCOUNT, REGION, World

_KEY: dict[str, Any] = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "secret"}}
Answer = Callable[[httpx.Request], httpx.Response]


class Partner:
    """The other side: it keeps what it got and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[httpx.Request] = []
        self.answer: Answer = lambda request: httpx.Response(200, json={"ok": True})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        return self.answer(request)


class Place:
    """EventBridge with a partner on the web."""

    def __init__(self, world: World, partner: Partner) -> None:
        self.world = world
        self.partner = partner
        events = world.core.events
        self.web = Web(httpx.MockTransport(partner))
        calls = HttpCalls(self.web)
        connections = Connections(events, calls, world.clock)
        self.http = HttpIntegration(connections, calls)
        turns = Turns(Rate(2, 1), world.clock, world.clock)
        self.paced = HttpIntegration(connections, calls, turns)
        carrier = EventsCarrier(events, Destinations(events, connections, calls))
        world.core.deliveries.plug_in({**world.core._carriers(), "events": carrier})

    async def connection(self, kind: str = "API_KEY", **parameters: Any) -> str:
        """A connection's ARN."""
        made = await self.world.events(
            "CreateConnection",
            Name="partner",
            AuthorizationType=kind,
            AuthParameters=parameters or _KEY,
        )
        return str(made["ConnectionArn"])

    async def invoke(self, arn: str, **parameters: Any) -> Answered | Refused:
        """What comes of a task."""
        outcome = await self.http.call(Turn(), self.call(arn, **parameters)).work()
        assert outcome is not None
        return outcome

    def call(self, arn: str, **parameters: Any) -> ServiceCall:
        """The call of a task."""
        given: dict[str, Any] = {
            "ApiEndpoint": "https://partner.example/orders",
            "Method": "POST",
            "Authentication": {"ConnectionArn": arn},
        }
        return ServiceCall(
            execution=1,
            execution_arn="arn",
            event=1,
            branch=0,
            resource=Resource("service", "arn:aws:states:::http:invoke", "http", "invoke", ""),
            parameters={**given, **parameters},
            token=None,
            account=ACCOUNT,
            region=REGION,
            now=0,
            request_id="r",
        )


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A started EventBridge, and a partner."""
    world = World()
    await world.start()
    place = Place(world, Partner())
    yield place
    await place.web.close()
    await world.die()


async def test_a_call_with_a_key(place: Place) -> None:
    """Headers, query and body go out with what the connection adds; the answer comes back."""
    further = {
        "QueryStringParameters": [{"Key": "q", "Value": "2"}],
        "BodyParameters": [{"Key": "b", "Value": "3", "IsValueSecret": True}],
    }
    arn = await place.connection(**_KEY, InvocationHttpParameters=further)
    outcome = await place.invoke(
        arn,
        Headers={"X-Own": "1"},
        QueryParameters={"a": ["x", "y"]},
        RequestBody={"n": 1, "b": "overridden"},
    )
    [request] = place.partner.got
    assert str(request.url) == "https://partner.example/orders?a=x&a=y&q=2"
    assert (request.headers["X-Key"], request.headers["X-Own"]) == ("secret", "1")
    assert request.headers["User-Agent"] == f"Amazon|StepFunctions|HttpInvoke|{REGION}"
    assert decode(request.content) == {"n": 1, "b": "3"}
    assert isinstance(outcome, Answered)
    result: Any = outcome.result
    assert result["ResponseBody"] == {"ok": True}
    assert (result["StatusCode"], result["StatusText"]) == (200, "OK")
    assert result["Headers"]["content-type"] == ["application/json"]


async def test_a_status_is_an_error(place: Place) -> None:
    """Its number is in the error's name."""
    arn = await place.connection()
    place.partner.answer = lambda request: httpx.Response(404, text="no such order")
    outcome = await place.invoke(arn)
    assert outcome == Refused("States.Http.StatusCode.404", "no such order")


@pytest.mark.parametrize(
    ("kind", "content", "body"),
    [
        ("text/plain", b"\xff", None),
        ("text/plain; charset=latin-1", b"\xe9", "é"),
        ("text/plain; charset=none-such", b"x", None),
        ("image/png", b"x", None),
    ],
)
async def test_answers_that_are_no_text(
    place: Place, kind: str, content: bytes, body: str | None
) -> None:
    """What can't be read as text fails the task."""
    arn = await place.connection()
    place.partner.answer = lambda request: httpx.Response(
        200, content=content, headers={"Content-Type": kind}
    )
    outcome: Any = await place.invoke(arn)
    if body is None:
        assert outcome.error == "States.Runtime"
    else:
        assert outcome.result["ResponseBody"] == body


async def test_headers_as_arrays(place: Place) -> None:
    """The values of an array are one header."""
    arn = await place.connection()
    await place.invoke(arn, Headers={"Accept": ["a/b", "c/d"], "X-Number": 1})
    [request] = place.partner.got
    assert (request.headers["Accept"], request.headers["X-Number"]) == ("a/b, c/d", "1")


async def test_a_form(place: Place) -> None:
    """RequestBodyEncoding writes the body as one."""
    arn = await place.connection()
    await place.invoke(
        arn, RequestBody={"a": [1, 2], "b": "x y"}, Transform={"RequestBodyEncoding": "URL_ENCODED"}
    )
    [request] = place.partner.got
    assert request.content == b"a%5B0%5D=1&a%5B1%5D=2&b=x%20y"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("how", "pairs"),
    [
        ("INDICES", [("a[0]", "1"), ("a[1][b]", "true")]),
        ("REPEAT", [("a", "1"), ("a[b]", "true")]),
        ("BRACKETS", [("a[]", "1"), ("a[][b]", "true")]),
    ],
)
def test_arrays_in_forms(how: str, pairs: Any) -> None:
    """Each format, with an object inside."""
    assert form_pairs({"a": [1, {"b": True}]}, how) == pairs


def test_arrays_with_commas() -> None:
    """In one field."""
    assert form_pairs({"a": [1, "x", None]}, "COMMAS") == [("a", "1,x,")]


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"Authentication": {}}, "States.Runtime"),
        ({"Headers": {"Host": "x"}}, "States.Runtime"),
        ({"Headers": {"X-Amz-Date": "x"}}, "States.Runtime"),
        ({"Method": "TRACE"}, "States.Runtime"),
        ({"ApiEndpoint": "ftp://x"}, "States.Runtime"),
        (
            {"Authentication": {"ConnectionArn": "arn:aws:events:a:1:connection/x/y"}},
            "Events.ConnectionResource.ResourceNotFound",
        ),
    ],
)
async def test_calls_that_cannot_be_made(place: Place, parameters: Any, error: str) -> None:
    """Nothing goes out."""
    arn = await place.connection()
    outcome = await place.invoke(arn, **parameters)
    assert isinstance(outcome, Refused)
    assert outcome.error == error
    assert place.partner.got == []


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadTimeout])
async def test_nobody_there(place: Place, kind: type[httpx.TransportError]) -> None:
    """The task fails with one error that can be retried, as when the answer takes too long."""
    arn = await place.connection()

    def refuse(request: httpx.Request) -> httpx.Response:
        raise kind("refused")

    place.partner.answer = refuse
    outcome = await place.invoke(arn)
    assert isinstance(outcome, Refused)
    assert outcome.error == "States.Http.Socket"


async def test_a_token_is_fetched_once_and_again_when_it_is_refused(place: Place) -> None:
    """OAuth with client credentials."""
    oauth = {
        "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
        "AuthorizationEndpoint": "https://login.example/token",
        "HttpMethod": "POST",
    }
    arn = await place.connection("OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)
    tokens = iter(["one", "two", "three"])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.example":
            return httpx.Response(200, json={"access_token": next(tokens), "expires_in": 3600})
        good = request.headers["Authorization"] != "Bearer one" or len(place.partner.got) < 4
        return httpx.Response(200 if good else 401)

    place.partner.answer = answer
    for _ in range(4):
        await place.invoke(arn)
    hosts = [request.url.host.split(".")[0] for request in place.partner.got]
    assert hosts == ["login", "partner", "partner", "partner", "login", "partner"]
    assert place.partner.got[0].content == b"grant_type=client_credentials"
    assert place.partner.got[0].headers["Authorization"].startswith("Basic ")
    assert place.partner.got[-1].headers["Authorization"] == "Bearer two"


@pytest.mark.parametrize("life", ["²", "soon", "nan", None, -1, 10**400])
async def test_a_token_with_an_odd_life_is_used(place: Place, life: Any) -> None:
    """At least once; what the authorization server says of its life breaks nothing."""
    oauth = {
        "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
        "AuthorizationEndpoint": "https://login.example/token",
        "HttpMethod": "POST",
    }
    arn = await place.connection("OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)
    place.partner.answer = lambda request: httpx.Response(
        200, json={"access_token": "one", "expires_in": life}
    )
    await place.invoke(arn)
    assert place.partner.got[-1].headers["Authorization"] == "Bearer one"


async def _destination(place: Place, **target: Any) -> None:
    connection = await place.connection(
        "BASIC", BasicAuthParameters={"Username": "u", "Password": "p"}
    )
    made = await place.world.events(
        "CreateApiDestination",
        Name="orders",
        ConnectionArn=connection,
        InvocationEndpoint="https://partner.example/*/orders",
        HttpMethod="PUT",
    )
    await place.world.events("PutRule", Name="r", EventPattern='{"source":["shop"]}')
    await place.world.events(
        "PutTargets",
        Rule="r",
        Targets=[{"Id": "t", "Arn": made["ApiDestinationArn"], **target}],
    )


async def _put(place: Place) -> None:
    entry = {"Source": "shop", "DetailType": "d", "Detail": '{"n":1}'}
    await place.world.events("PutEvents", Entries=[entry])
    await place.world.core.deliveries.settle()
    await place.world.core.ledger.committed()


async def test_an_api_destination_is_called(place: Place) -> None:
    """With the path filled in and the credentials of the connection."""
    parameters = {"PathParameterValues": ["eu"], "HeaderParameters": {"X-Own": "1"}}
    await _destination(place, InputPath="$.detail", HttpParameters=parameters)
    await _put(place)
    [request] = place.partner.got
    assert (request.method, str(request.url)) == ("PUT", "https://partner.example/eu/orders")
    assert request.headers["Authorization"] == "Basic dTpw"
    assert request.headers["X-Own"] == "1"
    assert decode(request.content) == {"n": 1}


async def test_an_api_destination_is_called_again(place: Place) -> None:
    """As long as the server is to blame; what it refuses for good is a dead letter."""
    dead = await place.world.queue("dead")
    await _destination(place, DeadLetterConfig={"Arn": dead})
    place.partner.answer = lambda request: httpx.Response(503)
    await _put(place)
    place.partner.answer = lambda request: httpx.Response(400)
    await place.world.pass_time(10_000)
    assert len(place.partner.got) == 2
    [letter] = await place.world.messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "SDK_CLIENT_ERROR"


async def _let_them_call() -> None:
    """What can go on does so; nothing here takes more rounds."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_calls_beyond_the_rate_wait_for_their_turn(place: Place) -> None:
    """Two at once and then one a second; one that is called off changes nothing for others."""
    arn = await place.connection()
    works = [
        asyncio.ensure_future(place.paced.call(Turn(), place.call(arn)).work()) for _ in range(5)
    ]
    await _let_them_call()
    sent = []
    for seconds in range(4):
        sent.append(len(place.partner.got))
        if seconds == 0:
            works[2].cancel()
        place.world.clock.advance(place.world.clock.now() + 1_000)
        await _let_them_call()
    assert sent == [2, 2, 3, 4]
    await asyncio.gather(*works[:2], *works[3:])
