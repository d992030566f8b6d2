"""What a review says of APIs before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.world import reviewed

LINKED = {"x-amazon-apigateway-integration": {"connectionType": "VPC_LINK"}}
JWT = {"x-amazon-apigateway-authorizer": {"type": "jwt"}}
POOL = {"x-amazon-apigateway-authtype": "cognito_user_pools"}


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        ("ApiGatewayV2::Api", {"ProtocolType": "WEBSOCKET"}, "ProtocolType WEBSOCKET: WebSocket"),
        ("ApiGatewayV2::Api", {"Body": {"paths": {"/a": {"get": LINKED}}}}, "Body: get /a: VPC"),
        (
            "ApiGatewayV2::Api",
            {"Body": {"components": {"securitySchemes": {"users": JWT}}}},
            "Body: the authorizer users: tokens",
        ),
        (
            "ApiGateway::RestApi",
            {"Body": {"securityDefinitions": {"users": POOL}}},
            "Body: the authorizer users: this server has no user pools",
        ),
        ("ApiGatewayV2::Route", {"AuthorizationType": "JWT"}, "AuthorizationType JWT: tokens"),
        ("ApiGatewayV2::Authorizer", {"AuthorizerType": "JWT"}, "AuthorizerType JWT: tokens"),
        ("ApiGatewayV2::Integration", {"ConnectionType": "VPC_LINK"}, "ConnectionType VPC_LINK"),
        ("ApiGateway::Authorizer", {"Type": "COGNITO_USER_POOLS"}, "Type COGNITO_USER_POOLS"),
        (
            "ApiGateway::Method",
            {"Integration": {"ConnectionType": "VPC_LINK"}},
            "Integration.ConnectionType VPC_LINK: VPC links are not here",
        ),
    ],
)
def test_what_is_not_here_is_named(kind: str, properties: dict[str, Any], said: str) -> None:
    """A review names each value that will be refused, with the reason."""
    (sentence,) = reviewed(f"AWS::{kind}", properties)
    assert sentence.startswith(said)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("ApiGatewayV2::Api", {"ProtocolType": {"Ref": "Kind"}, "Body": {"Fn::Transform": {}}}),
        ("ApiGatewayV2::Api", {"ProtocolType": "HTTP", "Body": {"paths": {"/a": {"get": {}}}}}),
        ("ApiGateway::RestApi", {"Body": {"paths": {"Fn::If": ["a", {}, {}]}}}),
        ("ApiGateway::Authorizer", {"Type": "TOKEN"}),
        ("ApiGateway::Method", {"AuthorizationType": "NONE", "Integration": {"Ref": "I"}}),
    ],
)
def test_what_is_here_or_not_known_yet_is_left_alone(kind: str, properties: dict[str, Any]) -> None:
    """A review says nothing of what is here, and of functions."""
    assert reviewed(f"AWS::{kind}", properties) == []
