"""What botocore serialises we read, and what we write botocore parses, for every operation.

Values are drawn from the models, so that every shape that exists is met.
"""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel as BotocoreModel
from botocore.model import Shape as BotocoreShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.gateway.messages import Request
from stepwell.gateway.protocols.json import JsonProtocol
from stepwell.gateway.protocols.port import WireProtocol
from stepwell.gateway.protocols.query import QueryProtocol
from stepwell.models import service_model as models

OPERATIONS = [
    (service, operation)
    for service in ("stepfunctions", "sqs", "sts")
    for operation in models.load(service).operations
]
PROTOCOLS: dict[str, WireProtocol] = {"json": JsonProtocol("1.0"), "query": QueryProtocol()}

XML_TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
    ),
    max_size=8,
)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": XML_TEXT,
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "blob": st.binary(max_size=8),
    "timestamp": st.integers(0, 4_000_000_000).map(float),
}


FEW = settings(max_examples=12, deadline=None)
"""Per operation; there are 71 of them, which share most of their shapes."""


@cache
def described(service: str) -> BotocoreModel:
    """botocore's own model."""
    return BotocoreModel(Loader().load_service_model(service, "service-2"), service)


def drawn(shape: BotocoreShape, *, empty: bool) -> st.SearchStrategy[Any]:
    """Values of a shape. `empty` says whether lists and maps may be, which forms cannot say."""
    least = 0 if empty else 1
    if shape.type_name == "structure":
        optional = {name: drawn(member, empty=empty) for name, member in shape.members.items()}
        whole = st.fixed_dictionaries({}, optional=optional)
        return whole if empty or not optional else whole.filter(bool)
    if shape.type_name == "list":
        return st.lists(drawn(shape.member, empty=empty), min_size=least, max_size=3)
    if shape.type_name == "map":
        value = drawn(shape.value, empty=empty)
        return st.dictionaries(XML_TEXT, value, min_size=least, max_size=3)
    return SCALARS[shape.type_name]


def as_parsed(value: Any, shape: BotocoreShape) -> Any:
    """The value as botocore hands it out: timestamps are datetimes."""
    if shape.type_name == "structure":
        return {name: as_parsed(item, shape.members[name]) for name, item in value.items()}
    if shape.type_name == "list":
        return [as_parsed(item, shape.member) for item in value]
    if shape.type_name == "map":
        return {key: as_parsed(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return datetime.datetime.fromtimestamp(value, datetime.UTC)
    return value


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
@FEW
@given(data=st.data())
def test_answers(service: str, name: str, data: st.DataObject) -> None:
    """botocore parses from our bytes exactly what the service answered."""
    theirs = described(service)
    shape = theirs.operation_model(name).output_shape
    kind = theirs.metadata["protocol"]
    model = models.load(service)
    answer = None if shape is None else data.draw(drawn(shape, empty=kind == "json"))
    respond = PROTOCOLS[kind].writer(model, model.operations[name])
    response = respond(answer, b"the-request")
    headers = {key.decode(): value.decode() for key, value in response.headers}
    whole = {"status_code": 200, "headers": headers, "body": response.body}
    parsed = create_parser(kind).parse(whole, shape)
    assert parsed.pop("ResponseMetadata")["RequestId"] == "the-request"
    assert parsed == ({} if shape is None else as_parsed(answer, shape))


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
@FEW
@given(data=st.data())
def test_inputs(service: str, name: str, data: st.DataObject) -> None:
    """We read from botocore's bytes exactly what the caller gave."""
    theirs = described(service)
    operation, kind = theirs.operation_model(name), theirs.metadata["protocol"]
    shape = operation.input_shape
    params = {} if shape is None else data.draw(drawn(shape, empty=kind == "json"))
    sent = create_serializer(kind, False).serialize_to_request(as_sent(params, shape), operation)
    fields = None
    body = sent["body"]
    if kind == "query":
        fields = dict(parse_qsl(urlencode(body), keep_blank_values=True))
        body = b""
    model = models.load(service)
    read = PROTOCOLS[kind].reader(model, model.operations[name], constraints=False)
    assert read(Request("POST", "/", b"", {}, body, body, "http://x", fields)) == params


def as_sent(value: Any, shape: BotocoreShape | None) -> Any:
    """The value as a caller gives it to botocore."""
    return {} if shape is None else as_parsed(value, shape)
