"""Items as rows keep them: JSON, binary values in base 64."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, cast

from stepwell.services.dynamodb.attribute_values import AttributeValue, Item
from stepwell.values import decode, encode


def stored(item: Mapping[str, Any]) -> bytes:
    """The JSON of an item."""
    return encode(item)


def loaded(text: bytes) -> Item:
    """The item of that JSON."""
    item = cast(Item, decode(text))
    if b'"B' in text:
        return {name: _with_bytes(value) for name, value in item.items()}
    return item


def _with_bytes(value: AttributeValue) -> AttributeValue:
    ((kind, content),) = value.items()
    if kind == "B":
        return {"B": base64.b64decode(content)}
    if kind == "BS":
        return {"BS": [base64.b64decode(each) for each in content]}
    if kind == "M":
        return {"M": {name: _with_bytes(each) for name, each in content.items()}}
    if kind == "L":
        return {"L": [_with_bytes(each) for each in content]}
    return value
