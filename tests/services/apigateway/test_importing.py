"""Where the paths of imported definitions come to lie."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.services.apigateway import openapi

SWAGGER = {"swagger": "2.0", "basePath": "/v1/shop"}
SERVERS = {
    "openapi": "3.0.1",
    "servers": [
        {"url": "https://{host}/{basePath}", "variables": {"basePath": {"default": "v1/shop"}}}
    ],
}


@pytest.mark.parametrize("document", [SWAGGER, SERVERS])
@pytest.mark.parametrize(
    ("mode", "path"),
    [("ignore", "/orders"), ("prepend", "/v1/shop/orders"), ("split", "/shop/orders")],
)
def test_a_base_path_is_left_out_or_put_before(
    document: dict[str, Any], mode: str, path: str
) -> None:
    """A base path is left out, put before the paths, or all but its first part is."""
    placed = openapi.placed({**document, "paths": {"/orders": {"get": {}}}}, mode)
    assert [found for found, _, _ in openapi.operations(placed)] == [path]


@pytest.mark.parametrize("document", [{"swagger": "2.0"}, {"openapi": "3.0.1"}, {"servers": []}])
def test_a_document_without_a_base_path_stays(document: dict[str, Any]) -> None:
    """A document without a base path stays as it is."""
    whole = {**document, "paths": {"/orders": {"get": {}}}}
    assert openapi.placed(whole, "prepend") == whole


def test_an_unknown_mode_is_refused() -> None:
    """A mode that does not exist is refused by name."""
    with pytest.raises(ServiceError, match="Invalid base path mode specified: append"):
        openapi.placed(SWAGGER, "append")
