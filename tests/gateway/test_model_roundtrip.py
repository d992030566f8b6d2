"""What botocore serialises we read, and what we write botocore parses.

Values are drawn from the models. Of the services that were there first every operation is tried,
of the others a sample, which meets the same kinds of shapes.
"""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from botocore.awsrequest import HeadersDict
from botocore.loaders import Loader
from botocore.model import ServiceModel as BotocoreModel
from botocore.model import Shape as BotocoreShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwell.gateway.messages import Request
from stepwell.gateway.protocols.json import JsonProtocol
from stepwell.gateway.protocols.port import WireProtocol
from stepwell.gateway.protocols.query import QueryProtocol
from stepwell.gateway.protocols.rest_json import RestJsonProtocol
from stepwell.gateway.protocols.rest_xml import RestXmlProtocol
from stepwell.gateway.rest_routes import Ways
from stepwell.models import service_model as models

SAMPLE = 6
"""Operations of each further service, and of S3 three times as many."""
NO_DOCUMENT = (
    "GetBucketLocation",
    "GetBucketNotification",
    "GetObject",
    "Invoke",
    "InvokeWithResponseStream",
    "SelectObjectContent",
    "WriteGetObjectResponse",
)
"""Answers that are streams or no documents of their shape, or one element is two members."""


def sampled(service: str) -> list[str]:
    """The operations of a service that are tried."""
    names = [name for name in models.load(service).operations if name not in NO_DOCUMENT]
    if service in ("stepfunctions", "sqs", "sts"):
        return names
    return names[:: -(-len(names) // (SAMPLE * 3 if service == "s3" else SAMPLE))]


OPERATIONS = [(service, each) for service in models.known_services() for each in sampled(service)]
PROTOCOLS: dict[str, WireProtocol] = {
    "json": JsonProtocol("1.0"),
    "query": QueryProtocol(),
    "rest-json": RestJsonProtocol(),
    "rest-xml": RestXmlProtocol(),
}

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


FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
"""Per operation; they share most of their shapes."""
DEEP_MAX = 4
"""How far structures within structures are filled in."""


LABEL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8
)
LINE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=8)
PLACES = {"uri": LABEL, "querystring": XML_TEXT, "header": LINE, "headers": LINE}
"""The texts that each place outside a body can hold."""


@cache
def described(service: str) -> BotocoreModel:
    """botocore's own model."""
    return BotocoreModel(Loader().load_service_model(service, "service-2"), service)


def drawn(shape: BotocoreShape, *, empty: bool, deep: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape. `empty` says whether lists and maps may be, which forms cannot say."""
    least = 0 if empty else 1
    if shape.type_name == "structure":
        optional: dict[str, st.SearchStrategy[Any]] = {}
        needed: dict[str, st.SearchStrategy[Any]] = {}
        for name, member in shape.members.items():
            place = member.serialization.get("location")
            if place is not None:
                put = needed if place == "uri" or name in shape.required_members else optional
                put[name] = placed(member, place)
            elif deep < DEEP_MAX:
                optional[name] = drawn(member, empty=empty, deep=deep + 1)
        payload = shape.serialization.get("payload")
        if payload is not None:
            needed[payload] = optional.pop(payload).filter(bool)
        if getattr(shape, "is_tagged_union", False):
            return st.one_of(
                [st.fixed_dictionaries({name: each}) for name, each in optional.items()]
            )
        whole = st.fixed_dictionaries(needed, optional=optional)
        return whole if empty or not optional else whole.filter(bool)
    if shape.type_name == "list":
        inner = drawn(shape.member, empty=empty, deep=deep)
        return st.lists(inner, min_size=least, max_size=3)
    if shape.type_name == "map":
        value = drawn(shape.value, empty=empty, deep=deep)
        return st.dictionaries(XML_TEXT, value, min_size=least, max_size=3)
    return SCALARS[shape.type_name]


def placed(shape: BotocoreShape, place: str) -> st.SearchStrategy[Any]:
    """Values of a member outside the body."""
    text = PLACES.get(place, LINE)
    if place == "statusCode":
        return st.integers(200, 299).filter(lambda status: status != 204)
    if shape.type_name == "list":
        inner = LINE.filter(lambda item: "," not in item and '"' not in item)
        return st.lists(inner if place == "header" else text, min_size=1, max_size=3)
    if shape.type_name == "map":
        name = LINE.map(lambda word: "".join(c for c in word.lower() if c.isalnum()) or "x")
        return st.dictionaries(name, text, min_size=1, max_size=3)
    if shape.type_name == "string":
        return text
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
    answer = None if shape is None else data.draw(drawn(shape, empty="json" in kind))
    respond = PROTOCOLS[kind].writer(model, model.operations[name])
    response = respond(answer, b"the-request")
    headers = {key.decode(): value.decode() for key, value in response.headers}
    status = response.status
    whole = {"status_code": status, "headers": HeadersDict(headers), "body": response.body}
    parsed = create_parser(kind).parse(whole, shape)
    assert parsed.pop("ResponseMetadata")["RequestId"] == "the-request"
    wanted = {} if shape is None else as_parsed(answer, shape)
    if kind.startswith("rest-") and shape is not None:
        parsed, wanted = bodies_alike(parsed, wanted, shape, status)
    assert parsed == wanted


def bodies_alike(
    parsed: dict[str, Any], wanted: dict[str, Any], shape: BotocoreShape, status: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without what HTTP adds of its own: types of bodies, the status, lengths."""
    own = set()
    for name, member in shape.members.items():
        place, wire = member.serialization.get("location"), member.serialization.get("name", "")
        if place == "statusCode" and name not in wanted:
            assert parsed[name] == status
            own.add(name)
        if place == "header" and wire.lower() in ("content-type", "content-length"):
            own.add(name)
        if place == "headers" and not parsed.get(name):
            own.add(name)
    gone = {name for name in wanted if status == 204 and name not in parsed}
    parsed = {name: item for name, item in parsed.items() if name not in own}
    kept = {name: item for name, item in wanted.items() if name not in own | gone}
    return parsed, kept


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
@FEW
@given(data=st.data())
def test_inputs(service: str, name: str, data: st.DataObject) -> None:
    """We read from botocore's bytes exactly what the caller gave."""
    theirs = described(service)
    operation, kind = theirs.operation_model(name), theirs.metadata["protocol"]
    shape = operation.input_shape
    params = {} if shape is None else data.draw(drawn(shape, empty="json" in kind))
    sent = create_serializer(kind, False).serialize_to_request(as_sent(params, shape), operation)
    if kind.startswith("rest-"):
        assert read_rest(service, name, kind, sent) == params
        return
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


def read_rest(service: str, name: str, kind: str, sent: dict[str, Any]) -> Any:
    """What we read from a REST request of botocore's; its path must lead to its operation."""
    model = models.load(service)
    path, _, more = sent["url_path"].partition("?")
    given = sent["query_string"]
    pairs = list(given.items()) if isinstance(given, dict) else list(given)
    query = "&".join(part for part in (more, urlencode(pairs, doseq=True)) if part).encode()
    raw = sent["body"] or b""
    body = raw.encode() if isinstance(raw, str) else bytes(raw)
    headers = [
        (key.lower().encode(), str(value).encode()) for key, value in sent["headers"].items()
    ]
    names = ways_of(service).find(sent["method"], path, query, dict(headers))
    assert names is not None
    found, labels = names
    assert (
        found == name
        or model.operations[found].traits["http"] == (model.operations[name].traits["http"])
    )
    request = Request(sent["method"], path, query, dict(headers), body, body, "http://x")
    request.header_list, request.labels = headers, labels
    return PROTOCOLS[kind].reader(model, model.operations[name], constraints=False)(request)


@cache
def ways_of(service: str) -> Ways[str]:
    """The patterns of a service, each leading to its operation's name."""
    model = models.load(service)
    return Ways(model, {name: name for name in model.operations})
