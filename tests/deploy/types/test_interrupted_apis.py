"""A server that is killed between any two calls for a resource of an API.

What was begun is carried out again, as a stack does it. In properties `$api` stands for a REST API,
`$root` and `$hello` for its resources, `$http` for an HTTP API, and so on (`furnished`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Existing
from stepwell.errors import ServiceError
from tests.deploy.types import test_apigateway as rest
from tests.deploy.types import test_apigatewayv2 as http
from tests.deploy.types.test_interrupted import CALLS_MAX, Dying, Killed, rows
from tests.deploy.world import Deployed

REST, HTTP = "AWS::ApiGateway", "AWS::ApiGatewayV2"
API, PLACE = {"RestApiId": "$api"}, {"RestApiId": "$api", "ResourceId": "$root"}
TAGS = [{"Key": "a", "Value": "1"}]
DOOR = {"Name": "door", "AuthorizerUri": http.invocation("$function"), "RestApiId": "$api"}
HTTP_DOOR = {
    "ApiId": "$http",
    "Name": "door",
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": http.invocation("$function"),
    "AuthorizerPayloadFormatVersion": "2.0",
}
ROUTE = {"ApiId": "$http", "RouteKey": "GET /other"}

CASES: dict[str, list[dict[str, Any]]] = {
    f"{REST}::RestApi": [
        {"Name": "n", "Body": rest.body("hello"), "BinaryMediaTypes": ["image/png"]},
        {"Name": "n", "Body": rest.body("bye", "/bye"), "Description": "d", "Tags": TAGS},
    ],
    f"{REST}::Resource": [{**API, "ParentId": "$root", "PathPart": "other"}],
    f"{REST}::Method": [
        {**PLACE, "HttpMethod": "GET", **rest.mocked("hello")},
        {**PLACE, "HttpMethod": "GET", **rest.mocked("bye"), "ApiKeyRequired": True},
    ],
    f"{REST}::Stage": [
        {**API, "DeploymentId": "$deployment", "StageName": "s", "Variables": {"a": "1"}},
        {**API, "DeploymentId": "$deployment", "StageName": "s", "Tags": TAGS},
    ],
    f"{REST}::Model": [
        {**API, "Name": "m", "Schema": {"type": "object"}},
        {**API, "Name": "m", "Schema": {"type": "array"}, "Description": "d"},
    ],
    f"{REST}::RequestValidator": [
        {**API, "Name": "v", "ValidateRequestBody": True},
        {**API, "Name": "v", "ValidateRequestParameters": True},
    ],
    f"{REST}::Authorizer": [{**DOOR, "Type": "TOKEN"}, {**DOOR, "Type": "REQUEST"}],
    f"{REST}::GatewayResponse": [
        {**API, "ResponseType": "DEFAULT_4XX", "StatusCode": "418"},
        {**API, "ResponseType": "DEFAULT_4XX", "ResponseTemplates": {"text/plain": "no"}},
    ],
    f"{REST}::ApiKey": [
        {"Enabled": True, "StageKeys": [{"RestApiId": "$api", "StageName": "live"}]},
        {"Enabled": False, "Tags": TAGS},
    ],
    f"{REST}::UsagePlan": [
        {"ApiStages": [{"ApiId": "$api", "Stage": "live"}], "Throttle": {"BurstLimit": 1}},
        {"UsagePlanName": "u", "Quota": {"Limit": 1, "Period": "DAY"}, "Tags": TAGS},
    ],
    f"{REST}::UsagePlanKey": [{"KeyId": "$key", "KeyType": "API_KEY", "UsagePlanId": "$plan"}],
    f"{HTTP}::Api": [
        {"Body": http.body("$function"), "Description": "d", "CorsConfiguration": http.CORS},
        {"Body": http.body("$function", "/bye"), "Version": "2", "Tags": {"a": "1"}},
    ],
    f"{HTTP}::Route": [ROUTE, {**ROUTE, "OperationName": "o", "AuthorizationType": "AWS_IAM"}],
    f"{HTTP}::Authorizer": [HTTP_DOOR, {**HTTP_DOOR, "IdentitySource": ["$request.header.T"]}],
    f"{HTTP}::Stage": [
        {
            "ApiId": "$http",
            "StageName": "s",
            "AutoDeploy": True,
            "AccessLogSettings": {"DestinationArn": "arn:aws:logs:x", "Format": "f"},
            "RouteSettings": {"GET /hello": {"ThrottlingBurstLimit": 2}},
        },
        {"ApiId": "$http", "StageName": "s", "StageVariables": {"a": "1"}, "AutoDeploy": True},
    ],
}
"""Properties when it is made, and when it is changed."""
CHANGED = [kind for kind in CASES if len(CASES[kind]) > 1]


@dataclass
class Furnished:
    """A server, and what the cases refer to."""

    world: Deployed
    names: dict[str, str]

    def properties(self, kind: str, at: int) -> dict[str, Any]:
        """A case's properties with the server's own ids."""
        filled: dict[str, Any] = _filled(CASES[kind][at], self.names)
        return filled

    async def create(self, kind: str, calls: int = 0) -> tuple[Existing, bool]:
        """Make it, with a crash after so many calls and once more; whether there was a crash."""
        properties = self.properties(kind, 0)
        try:
            dying = Dying(self.world.cloud, calls)
            made = await TYPES[kind].create(dying, self.world.wanted(properties))
        except Killed:
            again = self.world.wanted(properties, repeated=True)
            made = await TYPES[kind].create(self.world.cloud, again)
            return Existing("shop", "Thing", made.id, properties, made.attributes), True
        return Existing("shop", "Thing", made.id, properties, made.attributes), False

    async def change(self, kind: str, existing: Existing, calls: int = 0) -> tuple[Existing, bool]:
        """Change it, with a crash after so many calls and once more."""
        update, crashed = TYPES[kind].update, False
        assert update is not None
        wanted = self.world.wanted(self.properties(kind, 1))
        try:
            made = await update(Dying(self.world.cloud, calls), wanted, existing)
        except Killed:
            crashed = True
            made = await update(self.world.cloud, wanted, existing)
        changed = Existing("shop", "Thing", made.id, wanted.properties, made.attributes)
        return changed, crashed

    async def drop(self, kind: str, existing: Existing, calls: int = 0) -> bool:
        """Delete it, with a crash after so many calls and once more."""
        try:
            await TYPES[kind].delete(Dying(self.world.cloud, calls), existing)
        except Killed:
            await TYPES[kind].delete(self.world.cloud, existing)
            return True
        return False


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(name, text)
    return value


@asynccontextmanager
async def furnished() -> AsyncIterator[Furnished]:
    """A server with everything that the cases refer to."""
    world = Deployed()
    await world.start()
    try:
        function = await http.function(world, "hello")
        api = await world.make(rest.API, {"Body": rest.body("hello")}, "Api")
        live = {"RestApiId": api.id, "StageName": "live"}
        deployment = await world.make(rest.DEPLOYMENT, live, "Live")
        key = await world.make(f"{REST}::ApiKey", {}, "Key")
        plan = await world.make(f"{REST}::UsagePlan", {}, "Plan")
        other = await world.make(http.API, {"Body": http.body(function)}, "Http")
        names = {
            "$api": api.id,
            "$root": str(api.attributes["RootResourceId"]),
            "$deployment": deployment.id,
            "$key": key.id,
            "$plan": plan.id,
            "$http": other.id,
            "$function": function,
        }
        yield Furnished(world, names)
    finally:
        await world.stop()


@pytest.mark.parametrize("kind", CASES)
async def test_a_creation_that_was_cut_off_is_completed(kind: str) -> None:
    """Wherever a creation is cut off, repeated it makes one whole resource that goes again."""
    async with furnished() as place:
        before = await rows(place.world)
        plain, _ = await place.create(kind)
        whole = await rows(place.world)
    for calls in range(1, CALLS_MAX):
        async with furnished() as place:
            made, crashed = await place.create(kind, calls)
            assert await rows(place.world) == whole, f"after {calls} calls"
            assert made.attributes.keys() == plain.attributes.keys()
            await place.drop(kind, made)
            assert await rows(place.world) == before, f"after {calls} calls"
        if not crashed:
            return
    raise AssertionError("a creation takes very many calls")


@pytest.mark.parametrize("kind", CHANGED)
async def test_an_update_that_was_cut_off_is_completed(kind: str) -> None:
    """Wherever an update is cut off, repeated it leads to the same, deleted without rest."""
    async with furnished() as place:
        before = await rows(place.world)
        plain, _ = await place.create(kind)
        await place.change(kind, plain)
        whole = await rows(place.world)
    for calls in range(1, CALLS_MAX):
        async with furnished() as place:
            made, _ = await place.create(kind)
            made, crashed = await place.change(kind, made, calls)
            assert await rows(place.world) == whole, f"after {calls} calls"
            await place.drop(kind, made)
            assert await rows(place.world) == before, f"after {calls} calls"
        if not crashed:
            return
    raise AssertionError("an update takes very many calls")


@pytest.mark.parametrize("kind", CHANGED)
async def test_an_update_that_was_refused_in_the_middle_is_taken_back(kind: str) -> None:
    """Whichever call of an update is refused, the way back leads to what there was."""
    refusal = ServiceError("ServiceUnavailable", "Not now.")
    update = TYPES[kind].update
    assert update is not None
    for calls in range(1, CALLS_MAX):
        async with furnished() as place:
            made, _ = await place.create(kind)
            before = await rows(place.world)
            forward = place.world.wanted(place.properties(kind, 1))
            back = place.world.wanted(place.properties(kind, 0))
            # As stacks have it: nobody knows how far it came.
            tried = replace(made, properties=forward.properties)
            try:
                await update(Dying(place.world.cloud, calls, refusal), forward, made)
            except ServiceError:
                await update(place.world.cloud, back, tried)
            else:
                return
            assert await rows(place.world) == before, f"refused at call {calls}"
    raise AssertionError("an update takes very many calls")


@pytest.mark.parametrize("kind", CASES)
async def test_a_deletion_that_was_cut_off_is_completed(kind: str) -> None:
    """Wherever a deletion is cut off, repeated it leaves nothing."""
    async with furnished() as place:
        before = await rows(place.world)
    for calls in range(1, CALLS_MAX):
        async with furnished() as place:
            made, _ = await place.create(kind)
            crashed = await place.drop(kind, made, calls)
            assert await rows(place.world) == before, f"after {calls} calls"
        if not crashed:
            return
    raise AssertionError("a deletion takes very many calls")
